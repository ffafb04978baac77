"""
Fit a measured trajectory
=========================

Two rates from a trajectory, with standard errors that allow for residuals that stay alike for a while. The measurement
here is made up, so that the truth is known: the theory plus noise that forgets itself in about 50 steps.
"""

import numpy as np
from matplotlib.figure import Figure
from repdyn.numeric import Pair, Rates, State, fit_rates, trajectory

rng = np.random.default_rng(0)
steps, pair, true = np.arange(3000), Pair(dx2=1.0, dy2=0.5), Rates(h=1e-3, y=3e-2)
path = trajectory(steps, State(dh2=2e-3, dy2=1e-3, w=0.0), pair, true)

noise = np.zeros((len(steps), 3))
for k in steps[1:]:
    noise[k] = 0.98 * noise[k - 1] + rng.normal(0.0, (4e-4, 2e-3, 2e-3))
observed = State(
    np.abs(path.dh2 + noise[:, 0]), np.abs(path.dy2 + noise[:, 1]), path.w + noise[:, 2]
)

fit = fit_rates(steps, observed, pair)
for name, value in fit.coefficients.items():
    error, naive = fit.errors[name], fit.independent_errors[name]
    print(
        f"{name}: {value:.3g} ± {error:.1g} (± {naive:.1g} if each residual were drawn for itself)"
    )
print(f"the truth: {true}; residuals stay alike for {fit.correlation_time:.0f} steps")
print(fit.message)

# %%

figure = Figure(figsize=(9, 2.8), layout="constrained")
for ax, name in zip(figure.subplots(1, 3), ("dh2", "dy2", "w"), strict=True):
    ax.plot(steps, getattr(observed, name), lw=2, alpha=0.6, label="measured")
    ax.plot(steps, getattr(fit.predicted, name), "C3--", lw=1.4, label="fitted")
    ax.set(title=f"{name}   $R^2$ = {getattr(fit.r2, name):.3f}", xlabel="training step")
ax.legend(frameon=False)
figure.savefig("fit.png")
