"""The settings that ship with the package, and those of a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast

from repdyn.symbolic.arguments import instance, keyed, shown

from .configuration import Configuration
from .context import Context
from .digits import Digits, DigitStructure, HeldOutDigits
from .network import Setting
from .two_points import TwoPoints
from .values import SettingError
from .xor import Xor

_KINDS: tuple[type[Setting], ...] = (TwoPoints, Digits, HeldOutDigits, DigitStructure, Xor, Context)


def load_settings(path: Path | None = None) -> dict[str, Setting]:
    """The settings that ship with the package, or those of a TOML file, by name.

    Raises:
        TypeError: if it is no path.
        SettingError: if the file is not TOML or a table is not a setting.
        FileNotFoundError: if there is no such file.

    >>> load_settings()["two_layer"].hidden_layers
    1
    """
    if path is not None:
        instance("path", path, Path)
    try:
        text = (path or resources.files("repdyn.experiments.settings") / "settings.toml").read_text("utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}; give a TOML file of settings") from None
    except OSError as error:
        raise SettingError(f"{path} cannot be read ({error.strerror}); give a TOML file of settings") from None
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is not UTF-8, as TOML must be: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise SettingError(f"{path} is not TOML of settings: it is nested too deep") from None
    except ValueError as error:
        raise SettingError(f"{path} is not TOML: {error}") from None
    if not tables:
        raise SettingError(f"{path} holds no settings; each is a table [NAME] with an experiment")
    return {name: _from_table(name, table) for name, table in tables.items()}


def find_setting(name: str, path: Path | None = None) -> Setting:
    """The setting called ``name``.

    Raises:
        TypeError: if the name is no string, or the path none.
        SettingError: with the names there are, if it is none of them.
    """
    known = load_settings(path)
    if instance("name", name, str) not in known:
        raise SettingError(f"there is no setting {shown(name)}; there are {', '.join(known)}")
    return known[name]


_Some = TypeVar("_Some", bound=Configuration)


def override(setting: _Some, values: Mapping[str, Any]) -> _Some:
    """The same setting with some fields replaced.

    Raises:
        TypeError: if it is no setting, or the values are no mapping from names.
        SettingError: if a field does not exist or a value is out of its range.

    >>> override(TwoPoints(), {"seed": 3}).seed
    3
    """
    known = [f.name for f in fields(instance("setting", setting, Configuration))]
    for name in keyed("values", values, str):
        if name not in known:
            raise SettingError(f"{setting.experiment} has no field {shown(name)}; its fields are {', '.join(known)}")
    if "data_dir" in values and "data" not in values:
        values = {**values, "data": ""}
    return replace(setting, **values)


def _from_table(name: str, table: Any) -> Setting:
    if not isinstance(table, dict):
        raise SettingError(f"{shown(name)} must be a table [NAME] with an experiment, got {shown(table)}")
    values = dict(cast(dict[str, Any], table))
    experiment = values.pop("experiment", None)
    try:
        kinds = [kind for kind in _KINDS if kind.experiment == experiment]
        if not kinds:
            known = dict.fromkeys(kind.experiment for kind in _KINDS)
            raise SettingError(f"experiment must be one of {', '.join(known)}, got {shown(experiment)}")
        if not name or "name" in values:
            raise SettingError("the name of a setting is that of its table, and is not empty; name the table")
        fitting = (kind for kind in kinds if values.keys() <= {f.name for f in fields(kind)})
        return override(next(fitting, kinds[0])(name=name), values)
    except SettingError as error:
        raise SettingError(f"setting {shown(name)}: {error}") from None
