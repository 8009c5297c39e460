"""Runs side by side: whose turn it is depends on what was begun, never on who finished when."""

import signal

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.runs.replay import replay
from paretide.errors import AskTellError, ConfigurationError

SPEC = pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=6)


def same(first, second):
    a, b = first.run.evaluations, second.run.evaluations
    for name in ("ids", "generation", "parents", "status", "X", "F"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert len(first.run.populations) == len(second.run.populations)
    for ours, theirs in zip(first.run.populations, second.run.populations, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(first.population.ids, second.population.ids)


def planned(base, start, max_size, budget):
    """Generations as the rule has them: (run, size), by nothing but arithmetic."""
    runs, steps, total = [], [], 0
    while total < budget:
        if all(run["used"] >= base * 2 ** len(runs) for run in runs):
            tau = base * 2 ** len(runs)
            runs.append({"used": 0, "size": start, "next": 8 * tau, "tau": tau})
        i = min(range(len(runs)), key=lambda j: (runs[j]["used"], j))
        run = runs[i]
        if run["used"] and run["size"] < max_size and run["used"] >= run["next"]:
            run["size"], run["next"] = min(2 * run["size"], max_size), run["next"] + run["tau"]
        run["used"] += run["size"]
        total += run["size"]
        steps.append((i, run["size"]))
    return steps


def test_generations_follow_the_rule():
    result = pt.minimize(toy.Schaffer(), SPEC, budget=1_500, seed=1)
    generation = np.sort(result.run.evaluations.generation)
    sizes = np.bincount(generation)
    run_of = {g: i for i, run in enumerate(result.run.concurrent_runs()) for g in run}
    found = [(run_of[g], int(k)) for g, k in enumerate(sizes)]
    expected = planned(6, 4, 16, 1_500)
    assert found[:-1] == expected[:-1]  # the budget cuts the last one
    assert len(result.run.concurrent_runs()) >= 5


def test_one_run_is_the_dynamic_algorithm_with_the_same_generators():
    wide = pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=1_000)
    together = pt.minimize(toy.Schaffer(), wide, budget=400, seed=1)
    assert together.run.concurrent_runs() == [list(range(100))]
    assert np.isfinite(together.F).all()


@settings(deadline=None, max_examples=20)
@given(real=st.randoms(use_true_random=False))
def test_order_of_finishing_does_not_matter(real):
    problem = toy.Schaffer()

    def value(x):
        return [float(x[0] ** 2), -float((x[0] - 2) ** 2)]

    def populations(pick, workers):
        opt = SPEC.start(problem, seed=4)
        running, seen = {}, {}
        while opt.evaluations < 300:
            while len(running) < workers and opt.available():
                batch = opt.ask(1)
                running[int(batch.ids[0])] = batch.X[0]
            id = pick(list(running))
            opt.tell(id, pt.Evaluated(value(running.pop(id))))
            seen[opt.evaluations] = tuple(opt.population.ids.tolist())
        return seen

    one = populations(lambda ids: ids[0], 1)
    other = populations(lambda ids: ids[real.randrange(len(ids))], real.randint(1, 12))
    shared = sorted(set(one) & set(other))
    assert len(shared) > 10
    assert all(one[told] == other[told] for told in shared)


def test_several_generations_are_under_evaluation_at_once():
    opt = SPEC.start(toy.Schaffer(), seed=1)
    while opt.evaluations < 300:
        batch = opt.ask()
        opt.tell(batch, F=np.random.default_rng(opt.evaluations).random((len(batch), 2)))
    generations = set()
    while opt.available():
        batch = opt.ask()
        generations |= set(opt.candidates(batch.ids)[1].tolist())
    assert len(generations) >= 3
    with pytest.raises(AskTellError, match="descends from candidates that are not told yet"):
        opt.ask()


@pytest.mark.parametrize("executor", [pt.ProcessExecutor(workers=2), pt.ProcessExecutor(workers=5)])
def test_executors_give_the_same_bits(executor):
    serial = pt.minimize(toy.Schaffer(), SPEC, budget=400, seed=5)
    same(serial, pt.minimize(toy.Schaffer(), SPEC, budget=400, seed=5, executor=executor))


@pytest.mark.parametrize("problem", [toy.Schaffer(), toy.Flaky(), toy.Tiny(), pt.OneMinMax(12)])
def test_a_resumed_run_is_the_whole_run(problem, tmp_path):
    whole = pt.minimize(problem, SPEC, budget=331, seed=6)
    path = tmp_path / "run.h5"
    part = pt.minimize(problem, SPEC, budget=133, seed=6, store=path)
    if part.stopped_by == "budget":
        same(whole, pt.resume(path, budget=198, problem=problem))
    replay(pt.open_run(path), problem=problem)


class Interrupting(toy.Schaffer):
    at = 10**9

    def evaluate(self, x, ctx):
        if ctx.id == self.at:
            signal.raise_signal(signal.SIGINT)
        return super().evaluate(x, ctx)


@pytest.mark.parametrize("at", [2, 57, 121, 202])
def test_an_interrupted_run_is_the_whole_run(at, tmp_path):
    whole = pt.minimize(Interrupting(), SPEC, budget=260, seed=6)
    path = tmp_path / "run.h5"
    stopping = Interrupting()
    stopping.at = at
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(stopping, SPEC, budget=260, seed=6, store=path)
    same(whole, pt.resume(path, problem=Interrupting()))


def test_callbacks_see_every_generation_once_in_order_whoever_evaluates():
    def seen(executor):
        counts = []
        pt.minimize(
            toy.Schaffer(), SPEC, budget=300, seed=2, executor=executor,
            callbacks=[lambda p: counts.append((p.evaluations, p.population.ids.tolist()))],
        )  # fmt: skip
        return counts

    assert seen("serial") == seen(pt.ProcessExecutor(workers=4))


def test_the_result_is_the_best_run_s_and_the_archive_is_everybody_s():
    problem = pt.OneMinMax(20)
    result = pt.minimize(
        problem, pt.ConcurrentDynamicNSGA2(start=4, max_size=84), budget=30_000, seed=1,
        stop=pt.FrontCovered(problem),
    )  # fmt: skip
    assert result.stopped_by == "front covered"
    assert problem.front_covered(result.population.F)
    runs = result.run.concurrent_runs()
    assert len(runs) >= 3
    generation = dict(
        zip(result.run.evaluations.ids.tolist(), result.run.evaluations.generation.tolist(),
            strict=True)
    )  # fmt: skip
    members = {generation[id] for id in result.population.ids.tolist()}
    assert sum(bool(members & set(run)) for run in runs) == 1
    assert problem.front_covered(result.run.front().F)


def test_the_plan_says_what_each_run_gets():
    text = SPEC.describe(toy.Schaffer(), 1_000)
    rows = [line.split() for line in text.splitlines()[2:]]
    assert [row[1:3] for row in rows[:3]] == [["48", "6"], ["96", "12"], ["192", "24"]]
    assert sum(int(row[3]) for row in rows) == 1_000
    steps = planned(6, 4, 16, 1_000)
    for i, row in enumerate(rows):
        assert int(row[4]) == max(size for run, size in steps if run == i)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.ConcurrentDynamicNSGA2(base=0), "base must be a whole number >= 1, got 0"),
        (lambda: pt.ConcurrentDynamicNSGA2(start=1), "start must be a whole number >= 2, got 1"),
        (lambda: pt.ConcurrentDynamicNSGA2().start(toy.Schaffer()), "derives max_size from the"),
    ],
)
def test_wrong_settings_are_named(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()
