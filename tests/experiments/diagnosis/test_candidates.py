"""The layers that are found by trying."""

import torch
from repdyn.experiments.diagnosis.candidates import MOST, candidates
from torch import nn

X, Y = torch.rand(4, 2, 3), torch.rand(4, 2, 2)


def test_layers_that_only_pass_on_and_the_prediction_are_left_out():
    network = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Dropout(), nn.Identity(), nn.Linear(5, 2))
    found = candidates(network, X, Y)
    assert (found.layers, found.refused) == (("0", "1"), {})


def test_of_many_layers_eight_are_chosen_evenly():
    network = nn.Sequential(*(nn.Linear(3, 3) for _ in range(20)), nn.Linear(3, 2))
    found = candidates(network, X, Y).layers
    assert len(found) == MOST
    assert (found[0], found[-1]) == ("0", "19")


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru, self.read, self.unused = nn.GRU(1, 4, batch_first=True), nn.Linear(4, 4), nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.read(self.gru(x[..., None])[0][:, -1]))


def test_layers_that_have_to_be_described_are_refused_with_their_reason():
    found = candidates(Recurrent(), X, Y)
    assert found.layers == ("read",)
    assert set(found.refused) == {"gru", "unused"}
    assert "must put out a tensor" in found.refused["gru"]
    assert "got 0 calls" in found.refused["unused"]
