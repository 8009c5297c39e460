"""Runs: population, algorithms, executors, store, the run loop and its result."""
