"""``repdyn diagnose``: scripts, trajectories, and what is wrong with them."""

from pathlib import Path

import pandas as pd
import pytest
from repdyn.experiments.cli import main
from simulated_pairs import pairs

SCRIPT = """
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(40, 6)
Y = torch.stack([X[:, 0].sign(), X[:, 1].sign()], 1)


def network():
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 2))


class Mine(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()

    def forward(self, x):
        return self.network(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return (self(x) - y).square().sum(1).mean() / 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def plain():
    return network(), (X, Y)


def of_classes():
    return network(), TensorDataset(X, (X[:, 0] > 0).long())


def of_lightning():
    return Mine(), DataLoader(TensorDataset(X, Y), batch_size=20)


def named():
    return {"module": network(), "data": (X, Y), "layers": ["1"]}


def wrong_key():
    return {"module": network(), "data": (X, Y), "layer": ["1"]}


def no_data():
    return {"module": network()}


def number():
    return 3


def no_module():
    return (X, Y)


def binary():
    return nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 1)), (X, (X[:, 0] > 0).long())


def of_rare_classes():
    return nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 5)), (X, (X[:, 0] > 0).long())


def of_tuples():
    return nn.Sequential(nn.GRU(6, 2)), (X, Y)


class Unsized:
    def __getitem__(self, i):
        return X[i], Y[i]


def unsized():
    return network(), Unsized()


def of_other_inputs():
    return nn.Linear(7, 2), (X, Y)


def of_lightning_that_fails():
    module = Mine()
    module.configure_optimizers = lambda: 1 / 0
    return module, (X, Y)


def without_layers():
    return nn.Linear(6, 2), (X, Y)


def fails():
    raise KeyError("mine")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(SCRIPT, "utf-8")
    return file


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*is deprecated.*")
@pytest.mark.parametrize("function", ["plain", "of_classes", "of_lightning", "named", "of_rare_classes"])
def test_a_network_of_a_script_is_trained_and_diagnosed(
    script: Path, function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # Other theories are tried on one pair of a layer, since their fits take longer than all else.
    monkeypatch.setattr("repdyn.experiments.diagnosis.alternatives.PAIRS", 1)
    table, page = tmp_path / "found.csv", tmp_path / "found.html"
    options = ["--pairs", "4", "--points", "8", "--epochs", "6", "--table", str(table), "--page", str(page)]
    assert main(["diagnose", f"{script}:{function}", *options]) == 0
    said = capsys.readouterr().out
    found = pd.read_csv(table)
    layers = {"named": ["1"], "of_lightning": ["network.0", "network.1"], "of_rare_classes": ["0"]}.get(
        function, ["0", "1"]
    )
    assert found["layer"].astype(str).tolist() == layers
    assert all(sentence in said for sentence in found["sentence"])
    assert found["kernel_movement"].notna().all()  # the network was observed
    assert page.stat().st_size > 10_000


def test_recorded_trajectories_are_diagnosed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file, table = tmp_path / "mine.parquet", tmp_path / "found.parquet"
    pairs().to_parquet(file)
    assert main(["diagnose", "--trajectory", str(file), "--table", str(table)]) == 0
    assert "encoder learns richly" in capsys.readouterr().out
    assert pd.read_parquet(table)["theory"].tolist() == ["holds"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "diagnose needs either SCRIPT.py:FUNCTION or --trajectory FILE"),
        (["mine.py:plain", "--trajectory", "x.csv"], "diagnose needs either SCRIPT.py:FUNCTION or --trajectory FILE"),
        (["mine.py:plain", "--pairs", "0"], "--pairs must be positive, got 0"),
        (["mine.py:plain", "--every", "-1"], "--every must be positive, got -1"),
        (["mine.py:plain", "--lr", "0"], "--lr must be positive, got 0.0"),
        (["mine.py:plain", "--page", "found.txt"], "--page must be a file that ends in .html, got found.txt"),
        (
            ["mine.py:plain", "--table", "found.txt"],
            "found.txt must end in .csv or .parquet",
        ),
        (["mine.py"], "what to diagnose must be SCRIPT.py:FUNCTION, got 'mine.py'"),
        (["other.py:plain"], "there is no file other.py"),
        (["mine.py:other"], "mine.py has no function other"),
        (["mine.py:fails"], "mine.py has a function fails that fails (KeyError: 'mine')"),
        (["broken.py:plain"], "broken.py cannot be loaded (ZeroDivisionError: division by zero)"),
        (["mine.py:wrong_key"], "must hold module, data and any of layers, forward and dx2; it has 'layer'"),
        (["mine.py:no_data"], "must hold module, data and any of layers, forward and dx2; it lacks data"),
        (["mine.py:number"], "number must return a module and its data, or a dictionary of them, got 3"),
        (["mine.py:no_module"], "no_module must return a module of torch first, got "),
        (
            ["mine.py:binary"],
            "targets must have the shape of the prediction, got 2 values a point for predictions of 1",
        ),
        (
            ["mine.py:unsized"],
            "cannot be trained and recorded (TypeError: dataset must have a length and items by number",
        ),
        (["mine.py:of_other_inputs"], "cannot be trained and recorded (RuntimeError: mat1 and mat2 shapes cannot be"),
        (["mine.py:of_lightning_that_fails"], "cannot be trained and recorded (ZeroDivisionError: division by zero)"),
        (["mine.py:without_layers"], "no layer of the module can be recorded as it is; name some, described by Layer"),
        (["--trajectory", "other.csv"], "there is no file other.csv"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    script: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(script.parent)
    Path("broken.py").write_text("1 / 0", "utf-8")
    assert main(["diagnose", "--pairs", "4", "--points", "8", "--epochs", "1", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
