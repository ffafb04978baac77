"""The public names of ``repdyn.symbolic``, each from its module: the one list of them.

Type checkers read it, and so does ``__init__.py``, which loads a name when it is first used.
"""

from .catalogue import chapters as chapters
from .catalogue import theories as theories
from .data_sets.theory import collective as collective
from .derivation import (
    Derivation as Derivation,
)
from .derivation import (
    DerivationError as DerivationError,
)
from .derivation import (
    Step as Step,
)
from .derivation import (
    conserved as conserved,
)
from .matrix_theory import MatrixTheory as MatrixTheory
from .program import Program as Program
from .theory import Chart as Chart
from .theory import Theory as Theory
from .two_points.theory import two_point as two_point
