# What this project uses of scikit-learn 1.9, see __init__.pyi.
from typing import Self

import numpy as np
from numpy.typing import NDArray

class AgglomerativeClustering:
    n_clusters_: int
    def __init__(self, n_clusters: int | None, *, distance_threshold: float) -> None: ...
    def fit(self, X: NDArray[np.float64]) -> Self: ...
