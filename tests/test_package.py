"""What the package promises as a whole: light imports, one direction."""

import ast
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("symbolic", "numeric", "experiments")
SOURCES = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
OPTIONS = {"sklearn", "zarr", "dask", "distributed"}
"""What numbers may be computed with, if it is there: imported where it is used."""
HEAVY = {"torch", "jax", "pytorch_lightning", "pandas", "matplotlib", "seaborn", *OPTIONS}


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", [*(f"repdyn.{name}" for name in PACKAGES), "repdyn.experiments.cli"])
def test_importing_loads_neither_torch_nor_a_drawing_library(module: str) -> None:
    loaded = run_python(f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})").split()
    assert not HEAVY & set(loaded)


def test_the_command_line_starts_without_sympy_and_numpy() -> None:
    loaded = run_python("import sys, repdyn.experiments.cli; print(*sys.modules)").split()
    assert not {"sympy", "numpy", "scipy"} & set(loaded)


def test_figures_of_the_theory_load_nothing_that_trains() -> None:
    code = "import sys; from repdyn.experiments.figures import draw_phase_diagram, svg; print(*sys.modules)"
    assert not {"torch", "pytorch_lightning", "sklearn"} & set(run_python(code).split())


def test_studies_figures_and_a_planned_sweep_load_nothing_that_trains(tmp_path: Path) -> None:
    code = f"""
import sys
from importlib import import_module
from pkgutil import iter_modules
from repdyn.experiments import cli, figures, studies
for module in iter_modules(figures.__path__, "repdyn.experiments.figures."):
    import_module(module.name)
assert cli.main(["reproduce", "--dry-run", "--store", {str(tmp_path)!r}]) == 0
assert cli.main(["report", "--store", {str(tmp_path)!r}, "--output", {str(tmp_path / "page.html")!r}]) == 2
print(*sys.modules)
"""
    loaded = run_python(code).split()
    assert {"repdyn.experiments.figures.diagnosis", "repdyn.experiments.sweep.plan"} <= set(loaded)
    assert not {"torch", "pytorch_lightning"} & set(loaded)


def test_importing_the_numbers_loads_neither_sympy_nor_the_solvers() -> None:
    for names in ("compile", "trajectory, State, Pair, Rates, final_distance"):
        loaded = run_python(f"import sys; from repdyn.numeric import {names}; print(*sys.modules)").split()
        assert not {"sympy", "scipy.optimize", "scipy.integrate"} & set(loaded)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        for name in names:
            top, _, rest = name.partition(".")
            if top == "repdyn":
                assert PACKAGES.index(rest.partition(".")[0]) <= PACKAGES.index(package), name
            assert not (package == "symbolic" and top in HEAVY | {"numpy", "scipy"}), name
            assert not (package == "numeric" and top in HEAVY - OPTIONS), name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists_and_is_documented(package: str) -> None:
    import importlib

    module = importlib.import_module(f"repdyn.{package}")
    assert module.__all__ == sorted(module.__all__, key=lambda n: (n[0].islower(), n))
    for name in module.__all__:
        doc = (getattr(module, name).__doc__ or "").strip()
        assert doc, name
        assert not doc.startswith(f"{name}("), name  # a dataclass without a text of its own lists its fields


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_shows_the_names_that_type_checkers_see(package: str) -> None:
    import importlib

    module = importlib.import_module(f"repdyn.{package}")
    stub = ast.parse((ROOT / package / "__init__.pyi").read_text("utf-8"))
    names = [alias for node in ast.walk(stub) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.asname == alias.name for alias in names)  # otherwise a stub does not hand it on
    assert dir(module) == module.__all__ == sorted(alias.name for alias in names)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = module.nosuch


def test_compile_has_a_name_that_hides_no_builtin() -> None:
    from repdyn import numeric

    assert numeric.compile_theory is numeric.compile


def test_versions_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert metadata.version("repdyn") == version
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
