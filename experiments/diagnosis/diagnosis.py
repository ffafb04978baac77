"""The diagnosis of a network in training: what the theory says of each of its layers, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from repdyn.symbolic.arguments import shown

from ..comparison import Comparison, Failure, compare
from ..tracking.observation import Observation
from ..tracking.records import PairRecords
from ..tracking.table import CONSTANTS, KEYS, STEP, checked_table, labels
from .alike import Alike, alike
from .alternatives import Alternative, alternatives
from .ends import Ends, ends
from .gradients import Gradients, gradients
from .late import Late, late
from .measures import Measures, measures
from .outlook import Outlook, outlook
from .verdict import FAILS, HOLDS, IN_PART, Verdict, first_theory, verdict

_SIMILARITIES = ("cka", "rsa", "procrustes")


@dataclass(frozen=True)
class LayerDiagnosis:
    """What the pairs show at one layer.

    Attributes:
        layer: its name.
        different: measures of the pairs whose targets differ.
        agreeing: the same of the pairs whose targets are equal.
        late: the fits from where the mean output is learnt, if those from the start are not good; or None.
        theories: theories of the package compared on some of the pairs, the best first.
        ends: final distances predicted from the start against those measured, or None where too few were seen.
        outlook: where pairs are going that have not ended; None where all have, or the theory does not hold.
        gradients: what gradients say, or None where the network was not observed.
        alike: how alike representations are now, at the start and as predicted, or None without two observations.
        verdict: all this in words.
        comparisons: every pair, fitted or the reason why not.
    """

    layer: str
    different: Measures
    agreeing: Measures
    late: Late | None
    theories: tuple[Alternative, ...]
    ends: Ends | None
    outlook: Outlook | None
    gradients: Gradients | None
    alike: Alike | None
    verdict: Verdict
    comparisons: tuple[Comparison | Failure, ...]

    def row(self) -> dict[str, Any]:
        """The layer as plain numbers, for a table or a logger: medians over pairs whose targets differ."""
        found, gradients, final, outlook = self.different, self.gradients, self.ends, self.outlook
        start = self.alike.start if self.alike else None
        predicted = self.alike.prediction if self.alike else None
        return {
            "layer": self.layer,
            "regime": self.verdict.regime,
            "theory": self.verdict.theory,
            "pairs": found.pairs,
            "agreeing_pairs": self.agreeing.pairs,
            "fitted": found.fitted,
            "successes": found.successes,
            "r2_dh2": float(found.r2.dh2),
            "r2_dy2": float(found.r2.dy2),
            "r2_w": float(found.r2.w),
            "line_r2": found.line_r2.median,
            "line_slope": found.line_slope.median,
            "line_intercept": found.line_intercept.median,
            "rate_h": found.rate_h.median,
            "rate_h_low": found.rate_h.low,
            "rate_h_high": found.rate_h.high,
            "error_h": found.error_h.median,
            "rate_y": found.rate_y.median,
            "rate_y_low": found.rate_y.low,
            "rate_y_high": found.rate_y.high,
            "error_y": found.error_y.median,
            "regime_number": found.regime.median,
            "growth": found.growth.median,
            "growth_agreeing": self.agreeing.growth.median,
            "learnt": found.learnt.median,
            "ended": found.ended,
            "best_theory": self.theories[0].theory if self.theories else None,
            "end_correlation": final.correlation if final else np.nan,
            "end_correlation_of_start": final.of_start if final else np.nan,
            "end_off": final.off if final else np.nan,
            "alignment": gradients.alignment if gradients else np.nan,
            "taylor_ratio": gradients.taylor if gradients else np.nan,
            "passed_by": gradients.passed_by if gradients else np.nan,
            "kernel_movement": gradients.kernel_movement if gradients else np.nan,
            "encoder_movement": gradients.encoder_movement if gradients else np.nan,
            "decoder_movement": gradients.decoder_movement if gradients else np.nan,
            **{f"{name}_start": getattr(start, name) if start else np.nan for name in _SIMILARITIES},
            **{f"{name}_prediction": getattr(predicted, name) if predicted else np.nan for name in _SIMILARITIES},
            "forecast_growth": outlook.growth.median if outlook else np.nan,
            "forecast_growth_low": outlook.low if outlook else np.nan,
            "forecast_growth_high": outlook.high if outlook else np.nan,
            "sentence": self.verdict.sentence,
            "advice": " ".join(self.verdict.advice),
        }


@dataclass(frozen=True)
class Diagnosis:
    """What the theory says of a network, layer by layer.

    ``print`` shows a sentence for each layer; :meth:`frame` is the table of all numbers.

    Attributes:
        layers: the layers, in the order of the records.
        steps: the first and the last training step that was recorded.
        records: how often.
    """

    layers: tuple[LayerDiagnosis, ...]
    steps: tuple[float, float]
    records: int

    def __getitem__(self, layer: str) -> LayerDiagnosis:
        """One layer by its name.

        Raises:
            KeyError: if there is no such layer.
        """
        for found in self.layers:
            if found.layer == layer:
                return found
        raise KeyError(f"there is no layer {layer!r}; there are {', '.join(found.layer for found in self.layers)}")

    def frame(self) -> pd.DataFrame:
        """A row of numbers and words for each layer."""
        return pd.DataFrame([found.row() for found in self.layers])

    def pairs(self) -> pd.DataFrame:
        """A row for each pair and layer, as :meth:`Comparison.row`."""
        return pd.DataFrame([c.row() for found in self.layers for c in found.comparisons])

    @property
    def facts(self) -> str:
        """How many pairs were recorded where, how often and when."""
        first, last = self.steps
        different, agreeing = self.layers[0].different.pairs, self.layers[0].agreeing.pairs
        count = different + agreeing
        pairs = f"{count:,} pair{'s' * (count != 1)} of points ({agreeing:,} with equal targets)"
        when = f"recorded {self.records:,} times from step {first:,.0f} to {last:,.0f}"
        return f"{pairs} at {len(self.layers)} layer{'s' * (len(self.layers) != 1)}, {when}."

    def __str__(self) -> str:
        lines = [self.facts]
        for found in self.layers:
            lines += ["", found.verdict.sentence, *(f"    {sentence}" for sentence in found.verdict.advice)]
        return "\n".join(lines)


def diagnose(records: PairRecords | pd.DataFrame) -> Diagnosis:
    """What the theory says of every layer whose pairs were recorded.

    Each pair is fitted, the three scalars weighing alike (``balanced``); layers are judged by their median pair, pairs
    with equal targets apart. Where the two-point theory is not good from the start it is tried from where the mean
    output is learnt, and other theories of the package are tried on some of the pairs.

    Args:
        records: a recorder or tracker, or a table as :func:`compare` takes.

    Raises:
        TypeError: if it is neither.
        ValueError: as :func:`compare`, or if there is no trajectory.

    >>> from repdyn.numeric import Pair, Rates, State, trajectory
    >>> steps, tables = np.arange(0, 500, 5), []
    >>> for number, dx2 in enumerate((0.5, 1.0, 2.0)):
    ...     run = trajectory(steps, State(0.01, 0.0, 0.0), Pair(dx2, 0.5), Rates(5e-3, 5e-2))
    ...     tables.append(pd.DataFrame({"step": steps, "pair": number, **vars(run), "dx2": dx2, "dy2_target": 0.5}))
    >>> diagnosis = diagnose(pd.concat(tables))
    >>> diagnosis.layers[0].verdict.regime, diagnosis.layers[0].verdict.theory
    ('rich', 'holds')
    """
    if not isinstance(records, PairRecords | pd.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise TypeError(f"records must be a recorder, a tracker or a table of trajectories, got {shown(records)}")
    frame, observations = (records.frame(), records.observations) if isinstance(records, PairRecords) else (records, [])
    found = compare(frame, balanced=True)
    table = checked_table(frame)
    equal = _with_equal_targets(table)
    by_layer: dict[str, list[Comparison | Failure]] = {}
    for c in found:
        by_layer.setdefault(c.layer, []).append(c)
    if not by_layer:
        raise ValueError("the table holds no trajectory: it has no rows")
    layers = tuple(_layer(layer, of, equal, observations) for layer, of in by_layer.items())
    steps = table[STEP.name].dropna()
    return Diagnosis(layers, (float(steps.min()), float(steps.max())), int(steps.nunique()))


def _with_equal_targets(table: pd.DataFrame) -> set[tuple[str, str]]:
    """The pairs and layers whose targets are equal."""
    named = pd.DataFrame({key: labels(table, key) for key in KEYS})
    return {(str(pair), str(layer)) for pair, layer in named[(table[CONSTANTS[1]] == 0).to_numpy()].to_numpy()}


def _layer(
    layer: str,
    found: Sequence[Comparison | Failure],
    equal: set[tuple[str, str]],
    observations: Sequence[Observation],
) -> LayerDiagnosis:
    different = [c for c in found if (c.pair, c.layer) not in equal]
    of_different, of_agreeing = measures(different), measures([c for c in found if (c.pair, c.layer) in equal])
    fits = [c for c in different if isinstance(c, Comparison)]
    theory = first_theory(of_different)
    is_good = theory not in (IN_PART, FAILS)
    delayed, others = (None, ()) if is_good else (late(fits), alternatives(fits))
    going = outlook(fits) if theory == HOLDS else None
    labels = observations[0].probe.labels if observations else ()
    seen = gradients(layer, observations, np.array([(label, layer) not in equal for label in labels], dtype=bool))
    rates = {"rate_h": of_different.rate_h.median, "rate_y": of_different.rate_y.median}
    return LayerDiagnosis(
        layer=layer,
        different=of_different,
        agreeing=of_agreeing,
        late=delayed,
        theories=others,
        ends=ends(fits),
        outlook=going,
        gradients=seen,
        alike=alike(layer, observations, rates if np.isfinite(list(rates.values())).all() else {}),
        verdict=verdict(layer, of_different, of_agreeing, delayed, others, going, seen),
        comparisons=tuple(found),
    )
