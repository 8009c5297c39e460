"""Screening by randomized trees: cheaper than Gaussian processes in their points, and coarser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...checks import real_number, whole_number
from ...errors import ConfigurationError
from ...typing import BoolArray, Candidates, FloatArray, IntArray, SearchSpace
from ..parts import KnownOutcomes, Screen
from .ahead import SURE_SD, ahead_of
from .choosing import choose, scale_of
from .costs import log_costs, relative
from .inputs import Inputs, check_fit, inputs
from .known import evaluated, non_dominated, violations
from .single_thread import single_thread
from .targets import objective_targets

LEAST_SD = 1e-3
"""Of a target with a standard deviation of 1."""


@dataclass(frozen=True, kw_only=True)
class ExtraTrees(Screen):
    """Screens children by expected hypervolume improvement on extremely randomized trees.

    Means and deviations are those of the trees' answers. Constraints and failures are judged by the
    share of the trees' answers that keep, or do not fail. Where the budget is a ``pt.Cost``,
    improvement is divided by what trees say that an evaluation costs. Needs scikit-learn:
    ``paretide[demo]``. For spaces with working coordinates.

    Attributes:
        draws: Children drawn for each that is evaluated.
        least: Outcomes told below which children go out as they are drawn.
        unscreened: Share of the children that goes out as it is drawn.
        trees: How many.

    Source: Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees"; deviations as in
    Hutter, Hoos, Leyton-Brown 2011, "Sequential model-based optimization for general algorithm
    configuration".
    """

    draws: int = 10
    least: int = 10
    unscreened: float = 0.25
    trees: int = 50

    def __post_init__(self) -> None:
        for name, least in (("draws", 1), ("least", 2), ("trees", 2)):
            value = whole_number(f"ExtraTrees {name}", getattr(self, name), least=least)
            object.__setattr__(self, name, value)
        share = real_number("ExtraTrees unscreened", self.unscreened)
        if not 0 <= share < 1:
            raise ConfigurationError(
                f"ExtraTrees unscreened must be a share in [0, 1), got {self.unscreened!r}"
            )
        object.__setattr__(self, "unscreened", share)

    def check_fit(self, space: SearchSpace) -> None:
        """Raise ConfigurationError for a space without working coordinates, or no scikit-learn."""
        check_fit(self, space)
        _regressor()

    def __call__(
        self, pool: Candidates, k: int, known: KnownOutcomes, open: Candidates, space: SearchSpace,
        rng: np.random.Generator, memory: dict[str, Any],
    ) -> IntArray | None:  # fmt: skip
        """See ``Screen``; None where there is nothing to fit. Leaves nothing in ``memory``."""
        space = check_fit(self, space)
        ok = evaluated(known)
        if ok.sum() < 2:
            return None
        ahead = ahead_of(known, ok)
        to_fit = ~ahead.objectives
        targets = np.column_stack(
            [
                objective_targets(f) if unknown else ahead.targets(j, f)
                for j, (f, unknown) in enumerate(zip(known.F[ok].T, to_fit, strict=True))
            ]
        )
        if not targets.any():
            return None
        seen = inputs(known.X, space)
        candidates = np.concatenate([pool, open])
        asked = inputs(candidates, space)
        kept = violations(known.margins[ok]) == 0
        keeps = violations(known.margins[ok][:, ~ahead.margins]) == 0  # what has to be trained
        sure, fit = ahead.sure(candidates)
        answers = np.repeat(sure[None], self.trees, axis=0)
        feasible = fit.astype(np.float64)
        with single_thread():
            if to_fit.any():
                fitted = self._answers(seen, ok, targets[:, to_fit], asked, rng)
                answers[:, :, to_fit] = fitted
            if not keeps.all():
                labels = keeps.astype(np.float64)[:, None]
                feasible *= self._answers(seen, ok, labels, asked, rng).mean(axis=0)[:, 0]
            if not ok.all():
                everyone = np.ones(len(ok), dtype=np.bool_)
                labels = ok.astype(np.float64)[:, None]
                feasible *= self._answers(seen, everyone, labels, asked, rng).mean(axis=0)[:, 0]
            priced, cost = log_costs(known.cost, np.flatnonzero(ok)), None
            if priced is not None:
                having = np.isin(np.arange(len(ok)), priced.rows)
                logs = priced.spread * priced.targets[:, None]
                answered = self._answers(seen, having, logs, asked, rng).mean(axis=0)[:, 0]
                cost = relative(answered[: len(pool)])
        best = non_dominated(known.F[ok], kept)
        scales = [scale_of(y, f, best) for y, f in zip(targets.T, known.F[ok].T, strict=True)]
        told = len(known.F) + len(open)
        beliefs = Trees(answers, feasible, ahead.objectives)
        return choose(beliefs, len(pool), k, targets[kept], scales, told, self.unscreened, cost)

    def _answers(
        self, seen: Inputs, rows: BoolArray, targets: FloatArray, asked: Inputs,
        rng: np.random.Generator,
    ) -> FloatArray:  # fmt: skip
        """(trees, k, n_targets) what each tree says of ``asked``."""
        forest = _regressor()(
            n_estimators=self.trees, min_samples_leaf=1, max_features=0.7, n_jobs=1,
            random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        y = targets[:, 0] if targets.shape[1] == 1 else targets  # as scikit-learn wants it
        forest.fit(_one_hot(seen.take(np.flatnonzero(rows)), seen, asked), y)
        X = _one_hot(asked, seen, asked).astype(np.float32)
        answers = [tree.predict(X, check_input=False) for tree in forest.estimators_]
        return np.array(answers).reshape(self.trees, len(X), targets.shape[1])


class Trees:
    """What trees say of candidates; see ``Beliefs``. ``sure`` (n_obj,) are not asked of trees."""

    def __init__(self, answers: FloatArray, feasible: FloatArray, sure: BoolArray) -> None:
        self.mean: FloatArray = answers.mean(axis=0)
        self._sd: FloatArray = np.maximum(answers.std(axis=0), LEAST_SD)
        self._sd[:, sure] = SURE_SD
        self._feasible = feasible

    def sd(self) -> FloatArray:
        """(k, n_obj) of the trees' answers."""
        return self._sd

    def feasible(self) -> FloatArray:
        """(k,) the mean of the trees' answers, of 1 for the feasible and 0 for others."""
        return self._feasible

    def believe(self, i: int) -> None:
        """Candidate ``i`` has come out as its mean: trees know it to be so."""
        self._sd[i] = np.minimum(self._sd[i], LEAST_SD)


def _one_hot(of: Inputs, *all_of: Inputs) -> FloatArray:
    """(n, ...) ordered values, then a column for each category that occurs in ``all_of``."""
    columns = [of.ordered]
    for j in range(of.listed.shape[1]):
        values = np.unique(np.concatenate([each.listed[:, j] for each in all_of]))
        columns.append((of.listed[:, j, None] == values).astype(np.float64))
    return np.concatenate(columns, axis=1)


def _regressor() -> Any:
    """scikit-learn's class; raises ConfigurationError if it is not installed."""
    try:
        from sklearn.ensemble import ExtraTreesRegressor
    except ImportError:
        raise ConfigurationError(
            "screen=ExtraTrees(...) needs scikit-learn: pip install 'paretide[demo]', or use "
            "pt.GaussianProcess(), which needs nothing more"
        ) from None
    return ExtraTreesRegressor
