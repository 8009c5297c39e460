"""The state machine of NSGA-II: what may be asked and told, and that order never matters."""

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import AskTellError, ConfigurationError, ShapeError


def values(batch):
    X = np.asarray(batch.X, dtype=float)
    return np.stack([(X**2).sum(axis=1), -((X - 2) ** 2).sum(axis=1)], axis=1)


def run(machine, generations, tell):
    for _ in range(generations):
        tell(machine, machine.ask())
    return machine.population


def in_one(machine, batch):
    machine.tell(batch, F=values(batch))


def backwards_one_by_one(machine, batch):
    F = values(batch)
    for i in reversed(range(len(batch))):
        machine.tell(int(batch.ids[i]), pt.Evaluated(F[i]))


def test_the_order_of_telling_does_not_matter():
    whole = run(pt.NSGA2(size=20).start(toy.Schaffer(), seed=3), 6, in_one)
    single = run(pt.NSGA2(size=20).start(toy.Schaffer(), seed=3), 6, backwards_one_by_one)
    assert whole.ids.tolist() == single.ids.tolist()
    assert whole.X.tobytes() == single.X.tobytes()


def test_asking_in_portions_gives_the_same_candidates():
    whole = pt.NSGA2(size=20).start(toy.Schaffer(), seed=3).ask()
    machine = pt.NSGA2(size=20).start(toy.Schaffer(), seed=3)
    portions = [machine.ask(k) for k in (1, 7, 50)]
    assert [len(b) for b in portions] == [1, 7, 12]
    assert np.concatenate([b.X for b in portions]).tobytes() == whole.X.tobytes()


def test_what_is_handed_out_cannot_be_changed_behind_the_algorithm():
    batch = pt.NSGA2(size=6).start(toy.Schaffer(), seed=1).ask()
    for array in (batch.ids, batch.X, batch.parents):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_looking_at_the_population_changes_nothing():
    plain = pt.NSGA2(size=20).start(toy.Schaffer(), seed=3)
    watched = pt.NSGA2(size=20).start(toy.Schaffer(), seed=3)
    for _ in range(5):
        a, b = plain.ask(), watched.ask(20)
        assert a.X.tobytes() == b.X.tobytes()
        in_one(plain, a)
        for i, id in enumerate(b.ids.tolist()):
            watched.tell(id, pt.Evaluated(values(b)[i]))
            assert len(watched.population) == min(20, watched.evaluations)
    assert plain.population.X.tobytes() == watched.population.X.tobytes()


def test_values_are_seen_in_the_units_they_were_told_in():
    machine = pt.NSGA2(size=10).start(toy.Schaffer(), seed=0)
    batch = machine.ask()
    machine.tell(batch, F=values(batch))
    assert np.array_equal(machine.population.F, values(batch))
    assert not machine.population.F.flags.writeable


def test_a_maximized_objective_is_maximized():
    machine = pt.NSGA2(size=30).start(toy.Schaffer(), seed=0)
    population = run(machine, 40, in_one)
    # The front lies between the two optima (0, 0) and (2, 2).
    assert population.F[:, 1].max() > -0.05
    assert population.F[:, 0].min() < 0.05


def test_failed_candidates_are_counted_and_never_ranked():
    machine = pt.NSGA2(size=20).start(toy.Schaffer(), seed=1)
    failed = []
    for _ in range(8):
        for id, x in machine.ask():
            if id % 3 == 0:
                machine.tell(id, pt.Failed("no"))
                failed.append(id)
            elif id % 3 == 1:
                machine.tell(id, pt.Evaluated([np.inf, 0.0]))
                failed.append(id)
            else:
                machine.tell(id, pt.Evaluated([float(x[0]), float(x[1])]))
    assert machine.evaluations == 160
    assert machine.failures == len(failed)
    assert not set(machine.population.ids.tolist()) & set(failed)


def test_a_generation_in_which_everything_failed_is_sampled_again():
    machine = pt.NSGA2(size=10).start(toy.Schaffer(), seed=1)
    for id, _ in machine.ask():
        machine.tell(id, pt.Failed("no"))
    batch = machine.ask()
    assert len(batch) == 10
    assert (batch.parents == -1).all()


def test_asking_again_before_telling_names_what_is_missing():
    machine = pt.NSGA2(size=4).start(toy.Schaffer(), seed=1)
    batch = machine.ask()
    machine.tell(int(batch.ids[0]), pt.Evaluated([0.0, 0.0]))
    with pytest.raises(AskTellError, match=r"3 candidates of generation 0 .*ids 1 to 3"):
        machine.ask()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, b: m.tell(99, pt.Failed("x")), AskTellError, "id 99 has not been asked for"),
        (lambda m, b: m.tell(b, F=np.zeros((4, 3))), ShapeError, r"shape \(4, 2\), got \(4, 3\)"),
        (lambda m, b: m.tell(b), AskTellError, "told with F"),
        (lambda m, b: m.tell(0, pt.Evaluated([1.0])), ShapeError, r"shape \(1, 2\), got \(1, 1\)"),
        (lambda m, b: m.tell(0, 3.0), AskTellError, "expected pt.Evaluated"),
        (lambda m, b: m.tell(0, pt.Evaluated(["a", "b"])), ShapeError, "must hold numbers"),
        (lambda m, b: m.ask(0), ConfigurationError, "k must be a whole number >= 1, got 0"),
    ],
)
def test_wrong_calls_are_named(call, error, message):
    machine = pt.NSGA2(size=4).start(toy.Schaffer(), seed=1)
    batch = machine.ask()
    with pytest.raises(error, match=message):
        call(machine, batch)
    machine.tell(batch, F=np.zeros((4, 2)))  # nothing was lost by it
    assert machine.evaluations == 4


def test_telling_twice_is_refused():
    machine = pt.NSGA2(size=4).start(toy.Schaffer(), seed=1)
    batch = machine.ask()
    machine.tell(0, pt.Evaluated([0.0, 0.0]))
    with pytest.raises(AskTellError, match="id 0 is told twice"):
        machine.tell(batch, F=np.zeros((4, 2)))


def test_constraints_must_be_told():
    machine = pt.NSGA2(size=4).start(toy.Mixed(), seed=1)
    batch = machine.ask()
    with pytest.raises(ShapeError, match=r"\['size'\]; pass G of shape \(4, 1\)"):
        machine.tell(batch, F=np.zeros((4, 2)))
    machine.tell(batch, F=np.zeros((4, 2)), G=np.array([[100.0], [150.0], [151.0], [400.0]]))
    assert machine.population.feasible.tolist() == [True, True, False, False]
    assert machine.population.G[:, 0].tolist() == [100.0, 150.0, 151.0, 400.0]


def test_the_state_continues_elsewhere_to_the_bit():
    spec = pt.DynamicNSGA2(start=4, max_size=16, tau=20)
    whole = spec.start(toy.Mixed(), seed=5)
    problem = toy.Mixed()
    definition = whole.definition

    def outcome(x):
        F, G = definition.read_values(problem.evaluate(x, pt.Context(0, 0)))
        return pt.Evaluated(F, G)

    moved = spec.start(toy.Mixed(), seed=5)
    for step in range(200):
        a = whole.ask(1)
        if step % 7 == 0:  # mid-generation, with candidates asked and not told
            successor = spec.start(toy.Mixed(), seed=999)
            successor.load_state_dict(moved.state_dict())
            moved = successor
        b = moved.ask(1)
        assert a.ids.tolist() == b.ids.tolist()
        assert a.X.tobytes() == b.X.tobytes()
        ((id, x),) = a
        whole.tell(id, outcome(x))
        moved.tell(id, outcome(x))
    assert whole.population.X.tobytes() == moved.population.X.tobytes()
    assert whole.size == moved.size == 16


def test_withdrawn_candidates_are_asked_again():
    machine = pt.NSGA2(size=6).start(toy.Schaffer(), seed=1)
    first = machine.ask()
    machine.tell(2, pt.Evaluated([0.0, 0.0]))
    machine.withdraw()
    again = machine.ask()
    assert again.ids.tolist() == [0, 1, 3, 4, 5]
    assert again.X.tobytes() == first.X[[0, 1, 3, 4, 5]].tobytes()


def test_duplicates_are_drawn_again():
    machine = pt.NSGA2(size=6).start(toy.Tiny(), seed=2)
    seen = set()
    batch = machine.ask()
    keys = {tuple(row) for row in batch.X.tolist()}
    assert len(keys) == len(batch) == 6
    machine.tell(batch, F=toy.Tiny().evaluate_batch(batch.X))
    seen |= keys
    children = machine.ask()
    parents = {tuple(row) for row in machine.parents.X.tolist()}
    assert len(children) == 2  # all that the space still has
    assert not parents & {tuple(row) for row in children.X.tolist()}


def test_duplicates_are_kept_if_told_so():
    machine = pt.NSGA2(size=20, duplicates=None).start(toy.Tiny(), seed=1)
    assert len(machine.ask()) == 20
