"""What the algorithms share: settings that can be printed, stored and started."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, get_args

from ...errors import ConfigurationError
from ...operators.crossover import SBX
from ...operators.mutation import BitFlip, PolynomialMutation
from ...operators.survival import Crowding
from ...problems.definition import Definition, read_definition
from ...problems.pymoo_problem import adapt, is_pymoo
from ..randomness import check_seed
from ..schedule import Doubling
from ..variation import variation_for
from .generational import Generational

OPERATORS = {kind.__name__: kind for kind in (SBX, PolynomialMutation, BitFlip)}


def check_count(what: str, value: Any, least: int) -> None:
    """Raise ConfigurationError unless ``value`` is an int >= ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(f"{what} must be a whole number >= {least}, got {value!r}")


def as_problem(problem: Any) -> Any:
    """``problem``, adapted if it is pymoo's."""
    return adapt(problem) if is_pymoo(problem) else problem


@dataclass(frozen=True, kw_only=True)
class Specification:
    """A cheap, printable description of an algorithm.

    Attributes:
        crossover: ``SBX(...)``, or None for the default of the space.
        mutation: ``PolynomialMutation(...)`` or ``BitFlip(...)``, or None for that of the space.
        crowding: "current" (updated after each removal) or "once".
        eliminate_duplicates: Draw children again that equal a parent or another child.
    """

    crossover: SBX | None = None
    mutation: PolynomialMutation | BitFlip | None = None
    crowding: Crowding = "current"
    eliminate_duplicates: bool = True

    name: ClassVar[str]

    def __post_init__(self) -> None:
        kind = type(self).__name__
        if self.crossover is not None and not isinstance(self.crossover, SBX):
            raise ConfigurationError(f"{kind}: crossover must be pt.SBX, got {self.crossover!r}")
        if not isinstance(self.mutation, (PolynomialMutation, BitFlip, type(None))):
            raise ConfigurationError(
                f"{kind}: mutation must be pt.PolynomialMutation or pt.BitFlip, "
                f"got {self.mutation!r}"
            )
        if self.crowding not in get_args(Crowding):
            raise ConfigurationError(
                f"{kind}: crowding must be one of {list(get_args(Crowding))}, got {self.crowding!r}"
            )
        if not isinstance(self.eliminate_duplicates, bool):
            raise ConfigurationError(
                f"{kind}: eliminate_duplicates must be True or False, "
                f"got {self.eliminate_duplicates!r}"
            )

    def start(
        self, problem: Any, *, seed: int | None = None, budget: int | None = None
    ) -> Generational:
        """The state machine for ``problem``, with ``ask`` and ``tell``.

        Args:
            problem: A problem, or a pymoo Problem.
            seed: An int from 0 to 2**63 - 1; None draws one (``machine.seed`` says which).
            budget: Evaluations that will be used, if known; only defaults depend on it.

        Raises:
            ConfigurationError: For a wrong definition or seed.
        """
        definition = read_definition(as_problem(problem))
        return self.resolved(definition, budget).machine(definition, check_seed(seed))

    def resolved(self, definition: Definition, budget: int | None) -> Self:
        """With every default filled in that depends on the problem or the budget."""
        return self

    def schedule(self) -> Doubling:
        """The population size over time, of a resolved specification."""
        raise NotImplementedError

    @property
    def smallest_budget(self) -> int:
        """Evaluations below which there is no complete first population."""
        return self.schedule().start

    def machine(self, definition: Definition, seed: int) -> Generational:
        """The state machine of a resolved specification."""
        return Generational(
            definition,
            self.schedule(),
            variation_for(definition.space, self.crossover, self.mutation),
            seed,
            crowding=self.crowding,
            eliminate_duplicates=self.eliminate_duplicates,
        )

    def settings(self) -> dict[str, Any]:
        """All settings as JSON; ``from_settings`` reads them back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            key: _operator_settings(v) if type(v).__name__ in OPERATORS else v
            for key, v in values.items()
        }

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
        return f"{type(self).__name__}({values})"


def _operator_settings(operator: Any) -> dict[str, Any]:
    return {
        "operator": type(operator).__name__,
        **{f.name: getattr(operator, f.name) for f in fields(operator)},
    }


def read_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a specification from its JSON; raises ConfigurationError."""
    return {
        key: _read_operator(key, value) if isinstance(value, dict) else value
        for key, value in settings.items()
    }


def _read_operator(key: str, settings: dict[str, Any]) -> Any:
    values = dict(settings)
    kind = OPERATORS.get(values.pop("operator", ""))
    if kind is None:
        raise ConfigurationError(
            f'{key} must name its operator, one of {sorted(OPERATORS)}: {{"operator": "SBX", ...}}'
        )
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigurationError(f"{key}: {error}") from None
