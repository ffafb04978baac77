"""The version of the code that matters: it changes with what a module does and with nothing else."""

import ast
import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from repdyn.experiments import settings
from repdyn.experiments.settings import Configuration
from repdyn.experiments.sweep.code import essences

KINDS = [
    kind
    for kind in vars(settings).values()
    if isinstance(kind, type) and issubclass(kind, Configuration) and kind.experiment
]

FILES = {
    "repdyn/__init__.py": "",
    "repdyn/lazy/__init__.py": (
        "import lazy_loader\n__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)\n"
    ),
    "repdyn/lazy/__init__.pyi": "from .a import f as f\nfrom .b import g as g\n",
    "repdyn/lazy/a.py": '"""Text."""\ndef f():\n    "Doc."\n    return 1  # a comment\n',
    "repdyn/lazy/b.py": "def g():\n    return 2\n",
    "repdyn/named.py": "VALUE = 1\n",
    "repdyn/user.py": (
        "from typing import TYPE_CHECKING\nfrom importlib import import_module\nfrom repdyn.lazy import f\n"
        "if TYPE_CHECKING:\n    from repdyn.lazy import g\n"
        'def h():\n    from . import inner\n    return import_module("repdyn.named" or ".named")\n'
    ),
    "repdyn/inner.py": "ANY = 3\nif ANY == 0:\n    raise ValueError(f'{ANY} is nothing')\n",
}


def digest(folder: Path, changes: dict[str, str]) -> str:
    """The digest of ``repdyn.user`` of a made-up package, computed by the real code in a process of its own."""
    for name, text in {**FILES, **changes}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    spec = importlib.util.find_spec("repdyn.experiments.sweep.code")
    assert spec is not None
    assert spec.origin is not None
    script = f"exec(open({spec.origin!r}).read()); print(code_digest('repdyn.user'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("file", "old", "new", "matters"),
    [
        ("repdyn/user.py", "def h", "def hh", True),
        ("repdyn/lazy/a.py", "return 1", "return 7", True),
        ("repdyn/inner.py", "ANY = 3", "ANY = 4", True),
        ("repdyn/named.py", "VALUE = 1", "VALUE = 2", True),
        ("repdyn/lazy/b.py", "return 2", "return 9", False),
        ("repdyn/lazy/a.py", "# a comment", "# another", False),
        ("repdyn/lazy/a.py", "Doc.", "Other words.", False),
        ("repdyn/lazy/a.py", "Text.", "Other words.", False),
        ("repdyn/lazy/a.py", "return 1", "return  1\n", False),
        ("repdyn/inner.py", "is nothing", "is 0; give 1", False),
        ("repdyn/inner.py", "ANY == 0", "ANY <= 0", True),
        ("repdyn/inner.py", "raise ValueError", "raise TypeError", True),
    ],
    ids=[
        *("itself", "through a package", "imported within", "by name", "types only", "comment", "doc", "head"),
        *("layout", "what an error says", "when it is raised", "its kind"),
    ],
)
def test_the_digest_changes_with_what_the_code_does(
    file: str, old: str, new: str, matters: bool, tmp_path: Path
) -> None:
    assert old in FILES[file]
    before = digest(tmp_path / "one", {})
    after = digest(tmp_path / "two", {file: FILES[file].replace(old, new)})
    assert (before != after) == matters


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_is_made_of_what_its_module_does_and_of_the_fields_of_its_configuration(kind) -> None:
    """So that no change of the settings, of a check or of what it says, makes another trial of it."""
    found = {name for name in essences(kind.module) if name.startswith("repdyn.experiments.settings")}
    assert found <= {"repdyn.experiments.settings.architecture"}
    spec = importlib.util.find_spec(kind.module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    assert "run_trial" in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "setting"
    }
    assert used
    assert used <= {field.name for field in dataclasses.fields(kind)}
