"""The measured tangent kernel of an encoder: against all gradients one by one, and what it refuses."""

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from repdyn.experiments import Layer, measured_kernel
from repdyn.experiments.tracking.look import Forward
from repdyn.numeric import linear_kernel
from torch import Tensor, nn


def mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 2))


def points(count: int = 6) -> Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(1))


def by_gradients(h: Tensor, parameters: list[nn.Parameter]) -> NDArray[np.float64]:
    """The kernel of representations of shape (points, units), a gradient for each unit of each point."""
    rows: list[Tensor] = []
    for x in h.flatten():
        found = torch.autograd.grad(x, parameters, retain_graph=True, allow_unused=True)
        rows.append(
            torch.cat(
                [(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(parameters, found, strict=True)]
            )
        )
    all_of_them = torch.stack(rows).reshape(*h.shape, -1).double()
    return torch.einsum("aup,bup->ab", all_of_them, all_of_them).numpy() / h.shape[1]


def off(found: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def test_it_is_the_sum_of_products_of_gradients_and_the_closer_the_more_directions_are_drawn() -> None:
    network, x = mlp(), points()
    exact = by_gradients(network[:4](x), list(network[:4].parameters()))
    errors = [off(measured_kernel(network, x, "3", columns=n).matrix(), exact) for n in (200, 40_000)]
    assert errors[0] < 0.3
    assert errors[1] < 0.03
    assert errors[1] < errors[0] / 3


def test_of_a_linear_layer_it_is_the_linear_kernel() -> None:
    network, x = nn.Sequential(nn.Linear(3, 200), nn.Linear(200, 1)), points()
    exact = linear_kernel(x.double().numpy(), bias=1.0).matrix()
    assert off(measured_kernel(network, x, "0", columns=20_000).matrix(), exact) < 0.03


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.lstm, self.output = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.lstm(x)[0][:, -1])


def test_a_layer_is_read_as_it_is_described() -> None:
    network = Recurrent()
    x = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(0))
    exact = by_gradients(network.lstm(x)[0][:, -1], list(network.lstm.parameters()))
    found = measured_kernel(network, x, Layer("lstm", select=0, pool="last"), columns=20_000)
    assert off(found.matrix(), exact) < 0.06


def test_frozen_parameters_do_not_learn() -> None:
    network, x = mlp(), points()
    network[0].requires_grad_(False)
    exact = by_gradients(network[:4](x), list(network[2].parameters()))
    assert off(measured_kernel(network, x, "3", columns=30_000).matrix(), exact) < 0.05


def test_the_network_is_left_as_it_was_and_rows_do_not_depend_on_the_batch() -> None:
    network, x = mlp(), points(300)  # two batches
    network.insert(1, nn.BatchNorm1d(8))
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    whole = measured_kernel(network, x, "4", columns=100, rank=300).matrix()
    assert network.training
    assert all(p.grad is None for p in network.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    np.testing.assert_allclose(
        measured_kernel(network, x[250:], "4", columns=100).matrix(), whole[250:, 250:], rtol=1e-4, atol=1e-4
    )


def test_what_a_rank_leaves_out_is_told() -> None:
    whole = measured_kernel(mlp(), points(), "3", columns=60)
    few = measured_kernel(mlp(), points(), "3", columns=60, rank=2)
    assert (few.rank, whole.rank) == (2, 6)
    share = 1 - np.trace(few.matrix()) / np.trace(whole.matrix())
    assert few.residual == pytest.approx(share, abs=1e-12)
    assert whole.residual < 1e-12


def flattened(module: nn.Module, inputs: Tensor) -> Tensor:
    return module(inputs.flip(0))


@pytest.mark.parametrize(
    ("inputs", "layer", "forward", "said"),
    [
        (torch.ones(2, 3), "3", None, r"inputs must be of shape \(points, ...\), of 3 points at least and the same"),
        ((torch.ones(4, 3), torch.ones(5, 3)), "3", None, "got 4 and 5 rows"),
        (points(), "none", None, "there is no layer 'none'"),
        (points(), "3", flattened, "the rows of layer '3' do not go with the points"),
    ],
)  # fmt: skip
def test_what_it_refuses(inputs: Tensor, layer: str, forward: Forward | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measured_kernel(mlp(), inputs, layer, forward=forward)


def test_without_a_gradient_it_says_so() -> None:
    network = mlp()
    network.requires_grad_(False)
    with pytest.raises(ValueError, match="layer '3' has no gradient in a parameter that is trained"):
        measured_kernel(network, points(), "3")
    network = mlp()
    network[0].weight.data[:] = torch.nan
    with pytest.raises(ValueError, match="gradients at layer '3' must be finite numbers"):
        measured_kernel(network, points(), "3")


def test_columns_that_take_too_much_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1,000,000,000 columns of 6 points take 44 GiB and may take 4: draw fewer"):
        measured_kernel(mlp(), points(), "3", columns=10**9)


@pytest.mark.parametrize("inputs", [[], "text"])
def test_inputs_must_be_tensors(inputs: object) -> None:
    with pytest.raises(TypeError, match="inputs must"):
        measured_kernel(mlp(), inputs, "3")
