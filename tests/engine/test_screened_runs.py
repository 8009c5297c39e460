"""A screen picks of several children; what it chose is kept, and nobody is asked for it again."""

import logging

import numpy as np
import outside
import pytest

import paretide as pt
from paretide.engine.runs.replay import replay

KINDS = {
    "generational": {"size": 6, "offspring": 4},
    "steady": {"size": 6, "mode": "steady", "window": 3},
}
kinds = pytest.mark.parametrize("settings", KINDS.values(), ids=list(KINDS))


class Slope(pt.Problem):
    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "max"}
    constraints = {"sum": pt.upper(2.5)}

    def evaluate(self, x, ctx):
        if x[2] > 0.9:
            raise ValueError("too far")
        return {"f": x[0] + x[2], "g": x[0] - x[1], "sum": x.sum()}


@pt.screen(draws=4, least=6)
def last(pool, k, known, open, space, rng, memory):
    return np.arange(len(pool) - k, len(pool))


@pt.screen(draws=4, least=6)
def forbidden(pool, k, known, open, space, rng, memory):
    raise AssertionError("asked")


@kinds
def test_the_chosen_ones_are_evaluated(settings):
    result = pt.minimize(Slope(), pt.NSGA2(**settings, screen=last), budget=40, seed=1)
    everything = result.run.evaluations
    choice = everything.choice[np.argsort(everything.ids)]
    assert (choice[:6] == -1).all()
    assert (choice[12:] >= 3).all()
    assert "choice" in everything.columns()
    assert (
        "choice"
        not in pt.minimize(
            Slope(), pt.NSGA2(**settings), budget=12, seed=1
        ).run.evaluations.columns()
    )


@kinds
def test_a_screen_sees_everything_told_in_its_order(settings):
    seen = []

    @pt.screen(draws=2, least=6)
    def watching(pool, k, known, open, space, rng, memory):
        seen.append((known, open.copy(), rng.random()))
        return np.arange(k)

    result = pt.minimize(Slope(), pt.NSGA2(**settings, screen=watching), budget=40, seed=1)
    everything = result.run.evaluations
    for known, under_way, _ in seen:
        n = len(known.X)
        rows = np.arange(n) if "mode" in settings else np.argsort(everything.ids)[:n]
        assert np.array_equal(known.X, everything.X[rows])
        F = everything.definition.minimized(everything.F[rows])
        assert np.array_equal(known.F, F, equal_nan=True)
        margins = everything.G[rows] - 2.5
        assert np.allclose(known.margins, margins, equal_nan=True)
        assert len(under_way) == (2 if "mode" in settings else 0)
    assert len({drawn for *_, drawn in seen}) == len(seen)


@kinds
def test_resuming_asks_for_nothing_that_was_chosen(settings, tmp_path, monkeypatch):
    """The screen of another machine, which would have chosen otherwise, changes nothing."""
    whole = pt.minimize(Slope(), pt.NSGA2(**settings, screen=last), budget=40, seed=1)
    path = tmp_path / "run.h5"
    pt.minimize(Slope(), pt.NSGA2(**settings, screen=last), budget=40, seed=1, store=path)
    run = pt.open_run(path)
    assert np.array_equal(run.evaluations.choice, whole.run.evaluations.choice)
    monkeypatch.setattr(type(last), "__call__", forbidden.function)
    replay(run, problem=Slope())
    replay(whole.run, problem=Slope())


def test_duplicates_are_never_chosen():
    class Bits(pt.Problem):
        space = pt.Binary(6)
        objectives = {"ones": "max", "left": "max"}

        def evaluate(self, x, ctx):
            if ctx.id % 7 == 3:
                raise ValueError("failed ones are not drawn again either")
            return {"ones": int(x.sum()), "left": int(x[:3].sum() - x[3:].sum())}

    for settings in KINDS.values():
        result = pt.minimize(Bits(), pt.NSGA2(**settings, screen=last), budget=90, seed=1)
        X = result.run.evaluations.X
        assert len(np.unique(X, axis=0)) == len(X)
        assert result.stopped_by == "exhausted"
        assert len(X) > 50


def test_in_a_screen_that_cannot_tell_children_go_out_as_they_are_drawn(caplog):
    @pt.screen(draws=4, least=6)
    def undecided(pool, k, known, open, space, rng, memory):
        return None

    with caplog.at_level(logging.WARNING):
        result = pt.minimize(Slope(), pt.NSGA2(size=6, screen=undecided), budget=24, seed=1)
    everything = result.run.evaluations
    assert sorted(everything.choice[everything.ids >= 6].tolist()) == sorted([*range(6)] * 3)
    assert sum("go out as they are drawn" in r.message for r in caplog.records) == 1


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (lambda k, n: np.zeros(k, dtype=np.int64), "chose row 0 twice"),
        (lambda k, n: np.arange(k) + n, "expected rows of the pool, from 0 to 23"),
        (lambda k, n: np.arange(k - 1), "its choice"),
        (lambda k, n: np.arange(k) / 1.0, "its choice"),
    ],
)
def test_wrong_choices_are_named(rows, what):
    @pt.screen(draws=4, least=6)
    def wrong(pool, k, known, open, space, rng, memory):
        return rows(k, len(pool))

    with pytest.raises(pt.errors.ShapeError, match=f"wrong.*{what}"):
        pt.minimize(Slope(), pt.NSGA2(size=6, screen=wrong), budget=24, seed=1)


@kinds
def test_a_state_by_hand_goes_on_as_it_would_have(settings):
    algorithm = pt.NSGA2(**settings, screen=outside.near_the_good)

    def some(machine, k):
        made = []
        for _ in range(k):
            batch = machine.ask(1)
            x = batch.X[0]
            made.append(x.tolist())
            machine.tell(batch, F=[[x[0], x[1] - x[2]]], G=[[x.sum()]])
        return made

    machine = algorithm.start(Slope(), seed=2)
    some(machine, 17)
    state = machine.state_dict()
    other = algorithm.start(Slope(), seed=2)
    other.load_state_dict(state)
    assert some(other, 20) == some(machine, 20)
