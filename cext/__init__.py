"""The compiled core: arrays in, arrays out, no Python objects inside a loop, the GIL released.

Every kernel has an oracle of the same name in ``reference.py``. Inputs are never modified, may be
read-only or non-contiguous, and are finite: that is checked above this layer. Only ``incremental``
changes its arrays in place, which is what it is for.
"""

try:
    from . import (
        bit_flip,
        crowding,
        dominance,
        finite,
        gather,
        hash_set,
        incremental,
        polynomial_mutation,
        row_set,
        sbx,
        survival,
        tournament,
        truthful,
        uniform_crossover,
        variation,
        vectors,
    )
except ImportError as error:
    raise ImportError(
        "the compiled core is missing; install with pip install . (in a checkout: pip install -e .,"
        f" and after a change of a kernel: python setup.py build_ext --inplace) [{error}]"
    ) from error

__all__ = [
    "bit_flip",
    "crowding",
    "dominance",
    "finite",
    "gather",
    "hash_set",
    "incremental",
    "polynomial_mutation",
    "row_set",
    "sbx",
    "survival",
    "tournament",
    "truthful",
    "uniform_crossover",
    "variation",
    "vectors",
]
