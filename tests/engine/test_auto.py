"""The algorithm of who names none: what it chooses, that it is stored, and what it leaves alone."""

import logging
from dataclasses import dataclass

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.engine.algorithms import auto
from paretide.engine.algorithms.auto import RULES, chosen
from paretide.engine.runs.replay import replay
from paretide.problems.definition import read_definition


class Together(pt.Problem):
    """Vectorized, and so cheap."""

    space = pt.Real(0, 1, n=3)
    objectives = {"f": "min", "g": "min"}

    def evaluate_batch(self, X):
        return np.column_stack([X[:, 0], 1 - X[:, 0] + X[:, 1]])


def test_no_algorithm_is_auto_as_it_was_resolved(tmp_path):
    path = tmp_path / "run.h5"
    result = pt.minimize(toy.Mixed(), budget=60, seed=1, store=path)
    stored = pt.open_run(path).specification["algorithm"]
    choice = chosen(read_definition(toy.Mixed()), 60)
    assert (stored["name"], stored["settings"]["size"]) == ("auto", choice.size)
    assert stored["settings"]["offspring"] == choice.offspring
    assert len(result.population) == choice.size
    named = pt.minimize(toy.Mixed(), pt.Auto(), budget=60, seed=1)
    assert named.run.evaluations.X.tobytes() == result.run.evaluations.X.tobytes()
    replay(pt.open_run(path))


def test_what_was_chosen_stays_when_the_run_goes_on(tmp_path):
    path = tmp_path / "run.h5"
    pt.minimize(toy.Mixed(), budget=30, seed=1, store=path)
    first = pt.open_run(path).specification["algorithm"]
    longer = pt.resume(path, budget=130)
    assert longer.run.specification["algorithm"] == first
    again = pt.minimize(toy.Mixed(), budget=160, seed=1, store=path, or_resume=True)
    assert again.stopped_by == "budget"


def test_it_is_nsga2_with_these_settings():
    budget = 60
    choice = chosen(read_definition(toy.Schaffer()), budget)
    plain = pt.NSGA2(
        size=choice.size, offspring=choice.offspring, screen=choice.screen, **auto.WIDE
    )
    one, other = (
        pt.minimize(toy.Schaffer(), algorithm, budget=budget, seed=4)
        for algorithm in (pt.Auto(), plain)
    )
    assert one.run.evaluations.X.tobytes() == other.run.evaluations.X.tobytes()


def test_the_table_covers_every_budget_in_order():
    budgets = [rule.budget for rule in RULES]
    assert budgets == sorted(budgets)
    assert budgets[-1] == float("inf")
    assert all(rule.figure for rule in RULES)
    for budget in (1, 2, 3, 10, 75, 76, 1_000, 1_001, 10**6):
        choice = chosen(read_definition(toy.Schaffer()), budget)
        assert 2 <= choice.size <= max(2, budget)
        assert choice.offspring is None or 1 <= choice.offspring <= choice.size


def test_what_is_vectorized_is_cheap():
    choice = chosen(read_definition(Together()), 200)
    assert choice.offspring is None
    assert "evaluate_batch makes evaluations cheap" in pt.Auto().describe(Together(), 200)


def test_what_is_set_is_used(tmp_path):
    crossover, mutation = pt.SBX(eta=3), pt.PolynomialMutation(eta=5)
    algorithm = pt.Auto(crossover=crossover, mutation=mutation, size=12, offspring=3)
    found = algorithm.resolved(read_definition(toy.Schaffer()), 400)
    assert (found.crossover, found.mutation) == (crossover, mutation)
    assert (found.size, found.offspring) == (12, 3)
    steady = pt.Auto(mode="steady").resolved(read_definition(toy.Schaffer()), 400)
    assert (steady.offspring, steady.window) == (None, steady.size // 2)
    growing = pt.Auto(size=pt.Doubling(4, 20, 30, 10))
    assert growing.resolved(read_definition(toy.Schaffer()), 400).size.max_size == 20
    assert eval(repr(algorithm), vars(pt)) == algorithm


def test_it_says_what_and_why():
    text = pt.Auto().describe(toy.Schaffer(), 200)
    assert text.startswith("Auto(")
    assert "size=20: 1.3 times the root of the budget, from 20 to 100" in text
    assert next(rule.figure for rule in RULES if rule.budget >= 200) in text


def test_without_a_budget_the_choice_is_stated(caplog):
    with caplog.at_level(logging.WARNING):
        result = pt.minimize(toy.Schaffer(), seed=1, stop=pt.MaxEvaluations(40))
    assert "Auto: no budget is known: chosen as for 500 evaluations: Auto(" in caplog.text
    assert result.run.specification["algorithm"]["settings"]["size"] == 29
    with caplog.at_level(logging.WARNING):
        pt.minimize(Together(), seed=1, stop=pt.MaxEvaluations(10))
    assert "chosen as for 10000 evaluations" in caplog.text


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_the_smallest_budgets_are_spent_and_said(budget, caplog):
    with caplog.at_level(logging.WARNING):
        if budget == 1:
            with pytest.raises(pt.errors.ConfigurationError, match="budget=1 is below the first"):
                pt.minimize(toy.Schaffer(), budget=budget, seed=1)
            return
        result = pt.minimize(toy.Schaffer(), budget=budget, seed=1)
    assert len(result.run.evaluations) == budget
    assert "hardly more than a random search" in caplog.text


@dataclass(frozen=True)
class Last(pt.Screen):
    """Does not fit bits."""

    draws: int = 3

    def check_fit(self, space):
        if space.dtype == bool:
            raise pt.errors.ConfigurationError("Last is not for bits")

    def __call__(self, pool, k, known, open, space, rng, memory):
        return np.arange(len(pool) - k, len(pool))


class Bits(toy.Schaffer):
    space = pt.Binary(8)


class Six(toy.Schaffer):
    objectives = dict.fromkeys("abcdef", "min")


def test_a_screen_is_chosen_where_it_fits(monkeypatch, tmp_path):
    rules = tuple(rule._replace(screen=Last(), on_reals=Last()) for rule in RULES)
    monkeypatch.setattr(auto, "RULES", rules)
    assert chosen(read_definition(toy.Schaffer()), 200).screen == Last()
    assert chosen(read_definition(Together()), 200).screen is None
    reasons = [(Bits(), "Last is not for bits"), (Six(), "models are for up to 5 objectives")]
    for problem, reason in reasons:
        refused = chosen(read_definition(problem), 200)
        assert refused.screen is None
        assert refused.why[-1] == f"screen=None: {reason}"
    path = tmp_path / "run.h5"
    result = pt.minimize(toy.Schaffer(), budget=60, seed=1, store=path)
    stored = pt.open_run(path).specification["algorithm"]["settings"]
    assert stored["screen"]["draws"] == 3
    monkeypatch.undo()  # what was chosen is read from the file
    longer = pt.resume(path, budget=20)
    assert longer.run.specification["algorithm"]["settings"] == stored
    assert longer.run.evaluations.X[:60].tobytes() == result.run.evaluations.X.tobytes()


def test_children_evolve_on_the_model_where_that_pays():
    def search(problem, budget):
        screen = chosen(read_definition(problem), budget).screen
        return None if screen is None else screen.search

    budgets = (50, 150, 151, 350, 351, 1_000, 1_001)
    assert [search(toy.Schaffer(), b) for b in budgets] == [4, 4, 4, 4, 0, 0, None]
    assert [search(toy.Mixed(), b) for b in budgets] == [4, 4, 0, 0, 0, 0, None]
    named = toy.Schaffer()
    named.space = pt.Space(a=pt.Float(-1, 1), b=pt.Float(1e-3, 1, log=True))
    assert [search(named, b) for b in budgets] == [4, 4, 4, 4, 0, 0, None]
    assert pt.Auto().resolved(read_definition(named), 200).crossover == pt.UniformCrossover()
    evolved = "a model picks, once they have evolved on it for 4 generations"
    assert evolved in pt.Auto().describe(toy.Mixed(), 100)
    assert "UniformCrossover(" in pt.Auto().describe(toy.Schaffer(), 200)
    for problem, budget in ((toy.Mixed(), 100), (toy.Schaffer(), 500)):
        found = pt.Auto().resolved(read_definition(problem), budget)
        assert (found.crossover, found.mutation) == ("default", "default")
    mine = pt.Auto(crossover=pt.SBX(eta=3)).resolved(read_definition(toy.Schaffer()), 200)
    assert (mine.crossover, mine.mutation) == (pt.SBX(eta=3), auto.WIDE["mutation"])
    assert "evolved" not in pt.Auto().describe(toy.Mixed(), 200)


def test_a_screen_of_ones_own_and_none_are_used():
    definition = read_definition(toy.Schaffer())
    assert pt.Auto(screen=Last()).resolved(definition, 200).screen == Last()
    none = pt.Auto(screen=None).resolved(definition, 200)
    rule = next(rule for rule in RULES if rule.budget >= 200)
    assert (none.screen, none.offspring) == (None, rule.offspring)
    assert pt.Auto(screen=Last()).resolved(definition, 200).offspring == rule.screened
    assert "screen=None: as it is set" in pt.Auto(screen=None).describe(toy.Schaffer(), 200)
    assert pt.Auto(screen="none") == pt.Auto(screen=None)  # as command lines say it
    assert eval(repr(pt.Auto()), vars(pt)) == pt.Auto()
    for wrong in ("gp", 3):
        with pytest.raises(pt.errors.ConfigurationError, match="screen"):
            pt.Auto(screen=wrong)
