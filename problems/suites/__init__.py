"""Benchmark problems with known fronts."""
