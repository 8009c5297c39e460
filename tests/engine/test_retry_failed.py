"""Failed candidates that are evaluated again once what they failed by has been mended."""

import logging

import numpy as np
import pytest
import sweep
import toy

import paretide as pt
from paretide.engine.runs.interventions import read_interventions
from paretide.engine.runs.replay import replay
from paretide.engine.store.codec import encode_evaluations
from paretide.errors import ConfigurationError, EvaluationError, StoreCorrupt
from paretide.tables import failure_texts

MENDED = [True]


class Broken(toy.Schaffer):
    """A third of it fails until it is mended."""

    def __init__(self):
        self.calls = []

    def cost(self, x):
        return 1.0 + abs(float(x[1]))

    def evaluate(self, x, ctx):
        self.calls.append((ctx.id, ctx.seed))
        if not MENDED[0] and int(abs(x[0]) * 1e6) % 3 == 0:
            raise OSError("no space left on device")
        if x[0] > 9:
            raise ValueError("never")
        return super().evaluate(x, ctx)


class BrokenBits(pt.Problem):
    """So few candidates that one is born again after it has failed."""

    space = pt.Binary(5)
    objectives = {"ones": "max", "zeros": "max"}

    def __init__(self):
        self.calls = []

    def evaluate(self, x, ctx):
        self.calls.append((ctx.id, ctx.seed))
        if not MENDED[0] and ctx.id % 3 == 1:
            raise OSError("no space left on device")
        return {"ones": int(x.sum()), "zeros": int((1 - x).sum()) + int(x[0])}


ALGORITHMS = {
    "generational": pt.NSGA2(size=6),
    "steady": pt.NSGA2(size=6, mode="steady", window=4),
    "steady, wide": pt.NSGA2(size=4, mode="steady", window=9),
    "doubling": pt.DynamicNSGA2(start=4, max_size=8, tau=10),
    "doubling, steady": pt.DynamicNSGA2(start=4, max_size=8, tau=10, mode="steady", window=4),
    "side by side": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=4),
}
everywhere = pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))


@pytest.fixture
def broken():
    MENDED[0] = False
    yield
    MENDED[0] = True


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.h5"


def start(path, algorithm=None, problem=None, budget=32, **options):
    return pt.minimize(
        problem or Broken(), algorithm or pt.NSGA2(size=6), budget=budget, seed=3, store=path,
        **options,
    )  # fmt: skip


def go_on(path, problem=None, *, mend=True, **options):
    MENDED[0] = mend
    return pt.resume(path, problem=problem or Broken(), **options)


@everywhere
def test_they_keep_id_seed_and_candidate_and_cost_no_budget(algorithm, path, broken):
    first = start(path, algorithm).run
    failed = set(first.evaluations.failures)
    assert failed
    problem = Broken()
    result = go_on(path, problem, retry_failed=True)
    run = result.run
    assert [id for id, _ in problem.calls] == sorted(failed)
    before = dict(zip(first.evaluations.ids.tolist(), first.evaluations.seed.tolist(), strict=True))
    assert all(before[id] == seed for id, seed in problem.calls)
    assert (result.stopped_by, len(run.evaluations)) == ("budget", 32)
    assert run.evaluations.X.tobytes() == first.evaluations.X.tobytes()
    assert run.evaluations.ids.tolist() == first.evaluations.ids.tolist()
    never = {id for id, f in run.evaluations.failures.items() if f.reason == "ValueError: never"}
    assert set(run.evaluations.failures) == never <= failed
    mended = failed - never
    rows = np.isin(run.evaluations.ids, list(mended))
    assert np.isfinite(run.evaluations.F[rows]).all()
    assert {i: [f.kind for f in fs] for i, fs in run.earlier_failures.items()} == {
        id: ["exception"] for id in failed
    }
    assert run.as_told.failures.keys() == failed
    assert "not of its seed alone" in repr(run)
    assert run.specification["events"][0]["ids"] == sorted(failed)
    stored = pt.open_run(path)
    assert stored.evaluations.F.tobytes() == run.evaluations.F.tobytes()
    assert stored.evaluations.failures == run.evaluations.failures
    assert stored.earlier_failures == run.earlier_failures
    assert stored.evaluations.extras == run.evaluations.extras
    assert stored.front().ids.tolist() == run.front().ids.tolist()
    replay(stored, problem=Broken())


class Best(toy.Schaffer):
    """Those that fail until it is mended are better than all others."""

    def evaluate(self, x, ctx):
        if not MENDED[0] and ctx.id % 4 == 1:
            raise OSError("no space left on device")
        value = float(x[0])
        better = 1000 if ctx.id % 4 == 1 else 0
        return {"left": value - better, "right": value + better}


@everywhere
def test_they_take_part_in_the_selection_that_comes(algorithm, path, broken):
    start(path, algorithm, Best())
    result = go_on(path, Best(), retry_failed=True)
    mended = set(result.run.earlier_failures) - set(result.run.evaluations.failures)
    assert mended & set(result.population.ids.tolist())
    final = pt.open_run(path).population()
    assert final.ids.tolist() == result.population.ids.tolist()
    assert final.F.tobytes() == result.population.F.tobytes()
    further = go_on(path, Best(), budget=40)
    parents = set(further.run.evaluations.parents[32:].ravel().tolist())
    assert parents & mended
    assert len(further.run.evaluations) == 72
    replay(pt.open_run(path), problem=Best())


# -- any worker, any kill ------------------------------------------------------------------------


class Kept(sweep.MemoryStore):
    """Keeps what is evaluated again, too."""

    def append_retried(self, rows):
        self._append(encode_evaluations(rows, retried=True))


def facts(kind, result):
    tables = [rows.take(np.argsort(rows.ids)) for rows in result.run.retried]
    again = [(t.ids.tolist(), t.F.tobytes(), sorted(t.failures.items())) for t in tables]
    return (*sweep.facts(kind, result), again)


def swept(kind, store, seed, *, mend, **options):
    MENDED[0] = mend
    with sweep.kept_in(store):
        return pt.resume(
            "run.h5", problem=type(kind.problem)(), executor=sweep.DrawnOrder(1 + seed % 4, seed),
            **options,
        )  # fmt: skip


def killed_and_resumed(kind, place, after, every):
    """Retried after so many records, killed after each of what comes then; states, and faults."""
    MENDED[0] = False
    first = Kept(frozenset({place}))
    sweep.run(kind, first, 0)
    left = first.lefts[after % len(first.lefts)]
    options = {"mend": True, "retry_failed": True, "budget": 12}
    whole = facts(kind, swept(kind, Kept(frozenset(), left), 1, **options))
    other = Kept(frozenset({1, 4}), left)
    states, faults = 0, []
    if facts(kind, swept(kind, other, 2, **options)) != whole:
        faults.append("another order of arrival gives another run")
    for number, state in enumerate(other.lefts[::every]):
        states += 1
        resumed = swept(kind, Kept(frozenset({number % 3}), state), 3 + number, mend=True)
        if facts(kind, resumed) != whole:
            faults.append(f"state {number} is different")
        elif number % 5 == 0:
            replay(resumed.run, problem=kind.problem)
    return states, faults


@pytest.mark.parametrize("problem", [Broken, BrokenBits])
@everywhere
def test_neither_workers_nor_kills_change_what_comes_of_it(algorithm, problem, broken):
    kind = sweep.Kind(problem(), algorithm, 20)
    for place, after in ((2, 9), (9, 25)):
        states, faults = killed_and_resumed(kind, place, after, every=5)
        assert not faults
        assert states > 3


@everywhere
def test_a_run_that_is_told_as_outcomes_arrive_is_replayed(algorithm, broken):
    if algorithm.mode != "steady":
        return
    algorithm = pt.NSGA2(size=4, mode="steady", window=4, order="arrival")
    kind = sweep.Kind(Broken(), algorithm, 20, repeats=False)
    first = Kept(frozenset({5}))
    sweep.run(kind, first, 0)
    for left in first.lefts[4::4]:
        result = swept(kind, Kept(frozenset(), left), 1, mend=True, retry_failed=True, budget=9)
        replay(result.run)


# -- once more -----------------------------------------------------------------------------------


def test_one_that_fails_again_is_kept_and_may_be_tried_again(path, broken):
    failed = set(start(path).run.evaluations.failures)
    again = go_on(path, mend=False, retry_failed=True).run
    assert set(again.evaluations.failures) == failed
    assert all(len(fs) == 1 for fs in again.earlier_failures.values())
    last = go_on(path, retry_failed="exception").run
    mended = failed - set(last.evaluations.failures)
    assert mended
    assert all(len(last.earlier_failures[id]) == 2 for id in mended)
    assert len(last.specification["events"]) == 2
    replay(pt.open_run(path), problem=Broken())


def test_only_those_that_failed_in_a_way_are_tried_again(path, broken, caplog):
    class Moody(Broken):
        def evaluate(self, x, ctx):
            values = super().evaluate(x, ctx)
            return {"left": 1.0} if ctx.id == 7 else values

    Moody.__name__ = "Broken"
    start(path, problem=Moody())
    problem = Broken()
    result = go_on(path, problem, retry_failed=["contract"])
    assert [id for id, _ in problem.calls] == [7]
    assert 7 not in result.run.evaluations.failures
    before = path.read_bytes()
    with caplog.at_level(logging.WARNING):
        went_on = go_on(path, retry_failed="deadline")
    assert "retry_failed: no candidate has failed by deadline" in caplog.text
    assert len(went_on.run.specification["events"]) == 1
    for wrong, message in (
        ("timeout", "there is no kind of failure 'timeout'; you mean 'deadline'; choose of"),
        (3, "retry_failed must be True, or kinds of failures of"),
        (["deadline", 3], "there is no kind of failure 3"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            go_on(path, retry_failed=wrong)
    assert before


def test_a_run_without_failures_stays_of_its_seed_alone(path):
    start(path)
    result = go_on(path, retry_failed="deadline")
    assert "events" not in pt.open_run(path).specification
    assert "seed alone" not in repr(result.run)


class Full(toy.Schaffer):
    """Every candidate fails until it is mended."""

    def evaluate(self, x, ctx):
        if not MENDED[0]:
            raise OSError("no space left on device")
        return super().evaluate(x, ctx)


@everywhere
def test_a_first_generation_that_failed_altogether_is_mended(algorithm, path, broken):
    with pytest.raises(EvaluationError, match=r"all \d+ candidates of the first generation failed"):
        start(path, algorithm, Full())
    with pytest.raises(EvaluationError, match="resume with retry_failed"):
        go_on(path, Full(), mend=False)
    result = go_on(path, Full(), retry_failed=True)
    assert (result.stopped_by, len(result.run.evaluations.failures)) == ("budget", 0)
    assert len(result.run.evaluations) == 32
    replay(pt.open_run(path), problem=Full())


def test_what_is_mended_does_not_count_against_the_failure_budget(path, broken):
    with pytest.raises(EvaluationError, match="evaluations have failed, more than"):
        start(path, failure_budget=pt.FailureBudget(count=2))
    seen = []
    result = go_on(path, retry_failed=True, callbacks=[lambda p: seen.append(p.failures)])
    assert result.stopped_by == "budget"
    assert seen[-1] == len(result.run.evaluations.failures) <= 2


def test_listeners_hear_of_them_and_the_clock_may_end_it(path, broken):
    failed = sorted(start(path).run.evaluations.failures)
    heard = []

    class Third(pt.MaxSeconds):
        def by_clock(self, progress):
            return "seconds" if len(heard) >= 2 else ""

    part = go_on(path, retry_failed=True, stop=Third(1), on_evaluation=[heard.append])
    assert (part.stopped_by, [told.id for told in heard]) == ("seconds", failed[:2])
    assert "2 of them once more" in repr(pt.open_run(path))
    problem = Broken()
    whole = go_on(path, problem)
    assert [id for id, _ in problem.calls] == failed[2:]
    assert (whole.stopped_by, len(whole.run.specification["events"])) == ("budget", 1)


def test_or_resume_goes_on_with_it(path, broken):
    start(path)

    class Now(pt.MaxSeconds):
        def by_clock(self, progress):
            return "seconds"

    go_on(path, retry_failed=True, stop=Now(1))
    problem = Broken()
    result = start(path, problem=problem, or_resume=True)
    assert len(problem.calls) == len(result.run.earlier_failures) > 0


def test_workers_evaluate_them(path, broken):
    start(path, problem=toy.Flaky())
    result = pt.resume(path, retry_failed=True, executor=pt.ProcessExecutor(workers=2))
    assert len(result.run.evaluations.failures) == 16  # which fail by their ids
    assert all(len(fs) == 1 for fs in result.run.earlier_failures.values())


# -- what a file may say -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        {}, ["retry"], [{"kind": "retry"}], [{"kind": "other", "ids": [], "told": 0, "begun": 0}],
        [{"kind": "retry", "ids": [2, 1], "told": 0, "begun": 0, "created": ""}],
        [{"kind": "retry", "ids": [1.5], "told": 0, "begun": 0, "created": ""}],
        [{"kind": "retry", "ids": [1], "told": -1, "begun": 0, "created": ""}],
        [{"kind": "retry", "ids": [1], "told": True, "begun": 0, "created": ""}],
        [{"kind": "retry", "ids": None, "told": 0, "begun": 0, "created": ""}],
    ],
)  # fmt: skip
def test_events_that_are_none_are_refused(events):
    with pytest.raises(StoreCorrupt):
        read_interventions({"events": events})


def test_convergence_counts_values_where_they_were_told(path, broken):
    first = start(path)
    failed = set(first.run.evaluations.failures)
    before = first.run.convergence(points=32, reference=[400.0, 400.0])
    MENDED[0] = True
    run = pt.resume(path, problem=Broken(), budget=8, retry_failed=True).run
    assert failed - set(run.evaluations.failures)
    after = run.convergence(points=40, reference=[400.0, 400.0])
    assert after.evaluations[:31].tolist() == before.evaluations[:31].tolist()
    assert after.hypervolume[:31].tolist() == before.hypervolume[:31].tolist()
    assert after.hypervolume[31] >= before.hypervolume[31]
    assert after.hypervolume[-1] == run.convergence(1, [400.0, 400.0]).hypervolume[0]


def test_the_first_failures_stay_readable_in_the_terminal(path, broken):
    start(path)
    count = len(pt.open_run(path).evaluations.failures)
    MENDED[0] = True
    run = pt.resume(path, problem=Broken(), retry_failed=True).run
    text = "\n".join(failure_texts(run))
    left = len(run.evaluations.failures)
    assert f"{count} were evaluated again, {count - left} have values now; they had failed" in text
    assert "x exception: OSError: no space left on device" in text
    assert text.count("Traceback") == 1 + (left > 0)
