"""The verdict on a layer, in plain words: rich or lazy, whether the theory holds, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from repdyn.numeric.coefficients import DEFAULT_THEORY

from .alternatives import Alternative
from .gradients import Gradients
from .late import Late
from .measures import FAIR, GOOD, OVERSHOT, R2, Measures
from .outlook import Outlook

HOLDS, LATE, IN_PART, FAILS, UNDECIDED = "holds", "holds late", "holds in part", "fails", "cannot be said"
"""Whether the two-point theory describes the pairs of a layer."""

RICH, BETWEEN, LAZY, COLLAPSING, UNKNOWN = "rich", "between rich and lazy", "lazy", "collapsing", "unknown"
"""How a layer learns."""

_RICH, _LAZY = float(np.arcsinh(0.5)), float(np.arcsinh(2.0))
"""Regime numbers up to which a layer is rich (A_high is less than A_low: the task builds the representation) and from
which it is lazy (A_high is over four times A_low: dh2 changes by less than 6 %)."""

_STILL = 0.1
"""dh2 that changes by less than this share is not asked for its R^2."""

_MOVED = 2.0
"""A representation that no theory describes has moved if its distances changed by such a factor."""

_BEGUN, _ENDED = 0.1, 0.9
"""Shares of the difference below which nothing can be said, and below which training should go on."""

_RECORDS = 5
"""Records of the rise below which its shape is not seen."""

_ROUGH = 0.02
"""Share of the variation of dy2 that is from record to record, from which it is called noise."""

_BENT, _OBLIQUE, _TURNED = 0.5, 0.5, 0.5
"""From which Taylor ratio the decoder is called bent, below which alignment dh oblique, from which movement the tangent
kernel is called another."""


@dataclass(frozen=True)
class Verdict:
    """What to think of a layer.

    Attributes:
        regime: ``rich``, ``lazy``, ``between rich and lazy``, ``collapsing`` or ``unknown``.
        theory: ``holds``, ``holds late``, ``holds in part``, ``fails`` or ``cannot be said``.
        sentence: all of it in plain words.
        advice: what to do, in sentences; empty if nothing.
    """

    regime: str
    theory: str
    sentence: str
    advice: tuple[str, ...]


def verdict(
    layer: str,
    different: Measures,
    agreeing: Measures,
    delayed: Late | None = None,
    theories: tuple[Alternative, ...] = (),
    going: Outlook | None = None,
    gradients: Gradients | None = None,
) -> Verdict:
    """The verdict that follows from the measures of a layer."""
    theory = first_theory(different)
    if theory in (IN_PART, FAILS) and delayed is not None and min(_numbers(delayed.r2, different)) >= GOOD:
        theory = LATE
    regime = _regime(different, theory)
    said = [_opening(layer, different, regime, theory), *_fit(different, theory, delayed)]
    if theory in (IN_PART, FAILS):
        said += _why(different, theories, gradients)
    said += _of_outlook(going)
    said += _of_agreeing(agreeing)
    return Verdict(regime, theory, " ".join(said), tuple(_advice(different, theory)))


def demanded(found: Measures) -> tuple[str, ...]:
    """The scalars whose R^2 decides: not dh2 where it hardly changes."""
    return ("dy2", "w") if found.change.median < _STILL else R2._fields


def first_theory(found: Measures) -> str:
    """Whether the theory holds from the first record on."""
    if not found.fitted or found.learnt.median < _BEGUN or not found.rise.median >= 1:
        return UNDECIDED
    r2 = _numbers(found.r2, found)
    if min(r2) >= GOOD:
        return HOLDS
    return IN_PART if np.mean(r2) >= FAIR and min(r2) > 0 else FAILS


def _numbers(r2: R2, found: Measures) -> list[float]:
    """A scalar that does not vary has no R^2 to be held against the theory."""
    return [x for name in demanded(found) if np.isfinite(x := getattr(r2, name))] or [0.0]


def _regime(found: Measures, theory: str) -> str:
    number = found.regime.median
    if theory in (HOLDS, LATE) and np.isfinite(number):
        if number < -_LAZY:
            return COLLAPSING
        return RICH if number <= _RICH else LAZY if number >= _LAZY else BETWEEN
    growth = found.growth.median
    if theory == UNDECIDED or not growth > 0:
        return UNKNOWN
    if growth >= _MOVED:
        return RICH
    return COLLAPSING if growth <= 1 / _MOVED else LAZY if found.change.median < _STILL else BETWEEN


_LEARNS = {
    RICH: "learns richly",
    LAZY: "learns lazily",
    BETWEEN: "learns between rich and lazy",
    COLLAPSING: "collapses (its points come together)",
}


def _opening(layer: str, found: Measures, regime: str, theory: str) -> str:
    if theory == UNDECIDED:
        return f"{layer}: nothing can be said yet, because {_undecided(found)}."
    by = f"regime number {found.regime.median:.2g}, " if theory in (HOLDS, LATE) else ""
    return f"{layer} {_LEARNS[regime]} ({by}squared distances became {_times(found.growth.median)})."


def _undecided(found: Measures) -> str:
    if not found.pairs:
        return "no pair has targets that differ"
    if not found.fitted:
        reason = max(found.reasons, key=lambda key: found.reasons[key])
        return f"none of the {found.pairs} pairs could be fitted ({reason})"
    if found.learnt.median < _BEGUN:
        return f"the median pair learnt {found.learnt.median:.0%} of its difference"
    return "the rise of the outputs lies between two records"


def _fit(found: Measures, theory: str, delayed: Late | None) -> Iterator[str]:
    words = {
        HOLDS: "The two-point theory holds",
        LATE: "The two-point theory holds late",
        IN_PART: "The two-point theory holds in part",
        FAILS: "The two-point theory fails",
    }
    if theory not in words:
        return
    of = f"of {found.fitted:,} pair{'s' if found.fitted > 1 else ''}"
    yield f"{words[theory]}: the median R² {of} is {r2_in_words(found.r2, found)}"
    if theory == LATE and delayed is not None:
        yield (
            f"from the start, and {r2_in_words(delayed.r2, found)} from step {delayed.step:,.0f} on, when the mean of "
            "the outputs is learnt."
        )
    else:
        yield f"and that of the conserved line {found.line_r2.median:.2f}."


def r2_in_words(r2: R2, found: Measures) -> str:
    """R^2 of the three scalars, with those that are not asked named as such."""
    parts: list[str] = []
    for name in R2._fields:
        value = getattr(r2, name)
        number = f"{value:.2f}" if value > -10 else "below -10"
        parts.append(f"{number} for {name}" + ("" if name in demanded(found) else " (which hardly changes)"))
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _why(found: Measures, theories: tuple[Alternative, ...], gradients: Gradients | None) -> Iterator[str]:
    """Reasons that the measures give, the surest first; of several at most three."""
    reasons = list(_reasons(found, theories, gradients))
    if not reasons:
        alone = "the theory takes each pair as if it were alone, and other data moves these"
        unseen = "" if gradients is not None else " of the trajectories"
        reasons = [f"no single measure{unseen} explains it; {alone}"]
        if gradients is None:
            reasons.append("gradients were not observed")
    yield f"Why: {'; '.join(reasons[:3])}."


def _reasons(found: Measures, theories: tuple[Alternative, ...], gradients: Gradients | None) -> Iterator[str]:
    if found.size.median > OVERSHOT:
        yield (
            f"dy2 becomes {found.size.median:.3g} times that of the targets, as logits do under cross-entropy, so that "
            "the targets are not where the outputs go"
        )
    better = next(iter(theories), None)
    if better is not None and better.theory != DEFAULT_THEORY and min(_numbers(better.r2, found)) >= FAIR:
        how = "describes" if min(_numbers(better.r2, found)) >= GOOD else "comes closer to"
        yield (
            f"the theory {better.theory} {how} the {better.pairs} pair{'s' * (better.pairs != 1)} that it was tried on "
            f"(R² {r2_in_words(better.r2, found)})"
        )
    if gradients is not None:
        yield from _of_gradients(gradients)
    if found.roughness.median > _ROUGH:
        yield f"noise from one record to the next is {found.roughness.median:.0%} of the variation of dy2"
    if found.rise.median < _RECORDS:
        yield f"only {_records(found)} within the rise of the outputs"


def _of_gradients(found: Gradients) -> Iterator[str]:
    if found.passed_by > _BENT:
        yield "something passes this layer by, so that no decoder of it alone makes the outputs"
    elif found.taylor > _BENT:
        share = f"what is not of first order is {found.taylor:.2g} times what is"
        yield f"the decoder bends between the two points ({share})"
    if found.alignment < _OBLIQUE:
        yield f"dh lies oblique to the decoder's gradient (cosine {found.alignment:.2f})"
    if found.kernel_movement > _TURNED:
        moved = f"moved by {found.kernel_movement:.2f} of 1"
        yield f"the tangent kernel became another ({moved}), so that rates are not constant"


def _of_outlook(found: Outlook | None) -> Iterator[str]:
    if found is None:
        return
    if not found.forecasts:
        reason = max(found.reasons, key=lambda key: found.reasons[key])
        yield f"None of {found.pairs} pairs that have not ended has a forecast ({reason})."
        return
    yield (
        f"It will end at {found.growth.median:.3g} times the present distances ({found.low:.3g} to {found.high:.3g} at "
        f"90 %; medians of {found.forecasts} of {found.pairs} pairs that have not ended)."
    )


def _of_agreeing(found: Measures) -> Iterator[str]:
    if not found.fitted:
        return
    pairs = f"The {found.pairs:,} pair{'s' if found.pairs > 1 else ''} with equal targets"
    growth = found.growth.median
    moved = "came together" if growth < 0.9 else "parted" if growth > 1.1 else "kept their distance"
    if moved == "parted":
        yield f"{pairs} {moved} ({_times(growth)}), which the two-point theory does not allow."
    else:
        yield f"{pairs} {moved} ({_times(growth)})."


def _advice(found: Measures, theory: str) -> Iterator[str]:
    if not found.pairs:
        yield "Give pairs whose targets differ."
        return
    if not found.fitted:
        return
    learnt, passed = found.learnt.median, found.size.median > OVERSHOT
    if learnt < _ENDED and not passed:
        yield f"Train longer: the median pair has learnt {learnt:.0%} of its difference."
    if found.rise.median < _RECORDS:
        yield f"Record more often, or let it learn more slowly: {_records(found)} within the rise of the outputs."
    if theory in (IN_PART, FAILS) and passed:
        yield "Record what the targets are compared with, such as the softmax of logits, by forward=."
    if theory in (IN_PART, FAILS) and found.roughness.median > _ROUGH:
        yield "Train with larger batches or a lower learning rate, to see the motion without its noise."


def _records(found: Measures) -> str:
    count = max(round(found.rise.median), 0)
    return "1 record lies" if count == 1 else f"{count} records lie"


def _times(factor: float) -> str:
    return f"{factor:.3g} times those at the start" if factor < 1000 else f"{factor:,.0f} times those at the start"
