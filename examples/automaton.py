"""
The machine inside a recurrent network
======================================

A GRU learns whether the number of ones in a string is odd. Read off its states which machine it is, and run that.
"""

# %%
# A network and its training, which know nothing of repdyn: all strings of up to six symbols.
import torch
from repdyn.experiments import Layer, draw_machines, extract_automaton
from repdyn.numeric import all_strings, minimal_automaton
from torch.nn.functional import cross_entropy, one_hot


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(2, 16, batch_first=True)
        self.output = torch.nn.Linear(16, 2)

    def forward(self, x):
        return self.output(self.gru(x)[0][:, -1])


torch.manual_seed(0)
network = Reader()
optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
for _ in range(150):
    for strings in map(torch.from_numpy, all_strings(2, 6)[1:]):
        loss = cross_entropy(network(one_hot(strings, 2).float()), strings.sum(1) % 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

# %%
# The machine: strings whose last states are nearer than half of their spread are one state of it. Other shares show
# more states and the same machine behind them, or a tree where they are too small for this network.
found = extract_automaton(
    network, Layer("gru", select=0, pool="last"), length=8, share=0.5, start=0
)
least = minimal_automaton(found.automaton)
print(f"{len(found.automaton)} states, {len(least)} that differ in what may follow")

# %%
# On strings of 1,000 symbols the network is lost, and the machine that was read off it is not.
strings = torch.randint(0, 2, (100, 1000))
said = {
    "network": network(one_hot(strings, 2).float()).argmax(1),
    "machine": torch.tensor(least.read(strings)),
}
print(
    {name: f"{(x == strings.sum(1) % 2).double().mean():.0%} right" for name, x in said.items()}
)

figure = draw_machines([("read off the network", found.automaton), ("reduced", least)])
figure.savefig("automaton.png")
