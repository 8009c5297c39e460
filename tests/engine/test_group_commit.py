"""Bringing a file to the disk from a thread without the GIL."""

import os
import threading
import time

import pytest

from paretide.engine.store import journal as journal_module
from paretide.engine.store.group_commit import GroupCommit
from paretide.engine.store.journal import Journal, records
from paretide.errors import StoreError


@pytest.fixture
def file(tmp_path):
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    yield descriptor
    os.close(descriptor)


def in_thread(commit, seconds=0.05, group=64, idle=60.0):
    thread = threading.Thread(target=commit.run, args=(seconds, group, idle))
    thread.start()
    return thread


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_group_is_synced_after_its_time_or_its_number(file):
    for seconds, group in ((0.02, 10**9), (3600.0, 3)):
        commit = GroupCommit(file, 100)
        thread = in_thread(commit, seconds, group)
        for size, behind in ((110, 1), (120, 2), (140, 3)):
            assert commit.wrote(size) <= behind
        until(lambda c=commit: c.synced_bytes == 140)
        assert commit.behind == 0
        commit.close()
        thread.join(20)
        assert not thread.is_alive()


def test_a_group_that_is_not_full_waits(file):
    commit = GroupCommit(file, 0)
    thread = in_thread(commit, 3600.0, 3)
    commit.wrote(10)
    commit.wrote(20)
    time.sleep(0.1)
    assert (commit.behind, commit.synced_bytes) == (2, 0)
    commit.close()  # which syncs what is there
    thread.join(20)
    assert (commit.behind, commit.synced_bytes) == (0, 20)


def test_it_returns_when_nothing_comes_for_a_while(file):
    commit = GroupCommit(file, 0)
    thread = in_thread(commit, idle=0.05)
    thread.join(20)
    assert not thread.is_alive()
    assert commit.wrote(10) == 1
    assert commit.synced_bytes == 0


def test_a_disk_that_fails_ends_it_with_its_error(tmp_path):
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    os.close(descriptor)
    commit = GroupCommit(descriptor, 0)
    commit.wrote(10)
    commit.run(0.01, 1, 60.0)
    assert os.strerror(commit.error) == "Bad file descriptor"
    assert commit.behind == 1


def test_a_journal_reports_it(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SYNC_RECORDS", 1)
    journal = Journal(tmp_path / "journal", b"header")
    read_end, write_end = os.pipe()
    os.dup2(write_end, journal._file)  # a pipe can be written and not synced
    journal.append(b"payload")
    until(lambda: journal._commit.error)
    with pytest.raises(StoreError, match=r"cannot write .*journal: .*make room"):
        journal.append(b"payload")
    with pytest.raises(StoreError):
        journal.close()
    os.close(read_end)
    os.close(write_end)


def test_a_journal_that_was_idle_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "IDLE_SECONDS", 0.02)
    path = tmp_path / "journal"
    journal = Journal(path, b"header")
    for i in range(5):
        journal.append(b"record %d" % i)
        until(lambda: journal._commit.behind == 0)
        time.sleep(0.05)
    journal.close()
    assert list(records(path.read_bytes(), path)) == [
        b"header", *(b"record %d" % i for i in range(5))
    ]  # fmt: skip


def test_a_slow_disk_holds_up_only_when_many_are_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 3600.0)
    monkeypatch.setattr(journal_module, "SYNC_RECORDS", 10**9)  # it never gets there
    monkeypatch.setattr(journal_module, "MOST_BEHIND", 100)
    journal = Journal(tmp_path / "journal", b"header")
    held_up = threading.Event()

    def append():
        for _ in range(101):
            journal.append(b"payload")
        held_up.set()

    thread = threading.Thread(target=append)
    thread.start()
    until(lambda: journal._commit.behind == 100)
    assert not held_up.wait(0.1)
    journal._commit.close()  # the disk gets there
    assert held_up.wait(20)
    thread.join()
    journal.close()


def test_closing_syncs_what_came_as_the_thread_turned_idle(tmp_path, monkeypatch):
    monkeypatch.setattr(Journal, "_sync_forever", lambda self: None)  # it has just ended
    journal = Journal(tmp_path / "journal", b"header")
    journal.append(b"the last one")
    assert journal._commit.behind == 1
    journal.close()
    assert journal._commit.behind == 0
    assert journal._commit.synced_bytes == journal.size
