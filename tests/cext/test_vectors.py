import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretide.cext import reference, vectors
from paretide.errors import ConfigurationError

CALLS = {
    "arange_int64": st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 9)),
    "full_float64": st.tuples(st.integers(0, 9), st.floats()),
    "full_int32": st.tuples(st.integers(0, 9), st.integers(-(2**31), 2**31 - 1)),
}


@given(st.data(), st.sampled_from(list(CALLS)))
def test_they_are_numpys(data, name):
    arguments = data.draw(CALLS[name])
    found, expected = (getattr(module, name)(*arguments) for module in (vectors, reference))
    assert found.dtype == expected.dtype
    assert not found.flags.writeable
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("arange_int64", (3, -1)), ("full_float64", (-1, 0.0)), ("full_int32", (-1, 0))],
)
def test_no_vector_has_a_negative_length(name, arguments):
    with pytest.raises(ConfigurationError, match="n must be"):
        getattr(vectors, name)(*arguments)


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(OverflowError):
        vectors.full_int32(2, 2**31)
    with pytest.raises(OverflowError):
        vectors.arange_int64(2**63, 2)
