"""What is logged comes back as it was, typed where it can be."""

import contextlib
import itertools
import json
import math
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.store.columns import Writing
from paretide.engine.store.extras import read_extras, write_extras
from paretide.engine.store.reading import Reading

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
)
KEYS = st.sampled_from(["a", "$", "$number", "$$number", "é"])
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(KEYS, SCALARS, max_size=2)
)
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=4)


@contextlib.contextmanager
def written(extras, before=None):
    """An open file that holds ``extras``, and what reads it."""
    ids = np.array(sorted(extras), dtype=np.int64)
    name = "first" if before is None else "second"  # two open files need two names
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        writing = Writing(file, before)
        write_extras(writing, "extras", ids, extras)
        contents = writing.finish()
        reading = Reading(file, Path("run.h5"), 2**40, 2, contents)
        reading.open()
        yield file, lambda: read_extras(reading, "extras", ids)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(0, 10**6), st.dictionaries(NAMES, VALUES, min_size=1)))
def test_anything_that_can_be_logged_comes_back(extras):
    with written(extras) as (_, read):
        assert read() == extras


def test_types_of_columns():
    extras = {i: {"f": i / 2, "n": i, "b": i > 2, "t": "é", "mixed": i or "no"} for i in range(5)}
    with written(extras) as (file, _):
        kinds = {name: column["values"].dtype.kind for name, column in file["extras"].items()}
        assert kinds == {"f": "f", "n": "i", "b": "u", "t": "S", "mixed": "S"}
        json = {name: column.attrs.get("json", 0) for name, column in file["extras"].items()}
        assert json == {"f": 0, "n": 0, "b": 0, "t": 0, "mixed": 1}


def test_what_is_no_finite_number_is_json_that_strict_parsers_read():
    strange = [math.nan, math.inf, -math.inf]
    extras = {0: {"curve": [*strange, {"$number": "NaN", "own": 1.5}]}}

    def refuse(token):
        raise AssertionError(token)

    with written(extras) as (file, read):
        texts = file["extras/curve/values"].asstr()[:]
        found = json.loads(texts[0], parse_constant=refuse)
        assert found[0] == {"$number": "NaN"}
        assert found[3] == {"$$number": "NaN", "own": 1.5}
        assert repr(read()) == repr(extras)


@pytest.mark.parametrize("length", [1, 128, 129, 70_000])
def test_short_texts_are_fixed_in_length_and_long_ones_are_bytes_with_offsets(length):
    extras = {i: {"text": "é"[: length % 2] + "x" * (length - 2)} for i in range(3)}
    extras[3] = {"text": ""}
    with written(extras) as (file, read):
        column = file["extras/text"]
        assert read() == extras
        if "values_offsets" not in column:
            assert column["values"].dtype.kind == "S"
            assert length <= 128
        else:
            offsets, together = column["values_offsets"][:], column["values"][:].tobytes()
            texts = [together[a:b].decode() for a, b in itertools.pairwise(offsets)]
            assert texts == [extras[i]["text"] for i in range(4)]


def test_a_longer_table_repeats_what_the_file_before_held():
    extras = {i: {"f": i / 2, "n": i, "t": "x" * 200 + str(i)} for i in range(6000)}
    longer = extras | {i: {"f": 1.0, "n": -i, "t": "y" * 300} for i in range(6000, 9000)}
    with written(extras) as (first, _), written(longer, first) as (_, read):
        assert read() == longer


def test_columns_of_different_candidates_stay_together_when_they_grow():
    """Whoever reads a file and writes it anew copies chunks of columns that begin differently."""
    extras = {i: {"n": i, "b": i % 3 == 0} for i in range(20_000)}
    for i in range(5000, 20_000, 7):
        extras[i] = {"first/second": i, **extras[i]}
    with written(extras) as (first, read):
        longer = read() | {i: {"n": i, "b": i % 3 == 0} for i in range(20_000, 30_000)}
        with written(longer, first) as (_, again):
            assert again() == longer


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
