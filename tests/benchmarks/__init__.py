"""How fast it is: measured side by side in one run and reported against goals, ``make bench``. No test times anything.

A module of goals is added to ``GOALS``, and a curve to ``GROWTHS``; table, record and figure follow.
"""

from . import explorer, fits, growth, starting, training, trajectories

GOALS = (*trajectories.GOALS, *fits.GOALS, *starting.GOALS, *training.GOALS, *explorer.GOALS)
GROWTHS = growth.GROWTHS
