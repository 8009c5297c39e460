"""Where every random number comes from: the run's seed, and what it is for.

A generator's key says what it is for, so no stream depends on how much another one was used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import whole_number
from ..errors import ConfigurationError

VARIATION, SURVIVAL, EVALUATION, SETUP, SCREENING = range(5)


def check_seed(seed: int | None) -> int:
    """``seed``, or a fresh one for None; raises ConfigurationError unless it is an int >= 0."""
    if seed is None:
        return int(np.random.SeedSequence().generate_state(2, np.uint32).view(np.uint64)[0] >> 1)
    number = whole_number("seed", seed)
    if not 0 <= number < 2**63:
        raise ConfigurationError(f"seed must be a whole number from 0 to 2**63 - 1, got {seed!r}")
    return number


def generator(seed: int, *purpose: int) -> np.random.Generator:
    """The generator of a purpose, and of one of several things that serve it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=purpose)))


def evaluation_seed(seed: int, id: int) -> int:
    """``ctx.seed`` of a candidate, below 2**32."""
    return int(np.random.SeedSequence(seed, spawn_key=(EVALUATION, id)).generate_state(1)[0])


def setup_seed(seed: int) -> int:
    """``ctx.seed`` in ``setup``, below 2**32, the same in every worker."""
    return int(np.random.SeedSequence(seed, spawn_key=(SETUP,)).generate_state(1)[0])


def state_of(rng: np.random.Generator) -> dict[str, Any]:
    """The state of a PCG64 generator as JSON (its integers have 128 bits)."""
    return dict(rng.bit_generator.state)


def restored(state: dict[str, Any]) -> np.random.Generator:
    """A PCG64 generator in this state."""
    bits = np.random.PCG64(0)
    bits.state = state  # type: ignore[assignment]  # a TypedDict in NumPy, JSON here
    return np.random.Generator(bits)
