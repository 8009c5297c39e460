"""Messages over a socket that never make their reader wait.

A message is framed by a head that says what it is, how long it is, and its checksum: whoever dies
in the middle of one, or writes something else, is found out.
"""

from __future__ import annotations

import socket
import struct
import time
import zlib
from collections import deque

_HEAD = struct.Struct("<4sQI")
_MAGIC = b"ptd1"
_CHUNK = 1 << 20


class Garbled(Exception):
    """What came over the socket is no message."""


def framed(payload: bytes) -> bytes:
    """A message."""
    return _HEAD.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


class Channel:
    """One end of a socket, for messages of bytes in both directions, which never waits.

    Args:
        connection: A connected stream socket; it belongs to the channel from now on.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._incoming = bytearray()
        self._outgoing: deque[memoryview] = deque()
        self._progress = time.monotonic()

    def fileno(self) -> int:
        """Number of the socket."""
        return self._socket.fileno()

    @property
    def wants_to_send(self) -> bool:
        """True if something waits until the other side has read."""
        return bool(self._outgoing)

    def stalled(self) -> float:
        """Seconds since the last piece of a message that has not come whole; 0 if there is none."""
        return time.monotonic() - self._progress if self._incoming else 0.0

    def send(self, payload: bytes) -> None:
        """Send as much as goes without waiting, and the rest by ``flush``."""
        self._outgoing.append(memoryview(framed(payload)))
        self.flush()

    def flush(self) -> None:
        """Send more of what waits; nothing if the other side is gone, which reading will show."""
        try:
            while self._outgoing:
                sent = self._socket.send(self._outgoing[0][:_CHUNK])
                if sent == len(self._outgoing[0]):
                    self._outgoing.popleft()
                else:
                    self._outgoing[0] = self._outgoing[0][sent:]
        except BlockingIOError:
            return
        except OSError:
            self._outgoing.clear()

    def receive(self) -> tuple[list[bytes], bool]:
        """The messages that have come whole, and whether the other side may send more.

        Raises Garbled for what is no message.
        """
        goes_on = True
        try:
            while True:
                data = self._socket.recv(_CHUNK)
                self._incoming += data
                self._progress = time.monotonic()
                if len(data) < _CHUNK:  # all that there is by now
                    goes_on = bool(data)
                    break
        except BlockingIOError:
            pass
        except OSError:  # reset: the other side closed it without having read everything
            goes_on = False
        return self._whole(), goes_on

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _whole(self) -> list[bytes]:
        found = []
        while len(self._incoming) >= _HEAD.size:
            magic, length, checksum = _HEAD.unpack_from(self._incoming)
            if magic != _MAGIC:
                raise Garbled("what the worker sent is no message")
            end = _HEAD.size + length
            if len(self._incoming) < end:
                break
            payload = bytes(memoryview(self._incoming)[_HEAD.size : end])
            del self._incoming[:end]
            if zlib.crc32(payload) != checksum:
                raise Garbled("a message of the worker is damaged")
            found.append(payload)
        return found


def send_whole(connection: socket.socket, payload: bytes) -> None:
    """Send a message, however long that takes."""
    connection.sendall(framed(payload))


def receive_whole(connection: socket.socket) -> bytes | None:
    """The next message, however long that takes; None if there will be none."""
    head = _exactly(connection, _HEAD.size)
    if head is None:
        return None
    magic, length, checksum = _HEAD.unpack(head)
    payload = _exactly(connection, length) if magic == _MAGIC else None
    return payload if payload is not None and zlib.crc32(payload) == checksum else None


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(min(_CHUNK, count - len(data)))
        if not part:
            return None
        data += part
    return bytes(data)
