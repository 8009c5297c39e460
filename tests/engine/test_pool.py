"""Who gets what, who is late, who is dead: decided without a process, a socket or a clock."""

import itertools

import numpy as np
import pytest

import paretide as pt
from paretide.engine.executors.conditions import Conditions
from paretide.engine.executors.instructions import (
    Death,
    Dismiss,
    GiveUp,
    Kill,
    Say,
    Send,
    Start,
    StopListening,
    Tell,
)
from paretide.engine.executors.pool import FAREWELL_SECONDS, TEARDOWN_SECONDS, Pool, Rules
from paretide.engine.executors.starts import LATER_ATTEMPTS, LONGEST_PAUSE
from paretide.problems.definition import read_definition


class Two(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        return {"f": 0.0, "g": 0.0}


class Chunks(Two):
    evaluate = None

    def evaluate_batch(self, X):
        return X


DEFINITION = read_definition(Two())


def pool_of(workers=2, ready=True, now=0.0, together=False, most=None, **conditions):
    """A pool and the workers that it has started."""
    rules = Rules(
        kind="w", definition=DEFINITION, conditions=Conditions(**conditions), most=most,
        together=together,
    )  # fmt: skip
    pool = Pool(rules)
    assert pool.resize(workers, now) == []
    started = pool.turn(now)
    assert started == [Start(f"w-{i}", i) for i in range(workers)]
    if ready:
        for name, _ in started:
            pool.placed(name, now)
            assert pool.ready(name) == []
    return pool


def task(*ids):
    return pt.Task(np.array(ids, dtype=np.int64), np.zeros((len(ids), 2)))


def done(*ids, seconds=1.0):
    k = len(ids)
    return pt.Completion(
        np.array(ids, dtype=np.int64), np.ones(k, dtype=np.uint8), np.zeros((k, 2)),
        np.zeros((k, 0)), {}, {}, np.zeros(k, dtype=np.uint32), np.full(k, seconds), "w",
    )  # fmt: skip


def sent(instructions):
    """Ids by worker."""
    return {
        each.worker: [t.ids.tolist() for t in each.tasks]
        for each in instructions
        if isinstance(each, Send)
    }


def submit(pool, *tasks, now=0.0):
    pool.submit(tasks)
    return sent(pool.turn(now))


def next_todo(pool):
    """When time brings something, and what."""
    while True:  # it may look before it must
        now = pool.next_time()
        todo = pool.turn(now)
        if todo:
            return now, todo


def told(instructions):
    return [each.outcome for each in instructions if isinstance(each, Tell)]


def other(worker):
    return {"w-0": "w-1", "w-1": "w-0"}[worker]


# -- tasks -----------------------------------------------------------------------------------------


def test_tasks_go_in_order_to_whoever_is_free():
    pool = pool_of(2)
    first = submit(pool, task(0), task(1), task(2, 3), task(4))
    assert sorted(first.values()) == [[[0]], [[1]]]
    assert pool.activity() == pt.Activity(busy=2, idle=0, starting=0)
    (mine,) = [worker for worker, tasks in first.items() if tasks == [[0]]]
    answer = done(0)
    assert told(pool.answered(mine, [answer], 1.0)) == [answer]
    assert sent(pool.turn(1.0)) == {mine: [[2, 3]]}
    assert pool.drop_queued() == 1
    assert pool.drop_queued() == 0
    pool.answered(other(mine), [done(1)], 2.0)
    assert sent(pool.turn(2.0)) == {}
    assert pool.activity() == pt.Activity(busy=1, idle=1, starting=0)


def test_nobody_gets_anything_before_it_is_ready():
    pool = pool_of(1, ready=False)
    assert submit(pool, task(0)) == {}
    pool.placed("w-0", 0.0)
    assert sent(pool.turn(1.0)) == {}
    pool.ready("w-0")
    assert sent(pool.turn(2.0)) == {"w-0": [[0]]}


def test_short_tasks_go_together_where_that_is_wanted():
    pool = pool_of(1, together=True)
    assert submit(pool, *map(task, range(9))) == {"w-0": [[0]]}
    pool.answered("w-0", [done(0, seconds=1e-3)], 0.0)
    assert sent(pool.turn(0.0)) == {"w-0": [[i] for i in range(1, 9)]}
    answer = [done(*range(1, 9))]  # as one
    assert told(pool.answered("w-0", answer, 0.0)) == answer


@pytest.mark.parametrize(
    ("settings", "expected"), [({"timeout": 1.0}, [[1]]), ({"most": 4}, [[1], [2], [3]])]
)
def test_but_no_more_than_its_share_and_alone_under_a_deadline(settings, expected):
    pool = pool_of(1, together=True, **settings)
    submit(pool, *map(task, range(9)))
    pool.answered("w-0", [done(0, seconds=1e-4)], 0.0)
    assert sent(pool.turn(0.0)) == {"w-0": expected}


def test_one_of_several_is_to_blame_for_a_death_and_each_goes_alone_then():
    pool = pool_of(1, together=True)
    submit(pool, *map(task, range(5)))
    pool.answered("w-0", [done(0, seconds=1e-3)], 0.0)
    assert sent(pool.turn(0.0)) == {"w-0": [[1], [2], [3], [4]]}
    assert told(pool.died("w-0", Death("died"), 1.0)) == []
    assert pool.turn(1.0) == [Start("w-1", 0)]
    pool.placed("w-1", 1.0)
    pool.ready("w-1")
    pool.submit([task(5), task(6)])
    for id in (1, 2, 3, 4):
        assert sent(pool.turn(2.0)) == {"w-1": [[id]]}
        pool.answered("w-1", [done(id, seconds=1e-3)], 2.0)
    assert sent(pool.turn(2.0)) == {"w-1": [[5], [6]]}


# -- lies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        [done(1)],
        [done(0), done(0)],
        [],
        [done(0, 1)],
        ["done"],
        [done(0)._replace(F=np.zeros((1, 3)))],
        [done(0)._replace(F=np.full((1, 2), np.nan))],
        [done(0)._replace(status=np.zeros(1, dtype=np.uint8))],
        [done(0)._replace(ids=[0])],
        [done(0)._replace(G=None)],
    ],
)
def test_who_answers_something_else_is_killed_and_its_task_lost(answer):
    pool = pool_of(1)
    submit(pool, task(0))
    assert pool.answered("w-0", answer, 1.0) == [Kill("w-0")]
    assert pool.answered("w-0", [done(0)], 1.0) == []  # too late
    (lost,) = told(pool.died("w-0", Death("was killed"), 2.0))
    assert isinstance(lost, pt.LostTask)
    assert lost.task.ids.tolist() == [0]
    assert pool.turn(2.0) == [Start("w-1", 0)]


def test_who_says_something_unasked_is_killed():
    pool = pool_of(2)
    assert pool.answered("w-0", [done(0)], 1.0) == [Kill("w-0")]
    assert pool.babbled("w-1") == [Kill("w-1")]
    assert pool.ready("w-0") == pool.babbled("w-1") == []
    assert submit(pool, task(0)) == {}
    assert pool_of(1).ready("w-0") == [Kill("w-0")]
    assert pool_of(1).broken("w-0", "why", 0.0) == [Kill("w-0")]


def test_what_comes_of_the_dead_is_not_listened_to():
    pool = pool_of(1)
    submit(pool, task(0))
    (lost,) = told(pool.died("w-0", Death("ended with exit code 1", "bye"), 1.0))
    assert (lost.reason, lost.detail) == ("worker w-0 ended with exit code 1", "bye")
    before = pool.activity()
    assert pool.answered("w-0", [done(0)], 2.0) == []
    assert pool.died("w-0", Death("died"), 2.0) == []
    assert pool.last_words("w-0", "more") == []
    assert pool.ready("w-0") == pool.broken("w-0", "", 2.0) == pool.babbled("w-0") == []
    pool.placed("w-0", 2.0)
    assert pool.activity() == before


# -- deadlines -------------------------------------------------------------------------------------


def test_who_is_late_is_killed_and_its_candidate_has_failed():
    pool = pool_of(1, timeout=10.0)
    submit(pool, task(0), task(1), now=5.0)
    assert pool.next_time() == 15.0
    assert pool.turn(14.9) == []
    said, kill = pool.turn(15.0)
    assert isinstance(said, Say)
    assert kill == Kill("w-0")
    assert pool.turn(16.0) == []  # once
    assert pool.answered("w-0", [done(0)], 16.0) == []  # a late answer is none
    (outcome,) = told(pool.died("w-0", Death("was killed", "its last words"), 17.0))
    failure = outcome.failures[0]
    assert (failure.kind, failure.detail) == ("deadline", "its last words")
    assert outcome.seconds.tolist() == [10.0]
    assert pool.turn(17.0) == [Start("w-1", 0)]
    assert pool.activity().lost == 0


def test_a_chunk_may_take_as_long_as_its_rows():
    pool = pool_of(1, timeout=10.0)
    submit(pool, task(0, 1, 2))
    assert pool.next_time() == 30.0


def test_setup_has_a_deadline_from_the_place_on():
    pool = pool_of(1, ready=False, setup_timeout=3.0)
    assert pool.turn(100.0) == []
    pool.placed("w-0", 100.0)
    assert pool.turn(103.0) == [Kill("w-0")]
    (end,) = pool.died("w-0", Death("was killed"), 104.0)
    assert end == GiveUp("worker w-0 was not ready after 3 s, its setup_timeout")


def test_last_words_are_waited_for_and_not_for_ever():
    pool = pool_of(2)
    handed = submit(pool, task(0), task(1))
    assert pool.died("w-0", Death("died", None), 1.0) == []
    assert pool.died("w-1", Death("died", None), 2.0) == []
    assert sorted(pool.turn(2.0)) == [("w-2", 0), ("w-3", 1)]  # nobody waits for them to start
    (lost,) = told(pool.last_words("w-0", "alas"))
    assert [lost.task.ids.tolist()] == handed["w-0"]
    assert lost.detail == "alas"
    assert next_todo(pool) == (2.0 + FAREWELL_SECONDS, [StopListening("w-1")])
    assert [t.ids.tolist() for t in pool.tasks_of("w-1")] == handed["w-1"]
    assert len(told(pool.last_words("w-1", ""))) == 1
    assert pool.last_words("w-1", "late") == []


# -- deaths and starts -----------------------------------------------------------------------------


def test_a_machine_that_goes_away_is_nobodys_fault():
    pool = pool_of(2, ready=False)
    for name in ("w-0", "w-1"):
        assert pool.died(name, Death("died", blameless=True), 0.0) == []
    assert len(pool.turn(0.0)) == 2
    pool = pool_of(1)
    submit(pool, task(0))
    (lost,) = told(pool.died("w-0", Death("died", blameless=True), 0.0))
    assert lost.blameless


def test_who_is_ended_for_its_memory_has_failed_alone_and_is_tried_again_in_company():
    pool = pool_of(1)
    submit(pool, task(7))
    (outcome,) = told(pool.died("w-0", Death("died", " said", out_of_memory="OOM:"), 0.0))
    assert outcome.failures[7].kind == "memory"
    assert outcome.failures[7].detail == "OOM: said"


def test_a_setup_that_raises_ends_the_run_at_once_if_nobody_was_ever_ready():
    pool = pool_of(2, ready=False)
    pool.placed("w-0", 0.0)
    assert pool.broken("w-0", "no data here", 0.0) == []
    assert pool.died("w-0", Death("ended", "said"), 0.0) == [GiveUp("no data here\nsaid")]


def test_who_cannot_get_ready_and_does_not_end_is_ended():
    pool = pool_of(1, ready=False)
    pool.placed("w-0", 0.0)
    pool.broken("w-0", "no data here", 1.0)
    assert pool.turn(1.0 + TEARDOWN_SECONDS) == [Kill("w-0")]
    assert pool.died("w-0", Death("was killed"), 7.0) == [GiveUp("no data here")]


def test_deaths_before_being_ready_are_forgiven_three_times_and_then_not():
    pool = pool_of(1, ready=False)
    now = 0.0
    for n in range(2):
        (say,) = pool.died(f"w-{n}", Death("ended", advice=". Look"), now)
        assert say == Say(
            f"another worker is started: worker w-{n} ended before it was ready. Look"
        )
        now = pool.next_time()
        assert pool.turn(now) == [Start(f"w-{n + 1}", 0)]
    (end,) = pool.died("w-2", Death("ended"), now)
    assert end == GiveUp(
        "3 workers in a row ended before they were ready, the last of them: worker w-2 ended "
        "before it was ready"
    )


def test_pauses_between_starts_grow_up_to_a_limit_and_end_with_success():
    pool = pool_of(1)
    now, pauses = 0.0, []
    assert pool.died("w-0", Death("ended"), now) == []
    for n in range(1, LATER_ATTEMPTS):
        before = now
        now, todo = next_todo(pool)
        pauses.append(now - before)
        assert todo == [Start(f"w-{n}", 0)]
        (say,) = pool.died(f"w-{n}", Death("ended"), now)
        assert isinstance(say, Say)
    assert pauses[:4] == pytest.approx([0.0, 0.0, 0.1, 0.2])
    assert all(one <= other + 1e-9 for one, other in itertools.pairwise(pauses))
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE)
    now, (start,) = next_todo(pool)
    pool.placed(start.worker, now)
    pool.ready(start.worker)
    pool.died(start.worker, Death("ended"), now)
    assert next_todo(pool)[0] == now
    assert pool.activity().lost == LATER_ATTEMPTS + 1


# -- shares, sizes, ends ---------------------------------------------------------------------------


def test_a_worker_leaves_after_its_share_and_another_takes_its_slot_once_it_has():
    pool = pool_of(1, most=2)
    submit(pool, task(0), task(1), task(2))
    for id in (0, 1):
        instructions = pool.answered("w-0", [done(id)], 0.0)
        assert (Dismiss("w-0") in instructions) == (id == 1)
        pool.turn(0.0)
    assert pool.activity() == pt.Activity(busy=0, idle=0, starting=1)
    assert pool.turn(1.0) == []
    assert pool.died("w-0", Death("ended"), 2.0) == []
    (start,) = pool.turn(2.0)
    assert start == Start("w-1", 0)
    pool.placed("w-1", 3.0)
    pool.ready("w-1")
    assert sent(pool.turn(3.0)) == {"w-1": [[2]]}
    assert pool.activity().lost == 0


def test_a_teardown_that_does_not_end_is_ended():
    pool = pool_of(1, most=1)
    submit(pool, task(0))
    pool.answered("w-0", [done(0)], 1.0)
    say, kill = pool.turn(1.0 + TEARDOWN_SECONDS)
    assert "teardown() takes too long" in say.text
    assert kill == Kill("w-0")
    assert pool.died("w-0", Death("was killed"), 9.0) == []
    assert pool.turn(9.0) == [Start("w-1", 0)]


def test_who_has_no_place_goes_first_when_there_are_too_many():
    pool = pool_of(3, ready=False)
    pool.placed("w-0", 0.0)
    pool.ready("w-0")
    kills = pool.resize(1, 0.0)
    assert kills == [Kill("w-1"), Kill("w-2")]
    assert pool.resize(1, 0.0) == []  # they go already
    for kill in kills:
        assert pool.died(kill.worker, Death("was killed"), 0.0) == []
    assert pool.turn(0.0) == []
    assert pool.activity() == pt.Activity(busy=0, idle=1, starting=0, lost=0)
    assert pool.resize(2, 1.0) == []
    (start,) = pool.turn(1.0)
    assert start.slot != 0


def test_who_works_goes_on_though_there_are_too_many_and_is_not_replaced():
    pool = pool_of(2)
    handed = submit(pool, task(0), task(1))
    assert pool.resize(1, 0.0) == []
    for worker in handed:
        pool.died(worker, Death("ended"), 1.0)
    assert len(pool.turn(1.0)) == 1


def test_slots_are_never_shared():
    rng = np.random.default_rng(1)
    pool, there, now = pool_of(3, ready=False), {f"w-{i}": i for i in range(3)}, 0.0
    for worker in there:
        pool.placed(worker, now)
        pool.ready(worker)
    for _ in range(300):
        now += 1.0
        what = rng.integers(3)
        todo = []
        if what == 0 and there:
            worker = sorted(there)[int(rng.integers(len(there)))]
            del there[worker]
            todo = pool.died(worker, Death("died", blameless=True), now)
        elif what == 1:
            todo = pool.resize(int(rng.integers(1, 6)), now)
        for each in [*todo, *pool.turn(now)]:
            if isinstance(each, Kill):
                del there[each.worker]
                assert pool.died(each.worker, Death("was killed"), now) == []
            if isinstance(each, Start):
                assert each.slot not in there.values()
                there[each.worker] = each.slot
    assert len(there) >= pool.wanted


def test_seconds_without_a_place_are_counted():
    pool = pool_of(2, ready=False)
    pool.turn(10.0)
    assert pool.without_place(30.0) == 30.0
    pool.placed("w-0", 31.0)
    pool.turn(31.0)
    assert pool.without_place(40.0) == 0.0
    pool.died("w-0", Death("died", blameless=True), 41.0)
    pool.turn(41.0)
    assert pool.without_place(50.0) == 9.0


def test_at_the_end_idle_workers_are_dismissed_and_the_others_ended():
    pool = pool_of(3)
    (busy,) = submit(pool, task(0))
    ending = pool.close()
    assert sorted(each.worker for each in ending if isinstance(each, Dismiss)) == sorted(
        {"w-0", "w-1", "w-2"} - {busy}
    )
    assert [each for each in ending if not isinstance(each, Dismiss)] == [Kill(busy)]
    assert pool.drop_queued() == 0
