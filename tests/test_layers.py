"""Which part of a package may import which: layers, bottom first, and no circles."""

import ast
import tomllib
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS: Mapping[str, tuple[str, ...]] = {
    "symbolic": (
        "arguments pair references",
        "expressions free_algebra functions",
        "field matrix_calculus program",
        "derivation",
        "matrix_theory theory",
        "two_points",
        "ablations infinite_width rich scalar_output sequences smoothing",
        "growing_vectors",
        "data_sets",
        "catalogue dimensions",
        "document",
    ),
    "numeric": (
        "arguments cache determination languages mixture processors runge_kutta scaling uncertainty",
        "agreement automata axes distances mantel quantities series",
        "coefficients departure embedding exponent geometry measurement",
        "compiled kernels units",
        "begin geometric_mean gram infinite_width loss native rich similarity structure",
        "blocks integration line_fit merger_condition parting solution",
        "end_states ensemble linearised moments path",
        "model",
        "agreeing descent",
        "starts",
        "search",
        "rate_fit stepwise",
        "joint",
        "fit",
        "nested stretch",
        "forecast",
        "collective",
    ),
    "experiments": (
        "settings storage tasks",
        "training",
        "tracking",
        "processes",
        "comparison sweep",
        "diagnosis trials",
        "runs",
        "figures",
        "results",
        "studies",
        "explorer page",
        "cli",
    ),
}
"""The parts of a package, its modules and the packages in it: each may import from those above it in this list."""


def imports(package: str) -> dict[str, set[str]]:
    """The modules of a package that each of its modules imports, also inside functions; "" is the package's face."""
    root = ROOT / package
    files = root.rglob("*.py")
    paths = {".".join(p.relative_to(root).with_suffix("").parts).removesuffix("__init__"): p for p in files}
    modules = {name.rstrip("."): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        here = path.parent.relative_to(root).parts
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                below = (node.module or "").split(".") if node.module else []
                if node.level:
                    source = [*here[: len(here) - node.level + 1], *below]
                elif below[:2] == ["repdyn", package]:
                    source = below[2:]
                else:
                    continue
                targets = {".".join([*source, alias.name]) for alias in node.names}
                found[name] |= {x if x in modules else ".".join(source) for x in targets} - {name}
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith(f"repdyn.{package}.") for alias in node.names), path
    return found


def part(module: str) -> str:
    return module.partition(".")[0]


def test_the_imports_of_a_package_are_seen() -> None:
    found = imports("symbolic")
    assert {"two_points.modes", "pair", "theory"} <= found["two_points.theory"]


@pytest.mark.parametrize("package", LAYERS)
def test_no_module_imports_itself_by_way_of_others(package: str) -> None:
    found = {name: others for name, others in imports(package).items() if name}
    assert not [name for name, others in found.items() if "" in others]  # the face imports them
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports in {package}: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", LAYERS)
def test_parts_import_from_the_layers_below_them(package: str) -> None:
    height = {name: i for i, layer in enumerate(LAYERS[package]) for name in layer.split()}
    found = {name: others for name, others in imports(package).items() if name}
    assert height.keys() == {part(name) for name in found}
    wrong = [
        f"{name} imports {other}"
        for name, others in found.items()
        for other in others
        if part(other) != part(name) and not height[part(other)] < height[part(name)]
    ]
    assert not wrong


def test_every_package_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT) for package in LAYERS for path in (ROOT / package).rglob("__init__.py")}
    assert {"repdyn." + ".".join(folder.parts) for folder in folders} == set(settings["packages"])
