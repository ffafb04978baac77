from collections.abc import Callable, Generator, Iterable
from typing import Any, Literal

class Parallel:
    def __init__(
        self,
        n_jobs: int,
        backend: str,
        return_as: Literal["generator"],
        max_nbytes: None,
        initializer: Callable[[], None],
    ) -> None: ...
    def __call__(self, iterable: Iterable[Any]) -> Generator[Any]: ...

def delayed(function: Callable[..., Any]) -> Callable[..., Any]: ...
def cpu_count() -> int: ...
