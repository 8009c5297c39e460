"""What counts as progress: outliers, scales and empty beginnings do not decide."""

import logging
import signal
import subprocess
import sys

import numpy as np
import pytest

import paretide as pt


class Job(pt.Problem):
    space = pt.Real(0, 1, n=3)
    objectives = {"error": "min", "speed": "max"}

    def values(self, x):
        return [x[0], x[0] ** 0.5 - 9 * x[2]]

    def evaluate(self, x, ctx):
        return dict(zip(self.objectives, self.values(x), strict=True))


class Penalized(Job):
    """A share of the candidates is told as a number that means failure."""

    def __init__(self, share, penalty, which):
        self.share, self.penalty, self.which = share, penalty, which

    def values(self, x):
        error, speed = super().values(x)
        if x[1] < self.share:
            error = self.penalty if self.which != "speed" else error
            speed = -self.penalty if self.which != "error" else speed
        return [error, speed]


class Decades(Job):
    """Losses from 1e-3 to 1e3."""

    def values(self, x):
        return [10 ** (6 * x[0] - 3), -(10 ** (6 * (1 - x[0] + x[2]) / 2 - 3))]


class Late(Job):
    """Nothing of the first generation is feasible."""

    constraints = {"g": pt.upper(0.02)}

    def evaluate(self, x, ctx):
        return {**super().evaluate(x, ctx), "g": x[1] + x[2] / 2}


class Single(Job):
    objectives = {"error": "min"}

    def values(self, x):
        return [1e9 if x[1] > 0.6 else float((x**2).sum())]


class Huge(Job):
    """Ranges beyond the largest number, in both directions."""

    def values(self, x):
        return [1.7e308 * (2 * x[0] - 1), 1.7e308 * (1 - 2 * max(1 - x[0], x[2]))]


class Level(Job):
    def values(self, x):
        return [3.0, 3.0]


def name(problem):
    return type(problem).__name__ if isinstance(problem, pt.Problem) else None


def length(problem, algorithm=None, generations=10, seed=1):
    algorithm = algorithm or pt.NSGA2(size=40)
    result = pt.minimize(problem, algorithm, budget=6_000, seed=seed, stop=pt.Stall(generations))
    history = result.run.convergence(points=20)
    assert history.share[-1] > history.share[0] or isinstance(problem, Level)
    assert not history.approximate
    return len(result.run.evaluations)


@pytest.fixture(scope="module")
def usual():
    return length(Job())


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize(("which", "penalty"), [("both", 1e9), ("error", 1e300), ("speed", 1e9)])
def test_a_run_with_penalties_goes_on_as_long(share, which, penalty, usual):
    assert length(Penalized(share, penalty, which)) > 0.6 * usual


@pytest.mark.parametrize("problem", [Decades(), Late(), Single(), Huge()], ids=name)
def test_a_run_that_improves_goes_on(problem):
    assert 600 < length(problem) < 6_000


@pytest.mark.parametrize("mode", ["generational", "steady"])
def test_a_run_in_which_nothing_changes_ends(mode):
    assert length(Level(), pt.NSGA2(size=40, mode=mode)) == 440


def test_a_run_with_nothing_feasible_goes_on():
    class Never(Job):
        constraints = {"g": pt.upper(-1)}

        def evaluate(self, x, ctx):
            return {**super().evaluate(x, ctx), "g": x[1]}

    result = pt.minimize(Never(), pt.NSGA2(size=10), budget=200, seed=1, stop=pt.Stall(3))
    assert result.stopped_by == "budget"
    history = result.run.convergence()
    assert (history.hypervolume == 0).all()
    assert (history.share == 0).all()


@pytest.mark.parametrize("problem", [Penalized(0.3, 1e9, "speed"), Late()], ids=name)
@pytest.mark.parametrize("first", [50, 213])
def test_a_resumed_run_ends_where_it_would_have_ended(problem, first, tmp_path):
    stop, path = pt.Stall(4, tolerance=0.01), tmp_path / "run.h5"
    whole = pt.minimize(problem, pt.NSGA2(size=20), budget=4_000, seed=1, stop=stop)
    assert whole.stopped_by == "stall"
    assert len(whole.run.evaluations) > first  # so that it is the budget that ends the other
    pt.minimize(problem, pt.NSGA2(size=20), budget=first, seed=1, stop=stop, store=path)
    resumed = pt.resume(path, problem=problem, budget=4_000 - first, stop=stop)
    assert resumed.X.tobytes() == whole.X.tobytes()
    assert resumed.stopped_by == "stall"
    ours, theirs = (r.run.convergence(points=7) for r in (resumed, whole))
    assert ours.reference.tolist() == theirs.reference.tolist()
    assert ours.hypervolume.tolist() == theirs.hypervolume.tolist()


class Many(pt.Problem):
    space = pt.Real(0, 1, n=12)
    objectives = {f"f{i}": "min" for i in range(12)}

    def evaluate_batch(self, X):
        return X + (1 - X[:, ::-1]) ** 2


def test_many_objectives_are_approximated_and_said_so_once(caplog):
    with caplog.at_level(logging.WARNING):
        result = pt.minimize(
            Many(), pt.NSGA2(size=40), budget=240, seed=1, stop=pt.Stall(1, tolerance=0)
        )
    said = [r for r in caplog.records if "is approximate" in r.getMessage()]
    assert len(said) == 1
    history = result.run.convergence(points=3)
    assert history.approximate
    assert (np.diff(history.hypervolume) >= 0).all()
    assert history.hypervolume[0] > 0


def test_a_hypervolume_beyond_the_largest_number_is_said(caplog):
    run = pt.minimize(Huge(), pt.NSGA2(size=20), budget=100, seed=1).run
    with caplog.at_level(logging.WARNING):
        history = run.convergence(points=5)
    assert np.isinf(history.hypervolume).any()
    assert "beyond the largest number" in caplog.text
    assert (np.diff(history.share) >= 0).all()
    assert history.share[-1] > history.share[0]


@pytest.mark.parametrize("reference", [[np.inf, 1], ["a", "b"], [1], None])
def test_a_reference_is_one_number_for_each_objective(reference):
    run = pt.minimize(Job(), pt.NSGA2(size=10), budget=20, seed=1).run
    if reference is None:
        assert run.convergence(reference=np.array([1.1, -1], "f4")).reference[1] == -1
        return
    with pytest.raises(pt.errors.ConfigurationError, match="reference must be 2 finite numbers"):
        run.convergence(reference=reference)


WITH_MANY = """
import time
import numpy as np
import paretide as pt
class Many(pt.Problem):
    space = pt.Real(0, 1, n=12)
    objectives = {f"f{i}": "min" for i in range(12)}
    def evaluate_batch(self, X):
        return X + (1 - X[:, ::-1]) ** 2
def tell(progress):
    if progress.generation == 4:
        print("four", flush=True)
stop = pt.Stall(3, tolerance=0)
pt.minimize(Many(), pt.NSGA2(size=200), budget=10**6, stop=stop, callbacks=[tell])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_is_answered_while_volumes_are_taken():
    command = [sys.executable, "-c", WITH_MANY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        try:
            assert run.stdout.readline() == b"four\n"
            run.send_signal(signal.SIGINT)
            assert run.wait(timeout=20) != 0
        finally:
            run.kill()


def test_the_live_line_is_not_set_by_a_penalty():
    from paretide.engine.runs.terminal import LiveLine

    lines = []

    class Line(LiveLine):
        def __init__(self, progress):
            self._progress, self._reference = progress, None

    def look(progress):
        lines.append(Line(progress)._hypervolume())

    problem = Penalized(0.6, 1e9, "both")
    pt.minimize(problem, pt.NSGA2(size=40), budget=200, seed=1, callbacks=[look])
    assert lines[0] == []
    volumes = [float(line[0].removeprefix("hypervolume ")) for line in lines[1:]]
    assert all(0 < volume < 1_000 for volume in volumes)
    assert volumes[-1] > volumes[0]
