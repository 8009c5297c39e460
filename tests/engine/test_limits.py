"""What breaks a limit that needs no training is never evaluated."""

import csv
import json
import logging

import numpy as np
import pytest
from commands import paretide
from limited import Touching
from sweep import LongWords

import paretide as pt
from paretide.engine.algorithms.limits import Limits
from paretide.engine.records.outcome import REFUSED
from paretide.engine.runs.replay import replay
from paretide.errors import StoreMismatch
from paretide.problems.definition import read_definition


class Sized(pt.Problem):
    """Most widths are too many; which ones is known before anything is trained."""

    space = pt.Space(width=pt.Int(1, 400), rate=pt.Float(0.0, 1.0))
    objectives = {"error": "min", "size": "min"}

    def __init__(self, most=40, training=1.0):
        self.constraints = {"width": pt.upper(most), "hard": pt.upper(training)}
        self.trained = []

    def known(self, x):
        return {"width": x["width"], "size": 2 * x["width"]}

    def evaluate(self, x, ctx):
        self.trained.append(x["width"])
        return {"error": 1 / x["width"] + abs(x["rate"] - 0.5), "hard": x["rate"]}


def told(machine, problem, k):
    """Ask and tell ``k`` candidates, one after the other."""
    for _ in range(k):
        batch = machine.ask(1)
        (x,) = (machine.definition.space.candidate(row) for row in batch.X)
        values = {**problem.evaluate(x, None), **problem.known(x)}
        F, G = ([values[n] for n in names] for names in (problem.objectives, problem.constraints))
        machine.tell(int(batch.ids[0]), pt.Evaluated(F, G))


def command(*arguments):
    """What the command line says."""
    done = paretide(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pt.screen
def narrowest(pool, k, known, open, space, rng, memory):
    return np.argsort(pool[:, 0], kind="stable")[:k]


ALGORITHMS = {
    "generations": pt.NSGA2(size=10),
    "few children": pt.NSGA2(size=10, offspring=3),
    "steady": pt.NSGA2(size=10, mode="steady", window=3),
    "duplicates": pt.NSGA2(size=10, duplicates=None),
    "population": pt.NSGA2(size=10, duplicates="population"),
    "screened": pt.NSGA2(size=10, screen=narrowest),
    "growing": pt.DynamicNSGA2(start=4, max_size=12, tau=12),
    "side by side": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8),
    "parts": pt.Evolution(size=10, repair=None),
}


def columns_of(refused):
    """All of them as bytes, with NaN."""
    names = ("ids", "status", "generation", "parents", "operator_code", "X", "F", "G")
    return [getattr(refused, name).tobytes() for name in names]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_nobody_who_breaks_a_limit_is_trained(name, tmp_path):
    problem, path = Sized(), tmp_path / "run.h5"
    whole = pt.minimize(problem, ALGORITHMS[name], budget=60, seed=2, store=path)
    everything = whole.run.evaluations
    assert len(everything) == len(problem.trained) == 60
    assert max(problem.trained) <= 40
    assert (everything.X[:, 0] <= 40).all()
    replay(pt.open_run(path), problem=Sized())
    part = tmp_path / "part.h5"
    pt.minimize(Sized(), ALGORITHMS[name], budget=33, seed=2, store=part)
    resumed = pt.resume(part, budget=27, problem=Sized())
    assert resumed.run.evaluations.X.tobytes() == everything.X.tobytes()
    refused = whole.run.refused
    assert (refused.X[:, 0] > 40).all()
    assert len(refused) > 20
    assert refused.ids.tolist() == list(range(-2, -2 - len(refused), -1))
    assert (refused.status == REFUSED).all()
    assert (np.diff(refused.generation) >= 0).all()
    assert set(refused.generation.tolist()) <= set(range(len(everything)))
    assert np.isin(refused.parents[refused.parents >= 0], everything.ids).all()
    np.testing.assert_array_equal(refused.F[:, 1], 2 * refused.X[:, 0])
    np.testing.assert_array_equal(refused.G[:, 0], refused.X[:, 0])
    assert np.isnan(refused.F[:, 0]).all()
    assert np.isnan(refused.G[:, 1]).all()
    for run in (resumed.run, pt.open_run(path), pt.open_run(part)):
        assert columns_of(run.refused) == columns_of(refused)


def test_what_is_refused_says_which_limit_it_breaks():
    class Three(Sized):
        constraints = {"width": pt.upper(40), "least": pt.lower(3), "even": pt.equal(0, tol=0.1)}

        def __init__(self):
            self.trained = []

        def known(self, x):
            return {"width": x["width"], "size": 1.0, "least": x["width"], "even": x["width"] % 2}

        def evaluate(self, x, ctx):
            return {"error": x["rate"]}

    initial = [{"width": w, "rate": 0.5} for w in (300, 1, 41, 12)]
    refused = pt.minimize(Three(), pt.NSGA2(size=4), budget=8, seed=1, initial=initial).run.refused
    assert refused.reasons[:3] == [
        "width is 300, above its limit of 40",
        "least is 1, below its limit of 3; even is 1, not within 0.1 of 0",
        "width is 41, above its limit of 40; even is 1, not within 0.1 of 0",
    ]
    assert refused.operator.tolist()[:4] == ["initial"] * 3 + ["sample"]
    assert refused.to_frame()["failure"].tolist() == refused.reasons
    assert refused.columns()["id"].tolist()[:3] == [-2, -3, -4]


def test_what_is_refused_is_shown_and_exported(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(Sized(), pt.NSGA2(size=10), budget=20, seed=2, store=path)
    n = len(pt.open_run(path).refused)
    assert f"{n} that were never evaluated (--refused)" in command("show", path)
    rows = list(csv.DictReader(command("show", path, "--refused").splitlines()))
    assert [row["id"] for row in rows] == [str(-2 - i) for i in range(n)]
    assert {row["error"] for row in rows} == {"nan"}
    assert rows[0]["failure"] == f"width is {rows[0]['x.width']}, above its limit of 40"
    assert json.loads(command("show", path, "--json"))["refused"] == n
    assert f"{n} refused candidates" in command("export", path, "--to", "refused")
    there = list(csv.DictReader((tmp_path / "run.refused.csv").read_text().splitlines()))
    assert there == rows


def test_another_known_is_found_by_replay(tmp_path):
    path = tmp_path / "run.h5"
    initial = [{"width": 300, "rate": 0.5}, {"width": 30, "rate": 0.5}]
    pt.minimize(Sized(), pt.NSGA2(size=10), budget=40, seed=2, store=path, initial=initial)

    class Other(Sized):
        def known(self, x):
            return {"width": 0, "size": 2 * x["width"]}

    Other.__name__ = Other.__qualname__ = "Sized"
    replay(pt.open_run(path), problem=Sized())
    with pytest.raises(StoreMismatch):
        replay(pt.open_run(path), problem=Other())


@pytest.mark.parametrize("name", ["generations", "steady", "side by side", "screened"])
def test_a_state_by_hand_has_what_was_refused(name):
    problem = Sized()
    whole, part = (ALGORITHMS[name].start(problem, seed=3, budget=60) for _ in range(2))
    for machine in (whole, part):
        told(machine, problem, 25)
    again = ALGORITHMS[name].start(problem, seed=3, budget=60)
    again.load_state_dict(part.state_dict())
    for machine in (whole, again):
        told(machine, problem, 25)
    assert len(whole.refused) > 20
    assert columns_of(again.refused) == columns_of(whole.refused)


@pytest.mark.parametrize("search", [pt.RandomSearch(size=10), pt.Sobol(size=10), pt.Grid(size=10)])
def test_a_search_that_learns_nothing_refuses_too(search):
    problem = Sized()
    result = pt.minimize(problem, search, budget=20, seed=1)
    assert max(problem.trained) <= 40
    assert (result.run.refused.X[:, 0] > 40).all()
    assert len(result.run.refused) > 0


def test_a_search_that_only_meets_limits_ends_by_them():
    result = pt.minimize(Sized(most=0.5), pt.RandomSearch(size=10), budget=20, seed=1)
    assert result.stopped_by == "exhausted by limits"
    assert len(result.run.evaluations) == 0
    assert len(result.run.refused) >= 200


def test_candidates_of_an_own_space_are_refused_stored_and_replayed(tmp_path):
    path = tmp_path / "run.h5"
    whole = pt.minimize(LongWords(), pt.NSGA2(size=4), budget=20, seed=3, store=path).run
    assert len(whole.refused) > 0
    assert {len(x[0]) < 6 for x in whole.refused.X} == {True}
    opened = pt.open_run(path)
    assert opened.refused.reasons == whole.refused.reasons
    replay(opened, problem=LongWords())
    resumed = pt.resume(path, budget=10, problem=LongWords()).run.refused
    assert resumed.X[: len(whole.refused)].tolist() == whole.refused.X.tolist()


def test_a_limit_that_needs_training_refuses_nobody():
    everything = pt.minimize(Sized(training=0.1), pt.NSGA2(size=10), budget=40, seed=1).run
    assert (everything.evaluations.G[:, 1] > 0.1).any()


@pytest.mark.parametrize("name", ["generations", "few children", "steady"])
def test_limits_that_nobody_keeps_end_the_run(name):
    calls = []

    class Never(Sized):
        def known(self, x):
            calls.append(1)
            return {"width": 1e9 if problem.trained else 0.0, "size": 1.0}

    problem = Never()
    result = pt.minimize(problem, ALGORITHMS[name], budget=60, seed=1)
    assert result.stopped_by == "exhausted by limits"
    assert 10 <= len(result.run.evaluations) <= 20
    assert len(calls) >= 20 * 10
    assert len(result.population) <= 10


def test_limits_that_hardly_anybody_keeps_leave_places_empty():
    result = pt.minimize(Sized(most=2), pt.NSGA2(size=10), budget=60, seed=1)
    assert result.stopped_by in ("budget", "exhausted by limits")
    first = result.run.evaluations.generation == 0
    assert 0 < first.sum() < 10


def test_initial_candidates_that_break_a_limit_are_left_out(caplog):
    initial = [{"width": 300, "rate": 0.5}, {"width": 30, "rate": 0.5}]
    with caplog.at_level(logging.WARNING):
        result = pt.minimize(Sized(), pt.NSGA2(size=10), budget=20, seed=1, initial=initial)
    assert "1 of 2 initial candidates break a limit, as known(x) says" in caplog.text
    assert result.run.evaluations.X[0].tolist() == [30, 0.5]
    assert len(result.run.evaluations) == 20


def test_what_raises_or_returns_other_names_goes_out_and_fails_there():
    class Raises(Sized):
        def known(self, x):
            if x["width"] > 200:
                raise ValueError(x["width"])
            return {"width": 0.0, "size": 1.0}

    problem = Raises()
    everything = pt.minimize(problem, pt.NSGA2(size=10), budget=40, seed=1).run.evaluations
    assert len(everything.failures) > 0
    assert max(problem.trained) <= 200


def test_who_breaks_a_limit_can_be_asked_without_being_kept():
    limits = Limits(read_definition(Sized()), Sized().known, most=5)
    X = np.array([[300, 0.5], [30, 0.5]])
    assert limits.broken(X).tolist() == [True, False]
    assert "refused_X" not in limits.state()
    parents = np.full((2, 2), -1)
    assert limits.refuse(X, parents, 0).tolist() == [True, False]
    assert limits.state()["refused_X"].tolist() == [[300, 0.5]]
    limits.begin(0)  # nobody who was born beside them was kept
    assert "refused_X" not in limits.state()


@pytest.mark.parametrize("executor", ["serial", "processes"])
@pytest.mark.parametrize(
    ("wrong", "kind", "reason"),
    [
        ("raises", "exception", "no layer of that width"),
        ("names", "contract", "known must return some of the names"),
    ],
)
def test_one_of_whom_known_is_wrong_fails_and_is_not_trained(
    executor, wrong, kind, reason, tmp_path
):
    problem = Touching(str(tmp_path), wrong)
    initial = [{"width": 4, "rate": 0.5}, {"width": 9, "rate": 0.5}]
    run = pt.minimize(
        problem, pt.NSGA2(size=6), budget=12, seed=1, executor=executor, initial=initial
    ).run
    everything = run.evaluations
    failed = everything.X[:, 0] % 3 == 0
    assert failed.any()
    assert set(everything.failures) == set(everything.ids[failed].tolist())
    assert {f.kind for f in everything.failures.values()} == {kind}
    assert all(reason in f.reason for f in everything.failures.values())
    trained = {int(path.name) for path in tmp_path.iterdir()}
    assert trained == set(everything.ids[~failed].tolist())
    assert len(run.refused) == 0


def test_refusals_in_a_row_are_counted_from_the_last_that_was_not():
    limits = Limits(read_definition(Sized()), Sized().known, most=5)
    limits.note(np.array([True, False, True, True]))
    assert limits.in_a_row == 2
    assert limits.draws_again()
    assert not limits.draws_again()  # nobody was refused since
    limits.note(np.array([True, True, True]))
    assert limits.in_a_row == 5
    assert not limits.draws_again()  # as many as there may be
    limits.note(np.array([False]))
    limits.note(np.array([True]))
    assert limits.in_a_row == 1
    assert limits.draws_again()


# -- what a screen is told -------------------------------------------------------------------------


class NoLimits(Sized):
    """Of which one objective is known, and nobody is refused."""

    def __init__(self):
        self.trained, self.asked = [], []
        self.constraints = {}

    def known(self, x):
        self.asked.append((x["width"], x["rate"]))
        return {"size": 2 * x["width"]}

    def evaluate(self, x, ctx):
        return {"error": super().evaluate(x, ctx)["error"]}


@pytest.mark.parametrize("mode", ["generational", "steady"])
@pytest.mark.parametrize("problem", [Sized(), NoLimits()])
def test_a_screen_can_ask_what_needs_no_training(problem, mode):
    heard = []

    @pt.screen
    def listening(pool, k, known, open, space, rng, memory):
        F, margins = known.known_of(pool)
        np.testing.assert_array_equal(F[:, 1], 2 * pool[:, 0])
        assert np.isnan(F[:, 0]).all()
        assert margins.shape == (len(pool), len(problem.constraints))
        if problem.constraints:
            np.testing.assert_array_equal(margins[:, 0], pool[:, 0] - 40)
            assert np.isnan(margins[:, 1]).all()
        heard.append(len(pool))
        return np.arange(k)

    pt.minimize(problem, pt.NSGA2(size=10, mode=mode, screen=listening), budget=30, seed=1)
    assert heard


def test_what_is_known_of_a_candidate_is_asked_for_once():
    @pt.screen
    def asking(pool, k, known, open, space, rng, memory):
        known.known_of(pool)
        known.known_of(pool)
        return np.arange(k)

    problem = NoLimits()
    pt.minimize(problem, pt.NSGA2(size=10, screen=asking), budget=20, seed=1)
    drawn = len(set(problem.asked))
    assert drawn >= 100
    assert len(problem.asked) <= drawn + 20  # and where it is evaluated


def test_without_known_there_is_nothing_to_ask():
    class Plain(NoLimits):
        known = None

        def evaluate(self, x, ctx):
            return {**super().evaluate(x, ctx), "size": 1.0}

    heard = []

    @pt.screen
    def listening(pool, k, known, open, space, rng, memory):
        heard.append(known.known_of)
        return np.arange(k)

    pt.minimize(Plain(), pt.NSGA2(size=10, screen=listening), budget=30, seed=1)
    assert set(heard) == {None}


@pytest.mark.parametrize("screen", [pt.GaussianProcess(search=0), pt.ExtraTrees()])
@pytest.mark.parametrize("problem", [Sized, NoLimits])
def test_screened_runs_with_known_values_resume_and_replay(problem, screen, tmp_path):
    pytest.importorskip("sklearn")
    path, algorithm = tmp_path / "run.h5", pt.NSGA2(size=10, screen=screen)
    whole = pt.minimize(problem(), algorithm, budget=50, seed=2).run
    pt.minimize(problem(), algorithm, budget=33, seed=2, store=path)
    resumed = pt.resume(path, budget=17, problem=problem()).run
    assert resumed.evaluations.X.tobytes() == whole.evaluations.X.tobytes()
    assert columns_of(resumed.refused) == columns_of(whole.refused)
    replay(pt.open_run(path), problem=problem())
