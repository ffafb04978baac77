"""A valid call of every public function of ``repdyn.symbolic``."""

import sympy as sp
from repdyn import symbolic
from repdyn.symbolic import Derivation, Program, Step, two_point

from .values import BASE, LATE, NONE, NOTHING, PROGRAM, STEP, TEXT, Call, Given, x, y

CALLS: dict[str, Call] = {
    "symbolic.two_point": Call(two_point, {}),
    "symbolic.theories": Call(symbolic.theories, {}),
    "symbolic.chapters": Call(symbolic.chapters, {}),
    "symbolic.collective": Call(symbolic.collective, {}),
    "symbolic.MatrixTheory": Call(
        symbolic.MatrixTheory,
        {
            "name": Given("mine", TEXT),
            "quantities": Given(symbolic.collective().quantities),
            "rhs": Given(symbolic.collective().rhs, {"a dict"}),
            "time": Given(x, {"a symbol"}),
            "derivation": Given(BASE.derivation),
        },
    ),
    "symbolic.Program": Call(
        Program, {"arguments": Given((x,)), "definitions": Given({}, {"a dict"}), "results": Given({y: x}, {"a dict"})}
    ),
    "symbolic.Program.expand": Call(PROGRAM.expand, {"expr": Given(x + y, {"a symbol"})}),
    "symbolic.Program.jacobian": Call(PROGRAM.jacobian, {"variables": Given((x,))}),
    "symbolic.Step": Call(
        Step,
        {
            "name": Given("doubled", TEXT),
            "title": Given("y is 2 x", TEXT),
            "reason": Given("It is so.", TEXT),
            "statement": Given((sp.Eq(y, 2 * x),)),
            "residual": Given(lambda relation: sp.S.Zero, {"a function", "a class"}),
        },
    ),
    "symbolic.Derivation": Call(
        Derivation,
        {
            "title": Given("Mine", TEXT),
            "introduction": Given("", TEXT),
            "notation": Given({x: "x"}, {"a dict"}),
            "steps": Given((STEP,)),
        },
    ),
    "symbolic.Derivation.latex": Call(BASE.derivation.latex, {"relation": Given(x, {"a symbol"})}),
    "symbolic.Derivation.__getitem__": Call(
        BASE.derivation.__getitem__, {"name": Given("relaxation", called="step")}, True
    ),
    "symbolic.conserved": Call(
        symbolic.conserved,
        {
            "rhs": Given({x: y, y: -x}, {"a dict"}),
            "invariants": Given({"radius": x**2 + y**2}, {"a dict", "a dict of complex numbers"}),
            "time": Given(sp.Symbol("t"), {"a symbol"}),
        },
    ),
    "symbolic.Theory": Call(
        symbolic.Theory,
        {
            name: Given(
                LATE if name == "approach" else getattr(BASE, name), right, "solution" if name == "time" else ""
            )
            for name, right in {
                "name": TEXT,
                "states": NOTHING,
                "start": NOTHING,
                "parameters": NOTHING,
                "time": NOTHING,
                "rhs": NOTHING,
                "readout": NOTHING,
                "begin": NONE,
                "invariants": {"a dict"},
                "derivation": NOTHING,
                **dict.fromkeys(("chart", "solution", "final", "approach", "moments", "loss"), NONE),
                "special_cases": NOTHING,
                "neighbours": NOTHING,
            }.items()
        },
    ),
    "symbolic.Chart": Call(
        symbolic.Chart,
        {
            name: Given(getattr(BASE.chart, name), {"a symbol"} if name == "time" else NOTHING)
            for name in ("states", "parameters", "time", "rhs", "enter", "leave")
        },
    ),
}
