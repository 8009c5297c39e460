"""What is logged is stored as what it means, or as text, and never raises."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talkative import Odd

import paretide as pt
from paretide.problems.logged import DEEPEST, plain_value


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Point:
    x: float
    tag: object = None


Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        ({"acc": np.float64(0.25), "n": [np.int8(1)]}, {"acc": 0.25, "n": [1]}),
        (np.eye(2), [[1.0, 0.0], [0.0, 1.0]]),
        (np.array(5), 5),
        (np.longdouble(2), 2.0),
        (np.array(["a", None, 1], dtype=object), ["a", None, 1]),
        (np.datetime64("2020-01-02"), "2020-01-02"),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset("ba"), ["a", "b"]),
        (collections.deque([1]), [1]),
        (range(3), [0, 1, 2]),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        (datetime.timedelta(minutes=1), 60.0),
        (Color.RED, "RED"),
        (Level.HIGH, 3),
        (b"bytes", "bytes"),
        (Point(1.0, Pair(1, 2)), {"x": 1.0, "tag": {"left": 1, "right": 2}}),
        (decimal.Decimal("0.5"), 0.5),
        (decimal.Decimal("3"), 3),
        (fractions.Fraction(1, 4), 0.25),
        ({1: "a", "1": "b", (1, 2): "c"}, {"1": "a", "1 (str)": "b", "(1, 2)": "c"}),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_a_value_is_stored_as_what_it_means(value, expected):
    assert plain_value(value) == (expected, "")


def test_a_tensor_is_its_numbers():
    torch = pytest.importorskip("torch")
    assert plain_value(torch.tensor([1.0, 2.0], requires_grad=True)) == ([1.0, 2.0], "")
    assert plain_value({"loss": torch.tensor(3, dtype=torch.int32)}) == ({"loss": 3}, "")
    assert plain_value(torch.ones(2, dtype=torch.bfloat16)) == ([1.0, 1.0], "")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_what_json_holds_stays_as_it_is(value):
    found, remark = plain_value(value)
    storable = json.loads(json.dumps(value).encode("utf-8", "backslashreplace"))
    assert not remark
    assert found == storable or "\\ud" in json.dumps(value)


class Mute:
    def __repr__(self):
        raise SystemExit

    def __getattr__(self, name):
        raise KeyError(name)


def deep(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("make", "remark"),
    [
        (lambda: object(), "object, which is stored as text"),
        (lambda: Mute(), "Mute raises KeyError"),
        (lambda: {"a": [Mute()]}, "Mute raises KeyError"),
        (lambda: deep, "function, which is stored as text"),
        (lambda: deep(5000), f"nested deeper than {DEEPEST} levels, which is cut"),
        (lambda: 10**5000, "a number of more than 4000 digits, which is stored as text"),
        (lambda: "x" * 11_000_000, "a text of 11000000 characters, which is cut"),
        (lambda: np.zeros(1_000_001), "too large, of shape (1000001,), which is not stored"),
        (lambda: range(10**9), "1000000000 in one range, of which the first are stored"),
    ],
)
def test_anything_else_is_a_text_or_cut_with_a_remark(make, remark):
    found, said = plain_value(make())
    assert said == remark
    assert len(json.dumps(found)) < 20_000_000
    assert " at 0x" not in json.dumps(found)


def test_a_container_in_itself_is_cut():
    value = {"a": 1}
    value["self"] = [value]
    assert plain_value(value)[0] == {"a": 1, "self": ["<dict>"]}


def test_what_is_logged_does_not_change_afterwards():
    ctx = pt.Context(0, 0)
    curve = [1.0]
    ctx.log(curve=curve)
    curve.append(2.0)
    assert ctx.collected() == {"curve": [1.0]}


def test_reports_and_a_log_of_that_name_are_both_kept():
    ctx = pt.Context(0, 0)
    ctx.log(report="mine")
    ctx.report(1, loss=np.float32(0.5))
    assert ctx.collected() == {
        "report_logged": "mine", "report": [{"step": 1, "loss": 0.5}]
    }  # fmt: skip
    assert "report_logged" in ctx.remarks["report"]


@pytest.mark.parametrize("executor", ["serial", pt.ProcessExecutor(workers=2)])
def test_a_run_warns_once_for_each_name(executor, caplog, tmp_path):
    path = tmp_path / "run.h5"
    result = pt.minimize(Odd(), pt.NSGA2(size=8), budget=24, seed=1, executor=executor, store=path)
    assert not result.run.evaluations.failures
    said = [r.getMessage() for r in caplog.records if "ctx.log" in r.getMessage()]
    assert said == ["ctx.log(model=...): object, which is stored as text"]
    assert pt.open_run(path).evaluations.extras[5] == {
        "model": "<object object>", "n": 5, "raw": 5
    }  # fmt: skip
