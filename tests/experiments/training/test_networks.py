"""Every architecture: hidden layers that can be watched, the start that is promised, and gradients everywhere."""

import pytest
import torch
from repdyn.experiments.settings import MODELS, NONLINEARITIES, SettingError, TwoPoints
from repdyn.experiments.settings.memory import parameters
from repdyn.experiments.tracking.tracker import PairTracker
from repdyn.experiments.tracking.watch import LayerWatch
from repdyn.experiments.training.networks import build_network
from repdyn.experiments.trials.two_points import prepare, train
from torch import nn

X = torch.tensor([[-1.0, 0.3, 2.0], [0.5, -0.2, 1.0], [0.1, 0.1, -0.7]])


def setting(model: str, **more) -> TwoPoints:
    return TwoPoints(**{"model": model, "width": 24, "hidden_layers": 3, "layer": 1, **more})


def built(model: str, seed: int = 0, **more) -> nn.Module:
    torch.manual_seed(seed)
    return build_network(setting(model, **more), 3, 2)


def hidden(network: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """What each hidden layer puts out."""
    watch = LayerWatch(network, [f"hidden.{k}" for k in range(3)])
    watch.start(len(x))
    network(x)
    found = watch.stop()
    assert found is not None
    watch.close()
    return [found[f"hidden.{k}"] for k in range(3)]


@pytest.mark.parametrize("model", MODELS)
def test_every_hidden_layer_is_called_once_and_keeps_the_points_apart(model: str) -> None:
    network = built(model).eval()
    watch = LayerWatch(network, [f"hidden.{k}" for k in range(3)])
    watch.start(len(X))
    assert network(X).shape == (3, 2)
    assert watch.calls == {"": 1, "hidden.0": 1, "hidden.1": 1, "hidden.2": 1}
    watch.close()
    together = hidden(network, X)
    for k, alone in enumerate(hidden(network, X[1:2])):
        torch.testing.assert_close(alone[0], together[k][1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden_layers", [1, 2, 3])
@pytest.mark.parametrize("model", MODELS)
def test_the_size_that_is_estimated_is_that_of_the_network(model: str, hidden_layers: int) -> None:
    network = built(model, hidden_layers=hidden_layers, layer=0)
    assert parameters(model, 24, hidden_layers, 3, 2) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("model", MODELS)
def test_the_narrowest_network_that_a_setting_may_have_can_be_built_and_tells_points_apart(model: str) -> None:
    width = {"layer_norm": 3, "transformer": 4}.get(model, 1)
    torch.manual_seed(0)
    network = build_network(setting(model, width=width, hidden_layers=1, layer=0, nonlinearity="leaky_relu"), 3, 2)
    y = network.eval()(X)
    assert not torch.equal(y[0], y[1])


@pytest.mark.parametrize("model", MODELS)
def test_the_tracker_follows_every_hidden_layer(model: str) -> None:
    frame, diverged_at = train(setting(model, steps=3, lr=1e-4))
    assert diverged_at is None
    assert set(frame["layer"]) == {f"network.hidden.{k}" for k in range(3)}
    assert frame["step"].max() == 3
    assert (frame["dh2"] > 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_biases_start_at_0_and_matrices_at_xavier_times_the_gain(model: str) -> None:
    for name, parameter in built(model, gain=0.5, width=160).named_parameters():
        if "bias" in name:
            assert not parameter.any(), name
        elif parameter.ndim > 1 and parameter.numel() >= 1000:
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(parameter)
            expected = 0.5 * (2 / (fan_in + fan_out)) ** 0.5
            assert parameter.std().item() == pytest.approx(expected, rel=0.1), name
        elif parameter.ndim == 1:
            assert torch.equal(parameter, torch.ones_like(parameter)), name


@pytest.mark.parametrize("model", MODELS)
def test_the_gain_scales_the_same_weights(model: str) -> None:
    small, large = (dict(built(model, gain=gain).named_parameters()) for gain in (0.3, 0.9))
    assert small.keys() == large.keys()
    matrices = [name for name in small if small[name].ndim > 1]
    assert matrices
    for name in matrices:
        torch.testing.assert_close(3 * small[name], large[name])


@pytest.mark.parametrize("model", MODELS)
def test_the_seed_decides_the_network_and_two_forward_passes_agree(model: str) -> None:
    network = built(model)
    assert torch.equal(network(X), network(X))
    assert torch.equal(network(X), built(model)(X))
    assert not torch.equal(network(X), built(model, seed=1)(X))


@pytest.mark.parametrize("model", MODELS)
def test_the_gradient_reaches_every_parameter(model: str) -> None:
    network = built(model)
    network(X).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_hidden_layers_end_in_their_nonlinearity(nonlinearity: str) -> None:
    network = built("mlp", nonlinearity=nonlinearity)
    functions = {
        "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
        "relu": lambda x: x.clamp(min=0),
        "elu": lambda x: torch.where(x > 0, x, x.exp() - 1),
        "tanh": torch.tanh,
        "swish": lambda x: x * x.sigmoid(),
        "none": lambda x: x,
    }
    weight = dict(network.named_parameters())["hidden.0.0.weight"]
    torch.testing.assert_close(hidden(network, X)[0], functions[nonlinearity](X @ weight.T))


def test_a_residual_layer_adds_to_the_one_before() -> None:
    network = built("residual")
    first, second, third = hidden(network, X)
    weights = dict(network.named_parameters())
    for before, after, k in ((first, second, 1), (second, third, 2)):
        change = torch.nn.functional.leaky_relu(before @ weights[f"hidden.{k}.change.0.weight"].T)
        torch.testing.assert_close(after, before + change)


def test_a_residual_network_without_changes_keeps_its_first_layer() -> None:
    network = built("residual")
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "change" in name:
                parameter.zero_()
    first, second, third = hidden(network, X)
    assert torch.equal(first, second)
    assert torch.equal(second, third)


def test_the_gru_uses_the_same_weights_at_every_reading() -> None:
    network = built("gru")
    assert sum(p.numel() for p in network.parameters()) == sum(
        p.numel() for p in built("gru", hidden_layers=7).parameters()
    )
    cell = nn.GRUCell(3, 24)
    cell.load_state_dict({k.removeprefix("cell."): v for k, v in network.state_dict().items() if k.startswith("cell.")})
    state = torch.zeros(3, 24)
    for found in hidden(network, X):
        state = cell(X, state)
        torch.testing.assert_close(found, state)


def test_layer_normalisation_fixes_the_norm_before_the_nonlinearity() -> None:
    for out in hidden(built("layer_norm", nonlinearity="none"), X):
        torch.testing.assert_close(out.square().sum(1), torch.full((3,), 24.0), rtol=1e-3, atol=0)
        torch.testing.assert_close(out.mean(1), torch.zeros(3), atol=1e-5, rtol=0)


def test_the_transformer_knows_places_and_reads_out_the_mean() -> None:
    network = built("transformer").eval()
    *_, last = hidden(network, X)
    assert last.shape == (3, 4, 24)
    output = dict(network.named_modules())["output"]
    torch.testing.assert_close(network(X), output(last.mean(1)))
    assert not torch.allclose(last[:, 0], last[:, 1]), "the tokens differ by their places"


def test_convolutions_go_over_positions() -> None:
    first, second, _ = hidden(built("cnn"), X)
    assert first.shape == (3, 1, 24)
    assert second.shape == (3, 20, 24)


def test_dropout_works_in_training_only() -> None:
    network = built("mlp", dropout=0.5)
    network.train()
    assert not torch.equal(network(X), network(X))
    network.eval()
    assert torch.equal(network(X), network(X))
    torch.testing.assert_close(network(X), built("mlp")(X))


def test_dropout_is_of_an_mlp_only() -> None:
    with pytest.raises(SettingError, match=r"dropout is a share below 1 in an mlp, got 0\.1 in model 'gru'"):
        setting("gru", dropout=0.1)


def test_the_tracked_layers_are_all_there_are() -> None:
    module, _, tracker = prepare(setting("transformer"))
    assert isinstance(tracker, PairTracker)
    assert set(tracker.layers) <= {name for name, _ in module.named_modules()}
