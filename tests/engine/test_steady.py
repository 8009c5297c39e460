"""Steady state: the result depends on the order of telling, and on nothing else."""

import heapq
import signal

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

import paretide as pt
from paretide.engine.algorithms.members import Members
from paretide.engine.algorithms.telling_order import Arrival, VirtualTime
from paretide.errors import AskTellError, ConfigurationError


class Uneven(pt.Problem):
    """Declares costs that differ by candidate; some candidates fail."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "max"}

    def cost(self, x):
        return 0.1 + x[0] + 3 * (x[1] > 0.7)

    def evaluate(self, x, ctx):
        if x[2] > 0.95:
            raise ValueError("too far out")
        ctx.log(id=ctx.id)
        return {"f": float(x[0]), "g": -float(1 - x[0] ** 0.5 + np.sum(x[1:] ** 2))}


class Interrupting(Uneven):
    """Stops the run when a candidate is evaluated."""

    at = 10**9

    def evaluate(self, x, ctx):
        if ctx.id == self.at:
            signal.raise_signal(signal.SIGINT)
        return super().evaluate(x, ctx)


SMALL = pt.NSGA2(size=12, mode="steady", window=7)
DYNAMIC = pt.DynamicNSGA2(start=4, max_size=16, first_tau=40, tau=25, mode="steady", window=6)


def same(first, second):
    """Equal in everything that was told, in the populations and in the end."""
    a, b = first.run.evaluations, second.run.evaluations
    for name in ("ids", "generation", "parents", "status", "X", "F", "G"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert len(first.run.populations) == len(second.run.populations)
    for ours, theirs in zip(first.run.populations, second.run.populations, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(first.population.ids, second.population.ids)


def virtual_workers(costs, window):
    """The order in which ``window`` workers finish jobs of these costs, taken in order."""
    running, finished, clock = [], [], 0.0
    for id, cost in enumerate(costs):
        heapq.heappush(running, (clock + cost, id))
        if len(running) == window:
            clock, done = heapq.heappop(running)
            finished.append(done)
    return finished


@settings(deadline=None)
@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=60),
    st.integers(1, 9),
    st.randoms(use_true_random=False),
)
def test_order_is_that_of_virtual_workers_whatever_the_real_ones_do(costs, window, real):
    order, told, running = VirtualTime(), [], []
    jobs = iter(enumerate(costs))
    for id, cost in jobs:
        order.start(id, cost)
        running.append(id)
        while len(order) == window:
            finished = running.pop(real.randrange(len(running)))
            order.finish(finished)
            if real.random() < 0.2:
                order = VirtualTime(order.state())
            ready = order.next()
            if ready is not None:
                told.append(ready)
    assert told == virtual_workers(costs, window)


def test_equal_costs_are_told_in_the_order_of_starting():
    order = VirtualTime()
    for id in range(5):
        order.start(id, 2.0)
    for id in (3, 1, 4):
        order.finish(id)
    assert order.next() is None
    assert order.waiting() == [1, 3, 4]
    order.finish(0)
    assert [order.next(), order.next(), order.next()] == [0, 1, None]


def test_arrival_is_told_as_it_comes():
    order = Arrival()
    for id in range(4):
        order.start(id, 1.0)
    order.finish(2)
    order.finish(0)
    order = Arrival(order.state())
    assert len(order) == 4
    assert [order.next(), order.next(), order.next()] == [2, 0, None]


@pytest.mark.parametrize("algorithm", [SMALL, DYNAMIC], ids=["nsga2", "dnsga2"])
@settings(deadline=None, max_examples=15)
@given(real=st.randoms(use_true_random=False))
def test_order_of_finishing_and_number_of_workers_do_not_matter(algorithm, real):
    problem = Uneven()

    def value(x):
        return [x[0], 1 - x[0] ** 0.5 + (x[1:] ** 2).sum()]

    def populations(pick, workers):
        opt = algorithm.start(problem, seed=4)
        running, seen = {}, []
        while opt.evaluations < 90:
            while len(running) < workers and opt.available():
                batch = opt.ask(1)
                running[int(batch.ids[0])] = batch.X[0]
            id = pick(list(running))
            x = running.pop(id)
            opt.tell(id, pt.Failed("far") if x[2] > 0.95 else pt.Evaluated(value(x)))
            seen.append((opt.evaluations, tuple(opt.population.ids.tolist())))
        return dict(seen)

    one = populations(lambda ids: ids[0], 7)
    other = populations(lambda ids: ids[real.randrange(len(ids))], real.randint(1, 7))
    shared = sorted(set(one) & set(other))
    assert shared
    for told in shared:
        assert one[told] == other[told]


@pytest.mark.parametrize("algorithm", [SMALL, DYNAMIC], ids=["nsga2", "dnsga2"])
def test_executors_give_the_same_bits(algorithm):
    runs = [
        pt.minimize(toy.Schaffer(), algorithm, budget=150, seed=5, executor=executor)
        for executor in ("serial", pt.ProcessExecutor(workers=2), pt.ProcessExecutor(workers=5))
    ]
    assert len(runs[0].run.evaluations) == 150
    same(runs[0], runs[1])
    same(runs[0], runs[2])


@pytest.mark.parametrize("algorithm", [SMALL, DYNAMIC], ids=["nsga2", "dnsga2"])
@pytest.mark.parametrize("at", [0, 3, 11, 60, 119])
def test_resumed_in_the_middle(tmp_path, algorithm, at):
    problem = Interrupting()
    problem.at = at
    with pytest.raises(KeyboardInterrupt):
        pt.minimize(problem, algorithm, budget=120, seed=1, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", problem=Interrupting())
    same(resumed, pt.minimize(Interrupting(), algorithm, budget=120, seed=1))
    stored = pt.open_run(tmp_path / "run.h5")
    np.testing.assert_array_equal(stored.evaluations.ids, resumed.run.evaluations.ids)
    np.testing.assert_array_equal(stored.population().ids, resumed.population.ids)
    assert stored.evaluations.extras == resumed.run.evaluations.extras


@pytest.mark.parametrize("algorithm", [SMALL, DYNAMIC], ids=["nsga2", "dnsga2"])
def test_budget_in_two_parts_is_the_budget_in_one(tmp_path, algorithm):
    pt.minimize(Uneven(), algorithm, budget=65, seed=9, store=tmp_path / "run.h5")
    assert pt.open_run(tmp_path / "run.h5").evaluations.ids.size == 65
    whole = pt.minimize(Uneven(), algorithm, budget=200, seed=9)
    same(pt.resume(tmp_path / "run.h5", problem=Uneven(), budget=135), whole)


def test_those_that_wait_at_the_end_count(tmp_path):
    result = pt.minimize(Uneven(), SMALL, budget=100, seed=2, store=tmp_path / "run.h5")
    assert sorted(result.run.evaluations.ids) == list(range(100))
    reference = result.run.front()
    assert set(result.front().ids) <= set(range(100))
    best = result.run.evaluations.F[result.run.evaluations.evaluated].min(axis=0)
    assert reference.F[:, 0].min() == best[0] == result.F[:, 0].min()


def test_stop_is_asked_at_the_same_tellings_with_any_workers():
    seen = {}
    for workers in (1, 3):
        told = seen[workers] = []

        def stop(progress, told=told):
            told.append((progress.evaluations, progress.population.ids.tolist()))
            return progress.evaluations >= 60

        executor = pt.ProcessExecutor(workers=workers)
        result = pt.minimize(
            toy.Schaffer(), SMALL, budget=500, seed=6, executor=executor, stop=stop
        )
        assert result.stopped_by == "stop"
        assert result.population.ids.tolist() == told[-1][1]
    assert seen[1] == seen[3]
    assert [n for n, _ in seen[1]] == [12, 24, 36, 48, 60]


def test_small_space_is_exhausted():
    result = pt.minimize(toy.Tiny(), pt.NSGA2(size=8, mode="steady", window=3), budget=50, seed=1)
    assert result.stopped_by == "exhausted"
    assert len(result.run.evaluations) == len(np.unique(result.run.evaluations.X, axis=0)) == 8


def test_arrival_order_runs_and_resumes(tmp_path):
    algorithm = pt.NSGA2(size=10, mode="steady", window=5, order="arrival")
    executor = pt.ProcessExecutor(workers=2)
    first = pt.minimize(
        toy.Slow(), algorithm, budget=60, seed=1, executor=executor, store=tmp_path / "run.h5"
    )
    told = first.run.evaluations.ids.copy()
    again = pt.resume(tmp_path / "run.h5", budget=20)
    assert len(again.run.evaluations) == 80
    np.testing.assert_array_equal(again.run.evaluations.ids[:60], told)


def test_converges_like_generations():
    problem = Uneven()
    steady = pt.minimize(problem, pt.NSGA2(size=20, mode="steady", window=8), budget=1500, seed=3)
    usual = pt.minimize(problem, pt.NSGA2(size=20), budget=1500, seed=3)
    corner = [1.1, -1.1]
    volumes = [r.run.convergence(1, corner).hypervolume[-1] for r in (steady, usual)]
    assert volumes[0] > 0.97 * volumes[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "endless"}, "mode must be one of"),
        ({"mode": "steady", "order": "size"}, "order must be one of"),
        ({"mode": "steady", "window": 0}, "window must be a whole number >= 1"),
        ({"window": 8}, "belong to mode"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.NSGA2(**settings)


def test_wrong_cost_is_named():
    problem = Uneven()
    problem.cost = lambda x: -1.0
    with pytest.raises(ConfigurationError, match=r"cost\(x\) must return a number above 0"):
        SMALL.start(problem, seed=1).ask()


def test_wrong_telling_is_named():
    opt = SMALL.start(Uneven(), seed=1)
    batch = opt.ask()
    assert len(batch) == 7
    with pytest.raises(AskTellError, match="window of 7 candidates is full"):
        opt.ask()
    opt.tell(6, pt.Evaluated([1, 1]))
    with pytest.raises(AskTellError, match="id 6 is told twice"):
        opt.tell(6, pt.Evaluated([1, 1]))
    with pytest.raises(AskTellError, match="id 99 has not been asked for"):
        opt.tell(99, pt.Evaluated([1, 1]))


def test_the_window_is_full_until_the_one_that_is_due_first_is_told():
    class Declared(Uneven):
        def cost(self, x):
            return 5.0 if len(asked) == 0 and not asked.append(1) else 1.0

    asked = []
    opt = pt.NSGA2(size=4, mode="steady", window=3).start(Declared(), seed=1)
    opt.ask()
    with pytest.raises(AskTellError, match="full until candidate 1 is told"):
        opt.ask()


def test_a_space_that_is_exhausted_gives_an_empty_batch():
    opt = pt.NSGA2(size=8, mode="steady", window=3).start(toy.Tiny(), seed=1)
    batch = opt.ask(1)
    while len(batch):
        opt.tell(int(batch.ids[0]), pt.Evaluated([float(batch.X[0].sum())] * opt.definition.n_obj))
        batch = opt.ask(1)
    assert len(opt.ask()) == 0


def test_a_cost_that_raises_once_loses_nobody():
    class Raising(Uneven):
        calls = 0

        def cost(self, x):
            self.calls += 1
            if self.calls == 4:
                raise OSError("no table of costs")
            return 1.0

    opt = pt.NSGA2(size=4, mode="steady", window=3).start(Raising(), seed=1)
    batch = opt.ask()
    with pytest.raises(OSError, match="no table"):
        opt.tell(0, pt.Evaluated([0.0, 0.0]))
    opt.tell(1, pt.Evaluated([1.0, 1.0]))
    assert batch.ids.tolist() == [0, 1, 2]
    assert opt.ask().ids.tolist() == [3, 4]


@pytest.mark.parametrize("cost", [0, -1.0, float("inf"), float("nan"), 10**400, 1 + 0j, "1", None])
def test_a_cost_must_be_a_number_above_0(cost):
    class Wrong(Uneven):
        def cost(self, x):
            return cost

    with pytest.raises(ConfigurationError, match=r"Wrong.cost\(x\) must return a number above 0"):
        pt.NSGA2(size=4, mode="steady", window=3).start(Wrong(), seed=1).ask()


def test_a_window_or_size_beyond_memory_is_refused():
    with pytest.raises(ConfigurationError, match="more than 1048576 candidates at once"):
        pt.NSGA2(size=8, mode="steady", window=2**40)
    with pytest.raises(ConfigurationError, match="budget=24 is below the first population"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=2**40, mode="steady"), budget=24)


class RaisingOnce(Uneven):
    """Its cost raises in one of its calls."""

    at = 10**9

    def cost(self, x):
        self.at -= 1
        if self.at == 0:
            raise OSError("no table of costs")
        return super().cost(x)


@pytest.mark.parametrize("at", [8, 9, 30, 77])
def test_a_run_goes_on_after_a_cost_that_raised_as_if_it_had_not(tmp_path, at):
    problem = RaisingOnce()
    problem.at = at
    with pytest.raises(OSError, match="no table"):
        pt.minimize(problem, SMALL, budget=120, seed=1, store=tmp_path / "run.h5")
    resumed = pt.resume(tmp_path / "run.h5", problem=RaisingOnce())
    same(resumed, pt.minimize(RaisingOnce(), SMALL, budget=120, seed=1))


@pytest.mark.parametrize("at", [1, 13, 50])
def test_half_a_telling_is_never_sealed(tmp_path, monkeypatch, at):
    add, calls = Members.add, []

    def failing(self, *args):
        calls.append(args)
        if len(calls) == at:
            raise MemoryError("none left")
        return add(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Members, "add", failing)
        with pytest.raises(MemoryError, match="none left") as raised:
            pt.minimize(Uneven(), SMALL, budget=120, seed=1, store=tmp_path / "run.h5")
    assert "half" in "".join(raised.value.__notes__)
    resumed = pt.resume(tmp_path / "run.h5", problem=Uneven())
    same(resumed, pt.minimize(Uneven(), SMALL, budget=120, seed=1))


@pytest.mark.parametrize("column", ["due", "started", "finished"])
def test_an_order_of_another_shape_is_refused(column):
    machine = pt.NSGA2(size=4, mode="steady", window=3).start(toy.Schaffer(), seed=1)
    machine.ask()
    state = machine.state_dict()
    state[f"order_{column}"] = np.zeros((3, 2), dtype=state[f"order_{column}"].dtype)
    with pytest.raises(pt.errors.ShapeError, match=f"'{column}' of a state has shape"):
        machine.load_state_dict(state)
