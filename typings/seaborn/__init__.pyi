# What this project uses of seaborn 0.13, which has no types of its own; those that come with pyright know no dodge of
# pointplot in numbers. A name or an option that is missing here is one that the project did not need so far: add it.

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

# A column of the data by its name, or the values themselves.
_Values = str | NDArray[np.float64]
_Colour = tuple[float, float, float]

def axes_style(style: Literal["white", "dark", "whitegrid", "darkgrid", "ticks"]) -> AbstractContextManager[None]: ...
def color_palette(palette: str, n_colors: int = ...) -> list[_Colour]: ...
def despine(fig: Figure | None = None, *, ax: Axes | None = None) -> None: ...
def heatmap(
    data: NDArray[np.float64],
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    cmap: str | Colormap,
    norm: Normalize | None = None,
    annot: NDArray[np.str_] | None = None,
    fmt: str = ".2g",
    annot_kws: Mapping[str, Any] | None = None,
    square: bool = False,
    linewidths: float,
    linecolor: str = "white",
    xticklabels: Sequence[str] | bool,
    yticklabels: Sequence[str],
    cbar: bool = True,
    cbar_kws: Mapping[str, Any] | None = None,
    ax: Axes,
) -> Axes: ...
def histplot(data: Sequence[float], *, bins: int, color: str, ax: Axes) -> Axes: ...

# What these do not know is passed on to matplotlib.
def lineplot(*, x: _Values, y: _Values, errorbar: None, ax: Axes, **kwargs: Any) -> Axes: ...
def pointplot(
    data: pd.DataFrame,
    *,
    x: str,
    y: str,
    hue: str,
    estimator: str,
    errorbar: tuple[str, float],
    palette: str,
    dodge: bool | float,
    err_kws: Mapping[str, Any],
    ax: Axes,
    **kwargs: Any,
) -> Axes: ...
def scatterplot(*, x: _Values, y: _Values, ax: Axes, **kwargs: Any) -> Axes: ...
