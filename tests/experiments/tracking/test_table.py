"""The table of trajectories has one list of columns, and whatever makes or reads such a table keeps to it."""

import pandas as pd
from repdyn.experiments import TwoPoints, run
from repdyn.experiments.results.folder import read_trajectories
from repdyn.experiments.tracking.table import COLUMNS, CONSTANTS, KEYS, SCALARS, checked_table

NAMES = [column.name for column in COLUMNS]


def test_a_run_and_a_file_have_the_columns_in_their_order(tmp_path) -> None:
    frame = run(TwoPoints(width=4, hidden_layers=1, layer=0, steps=5)).frame
    assert frame.columns.tolist() == NAMES
    frame.to_csv(tmp_path / "run.csv", index=False)
    assert read_trajectories(tmp_path / "run.csv").columns.tolist() == NAMES


def test_every_column_has_one_name_and_a_meaning_and_those_of_numbers_a_unit() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(column.meaning for column in COLUMNS)
    assert [column.name for column in COLUMNS if not column.unit] == KEYS


def test_pair_layer_and_loss_may_be_left_out() -> None:
    optional = {*KEYS, "loss"}
    whole = pd.DataFrame({name: [0.0, 1.0] for name in NAMES if name not in optional})
    assert checked_table(whole).columns.tolist() == ["step", *SCALARS, *CONSTANTS]
