"""Runs that the clock ends: between any two outcomes, and resumed as if it had not."""

import dataclasses
import types

import pytest
import toy
from late import Late

import paretide as pt
from paretide.engine.runs.terminations import Termination
from paretide.errors import ConfigurationError


def run(stop, algorithm=None, problem=None, budget=2_000, **arguments):
    return pt.minimize(
        problem or toy.Schaffer(), algorithm or pt.NSGA2(size=10), budget=budget, seed=3,
        stop=stop, **arguments,
    )  # fmt: skip


ALGORITHMS = {
    "generational": pt.NSGA2(size=10),
    "steady": pt.NSGA2(size=10, mode="steady", window=4),
    "doubling": pt.DynamicNSGA2(start=4, max_size=16, tau=20),
    "doubling, steady": pt.DynamicNSGA2(start=4, max_size=16, tau=20, mode="steady", window=6),
    "side by side": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8),
}


@dataclasses.dataclass(frozen=True)
class Looks(Termination):
    """A clock that has passed its time once it was looked at so often."""

    left: list[int]

    def __call__(self, progress):
        return ""

    def by_clock(self, progress):
        self.left[0] -= 1
        return "seconds" if self.left[0] < 0 else ""


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))
def test_a_run_that_the_clock_ends_anywhere_resumes_to_the_same_bits(algorithm, tmp_path):
    budget = 40
    whole = pt.minimize(toy.Flaky(), algorithm, budget=budget, seed=3)
    for looks in (0, 1, 6, 10, 17, 39):
        path = tmp_path / f"{looks}.h5"
        part = pt.minimize(
            toy.Flaky(), algorithm, budget=budget, seed=3, store=path, stop=Looks([looks])
        )
        assert (part.stopped_by, len(part.run.evaluations)) == ("seconds", looks)
        assert pt.open_run(path).stopped_by == "seconds"
        resumed = pt.resume(path)
        assert resumed.stopped_by == "budget"
        assert resumed.population.ids.tolist() == whole.population.ids.tolist()
        assert resumed.population.F.tobytes() == whole.population.F.tobytes()
        assert [p.tolist() for p in resumed.run.populations] == [
            p.tolist() for p in whole.run.populations
        ]


def test_callbacks_see_each_generation_once_and_where_the_clock_cut_one(tmp_path):
    path, seen = tmp_path / "run.h5", []
    callbacks = [lambda p: seen.append(p.evaluations)]
    run(Looks([27]), budget=50, store=path, callbacks=callbacks)
    pt.resume(path, callbacks=callbacks)
    assert seen == [10, 20, 27, 30, 40, 50]


def test_the_clock_is_looked_at_between_outcomes():
    result = run(pt.MaxSeconds(0.3), problem=toy.Sleepy())
    assert result.stopped_by == "seconds"
    assert 1 <= len(result.run.evaluations) <= 8  # of a twentieth of a second each
    assert result.run.archive.rows < 10  # not a generation late


def test_a_run_without_time_ends_before_anything_is_evaluated(tmp_path):
    path = tmp_path / "run.h5"
    result = run(pt.MaxSeconds(1e-9), budget=30, store=path)
    assert (result.stopped_by, len(result.run.evaluations), len(result.X)) == ("seconds", 0, 0)
    assert pt.resume(path).X.tobytes() == run(None, budget=30).X.tobytes()


@pytest.mark.parametrize(
    ("stop", "now"),
    [
        (pt.MaxSeconds(1e-9), "seconds"),
        (pt.MaxSeconds(1e9), ""),
        (pt.MaxSeconds(1e-9) | pt.MaxGenerations(3), "seconds"),
        (pt.MaxGenerations(3) | pt.MaxSeconds(1e-9), "seconds"),
        (pt.MaxSeconds(1e-9) & pt.MaxGenerations(1), ""),
        (pt.MaxSeconds(1e-9) & pt.MaxSeconds(2e-9), "seconds and seconds"),
        ((pt.MaxSeconds(1e-9) & pt.MaxGenerations(1)) | pt.MaxSeconds(1e9), ""),
        (pt.MaxGenerations(1), ""),
    ],
)
def test_conditions_on_the_clock_compose(stop, now):
    view = types.SimpleNamespace(seconds=1.0, generation=0)
    assert stop.by_clock(view) == now


def test_with_another_condition_the_clock_ends_the_run_where_that_is_looked_at():
    result = run(pt.MaxSeconds(1e-9) & pt.MaxEvaluations(25))
    assert result.stopped_by == "seconds and evaluations"
    assert len(result.run.evaluations) == 30


def test_a_user_s_own_function_is_looked_at_after_generations_only():
    looked = []
    run(lambda p: looked.append(p.evaluations), budget=30)
    assert looked == [10, 20, 30]


@dataclasses.dataclass(frozen=True)
class AfterTold(Termination):
    """A clock that has passed its time once so many have been told."""

    evaluations: int

    def __call__(self, progress):
        return ""

    def by_clock(self, progress):
        return "seconds" if progress.evaluations >= self.evaluations else ""


@pytest.mark.parametrize("at_end", ["wait", "kill"])
def test_what_runs_is_waited_for_or_ended(at_end, tmp_path):
    path = tmp_path / "run.h5"
    said = []
    result = run(
        AfterTold(4), budget=20, problem=Late(), store=path, at_end=at_end,
        executor=pt.ProcessExecutor(workers=2), on_evaluation=[said.append],
    )  # fmt: skip
    assert result.stopped_by == "seconds"
    ended = result.run.evaluations.ids.tolist()
    if at_end == "wait":
        assert 4 < len(ended) <= 6  # one worker or both had begun
    else:
        assert sorted(ended) == [0, 1, 2, 3]
    assert [told.id for told in said] == ended
    quick = Late()
    quick.seconds = 0.0
    resumed = pt.resume(path, problem=quick, executor="serial")
    assert resumed.X.tobytes() == run(None, budget=20).X.tobytes()


def test_what_runs_in_this_process_can_only_be_waited_for():
    with pytest.raises(ConfigurationError, match='at_end="kill" needs evaluations that can be'):
        run(pt.MaxSeconds(1), at_end="kill")
    with pytest.raises(ConfigurationError, match=r"at_end must be one of \['wait', 'kill'\]"):
        run(pt.MaxSeconds(1), at_end="drop")


def test_a_budget_that_ends_while_the_last_are_waited_for_is_what_ended_the_run():
    result = run(
        AfterTold(10), budget=11, problem=Late(first=10), executor=pt.ProcessExecutor(workers=1)
    )
    assert (result.stopped_by, len(result.run.evaluations)) == ("budget", 11)
