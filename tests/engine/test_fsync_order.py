"""In which order things reach the disk: a file before its name, a record before it is relied on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from torture import ENVIRONMENT

from paretide.engine.store import files
from paretide.engine.store.journal import _FRAME

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static void note(const char *what, int file, const char *from, const char *to, long bytes) {
    static int log = -1;
    char place[4096] = "", link[64], line[9000];
    if (log < 0) log = open(getenv("CALLS"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, place, sizeof place - 1);
        place[length > 0 ? length : 0] = 0;
        from = place;
    }
    int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%ld\n", what, from, to, bytes);
    syscall(SYS_write, log, line, length);
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *data, size_t size) {
    REAL(write);
    ssize_t written = real(file, data, size);
    note("write", file, "", "", written);
    return written;
}
ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    ssize_t written = real(file, data, size, at);
    note("write", file, "", "", written);
    return written;
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    ssize_t written = real(file, data, size, at);
    note("write", file, "", "", written);
    return written;
}
int fsync(int file) {
    REAL(fsync);
    int failed = real(file);
    if (!failed) note("fsync", file, "", "", 0);
    return failed;
}
int rename(const char *from, const char *to) {
    REAL(rename);
    int failed = real(from, to);
    if (!failed) note("rename", -1, from, to, 0);
    return failed;
}
"""

RUN = """
import os, sys, time, toy, paretide as pt
from paretide.engine.store import store
store.LEAST_JOURNAL, store.JOURNAL_SHARE = 6000, 0.05

def end(progress):
    if progress.evaluations >= 300:
        time.sleep(0.2)
        os._exit(0)

pt.minimize(toy.Slow(), pt.NSGA2(size=20), budget=10**6, seed=3, store=sys.argv[1], callbacks=[end])
"""


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_after(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace

    def noting_fsync(number):
        place = os.readlink(f"/proc/self/fd/{number}")
        calls.append(("fsync", "folder" if place == str(tmp_path) else Path(place).read_bytes()))
        fsync(number)

    def noting_replace(source, target):
        calls.append(("rename", Path(target).name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting_replace)
    path = tmp_path / "run.h5"
    files.replace_file(path, lambda beside: beside.write_bytes(b"all of it"))
    assert calls == [("fsync", b"all of it"), ("rename", "run.h5"), ("fsync", "folder")]
    calls.clear()
    files.move_file(path, tmp_path / "other.h5")
    assert calls == [("rename", "other.h5"), ("fsync", "folder")]


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory):
    """Calls into the C library of a run that ended without closing, and its file."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("calls are recorded on Linux, with a C compiler")
    folder = tmp_path_factory.mktemp("calls")
    (folder / "shim.c").write_text(SHIM)
    library = folder / "shim.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", library, folder / "shim.c", "-ldl"], check=True
    )
    (folder / "run.py").write_text(RUN)
    path, log = folder / "run.h5", folder / "calls"
    subprocess.run(
        [sys.executable, folder / "run.py", path],
        env={**ENVIRONMENT, "LD_PRELOAD": str(library), "CALLS": str(log)}, check=True,
    )  # fmt: skip
    calls = []
    for line in log.read_text().splitlines():
        what, place, target, size = line.split("\t")
        if place.startswith(str(folder)):
            calls.append((what, place, target, int(size)))
    return calls, path


def test_every_sealing_syncs_the_file_then_renames_it_then_syncs_the_folder(killed_run):
    calls, path = killed_run
    renames = [i for i, call in enumerate(calls) if call[0] == "rename"]
    sealings = [i for i in renames if calls[i][2] == str(path)]
    assert len(sealings) >= 3
    for i in renames:
        source = calls[i][1]
        of_it = [what for what, place, _, _ in calls[:i] if place == source]
        moved = source == f"{path}.journal.next"  # it had been synced as it got its first name
        assert moved or of_it[-1] == "fsync"
        assert "write" in of_it or moved
        assert calls[i + 1][:2] == ("fsync", str(path.parent))


def test_the_new_journal_takes_its_place_after_the_file_that_it_continues(killed_run):
    calls, path = killed_run
    named = [target for what, _, target, _ in calls if what == "rename"]
    journal, following = f"{path}.journal", f"{path}.journal.next"
    assert len(named) % 3 == 0
    assert named == [following, str(path), journal] * (len(named) // 3)


def test_a_record_says_of_those_before_it_only_what_is_true_of_the_disk(killed_run):
    calls, path = killed_run
    journal = Path(f"{path}.journal")
    begins = max(i for i, call in enumerate(calls) if call[2] == f"{journal}.next")
    synced = written = len(_first_record(journal.read_bytes()))
    known = []  # bytes on the disk when each record was written
    for what, place, _, size in calls[begins + 1 :]:
        if place not in (str(journal), f"{journal}.next"):
            continue
        if what == "write":
            known.append((written, synced))
            written += size
        elif what == "fsync":
            synced = written
    assert written == journal.stat().st_size
    assert synced == written  # it had time to be
    data = journal.read_bytes()
    claims = [_FRAME.unpack_from(data, offset)[2] for offset, _ in known]
    assert len(claims) > 5
    for (offset, on_disk), claim in zip(known, claims, strict=True):
        assert claim <= on_disk, f"the record at {offset} claims {claim} of {on_disk} bytes"


def _first_record(data):
    _, length, _, _ = _FRAME.unpack_from(data, 0)
    return data[: _FRAME.size + length]
