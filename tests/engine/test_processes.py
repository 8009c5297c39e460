"""What a worker process is given, how it is started and replaced, and what it is sent."""

import contextlib
import functools
import os
import pickle
import socket
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from talkative import FlakySetup, Told

import paretide as pt
from paretide.engine.executors import devices
from paretide.engine.executors.devices import split_devices, visible_devices
from paretide.engine.executors.messages import Channel, Garbled, framed
from paretide.engine.executors.pickling import find_culprit
from paretide.engine.executors.starts import Starts
from paretide.errors import ConfigurationError, ExecutorError


def told(executor, budget=16):
    """What the workers of an executor were told, by worker."""
    result = pt.minimize(Told(), pt.NSGA2(size=8), budget=budget, seed=1, executor=executor)
    evaluations = result.run.evaluations
    assert not evaluations.failures
    found = {}
    for id, worker in zip(evaluations.ids.tolist(), evaluations.worker.tolist(), strict=True):
        found.setdefault(worker, []).append(evaluations.extras[id])
    for all_of_one in found.values():
        assert all(extras == all_of_one[0] for extras in all_of_one)
    return {worker: extras[0] for worker, extras in found.items()}


def test_every_worker_has_gpus_of_its_own(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    found = sorted((e["device"], e["visible"]) for e in told(pt.ProcessExecutor(2)).values())
    assert found == [(["4"], "4"), (["5"], "5")]
    (alone,) = told(pt.ProcessExecutor(1, gpus=1)).values()
    assert (alone["device"], alone["visible"]) == (["4"], "4")
    (none,) = told(pt.ProcessExecutor(1, gpus=0)).values()
    assert (none["device"], none["visible"]) == ([], "")
    (serial,) = told("serial").values()
    assert serial["device"] == ["4", "5"]


def test_workers_that_share_gpus_are_not_told_that_they_own_them(monkeypatch, caplog):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    for extras in told(pt.ProcessExecutor(2)).values():
        assert (extras["device"], extras["visible"]) == ([], "0")
    assert "2 workers share 1 GPUs" in caplog.text
    with pytest.raises(ExecutorError, match="2 workers with 1 GPUs each need 2, and there are 1"):
        told(pt.ProcessExecutor(2, gpus=1))
    assert pt.ProcessExecutor(gpus=1).workers == 1


@given(st.integers(0, 9), st.integers(1, 9), st.none() | st.integers(0, 4))
def test_gpus_are_never_handed_out_twice(count, workers, each):
    there = tuple(map(str, range(count)))
    if each is not None and each * workers > count:
        with pytest.raises(ExecutorError):
            split_devices(there, workers, each)
        return
    split = split_devices(there, workers, each)
    assert len(split) == workers
    given_out = [device for share in split for device in share or ()]
    assert len(given_out) == len(set(given_out))
    assert set(given_out) <= set(there)
    assert len({len(share or ()) for share in split}) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", ()),
        ("-1", ()),
        ("0, 2", ("0", "2")),
        ("1,-1,2", ("1",)),
        ("GPU-aa,MIG-bb", ("GPU-aa", "MIG-bb")),
        ("0,0", ("0",)),
    ],
)
def test_visible_devices_are_those_that_cuda_sees(said, expected, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", said)
    assert visible_devices() == expected


def test_without_the_variable_the_driver_is_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: GPU-a)'\necho 'GPU 1: A (UUID: GPU-b)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(devices, "DRIVER", tmp_path)
    assert visible_devices() == ("0", "1")
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert visible_devices() == ()
    monkeypatch.setattr(devices, "DRIVER", tmp_path / "none")
    assert visible_devices() == ()


def test_workers_have_the_environment_and_as_many_threads_as_cpus(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MINE", "set before the run")
    (one,) = told(pt.ProcessExecutor(1)).values()
    assert (one["threads"], one["mkl"], one["mine"]) == ("1", "1", "set before the run")
    (two,) = told(pt.ProcessExecutor(1, cpus=2)).values()
    assert (two["threads"], two["mkl"]) == ("2", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    (mine,) = told(pt.ProcessExecutor(1)).values()
    assert (mine["threads"], mine["mkl"]) == ("3", None)


def test_a_worker_is_replaced_after_its_share():
    found = told(pt.ProcessExecutor(2, max_evaluations_per_worker=np.int64(3)), budget=24)
    assert len(found) >= 8


def test_one_setup_that_fails_later_does_not_end_the_run(tmp_path, caplog):
    result = pt.minimize(
        FlakySetup(str(tmp_path), fails=4), pt.NSGA2(size=8), budget=24, seed=1,
        executor=pt.ProcessExecutor(2),
    )  # fmt: skip
    assert {i: f.kind for i, f in result.run.evaluations.failures.items()} == {
        5: "crash", 12: "crash"
    }  # fmt: skip
    assert len(result.run.evaluations) == 24
    assert "out of memory" in caplog.text


def test_a_setup_that_hangs_is_ended(tmp_path):
    later, first = tmp_path / "later", tmp_path / "first"
    later.mkdir()
    first.mkdir()
    result = pt.minimize(
        FlakySetup(str(later), hangs=3), pt.NSGA2(size=8), budget=16, seed=1,
        executor=pt.ProcessExecutor(1, setup_timeout=np.float32(5)),
    )  # fmt: skip
    assert len(result.run.evaluations) == 16
    with pytest.raises(ExecutorError, match="was not ready after 2 s, its setup_timeout"):
        pt.minimize(
            FlakySetup(str(first), hangs=1), pt.NSGA2(size=8), budget=8, seed=1,
            executor=pt.ProcessExecutor(1, setup_timeout=2),
        )  # fmt: skip


def test_starts_are_given_up_at_once_only_before_any_worker_was_ready():
    starts = Starts()
    assert starts.raised()
    starts.ready()
    assert starts.pause() == 0
    assert not any(starts.raised() for _ in range(49))
    assert starts.pause() == 30
    assert starts.raised()
    starts.ready()
    assert starts.pause() == 0


# -- messages --------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(1, 300))
def test_messages_come_whole_however_they_are_sent(payloads, size):
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    data = b"".join(map(framed, payloads))
    found = []
    for start in range(0, len(data), size):
        theirs.sendall(data[start : start + size])
        messages, goes_on = channel.receive()
        assert goes_on
        found += messages
    assert found == payloads
    assert channel.stalled() == 0
    theirs.sendall(framed(b"half")[:-1])
    theirs.close()
    assert channel.receive() == ([], True)
    assert channel.receive() == ([], False)
    channel.close()


@given(st.binary(min_size=16, max_size=64), st.integers(0, 19))
def test_what_is_no_message_is_none(garbage, place):
    for data in (garbage, framed(b"payload")[:place] + b"?" + framed(b"payload")[place + 1 :]):
        ours, theirs = socket.socketpair()
        channel = Channel(ours)
        theirs.sendall(data)
        theirs.close()
        found = []
        with contextlib.suppress(Garbled):  # or it waits for a length that never comes
            for _ in range(2):
                found += channel.receive()[0]
        assert not found
        channel.close()


def test_a_reader_that_stops_makes_nobody_wait():
    ours, theirs = socket.socketpair()
    channel, reader = Channel(ours), Channel(theirs)
    channel.send(b"x" * 10_000_000)
    assert channel.wants_to_send
    found = []
    while not found:
        channel.flush()
        found, _ = reader.receive()
        assert found or reader.stalled() >= 0
    assert len(found[0]) == 10_000_000
    assert not channel.wants_to_send


# -- what cannot be pickled ------------------------------------------------------------------------


class Holder:
    def __init__(self, **parts):
        vars(self).update(parts)


class Slotted:
    __slots__ = ("part",)


def closure():
    lock = threading.Lock()
    return lambda: lock


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: Holder(lock=threading.Lock()), "Holder.lock"),
        (lambda: Holder(a=1, model=Holder(lock=threading.Lock())), "Holder.model.lock"),
        (lambda: Holder(d={"a": [1, threading.Lock()]}), "Holder.d['a'][1]"),
        (lambda: Holder(f=closure()), "Holder.f"),
        (lambda: Holder(p=functools.partial(print, threading.Lock())), "Holder.p.args[0]"),
        (lambda: Holder(g=(i for i in "ab")), "Holder.g"),
    ],
)
def test_the_part_that_cannot_be_pickled_is_found(make, path):
    assert find_culprit(make(), pickle.dumps)[0] == path


def test_with_code_that_travels_closures_are_looked_into():
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    assert find_culprit(Holder(f=closure()), cloudpickle.dumps)[0] == "Holder.f.<lock>"


def test_a_search_ends():
    part = Holder(lock=threading.Lock())
    part.itself = part
    slotted = Slotted()
    slotted.part = [part, slotted]
    path, culprit = find_culprit(Holder(part=slotted), pickle.dumps)
    assert path.startswith("Holder.part.part")
    assert culprit is not None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 1.5}, "workers must be a whole number >= 1, got 1.5"),
        ({"cpus": 0}, "cpus must be a whole number >= 1, got 0"),
        ({"gpus": -1}, "gpus must be a whole number >= 0, got -1"),
        ({"gpus": 0.5}, "gpus must be a whole number >= 0, got 0.5"),
        ({"setup_timeout": 0}, "setup_timeout must be seconds above 0, or None, got 0"),
        ({"max_evaluations_per_worker": 0}, "max_evaluations_per_worker must be a whole number"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.ProcessExecutor(**settings)
