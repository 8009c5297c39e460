"""A run with an executor of one's own is killed, and goes on with it to the same bits."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import toy
from threads import Threads
from torture import ENVIRONMENT, evaluations_in

import paretide as pt

RUN = """
import sys, toy, paretide as pt
from threads import Threads
if __name__ == "__main__":
    pt.minimize(toy.Slow(), pt.NSGA2(size=20{mode}), budget={budget}, seed=3, store=sys.argv[1],
                executor=Threads(workers=3))
"""


@pytest.mark.parametrize("mode", ["", ", mode='steady', window=8"])
def test_killed_in_threads_it_goes_on_in_threads_to_the_same_bits(mode, tmp_path):
    script, path = tmp_path / "run.py", tmp_path / "run.h5"
    script.write_text(RUN.format(mode=mode, budget=2000))
    process = subprocess.Popen([sys.executable, str(script), str(path)], env=ENVIRONMENT)
    while evaluations_in(path) < 100:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    found = evaluations_in(path)
    assert 100 <= found < 2000
    # Killed in the middle, it ends in the middle, too.
    result = pt.resume(path, executor=Threads(workers=2), stop=pt.MaxEvaluations(found + 100))
    algorithm = eval(f"pt.NSGA2(size=20{mode})")
    whole = pt.minimize(
        toy.Slow(), algorithm, budget=2000, seed=3, stop=pt.MaxEvaluations(found + 100)
    )
    # It ends after a generation; who has finished by then and waits for its turn, workers decide.
    told = -(-(found + 100) // 20) * 20
    assert len(result.run.populations) == len(whole.run.populations)
    everything = [r.run.as_told for r in (result, whole)]
    waits = [dict(zip(e.ids[told:].tolist(), e.X[told:].tolist(), strict=True)) for e in everything]
    assert all(waits[0][id] == waits[1][id] for id in waits[0].keys() & waits[1].keys())
    ours, theirs = (e.take(np.arange(told)) for e in everything)
    order = np.argsort(ours.ids), np.argsort(theirs.ids)
    for name in ("ids", "X", "F"):
        mine, other = getattr(ours, name)[order[0]], getattr(theirs, name)[order[1]]
        assert mine.tobytes() == other.tobytes()
    assert result.population.ids.tolist() == whole.population.ids.tolist()


def test_it_is_written_in_forty_lines_without_a_private_name():
    source = Path(sys.modules["threads"].__file__).read_text(encoding="utf-8")
    _, _, body = source.partition("@dataclass")
    assert len([line for line in body.splitlines() if line.strip()]) < 40
    assert "pt._" not in source
    assert "._" not in source
    assert "paretide." not in source
