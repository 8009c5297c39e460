"""Whole runs stay what they were: to the bit on one platform, nearly so elsewhere."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from paretide.engine.kinds import own_names
from paretide.engine.runs.manifest import ALGORITHM

spec = importlib.util.spec_from_file_location("runs", Path(__file__).with_name("runs.py"))
runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runs)

STORED = json.loads(runs.FILE.read_text())


@pytest.mark.parametrize("name", list(STORED["runs"]))
def test_a_golden_run_is_what_it_was(name):
    algorithm, problem = name.split("/")
    found = runs.figures(runs.PROBLEMS[problem], runs.ALGORITHMS[algorithm])
    expected = STORED["runs"][name]
    assert np.allclose(found["first"], expected["first"])
    if STORED["platform"] == runs.platform_name():
        assert found["sha256"] == expected["sha256"]
        assert found["mean"] == expected["mean"]
    else:  # one bit of a logarithm sends a run elsewhere, but not far
        spread = np.abs(expected["mean"]) + 1
        assert (np.abs(np.subtract(found["best"], expected["best"])) < 0.5 * spread).all()


def test_every_algorithm_has_a_golden_run_and_every_golden_run_an_algorithm():
    golden = {runs.ALGORITHMS[name.split("/")[0]].name for name in STORED["runs"]}
    assert golden == set(own_names(ALGORITHM))
    assert set(STORED["runs"]) == {f"{a}/{p}" for a in runs.ALGORITHMS for p in runs.PROBLEMS}
