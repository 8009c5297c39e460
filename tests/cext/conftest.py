"""What every kernel promises, whatever it computes."""

import copy
import random

import numpy as np
import pytest


def _strided(argument):
    """Return the same values, none of them adjacent in memory."""
    if not isinstance(argument, np.ndarray):
        return argument
    spread = np.zeros(tuple(2 * size for size in argument.shape), argument.dtype)
    view = spread[tuple(slice(None, None, 2) for _ in argument.shape)]
    view[...] = argument
    return view


def _column_major(argument):
    return np.asfortranarray(argument) if isinstance(argument, np.ndarray) else argument


def _frozen(argument):
    if not isinstance(argument, np.ndarray):
        return argument
    frozen = argument.copy()
    frozen.setflags(write=False)
    return frozen


def _global_state():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 - it must not be touched
    return random.getstate(), name, keys.tobytes(), rest


@pytest.fixture(scope="session")
def call():
    """Call a kernel on frozen, strided and column-major arguments; they must all agree.

    A generator among the arguments is copied for every call, so that each sees the same stream.
    """

    def call(function, *arguments):
        before = _global_state()
        results = []
        for arrange in (_frozen, _strided, _column_major):
            given = [arrange(copy.deepcopy(a)) for a in arguments]
            results.append(function(*given))
            for was, now in zip(arguments, given, strict=True):
                if isinstance(was, np.ndarray):
                    np.testing.assert_array_equal(was, now)
                    # A result that shares memory with an input would be a trap for the caller.
                    assert not np.shares_memory(results[-1], now)
        assert _global_state() == before
        for other in results[1:]:
            assert results[0].tobytes() == other.tobytes()
        assert results[0].flags.writeable
        return results[0]

    return call
