"""The file is what docs/store-format.md says, for those who read it without paretide."""

import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import strangers

import paretide as pt
from paretide.engine.store.stamp import USER_BLOCK

PAGE = Path(__file__).parent.parent.parent / "docs" / "store-format.md"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    algorithm = pt.NSGA2(size=10, mode="steady")
    pt.minimize(strangers.Logging(), algorithm, budget=60, seed=1, store=path)
    return path


def objects(path):
    with h5py.File(path, "r") as file:
        found = []
        file.visititems(lambda name, thing: found.append((name, thing)))
        yield from found


def test_the_example_runs(path):
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=path.parent, capture_output=True, text=True, check=True
    )
    first = done.stdout.splitlines()[0]
    assert first == "strangers:Logging ['cost', 'gain']"
    assert done.stdout.count("] [") == len(pt.open_run(path).final)


def test_every_dataset_has_values_of_a_form_that_all_tools_read(path):
    for name, thing in objects(path):
        for value in thing.attrs.values():
            assert np.asarray(value).dtype.kind in "iuSUO", name
        if isinstance(thing, h5py.Dataset):
            assert thing.size > 0, name
            assert thing.dtype.kind in "iufS", name
            if thing.ndim and not name.startswith("state/"):
                assert thing.dims[0].label, name
            if thing.compression:
                assert thing.dtype.kind in "iu", name
            if thing.dtype.kind == "S":
                ascii = all(bytes(text).isascii() for text in np.atleast_1d(thing[()]))
                assert h5py.check_string_dtype(thing.dtype).encoding == (
                    "ascii" if ascii else "utf-8"
                ), name


def test_every_table_of_the_page_is_in_the_file(path):
    named = {name for name, _ in objects(path)}
    for path_of in (
        "specification",
        "contents",
        "evaluations/X",
        "failures/reason",
        "state/scalars",
    ):
        assert path_of in named
        assert f"`{path_of.partition('/')[0]}" in PAGE.read_text()


def test_the_stamp_and_the_digests_are_what_the_page_says(path):
    data = path.read_bytes()
    first, second, third, _ = data[:USER_BLOCK].split(b"\n")
    body = data[USER_BLOCK:]
    assert f" length {len(body)} crc32 {zlib.crc32(body):08x} run " in first.decode()
    assert third.decode() == f"check crc32 {zlib.crc32(data[: len(first) + len(second) + 2]):08x}"
    with h5py.File(path, "r") as file:
        text = file["contents"].asstr()[()]
        contents = json.loads(text)
        assert second.decode() == f"contents crc32 {zlib.crc32(text.encode()):08x}"
        for name, digest in contents["digests"].items():
            values = file[name][()]
            kind = "|b1" if file[name].attrs.get("boolean") else file[name].dtype.str
            crc = zlib.crc32(f"{kind} {values.shape}".encode())
            assert f"{zlib.crc32(values.tobytes(), crc):08x}" == digest, name
        for place, names in contents["attributes"].items():
            for name, digest in names.items():
                value = file[place or "/"].attrs[name]
                value = value.decode() if isinstance(value, bytes) else str(value)
                assert f"{zlib.crc32(value.encode()):08x}" == digest, name


def test_all_json_is_strict(path):
    def refuse(token):
        raise AssertionError(token)

    with h5py.File(path, "r") as file:
        texts = [file[name].asstr()[()] for name in ("specification", "contents", "state/scalars")]
        for column in file["extras"].values():
            if column.attrs.get("json"):
                texts += column["values"].asstr()[:].tolist()
    assert len(texts) > 60
    for text in texts:
        json.loads(text, parse_constant=refuse)
    extras = pt.open_run(path).evaluations.extras
    assert all(np.isnan(logged["curve"][1]) for logged in extras.values())


@pytest.mark.parametrize("length", [10, 300])
def test_long_and_strange_names_are_kept(length, tmp_path):
    name = "é" + "n" * length

    class Named(pt.Problem):
        space = pt.Space({name: pt.Float(0, 1), "b": pt.Int(1, 5)})
        objectives = {name + "1": "min", "two": "max"}
        constraints = {name + "2": pt.upper(9)}

        def evaluate(self, x, ctx):
            ctx.log(**{name: "\ud800", "x" * 100_000: 1})
            return {name + "1": x[name], "two": x["b"], name + "2": 0}

    path = tmp_path / "run.h5"
    result = pt.minimize(Named(), pt.NSGA2(size=10), budget=20, seed=1, store=path)
    stored = pt.open_run(path)
    assert stored.evaluations.extras == result.run.evaluations.extras
    assert stored.definition.describe() == result.run.definition.describe()
