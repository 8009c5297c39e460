"""A worker's life in a process of its own: get ready, say so, answer tasks until there are none."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import socket
import traceback
from collections.abc import Iterator
from multiprocessing import resource_tracker, spawn
from typing import Any

from .evaluator import Evaluator
from .leftovers import Leftovers
from .messages import receive_whole, send_whole
from .output import ScribeOutlet
from .shared import unpack

READY = "ready"
"""What a worker says once ``setup`` has run. Otherwise it says how far it came, and a traceback."""


def preparation(name: str) -> dict[str, Any]:
    """What a fresh interpreter needs in order to import what this one can: plain data.

    The same as of Python's own multiprocessing: path, arguments, working folder, main script.
    """
    data = spawn.get_preparation_data(name)
    data["authkey"] = bytes(data["authkey"])  # as it is, it refuses to leave the process
    return data


def main(arguments: list[str]) -> None:
    """Serve the driver at the other end of a socket."""
    work, talk, tracker = map(int, arguments[:3])
    token, name = arguments[3:5]
    for number in (work, talk):
        os.set_inheritable(number, False)  # commands that a job starts have no part in it
    if tracker >= 0:  # what is shared belongs to the driver, which removes it
        os.set_inheritable(tracker, False)
        resource_tracker._resource_tracker._fd = tracker  # type: ignore[attr-defined]
    outlet = ScribeOutlet(talk, token)
    connection = socket.socket(fileno=work)
    with contextlib.suppress(OSError):  # the driver is gone
        worker = _get_ready(connection, name, outlet)
        if worker is not None:
            _serve(connection, worker)


def _get_ready(connection: socket.socket, name: str, outlet: ScribeOutlet) -> Evaluator | None:
    """Become like the driver, unpack the job, run ``setup`` and say so, or what went wrong."""
    first = receive_whole(connection)
    if first is None:
        return None
    prepared, payload, device = pickle.loads(first)
    process: Any = multiprocessing.current_process()
    process._inheriting = True  # as in Python's own: the main script is being imported again
    stage = "start"
    try:
        spawn.prepare(prepared)
        process._inheriting = False
        job, conditions, parcel = pickle.loads(payload)
        shared = {} if parcel is None else unpack(parcel)
        if device is not None:  # again: a script may set it whenever it is imported
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(device)
        stage = "setup"
        worker = Evaluator(
            job,
            name,
            conditions,
            device or (),
            shared,
            outlet=outlet,
            leftovers=Leftovers(os.getppid()),
        )
    except BaseException as error:
        if isinstance(error, SystemExit) and process._inheriting:
            raise  # a script without a guard: the driver knows what to say
        send_whole(connection, pickle.dumps((stage, traceback.format_exc())))
        return None
    send_whole(connection, pickle.dumps(READY))
    return worker


def _serve(connection: socket.socket, worker: Evaluator) -> None:
    """Evaluate what comes until there is no more, then run ``teardown``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a signal is for a candidate, or for nobody
    while (message := receive_whole(connection)) is not None:
        task = pickle.loads(message)
        if task is None:
            worker.dismiss()
            return
        with _interruptible():
            done = worker.evaluate(task)
        send_whole(connection, pickle.dumps(done, protocol=pickle.HIGHEST_PROTOCOL))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGINT has its usual meaning here, for the candidate and for what it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:  # unless the job has put a handler of its own there
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
