"""What ``pt.check`` finds of algorithms, terminations and executors that break one rule each."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
import threads
from refusing import halved, in_place, nobody, one_too_many, refused, survivors
from spoilt import Mine

import paretide as pt
from paretide.engine.checking import evaluations
from paretide.errors import (
    ConfigurationError,
    ExecutorError,
    RuleBroken,
    ShapeError,
)

# -- algorithms and terminations -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Search(pt.Algorithm):
    """A right one, for those that follow to spoil."""

    size: int = 4
    calls: list = field(default_factory=list)

    def breed(self, parents, k, space, rng, memory):
        return pt.Uniform()(k, space, rng)


class OneMore(Search):
    def breed(self, parents, k, space, rng, memory):
        return pt.Uniform()(k + 1, space, rng)


class OfNobody(Search):
    def breed(self, parents, k, space, rng, memory):
        rows = np.full((k, 2), len(parents.ids))
        return pt.Uniform()(k, space, rng), rows


class Spoils(Search):
    def breed(self, parents, k, space, rng, memory):
        parents.X[:] = 0.5
        return pt.Uniform()(k, space, rng)


class CountsItself(Search):
    def breed(self, parents, k, space, rng, memory):
        self.calls.append(1)
        return np.full((k, space.n_var), 1 / len(self.calls))


class CountsGenerations(Search):
    """In itself, where ``check`` calls nothing alone."""

    def schedule(self):
        self.calls.append(1)
        return super().schedule()

    def breed(self, parents, k, space, rng, memory):
        X = pt.Uniform()(k, space, rng)
        return X / len(self.calls) if len(parents.ids) == 4 else X


class Objects(Search):
    def breed(self, parents, k, space, rng, memory):
        memory["last"] = "X"
        return pt.Uniform()(k, space, rng)


class KeepsAll(Search):
    def survive(self, F, violation, size, rng, memory):
        return survivors(np.arange(len(F)))


class NoBreed(pt.Algorithm):
    size = 4


@pytest.mark.parametrize(
    ("algorithm", "error", "message"),
    [
        (OneMore(), ShapeError, r"OneMore\(.* returned an array of shape \(2, 5\)"),
        (OfNobody(), ShapeError, r"OfNobody\(.* rows from 1 to 1; expected rows of the population"),
        (Spoils(), RuleBroken, r"Spoils\(.* changed parents, which it was given"),
        (CountsItself(), RuleBroken, r"CountsItself\(.* returned something else when"),
        (CountsGenerations(), RuleBroken, r"asked for other candidates when it was run again"),
        (Objects(), ShapeError, r"Objects\(.* left 'X' \(str\) in its memory"),
        (KeepsAll(), ShapeError, r"KeepsAll.survive returned rows as"),
        (NoBreed(), ConfigurationError, r"NoBreed says nothing of how candidates are made"),
        (pt.NSGA2(size=4, mutation=in_place), RuleBroken, r"in_place changed X"),
        (pt.Evolution(survival=one_too_many), ShapeError, r"one_too_many returned rows"),
        (pt.Evolution(repair=halved), RuleBroken, r"halved changed again"),
        (pt.Evolution(duplicates=nobody), RuleBroken, r"nobody says"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, pt.Algorithm) else None,
)
def test_algorithms(algorithm, error, message):
    refused(algorithm, error, message)


class Often(pt.MaxEvaluations):
    """After so many calls."""

    asked = 0

    def __call__(self, progress):
        type(self).asked += 1
        return "asked" if type(self).asked > 1 else ""


@dataclass
class Last(pt.Termination):
    """Where nothing has changed since it was called last."""

    before: float = np.nan

    def __call__(self, progress):
        total = progress.population.F.sum()
        same, self.before = total == self.before, total
        return "same" if same else ""


@dataclass
class Late(Last):
    """Knows of earlier generations, which a resumed run does not show it."""

    seen: int = -1

    def __call__(self, progress):
        self.seen = max(self.seen, progress.evaluations)
        first = self.before if self.before == self.before else progress.evaluations
        self.before = first
        return "long" if progress.evaluations - first > 10 else ""


class Truth(pt.MaxEvaluations):
    def __call__(self, progress):
        return progress.evaluations > 9


class Sorts(pt.MaxEvaluations):
    def __call__(self, progress):
        progress.population.F.sort(axis=0)
        return ""


class Draws(pt.MaxEvaluations):
    def __call__(self, progress):
        return "luck" if random.random() > 2 else ""


@pytest.mark.parametrize(
    ("termination", "message"),
    [
        (Often(1), r"Often\(.*answered '', when asked again 'asked'"),
        (Last(), r"Last\(.*answered '', when asked again 'same'"),
        (Late(), r"Late\(.*answered 'long', .* and from a resumed run ''"),
        (Truth(1), r"Truth\(.*__call__ returned False \(bool\); expected a text"),
        (Sorts(1), r"Sorts\(.*(raised ValueError: .*read-only|changed the population)"),
        (Draws(1), r"Draws\(.* moved the global generator of Python"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_terminations(termination, message):
    refused(termination, RuleBroken, message)


# -- executors -------------------------------------------------------------------------------------


class Twice(Mine):
    def collect(self, timeout):
        return [done for done in super().collect(timeout) for _ in range(2)]


class Rounded(Mine):
    def spoilt(self, done):
        return done._replace(F=done.F.round(2))


class Seeded(Mine):
    def spoilt(self, done):
        return done._replace(seeds=done.seeds + np.uint32(1))


class Raised(Mine):
    def collect(self, timeout):
        raise OSError("no route to host")


class Silent(Mine):
    def collect(self, timeout):
        return []


class Scales(Mine):
    def submit(self, tasks):
        for task in tasks:
            task.X[:] = 0
        super().submit(tasks)


class Loses(Mine):
    def collect(self, timeout):
        tasks, self.tasks = self.tasks, []
        return [pt.LostTask(task, "the machine is gone") for task in tasks]


class ClosedOnce(Mine):
    def close(self):
        super().close()
        del self.worker


class StartedOnce(Mine):
    def start(self, job):
        if hasattr(self, "worker"):
            raise RuntimeError("threads can only be started once")
        super().start(job)


class Drops(Mine):
    def drop_queued(self):
        return self.tasks


@pytest.mark.parametrize(
    ("executor", "error", "message"),
    [
        (Twice(), ExecutorError, r"Twice is wrong: candidate 0 came back, which it does not have"),
        (Rounded(), RuleBroken, r"Rounded brought back candidate 0 with F .*expected F "),
        (Seeded(), RuleBroken, r"Seeded brought back candidate 0 with .* seed "),
        (Raised(), RuleBroken, r"Raised.* raised OSError: no route to host, in collect"),
        (Silent(), RuleBroken, r"Silent has brought nothing for .* 8 candidates"),
        (Scales(), RuleBroken, r"Scales changed the tasks that it was handed"),
        (Loses(), ExecutorError, r"Loses is wrong: it lost the same tasks 4 times, .*is gone"),
        (ClosedOnce(), RuleBroken, r"ClosedOnce.* raised AttributeError: .*in close"),
        (StartedOnce(), RuleBroken, r"StartedOnce.* raised RuntimeError: .*once, in start"),
        (Drops(), ExecutorError, r"drop_queued\(\) returned \[Task"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, pt.Executor) else None,
)
def test_executors(executor, error, message, monkeypatch):
    monkeypatch.setattr(evaluations, "PATIENCE", 0.01)
    refused(executor, error, message)


def test_the_right_ones_that_were_spoilt_are_right():
    assert pt.check(Mine()).remarks == ()
    assert pt.check(Search()).remarks == ()


def test_one_that_loses_a_task_once_is_no_worse_for_it():
    class Stumbles(threads.Threads):
        def collect(self, timeout):
            found = super().collect(timeout)
            if hasattr(self, "once") or not found:
                return found
            self.once = True
            done = found[0]
            return [pt.LostTask(pt.Task(done.ids, np.zeros((1, 5))), "stumbled"), *found[1:]]

    remarks = pt.check(Stumbles()).remarks
    assert any("it lost a task: stumbled" in remark for remark in remarks)
