"""The digits job: the same bits for the same seed, honest splits, true sizes."""

import builtins
import pickle
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

import paretide as pt

pytest.importorskip("sklearn")

from paretide.problems.definition import read_definition
from paretide.problems.training import digits
from paretide.problems.training.digits import DigitsNetwork

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
    ctx = pt.Context(0, seed)
    return problem.evaluate({**SMALL, **changes}, ctx), ctx.extra


def test_the_candidate_is_one_of_the_space():
    codes = DigitsNetwork.space.encode(SMALL)
    assert DigitsNetwork.space.candidate(codes) == SMALL


def test_same_seed_gives_the_same_bits(problem):
    assert evaluate(problem, 7) == evaluate(problem, 7)


def test_another_seed_gives_another_network(problem):
    networks = [problem.build(SMALL, seed) for seed in (1, 1, 2)]
    for network in networks:
        problem.train(network)
    first, again, other = (network.coefs_[0] for network in networks)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_another_process_with_other_threads_gives_the_same_bits(problem):
    code = f"""
        import paretide as pt
        from paretide.problems.training.digits import DigitsNetwork
        problem, ctx = DigitsNetwork(), pt.Context(99, 7)
        problem.setup(pt.Context(None, 5))
        print(repr((problem.evaluate({SMALL!r}, ctx), ctx.extra)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == repr(evaluate(problem, 7))


def test_objectives_are_what_is_returned_and_the_test_error_is_only_logged(problem):
    values, logged = evaluate(problem, 3)
    assert list(values) == list(problem.objectives) == ["error", "parameters"]
    assert read_definition(problem).read_values(values)[0].shape == (2,)
    assert list(logged) == ["test_error"]


def test_errors_are_percent_of_the_right_part(problem):
    network = problem.build(SMALL, 3)
    problem.train(network)
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
    network = problem.build(x, 0)
    problem.train(network)
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


def test_a_small_run_repeats_itself():
    runs = [pt.minimize(DigitsNetwork(), pt.NSGA2(size=4), budget=8, seed=1) for _ in range(2)]
    np.testing.assert_array_equal(runs[0].run.evaluations.F, runs[1].run.evaluations.F)
    assert not runs[0].run.failures()
