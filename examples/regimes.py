"""
From rich to lazy
=================

How far apart two points end in the hidden layer depends on where they start: small starts build their representation
(rich), large ones keep it (lazy), and a decoder that is large at the start lets the pair collapse.
"""

import numpy as np
from matplotlib.figure import Figure
from repdyn.numeric import Pair, Rates, State, final_distance, regime_number, trajectory

pair, rates = Pair(dx2=1.0, dy2=1.0), Rates(h=1e-2, y=1e-2)
sizes = np.geomspace(1e-3, 30, 200)
starts = {  # hidden representations far apart and outputs alike, and the other way round
    "encoder": State(dh2=sizes, dy2=1e-6, w=1e-6),
    "decoder": State(dh2=1e-2, dy2=1e-2 * sizes, w=1e-2 * sizes),
}
ends = {ahead: final_distance(start, pair, rates) for ahead, start in starts.items()}
for ahead, end in ends.items():
    print(f"The {ahead} is ahead: final |dh|² from {end.min():.3g} to {end.max():.3g}")

# %%
# Both lie on one curve: a single number, conserved in training, decides where the pair ends. Beside it, five
# trajectories.

figure = Figure(figsize=(9, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
for ahead, start in starts.items():
    left.plot(regime_number(start, pair, rates), ends[ahead], lw=2.5, label=ahead)
left.set(xlabel="regime number: collapsing < 0, rich 0, lazy > 0", yscale="log")
left.set(ylabel=r"final $|\Delta h|^2$")
left.legend(frameon=False, title="what is ahead at the start")
steps = np.arange(1500)
for dh2 in (0.01, 0.1, 0.5, 2.0, 5.0):
    path = trajectory(steps, State(dh2, 1e-6, 1e-6), pair, rates)
    right.plot(steps, path.dh2, lw=2, label=f"{dh2:g}")
right.set(xlabel="training step", ylabel=r"$|\Delta h|^2$", yscale="log")
right.legend(frameon=False, title=r"$|\Delta h|^2$ at the start", ncols=2)
figure.savefig("regimes.png")
