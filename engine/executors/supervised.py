"""The driver's hold on one worker process: its supervisor, and the pipes to both."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import select
import signal
import socket
import subprocess
import time
from collections.abc import Container, Mapping
from multiprocessing import resource_tracker, spawn
from pathlib import Path
from typing import Any, NamedTuple

from .conditions import Conditions, Printed
from .messages import Channel, Garbled
from .output import read_printed

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0
"""For the next piece of a message: then its sender is taken for dead."""

END_SECONDS = 10.0
"""For a worker and all that it started to end once they are killed."""

GRACE_SECONDS = 1.0
"""For a worker that has closed its connection to end by itself."""

READ_AT_ONCE = 1 << 18
"""Bytes of output that are taken from a worker before others have their turn."""

WORKER = """
import sys
sys.path[:] = {path!r}
from paretide.engine.executors.worker_process import main
main(sys.argv[1:])
"""


class News(NamedTuple):
    """What has come from a worker.

    Attributes:
        messages: Of the worker.
        printed: By its jobs.
        ended: How it ended, a text; "" as long as it has not.
    """

    messages: list[Any]
    printed: list[Printed]
    ended: str


class Supervised:
    """A worker process with everything that it starts.

    Args:
        name: Of the worker.
        conditions: Of the executor.
        output_folder: For what it prints, if that goes to files.
        environment: Of the worker.
        poll: What waits for news; it looks at ``numbers`` until ``close``.
        share: The worker attaches to shared memory of this process.

    Attributes:
        last_words: What it printed last, once it has ended.
        killed: When it was, by ``time.monotonic()``; None if it was not.
    """

    def __init__(
        self,
        name: str,
        conditions: Conditions,
        output_folder: str,
        environment: Mapping[str, str],
        poll: select.poll,
        *,
        share: bool,
    ) -> None:
        self.name = name
        self.last_words: list[str] = []
        self.killed: float | None = None
        self._worker: int | None = None
        self._how = ""
        self._report_text = b""
        self._broken = ""
        self._broken_since = 0.0
        tracker = int(resource_tracker.getfd() or 0) if share else -1
        ours, theirs = socket.socketpair()
        (life, self._life), (self._report, report) = os.pipe(), os.pipe()
        passed = [life, report, theirs.fileno()]
        executable = os.fsdecode(spawn.get_executable())
        command = [
            executable,
            *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined]
            "-c",
            WORKER.format(path=spawn.get_preparation_data(name)["sys_path"]),
        ]
        try:
            self._supervisor = subprocess.Popen(
                [
                    executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py")),
                    *map(str, passed), str(tracker), os.urandom(8).hex(), conditions.output,
                    output_folder, name, json.dumps(command),
                ],
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                pass_fds=[*passed, *([tracker] if share else [])],
                start_new_session=True,  # Ctrl-C is for the driver, which ends it
            )  # fmt: skip
        except BaseException:
            ours.close()
            os.close(self._life)
            os.close(self._report)
            raise
        finally:
            theirs.close()
            os.close(life)
            os.close(report)
        os.set_blocking(self._report, False)
        self._channel = Channel(ours)
        self._connection = ours.fileno()
        self._writes = False  # something waits until the worker has read
        self._poll = poll
        for number in self.numbers:
            poll.register(number, select.POLLIN)

    @property
    def numbers(self) -> tuple[int, int]:
        """Of what is polled: the connection and the report."""
        return self._connection, self._report

    def send(self, message: Any) -> None:
        """Send a message to the worker; one that is dead is found out by ``news``."""
        self._channel.send(pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))
        self._watch_writing()

    def news(self, ready: Container[int] | None = None) -> News:
        """What has come until now; never waits.

        ``ready`` are those of its numbers that can be read or written; None looks at both.
        """
        messages: list[Any] = []
        printed: list[Printed] = []
        if ready is None or self._report in ready:
            printed = self._read_report()
        look = ready is None or self._connection in ready or self.uneasy or bool(self._how)
        if look and not self._broken:
            self._channel.flush()
            self._watch_writing()
            messages = self._read_messages()
        self._end_if_due()
        return News(messages, printed, self._how)

    def _watch_writing(self) -> None:
        wants = self._channel.wants_to_send
        if wants != self._writes and not self._broken:
            self._writes = wants
            self._poll.modify(self._connection, select.POLLIN | select.POLLOUT * wants)

    def _end_if_due(self) -> None:
        if self.killed is None and not self._broken:
            return
        now = time.monotonic()
        if self._broken and now - self._broken_since > GRACE_SECONDS:
            self.kill()
        if not self._how and self.killed is not None and now - self.killed > END_SECONDS:
            self._how = "was killed and does not end"

    @property
    def uneasy(self) -> bool:
        """True if ``news`` is to be asked for though nothing has come."""
        return bool(self._broken) or self.killed is not None or self._channel.stalled() > 1.0

    def kill(self) -> None:
        """End the worker and all that it started, at once; ``news`` says when they have ended."""
        if self.killed is None:
            self.killed = time.monotonic()
            os.close(self._life)

    def close(self) -> None:
        """Let go of it: of a worker that has ended, or is ended by this."""
        self.kill()
        self._unwatch(self._report)
        if not self._broken:
            self._unwatch(self._connection)
        self._channel.close()
        os.close(self._report)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(END_SECONDS)

    def _read_messages(self) -> list[Any]:
        try:
            payloads, goes_on = self._channel.receive()
            messages = [pickle.loads(payload) for payload in payloads]
        except Garbled as error:
            self._breaks(str(error))
            return []
        except Exception as error:  # whatever comes of bytes that a job has written there
            self._breaks(f"what it sent cannot be read: {type(error).__name__}")
            return []
        if not goes_on:
            self._breaks("its connection was closed", GRACE_SECONDS)
        elif self._channel.stalled() > STALL_SECONDS:
            self._breaks(f"it stopped in the middle of a message for {STALL_SECONDS:.0f} s")
        return messages

    def _unwatch(self, number: int) -> None:
        with contextlib.suppress(KeyError):
            self._poll.unregister(number)

    def _breaks(self, why: str, grace: float = 0.0) -> None:
        """Nothing more is expected of the worker; usually it is ending."""
        self._unwatch(self._connection)
        self._broken = why
        self._broken_since = time.monotonic() + grace - GRACE_SECONDS

    def _read_report(self) -> list[Printed]:
        """Lines of the jobs, and what the supervisor says."""
        printed: list[Printed] = []
        taken = 0
        while taken < READ_AT_ONCE:
            try:
                data = os.read(self._report, 1 << 16)
            except BlockingIOError:
                break
            if not data:
                self._supervisor_is_gone()
                break
            taken += len(data)
            *lines, self._report_text = (self._report_text + data).split(b"\n")
            for line in lines:
                printed += self._understand(json.loads(line))
        return printed

    def _understand(self, message: dict[str, Any]) -> list[Printed]:
        if "started" in message:
            self._worker = message["started"]
        elif "ended" in message:
            self.last_words = message["last"]
            code = message["ended"]
            self._how = "could not be killed" if code is None else f"ended with exit code {code}"
            if self.killed is not None and self._broken:
                self._how = f"was killed: {self._broken}"
            elif code == -signal.SIGKILL and self.killed is None:
                self._how += " (killed by somebody, as the system does when memory runs out)"
        return read_printed(message, self.name)

    def _supervisor_is_gone(self) -> None:
        """Somebody has killed it: the worker goes with it, but may need a push."""
        self._unwatch(self._report)
        if self._how:
            return
        self._how = "lost its supervisor, which was killed"
        if self._worker is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._worker, signal.SIGKILL)
