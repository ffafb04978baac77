"""The public names of ``repdyn.numeric``, each from its module: the one list of them.

Type checkers read it, and so does ``__init__.py``, which loads a name when it is first used.
"""

from .automata.automaton import Automaton as Automaton
from .automata.automaton import all_strings as all_strings
from .automata.automaton import random_automaton as random_automaton
from .automata.extraction import Extraction as Extraction
from .automata.extraction import automaton_of_states as automaton_of_states
from .automata.extraction import state_scale as state_scale
from .automata.mergers import Mergers as Mergers
from .automata.mergers import merged_pairs as merged_pairs
from .automata.minimal import equivalent_automata as equivalent_automata
from .automata.minimal import indistinguishable as indistinguishable
from .automata.minimal import minimal_automaton as minimal_automaton
from .axes import TaskAxes as TaskAxes
from .axes import task_axes as task_axes
from .blocks.array import distance_array as distance_array
from .blocks.source import RepresentationDistances as RepresentationDistances
from .blocks.source import RichDistances as RichDistances
from .blocks.store import write_distances as write_distances
from .coefficients import named as named
from .collective.end import final_distances as final_distances
from .collective.end import final_gram as final_gram
from .collective.fit import CollectiveFit as CollectiveFit
from .collective.fit import fit_collective as fit_collective
from .collective.fit import observed_pairs as observed_pairs
from .collective.flow import CollectiveRates as CollectiveRates
from .collective.flow import CollectiveState as CollectiveState
from .collective.forecast import DistanceForecast as DistanceForecast
from .collective.forecast import forecast_distances as forecast_distances
from .collective.place import GeodesicPlace as GeodesicPlace
from .collective.place import place_on_geodesic as place_on_geodesic
from .collective.start import measured_start as measured_start
from .collective.trajectory import CollectiveTrajectory as CollectiveTrajectory
from .collective.trajectory import collective_trajectory as collective_trajectory
from .compiled import (
    CompiledFunction as CompiledFunction,
)
from .compiled import (
    compile as compile,
)
from .compiled import (
    compile_program as compile_program,
)
from .compiled import (
    compile_theory as compile_theory,
)
from .departure import (
    ConservedLine as ConservedLine,
)
from .departure import (
    Departure as Departure,
)
from .departure import (
    conserved_line as conserved_line,
)
from .departure import (
    departures as departures,
)
from .exponent import GrowthExponent as GrowthExponent
from .exponent import growth_exponent as growth_exponent
from .fit import FailedFit as FailedFit
from .fit import fit_many as fit_many
from .fit import fit_rates as fit_rates
from .forecast import Forecast as Forecast
from .forecast import Refusal as Refusal
from .forecast import forecast_trajectory as forecast_trajectory
from .geometric_mean import geometric_mean as geometric_mean
from .geometric_mean import geometric_mean_factor as geometric_mean_factor
from .geometry import gram_distances as gram_distances
from .geometry import squared_distances as squared_distances
from .infinite_width import arc_cosine_kernel as arc_cosine_kernel
from .infinite_width import tangent_kernel as tangent_kernel
from .integration import evolve as evolve
from .integration import integrate as integrate
from .kernels import Kernel as Kernel
from .kernels import kernel_of as kernel_of
from .kernels import linear_kernel as linear_kernel
from .linearised import LinearisedFlow as LinearisedFlow
from .linearised import linearised_flow as linearised_flow
from .loss import LossFit as LossFit
from .loss import fit_loss as fit_loss
from .loss import loss_curve as loss_curve
from .mantel import MantelTest as MantelTest
from .mantel import mantel_test as mantel_test
from .merger_condition import merger_threshold as merger_threshold
from .merger_condition import merges as merges
from .merger_condition import shared_futures as shared_futures
from .moments import crossing_time as crossing_time
from .moments import half_way_time as half_way_time
from .moments import relaxation_time as relaxation_time
from .nested import NestedTest as NestedTest
from .nested import are_nested as are_nested
from .nested import nested_test as nested_test
from .parting import Parting as Parting
from .parting import Share as Share
from .parting import parting as parting
from .quantities import Pair as Pair
from .quantities import Rates as Rates
from .quantities import State as State
from .quantities import inner_products as inner_products
from .rate_fit import RateFit as RateFit
from .similarity import Similarity as Similarity
from .similarity import representation_similarity as representation_similarity
from .solution import (
    final_distance as final_distance,
)
from .solution import (
    has_end as has_end,
)
from .solution import (
    regime_number as regime_number,
)
from .solution import (
    trajectory as trajectory,
)
from .structure import (
    Points as Points,
)
from .structure import (
    SmoothedDistances as SmoothedDistances,
)
from .structure import (
    rich_distances as rich_distances,
)
from .structure import (
    smoothed_distances as smoothed_distances,
)
