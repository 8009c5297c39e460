"""What is logged comes back as it was, typed where it can be."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.store.extras import read_extras, write_extras

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.just({"a": 1}))
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=4)


def written(extras, before=None):
    name = "first" if before is None else "second"  # two open files need two names
    file = h5py.File(name, "w", driver="core", backing_store=False)
    write_extras(file.create_group("extras"), extras, {} if before is None else before["extras"])
    return file


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 10**6), st.dictionaries(NAMES, VALUES, min_size=1)))
def test_anything_that_can_be_logged_comes_back(extras):
    with written(extras) as file:
        assert read_extras(file["extras"]) == extras


def test_types_of_columns():
    extras = {i: {"f": i / 2, "n": i, "b": i > 2, "t": "é", "mixed": i or "no"} for i in range(5)}
    with written(extras) as file:
        kinds = {name: column["values"].dtype.kind for name, column in file["extras"].items()}
        assert kinds == {"f": "f", "n": "i", "b": "u", "t": "O", "mixed": "O"}
        json = {name: bool(column.attrs["json"]) for name, column in file["extras"].items()}
        assert json == {"f": False, "n": False, "b": False, "t": False, "mixed": True}


def test_a_longer_table_repeats_what_the_file_before_held():
    extras = {i: {"f": i / 2, "n": i} for i in range(6000)}
    longer = extras | {i: {"f": 1.0, "n": -i} for i in range(6000, 9000)}
    with written(extras) as first, written(longer, first) as second:
        assert read_extras(second["extras"]) == longer


class Logging(pt.Problem):
    """Logs values of several types, some only sometimes."""

    space = pt.Real(0, 1, n=2)
    objectives = {"f": "min", "g": "min"}

    def evaluate(self, x, ctx):
        ctx.log(loss=float(x[0]), epochs=ctx.id, note="é", curve=[1.0, 2.0])
        if ctx.id % 2:
            ctx.log(odd=True)
        return {"f": float(x[0]), "g": float(1 - x[0])}


@pytest.mark.parametrize("mode", ["generational", "steady"])
def test_a_run_keeps_extras_and_seeds(tmp_path, mode):
    path = tmp_path / "run.h5"
    result = pt.minimize(Logging(), pt.NSGA2(size=10, mode=mode), budget=40, seed=3, store=path)
    stored = pt.open_run(path).evaluations
    assert stored.extras == result.run.evaluations.extras
    assert stored.extras[7]["epochs"] == 7
    assert stored.extras[7]["odd"] is True
    assert "odd" not in stored.extras[8]
    expected = [
        np.random.SeedSequence(3, spawn_key=(2, id)).generate_state(1)[0] for id in stored.ids
    ]
    np.testing.assert_array_equal(stored.seed, np.array(expected, dtype=np.uint32))
