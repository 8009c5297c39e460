"""An algorithm in generations, asked for and told candidate by candidate.

A generation's children are all made when the first of them is asked for, and selection waits until
all have been told, so neither the order of telling nor the number of workers can change the result.
Selection happens at the *next* ask: whether a run ends at a budget or goes on beyond it, the same
generations follow each other. ``population`` shows at any time what selection would keep of
everything told so far, and commits to nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import AskTellError
from ...operators.arrays import full_int32
from ...operators.parts import Screen, Survival
from ...problems.definition import Definition
from ...typing import Candidates, FloatArray, IntArray
from ..randomness import SURVIVAL, VARIATION, generator, restored, state_of
from ..records.evaluations import Evaluations
from ..records.fast import frozen
from ..records.outcome import EVALUATED, PENDING
from ..records.population import Population, no_population
from ..records.provenance import Born, Choices, nobody
from .asking import UNASKED, AskTell
from .batch import Batch
from .breeding import Breeding
from .counts import count
from .everything import Everything
from .offshoots import Offshoots
from .offspring import Offspring
from .part_memory import PartMemory, copied, read, stored
from .schedule import Constant, Doubling, stored_size
from .screening import Paid, Screening
from .selection import Selected, select
from .taken import Taken
from .telling import read_asked_for

LATE = ("ids", "X", "F", "G")
"""What is kept of children that take part in the next selection without being of its generation."""


class Generational(AskTell):
    """Generations as ``ask`` and ``tell``. Made by ``NSGA2(...).start(problem)`` and the like.

    Attributes:
        definition: Of the problem.
        seed: Of the run.
        size: The population's target size.
        generation: Of the candidates asked last; 0 is the first sample, -1 before it.
        evaluations: Candidates told so far, failed ones included.
        failures: Candidates told as failed.
    """

    steady: ClassVar[bool] = False
    block: ClassVar[None] = None  # chunks of a generation are evaluated together
    waiting: ClassVar[int] = 0  # for their turn

    def __init__(
        self,
        definition: Definition,
        schedule: Constant | Doubling,
        breeding: Breeding,
        survival: Survival,
        seed: int,
        *,
        offspring: int | None,
        initial: Candidates,
        screen: Screen | None = None,
        strand: tuple[int, ...] = (),
        paid: Paid | None = None,
    ) -> None:
        """``offspring`` are born in a generation, None is as many as the population has members.

        Of several children for each of them a ``screen`` picks, by what is ``paid`` for them where
        the budget is in that. ``strand`` tells the generators of several that share a seed apart.
        """
        super().__init__(definition, seed)
        self.schedule = schedule
        self._breeding = breeding
        self._below_max = breeding.widened(schedule.eta_below_max)
        self._survival = survival
        self._offspring_size = offspring
        self._memory: PartMemory = {}  # of survival and breeding
        self._screening = (
            None
            if screen is None
            else Screening(screen, definition, seed, strand, breeding.limits, paid)
        )
        self._drawn = breeding.everything()  # whom nobody new may equal; None: whoever lives
        self._variation_rng = generator(seed, VARIATION, *strand)
        self._survival_rng = generator(seed, SURVIVAL, *strand)
        self.size = schedule.first_size
        self._next_growth = schedule.first_growth
        self.generation = -1
        self._parents = no_population(definition)
        self._initial = initial  # until the first generation is made of them
        self._offspring = Offspring(definition, 0, nobody(definition.space, breeding.parents))
        self._late = no_population(definition)  # children of earlier generations, told by now
        self._looked: tuple[Selected, dict[str, Any], PartMemory] | None = None  # see _look

    # -- what a user sees ------------------------------------------------------------------------

    @property
    def breeding(self) -> Breeding:
        """What candidates are made by."""
        return self._breeding

    @property
    def population(self) -> Population:
        """What selection keeps of everything told so far: at most ``size``.

        In order of id, those that were evaluated again last.
        """
        return self._look(self.size).population

    def final_population(self) -> Population:
        """The same: nothing waits for its turn."""
        return self.population

    @property
    def parents(self) -> Population:
        """The population that the generation under way descends from."""
        return self._parents

    @property
    def outstanding(self) -> int:
        """Candidates asked for and not told."""
        return self._offspring.outstanding

    @property
    def first_id(self) -> int:
        """Id of the first candidate of the generation under way."""
        return self._offspring.first_id

    @property
    def complete(self) -> bool:
        """True if every candidate of the generation has been told."""
        return self._offspring.complete

    @property
    def completed(self) -> int:
        """Generations of which every candidate has been told."""
        return self.generation + self._offspring.complete

    @property
    def selections(self) -> int:
        """How often a population was selected; ``parents`` is the last one."""
        return max(self.generation, 0)

    @property
    def used(self) -> int:
        """Candidates of all generations begun: told, or to be told."""
        return self.evaluations + self._offspring.size - self._offspring.told

    def ask(self, k: int | None = None) -> Batch:
        """Up to ``k`` candidates, or all that the generation still has to give.

        Fewer than asked for come at the end of a generation, and none at all in a search space
        of which nothing new can be drawn.

        Raises:
            AskTellError: If all candidates of the generation have been asked for and some are not
                told yet.
        """
        k = read_asked_for(k)
        brood = self._offspring
        if brood.told == brood.size:
            self.begin(brood.first_id + brood.size, self.generation + 1)
            brood = self._offspring
        elif brood.handed == brood.size:
            waiting = brood.ids[brood.outcomes.status == PENDING]
            raise AskTellError(
                f"ask: {waiting.size} candidates of generation {self.generation} are not told yet "
                f"(ids {waiting[0]} to {waiting[-1]}); tell them first"
            )
        ids, born = brood.hand_out(k)
        values = {
            "ids": ids, "X": born.X, "parents": born.parents, "space": self.definition.space,
        }  # fmt: skip
        return frozen(Batch, values)

    def available(self) -> int:
        """How many candidates ``ask`` can give now; 0 while the generation waits for outcomes."""
        if self.generation < 0:
            return max(self.size, len(self._initial))
        return self._births(self._grown()[0]) if self.complete else self._offspring.to_hand_out()

    def _births(self, size: int) -> int:
        """Children of a generation of this size."""
        return size if self._offspring_size is None else self._offspring_size

    @property
    def begins(self) -> bool:
        """Whether the next ``ask`` begins a generation."""
        return self._offspring.complete

    def tell_rows(self, ids: IntArray, F: FloatArray, G: FloatArray) -> None:
        """Tell arrays: (k,) ids, (k, n_obj), (k, n_con). Rows that cannot be ranked are failures.

        The arrays are kept, and must not change any more.
        """
        brood = self._offspring
        if ids is not brood.ids or brood.told or brood.handed < brood.size:
            self._check_told(ids)
        failed = brood.failed
        brood.tell(ids, F, G)
        self.evaluations += len(ids)
        self.failures += brood.failed - failed
        self._looked = None
        if self._screening is not None and brood.told == brood.size:
            outcomes = brood.outcomes
            self._screening.tell(brood.ids, brood.born.X, outcomes.F, outcomes.G)

    def take_in(self, rows: Evaluations) -> bool:
        """Tell these rows: at once, hence True."""
        self.tell_rows(rows.ids, rows.F, rows.G)
        return True

    def waiting_table(self) -> Evaluations:
        """Nobody waits."""
        return self._nobody()

    def insert(
        self,
        ids: IntArray,
        generation: NDArray[np.int32],
        X: Candidates,
        F: FloatArray,
        G: FloatArray,
    ) -> None:
        """Candidates that failed and have values now take part in the next selection.

        (k,) ids and generations in which they were born, (k, n_var), and in the user's units
        (k, n_obj) and (k, n_con). They do not count as evaluations again.
        """
        self._late = _joined(self._late, ids, X, F, G)
        self._looked = None
        if self._screening is not None:
            self._screening.mend(ids, F, G)

    def _wrong_to_tell(self, ids: IntArray) -> str:
        brood = self._offspring
        rows = ids - brood.first_id
        known = (rows >= 0) & (rows < brood.handed)
        if not known.all():
            return f"id {ids[~known][0]} {UNASKED}"
        again = ids[brood.outcomes.status[rows] != PENDING]
        if again.size or len(np.unique(rows)) < len(rows):
            return f"id {again[0] if again.size else ids[0]} is told twice"
        return ""

    def candidates(self, ids: IntArray) -> tuple[Born, NDArray[np.int32]]:
        """Candidates of the generation by (k,) ids, and (k,) generations they were born in."""
        return self._offspring.take(ids), full_int32(len(ids), self.generation)

    def advance(self) -> list[Evaluations]:
        """Nothing: outcomes are told as they come, and the next ask begins a generation."""
        return []

    def withdraw(self) -> None:
        """Take back what was asked for and not told: it will be asked again."""
        self._offspring.withdraw()

    # -- one generation --------------------------------------------------------------------------

    def begin(self, first_id: int, generation: int) -> int:
        """Commit to the selection and make the next children, from this id on: at first a sample.

        Returns how many there are. ``generation`` is what they are told to be of: of several that
        go side by side they are counted together.

        Everything is prepared before anything is assigned: an error leaves the state as it was. If
        nothing new can be drawn, nothing is committed either.
        """
        size, next_growth = self._grown()
        generators = (self._survival_rng.bit_generator, self._variation_rng.bit_generator)
        before = generators[0].state, generators[1].state
        remembered = copied(self._memory) if self._memory else {}
        drawn, brood = 0 if self._drawn is None else len(self._drawn), None
        limits = self._breeding.limits
        if limits is not None:
            limits.begin(generation)
        try:
            selected = self._commit(size) if self.generation >= 0 else None
            born = self._draw(size, selected, first_id)
            if selected is None or len(born):
                brood = Offspring(self.definition, first_id, born)
        finally:
            if brood is None:
                self._memory, self._looked = remembered, None  # a part may have changed what it saw
                if self._drawn is not None:
                    self._drawn.take_back(drawn)
                for bits, state in zip(generators, before, strict=True):
                    bits.state = state
        if brood is None:
            return 0
        if limits is not None:
            limits.keep()
        if selected is not None:
            self._parents = selected.population
        self.size, self._next_growth = size, next_growth
        self.generation += 1
        self._offspring, self._looked = brood, None
        if len(self._late):
            self._late = no_population(self.definition)
        if selected is None:
            self._initial = nobody(self.definition.space).X
        return brood.size

    def _grown(self) -> tuple[int, int]:
        """Size and next growth of the generation to come."""
        if self.generation < 0:
            return self.size, self._next_growth
        return self.schedule.grown(self.size, self._next_growth, self.evaluations)

    def _look(self, size: int) -> Selected:
        """The survivors, with the generator left as it was: looking must not change what comes."""
        if self._looked is None or self._looked[0].size != size:
            bits, memory = self._survival_rng.bit_generator, copied(self._memory)
            before = bits.state
            try:
                self._looked = self._select(size, memory), dict(bits.state), memory
            finally:
                bits.state = before
        return self._looked[0]

    def _commit(self, size: int) -> Selected:
        """The survivors, as they were seen if somebody has looked."""
        if self._looked is None or self._looked[0].size != size:
            return self._select(size, self._memory)
        selected, self._survival_rng.bit_generator.state, self._memory = self._looked
        return selected

    def _select(self, size: int, memory: PartMemory) -> Selected:
        """The survivors of parents and told offspring; failed ones never come this far."""
        brood = self._offspring
        status, F, G = brood.outcomes
        ids, X = brood.ids, brood.born.X
        if brood.told - brood.failed < brood.size:
            rows = np.flatnonzero(status == EVALUATED)
            ids, X, F, G = ids[rows], X[rows], F[rows], G[rows]
        if len(self._late):
            late = self._late
            ids, X = np.concatenate([ids, late.ids]), np.concatenate([X, late.X])
            F, G = np.concatenate([F, late.F]), np.concatenate([G, late.G])
        rng = self._survival_rng
        return select(self._parents, ids, X, F, G, size, rng, self._survival, memory)

    def _draw(self, size: int, selected: Selected | None, first_id: int) -> Born:
        """The candidates of a generation; fewer if nothing new can be drawn."""
        rng, drawn, screening = self._variation_rng, self._drawn, self._screening
        if selected is None:
            seen = self._breeding.seen(size) if drawn is None else drawn
            return self._breeding.first(self._initial, size, rng, seen, self._memory)
        breeding = self._breeding if size >= self.schedule.last_size else self._below_max
        births, mates = self._births(size), selected.mates
        k = births if screening is None else screening.draws(births)
        if drawn is None:
            born = breeding.distinct(k, mates, rng)
        else:
            before = len(drawn)
            born = breeding.children(k, mates, rng, drawn)
        if screening is None:
            return born
        offshoots = Offshoots(born, breeding, self._all_taken(mates.X, born.X))
        chosen = screening.pick(offshoots, births, first_id, born.X[:0])
        if drawn is not None and len(chosen) < len(born):
            drawn.take_back(before)
            drawn.add(chosen.X)
        return chosen

    def _all_taken(self, *living: Candidates) -> Taken | Everything | None:
        """Whom nobody new may equal: all that were drawn, or those that live, or nobody."""
        taken = self._breeding.taken()
        if self._drawn is not None or taken is None:
            return self._drawn
        for X in living:
            for key, row in zip(self.definition.space.key(X), X, strict=True):
                taken.join(key, row)
        return taken

    def foretell(self, choices: Choices) -> None:
        """What was chosen for candidates that are still to be born."""
        if self._screening is not None:
            self._screening.foretell(choices)

    def new_choices(self) -> list[Choices]:
        """What a screen has chosen since the last call."""
        return [] if self._screening is None else self._screening.new_choices()

    # -- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The whole state as arrays and JSON values; ``load_state_dict`` continues from it."""
        brood, late = self._offspring, self._late
        return {
            "size": self.size,
            "next_growth": self._next_growth,
            "generation": self.generation,
            "evaluations": self.evaluations,
            "failures": self.failures,
            "variation_rng": state_of(self._variation_rng),
            "survival_rng": state_of(self._survival_rng),
            "first_id": brood.first_id,
            "parents_ids": self._parents.ids,
            "parents_X": self._parents.X,
            "parents_F": self._parents.F,
            "parents_G": self._parents.G,
            "initial_X": self._initial,
            "offspring_X": brood.born.X,
            "offspring_parents": brood.born.parents,
            "offspring_operator": brood.born.operator,
            "offspring_choice": brood.born.choice,
            "offspring_status": brood.outcomes.status,
            "offspring_F": brood.outcomes.F,
            "offspring_G": brood.outcomes.G,
            **({f"late_{name}": getattr(late, name) for name in LATE} if len(late) else {}),
            **({} if self._screening is None else self._screening.state()),
            **({} if self._drawn is None else {"retold_drawn": self._drawn.state()}),
            **({} if self._breeding.limits is None else self._breeding.limits.state()),
            **stored(self._memory),
        }

    def load_state_dict(
        self,
        state: dict[str, Any],
        waiting: Evaluations | None = None,
        told: Evaluations | None = None,
    ) -> None:
        """Continue from a state: candidates that were asked for and not told are asked again.

        Nobody is ``waiting``. ``told`` is everything that was told, with what has become of it;
        None is what the state holds of it.
        """
        self.size = stored_size(self.schedule, state["size"])
        self._next_growth = count(state, "next_growth")
        self.generation = count(state, "generation")
        self.evaluations = count(state, "evaluations")
        self.failures = count(state, "failures")
        self._variation_rng = restored(state["variation_rng"])
        self._survival_rng = restored(state["survival_rng"])
        G = np.array(state["parents_G"])
        self._parents = Population(
            np.array(state["parents_ids"]),
            np.array(state["parents_X"]),
            np.array(state["parents_F"]),
            G,
            self.definition.violation(G),
            self.definition,
        )
        self._offspring = Offspring.restored(
            self.definition,
            first_id=count(state, "first_id"),
            born=Born(
                np.array(state["offspring_X"]),
                np.array(state["offspring_parents"]),
                np.array(state["offspring_operator"]),
                np.array(state["offspring_choice"]),
            ),
            status=np.array(state["offspring_status"]),
            F=np.array(state["offspring_F"]),
            G=np.array(state["offspring_G"]),
        )
        self._initial = np.array(state["initial_X"])
        self._memory = read(state)
        self._late = no_population(self.definition)
        if "late_ids" in state:
            ids, X, F, G = (np.array(state[f"late_{name}"]) for name in LATE)
            self._late = _joined(self._late, ids, X, F, G)
        self._looked = None
        if self._breeding.limits is not None:
            self._breeding.limits.load(state)
        self._load_history(state, told)

    def _load_history(self, state: dict[str, Any], told: Evaluations | None) -> None:
        """What is known of all generations: whom nobody new may equal, and what a screen sees."""
        brood = self._offspring
        if told is not None:
            told = told.take(np.argsort(told.ids))
        if self._drawn is not None:
            self._drawn.take_back(0)
            if told is None:
                self._drawn.load(state["retold_drawn"])
            else:
                self._drawn.add(told.X)
            self._drawn.add(brood.born.X)
        if self._screening is not None:
            self._screening.load(state, told, () if brood.complete else brood.ids)


def _joined(
    population: Population, ids: IntArray, X: Candidates, F: FloatArray, G: FloatArray
) -> Population:
    """With (k,) more members at its end."""
    definition = population.definition
    G = np.concatenate([population.G, G])
    return Population(
        np.concatenate([population.ids, ids]),
        np.concatenate([population.X, X]),
        np.concatenate([population.F, F]),
        G,
        definition.violation(G),
        definition,
    )
