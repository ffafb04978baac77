"""PairRecorder and the ways in which a network of somebody else is called and read: each value is the one by hand."""

import random
from typing import NamedTuple

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from repdyn.experiments import Layer, PairRecorder, PairTracker, compare
from repdyn.experiments.training.lightning import Batches, fit, half_squared_error
from torch import nn
from torch.nn import functional

GENERATOR = torch.Generator().manual_seed(0)
PAIRS, TIMES, UNITS = 5, 12, 6
SEQUENCES = torch.randn(PAIRS, 2, TIMES, 4, generator=GENERATOR)
TOKENS = torch.randint(0, 11, (PAIRS, 2, TIMES), generator=GENERATOR)
MASK = (torch.arange(TIMES) < torch.randint(3, TIMES, (PAIRS, 2, 1), generator=GENERATOR)).long()
TARGETS = torch.randn(PAIRS, 2, 3, generator=GENERATOR)


def dh2(h: torch.Tensor) -> np.ndarray:
    """Squared distances, by hand, of representations of shape (pairs, 2, ...)."""
    return (h[:, 1] - h[:, 0]).flatten(1).double().square().sum(1).detach().numpy()


def recorded(recorder: PairRecorder, layer: str) -> np.ndarray:
    frame = recorder.frame()
    return frame[(frame["layer"] == layer) & (frame["step"] == frame["step"].max())]["dh2"].to_numpy()


class Recurrent(nn.Module):
    """An LSTM and self-attention, whose outputs are tuples, with time or the batch first."""

    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.batch_first = batch_first
        self.lstm = nn.LSTM(4, UNITS, batch_first=batch_first)
        self.attention = nn.MultiheadAttention(UNITS, 2, batch_first=batch_first)
        self.flat = nn.Linear(UNITS, UNITS)
        self.out = nn.Linear(UNITS, 3)

    def states(self, x):
        """What the lstm, the attention and the flat layer put out, batch first."""
        x = x if self.batch_first else x.transpose(0, 1)
        h, (last, _) = self.lstm(x)
        a, _ = self.attention(h, h, h)
        if not self.batch_first:
            h, a = h.transpose(0, 1), a.transpose(0, 1)
        f = self.flat(a.reshape(-1, UNITS))
        return h, last[0], a, f.view(len(h), TIMES, UNITS)

    def forward(self, x):
        return self.out(self.states(x)[3].mean(1))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda b: Layer("lstm", select=0, batch=b), lambda h, last, a, f: h),
        (lambda b: Layer("lstm", select=0, batch=b, pool="last"), lambda h, last, a, f: h[:, -1]),
        (lambda b: Layer("lstm", select=0, batch=b, pool="mean"), lambda h, last, a, f: h.mean(1)),
        (lambda b: Layer("lstm", select=0, batch=b, pool=3), lambda h, last, a, f: h[:, 3]),
        (lambda b: Layer("lstm", select=0, batch=b, pool=lambda h: h.amax(1)), lambda h, last, a, f: h.amax(1)),
        (lambda b: Layer("lstm", select=(1, 0), batch=1), lambda h, last, a, f: last),
        (lambda b: Layer("attention", select=0, batch=b), lambda h, last, a, f: a),
        (lambda b: Layer("flat", positions=TIMES), lambda h, last, a, f: f),
        (lambda b: Layer("flat", positions=TIMES, pool="last"), lambda h, last, a, f: f[:, -1]),
    ],
    ids=["states", "last", "mean", "position", "callable", "hidden state", "attention", "flat", "last of flat"],
)
def test_what_a_layer_puts_out_is_the_users(layer, expected, batch_first: bool) -> None:
    network = Recurrent(batch_first)
    described = layer(0 if batch_first else 1)
    recorder = PairRecorder(network, SEQUENCES, TARGETS, [described])
    recorder.record(0)
    with torch.no_grad():
        states = network.states(SEQUENCES.flatten(0, 1))
    h = expected(*states).unflatten(0, (PAIRS, 2))
    np.testing.assert_allclose(recorded(recorder, described.name), dh2(h), rtol=1e-4)


class Language(nn.Module):
    """Keyword inputs, a dictionary as output."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.embedding = nn.Embedding(11, UNITS)
        layer = nn.TransformerEncoderLayer(UNITS, 2, 8, dropout=0.1)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(UNITS, 3)

    def forward(self, input_ids, attention_mask):
        h = self.encoder(self.embedding(input_ids).transpose(0, 1), src_key_padding_mask=attention_mask == 0)
        return {"logits": self.out(h[0]), "hidden": h}


INPUTS = {"input_ids": TOKENS, "attention_mask": MASK}


def logits(module, inputs):
    return module(**inputs)["logits"]


@pytest.mark.parametrize("pool", ["mean", "last"])
def test_tokens_with_a_mask_are_recorded_at_what_counts(pool: str) -> None:
    network = Language()
    layer = Layer("encoder", batch=1, pool=pool, mask="attention_mask")
    recorder = PairRecorder(network, INPUTS, TARGETS, [layer], forward=logits, dx2="embedding")
    recorder.record(0)
    network.eval()
    with torch.no_grad():
        h = network(TOKENS.flatten(0, 1), MASK.flatten(0, 1))["hidden"].transpose(0, 1)
        lengths = MASK.flatten(0, 1).sum(1)
        wanted = [x[:n].mean(0) if pool == "mean" else x[n - 1] for x, n in zip(h, lengths, strict=True)]
        embedded = network.embedding(TOKENS)
    np.testing.assert_allclose(
        recorded(recorder, "encoder"), dh2(torch.stack(wanted).unflatten(0, (PAIRS, 2))), rtol=1e-4
    )
    np.testing.assert_allclose(recorder.frame()["dx2"], dh2(embedded), rtol=1e-6)


def test_tokens_without_a_distance_are_refused() -> None:
    with pytest.raises(ValueError, match=r"inputs are integers, such as tokens, .* give dx2=, the name of the layer"):
        PairRecorder(Language(), INPUTS, TARGETS, ["out"])
    network = Language()
    nn.init.zeros_(network.out.weight)
    recorder = PairRecorder(network, INPUTS, TARGETS, ["embedding"], forward=logits, dx2="out")
    with pytest.raises(ValueError, match="the two inputs of a pair must differ; those of pair 0 do not at layer 'out'"):
        recorder.record(0)
    with pytest.raises(ValueError, match="dx2 must be a positive number for each of the 5 pairs, got"):
        PairRecorder(Language(), INPUTS, TARGETS, ["out"], dx2=[1.0])
    given = PairRecorder(Language(), INPUTS, TARGETS, ["out"], forward=logits, dx2=np.arange(1.0, 6.0))
    given.record(0)
    assert given.frame()["dx2"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


class Output(NamedTuple):
    hidden: torch.Tensor
    more: dict


class Named(nn.Module):
    """Puts out an object with names, in which what follows works in place."""

    def forward(self, x):
        return Output(x * 2, {"a": [x * 3]})


@pytest.mark.parametrize(
    ("select", "times"),
    [("hidden", 2), (0, 2), ((1, "a", 0), 3), (("more", 0, 0), 3)],
    ids=["name", "0", "path", "both"],
)
def test_what_is_selected_is_kept_as_it_was_put_out(select, times: int) -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.out = Named(), nn.Linear(4, 3)

        def forward(self, x):
            found = self.inner(x)
            y = self.out(found.hidden)
            found.hidden.zero_()
            found.more["a"][0].zero_()
            return y

    x = SEQUENCES[:, :, 0]
    recorder = PairRecorder(Network(), x, TARGETS, [Layer("inner", select=select)])
    recorder.record(0)
    np.testing.assert_allclose(recorded(recorder, "inner"), dh2(times * x), rtol=1e-6)


class Two(nn.Module):
    """Two inputs, and a layer that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.inner = nn.Linear(4, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, x, scale):
        return self.out(self.inner(torch.tanh(self.inner(x))) * scale)


@pytest.mark.parametrize("call", [0, 1])
@pytest.mark.parametrize("nested", [tuple, list])
def test_several_inputs_and_one_of_several_calls(call: int, nested: type) -> None:
    network, x, scale = Two(), SEQUENCES[:, :, 0], SEQUENCES[:, :, 1, :1]
    recorder = PairRecorder(network, nested([x, scale.numpy()]), TARGETS, [Layer("inner", call=call)])
    recorder.record(0)
    h = network.inner(x)
    np.testing.assert_allclose(recorded(recorder, "inner"), dh2(h if call == 0 else network.inner(h.tanh())), rtol=1e-4)
    np.testing.assert_allclose(recorder.frame()["dx2"], dh2(x) + dh2(scale), rtol=1e-6)


def test_a_module_without_forward_is_called_as_the_user_says() -> None:
    class Parts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 5), nn.Linear(5, 3)

    network, x = Parts(), SEQUENCES[:, :, 0]
    recorder = PairRecorder(network, x, TARGETS, ["encoder"], forward=lambda m, x: m.decoder(m.encoder(x)))
    recorder.record(7)
    np.testing.assert_allclose(recorded(recorder, "encoder"), dh2(network.encoder(x)), rtol=1e-4)
    assert recorder.steps.tolist() == [7]
    assert recorder.state(1).dy2 == pytest.approx(dh2(network.decoder(network.encoder(x)))[1], rel=1e-4)


def test_a_compiled_module_has_the_names_of_its_own() -> None:
    network = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    recorder = PairRecorder(torch.compile(network, backend="eager"), SEQUENCES[:, :, 0], TARGETS, ["0"])
    recorder.record(0)
    np.testing.assert_allclose(recorded(recorder, "0"), dh2(network[0](SEQUENCES[:, :, 0])), rtol=1e-4)


X, Y = torch.randn(20, 4, generator=GENERATOR), torch.randn(20, 3, generator=GENERATOR)
FIRST = torch.tensor([[0, 1], [0, 2], [5, 3]])


class Plain(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.encoder = nn.Sequential(nn.Linear(4, 8), nn.Tanh())
        self.middle = nn.Identity()
        self.decoder = nn.Linear(8, 3)
        self.losses: list[float] = []

    def forward(self, x):
        return self.decoder(self.middle(self.encoder(x)))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = half_squared_error(self(x), y)
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


def train(net: Plain, steps: int = 12, **options) -> PairTracker:
    tracker = PairTracker(X[FIRST], Y[FIRST], ["encoder"], **options)
    fit(net, Batches(X, Y, batch=20, steps=steps, seed=0), [tracker])
    return tracker


def test_a_loop_of_ones_own_records_what_lightning_does() -> None:
    network = Plain()
    optimiser = network.configure_optimizers()
    recorder = PairRecorder(network, X[FIRST].numpy(), Y[FIRST].numpy(), ["encoder"])
    for step in range(13):
        recorder.record(step)
        optimiser.zero_grad()
        half_squared_error(network(X), Y).backward()
        optimiser.step()
    by_lightning = train(Plain()).frame()
    assert recorder.frame().columns.equals(by_lightning.columns)
    for column in ("step", "dh2", "dy2", "w", "loss", "dx2", "dy2_target"):
        np.testing.assert_allclose(recorder.frame()[column], by_lightning[column], rtol=1e-4, atol=1e-7)
    assert len(compare(recorder.frame())) == 3


def test_a_training_pass_that_comes_to_differ_is_noticed_and_its_records_are_dropped() -> None:
    class Later(Plain):
        """Dropout sets in at the 130th step."""

        def training_step(self, batch, batch_idx):
            self.middle = nn.Dropout(0.5) if len(self.losses) >= 130 else nn.Identity()
            self.middle.train()
            return super().training_step(batch, batch_idx)

    net = Later()
    with pytest.warns(UserWarning, match="the records of steps 101 to 199 are dropped: they were taken"):
        frame = train(net, steps=220).frame()
    alone = Later()
    expected = train(alone, steps=220, forward=lambda m, x: m(x)).frame()
    assert alone.losses == net.losses
    expected = expected.merge(frame[["step", "pair"]], on=["step", "pair"])
    np.testing.assert_allclose(frame["dy2"], expected["dy2"], rtol=1e-4, atol=1e-7)


def test_what_a_module_logs_in_its_forward_neither_ends_training_nor_is_doubled() -> None:
    class Logging(Plain):
        def forward(self, x):
            y = super().forward(x)
            self.log("size", y.square().mean())
            self.log_dict({"largest": y.max()})
            return y

    loud, quiet = Logging(), Plain()
    train(loud, every=5)
    train(quiet, every=5)
    assert loud.losses == quiet.losses


def test_what_goes_wrong_with_a_record_ends_the_records_and_not_the_training() -> None:
    class Fragile(Plain):
        def forward(self, x):
            if not self.training and len(self.losses) > 5:
                raise RuntimeError("no evaluation any more")
            return super().forward(x)

    net, alone = Fragile(), Plain()
    with pytest.warns(UserWarning, match="PairTracker records nothing more: no evaluation any more"):
        tracker = train(net, every=4, forward=lambda m, x: m(x))
    fit(alone, Batches(X, Y, batch=20, steps=12, seed=0), [])
    assert net.losses == alone.losses
    assert tracker.problem == "no evaluation any more"
    assert tracker.steps.tolist() == [0, 4]
    with pytest.warns(UserWarning, match="the records end at step 4: no evaluation any more"):
        assert len(tracker.frame()) == 2 * 3


class Stateful(nn.Module):
    """Draws and counts in every mode."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.count, self.seen, self.cache = kind, 0, [], {}
        self.register_buffer("mean", torch.zeros(8))
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, h):
        self.count += 1
        return getattr(self, f"_{self.kind.replace(' ', '_')}")(h)

    def _functional_dropout(self, h):
        return functional.dropout(h, 0.3)

    def _sampling(self, h):
        return h + 0.1 * torch.randn_like(h)

    def _own_generator(self, h):
        return h + 0.1 * torch.randn(h.shape, generator=self.generator)

    def _python(self, h):
        return h * random.uniform(0.9, 1.1)

    def _numpy(self, h):
        return h * float(np.random.uniform(0.9, 1.1))  # noqa: NPY002  # the numbers that all code shares

    def _buffer(self, h):
        self.mean = 0.9 * self.mean + 0.1 * h.detach().mean(0)
        return h - self.mean

    def _buffer_in_place(self, h):
        self.mean.mul_(0.9).add_(0.1 * h.detach().mean(0))
        return h - self.mean

    def _counter(self, h):
        return h * (1 + 1 / (1 + self.count))

    def _list(self, h):
        self.seen.append(float(h.detach().mean()))
        return h + sum(self.seen) / len(self.seen)

    def _dictionary(self, h):
        self.cache[len(self.cache)] = 1.0
        return h * len(self.cache) ** -0.5

    def _attribute(self, h):
        self.late = getattr(self, "late", 0) + 1
        return h * self.late**-0.5


KINDS = ["functional dropout", "sampling", "own generator", "python", "numpy", "buffer", "buffer in place", "counter"]
KINDS += ["list", "dictionary", "attribute"]
MODULES = {
    **{kind: (lambda kind=kind: Stateful(kind)) for kind in KINDS},
    "dropout": lambda: nn.Dropout(0.3),
    "alpha dropout": lambda: nn.AlphaDropout(0.3),
    "batch norm": lambda: nn.BatchNorm1d(8),
    "layer norm": lambda: nn.LayerNorm(8),
    "group norm": lambda: nn.GroupNorm(2, 8),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8)),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)),
    "in place": lambda: nn.ReLU(inplace=True),
    "lazy": lambda: nn.LazyLinear(8),
}


@pytest.mark.filterwarnings("ignore:.*Lazy modules are a new feature")
@pytest.mark.parametrize("kind", MODULES)
def test_a_record_leaves_no_trace_whatever_the_network_draws_and_keeps(kind: str) -> None:
    """Losses, weights, buffers and random numbers bit by bit, with a record before every step and without any."""

    def trained(records: bool) -> tuple:
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002  # as above
        network = nn.Sequential(nn.Linear(4, 8), MODULES[kind](), nn.Linear(8, 3))
        network(X)
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
        recorder = PairRecorder(network, X[FIRST], Y[FIRST], ["0"])
        losses = []
        for step in range(6):
            if records:
                recorder.record(step)
            optimiser.zero_grad()
            loss = half_squared_error(network(X), Y)
            losses.append(loss.item())
            loss.backward()
            optimiser.step()
        drawn = (torch.rand(1).item(), random.random(), np.random.uniform())  # noqa: NPY002  # as above
        return losses, [x.detach().tolist() for x in network.state_dict().values()], drawn, network.training

    assert trained(records=True) == trained(records=False)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["lstn"], r"there is no layer 'lstn'; there are lstm"),
        ([Layer("lstm", select=3, batch=0)], "layer 'lstm' puts out nothing at 3: tuple of 2"),
        ([Layer("lstm", select="h")], "layer 'lstm' puts out nothing at 'h': tuple of 2"),
        ([Layer("lstm", select=0, batch=4)], r"must put out a row for each point, got shape \(\d+, 12, 6\)"),
        ([Layer("flat", positions=5)], r"must put out a row for each point, got shape \(\d+, 6\)"),
        ([Layer("out", pool="mean")], r"pool 'mean' of layer 'out' is over positions, and its points have none"),
        ([Layer("lstm", select=0, pool=12)], "layer 'lstm' has 12 positions, got position 12"),
        ([Layer("lstm", select=0, pool="mean", mask="m")], "needs inputs that are a dictionary with the mask 'm'"),
        ([Layer("out", call=1)], "layer 'out' is called 1 times in a forward pass, got call=1"),
        ([Layer("flat.nothing")], "there is no layer 'flat.nothing'"),
    ],
)
def test_a_layer_that_is_not_as_it_is_described_is_refused(layers: list, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words) as refused:
        PairRecorder(Recurrent(), SEQUENCES, TARGETS, layers).record(0)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Layer(3), "name of a layer must be text, got 3"),
        (lambda: Layer("a", mask=3), "mask of a layer must be text, got 3"),
        (lambda: Layer("a", batch=-1), "batch of layer 'a' must be an integer from 0 on, got -1"),
        (lambda: Layer("a", positions=0), "positions of layer 'a' must be an integer from 1 on, got 0"),
        (lambda: Layer("a", call=True), "call of layer 'a' must be an integer from 0 on, got True"),
        (lambda: Layer("a", pool="max"), "pool of layer 'a' must be flatten, last, mean, the number of a position or"),
        (lambda: Layer("a", mask="m"), "the mask of layer 'a' is for the pools last and mean, got 'flatten'"),
    ],
)
def test_a_bad_description_of_a_layer_is_refused(make, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_outputs_that_are_no_predictions_are_refused() -> None:
    with pytest.raises(TypeError, match="the network must put out a tensor, got dict; give forward=, a function of"):
        PairRecorder(Language(), INPUTS, TARGETS, ["embedding"], dx2="embedding").record(0)
    timed = PairRecorder(
        Language(), INPUTS, TARGETS, ["embedding"], forward=lambda m, x: m(**x)["hidden"], dx2="embedding"
    )
    with pytest.raises(ValueError, match=r"the network must put out a row for each point, got shape .* give forward="):
        timed.record(0)


class TimeByPoint(nn.Module):
    """States of all times and points in one dimension, time by time: of the right size, in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.out = nn.Linear(4, UNITS), nn.Linear(UNITS, 3)

    def forward(self, x):
        h = self.flat(x.transpose(0, 1).reshape(-1, 4)).view(TIMES, len(x), UNITS)
        return self.out(h.mean(0))


class OfTheBatch(nn.Module):
    """The first point of a batch changes all others."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.out = nn.Linear(4, UNITS), nn.Linear(UNITS, 3)

    def forward(self, x):
        return self.out(self.inner(x[:, 0] - x[:1, 0]))


@pytest.mark.parametrize(
    ("network", "layer"), [(TimeByPoint, Layer("flat", positions=TIMES)), (OfTheBatch, Layer("inner"))]
)
def test_rows_that_do_not_go_with_the_points_are_refused(network, layer: Layer) -> None:
    recorder = PairRecorder(network(), SEQUENCES, TARGETS, [layer])
    with pytest.raises(ValueError, match=f"the rows of layer '{layer.name}' do not go with the points"):
        recorder.record(0)


def test_a_pool_that_gives_no_row_a_point_is_refused() -> None:
    for pool, words in ((lambda h: h.mean(0), r"got shape \(12, 6\)"), (lambda h: 3.0, "got float")):
        recorder = PairRecorder(Recurrent(), SEQUENCES, TARGETS, [Layer("lstm", select=0, pool=pool)])
        with pytest.raises(ValueError, match=f"pool of layer 'lstm' must give a row for each of 11 points, {words}"):
            recorder.record(0)


def test_records_are_in_the_order_of_steps() -> None:
    recorder = PairRecorder(Plain(), X[FIRST], Y[FIRST], ["encoder"])
    for step in (3, True, -1, 2.0):
        recorder.record(3) if not recorder.steps.size else None
        with pytest.raises(ValueError, match="step must be the number of training steps so far, more than at the last"):
            recorder.record(step)


def test_a_checkpoint_of_other_pairs_is_refused_and_another_every_keeps_the_history() -> None:
    first = train(Plain(), steps=6, every=2)
    held = {"callbacks": {first.state_key: first.state_dict()}}
    again = PairTracker(X[FIRST], Y[FIRST], ["encoder"], every=3)
    assert again.state_key == first.state_key
    again.on_load_checkpoint(None, None, held)  # pyright: ignore[reportArgumentType]  # there is no trainer
    again.load_state_dict(first.state_dict())
    assert again.frame().equals(first.frame())

    class Mine(PairTracker):
        """Somebody's own."""

    others = [kind(X[FIRST + 1], Y[FIRST + 1], ["encoder"]) for kind in (PairTracker, Mine)]
    for other in (*others, PairTracker(X[FIRST], Y[FIRST], ["decoder"])):
        assert other.state_key != first.state_key
        with pytest.raises(ValueError, match="the checkpoint holds the records of other pairs or layers"):
            other.on_load_checkpoint(None, None, held)  # pyright: ignore[reportArgumentType]  # as above
        other.on_load_checkpoint(None, None, {"callbacks": {}})  # pyright: ignore[reportArgumentType]  # as above
