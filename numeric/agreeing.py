"""Pairs whose targets agree: which coefficients their trajectory determines, and why not the others."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .measurement import Measurement
from .model import Model

Array = NDArray[np.float64]

_WIDEST = 40.0
"""Logarithms of coefficients, in the units of the data, between which a limit is looked for."""

_PLACES = 81
"""How many values are tried between them."""

_SAMPLES = 128
"""Samples on which that is done."""

_LIKELY, _SAME = 9.0, 1e-3
"""By how much less likely than the best, as a logarithm of the square, 0 or infinity may be; and what is as good."""

_EXACT = 1e-20
"""A misfit that is nothing."""

_RISES = 0.1
"""A distance rises if it comes to exceed its first value by this share."""


def limits(model: Model, data: Measurement, x: Array) -> tuple[Array, NDArray[np.bool_]]:
    """What the trajectory of an agreeing pair only limits, put at its limit.

    Where dh2 does not fall, or is gone before the decoder can tell, one rate may as well be any smaller or larger one:
    the misfit has no minimum, but a plain that reaches to 0 or to infinity.

    Args:
        model: of a theory in closed form.
        data: in the units of the search.
        x: a point of the search, shape (m,).

    Returns:
        The point with such coefficients where the plain begins (at the size of the data where there is nothing else),
        and which they are, shape (m,).
    """
    some, x, held = data.thinned(_SAMPLES), x.copy(), np.zeros(x.size, dtype=np.bool_)
    tried = np.linspace(-_WIDEST, _WIDEST, _PLACES)
    for i in np.nonzero(model.units == 0)[0]:
        points = np.repeat(np.clip(x, -_WIDEST, _WIDEST)[None], _PLACES + 1, axis=0)
        points[1:, i] = tried
        here, *misfits = model.misfits(some, points, 0.0)
        least = min(here, *misfits)
        for values, found in ((tried, np.array(misfits)), (tried[::-1], np.array(misfits[::-1]))):
            if found[0] <= least * np.exp(_LIKELY / some.observed.size) + _EXACT:
                beyond = np.nonzero(found > found[0] * np.exp(_SAME / some.observed.size) + _EXACT)[0]
                x[i], held[i] = values[beyond[0] - 1] if beyond.size else 0.0, True
                break
    return x, held


def reason(model: Model, observed: Array, held: NDArray[np.bool_], coefficients: Mapping[str, float]) -> str:
    """Why the trajectory of an agreeing pair does not determine all coefficients, in words.

    Args:
        model: of the theory.
        observed: dh2, dy2 and w, shape (3, n), in the units of the data.
        held: which of the model's coefficients are only limited, shape (m,).
        coefficients: their values, in the units of the data.
    """
    rising = [
        f"{name} rises from {values[0]:.3g} to {values.max():.3g}"
        for name, values in zip(("dh2", "dy2"), observed, strict=False)
        if values.max() > (1 + _RISES) * values[0]
    ]
    said = "These points agree in their targets, so that dh2 and dy2 of this pair by itself can only fall"
    if rising:
        said += f"; here {' and '.join(rising)}, by what the network learns of other points"
    elif held.all():
        said += ", and here they do so between two samples or not at all"
    elif held[model.names.index("rate_h")]:
        said += ", and here dy2 vanished before dh2 moved"
    else:
        said += ", and here dh2 vanished before its decoder made a difference"
    free, limited = (list(itertools.compress(model.names, chosen)) for chosen in (~held, held))
    which = f"only {', '.join(free)} is determined" if free else "no rate is determined"
    values = ", ".join(f"{name} = {coefficients[name]:.2g}" for name in limited)
    return f"{said}: {which} ({values}: a limit, beyond which any other does as well)."
