"""Small networks for handwritten digits: fewer errors against fewer parameters.

One evaluation trains one of scikit-learn's ``MLPClassifier`` on its digits, 1 797 real images of
8 x 8 pixels that come with the package; nothing is downloaded. It takes about a tenth of a second.

The images are split once and for all, by class: the network learns from the training part, the
search sees the error on the validation part, and the error on the test part is only logged. A
search over many candidates fits the validation part too, so the test error is the one to report.

Source: E. Alpaydin and C. Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, of which scikit-learn ships the test part.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import ConfigurationError
from ...typing import FloatArray, IntArray
from ..context import Context
from ..problem import Problem
from ..space import Space
from ..variables import Choice, Float, Int, Ordinal

SPLIT_SEED = 20260
"""Shuffles the images before they are split; the same for every run and every candidate."""

VALIDATION_SHARE, TEST_SHARE = 0.25, 0.25
"""Of the images; the network learns from the rest."""

TRAINING_IMAGES, PIXELS, CLASSES = 898, 64, 10

PASSES_PER_EPOCH = 50
"""What an epoch costs beside its mini-batches, in passes of one of them through one layer."""


@dataclass(frozen=True)
class Part:
    """Labelled images: ``images`` (n, 64) float64, standardized; ``labels`` (n,) int64, 0 to 9."""

    images: FloatArray
    labels: IntArray


class DigitsNetwork(Problem):
    """How a network with one to three hidden layers, all as wide, is built and trained.

    ==============  ======================================  ====================================
    objective       what it is                              unit
    ==============  ======================================  ====================================
    ``error``       wrong on the validation part, min       percent of its 449 images
    ``parameters``  weights and biases, min                 number
    ==============  ======================================  ====================================

    Logged beside them: ``test_error``, in percent of the 450 test images, and the ``seconds`` that
    training took. After every epoch the validation error is reported; where a report says that it
    is time to stop, the network is what it has become by then.

    The initial weights and the order of the mini-batches are drawn from ``ctx.seed``, and the
    linear algebra runs in one thread: on one platform the same candidate and seed give the same
    bits in any process. Only ``seconds`` are never twice the same.

    For other data or networks override one of the small methods: ``load``, ``split``, ``build``,
    ``train``.

    Attributes:
        training, validation, test: The three parts; there after ``setup``.
    """

    space = Space(
        learning_rate=Float(5e-4, 5e-2, log=True),
        depth=Int(1, 3),
        width=Int(2, 64, log=True),
        activation=Choice(["relu", "tanh", "logistic"]),
        alpha=Float(1e-6, 1.0, log=True),
        batch_size=Ordinal([32, 64, 128, 256]),
        epochs=Int(4, 20),
    )
    objectives = {"error": "min", "parameters": "min"}

    training: Part
    validation: Part
    test: Part

    def setup(self, ctx: Context) -> None:
        """Load and split the images, once per worker.

        Raises ConfigurationError if scikit-learn is not installed.
        """
        try:
            images, labels = self.load()
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "sklearn":
                raise
            raise ConfigurationError(
                f"{type(self).__name__} trains networks of scikit-learn, which is not installed "
                "here: pip install 'paretide[demo]'"
            ) from error
        self.training, self.validation, self.test = self.split(images, labels)

    def evaluate(self, x: Mapping[str, Any], ctx: Context) -> dict[str, float]:
        """Train one network; returns its validation error in percent and its size."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            network = self.build(x, ctx.seed)
            seconds = self.train(network, ctx)
            ctx.log(test_error=self.error(network, self.test), seconds=seconds)
            error = self.error(network, self.validation)
        return {"error": error, "parameters": float(self.parameters(x))}

    def load(self) -> tuple[FloatArray, IntArray]:
        """All images (1797, 64) float64, pixels from 0 to 16, and labels (1797,) int64."""
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return images.astype(np.float64), labels.astype(np.int64)

    def split(self, images: FloatArray, labels: IntArray) -> tuple[Part, Part, Part]:
        """Training, validation and test part; each class has the same share in all of them.

        The pixels are standardized by the mean and the deviation that they have in the training
        part.
        """
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler

        rows = np.arange(len(labels))
        held_out = VALIDATION_SHARE + TEST_SHARE
        training, rest = train_test_split(
            rows, test_size=held_out, stratify=labels, random_state=SPLIT_SEED
        )
        validation, test = train_test_split(
            rest, test_size=TEST_SHARE / held_out, stratify=labels[rest], random_state=SPLIT_SEED
        )
        scaler = StandardScaler().fit(images[training])
        first, second, third = (
            Part(scaler.transform(images[part]), labels[part])
            for part in (training, validation, test)
        )
        return first, second, third

    def widths(self, x: Mapping[str, Any]) -> tuple[int, ...]:
        """Of a candidate's hidden layers, from the first to the last."""
        return (int(x["width"]),) * int(x["depth"])

    def parameters(self, x: Mapping[str, Any]) -> int:
        """Weights and biases of a candidate's network."""
        sizes = (PIXELS, *self.widths(x), CLASSES)
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(sizes))

    def cost(self, x: Mapping[str, Any]) -> float:
        """How long a candidate takes, estimated, in passes of one mini-batch through one layer.

        Such small networks spend their time on calls, not on the arithmetic in them: on 120 random
        candidates this has a rank correlation of 0.96 with the seconds measured, parameters times
        epochs one of 0.40.
        """
        passes = TRAINING_IMAGES / x["batch_size"] * (x["depth"] + 1)
        return float(x["epochs"] * (passes + PASSES_PER_EPOCH))

    def build(self, x: Mapping[str, Any], seed: int) -> Any:
        """The untrained ``MLPClassifier`` of a candidate; ``max_iter`` is the number of epochs."""
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(
            hidden_layer_sizes=self.widths(x),
            activation=x["activation"],
            alpha=x["alpha"],
            batch_size=x["batch_size"],
            learning_rate_init=x["learning_rate"],
            max_iter=x["epochs"],
            n_iter_no_change=x["epochs"],  # all of them: it is the search that decides how many
            shuffle=False,  # that is for ``train``; scikit-learn's takes a fifth of the time
            random_state=seed,
        )

    def train(self, network: Any, ctx: Context) -> float:
        """Fit a network to the training part, epoch by epoch, in place; the seconds it took.

        Reports the validation error after every epoch; it does not count as training.
        """
        images, labels = self.training.images, self.training.labels
        rng = np.random.default_rng(ctx.seed)
        seconds = 0.0
        for epoch in range(1, network.max_iter + 1):
            began = time.perf_counter()
            order = rng.permutation(len(labels))
            network.partial_fit(images[order], labels[order], classes=np.arange(CLASSES))
            seconds += time.perf_counter() - began
            if ctx.report(epoch, error=self.error(network, self.validation)):
                break
        return seconds

    def error(self, network: Any, part: Part) -> float:
        """Percent of the images of a part that a trained network gets wrong."""
        wrong = np.count_nonzero(network.predict(part.images) != part.labels)
        return 100.0 * wrong / len(part.labels)


class TimedDigitsNetwork(DigitsNetwork):
    """The same with a third objective: the seconds that training took, min.

    Wall-clock time depends on the machine, on what else it does, and on chance. A run of this
    problem is not repeated bit by bit by the same seed, and candidates that were timed on unlike
    machines are compared unfairly. An interrupted run goes on from the seconds that were stored.
    """

    objectives = {"error": "min", "parameters": "min", "seconds": "min"}

    def evaluate(self, x: Mapping[str, Any], ctx: Context) -> dict[str, float]:
        """Train one network; its validation error in percent, its size, its training seconds."""
        values = super().evaluate(x, ctx)
        return {**values, "seconds": ctx.extra["seconds"]}
