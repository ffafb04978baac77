"""How much memory computations on whole data sets take, each in a process of its own."""

import numpy as np
import pytest
from scale import GIB, measure


def test_the_measure_is_of_the_process_alone() -> None:
    here = np.ones(2**26)  # half a GiB
    small, large = (measure("scale:held", mebibytes).peak for mebibytes in (1, 257))
    assert small < here.nbytes
    assert large - small == pytest.approx(2**28, rel=0.05)


@pytest.mark.slow
def test_smoothed_structure_of_all_of_mnist_takes_less_than_two_gibibytes() -> None:
    ten, twenty = (measure("scale:smoothed", points).peak for points in (10_000, 20_000))
    assert twenty < 20_000**2 * 8 / 4  # no table of all pairs
    assert ten + 5 * (twenty - ten) < 2 * GIB  # of 60,000: it grows as their number


@pytest.mark.slow
def test_a_store_takes_the_memory_of_a_few_blocks() -> None:
    assert measure("scale:written", 20_000).peak < GIB / 2


@pytest.mark.slow
def test_the_end_of_all_of_mnist_takes_less_than_two_gibibytes() -> None:
    assert measure("scale:collective", 60_000).peak < 2 * GIB
