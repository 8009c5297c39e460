"""What columns are called: no two are the same, whatever a problem's names are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.records.frames import OWN, PARENT, column_names
from paretide.problems.definition import read_definition


def defined(variables, objectives, constraints=()):
    class Named(pt.Problem):
        space = (
            variables
            if hasattr(variables, "layout")
            else pt.Space({name: pt.Float(0, 1) for name in variables})
        )

        def evaluate(self, x, ctx):
            raise NotImplementedError

    Named.objectives = dict.fromkeys(objectives, "min")
    Named.constraints = dict.fromkeys(constraints, pt.upper(1))
    return read_definition(Named())


def names(*arguments):
    found = column_names(defined(*arguments))
    return found.variables, found.objectives, found.constraints


def test_names_stand_as_they_are():
    assert names(["lr", "Size"], ["err", "size"], ["time [s]"]) == (
        ("lr", "Size"),
        ("err", "size"),
        ("time [s]",),
    )


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ((["size"], ["err", "size"]), (("x.size",), ("err", "F.size"), ())),
        ((["id", "seed"], ["worker"], ["seconds"]),
         (("x.id", "x.seed"), ("F.worker",), ("G.seconds",))),
        ((pt.Real(0, 1, n=2), ["x0", "cost"]), (("x.x0", "x1"), ("F.x0", "cost"), ())),
        (([""], ["f"], ["log.a"]), (("x.",), ("f",), ("G.log.a",))),
        ((["size", "x.size"], ["size", "x.x.size"]),
         (("x.size", "x.x.size"), ("F.size", "F.x.x.size"), ())),
    ],
)  # fmt: skip
def test_a_name_of_another_column_gets_a_letter(given, called):
    assert names(*given) == called


few = st.sampled_from(["a", "b", "", "id", "log.a", *(f"{p}{n}" for p in ("x.", "F.", "G.", "x.x.")
                                                   for n in ("a", "id", "", "x.a"))])  # fmt: skip


@given(
    st.lists(few, min_size=1, max_size=6, unique=True),
    st.lists(few, min_size=1, max_size=6, unique=True),
    st.lists(few, max_size=6, unique=True),
)
def test_no_two_columns_are_called_the_same(variables, objectives, constraints):
    constraints = [name for name in constraints if name not in objectives]
    called = [name for group in names(variables, objectives, constraints) for name in group]
    assert len({*called, *OWN}) == len(called) + len(OWN)
    assert not any(PARENT.fullmatch(name) for name in called)
    assert not any(name.startswith("log.") for name in called)
