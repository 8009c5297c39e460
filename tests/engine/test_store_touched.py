"""Files that other programs opened for writing: what was sealed is found, or named if it is not."""

import json
import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest
import toy
from commands import paretide

import paretide as pt
from paretide.engine.store import inspection
from paretide.engine.store.image import inspect_image, read_image, repair_image
from paretide.engine.store.stamp import read_stamp
from paretide.errors import StoreCorrupt


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.h5"
    pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=60, seed=2, store=path)
    return path.read_bytes()


@pytest.fixture
def path(sealed, tmp_path):
    (tmp_path / "run.h5").write_bytes(sealed)
    return tmp_path / "run.h5"


def touch(path, change=None, mode="a"):
    """Open a file as a viewer does."""
    with h5py.File(path, mode) as file:
        file["evaluations/F"][:]
        if change is not None:
            change(file)


def same(path, sealed):
    """The run is what was sealed; goes on, and is then sealed without what was added."""
    run = pt.open_run(path)
    assert len(run.evaluations) == 60
    resumed = pt.resume(path, budget=20)
    assert resumed.run.evaluations.F[:60].tobytes() == run.evaluations.F.tobytes()
    whole = pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=80, seed=2)
    assert resumed.F.tobytes() == whole.F.tobytes()
    assert inspect_image(path) is None


@pytest.mark.parametrize("mode", ["a", "r+"])
def test_a_file_that_was_looked_at_has_the_bytes_that_were_sealed(mode, path, sealed):
    touch(path, mode=mode)
    assert path.read_bytes() == sealed


def killed(path):
    code = "import h5py, os, sys; f = h5py.File(sys.argv[1], 'a'); list(f); os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)


def note(file):
    file.attrs["note"] = "for the paper"
    file["evaluations/F"].attrs["unit"] = "s"


def dataset(file):
    file["mine"] = np.arange(10_000.0)
    file["extras/more/values"] = [1, 2, 3]


def links(file):
    file["evaluations/outside"] = h5py.ExternalLink("other.h5", "/x")
    file["state/soft"] = h5py.SoftLink("/evaluations/F")


CHANGES = {
    "note": (note, ["/@note", "evaluations/F@unit"]),
    "dataset": (dataset, ["extras", "mine"]),
    "links": (links, ["evaluations/outside", "state/soft"]),
    "labels": (lambda file: file["evaluations/F"].dims[0].__setattr__("label", "mine"), []),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_others_added_is_named_and_dropped_at_the_next_sealing(name, path, sealed, caplog):
    change, added = CHANGES[name]
    touch(path, change)
    assert path.read_bytes() != sealed
    assert sorted(inspect_image(path).added) == added
    same(path, sealed)
    assert "what was added to it is dropped" in caplog.text


def test_a_viewer_that_was_killed_leaves_a_file_that_opens_and_resumes(path, sealed):
    killed(path)
    assert path.read_bytes() != sealed
    findings = inspect_image(path)
    assert (findings.changed, findings.added) == ([], [])
    same(path, sealed)


def remove(name):
    def change(file):
        del file[name]

    return change


def put(name, at, value):
    def change(file):
        file[name][at] = value

    return change


def retype(file):
    values = file["evaluations/F"][:]
    del file["evaluations/F"]
    file["evaluations/F"] = values.astype(np.float32)


DAMAGES = {
    "a value": (put("evaluations/F", 0, 0.5), "evaluations/F"),
    "a bit": (put("evaluations/status", 59, 2), "evaluations/status"),
    "a text": (put("evaluations/objectives", 0, b"size"), "evaluations/objectives"),
    "a state": (put("state/parents_X", 0, 1.0), "state/parents_X"),
    "the specification": (put("specification", (), b"{}"), "specification"),
    "an attribute": (lambda file: file.attrs.__setitem__("seal", 7), "/@seal"),
    "a dataset removed": (remove("populations/final"), "populations/final"),
    "a dataset of another type": (retype, "evaluations/F"),
    "a group removed": (remove("state"), "state/scalars"),
    "a table of contents removed": (remove("contents"), "bytes follow its header"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_changed_value_is_found_and_named(name, path):
    change, where = DAMAGES[name]
    touch(path, change)
    with pytest.raises(StoreCorrupt, match=f"is damaged.*{where}.*restore it from a backup"):
        read_image(path)


@pytest.mark.parametrize("use", [pt.open_run, pt.resume, repair_image])
def test_a_changed_value_stops_everyone(use, path):
    touch(path, put("evaluations/F", 0, 0.5))
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="evaluations/F changed"):
        use(path)
    assert path.read_bytes() == before


def test_repairing_keeps_run_sealing_and_writer_and_so_the_journal(tmp_path):
    path = tmp_path / "run.h5"
    kept = {}

    def keep(progress):
        if progress.evaluations >= 90:
            kept.update({p: p.read_bytes() for p in tmp_path.iterdir() if p.suffix != ".lock"})

    pt.minimize(toy.Mixed(), pt.NSGA2(size=10), budget=60, seed=2, store=path)
    pt.resume(path, budget=60, callbacks=[keep])
    for file, content in kept.items():
        file.write_bytes(content)
    touch(path, note)
    before, whole = read_stamp(path), pt.open_run(path)
    assert repair_image(path).added == ["/@note", "evaluations/F@unit"]
    after = read_stamp(path)
    assert after.whose == before.whose
    assert inspect_image(path) is None
    again = pt.open_run(path)
    assert len(again.evaluations) > len(read_image(path).evaluations)
    assert again.evaluations.F.tobytes() == whole.evaluations.F.tobytes()
    assert repair_image(path) is None


def test_verify_says_what_was_added_and_repairs(path):
    folder = path.parent
    touch(path, note)
    said = paretide("verify", "run.h5", cwd=folder)
    assert said.returncode == 0, said.stderr
    assert "sound, 60 evaluations" in said.stdout
    assert "added: evaluations/F@unit" in said.stdout
    assert "paretide verify run.h5 --repair" in said.stdout
    repaired = paretide("verify", "run.h5", "--repair", cwd=folder)
    assert repaired.returncode == 0, repaired.stderr
    assert "dropped: /@note" in repaired.stdout
    again = paretide("verify", "run.h5", "--repair", cwd=folder)
    assert "another program" not in again.stdout
    touch(path, put("evaluations/F", 0, 0.5))
    damaged = paretide("verify", "run.h5", "--repair", cwd=folder)
    assert damaged.returncode == 2
    assert "evaluations/F changed" in damaged.stderr


def test_a_viewer_that_holds_the_file_stops_neither_readers_nor_the_run(tmp_path):
    path = tmp_path / "run.h5"
    code = (
        "import h5py, sys\nf = h5py.File(sys.argv[1], 'a')\nf.attrs['seen'] = 1\nf.flush()\n"
        "print('open', flush=True)\nsys.stdin.read()"
    )
    viewers = []

    def look(progress):
        if progress.generation == 2:
            viewer = subprocess.Popen(
                [sys.executable, "-c", code, str(path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            viewer.stdout.readline()
            viewers.append(viewer)
            assert len(pt.open_run(path).evaluations) >= 30

    try:
        result = pt.minimize(
            toy.Mixed(), pt.NSGA2(size=10), budget=60, seed=2, store=path, callbacks=[look]
        )
    finally:
        for viewer in viewers:
            viewer.kill()
            viewer.communicate()
    assert pt.open_run(path).evaluations.F.tobytes() == result.run.evaluations.F.tobytes()


def test_threads_may_read_a_touched_file_at_once(path):
    touch(path, note)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(len(pt.open_run(path).evaluations)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [60] * 3


def test_a_script_without_a_guard_reads_a_touched_file(path):
    touch(path, note)
    script = path.with_name("look.py")
    script.write_text("import paretide as pt\nprint(len(pt.open_run('run.h5').evaluations))\n")
    done = subprocess.run(
        [sys.executable, script.name], cwd=path.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == "60\n"


def test_a_child_that_hangs_is_ended_and_the_file_called_damaged(path, monkeypatch, tmp_path):
    touch(path, note)
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(hanging))
    monkeypatch.setattr(inspection, "SECONDS", 0.5)
    with pytest.raises(StoreCorrupt, match="is damaged"):
        pt.open_run(path)


def test_a_child_has_limits_of_time_and_memory(monkeypatch):
    resource = pytest.importorskip("resource")
    code = (
        "import json, resource\nfrom paretide.engine.store import inspection as i\n"
        "i._limit(7)\nnames = ('RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_AS')\n"
        "print(json.dumps([resource.getrlimit(getattr(resource, n))[0] for n in names]))\n"
        "try: bytearray(2 << 30)\nexcept MemoryError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    limits, *said = done.stdout.splitlines()
    cpu, size, memory = json.loads(limits)
    assert (cpu, size) == (7, 0)
    if sys.platform == "linux":
        assert memory != resource.RLIM_INFINITY
        assert said == ["refused"]


def test_a_file_that_changes_while_it_is_read_is_read_again(path, monkeypatch):
    parsed, times = inspection._parsed, []

    def meanwhile(file, stamp, where, parse):
        times.append(1)
        if len(times) == 1:
            touch(path, note)
            raise OSError("what HDF5 says of a file that changes")
        return parsed(file, stamp, where, parse)

    monkeypatch.setattr(inspection, "_parsed", meanwhile)
    assert len(pt.open_run(path).evaluations) == 60
    assert len(times) > 1
