"""Real training jobs, each a problem to run, subclass or copy."""
