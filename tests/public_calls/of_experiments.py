"""A valid call of every public function of ``repdyn.experiments``."""

import numpy as np
import torch
from repdyn import experiments, numeric

from .values import (
    COMPARED,
    DIAGNOSED,
    ENDS,
    FINE,
    FRAME,
    NETWORK,
    NOTHING,
    PAIRED,
    POINTED,
    RECORDER,
    SEEN,
    SPREAD,
    TEXT,
    THEORY,
    TINY,
    TRACKED,
    Call,
    Given,
    Reader,
    write_diagnosis,
)

CALLS: dict[str, Call] = {
    "experiments.compare": Call(
        experiments.compare,
        {
            "frame": Given(FRAME, called="table"),
            "theory": THEORY,
            "fixed": Given({"rate_h": 1e-2}, {"None", "a dict"}),
            "balanced": Given(False, {"a bool"}),
        },
    ),
    "experiments.draw_comparison": Call(
        experiments.draw_comparison,
        {"comparison": Given(COMPARED), "title": Given("Mine", {"a word"}, skipped={"None", "a string"})},
    ),
    "experiments.sample_pairs": Call(
        experiments.sample_pairs,
        {
            "dataset": Given((np.eye(20), np.arange(20) % 3)),
            "pairs": Given(9, called="pairs were asked for"),
            "points": Given(12, {"a huge integer"}),
            "classes": Given(3, {"None"}),
            "seed": Given(0, {"a huge integer", "what is points", "what is pairs"}),
        },
    ),
    "experiments.diagnose": Call(experiments.diagnose, {"records": Given(FRAME, called="table")}),
    "experiments.draw_layer": Call(experiments.draw_layer, {"found": Given(DIAGNOSED.layers[0])}),
    "experiments.write_diagnosis": Call(
        write_diagnosis,
        {"diagnosis": Given(DIAGNOSED), "path": Given("diagnosis.html", called="page")},
    ),
    "experiments.draw_machines": Call(
        experiments.draw_machines,
        {
            "machines": Given([("parity", numeric.Automaton([[0, 1], [1, 0]], [0, 1]))]),
            "columns": Given(6, {"a huge integer"}),
        },
    ),
    "experiments.draw_phase_diagram": Call(experiments.draw_phase_diagram, {}),
    "experiments.load_settings": Call(experiments.load_settings, {"path": Given(None, {"None"}, skipped={"a path"})}),
    "experiments.find_setting": Call(
        experiments.find_setting,
        {"name": Given("default", called="setting"), "path": Given(None, {"None"}, skipped={"a path"})},
    ),
    "experiments.override": Call(
        experiments.override, {"setting": Given(TINY), "values": Given({"seed": 1}, {"a dict"}, "field")}
    ),
    "experiments.run": Call(experiments.run, {"setting": Given(TINY)}),
    "experiments.predict": Call(experiments.predict, {"setting": Given(TINY)}),
    "experiments.tangent_rates": Call(
        experiments.tangent_rates,
        {
            "module": Given(NETWORK),
            "layer": Given("1", {"a string"}),
            "points": Given(torch.tensor([[-1.0], [1.0]])),
            "lr": Given(0.01, FINE),
            "mean_is_learnt": Given(False, {"a bool"}),
        },
    ),
    "experiments.extract_automaton": Call(
        experiments.extract_automaton,
        {
            "module": Given(Reader()),
            "layer": Given("state", called="no layer"),
            "length": Given(2),
            "symbols": Given(2),
            "encode": Given(None, {"None"}, skipped={"a class", "a function", "what is module"}),
            "forward": Given(None, {"None"}, skipped={"a class", "a function"}),
            "share": Given(0.1, FINE),
            "start": Given(0, {"None", "what is encode", "what is forward"}),
        },
    ),
    "experiments.measured_kernel": Call(
        experiments.measured_kernel,
        {
            "module": Given(NETWORK),
            "inputs": Given(SPREAD, skipped={"an array"}),  # what has another shape the network itself refuses
            "layer": Given("1", {"a string"}, "no layer"),
            "forward": Given(None, {"None"}, skipped={"a class", "a function"}),
            "columns": Given(2, called="columns of"),
            "rank": Given(2, {"a huge integer"}),
            "seed": Given(0, {"a huge integer"}),
        },
    ),
    "experiments.PairTracker": Call(
        experiments.PairTracker,
        {
            **PAIRED,
            "every": Given(1, {"a huge integer"}),
            "count": Given("batches", {"a huge integer", "what is every", *TEXT}),
            "observe": Given(False, {"a bool"}),
            "log": Given(False, {"a bool"}),
        },
    ),
    "experiments.PairRecorder": Call(
        experiments.PairRecorder,
        {
            "module": Given(NETWORK),
            **PAIRED,
            "dx2": Given([1.0], {"None", "a string", "what is forward"}, "layer"),
        },
    ),
    "experiments.PairRecorder.record": Call(
        lambda step: experiments.PairRecorder(NETWORK, ENDS, ENDS, ["0"]).record(step),
        {"step": Given(3, {"a huge integer"})},
    ),
    "experiments.PointTracker": Call(experiments.PointTracker, {**POINTED, "every": Given(1, {"a huge integer"})}),
    "experiments.PointRecorder": Call(experiments.PointRecorder, {"module": Given(NETWORK), **POINTED}),
    "experiments.PointRecorder.record": Call(
        lambda step: experiments.PointRecorder(NETWORK, SPREAD, SPREAD, ["0"]).record(step),
        {"step": Given(3, {"a huge integer"})},
    ),
    **{
        f"experiments.{kind}.{method}": Call(getattr(SEEN, method), given)
        for kind in ("PointTracker", "PointRecorder")
        for method, given in {
            "gram": {"layer": Given("0", {"None"}), "record": Given(0)},
            "frame": {"layer": Given("0", {"None"})},
        }.items()
    },
    "experiments.Layer": Call(
        experiments.Layer,
        {
            "name": Given("0", TEXT),
            "select": Given(0, {"None", "a huge integer", "what is name", "what is pool", "what is mask", *TEXT}),
            "batch": Given(0, {"a huge integer"}),
            "positions": Given(1, {"None", "a huge integer"}),
            "pool": Given("mean", called="mask"),
            "mask": Given("mask", {"None", *TEXT}),
            "call": Given(0, {"None", "a huge integer"}),
        },
    ),
    **{
        f"experiments.{kind}.{method}": Call(getattr(of, method), given)
        for kind, of in (("PairTracker", TRACKED), ("PairRecorder", RECORDER))
        for method, given in {
            "pair": {"pair": Given(0)},
            "loss": {"pair": Given(0)},
            "state": {"pair": Given(0), "layer": Given("0", {"None"})},
        }.items()
    },
    "experiments.Digits.check_images": Call(experiments.Digits().check_images, {"images": Given(64)}),
    **{
        f"experiments.{kind.__name__}": Call(
            kind,
            {
                name: Given(value, {"a number"} if isinstance(value, float) else TEXT if name == "name" else NOTHING)
                for name, value in vars(kind()).items()
            },
        )
        for kind in (experiments.TwoPoints, experiments.Digits, experiments.Setting)
    },
}
