"""Squared differences of representations, against exact ones."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from repdyn.experiments.tracking import differences
from repdyn.experiments.tracking.differences import SquaredDifferences

WAYS = {
    "blocks": {"_ROOM": 640},
    "shared": {"_LONG": 1},
    "shared, in parts": {"_LONG": 1, "_SHORT": 7},
    "shared, in a small room": {"_LONG": 1, "_ROOM": 45},
    "single": {"_LONG": 30},
    "single, in parts": {"_LONG": 30, "_ROOM": 100, "_SHORT": 7},
}
"""How it is done on the processor, by what decides it."""


def squared_differences(h: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    return SquaredDifferences(where)(h)


def exact(h: torch.Tensor, where: torch.Tensor) -> list[float]:
    rows = [[Fraction(x) for x in row] for row in h.double().tolist()]
    return [float(sum((a - b) ** 2 for a, b in zip(rows[j], rows[i], strict=True))) for i, j in where.tolist()]


NEAR = pytest.mark.parametrize("apart", [1.0, 1e-3, 1e-6, 0.0])
KINDS = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64], ids=str)
WHERE = torch.tensor([[0, 1], [1, 2], [4, 0], [3, 3], [2, 0], [0, 4]])


def near(apart: float, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return (100 + apart * torch.randn(5, 40, generator=generator, dtype=torch.float64)).to(dtype)


@pytest.mark.parametrize("way", WAYS)
@KINDS
@NEAR
def test_points_that_nearly_coincide_keep_their_digits(way, dtype: torch.dtype, apart: float, monkeypatch) -> None:
    for name, value in {"_ROOM": 200, **WAYS[way]}.items():
        monkeypatch.setattr(differences, name, value)
    h = near(apart, dtype)
    np.testing.assert_allclose(squared_differences(h, WHERE).numpy(), exact(h, WHERE), rtol=1e-13)


@KINDS
@NEAR
def test_they_do_so_where_torch_computes(dtype: torch.dtype, apart: float, monkeypatch) -> None:
    monkeypatch.setattr(differences, "_BLOCK", 160)  # the last one smaller
    h = near(apart, dtype)
    np.testing.assert_allclose(SquaredDifferences(WHERE)._by_torch(h).numpy(), exact(h, WHERE), rtol=1e-13)


@pytest.mark.parametrize("way", WAYS)
@KINDS
def test_of_several_layers_they_are_to_the_bit_those_of_each(way, dtype: torch.dtype, monkeypatch) -> None:
    for name, value in {"_ROOM": 200, **WAYS[way]}.items():
        monkeypatch.setattr(differences, name, value)
    like = [near(apart, dtype) for apart in (1.0, 1e-3, 1e-6)]
    for layers in (like, [*like[:1], like[1][:, :7], like[2].view(5, 8, 5)], [*like, like[0].double()], like[:1]):
        found = SquaredDifferences(WHERE).of_each(layers)
        assert torch.equal(found, torch.stack([squared_differences(h, WHERE) for h in layers]))


def test_they_are_of_the_numbers_that_are_there_and_in_double_precision() -> None:
    h = torch.tensor([[[0.0], [1e-30]], [[3e-30], [5e-30]], [[1e30], [0.0]]])
    found = squared_differences(h, torch.tensor([[0, 1], [1, 2]]))
    assert found.tolist() == pytest.approx([2.5e-59, 1e60], rel=1e-6)
    assert squared_differences(h, torch.tensor([[1, 1]])).tolist() == [0.0]


def test_a_difference_whose_square_is_no_number_is_refused() -> None:
    h = torch.tensor([[0.0], [1e-200], [1.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"long enough for its square to be a number .* with an entry of 1e-200"):
        squared_differences(h, torch.tensor([[2, 0], [0, 1]]))


def test_one_layer_of_several_with_such_a_difference_is_enough() -> None:
    h = torch.tensor([[0.0], [1e-200], [1.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"long enough for its square to be a number .* with an entry of 1e-200"):
        SquaredDifferences(torch.tensor([[2, 0], [0, 1]])).of_each([h[[0, 2, 1]] + 1, h])


def test_what_is_not_finite_stays_so() -> None:
    h = torch.tensor([[0.0], [torch.inf], [torch.nan]])
    with np.errstate(invalid="ignore"):
        assert not squared_differences(h, torch.tensor([[0, 1], [0, 2], [1, 1]])).isfinite().any()
