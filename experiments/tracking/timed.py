"""What recording costs, counted where it is done."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager


class Timed:
    """What counts the time that it takes.

    Attributes:
        seconds: so far, in this process.
    """

    seconds: float = 0.0

    @contextmanager
    def _timed(self) -> Generator[None]:
        """What happens inside counts."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun
