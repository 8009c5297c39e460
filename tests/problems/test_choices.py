"""Choices are told apart by what they are, the same in every process."""

import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import json
import math
import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretide import Choice, Float, Ordinal, Space
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition
from paretide.problems.description import definition_from, differing
from paretide.problems.identity import as_text, identity
from paretide.problems.problem import Problem


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Size(enum.IntEnum):
    SMALL = 16
    LARGE = 64


@dataclasses.dataclass(frozen=True)
class Settings:
    depth: int
    act: str = "relu"


@dataclasses.dataclass(frozen=True, slots=True)
class Slots:
    depth: int


class Cosine:
    """Without equality: each instance is its own."""

    def __init__(self, k):
        self.k = k


class Hostile:
    """Raises wherever it is looked at."""

    def __repr__(self):
        raise RuntimeError("no text")

    def __eq__(self, other):
        raise RuntimeError("no equality")

    __hash__ = None

    def __reduce_ex__(self, protocol):
        raise RuntimeError("no copy")


Point = collections.namedtuple("Point", "x y")


def act(value, slope=1.0):
    return value * slope


def made(slope):
    def inner(value):
        return value * slope

    return inner


def described(variable):
    """Strict JSON, as the store keeps it."""
    return json.loads(json.dumps(variable.describe(), allow_nan=False))


MANY = {
    "types": [1, 1.0, True, "1", None, "None", [1], (1,), {1}, frozenset({1}), {1: 1}],
    "not finite": [math.nan, math.inf, -math.inf, 0.0],
    "nested": [(64,), (64, 64), [(1, 2), {"a": [None]}], {"a": (1,)}, {"a": [1]}],
    "sets": [{"rot", "flip", "crop", "mix"}, {"flip", "noise", "hue"}, set()],
    "partials": [functools.partial(act, slope=0.1), functools.partial(act, slope=0.2), act],
    "classes": [dict, list, Cosine, Settings],
    "functions": [act, math.sin, len, np.tanh, np.mean, str.lower],
    "objects": [Cosine(1), Cosine(2), Cosine([1, 2]), Cosine(Cosine(1))],
    "dataclasses": [Settings(1), Settings(2), Settings(1, "gelu"), Slots(1), Slots(2)],
    "tuples with names": [Point(1, 2), Point(2, 1), (1, 2)],
    "enumerations": [*Colour, *Size, 16],
    "paths": [pathlib.Path("data/a"), pathlib.Path("data/b"), "data/a"],
    "dates": [datetime.date(2025, 1, 1), datetime.timedelta(1), decimal.Decimal("0.1"), "1 day"],
    "bytes": [b"a", b"b", "a", 1j, 2j],
    "arrays": [np.arange(3), np.arange(4), np.eye(2), [0, 1, 2]],
    "large": [np.arange(5000), np.arange(5001), "a" * 10_000],
    "modules": [math, json],
}


@pytest.mark.parametrize("values", MANY.values(), ids=MANY)
@pytest.mark.parametrize("kind", [Choice, Ordinal])
def test_every_value_has_its_own_code_and_text(kind, values):
    variable = kind(values)
    shown = [variable.show(code) for code in range(len(values))]
    assert len({repr(text) for text in shown}) == len(values)
    for code in range(len(values)):
        assert variable.encode(variable.decode(code)) == code
        assert variable.encode(variable.show(code)) == code
    assert "0x" not in str(described(variable))


@pytest.mark.parametrize("values", MANY.values(), ids=MANY)
def test_a_description_makes_a_variable_that_is_described_alike(values):
    description = described(Choice(values))
    description.pop("kind")
    again = Choice.described_by(**description)
    assert again == Choice(values)
    assert described(again) == described(Choice(values))
    assert [again.show(i) for i in range(len(values))] == description["values"]


def test_values_that_python_alone_can_make_come_back_as_they_are():
    values = [(64,), [64], {"a": (1, None)}, {1, 2}, math.inf, b"a", 1j]
    description = described(Choice(values))
    description.pop("kind")
    assert list(Choice.described_by(**description).values) == values


def test_what_evaluate_gets_is_what_was_given():
    values = [act, Cosine, Settings(3), Colour.RED, pathlib.Path("a")]
    variable = Choice(values)
    assert all(variable.decode(i) is value for i, value in enumerate(values))


def test_equal_values_are_found_whoever_made_them():
    variable = Choice([functools.partial(act, slope=0.1), Cosine(1), Cosine(2), {"a", "b"}])
    assert variable.encode(functools.partial(act, slope=0.1)) == 0
    assert variable.encode(Cosine(2)) == 2
    assert variable.encode({"b", "a"}) == 3
    with pytest.raises(ConfigurationError, match="is none of"):
        variable.encode(Cosine(3))


@pytest.mark.parametrize(
    "twice",
    [
        [Cosine(1), Cosine(1)],
        [0.0, -0.0],
        [math.nan, float("nan")],
        [functools.partial(act, 1), functools.partial(act, 1)],
        [{"a", "b"}, {"b", "a"}],
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
        [np.arange(3), np.arange(3.0).astype(int)],
        [np.int64(3), 3],
    ],
    ids=str,
)
def test_what_is_the_same_stands_there_once(twice):
    with pytest.raises(ConfigurationError, match="stands there twice"):
        Choice(twice)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (lambda v: v, "a lambda has no name"),
        (made(0.1), "depends on variables of the function around it"),
        (functools.partial(lambda v: v), "a lambda has no name"),
        (Cosine(lambda v: v), "a lambda has no name"),
        (object(), "nothing that tells it from another"),
        (Hostile(), "RuntimeError: no copy"),
        (sys.stdout, "TypeError"),
        ((i for i in range(3)), "TypeError"),
    ],
    ids=[
        "lambda",
        "closure",
        "partial",
        "object with one",
        "object",
        "hostile",
        "file",
        "iterator",
    ],
)
def test_what_has_no_identity_is_refused_with_the_remedy(value, why):
    with pytest.raises(ConfigurationError, match="give it a label") as caught:
        Choice(["a", value])
    assert why in str(caught.value)
    labelled = Choice({"plain": "a", "odd": value})
    assert labelled.decode(1.0) is value
    assert labelled.encode("odd") == 1
    assert described(labelled)["values"] == ["plain", "odd"]


def test_what_contains_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ConfigurationError, match="contains itself"):
        Choice([endless, 1])


def test_labels_are_what_counts():
    one, other = Choice({"a": Cosine(1), "b": act}), Choice({"a": Cosine(2), "b": made(0.1)})
    assert one == other
    assert described(one) == described(other)
    assert one != Choice(["a", "b"])
    with pytest.raises(ConfigurationError, match="a label must be a string, got 1"):
        Choice({1: "a", "b": 2})
    with pytest.raises(ConfigurationError, match="'a' is a label and another one's value"):
        Choice({"a": "b", "c": "a"})
    assert Choice({"a": "a", "b": 2}).encode("a") == 0


def test_tensors_are_numbers_and_weights_are_drawn():
    torch = pytest.importorskip("torch")
    assert Choice(torch.tensor([1, 2])).values == (1, 2)
    modules = Choice([torch.nn.ReLU(), torch.nn.LeakyReLU(0.1), torch.nn.LeakyReLU(0.2)])
    assert modules.encode(torch.nn.LeakyReLU(0.2)) == 2
    assert Choice([torch.relu, torch.float16, torch.nn.functional.relu]).encode(torch.float16) == 1
    with pytest.raises(ConfigurationError, match="may hold other numbers next time"):
        Choice([torch.nn.Linear(2, 2), torch.nn.ReLU()])


# -- what may be passed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        np.array([16, 32, 64]),
        np.array([16, 32, 64], dtype=np.uint8),
        range(16, 80, 16),
        {16: "a", 32: "b"}.keys(),
        {"a": 16, "b": 32}.values(),
        [np.int32(16), np.array(32)],
        collections.deque([16, 32]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", [Choice, Ordinal])
def test_numbers_are_numbers_wherever_they_come_from(kind, values):
    variable = kind(values)
    assert variable.values[:2] in ((16, 32), (16, 32, 64)[:2])
    assert all(type(value) is int for value in variable.values)
    assert "are" not in described(variable)


def test_columns_of_pandas_are_lists():
    pandas = pytest.importorskip("pandas")
    assert Choice(pandas.Series([0.1, 0.2])).values == (0.1, 0.2)
    assert Choice(pandas.Index(["a", "b"])).values == ("a", "b")
    assert Choice(pandas.Series(["a", "b"]).astype("category")).values == ("a", "b")


def test_rows_of_an_array_are_lists_and_times_stay_times():
    assert Choice(np.array([[16, 16], [32, 64]])).values == ([16, 16], [32, 64])
    times = np.array(["2025-01-01", "2026-01-01"], dtype="M8[ns]")
    assert Choice(times).values == tuple(times)
    assert described(Choice(times))["values"][0].startswith("2025-01-01")


def test_an_enumeration_is_the_list_of_its_members():
    assert Choice(Colour).values == (Colour.RED, Colour.BLUE)
    assert Choice(Colour).show(1) == "Colour.BLUE"


def test_numbers_of_numpy_inside_of_containers_are_numbers():
    variable = Choice([(np.int64(3), np.float32(0.5)), [np.True_]])
    assert [type(v) for v in variable.decode(0)] == [int, float]
    assert variable.decode(1) == [True]
    assert type(variable.decode(1)[0]) is bool


@pytest.mark.parametrize("value", [[1, [2]], {"a": [1]}, np.arange(3), {1, 2}], ids=repr)
def test_what_evaluate_changes_is_its_own_copy(value):
    variable = Choice([value, "other"])
    before = described(variable)
    for _ in range(2):
        mine = variable.decode(0)
        if isinstance(mine, list):
            mine[1].append(3)
        elif isinstance(mine, dict):
            mine["a"].append(2)
        elif isinstance(mine, set):
            mine.add(3)
        else:
            mine += 1
    fresh = Choice([variable.decode(0), "other"])
    assert described(fresh) == before
    if isinstance(value, list):
        value.append("changed")
        assert described(Choice([variable.decode(0), "other"])) == before


# -- other processes -------------------------------------------------------------------------------

MODULE = """
import dataclasses, enum, functools, json, math, pathlib
import numpy as np
import paretide as pt

def act(v, slope): return v * slope

class Cosine:
    def __init__(self, k): self.k = k

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass(frozen=True)
class Settings:
    names: frozenset

space = pt.Space(
    function=pt.Choice([act, functools.partial(act, slope=0.1), math.sin, np.tanh]),
    object=pt.Choice([Cosine({"x", "y", "z"}), Cosine(act), Settings(frozenset("abcdef"))]),
    set=pt.Choice([set("abcdefgh"), frozenset("hgfedcb"), {"k": set("xyz")}]),
    odd=pt.Ordinal([math.nan, (1, 2), Colour.RED, Cosine, pathlib.Path("a/b"), b"x", 1j]),
)
if __name__ == "__main__":
    print(json.dumps(space.describe(), allow_nan=False))
"""


def test_the_description_is_the_same_in_every_process(tmp_path):
    (tmp_path / "tune.py").write_text(MODULE)
    imported = "import json, tune; print(json.dumps(tune.space.describe()))"
    loaded = textwrap.dedent("""
        import json, sys
        from paretide.problems.reference import load_problem, FILE_MODULE
        try: load_problem("tune.py:space")
        except Exception: pass
        module = next(m for name, m in sys.modules.items() if name.startswith(FILE_MODULE))
        print(json.dumps(module.space.describe()))
    """)
    texts = {
        subprocess.run(
            [sys.executable, *command], env={**os.environ, "PYTHONHASHSEED": str(seed)},
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed, command in enumerate(
            (["tune.py"], ["-m", "tune"], ["-c", imported], ["-c", loaded]), start=1
        )
    }  # fmt: skip
    assert len(texts) == 1
    assert "tune:Cosine" in texts.pop()


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.integers() | st.text()
anything = st.recursive(
    plain | st.binary(max_size=3) | st.builds(Cosine, plain) | st.dates(),
    lambda v: (
        st.lists(v, max_size=3)
        | st.lists(v, max_size=3).map(tuple)
        | st.dictionaries(keys, v, max_size=3)
        | st.frozensets(keys, max_size=3)
        | st.builds(Cosine, v)
    ),
)


@settings(deadline=None)
@given(st.lists(anything, min_size=1, max_size=5))
def test_any_list_of_values_is_kept_apart(values):
    if len({as_text(identity(value)) for value in values}) < len(values):
        with pytest.raises(ConfigurationError, match="stands there twice"):
            Choice(values)
        return
    variable = Choice(values)
    description = described(variable)
    description.pop("kind")
    again = Choice.described_by(**description)
    assert again == variable
    for code in range(len(values)):
        assert variable.encode(variable.decode(code)) == code
        assert again.encode(again.decode(code)) == code
        assert again.encode(values[code]) == code


# -- stored definitions ----------------------------------------------------------------------------


def definition_of(variable, **more):
    class Tune(Problem):
        space = Space(what=variable, **more)
        objectives = {"f": "min"}

        def evaluate(self, x, ctx):
            return {"f": 0.0}

    return read_definition(Tune())


@pytest.mark.parametrize("values", MANY.values(), ids=MANY)
def test_a_stored_definition_agrees_with_its_own(values):
    stored = json.loads(json.dumps(definition_of(Choice(values)).describe()))
    assert differing(stored, definition_of(Choice(values))) == {}
    assert differing(stored, definition_from(stored)) == {}
    assert differing(definition_from(stored).describe(), definition_of(Choice(values))) == {}
    backwards = definition_of(Choice(list(reversed(values))))
    assert differing(stored, backwards).keys() == {"space, what"}


def test_a_script_is_the_module_that_it_would_be_imported_as(monkeypatch):
    stored = {}
    for module in ("train", "package.train"):
        for what in (act, Cosine, Settings, Colour):
            monkeypatch.setattr(what, "__module__", module)
        given_by = definition_of(Choice([act, Cosine, Settings(1), Colour.RED]))
        if module == "train":
            stored = json.loads(json.dumps(given_by.describe()))
        assert differing(stored, given_by) == {}
    monkeypatch.setattr(act, "__module__", "retrain")
    others = definition_of(Choice([act, Cosine, Settings(1), Colour.RED]))
    assert differing(stored, others).keys() == {"space, what"}


def test_the_variable_that_differs_is_named():
    stored = definition_of(Choice([1, 2]), rate=Float(0, 1)).describe()
    (part, (there, here)), *others = differing(
        stored, definition_of(Choice([1, 2]), rate=Float(0, 2))
    ).items()
    assert (part, there["high"], here["high"], others) == ("space, rate", 1.0, 2.0, [])
    assert differing(stored, definition_of(Choice([1, 2]))).keys() == {"space"}


def old(*values):
    """As versions wrote it that stored by ``repr`` what JSON cannot hold."""
    stored = definition_of(Choice(["placeholder"])).describe()
    stored["space"]["variables"]["what"]["values"] = list(values)
    return json.loads(json.dumps(stored))


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ([1, 2.5, "a", None, True], [1, 2.5, "a", None, True]),
        ([math.nan, -0.0], [math.nan, 0.0]),
        ([16, 64], list(Size)),
        (["(64,)", "[64]"], [(64,), [64]]),
        (["{'mix', 'crop', 'flip'}"], [{"flip", "crop", "mix"}]),
        (["builtins.dict", f"{__name__}.Cosine"], [dict, Cosine]),
        (
            [f"functools.partial(<function act at 0x7f{i}>, slope=0.{i})" for i in (1, 2)],
            [functools.partial(act, slope=0.1), functools.partial(act, slope=0.2)],
        ),
        (["Settings(depth=1, act='relu')"], [Settings(1)]),
        (["(1, 2)", "(1, 2)'"], ["(1, 2)", (1, 2)]),
    ],
    ids=str,
)
def test_what_an_older_version_printed_is_known_again(texts, values):
    given_by = definition_of(Choice(values))
    assert differing(old(*texts), given_by) == {}
    assert differing(definition_from(old(*texts)).describe(), given_by) == {}


def test_the_file_that_a_function_was_loaded_from_may_have_moved(monkeypatch):
    monkeypatch.setattr(act, "__module__", "paretide_file_fedcba9876543210")
    stored = old("paretide_file_0123456789abcdef.act")
    assert differing(stored, definition_of(Choice([act]))) == {}


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ([1, 2], [1, 3]),
        ([1, 2], [1, 2, 3]),
        ([1, 2], [1.0, 2]),
        (["<Cosine object at 0x7f00>"], [Cosine(1)]),  # of which one cannot tell
        (["{'a', 'b'}"], [{"a", "c"}]),
        (["functools.partial(<function act at 0x7f1>, slope=0.3)"], [functools.partial(act, 1)]),
    ],
    ids=str,
)
def test_what_an_older_version_printed_is_not_taken_for_another(texts, values):
    assert differing(old(*texts), definition_of(Choice(values))).keys() == {"space, what"}
