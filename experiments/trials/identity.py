"""What a configuration that reads digits is known by: which digits they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ..settings import Configuration, DigitData, HeldOutDigits
from .digit_data import held_out_checksum, training_checksum

_Known = TypeVar("_Known", bound=Configuration)


def identified(configuration: _Known) -> _Known:
    """The configuration with the checksum of the digits that it reads, if it reads any: what its results are known by.

    The same images are the same run, wherever they lie and packed or not; others are another.

    Raises:
        FileNotFoundError: if a file of MNIST is not in the folder.
        ValueError: if a file is damaged or not what its name says, or the digits are not those of the configuration's
            checksum.
        SettingError: if there are fewer images than the configuration asks for.

    >>> from ..settings import Digits
    >>> found = identified(Digits())
    >>> found.checksum != "" and identified(found) == found
    True
    """
    if not isinstance(configuration, DigitData):
        return configuration
    known = replace(configuration, checksum=training_checksum(configuration))
    return replace(known, held_out=held_out_checksum(known)) if isinstance(known, HeldOutDigits) else known
