"""What the documentation promises, without building it: code runs, links lead somewhere, nothing is left out."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from repdyn.experiments.cli import main
from repdyn.experiments.studies import studies
from repdyn.symbolic import chapters, theories

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("reference/*.md"))]
TEXTS = {path: path.read_text("utf-8") for path in PAGES}
EXAMPLES = {path.stem for path in ROOT.glob("examples/*.py")}
PACKAGES = ("symbolic", "numeric", "experiments")
BUILT = {
    "derivation.html",
    "live-explorer.html",
    "gallery/index",
    "gallery/index.html",
    *(f"gallery/{name}.rst" for name in EXAMPLES),
}
"""What the build makes."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def published(package: str) -> set[str]:
    return set(importlib.import_module(f"repdyn.{package}").__all__)


WITH_PYTHON = [path for path, text in TEXTS.items() if blocks(text, "python")]


@pytest.mark.parametrize("path", WITH_PYTHON, ids=name_of)
def test_the_python_of_a_page_runs_as_written_from_top_to_bottom(path: Path, run_script, tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text("\n".join(blocks(TEXTS[path], "python")), "utf-8")
    assert run_script(tmp_path / "page.py", tmp_path, "shown") == ""


def test_there_is_python_in_the_readme_and_elsewhere_it_can_be_read() -> None:
    assert ROOT / "README.md" in WITH_PYTHON
    assert len(WITH_PYTHON) > 3
    for text in TEXTS.values():  # what needs a cluster is not run
        for code in blocks(text, "py"):
            ast.parse(code)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference_once(package: str) -> None:
    listed = re.findall(r"^   (\w+)$", TEXTS[DOCS / "reference" / f"{package}.md"], re.MULTILINE)
    assert sorted(listed) == sorted(published(package))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_role_names_what_is_public(path: Path) -> None:
    for package, name in re.findall(r"\{py:\w+\}`~?repdyn\.(\w+)(?:\.(\w+))?", TEXTS[path]):
        assert not name or name in published(package), name


def anchors(text: str) -> set[str]:
    """Of its headings, as GitHub and MyST name them."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_within_lead_somewhere(path: Path) -> None:
    text = TEXTS[path]
    found = re.findall(
        r"\]\(([^)\s]+)\)|href=\"([^\"]+)\"|^```\{(?:figure|include|literalinclude)\} (\S+)", text, re.MULTILINE
    )
    found += [
        (f"{entry}.md", "", "")
        for block in blocks(text, r"\{toctree\}")
        for entry in re.findall(r"^[\w/-]+$", block, re.MULTILINE)
    ]
    for link in ("".join(parts) for parts in found):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        image = re.fullmatch(r"gallery/images/sphx_glr_(\w+)_\d+\.png", target)
        if target in BUILT or target.removesuffix(".md") in BUILT or (image and image[1] in EXAMPLES):
            continue
        if target.endswith(".html"):  # of the built site
            target = f"{target.removesuffix('html')}md"
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        assert not anchor or anchor in anchors(file.read_text("utf-8")), link


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_what_is_installed_from_a_clone_goes_through_the_constraints(path: Path) -> None:
    for command in re.findall(r"^.*pip install .*$", TEXTS[path], re.MULTILINE):
        assert "-c constraints.txt" in command


def test_every_command_says_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.search(
        r"repdyn \[-h\] \[--traceback\]\s+([\w |]+?) \.\.\.", " ".join(capsys.readouterr().out.split())
    )
    assert commands
    page = TEXTS[DOCS / "command-line.md"]
    assert re.findall(r"^```\{help\} (\w+)$", page, re.MULTILINE) != []
    assert {f"```{{help}} {command}\n" in page for command in commands[1].split(" | ")} == {True}


def test_every_theory_and_every_study_is_described() -> None:
    assert [name for name in theories() if f"`{name}`" not in TEXTS[DOCS / "family.md"]] == []
    assert [name for name in studies("quick") if f"`{name}`" not in TEXTS[DOCS / "studies.md"]] == []


def test_the_equations_that_pages_ask_for_are_there() -> None:
    asked = [x for text in TEXTS.values() for x in re.findall(r"^```\{equations\} (\w+) (\w+)$", text, re.MULTILINE)]
    assert asked
    for theory, what in asked:
        derivation = chapters()[theory].derivation
        assert what == "motion" or derivation[what].statement


def test_every_example_has_its_place_in_the_gallery() -> None:
    order = re.search(
        r"^ORDER = (\(.*?\))$", (DOCS / "extensions" / "figures.py").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert order
    assert set(ast.literal_eval(order[1])) == EXAMPLES


def test_the_site_asks_nothing_of_the_network() -> None:
    for path in [*DOCS.rglob("*.css"), *DOCS.rglob("*.html"), DOCS / "conf.py"]:
        text = path.read_text("utf-8")
        assert not re.search(r"(?:@import|url\(|src=|_(?:css|js)_files).*https?://", text), path
    assert 'html_math_renderer = "mathml"' in (DOCS / "conf.py").read_text("utf-8")
