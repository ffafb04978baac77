"""What the document says, in order and numbered, before it is written in any form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import sympy as sp

from ..derivation import Derivation, DerivationError, Step
from ..field import DifferentialField
from ..functions import dot, elementary
from ..matrix_theory import MatrixTheory
from ..pair import LATEX, MEASURED, PAIR, SCALARS
from ..theory import Theory
from .equation import broken
from .prose import Citations

TITLE = "Representation learning dynamics, derived"

INTRODUCTION = (
    "Theories of data points in training: how far apart a network's hidden layer and its output carry two of them, and "
    "where they carry all. Each chapter is one theory. It starts with the assumptions and with what the theory is made "
    "of: what moves, what stays constant, the equations of motion. The steps that lead there and on from there follow. "
    "Each states an equation, says why it holds and is proved by exact algebra from the statement as it is printed; a "
    "mark says that it was. Names in `this type` are those of the package `repdyn`."
)

CheckedStep = tuple[Step, DerivationError | None]
"""A step, with None or with what went wrong."""


@dataclass(frozen=True)
class CheckedTheory:
    """A theory and what came of proving its steps."""

    theory: Theory | MatrixTheory
    steps: tuple[CheckedStep, ...]


@dataclass(frozen=True)
class Illustration:
    """A figure.

    Attributes:
        alt: what it shows, for those who do not see it.
        caption: what stands under it.
        embedded: in HTML the drawing itself as SVG; in the other forms the name of its file beside the document.
    """

    alt: str
    caption: str
    embedded: str


@dataclass(frozen=True)
class Heading:
    """A chapter's (level 1) or a step's (level 2); ``proved`` is None where there is nothing to prove."""

    level: int
    number: str
    title: str
    anchor: str
    proved: bool | None = None


@dataclass(frozen=True)
class Paragraph:
    """Prose, with mathematics between dollar signs and code between backticks."""

    text: str


@dataclass(frozen=True)
class Quantities:
    """A table of symbols: LaTeX, the name in code, and what it is."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Equation:
    """A numbered equation, as the lines of LaTeX it is set in."""

    number: str
    anchor: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A numbered figure."""

    number: int
    anchor: str
    illustration: Illustration


@dataclass(frozen=True)
class Unproved:
    """Why the step above is not verified."""

    reason: str


Block = Heading | Paragraph | Quantities | Equation | Figure | Unproved


@dataclass(frozen=True)
class Document:
    """The whole, in reading order."""

    title: str
    introduction: str
    summary: str
    blocks: tuple[Block, ...]
    citations: Citations

    @property
    def headings(self) -> tuple[Heading, ...]:
        """What a table of contents lists."""
        return tuple(block for block in self.blocks if isinstance(block, Heading))


def prove(derivation: Derivation) -> Iterator[CheckedStep]:
    """Check each step when it is asked for; it comes with None, or with what went wrong."""
    for step in derivation.steps:
        try:
            step.check()
        except DerivationError as error:
            yield step, error
        else:
            yield step, None


def tally(chapters: Sequence[CheckedTheory]) -> tuple[int, int]:
    """How many steps are proved, and how many there are; one that several theories share counts once."""
    proved = {id(step): error is None for chapter in chapters for step, error in chapter.steps}
    return sum(proved.values()), len(proved)


def compose(chapters: Sequence[CheckedTheory], illustrations: Mapping[str, Illustration]) -> Document:
    """Put chapters in order and number what is in them.

    Raises:
        ValueError: if a paper is cited that is not in the list of references.
    """
    proved, total = tally(chapters)
    figures = count(1)
    shown: dict[int, Heading] = {}
    blocks: list[Block] = []
    for number, chapter in enumerate(chapters, 1):
        blocks += _chapter(number, chapter, shown)
        name = chapter.theory.name
        if name in illustrations:
            blocks.append(Figure(next(figures), f"figure-{name}", illustrations[name]))
    texts = [INTRODUCTION, *(block.text for block in blocks if isinstance(block, Paragraph))]
    return Document(
        title=TITLE,
        introduction=INTRODUCTION,
        summary=f"{proved} of {total} steps verified by exact algebra.",
        blocks=tuple(blocks),
        citations=Citations.of(texts),
    )


def _chapter(number: int, chapter: CheckedTheory, shown: dict[int, Heading]) -> Iterator[Block]:
    """The blocks of a chapter; steps that an earlier one has ``shown`` are named only, and new ones added there."""
    theory, equations, positions = chapter.theory, count(1), count(1)
    derivation = theory.derivation

    def equation(latex: str) -> Equation:
        label = f"{number}.{next(equations)}"
        return Equation(label, f"equation-{label}", broken(latex))

    yield Heading(1, str(number), derivation.title, theory.name)
    yield Paragraph(derivation.introduction)
    for part in _of_matrices(theory) if isinstance(theory, MatrixTheory) else _interface(theory):
        yield part if isinstance(part, Paragraph | Quantities) else equation(part)
    known = [shown[id(step)] for step, _ in chapter.steps if id(step) in shown]
    if known:
        yield Paragraph(f"It rests on what is proved above: {'; '.join(f'{x.title} ({x.number})' for x in known)}.")
    for step, error in chapter.steps:
        if id(step) in shown:
            continue
        label = f"{number}.{next(positions)}"
        shown[id(step)] = Heading(2, label, step.title, f"{theory.name}-{step.name}", error is None)
        yield shown[id(step)]
        yield Paragraph(step.reason)
        for relation in step.statement:
            yield equation(derivation.latex(relation))
        if error is not None:
            yield Unproved(str(error))


def _interface(theory: Theory) -> Iterator[Paragraph | Quantities | str]:
    """What the theory is made of: its quantities, and its equations in LaTeX with a sentence before each group."""
    notation = replace(theory.derivation, notation={**LATEX, **theory.derivation.notation})

    def stated(equations: Mapping[sp.Symbol, sp.Expr]) -> Iterator[str]:
        for x, value in equations.items():
            if x == value:
                continue
            yield notation.latex(sp.Eq(x, value, evaluate=False))

    kinds = (
        ("state", theory.states),
        ("its value at the start", theory.start),
        ("constant of the pair", tuple(x for x in theory.parameters if x in PAIR)),
        ("coefficient", theory.coefficients),
        ("time, in training steps", (theory.time,)),
    )
    yield Quantities(tuple((notation.latex(x), x.name, kind) for kind, symbols in kinds for x in symbols))
    yield Paragraph(f"The equations of motion of `{theory.name}` are")
    for x in theory.states:
        yield notation.latex(sp.Eq(dot(x, theory.time), theory.rhs[x], evaluate=False))
    if dict(theory.readout) != {x: x for x in SCALARS}:
        yield Paragraph("What is measured of the pair is, in terms of these,")
        yield from stated({x: theory.readout[x] for x in SCALARS})
    if theory.begin is None:
        yield Paragraph("What is measured of the pair at the start does not determine where the states begin.")
    elif dict(theory.begin) != dict(zip(theory.start, MEASURED, strict=False)):
        yield Paragraph("The states begin, from what is measured of the pair at the start, at")
        yield from stated({x: theory.begin[x] for x in theory.start})
    flow = DifferentialField({**theory.rhs, theory.time: sp.S.One})
    constant = {name: x for name, x in theory.invariants.items() if flow.normal(flow.derivative(elementary(x))) == 0}
    surfaces = {name: x for name, x in theory.invariants.items() if name not in constant}
    for sentence, found in (
        ("Constant along every trajectory:", constant),
        ("Zero along every trajectory that starts with it zero:", surfaces),
    ):
        if found:
            yield Paragraph(sentence)
        for name, value in found.items():
            yield f"{_label(name, theory)} = {notation.latex(value)}"
    known = [what for what, there in (("trajectory", theory.solution), ("end state", theory.final)) if there]
    if known:
        yield Paragraph(f"In closed form: the {' and the '.join(known)}.")


def _of_matrices(theory: MatrixTheory) -> Iterator[Paragraph | Quantities | str]:
    """What a theory of matrices is made of."""
    yield Quantities(tuple((theory.derivation.latex(x), str(x), words) for x, words in theory.quantities.items()))
    yield Paragraph(f"The equations of motion of `{theory.name}` are")
    yield from theory.latex.splitlines()


def _label(name: str, theory: Theory) -> str:
    """The name of an invariant in LaTeX; one that is a coefficient of its value is printed as that."""
    for x in theory.coefficients:
        if x.name == name:
            return theory.derivation.latex(x)
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}"
