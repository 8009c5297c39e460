"""A screen picks of several children; what it chose is kept, and nobody is asked for it again."""

import logging
from dataclasses import dataclass

import numpy as np
import outside
import own_spaces
import pytest
import sweep
from sweep import Kind, MemoryStore

import paretide as pt
from paretide.engine.algorithms.breeding import breeding_for
from paretide.engine.algorithms.offshoots import Offshoots
from paretide.engine.records.provenance import EVOLVED, Choices, Made, unscreened
from paretide.engine.runs.replay import replay
from paretide.engine.store.codec import CHOICES, decode, encode_choices, layout_of

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


# -- evolution on the model ------------------------------------------------------------------------

SEARCHED = {
    "generational": pt.NSGA2(size=6, offspring=4, screen=outside.Searching()),
    "population": pt.NSGA2(size=6, duplicates="population", screen=outside.Searching()),
    "steady": pt.NSGA2(size=6, mode="steady", window=3, screen=outside.Searching()),
    "dynamic": pt.DynamicNSGA2(start=2, max_size=8, tau=6, screen=outside.Searching()),
    "concurrent": pt.ConcurrentDynamicNSGA2(start=2, max_size=8, screen=outside.Searching()),
    "model": pt.NSGA2(size=6, offspring=4, screen=pt.GaussianProcess(search=2)),
    "model-steady": pt.NSGA2(
        size=6, mode="steady", window=3, screen=pt.GaussianProcess(draws=6, search=2)
    ),
}
searched = pytest.mark.parametrize("algorithm", SEARCHED.values(), ids=list(SEARCHED))


def columns(run):
    everything = run.evaluations
    names = ("ids", "X", "F", "parents", "operator_code", "choice", "generation")
    return [getattr(everything, name).tobytes() for name in names]


def refuse_models(algorithm, monkeypatch):
    def refused(*arguments):
        raise AssertionError("asked")

    for name in ("__call__", "improve"):
        monkeypatch.setattr(type(algorithm.screen), name, refused)


@searched
def test_those_made_on_a_model_are_kept_and_their_parents_were_evaluated(algorithm):
    everything = pt.minimize(Slope(), algorithm, budget=40, seed=1).run.evaluations
    made = everything.choice == EVOLVED
    assert made.sum() >= 3
    assert (everything.choice >= 0).any()
    parents = everything.parents[made]
    assert ((parents >= 0) & (parents < everything.ids[made, None])).all()
    assert set(everything.operator[made]) == {everything.operator[-1]} - {"sample"}
    assert len(np.unique(everything.X, axis=0)) == len(everything)
    assert (everything.columns()["choice"][made] == -2).all()


@searched
def test_a_run_whose_pools_evolved_is_replayed_without_a_model(algorithm, tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    whole = pt.minimize(Slope(), algorithm, budget=40, seed=1, store=path)
    refuse_models(algorithm, monkeypatch)
    for run in (pt.open_run(path), whole.run):
        again = replay(run, problem=Slope())
        assert again.everything().table().X.tobytes() == whole.run.evaluations.X.tobytes()


@searched
@pytest.mark.parametrize("lost", [0, 1])
def test_a_run_whose_pools_evolved_goes_on_from_its_journal(algorithm, lost, tmp_path):
    """The last record may be lost: nobody has been evaluated by what it says."""
    kind = Kind(Slope(), algorithm, budget=40, workers=1)
    store = MemoryStore(frozenset({4}))
    begun = sweep.run(kind, store, 0)
    chosen = [i for i, left in enumerate(store.lefts) if _last_is_choice(left)]
    left = store.lefts[chosen[len(chosen) * 2 // 3] - lost]
    resumed = sweep.resume(kind, MemoryStore(frozenset(), left), 0)
    assert columns(resumed.run) == columns(begun.run)


def _last_is_choice(left):
    return bool(left.records) and left.records[-1][:1] == CHOICES


@dataclass(frozen=True)
class Looking(pt.Screen):
    """Makes children on a model, and leaves the pool as it came."""

    draws: int = 4
    least: int = 6

    def improve(self, pool, k, known, open, space, rng, memory, vary):
        assert len(vary(pool, rng))
        return pool

    def __call__(self, pool, k, known, open, space, rng, memory):
        return np.arange(len(pool) - k, len(pool))


@kinds
@pytest.mark.parametrize("duplicates", ["all", "population", None])
def test_what_is_made_on_a_model_moves_nothing_that_is_drawn(settings, duplicates):
    settings = settings | {"duplicates": duplicates}
    one, other = (
        pt.minimize(Slope(), pt.NSGA2(**settings, screen=screen), budget=40, seed=1).run
        for screen in (last, Looking())
    )
    assert columns(one) == columns(other)


@dataclass(frozen=True)
class Improving(Looking):
    """Returns what a function makes of its arguments."""

    function: object = None

    def improve(self, pool, k, known, open, space, rng, memory, vary):
        return self.function(pool, known, vary, rng)


@kinds
def test_a_screens_own_rows_have_no_parents_and_are_new(settings):
    rng = np.random.default_rng(0)

    def own(pool, known, vary, _):
        return np.concatenate([pool, pool[:2], known.X[-2:], rng.random((3, 3))])

    screen = Improving(function=own)
    run = pt.minimize(Slope(), pt.NSGA2(**settings, screen=screen), budget=30, seed=1).run
    made = run.evaluations.choice == EVOLVED
    assert made.sum() > 10
    assert (run.evaluations.parents[made] == -1).all()
    assert len(np.unique(run.evaluations.X, axis=0)) == len(run.evaluations)


@kinds
@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda pool, *_: pool[:0], "improved its pool to 0 rows"),
        (lambda pool, *_: np.repeat(pool[:1], 30, axis=0), "to 1 rows that are different"),
        (lambda pool, *_: pool + 2, "returned rows outside the space"),
        (lambda pool, *_: pool[:, :2], "returned an array of shape"),
        (lambda pool, *_: None, "returned None"),
    ],
)
def test_wrong_pools_are_named(settings, function, what):
    algorithm = pt.NSGA2(**settings, screen=Improving(function=function))
    if "to 1 rows" in what and "mode" in settings:
        assert len(pt.minimize(Slope(), algorithm, budget=24, seed=1).run.evaluations) == 24
        return
    with pytest.raises(pt.errors.ShapeError, match=what):
        pt.minimize(Slope(), algorithm, budget=24, seed=1)


def test_nothing_that_breaks_a_known_limit_is_made_on_a_model():
    class Limited(Slope):
        def known(self, x):
            return {"sum": float(x.sum())}

    Limited.constraints = {"sum": pt.upper(1.2)}
    for settings in KINDS.values():
        algorithm = pt.NSGA2(**settings, screen=outside.Searching())
        everything = pt.minimize(Limited(), algorithm, budget=40, seed=1).run.evaluations
        assert (everything.choice == EVOLVED).any()
        assert (everything.X.sum(axis=1) <= 1.2).all()


def test_children_know_the_first_parents_of_the_rows_that_they_are_made_of():
    space = own_spaces.Tours(7)
    breeding = breeding_for(space)  # three parents meet
    rng = np.random.default_rng(1)
    pool = unscreened(
        own_spaces.shuffled(9, space, rng), np.arange(27).reshape(9, 3), breeding.position
    )
    seen = breeding.everything()
    seen.add(pool.X)
    offshoots = Offshoots(pool, breeding, seen)
    first = offshoots.vary(pool.X[:8], rng)
    assert 1 <= len(first) <= 4
    assert len(seen) == 9
    second = offshoots.vary(first[[0, 0, 0]], rng)
    evolved = offshoots.evolved(np.concatenate([first[:1], pool.X[[4, 2]], second, pool.X[[4]]]))
    assert evolved.choice[:3].tolist() == [EVOLVED, 4, 2]
    assert len(evolved) == 3 + len(second)
    assert evolved.parents[:3].tolist() == [[0, 3, 6], [12, 13, 14], [6, 7, 8]]
    assert (evolved.parents[3:] == 0).all()
    assert len(offshoots.vary(pool.X[:2], rng)) == 0


@pytest.mark.parametrize("problem", [Slope(), own_spaces.Words(), own_spaces.Routes()], ids=repr)
def test_choices_of_those_made_on_a_model_are_read_as_they_were_written(problem):
    rows = pt.minimize(problem, pt.NSGA2(size=4), budget=6, seed=1).run.evaluations
    space, layout = rows.definition.space, layout_of(rows)
    choice = np.array([3, EVOLVED, -1, EVOLVED], dtype=np.int32)
    made = Made(rows.X[[1, 5]], rows.parents[[1, 5]])
    written = encode_choices(Choices(40, choice, {"a": np.arange(3.0)}, made), space)
    found = decode(written, layout, rows.definition)
    assert (found.first, found.choice.tolist()) == (40, choice.tolist())
    assert space.key(found.made.X) == space.key(made.X)
    assert np.array_equal(found.made.parents, made.parents)
    assert found.memory["a"].tolist() == [0, 1, 2]
    for wrong in (written[:-1], written + b"0"):
        with pytest.raises(pt.errors.StoreCorrupt):
            decode(wrong, layout, rows.definition)
    later = Choices(0, choice, None, made._replace(parents=made.parents + 50))
    with pytest.raises(pt.errors.StoreCorrupt, match="born after their children"):
        decode(encode_choices(later, space), layout, rows.definition)


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
