"""The folder of a run: its configuration, trajectories, comparison and figures, whole or not at all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from ..runs.prediction import Predictions
from ..runs.run import Run
from ..settings import Setting
from ..storage.files import check_folder_place
from ..storage.folders import RecordError, check_folder, to_json, whole_folder
from ..storage.versions import installed_versions
from ..tracking.table import CONSTANTS, SCALARS, checked_table, labels
from ..tracking.table_files import read_table

CONFIG, TRAJECTORY, FIT, WHOLE = "config.toml", "trajectory.parquet", "fit.json", "data_set.json"
PREDICTIONS = "predictions.json"
_KERNELS = "-kernels"
"""What the folder of predictions ends in."""


def write_run(run: Run, results: Path) -> Path:
    """Write a run to ``results/<setting>-<hash>`` and return that folder.

    An interruption leaves the earlier results as they were.
    """
    from ..figures import draw_layers, draw_run, save_figure

    status = "finished" if run.diverged_at is None else f"diverged at step {run.diverged_at}"
    with _whole(run.setting, results, "", status, run.seconds) as folder:
        run.frame.to_parquet(folder / TRAJECTORY, index=False)
        (folder / FIT).write_text(to_json([c.row() for c in run.comparisons]), "utf-8")
        if len(run.whole):
            (folder / WHOLE).write_text(to_json(run.whole.to_dict("records")), "utf-8")
        if run.main:
            save_figure(draw_run(run), folder / "figure")
        if run.by_layer:
            save_figure(draw_layers(run), folder / "layers")
    return _folder(run.setting, results, "")


def write_predictions(predictions: Predictions, results: Path) -> Path:
    """Write predictions to ``results/<setting>-<hash>-kernels``, as :func:`write_run` does, and return that folder."""
    from ..figures import draw_predictions, save_figure

    with _whole(predictions.setting, results, _KERNELS, "finished", predictions.seconds) as folder:
        (folder / PREDICTIONS).write_text(to_json(predictions.record()), "utf-8")
        save_figure(draw_predictions(predictions), folder / "figure")
    return _folder(predictions.setting, results, _KERNELS)


def _folder(setting: Setting, results: Path, ending: str) -> Path:
    return results / f"{setting.name or setting.experiment}-{setting.digest}{ending}"


@contextmanager
def _whole(setting: Setting, results: Path, ending: str, status: str, seconds: float) -> Generator[Path]:
    """A folder to write into, whole or not at all, with the configuration and a manifest."""
    manifest = {
        "setting": setting.name,
        "seed": setting.seed,
        "status": status,
        "training_seconds": round(seconds, 2),
        "versions": installed_versions(),
    }
    with whole_folder(_folder(setting, results, ending), manifest) as folder:
        (folder / CONFIG).write_text(setting.toml(), "utf-8")
        yield folder


def check_results(setting: Setting, results: Path, *, kernels: bool = False) -> None:
    """Check, before anything is trained, that :func:`write_run` or :func:`write_predictions` will find its place.

    Raises:
        OSError: saying what is in the way.
    """
    check_folder_place(_folder(setting, results, _KERNELS if kernels else ""))


def read_trajectories(
    path: Path, dx2: float | None = None, dy2: float | None = None, *, layer: str | None = None
) -> pd.DataFrame:
    """Read trajectories from a CSV or Parquet file, or from the folder of a run; only those of a layer if it is named.

    Columns: step (or t), dh2, dy2, w and, optionally, pair, layer and loss; dx2
    and dy2_target in columns of their own or as arguments, which take precedence. Of a logger's export the columns
    are found after their common prefix, as in ``train/dh2`` or ``name of a run - dh2``.

    Raises:
        RecordError: if the file is neither, is damaged, or lacks a column or the layer, or a column holds anything but
            numbers.
        FileNotFoundError: if there is no such file.
    """
    if path.is_dir():
        check_folder(path, TRAJECTORY)
        path = path / TRAJECTORY
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    frame = read_table(path)
    for name, value in zip(CONSTANTS, (dx2, dy2), strict=True):
        if value is not None:
            frame[name] = value
    absent = [name for name in CONSTANTS if name not in frame]
    if absent and all(name in frame for name in ("step", *SCALARS)):
        raise RecordError(f"{path} lacks {' and '.join(absent)}: add the columns or give --dx2 and --dy2")
    try:
        frame = checked_table(frame)
    except ValueError as error:
        raise RecordError(f"{path}: {error}") from None
    if frame.empty:
        raise RecordError(f"{path} holds no rows")
    return frame if layer is None else _of_layer(path, frame, layer)


def _of_layer(path: Path, frame: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The rows of one layer, which may be named without the ``network.`` that a run puts before it."""
    found = pd.Series(labels(frame, "layer"), index=frame.index)
    chosen = frame[found.isin([layer, f"network.{layer}"])]
    if "layer" not in frame or chosen.empty:
        known = ", ".join(found.dropna().unique()) if "layer" in frame else "no column layer"
        raise RecordError(f"{path} has no layer {layer!r}; it has {known}")
    return chosen
