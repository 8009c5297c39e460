"""Files of every schema version are still read: there is one of each, with its journal."""

import shutil
from pathlib import Path

import pytest

import paretide as pt

ASSETS = Path(__file__).parent.parent / "assets"
VERSIONS = sorted(path.stem for path in ASSETS.glob("*.h5"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_of_every_schema_version_is_read(version, tmp_path):
    name = f"{version}.h5"
    for file in (name, f"{name}.journal"):
        shutil.copy(ASSETS / file, tmp_path)
    run = pt.open_run(tmp_path / name)
    everything = run.evaluations
    assert everything.ids.tolist() == list(range(27))
    assert everything.failures.keys() == {9, 19}
    assert everything.failures[9].reason == "ValueError: every tenth"
    assert everything.operator[:2].tolist() == ["initial", "sample"]
    assert run.definition.space.candidate(everything.X[0]) == {
        "rate": 0.01, "width": 8, "kind": "b", "flag": True, "step": 32,
    }  # fmt: skip
    assert everything.F[0].tolist() == [0.5 * 8 + 2, pytest.approx(1.0474415)]
    assert everything.extras[0] == {"twice": 16, "kind": "b"}
    assert (everything.parents[:10] == -1).all()
    assert (everything.parents[10:] >= 0).all()
    assert len(run.populations) == 2
    assert (run.stopped_by, run.specification["budget"]) == ("", 40)
    assert len(run.front()) > 0
