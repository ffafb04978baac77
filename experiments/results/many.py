"""Many fits in a few lines: by layer and theory, with the reasons of those that are no success."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd
from repdyn.numeric import are_nested, nested_test

from ..comparison import Comparison, Failure
from .summary import RATES

_NUMBER = re.compile(r"(?<![A-Za-z_\d.])[-+]?(?:\d[\d,]*\.?\d*(?:e[-+]?\d+)?|nan|inf)\b")
"""A number that stands by itself: not that of dh2."""

_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z`])")

_NO_REASON = ("termination condition", "standard errors are too small then")
"""In sentences that are no reason: how the search ended, and that residuals are alike for long."""

_FITS = {"r2_dh2": "R2 dh2", "r2_dy2": "R2 dy2", "r2_w": "R2 w", "r2_loss": "R2 loss"}


def many_lines(comparisons: list[Comparison | Failure]) -> Iterator[str]:
    """Medians with quartiles by layer and theory, and why how many are no success."""
    fitted = [c for c in comparisons if isinstance(c, Comparison)]
    several = len({c.row()["theory"] for c in comparisons}) > 1
    groups = _by(comparisons, "layer", "theory")
    rows = [_layer_row(layer, theory, group, several) for (layer, theory), group in groups]
    yield "median over pairs [quartiles]; rates of those that the trajectory determines:"
    yield pd.DataFrame(rows).to_string(index=False)
    yield from _nested(fitted)
    yield from _reasons(comparisons)


def _by(
    comparisons: Iterable[Comparison | Failure], *keys: str
) -> list[tuple[tuple[str, ...], list[Comparison | Failure]]]:
    groups: dict[tuple[str, ...], list[Comparison | Failure]] = {}
    for c in comparisons:
        found = {"pair": c.pair, "layer": c.layer, "theory": c.fit.theory if isinstance(c, Comparison) else c.theory}
        groups.setdefault(tuple(found[key] for key in keys), []).append(c)
    return list(groups.items())


def _layer_row(layer: str, theory: str, group: list[Comparison | Failure], several: bool) -> dict[str, str]:
    fitted = [c for c in group if isinstance(c, Comparison)]
    rows = pd.DataFrame([c.row() for c in fitted])
    counts = {
        "fitted": len(fitted),
        "not fitted": len(group) - len(fitted),
        "success": sum(c.fit.success for c in fitted),
    }
    line = {"layer": layer.removeprefix("network."), **({"theory": theory} if several else {})}
    line |= {title: str(count) for title, count in counts.items()}
    known = rows[[c.fit.determined for c in fitted]]
    line |= {title: _quartiles(known, name, ".2g") for name, title in RATES.items()}
    return line | {title: _quartiles(rows, name, ".2f") for name, title in _FITS.items()}


def _quartiles(rows: pd.DataFrame, name: str, form: str) -> str:
    values = rows[name].astype(float).dropna() if name in rows else pd.Series(dtype=float)
    low, middle, high = (format(values.quantile(q), form) for q in (0.25, 0.5, 0.75))
    return f"{middle} [{low}, {high}]" if len(values) else "-"


def _nested(fitted: list[Comparison]) -> Iterator[str]:
    """How each theory does against those that contain it."""
    ratios: dict[tuple[str, str, str], list[tuple[float, bool]]] = {}
    for (_, layer), group in _by(fitted, "pair", "layer"):
        own = [c for c in group if isinstance(c, Comparison)]
        for one in own:
            for other in own:
                if one is not other and are_nested(one.fit, other.fit):
                    found = nested_test(one.fit, other.fit)
                    key = layer.removeprefix("network."), one.fit.theory, other.fit.theory
                    ratios.setdefault(key, []).append((found.ratio, found.aic > 0))
    for (layer, small, large), found in ratios.items():
        middle = pd.Series([ratio for ratio, _ in found]).median()
        better = sum(wins for _, wins in found)
        yield (
            f"{layer}: {large} leaves 1/{middle:.3g} of the misfit of {small} (median pair), and has the lower AIC in "
            f"{better} of {len(found)} pairs"
        )


def _reasons(comparisons: list[Comparison | Failure]) -> Iterator[str]:
    """Every kind of reason, of which only the numbers differ, with how many it holds of and the first."""
    kinds: dict[str, list[str]] = {}
    for c in comparisons:
        if isinstance(c, Failure):
            said = [f"not fitted: {c.reason}"]
        else:
            said = (
                []
                if c.fit.success
                else [x for x in _SENTENCE.split(c.fit.message) if not any(words in x for words in _NO_REASON)]
            )
        for kind in dict.fromkeys(_NUMBER.sub("…", x) for x in said):
            kinds.setdefault(kind, []).append(f"{c.pair} {c.layer}")
    if kinds:
        yield "no success, how many and which is the first:"
    for kind, which in sorted(kinds.items(), key=lambda item: -len(item[1])):
        yield f"  {len(which)} ({which[0]}): {kind}"
