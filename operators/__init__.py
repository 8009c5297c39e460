"""One step of evolution: pure functions of arrays and a ``numpy.random.Generator``."""
