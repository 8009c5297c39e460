"""The process beside an actor that outlives it: ends what its jobs started, keeps what they said.

Ray starts actors, and kills them without asking, so that no process of ours can stand above one as
its parent. This one stands beside it. It passes on what the actor's jobs print, one message at a
time, and forgets a message when the actor has handed it to the driver. When the actor is gone,
however that came about, it kills what the jobs have started, in sessions of their own, too: what
descended from the actor, what carries the actor's mark in its environment, and what has inherited
the actor's pipe by a fork. Then it writes down what was not passed on, for the driver to fetch.

This file runs by itself and imports nothing of paretide but the file beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from descendants import descendants, kill, state  # type: ignore[import-not-found, unused-ignore]
else:
    from .descendants import descendants, kill, state

MARK = "PARETIDE_ACTOR"
"""Environment variable of what an actor's jobs start."""

LOOK_SECONDS = 0.25
"""Between two looks at what descends from the actor."""

KILL_SECONDS = 8.0
"""Until it gives up on processes that do not end."""

LAST_SECONDS = 3.0
"""For the last lines to come, once nobody is left to print."""

FETCH_SECONDS = 30.0
"""For the driver to fetch them: then it may be gone, too, and they are removed."""

CLOSED = b"c"


class Keeper:
    """An actor's hold on its keeper.

    Args:
        token: Of the mark, which this process and its children carry from now on.
        rest: File for what has not been passed on when the actor is gone; "" passes on nothing.
    """

    def __init__(self, token: str, rest: str) -> None:
        self._token = token
        self._rest = rest
        self._other_end, self._hold = os.pipe()  # which forks inherit, and commands do not
        self._acknowledged = -1

    def start(self, messages: int = -1) -> int:
        """Start the keeper; returns the pipe to read messages from instead of ``messages``."""
        passed, down = [], -1
        acknowledged, self._acknowledged = os.pipe()
        if messages >= 0:
            down, down_in = os.pipe()
            passed = [messages, down_in]
        numbers = [*(passed or [-1, -1]), acknowledged]
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(os.getpid()), self._token,
             os.readlink(f"/proc/self/fd/{self._hold}"), *map(str, numbers), self._rest],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[*passed, acknowledged], start_new_session=True,
        )  # fmt: skip
        keeper.wait()  # it goes on as nobody's child: an actor that ends kills its own
        for number in (*passed, acknowledged, self._other_end):
            os.close(number)
        os.environ[MARK] = self._token  # of whatever is started from now on
        return down

    def acknowledge(self) -> None:
        """A message has been handed on."""
        os.write(self._acknowledged, b"a")

    def close(self) -> None:
        """All has been handed on: what comes now is of nobody."""
        with contextlib.suppress(OSError):  # it was killed
            os.write(self._acknowledged, CLOSED)


class _Post:
    """Messages on their way from the scribe to the actor, one at a time."""

    def __init__(self, up: int, down: int) -> None:
        self.up, self._down = up, down
        self.waiting: deque[bytes] = deque()
        self._under_way = False
        self._text = b""

    def take(self) -> None:
        """Read what the scribe has written."""
        data = os.read(self.up, 1 << 16)
        if not data:
            self.up = -1
        *lines, self._text = (self._text + data).split(b"\n")
        self.waiting.extend(lines)

    def arrived(self) -> None:
        """The actor has handed the last one on."""
        self.waiting.popleft()
        self._under_way = False

    def send(self) -> None:
        """Hand the actor the next one, if it has nothing to do; say so if there is none to come."""
        if self.up < 0 <= self._down and not self.waiting:
            os.close(self._down)
            self._down = -1
        if self.waiting and not self._under_way:
            self._under_way = True
            message = self.waiting[0] + b"\n"
            with contextlib.suppress(BrokenPipeError):  # its actor is gone
                while message:
                    message = message[os.write(self._down, message) :]


def _started(pid: int) -> str:
    """When a process was started, by which it is known from one that has its number later."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    """Of a process; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _processes() -> list[int]:
    return [
        int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()
    ]


def _carries(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0")
    except OSError:
        return False


def _holds(pid: int, pipe: str) -> bool:
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                if os.readlink(f"{folder}/{name}") == pipe:
                    return True
    return False


def _end_all(seen: dict[int, str], mark: bytes, pipe: str) -> None:
    until = time.monotonic() + KILL_SECONDS
    while time.monotonic() < until:
        found = {pid for pid, when in seen.items() if _started(pid) == when}
        found.update(p for p in _processes() if _carries(p, mark) or _holds(p, pipe))
        for pid in list(found):
            found.update(descendants(pid))
        left = [pid for pid in found if state(pid) not in ("", "Z") and pid != os.getpid()]
        if not left:
            return
        kill(left)
        time.sleep(0.05)


def _write_rest(path: Path, post: _Post, node: tuple[int, str]) -> None:
    """What was not handed on; nothing when nobody fetches it, or Ray itself is gone."""
    until = time.monotonic() + LAST_SECONDS
    while post.up >= 0 and time.monotonic() < until:
        if select.select([post.up], [], [], 0.1)[0]:
            post.take()
    beside = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(b"".join(line + b"\n" for line in post.waiting))
    beside.rename(path)
    until = time.monotonic() + FETCH_SECONDS
    while path.exists() and time.monotonic() < until and _started(node[0]) == node[1]:
        time.sleep(0.2)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there is something else in it
        path.parent.rmdir()


def rest_of(path: Path, seconds: float) -> list[list[str]]:
    """The lines that the keeper of an actor that is gone has written down: whose, stream, line."""
    until = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > until:
            return []
        time.sleep(0.02)
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    path.unlink(missing_ok=True)
    return [line for message in messages for line in message.get("printed", ())]


def main(arguments: list[str]) -> None:
    """Keep an actor company until it is gone."""
    actor, token, pipe = int(arguments[0]), arguments[1], arguments[2]
    up, down, acknowledged = map(int, arguments[3:6])
    began, node = _started(actor), _parent(actor)
    ray = (node, _started(node))  # Ray's daemon, which starts actors and runs who fetches
    if os.fork():
        os._exit(0)
    post = _Post(up, down)
    seen: dict[int, str] = {}
    closed = False
    while _started(actor) == began and state(actor) != "Z":
        watched = [n for n in (post.up, acknowledged) if n >= 0]
        ready = select.select(watched, [], [], LOOK_SECONDS)[0]
        if post.up in ready:
            post.take()
        if acknowledged in ready:
            said = os.read(acknowledged, 1 << 12)
            closed = closed or CLOSED in said
            for _ in range(said.count(b"a")):
                post.arrived()
            if not said:  # its last copy is closed
                acknowledged = -1
        post.send()
        for pid in descendants(actor):
            if pid not in seen:
                seen[pid] = _started(pid)
    started = {pid: when for pid, when in seen.items() if not _is_scribe(pid)}
    _end_all(started, f"{MARK}={token}".encode(), pipe)
    if arguments[6] and not closed:
        _write_rest(Path(arguments[6]), post, ray)


def _is_scribe(pid: int) -> bool:
    """True for the process that takes down what is printed: it ends by itself."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"scribe.py" in file.read()
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
