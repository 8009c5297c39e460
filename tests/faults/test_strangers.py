"""Runs from strangers: with a stamp that fits they open right or are refused, and nothing else.

``STRANGE_EDITS=500 pytest tests/faults/test_strangers.py`` makes the long form of what runs short.
"""

import json
import multiprocessing as mp
import os
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import own_spaces
import pytest
import strangers
import toy
from commands import paretide
from strangers import change_specification

import paretide as pt
from paretide.engine.runs.replay import replay
from paretide.engine.store.image import read_image, write_image

EDITS = int(os.environ.get("STRANGE_EDITS", "90"))
HANGS = 20.0
MOST_BYTES = 150 << 20  # of memory, for files of less than 1 MB that state a hundred rows
ASSETS = Path(__file__).parent.parent / "assets"


def generational(path):
    pt.minimize(strangers.Logging(), pt.NSGA2(size=10), budget=60, seed=1, store=path)


def steady(path):
    """With outcomes that wait for their turn, and known ones of another run."""
    first = path.with_name("first.h5")
    pt.minimize(strangers.Logging(), pt.NSGA2(size=10), budget=30, seed=1, store=first)
    algorithm = pt.NSGA2(size=10, mode="steady", window=8)
    pt.minimize(
        strangers.Logging(), algorithm, budget=60, seed=1, store=path, cache=pt.open_run(first)
    )
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


def retried(path):
    """With candidates that were evaluated again, and some of them a second time."""
    generational(path)
    for _ in range(2):
        pt.resume(path, problem=strangers.Logging(), budget=10, retry_failed=True)


def of_texts(path):
    """In a space of the user's own, whose candidates are bytes."""
    pt.minimize(own_spaces.Words(), pt.NSGA2(size=10), budget=60, seed=1, store=path)


def of_orders(path):
    """In a space of the user's own, whose candidates are numbers; with three parents."""
    problem = own_spaces.Routes(short=True)
    algorithm = pt.NSGA2(size=10, mode="steady", window=8)
    pt.minimize(problem, algorithm, budget=60, seed=1, store=path)


RUNS = [generational, steady, retried, schema1, of_texts, of_orders]


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

    def open(self, path, resumes=False):
        if self.process is None:
            context = mp.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=strangers.serve, args=(theirs, self.warm), daemon=True
            )
            self.process.start()
            theirs.close()
            self.pipe.send((self.warm[0], False))
            assert self.pipe.recv()[0] == "run"
        self.pipe.send((path, resumes))
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


def test_edited_states_go_on_or_are_refused(reader, tmp_path):
    rng = np.random.default_rng(3)
    path = tmp_path / "run.h5"
    for algorithm in (
        pt.NSGA2(size=10),
        pt.NSGA2(size=10, mode="steady"),
        pt.DynamicNSGA2(start=4, max_size=16, tau=8, mode="steady", window=4),
        pt.ConcurrentDynamicNSGA2(start=4, max_size=16),
    ):
        path.unlink(missing_ok=True)
        pt.minimize(strangers.Logging(), algorithm, budget=40, seed=1, store=path)
        sealed = path.read_bytes()
        for _ in range(EDITS // 18):
            path.write_bytes(sealed)
            what = strangers.edit_state(path, rng)
            how, name, _, _, memory = found = reader.open(path, resumes=True)
            assert how == "run" or name in ("StoreCorrupt", "StoreMismatch"), (what, found)
            assert memory < MOST_BYTES, what


def edited_late(name, edit):
    def change(file):
        values = edit(file[f"state/late_{name}"][()])
        del file[f"state/late_{name}"]
        if values is not None:
            file[f"state/late_{name}"] = values

    return change


def test_an_order_of_telling_that_never_comes_to_its_end_is_refused(tmp_path):
    path = tmp_path / "run.h5"
    algorithm = pt.NSGA2(size=10, mode="steady", window=4)
    pt.minimize(strangers.Logging(), algorithm, budget=40, seed=1, store=path)
    with h5py.File(path, "r+") as file:
        file["state/order_started"][-1] = 255
    strangers.restamp(path)
    with pytest.raises(pt.errors.StoreCorrupt, match="order of telling"):
        pt.resume(path, problem=strangers.Logging(), budget=10)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["algorithm"].update(name="NSGA9"),
        lambda s: s["algorithm"]["settings"].update(crossover={"operator": "SBX", "eta": "x"}),
        lambda s: s["algorithm"].update(settings={"size": []}),
        lambda s: s.update(seed=-1),
        lambda s: s.update(failure_budget=5),
        lambda s: s.update(failure_budget={"count": [], "share": {}}),
        lambda s: s.update(failure_budget={"more": 1}),
    ],
)
def test_settings_that_are_none_are_the_files_fault(change, tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(strangers.Logging(), pt.NSGA2(size=10), budget=20, seed=1, store=path)
    with h5py.File(path, "r+") as file:
        change_specification(file, change)
    strangers.restamp(path)
    with pytest.raises(pt.errors.StoreCorrupt, match=str(path)):
        pt.resume(path, problem=strangers.Logging(), budget=10)


@pytest.mark.parametrize("mode", ["generational", "steady"])
@pytest.mark.parametrize("size", [-1, 0, 11, 10**12, "x", None])
def test_a_size_that_its_schedule_has_not_is_refused(mode, size, tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(strangers.Logging(), pt.NSGA2(size=10, mode=mode), budget=20, seed=1, store=path)
    with h5py.File(path, "r+") as file:
        scalars = json.loads(file["state/scalars"][()]) | {"size": size}
        del file["state/scalars"]
        file["state/scalars"] = np.bytes_(json.dumps(scalars))
    strangers.restamp(path)
    with pytest.raises(pt.errors.StoreCorrupt, match="members"):
        pt.resume(path, problem=strangers.Logging(), budget=10)


LATE = {
    "ids that are no whole numbers": edited_late("ids", lambda ids: ids.astype("f4")),
    "ids of nobody": edited_late("ids", lambda ids: ids + 10**6),
    "candidates of another type": edited_late("X", lambda X: X.astype("i8")),
    "fewer candidates": edited_late("X", lambda X: X[:-1]),
    "more objectives": edited_late("F", lambda F: np.hstack([F, F])),
    "no objectives": edited_late("F", lambda F: None),
}


@pytest.mark.parametrize("change", LATE.values(), ids=LATE)
def test_what_is_late_in_a_state_is_checked_like_the_rest(change, tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(strangers.Logging(), pt.NSGA2(size=10), budget=35, seed=1, store=path)
    told = []

    def stop(one):
        told.append(one)
        if len(told) == 4:
            raise InterruptedError

    with mock.patch.object(strangers.Logging, "evaluate", toy.Mixed.evaluate):  # it is mended
        with pytest.raises(InterruptedError):
            pt.resume(
                path,
                problem=strangers.Logging(),
                budget=20,
                retry_failed=True,
                on_evaluation=[stop],
            )
        with h5py.File(path, "r+") as file:
            change(file)
        strangers.restamp(path)
        with pytest.raises(pt.errors.StoreCorrupt):
            pt.resume(path, problem=strangers.Logging())


@pytest.mark.parametrize("run_id", ["../../elsewhere", "a" * 400, "\x1b[2J", ""])
def test_a_run_of_schema_1_has_an_id_of_hexadecimal_digits(run_id, reader, tmp_path):
    path = tmp_path / "run.h5"
    schema1(path)
    with h5py.File(path, "r+") as file:
        change_specification(file, lambda s: s.update(run_id=run_id))
    strangers.restamp(path)
    assert check(reader.open(path), run_id) == "refused"


def test_a_file_that_has_grown_without_bounds_is_not_read_to_its_end(reader, tmp_path):
    path = tmp_path / "run.h5"
    generational(path)
    os.truncate(path, 1 << 40)  # nothing on the disk
    assert check(reader.open(path), "terabyte") == "refused"


def test_a_run_that_was_sealed_more_often_than_can_be_counted_is_refused(reader, tmp_path):
    path = tmp_path / "run.h5"
    schema1(path)
    with h5py.File(path, "r+") as file:
        file.attrs["seal"] = 2**63 - 1
    strangers.restamp(path)
    assert check(reader.open(path), "seal") == "refused"


def huge_everywhere(file):
    """Sixty million rows, of which none is there."""
    for name, dataset in list(file["evaluations"].items()):
        if dataset.chunks:
            shape = (60_000_000, *dataset.shape[1:])
            dtype = dataset.dtype
            del file["evaluations"][name]
            chunks = (1 << 10, *shape[1:])
            file["evaluations"].create_dataset(name, shape=shape, dtype=dtype, chunks=chunks)


def huge_chunk(file):
    """A chunk larger than all that the array states."""
    values = file["evaluations/ids"][:]
    del file["evaluations/ids"]
    file.create_dataset(
        "evaluations/ids", data=values, chunks=(1 << 22,), maxshape=(None,), compression="gzip"
    )


def inflating(file):
    """A row of a megabyte whose gzip stream goes on for 256."""
    del file["state/parents_X"]
    dataset = file.create_dataset(
        "state/parents_X", (1, 1 << 20), "u1", chunks=(1, 1 << 20), compression="gzip"
    )
    packed = zlib.compressobj(9)
    parts = [packed.compress(bytes(1 << 24)) for _ in range(16)]
    dataset.id.write_direct_chunk((0, 0), b"".join([*parts, packed.flush()]), 0)


def many_variables(file):
    """More than any file could name."""
    change_specification(
        file, lambda s: s["problem"]["definition"].update(space={"kind": "binary", "n": 10**12})
    )


def deep(file):
    del file["specification"]
    file["specification"] = np.bytes_(b'{"a":' * 100_000)


def far_ids(file):
    """Ids that a table by id would need exabytes for."""
    file["evaluations/ids"][-1] = 2**62


def populations_of_all(file):
    """As many members as the numbers of 64 bits can count."""
    file["populations/sizes"][:] = 2**62


BOMBS = [
    huge_everywhere, huge_chunk, inflating, many_variables, deep, far_ids, populations_of_all,
]  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_files_that_claim_more_than_they_hold_are_refused(bomb, reader, tmp_path):
    path = tmp_path / "run.h5"
    generational(path)
    with h5py.File(path, "r+") as file:
        bomb(file)
    strangers.restamp(path)
    assert check(reader.open(path), bomb.__name__) == "refused"


def test_texts_of_schema_1_that_share_their_bytes_are_refused(reader, tmp_path):
    path = tmp_path / "run.h5"
    schema1(path)
    long = 200_000
    with h5py.File(path, "r+") as file:
        n = 50_000
        del file["evaluations/workers"]
        text = h5py.string_dtype()
        workers = file["evaluations"].create_dataset("workers", (n,), text, data=["x"] * n)
        workers[0] = "x" * long
        file.flush()
        place, first = workers.id.get_offset(), workers.id.get_storage_size()
    data = bytearray(path.read_bytes())
    reference = bytes(data[place : place + 16])
    data[place : place + first] = reference * n
    path.write_bytes(data)
    strangers.restamp(path)
    how, _, said, _, memory = reader.open(path)
    assert (how, "more text than" in said) == ("refused", True)
    assert memory < MOST_BYTES


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a trap")
def test_a_run_that_has_converged_opens_within_what_its_layout_states(reader, tmp_path):
    """100 000 x 1 000 bits that are all alike: small on the disk, and honest."""
    path = tmp_path / "run.h5"
    pt.minimize(Bits(), pt.NSGA2(size=10), budget=20, seed=1, store=path)
    image, n = read_image(path), 100_000
    rows = image.evaluations.take(np.arange(n) % len(image.evaluations))
    alike = replace(
        rows, ids=np.arange(n), X=np.ones((n, 1000), dtype=np.bool_),
        parents=np.full((n, 2), -1, dtype=np.int64),
    )  # fmt: skip
    write_image(path, replace(image, evaluations=alike), same_run=False, writer="")
    stated = n * (1000 + 8 * 2 + 8 + 4 + 16 + 1 + 1 + 4 + 8 + 4)
    assert path.stat().st_size < stated / 10
    forget = "import strangers, paretide as pt, sys; before = strangers.peak()\n"
    code = forget + "rows = pt.open_run(sys.argv[1]).evaluations\nassert rows.X.all()\n"
    code += "print(len(rows), strangers.peak() - before)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.path.dirname(strangers.__file__)},
    )  # fmt: skip
    read, memory = map(int, done.stdout.split())
    assert read == n
    assert memory < 3 * stated


class Bits(pt.Problem):
    """A thousand of them."""

    space = pt.Binary(1000)
    objectives = {"f": "min", "g": "min"}

    def evaluate_batch(self, X):
        return np.stack([X.sum(axis=1), (~X).sum(axis=1)], axis=1).astype(float)


EVIL = """
import pathlib
pathlib.Path("{called}").touch()
from dataclasses import dataclass
import paretide as pt
from paretide.operators.parts import Mutation, crossover

def touch(*args, **kwargs):
    pathlib.Path("{called}").write_text("yes")

class Evil:
    def __init__(self, *args, **kwargs):
        touch()
class Job(pt.Problem):
    def __init__(self, *args, **kwargs):
        touch()
class Lies(type):
    def __subclasscheck__(cls, other): return touch() or True
    __instancecheck__ = __subclasscheck__
    def __call__(cls, *args, **kwargs): touch()
    def __getattr__(cls, name): return touch()
    mro = lambda cls: [cls, object]
class Liar(metaclass=Lies):
    __class__ = pt.NSGA2
liar = type.__call__(Liar)
@crossover
def exchange(A, B, space, rng):
    touch()
"""

NO_ALGORITHMS = {
    "a command": ("os:system", {"command": "touch called"}),
    "a class of Python's": ("subprocess:Popen", {"args": ["touch", "called"]}),
    "a function of ours": ("paretide:minimize", {}),
    "what ours import": ("paretide.engine.runs.manifest:subprocess.Popen", {"args": "x"}),
    "what reads files": ("numpy:load", {"file": "/etc/passwd"}),
    "a problem": ("toy:Mixed", {}),
    "a part": ("SBX", {}),
    "an executor": ("serial", {}),
    "what must not be imported": ("antigravity:x", {}),
    "what stands in the folder here": ("evil_here:Evil", {}),
    "a file by a short path": ("evil_here.py:Evil", {}),
    "a part in its place": ("nsga2", {"crossover": {"kind": "os:system", "command": "x"}}),
    "a part of an older file": ("nsga2", {"mutation": {"operator": "os:system"}}),
    "a part deep in": ("nsga2", {"size": {"kind": "Doubling", "tau": [{"kind": "os:system"}]}}),
    "a tuple": ("nsga2", {"size": {"tuple": [{"kind": "evil_here:exchange"}]}}),
    "an algorithm for a part": ("nsga2", {"crossover": {"kind": "nsga2"}}),
    "a list for a name": ("nsga2", {"crossover": {"kind": ["os", "system"]}}),
    "depths": ("nsga2", {"crossover": {"kind": "a:" + "b." * 5000 + "c"}}),
}


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "run.h5"
    generational(path)
    return path.read_bytes()


@pytest.fixture
def evil(plain_run, tmp_path, monkeypatch):
    """A run in a folder with files that say when they are imported or called."""
    (tmp_path / "run.h5").write_bytes(plain_run)
    for name in ("evil_here", tmp_path.name):  # one process has one module of a name
        (tmp_path / f"{name}.py").write_text(EVIL.format(called=tmp_path / "called"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    yield tmp_path
    sys.modules.pop(tmp_path.name, None)


def goes_on(path, part):
    """Whether anything of a run goes on, resumed or replayed."""
    before = path.read_bytes()
    for go_on in (
        lambda: pt.resume(path, problem=strangers.Logging(), budget=10),
        lambda: replay(pt.open_run(path), problem=strangers.Logging()),
    ):
        if part == "executor" and "replay" in go_on.__code__.co_names:
            continue  # which has none
        with pytest.raises((pt.errors.ProblemReferenceError, pt.errors.StoreCorrupt)):
            go_on()
    assert path.read_bytes() == before
    return (path.parent / "called").exists()


@pytest.mark.parametrize(("name", "settings"), NO_ALGORITHMS.values(), ids=NO_ALGORITHMS)
def test_what_is_no_algorithm_is_not_called(evil, name, settings):
    path = evil / "run.h5"
    strangers.respecify(path, lambda s: s["algorithm"].update(name=name, settings=settings))
    assert not goes_on(path, "algorithm")
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "name",
    ["os:system", "subprocess:Popen", "toy:Mixed", "antigravity:x", "evil_here:Evil",
     "evil_here.py:Evil", "paretide:NSGA2", "paretide.engine.executors:make_executor"],
)  # fmt: skip
def test_what_is_no_executor_is_not_called(evil, name):
    path = evil / "run.h5"
    strangers.respecify(path, lambda s: s.update(executor={"name": name, "arguments": {"a": 1}}))
    assert not goes_on(path, "executor")


@pytest.mark.parametrize(
    "name", ["touch", "Evil", "Job", "Liar", "liar", "exchange", "Liar.x", "pt"]
)
def test_what_the_runs_own_folder_holds_is_looked_at_before_it_is_called(evil, name):
    path, target = evil / "run.h5", f"{evil.name}:{name}"
    folders = {evil.name: str(evil)}
    algorithm = {"name": target, "settings": {}, "folders": folders}
    strangers.respecify(path, lambda s: s["algorithm"].update(algorithm))
    goes_on(path, "algorithm")
    assert (evil / "called").read_text() == ""  # imported, as the folder is the run's
    executor = {"name": target, "arguments": {}, "folder": str(evil)}
    strangers.respecify(
        path, lambda s: s.update(algorithm=_plain(s["algorithm"]), executor=executor)
    )
    goes_on(path, "executor")
    assert (evil / "called").read_text() == ""


def _plain(algorithm):
    return {**algorithm, "name": "nsga2", "settings": {"size": 10}}


@pytest.mark.parametrize(
    "change",
    [{"folders": 3}, {"folders": {"a": 3}}, {"folders": ["a"]}, {"reason": 5}, {"reason": {"a": 1}},
     {"settings": {"size": {"kind": "Doubling", "kind ": 1}}}, {"name": ""}, {"name": ":"},
     {"name": "nsga2", "settings": {"kind": "SBX", "size": []}}],
    ids=str,
)  # fmt: skip
def test_a_description_that_is_none_is_refused(evil, change):
    path = evil / "run.h5"
    strangers.respecify(path, lambda s: s["algorithm"].update({"name": "a:b", **change}))
    with pytest.raises(pt.errors.ParetideError):
        pt.resume(path, problem=strangers.Logging(), budget=10)


@pytest.mark.parametrize(
    "command", [["verify"], ["show"], ["show", "--json"], ["export", "--to", "csv"]]
)
def test_no_command_that_reads_imports_what_a_file_names(command, tmp_path):
    (tmp_path / "evil.py").write_text("open('called', 'w').close()\nclass Evil: pass\n")
    generational(tmp_path / "run.h5")

    def evil(specification):
        specification["problem"].update(target="evil:Evil", arguments={})
        specification["algorithm"].update(name="evil:Evil", folders={"evil": str(tmp_path)})
        specification["algorithm"]["settings"].update(crossover={"kind": "evil:Evil"})
        specification.update(executor={"name": "evil:Evil", "folder": str(tmp_path)})

    with h5py.File(tmp_path / "run.h5", "r+") as file:
        change_specification(file, evil)
    strangers.restamp(tmp_path / "run.h5")
    name, *options = command
    done = paretide(name, "run.h5", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "called").exists()
