"""One thread of linear algebra: two give sums in another order, and wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any


def single_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS uses one thread in this process; afterwards what it used before."""
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


@lru_cache(maxsize=1)
def _controller() -> Any:
    """Of the libraries of NumPy and SciPy, looked for once: that takes a millisecond."""
    import scipy.linalg  # noqa: F401, so that its library is there to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
