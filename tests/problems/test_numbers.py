"""What user code returns as numbers."""

import math
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import paretide as pt
from paretide.problems.numbers import number_array, one_number


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (True, 1.0), (np.True_, 1.0), (np.float16(2), 2.0), (np.uint64(2**63), 2.0**63),
        (np.array([3.0]), 3.0), (np.array([[3]]), 3.0), (np.array(4, dtype=object), 4.0),
        (Fraction(1, 4), 0.25), (Decimal("1.5"), 1.5), (-0.0, -0.0), (5e-324, 5e-324),
        (10**400, math.inf), (-(10**400), -math.inf), (np.longdouble("1e4000"), math.inf),
    ],
)  # fmt: skip
def test_one_number_of_any_library(value, number):
    found = one_number(value)
    assert type(found) is float
    assert found == number
    assert math.copysign(1, found) == math.copysign(1, number)


@pytest.mark.parametrize(
    "value", [np.ma.masked, np.ma.array([1.0], mask=[True]), np.float32("nan")]
)
def test_what_is_missing_is_nan(value):
    assert math.isnan(one_number(value))


@pytest.mark.parametrize(
    "value",
    [
        "3", b"3", np.str_("3"), np.bytes_(b"3"), np.array("3"), 1j, np.complex64(3), None,
        np.array([1, 2]), np.array([]), [3], np.timedelta64(5, "s"), np.datetime64("2020-01-01"),
        np.array("3", dtype=object),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        one_number(value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (np.array([[1.5]], "f4"), [[1.5]]),
        (np.array([[True, False]]), [[1, 0]]),
        (np.array([[10**400, -(10**400)]], dtype=object), [[np.inf, -np.inf]]),
        ([[None, 1.0]], [[np.nan, 1]]),
        (np.ma.array([[1.0, 2.0]], mask=[[False, True]]), [[1, np.nan]]),
        (np.ma.array([[1, 2]], mask=[[False, True]]), [[1, np.nan]]),
        (np.array([["1e400"]], dtype=np.longdouble), [[np.inf]]),
        (np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(6).reshape(2, 3)),
    ],
)
def test_arrays_of_numbers(values, expected):
    found = number_array(values)
    assert found.dtype == np.float64
    assert type(found) is np.ndarray
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "values",
    [[["1"]], np.array([["1", 2]], dtype=object), np.array([[1j]]), [[1], [1, 2]], [[b"1"]]],
)
def test_arrays_of_anything_else_are_refused(values):
    with pytest.raises((TypeError, ValueError)):
        number_array(values)


def test_the_copy_is_one():
    values = np.array([[1.0]])
    assert not np.shares_memory(number_array(values), values)


ODD = 7


@pytest.mark.parametrize("value", ["1.0", 1j, np.complex128(1), None, 10**400, [1.0, 2.0]])
def test_one_odd_value_costs_one_candidate(value):
    class One(pt.Problem):
        space = pt.Real(0, 1, n=2)
        objectives = {"a": "min", "b": "min"}

        def evaluate(self, x, ctx):
            return {"a": x[0], "b": value if ctx.id == ODD else x[1]}

    run = pt.minimize(One(), pt.NSGA2(size=10), budget=20, seed=1).run
    assert list(run.evaluations.failures) == [ODD]


@pytest.mark.parametrize("value", [None, 10**400, float("nan")])
def test_what_a_batch_lacks_costs_one_candidate(value):
    class Batch(pt.Problem):
        space = pt.Real(0, 1, n=2)
        objectives = {"a": "min", "b": "min"}

        def evaluate_batch(self, X):
            F = X.astype(object)
            F[ODD, 1] = value
            return F

    run = pt.minimize(Batch(), pt.NSGA2(size=10), budget=10, seed=1).run
    assert list(run.evaluations.failures) == [ODD]


@pytest.mark.parametrize("values", [[["1"]] * 4, np.full((4, 1), 1j)])
def test_tell_takes_no_text(values):
    machine = pt.NSGA2(size=4).start(pt.OneMinMax(4), seed=1)
    batch = machine.ask()
    with pytest.raises(pt.errors.ShapeError, match="F must hold numbers"):
        machine.tell(batch, F=values)
    machine.tell(batch, F=np.array([[10**400, 1]] * 4, dtype=object))
    assert machine.failures == 4


def test_tensors_of_any_history_and_kind():
    torch = pytest.importorskip("torch")
    for dtype in (torch.bfloat16, torch.float32, torch.float64):
        values = torch.ones((2, 2), dtype=dtype, requires_grad=True) * 2
        assert number_array(values).tolist() == [[2, 2], [2, 2]]
