"""A valid call of every public function, and values that are wrong nearly everywhere."""

from . import of_experiments, of_numeric, of_symbolic

CALLS = {**of_numeric.CALLS, **of_symbolic.CALLS, **of_experiments.CALLS}
