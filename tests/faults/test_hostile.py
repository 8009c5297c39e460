"""Hostile candidates: each fails alone, the rest is evaluated, and nothing hangs."""

import hostile
import pytest

import paretide as pt


def run(kinds, folder, executor, seed=5):
    """Each of the hostile candidates once, in one generation, and another generation."""
    size = len(hostile.deeds(kinds)) + 3
    folder.mkdir()
    return pt.minimize(
        hostile.Hostile(kinds, str(folder)), pt.NSGA2(size=size), budget=2 * size, seed=seed,
        executor=executor, store=folder / "run.h5",
    )  # fmt: skip


def kinds_of(result):
    return {id: failure.kind for id, failure in result.run.evaluations.failures.items()}


def in_words(kinds, expected, result):
    """What became otherwise of which, by name, for the message of a test."""
    names = [name for kind in kinds for name in getattr(hostile, kind)]
    found = kinds_of(result)
    return {
        names[id - 1]: (expected.get(id), found.get(id))
        for id in range(1, len(names) + 1)
        if (id in expected) != (id in found)
    }


class Tame:
    """What any executor bears."""

    def executor(self, **settings):
        raise NotImplementedError

    def test_what_raises_or_returns_anything_fails_alone(self, tmp_path):
        kinds = ("RAISE", "LOG")
        result = run(kinds, tmp_path / "here", self.executor())
        expected = dict.fromkeys(range(1, len(hostile.RAISE) + 1))
        assert not in_words(kinds, expected, result)
        assert len(result.run.evaluations) == 2 * (len(hostile.deeds(kinds)) + 3)
        stored = pt.open_run(tmp_path / "here" / "run.h5")
        assert stored.evaluations.failures == result.run.evaluations.failures
        assert stored.evaluations.extras == result.run.evaluations.extras
        serial = run(kinds, tmp_path / "there", "serial")
        assert result.population.X.tobytes() == serial.population.X.tobytes()
        assert kinds_of(result) == kinds_of(serial)


class TestSerial(Tame):
    def executor(self, **settings):
        return pt.SerialExecutor(**settings)


class Wild(Tame):
    """What only workers bear that are processes of their own."""

    deadly = ("KILL",)
    tries = frozenset({2})

    def test_what_kills_its_worker_fails_alone(self, tmp_path):
        result = run(self.deadly, tmp_path / "here", self.executor())
        expected = dict.fromkeys(range(1, len(hostile.deeds(self.deadly)) + 1), "crash")
        assert not in_words(self.deadly, expected, result)
        assert set(kinds_of(result).values()) == {"crash"}
        tries = [len(list((tmp_path / "here").glob(f"{id}-*"))) for id in expected]
        assert set(tries) <= self.tries

    def test_what_hangs_fails_alone(self, tmp_path):
        result = run(("HANG",), tmp_path / "here", self.executor(timeout=1.0))
        expected = dict.fromkeys(range(1, len(hostile.HANG) + 1), "deadline")
        assert kinds_of(result) == expected

    def test_what_forks_stays_one(self, tmp_path):
        result = run(("FORK",), tmp_path / "here", self.executor())
        assert not kinds_of(result)
        once = {path.name.split("-")[0] for path in (tmp_path / "here").glob("*-*")}
        assert (
            len(once) == len(result.run.evaluations) == len(list((tmp_path / "here").glob("*-*")))
        )


class TestProcesses(Wild):
    deadly = ("KILL", "KILL_PROCESS")

    def executor(self, **settings):
        return pt.ProcessExecutor(workers=2, **settings)


@pytest.mark.ray
@pytest.mark.usefixtures("ray_cluster")
class TestRay(Wild):
    tries = frozenset({2, 3})  # with others at first, which are not to blame for a death

    def executor(self, **settings):
        return pt.RayExecutor(workers=2, cpus=0.5, **settings)
