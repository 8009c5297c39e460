"""Spaces that users write: what a base class gives them, and what is refused by name."""

import importlib
import pickle

import numpy as np
import own_spaces
import pytest

import paretide as pt
from paretide.errors import ConfigurationError, ShapeError, StoreCorrupt
from paretide.problems.candidates import read_candidates
from paretide.problems.definition import read_definition
from paretide.problems.description import definition_from, differing
from paretide.problems.encoded import check_round_trip, encode, form_of
from paretide.problems.search_space import PARTS
from paretide.problems.stand_in import StandIn, describe_space

BUILT_IN = [
    pt.Real(0, 1, n=2),
    pt.Integer(0, 9, n=2),
    pt.Binary(2),
    pt.Space(lr=pt.Float(1e-4, 1, log=True), act=pt.Choice(["a", "b"])),
]
TOURS = own_spaces.Tours(4)
TEXTS = own_spaces.Texts()


def problem_in(space):
    class Anything(pt.Problem):
        objectives = {"f": "min"}

        def evaluate(self, x, ctx):
            return {"f": 0.0}

    made = Anything()
    made.space = space
    return made


def words(*texts):
    X = np.empty((len(texts), 1), dtype=object)
    X[:, 0] = texts
    return X


@pytest.mark.parametrize("space", BUILT_IN, ids=repr)
def test_operators_of_built_in_spaces_are_references_to_parts(space):
    assert set(space.operators) <= set(PARTS)
    for name, reference in space.operators.items():
        module, _, part = reference.partition(":")
        found = getattr(importlib.import_module(module), part)
        kind = found if isinstance(found, type) else type(found)
        assert kind.__mro__[1].__name__.lower() == name


@pytest.mark.parametrize("space", BUILT_IN, ids=repr)
def test_a_built_in_space_stores_rows_as_they_are_and_tells_them_apart_by_value(space):
    X = np.array([[1, 0], [0, 1], [1, 0]]).astype(space.dtype)
    assert space.encode(X) is X
    assert form_of(space) == (space.dtype.str, (2,))
    one, other, again = space.key(X)
    assert one == again != other
    if space.dtype == np.float64:
        assert space.key(np.array([[0.0, 1.0]])) == space.key(np.array([[-0.0, 1.0]]))


def test_a_space_of_orders_has_all_that_the_engine_asks_for():
    X = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 2, 2]])
    assert TOURS.names == ("x0", "x1", "x2", "x3")
    assert TOURS.contains(X).tolist() == [True, True, False]
    assert TOURS.encode(X) is X
    assert TOURS.key(X)[0] == X[0].tobytes()
    assert TOURS.show(X[1]) == {"x0": 3, "x1": 2, "x2": 1, "x3": 0}
    assert TOURS.candidate(X[0]) is not X[0]
    np.testing.assert_array_equal(TOURS.row(TOURS.candidate(X[0])), X[0])
    assert TOURS.describe() == {"kind": "own_spaces:Tours", "n": 4}
    assert pickle.loads(pickle.dumps(TOURS)).describe() == TOURS.describe()


def test_a_space_of_texts_is_told_apart_by_its_bytes():
    X = words("ab", "", "ab")
    assert TEXTS.key(X) == [b"ab", b"", b"ab"]
    assert TEXTS.candidate(X[0]) == "ab"
    assert TEXTS.show(X[0]) == {"word": "ab"}
    assert TEXTS.row("ab").tolist() == ["ab"]
    check_round_trip(TEXTS, X)


def test_candidates_are_copies_so_that_an_evaluation_cannot_change_them():
    class Lists(own_spaces.Texts):
        pass

    X = words(["a"])
    Lists().candidate(X[0]).append("b")
    assert X[0, 0] == ["a"]


def test_inactive_values_are_no_part_of_the_key_and_not_shown():
    class Halves(own_spaces.Tours):
        def active(self, X):
            return X >= 2

    space = Halves(3)
    X = np.array([[0, 5, 1], [1, 5, 0], [5, 0, 1]])
    one, same, other = space.key(X)
    assert one == same != other
    assert space.show(X[0]) == {"x0": None, "x1": 5, "x2": None}


@pytest.mark.parametrize("space", [TOURS, TEXTS, own_spaces.ShortTours(4)], ids=repr)
def test_a_description_stands_for_a_space_without_its_code(space):
    definition = read_definition(problem_in(space))
    again = definition_from(definition.describe())
    assert isinstance(again.space, StandIn)
    assert again.describe() == definition.describe()
    assert differing(definition.describe(), definition) == {}
    assert differing(again.describe(), definition) == {}
    X = words("ab", "", "ü") if space is TEXTS else np.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    encoded = encode(space, X)
    held = again.space.decode(encoded)
    assert held.shape == X.shape
    back = again.space.encode(held)
    assert list(map(bytes, back)) == list(map(bytes, encoded))
    assert again.space.show(held[1]) == space.show(X[1])
    if space is not TEXTS:
        np.testing.assert_array_equal(again.space.candidates_of(space, held), X)


def test_what_a_space_does_not_know_is_no_candidate_of_its_file():
    stand_in = StandIn(describe_space(TEXTS))
    with pytest.raises(StoreCorrupt, match="cannot be read"):
        stand_in.candidates_of(TEXTS, stand_in.decode([b"\xff"]))
    with pytest.raises(StoreCorrupt, match="each in the space"):
        stand_in.candidates_of(TEXTS, stand_in.decode([b"xyz"]))
    assert stand_in.show(stand_in.decode([b"\xff\x00"])[0]) == {"word": "0xff00"}


def test_a_space_is_another_one_by_its_name_and_its_arguments_not_by_its_place():
    definition = read_definition(problem_in(TOURS))
    stored = definition.describe()
    moved = {**stored, "space": {**stored["space"], "kind": "/elsewhere/own_spaces.py:Tours"}}
    assert differing(moved, definition) == {}
    for other in (own_spaces.Tours(5), own_spaces.ShortTours(4)):
        assert list(differing(stored, read_definition(problem_in(other)))) == ["space"]


def test_candidates_of_a_space_of_ones_own_are_given_as_evaluate_gets_them():
    assert read_candidates(TOURS, [[3, 2, 1, 0]]).tolist() == [[3, 2, 1, 0]]
    assert read_candidates(TOURS, np.array([[3.0, 2, 1, 0]])).dtype == np.int64
    assert read_candidates(TEXTS, ["ab", ""]).tolist() == [["ab"], [""]]
    assert read_candidates(TEXTS, []).shape == (0, 1)
    with pytest.raises(ConfigurationError, match=r"candidate 1 of those given: .* 4 values"):
        read_candidates(TOURS, [[0, 1, 2, 3], [0, 1]])
    with pytest.raises(ConfigurationError, match="candidate 0 of those given"):
        read_candidates(TOURS, [[0, 1, 2, 2.5]])
    with pytest.raises(ShapeError, match=r"X\[1\] = \[0, 1, 2, 2\] is no candidate"):
        read_candidates(TOURS, [[0, 1, 2, 3], [0, 1, 2, 2]])
    with pytest.raises(ShapeError, match=r"X\[0\]"):
        read_candidates(TOURS, np.array([[0.5, 1, 2, 3]]))
    with pytest.raises(ShapeError, match="one alone"):
        read_candidates(TEXTS, "ab")
    with pytest.raises(ShapeError, match="no candidate"):
        read_candidates(TEXTS, ["xyz"])


class Bare(pt.SearchSpace):
    def contains(self, X):
        return np.ones(len(X), dtype=bool)


def bare(**attributes):
    return type("Bare", (Bare,), {"n_var": 2, "dtype": np.dtype(float), **attributes})()


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (bare(n_var=0), "n_var, a whole number of at least 1, got 0"),
        (bare(n_var="2"), "n_var, a whole number"),
        (bare(dtype=float), "dtype of numbers, bits or objects"),
        (bare(dtype=np.dtype("U3")), "dtype of numbers, bits or objects"),
        (bare(names=("a",)), "2 different names"),
        (bare(names=("a", "a")), "2 different names"),
        (bare(names=["a", "b"]), "texts in a tuple"),
        (bare(operators={"crosover": own_spaces.ordered}), "crosover"),
        (object(), "a subclass of pt.SearchSpace"),
        (own_spaces.Tours, "must be a search space"),
    ],
)
def test_a_space_that_lacks_something_is_refused_by_name(space, message):
    with pytest.raises(ConfigurationError, match=message):
        read_definition(problem_in(space))


def test_a_space_without_contains_cannot_be_made():
    with pytest.raises(TypeError, match="contains"):
        type("Nothing", (pt.SearchSpace,), {})()
    with pytest.raises(TypeError, match="takes no arguments"):
        Bare(3)


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({}, r"define encode\(X\)"),
        ({"encode": lambda self, X: X}, "must return an array of numbers"),
        ({"encode": lambda self, X: ["a"] * len(X) + [1]}, "must return"),
        ({"describe": lambda self: {"of": object()}}, "JSON cannot hold"),
        ({"describe": lambda self: [1]}, "JSON cannot hold"),
    ],
)
def test_a_space_that_cannot_be_stored_says_what_to_define(methods, message):
    known = {"encode": own_spaces.Texts.encode} if "describe" in methods else {}
    space = bare(dtype=np.dtype(object), **known, **methods)
    with pytest.raises(ConfigurationError, match=message):
        read_definition(problem_in(space)).describe()


def test_arguments_of_a_space_are_described_as_json():
    class Weighted(own_spaces.Tours):
        def __init__(self, weights, *, name="w"):
            super().__init__(len(weights))

    described = Weighted(np.array([1.5, 2.5])).describe()
    assert described["weights"] == [1.5, 2.5]
    with pytest.raises(ConfigurationError, match=r"define describe\(self\)"):
        Weighted([object()]).describe()


def test_what_encode_makes_of_rows_must_always_be_the_same():
    class Uneven(own_spaces.Tours):
        def encode(self, X):
            return X[:, :2] if len(X) else X

        def decode(self, encoded):
            return encoded

    X = np.array([[0, 1, 2, 3]])
    with pytest.raises(ConfigurationError, match="it must always be the same"):
        encode(Uneven(4), X)

    class Lossy(own_spaces.Tours):
        def decode(self, encoded):
            return encoded[:, ::-1]

    with pytest.raises(ConfigurationError, match="must give X back"):
        check_round_trip(Lossy(4), X)

    class OtherBits(own_spaces.Tours):
        def decode(self, encoded):
            return encoded + 4

        def key(self, X):
            return super().key(X % 4)

    with pytest.raises(ConfigurationError, match="must give X back"):
        check_round_trip(OtherBits(4), X)
