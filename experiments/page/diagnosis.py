"""A diagnosis as one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from repdyn.symbolic.arguments import instance, shown

from ..comparison import Comparison
from ..diagnosis.diagnosis import Diagnosis, LayerDiagnosis
from ..diagnosis.measures import Spread
from ..figures.diagnosis import draw_layer, draw_layers_of
from ..figures.style import svg
from ..storage.files import write_file
from .elements import document, illustrated, prose, tabulated
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
    """The diagnosis as a page: a sentence and a figure for each layer, all layers side by side, the table."""
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
    yield '<section><h2 id="layers">Layer by layer</h2>'
    for found in diagnosis.layers:
        yield f"<p>{_sentence(found)}</p>"
    caption = "The median R² of the three scalars, and how many times larger dh2 became, by layer."
    yield _illustrated(draw_layers_of(diagnosis), caption, caption, "layers", next(figures))
    yield _table(diagnosis)
    yield "</section>"
    for number, found in enumerate(diagnosis.layers):
        yield f'<section><h2 id="layer-{number}">{prose(found.layer)}</h2>'
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
            yield _illustrated(draw_layer(found), caption, caption, f"figure-{number}", next(figures))
        yield from _reasons(found)
        yield "</section>"
    yield '<section><h2 id="words">What the words mean</h2><dl>'
    yield from (f"<dt>{prose(name)}</dt><dd>{prose(meaning)}</dd>" for name, meaning in _MEANINGS.items())
    yield "</dl></section>"


def _sentence(found: LayerDiagnosis) -> str:
    advice = f" <em>{prose(' '.join(found.verdict.advice))}</em>" if found.verdict.advice else ""
    return f"{prose(found.verdict.sentence)}{advice}"


def _illustrated(figure: Figure, alt: str, caption: str, name: str, number: int) -> str:
    return illustrated(figure, svg(figure), alt.replace("`", ""), caption, name, number)


def _table(diagnosis: Diagnosis) -> str:
    rows: list[dict[str, str]] = []
    for found in diagnosis.layers:
        of, final = found.different, found.ends
        rows.append(
            {
                "layer": found.layer,
                "learns": found.verdict.regime,
                "theory": found.verdict.theory,
                "R² of dh2": _number(of.r2.dh2),
                "of dy2": _number(of.r2.dy2),
                "of w": _number(of.r2.w),
                "conserved line": _number(of.line_r2.median),
                "1/τ_h": _spread(of.rate_h),
                "error ": _share(of.error_h.median),
                "1/τ_y": _spread(of.rate_y),
                "error": _share(of.error_y.median),
                "regime number": _number(of.regime.median),
                "learnt": _share(of.learnt.median),
                "end": _number(final.correlation) if final else "-",
            }
        )
    table = pd.DataFrame(rows)
    cells = [[str(value) for value in row] for row in table.itertuples(index=False)]
    caption = "Medians over the pairs whose targets differ; of rates the quartiles too, over fits that determine them."
    return tabulated(prose(caption), list(table.columns), cells, "The layers")


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
