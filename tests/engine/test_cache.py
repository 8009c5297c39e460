"""Equal candidates are evaluated once, and nothing else changes."""

import signal

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError

ALGORITHMS = {
    "nsga2": pt.NSGA2(size=12, duplicates="population"),
    "nsga2-duplicates": pt.NSGA2(size=12, duplicates=None),
    "dnsga2": pt.DynamicNSGA2(start=4, max_size=32, tau=20, duplicates="population"),
    "steady": pt.NSGA2(size=12, mode="steady", window=7, duplicates="population"),
    "steady-duplicates": pt.NSGA2(size=12, mode="steady", window=7, duplicates=None),
}


class Bits(pt.Problem):
    """Few candidates, so that many are equal; counts every evaluation by its bytes."""

    space = pt.Binary(6)
    objectives = {"zeros": "max", "ones": "max"}

    def __init__(self, failing=False):
        self.failing = failing
        self.seen = []

    def cost(self, x):
        return 1.0 + float(x[0])

    def evaluate(self, x, ctx):
        self.seen.append(x.tobytes())
        if self.failing and x[1] and ctx.id % 3:
            raise ValueError("it fails for some ids")
        ctx.log(ones=int(x.sum()))
        return {"zeros": 6 - int(x.sum()), "ones": int(x.sum())}


def by_id(run):
    order = np.argsort(run.evaluations.ids)
    return run.evaluations.take(order)


@pytest.mark.parametrize("cache", [True, np.True_, np.bool_(True)])
def test_truth_values_of_any_library(cache, tmp_path):
    path = tmp_path / "run.h5"
    for budget in (30, 40):
        result = pt.minimize(
            toy.Schaffer(), pt.NSGA2(size=10), budget=budget, seed=1, cache=cache, store=path,
            or_resume=True,
        )  # fmt: skip
    assert result.run.specification["cache"] is True
    with pytest.raises(ConfigurationError, match="cache must be True, False, or a run"):
        pt.minimize(
            toy.Schaffer(), pt.NSGA2(size=10), budget=40, store=path, or_resume=True, cache=3
        )


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_a_cache_changes_nothing_but_the_number_of_evaluations(name):
    cached, plain = Bits(), Bits()
    a = pt.minimize(cached, ALGORITHMS[name], budget=300, seed=1)
    b = pt.minimize(plain, ALGORITHMS[name], budget=300, seed=1, cache=False)
    ours, theirs = by_id(a.run), by_id(b.run)
    assert ours.X.tobytes() == theirs.X.tobytes()
    assert ours.F.tobytes() == theirs.F.tobytes()
    assert a.population.ids.tolist() == b.population.ids.tolist()
    assert [p.tolist() for p in a.run.populations] == [p.tolist() for p in b.run.populations]
    assert len(plain.seen) == 300
    assert len(cached.seen) == len(set(cached.seen)) == 300 - ours.recalled.sum() <= 64
    assert not theirs.recalled.any()
    assert all(ours.extras[i]["ones"] == ours.F[i, 1] for i in range(300))  # theirs as well


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_who_gets_whose_outcome_does_not_depend_on_the_workers(name):
    runs = [
        by_id(pt.minimize(toy.Dice(), ALGORITHMS[name], budget=120, seed=4, executor=executor).run)
        for executor in ("serial", pt.ProcessExecutor(workers=3))
    ]
    assert runs[0].X.tobytes() == runs[1].X.tobytes()
    assert runs[0].F.tobytes() == runs[1].F.tobytes()
    assert runs[0].seed.tolist() == runs[1].seed.tolist()
    assert runs[0].recalled.tolist() == runs[1].recalled.tolist()
    assert runs[0].failures.keys() == runs[1].failures.keys()
    assert runs[0].failures
    assert runs[0].recalled.sum() > 30


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_failed_ones_are_evaluated_again_and_the_first_success_is_kept(name):
    run = by_id(pt.minimize(Bits(failing=True), ALGORITHMS[name], budget=300, seed=2).run)
    told = {}
    for id in range(300):
        key = run.X[id].tobytes()
        if key in told:
            assert run.recalled[id]
            assert run.F[id].tolist() == told[key]
        else:
            assert not run.recalled[id]
            if id not in run.failures:
                told[key] = run.F[id].tolist()
    assert any(key.count(1) > 3 for key in told)
    assert run.failures


@pytest.mark.parametrize("name", list(ALGORITHMS))
@pytest.mark.parametrize("stop_after", [5, 20, 33])
def test_a_cached_run_resumes_exactly(name, stop_after, tmp_path):
    path = tmp_path / "run.h5"

    class Stopped(toy.Dice):
        """Interrupted in the middle of a generation."""

        left = stop_after

        def evaluate(self, x, ctx):
            if not self.left:
                signal.raise_signal(signal.SIGINT)
            type(self).left -= 1
            return super().evaluate(x, ctx)

    Stopped.__name__ = "Dice"
    whole = by_id(pt.minimize(toy.Dice(), ALGORITHMS[name], budget=200, seed=1).run)
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(Stopped(), ALGORITHMS[name], budget=200, seed=1, store=path)
    resumed = by_id(pt.resume(path, problem=toy.Dice()).run)
    assert resumed.X.tobytes() == whole.X.tobytes()
    assert resumed.F.tobytes() == whole.F.tobytes()
    assert resumed.recalled.tolist() == whole.recalled.tolist()


def test_a_cache_is_the_default_where_equal_candidates_are_likely():
    for problem, cached in (
        (Bits(), True),
        (toy.Tiny(), True),
        (pt.OneMinMax(8), True),
        (toy.Schaffer(), False),
        (toy.Mixed(), False),
        (toy.Dice(), True),
    ):
        run = pt.minimize(problem, pt.NSGA2(size=4), budget=8, seed=1).run
        assert run.specification["cache"] is cached
        run = pt.minimize(problem, pt.NSGA2(size=4), budget=8, seed=1, cache=not cached).run
        assert run.specification["cache"] is not cached


def test_a_batch_without_those_that_are_known_gives_the_same_values():
    algorithm = pt.NSGA2(size=20, duplicates="population")
    a = pt.minimize(pt.OneMinMax(8), algorithm, budget=600, seed=3)
    b = pt.minimize(pt.OneMinMax(8), algorithm, budget=600, seed=3, cache=False)
    assert by_id(a.run).F.tobytes() == by_id(b.run).F.tobytes()
    assert a.run.evaluations.recalled.sum() > 300
