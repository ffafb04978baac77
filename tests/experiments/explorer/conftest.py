"""The explorer, and a browser that has it open."""

from pathlib import Path

import pytest
from devtools import tab
from repdyn.experiments.cli import main

DEFAULT = Path(__file__).parents[2] / "data" / "default.parquet"


@pytest.fixture(scope="package")
def explorer(tmp_path_factory) -> Path:
    """The page."""
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    assert main(["explore", "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="package")
def explorer_with_trajectory(tmp_path_factory) -> Path:
    """The page with a trajectory of a network."""
    path = tmp_path_factory.mktemp("explorer") / "recorded.html"
    assert main(["explore", "--trajectory", str(DEFAULT), "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="package")
def browser(tmp_path_factory):
    """A tab of a browser, and at the end a look at what it said and asked for."""
    with tab(tmp_path_factory.mktemp("browser")) as found:
        yield found
    assert found.said == []
    assert all(address.startswith("file:") and ".html" in address for address in found.asked)


@pytest.fixture
def opened(browser, explorer):
    """Opens the page at a link, as wide as a desk unless told otherwise."""

    def opening(link: str = "", width: int = 1280, page: Path = explorer, **media: str):
        browser.open(f"{page.as_uri()}{link}", width, **media)
        browser.wait("document.querySelector('[data-number=end]').value")
        return browser

    return opening
