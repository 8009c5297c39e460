import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paretide as pt
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition

finite = st.floats(-1e150, 1e150)


@given(finite, finite)
def test_feasible_is_what_the_name_says(value, bound):
    values = np.array([value])
    assert (pt.upper(bound).g(values)[0] <= 0) == (value <= bound)
    assert (pt.lower(bound).g(values)[0] <= 0) == (value >= bound)


@given(finite, finite, st.floats(0, 1e10))
def test_equal_is_a_band_around_its_target(value, target, tol):
    g = pt.equal(target, tol=tol).g(np.array([value]))
    assert (g[0] <= 0) == (abs(value - target) <= tol)


def test_violation_is_counted_in_the_units_of_the_value():
    np.testing.assert_array_equal(pt.upper(10).g(np.array([7.0, 10.0, 12.5])), [-3, 0, 2.5])
    np.testing.assert_array_equal(pt.lower(10).g(np.array([7.0, 10.0, 12.5])), [3, 0, -2.5])
    np.testing.assert_array_equal(
        pt.equal(10, tol=1).g(np.array([7.0, 9.0, 10.5, 12.5])), [2, 0, -0.5, 1.5]
    )


def test_the_tolerance_of_an_equality_is_by_keyword():
    with pytest.raises(TypeError):
        pt.equal(0, 1e-4)
    assert pt.equal(0).tol == 1e-4


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, "1", None, True, [1]], ids=repr)
@pytest.mark.parametrize(
    ("make", "what"),
    [
        (pt.upper, r"bound of upper"),
        (pt.lower, r"bound of lower"),
        (pt.equal, r"target of equal"),
        (lambda tol: pt.equal(0, tol=tol), r"tol of equal"),
    ],
    ids=["upper", "lower", "target", "tol"],
)
def test_bounds_must_be_finite_numbers(make, what, wrong):
    with pytest.raises(ConfigurationError, match=what) as caught:
        make(wrong)
    assert repr(wrong) in str(caught.value)


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ConfigurationError, match=r"tol of equal\(\).*-0.5"):
        pt.equal(0, tol=-0.5)


@pytest.mark.parametrize("number", [np.float32(2.5), np.int64(2)], ids=repr)
def test_numpy_numbers_are_numbers_and_are_described_as_json(number):
    for constraint in (pt.upper(number), pt.lower(number), pt.equal(number, tol=number)):
        assert json.loads(json.dumps(constraint.describe())) == constraint.describe()


class Beam(pt.Problem):
    space = pt.Real(0, 1)
    objectives = {"cost": "min"}
    constraints = {
        "stress": pt.upper(100),
        "length": pt.lower(2),
        "fit": pt.equal(5, tol=0.5),
    }

    def evaluate(self, x, ctx):
        raise NotImplementedError


def test_the_total_violation_adds_what_is_violated_and_nothing_else():
    definition = read_definition(Beam())
    G = np.array([[100, 2, 5.5], [90, 9, 5], [110, 2, 5], [90, 1.5, 4], [110, 1.5, 7]])
    np.testing.assert_array_equal(definition.violation(G), [0, 0, 10, 1.0, 12.0])
    assert definition.violation(np.empty((0, 3))).shape == (0,)


def test_without_constraints_everything_is_feasible():
    definition = read_definition(pt.OneMinMax(3))
    np.testing.assert_array_equal(definition.violation(np.empty((4, 0))), np.zeros(4))
