"""
A theory of one's own
=====================

A variant costs its equations. Weight decay shrinks both maps while they learn, so that the conserved quantity decays.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import sympy as sp
from repdyn.experiments import compare, draw_comparison
from repdyn.numeric import Pair, State, integrate
from repdyn.symbolic import Derivation, conserved, two_point

base = two_point()
dh2, dy2, w = base.states
decay = sp.Symbol("decay", nonnegative=True)  # the share that both maps lose a step
lost = {dh2: 2 * decay * dh2, dy2: 4 * decay * dy2, w: 2 * decay * (dy2 + w)}
rhs = {x: base.rhs[x] - lost[x] for x in base.states}
invariants = {"I": base.invariants["I"] * sp.exp(2 * decay * base.time)}
notation = {**base.derivation.notation, decay: r"\lambda"}
proved = conserved(rhs, invariants, base.time)
derivation = Derivation("Weight decay", "Both maps shrink while they learn.", notation, proved)
derivation.check()  # raises unless every step is proved

parameters = (*base.parameters, decay)
changed = replace(base, chart=None, solution=None, final=None, moments=None, loss=None)
theory = replace(
    changed,
    name="decay",
    parameters=parameters,
    rhs=rhs,
    invariants=invariants,
    derivation=derivation,
)
print(theory.latex)

# %%
# It can be integrated, fitted and drawn as every other. Here it fits a trajectory of its own; take yours instead.

t, start, pair = np.arange(0.0, 3000.0, 40.0), State(0.02, 0.01, 0.0), Pair(dx2=1.0, dy2=0.5)
run = integrate(t, start, pair, {"rate_h": 1e-3, "rate_y": 2e-2, "decay": 2e-4}, theory=theory)
frame = pd.DataFrame({"step": t, **vars(run), "dx2": pair.dx2, "dy2_target": pair.dy2})
(found,) = compare(frame, theory=theory)
print(found.fit.coefficients)
figure = draw_comparison(found)
figure.savefig("weight_decay.png")
