"""Damaged files: always an error or the sound part, never a hang, a crash or wrong values."""

import io
import multiprocessing as mp
import os
import re
import zlib
from dataclasses import replace

import h5py
import numpy as np
import pytest
import reading
import toy

import paretide as pt
from paretide.engine.store.continuation import journal_path
from paretide.engine.store.stamp import USER_BLOCK, stamp_of

TIMES = int(os.environ.get("FUZZ_TIMES", "1"))
"""A longer run tries so many times as much."""

MUTATIONS = {"file": 15, "sealed values": 20, "journal": 150, "stamped file": 150}
"""Fewer where a child compares the whole file, which takes half a second."""

HANGS = 10.0  # seconds


class Reader:
    """A child that opens runs, replaced when it dies or hangs."""

    def __init__(self):
        self.process = None

    def open(self, path):
        if self.process is None:
            context = mp.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(target=reading.serve, args=(theirs,), daemon=True)
            self.process.start()
            theirs.close()
            self.pipe.send(path.parent / "there is no such file")
            assert self.pipe.recv()[1] == "StoreNotFound"
        self.pipe.send(path)
        try:
            if self.pipe.poll(HANGS):
                return self.pipe.recv()
            how = "hang"
        except EOFError:
            how = "crash"
        self.close()
        return (how,)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def mutated(data, rng):
    """One of the ways in which bytes go wrong."""
    data = bytearray(data)
    at = int(rng.integers(len(data)))
    length = int(rng.integers(1, 600))
    kind = int(rng.integers(7))
    if kind == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[at : at + length] = rng.bytes(len(data[at : at + length]))
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data[at:at] = rng.bytes(length)
    elif kind == 4:
        data[at : at + length] = bytes(len(data[at : at + length]))
    elif kind == 5:
        del data[at : at + length]
    else:
        data += rng.bytes(length)
    return bytes(data)


def sealed_places(data):
    """Where values lie that a run consists of, (first, end) by dataset, and its stamp's fields."""
    places = {"stamp": (0, len(stamp_of(io.BytesIO(data), "").block().rstrip(b"\0")))}

    def note(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        if item.chunks is None:
            first = item.id.get_offset()
            places[name] = (first, first + item.id.get_storage_size())
        for i in range(item.id.get_num_chunks() if item.chunks else 0):
            chunk = item.id.get_chunk_info(i)
            places[f"{name}, chunk {i}"] = (chunk.byte_offset, chunk.byte_offset + chunk.size)

    with h5py.File(io.BytesIO(data), "r") as file:
        file.visititems(note)
    return places


def damaged(data, first, end, rng):
    """Other bytes somewhere in a range: one bit, or up to 64 bytes."""
    data = bytearray(data)
    at = int(rng.integers(first, end))
    if rng.random() < 0.5:
        data[at] ^= 1 << int(rng.integers(8))
    else:
        for i in range(at, min(end, at + int(rng.integers(1, 65)))):
            data[i] ^= int(rng.integers(1, 256))
    return bytes(data)


def stamped(data, stamp):
    """The file with a header that fits its damaged content."""
    content = data[USER_BLOCK:]
    fitting = replace(stamp, length=len(content), crc=zlib.crc32(content))
    return fitting.block() + content


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture(scope="module", params=["generational", "steady"])
def run(request, tmp_path_factory):
    """File and journal of a run that was killed, and what a sound reader finds in them."""
    path = tmp_path_factory.mktemp("run") / "run.h5"
    kept = {}

    def keep(progress):
        if progress.evaluations >= 60:
            kept.update({p: p.read_bytes() for p in (path, journal_path(path))})

    pt.minimize(
        toy.Schaffer(), pt.NSGA2(size=10, mode=request.param), budget=60, seed=1, store=path
    )
    pt.resume(path, budget=30, callbacks=[keep])
    return path, kept


def put(kept, changed, data):
    for path, content in kept.items():
        path.write_bytes(data if path == changed else content)


@pytest.mark.parametrize("which", ["file", "journal"])
def test_damage_is_an_error_or_what_was_sound(run, reader, which):
    path, kept = run
    changed = path if which == "file" else journal_path(path)
    put(kept, None, b"")
    sound = reader.open(path)
    assert sound[0] == "run"
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(TIMES * MUTATIONS[which]):
        data = mutated(kept[changed], rng)
        put(kept, changed, data)
        found = reader.open(path)
        assert found[0] in ("run", "refused"), found
        refused += found[0] == "refused"
        if found[0] == "run" and which == "file":
            assert found == sound
        elif found[0] == "run":  # the end of a journal may be torn off, no row may differ
            for ours, theirs in zip(found[1], sound[1], strict=True):
                assert theirs.startswith(ours)
            assert found[2].items() <= sound[2].items()
    assert refused


def test_damage_to_what_is_sealed_is_always_refused(run, reader):
    """No value of a run, whatever it is, may be read as another one; nor its stamp."""
    path, kept = run
    rng = np.random.default_rng(7)
    places = list(sealed_places(kept[path]).items())
    order = rng.permutation(len(places))
    assert len(places) > 30
    for number in range(TIMES * MUTATIONS["sealed values"]):
        where, (first, end) = places[order[number % len(places)]]
        put(kept, path, damaged(kept[path], first, end, rng))
        assert reader.open(path)[0] == "refused", where


def test_damage_with_a_fitting_checksum_does_not_reach_the_caller(run, reader):
    """Nobody but an attacker makes these; HDF5 itself reads them, and may hang or die of it."""
    path, kept = run
    rng = np.random.default_rng(6)
    outcomes = []
    stamp = stamp_of(io.BytesIO(kept[path]), path)
    for _ in range(TIMES * MUTATIONS["stamped file"]):
        put(kept, path, stamped(mutated(kept[path], rng), stamp))
        outcomes.append(reader.open(path))
    assert not [o for o in outcomes if o[0] == "wrong"]
    assert {"refused"} <= {o[0] for o in outcomes}
    put(kept, None, b"")
    assert reader.open(path)[0] == "run"


def test_a_missing_stamp_is_named(run, reader):
    path, kept = run
    put(kept, path, re.sub(rb"paretide run", b"somebody's file", kept[path], count=1))
    assert reader.open(path)[1:] == (
        "StoreCorrupt",
        f"{path} is no run of paretide, or its first bytes are damaged",
    )
