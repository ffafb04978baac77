"""A valid call of every public function of ``repdyn.numeric``."""

import numpy as np
from repdyn import numeric
from repdyn.numeric import Pair, Points, Rates, State

from .values import (
    ANY,
    BESIDE,
    DEPTH,
    DISTANCES,
    EXTREME,
    FINE,
    FITS,
    GRID,
    KERNEL,
    LABELS,
    MOVING,
    MOVING_START,
    NETWORK_START,
    NUMBERS,
    PAIR,
    POINTS,
    PROGRAM,
    RANK,
    RATES,
    ROWS,
    RUN,
    SIGNED,
    SOURCE,
    START,
    STARTED,
    STORE,
    THEORY,
    TIME,
    TIMES,
    WHOLE_FIT,
    WHOLE_PAIRS,
    WHOLE_PATH,
    Call,
    Given,
    T,
    pair_calls,
)

CALLS: dict[str, Call] = {
    "numeric.State": Call(State, {name: Given(0.1, SIGNED) for name in ("dh2", "dy2", "w")}),
    "numeric.State.measured": Call(
        State.measured, {"dh": Given([3.0, 4.0], ANY - FINE), "dy": Given([1.0]), "dy_target": Given([2.0])}
    ),
    "numeric.Pair": Call(Pair, {name: Given(0.1, ANY) for name in ("dx2", "dy2")}),
    "numeric.Rates": Call(Rates, {name: Given(0.1, ANY) for name in ("h", "y")}),
    "numeric.Points": Call(
        Points, {name: Given([[0.0], [1.0]], {"a table of numbers"}) for name in ("inputs", "targets")}
    ),
    "numeric.inner_products": Call(
        numeric.inner_products, {"dh": Given([3.0, 4.0], ANY - FINE), "dy": Given([1.0]), "dy_target": Given([2.0])}
    ),
    "numeric.trajectory": pair_calls(numeric.trajectory, t=TIME, theory=THEORY, backend=Given("numpy")),
    "numeric.integrate": pair_calls(numeric.integrate, t=TIME, theory=THEORY, rtol=Given(1e-8)),
    "numeric.evolve": Call(
        numeric.evolve,
        {
            "theory": THEORY,
            "t": TIME,
            "start": Given({"dh2": 0.1, "dy2": 0.0, "w": 0.0}),
            "parameters": Given(NUMBERS),
            "rtol": Given(1e-8),
        },
    ),
    "numeric.final_distance": pair_calls(numeric.final_distance, theory=THEORY),
    "numeric.regime_number": pair_calls(numeric.regime_number, theory=THEORY),
    "numeric.half_way_time": pair_calls(numeric.half_way_time, theory=THEORY),
    "numeric.crossing_time": pair_calls(numeric.crossing_time, theory=THEORY),
    "numeric.relaxation_time": pair_calls(numeric.relaxation_time, theory=THEORY),
    "numeric.has_end": Call(numeric.has_end, {"theory": THEORY}),
    "numeric.named": Call(numeric.named, {"theory": THEORY}),
    "numeric.fit_rates": Call(
        numeric.fit_rates,
        {
            "t": TIMES,
            "observed": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "weights": Given(State(1.0, 1.0, 1.0), {"None", "a state"}),
        },
    ),
    "numeric.fit_many": Call(
        numeric.fit_many,
        {
            "t": TIMES,
            "observed": Given(BESIDE),
            "pairs": Given(PAIR, {"a pair"}),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "weights": Given(State(1.0, 1.0, 1.0), {"None", "a state"}),
        },
    ),
    "numeric.forecast_trajectory": Call(
        numeric.forecast_trajectory,
        {
            "t": TIMES,
            "observed": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "until": Given([600.0], {"an empty array"}),
            "theory": THEORY,
            "level": Given(0.9, {"a number", "a fraction"}),
            "theory_error": Given(1.0, FINE),
        },
    ),
    "numeric.loss_curve": Call(
        numeric.loss_curve,
        {
            "t": TIME,
            "state": Given(START, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
            "mean_error": Given(2.0, FINE),
            "rate_mean": Given(0.1, FINE),
        },
    ),
    "numeric.fit_loss": Call(
        numeric.fit_loss,
        {
            "t": TIMES,
            "loss": Given(np.exp(-T)),
            "state": Given(RUN, {"a state"}),
            "pair": Given(PAIR, {"a pair"}),
        },
    ),
    "numeric.departures": Call(
        numeric.departures, {"t": TIMES, "observed": Given(RUN, {"a state"}), "predicted": Given(RUN, {"a state"})}
    ),
    "numeric.conserved_line": Call(numeric.conserved_line, {"observed": Given(RUN, {"a state"})}),
    "numeric.growth_exponent": Call(numeric.growth_exponent, {"observed": Given(RUN, {"a state"})}),
    "numeric.linearised_flow": Call(
        numeric.linearised_flow,
        {
            "t": Given(100 * T, {"a tuple"}),
            "D_h": Given(np.eye(2)),
            "D_y": Given([[0.5, 1.0]]),
            "dx": Given([1.0, 0.0]),
            "dy_target": Given([1.0]),
            "rates": Given(RATES, {"rates"}),
        },
    ),
    "numeric.mantel_test": Call(
        numeric.mantel_test,
        {
            "first": Given(DISTANCES),
            "second": Given(DISTANCES**2),
            "relabellings": Given(3, skipped={"a huge integer"}),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "numeric.squared_distances": Call(
        numeric.squared_distances,
        {"activations": Given(GRID, {"a table of numbers", "an array of three dimensions"})},
    ),
    "numeric.gram_distances": Call(numeric.gram_distances, {"gram": Given(np.eye(4))}),
    "numeric.representation_similarity": Call(
        numeric.representation_similarity, {"first": Given(DISTANCES), "second": Given(DISTANCES**2)}
    ),
    "numeric.task_axes": Call(numeric.task_axes, {"grid": Given(GRID)}),
    "numeric.rich_distances": Call(numeric.rich_distances, {"first": Given(POINTS), "second": Given(POINTS)}),
    "numeric.smoothed_distances": Call(numeric.smoothed_distances, {"shown": Given(POINTS), "data": Given(POINTS)}),
    "numeric.Kernel": Call(
        numeric.Kernel,
        {"factor": Given([[1.0], [2.0]], {"a table of numbers"}), "residual": Given(0.0, FINE)},
    ),
    "numeric.Kernel.from_matrix": Call(numeric.Kernel.from_matrix, {"matrix": Given(np.eye(3)), "rank": RANK}),
    "numeric.linear_kernel": Call(numeric.linear_kernel, {"inputs": ROWS, "bias": Given(0.0, FINE)}),
    "numeric.arc_cosine_kernel": Call(
        numeric.arc_cosine_kernel, {"inputs": ROWS, "depth": DEPTH, "degree": Given(1), "rank": RANK}
    ),
    "numeric.tangent_kernel": Call(
        numeric.tangent_kernel,
        {
            "inputs": ROWS,
            "depth": DEPTH,
            "nonlinearity": Given("erf"),
            "weight_variance": Given(1.0, FINE),
            "bias_variance": Given(0.0, FINE),
            "slope": Given(0.1, {*FINE, "a negative number"}),
            "rank": RANK,
        },
    ),
    "numeric.kernel_of": Call(
        numeric.kernel_of,
        {
            "function": Given(lambda x1, x2: x1 @ x2.T, skipped={"a class", "a function"}),
            "inputs": ROWS,
            "rank": RANK,
        },
    ),
    "numeric.geometric_mean": Call(
        numeric.geometric_mean,
        {"first": Given(np.eye(3)), "second": Given(np.eye(3)), "weight": Given(0.5, FINE)},
    ),
    "numeric.geometric_mean_factor": Call(
        numeric.geometric_mean_factor,
        {"kernel": KERNEL, "targets": LABELS, "weight": Given(0.5, FINE), "ridge": Given(0.1, FINE)},
    ),
    **{
        f"numeric.{function.__name__}": Call(
            function,
            {
                "kernel": KERNEL,
                "targets": LABELS,
                "rates": Given(RATES, {"rates"}),
                "conserved": Given(0.0, {*FINE, "a negative number"}),
                "ridge": Given(0.1, FINE),
                "bias": Given(False, {"a bool"}),
                "shown": Given([0, 2], {"None"}),
            },
        )
        for function in (numeric.final_gram, numeric.final_distances)
    },
    "numeric.place_on_geodesic": Call(
        numeric.place_on_geodesic,
        {
            "hidden": Given(np.diag([1.0, 3.0, 2.0])),
            "kernel": KERNEL,
            "targets": Given(np.diag([1.0, 3.0, 2.0])),
            "ridge": Given(0.1, FINE),
        },
    ),
    "numeric.CollectiveRates": Call(
        numeric.CollectiveRates,
        {name: Given(0.1, FINE) for name in ("h", "y", "b", "h1", "h2", "y1", "y2", "p1", "p2")},
    ),
    "numeric.CollectiveState": Call(
        numeric.CollectiveState,
        {"hidden": Given(np.eye(2)), "decoder": Given(np.eye(2)), "bias": Given([0.0, 1.0])},
    ),
    "numeric.collective_trajectory": Call(
        numeric.collective_trajectory,
        {
            "t": Given(T, {"a tuple"}),
            "start": Given(NETWORK_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "rates": Given(numeric.CollectiveRates(0.1, 0.1)),
            "progress": Given(None, {"None", "a class"}, skipped={"a function", "a class"}),
        },
    ),
    "numeric.measured_start": Call(
        numeric.measured_start,
        {
            "hidden": Given(np.diag([1.0, 3.0, 2.0]), called="points that were measured"),
            "outputs": Given(np.eye(3)),
            "kernel": KERNEL,
            "gram": Given(None, {"None"}, "hidden or gram"),
            "points": Given([0, 1, 2], {"None", "what is gram"}),
            "rcond": Given(1e-3, {"a number", "a fraction"}),
        },
    ),
    "numeric.observed_pairs": Call(
        numeric.observed_pairs,
        {
            "grams": Given([np.eye(3)]),
            "outputs": Given([np.eye(3)]),
            "targets": LABELS,
            "pairs": Given(WHOLE_PAIRS),
        },
    ),
    "numeric.fit_collective": Call(
        numeric.fit_collective,
        {
            "t": Given(T, called="observed"),
            "observed": Given(WHOLE_FIT.observed),
            "pairs": Given(WHOLE_PAIRS),
            "start": Given(MOVING_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "growth": Given(()),
            "bias": Given(False, {"a bool"}),
            "weights": Given(None, {"None", "a state"}),
            "rank": Given(3, {"a huge integer"}),
            "units": Given(3, {"a huge integer"}),
        },
    ),
    "numeric.forecast_distances": Call(
        numeric.forecast_distances,
        {
            "t": Given(T),
            "observed": Given(WHOLE_FIT.observed),
            "pairs": Given(WHOLE_PAIRS),
            "start": Given(MOVING_START),
            "kernel": KERNEL,
            "targets": LABELS,
            "until": Given(10.0),
            "shown": Given([0, 2], {"None"}),
            "growth": Given(()),
            "level": Given(0.9, {"a number", "a fraction"}),
            "theory_error": Given(1.0, FINE),
        },
    ),
    "numeric.CollectiveFit.aic_of": Call(
        WHOLE_FIT.aic_of, {"predicted": Given(WHOLE_FIT.predicted), "parameters": Given(3, skipped={"a huge integer"})}
    ),
    **{
        f"numeric.CollectiveTrajectory.{method.__name__}": Call(
            method, {"k": Given(2), "points": Given([0, 2], {"None"})}
        )
        for method in (WHOLE_PATH.outputs, WHOLE_PATH.gram, WHOLE_PATH.distances)
    },
    "numeric.CollectiveTrajectory.states": Call(WHOLE_PATH.states, {"pairs": Given([[0, 1], [1, 2]])}),
    "numeric.CollectiveTrajectory.__getitem__": Call(WHOLE_PATH.__getitem__, {"k": Given(2)}, True),
    "numeric.RepresentationDistances": Call(
        numeric.RepresentationDistances, {"representation": Given(DISTANCES, {"a table of numbers"})}
    ),
    "numeric.RichDistances": Call(numeric.RichDistances, {"points": Given(POINTS)}),
    **{
        f"numeric.{type(source).__name__}.__call__": Call(
            source, {name: Given(slice(0, 2)) for name in ("rows", "columns")}
        )
        for source in (SOURCE, numeric.RichDistances(POINTS))
    },
    "numeric.distance_array": Call(
        numeric.distance_array,
        {
            "source": Given(SOURCE),
            "block": Given(2, {"a huge integer"}),
            "client": Given(None, {"None"}),
        },
    ),
    "numeric.write_distances": Call(
        numeric.write_distances,
        {
            "path": Given(STORE, skipped={"a path"}),
            "source": Given(SOURCE),
            "block": Given(2, skipped={"a huge integer"}),
        },
    ),
    "numeric.are_nested": Call(numeric.are_nested, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    "numeric.nested_test": Call(numeric.nested_test, {"smaller": Given(FITS[0]), "larger": Given(FITS[1])}),
    **{
        name: Call(function, {"theory": THEORY, "what": Given("rhs", called="program"), "backend": Given("numpy")})
        for name, function in (("numeric.compile", numeric.compile), ("numeric.compile_theory", numeric.compile_theory))
    },
    "numeric.compile_program": Call(
        numeric.compile_program,
        {"name": Given("twice", {"a word"}), "program": Given(PROGRAM), "backend": Given("numpy")},
    ),
    **{
        f"numeric.CompiledFunction.__call__ ({backend})": Call(
            numeric.compile("two_point", what, backend),
            {name: Given(value, right, skipped=EXTREME) for name, value in values.items()},
            positional=True,
        )
        for backend, what, values, right in (
            ("numpy", "solution", STARTED, {*SIGNED, "NaN"}),
            ("python", "solution", STARTED, {*FINE, "a negative number", "NaN"}),
            ("torch", "rhs", MOVING, {*SIGNED, "NaN", "a tensor with a gradient"} - {"a fraction"}),
            ("jax", "rhs", MOVING, {*SIGNED, "NaN"} - {"a fraction"}),
        )
    },
    "numeric.Automaton": Call(
        numeric.Automaton,
        {"transitions": Given([[0, 1], [1, 0]]), "outputs": Given([0, 1]), "start": Given(0)},
    ),
    **{
        f"numeric.Automaton.{name}": Call(
            getattr(numeric.Automaton([[0, 1], [1, 0]], [0, 1]), name), {"strings": Given([[0, 1]])}
        )
        for name in ("read", "states_after")
    },
    "numeric.random_automaton": Call(
        numeric.random_automaton,
        {
            "states": Given(5, {"a huge integer"}),
            "symbols": Given(2),
            "new": Given(0.5, FINE),
            "outputs": Given(2),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "numeric.all_strings": Call(numeric.all_strings, {"symbols": Given(2), "length": Given(2)}),
    "numeric.automaton_of_states": Call(
        numeric.automaton_of_states,
        {
            "strings": Given([(), (0,)]),
            "hidden": Given([[0.0], [1.0]], {"a table of numbers"}),
            "outputs": Given([0, 1]),
            "threshold": Given(0.5, FINE | {"a bool"}),
            "symbols": Given(2),
        },
    ),
    "numeric.state_scale": Call(numeric.state_scale, {"hidden": Given([[0.0], [1.0]], {"a table of numbers"})}),
    **{
        f"numeric.{name}": Call(getattr(numeric, name), {"automaton": Given(numeric.Automaton([[0]], [0]))})
        for name in ("minimal_automaton", "indistinguishable")
    },
    "numeric.equivalent_automata": Call(
        numeric.equivalent_automata,
        {name: Given(numeric.Automaton([[0]], [0])) for name in ("first", "second")},
    ),
    "numeric.merged_pairs": Call(
        numeric.merged_pairs,
        {
            "hidden": Given([[0.0], [1.0]], {"a table of numbers"}),
            "lengths": Given([0, 1]),
            "classes": Given([0, 0]),
            "threshold": Given(0.5, FINE | {"a bool"}),
        },
    ),
    "numeric.shared_futures": Call(
        numeric.shared_futures,
        {
            "longer": Given(0.0, ANY - {"a fraction", "a number"}),
            "longest": Given(3.0, ANY - {"a fraction", "a number"}),
            "factor": Given(0.5, ANY),
            "share": Given(0.5, FINE),
            "symbols": Given(2),
        },
    ),
    "numeric.merges": Call(
        numeric.merges, {name: Given(0.5, ANY) for name in ("shorter", "futures", "factor", "constant")}
    ),
    "numeric.merger_threshold": Call(
        numeric.merger_threshold,
        {
            "futures": Given(0.5, ANY),
            "factor": Given(0.5, {"a number", "a fraction", "an empty array"}),
            "constant": Given(0.5, ANY),
        },
    ),
    "numeric.parting": Call(
        numeric.parting,
        {
            "first": Given(1.0, ANY),
            "second": Given(2.0, ANY),
            "spread": Given(0.05, FINE),
            "rate": Given(0.02, FINE),
            "time": Given(10.0, FINE),
            "draws": Given(2, skipped={"a huge integer"}),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
}
