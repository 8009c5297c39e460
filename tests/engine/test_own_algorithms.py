"""Algorithms and compositions that users write: in memory, stored, resumed, asked and told."""

import numpy as np
import outside
import own_spaces
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError, ShapeError

ALGORITHMS = {
    "random search": outside.RandomSearch(),
    "random search, steady": outside.RandomSearch(size=8, mode="steady", window=5),
    "SMS-EMOA": outside.SMS_EMOA,
    "SMS-EMOA, generations": pt.Evolution(survival=outside.least_hypervolume_goes, size=10),
    "memory and lineage": outside.MovingMean(),
    "three parents": pt.Evolution(crossover=outside.differential, size=10, offspring=7),
    "three parents, steady": pt.Evolution(
        crossover=outside.differential, size=10, mode="steady", window=4, order="cost"
    ),
    "NSGA-II with a part": pt.NSGA2(size=10, crossover=outside.differential),
    "dynamic, with a part": pt.DynamicNSGA2(
        start=4, max_size=12, tau=20, crossover=outside.differential
    ),
}


@pytest.fixture(params=ALGORITHMS, ids=str)
def algorithm(request):
    return ALGORITHMS[request.param]


def bits(result):
    rows = result.run.evaluations
    columns = (rows.ids, rows.X, rows.F, rows.parents, rows.generation)
    return [c.tobytes() for c in columns] + [result.population.ids.tobytes(), list(rows.operator)]


def test_the_same_seed_gives_the_same_bits_in_parts_or_whole(algorithm, tmp_path):
    whole = pt.minimize(toy.Schaffer(), algorithm, budget=60, seed=3)
    pt.minimize(toy.Schaffer(), algorithm, budget=33, seed=3, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", budget=27)
    assert bits(resumed) == bits(whole)
    assert bits(pt.minimize(toy.Schaffer(), algorithm, budget=60, seed=4)) != bits(whole)


def test_asked_and_told_by_hand_it_does_the_same(algorithm):
    whole = pt.minimize(toy.Schaffer(), algorithm, budget=60, seed=3)
    opt = algorithm.start(toy.Schaffer(), seed=3)
    while opt.evaluations < 60:
        batch = opt.ask(60 - opt.evaluations)
        for id, x in batch:
            opt.tell(id, pt.Evaluated(F=[np.sum(x**2), -np.sum((x - 2) ** 2)]))
    assert np.array_equal(np.sort(opt.population.ids), np.sort(whole.population.ids))


def test_what_an_algorithm_remembers_is_in_its_state():
    algorithm = outside.MovingMean()
    opt = algorithm.start(toy.Schaffer(), seed=3)
    for _ in range(3):
        batch = opt.ask()
        opt.tell(batch, F=np.abs(batch.X[:, :2]))
    state = opt.state_dict()
    assert state["memory_width"] == pytest.approx(0.3 * 0.9**2)
    again = algorithm.start(toy.Schaffer(), seed=3)
    again.load_state_dict(state)
    assert again.ask().X.tobytes() == opt.ask().X.tobytes()


def test_looking_changes_nothing_of_what_a_part_remembers():
    @pt.survival
    def counting(F, violation, size, rng, memory):
        memory["calls"] = memory.get("calls", np.zeros(1)) + 1
        memory["calls"][0] += rng.integers(2)
        return pt.RankAndCrowding()(F, violation, size, rng, memory)

    looked, blind = (
        pt.Evolution(survival=counting, size=6).start(toy.Schaffer(), seed=1) for _ in range(2)
    )
    for opt in (looked, blind):
        for _ in range(4):
            batch = opt.ask()
            opt.tell(batch, F=np.abs(batch.X[:, :2]))
            if opt is looked:
                assert len(opt.population) == len(opt.population) == 6
        opt.ask()
    assert looked.state_dict()["memory_calls"] == blind.state_dict()["memory_calls"]


def test_children_of_an_own_algorithm_have_parents_where_it_says_so(tmp_path):
    run = pt.minimize(toy.Schaffer(), outside.MovingMean(), budget=40, seed=1).run
    rows = run.evaluations
    born = rows.generation > 0
    assert (rows.parents[born] >= 0).all()
    assert (rows.parents[~born] == -1).all()
    assert set(rows.operator) == {"sample", "MovingMean"}
    run = pt.minimize(toy.Schaffer(), ALGORITHMS["three parents"], budget=40, seed=1).run
    assert run.evaluations.parents.shape == (40, 3)


def wrong(**methods):
    return type("Wrong", (pt.Algorithm,), {"size": 6, **methods})()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: wrong(), "says nothing of how candidates are made: define breed"),
        (lambda: wrong(breed=lambda self, p, k, *_: p.X[:1]), r"expected an array of shape \(6, "),
        (lambda: wrong(breed=lambda self, p, k, *_: p.X + 1e9), "outside the space"),
        (
            lambda: wrong(breed=lambda self, p, k, *_: (p.X, np.full((k, 2), 99))),
            "rows of the population",
        ),
        (
            lambda: wrong(
                breed=lambda self, p, k, s, rng, m: pt.Uniform()(k, s, rng),
                survive=lambda self, F, v, size, *_: pt.Survivors([0], [0], [0.0]),
            ),
            "Wrong.survive returned rows",
        ),
        (lambda: pt.Evolution(survival=None), "survival must be a Survival, got None"),
        (lambda: pt.Evolution(offspring=0), "offspring"),
        (lambda: pt.Evolution(offspring=5, mode="steady"), "one child is born at a time"),
        (lambda: pt.Evolution(duplicates="every"), 'duplicates must be "all"'),
        (lambda: pt.Evolution(size=1), "size"),
    ],
)
def test_what_is_wrong_is_named(make, message):
    with pytest.raises((ConfigurationError, ShapeError), match=message):
        pt.minimize(toy.Schaffer(), make(), budget=30, seed=1)


def test_a_local_part_runs_and_says_what_resuming_needs(tmp_path, caplog):
    @pt.mutation
    def anew(X, space, rng):
        return pt.Uniform()(len(X), space, rng)

    algorithm = pt.NSGA2(size=6, mutation=anew)
    whole = pt.minimize(toy.Schaffer(), algorithm, budget=30, seed=1)
    pt.minimize(toy.Schaffer(), algorithm, budget=20, seed=1, store=tmp_path / "run.h5")
    assert "resuming run.h5 will need the algorithm passed again" in caplog.text
    with pytest.raises(ConfigurationError, match="pass it"):
        pt.resume(tmp_path / "run.h5", budget=10)
    resumed = pt.resume(tmp_path / "run.h5", budget=10, algorithm=algorithm)
    assert bits(resumed) == bits(whole)


def test_what_is_remembered_of_candidates_is_not_taken_for_candidates(tmp_path):
    """Under whatever name: numbers of a user's own lie beside tables of the engine."""
    path = tmp_path / "run.h5"
    algorithm = pt.Evolution(survival=outside.remembering, size=8)
    whole = pt.minimize(own_spaces.Routes(), algorithm, budget=40, seed=1)
    pt.minimize(own_spaces.Routes(), algorithm, budget=20, seed=1, store=path)
    assert bits(pt.resume(path, budget=20)) == bits(whole)


def test_a_generation_that_could_not_be_born_leaves_the_memory_as_it_was():
    class Stumbles(outside.MovingMean):
        def breed(self, parents, k, space, rng, memory):
            children = super().breed(parents, k, space, rng, memory)
            if fails:
                raise OSError("not now")
            return children

    fails = True
    opt, other = (
        Stumbles().start(toy.Schaffer(), seed=1),
        outside.MovingMean().start(toy.Schaffer(), seed=1),
    )
    for machine in (opt, other):
        batch = machine.ask()
        machine.tell(batch, F=np.abs(batch.X[:, :2]))
        assert len(machine.population)  # looked at, which the next generation is made of
    for _ in range(3):
        with pytest.raises(OSError, match="not now"):
            opt.ask()
    fails = False
    assert opt.ask().X.tobytes() == other.ask().X.tobytes()
    assert opt.state_dict()["memory_width"] == other.state_dict()["memory_width"]


def test_a_plan_counts_the_children_of_a_generation():
    plan = pt.NSGA2(size=100, offspring=50).describe(toy.Schaffer(), 1_000)
    assert plan.splitlines()[-1].split() == ["100", "19", "1000", "100.0%"]
