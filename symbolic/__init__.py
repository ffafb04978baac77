"""What is true: theories of representation learning, derived, proved and solved in SymPy."""

from .catalogue import theories
from .derivation import Derivation, DerivationError, Step, conserved
from .program import Program
from .theory import Chart, Theory
from .two_points.theory import two_point

__all__ = ["Chart", "Derivation", "DerivationError", "Program", "Step", "Theory", "conserved", "theories", "two_point"]
