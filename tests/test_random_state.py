"""Whole small runs: nothing but the seed decides, and the global generators are left alone."""

import random

import numpy as np
import pytest

import paretide as pt


class Plane(pt.Problem):
    """Vectors; one constraint."""

    space = pt.Real(0, 1, n=4)
    objectives = {"near": "min", "far": "max"}
    constraints = {"sum": pt.upper(3)}

    def evaluate_batch(self, X):
        F = np.stack([(X**2).sum(axis=1), ((X - 1) ** 2).sum(axis=1) * -1], axis=1)
        return F, X.sum(axis=1, keepdims=True)


class Training(pt.Problem):
    """Mixed variables, evaluated one by one, with noise that is the candidate's own."""

    space = pt.Space(
        rate=pt.Float(1e-5, 1e-1, log=True),
        width=pt.Int(8, 512, log=True),
        depth=pt.Int(0, 4),
        act=pt.Choice(["relu", "gelu", None]),
        bias=pt.Bool(),
        size=pt.Ordinal([16, 64, 256]),
    )
    objectives = {"error": "min", "speed": "max"}

    def evaluate(self, x, ctx):
        noise = np.random.default_rng(ctx.seed).random()
        error = abs(np.log10(x["rate"]) + 3) + 1 / x["width"] + 0.1 * noise
        return {"error": error, "speed": -x["width"] * (x["depth"] + x["bias"]) - x["size"]}


RUNS = {
    "vectors": lambda seed: pt.minimize(Plane(), pt.NSGA2(size=10), budget=45, seed=seed),
    "bits": lambda seed: pt.minimize(
        pt.OneMinMax(10),
        pt.DynamicNSGA2(start=4, max_size=16, tau=12),
        budget=90,
        seed=seed,
    ),
    "mixed": lambda seed: pt.minimize(Training(), pt.NSGA2(size=8), budget=40, seed=seed),
    "once": lambda seed: pt.minimize(
        Plane(), pt.NSGA2(size=10, crowding="once"), budget=45, seed=seed
    ),
}

run = pytest.mark.parametrize("start", RUNS.values(), ids=RUNS)


def bits_of(result):
    """Everything that was asked and everything that was kept, to the bit."""
    table, population = result.run.evaluations, result.population
    arrays = [table.ids, table.X, table.F, table.G, table.parents, table.generation]
    arrays += [population.ids, population.X, population.F, population.G]
    return [a.tobytes() for a in arrays]


def global_state():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 - it must not be touched
    return random.getstate(), name, keys.tobytes(), rest


@run
def test_the_global_generators_are_neither_used_nor_seeded(start):
    before = global_state()
    one = bits_of(start(3))
    assert global_state() == before
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002 - it must not matter
    seeded = global_state()
    try:
        assert bits_of(start(3)) == one
        assert global_state() == seeded
    finally:
        random.setstate(before[0])
        np.random.set_state((before[1], np.frombuffer(before[2], np.uint32), *before[3]))  # noqa: NPY002


@run
def test_one_seed_gives_the_same_bits(start):
    one, other = start(7), start(7)
    assert bits_of(one) == bits_of(other)
    assert one.seed == other.seed == 7
    assert one.stopped_by == other.stopped_by


@run
def test_another_seed_gives_others(start):
    asked = {start(seed).run.evaluations.X.tobytes() for seed in range(4)}
    assert len(asked) == 4


@run
def test_a_seed_that_was_drawn_is_told_and_repeats_the_run(start):
    drawn = start(None)
    assert bits_of(start(drawn.seed)) == bits_of(drawn)
    assert start(None).seed != drawn.seed


@run
def test_runs_in_between_change_nothing(start):
    alone = bits_of(start(5))
    for other in RUNS.values():
        other(6)
    assert bits_of(start(5)) == alone


def test_two_machines_side_by_side_do_not_disturb_each_other():
    problem = pt.OneMinMax(12)

    def generations(machine, n=4):
        for _ in range(n):
            batch = machine.ask()
            machine.tell(batch, F=problem.evaluate_batch(batch.X))
            yield batch.X.tobytes()

    alone = list(generations(pt.NSGA2(size=6).start(problem, seed=1)))
    pair = [generations(pt.NSGA2(size=6).start(problem, seed=s)) for s in (1, 2)]
    together = list(zip(*pair, strict=True))
    assert [a for a, _ in together] == alone
    assert [b for _, b in together] != alone


def test_looking_at_the_population_changes_nothing():
    problem = Plane()

    def asked(look):
        machine = pt.NSGA2(size=6).start(problem, seed=1)
        seen = []
        for _ in range(4):
            batch = machine.ask()
            F, G = problem.evaluate_batch(batch.X)
            machine.tell(batch, F=F, G=G)
            if look:
                _ = machine.population.F, machine.population.X
            seen.append(batch.X.tobytes())
        return seen

    assert asked(True) == asked(False)
