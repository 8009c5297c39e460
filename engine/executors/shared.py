"""Data that every worker reads and nobody changes: handed over once, not with each evaluation."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from types import MappingProxyType
from typing import Any

import numpy as np

from ...errors import ConfigurationError, ExecutorError

ALIGNMENT = 64
"""Bytes: of the cache lines, and of the widest vector registers."""


def check_shared(kind: str, shared: Any) -> dict[str, Any]:
    """``shared`` as a dictionary of its own.

    Raises ConfigurationError unless it is a mapping with names, or None. A list of names is what a
    run's file keeps of it: such a run is resumed with the data passed again.
    """
    if isinstance(shared, list) and shared and all(isinstance(name, str) for name in shared):
        raise ConfigurationError(
            f"the run shares {shared} with its workers, which its file does not hold: pass it again"
            f", executor=pt.{kind}(shared={{{shared[0]!r}: ...}})"
        )
    given = shared or {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ConfigurationError(
            f"{kind}: shared must be a mapping like {{'images': array}}, got {shared!r:.200}"
        )
    return dict(given)


def read_only(shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same data, arrays as views that cannot be written to: what other processes get, too."""
    views = {}
    for name, value in shared.items():
        views[name] = value
        if isinstance(value, np.ndarray):
            views[name] = value.view()
            views[name].flags.writeable = False
    return MappingProxyType(views)


@dataclass(frozen=True)
class Parcel:
    """Where another process of this machine finds the data.

    Attributes:
        memory: Name of the shared memory.
        pickled: The data without its arrays.
        spans: Start and end of each array's bytes in the memory.
    """

    memory: str
    pickled: bytes
    spans: tuple[tuple[int, int], ...]


class SharedData:
    """Puts data into shared memory, until ``close``.

    Raises ExecutorError for data that cannot be pickled, or if there is not enough memory.
    """

    def __init__(self, shared: Mapping[str, Any]) -> None:
        buffers: list[pickle.PickleBuffer] = []
        try:
            pickled = pickle.dumps(dict(shared), protocol=5, buffer_callback=buffers.append)
        except Exception as error:  # whatever the user's objects raise when pickled
            raise ExecutorError(f"what is shared cannot be pickled: {error}") from error
        views = [buffer.raw() for buffer in buffers]
        spans, end = [], 0
        for view in views:
            start = -(-end // ALIGNMENT) * ALIGNMENT
            end = start + view.nbytes
            spans.append((start, end))
        try:
            self._memory = SharedMemory(create=True, size=max(1, end))
        except OSError as error:
            raise ExecutorError(f"cannot share {end} bytes of memory: {error}") from error
        memory = self._memory.buf
        assert memory is not None  # until it is closed
        for (first, last), view in zip(spans, views, strict=True):
            memory[first:last] = view
        del memory
        self.parcel = Parcel(self._memory.name, pickled, tuple(spans))

    def close(self) -> None:
        """Let go of the memory; processes that read it keep it until they end."""
        self._memory.close()
        self._memory.unlink()


class _Attached(SharedMemory):
    """Memory that stays mapped as long as the process lives: its arrays are everywhere."""

    def __del__(self) -> None:
        pass


def unpack(parcel: Parcel) -> Mapping[str, Any]:
    """The data of another process; arrays are read-only views of its memory, no copies."""
    memory = _Attached(parcel.memory).buf
    assert memory is not None  # until it is closed
    buffers = [memory.toreadonly()[first:last] for first, last in parcel.spans]
    return MappingProxyType(pickle.loads(parcel.pickled, buffers=buffers))
