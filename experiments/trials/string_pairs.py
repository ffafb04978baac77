"""A recurrent network that learns parity, and pairs of strings followed through its training."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from repdyn.numeric import all_strings, merged_pairs, shared_futures, state_scale
from torch import Tensor

from ..sweep.outcome import Outcome, trained
from ..tasks.automata import SYMBOLS
from ..training.epochs import EpochWatch
from ..training.lightning import Supervised, fit, half_squared_error, repeatable
from ..training.sequences import Recurrent, StringBatches, one_hot
from .paired_strings import Pairs, pairs_of_any, pairs_of_lengths
from .recurrent_map import RecurrentMap, taylor_ratios
from .string_starts import forgetting, output_distances, rates_by_length

if TYPE_CHECKING:
    from ..settings import StringPairs

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

NEAR = 0.01
"""Two states are one if they are nearer than so many times the spread of all states over the whole training."""

_DRAWN, _AGREEING, _OTHERS = 800, 120, 30
"""Pairs drawn for every two lengths, and how many of them are followed that agree and that do not."""

_ANY = 1000
"""Pairs of any strings, drawn once, whose mean distance is told."""

_GUESSED = 0.25
"""The loss of who says both parities alike after every string."""

_AHEAD, _EXPANDED = 2, 150
"""Symbols of the futures of which it is asked how linear they are, and of how many pairs of each kind."""


class Followed(EpochWatch):
    """Looks at pairs after every epoch: their distances, the loss, and every few epochs all weights."""

    def __init__(self, network: Recurrent, blocks: Sequence[Tensor], targets: Tensor, pairs: Pairs, kept: int) -> None:
        super().__init__(every=1)
        self.network, self.blocks, self.targets, self.pairs, self.kept = network, blocks, targets, pairs, kept
        self.losses: list[float] = []
        self.distances: list[Array] = []
        self.weights: dict[int, RecurrentMap] = {}

    def look(self, epoch: int) -> None:
        """Record the network as it is."""
        with torch.no_grad():
            states = torch.cat([self.network.state(x) for x in self.blocks])
            self.losses.append(float(half_squared_error(self.network.read(states[1:]), self.targets)))
        self.distances.append(self.pairs.apart(states.double().numpy()))
        if epoch % self.kept == 0:
            self.weights[epoch] = RecurrentMap.of(self.network)


def run_trial(setting: StringPairs) -> Outcome:
    """Train; what pairs of strings do, from the start to the end.

    Followed are some pairs of every two lengths, and some of any strings. A pair has merged when the distance of its
    states stays below 0.01 times the spread of all states over the whole training.

    Tables:

    - ``course``: a row an epoch: epoch, loss, distance (mean over pairs of any strings), beyond_agreeing and
      beyond_others (the shares of such pairs that are not nearer than the threshold);
    - ``counts``: all pairs at the end, a row for each shorter and longer length: agreeing, merged, disagreeing, wrong;
    - ``pairs``: those of every two lengths: shorter, longer, common (last symbols they share), agrees, futures (how
      many they share), at the start dh2_start and dy2_start (mean over the futures), dh2_end, apart (the most over
      training, in thresholds), near_at (the first epoch after that at which it is nearer than the threshold) and
      merged_at (from which on it stays so), both infinity if never;
    - ``forgetting`` and ``rates``: of the untrained network (:mod:`.string_starts`);
    - ``linearity``: a row an epoch and kind of pair (merging, agreeing, others): ratio, what is left over the
      first-order term of the outputs, a median, and pairs, how many it is of.

    Values are the losses at both ends, the threshold, and the epoch fell from which on the loss is below half of that
    of the best guess (infinity if it never is).
    """
    draws = np.random.default_rng(setting.seed)
    strings = all_strings(SYMBOLS, setting.length)
    parity = np.concatenate([block.sum(1) % 2 for block in strings])
    of_lengths = pairs_of_lengths(setting.length, parity, _DRAWN, _AGREEING, _OTHERS, draws)
    of_any = pairs_of_any(setting.length, _ANY, draws)
    x = [one_hot(block) for block in strings]
    y = [one_hot(block.sum(1) % 2) for block in strings]
    with repeatable(setting.threads):
        torch.manual_seed(setting.seed)
        network = Recurrent(setting.width, setting.nonlinearity, setting.gain)
        start = RecurrentMap.of(network)
        batches = StringBatches(x[1:], y[1:], setting.batch, setting.epochs, setting.seed)
        pairs = Pairs.together([of_lengths, of_any])
        followed = Followed(network, x, torch.cat(y[1:]), pairs, setting.every)
        followed.look(0)
        diverged_at = fit(Supervised(network, setting.lr), batches, [followed])
    if diverged_at is not None:
        return trained(diverged_at, {}, {})
    history = {epoch: np.concatenate(w.states(setting.length)) for epoch, w in followed.weights.items()}
    end = np.concatenate(RecurrentMap.of(network).states(setting.length))
    near = NEAR * state_scale(np.concatenate(list(history.values())))
    distances = np.stack(followed.distances)
    some, any_of_all = distances[:, : len(of_lengths)], distances[:, len(of_lengths) :]
    table = _pairs_table(start, of_lengths, parity, some, end, near, setting.length)
    losses = np.array(followed.losses)
    tables = {
        "course": _course(losses, any_of_all, parity[of_any.first] == parity[of_any.second], near),
        "counts": _counts(end, parity, near),
        "pairs": table,
        "forgetting": forgetting(start, start.states(setting.length)),
        "rates": rates_by_length(start, setting.length, draws),
        "linearity": _linearity(followed.weights, history, of_lengths, table, setting.length),
    }
    fell = float(_settled(losses[:, None] < _GUESSED / 2)[0])
    return Outcome(
        values={"loss_start": float(losses[0]), "loss": float(losses[-1]), "near": near, "fell": fell},
        tables=tables,
    )


def _settled(below: NDArray[np.bool_]) -> Array:
    """The epoch from which on each column holds, infinity if it does not at the end; of shape (epochs, columns)."""
    since = len(below) - np.argmin(below[::-1], axis=0)
    since = np.where(below.all(axis=0), 0, since)
    return np.where(since < len(below), since, np.inf)


def _near_after(distances: Array, near: float) -> Array:
    """The first epoch at which each pair is near, after that at which it is furthest; infinity if there is none."""
    later = np.arange(len(distances))[:, None] >= distances.argmax(axis=0)
    there = later & (distances < near)
    return np.where(there.any(axis=0), there.argmax(axis=0), np.inf)


def _pairs_table(
    start: RecurrentMap, pairs: Pairs, parity: Integers, distances: Array, end: Array, near: float, length: int
) -> pd.DataFrame:
    states = start.states(length)
    begin = pairs.apart(np.concatenate(states))
    lengths = pairs.lengths
    shorter, longer = lengths.min(axis=0), lengths.max(axis=0)
    most = distances.max(axis=0)
    outputs = [start.outputs(h) for h in states]
    return pd.DataFrame(
        {
            "shorter": shorter,
            "longer": longer,
            "common": pairs.common,
            "agrees": parity[pairs.first] == parity[pairs.second],
            "futures": np.round(shared_futures(longer, length)),
            "dh2_start": np.square(begin),
            "dy2_start": output_distances(outputs, pairs.places, lengths),
            "dh2_end": np.square(pairs.apart(end)),
            "apart": most / near,
            "near_at": _near_after(distances, near),
            "merged_at": _settled(distances < near),
        }
    )


def _course(losses: Array, distances: Array, agree: NDArray[np.bool_], near: float) -> pd.DataFrame:
    beyond = distances >= near
    return pd.DataFrame(
        {
            "epoch": np.arange(len(losses)),
            "loss": losses,
            "distance": distances.mean(axis=1),
            "beyond_agreeing": beyond[:, agree].mean(axis=1),
            "beyond_others": beyond[:, ~agree].mean(axis=1),
        }
    )


def _counts(end: Array, parity: Integers, near: float) -> pd.DataFrame:
    """All pairs at the end, but those with the empty string."""
    lengths = Pairs(np.arange(len(end)), np.arange(len(end))).lengths[0]
    found = merged_pairs(end[1:], lengths[1:], parity[1:], threshold=near)
    shorter, longer = np.triu_indices(int(lengths.max()) + 1)
    kept = shorter > 0
    counts = {name: x[shorter, longer][kept] for name, x in vars(found).items()}
    return pd.DataFrame({"shorter": shorter[kept], "longer": longer[kept], **counts})


def _linearity(
    weights: Mapping[int, RecurrentMap], history: Mapping[int, Array], pairs: Pairs, table: pd.DataFrame, length: int
) -> pd.DataFrame:
    """Of pairs that merge, of others that agree, and of those that do not, all of which have such futures."""
    agrees, merges = table["agrees"].to_numpy(), np.isfinite(table["merged_at"].to_numpy())
    far = table["longer"].to_numpy() <= length - _AHEAD
    kinds = {"merging": agrees & merges, "agreeing": agrees & ~merges, "others": ~agrees}
    rows: list[dict[str, Any]] = []
    for kind, which in kinds.items():
        chosen = np.nonzero(which & far)[0]
        chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _EXPANDED)).astype(np.int64)]
        for epoch, states in history.items():
            first, second = states[pairs.first[chosen]], states[pairs.second[chosen]]
            ratios = taylor_ratios(weights[epoch], first, second, _AHEAD)
            known = ratios[np.isfinite(ratios)]
            ratio = float(np.median(known)) if known.size else float("nan")
            rows.append({"epoch": epoch, "kind": kind, "ratio": ratio, "pairs": known.size})
    return pd.DataFrame(rows)
