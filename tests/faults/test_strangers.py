"""Runs from strangers: with a stamp that fits they open right or are refused, and nothing else.

``STRANGE_EDITS=500 pytest tests/faults/test_strangers.py`` makes the long form of what runs short.
"""

import multiprocessing as mp
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import strangers
import toy

import paretide as pt
from paretide.engine.store.image import read_image, write_image

EDITS = int(os.environ.get("STRANGE_EDITS", "60"))
HANGS = 20.0
MOST_BYTES = 150 << 20  # of memory, for files of less than 1 MB that state a hundred rows
ASSETS = Path(__file__).parent.parent / "assets"


class Logging(toy.Mixed):
    """Fails sometimes, and logs what has every form that a column can have."""

    def evaluate(self, x, ctx):
        ctx.log(
            loss=x["rate"], epochs=ctx.id, good=x["flag"], short="é", long="x" * (ctx.id * 10),
            curve=[1.0, float("nan")], **{"a/b": ctx.id},
        )  # fmt: skip
        if ctx.id % 10 == 9:
            raise ValueError("every tenth")
        return super().evaluate(x, ctx)


def generational(path):
    pt.minimize(Logging(), pt.NSGA2(size=10), budget=60, seed=1, store=path)


def steady(path):
    """With outcomes that wait for their turn, and known ones of another run."""
    first = path.with_name("first.h5")
    pt.minimize(Logging(), pt.NSGA2(size=10), budget=30, seed=1, store=first)
    algorithm = pt.NSGA2(size=10, mode="steady", window=8)
    pt.minimize(Logging(), algorithm, budget=60, seed=1, store=path, cache=pt.open_run(first))
    image = read_image(path)
    assert len(image.known)
    last = image.evaluations.ids.argsort()[-5:]
    told = np.setdiff1d(np.arange(len(image.evaluations)), last)
    parts = {"evaluations": image.evaluations.take(told), "waiting": image.evaluations.take(last)}
    keep = [ids for ids in image.populations if np.isin(ids, parts["evaluations"].ids).all()]
    waiting = type(image)(**{**vars(image), **parts, "populations": keep})
    write_image(path, waiting, same_run=False, writer="")


def schema1(path):
    shutil.copy(ASSETS / "schema1.h5", path)


RUNS = [generational, steady, schema1]


@pytest.fixture(scope="module", params=RUNS, ids=lambda make: make.__name__)
def run(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    request.param(path)
    for journal in path.parent.glob("*.journal"):
        journal.unlink()
    return path.read_bytes()


class Reader:
    """A child that opens runs, replaced when it dies or hangs."""

    def __init__(self, warm):
        self.warm = warm
        self.process = None

    def open(self, path):
        if self.process is None:
            context = mp.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=strangers.serve, args=(theirs, self.warm), daemon=True
            )
            self.process.start()
            theirs.close()
            self.pipe.send(self.warm[0])
            assert self.pipe.recv()[0] == "run"
        self.pipe.send(path)
        try:
            if self.pipe.poll(HANGS):
                return self.pipe.recv()
            how = "hang"
        except EOFError:
            how = "crash"
        self.close()
        return [how, "", "", [], 0]

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    warm = [tmp_path_factory.mktemp("warm") / "run.h5" for _ in range(2)]
    generational(warm[0])
    schema1(warm[1])
    reader = Reader(warm)
    yield reader
    reader.close()


@pytest.fixture
def trap(tmp_path):
    """A file that nobody can open without hanging."""
    os.mkfifo(tmp_path / "trap")
    return str(tmp_path / "trap")


def check(found, what):
    how, name, said, events, memory = found
    assert how in ("run", "refused"), (what, found)
    if how == "refused":
        assert name in ("StoreCorrupt", "StoreVersion"), (what, found)
        assert said.startswith("/"), "a message names the file"
    assert not events, (what, events)
    assert memory < MOST_BYTES, (what, memory)
    return how


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a trap")
def test_edited_files_open_right_or_are_refused(run, reader, trap, tmp_path):
    path = tmp_path / "run.h5"
    rng = np.random.default_rng(7)
    ways = []
    for _ in range(EDITS // len(RUNS)):
        path.write_bytes(run)
        what = strangers.edit(path, rng, trap)
        strangers.restamp(path)
        ways.append(check(reader.open(path), what))
    assert ways.count("refused") > len(ways) / 3
    path.write_bytes(run)
    assert reader.open(path)[0] == "run"
