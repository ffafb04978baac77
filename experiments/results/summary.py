"""What a run or a fit says in words and numbers."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from repdyn.numeric import Departure, GrowthExponent, are_nested, nested_test
from repdyn.numeric.coefficients import DEFAULT_THEORY

from ..comparison import Comparison, Failure
from ..runs.prediction import Prediction, Predictions
from ..runs.run import Run, balanced_exponent
from ..settings.architecture import hidden_index
from ..tracking.table import SCALARS

RATES = {"rate_h": "1/tau_h", "rate_y": "1/tau_y"}

ROWS = 12
"""A table longer than this is shown by layer."""

_BEGINNING = ", and the rates are those of its beginning, without errors"


def comparison_table(comparisons: list[Comparison | Failure]) -> str:
    """Coefficients with errors, R^2, the end state and the regime; a row for each pair, layer and theory.

    Under it: what was not fitted, what was left out, and what was not seen.
    """
    fitted = [c for c in comparisons if isinstance(c, Comparison)]
    table = pd.DataFrame([_row(c) for c in fitted]).fillna("-")
    if {c.fit.theory for c in fitted} == {DEFAULT_THEORY}:
        table = table.drop(columns=["theory", "AIC"])
    return _aligned(table, comparisons)


def nested_lines(comparisons: list[Comparison | Failure]) -> list[str]:
    """For each pair and layer, each theory against those that contain it, of all that were fitted."""
    fitted = [c for c in comparisons if isinstance(c, Comparison)]
    lines: list[str] = []
    for one, other in itertools.permutations(fitted, 2):
        if (one.pair, one.layer) == (other.pair, other.layer) and are_nested(one.fit, other.fit):
            found = nested_test(one.fit, other.fit)
            lines.append(
                f"{one.pair} {one.layer}: {other.fit.theory} leaves 1/{found.ratio:.3g} of the misfit of "
                f"{one.fit.theory} (AIC {-found.aic:+.0f}, F = {found.statistic:.3g}, p = {found.p_value:.1g} if "
                "residuals were independent)"
            )
    return lines


def _row(c: Comparison) -> dict[str, str]:
    own = {name: _with_error(c, name) for name in c.fit.coefficients if name not in RATES}
    return {
        "pair": c.pair,
        "layer": c.layer.removeprefix("network."),
        "theory": c.fit.theory,
        **{title: _with_error(c, name) for name, title in RATES.items() if name in c.fit.coefficients},
        "1/tau_mean": f"{c.loss_fit.rate:.3g}" if c.loss_fit and c.loss_fit.rate else "-",
        "R2 dh2": f"{c.fit.r2.dh2:.3f}",
        "R2 dy2": f"{c.fit.r2.dy2:.3f}",
        "R2 w": f"{c.fit.r2.w:.3f}",
        "R2 loss": f"{c.loss_fit.r2:.3f}" if c.loss_fit else "-",
        "SSE": f"{c.fit.sse:.3g}",
        "AIC": f"{c.fit.aic:.0f}",
        "final dh2": "-" if np.isnan(c.final_predicted) else f"{c.final_predicted:.4g}",
        "measured": f"{c.final_measured:.4g}" if c.ended else "-",
        "regime": "-" if np.isnan(c.regime) else f"{c.regime:+.2f}",
        "samples": str(len(c.steps)),
        **own,
    }


def _with_error(c: Comparison, name: str) -> str:
    value = f"{c.fit.coefficients[name]:.3g}"
    if name not in c.fit.fitted:
        return f"{value} (fixed)"
    if not c.errors or not c.fit.independent_errors or name not in c.errors:
        return f"{value} (no error)"
    independent = f" [{c.fit.independent_errors[name]:.1g}]" if c.fit.correlation_time else ""
    return f"{value} ± {c.errors[name]:.1g}{independent}"


def _aligned(table: pd.DataFrame, comparisons: list[Comparison | Failure]) -> str:
    lines = [table.to_string(index=False)] if len(table) else []
    for c in comparisons:
        if isinstance(c, Failure):
            lines.append(f"{c.pair} {c.layer}: {c.theory} not fitted: {c.reason}")
        elif not c.fit.success:
            lines.append(f"{c.pair} {c.layer}: {c.fit.theory}: {c.fit.message}")
    if times := [c.fit.correlation_time for c in comparisons if isinstance(c, Comparison) and c.fit.correlation_time]:
        steps = f"{min(times):.3g}" if len(times) == 1 else f"{min(times):.3g} to {max(times):.3g}"
        lines.append(
            f"± standard error of residuals whose correlation falls by e in {steps} steps [if they were independent]"
        )
    return "\n".join([*lines, *seen_lines(comparisons)])


def seen_lines(comparisons: list[Comparison | Failure]) -> list[str]:
    """What was left out of each trajectory and what was not seen of it; of many trajectories how many and the first."""
    lines = list(dict.fromkeys(line for c in comparisons if isinstance(c, Comparison) for line in _seen(c)))
    if len(lines) <= ROWS:
        return lines
    return [*lines[:1], f"and {len(lines) - 1} more such lines; see gaps, cut, learnt and final_measured of each"]


def _seen(c: Comparison) -> list[str]:
    lines: list[str] = []
    if c.gaps or c.cut:
        gaps = f"gaps, not finite: {c.gaps}" if c.gaps else ""
        cut = f"cut at the end, where they stay not finite: {c.cut}" if c.cut else ""
        said = "; ".join(filter(None, (gaps, cut)))
        lines.append(f"{len(c.steps)} of {len(c.steps) + c.gaps + c.cut} samples used: {said}")
    if not c.ended:
        last = f"seen to step {c.steps[-1]:g}, where dh2 is {c.final_measured:.4g}"
        share = f"{c.learnt:.0%} of the squared error of the output difference is learnt"
        lines.append(
            f"{last} and {share}: its end was not measured" + ("" if c.errors or not c.fit.errors else _BEGINNING)
        )
    if c.loss_reason:
        lines.append(f"loss not fitted: {c.loss_reason}")
    elif c.loss is not None and not np.isfinite(c.loss).all():
        lines.append(f"loss fitted at {np.isfinite(c.loss).sum()} of {len(c.steps)} samples, where it is finite")
    return [f"{c.pair} {c.layer}: {line}" for line in lines]


def layer_table(comparisons: list[Comparison | Failure]) -> str:
    """For many pairs: medians over pairs, with quartiles for the fit; a row a layer."""
    rows = pd.DataFrame([c.row() for c in comparisons if isinstance(c, Comparison)])
    rates = {"rate_h": "1/tau_h", "rate_y": "1/tau_y", "rate_mean": "1/tau_mean", "regime": "regime"}
    fits = {"r2_dh2": "R2 dh2", "r2_dy2": "R2 dy2", "r2_w": "R2 w", "r2_loss": "R2 loss", "line_r2": "R2 line"}
    lines: list[dict[str, str]] = []
    for layer, group in rows.groupby("layer", sort=False):
        low, middle, high = (group[[*rates, *fits]].astype(float).quantile(q) for q in (0.25, 0.5, 0.75))
        line = {"layer": str(layer).removeprefix("network."), "pairs": str(len(group))}
        line |= {title: _digits(middle[name], ".2g") for name, title in rates.items()}
        line |= {
            title: f"{middle[name]:.2f} [{low[name]:.2f}, {high[name]:.2f}]" if np.isfinite(middle[name]) else "-"
            for name, title in fits.items()
        }
        lines.append(line)
    return pd.DataFrame(lines).to_string(index=False)


def depth_table(run: Run) -> str:
    """For one pair: rates, fit and growth at every hidden layer, and the exponent of a deep linear network."""
    lines = [
        {
            "layer": str(hidden_index(c.layer)),
            "1/tau_h": f"{c.fit.rates.h:.2e}",
            "1/tau_y": f"{c.fit.rates.y:.2e}",
            "SSE": f"{c.fit.sse:.3g}",
            "final dh2": f"{c.final_predicted:.3g}",
            "measured": f"{c.final_measured:.3g}" if c.ended else "-",
            "exponent": _exponent(c.exponent),
            "of theory": _exponent(c.exponent_predicted),
            "k/D": f"{balanced_exponent(run.setting, c.layer):.3f}",
        }
        for c in run.by_layer
    ]
    return pd.DataFrame(lines).to_string(index=False)


def _exponent(found: GrowthExponent | None) -> str:
    return f"{found.value:.3f}" if found else "-"


def _digits(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "-"


def whole_lines(whole: pd.DataFrame) -> list[str]:
    """How both theories agree with all distances among many digits at the end, a row a layer."""
    rows: dict[str, dict[str, str]] = {}
    for found in whole.to_dict("records"):
        row = rows.setdefault(str(found["layer"]), {"layer": str(found["layer"]).removeprefix("network.")})
        r, apart = float(found["r"]), float(found["r_different"])
        row[f"{found['theory']}: r"] = f"{r:.2f} ({_digits(apart, '.2f')})"
        if found["theory"] == "collective":
            row["place"] = f"{found['place']:.2f} [{found['place_low']:.2f}, {found['place_high']:.2f}]"
    table = pd.DataFrame(list(rows.values())).fillna("-").to_string(index=False)
    said = "all distances among many digits at the end, Pearson's r with both theories (of two classes alone); place:"
    return [f"{said} 0 inputs, 1 outputs", table]


def departure_lines(c: Comparison) -> list[str]:
    """Where theory and network part ways, a line for each scalar, and the conserved line."""
    return ["where theory and network part ways:", *(_departure(d) for d in c.departures), _line(c)]


def _departure(d: Departure) -> str:
    worst = f"  {d.scalar:<3} at most {abs(d.worst):.0%} of its range {'above' if d.worst > 0 else 'below'} theory"
    parts = [f"{worst} (step {d.worst_at:.0f})"]
    parts.append("never beyond 10%" if d.first_at is None else f"beyond 10% from step {d.first_at:.0f}")
    if d.delay is not None:
        parts.append(f"half-way {abs(d.delay):.0f} steps {'later' if d.delay > 0 else 'earlier'} than theory")
    return ", ".join(parts)


def _line(c: Comparison) -> str:
    if np.isnan(c.line.r2):
        return "  conserved line: no R2, since dh2 does not vary"
    return f"  conserved line: R2 = {c.line.r2:.3f} without any fit of rates, slope {c.line.slope:.3g}"


def run_summary(run: Run, folder: Path) -> str:
    """What a run found, and where it was written."""
    lines = [f"{run.setting.name}: {run.setting.steps} steps in {run.seconds:.0f} s, seed {run.setting.seed}"]
    if run.diverged_at is not None:
        lines.append(f"training diverged at step {run.diverged_at}: the loss is no longer a number")
    if run.by_layer:
        lines.append(comparison_table([c for c in run.comparisons if c.layer == run.layer]))
    elif len(run.comparisons) <= ROWS:
        lines.append(comparison_table(run.comparisons))
    else:
        failed = [c for c in run.comparisons if isinstance(c, Failure)]
        if len(failed) < len(run.comparisons):
            lines += ["median over pairs [quartiles]:", layer_table(run.comparisons), *seen_lines(run.comparisons)]
        if failed:
            lines.append(f"{len(failed)} not fitted; the first: {failed[0].pair} {failed[0].layer}: {failed[0].reason}")
    if len(run.main) == 1:
        lines += departure_lines(run.main[0])
    elif run.main:
        lines += _departures_of_pairs(run.main, run.kind_of_pair)
    if len(run.whole):
        lines += whole_lines(run.whole)
    if run.by_layer:
        lines += ["by hidden layer (exponent: d log dh2 / d log dy2):", depth_table(run)]
    lines.append(f"written to {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    return "\n".join(lines)


def prediction_summary(predictions: Predictions, folder: Path) -> str:
    """Predictions without a fit against fits, what there is no prediction from, and where it was written."""
    setting, thinning = predictions.setting, predictions.thinning
    samples = "every recorded sample" if thinning == 1 else f"one of every {thinning} recorded samples"
    return "\n".join(
        [
            f"{setting.name}: {setting.steps} steps in {predictions.seconds:.0f} s, seed {setting.seed}, "
            f"layer {setting.layer}",
            pd.DataFrame([_prediction_row(p) for p in predictions.found]).to_string(index=False),
            *(f"no prediction {source}: {reason}" for source, reason in predictions.missing.items()),
            f"R2 and SSE are over all recorded samples from the step on; fits take {samples}.",
            f"written to {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}",
        ]
    )


def _prediction_row(p: Prediction) -> dict[str, str]:
    names = ("rate_h", "growth_h", "rate_y", "growth_y", "gram")
    return {
        "coefficients": p.source,
        "from step": str(p.step),
        **{name: f"{p.coefficients[name]:.3g}" if name in p.coefficients else "-" for name in names},
        **{f"R2 {name}": f"{value:.3f}" for name, value in vars(p.r2).items()},
        "SSE": f"{p.sse:.3g}",
    }


def _departures_of_pairs(comparisons: list[Comparison], kind: str) -> list[str]:
    lines = [f"where theory and network part ways, {len(comparisons)} pairs at {comparisons[0].layer}:"]
    for i, name in enumerate(SCALARS):
        found = [c.departures[i] for c in comparisons]
        worst = [abs(d.worst) for d in found]
        starts = [d.first_at for d in found if d.first_at is not None]
        delays = [d.delay for d in found if d.delay is not None]
        text = f"  {name:<3} off by up to {np.median(worst):.0%} of its range (median pair; worst {max(worst):.0%})"
        text += f", beyond 10% in {len(starts)} pairs"
        if starts:
            text += f", from step {np.median(starts):.0f} on"
        if delays:
            middle = float(np.median(delays))
            text += f"; half-way {abs(middle):.0f} steps {'later' if middle > 0 else 'earlier'} than theory"
        lines.append(text)
    best, worst = (choose(comparisons, key=lambda c: c.mean_r2) for choose in (max, min))
    lines.append(f"  best met: {kind} {best.pair}; worst: {kind} {worst.pair}")
    return lines
