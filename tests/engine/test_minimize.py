"""Whole runs in memory: what goes in, what comes out, and every wrong input named."""

import pickle

import numpy as np
import pytest
import toy

import paretide as pt
from paretide.errors import ConfigurationError, ContractError, EvaluationError


def small(problem=None, **arguments):
    settings = {"algorithm": pt.NSGA2(size=10), "budget": 50, "seed": 1, **arguments}
    return pt.minimize(problem or toy.Schaffer(), **settings)


def test_the_result_is_the_non_dominated_feasible_set_of_everything_evaluated():
    result = small(toy.Mixed(), budget=200)
    assert result.feasible
    assert (result.G[:, 0] <= 150).all()
    minimized = result.F * [1, -1]
    assert (pt.nondominated_rank(minimized) == 0).all()
    assert result.ids.tolist() == result.run.front().ids.tolist()
    assert len(result.population) == 10
    assert result.stopped_by == "budget"
    assert len(result.run.evaluations) == 200


def test_values_are_those_that_evaluate_returned():
    result = small(toy.Mixed(scale=3.0))
    for x, F, G in zip(result.front().candidates(), result.F, result.G, strict=True):
        values = toy.Mixed(scale=3.0).evaluate(x, pt.Context(0, 0))
        assert (values["cost"], values["gain"], values["size"]) == (F[0], F[1], G[0])


def test_if_nothing_is_feasible_the_result_is_the_least_infeasible_and_says_so():
    class Impossible(toy.Mixed):
        constraints = {"size": pt.upper(-1000)}

    result = small(Impossible())
    assert not result.feasible
    assert "nothing feasible" in repr(result)
    assert len(result.X) >= 1
    violation = result.run.evaluations.G[:, 0].min() + 1000
    assert result.front().violation == pytest.approx(violation)


def test_a_drawn_seed_is_known_and_repeats_the_run():
    drawn = small(seed=None)
    again = small(seed=drawn.seed)
    assert drawn.X.tobytes() == again.X.tobytes()


def test_two_budgets_share_their_beginning():
    short, long = small(budget=50), small(budget=80)
    assert short.run.evaluations.X.tobytes() == long.run.evaluations.X[:50].tobytes()


def test_callbacks_see_every_generation():
    seen = []
    small(callbacks=[lambda p: seen.append((p.generation, p.evaluations, len(p.population)))])
    assert seen == [(g, 10 * (g + 1), 10) for g in range(5)]


def test_a_generation_cut_by_the_budget_is_seen_too():
    seen = []
    result = small(budget=47, callbacks=[lambda p: seen.append(p.evaluations)])
    assert seen == [10, 20, 30, 40, 47]
    assert len(result.run.evaluations) == 47


def test_stop_ends_the_run_and_says_why():
    result = small(stop=lambda p: "enough" if p.evaluations >= 30 else None)
    assert result.stopped_by == "enough"
    assert len(result.run.evaluations) == 30
    assert small(stop=lambda p: True).stopped_by == "stop"


def test_a_search_space_that_is_used_up_ends_the_run():
    result = pt.minimize(toy.Tiny(), pt.NSGA2(size=8), budget=1_000, seed=1)
    assert result.stopped_by == "exhausted"
    assert len(result.run.evaluations) == 8


def test_generations_and_failures_can_be_read():
    run = small(toy.Flaky()).run
    assert len(run.populations) == 4
    assert (run.population(0).ids < 10).all()
    assert sum(len(ids) for ids in run.failures().values()) == len(run.evaluations.failures)
    with pytest.raises(ConfigurationError, match="there is no generation 9; the run has 0 to 3"):
        run.population(9)


def test_a_result_can_be_pickled_before_and_after_it_was_looked_at():
    result = small(toy.Flaky())
    unseen = pickle.loads(pickle.dumps(result)).run
    assert result.run.evaluations is result.run.evaluations
    seen = pickle.loads(pickle.dumps(result)).run
    assert result.run.failures()
    for run in (unseen, seen):
        assert run.failures() == result.run.failures()
        np.testing.assert_array_equal(run.evaluations.F, result.run.evaluations.F)
        np.testing.assert_array_equal(run.evaluations.worker, result.run.evaluations.worker)


def test_frames_have_names_and_values():
    pytest.importorskip("pandas")
    result = small(toy.Mixed())
    frame = result.front().to_frame()
    assert list(frame) == [
        "id", "rate", "width", "kind", "flag", "step", "cost", "gain", "size",
    ]  # fmt: skip
    assert set(frame["kind"]) <= {"a", "b", "c"}
    everything = small().run.evaluations.to_frame()
    assert {"generation", "parent_1", "failure", "seconds", "worker", "log.seed"} <= set(everything)
    assert len(everything) == 50


def test_pymoo_problems_are_taken_as_they_are():
    from pymoo.problems import get_problem

    problem = get_problem("welded_beam")
    result = small(problem, budget=100)
    G = problem.evaluate(result.X, return_as_dictionary=True)["G"]
    assert np.array_equal(result.G, G)


def test_wrong_names_stop_the_run_at_once():
    with pytest.raises(ContractError, match=r"missing \['gain'\] and unknown \['profit'\]") as e:
        small(toy.WrongNames())
    assert e.value.ids == (0,)


def test_wrong_shapes_stop_the_run_at_once():
    with pytest.raises(ContractError, match=r"F must have shape \(10, 2\), got \(10, 3\)"):
        small(toy.WrongShape())


def test_wrong_names_of_one_candidate_fail_it_once_others_succeeded():
    class Moody(toy.Schaffer):
        def evaluate(self, x, ctx):
            return {"left": 1.0} if ctx.id == 20 else super().evaluate(x, ctx)

    result = small(Moody())
    assert result.run.evaluations.failures[20].kind == "contract"
    assert len(result.run.evaluations) == 50


def test_a_hopeless_first_generation_ends_with_a_report():
    class Broken(toy.Schaffer):
        def evaluate(self, x, ctx):
            raise KeyError("data" if ctx.id % 2 else "model")

    with pytest.raises(EvaluationError, match=r"all 10 candidates(.|\n)*5 x exception: KeyError"):
        small(Broken())


def test_exit_in_a_candidate_fails_only_that():
    class Exiting(toy.Schaffer):
        def evaluate(self, x, ctx):
            if ctx.id == 4:
                raise SystemExit(3)
            return super().evaluate(x, ctx)

    assert small(Exiting()).run.evaluations.failures[4].reason == "SystemExit: 3"


def without(name):
    return type("Lacking", (toy.Schaffer,), {name: None})()


class Both(toy.Schaffer):
    def evaluate_batch(self, X):
        return np.zeros((len(X), 2))


class NoContext(toy.Schaffer):
    def evaluate(self, x):
        return {}


class BareVariable(toy.Schaffer):
    space = pt.Float(0, 1)


class Neither(pt.Problem):
    space = pt.Real(0, 1)
    objectives = {"f": "min"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 9}, "budget=9 is below the first population of 10"),
        ({"budget": "many"}, "budget must be a whole number >= 1, got 'many'"),
        ({"seed": -1}, "seed must be a whole number from 0 .* got -1"),
        ({"seed": 1.5}, "seed must be a whole number, got 1.5"),
        ({"algorithm": "nsga2"}, r"algorithm must be one like pt.NSGA2\(size=100\), got 'nsga2'"),
        (
            {"executor": "threads"},
            "there is no executor 'threads'; you mean 'processes'; choose one of",
        ),
        ({"executor": 3}, "or an executor like .*; got 3"),
        ({"stop": 3}, "stop must be callable with a Progress, got 3"),
        ({"callbacks": print}, r"write callbacks=\[f\]"),
        ({"callbacks": [3]}, "callbacks must be callable, got 3"),
        ({"problem": toy.Schaffer}, r"Schaffer is a class; pass an instance: Schaffer\(\)"),
        ({"problem": Both()}, "Both defines both evaluate"),
        ({"problem": Neither()}, "Neither defines neither evaluate"),
        ({"problem": NoContext()}, r"NoContext.evaluate must take \(self, x, ctx\), got \(x\)"),
        ({"problem": BareVariable()}, r"name it: pt.Space\(x=Float\(low=0.0, high=1.0"),
        ({"executor": pt.ProcessExecutor}, r"is a class; pass an instance: ProcessExecutor\(\)"),
        ({"store": ""}, "a store is the path of a file"),
        ({"store": 3}, "a store is the path of a file, like 'run.h5', got 3"),
        ({"problem": without("space")}, "Lacking.space must be a search space"),
        ({"problem": without("objectives")}, "Lacking.objectives must be a mapping"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        small(**arguments)


def test_unknown_arguments_are_refused():
    with pytest.raises(ConfigurationError, match="'evaluations'; you mean budget=100"):
        pt.minimize(toy.Schaffer(), pt.NSGA2(size=10), evaluations=100)


def test_a_store_that_is_a_folder_is_named(tmp_path):
    with pytest.raises(pt.errors.StoreError, match="is a folder; name a file in it"):
        small(store=tmp_path)


def test_a_generation_is_a_number():
    with pytest.raises(ConfigurationError, match="a generation must be a whole number, got 'last'"):
        small().run.population("last")


def test_an_exception_that_cannot_be_printed_fails_its_candidate_alone():
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError

    class Raising(toy.Schaffer):
        def evaluate(self, x, ctx):
            if ctx.id == 4:
                raise Unprintable
            return super().evaluate(x, ctx)

    failure = small(Raising()).run.evaluations.failures[4]
    assert failure.reason == "Unprintable, whose message raises RuntimeError"


def test_names_that_are_no_python_names_are_mapped():
    space = pt.Space({"weight-decay": pt.Float(0, 1)}, width=pt.Int(1, 4))
    assert space.names == ("weight-decay", "width")


def test_lineage_goes_back_to_the_sample():
    run = small(budget=100).run
    youngest = int(run.population().ids.max())
    whole = run.lineage(youngest)
    assert whole.ids[0] == youngest
    assert (np.diff(whole.ids) < 0).all()
    known = set(whole.ids.tolist())
    assert {p for p in whole.parents.ravel().tolist() if p >= 0} <= known
    assert (whole.parents[whole.generation == 0] == -1).all()
    assert (whole.generation == 0).any()
    parents = run.lineage(youngest, depth=1)
    assert set(parents.ids.tolist()) == {youngest, *whole.parents[0].tolist()}
    with pytest.raises(ConfigurationError, match="candidate 999 has not been evaluated"):
        run.lineage(999)


def test_convergence_is_the_hypervolume_of_everything_feasible_so_far():
    import moocore

    run = small(toy.Mixed(), budget=200).run
    found = run.convergence(points=20, reference=[150.0, -10.0])
    assert found.evaluations.tolist() == list(range(10, 201, 10))
    assert (np.diff(found.hypervolume) >= 0).all()
    assert found.reference.tolist() == [150.0, -10.0]
    for count, volume in zip(found.evaluations, found.hypervolume, strict=True):
        rows = np.arange(count)
        so_far = run.evaluations.population(rows[run.evaluations.evaluated[:count]])
        F = (so_far.F * [1, -1])[so_far.feasible]
        F = F[(F < [150.0, 10.0]).all(axis=1)]
        expected = moocore.hypervolume(F, ref=[150.0, 10.0]) if len(F) else 0.0
        assert volume == pytest.approx(expected)
    assert (run.convergence().hypervolume > 0).any()
    with pytest.raises(ConfigurationError, match="reference must be 2 finite numbers"):
        run.convergence(reference=[1.0])
