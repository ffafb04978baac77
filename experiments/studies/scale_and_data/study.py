"""Networks from starts of several sizes that are trained on several shares of all strings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ...figures.grids import draw_grids
from ...settings import Sequences
from ...sweep.outcome import DIVERGED, FINISHED
from ...sweep.trial import Trial
from ..parity.prose import NONE, diverged_text
from ..study import Plate, Results, Section, Study, Table, size
from .border import fitted_border
from .claims import MERGED, RIGHT, claims

LOSSES = {"squared_error": "squared error", "classes": "cross-entropy"}
"""What is said of each loss."""

_QUESTION = (
    "A recurrent network learns whether the number of ones in a string is odd, from a start of some size and from some "
    "of the strings up to a length. When does it come to be right on strings of any length, and when does it learn its "
    "strings by heart? Van Rossem & Saxe (arXiv 2507.09897) say: there is a sharp border, and the larger the start the "
    "more data are needed; their grid has it for strings up to length 10, by one network a cell. Their text has the "
    "squared error and their code the cross-entropy."
)


@dataclass(frozen=True)
class ScaleAndData(Study):
    """Networks that learn parity, by the gain of the start and the share of the strings that they are trained on."""

    name: ClassVar[str] = "scale_and_data"
    title: ClassVar[str] = "Size of the start and amount of data: where it generalises"

    gains: tuple[float, ...] = size((0.1, 0.25, 0.5, 1.0), "factors on the Xavier-normal weights")
    shares: tuple[float, ...] = size((0.1, 0.25, 0.5, 1.0), "of the strings of each length that are trained on")
    losses: tuple[str, ...] = size(("squared_error",), "squared_error or classes, which is cross-entropy")
    seeds: int = size(1, "networks a cell")
    length: int = size(8, "longest strings that are trained on")
    epochs: int = size(3000, "after which training ends where the loss is not below the bound")
    lr: float = size(0.02, "learning rate")
    until: float = size(0.001, "mean loss of an epoch below which training ends")

    def trials(self) -> list[Trial]:
        """A network for each loss, gain, share and seed."""
        return [
            Trial(
                Sequences(
                    name=f"{loss}-gain_{gain:g}-share_{share:g}",
                    seed=seed,
                    length=self.length,
                    share=share,
                    gain=gain,
                    lr=self.lr,
                    loss=loss,
                    until=self.until,
                    epochs=self.epochs,
                    every=self.epochs,
                    tested=(100,),
                    read=(100,),
                )
            )
            for loss in self.losses
            for gain in self.gains
            for share in self.shares
            for seed in range(self.seeds)
        ]

    def section(self, results: Results) -> Section:
        cells = self._cells(results)
        if cells.empty:
            return Section(self.title, (_QUESTION, NONE))
        parts = {str(loss): own for loss, own in cells.groupby("loss", sort=False)}
        borders = {
            (loss, column): fitted_border(own["gain"], own["share"], own[column])
            for loss, own in parts.items()
            for column in (RIGHT, MERGED)
        }
        lines = {
            (loss, shown): None if (found := borders[loss, column]) is None else (found.intercept, found.slope)
            for loss in parts
            for shown, column in (("accuracy", RIGHT), ("states", MERGED))
        }
        own = next(iter(parts.values()))
        return Section(
            self.title,
            (_QUESTION, self._method(), *diverged_text(results)),
            claims(parts, borders),
            (
                Plate(
                    "grid",
                    draw_grids(
                        cells.assign(states=cells["states"] / cells["strings"]),
                        {"accuracy": "right of strings of length 100", "states": "states, of all strings"},
                        lines,
                    ),
                    "Heat maps of accuracy and of states by the gain of the start and the share of the strings.",
                    "Left: the share of 100 strings of length 100 that a network gets right. Right: states at the "
                    f"end, of the {2 ** (self.length + 1) - 1} strings up to length {self.length}. Crosses: the loss "
                    "was not below the bound when training ended. Dashed: the fitted border, where there is one.",
                ),
            ),
            (_table(cells),),
            f"{int(own[RIGHT].sum())} of {len(own)} networks are right on all strings of length 100 "
            f"({next(iter(parts))}).",
        )

    def _method(self) -> str:
        many = "One network" if self.seeds == 1 else f"{self.seeds} networks"
        return (
            f"{many} a cell, of 100 units, by gradient descent with rate {self.lr:g} in minibatches of one length. "
            f"Training ends at the first epoch whose mean loss is below {self.until:g}, or after {self.epochs:,}. "
            f"States are counted after all strings up to length {self.length}, also those that were not trained on: "
            "nearer than 0.1 of the spread of all is one. The border is a logistic regression on log gain and log "
            "share, with the usual small penalty, and its intervals are those of 200 draws of the cells."
        )

    def _cells(self, results: Results) -> pd.DataFrame:
        """A row a network."""
        rows: list[dict[str, object]] = []
        for trial, outcome in results.outcomes.items():
            if outcome is None or outcome.status not in (FINISHED, DIVERGED):
                continue
            setting = trial.configuration
            assert isinstance(setting, Sequences)
            row = {"loss": LOSSES[setting.loss], "gain": setting.gain, "share": setting.share, "seed": setting.seed}
            if outcome.status == DIVERGED:
                nothing = {"accuracy": float("nan"), "states": float("nan"), "epochs": 0}
                rows.append({**row, **nothing, "strings": 1, "fitted": False, RIGHT: False, MERGED: False})
                continue
            last = outcome.tables["course"].iloc[-1]
            strings = 2 ** (self.length + 1) - 1
            accuracy, states = float(last["accuracy_100"]), float(outcome.values["states_coarse"])
            found = {"accuracy": accuracy, "states": states, "strings": strings, "epochs": int(last["epoch"])}
            fitted = bool(outcome.values["reached"])
            rows.append({**row, **found, "fitted": fitted, RIGHT: accuracy == 1, MERGED: states < strings / 2})
        return pd.DataFrame(rows)


def _table(cells: pd.DataFrame) -> Table:
    rows = cells.assign(
        **{
            "right at length 100": cells["accuracy"].map("{:.0%}".format),
            "states": cells["states"].map("{:.0f}".format),
            "bound reached": cells["fitted"].map({True: "yes", False: "no"}),
        }
    )
    columns = ["loss", "gain", "share", "seed", "epochs", "bound reached", "right at length 100", "states"]
    return Table("Every network of the grid.", rows[columns].astype(str))
