# What this project uses of scikit-learn 1.9, see __init__.pyi.
from typing import Literal

import numpy as np
from numpy.typing import NDArray

class MDS:
    def __init__(
        self,
        *,
        n_components: int,
        metric_mds: bool,
        metric: Literal["euclidean"],
        init: Literal["classical_mds"],
        n_init: int,
        max_iter: int,
        eps: float,
        random_state: int,
        normalized_stress: bool,
    ) -> None: ...
    def fit_transform(self, X: NDArray[np.float64]) -> NDArray[np.float64]: ...
