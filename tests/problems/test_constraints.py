import itertools
import json
import math
from fractions import Fraction

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
    if {pt.upper: math.inf, pt.lower: -math.inf}.get(make) == wrong:
        return  # is no limit
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


def test_no_limit_is_always_kept():
    values = np.array([-np.inf, -1e308, 0.0, 1e308, np.inf])
    for constraint in (pt.upper(math.inf), pt.lower(-math.inf), pt.upper(np.float32("inf"))):
        assert (constraint.g(values) == -np.inf).all()
        assert np.isnan(constraint.g(np.array([np.nan]))).all()
        text = json.dumps(constraint.describe(), allow_nan=False)
        description = json.loads(text)
        assert type(constraint)(description["bound"]) == constraint


INFINITE = [
    (pt.upper(1), -np.inf, True), (pt.upper(1), np.inf, False), (pt.lower(1), np.inf, True),
    (pt.lower(1), -np.inf, False), (pt.equal(1), np.inf, False), (pt.equal(1), -np.inf, False),
    (pt.upper(1), np.nan, False), (pt.upper(math.inf), np.inf, True),
    (pt.upper(math.inf), np.nan, False),
]  # fmt: skip


@pytest.mark.parametrize(("constraint", "value", "fit"), INFINITE)
def test_infinity_is_feasible_on_the_satisfied_side_alone(constraint, value, fit):
    class Margin(pt.Problem):
        space = pt.Real(0, 1)
        objectives = {"cost": "min"}
        constraints = {"other": pt.upper(0), "margin": constraint}

        def evaluate(self, x, ctx):
            raise NotImplementedError

    definition = read_definition(Margin())
    F, G = np.zeros((2, 1)), np.array([[0.0, value], [3.0, value]])
    assert definition.fit_for_ranking(F, G).tolist() == [fit, fit]
    assert definition.endless(G).tolist() == [[False, not fit]] * 2
    if fit:
        assert definition.violation(G).tolist() == [0.0, 3.0]
    assert not definition.fit_for_ranking(np.full((2, 1), np.inf), G).any()


huge = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(huge, huge, huge), min_size=2, max_size=6))
def test_violations_of_finite_values_are_finite_and_in_order(rows):
    definition, half = read_definition(Beam()), Fraction(1, 2)
    G = np.array(rows)
    violation = definition.violation(G)
    assert np.isfinite(violation).all()
    exact = [
        max(Fraction(a) - 100, 0) + max(2 - Fraction(b), 0) + max(abs(Fraction(c) - 5) - half, 0)
        for a, b, c in rows
    ]
    order = np.argsort(violation, kind="stable")
    for i, j in itertools.pairwise(order.tolist()):
        assert exact[i] <= exact[j] * (1 + Fraction(1, 2**40))
    assert [v == 0 for v in exact] == (violation == 0).tolist()


def test_violations_beyond_the_largest_number_are_told_apart():
    definition = read_definition(Beam())
    G = np.array(
        [[1e308, 2, 5], [1.7e308, 2, 5], [1.7e308, -1e308, 5], [1.7e308, -1.7e308, -1.7e308]]
    )
    violation = definition.violation(G)
    assert (np.diff(violation) > 0).all()
    assert np.isfinite(violation).all()
