"""Problems of pymoo that worker processes can import."""

import numpy as np
from pymoo.core.problem import Problem


class Talkative(Problem):
    """Puts more into ``out`` than pymoo reads."""

    def __init__(self, elementwise=False):
        super().__init__(n_var=2, n_obj=2, xl=0.0, xu=1.0, elementwise=elementwise)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = x
        out["sum"] = x.sum(axis=-1)
        out["twice"] = 2 * x
        out["model"] = "linear" if self.elementwise else np.array(["linear"] * len(x))


class Pool:
    """Evaluates like a pool of processes, and like one cannot be sent."""

    calls = 0

    def __call__(self, function, X):
        self.calls += 1
        return [function(x) for x in X]

    def __reduce__(self):
        raise TypeError("a pool cannot be sent")
