"""Problems that processes make anew: what they cannot be sent, they read there."""

import subprocess
import sys

import pytest

SUMS = """
import numpy as np
from pymoo.core.problem import Problem

class Sums(Problem):
    def __init__(self):
        super().__init__(n_var=3, n_obj=2, xl=0.0, xu=1.0)

    def _evaluate(self, X, out, *args, **kwargs):
        out["F"] = np.stack([X.sum(1), (1 - X).sum(1)], 1)
"""

LABELLED = """
import paretide as pt

class Labelled(pt.Problem):
    space = pt.Space(
        act=pt.Choice({"square": lambda v: v * v, "same": lambda v: v}), w=pt.Float(0, 1)
    )
    objectives = {"a": "min", "b": "min"}

    def evaluate(self, x, ctx):
        return {"a": x["act"](x["w"]), "b": 1 - x["w"]}
"""

RUN = """
import sys
import paretide as pt
from paretide.problems.reference import load_problem

if __name__ == "__main__":
    problem = load_problem(sys.argv[1])
    executor = pt.ProcessExecutor(workers=1) if sys.argv[2] == "processes" else sys.argv[2]
    result = pt.minimize(problem, pt.NSGA2(size=6), budget=12, seed=1, executor=executor)
    print(result.run.evaluations.F.tobytes().hex(), len(result.run.evaluations.failures))
"""


@pytest.mark.parametrize("how", ["sums.py:Sums", "labelled.py:Labelled", "labelled:Labelled"])
def test_a_problem_that_cannot_be_pickled_whole_is_made_there(how, tmp_path):
    for name, text in (("sums", SUMS), ("labelled", LABELLED), ("start", RUN)):
        (tmp_path / f"{name}.py").write_text(text)
    outputs = {}
    for executor in ("serial", "processes"):
        done = subprocess.run(
            [sys.executable, "start.py", how, executor],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs[executor] = done.stdout.split()
    assert outputs["serial"] == outputs["processes"]
    assert outputs["serial"][1] == "0"
