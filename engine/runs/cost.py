"""A budget in what evaluations cost instead of how many they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...checks import real_number, whole_number
from ...errors import ConfigurationError, StoreCorrupt

SECONDS = "seconds"
"""What a cost is of unless it is named: the wall time of evaluations."""


@dataclass(frozen=True)
class Cost:
    """So much may the evaluations of a run cost together: ``minimize(problem, budget=Cost(3600))``.

    The run ends once what has been told has cost so much ("cost"), looked at between any two
    outcomes. Nothing is begun any more then, what is under way is waited for, as ``at_end`` says,
    and the run resumes as if it had not been ended: ``resume(path, budget=Cost(7200))``. What
    failed has cost something, too; the outcome of an equal candidate, and whoever is evaluated
    again after it had failed, cost nothing.

    A ``screen`` learns what evaluations cost from those told, and goes by improvement per predicted
    cost, so that cheap ones come first. What the problem's ``cost(x)`` says is another thing: it
    orders telling, and is not touched by it. The choices are stored; a run whose costs are measured
    is repeated by ``paretide replay``, not by its seed.

    Attributes:
        amount: Of all evaluations together, in the unit of ``of``.
        of: "seconds": wall time of evaluations, summed over all workers, as in
            ``Evaluations.seconds``. Anything else is the name of a number >= 0 that the job logs:
            "epochs" of ``ctx.log(epochs=12)``. One that is not logged counts as the mean of those
            that are, which is said once.
        about: How many evaluations that is believed to pay for: sizes and ``Auto`` go by it as by a
            budget. None is that nobody knows.

    Raises ConfigurationError for settings that are none of these.
    """

    amount: float
    of: str = SECONDS
    about: int | None = None

    def __post_init__(self) -> None:
        expected = "a finite number above 0"
        amount = real_number("Cost: amount", self.amount, expected=expected)
        if not 0 < amount < np.inf:
            raise ConfigurationError(f"Cost: amount must be {expected}, got {self.amount!r}")
        object.__setattr__(self, "amount", amount)
        if not isinstance(self.of, str) or not self.of:
            raise ConfigurationError(
                'Cost: of must be "seconds" or the name of a number that the job logs, like '
                f'"epochs", got {self.of!r:.100}'
            )
        if self.about is not None:
            about = whole_number("Cost: about (evaluations)", self.about, least=1)
            object.__setattr__(self, "about", about)

    def described(self) -> dict[str, Any]:
        """As JSON; ``cost_in`` reads it back."""
        return asdict(self)


def cost_in(specification: dict[str, Any]) -> Cost | None:
    """What the evaluations of a stored run may cost; None if they are only counted.

    Raises StoreCorrupt for what is none.
    """
    described = specification.get("cost")
    try:
        return None if described is None else Cost(**described)
    except (TypeError, ConfigurationError):
        raise StoreCorrupt(f"the cost that a run may have is none: {described!r:.100}") from None


def of_its_seed(specification: dict[str, Any]) -> bool:
    """Whether the seed of a run says what it evaluates, by what it was asked to do.

    Not if failed candidates were evaluated again, or a screen goes by what evaluations have cost.
    """
    screened = specification["algorithm"]["settings"].get("screen") is not None
    by_cost = specification.get("cost") is not None and screened
    return not by_cost and "events" not in specification
