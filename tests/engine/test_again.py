"""Who is evaluated again: after a death, after a failure, and of equal candidates."""

from types import SimpleNamespace

import numpy as np
import pytest

import paretide as pt
from paretide.engine.records.outcome import failed_completion
from paretide.engine.runs.again import DEADLY, MACHINES, Chances

X = np.arange(40.0).reshape(20, 2)


def chances(retries=0):
    session = SimpleNamespace(
        definition=SimpleNamespace(n_obj=2, n_con=0), candidates=lambda ids: X[ids]
    )
    return Chances(session, retries)


def task(*ids):
    return pt.Task(np.array(ids, dtype=np.int64), X[list(ids)])


def lost(*ids, blameless=False):
    return pt.LostTask(task(*ids), "worker w died", blameless, "its last words")


def failed(id, kind="exception"):
    return failed_completion(task(id), pt.Failed("why", kind), (2, 0))


def ids_of(tasks):
    return [each.ids.tolist() for each in tasks]


def test_one_death_is_the_machines_fault_and_two_are_the_candidates():
    who = chances()
    done, again = who.settle(lost(3))
    assert done is None
    assert ids_of(again) == [[3]]
    assert again[0].X.tolist() == X[3:4].tolist()
    done, again = who.settle(lost(3))
    assert again == []
    assert done.ids.tolist() == [3]
    assert done.failures[3].kind == "crash"
    assert done.failures[3].reason == f"its worker died {DEADLY} times (worker w died)"
    assert done.failures[3].detail == "its last words"


def test_deaths_of_others_do_not_count():
    who = chances()
    for id in range(10):
        assert ids_of(who.settle(lost(id))[1]) == [[id]]
    assert who.settle(lost(4))[0].failures.keys() == {4}


def test_neither_failures_nor_machines_count_as_deaths():
    who = chances(retries=2)
    assert ids_of(who.settle(failed(5))[1]) == [[5]]
    assert ids_of(who.settle(failed(5))[1]) == [[5]]
    assert ids_of(who.settle(lost(5, blameless=True))[1]) == [[5]]
    assert ids_of(who.settle(lost(5))[1]) == [[5]]  # the first death, after three attempts
    assert who.settle(lost(5))[0].failures[5].kind == "crash"


def test_deaths_do_not_count_as_tries():
    who = chances(retries=1)
    assert ids_of(who.settle(lost(5))[1]) == [[5]]
    assert ids_of(who.settle(failed(5))[1]) == [[5]]
    done, again = who.settle(failed(5))
    assert (done.failures[5].kind, again) == ("exception", [])


def test_a_chunk_whose_worker_dies_comes_apart_and_nobody_in_it_is_to_blame():
    who = chances()
    done, again = who.settle(lost(6, 7, 8))
    assert done is None
    assert ids_of(again) == [[6], [7], [8]]
    for each in again:
        assert each.X.tolist() == X[each.ids].tolist()
    for id in (6, 7, 8):  # each has both of its chances
        assert ids_of(who.settle(lost(id))[1]) == [[id]]
    assert who.settle(lost(7))[0].failures.keys() == {7}


def test_who_was_in_a_chunk_that_comes_apart_is_said(caplog):
    who = chances()
    who.settle(lost(4, 5, 7))
    who.settle(lost(*range(12)))
    end = ": worker w died; each is evaluated again, alone"
    assert [record.getMessage() for record in caplog.records] == [
        f"candidates 4, 5, 7{end}", f"candidates 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...{end}",
    ]  # fmt: skip


def test_a_chunk_whose_machine_goes_away_stays_together():
    who = chances()
    for _ in range(MACHINES - 1):
        assert ids_of(who.settle(lost(6, 7, blameless=True))[1]) == [[6, 7]]
    assert ids_of(who.settle(lost(6, 7, blameless=True))[1]) == [[6], [7]]


def test_who_takes_many_machines_with_it_is_to_blame():
    who = chances()
    for _ in range(MACHINES - 1):
        assert ids_of(who.settle(lost(2, blameless=True))[1]) == [[2]]
    done, again = who.settle(lost(2, blameless=True))
    assert again == []
    assert done.failures[2].reason == f"its machine went away {MACHINES} times"


@pytest.mark.parametrize("kind", ["exception", "non-finite", "deadline", "memory"])
def test_what_another_try_may_mend_is_tried_again(kind):
    who = chances(retries=2)
    for _ in range(2):
        done, again = who.settle(failed(1, kind))
        assert done is None
        assert ids_of(again) == [[1]]
    assert who.settle(failed(1, kind))[0].failures.keys() == {1}


@pytest.mark.parametrize("kind", ["contract", "crash", "told"])
def test_what_it_cannot_mend_is_not(kind):
    done, again = chances(retries=2).settle(failed(1, kind))
    assert (done.failures.keys(), again) == ({1}, [])


def test_of_a_completion_those_that_have_failed_go_again_and_the_others_are_told():
    done = failed_completion(task(1, 2, 3), pt.Failed("why", "exception"), (2, 0))
    done.status[1] = 1
    done.F[1] = 5.0
    del done.failures[2]
    who = chances(retries=1)
    told, again = who.settle(done)
    assert told.ids.tolist() == [2]
    assert told.F.tolist() == [[5.0, 5.0]]
    assert ids_of(again) == [[1, 3]]


# -- of equal candidates ---------------------------------------------------------------------------


class FirstFails(pt.Problem):
    """Four candidates, each of which fails when it is evaluated for the first time."""

    space = pt.Binary(2)
    objectives = {"ones": "max", "zeros": "max"}

    def __init__(self):
        self.evaluated = {}

    def evaluate(self, x, ctx):
        seen = self.evaluated.setdefault(x.tobytes(), [])
        seen.append(ctx.id)
        if len(seen) == 1:
            raise ValueError("the first time")
        return {"ones": float(x.sum()), "zeros": 2.0 - float(x.sum())}


@pytest.mark.timeout(60)  # who is never evaluated would be waited for
def test_if_the_first_of_equal_candidates_fails_the_next_one_is_evaluated_for_the_others():
    problem = FirstFails()
    algorithm = pt.NSGA2(size=24, duplicates=None)
    evaluations = pt.minimize(problem, algorithm, budget=24, seed=1).run.evaluations
    order = np.argsort(evaluations.ids)
    X, F, worker, seed = (
        getattr(evaluations, name)[order] for name in ("X", "F", "worker", "seed")
    )
    firsts = set()
    for candidate in np.unique(X, axis=0):
        first, second, *others = np.flatnonzero((candidate == X).all(axis=1)).tolist()
        firsts.add(first)
        assert len(others) >= 1
        assert problem.evaluated[candidate.tobytes()] == [first, second]
        assert worker[[first, second]].tolist() == ["serial", "serial"]
        for other in others:
            assert worker[other] == "cache"
            assert seed[other] == seed[second]
            assert F[other].tolist() == F[second].tolist()
    assert evaluations.failures.keys() == firsts
