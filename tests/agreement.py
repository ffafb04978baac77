"""How far two states are apart."""

import numpy as np
import pytest


def assert_agree(found, expected, relative):
    """Each scalar within ``relative`` of its size; w is a difference, so its size is that of its two terms."""
    with np.errstate(under="ignore"):
        sizes = expected.dh2, expected.dy2, np.abs(expected.dy2) + np.abs(expected.dy2 - expected.w)
        for name, size in zip(("dh2", "dy2", "w"), sizes, strict=True):
            error = np.abs(getattr(found, name) - getattr(expected, name))
            worst = np.argmax(error - relative * size)
            if np.any(error > relative * size):
                got, wanted = (
                    np.broadcast_to(getattr(x, name), np.shape(error)).flat[worst] for x in (found, expected)
                )
                pytest.fail(f"{name} is {got}, must be {wanted} within {relative} of {np.ravel(size)[worst]}")
