"""What an evaluation is told, and what it may tell besides its objectives."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .logged import plain_value, storable_text, word_for

REPORT = "report"
"""Name under which what ``report`` has collected is stored."""


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
        remarks: By name, what is not stored as it was logged.
        has_workdir: True once ``workdir`` was asked for.
    """

    __slots__ = (
        "_folder", "deadline", "device", "extra", "has_workdir", "id", "remarks", "reports", "seed",
        "shared",
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
        self.remarks: dict[str, str] = {}
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

        Numbers, texts, truth values, lists and dictionaries are stored as they are; arrays,
        tensors, paths, dates, sets, named tuples, data classes and the like as what they mean in
        JSON; anything else as a short text, of which the run warns once for each name. No value is
        refused, since it would be found after the training. What is too large is cut, and a text
        says so.
        """
        for key, value in extra.items():
            self.extra[key] = self._plain(key, value)

    def report(self, step: int, **objectives: Any) -> bool:
        """Store what the evaluation has reached at a step of its own, like an epoch.

        Returns True if it should stop and return what it has: its deadline has passed.
        Values are stored as by ``log``, all of them under the name "report". A value that is logged
        under that name as well is stored as "report_logged".
        """
        values = {key: self._plain(key, value) for key, value in objectives.items()}
        self.reports.append({"step": self._plain("step", step), **values})
        return self.deadline is not None and time.monotonic() >= self.deadline

    def collected(self) -> dict[str, Any]:
        """What is to be stored beside the objectives: names and values that JSON holds.

        Whatever an evaluation has put into ``extra`` and ``reports`` by itself.
        """
        if not self.extra and not self.reports:
            return {}
        found: dict[str, Any] = {}
        extra = self.extra if isinstance(self.extra, dict) else {"extra": self.extra}
        for key, value in extra.items():
            name = storable_text(key) if type(key) is str else word_for(key)
            found[name] = self._plain(name, value)
        if self.reports:
            if REPORT in found:
                other = f"{REPORT}_logged"
                while other in found:
                    other += "_"
                found[other] = found.pop(REPORT)
                self._remark(REPORT, f"also the name of what ctx.report stores: it is {other!r}")
            found[REPORT] = self._plain(REPORT, self.reports)
        return found

    def _plain(self, name: str, value: Any) -> Any:
        plain, remark = plain_value(value)
        if remark:
            self._remark(name, remark)
        return plain

    def _remark(self, name: str, remark: str) -> None:
        self.remarks.setdefault(name, f"ctx.log({name}=...): {remark}")
