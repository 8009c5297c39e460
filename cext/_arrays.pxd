"""Arrays by pointer. To acquire a memoryview costs as much as a small kernel takes."""

cimport numpy as cnp


cdef inline bint is_plain(object array, int dtype, int ndim) noexcept:
    """True of what a kernel can read as it is: native, aligned, C-contiguous, of this NPY dtype."""
    return (
        type(array) is cnp.ndarray
        and cnp.PyArray_TYPE(array) == dtype
        and cnp.PyArray_NDIM(array) == ndim
        and cnp.PyArray_ISCARRAY_RO(array)
    )


cdef inline cnp.ndarray new_vector(cnp.npy_intp n, int dtype):
    return cnp.PyArray_SimpleNew(1, &n, dtype)


cdef inline cnp.ndarray new_matrix(cnp.npy_intp n, cnp.npy_intp m, int dtype):
    cdef cnp.npy_intp[2] shape
    shape[0], shape[1] = n, m
    return cnp.PyArray_SimpleNew(2, shape, dtype)
