"""A recurrent network as arrays in double precision: what it does with states, and how fast they can be moved."""

# torch annotates its functions only in part:
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..training.sequences import Recurrent

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RecurrentMap:
    """A network of one recurrent layer, whose start is a state of ones.

    Differences of states are far below the resolution of single precision where weights are small.

    Attributes:
        symbols: what each symbol adds to the input of each unit, biases included, shape (symbols, units).
        hidden: weights from unit to unit, shape (units, units).
        output: weights to the outputs, shape (outputs, units).
        offset: of the outputs, shape (outputs,).
        nonlinearity: relu or tanh.
    """

    symbols: Array
    hidden: Array
    output: Array
    offset: Array
    nonlinearity: str

    @classmethod
    def of(cls, network: Recurrent) -> RecurrentMap:
        """The weights as they are now."""
        values = {name: p.detach().double().numpy().copy() for name, p in network.named_parameters()}
        symbols = values["hidden.weight_ih_l0"].T + values["hidden.bias_ih_l0"] + values["hidden.bias_hh_l0"]
        read_out = values["output.weight"], values["output.bias"]
        return cls(symbols, values["hidden.weight_hh_l0"], *read_out, str(network.hidden.nonlinearity))

    def total_input(self, h: Array, symbol: int | Integers) -> Array:
        """The input of every unit when a symbol is read in states of shape (n, units)."""
        return h @ self.hidden.T + self.symbols[symbol]

    def after(self, h: Array, symbol: int | Integers) -> Array:
        """The states that follow."""
        z = self.total_input(h, symbol)
        return np.maximum(z, 0.0) if self.nonlinearity == "relu" else np.tanh(z)

    def slope(self, z: Array) -> Array:
        """The derivative of the nonlinearity at inputs z."""
        return (z > 0).astype(np.float64) if self.nonlinearity == "relu" else 1 - np.tanh(z) ** 2

    def states(self, length: int) -> list[Array]:
        """The states after all strings of each length from 0 on, in lexical order, shape (symbols^l, units)."""
        found = [np.ones((1, len(self.hidden)))]
        for _ in range(length):
            last = found[-1]
            behind = [self.after(last, symbol) for symbol in range(len(self.symbols))]
            found.append(np.stack(behind, axis=1).reshape(-1, last.shape[1]))
        return found

    def outputs(self, h: Array) -> Array:
        """What is said in states of shape (n, units)."""
        return h @ self.output.T + self.offset

    def state_rates(self, strings: Integers) -> Array:
        """The mean over units of the tangent kernel of the state after each string of one length, shape (n,).

        Gradient descent with step size lr moves a unit of the state by lr times this, per unit of its gradient, if all
        units are pulled alike: 1/tau_h over lr. Weights that are used once for each symbol add up over the symbols.

        Args:
            strings: shape (n, length).
        """
        count, length = strings.shape
        units = len(self.hidden)
        h = np.ones((count, units))
        entering: list[Array] = []
        slopes: list[Array] = []
        for symbol in strings.T:
            entering.append(h)
            slopes.append(self.slope(self.total_input(h, symbol)))
            h = self.after(h, symbol)
        behind = np.broadcast_to(np.eye(units), (count, units, units))  # from the state after a symbol to the last
        pulls = np.empty((length, count, units, units))
        for t in reversed(range(length)):
            pulls[t] = behind * slopes[t][:, None, :]
            behind = pulls[t] @ self.hidden
        into = np.stack(entering)
        same = strings.T[:, None] == strings.T[None]  # two uses of a symbol share its weights, and all the two biases
        alike = np.einsum("tnu,snu->tsn", into, into) + same + 2
        return np.einsum("tsn,tnij,snij->n", alike, pulls, pulls, optimize=True) / units


def taylor_ratios(network: RecurrentMap, first: Array, second: Array, ahead: int) -> Array:
    """How far outputs are from linear between two states: what is left over the first-order term, shape (n,).

    The first order is that at the mean of the two states; both are lengths over all futures of 1 to ``ahead`` symbols.
    NaN where the first order vanishes.

    Args:
        network: the network.
        first: states, shape (n, units).
        second: states, shape (n, units).
        ahead: how many symbols are read at most.
    """
    one, other, middle, change = first, second, (first + second) / 2, second - first
    left, linear = np.zeros((2, len(first)))
    for read in range(1, ahead + 1):
        moved: list[tuple[Array, ...]] = []
        for symbol in range(len(network.symbols)):
            slope = network.slope(network.total_input(middle, symbol))
            ends = (network.after(x, symbol) for x in (one, other, middle))
            moved.append((*ends, slope * (change @ network.hidden.T)))
        one, other, middle, change = (np.concatenate(x) for x in zip(*moved, strict=True))
        difference, first_order = (other - one) @ network.output.T, change @ network.output.T
        futures = len(network.symbols) ** read, len(first)
        left += np.square(difference - first_order).sum(1).reshape(futures).sum(0)
        linear += np.square(first_order).sum(1).reshape(futures).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(linear > 0, np.sqrt(left / linear), np.nan)
