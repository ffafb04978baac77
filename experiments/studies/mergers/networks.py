"""The networks of the study: their settings, what was measured of each, and which learnt parity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...settings import StringPairs
from ..parity.numbers import LEARNT
from .numbers import begun_at, factor_of, predicted_begin

MAIN = "gain_0.1"
"""The setting of which most is said, and by which the constant of the condition is known for the others."""

Key = tuple[str, int]
"""A setting's name and a seed."""


@dataclass(frozen=True)
class Networks:
    """What was measured of all networks.

    Attributes:
        settings: by name.
        values: plain values, a row a network.
        tables: by name, with columns setting and seed.
    """

    settings: Mapping[str, StringPairs]
    values: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]

    @property
    def trained(self) -> list[str]:
        """The settings of which some network finished."""
        return list(map(str, dict.fromkeys(self.values["setting"])))

    def keys(self, setting: str) -> list[Key]:
        """All networks of a setting."""
        return [(setting, int(seed)) for seed in self.values[self.values["setting"] == setting]["seed"]]

    def learnt(self, setting: str) -> list[Key]:
        """The networks of a setting that learnt parity."""
        return [key for key in self.keys(setting) if self.value(key, "loss") < LEARNT]

    def value(self, key: Key, name: str) -> float:
        """A value of a network."""
        return float(_rows(self.values, key)[name].iloc[0])

    def of(self, table: str, key: Key) -> pd.DataFrame:
        """A table of a network."""
        return _rows(self.tables[table], key)

    def column(self, table: str, name: str, key: Key) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A column of a table of a network, as numbers."""
        return self.of(table, key)[name].to_numpy(np.float64)

    def merged(self, key: Key) -> pd.DataFrame:
        """The followed pairs of a network that agree and merged."""
        pairs = self.of("pairs", key)
        return pairs[pairs["agrees"] & np.isfinite(pairs["merged_at"])]

    def stretched(self, key: Key) -> pd.DataFrame:
        """Those pairs, with how many times as far apart they once were as at the start: ``stretch``."""
        merged = self.merged(key)
        return merged.assign(stretch=merged["apart"] * self.value(key, "near") / np.sqrt(merged["dh2_start"]))

    def share(self, key: Key) -> float:
        """The share of all agreeing pairs that merged."""
        counts = self.of("counts", key)
        return float(counts["merged"].sum() / counts["agreeing"].sum())

    def factor(self, setting: str) -> float:
        """What each symbol should multiply squared distances by at the start."""
        return factor_of(self.settings[setting].nonlinearity, self.settings[setting].gain)

    def expected_begin(self, setting: str) -> float:
        """The shorter length where mergers should begin, by where they do in the main setting; NaN if unknown."""
        own = [begun_at(self.of("counts", key)) for key in self.learnt(MAIN)]
        begun = float(np.median(own)) if own else float("inf")
        if not np.isfinite(begun) or self.settings[setting].nonlinearity != self.settings[MAIN].nonlinearity:
            return float("nan")  # another architecture has another constant
        return predicted_begin(begun, self.factor(MAIN), self.factor(setting), self.settings[setting].length)


def _rows(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    return table[(table["setting"] == key[0]) & (table["seed"] == key[1])]
