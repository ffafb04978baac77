# What this project uses of scikit-learn 1.9, see __init__.pyi.
from typing import Self

import numpy as np
from numpy.typing import NDArray

class LogisticRegression:
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    def fit(self, X: NDArray[np.float64], y: NDArray[np.bool_]) -> Self: ...
