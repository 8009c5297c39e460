"""Steady state on clusters in simulated time: whatever they do, the result is the same."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Change, Cluster, deaths, evolve, tell_in_turn

import paretide as pt
from paretide.engine.algorithms.telling_order import Arrival, VirtualTime

SPEEDS = st.lists(st.one_of(st.just(1.0), st.floats(0.1, 10)), min_size=1, max_size=16)
TIMES = st.one_of(st.integers(1, 4).map(float), st.floats(0.01, 100))
CHANGES = st.lists(
    st.builds(
        Change,
        at=st.one_of(st.integers(0, 20).map(float), st.floats(0, 500)),
        what=st.sampled_from(["join", "leave", "die"]),
        worker=st.integers(1, 20),  # 0 lives for ever
        speed=st.floats(0.1, 10),
    ),
    max_size=15,
)
CLUSTERS = st.builds(Cluster, SPEEDS, CHANGES)
JOBS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=60)  # seconds, costs
WINDOWS = st.integers(1, 20)
TOGETHER = st.integers(1, 5)


def by_virtual_workers(costs, window):
    """Jobs by the end of their costs: each goes to whoever of ``window`` workers is free first."""
    free, ends = [0.0] * window, []
    for cost in costs:
        worker = free.index(min(free))
        free[worker] += cost
        ends.append(free[worker])
    return sorted(range(len(ends)), key=ends.__getitem__)


class Watched:
    """An order that sees to what it promises, and may be read back from its state at any moment."""

    def __init__(self, order, cluster, window, moments):
        self.order, self.cluster, self.window = order, cluster, window
        self.moments = moments  # yields whether to read it back
        self.started, self.told, self.early = [], [], 0

    def __len__(self):
        return len(self.order)

    def start(self, id, cost):
        self._perhaps_read_back()
        self.order.start(id, cost)
        self.started.append(id)
        assert len(self.order) == len(self.started) - len(self.told) <= self.window

    def finish(self, id):
        self._perhaps_read_back()
        self.order.finish(id)
        assert id in self.order.waiting()

    def next(self):
        self._perhaps_read_back()
        waiting = self.order.waiting()
        id = self.order.next()
        if id is not None:
            assert id in self.cluster.finished
            assert id == waiting[0]
            self.told.append(id)
        else:
            self.early = max(self.early, len(waiting))
        return id

    def _perhaps_read_back(self):
        if next(self.moments):
            self.order = type(self.order)(self.order.state())


@st.composite
def moments(draw):
    """Endless: True now and then."""
    return itertools.cycle(draw(st.lists(st.booleans(), min_size=1, max_size=30)))


# -- the simulation itself -------------------------------------------------------------------------


def idle(cluster, number):
    """(from, to) in which a worker was there and did nothing, until the last attempt ended."""
    worker = cluster.workers[number]
    now = worker.joined
    for attempt in (a for a in cluster.attempts if a.worker == number):
        assert now <= attempt.began <= attempt.ended <= worker.left
        yield now, attempt.began
        now = attempt.ended
    yield now, min(worker.left, cluster.now)


@settings(deadline=None)
@given(CLUSTERS, JOBS, WINDOWS)
def test_simulated_workers_do_every_job_once_and_none_rests_while_one_is_queued(
    cluster, jobs, window
):
    seconds, costs = zip(*jobs, strict=True)
    tell_in_turn(cluster, VirtualTime(), seconds, costs, window)
    done = [a for a in cluster.attempts if not a.lost]
    assert sorted(a.job for a in done) == list(range(len(jobs)))
    for a in done:
        assert a.ended == a.began + seconds[a.job] / cluster.workers[a.worker].speed
    for a in cluster.attempts:
        assert not a.lost or a.ended == cluster.workers[a.worker].left
    rests = [rest for number in range(len(cluster.workers)) for rest in idle(cluster, number)]
    for a in cluster.attempts:
        assert all(min(end, a.began) <= max(start, a.submitted) for start, end in rests)


def test_one_worker_of_double_speed_that_dies_once():
    cluster = Cluster([2.0], [Change(2.5, "join", speed=0.5), Change(3.0, "die", worker=0)])
    for job, seconds in enumerate((4.0, 4.0, 1.0)):
        cluster.submit(job, seconds)
    assert [(cluster.collect(), cluster.now) for _ in range(3)] == [(0, 2.0), (2, 4.5), (1, 12.5)]
    assert [(a.job, a.worker, a.lost) for a in cluster.attempts] == [
        (0, 0, False), (1, 0, True), (2, 1, False), (1, 1, False),
    ]  # fmt: skip
    with pytest.raises(RuntimeError, match="nobody works: 0 jobs"):
        cluster.collect()


# -- the order of telling --------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(CLUSTERS, JOBS, WINDOWS, TOGETHER, moments())
def test_told_in_virtual_time_whatever_the_cluster_does(cluster, jobs, window, together, moments):
    seconds, costs = zip(*jobs, strict=True)
    order = Watched(VirtualTime(), cluster, window, moments)
    told = tell_in_turn(cluster, order, seconds, costs, window, together=together)
    assert told == by_virtual_workers(costs, window)
    assert order.started == list(range(len(jobs)))


@settings(deadline=None)
@given(CLUSTERS, JOBS, WINDOWS, TOGETHER, moments())
def test_told_as_they_arrive(cluster, jobs, window, together, moments):
    seconds, costs = zip(*jobs, strict=True)
    order = Watched(Arrival(), cluster, window, moments)
    told = tell_in_turn(cluster, order, seconds, costs, window, together=together)
    assert told == cluster.finished
    assert sorted(cluster.finished) == list(range(len(jobs)))
    assert order.early == 0


@settings(deadline=None)
@given(st.lists(TIMES, min_size=1, max_size=60), WINDOWS, st.sampled_from([0.25, 1.0, 8.0]))
def test_nobody_waits_where_costs_are_exact_and_the_window_is_the_cluster(seconds, workers, unit):
    cluster = Cluster([1.0] * workers)
    order = Watched(VirtualTime(), cluster, workers, itertools.repeat(False))
    told = tell_in_turn(cluster, order, seconds, [unit * s for s in seconds], workers)
    assert all(a.submitted == a.began for a in cluster.attempts)
    ends = {a.job: a.ended for a in cluster.attempts}
    assert [ends[id] for id in told] == sorted(ends.values())


def test_the_figures_of_the_documentation():
    rng = np.random.default_rng(1)
    normal = rng.standard_normal((2, 5000))

    def utilization(sigma, error, ratio, workers=32):
        seconds = np.exp(sigma * normal[0])
        costs = np.ones(5000) if error is None else seconds * np.exp(error * normal[1])
        cluster = Cluster([1.0] * workers)
        tell_in_turn(cluster, VirtualTime(), seconds.tolist(), costs.tolist(), ratio * workers)
        return cluster.utilization()

    assert 0.45 < utilization(1.0, None, 4) < 0.65
    assert utilization(0.5, None, 4) > 0.97
    assert 0.95 < utilization(1.0, 0.3, 2) < utilization(1.0, 0.3, 3)
    assert utilization(0.5, 0.6, 2) < utilization(0.5, None, 2)  # worse than to declare nothing


# -- the algorithms --------------------------------------------------------------------------------


class Uneven(pt.Problem):
    """Declares costs that differ by candidate; some candidates fail."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "max"}
    constraints = {"h": pt.upper(0.9)}

    def cost(self, x):
        return 0.1 + x[0] + 3 * (x[1] > 0.7)

    def evaluate(self, x, ctx):
        raise AssertionError("its values come from below")


ALGORITHMS = {
    "nsga2": pt.NSGA2(size=12, mode="steady", window=9),
    "dnsga2": pt.DynamicNSGA2(start=4, max_size=16, first_tau=40, tau=25, mode="steady", window=20),
}
TOLD = 130


def values(x):
    F = np.array([x[0], x[0] ** 0.5 - 1 - np.sum(x[1:] ** 2)])
    return F if x[2] < 0.95 else F * np.nan, x[1:2]


class Unforeseen:
    """Times that depend on the cluster alone; keeps the candidates that were begun."""

    def __init__(self, rng):
        self.rng, self.X = rng, {}

    def __call__(self, id, x):
        self.X[id] = x.copy()
        return float(self.rng.lognormal(0, 1))


def mortal(rng, workers):
    """Workers of unequal speed, each dead after a few jobs."""
    speeds = rng.uniform(0.5, 2, workers).tolist()
    return Cluster(speeds, deaths(rng, speeds, 5.0, 400 / workers))


def evolved(name, clusters, X=None):
    """Ids in the order of telling, and the population of every generation.

    Args:
        name: Of the algorithm.
        clusters: (cluster, rng, outcomes): after so many the run is killed, and the next one goes
            on with it.
        X: Takes the candidates.
    """
    order, populations, state = [], [], None
    for cluster, rng, outcomes in clusters:
        machine = ALGORITHMS[name].start(Uneven(), seed=4)
        if state is not None:
            machine.load_state_dict(state)
        seconds = Unforeseen(rng)
        for told in evolve(machine, cluster, seconds, values):
            order += told.tolist()
            if len(told) and machine.complete:
                everyone = machine.population
                populations.append((everyone.ids.tobytes(), everyone.F.tobytes()))
            if not len(told) and (len(cluster.finished) >= outcomes or len(order) >= TOLD):
                break
        if X is not None:
            X.update(seconds.X)
        state = machine.state_dict()
    assert len(order) >= TOLD
    return order[:TOLD], populations


@cache
def undisturbed(name):
    """One worker that lives for ever."""
    X = {}
    order, populations = evolved(name, [(Cluster([1.0]), np.random.default_rng(0), np.inf)], X)
    return order, populations, X


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_run_is_told_in_virtual_time(name):
    order, _, X = undisturbed(name)
    born = sorted(X)
    assert born == list(range(len(born)))
    costs = [Uneven().cost(X[id]) for id in born]
    assert len(set(costs)) > len(costs) / 2
    assert order == by_virtual_workers(costs, ALGORITHMS[name].window)[:TOLD]
    assert order != sorted(order)


@pytest.mark.parametrize("workers", [1, 2, 5, 16])
@pytest.mark.parametrize("name", ALGORITHMS)
@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), kills=st.lists(st.integers(0, 60), max_size=3))
def test_populations_are_the_same_bits_on_any_cluster(name, workers, seed, kills):
    rng = np.random.default_rng(seed)
    clusters = [(mortal(rng, workers), rng, outcomes) for outcomes in [*kills, np.inf]]
    order, populations = evolved(name, clusters)
    expected_order, expected, _ = undisturbed(name)
    assert order == expected_order
    common = min(len(populations), len(expected))
    assert common >= len(expected) - 1
    assert populations[:common] == expected[:common]
