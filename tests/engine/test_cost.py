"""Budgets in what evaluations cost: where a run ends, what its screen learns, how it goes on."""

import dataclasses
import json
import logging

import numpy as np
import pytest
import sweep
from commands import paretide

import paretide as pt
from paretide.engine.records.evaluations import Archive
from paretide.engine.runs.replay import replay
from paretide.engine.runs.spending import Spending
from paretide.errors import ConfigurationError, StoreCorrupt, StoreMismatch


class Network(pt.Problem):
    """Who has more of the last variable takes twenty times as long, and gains next to nothing."""

    space = pt.Real(0, 1, n=3)
    objectives = {"error": "min", "size": "min"}

    def evaluate(self, x, ctx):
        ctx.log(epochs=1 + 20 * float(x[2]))
        bowl = float((x[1] - 0.5) ** 2)
        return {
            "error": float(x[0]) + bowl + 0.05 * (1 - float(x[2])),
            "size": 1 - float(x[0]) ** 0.5 + bowl,
        }


class Failing(Network):
    """A fifth fails, half of these before they have said what they cost."""

    def evaluate(self, x, ctx):
        if ctx.id % 10 == 3:
            raise ValueError("early")
        values = super().evaluate(x, ctx)
        if ctx.id % 10 == 7:
            raise ValueError("late")
        return values


GP = pt.GaussianProcess(least=6, draws=6)
ALGORITHMS = {
    "generational": pt.NSGA2(size=8, offspring=4, screen=GP),
    "searched": pt.NSGA2(size=8, offspring=4, screen=dataclasses.replace(GP, search=2)),
    "steady": pt.NSGA2(size=8, mode="steady", window=4, screen=GP),
    "trees": pt.NSGA2(size=8, mode="steady", window=4, screen=pt.ExtraTrees(trees=8, draws=4)),
    "side by side": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=8, screen=GP),
}
in_every_mode = pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=list(ALGORITHMS))


def run(algorithm=None, amount=220, problem=None, of="epochs", **arguments):
    arguments = {"seed": 3, **arguments}
    return pt.minimize(
        problem or Network(), algorithm or ALGORITHMS["generational"], budget=pt.Cost(amount, of),
        **arguments,
    )  # fmt: skip


def paid(run):
    """By evaluations, in the order of telling."""
    evaluations = run.as_told
    return [evaluations.extras[id]["epochs"] for id in evaluations.ids.tolist()]


def rows_of(evaluations, ids):
    order = np.argsort(evaluations.ids)
    return order[np.searchsorted(evaluations.ids, ids, sorter=order)]


def assert_same(one, other):
    assert one.stopped_by == other.stopped_by
    for name in ("ids", "X", "F", "choice", "parents"):
        mine, theirs = (getattr(r.run.as_told, name) for r in (one, other))
        assert mine.tobytes() == theirs.tobytes(), name
    assert one.population.ids.tolist() == other.population.ids.tolist()


# -- where it ends ---------------------------------------------------------------------------------


@in_every_mode
def test_a_run_ends_with_the_outcome_that_reaches_the_sum(algorithm):
    result = run(algorithm)
    costs = paid(result.run)
    assert result.stopped_by == "cost"
    assert sum(costs[:-1]) < 220 <= sum(costs)
    assert result.run.specification["budget"] is None


def test_it_ends_in_the_middle_of_a_generation_and_begins_nothing_more():
    begun = []

    class Counted(Network):
        def evaluate(self, x, ctx):
            begun.append(ctx.id)
            return super().evaluate(x, ctx)

    result = run(problem=Counted())
    assert begun == result.run.as_told.ids.tolist()
    assert (len(begun) - 8) % 4 != 0


def test_seconds_are_those_that_evaluations_took():
    result = run(of="seconds", amount=1e-9)
    assert (result.stopped_by, len(result.run.as_told)) == ("cost", 1)
    assert result.run.as_told.seconds.sum() >= 1e-9


def test_a_stop_condition_ends_it_as_well():
    result = run(amount=1e6, stop=pt.MaxEvaluations(20))
    assert result.stopped_by == "evaluations"


def test_failed_ones_cost_what_they_logged_or_the_mean_of_the_others(caplog):
    caplog.set_level(logging.WARNING)
    result = run(problem=Failing(), algorithm=pt.NSGA2(size=8))
    extras, told = result.run.as_told.extras, result.run.as_told
    known = [extras[id]["epochs"] for id in told.ids.tolist() if "epochs" in extras.get(id, {})]
    assert 0 < len(known) < len(told)
    spending = Spending(pt.Cost(220, "epochs"))
    assert spending.total(result.run.archive) == pytest.approx(np.mean(known) * len(told))
    assert spending.is_used_up(result.run.archive)
    assert not Spending(pt.Cost(220, "epochs")).is_used_up(Archive(told.take(told.ids[:-1])))
    said = [r.message for r in caplog.records if "has not logged a number >= 0" in r.message]
    assert said == [
        "candidate 3 has not logged a number >= 0 as 'epochs', which the budget is of: such "
        "evaluations count as the mean of those that have"
    ]


@pytest.mark.parametrize("value", ["three", True, None, -1.0, float("inf"), 10**400, [1.0]])
def test_what_is_logged_and_no_number_is_no_cost(value):
    table = run(amount=60).run.as_told
    table = dataclasses.replace(table, extras={**table.extras, 1: {"epochs": value}})
    spending = Spending(pt.Cost(60, "epochs"))
    spending.learn(table)
    costs = spending.of(np.arange(3))
    assert np.isnan(costs).tolist() == [False, True, False]
    others = [extra["epochs"] for id, extra in table.extras.items() if id != 1]
    assert spending.total(Archive(table)) == pytest.approx(np.mean(others) * len(table))


def test_the_outcome_of_an_equal_candidate_costs_nothing():
    class Bits(pt.Problem):
        space = pt.Binary(4)
        objectives = {"ones": "max", "zeros": "max"}

        def evaluate(self, x, ctx):
            ctx.log(epochs=2)
            return {"ones": int(x.sum()), "zeros": int((1 - x).sum())}

    result = run(pt.NSGA2(size=6, duplicates=None), 14, Bits(), cache=True)
    assert (result.stopped_by, (~result.run.as_told.recalled).sum()) == ("cost", 7)
    assert result.run.as_told.recalled.any()


def test_a_cost_that_nobody_logs_is_named_before_it_is_paid_for_ever():
    with pytest.raises(ConfigurationError, match=r"none of 8 evaluations has logged a number abov"):
        run(of="epoch")
    with pytest.raises(ConfigurationError, match=r"they log \['epochs'\]; write ctx.log\(epoch="):
        run(of="epoch")


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0,), "Cost: amount must be a finite number above 0, got 0"),
        ((-3,), "got -3"),
        ((float("nan"),), "got nan"),
        ((float("inf"),), "got inf"),
        ((True,), "got True"),
        (("an hour",), "got 'an hour'"),
        ((3600, ""), "of must be \"seconds\" or the name of a number that the job logs"),
        ((3600, 3), "got 3"),
        ((3600, "seconds", 0), r"Cost: about \(evaluations\) must be a whole number >= 1, got 0"),
        ((3600, "seconds", 1.5), "got 1.5"),
    ],
)  # fmt: skip
def test_wrong_costs_are_named(arguments, said):
    with pytest.raises(ConfigurationError, match=said):
        pt.Cost(*arguments)


def test_numbers_of_numpy_are_numbers():
    assert pt.Cost(np.float32(2), about=np.int64(30)) == pt.Cost(2.0, "seconds", 30)


# -- sizes -----------------------------------------------------------------------------------------


def test_sizes_go_by_how_many_evaluations_it_is_about(caplog):
    caplog.set_level(logging.WARNING)
    known = pt.minimize(Network(), budget=pt.Cost(20, "epochs", about=50), seed=1)
    assert known.run.specification["algorithm"]["settings"]["size"] == 20
    assert not caplog.records
    nobody_knows = pt.minimize(Network(), budget=pt.Cost(20, "epochs"), seed=1)
    assert nobody_knows.run.specification["algorithm"]["settings"]["size"] == 29
    assert "no budget is known: chosen as for 500 evaluations" in caplog.text


# -- what the screen makes of it -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["generational", "searched", "steady", "trees"])
def test_more_is_evaluated_for_the_same_amount_where_cheap_ones_come_first(name):
    counts, without = [], []
    for seed in (1, 2):
        result = run(ALGORITHMS[name], 400, seed=seed)
        counts.append(len(result.run.as_told))
        costs = np.array(paid(pt.minimize(
            Network(), ALGORITHMS[name], budget=160, seed=seed,
            stop=lambda p: sum(e["epochs"] for e in p.evaluated().extras.values()) >= 400,
        ).run))  # fmt: skip
        without.append(int(np.searchsorted(np.cumsum(costs), 400)) + 1)
    assert sum(counts) > 1.15 * sum(without)


def test_a_screen_of_a_run_that_counts_evaluations_sees_no_cost():
    seen = []

    @pt.screen(draws=3, least=6)
    def watching(pool, k, known, open, space, rng, memory):
        seen.append(known)
        return np.arange(k)

    screened = dataclasses.replace(ALGORITHMS["steady"], screen=watching)
    pt.minimize(Network(), screened, budget=20, seed=1)
    assert {known.cost for known in seen} == {None}


@pytest.mark.parametrize("name", ["generational", "steady"])
def test_a_screen_of_ones_own_sees_what_was_paid_in_the_order_of_the_outcomes(name):
    seen = []

    @pt.screen(draws=3, least=6)
    def watching(pool, k, known, open, space, rng, memory):
        seen.append(known)
        return np.arange(k)

    screened = dataclasses.replace(ALGORITHMS[name], screen=watching)
    run(screened, problem=Failing())
    assert len(seen) > 3
    for known in seen:
        expected = 1 + 20 * known.X[:, 2]
        silent = np.isnan(known.cost)
        np.testing.assert_array_equal(known.cost[~silent], expected[~silent])
        assert (np.isnan(known.F).all(axis=1) >= silent).all()


def test_the_declared_cost_orders_telling_as_it_did():
    class Declared(Network):
        def cost(self, x):
            return 1 + 20 * float(x[2])

    screened = ALGORITHMS["steady"]
    plain = dataclasses.replace(screened, screen=None)
    by_cost = run(plain, problem=Declared())
    counted = pt.minimize(Declared(), plain, budget=200, seed=3)
    n = len(by_cost.run.as_told) - 4
    assert by_cost.run.as_told.ids[:n].tolist() == counted.run.as_told.ids[:n].tolist()
    assert run(plain).run.as_told.ids[:n].tolist() != by_cost.run.as_told.ids[:n].tolist()
    assert run(screened, problem=Declared()).stopped_by == "cost"


# -- stored and resumed ----------------------------------------------------------------------------


def killed_everywhere(algorithm, share, problem):
    """What every ``share``-th kill leaves, of a run that is sealed now and then."""
    store = sweep.MemoryStore(frozenset({5, 14, 22}))
    with sweep.kept_in(store):
        whole = run(algorithm, problem=problem, store="run.h5")
    return whole, store.lefts[::share]


@in_every_mode
@pytest.mark.parametrize(
    ("problem", "share"), [(Network(), 3), (Failing(), 5)], ids=["all", "some fail"]
)
def test_a_run_killed_anywhere_resumes_to_the_same_bits(algorithm, problem, share, caplog):
    caplog.set_level(logging.ERROR)
    whole, lefts = killed_everywhere(algorithm, share, problem)
    assert len(lefts) > 5
    for left in lefts:
        with sweep.kept_in(sweep.MemoryStore(frozenset(), left)):
            assert_same(pt.resume("run.h5", problem=problem), whole)


@in_every_mode
def test_how_many_workers_there_are_changes_at_most_what_is_waited_for(algorithm):
    one, three = run(algorithm), run(algorithm, executor=sweep.DrawnOrder(3, seed=1))
    tables = [result.run.as_told for result in (one, three)]
    both = np.intersect1d(*(rows.ids for rows in tables))
    assert len(both) >= max(map(len, tables)) - 4
    for name in ("ids", "X", "F", "choice"):
        mine, theirs = (getattr(rows, name)[rows_of(rows, both)] for rows in tables)
        assert mine.tobytes() == theirs.tobytes(), name


@in_every_mode
def test_a_larger_amount_extends_it_as_if_it_had_been_there_from_the_start(algorithm, tmp_path):
    path = tmp_path / "run.h5"
    run(algorithm, 90, store=path)
    again = pt.resume(path)
    assert (again.stopped_by, sum(paid(again.run)) >= 90) == ("cost", True)
    further = pt.resume(path, budget=pt.Cost(220, "epochs"))
    assert_same(further, run(algorithm))
    stored = pt.open_run(path)
    assert stored.specification["cost"] == {"amount": 220.0, "of": "epochs", "about": None}
    replay(stored)


@in_every_mode
def test_it_is_replayed_and_asks_no_screen(algorithm, tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    result = run(algorithm, store=path)
    monkeypatch.setattr(type(algorithm.screen), "__call__", None)
    session = replay(pt.open_run(path))
    assert session.spent
    assert (
        session.archive.table().ids.tolist()
        == result.run.as_told.ids[: session.archive.rows].tolist()
    )


def test_of_failed_ones_that_are_mended_the_last_cost_is_what_a_model_learns(tmp_path):
    path = tmp_path / "run.h5"

    class Mended(Network):
        broken = True

        def evaluate(self, x, ctx):
            if self.broken and ctx.id % 3 == 0:
                raise ValueError("broken")
            return super().evaluate(x, ctx)

    problem = Mended()
    seen = []

    @pt.screen(draws=3, least=6)
    def watching(pool, k, known, open, space, rng, memory):
        seen.append(known)
        return np.arange(k)

    algorithm = pt.NSGA2(size=8, offspring=4, screen=watching)
    before = run(algorithm, problem=problem, store=path)
    problem.broken = False
    after = pt.resume(
        path, problem=problem, algorithm=algorithm, budget=pt.Cost(300, "epochs"), retry_failed=True
    )
    assert not np.isnan(seen[-1].cost[: len(before.run.as_told)]).any()
    assert len(after.run.as_told) > len(before.run.as_told)  # those mended cost nothing again


def test_the_kind_of_a_budget_stays_what_it_was(tmp_path):
    path, counted = tmp_path / "run.h5", tmp_path / "counted.h5"
    run(store=path)
    pt.minimize(Network(), ALGORITHMS["generational"], budget=20, seed=3, store=counted)
    with pytest.raises(StoreMismatch, match="budget: stored cost of 'epochs', given cost of 'sec"):
        pt.resume(path, budget=pt.Cost(200))
    with pytest.raises(StoreMismatch, match="budget: stored evaluations, given cost of 'epochs'"):
        pt.resume(counted, budget=pt.Cost(200, "epochs"))
    with pytest.raises(ConfigurationError, match="so 10 evaluations cannot be added to it; pass"):
        pt.resume(path, budget=10)
    for budget, there in [(pt.Cost(200), path), (200, path), (pt.Cost(200, "epochs"), counted)]:
        with pytest.raises(StoreMismatch, match="is another run than the one asked for:\n  budget"):
            pt.minimize(
                Network(), ALGORITHMS["generational"], budget=budget, seed=3, store=there,
                or_resume=True,
            )  # fmt: skip


def test_one_command_starts_it_goes_on_with_it_and_extends_it(tmp_path):
    path = tmp_path / "run.h5"

    def ask(amount):
        return run(amount=amount, store=path, or_resume=True, callbacks=[lambda p: seen.append(p)])

    seen = []
    first = ask(90)
    assert seen
    seen.clear()
    assert_same(ask(90), first)
    assert not seen  # nothing was evaluated
    assert_same(ask(220), run())


def test_a_cost_in_a_file_that_is_none_is_named(tmp_path):
    path = tmp_path / "run.h5"
    run(store=path)
    stored = pt.open_run(path)
    for wrong in ({"amount": -1}, {"amount": 3, "per": "day"}):
        spoilt = dataclasses.replace(stored, specification={**stored.specification, "cost": wrong})
        with pytest.raises(StoreCorrupt, match="the cost that a run may have is none"):
            replay(spoilt)


# -- what is said ----------------------------------------------------------------------------------


def test_callbacks_and_the_live_line_see_how_much_is_paid(capsys):
    seen = []
    result = run(amount=90, callbacks=[lambda p: seen.append((p.cost, p.paid))], progress=True)
    assert {cost for cost, _ in seen} == {pt.Cost(90, "epochs")}
    assert seen[-1][1] == pytest.approx(sum(paid(result.run)))
    assert "/90 epochs | generation" in capsys.readouterr().err
    counted = []
    pt.minimize(
        Network(), ALGORITHMS["steady"], budget=9, callbacks=[lambda p: counted.append(p.paid)]
    )
    assert set(counted) == {None}


def test_it_says_that_it_is_not_of_its_seed_alone():
    assert "not of its seed alone" in repr(run(amount=60).run)
    unscreened = run(pt.NSGA2(size=8), 60)
    assert "seed alone" not in repr(unscreened.run)


def test_the_command_line_starts_shows_and_extends_it(tmp_path):
    (tmp_path / "net.py").write_text(
        "import paretide as pt\n"
        "class Net(pt.Problem):\n"
        "    space = pt.Real(0, 1, n=3)\n"
        "    objectives = {'error': 'min', 'size': 'min'}\n"
        "    def evaluate(self, x, ctx):\n"
        "        ctx.log(epochs=1 + 20 * float(x[2]))\n"
        "        return {'error': float(x[0] + x[1]), 'size': float(1 - x[0] + x[1])}\n"
    )
    options = ["--set", "size=8", "--seed", 3, "--no-progress"]
    cost = ["--cost", 200, "--cost-of", "epochs", "--cost-about", 60]
    begun = paretide("run", "net.py:Net", *cost, *options, cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    assert "stopped by cost, seed 3, not of it alone" in begun.stdout
    assert "paretide resume run.h5 --cost 400" in begun.stdout
    shown = paretide("show", "run.h5", cwd=tmp_path).stdout
    assert "of 200 epochs; the run is not of its seed alone" in shown
    listed = json.loads(paretide("show", "run.h5", "--json", cwd=tmp_path).stdout)
    assert listed["cost"] == {"amount": 200.0, "of": "epochs", "about": 60}
    further = paretide("resume", "run.h5", "--cost", 250, "--no-progress", cwd=tmp_path)
    assert further.returncode == 0, further.stderr
    assert sum(paid(pt.open_run(tmp_path / "run.h5"))) >= 250
    assert paretide("replay", "run.h5", cwd=tmp_path).returncode == 0
    both = paretide("resume", "run.h5", "--cost", 300, "--budget", "+5", cwd=tmp_path)
    assert both.returncode == 2
    assert "give one of them" in both.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budget", 9, "--cost", 60], "give two budgets: budget=9 (--budget) is of evaluations"),
        (["--budget", 9, "--cost-of", "epochs"], "cost_of (--cost-of) is of the cost (--cost)"),
        (["--cost", 0], "Cost: amount must be a finite number above 0, got 0.0"),
        (["--set", "cost=true"], "cost: Input should be a valid number, got True"),
    ],
)
def test_the_command_line_names_what_contradicts_itself(options, said, tmp_path):
    refused = paretide("run", "toy:Schaffer", *options, cwd=tmp_path)
    assert refused.returncode == 2
    assert said in " ".join(refused.stderr.split())
