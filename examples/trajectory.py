"""
The trajectory of a pair
========================

The theory's three scalars over training, in closed form, and the same system by an ODE solver.
"""

import numpy as np
from matplotlib.figure import Figure
from repdyn.numeric import Pair, Rates, State, half_way_time, integrate, trajectory

pair = Pair(dx2=1.0, dy2=0.5)  # squared distances of the two inputs and of the two targets
start = State(dh2=1e-3, dy2=1e-3, w=0.0)  # where training begins
rates = Rates(h=7e-4, y=3.5e-2)  # 1/tau_h and 1/tau_y, per training step

steps = np.arange(3000)
exact = trajectory(steps, start, pair, rates)
solved = integrate(steps, start, pair, rates)
difference = max(
    np.abs(getattr(exact, name) - getattr(solved, name)).max() for name in ("dh2", "dy2", "w")
)
print(f"Formula and solver differ by {difference:.1e} at most.")

# %%
# Hidden representations grow apart first slowly, then fast, then not at all. The output follows, and the misfit ``w``
# returns to zero: the difference is learnt.

figure = Figure(figsize=(9, 2.8), layout="constrained")
titles = {
    "dh2": r"hidden distance $|\Delta h|^2$",
    "dy2": r"output distance $|\Delta y|^2$",
    "w": "misfit $w$",
}
axes = figure.subplots(1, 3)
for ax, (name, title) in zip(axes, titles.items(), strict=True):
    ax.plot(steps, getattr(exact, name), lw=4, alpha=0.4, label="closed form")
    ax.plot(steps, getattr(solved, name), "C3--", lw=1.4, label="ODE solver")
    ax.axvline(half_way_time(start, pair, rates), color="0.6", lw=0.8, ls=":")
    ax.set(title=title, xlabel="training step")
axes[0].legend(frameon=False)
figure.savefig("trajectory.png")
