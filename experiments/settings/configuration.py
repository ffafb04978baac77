"""A configuration: named values that decide what is computed, frozen, checked and hashed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from repdyn.symbolic.arguments import shown

from .values import SettingError, check_name, checked, types_of


def described(default: Any, meaning: str, *, positive: bool = True, identity: bool = True) -> Any:
    """A field with the sentence that the command line shows; ``identity`` fields decide the results folder."""
    return field(default=default, metadata={"meaning": meaning, "positive": positive, "identity": identity})


@dataclass(frozen=True)
class Configuration:
    """Named values that decide what is computed, checked when they are made.

    A kind that can be run says what its experiment is called, and which module has the function
    ``run_trial(configuration, *outcomes) -> Outcome`` for it.
    """

    experiment: ClassVar[str] = ""
    module: ClassVar[str] = ""

    name: str = described("", "name of the setting", identity=False)
    seed: int = described(0, "seed of weights and batches", positive=False)

    def __post_init__(self) -> None:
        types = types_of(type(self))
        for f in fields(self):
            value = checked(f.name, getattr(self, f.name), types[f.name], positive=f.metadata["positive"])
            object.__setattr__(self, f.name, value)
        check_name(self.name)

    def identity(self) -> dict[str, Any]:
        """The fields that decide the outcome, with the experiment's name."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["identity"]}
        return {"experiment": self.experiment, **values}

    def rough_seconds(self) -> float:
        """About how long a trial takes on a core, for where none like it was run yet; most are within a factor of 3."""
        return 1.0

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that two settings share only if they are the same run."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:8]


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Check that a value is one of those that are known.

    Raises:
        SettingError: naming them, if it is not.
    """
    if value not in known:
        raise SettingError(f"{name} must be one of {', '.join(known)}, got {shown(value)}")
