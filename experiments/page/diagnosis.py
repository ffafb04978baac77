"""A diagnosis as one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from matplotlib.figure import Figure
from repdyn.symbolic.arguments import instance, shown

from ..comparison import Comparison
from ..diagnosis.diagnosis import Diagnosis, LayerDiagnosis
from ..diagnosis.measures import Spread
from ..figures.diagnosis import draw_layer, draw_layers_of
from ..figures.style import svg
from ..storage.files import write_file
from .elements import document, illustrated, navigation, prose, tabulated
from .words import counted

TITLE = "What the theory says of this network"

_MEANINGS = {
    "dh2, |Δh|²": "squared distance of the representations of the two points of a pair at a layer",
    "dy2, |Δy|²": "squared distance of the outputs for them",
    "w": "dy2 less the product of the output difference with that of the targets: zero where the difference is learnt",
    "R²": "1 less the squared errors of the fit as a share of the squared differences from the mean: 1 is exact",
    "conserved line": "dh2 against dy2/dh2, straight wherever the two-point theory holds, whatever the rates",
    "1/τ_h, 1/τ_y": "effective learning rates of encoder and decoder, per training step; median and quartiles",
    "error": "standard error of the rate in the median pair, as a share of it; it allows for residuals that stay alike",
    "regime number": "asinh(A_high/(2 A_low)): 0 is rich, large is lazy, very negative is collapsing",
    "end": "Pearson's r of the last dh2 with that predicted from the start and the rates of other pairs",
}


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """The diagnosis as a page: all layers side by side, then a sentence and a figure for each."""
    figures = count(1)
    return document(TITLE, _body(instance("diagnosis", diagnosis, Diagnosis), figures))


def write_diagnosis(diagnosis: Diagnosis, path: Path | str) -> None:
    """Write the diagnosis into one HTML file, whole or not at all.

    Raises:
        TypeError: if it is no diagnosis.
        ValueError: if the name of the file does not end in .html.
        OSError: if it cannot be written.
    """
    instance("diagnosis", diagnosis, Diagnosis)
    if not isinstance(path, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance]  # users may not type-check
        raise TypeError(f"path must be that of a file, got {shown(path)}")
    file = Path(path)
    if file.suffix != ".html":
        raise ValueError(f"the page of a diagnosis must be a file that ends in .html, got {file.name}")
    write_file(file, diagnosis_html(diagnosis).encode())


def _body(diagnosis: Diagnosis, figures: Iterator[int]) -> Iterator[str]:
    yield f"<header><h1>{TITLE}</h1>"
    yield f'<p class="introduction">{prose(diagnosis.facts)}</p></header>'
    layers = [(f"layer-{number}", found.layer) for number, found in enumerate(diagnosis.layers)]
    yield navigation([("layers", "Layers side by side"), *layers, ("words", "What the words mean")])
    yield '<section><h2 id="layers">Layers side by side</h2>'
    caption = "The median R² of the three scalars, and how many times larger dh2 became, by layer."
    yield _illustrated(draw_layers_of(diagnosis), caption, caption, "figure-layers", next(figures))
    yield from _tables(diagnosis)
    yield "</section>"
    for (name, title), found in zip(layers, diagnosis.layers, strict=True):
        yield f'<section><h2 id="{name}">{prose(title)}</h2>'
        yield from (f"<p>{prose(sentence)}</p>" for sentence in (found.verdict.sentence, *found.verdict.advice))
        if any(isinstance(c, Comparison) for c in found.comparisons):
            caption = (
                f"Layer `{found.layer}`. Above: three pairs in training with the fitted theory, and R² of all pairs. "
                "Below: the conserved line of pairs, each in units of its own; the rates with standard errors; "
                + (
                    "final distances predicted from the start with rates of other pairs."
                    if found.ends
                    else "the share of the difference that is learnt."
                )
            )
            yield _illustrated(draw_layer(found), caption, caption, f"figure-of-{name}", next(figures))
        yield from _reasons(found)
        yield "</section>"
    yield '<section><h2 id="words">What the words mean</h2><dl class="words">'
    yield from (f"<dt>{prose(name)}</dt><dd>{prose(meaning)}</dd>" for name, meaning in _MEANINGS.items())
    yield "</dl></section>"


def _illustrated(figure: Figure, alt: str, caption: str, name: str, number: int) -> str:
    return illustrated(figure, svg(figure), alt.replace("`", ""), caption, name, number)


def _tables(diagnosis: Diagnosis) -> Iterator[str]:
    """How well the theory holds, and at which rates: in two tables, which need no scrolling on a desk."""
    holds: list[list[str]] = []
    rates: list[list[str]] = []
    for found in diagnosis.layers:
        of, final = found.different, found.ends
        r2 = (*of.r2, of.line_r2.median)
        end = _number(final.correlation) if final else "-"
        holds.append(
            [found.layer, found.verdict.regime, found.verdict.theory, *map(_number, r2), _share(of.learnt.median), end]
        )
        both = ((of.rate_h, of.error_h), (of.rate_y, of.error_y))
        of_rates = (words for rate, error in both for words in (_spread(rate), _share(error.median)))
        rates.append([found.layer, *of_rates, _number(of.regime.median)])
    caption = "How well the theory holds: medians over the pairs whose targets differ."
    columns = ("layer", "learns", "theory", "R² of dh2", "of dy2", "of w", "conserved line", "learnt", "end")
    yield tabulated(prose(caption), columns, holds, "How well the theory holds")
    caption = "The rates: medians and quartiles over the pairs whose targets differ and whose fit determines them."
    columns = ("layer", "1/τ_h", "error", "1/τ_y", "error", "regime number")
    yield tabulated(prose(caption), columns, rates, "The rates")


def _reasons(found: LayerDiagnosis) -> Iterator[str]:
    """Why some pairs could not be fitted."""
    reasons = {**found.different.reasons, **found.agreeing.reasons}
    if reasons:
        yield f"<details><summary>{counted(sum(reasons.values()), 'pair')} could not be fitted</summary><ul>"
        yield from (f"<li>{number:,}: {prose(reason)}</li>" for reason, number in reasons.items())
        yield "</ul></details>"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}" if abs(value) < 1000 else f"{value:.3g}"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0%}"


def _spread(found: Spread) -> str:
    return "-" if math.isnan(found.median) else f"{found.median:.3g} ({found.low:.3g} to {found.high:.3g})"
