"""What tests of several commands read."""

from pathlib import Path

import pandas as pd
import pytest
from repdyn.numeric import Pair, Rates, State, trajectory
from repdyn.symbolic import Derivation
from repdyn.symbolic.document import prove
from repdyn.symbolic.document.contents import CheckedStep


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    steps = list(range(0, 2000, 5))
    state = trajectory(steps, State(1e-3, 1e-3, 0.0), Pair(1.0, 0.5), Rates(2e-3, 1e-2))
    path = tmp_path / "mine.csv"
    pd.DataFrame({"step": steps, "dh2": state.dh2, "dy2": state.dy2, "w": state.w}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def proofs() -> dict[int, tuple[CheckedStep, ...]]:
    return {}


@pytest.fixture
def proved_once(proofs, monkeypatch) -> None:
    """Proofs are what takes the time of a derivation: each is made once for all tests of what is written of it."""

    def once(derivation: Derivation) -> tuple[CheckedStep, ...]:
        if id(derivation) not in proofs:
            proofs[id(derivation)] = tuple(prove(derivation))
        return proofs[id(derivation)]

    monkeypatch.setattr("repdyn.symbolic.document.prove", once)
