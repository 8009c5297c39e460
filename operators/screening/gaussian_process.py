"""Screening by Gaussian processes: which children are worth an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...checks import real_number, whole_number
from ...errors import ConfigurationError
from ...typing import BoolArray, Candidates, FloatArray, IntArray, SearchSpace, WorkingSpace
from ..parts import KnownOutcomes, Screen, Vary
from .ahead import SURE_SD, Ahead, ahead_of
from .choosing import choose, scale_of
from .costs import log_costs, relative
from .inputs import Inputs, check_fit, inputs
from .known import evaluated, most_telling, non_dominated, violations
from .regression import Fit, Posterior, Process, prior
from .scale import Scale
from .single_thread import single_thread
from .targets import margin_targets, objective_targets

Memory = dict[str, NDArray[Any]]

PARENTS = 20
"""Of a generation on the model."""

MOST_MARGINS = 8
"""Constraints that are modelled: those that are broken most often."""


class Column(NamedTuple):
    """One thing that is modelled.

    Attributes:
        key: Its place: objectives, then constraints, then failure, then cost.
        rows: (n,) of the known ones, those that it is fitted to.
        y: (n,) targets.
        limit: That must not be exceeded; infinite for an objective.
    """

    key: int
    rows: IntArray
    y: FloatArray
    limit: float


class Model(NamedTuple):
    """What is known of all columns.

    Attributes:
        ahead: What needs no training, and no process.
        objectives: A process for each; None for one that needs no training.
        limited: A process for each limit, of ``limits``.
        front: (n, n_obj) of the feasible ones known, noise left out.
        scales: Of the objectives.
        cost: A process of its logarithm; None if all evaluations cost the same.
        spread: Of its targets, in logarithms.
    """

    ahead: Ahead
    objectives: list[Process | None]
    limited: list[Process]
    limits: list[float]
    front: FloatArray
    scales: list[Scale]
    cost: Process | None
    spread: float


@dataclass(frozen=True, kw_only=True)
class GaussianProcess(Screen):
    """Screens children by expected hypervolume improvement on Gaussian processes.

    One process for each objective, for each constraint that has been broken, once candidates have
    failed, one for failure, and, where the budget is a ``pt.Cost``, one for the logarithm of what
    an evaluation costs, by which improvement is divided. Their lengths, weights and noise are
    fitted again whenever a tenth more is known; in between they stay, and the rest is computed from
    everything told.

    For spaces with working coordinates: numbers, ordinals, categories, bits. Two and three
    objectives exactly, more of them approximately.

    Attributes:
        draws: Children drawn for each that is evaluated.
        least: Outcomes told below which children go out as they are drawn.
        unscreened: Share of the children that goes out as it is drawn: what a model is wrong about
            it will not find out by itself.
        search: Generations for which the pool evolves on the model before it is chosen from:
            surrogate-assisted search of the acquisition function.
        searched: Outcomes told up to which it does: with more of them the search takes longer, and
            finds less that is worth it.
        points: Outcomes that the processes know, at most: the best ones, and some of the others.
        fit_points: Of those, how many lengths, weights and noise are fitted to, at most.

    Source: Jones, Schonlau, Welch 1998, for expected improvement; Emmerich, Giannakoglou, Naujoks
    2006, "Single- and multiobjective evolutionary optimization assisted by Gaussian random field
    metamodels", for screening; Gardner et al. 2014, for probability of feasibility.
    """

    draws: int = 10
    least: int = 10
    unscreened: float = 0.25
    search: int = 0
    searched: int = 400
    points: int = 400
    fit_points: int = 200

    def __post_init__(self) -> None:
        counts = {"draws": 1, "least": 2, "search": 0, "searched": 0}
        counts |= {"points": 10, "fit_points": 10}
        for name, least in counts.items():
            value = whole_number(f"GaussianProcess {name}", getattr(self, name), least=least)
            object.__setattr__(self, name, value)
        share = real_number("GaussianProcess unscreened", self.unscreened)
        if not 0 <= share < 1:
            raise ConfigurationError(
                f"GaussianProcess unscreened must be a share in [0, 1), got {self.unscreened!r}"
            )
        object.__setattr__(self, "unscreened", share)

    def check_fit(self, space: SearchSpace) -> None:
        """Raise ConfigurationError for a space without working coordinates."""
        check_fit(self, space)

    def __call__(
        self, pool: Candidates, k: int, known: KnownOutcomes, open: Candidates, space: SearchSpace,
        rng: np.random.Generator, memory: Memory,
    ) -> IntArray | None:  # fmt: skip
        """See ``Screen``; None where there is nothing to fit.

        ``memory`` holds the hyperparameters by what they are of, and how much was known when they
        were fitted. O(n**3) in the points.
        """
        space = check_fit(self, space)
        with single_thread():
            try:
                model = self._model(known, space, memory)
            except np.linalg.LinAlgError:
                return None
            if model is None:
                return None
            told = len(known.F) + len(open)
            return self._best(model, pool, k, open, space, told, self.unscreened)

    def improve(
        self, pool: Candidates, k: int, known: KnownOutcomes, open: Candidates, space: SearchSpace,
        rng: np.random.Generator, memory: Memory, vary: Vary,
    ) -> Candidates:  # fmt: skip
        """See ``Screen``: the pool after ``search`` generations on the model.

        It is the one that came where nothing is fitted, and beyond ``searched`` outcomes. Its first
        k rows are those that it came with, which may go out unscreened.
        """
        space = check_fit(self, space)
        if not self.search or len(known.F) > self.searched:
            return pool
        with single_thread():
            try:
                model = self._model(known, space, memory)
            except np.linalg.LinAlgError:
                return pool
            if model is None:
                return pool
            for _ in range(self.search):
                n = min(PARENTS, len(pool))
                best = self._best(model, pool, n, open, space, 0, 0.0)
                parents = best[rng.integers(0, n, self.draws * k)]
                later = pool[best[best >= k]]
                pool = np.concatenate([pool[:k], later, vary(pool[parents], rng)])
                pool = pool[_first_of_each(space.key(pool))]
        return pool

    def _model(
        self, known: KnownOutcomes, space: WorkingSpace, memory: Memory
    ) -> Model | None:  # fmt: skip
        """What can be said of everything known; None if that is nothing."""
        ok = evaluated(known)
        ahead = ahead_of(known, ok)
        columns = self._columns(known, ok, ahead)
        seen = inputs(known.X, space)
        if columns is None or seen.ordered.shape[1] + seen.listed.shape[1] == 0:
            return None
        n_obj = known.F.shape[1]
        modelled = [c for c in columns if c.key >= n_obj or not ahead.objectives[c.key]]
        priced, dear = log_costs(known.cost, columns[0].rows), _key_of_cost(known)
        if priced is not None:
            modelled.append(Column(dear, priced.rows, priced.targets, np.inf))
        thetas = self._hyperparameters(modelled, seen, known, memory)
        made = {c.key: Process(thetas[c.key], seen.take(c.rows), c.y) for c in modelled}
        objectives = [made.get(j) for j in range(n_obj)]
        values = np.column_stack(
            [c.y if p is None else p.smoothed for c, p in zip(columns, objectives, strict=False)]
        )
        F = known.F[columns[0].rows]
        kept = violations(known.margins[columns[0].rows]) == 0
        best = non_dominated(F, kept)
        scales = [scale_of(columns[j].y, F[:, j], best) for j in range(n_obj)]
        limits = [c.limit for c in columns[n_obj:]]
        limited = [made[c.key] for c in columns[n_obj:]]
        spread = 0.0 if priced is None else priced.spread
        return Model(
            ahead, objectives, limited, limits, values[kept], scales, made.get(dear), spread
        )

    def _best(
        self, model: Model, pool: Candidates, k: int, open: Candidates, space: WorkingSpace,
        told: int, unscreened: float,
    ) -> IntArray:  # fmt: skip
        candidates = np.concatenate([pool, open])
        asked = inputs(candidates, space)
        sure, fit = model.ahead.sure(candidates)
        beliefs = Processes(
            [
                Sure(targets) if process is None else process.at(asked)
                for process, targets in zip(model.objectives, sure.T, strict=True)
            ],
            [(p.at(asked), limit) for p, limit in zip(model.limited, model.limits, strict=True)],
            fit,
        )
        cost = None
        if model.cost is not None:
            cost = relative(model.spread * model.cost.at(inputs(pool, space)).mean)
        return choose(beliefs, len(pool), k, model.front, model.scales, told, unscreened, cost)

    def _columns(self, known: KnownOutcomes, ok: BoolArray, ahead: Ahead) -> list[Column] | None:
        """Every objective, and what else there is to model; None if nothing varies."""
        rows = np.flatnonzero(ok)
        if len(rows) < 2:
            return None
        F, margins = known.F[rows], known.margins[rows]
        told = most_telling(F, violations(margins), self.points)
        rows, F, margins = rows[told], F[told], margins[told]
        n_obj, n_con = F.shape[1], margins.shape[1]
        columns = [
            Column(j, rows, ahead.targets(j, f) if sure else objective_targets(f), np.inf)
            for j, (f, sure) in enumerate(zip(F.T, ahead.objectives, strict=True))
        ]
        broken = np.where(ahead.margins, 0, (margins > 0).sum(axis=0))
        for j in np.sort(np.argsort(-broken, kind="stable")[:MOST_MARGINS]).tolist():
            if broken[j]:
                y, limit = margin_targets(margins[:, j])
                columns.append(Column(n_obj + j, rows, y, limit))
        if not ok.all():
            failed = np.flatnonzero(~ok)
            some = np.linspace(0, len(failed) - 1, min(len(failed), self.points // 2))
            both = np.sort(np.concatenate([rows, failed[some.astype(np.int64)]]))
            y, limit = margin_targets(np.where(ok[both], -1.0, 1.0))
            columns.append(Column(n_obj + n_con, both, y, limit))
        return columns if any(c.y.any() for c in columns) else None

    def _hyperparameters(
        self, columns: list[Column], seen: Inputs, known: KnownOutcomes, memory: Memory
    ) -> FloatArray:
        """(places, p) those of every column; from memory unless a tenth more is known."""
        first = prior(seen).mean
        shape = (_key_of_cost(known) + (known.cost is not None), len(first))
        thetas = memory.get("theta", np.full(shape, np.nan)).copy()
        due = len(known.F) >= 1.1 * memory.get("known", np.zeros(1, dtype=np.int64))[0]
        for c in columns:
            new = bool(np.isnan(thetas[c.key]).any())
            if not (due or new):
                continue
            # Evenly over the points, which are in order: all of their kinds are among them.
            even = np.linspace(0, len(c.rows) - 1, min(len(c.rows), self.fit_points))
            some = even.astype(np.int64)
            fit = Fit(seen.take(c.rows[some]), c.y[some])
            thetas[c.key] = fit.best(None if new else thetas[c.key])
        memory["theta"] = thetas
        if due:
            memory["known"] = np.array([len(known.F)], dtype=np.int64)
        return thetas


def _key_of_cost(known: KnownOutcomes) -> int:
    """After objectives, constraints and failure."""
    return int(known.F.shape[1] + known.margins.shape[1] + 1)


def _first_of_each(keys: list[bytes]) -> IntArray:
    """The rows whose key has not occurred before, in order."""
    return np.array(sorted({key: i for i, key in reversed([*enumerate(keys)])}.values()))


class Sure:
    """What needs no training, in the place of a ``Posterior``."""

    def __init__(self, targets: FloatArray) -> None:
        self.mean = targets
        self.variance = np.full(len(targets), SURE_SD**2)

    def believe(self, i: int) -> None:
        """It was sure before."""


class Processes:
    """What Gaussian processes say of candidates; see ``Beliefs``.

    Args:
        objectives: One for each.
        limited: Those that have a limit, and it.
        fit: (k,) False for candidates that cannot be feasible, as is known without training.
    """

    def __init__(
        self, objectives: list[Posterior | Sure], limited: list[tuple[Posterior, float]],
        fit: BoolArray,
    ) -> None:  # fmt: skip
        self._objectives, self._limited, self._fit = objectives, limited, fit
        self.mean = np.column_stack([p.mean for p in objectives])

    def sd(self) -> FloatArray:
        """(k, n_obj) of the functions, not of their evaluations."""
        return np.asarray(np.sqrt(np.column_stack([p.variance for p in self._objectives])))

    def feasible(self) -> FloatArray:
        """(k,) the product of the probabilities of keeping each limit."""
        from scipy.special import ndtr

        probability = self._fit.astype(np.float64)
        for process, limit in self._limited:
            probability *= ndtr((limit - process.mean) / np.sqrt(process.variance))
        return probability

    def believe(self, i: int) -> None:
        """Candidate ``i`` has come out as the means say."""
        for process in self._objectives:
            process.believe(i)
        for process, _ in self._limited:
            process.believe(i)
