"""A cluster that loses actors and nodes while it evaluates; the long form is in the helper."""

import subprocess
import sys
from pathlib import Path

import pytest

CHAOS = Path(__file__).parent.parent / "helpers" / "chaos.py"


@pytest.mark.ray
@pytest.mark.parametrize("mode", [[], ["--steady"]], ids=["generational", "steady"])
def test_a_cluster_under_attack_loses_nothing_and_changes_no_bit(mode):
    pytest.importorskip("ray")
    done = subprocess.run(
        [sys.executable, str(CHAOS), "--evaluations", "120", "--timeout", "2", *mode],
        check=False, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert "120 evaluations" in done.stdout
    assert "different: nothing" in done.stdout
