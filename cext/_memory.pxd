"""Memory for one call, in C: ``_memory.h``."""

cdef extern from "_memory.h" nogil:
    ctypedef struct Memory:
        bint missing

    void open_memory(Memory *memory)
    void *take(Memory *memory, size_t count, size_t size)
    void give_back(Memory *memory)
