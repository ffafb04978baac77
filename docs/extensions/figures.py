"""What sphinx-gallery asks of a site: how figures of an example are found, and the order of examples."""

from pathlib import Path
from typing import Any
from weakref import WeakSet

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

ORDER = (
    "trajectory",
    "regimes",
    "phases",
    "fit",
    "coverage",
    "cnn_digits",
    "plain_pytorch",
    "transformer",
    "gru",
    "automaton",
    "fine_tuning",
    "hugging_face",
    "tangent_kernels",
    "equations",
    "languages",
    "weight_decay",
)


_SHOWN: WeakSet[Figure] = WeakSet()


def returned_figures(block: Any, variables: dict[str, Any], gallery: dict[str, Any]) -> str:
    """Save each new figure among an example's variables, and return what shows them.

    Figures here are values; pyplot, where sphinx-gallery would look for them, has no part in them.
    """
    files: list[str] = []
    for figure in [x for x in variables["example_globals"].values() if isinstance(x, Figure)]:
        if figure not in _SHOWN:
            _SHOWN.add(figure)
            files.append(next(variables["image_path_iterator"]))
            figure.savefig(files[-1], dpi=150)
    return figure_rst(files, gallery["src_dir"])


class ReadingOrder:
    """Sorts examples as a newcomer would read them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, file: str) -> int:
        """The place of an example."""
        return ORDER.index(Path(file).stem)
