"""
Predict from tangent kernels
============================

The two rates can be measured before the pair is learnt: they are tangent kernels of encoder and decoder. For one linear
layer on each side the prediction needs no fit at all.
"""

from matplotlib.figure import Figure
from repdyn.experiments import find_setting, override, predict

setting = override(find_setting("two_layer"), {"width": 50, "steps": 600, "lr": 0.05})
predictions = predict(setting)
for found in predictions.found:
    r2 = ", ".join(f"{name} {value:.3f}" for name, value in vars(found.r2).items())
    print(f"{found.source:<33} {found.theory:<14} R² {r2}")

# %%
# Early in training the mean of both outputs is still being learnt, which the theory does not know of; from the step at
# which the mean is learnt, the measured kernels give the rest of the trajectory.

figure = Figure(figsize=(9, 3.4), layout="constrained")
axes = figure.subplots(1, 3)
for ax, name in zip(axes, ("dh2", "dy2", "w"), strict=True):
    ax.plot(
        predictions.steps, getattr(predictions.observed, name), lw=4, alpha=0.4, label="network"
    )
    for found in predictions.found:
        if "fit" not in found.source:
            ax.plot(found.steps, getattr(found.path, name), "--", lw=1.2, label=found.source)
    ax.set(title=name, xlabel="training step")
lines = axes[0].get_legend_handles_labels()
figure.legend(*lines, loc="outside lower center", ncols=3, frameon=False)
figure.savefig("tangent_kernels.png")
