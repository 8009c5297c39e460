"""A disk that is full, a folder that turns read-only."""

import subprocess
import sys

import pytest
import toy

import paretide as pt
from paretide.engine.store import files
from paretide.engine.store.continuation import journal_path
from paretide.errors import StoreError

LIMITED = """
import resource, signal, sys, toy, paretide as pt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=20), budget=2000, seed=3, store=sys.argv[1])
except pt.errors.StoreError as error:
    print(error)
    sys.exit(7)
"""


@pytest.mark.parametrize("limit", [60_000, 100_000])
def test_a_full_disk_is_named_and_the_run_resumes_once_there_is_room(limit, tmp_path):
    path = tmp_path / "run.h5"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(limit=limit), str(path)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert "cannot write" in done.stdout
    assert "make room, then resume" in done.stdout
    kept = len(pt.open_run(path).evaluations)
    assert kept > 40
    resumed = pt.resume(path)
    whole = pt.minimize(toy.Schaffer(), pt.NSGA2(size=20), budget=2000, seed=3)
    assert resumed.X.tobytes() == whole.X.tobytes()
    assert sorted(tmp_path.iterdir()) == [path, tmp_path / "run.h5.lock"]


def test_a_sealing_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=30, seed=1, store=path)
    before = path.read_bytes()

    def refuse(source, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", refuse)
        with pytest.raises(StoreError, match=r"No space left on device.*untouched"):
            pt.resume(path, budget=20)
    assert path.read_bytes() == before
    assert not journal_path(path).exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")] == []
    assert len(pt.resume(path, budget=20).run.evaluations) == 50
