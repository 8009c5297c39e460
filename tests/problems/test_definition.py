import json

import numpy as np
import pytest

import paretide as pt
from paretide.errors import ConfigurationError
from paretide.problems.definition import ContractViolation, read_definition
from paretide.problems.description import definition_from


class Base(pt.Problem):
    space = pt.Real(0, 1, n=2)
    objectives = {"cost": "min", "strength": "max"}


class Beam(Base):
    constraints = {"stress": pt.upper(10), "fit": pt.equal(0)}

    def evaluate(self, x, ctx):
        return {"cost": x[0], "strength": x[1], "stress": 9.0, "fit": 0.0}


class Free(Base):
    def evaluate_batch(self, X):
        return X


class Bounded(Base):
    constraints = {"stress": pt.upper(10)}

    def evaluate_batch(self, X):
        return X, X[:, :1]


GOOD = {"cost": 1, "strength": 2.5, "stress": np.float32(9), "fit": True}


def changed(**attributes):
    problem = Beam()
    for name, value in attributes.items():
        setattr(problem, name, value)
    return problem


def refused(problem, *parts):
    with pytest.raises(ConfigurationError) as caught:
        read_definition(problem)
    for part in parts:
        assert part in str(caught.value)


# -- declarations ----------------------------------------------------------------------------------


def test_a_definition_is_what_was_declared():
    definition = read_definition(Beam())
    assert definition.name == "Beam"
    assert (definition.n_obj, definition.n_con, definition.vectorized) == (2, 2, False)
    assert definition.signs.tolist() == [1, -1]
    assert read_definition(Free()).vectorized
    assert read_definition(Free()).constraints == {}


def test_signs_are_flipped_once_and_back():
    definition = read_definition(Beam())
    F = np.array([[1.0, 2.0], [-3.0, 0.5]])
    minimized = definition.minimized(F)
    np.testing.assert_array_equal(minimized, [[1, -2], [-3, -0.5]])
    np.testing.assert_array_equal(definition.minimized(minimized), F)


def test_a_class_is_no_problem():
    refused(Beam, "Beam is a class", "Beam()")


def test_there_is_one_way_to_evaluate():
    class Both(Beam):
        def evaluate_batch(self, X):
            return X

    refused(Both(), "Both defines both", "evaluate(x, ctx)", "evaluate_batch(X)")
    refused(Base(), "Base defines neither", "evaluate(x, ctx)", "evaluate_batch(X)")


@pytest.mark.parametrize("thing", [None, 3, "zdt1", lambda x: x, {}], ids=str)
def test_what_is_no_problem_is_refused(thing):
    refused(thing, type(thing).__name__)


@pytest.mark.parametrize("space", [None, (0, 1), {"lr": pt.Float(0, 1)}, "real"], ids=repr)
def test_the_space_must_be_one(space):
    refused(changed(space=space), "Beam.space", repr(space))


@pytest.mark.parametrize("size", [0, -1, 2.0, True, None, "9"], ids=repr)
def test_the_batch_size_must_be_a_count(size):
    refused(changed(batch_size=size), "Beam.batch_size", repr(size))


@pytest.mark.parametrize("objectives", [None, {}, ["cost"], "cost", ("cost", "min")], ids=repr)
def test_objectives_must_be_a_mapping(objectives):
    refused(changed(objectives=objectives), "Beam.objectives", repr(objectives))


@pytest.mark.parametrize("direction", ["minimize", "MIN", 1, None, "", ["min"]], ids=repr)
def test_a_direction_is_min_or_max(direction):
    objectives = {"cost": "min", "strength": direction}
    refused(changed(objectives=objectives), "Beam.objectives['strength']", repr(direction))


def test_a_name_is_a_text():
    refused(changed(objectives={1: "min"}), "Beam.objectives", "name", "1")
    refused(changed(constraints={1: pt.upper(0)}), "Beam.constraints", "name", "1")


@pytest.mark.parametrize("constraints", [None, ["stress"], "stress", 3], ids=repr)
def test_constraints_must_be_a_mapping(constraints):
    refused(changed(constraints=constraints), "Beam.constraints", repr(constraints))


@pytest.mark.parametrize("constraint", [10, "<= 10", pt.upper, None, (0, 10)], ids=str)
def test_a_constraint_is_made_by_the_three(constraint):
    refused(
        changed(constraints={"stress": constraint}), "Beam.constraints['stress']", repr(constraint)
    )


def test_a_name_is_an_objective_or_a_constraint():
    refused(changed(constraints={"cost": pt.upper(3)}), "Beam", "'cost'", "both")


# -- what evaluate returns -------------------------------------------------------------------------


def violated(call, *parts):
    with pytest.raises(ContractViolation) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_named_values_are_read_in_the_order_declared():
    shuffled = dict(reversed(GOOD.items()))
    F, G = read_definition(Beam()).read_values(shuffled)
    assert F.tolist() == [1, 2.5]
    assert G.tolist() == [9, 1]


@pytest.mark.parametrize("returned", [None, 3.0, [1, 2, 3, 4], (1, 2), np.zeros(4)], ids=repr)
def test_a_candidate_returns_a_mapping(returned):
    violated(
        lambda: read_definition(Beam()).read_values(returned),
        "evaluate must return a mapping",
        "'cost', 'strength', 'stress', 'fit'",
        type(returned).__name__,
    )


def test_missing_and_unknown_names_are_told_apart():
    read = read_definition(Beam()).read_values
    less = {k: v for k, v in GOOD.items() if k != "stress"}
    violated(lambda: read(less), "missing ['stress']")
    violated(lambda: read({**GOOD, "time": 3}), "unknown ['time']", "ctx.log")
    violated(lambda: read({**less, "Stress": 9}), "missing ['stress']", "unknown ['Stress']")
    violated(lambda: read({}), "missing ['cost', 'strength', 'stress', 'fit']")


@pytest.mark.parametrize(
    "value",
    [None, "0.5", "low", [1, 2], np.zeros(2), 1j, np.complex128(1), np.str_("1"), {}],
    ids=lambda v: repr(v)[:20],
)
def test_every_value_is_one_number(value):
    violated(
        lambda: read_definition(Beam()).read_values({**GOOD, "strength": value}),
        "one number",
        "'strength'",
        repr(value)[:100],
    )


def test_a_long_value_is_not_quoted_at_length():
    with pytest.raises(ContractViolation) as caught:
        read_definition(Beam()).read_values({**GOOD, "cost": "x" * 10_000})
    assert len(str(caught.value)) < 500


def test_values_that_are_not_finite_are_read_as_they_are():
    F, G = read_definition(Beam()).read_values({**GOOD, "cost": np.nan, "fit": -np.inf})
    assert np.isnan(F[0])
    assert G[1] == -np.inf


# -- what evaluate_batch returns -------------------------------------------------------------------


def test_batches_are_read_as_float64():
    F, G, wrong = read_definition(Bounded()).read_batch(
        ([[1, 2], [3, 4]], np.ones((2, 1), dtype=int)), 2
    )
    assert F.dtype == G.dtype == np.float64
    assert F.tolist() == [[1, 2], [3, 4]]
    assert not wrong
    F, G, _ = read_definition(Free()).read_batch(np.asfortranarray(np.ones((3, 2))), 3)
    assert F.flags.c_contiguous
    assert G.shape == (3, 0)


@pytest.mark.parametrize("shape", [(3, 1), (3, 3), (2, 2), (6,), (3, 2, 1)], ids=str)
def test_batches_have_a_row_for_each_candidate(shape):
    violated(
        lambda: read_definition(Free()).read_batch(np.zeros(shape), 3), "F", "(3, 2)", str(shape)
    )
    violated(
        lambda: read_definition(Bounded()).read_batch((np.zeros((3, 2)), np.zeros((3, 2))), 3),
        "G must have shape (3, 1)",
        "(3, 2)",
    )


@pytest.mark.parametrize("F", [None, "ab", ["a", "b"], [[1], [2, 3]], {}], ids=repr)
def test_batches_hold_numbers(F):
    violated(lambda: read_definition(Free()).read_batch(F, 1), "F must")


@pytest.mark.parametrize("dtype", [complex, "U3"])
@pytest.mark.filterwarnings("error")
def test_every_row_of_a_batch_of_another_kind_is_wrong(dtype):
    F, _, wrong = read_definition(Free()).read_batch(np.ones((2, 2)).astype(dtype), 2)
    assert np.isnan(F).all()
    assert list(wrong) == [0, 1]


@pytest.mark.parametrize("bad", ["diverged", 1j, {}, b"1"], ids=repr)
def test_a_row_that_holds_no_numbers_is_wrong_alone(bad):
    F = [[1, 2], [bad, 3], [4, None]]
    found, _, wrong = read_definition(Free()).read_batch(F, 3)
    assert found[[0, 2]].tolist()[0] == [1, 2]
    assert found[2, 0] == 4
    assert np.isnan(found[1]).all()
    assert list(wrong) == [1]
    assert wrong[1].startswith("F must hold numbers: ")
    masked = np.ma.array(F, mask=[[0, 1], [0, 0], [0, 0]], dtype=object)
    found, _, wrong = read_definition(Free()).read_batch(masked, 3)
    assert np.isnan(found[0]).tolist() == [False, True]
    assert list(wrong) == [1]


def test_constraints_come_with_objectives_and_not_without():
    F, G = np.zeros((3, 2)), np.zeros((3, 1))
    read = read_definition(Bounded()).read_batch
    for returned in (F, [F, G], (F, G, G), None):
        violated(
            lambda returned=returned: read(returned, 3), "(F, G)", "(3, 1)", "stress", "evaluate_"
        )
    violated(lambda: read_definition(Free()).read_batch((F, G), 3), "F alone", "tuple of 2")


# -- descriptions ----------------------------------------------------------------------------------

SPACES = [
    pt.Real([0, -1.5], [1, 1e300]),
    pt.Integer([0, -5], [1, 5]),
    pt.Binary(2),
    pt.Space(
        lr=pt.Float(1e-5, 1e-1, log=True),
        width=pt.Int(8, 512, log=True),
        act=pt.Choice(["relu", None, 1, 1.0, True, "1"]),
        bias=pt.Bool(),
        size=pt.Ordinal([0.1, 1, "many"]),
        shape=pt.Choice([(1, 2), (3, 4)]),
        enum=pt.Choice([np.int64(1), np.float32(2), np.str_("three")]),
    ),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda s: type(s).__name__)
def test_a_description_describes_the_same_when_read_from_json(space):
    definition = read_definition(changed(space=space))
    described = definition.describe()
    stored = json.loads(json.dumps(described))
    assert stored == described
    again = definition_from(stored)
    assert again.describe() == described
    assert again.space.n_var == space.n_var
    assert again.space.names == space.names
    assert again.space.dtype == space.dtype
    for name in ("lower", "upper", "categories"):
        np.testing.assert_array_equal(
            getattr(again.space.layout, name), getattr(space.layout, name)
        )
    np.testing.assert_array_equal(again.signs, definition.signs)
    assert again.constraints == definition.constraints
    G = np.array([[11.0, 1.0]])
    assert again.violation(G) == definition.violation(G)


def test_values_that_print_alike_are_described_apart():
    space = pt.Space(shape=pt.Choice([(1, 2), "(1, 2)"]))
    described = read_definition(changed(space=space)).describe()
    assert definition_from(described).describe() == described


@pytest.mark.parametrize(
    "other",
    [
        {"space": pt.Real(0, 2, n=2)},
        {"space": pt.Integer(0, 1, n=2)},
        {"objectives": {"cost": "min", "strength": "min"}},
        {"constraints": {"stress": pt.upper(10), "fit": pt.equal(0, tol=1e-3)}},
        {"constraints": {"stress": pt.lower(10), "fit": pt.equal(0)}},
    ],
    ids=lambda o: next(iter(o)),
)
def test_another_definition_is_described_otherwise(other):
    described = read_definition(Beam()).describe()
    assert read_definition(changed()).describe() == described
    assert read_definition(changed(**other)).describe() != described


def test_the_description_of_a_problem_that_changes_its_mind_stays():
    problem = changed(objectives={"cost": "min"}, constraints={})
    definition = read_definition(problem)
    problem.objectives["cost"] = "max"
    assert definition.describe()["objectives"] == {"cost": "min"}


# -- the base class --------------------------------------------------------------------------------


def test_arguments_that_a_problem_does_not_take_are_refused():
    for arguments, keywords in (((3,), {}), ((), {"width": 3})):
        with pytest.raises(TypeError):
            Beam(*arguments, **keywords)


def test_the_context_keeps_what_json_can_hold():
    ctx = pt.Context(3, 12)
    ctx.log(epoch=np.int64(4), curve=np.array([1.0, 0.5]), note="slow", flags={"a": [True, None]})
    assert ctx.extra == {
        "epoch": 4,
        "curve": [1.0, 0.5],
        "note": "slow",
        "flags": {"a": [True, None]},
    }
    json.dumps(ctx.extra)
