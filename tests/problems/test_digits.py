"""The digits job: the same bits for the same seed, honest splits, true sizes."""

import builtins
import pickle
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest

import paretide as pt

pytest.importorskip("sklearn")

from paretide.problems.definition import read_definition
from paretide.problems.training import digits
from paretide.problems.training.digits import DigitsNetwork, TimedDigitsNetwork

SMALL = {
    "learning_rate": 0.01,
    "depth": 2,
    "width": 6,
    "activation": "tanh",
    "alpha": 1e-3,
    "batch_size": 64,
    "epochs": 5,
}


@pytest.fixture(scope="module")
def problem():
    problem = DigitsNetwork()
    problem.setup(pt.Context(None, 0))
    return problem


def evaluate(problem, seed, **changes):
    """Objectives and what is logged, without the seconds, which nothing repeats."""
    ctx = pt.Context(0, seed)
    values = problem.evaluate({**SMALL, **changes}, ctx)
    return values, {key: value for key, value in ctx.extra.items() if key != "seconds"}


def trained(problem, seed, **changes):
    network = problem.build({**SMALL, **changes}, seed)
    problem.train(network, pt.Context(0, seed))
    return network


def test_the_candidate_is_one_of_the_space():
    codes = DigitsNetwork.space.row(SMALL)
    assert DigitsNetwork.space.candidate(codes) == SMALL


def test_same_seed_gives_the_same_bits(problem):
    assert evaluate(problem, 7) == evaluate(problem, 7)


def test_another_seed_gives_another_network(problem):
    first, again, other = (trained(problem, seed).coefs_[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_another_process_with_other_threads_gives_the_same_bits(problem):
    code = f"""
        import paretide as pt
        from paretide.problems.training.digits import DigitsNetwork
        problem, ctx = DigitsNetwork(), pt.Context(99, 7)
        problem.setup(pt.Context(None, 5))
        print(repr((problem.evaluate({SMALL!r}, ctx), {{"test_error": ctx.extra["test_error"]}})))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == repr(evaluate(problem, 7))


def test_objectives_are_what_is_returned_and_the_rest_is_only_logged(problem):
    ctx = pt.Context(0, 3)
    values = problem.evaluate(SMALL, ctx)
    assert list(values) == list(problem.objectives) == ["error", "parameters"]
    assert read_definition(problem).read_values(values)[0].shape == (2,)
    assert list(ctx.extra) == ["test_error", "seconds"]


def test_errors_are_percent_of_the_right_part(problem):
    network = trained(problem, 3)
    values, logged = evaluate(problem, 3)
    for percent, part in (
        (values["error"], problem.validation),
        (logged["test_error"], problem.test),
    ):
        accuracy = network.score(part.images, part.labels)
        assert percent == pytest.approx(100 * (1 - accuracy))
        assert 0 < percent < 60


@pytest.mark.parametrize(("depth", "width"), [(1, 2), (1, 64), (2, 5), (3, 17)])
def test_parameters_are_the_weights_of_the_network(problem, depth, width):
    x = {**SMALL, "depth": depth, "width": width}
    network = trained(problem, 0, depth=depth, width=width)
    assert problem.parameters(x) == sum(w.size for w in network.coefs_ + network.intercepts_)


def test_parts_are_disjoint_and_together_everything(problem):
    images, labels = problem.load()
    numbered = np.arange(len(labels), dtype=np.float64)[:, None]  # in place of the images
    parts = problem.split(numbered, labels)
    values = np.concatenate([part.images[:, 0] for part in parts])
    assert len(np.unique(values)) == len(values) == len(images) == 1797


def test_parts_are_stratified_and_fixed(problem):
    _, labels = problem.load()
    parts = (problem.training, problem.validation, problem.test)
    assert [len(part.labels) for part in parts] == [898, 449, 450]
    shares = np.bincount(labels) / len(labels)
    for part in parts:
        expected = shares * len(part.labels)
        assert np.abs(np.bincount(part.labels, minlength=10) - expected).max() <= 1.5
    other = DigitsNetwork()
    other.setup(pt.Context(None, 12345))
    np.testing.assert_array_equal(other.training.images, problem.training.images)
    np.testing.assert_array_equal(other.test.labels, problem.test.labels)


def test_standardized_by_the_training_part(problem):
    images = problem.training.images
    np.testing.assert_allclose(images.mean(axis=0), 0, atol=1e-12)
    deviation = images.std(axis=0)
    np.testing.assert_allclose(deviation[deviation > 0], 1)
    assert np.abs(problem.test.images.mean(axis=0)).max() > 0


def test_no_warning_escapes_and_none_is_silenced_for_good(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        evaluate(problem, 1)
        assert list(warnings.filters) == before


def test_the_validation_part_alone_decides(problem):
    """What is selected by does not change with the test part."""

    class Blind(DigitsNetwork):
        def split(self, images, labels):
            training, validation, test = super().split(images, labels)
            return training, validation, digits.Part(test.images * 0, test.labels)

    blind = Blind()
    blind.setup(pt.Context(None, 0))
    assert evaluate(blind, 7)[0] == evaluate(problem, 7)[0]
    assert evaluate(blind, 7)[1] != evaluate(problem, 7)[1]


def test_the_validation_error_is_reported_after_every_epoch(problem):
    ctx = pt.Context(0, 3)
    values = problem.evaluate({**SMALL, "epochs": 6}, ctx)
    assert [report["step"] for report in ctx.reports] == [1, 2, 3, 4, 5, 6]
    assert ctx.reports[-1]["error"] == values["error"] < ctx.reports[0]["error"]
    early = pt.Context(0, 3)  # the first epochs are the same however many follow
    problem.evaluate({**SMALL, "epochs": 4}, early)
    assert early.reports == ctx.reports[:4]


def test_it_stops_when_a_report_says_so_and_returns_what_it_has(problem):
    late = pt.Context(0, 3, deadline=time.monotonic() - 1)
    values = problem.evaluate({**SMALL, "epochs": 6}, late)
    assert [report["step"] for report in late.reports] == [1]
    assert values["error"] == late.reports[0]["error"]

    class StopsAtThree(pt.Context):
        def report(self, step, **objectives):
            super().report(step, **objectives)
            return step == 3

    ctx = StopsAtThree(0, 3)
    values = problem.evaluate({**SMALL, "epochs": 6}, ctx)
    assert values["error"] == evaluate(problem, 3, epochs=3)[0]["error"]
    assert ctx.extra["test_error"] == evaluate(problem, 3, epochs=3)[1]["test_error"]


def test_every_epoch_goes_through_all_images_in_an_order_of_its_own():
    class Recording:
        max_iter = 3

        def __init__(self):
            self.orders = []

        def partial_fit(self, images, labels, classes):
            np.testing.assert_array_equal(images[:, 0], labels)
            self.orders.append(labels.tolist())

        def predict(self, images):
            return np.zeros(len(images))

    problem = DigitsNetwork()
    rows = np.arange(50)
    problem.training = problem.validation = digits.Part(rows[:, None].astype(float), rows)
    first, again, other = Recording(), Recording(), Recording()
    for network, seed in ((first, 1), (again, 1), (other, 2)):
        problem.train(network, pt.Context(0, seed))
    assert all(sorted(order) == rows.tolist() for order in first.orders)
    assert len({tuple(order) for order in first.orders}) == 3
    assert first.orders == again.orders != other.orders


def test_seconds_are_those_of_training_alone(problem):
    class Slow(DigitsNetwork):
        def error(self, network, part):
            time.sleep(0.02)
            return super().error(network, part)

    slow = Slow()
    vars(slow).update(vars(problem))
    ctx = pt.Context(0, 3)
    began = time.perf_counter()
    slow.evaluate({**SMALL, "epochs": 6}, ctx)
    took = time.perf_counter() - began
    assert 0 < ctx.extra["seconds"] <= took - 8 * 0.02  # six reports, validation and test


def test_cost_counted_by_hand_without_any_data():
    assert DigitsNetwork().cost(SMALL) == 5 * (898 / 64 * 3 + 50)
    rng = np.random.default_rng(1)
    layout = DigitsNetwork.space.layout
    Z = rng.uniform(layout.lower, layout.upper, size=(50, DigitsNetwork.space.n_var))
    for row in DigitsNetwork.space.from_working(Z):
        x = DigitsNetwork.space.candidate(row)
        cost = DigitsNetwork().cost(x)
        assert 0 < cost < DigitsNetwork().cost({**x, "epochs": x["epochs"] + 1})
        assert cost < DigitsNetwork().cost({**x, "depth": x["depth"] + 1})
        assert cost > DigitsNetwork().cost({**x, "batch_size": 2 * x["batch_size"]})


def test_the_timed_network_has_its_seconds_as_an_objective(problem):
    timed = TimedDigitsNetwork()
    vars(timed).update(vars(problem))
    ctx = pt.Context(0, 7)
    values = timed.evaluate(SMALL, ctx)
    assert list(values) == list(timed.objectives) == ["error", "parameters", "seconds"]
    assert values["seconds"] == ctx.extra["seconds"] > 0
    del values["seconds"]
    assert values == evaluate(problem, 7)[0]
    assert "seconds" not in DigitsNetwork.objectives


def test_a_small_timed_run():
    result = pt.minimize(TimedDigitsNetwork(), pt.NSGA2(size=4), budget=8, seed=1)
    assert not result.run.failures()
    evaluations = result.run.evaluations
    seconds = [evaluations.extras[i]["seconds"] for i in evaluations.ids.tolist()]
    assert evaluations.F[:, 2].tolist() == seconds


def test_missing_scikit_learn_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without_sklearn(name, *args, **kwargs):
        if name.partition(".")[0] == "sklearn":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_sklearn)
    with pytest.raises(pt.errors.ConfigurationError, match=r"pip install 'paretide\[demo\]'"):
        DigitsNetwork().setup(pt.Context(None, 0))


def test_a_fresh_problem_travels():
    assert pickle.loads(pickle.dumps(DigitsNetwork())).objectives == DigitsNetwork.objectives


@pytest.mark.parametrize("mode", [{}, {"mode": "steady", "window": 3}])
def test_a_small_run_repeats_itself(mode):
    algorithm = pt.NSGA2(size=4, **mode)
    runs = [pt.minimize(DigitsNetwork(), algorithm, budget=8, seed=1) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].run.evaluations.F, runs[1].run.evaluations.F)
    assert not runs[0].run.failures()
