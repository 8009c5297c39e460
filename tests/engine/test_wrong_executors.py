"""An executor that is wrong is named, with what came and what was expected: never a KeyError."""

import logging

import numpy as np
import pytest
import toy
from spoilt import Mine

import paretide as pt
from paretide.engine.executors import handed
from paretide.engine.executors.handed import Handed
from paretide.errors import ConfigurationError, ExecutorError
from paretide.problems.definition import read_definition


class Another(Mine):
    def spoilt(self, done):
        return done._replace(ids=done.ids + 1000)


class Twice(Mine):
    def collect(self, timeout):
        return [done for done in super().collect(timeout) for _ in range(2)]


class Wide(Mine):
    def spoilt(self, done):
        return done._replace(F=np.zeros((1, 3)))


class Unfinished(Mine):
    def spoilt(self, done):
        return done._replace(F=np.full((1, 2), np.nan))


class Unnamed(Mine):
    def spoilt(self, done):
        return done._replace(status=np.full(1, 2, dtype=np.uint8))


class Texts(Mine):
    def spoilt(self, done):
        return "done"


class Nothing(Mine):
    def collect(self, timeout):
        super().collect(timeout)


class Silent(Mine):
    evaluates_here = True

    def collect(self, timeout):
        return []


class Loses(Mine):
    def spoilt(self, done):
        return pt.LostTask(done.ids.tolist(), "died")


class Ends(Mine):
    """Ends by itself."""

    def collect(self, timeout):
        raise ExecutorError("the batch system is gone")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Another, r"candidate 10\d\d came back, which it does not have"),
        (Twice, r"candidate \d came back, which it does not have: it has come back before"),
        (Wide, r"F must be an array \(1, 2\) of float64, got float64 \(1, 3\)"),
        (Unfinished, r"not finite where status is EVALUATED"),
        (Unnamed, r"candidates \[\d\] are not EVALUATED, and failures has \[\]"),
        (Texts, r"it is a str, not a Completion"),
        (Nothing, r"collect\(\) returned a NoneType: return a list"),
        (Silent, r"returned nothing while it has 8 candidates \(0, 1, 2, 3, 4, ...\)"),
        (Loses, r"a LostTask whose task was never submitted: \[\d\]"),
    ],
)
def test_a_wrong_one_is_named_with_what_it_did(kind, message, tmp_path):
    with pytest.raises(ExecutorError, match=rf"the executor {kind.__name__} is wrong: .*{message}"):
        pt.minimize(
            toy.Schaffer(), pt.NSGA2(size=8), budget=16, seed=1, executor=kind(),
            store=tmp_path / "run.h5",
        )  # fmt: skip


def test_a_right_one_is_right_and_one_that_ends_is_heard():
    result = pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=40, seed=1, executor=Mine())
    whole = pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=40, seed=1)
    assert result.X.tobytes() == whole.X.tobytes()
    with pytest.raises(ExecutorError, match="the batch system is gone"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=40, executor=Ends())


def test_what_a_lost_task_holds_is_not_believed():
    class Swaps(Mine):
        def spoilt(self, done):
            if done.ids[0] == 3 and not hasattr(self, "once"):
                self.once = True
                return pt.LostTask(pt.Task(done.ids, np.full((1, 2), 9.0)), "died")
            return done

    result = pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=40, seed=1, executor=Swaps())
    whole = pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=40, seed=1)
    assert sorted(result.F.tolist()) == sorted(whole.F.tolist())


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        (Mine, "Mine is a class; pass an instance"),
        (object(), "or one of your own, a subclass of pt.Executor"),
        ("threads", "there is no executor 'threads'"),
    ],
)
def test_what_is_no_executor_is_refused(executor, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=8), budget=8, executor=executor)


def test_one_that_lacks_a_method_cannot_be_made():
    class Half(pt.Executor):
        def start(self, job):
            pass

        def submit(self, tasks):
            pass

        def close(self):
            pass

    with pytest.raises(TypeError, match=r"Half .*collect"):
        Half()


# -- those that say nothing ------------------------------------------------------------------------


class Quiet(Mine):
    busy = None

    def activity(self):
        return None if self.busy is None else pt.Activity(self.busy, 2 - self.busy, 0)


def quiet(busy):
    executor = Quiet()
    executor.busy = busy
    follows = Handed(executor, read_definition(toy.Schaffer()))
    follows.give(
        [pt.Task(np.arange(7), np.zeros((7, 2))), pt.Task(np.array([9]), np.zeros((1, 2)))]
    )
    return follows


def test_a_long_silence_is_told_of(caplog):
    follows = quiet(None)
    with caplog.at_level(logging.WARNING):
        for seconds in range(0, 2000, 10):
            assert follows.take([], float(seconds)) == []
    assert caplog.text.count("Quiet has brought nothing for") == 2
    assert "8 candidates (0, 1, 2, 3, 4, ...)" in caplog.text


def test_workers_that_are_busy_may_take_their_time(caplog):
    follows = quiet(1)
    for seconds in range(0, 100_000, 1000):
        follows.take([], float(seconds))
    assert not caplog.text


def test_idle_workers_that_have_tasks_are_wrong():
    follows = quiet(0)
    follows.take([], 0.0)
    follows.take([], handed.IDLE_SECONDS)
    with pytest.raises(ExecutorError, match="2 of its workers have been idle for 60 s"):
        follows.take([], handed.IDLE_SECONDS + 0.1)


def test_no_more_can_be_forgotten_than_there_are():
    for said in (9, -1, None, 0.5):
        with pytest.raises(ExecutorError, match=r"drop_queued\(\) returned"):
            quiet(None).drop(said)
    follows = quiet(None)
    follows.drop(8)
    assert follows.candidates == 0


def test_a_chunk_may_come_back_in_parts():
    follows = quiet(None)
    definition = read_definition(toy.Schaffer())
    assert definition.n_obj == 2

    def part(*ids):
        k = len(ids)
        return pt.Completion(
            np.array(ids), np.ones(k, dtype=np.uint8), np.zeros((k, 2)), np.zeros((k, 0)), {}, {},
            np.zeros(k, dtype=np.uint32), np.zeros(k), "",
        )  # fmt: skip

    follows.take([part(3, 9, 1)], 0.0)
    follows.take([part(0), part(2, 4, 5, 6)], 0.0)
    assert follows.candidates == 0
    with pytest.raises(ExecutorError, match="candidate 3 came back"):
        follows.take([part(3)], 0.0)
