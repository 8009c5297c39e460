"""PyTorch for the jobs here: an extra that may be missing, and the same bits in any process."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import ConfigurationError


def require_torch(what: str) -> Any:
    """The module ``torch``; ``what`` needs it, as the message says: "MixedPrecision".

    Raises ConfigurationError if PyTorch is not installed.
    """
    return require("torch", what)


def require(name: str, what: str) -> Any:
    """A module of the extra ``[torch]`` by its full name, imported when it is first needed.

    Raises ConfigurationError if the package that it belongs to is not installed. An installed
    package that lacks something itself raises its own ModuleNotFoundError.
    """
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ConfigurationError(
            f"{what} needs {package}, which is not installed here: pip install 'paretide[torch]'"
        ) from error


@contextmanager
def quiet_torch(seed: int | None = None) -> Iterator[Any]:
    """Compute with PyTorch on the CPU so that the same work gives the same bits in any process.

    Inside, operations run in one thread and by deterministic algorithms only; one that has none
    raises RuntimeError. If ``seed`` is given, the CPU's global generator starts from it. On exit
    all of that is as it was before, the generator's state too. These are settings of the process:
    not for several Python threads at a time.

    Yields the module ``torch``. Raises ConfigurationError if PyTorch is not installed.
    """
    torch = require_torch("This training job")
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    mode = torch.get_deterministic_debug_mode()  # use_deterministic_algorithms loads a compiler
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")
    try:
        if seed is not None:
            torch.default_generator.manual_seed(seed)  # torch.manual_seed moves the GPUs' as well
        yield torch
    finally:
        torch.set_rng_state(state)
        torch.set_deterministic_debug_mode(mode)
        torch.set_num_threads(threads)
