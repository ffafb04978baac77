"""A store and the report of it."""

import xml.etree.ElementTree as ET

import pytest
from repdyn.experiments.page import Contents, gather, html
from repdyn.experiments.studies.study import Study
from repdyn.experiments.sweep.outcome import DIVERGED, FAILED, Outcome
from repdyn.experiments.sweep.store import Store
from reported import MADE, NASTY, NEW, OLD, Ahead, Broken, Kept


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Store:
    store = Store(tmp_path_factory.mktemp("store"))
    first, second, diverging, failing, _, damaged = Kept().trials()
    store.write(first, Outcome(values={"loss": 0.1}, seconds=60.0, versions=OLD))
    store.write(second, Outcome(values={"loss": 0.2}, seconds=3600.0, versions=NEW))
    store.write(diverging, Outcome(DIVERGED, "the loss ceased to be a number at step 7", seconds=5.0, versions=NEW))
    store.write(failing, Outcome(FAILED, NASTY, seconds=0.4, versions=NEW))
    store.write(damaged, Outcome())
    (store.folder(damaged) / "trial.json").write_text("{}", "utf-8")
    return store


@pytest.fixture(scope="session")
def contents(store) -> Contents:
    return gather([Kept(), Broken(), Ahead()], store, "quick")


@pytest.fixture(scope="session")
def page(contents) -> str:
    return html(contents, MADE, "repdyn reproduce --scale quick &&\nrepdyn report --scale quick")


@pytest.fixture(scope="session")
def tree(page) -> ET.Element:
    return ET.fromstring(page)


@pytest.fixture
def known(monkeypatch):
    """Let the command line know other studies."""

    def know(*kinds: Study) -> None:
        found = {study.name: study for study in kinds}
        monkeypatch.setattr("repdyn.experiments.studies.studies", lambda scale, data_dir="": found)

    return know
