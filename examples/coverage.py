"""
How often errors hold the truth
===============================

Noise that stays alike for a while is added to a trajectory of the theory, which is fitted again and again. Standard
errors that allow for the correlation time are beside those as if each residual were drawn for itself: of both, how many
intervals hold the true rates? ``python coverage.py 300`` repeats it 300 times, as for the figures in the documentation.
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

repeats = int(sys.argv[1]) if sys.argv[1:] else 10
t, pair, true = np.arange(0.0, 1200.0, 3.0), Pair(dx2=1.0, dy2=0.5), Rates(h=2e-3, y=2e-2)
path = trajectory(t, State(dh2=0.15, dy2=0.05, w=0.0), pair, true)


def misses(time):
    """By how many standard errors of either kind both rates are off, shape (repeats, 2, 2)."""
    found, kept = [], np.exp(-3 / time) if time else 0.0
    for seed in range(repeats):
        noise = np.random.default_rng([seed, time]).normal(size=(3, t.size))
        for i in range(1, t.size):
            noise[:, i] = kept * noise[:, i - 1] + np.sqrt(1 - kept**2) * noise[:, i]
        rows = zip((path.dh2, path.dy2, path.w), 4e-3 * noise * (t > 0), strict=True)
        fit = fit_rates(t, State(*(x + more for x, more in rows)), pair)
        off = np.array([fit.rates.h - true.h, fit.rates.y - true.y])
        found.append([off / [*e.values()] for e in (fit.errors, fit.independent_errors)])
    return np.abs(found)


times = [0, 6, 30, 60, 120, 240]
shares = np.array([[(misses(x) < n).mean((0, 2)) for n in (1, 1.645)] for x in times])
print("nominal 68 % and 90 %, and [as if residuals were independent]:")
for time, ((one, lone), (other, bare)) in zip(times, shares, strict=True):
    print(f"{time} of 1200 steps: {one:.0%}, {other:.0%} [{lone:.0%}, {bare:.0%}]")

# %%

figure = Figure(figsize=(5, 3), layout="constrained")
ax = figure.subplots()
ax.plot(times, shares[:, 1], "o-", label=["allowing for correlation", "as if independent"])
ax.axhline(0.9, color="grey", linestyle=":", label="nominal")
ax.set(
    xlabel="correlation time in steps", ylabel="90 % intervals that hold the truth", ylim=(0, 1)
)
ax.legend(frameon=False)
figure.savefig("coverage.png")
