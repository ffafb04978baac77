"""
The phase diagram
=================

All starts at once: where a pair ends, how long it takes, and whether its hidden difference passes through zero.
"""

import numpy as np
from repdyn.experiments import draw_phase_diagram
from repdyn.numeric import Pair, Rates, State, crossing_time, half_way_time, relaxation_time

figure = draw_phase_diagram()
figure.savefig("phases.png", dpi=150)

# %%
# Every colour and line is computed from three functions that you can ask about a pair of your own. An output difference
# that begins the wrong way round turns over, and takes the hidden representation through zero with it:

pair, rates = Pair(dx2=1.0, dy2=0.5), Rates(h=1e-2, y=1e-2)
for cosine in (0.9, 0.0, -0.9):
    dy2 = 0.1
    start = State(dh2=0.1, dy2=dy2, w=dy2 - cosine * np.sqrt(dy2 * pair.dy2))
    print(
        f"cosine {cosine:4.1f}: half learnt after {half_way_time(start, pair, rates):5.0f} steps, "
        f"crosses zero after {crossing_time(start, pair, rates):5.1f}, "
        f"relaxes in {relaxation_time(start, pair, rates):4.0f}"
    )
