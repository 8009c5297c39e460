"""New candidates: a sample, or children of selected mates, drawn again where they are not new.

The parts of an algorithm that make candidates, put together for one space. A generation of children
is made as ``generation.py`` says; built-in parts in a built-in space take the fast path of
``fused.py`` instead.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, Self, TypeAlias, TypeVar, get_args

import numpy as np

from ...errors import ConfigurationError
from ...operators.crossover.sbx import SBX
from ...operators.crossover.uniform import UniformCrossover
from ...operators.duplicates import RowSet, Seen
from ...operators.mating import Tournament
from ...operators.mutation.bit_flip import BitFlip
from ...operators.mutation.polynomial import PolynomialMutation
from ...operators.parts import (
    Crossover,
    Duplicates,
    Mating,
    Mutation,
    Part,
    Repair,
    Sampling,
    read_part,
)
from ...operators.sampling import ScrambledSobol, Uniform
from ...operators.working import with_coordinates
from ...problems.definition import Definition
from ...typing import Candidates, IntArray, SearchSpace
from .. import kinds
from ..records.plain_text import one_line
from ..records.provenance import (
    BIT_FLIP,
    INITIAL,
    OPERATORS,
    SAMPLE,
    SBX_POLYNOMIAL,
    Born,
    orphans,
    together,
    unscreened,
)
from .checked import check_candidates, check_rows
from .everything import Everything
from .fused import BUILT_IN, NOBODY, Fused, Mates, fused_for
from .generation import REDRAWS, Bred, bred, distinct, varied
from .limits import Known, Limits, Refusing
from .part_memory import PartMemory
from .taken import Taken, TakenAsPartSays

__all__ = ["Breeding", "Default", "Mates", "breeding_for"]

log = logging.getLogger(__name__)

LONGEST_NAME = 200
"""Of an operator, as tables show it."""

SAMPLINGS = (ScrambledSobol, Uniform)
"""Of which a sample is in a built-in space."""

R = TypeVar("R", bound=Part)

Word: TypeAlias = Literal["all", "population"]
WORDS: tuple[Word, ...] = get_args(Word)

Which: TypeAlias = Word | Duplicates | None
"""Of those that repeat others, who is drawn again."""

Default: TypeAlias = Literal["default"]
"""In the place of a part: that of the space, which may be none. None is none."""


@dataclass(frozen=True)
class Breeding:
    """The parts that make candidates of one space. Made by ``breeding_for``.

    Attributes:
        space: Of the candidates.
        sampling: Draws first candidates.
        mating: Selects parents.
        crossover: Makes children of these; None: a child is a copy of its one parent.
        mutation: Changes children; None leaves them as they are.
        repair: Changes candidates so that they keep a rule; None leaves them as they are.
        duplicates: Who is drawn again: "all" that equal anybody who was ever drawn, "population"
            those that equal a member or one another, None nobody; a part says itself who is equal.
        operator: What children are made by, in words.
        limits: Refuse candidates by what is known of them; None refuses nobody.
    """

    space: SearchSpace
    sampling: Sampling
    mating: Mating
    crossover: Crossover | None
    mutation: Mutation | None
    repair: Repair | None
    duplicates: Which
    operator: str
    limits: Limits | None = field(default=None, kw_only=True)

    @cached_property
    def parents(self) -> int:
        """How many parents are recorded of each candidate: width of ``Born.parents``."""
        return 2 if self.crossover is None else self.crossover.parents

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """The run's list of operators, which ``Born.operator`` is a position in."""
        return OPERATORS if self.operator in OPERATORS else (*OPERATORS, self.operator)

    def widened(self, eta: float | None) -> Breeding:
        """With a distribution index of SBX of at most ``eta``; None changes nothing."""
        if eta is None or not isinstance(self.crossover, SBX) or eta >= self.crossover.eta:
            return self
        return replace(self, crossover=replace(self.crossover, eta=eta))

    def within(self, definition: Definition, known: Known | None, size: int) -> Self:
        """With limits, of what is ``known``; ``size`` is that of the population."""
        if known is None:
            return self
        return replace(self, limits=Limits(definition, known, REDRAWS * size))

    # -- candidates ------------------------------------------------------------------------------

    def first(
        self,
        initial: Candidates,
        k: int,
        rng: np.random.Generator,
        seen: Seen | None,
        memory: PartMemory | None = None,
    ) -> Born:
        """The ``initial`` candidates, and a sample that makes them ``k`` if they are fewer.

        ``memory`` is that of the children to come.
        """
        given = initial
        if self.repair is not None and len(given):
            given = check_candidates(
                self.repair, self.repair(given.copy(), self.space), len(given), self.space
            )
        if self.limits is not None and len(given):
            given = self._within(given, self.limits, self.parents)
        if seen is not None:
            given = np.delete(given, seen.add(given), axis=0)
        nobody = NOBODY._replace(X=given[:0], memory=memory)
        sample = self.children(max(0, k - len(given)), nobody, rng, seen)
        return together(orphans(given, INITIAL, self.parents), sample)

    def children(
        self, k: int, mates: Mates | None, rng: np.random.Generator, seen: Seen | None
    ) -> Born:
        """``k`` new candidates; fewer if nothing new can be drawn.

        Without mates to select from it is a sample. Candidates that are in ``seen`` or equal to
        each other are drawn again; None accepts everything. The new ones are in ``seen`` then.
        """
        limits, orphaned = self.limits, mates is None or not len(mates.ids)
        operator = SAMPLE if orphaned else self.position

        def drawn(k: int) -> Bred:
            return self._drawn(k, mates, rng)

        if limits is None:
            X, parents = distinct(drawn, k, seen)
        else:
            wanted = Refusing(limits, seen, drawn, operator)
            X, parents = distinct(wanted.draw, k, wanted)
            while k and not len(X) and limits.draws_again():
                X, parents = distinct(wanted.draw, k, wanted)
        born = unscreened(X, parents, operator)
        if mates is None or orphaned:
            return born
        if len(born) < k and isinstance(seen, Everything):  # nothing new is left near the parents
            log.debug("%d of %d children are new", len(born), k)
            nobody = NOBODY._replace(X=mates.X[:0], memory=mates.memory)
            return together(born, self.children(k - len(born), nobody, rng, seen))
        return born

    def distinct(self, k: int, mates: Mates, rng: np.random.Generator) -> Born:
        """``children`` where everybody who may mate has been seen; in one call where that goes.

        Without ``duplicates``, children as they come.
        """
        fused = self._fused_distinct
        if fused is None or not len(mates.X):
            seen = self.seen(len(mates.X) + k)
            if seen is not None:
                seen.add(mates.X)
            return self.children(k, mates, rng, seen)
        X, parents = fused.children(mates, k, rng, REDRAWS - 1)
        if len(X) < k:
            log.debug("%d of %d candidates are new", len(X), k)
        return unscreened(X, parents, self.position)

    def varied(self, parents: Candidates, rng: np.random.Generator) -> tuple[Candidates, IntArray]:
        """Children of (n, n_var) ``parents``, which meet in the order in which they come.

        Returns (k, n_var), k <= n, and the (k, p) rows of ``parents`` that each descends from.
        Parents that are too few for one more mating have no child.
        """
        p, each = (1, 1) if self.crossover is None else (self.crossover.parents, 2)
        rows = np.arange(len(parents) // p * p).reshape(-1, p)
        k = min(each * len(rows), len(parents))
        if not k:
            return parents[:0], rows
        X = varied(self, [parents[mates] for mates in rows.T], k, rng)
        return X, np.repeat(rows, each, axis=0)[:k]

    @staticmethod
    def _within(given: Candidates, limits: Limits, parents: int) -> Candidates:
        """Those of the user's candidates that break no limit; a warning says how many do."""
        born = orphans(given, INITIAL, parents)
        refused = limits.refuse(born.X, born.parents, INITIAL)
        if refused.any():
            log.warning(
                "%d of %d initial candidates break a limit, as known(x) says, and are refused",
                refused.sum(), len(given),
            )  # fmt: skip
        return given[~refused]

    # -- who repeats whom ------------------------------------------------------------------------

    def seen(self, n: int = 8) -> Seen | None:
        """An empty set of rows, of which ``n`` are expected; None if duplicates may be."""
        if isinstance(self.duplicates, str) and type(self.space) in BUILT_IN:
            return RowSet(self.space.n_var, self.space.dtype, n)
        return self.taken()

    def everything(self) -> Everything | None:
        """An empty set of all that is ever drawn; None if some of it may be drawn again."""
        return Everything(self.space) if self.duplicates == "all" else None

    def taken(self) -> Taken | None:
        """An empty set of candidates that come and go; None if duplicates may be."""
        if isinstance(self.duplicates, Duplicates):
            return TakenAsPartSays(self.duplicates, self.space)
        return None if self.duplicates is None else Taken(self.space.key)

    # -- one draw --------------------------------------------------------------------------------

    def _drawn(
        self, k: int, mates: Mates | None, rng: np.random.Generator
    ) -> tuple[Candidates, IntArray]:
        """(k, n_var) candidates and the (k, parents) ids of their parents."""
        if mates is None or not len(mates.ids):
            return self._sample(k, rng), np.full((k, self.parents), -1, dtype=np.int64)
        if self._fused is not None:
            return self._fused.children(mates, k, rng)
        return self._bred(k, mates, rng)

    def _sample(self, k: int, rng: np.random.Generator) -> Candidates:
        if not k:
            return np.empty((0, self.space.n_var), dtype=self.space.dtype)
        X: Candidates = self.sampling(k, self.space, rng)
        if self.repair is not None:  # until then it may be outside the space
            X = check_rows(self.sampling, X, k, self.space)
            return check_candidates(self.repair, self.repair(X, self.space), k, self.space)
        if type(self.sampling) in SAMPLINGS and type(self.space) in BUILT_IN:
            return X
        return check_candidates(self.sampling, X, k, self.space)

    def _bred(self, k: int, mates: Mates, rng: np.random.Generator) -> tuple[Candidates, IntArray]:
        """By parts or a space of the user's own."""
        parents = np.full((k, self.parents), -1, dtype=np.int64)
        if not k:
            return self._sample(0, rng), parents
        X, ids = bred(self, mates, k, rng)
        parents[:, : ids.shape[1]] = ids
        return X, parents

    @cached_property
    def _fused(self) -> Fused | None:
        if self.repair is not None:
            return None
        return fused_for(self.space, self.mating, self.crossover, self.mutation)

    @cached_property
    def _fused_distinct(self) -> Fused | None:
        fits = self.duplicates == "population" and self.limits is None
        fused = self._fused if fits else None
        return fused if fused is not None and fused.in_one_call else None

    @cached_property
    def position(self) -> int:
        """Of what children are made by, in the run's list of operators."""
        return self.operators.index(self.operator)


# -- put together ----------------------------------------------------------------------------------


def breeding_for(
    space: SearchSpace,
    *,
    sampling: Sampling | None = None,
    mating: Mating | None = None,
    crossover: Crossover | Default | None = "default",
    mutation: Mutation | Default | None = "default",
    repair: Repair | None = None,
    duplicates: Which = "all",
) -> Breeding:
    """Breeding with the parts of the space where nothing was chosen; without those that are None.

    Raises ConfigurationError for what is no part, or does not fit the space, saying what would.
    """
    chosen_sampling = sampling_of(space, sampling)
    chosen_crossover = _chosen("crossover", Crossover, crossover, space)
    chosen_mutation = _chosen("mutation", Mutation, mutation, space)
    name = type(space).__name__
    if chosen_crossover is None and chosen_mutation is None:
        raise ConfigurationError(
            f"nothing makes children: pass crossover= or mutation=, or name them in "
            f"{name}.operators"
        )
    for part in (chosen_sampling, chosen_crossover, chosen_mutation):
        check_fit(part, space)
    return Breeding(
        space,
        chosen_sampling,
        Tournament() if mating is None else read_part("mating", Mating, mating),
        chosen_crossover,
        chosen_mutation,
        None if repair is None else read_part("repair", Repair, repair),
        read_duplicates("duplicates", duplicates),
        _in_words(chosen_crossover, chosen_mutation),
    )


def read_duplicates(what: str, given: Any) -> Which:
    """One of the words, None, or a part; True is "all", False None. Raises ConfigurationError."""
    if isinstance(given, (bool, np.bool_)):
        return "all" if given else None
    if given is None:
        return None
    for word in WORDS:
        if isinstance(given, str) and given == word:
            return word
    if isinstance(given, Duplicates):
        return read_part(what, Duplicates, given)
    raise ConfigurationError(
        f'{what} must be "all" (nobody is evaluated twice), "population" (nobody equals a member), '
        f"None (whoever is drawn) or a pt.Duplicates, got {given!r:.100}"
    )


def sampling_of(space: SearchSpace, given: Sampling | None = None) -> Sampling:
    """What draws first candidates: the part that was given, or that of the space.

    Raises ConfigurationError if there is none.
    """
    chosen = _chosen("sampling", Sampling, "default" if given is None else given, space)
    if chosen is None:
        raise ConfigurationError(
            "nothing draws first candidates: pass sampling=, or name one in "
            f"{type(space).__name__}.operators"
        )
    return chosen


def _chosen(name: str, role: type[R], given: Any, space: SearchSpace) -> R | None:
    """The part that was given, or that of the space; None if there is none, or is to be none."""
    chosen = read_choice(name, role, given)
    if chosen is None or isinstance(chosen, role):
        return chosen
    known = space.operators.get(name)
    if known is None:
        return None
    where = f"{type(space).__name__}.operators[{name!r}]"
    if isinstance(known, str):
        try:
            known = _default(known)
        except ConfigurationError as error:
            raise type(error)(f"{where}: {error}") from error
    return read_part(where, role, known() if inspect.isclass(known) else known)


def read_choice(what: str, role: type[R], given: Any) -> R | Default | None:
    """``read_optional``, or "default"."""
    if isinstance(given, str) and given == "default":
        return "default"
    return read_optional(what, role, given)


def read_optional(what: str, role: type[R], given: Any) -> R | None:
    """A part, or None, which command lines and configurations spell "none".

    Raises ConfigurationError for anything else; ``what`` names it.
    """
    if given is None or (isinstance(given, str) and given == "none"):
        return None
    return read_part(what, role, given)


@lru_cache(maxsize=64)
def _default(reference: str) -> Any:
    """What a space refers to; parts never change."""
    return kinds.read_named({"kind": reference}, kinds.PART)


def check_fit(part: Part | None, space: SearchSpace) -> None:
    """Refuse a built-in part that this space is nothing for."""
    bits = space.dtype == np.bool_
    if type(part) is SBX and bits:
        raise ConfigurationError(f"{part} does not fit a Binary space; use UniformCrossover")
    if type(part) is PolynomialMutation and bits:
        raise ConfigurationError(f"{part} does not fit a Binary space; use BitFlip")
    if type(part) is BitFlip and not bits:
        raise ConfigurationError(f"{part} fits only a Binary space; use PolynomialMutation")
    if type(part) in (SBX, PolynomialMutation) or (type(part) in SAMPLINGS and not bits):
        with_coordinates(part, space)


def _in_words(crossover: Crossover | None, mutation: Mutation | None) -> str:
    types = type(crossover), type(mutation)
    if types == (type(None), BitFlip):
        return OPERATORS[BIT_FLIP]
    if types == (SBX, PolynomialMutation):
        return OPERATORS[SBX_POLYNOMIAL]
    if types == (UniformCrossover, BitFlip):
        return "uniform crossover, bit flip"
    parts = [repr(part) for part in (crossover, mutation) if part is not None]
    return one_line(", ".join(parts))[:LONGEST_NAME]
