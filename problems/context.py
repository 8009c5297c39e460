"""What an evaluation is told, and what it may tell besides its objectives."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np


def _plain(key: str, value: Any) -> Any:
    """``value`` as JSON holds it: NumPy scalars and arrays become numbers and lists."""
    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    try:
        return json.loads(json.dumps(value))  # a copy: what is logged does not change afterwards
    except (TypeError, ValueError):
        raise TypeError(
            f"ctx.log({key}=...): {type(value).__name__} cannot be stored; "
            "log numbers, strings, booleans, lists or dictionaries of them"
        ) from None


def _make(folder: Path) -> None:
    """Make a folder, though others may remove the one that it is in while that is empty."""
    for _ in range(100):
        with contextlib.suppress(FileNotFoundError):
            folder.mkdir(parents=True)
            return
    folder.mkdir(parents=True)


class Context:
    """Handed to ``evaluate`` with every candidate and to ``setup`` once per worker.

    Attributes:
        id: The candidate's id, an int; None in ``setup``.
        seed: An int below 2**32 derived from the run's seed and the id, never from the worker or
            the order of evaluation. In ``setup`` it is derived from the run's seed alone, the same
            in every worker.
        device: Ids of the GPUs that the worker has to itself, as text; () if it has none.
        deadline: When the evaluation is ended, by ``time.monotonic()``; None for never.
        shared: The executor's ``shared`` data, the same memory for all workers of a machine: it is
            read-only.
        extra: What ``log`` has collected.
        reports: What ``report`` has collected.
        has_workdir: True once ``workdir`` was asked for.
    """

    __slots__ = (
        "_folder", "deadline", "device", "extra", "has_workdir", "id", "reports", "seed", "shared",
    )  # fmt: skip

    def __init__(
        self,
        id: int | None,
        seed: int,
        *,
        folder: str | None = None,
        device: tuple[str, ...] = (),
        deadline: float | None = None,
        shared: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.id = id
        self.seed = seed
        self.device = device
        self.deadline = deadline
        self.shared = shared
        self.extra: dict[str, Any] = {}
        self.reports: list[dict[str, Any]] = []
        self.has_workdir = False
        self._folder = folder

    def __repr__(self) -> str:
        return f"Context(id={self.id}, seed={self.seed})"

    @property
    def workdir(self) -> Path:
        """A scratch folder of the candidate's own, made when it is first asked for.

        It goes when the evaluation succeeds and stays when it fails.
        """
        if self._folder is None:  # made by hand, not by a run
            self._folder = tempfile.mkdtemp(prefix="paretide-")
        folder = Path(self._folder)
        if not self.has_workdir:
            if folder.exists():  # of an evaluation that was ended
                shutil.rmtree(folder)
            _make(folder)
        self.has_workdir = True
        return folder

    def log(self, **extra: Any) -> None:
        """Store named values beside the objectives; selection never sees them.

        Raises TypeError for a value that JSON cannot hold.
        """
        for key, value in extra.items():
            self.extra[key] = _plain(key, value)

    def report(self, step: int, **objectives: Any) -> bool:
        """Store what the evaluation has reached at a step of its own, like an epoch.

        Returns True if it should stop and return what it has: its deadline has passed.
        Raises TypeError for a value that JSON cannot hold.
        """
        values = {key: _plain(key, value) for key, value in objectives.items()}
        self.reports.append({"step": _plain("step", step), **values})
        return self.deadline is not None and time.monotonic() >= self.deadline
