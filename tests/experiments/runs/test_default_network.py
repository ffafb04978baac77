"""The default network, really trained: what the theory must reach on it."""

from statistics import median

import pytest
from repdyn.experiments import find_setting, override, run


@pytest.mark.slow
def test_the_theory_fits_the_default_network_over_seeds() -> None:
    fits = [run(override(find_setting("default"), {"seed": seed})).main[0].fit for seed in range(3)]
    assert median(fit.r2.dh2 for fit in fits) >= 0.98
    assert median(fit.r2.dy2 for fit in fits) >= 0.98
