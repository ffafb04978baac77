"""The version of the code that matters to an experiment: its module and every module of this package it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import cast

_PACKAGE = "repdyn"


@cache
def code_digest(module: str) -> str:
    """A digest of what a module and the modules of this package that it imports do.

    Layout, comments, docstrings, what an error says and the version of Python do not count.

    >>> code_digest("repdyn.experiments.tracking.watch") == code_digest("repdyn.experiments.tracking.tracker")
    False
    """
    found = essences(module)
    return hashlib.sha256("\n".join(f"{name} {found[name]}" for name in sorted(found)).encode()).hexdigest()[:16]


def essences(module: str) -> dict[str, str]:
    """A module and the modules of this package that it imports, each with a digest of what it does.

    Names imported from a package are followed to the module that its ``__init__`` takes them from.

    >>> sorted(essences("repdyn.experiments.sweep.outcome"))
    ['repdyn.experiments.sweep.outcome']
    """
    found: dict[str, str] = {}
    ahead = [module]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = _essence(name)
            ahead += _imports(name)
    return found


@cache
def _parsed(module: str) -> tuple[ast.Module, bool]:
    path = _source(module)
    assert path is not None, f"{module} is no module"
    return ast.parse(path.read_text("utf-8")), path.name == "__init__.py"


@cache
def _source(module: str) -> Path | None:
    """The file of a module, or None if there is no such module."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


@cache
def _stub(module: str) -> ast.Module | None:
    """The names that a package hands out, with their modules, if they stand beside its ``__init__``."""
    path = _source(module)
    stub = path.with_suffix(".pyi") if path else None
    return ast.parse(stub.read_text("utf-8")) if stub and stub.exists() else None


@cache
def _essence(module: str) -> str:
    """A digest of a module's syntax tree without docstrings and what errors say."""
    tree, _ = _parsed.__wrapped__(module)  # a tree of its own, which is changed
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [x for x in node.body if not _is_text(x)] or [ast.Pass()]
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args, node.exc.keywords = [], []
    return hashlib.sha256(repr(_canonical(tree)).encode()).hexdigest()


def _canonical(node: object) -> object:
    """A syntax tree as nested tuples, without the empty fields that differ between versions of Python."""
    if isinstance(node, ast.AST):
        fields = ((name, _canonical(value)) for name, value in ast.iter_fields(node) if value not in (None, []))
        return type(node).__name__, tuple(fields)
    if isinstance(node, list):
        return tuple(_canonical(item) for item in cast(list[object], node))
    return node


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a text and no more: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of this package that a module imports, anywhere but for type checkers only.

    Those that it gives to ``import_module`` count by their names; a package that only hands out names, those of its
    stub, imports none: what is taken from it is followed name by name.
    """
    tree, is_package = _parsed(module)
    if is_package and _stub(module) is not None:
        return ()
    return tuple(_imported(tree, module if is_package else module.rpartition(".")[0]))


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """What is said in a module of a package."""
    by_name = any(isinstance(node, ast.Name) and node.id == "import_module" for node in ast.walk(tree))
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == _PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            if origin.split(".")[0] == _PACKAGE:
                yield from (_home(origin, alias.name) for alias in node.names)
        elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = f"{package}.{node.value.lstrip('.')}"
            if node.value.replace(".", "").isidentifier() and _source(named):
                yield named


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that stand under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            yield from _executed(node)


@cache
def _home(origin: str, name: str) -> str:
    """The module that defines ``name`` of ``origin``: a submodule, or where a package takes it from."""
    tree, is_package = _parsed(origin)
    if not is_package:
        return origin
    if _source(f"{origin}.{name}"):
        return f"{origin}.{name}"
    for node in ast.walk(_stub(origin) or tree):
        if isinstance(node, ast.ImportFrom) and name in (alias.asname or alias.name for alias in node.names):
            original = next(alias.name for alias in node.names if name == (alias.asname or alias.name))
            return _home(resolve_name("." * node.level + (node.module or ""), origin), original)
    return origin
