"""fit_rates on a network that was really trained: see tests/data/README.md."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from papers_fit import papers_fit
from repdyn.numeric import Pair, Rates, State, final_distance, fit_loss, fit_rates, trajectory

FRAME = pd.read_parquet(Path(__file__).parents[1] / "data" / "default.parquet")
T = FRAME["step"].to_numpy()
OBSERVED = State(*(FRAME[name].to_numpy() for name in ("dh2", "dy2", "w")))
PAIR = Pair(FRAME["dx2"].iloc[0], FRAME["dy2_target"].iloc[0])
FIT = fit_rates(T, OBSERVED, PAIR)


def test_the_sum_of_squares_is_at_most_the_papers() -> None:
    assert FIT.sse <= papers_fit(T, OBSERVED, PAIR).sse * (1 + 1e-9)


def test_no_other_rates_do_better() -> None:
    def sse(h: float, y: float) -> float:
        path = trajectory(T, OBSERVED[0], PAIR, Rates(h, y))
        return sum(np.sum((getattr(path, name) - getattr(OBSERVED, name)) ** 2) for name in ("dh2", "dy2", "w"))

    assert sse(FIT.rates.h, FIT.rates.y) == pytest.approx(FIT.sse, rel=1e-9)
    for h in np.geomspace(0.01, 100, 9):
        for y in np.geomspace(0.01, 100, 9):
            assert sse(h * FIT.rates.h, y * FIT.rates.y) >= FIT.sse * (1 - 1e-12)


def test_the_theory_fits_as_well_as_was_recorded() -> None:
    """R^2 of 0.994, 0.996, 0.944 and a sum of squares of 0.6 to 1.6 in single runs of the paper's authors."""
    assert (FIT.r2.dh2, FIT.r2.dy2, FIT.r2.w) == pytest.approx((0.994, 0.996, 0.944), abs=0.03)
    assert 0.3 < FIT.sse < 3
    assert FIT.success
    assert final_distance(OBSERVED[0], PAIR, FIT.rates) == pytest.approx(OBSERVED[-1].dh2, rel=0.1)
    assert fit_loss(T, FRAME["loss"].to_numpy(), FIT.predicted, PAIR).r2 > 0.98


@pytest.mark.parametrize("every", [7, 50, 400])
def test_a_subset_of_the_steps_gives_nearly_the_same_rates(every: int) -> None:
    some = fit_rates(T[::every], OBSERVED[::every], PAIR).rates
    assert (some.h, some.y) == pytest.approx((FIT.rates.h, FIT.rates.y), rel=0.02)


@pytest.mark.parametrize("theory", ["scalar_output", "growing_rates"])
@pytest.mark.parametrize("every", [1, 10])
def test_richer_theories_end_in_success_too(theory: str, every: int) -> None:
    """What a network leaves is no noise: differences of integrations must not be taken for something better."""
    some = OBSERVED[::every]
    found = fit_rates(T[::every], some, PAIR, theory=theory)
    assert found.success, found.message
    assert found.sse <= fit_rates(T[::every], some, PAIR).sse * (1 + 1e-9)
