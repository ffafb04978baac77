"""Studies of which everything can be said, and what is read from their report."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import pandas as pd
from matplotlib.figure import Figure
from repdyn.experiments import TwoPoints
from repdyn.experiments.studies.claim import Claim, Verdict
from repdyn.experiments.studies.holding import Holding
from repdyn.experiments.studies.study import Plate, Results, Section, Study, Table, size
from repdyn.experiments.sweep.trial import Trial

MADE = datetime(2026, 11, 22, 6, 21, tzinfo=UTC)
OLD, NEW = {"repdyn": "0.0.9", "torch": "2.6.0"}, {"repdyn": "0.1.0", "torch": "2.7.1"}
NASTY = 'RuntimeError: <b>&"conv1d" \x1b[31mred\x1b[0m'
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
CLAIMS = (
    Claim(
        "Rates of `dh2` are <positive> & finite",
        "The R² of dh2 is at least 0.9.",
        (
            Verdict("elu", "SSE 0.70 [0.60, 0.90]", True, "by 0.09", "SSE 0.61"),
            Verdict("two_layer", "R² 0.5 (0.1 to 0.9)", True),
            Verdict("<tanh>", "two of three", False, "one of three is not"),
        ),
    ),
    Claim("Every network is met", "all", (Verdict("relu", "none", False),)),
    Claim("Adam obeys the same law", "not said", (Verdict("adam", "R² 0.5", None),), of_paper=False),
    Claim("All goes well", "always", (Verdict("cnn", "it does", True),)),
)
HOLDINGS = (
    Holding("elu", "two_point", 0.97),
    Holding("elu", "growing_vectors", float("nan")),
    Holding("two_layer", "two_point", -0.3),
)


def drawn(width: float = 9.6) -> Figure:
    figure = Figure(figsize=(width, 3.0))
    figure.subplots().plot([0, 1, 2], [0.0, 0.5, 0.6])
    return figure


@dataclass(frozen=True)
class Kept(Study):
    """Six trials: two finish, one diverges, one fails, one is missing and one damaged."""

    name: ClassVar[str] = "kept"
    title: ClassVar[str] = "What is <b>&kept</b>"

    seeds: int = size(6, "networks of <width> 8")
    speed: float = size(2.0, "factor on the learning rate")
    settings: tuple[str, ...] = size(("mine", "yours"), "two-point settings")

    def trials(self) -> list[Trial]:
        return [Trial(TwoPoints(name="mine", seed=seed)) for seed in range(self.seeds)]

    def section(self, results: Results) -> Section:
        plates = (
            Plate("wide", drawn(), 'A "curve" & <lines>.', "Networks of `default` & <theory>."),
            Plate("small", drawn(4.0), "A small curve.", "The same, small."),
        )
        rows = pd.DataFrame(
            [
                {"setting": "mine", "SSE": "0.61", "final": f"{MINUS}.10 [0.05, 0.2]", "version": "1.2.3"},
                {"setting": "two_layer", "SSE": "-", "final": "1e-3", "version": "1.2"},
            ]
        )
        wide = pd.DataFrame([{f"column {i}": "a text that is long" for i in range(12)}])
        tables = (Table("Fits: <median>", rows), Table("A wide one", wide))
        text = ("It is so that 1 < 2 & `code <x>` stands.",)
        return Section(self.title, text, CLAIMS, plates, tables, "It is <so> for 2 of 3.", HOLDINGS)


@dataclass(frozen=True)
class Broken(Kept):
    """A study whose section cannot be made."""

    name: ClassVar[str] = "broken"
    title: ClassVar[str] = "What is broken"

    def section(self, results: Results) -> Section:
        raise KeyError("<layer>")


@dataclass(frozen=True)
class Unanswered(Kept):
    """A study without a sentence of its own."""

    name: ClassVar[str] = "unanswered"
    title: ClassVar[str] = "What is not answered"

    def section(self, results: Results) -> Section:
        return replace(super().section(results), title=self.title, answer="", holdings=())


@dataclass(frozen=True)
class Twice(Kept):
    """A study with two figures of one name."""

    name: ClassVar[str] = "twice"
    title: ClassVar[str] = "What is said twice"

    def section(self, results: Results) -> Section:
        plate = Plate("one", Figure(), "", "")
        return Section(self.title, plates=(plate, plate))


@dataclass(frozen=True)
class Undrawable(Kept):
    """A study with a figure that matplotlib cannot draw."""

    name: ClassVar[str] = "undrawable"
    title: ClassVar[str] = "What cannot be drawn"

    def section(self, results: Results) -> Section:
        figure = Figure()
        figure.suptitle(r"$\nosuchsymbol$")
        return Section(self.title, plates=(Plate("one", figure, "", ""),))


@dataclass(frozen=True)
class Ahead(Kept):
    """A study of which nothing was run."""

    name: ClassVar[str] = "ahead"
    title: ClassVar[str] = "What is ahead"

    def trials(self) -> list[Trial]:
        return [Trial(TwoPoints(name="later", seed=seed, width=8)) for seed in range(40)]


def words(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(tree: ET.Element, anchor: str) -> ET.Element:
    (found,) = (part for part in tree.iter("section") if part.find("h2").get("id") == anchor)
    return found


def rows(element: ET.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in element.iter("tr")]
