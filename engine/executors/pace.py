"""How many short tasks go to a worker together. Pure: durations in, a number out."""

from __future__ import annotations

import math

CHEAP_SECONDS, TOGETHER_SECONDS, MOST_TOGETHER = 0.01, 0.02, 200
"""Tasks shorter than the first go together, as many as take the second, up to the third: handing
one over costs Ray the better part of a millisecond."""


class Pace:
    """Follows how long tasks take; the first ones go alone.

    Attributes:
        seconds: What a task takes, as of late.
    """

    def __init__(self) -> None:
        self.seconds = math.inf

    def note(self, seconds: float) -> None:
        """A task took so long: follow a longer one at once, and shorter ones slowly."""
        slower = not math.isfinite(self.seconds) or seconds > self.seconds
        self.seconds = seconds if slower else 0.9 * self.seconds + 0.1 * seconds

    def together(self, queued: int, workers: int) -> int:
        """How many of ``queued`` tasks one of ``workers`` gets at once: no more than its share."""
        if self.seconds >= CHEAP_SECONDS:
            return 1
        share = 1 + (queued - 1) // workers
        return max(1, min(share, MOST_TOGETHER, int(TOGETHER_SECONDS / max(self.seconds, 1e-6))))
