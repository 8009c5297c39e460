"""Whether workers can be started at all, and when the next one is. Pure: no clock in it."""

from __future__ import annotations

FIRST_ATTEMPTS, LATER_ATTEMPTS = 3, 50
"""Workers in a row that may die before they are ready: until one has been, and after that."""

LONGEST_PAUSE = 30.0
"""Seconds before another worker is started, after many that died before they were ready."""


class Starts:
    """Whether workers can be started at all.

    Until one has been ready, a few that die say that the problem or its environment is broken, and
    a single ``setup`` that raises says so at once. Later it is the machine or the cluster that is
    in trouble, which may pass: a run is not given up so soon.
    """

    def __init__(self) -> None:
        self.deaths = 0  # in a row, before being ready
        self._ever_ready = False

    def ready(self) -> None:
        """A worker is."""
        self.deaths, self._ever_ready = 0, True

    def died(self) -> bool:
        """A worker did before it was ready; returns True if that is one too many."""
        self.deaths += 1
        return self.deaths >= (LATER_ATTEMPTS if self._ever_ready else FIRST_ATTEMPTS)

    def raised(self) -> bool:
        """``setup`` raised in a worker, or took too long; True if that is one too many."""
        return self.died() or not self._ever_ready

    def pause(self) -> float:
        """Seconds to wait before another one is started."""
        return min(LONGEST_PAUSE, 0.1 * 2 ** (self.deaths - 2)) if self.deaths > 1 else 0.0
