"""The studies of the paper, each a frozen value that says what is run, and a section of the report."""

from __future__ import annotations

from .ablations import Ablations
from .automata import RandomMachines
from .beyond import Beyond
from .collective.study import CollectiveTheory
from .context.study import ContextTask
from .depth import Depth
from .digit_structure import DigitStructures
from .digit_trajectories import DigitTrajectories
from .mergers.study import MergingStrings
from .parity.study import StreamingTasks
from .scale_and_data.study import ScaleAndData
from .structure.study import Structure
from .study import Study, load_studies
from .trajectories import Trajectories
from .transformer.study import ModularTransformers
from .xor import XorMatrices

_KINDS: tuple[type[Study], ...] = (
    Trajectories,
    Ablations,
    Depth,
    Structure,
    XorMatrices,
    ContextTask,
    DigitTrajectories,
    DigitStructures,
    CollectiveTheory,
    StreamingTasks,
    RandomMachines,
    ScaleAndData,
    ModularTransformers,
    MergingStrings,
    Beyond,
)


def studies(scale: str, data_dir: str = "") -> dict[str, Study]:
    """The studies by name, in the order of the report, at a scale: quick, standard or paper.

    Raises:
        SettingError: if there is no such scale.

    >>> studies("quick")["trajectories"].title
    'Trajectories of two points'
    """
    return load_studies(_KINDS, scale, data_dir)
