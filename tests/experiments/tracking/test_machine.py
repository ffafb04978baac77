"""The machine that is read off a network of anybody, and what is refused."""

import copy

import numpy as np
import pytest
import torch
from repdyn.experiments import Layer, extract_automaton
from repdyn.experiments.tasks.automata import PARITY
from repdyn.numeric import equivalent_automata, minimal_automaton
from torch import nn


class Reader(nn.Module):
    """An Elman network whose weights make it parity: the exclusive or of its state and the symbol."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 2, nonlinearity="relu", batch_first=True, bias=True)
        self.out = nn.Linear(2, classes)
        with torch.no_grad():  # units: the state is 1 and the symbol 0, the state is 0 and the symbol 1; their sum is 1
            self.rnn.weight_ih_l0.copy_(torch.tensor([[0.0, -1.0], [0.0, 1.0]]))
            self.rnn.weight_hh_l0.copy_(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
            self.rnn.bias_ih_l0.zero_()
            self.rnn.bias_hh_l0.zero_()
            signs = torch.tensor([[-1.0], [1.0]]) if classes == 2 else torch.tensor([[1.0]])
            self.out.weight.copy_(signs.expand(classes, 2))
            self.out.bias.copy_(-0.5 * signs[:, 0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(x)[0][:, -1])


LAST = Layer("rnn", select=0, pool="last")


@pytest.mark.parametrize("classes", [1, 2])
def test_a_network_that_is_parity_is_found_to_be(classes: int) -> None:
    network = Reader(classes)
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    found = extract_automaton(network, LAST, length=5, start=0)
    # The state before the first symbol, and what the two units are after it: none, either of them.
    assert len(found.automaton) == 4
    assert (found.conflicts, found.ambiguous) == (0, 0)
    assert equivalent_automata(found.automaton, PARITY)
    assert network.training
    assert all(torch.equal(x, before[name]) for name, x in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


def test_what_the_empty_string_says_is_not_guessed() -> None:
    least = minimal_automaton(extract_automaton(Reader(), LAST, length=4).automaton)
    assert least.outputs.tolist() == [-1, 0, 1]
    assert least.transitions.tolist() == [[1, 2], [1, 2], [2, 1]]


def test_strings_are_given_as_the_network_takes_them() -> None:
    class Embedded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reader, self.table = Reader(), nn.Embedding.from_pretrained(torch.eye(2))

        def forward(self, tokens: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
            return self.reader(self.table(tokens)) * scale

    found = extract_automaton(
        Embedded(),
        Layer("reader.rnn", select=0, pool="last"),
        length=4,
        encode=lambda s: {"tokens": s, "scale": np.ones((len(s), 1), dtype=np.float32)},
        start=0,
    )
    assert equivalent_automata(found.automaton, PARITY)


def test_a_coarse_share_merges_everything_but_the_start() -> None:
    found = extract_automaton(Reader(), LAST, length=4, share=10.0, start=0)
    assert len(found.automaton) == 2
    assert found.ambiguous > 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"share": 0.0}, "share must be a positive number, got 0"),
        ({"start": 10**7}, "start must be the number of a class, at most 1,000,000, got 10000000"),
        ({"length": 0}, "length must be a whole number of at least 1, got 0"),
        ({"encode": lambda s: torch.ones(3)}, "encode must return a row for each of 2 strings, got 3"),
        ({"encode": lambda s: []}, "encode must return a row for each of 2 strings, got no tensor"),
        ({"forward": lambda m, x: m.rnn(x)[0]}, r"the network must put out a class for each str.* got shape \(2, 1"),
        ({"encode": lambda s: torch.ones(len(s), s.shape[1], 2)}, "hidden states must differ, got the same after"),
        (
            {"encode": lambda s: torch.full((len(s), s.shape[1], 2), torch.nan)},
            "hidden states must be finite numbers, got some that are not",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(more, words) -> None:
    with pytest.raises(ValueError, match=words):
        extract_automaton(Reader(), LAST, **{"length": 1, **more})


def test_what_is_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="encode must be a function of strings, got 'one-hot'"):
        extract_automaton(Reader(), LAST, encode="one-hot")
    with pytest.raises(TypeError, match="what encode returns must be of type Tensor, got None"):
        extract_automaton(Reader(), LAST, encode=lambda s: None)
