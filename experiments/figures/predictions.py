"""Predictions from tangent kernels, without a fit."""

# matplotlib annotates its functions only in part:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from .style import LABELS, NETWORK_LINE, STYLE, THEORY_COLOUR

if TYPE_CHECKING:
    from ..runs.prediction import Predictions


def draw_predictions(predictions: Predictions) -> Figure:
    """Both distances over training: the network, what its tangent rates predict without a fit, and the fits."""
    from ..runs.prediction import AFTER_MEAN, START  # torch, which is there where a network was trained

    setting, found = predictions.setting, predictions.found
    predicted = {START: "#55a868", AFTER_MEAN: "#8172b3"}
    colors = [THEORY_COLOUR if p.source.startswith("fitted") else predicted[p.source.split(",")[0]] for p in found]
    styles = ["--" if p.source.endswith(("held", "growing rates")) else "-" for p in found]
    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        figure = Figure(figsize=(9.6, 3.6), layout="constrained")
        axes = figure.subplots(1, 2)
        for ax, name in zip(axes, ("dh2", "dy2"), strict=True):
            ax.plot(predictions.steps, getattr(predictions.observed, name), label="network", **NETWORK_LINE)
            for p, color, style in zip(found, colors, styles, strict=True):
                ax.plot(p.steps, getattr(p.path, name), color=color, ls=style, lw=1.3, label=p.source)
            ax.set(title=LABELS[name], xlabel="training step")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
        figure.suptitle(f"{setting.name}, layer {setting.layer}: tangent rates without a fit, and fits")
        sns.despine(figure)
    return figure
