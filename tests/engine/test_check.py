"""``pt.check`` passes for what paretide brings, and for what the tests' strangers write."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import outside
import own_spaces
import pytest
import threads
import toy

import paretide as pt
from paretide.errors import ConfigurationError, EvaluationError
from paretide.problems.own_names import OWN_NAMES, own_class

MIXED = toy.Mixed().space
SPACES = {
    "real": pt.Real([0, -5, 1], [1, 5, 1]),
    "integer": pt.Integer(0, 9, n=3),
    "binary": pt.Binary(6),
    "mixed": MIXED,
    "tours": own_spaces.Tours(6),
    "short": own_spaces.ShortTours(5),
    "texts": own_spaces.Texts(),
}
NUMBERS = {name: SPACES[name] for name in ("real", "integer", "mixed")}

in_spaces = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
in_numbers = pytest.mark.parametrize("space", NUMBERS.values(), ids=NUMBERS)


@in_spaces
def test_spaces_keep_the_rules(space):
    report = pt.check(space)
    assert report.kind == "a space"
    assert report.remarks == ()


OF_NUMBERS = [
    pt.Uniform(),
    pt.ScrambledSobol(),
    pt.SBX(),
    pt.SBX(prob=0.5, eta=2, prob_var=1),
    pt.PolynomialMutation(),
    pt.PolynomialMutation(prob=1, eta=0),
]
OF_BITS = [
    pt.Uniform(),
    pt.ScrambledSobol(),
    pt.UniformCrossover(),
    pt.BitFlip(),
    pt.BitFlip(prob=1),
]
SURVIVALS = [
    pt.RankAndCrowding(crowding=crowding, ties=ties)
    for crowding in ("current", "once", "truthful")
    for ties in ("random", "balanced")
]
ALGORITHMS = [
    pt.NSGA2(size=8),
    pt.NSGA2(size=8, mode="steady", window=6),
    pt.Evolution(size=6, offspring=3, duplicates=False),
    pt.DynamicNSGA2(start=4, max_size=16),
    pt.ConcurrentDynamicNSGA2(start=4, max_size=16, base=8),
    pt.RandomSearch(size=8),
    pt.Auto(),
]
WITH_COORDINATES = [
    pt.Sobol(size=8),
    pt.Sobol(size=6, mode="steady", window=4),
    pt.Grid(size=8),
    pt.Grid(size=6, points=4, mode="steady", window=4),
]


def test_nothing_that_paretide_brings_is_left_out():
    tried = {
        type(thing)
        for things in (
            SPACES.values(),
            OF_NUMBERS,
            OF_BITS,
            SURVIVALS,
            ALGORITHMS,
            WITH_COORDINATES,
        )
        for thing in things
    } | {pt.Tournament, pt.SerialExecutor, pt.ProcessExecutor, pt.RayExecutor}
    tried |= {pt.GaussianProcess, pt.ExtraTrees}  # in tests/operators/test_screening.py
    schedules = {pt.Constant, pt.Doubling, pt.BudgetShare}  # which nobody calls
    assert {own_class(name) for name in OWN_NAMES} - schedules <= tried


@in_numbers
@pytest.mark.parametrize("part", OF_NUMBERS, ids=repr)
def test_built_in_parts_keep_the_rules_where_there_are_numbers(part, space):
    assert pt.check(part, space).remarks == ()


@pytest.mark.parametrize("part", OF_BITS, ids=repr)
def test_built_in_parts_keep_the_rules_among_bits(part):
    assert pt.check(part, pt.Binary(9)).remarks == ()


@pytest.mark.parametrize("part", SURVIVALS, ids=repr)
def test_built_in_survival_keeps_the_rules(part):
    assert pt.check(part).remarks == ()


def test_built_in_mating_keeps_the_rules():
    assert str(pt.check(pt.Tournament())) == (
        "Tournament(by='dominance') keeps the rules of a Mating"
    )


@in_spaces
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: f"{algorithm!r:.30}")
def test_algorithms_keep_the_rules_in_every_space(algorithm, space):
    report = pt.check(algorithm, space)
    assert report.kind == "an algorithm"
    assert report.remarks == ()


@in_numbers
@pytest.mark.parametrize("algorithm", WITH_COORDINATES, ids=repr)
def test_those_that_need_coordinates_do_where_there_are_some(algorithm, space):
    assert pt.check(algorithm, space).remarks == ()


@pytest.mark.parametrize(
    "termination",
    [
        pt.MaxEvaluations(20),
        pt.MaxGenerations(2),
        pt.MaxSeconds(2),
        pt.MaxSeconds(2) | pt.Stall(2, 0.5),
        pt.MaxSeconds(3) & pt.MaxEvaluations(9),
        pt.TargetHypervolume(0.5, (1, 1)),
        pt.FrontCovered([[0.1, 0.2]]),
    ],
    ids=repr,
)
def test_terminations_keep_the_rules(termination):
    assert pt.check(termination).remarks == ()


def test_a_termination_for_a_problem_is_tried_on_it():
    problem = pt.OneMinMax(6)
    assert pt.check(pt.FrontCovered(problem), problem=problem).space == "Binary(6)"
    three = pt.TargetHypervolume(0.5, (1, 1, 1))
    assert pt.check(three, n_obj=3).remarks == ()
    with pytest.raises(ConfigurationError, match="reference has 3 numbers"):
        pt.check(three)


@pytest.mark.parametrize(
    "problem",
    [
        toy.Schaffer(),
        toy.Mixed(),
        pt.OneMinMax(8),
        pt.OneMinMax3(8),
        pt.LOTZ(8),
        pt.COCZ(8),
        pt.OneJumpZeroJump(8, 2),
        own_spaces.Routes(),
        own_spaces.Routes(short=True),
        own_spaces.Words(),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_problems_keep_the_rules(problem):
    report = pt.check(problem)
    assert report.kind == "a problem"
    assert report.remarks == ()


def test_a_pymoo_problem_is_one():
    get_problem = pytest.importorskip("pymoo.problems").get_problem
    assert str(pt.check(get_problem("bnh"))).startswith("BNH keeps the rules of a problem in Real")


@pytest.mark.parametrize(
    "executor",
    [pt.SerialExecutor(), pt.SerialExecutor(retries=2), threads.Threads(), threads.Threads(3)],
    ids=repr,
)
def test_executors_in_this_process_keep_the_rules(executor):
    assert pt.check(executor).remarks == ()


def test_processes_keep_the_rules():
    assert pt.check(pt.ProcessExecutor(workers=2)).remarks == ()


@pytest.mark.ray
def test_ray_keeps_the_rules(ray_cluster):
    assert pt.check(pt.RayExecutor(workers=2)).remarks == ()


# -- what strangers write --------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [outside.RandomSearch(), outside.MovingMean()], ids=repr)
def test_algorithms_of_ones_own_keep_the_rules(algorithm):
    assert pt.check(algorithm, pt.Real(0, 1, n=4)).remarks == ()


def test_sms_emoa_keeps_the_rules_for_two_objectives():
    assert pt.check(outside.least_hypervolume_goes, n_obj=2).remarks == ()
    assert pt.check(outside.SMS_EMOA, n_obj=2).remarks == ()


def test_parts_of_ones_own_keep_the_rules():
    assert pt.check(outside.differential, pt.Real(0, 1, n=4)).remarks == ()
    for name, space in SPACES.items():
        if name in ("tours", "short", "texts"):
            for part in space.operators.values():
                assert pt.check(part, space).remarks == ()


@pt.repair
def in_order(X, space):
    return np.sort(X, axis=1)


@pt.duplicates
def nearly_equal(X, others, space):
    repeated = np.zeros(len(X), dtype=bool)
    for i, x in enumerate(X):
        known = np.concatenate([others, X[:i]])
        repeated[i] = (np.abs(known - x).max(axis=1, initial=0) < 0.1).any()
    return repeated


@pt.crossover
def too_far(A, B, space, rng):
    children = np.repeat(A, 2, axis=0)
    children[0::2] += B * rng.random()
    return children


@pt.repair
def within(X, space):
    return np.clip(X, space.low, space.high)


@pt.survival
def counted(F, violation, size, rng, memory):
    """The youngest, and how often it was called."""
    memory["calls"] = memory.get("calls", 0) + 1
    rows = np.arange(len(F))[-size:]
    score = rng.random(len(rows)) + memory["calls"]
    return pt.Survivors(rows, np.zeros(len(rows), dtype=int), score)


def test_repair_duplicates_and_a_memory_keep_the_rules():
    space = pt.Real(0, 1, n=3)
    for part in (in_order, nearly_equal, within):
        assert pt.check(part, space).remarks == ()
    assert pt.check(counted).remarks == ()
    assert pt.check(too_far, space, repair=within).remarks == ()
    whole = pt.Evolution(
        crossover=too_far, repair=within, duplicates=nearly_equal, survival=counted, size=4
    )
    assert pt.check(whole, space).remarks == ()


def test_an_algorithm_is_tried_on_the_problem_that_it_is_for():
    evaluated = []

    class Counts(toy.Schaffer):
        def evaluate(self, x, ctx):
            evaluated.append(ctx.id)
            return super().evaluate(x, ctx)

    pt.check(pt.NSGA2(size=6), problem=Counts())
    assert sorted(evaluated) == list(range(24))


# -- remarks ---------------------------------------------------------------------------------------


def test_what_no_store_can_hold_is_a_remark():
    @pt.mutation
    def local(X, space, rng):
        return rng.permuted(X, axis=0)

    space = pt.Real(0, 1, n=3)
    for thing in (local, pt.NSGA2(size=4, mutation=local)):
        (remark,) = pt.check(thing, space).remarks
        assert "is defined inside a function: to resume a run with it, it must be passed" in remark
    assert str(pt.check(local, space)).splitlines()[1].startswith("- a store cannot hold it")


@pt.sampling
def always_the_same(n, space, rng):
    return np.linspace(0, 1, n * space.n_var).reshape(n, space.n_var)


@pt.crossover
def mirrored(A, B, space, rng):
    return np.concatenate([A[:, ::-1], B[:, ::-1]])


@pt.mutation
def seeded_by_itself(X, space, rng):
    return np.random.default_rng(7).random(X.shape)


@dataclass
class Rings(own_spaces.Tours):
    """Tours that may begin anywhere."""

    n: int = 5

    def __post_init__(self):
        super().__init__(self.n)

    def key(self, X):
        return [np.roll(x, -int(np.argmin(x))).tobytes() for x in X]


class Noisy(toy.Schaffer):
    def evaluate(self, x, ctx):
        values = super().evaluate(x, ctx)
        return {**values, "left": values["left"] + np.random.default_rng().random()}


def test_what_is_no_fault_but_worth_knowing_is_a_remark():
    space = pt.Real(0, 1, n=3)
    for part in (always_the_same, mirrored, seeded_by_itself):
        (remark,) = pt.check(part, space).remarks
        assert remark.startswith(f"{part!r} draws nothing from the generator that it is")
    exchanged = pt.check(pt.repair(in_order.function), own_spaces.Tours(6)).remarks
    assert any("exchanged among candidates" in remark for remark in exchanged)
    assert "pass for the same" in pt.check(Rings()).remarks[0]
    assert "again with the same ctx.seed" in pt.check(Noisy()).remarks[0]
    assert pt.check(toy.Flaky()).remarks == (
        "2 of 4 candidates failed: ValueError: candidate 0 is bad",
    )


# -- what it is asked ------------------------------------------------------------------------------


def test_candidates_may_be_given():
    seen = []

    @pt.mutation
    def looks(X, space, rng):
        seen.extend(X[:, 0].tolist())
        return X.copy()

    pt.check(looks, pt.Real(0, 1, n=2), candidates=[[0.25, 0.5], [0.75, 0.5]])
    assert set(seen) == {0.25, 0.75}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((pt.NSGA2,), r"NSGA2 is a class; pass an instance: NSGA2\(\)"),
        ((in_order.function,), "a function becomes a part by a decorator"),
        ((3,), "check tries parts, spaces, algorithms, .* got 3"),
        ((pt.SBX(),), r"a Crossover is called with a space; .*pt.check\(SBX\("),
        ((pt.SBX(), pt.OneMinMax(4)), "space must be a search space, as problem.space is"),
        ((pt.SBX(), pt.Binary(4)), "does not fit a Binary space; use UniformCrossover"),
    ],
    ids=["class", "function", "number", "no space", "problem", "misfit"],
)
def test_what_cannot_be_tried_is_refused(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        pt.check(*arguments)


def test_candidates_are_needed_where_nothing_draws_them():
    class Silent(own_spaces.Tours):
        operators = {}

    with pytest.raises(ConfigurationError, match=r"names no sampling; pass candidates="):
        pt.check(own_spaces.swapped, Silent(4))
    pt.check(own_spaces.swapped, Silent(4), candidates=np.array([[0, 1, 2, 3], [3, 2, 1, 0]]))
    with pytest.raises(ConfigurationError, match="candidates= holds none"):
        pt.check(own_spaces.swapped, Silent(4), candidates=[])


def test_a_problem_that_only_fails_is_named():
    class Broken(toy.Schaffer):
        def evaluate(self, x, ctx):
            raise ValueError("no data")

    with pytest.raises(EvaluationError, match=r"all 4 .* were tried failed.*no data"):
        pt.check(Broken())


def test_it_is_loaded_only_when_it_is_asked_for():
    code = (
        "import sys, paretide as pt\n"
        "before = [m for m in sys.modules if m.startswith('paretide.engine.check')]\n"
        "print(before, callable(pt.check), 'check' in pt.__all__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = done.stdout.split(" True")[0]
    assert loaded == "[]"
