"""NSGA-II against a peer, the dynamic population against its published runtime."""

import logging

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.algorithms.schedule import (
    BudgetShare,
    Constant,
    Doubling,
    default_taus,
    phases,
    sizes,
)
from paretide.engine.runs.named import make_algorithm
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition


def evaluations_to_cover(spec, n, seed, most):
    """Evaluations until the population after selection holds the whole front of OneMinMax."""
    problem = pt.OneMinMax(n)
    machine = spec.start(problem, seed=seed)
    while machine.evaluations < most:
        batch = machine.ask()
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        if problem.front_covered(machine.population.F):
            break
    return machine.evaluations


def test_hypervolume_on_zdt1_is_that_of_pymoo():
    import moocore
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.optimize import minimize
    from pymoo.problems import get_problem

    problem, reference = get_problem("zdt1"), np.array([1.1, 1.1])
    ours = pt.minimize(problem, pt.NSGA2(size=100), budget=25_000, seed=1)
    theirs = minimize(problem, NSGA2(pop_size=100), ("n_gen", 250), seed=1)
    ratio = moocore.hypervolume(ours.F, ref=reference) / moocore.hypervolume(
        theirs.F, ref=reference
    )
    assert ratio > 0.995


def test_three_objectives_converge_to_the_sphere():
    from pymoo.problems import get_problem

    result = pt.minimize(get_problem("dtlz2"), pt.NSGA2(size=100), budget=15_000, seed=1)
    assert result.F.shape[1] == 3
    assert np.abs(np.linalg.norm(result.F, axis=1) - 1).mean() < 0.05


def test_a_constrained_problem_ends_feasible():
    from pymoo.problems import get_problem

    result = pt.minimize(get_problem("bnh"), pt.NSGA2(size=40), budget=4_000, seed=1)
    assert result.feasible
    assert (result.G <= 0).all()


def test_dynamic_population_covers_oneminmax_in_the_measured_time():
    spec = pt.DynamicNSGA2(start=4, max_size=404, crossover=None, duplicates="population")
    used = [evaluations_to_cover(spec, 100, seed, 30_000) for seed in range(20)]
    assert np.median(used) <= 9_000


def test_dynamic_population_beats_the_classic_one_without_help_from_deduplication():
    proved = {"duplicates": None, "crossover": None, "copies": "stay"}
    dynamic = pt.DynamicNSGA2(start=4, max_size=204, **proved)
    classic = pt.NSGA2(size=204, **proved)
    fast = [evaluations_to_cover(dynamic, 50, seed, 60_000) for seed in range(5)]
    slow = [evaluations_to_cover(classic, 50, seed, 60_000) for seed in range(5)]
    assert np.median(slow) > 3 * np.median(fast)  # 2.28e4 against 2.97e3 were published


@pytest.mark.parametrize(("crowding", "covers"), [("current", True), ("once", False)])
def test_current_crowding_covers_with_the_least_population(crowding, covers):
    proved = {"duplicates": None, "crossover": None, "copies": "stay"}
    spec = pt.DynamicNSGA2(start=4, max_size=41, crowding=crowding, **proved)
    used = [evaluations_to_cover(spec, 40, seed, 8_000) for seed in range(5)]
    assert (np.array(used) < 8_000).all() == covers


@pytest.mark.parametrize(
    ("crowding", "ties", "covers"),
    [
        ("truthful", "random", True),
        ("truthful", "balanced", True),
        ("current", "random", False),
        ("once", "random", False),
    ],
)
def test_truthful_crowding_covers_four_objectives(crowding, ties, covers):
    problem = pt.OneMinMax(16, m=4)  # 81 values
    spec = pt.NSGA2(size=81, crowding=crowding, ties=ties, duplicates=None, copies="stay")
    for seed in range(3):
        machine = spec.start(problem, seed=seed)
        while machine.evaluations < 20_000 and not problem.front_covered(machine.population.F):
            batch = machine.ask()
            machine.tell(batch, F=problem.evaluate_batch(batch.X))
        assert problem.front_covered(machine.population.F) == covers


def sizes_of(spec, budget, problem=None):
    problem = problem or toy.Schaffer()
    machine = spec.start(problem, seed=1, budget=budget)
    trace = []
    while machine.evaluations < budget:
        batch = machine.ask(budget - machine.evaluations)
        machine.tell(batch, F=np.random.default_rng(machine.evaluations).random((len(batch), 2)))
        trace.append((machine.evaluations, machine.size, len(batch)))
    return machine, trace


def test_the_clock_of_doublings_is_cumulative():
    _, trace = sizes_of(pt.DynamicNSGA2(start=4, max_size=20, first_tau=10, tau=30), 200)
    # Told 4, 8, 12: past 10, so 8 from now on; next at 40, 70, ...; the last step is cut at 20.
    assert [size for _, size, _ in trace[:5]] == [4, 4, 4, 8, 8]
    reached = {}
    for used, size, asked in trace:
        reached.setdefault(size, used - asked)
    assert reached == {4: 0, 8: 12, 16: 44, 20: 76}


def test_at_most_one_doubling_a_generation():
    _, trace = sizes_of(pt.DynamicNSGA2(start=4, max_size=64, tau=1), 300)
    assert [size for _, size, _ in trace][:5] == [4, 8, 16, 32, 64]


def test_all_survive_a_doubling_dominated_ones_too():
    machine = pt.DynamicNSGA2(start=4, max_size=8, tau=1).start(toy.Schaffer(), seed=1)
    batch = machine.ask()
    F = np.array([[0.0, 0.0], [1.0, -1.0], [2.0, -2.0], [3.0, -3.0]])  # a chain
    machine.tell(batch, F=F)
    machine.ask()
    assert machine.parents.ids.tolist() == [0, 1, 2, 3]
    assert machine.size == 8


def test_a_start_at_the_maximum_is_the_plain_algorithm():
    dynamic = pt.minimize(
        toy.Schaffer(), pt.DynamicNSGA2(start=20, max_size=20, tau=5), budget=200, seed=2
    )
    plain = pt.minimize(toy.Schaffer(), pt.NSGA2(size=20), budget=200, seed=2)
    assert dynamic.X.tobytes() == plain.X.tobytes()


def test_default_taus_are_the_measured_ones():
    bits = read_definition(pt.OneMinMax(100))
    assert default_taus(bits, 4, 404, None) == (3685, 800)
    reals = read_definition(toy.Schaffer())
    assert default_taus(reals, 4, 100, 20_000) == (6_000, 1_500)  # 8, 16, 32, 64 in between
    with pytest.raises(ConfigurationError, match="pass tau=, or budget="):
        default_taus(reals, 4, 100, None)


def test_schedule_lists_its_sizes():
    assert sizes(Doubling(4, 100, 10, 10)) == [4, 8, 16, 32, 64, 100]
    assert sizes(Constant(30)) == [30]


def test_a_small_budget_is_warned_about_with_the_figure(caplog):
    with caplog.at_level(logging.WARNING):
        pt.DynamicNSGA2(start=4, max_size=100).start(toy.Schaffer(), seed=1, budget=3_000)
    assert "30 evaluations for each of max_size=100" in caplog.text
    assert "NSGA2(size=71) is the better choice" in caplog.text


def test_a_budget_that_ends_before_the_last_size_is_warned_about(caplog):
    with caplog.at_level(logging.WARNING):
        pt.minimize(
            toy.Schaffer(), pt.DynamicNSGA2(start=4, max_size=64, tau=100), budget=150, seed=1
        )
    assert "before the population reached max_size=64: it is 8" in caplog.text


def test_the_default_maximum_follows_the_budget():
    spec = pt.DynamicNSGA2().resolved(read_definition(toy.Schaffer()), 2_000)
    assert (spec.start_size, spec.max_size, spec.first_tau) == (4, 20, 600)


def test_a_schedule_is_all_that_makes_it_dynamic():
    schedule = pt.Doubling(4, 20, tau=30, first_tau=10)
    ours = pt.minimize(toy.Schaffer(), pt.NSGA2(size=schedule), budget=200, seed=2)
    theirs = pt.minimize(
        toy.Schaffer(), pt.DynamicNSGA2(start=4, max_size=20, tau=30, first_tau=10),
        budget=200, seed=2,
    )  # fmt: skip
    assert ours.X.tobytes() == theirs.X.tobytes()
    constant = pt.minimize(toy.Schaffer(), pt.NSGA2(size=pt.Constant(12)), budget=60, seed=2)
    plain = pt.minimize(toy.Schaffer(), pt.NSGA2(size=12), budget=60, seed=2)
    assert constant.X.tobytes() == plain.X.tobytes()


def test_shares_of_the_budget_are_the_defaults_for_numbers():
    definition = read_definition(toy.Schaffer())
    shares = BudgetShare(4, 100).resolved(definition, 20_000)
    assert shares == Doubling(4, 100, 1_500, 6_000, eta_below_max=3.0)
    assert shares == Doubling(4, 100).resolved(definition, 20_000)
    wide = BudgetShare(4, 16, first=0.5, growth=0.25).resolved(definition, 4_000)
    assert wide == Doubling(4, 16, tau=1_000, first_tau=2_000, eta_below_max=3.0)


def test_a_run_with_a_schedule_is_resumed(tmp_path):
    path = tmp_path / "run.h5"
    spec = pt.NSGA2(size=pt.Doubling(4, 20, tau=30, first_tau=10))
    pt.minimize(toy.Schaffer(), spec, budget=77, seed=2, store=path)
    resumed = pt.resume(path, budget=123)
    whole = pt.minimize(toy.Schaffer(), spec, budget=200, seed=2)
    assert resumed.X.tobytes() == whole.X.tobytes()


def test_the_plan_says_sizes_lengths_and_evaluations():
    plan = phases(Doubling(4, 20, 30, 10), 200)
    found = [(p.size, p.generations, p.evaluations) for p in plan]
    assert found == [(4, 3, 12), (8, 4, 32), (16, 2, 32), (20, 7, 124)]
    text = pt.DynamicNSGA2(start=4, max_size=20, tau=30, first_tau=10).describe(toy.Schaffer(), 200)
    assert text.startswith("DynamicNSGA2(start=4, ")
    assert "max_size=20, tau=30, first_tau=10" in text.splitlines()[0]
    assert text.splitlines()[-1].split() == ["20", "7", "124", "62.0%"]
    with pytest.raises(ConfigurationError, match="needs a budget"):
        pt.NSGA2(size=BudgetShare()).start(toy.Schaffer())


def test_specifications_print_and_store_all_they_are():
    spec = pt.DynamicNSGA2(start=4, max_size=40, tau=7, mutation=pt.PolynomialMutation(eta=3))
    assert "start=4" in repr(spec)
    assert make_algorithm("dnsga2", spec.settings()) == spec
    plain = pt.NSGA2(size=12, crossover=pt.SBX(prob=0.5), crowding="once")
    assert eval(repr(plain), vars(pt)) == plain  # what is printed can be typed again
    assert make_algorithm("nsga2", plain.settings()) == plain
    scheduled = pt.NSGA2(size=pt.BudgetShare(4, 30, first=0.4))
    assert make_algorithm("nsga2", scheduled.settings()) == scheduled
    assert eval(repr(scheduled), vars(pt)) == scheduled


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.NSGA2(size=1), "size must be a whole number >= 2, got 1"),
        (lambda: pt.NSGA2(size={"schedule": 1}), "size must be a whole number >= 2"),
        (
            lambda: make_algorithm("nsga2", {"size": {"schedule": "Tripling"}}),
            "one of .*'Doubling'",
        ),
        (
            lambda: make_algorithm("nsga2", {"size": {"schedule": "Doubling", "from": 3}}),
            "Doubling has no setting 'from'",
        ),
        (lambda: pt.Constant(1), "Constant: size must be a whole number >= 2, got 1"),
        (lambda: pt.BudgetShare(first=0), "first must be a share between 0 and 1, got 0"),
        (lambda: pt.BudgetShare(first=0.7, growth=0.7), "are more than the budget"),
        (lambda: pt.NSGA2(size=10.5), "size must be a whole number >= 2, got 10.5"),
        (lambda: pt.NSGA2(crowding="never"), "crowding must be one of .*'never'"),
        (lambda: pt.NSGA2(ties="even"), "ties must be one of .*'even'"),
        (lambda: pt.NSGA2(mode="steady", crowding="truthful"), "rank whole generations"),
        (lambda: pt.NSGA2(mode="steady", ties="balanced"), "rank whole generations"),
        (lambda: pt.NSGA2(crossover="sbx"), "crossover must be a Crossover, got 'sbx'"),
        (lambda: pt.Evolution(mutation="no"), "mutation must be a Mutation, got 'no'"),
        (lambda: pt.Tournament(by="crowding"), "by must be one of .*dominance.*got 'crowding'"),
        (
            lambda: pt.NSGA2(crossover=None, mutation=None).start(pt.OneMinMax(5), seed=1),
            "nothing makes children",
        ),
        (lambda: pt.DynamicNSGA2(start=1, max_size=4), "start must be a whole number >= 2"),
        (lambda: pt.DynamicNSGA2(max_size=8, tau=0), "tau must be a whole number >= 1, got 0"),
        (lambda: pt.SBX(prob=1.5), r"SBX prob must be a probability in \[0, 1\], got 1.5"),
        (lambda: make_algorithm("nsga3", {}), "there is no algorithm 'nsga3'"),
        (lambda: make_algorithm("nsga2", {"sizes": 3}), "nsga2 has no setting 'sizes'"),
    ],
)
def test_wrong_settings_are_named(make, message):
    with pytest.raises(ConfigurationError, match=message):
        make()


@pytest.mark.parametrize("kind", [pt.NSGA2, pt.DynamicNSGA2, pt.Evolution])
def test_nothing_is_crossed_if_nothing_shall_be(kind):
    one, default = kind(crossover=None), kind()
    assert kind(crossover="none") == one  # as command lines and configurations say it
    assert kind(screen="none", repair="none") == default
    assert "crossover=None" in repr(one)
    assert "crossover='default'" in repr(default)
    space = pt.Binary(5)
    assert one.breeding(space).crossover is None
    assert one.breeding(space).operator == "bit flip"
    assert default.breeding(space).crossover == pt.UniformCrossover()
    assert default.breeding(space).operator == "uniform crossover, bit flip"
    assert one.breeding(pt.Real(0, 1)).crossover is None
    assert kind(mutation=None).breeding(space).mutation is None


def test_a_survival_of_ones_own_has_tournaments_by_its_ranks():
    class Own(pt.Survival):
        def __call__(self, F, violation, size, rng, memory):
            raise AssertionError

    space = pt.Real(0, 1)
    assert pt.Evolution(survival=Own()).breeding(space).mating == pt.Tournament(by="rank")
    assert pt.Evolution().breeding(space).mating == pt.Tournament()
    chosen = pt.Tournament(by="dominance")
    assert pt.Evolution(survival=Own(), mating=chosen).breeding(space).mating == chosen


def test_operators_that_do_not_fit_the_space_are_refused():
    with pytest.raises(ConfigurationError, match="does not fit a Binary space"):
        pt.NSGA2(crossover=pt.SBX()).start(pt.OneMinMax(5), seed=1)
    with pytest.raises(ConfigurationError, match="fits only a Binary space"):
        pt.NSGA2(mutation=pt.BitFlip()).start(toy.Schaffer(), seed=1)
