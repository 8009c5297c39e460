"""Algorithms, parts and executors are written down by name and come back, or it is said why not."""

import importlib
import json
import re
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine import kinds
from paretide.engine.algorithms.algorithm import Algorithm
from paretide.engine.executors.base import Executor
from paretide.engine.executors.stored import EXECUTOR, describe_executor, stored_executor
from paretide.engine.runs.manifest import ALGORITHM
from paretide.errors import ConfigurationError, ProblemReferenceError
from paretide.operators.mating.tournament import Tournament
from paretide.operators.parts import Part
from paretide.operators.sampling.uniform import Uniform
from paretide.operators.survival.rank_and_crowding import RankAndCrowding
from paretide.problems.own_names import OWN_NAMES, own_class, own_name

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
import pathlib
import paretide as pt
from paretide.operators.parts import Mutation, Part, crossover

def touch(*args, **kwargs):
    (pathlib.Path(__file__).parent / "touched").touch()

@crossover(parents=2)
def exchange(A, B, space, rng):
    touch()

plain = touch
unnamed = crossover(lambda A, B, space, rng: A)

@dataclass(frozen=True)
class Shift(Mutation):
    prob: float = 0.2
    sizes: tuple = (1, 2)
    inner: Part | None = None
    more: object = None
    def __call__(self, X, space, rng):
        touch()

@dataclass(frozen=True, kw_only=True)
class Mine(pt.NSGA2):
    shift: Part | None = None

class Kept(Mutation):
    def __init__(self, prob):
        self.prob = prob

class Bare(Mutation):
    pass

class Odd(Part):
    def __new__(cls, *args):
        return object.__new__(object)

class Holder:
    exchange = exchange
    touch = touch

class NoPart:
    def __init__(self, *args, **kwargs):
        touch()

made = Mine(size=8)
shift = Shift(0.5)

def local(by=1):
    @dataclass(frozen=True)
    class Hidden(Mutation):
        by: int = 1
    return Hidden(by)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """An importable module that is gone after the test."""
    (tmp_path / "parts_of_users.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield importlib.import_module("parts_of_users")
    del sys.modules["parts_of_users"]


def stored(description):
    """As a file gives it back."""
    return json.loads(json.dumps(description))


def again(thing, role=kinds.PART):
    description = kinds.describe(thing)
    assert not kinds.reasons(description)
    return kinds.read(stored(description), role, kinds.folders_of(description))


# -- our own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OWN_NAMES)
def test_every_short_name_leads_to_a_class_that_has_it(name):
    assert own_name(own_class(name)) == name


def test_everything_that_we_bring_has_a_short_name():
    public = [value for name in pt.__all__ if isinstance(value := getattr(pt, name), type)]
    brought = [kind for kind in public if issubclass(kind, (Part, Algorithm, Executor))]
    roles = {Part, Algorithm, Executor, *Part.__subclasses__()}
    assert [kind for kind in brought if kind not in roles and not own_name(kind)] == []


@pytest.mark.parametrize(
    "space",
    [pt.Real(0, 1, n=2), pt.Integer(0, 3, n=2), pt.Binary(3), pt.Space(a=pt.Bool())],
    ids=repr,
)
def test_our_own_spaces_are_called_so_in_files(space):
    assert space.describe()["kind"] == own_name(type(space))


@pytest.mark.parametrize(
    "part",
    [pt.SBX(), pt.PolynomialMutation(prob=0.5), pt.BitFlip(), Uniform(), Tournament(),
     pt.Tournament(by="rank"), pt.UniformCrossover(prob_var=0.25),
     RankAndCrowding(crowding="once")],
    ids=repr,
)  # fmt: skip
def test_our_own_parts_are_short_and_come_back(part):
    assert kinds.describe(part)["kind"] == type(part).__name__
    assert again(part) == part


@pytest.mark.parametrize(
    "algorithm",
    [
        pt.NSGA2(size=12, crossover=pt.SBX(prob=0.5), mutation=pt.PolynomialMutation(eta=3)),
        pt.NSGA2(size=pt.Doubling(4, 20, 30, 10), mode="steady", window=8),
        pt.NSGA2(crossover=None),
        pt.Evolution(mutation=None),
        pt.NSGA2(size=pt.BudgetShare(4, 20)),
        pt.DynamicNSGA2(start=4, max_size=16, mutation=pt.BitFlip(prob=0.1)),
        pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=3),
    ],
    ids=repr,
)
def test_our_own_algorithms_are_short_and_come_back(algorithm):
    description = kinds.describe(algorithm)
    assert description["kind"] == algorithm.name
    assert ":" not in json.dumps(list(_kinds(description)))
    assert again(algorithm, ALGORITHM) == algorithm


def _kinds(description):
    if isinstance(description, dict):
        if "kind" in description:
            yield description["kind"]
        for value in description.values():
            yield from _kinds(value)


def test_settings_of_older_files_are_read():
    older = {
        "kind": "nsga2",
        "size": {"schedule": "Doubling", "start": 4, "max_size": 20, "tau": 30, "first_tau": 10},
        "crossover": {"operator": "SBX", "prob": 0.5, "eta": 15.0, "prob_var": 0.5},
    }
    size = pt.Doubling(4, 20, 30, 10)
    expected = pt.NSGA2(size=size, crossover=pt.SBX(prob=0.5))
    assert kinds.read(older, ALGORITHM) == expected
    described = kinds.describe(expected)
    assert kinds.same(kinds.renewed(older["crossover"]), described["crossover"])


@pytest.mark.parametrize(
    ("description", "role", "message"),
    [
        ({"kind": "nsga3"}, ALGORITHM, "no algorithm 'nsga3'; choose one of .*'nsga2'.*file.py:N"),
        ({"kind": "SBX"}, ALGORITHM, "no algorithm 'SBX'"),
        ({"kind": "nsga2"}, kinds.PART, "no part 'nsga2'; choose one of .*'SBX'"),
        ({"kind": "nsga2", "sizes": 3}, ALGORITHM, "nsga2 has no setting 'sizes'; you mean size"),
        ({"kind": "nsga2", "mutation": {"kind": "SXB"}}, ALGORITHM, "mutation: there is no part"),
        ({"kind": "nsga2", "size": {"kind": "nsga2"}}, ALGORITHM, "size: there is no part 'nsga2'"),
        ({"size": 3}, ALGORITHM, "must name its kind, one of .*'nsga2'"),
        ({"kind": 3}, ALGORITHM, "must name its kind"),
        ([], ALGORITHM, "must name its kind"),
        ({"kind": "Doubling", "start": []}, kinds.PART, "start must be a whole number"),
    ],
)
def test_what_there_is_none_of_is_named(description, role, message):
    with pytest.raises(ConfigurationError, match=message):
        kinds.read(description, role)


# -- a user's --------------------------------------------------------------------------------------


def test_a_decorated_function_is_its_name_alone_and_is_not_called(module, tmp_path):
    description = kinds.describe(module.exchange)
    assert description == {"kind": "parts_of_users:exchange"}
    assert kinds.folders_of(description) == {"parts_of_users": str(tmp_path)}
    assert again(module.exchange) is module.exchange
    with pytest.raises(ConfigurationError, match=r"made already, and takes no settings: .*'prob'"):
        kinds.read({**description, "prob": 1}, kinds.PART)
    assert not (tmp_path / "touched").exists()


def test_a_dataclass_is_its_name_and_fields_with_parts_in_it(module, tmp_path):
    part = module.Shift(
        np.float64(0.5), (3, (4, "x")), module.Shift(inner=module.exchange), [{"a": None}, pt.SBX()]
    )
    description = kinds.describe(part)
    assert description["kind"] == "parts_of_users:Shift"
    assert description["inner"]["inner"] == {"kind": "parts_of_users:exchange"}
    assert description["more"][1]["kind"] == "SBX"
    assert again(part) == part
    assert type(again(part).prob) is float
    assert not (tmp_path / "touched").exists()


def test_an_algorithm_of_ones_own(module):
    algorithm = module.Mine(size=8, shift=module.Shift(), mutation=pt.PolynomialMutation())
    assert again(algorithm, ALGORITHM) == algorithm
    assert again(module.made, ALGORITHM) == module.made


def test_a_file_and_a_module_are_the_same_wherever_they_stand(module, tmp_path):
    file = tmp_path / "elsewhere" / "parts_of_users.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    there = kinds.read({"kind": f"{file}:Shift", "prob": 0.5}, kinds.PART)
    assert kinds.describe(there)["kind"] == f"{file}:Shift"
    here = kinds.describe(module.Shift(0.5))
    assert kinds.same(kinds.describe(there), here)
    assert not kinds.same(kinds.describe(there), kinds.describe(module.Shift(0.6)))
    assert not kinds.same({"kind": f"{file}:Shifts"}, {"kind": "parts_of_users:Shift"})
    assert not kinds.same({"kind": "parts_of_users:SBX"}, {"kind": "SBX"})


# -- what cannot be written down -------------------------------------------------------------------


@dataclass(frozen=True)
class Typed(Part):
    """With a field of any kind."""

    value: object = None
    kind: object = None


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda m: m.unnamed, "a lambda has no name"),
        (lambda m: m.local(), "Hidden is defined inside a function"),
        (lambda m: m.Kept(0.5), "Kept .*keeps no arguments"),
        (lambda m: m.Shift, "Shift is a class; an instance was expected"),
        (lambda m: m.Shift(more=object()), "more: JSON cannot hold <object"),
        (lambda m: m.Shift(more=np.zeros(3)), "more: JSON cannot hold array"),
        (lambda m: m.Shift(more=[m.unnamed]), r"more\.0: a lambda has no name"),
        (lambda m: m.Shift(inner=m.Shift(inner=m.unnamed)), r"inner\.inner: a lambda"),
        (lambda m: m.Shift(sizes=(1, m.unnamed)), r"sizes\.1: a lambda"),
        (lambda m: m.Shift(more={1: 2}), "more: its keys must be texts"),
        (lambda m: m.Shift(more={"kind": "os:system"}), "more: its keys must be texts, and none"),
        (lambda m: Typed(), "argument 'kind'"),
    ],
)
def test_what_cannot_be_written_down_says_why(module, make, reason):
    description = kinds.describe(make(module))
    (found,) = kinds.reasons(description)
    assert re.search(reason, found)
    with pytest.raises(ProblemReferenceError, match="could not be stored"):
        kinds.read(stored(description), kinds.PART)


def test_what_was_left_open_is_compared_no_further(module):
    one, other = module.Shift(inner=module.unnamed), module.Shift(inner=pt.SBX())
    assert kinds.same(kinds.describe(one), kinds.describe(other))
    assert not kinds.same(kinds.describe(one), kinds.describe(module.Shift()))
    assert not kinds.same(kinds.describe(one), kinds.describe(module.Shift(0.9, inner=pt.SBX())))


# -- what a file may name --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["plain", "touch", "NoPart", "made", "Mine", "Holder", "Holder.touch", "nothing",
     "pathlib.Path",
     "Holder.exchange.function", "exchange.function", "exchange.function.__globals__", "unnamed.x",
     "Shift.__call__", "dataclass", "pt", "pt.minimize", "local", "Odd", "shift.inner"],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside"])
def test_a_file_names_a_part_or_nothing(module, name, inside, tmp_path):
    description = {"kind": f"parts_of_users:{name}"}
    if inside:
        description = {"kind": "nsga2", "crossover": description}
    with pytest.raises(ProblemReferenceError):
        kinds.read(description, ALGORITHM if inside else kinds.PART)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("name", ["exchange", "Holder.exchange", "shift", "Shift", "Bare"])
def test_a_part_is_found_by_any_name(module, name):
    assert isinstance(kinds.read({"kind": f"parts_of_users:{name}"}, kinds.PART), Part)


@pytest.mark.parametrize(
    "target", ["os:system", "antigravity:x", "subprocess:Popen", "a:b", "x.py:y"]
)
def test_what_is_on_every_machine_is_no_part(target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("open('touched', 'w')")
    (tmp_path / "x.py").write_text("open('touched', 'w')")
    for description in (
        {"kind": target, "command": "touch touched"},
        {"kind": "SBX", "prob": {"kind": target, "command": "touch touched"}},
        {"kind": "SBX", "prob": {"tuple": [{"operator": target}]}},
    ):
        with pytest.raises(ProblemReferenceError):
            kinds.read(description, kinds.PART)
    assert "antigravity" not in sys.modules
    assert not (tmp_path / "touched").exists()


def test_the_user_may_name_what_stands_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "named_parts.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    part = kinds.read_named({"kind": "named_parts.py:Shift", "prob": 0.7}, kinds.PART)
    assert part.prob == 0.7
    with pytest.raises(ProblemReferenceError, match=r"a function .*decorate it, as with @"):
        kinds.read_named({"kind": "named_parts.py:plain"}, kinds.PART)
    with pytest.raises(ProblemReferenceError, match=r"the class .*NoPart.* and no part"):
        kinds.read_named({"kind": "named_parts.py:NoPart"}, kinds.PART)
    assert not (tmp_path / "touched").exists()


# -- executors -------------------------------------------------------------------------------------


def test_our_own_executors_come_back():
    for executor in (pt.SerialExecutor(), pt.ProcessExecutor(workers=2, timeout=3.0)):
        settings = stored(describe_executor(executor))
        assert settings["name"] in kinds.own_names(EXECUTOR)
        assert stored_executor(settings).settings() == executor.settings()


class Loud(pt.SerialExecutor):
    """Would come back without what makes it loud."""


def test_an_executor_that_descends_from_ours_is_not_stored_as_ours():
    settings = stored(describe_executor(Loud()))
    assert settings["name"] == ""
    with pytest.raises(ConfigurationError, match=r"Loud descends from SerialExecutor.*executor="):
        stored_executor(settings)


class Vague(pt.SerialExecutor):
    """Says what JSON cannot hold."""

    def settings(self):
        return {"name": "serial", "lock": object()}


def test_settings_that_no_file_can_hold_are_told_of_before_the_run(tmp_path, caplog):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=4), budget=4, seed=1, store=path, executor=Vague())
    assert "need the executor passed again: settings() of Vague gives no name" in caplog.text
    with pytest.raises(ConfigurationError, match=r"executor=\.\.\."):
        pt.resume(path, budget=4)
    pt.resume(path, budget=4, executor="serial")


def test_a_problem_is_no_executor():
    with pytest.raises(ProblemReferenceError, match="Schaffer is no executor"):
        stored_executor({"name": f"{toy.__name__}:Schaffer", "arguments": {}})
