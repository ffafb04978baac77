"""Random problems for Hypothesis: a start, a pair and its rates, spread over a few decades each."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from repdyn.numeric import Pair, Rates, State


class Problem(NamedTuple):
    """What a trajectory is asked for, in the order in which it is called."""

    start: State
    pair: Pair
    rates: Rates

    @property
    def numbers(self):
        """dh2, dy2, w, dx2, dy2_target, rate_h, rate_y."""
        return tuple(x for values in self for x in vars(values).values())

    @property
    def rho(self):
        """The slope of dh2 against dy2/dh2."""
        return self.pair.dx2 * self.rates.h / self.rates.y

    @property
    def lazy_scale(self):
        """A_high."""
        return self.start.dh2 - self.rho * self.start.dy2 / self.start.dh2

    @property
    def rich_scale(self):
        """A_low."""
        return np.sqrt(self.rho * self.pair.dy2)

    @property
    def relaxation(self):
        """The steps in which the growing mode grows by e, or dh2 moves by its own size where nothing grows."""
        return 1 / (self.rates.y * max(np.hypot(self.lazy_scale / 2, self.rich_scale), 1e-3 * self.start.dh2))

    @property
    def growing_amplitude(self):
        """The cosine of the angle from the growing mode to the network's start, in the plane of alpha and beta_par."""
        dh2, dy2, w, dx2, dy2_target, rate_h, rate_y = self.numbers
        alpha, beta = np.sqrt(dh2 / (dx2 * rate_h)), (dy2 - w) / np.sqrt(dy2_target * dh2 * rate_y)
        phi = np.arctan2(2 * self.rich_scale, self.lazy_scale) / 2
        return (alpha * np.cos(phi) + beta * np.sin(phi)) / np.hypot(alpha, beta)

    def at(self, start):
        """The same pair and rates from another start."""
        return self._replace(start=start)


def spread(low, high):
    """Numbers from 10**low to 10**high, every decade as likely as another."""
    return st.floats(low, high).map(lambda exponent: float(10**exponent))


cosines = st.one_of(st.sampled_from((1.0, -1.0)), st.floats(-1, 1))
"""Of the angle between dy and dy*: aligned, opposite and anything between."""

durations = st.one_of(st.just(0.0), st.floats(1e-6, 10))
"""In relaxation times."""

_outputs = st.one_of(st.just(0.0), spread(-3, 1))


def problem(dh2, dy2, cosine, dx2, dy2_target, rate_h, rate_y):
    """A problem with the given cosine between dy and dy*."""
    w = dy2 - cosine * np.sqrt(dy2 * dy2_target)
    return Problem(State(dh2, dy2, w), Pair(dx2, dy2_target), Rates(rate_h, rate_y))


def _off_the_separatrix(drawn):
    """Without the starts on which the end hangs on the last places of the inputs."""
    return abs(drawn.growing_amplitude) > 1e-3


def differing_pairs(outputs=_outputs, cosines=cosines):
    """Problems whose two targets differ."""
    numbers = (spread(-3, 1), outputs, cosines, spread(-1, 1), spread(-2, 1), spread(-4, 0), spread(-4, 0))
    return st.builds(problem, *numbers).filter(_off_the_separatrix)


agreeing_pairs = st.builds(
    problem, spread(-3, 1), _outputs, st.just(0.0), spread(-1, 1), st.just(0.0), spread(-4, 0), spread(-4, 0)
)
"""Problems whose two targets are the same."""

aligned_pairs = differing_pairs(spread(-3, 1), st.sampled_from((1.0, -1.0)))
"""Problems in which dy is parallel or opposite to dy*, as with a single output."""

all_pairs = st.one_of(differing_pairs(), agreeing_pairs)


@st.composite
def crossing_pairs(draw):
    """Opposite starts with A_high < 0: dh passes through zero on the way."""
    drawn = draw(differing_pairs(st.just(0.0)))
    dy2 = drawn.start.dh2**2 / drawn.rho * draw(spread(0.05, 2))
    return drawn.at(State(drawn.start.dh2, dy2, dy2 + np.sqrt(dy2 * drawn.pair.dy2)))
