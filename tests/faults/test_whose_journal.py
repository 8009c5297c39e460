"""A run is its file and its journal, tied by what is in them: kills between any two steps on the
disk, other names, links, strangers in their places, and a second writer."""

import itertools
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import toy

import paretide as pt
from paretide.engine.store import files, journal, store
from paretide.engine.store.continuation import journal_path, next_journal_path, read_header
from paretide.engine.store.stamp import read_stamp
from paretide.errors import StoreCorrupt, StoreError, StoreExists, StoreLocked, StoreMismatch

ALGORITHMS = [
    pt.NSGA2(size=10),
    pt.NSGA2(size=10, mode="steady", window=4),
    pt.ConcurrentDynamicNSGA2(start=4, max_size=16),
]


def whole(algorithm=ALGORITHMS[0], budget=60, seed=3, **options):
    return pt.minimize(toy.Schaffer(), algorithm, budget=budget, seed=seed, **options)


def same(a, b):
    ours, theirs = a.run.evaluations, b.run.evaluations
    assert ours.ids.tolist() == theirs.ids.tolist()
    assert ours.X.tobytes() == theirs.X.tobytes()
    assert ours.F.tobytes() == theirs.F.tobytes()
    assert [p.tolist() for p in a.run.populations] == [p.tolist() for p in b.run.populations]
    assert a.population.ids.tolist() == b.population.ids.tolist()


KILLED = """
import os, sys, toy, paretide as pt
pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=60, seed=int(sys.argv[2]), store=sys.argv[1],
            callbacks=[lambda p: p.evaluations >= 40 and os.kill(os.getpid(), 9)])
"""


@pytest.fixture
def killed(tmp_path):
    """Makes runs of 60 evaluations that were killed after 40."""

    def kill(path=tmp_path / "run.h5", seed=3):
        path.parent.mkdir(exist_ok=True)
        done = subprocess.run([sys.executable, "-c", KILLED, path, str(seed)], check=False)
        assert done.returncode == -9
        return path

    return kill


def evaluations(path):
    return len(pt.open_run(path).evaluations)


# -- kills -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=["generational", "steady", "concurrent"])
def test_a_kill_between_any_two_steps_on_the_disk_loses_nothing(algorithm, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "LEAST_JOURNAL", 4000)
    monkeypatch.setattr(store, "JOURNAL_SHARE", 0.0)
    folder, copies = tmp_path / "run", []
    folder.mkdir()

    def copied(original, every=1):
        calls = itertools.count()

        def step(*arguments, **options):
            result = original(*arguments, **options)
            if next(calls) % every == 0:
                copies.append(tmp_path / str(len(copies)))
                shutil.copytree(folder, copies[-1])
            return result

        return step

    finished = []
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", copied(os.replace))
        patch.setattr(journal.os, "write", copied(os.write, every=6))
        patch.setattr(Path, "unlink", copied(Path.unlink))
        undisturbed = whole(
            algorithm, store=folder / "run.h5",
            callbacks=[lambda p: finished.append((len(copies), p.evaluations))],
        )  # fmt: skip
    seals = {read_stamp(c / "run.h5").seal for c in copies if (c / "run.h5").exists()}
    assert len(seals) > 3
    floor = 0
    for number, copy in enumerate(copies):
        floor = max([floor, *(told for at, told in finished if at <= number)])
        if not (copy / "run.h5").exists():
            assert floor == 0
            continue
        assert evaluations(copy / "run.h5") >= floor
        same(pt.resume(copy / "run.h5"), undisturbed)
        assert sorted(p.name for p in copy.iterdir()) == ["run.h5", "run.h5.lock"]


def test_what_a_killed_writer_was_about_to_put_in_place_is_removed(killed, tmp_path):
    path = killed()
    left = tmp_path / f"{files._leftover_prefix(path)}0123.tmp"
    left.write_bytes(b"half a file")
    foreign = tmp_path / f"{files._leftover_prefix(tmp_path / 'other.h5')}0123.tmp"
    foreign.write_bytes(b"of a run that goes on")
    pt.resume(path)
    assert not left.exists()
    assert foreign.exists()


# -- names -----------------------------------------------------------------------------------------


def test_a_run_reached_by_a_link_is_the_run_that_the_link_leads_to(killed, tmp_path):
    path = killed(tmp_path / "runs" / "7.h5")
    link = tmp_path / "latest.h5"
    link.symlink_to("runs/7.h5")
    assert evaluations(link) == evaluations(path) == 40
    same(pt.resume(link), whole())
    assert link.is_symlink()
    assert evaluations(path) == 60
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest.h5", "runs"]


def test_a_run_is_locked_under_every_name(tmp_path):
    path, link = tmp_path / "run.h5", tmp_path / "latest.h5"
    link.symlink_to(path)

    def intrude(progress):
        with pytest.raises(StoreLocked, match="is being written by"):
            pt.resume(link)

    whole(store=path, callbacks=[intrude])


def test_a_file_that_was_renamed_alone_is_continued_by_its_journal(killed, tmp_path, caplog):
    path = killed()
    kept = path.rename(tmp_path / "kept.h5")
    assert evaluations(kept) == 40
    assert "kept.h5 is continued by run.h5.journal" in caplog.text
    same(pt.resume(kept), whole())


def test_a_copy_of_a_run_goes_on_beside_it(killed, tmp_path):
    path = killed()
    copy = Path(shutil.copy(path, tmp_path / "copy.h5"))
    same(pt.resume(copy), whole())
    assert evaluations(path) == 40  # its journal is still there
    same(pt.resume(path), whole())


def test_a_new_run_keeps_the_journal_that_another_left_in_its_place(killed, tmp_path, caplog):
    path = killed()
    kept = path.rename(tmp_path / "kept.h5")
    whole(seed=4, store=path)
    (aside,) = tmp_path.glob("run.h5.*-*.journal")
    assert f"it is kept as {aside.name}" in caplog.text
    assert evaluations(kept) == 40
    same(pt.resume(kept), whole())
    assert evaluations(path) == 60


def test_what_is_overwritten_goes_with_its_journal(killed, tmp_path):
    path = killed()
    whole(seed=4, store=path, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.h5", "run.h5.lock"]


def test_a_run_is_not_begun_where_one_is(killed):
    with pytest.raises(StoreExists, match="continue it with resume"):
        whole(store=killed())


# -- journals that are missing, foreign, newer -----------------------------------------------------


def test_a_missing_journal_is_a_loss_and_refused_unless_told_otherwise(killed, caplog):
    path = killed()
    journal_path(path).unlink()
    sealed = evaluations(path)
    assert sealed < 40
    assert "it holds what was finished since" in caplog.text
    with pytest.raises(StoreMismatch, match=r"there is no run\.h5\.journal.*--without-journal"):
        pt.resume(path)
    same(pt.resume(path, without_journal=True), whole())


def test_a_damaged_journal_can_be_left_behind_and_is_kept(killed, tmp_path):
    path = killed()
    damaged = bytearray(journal_path(path).read_bytes())
    damaged[30] ^= 1
    journal_path(path).write_bytes(damaged)
    for read in (pt.open_run, pt.resume):
        with pytest.raises(StoreCorrupt, match=r"run\.h5\.journal is damaged.*--without-journal"):
            read(path)
    same(pt.resume(path, without_journal=True), whole())
    (aside,) = tmp_path.glob("run.h5.unknown.journal")
    assert aside.read_bytes() == damaged


def test_a_journal_of_another_run_is_named(killed, tmp_path):
    one, other = killed(tmp_path / "one.h5"), killed(tmp_path / "other.h5", seed=4)
    run_id = read_header(journal_path(other)).run_id
    os.replace(journal_path(other), journal_path(one))
    with pytest.raises(StoreMismatch, match=f"one.h5.journal belongs to run {run_id}, sealing 0"):
        pt.resume(one)
    assert evaluations(other) == 40  # by what is in it
    same(pt.resume(other), whole(seed=4))


@pytest.mark.parametrize(
    "header",
    [{"run_id": "../../elsewhere"}, {"run_id": "a" * 400}, {"seal": 10**4000}, {"seal": -1},
     {"writer": "x/y"}, {"seal": True}],
    ids=lambda header: next(iter(header)),
)  # fmt: skip
def test_a_journal_whose_header_names_no_run_is_set_aside(header, tmp_path):
    known = {"run_id": "0" * 32, "seal": 3, "host": "h", "pid": 1, "layout": {}, "writer": ""}
    place = journal_path(tmp_path / "run.h5")
    place.write_bytes(journal.frame(json.dumps(known | header).encode(), 0))
    same(whole(store=tmp_path / "run.h5"), whole())
    assert (tmp_path / "run.h5.unknown.journal").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe")
@pytest.mark.parametrize("name", ["run.h5", "run.h5.journal", "run.h5.journal.next", "x.journal"])
def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(name, killed, tmp_path):
    path = killed()
    if name != journal_path(path).name:
        journal_path(path).rename(tmp_path / "kept")
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(StoreError):
        pt.resume(path)
    if name == path.name:
        with pytest.raises(StoreError, match="no regular file"):
            pt.open_run(path)
    else:
        same(pt.resume(path, without_journal=True), whole())


def test_a_closed_run_needs_no_journal_and_keeps_a_foreign_one(killed, tmp_path):
    path, other = tmp_path / "run.h5", killed(tmp_path / "other.h5", seed=4)
    whole(store=path)
    shutil.move(journal_path(other), journal_path(path))
    same(pt.resume(path, budget=20), whole(budget=80))
    assert evaluations(other) == 40


def test_a_journal_left_over_from_before_the_last_sealing_holds_nothing_new(killed):
    path = killed()
    old = journal_path(path).read_bytes()
    finished = pt.resume(path)
    journal_path(path).write_bytes(old)
    assert evaluations(path) == 60
    same(pt.resume(path), finished)


def test_an_older_copy_of_the_file_is_refused(killed):
    path = killed()
    old = path.read_bytes()

    def crash(progress):
        path.write_bytes(old)
        os._exit(9)

    child = os.fork()
    if not child:
        pt.resume(path, callbacks=[crash])
    os.waitpid(child, 0)
    with pytest.raises(StoreMismatch, match="an older copy of the file"):
        pt.resume(path)
    with pytest.raises(StoreMismatch, match="an older copy of the file"):
        pt.open_run(path)
    same(pt.resume(path, without_journal=True), whole())


# -- a second writer -------------------------------------------------------------------------------

SECOND = "import sys, toy, paretide as pt; pt.resume(sys.argv[1], budget=100)"


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=["generational", "steady", "concurrent"])
def test_a_writer_that_has_lost_its_lock_stops_and_overwrites_nothing(algorithm, tmp_path):
    path = tmp_path / "run.h5"

    def second(progress):
        if progress.evaluations >= 30 and evaluations(path) < 60:
            path.with_name("run.h5.lock").unlink()
            subprocess.run([sys.executable, "-c", SECOND, path], check=True)

    with pytest.raises(StoreLocked, match="another writer, which has taken over"):
        whole(algorithm, store=path, callbacks=[second])
    assert evaluations(path) == 160
    assert not journal_path(path).exists()
    same(pt.resume(path), whole(algorithm, budget=160))


def test_a_stranger_in_the_place_of_the_file_is_not_overwritten(tmp_path):
    path, other = tmp_path / "run.h5", tmp_path / "other.h5"
    whole(seed=4, store=other)

    def put(progress):
        shutil.copy(other, path)

    with pytest.raises(StoreLocked, match="another writer"):
        whole(store=path, callbacks=[put])
    assert path.read_bytes() == other.read_bytes()
    (left,) = tmp_path.glob("*.journal*")  # with what was finished
    assert read_header(left).run_id != read_stamp(path).run_id


def test_a_file_that_appears_before_the_first_sealing_is_not_overwritten(tmp_path):
    path = tmp_path / "run.h5"

    class Late(pt.SerialExecutor):
        def start(self, job):
            path.write_text("precious")
            super().start(job)

    with pytest.raises(StoreLocked, match="another program's file"):
        whole(store=path, executor=Late())
    assert path.read_text() == "precious"


def test_a_foreign_journal_that_is_put_over_ours_is_kept(killed, tmp_path):
    other = killed(tmp_path / "other.h5", seed=4)
    foreign = journal_path(other).read_bytes()

    def put(progress):
        if progress.generation == 2:
            os.replace(journal_path(other), journal_path(tmp_path / "run.h5"))

    whole(store=tmp_path / "run.h5", callbacks=[put])
    assert evaluations(tmp_path / "run.h5") == 60
    (aside,) = tmp_path.glob("run.h5.*-*.journal")
    assert aside.read_bytes() == foreign
    assert evaluations(other) == 40


def test_a_file_that_is_gone_is_written_anew(tmp_path):
    path = tmp_path / "run.h5"
    whole(store=path, callbacks=[lambda p: path.unlink(missing_ok=True)])
    assert evaluations(path) == 60


def test_a_journal_that_is_gone_is_made_anew(tmp_path, caplog):
    path, seen = tmp_path / "run.h5", []

    def remove(progress):
        seen.append(evaluations(path))
        if progress.generation == 1:
            journal_path(path).unlink()

    whole(store=path, callbacks=[remove])
    assert seen == [10, 20, 30, 40, 50, 60]
    assert "was removed; the run is sealed anew" in caplog.text


# -- modes, links and temporary files --------------------------------------------------------------


def test_modes_are_kept(tmp_path):
    path, modes = tmp_path / "run.h5", set()
    whole(store=path)
    path.chmod(0o600)

    def look(progress):
        modes.add(stat.S_IMODE(journal_path(path).stat().st_mode))

    pt.resume(path, budget=20, callbacks=[look])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert modes == {0o600}


def test_a_new_run_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    whole(store=tmp_path / "run.h5")
    assert (tmp_path / "run.h5").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_owners_are_kept(tmp_path):
    path = tmp_path / "run.h5"
    whole(store=path)
    os.chown(path, 12, 34)
    pt.resume(path, budget=20)
    assert (path.stat().st_uid, path.stat().st_gid) == (12, 34)


def test_no_link_is_followed_to_write(tmp_path):
    path, precious = tmp_path / "run.h5", tmp_path / "precious"
    precious.write_text("precious")
    for name in ("run.h5.tmp", "run.h5.journal", "run.h5.journal.next"):
        (tmp_path / name).symlink_to(precious)
    whole(store=path)
    assert precious.read_text() == "precious"
    assert evaluations(path) == 60


def test_names_of_temporary_files_cannot_be_foreseen(tmp_path, monkeypatch):
    names = []
    original = os.replace

    def note(source, target):
        names.append(Path(source).name)
        original(source, target)

    monkeypatch.setattr(files.os, "replace", note)
    whole(store=tmp_path / "run.h5")
    temporary = [n for n in names if n.endswith(".tmp")]
    assert len(set(temporary)) == len(temporary) >= 3
    assert all(re.fullmatch(r"\.paretide-[0-9a-f]{12}-[0-9a-f]{16}\.tmp", n) for n in temporary)


def test_what_is_next_is_found_where_it_waits(killed):
    path = killed()
    os.replace(journal_path(path), next_journal_path(path))
    assert evaluations(path) == 40
    same(pt.resume(path), whole())
