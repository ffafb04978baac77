"""The public names of ``repdyn.experiments``, each from its module: the one list of them.

Type checkers read it, and so does ``__init__.py``, which loads a name when it is first used.
"""

from .comparison import Comparison as Comparison
from .comparison import Failure as Failure
from .comparison import compare as compare
from .diagnosis.diagnosis import Diagnosis as Diagnosis
from .diagnosis.diagnosis import LayerDiagnosis as LayerDiagnosis
from .diagnosis.diagnosis import diagnose as diagnose
from .diagnosis.sampling import SampledPairs as SampledPairs
from .diagnosis.sampling import sample_pairs as sample_pairs
from .figures import draw_comparison as draw_comparison
from .figures import draw_phase_diagram as draw_phase_diagram
from .figures.automata import draw_machines as draw_machines
from .figures.diagnosis import draw_layer as draw_layer
from .page.diagnosis import write_diagnosis as write_diagnosis
from .runs.prediction import Prediction as Prediction
from .runs.prediction import Predictions as Predictions
from .runs.prediction import predict as predict
from .runs.run import Run as Run
from .runs.run import run as run
from .settings import (
    Digits as Digits,
)
from .settings import (
    Setting as Setting,
)
from .settings import (
    SettingError as SettingError,
)
from .settings import (
    TwoPoints as TwoPoints,
)
from .settings import (
    find_setting as find_setting,
)
from .settings import (
    load_settings as load_settings,
)
from .settings import (
    override as override,
)
from .tracking.layers import Layer as Layer
from .tracking.machine import extract_automaton as extract_automaton
from .tracking.measured_kernel import measured_kernel as measured_kernel
from .tracking.point_recorder import PointRecorder as PointRecorder
from .tracking.point_tracker import PointTracker as PointTracker
from .tracking.recorder import PairRecorder as PairRecorder
from .tracking.tangent_kernels import TangentRates as TangentRates
from .tracking.tangent_kernels import tangent_rates as tangent_rates
from .tracking.tracker import PairTracker as PairTracker
