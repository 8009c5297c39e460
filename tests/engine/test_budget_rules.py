"""Sizes and windows that come from the budget, and what is said where they do not fit."""

import logging
import re

import pytest
import toy

import paretide as pt
from paretide.engine.algorithms.budget_rules import last_size_for, size_for, window_for
from paretide.errors import ConfigurationError
from paretide.problems.definition import read_definition

SCHAFFER = read_definition(toy.Schaffer())


def settings_of(algorithm, budget=50, problem=None, **arguments):
    result = pt.minimize(problem or toy.Schaffer(), algorithm, budget=budget, seed=1, **arguments)
    return result.run.specification["algorithm"]["settings"]


def test_the_size_follows_the_root_of_the_budget():
    found = {budget: size_for(budget) for budget in (1, 10, 50, 200, 500, 1_000, 5_000, 10**6)}
    assert found == {
        1: 2, 10: 10, 50: 20, 200: 20, 500: 29, 1_000: 41, 5_000: 92, 10**6: 100,
    }  # fmt: skip


@pytest.mark.parametrize("algorithm", [pt.NSGA2(), pt.Evolution(), pt.NSGA2(mode="steady")])
def test_it_is_printed_and_stored_as_resolved(algorithm):
    resolved = algorithm.resolved(SCHAFFER, 500)
    assert "size=29" in repr(resolved)
    assert settings_of(algorithm, 60)["size"] == 20
    assert algorithm.describe(toy.Schaffer(), 500).splitlines()[-1].split()[0] == "29"


def test_without_a_budget_it_is_100_and_that_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        assert pt.NSGA2().start(toy.Schaffer(), seed=1).size == 100
    assert "NSGA2 derives size from the budget, and there is none: it is 100" in caplog.text
    stop = pt.MaxEvaluations(5)
    assert settings_of(pt.NSGA2(), None, stop=stop)["size"] == 100


def test_a_specification_without_a_size_has_no_schedule_yet():
    with pytest.raises(ConfigurationError, match=r"NSGA2\(.*size=None.* is not resolved"):
        pt.NSGA2().schedule()


def test_a_dynamic_population_never_ends_as_four():
    assert [last_size_for(b, 4) for b in (50, 2_000, 5_000, 10**5)] == [20, 20, 50, 100]
    assert last_size_for(50, 24) == 24
    for kind in (pt.DynamicNSGA2, pt.ConcurrentDynamicNSGA2):
        assert kind().resolved(SCHAFFER, 200).max_size == 20
    assert pt.NSGA2(size=pt.BudgetShare()).resolved(SCHAFFER, 200).size.max_size == 20


def test_where_the_budget_is_small_it_begins_with_half_of_that():
    small = pt.DynamicNSGA2().resolved(SCHAFFER, 200)
    assert (small.start_size, small.max_size) == (10, 20)
    assert pt.DynamicNSGA2().resolved(SCHAFFER, 1_200).start_size == 4
    assert pt.DynamicNSGA2(max_size=20).resolved(SCHAFFER, 200).start_size == 4
    bits = read_definition(pt.OneMinMax(10))
    assert pt.DynamicNSGA2().resolved(bits, 200).start_size == 4


def test_the_window_is_half_of_the_last_size():
    assert [window_for(size) for size in (2, 3, 20, 2**40)] == [1, 1, 10, 2**20]
    assert settings_of(pt.NSGA2(size=12, mode="steady"))["window"] == 6
    assert settings_of(pt.NSGA2(mode="steady"))["window"] == 10
    dynamic = pt.DynamicNSGA2(start=4, max_size=30, tau=10, mode="steady")
    assert settings_of(dynamic)["window"] == 15
    assert settings_of(pt.NSGA2(size=12))["window"] is None
    assert settings_of(pt.NSGA2(size=12, mode="steady", window=9))["window"] == 9


def test_a_resumed_run_keeps_size_and_window(tmp_path):
    path = tmp_path / "run.h5"
    settings_of(pt.NSGA2(mode="steady"), 100, store=path)
    longer = pt.resume(path, budget=900).run.specification["algorithm"]["settings"]
    assert (longer["size"], longer["window"]) == (20, 10)


@pytest.mark.parametrize(
    ("budget", "size", "said"), [(10, 10, "0 children"), (24, 20, "4 children"), (25, 20, "")]
)
def test_a_budget_that_only_random_search_could_spend_is_said(budget, size, said, caplog):
    with caplog.at_level(logging.WARNING):
        assert settings_of(pt.NSGA2(), budget)["size"] == size
    assert said in caplog.text
    assert bool(said) == ("random search" in caplog.text)


class Many(pt.SerialExecutor):
    """Says that it has eight workers."""

    def activity(self):
        return pt.Activity(busy=0, idle=5, starting=3)


@pytest.mark.parametrize(
    ("algorithm", "said"),
    [
        (pt.NSGA2(size=12, mode="steady"), "8 workers, and at most 6 candidates .*: 2 .*window"),
        (pt.NSGA2(size=12, offspring=4), "8 workers, and at most 4 candidates .*: 4 .*offspring"),
        (pt.NSGA2(size=7), "8 workers, and at most 7 candidates .*: 1 .*size"),
        (pt.NSGA2(size=16, mode="steady"), None),
        (pt.NSGA2(size=8), None),
        (pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=4), None),
    ],
)
def test_more_workers_than_can_be_busy_are_named_before_the_first_evaluation(
    algorithm, said, caplog, tmp_path
):
    class Listening(toy.Schaffer):
        def evaluate(self, x, ctx):
            heard.append(caplog.text)
            return super().evaluate(x, ctx)

    heard = []
    with caplog.at_level(logging.WARNING):
        pt.minimize(Listening(), algorithm, budget=40, seed=1, executor=Many())
    if said is None:
        assert "workers" not in caplog.text
    else:
        assert re.search(said, heard[0])
        assert caplog.text.count("8 workers") == 1


def test_a_front_of_few_is_chosen_by_hypervolume(tmp_path):
    path = tmp_path / "run.h5"
    result = pt.minimize(toy.Schaffer(), pt.NSGA2(size=20), budget=400, seed=1, store=path)
    whole, few = result.front(), result.front(at_most=5)
    assert len(whole) > 20
    assert len(few) == 5
    assert set(few.ids.tolist()) < set(whole.ids.tolist())
    assert pt.open_run(path).front(at_most=5).ids.tolist() == few.ids.tolist()
    assert result.front(at_most=10**6).ids.tolist() == result.ids.tolist()
    left, right = few.F[:, 0], -few.F[:, 1]
    assert (left.min(), right.min()) < (left.max() / 3, right.max() / 3)  # it reaches both ends
    with pytest.raises(ConfigurationError, match="at_most must be a whole number >= 1, got 0"):
        result.front(at_most=0)


def test_the_result_is_the_front_of_everything_evaluated():
    result = pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), budget=300, seed=1)
    assert len(result.X) == len(result.F) == len(result.ids) > len(result.population) == 10
    assert result.ids.tolist() == result.run.front().ids.tolist()
