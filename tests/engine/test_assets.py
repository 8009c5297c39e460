"""Runs of every schema version are read for ever, and go on while the rules are theirs.

There is one in generations, one in steady state, with outcomes that wait and known ones, and one of
several runs side by side, each with its journal.
"""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import toy
from commands import paretide

import paretide as pt
from paretide.engine.runs.replay import replay
from paretide.engine.runs.rules import RULES
from paretide.engine.store.image import read_image
from paretide.engine.store.stamp import SCHEMA_VERSION, read_stamp

ABSOLUTE = re.compile(rb"(?<![\w:/.<])(?:[A-Z]:[\\/]|/)\w[\w.-]*[/\\]\w|\bC:")
"""The beginning of a path on some machine."""

ASSETS = Path(__file__).parent.parent / "assets"
ALL = sorted(path.stem for path in ASSETS.glob("*.h5"))
GENERATIONAL = [name for name in ALL if "-" not in name]
OTHERS = [name for name in ALL if "-" in name]
OF_PRESENT_RULES = [name for name in ALL if name.startswith(f"schema{SCHEMA_VERSION}")]
OF_OLDER_RULES = [name for name in ALL if name not in OF_PRESENT_RULES]
every_run = pytest.mark.parametrize("name", ALL)


class Mixed(toy.Mixed):
    """As the runs that are not in generations had it, without what failed."""

    def cost(self, x):
        return 1 + x["width"]


def problem_of(name):
    return Mixed(scale=0.5) if "-" in name else toy.Mixed(scale=0.5)


@pytest.fixture
def asset(name, tmp_path):
    """A copy of a run and its journal."""
    for file in (f"{name}.h5", f"{name}.h5.journal"):
        shutil.copy(ASSETS / file, tmp_path)
    return tmp_path / f"{name}.h5"


@pytest.mark.parametrize("name", GENERATIONAL)
def test_a_run_in_generations_is_read(asset):
    run = pt.open_run(asset)
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


@pytest.mark.parametrize("name", OTHERS)
def test_a_run_that_is_not_in_generations_is_read(asset, name):
    image, run = read_image(asset), pt.open_run(asset)
    assert len(image.waiting)
    assert len(image.known) == 25  # those of the first that have outcomes
    assert sorted(run.evaluations.ids.tolist()) == list(range(35))
    assert run.evaluations.failures.keys() == {9, 19, 29}
    assert (run.stopped_by, run.specification["budget"]) == ("", 40)
    assert len(run.front()) > 0
    steady = name.endswith("steady")
    assert run.specification["algorithm"]["name"] == ("nsga2" if steady else "concurrent-dnsga2")
    if not steady:
        assert len(run.concurrent_runs()) > 1


@every_run
def test_the_command_line_reads_it(asset, name, tmp_path):
    told = 27 if name in GENERATIONAL else 35
    for command, *options in (["verify"], ["show"], ["export", "--to", "csv"]):
        done = paretide(command, asset.name, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"{told} of 40" in done.stdout or f"{told} evaluations" in done.stdout


@every_run
def test_others_begin_with_it(asset, name):
    for options in ({"initial": asset}, {"cache": asset}, {"initial": pt.open_run(asset)}):
        result = pt.minimize(problem_of(name), pt.NSGA2(size=20), budget=40, seed=1, **options)
        assert len(result.run.evaluations) == 40


@pytest.mark.parametrize("name", OF_OLDER_RULES)
def test_a_run_of_older_rules_is_refused_and_left_as_it_is(asset, name):
    before = {path: path.read_bytes() for path in asset.parent.iterdir()}
    with pytest.raises(pt.errors.StoreVersion, match="--initial"):
        pt.resume(asset, problem=problem_of(name), budget=20)
    with pytest.raises(pt.errors.StoreVersion, match="by rules 1"):
        replay(pt.open_run(asset), problem=problem_of(name))
    lock = asset.with_name(f"{asset.name}.lock")
    after = {path: path.read_bytes() for path in asset.parent.iterdir() if path != lock}
    assert after == before


@pytest.mark.parametrize("name", OF_PRESENT_RULES)
def test_it_is_replayed_and_goes_on_by_its_rules(asset, name):
    stored = pt.open_run(asset)
    assert stored.specification["rules"] == RULES
    replay(stored, problem=problem_of(name))
    resumed = pt.resume(asset, problem=problem_of(name), budget=20)
    assert len(resumed.run.evaluations) == 60
    sealed = pt.open_run(asset)
    assert sealed.evaluations.F.tobytes() == resumed.run.evaluations.F.tobytes()
    assert read_stamp(asset).schema == SCHEMA_VERSION
    rows = np.argsort(sealed.evaluations.ids)[: len(stored.evaluations)]
    before = stored.evaluations.take(np.argsort(stored.evaluations.ids))
    assert sealed.evaluations.X[rows].tobytes() == before.X.tobytes()
    replay(sealed, problem=problem_of(name))


@pytest.mark.parametrize("name", OF_PRESENT_RULES)
def test_it_is_taken_for_the_run_that_is_asked_for(asset, name):
    algorithm = {
        "steady": pt.NSGA2(size=10, mode="steady", window=6),
        "concurrent": pt.ConcurrentDynamicNSGA2(start=4, max_size=8, base=4),
    }.get(name.partition("-")[2], pt.NSGA2(size=10))
    begin = [{"rate": 0.01, "width": 8, "kind": "b", "flag": True, "step": 32}]
    result = pt.minimize(
        problem_of(name), algorithm, budget=45 if "-" in name else 40, seed=3, store=asset,
        or_resume=True, initial=begin, cache="-" in name,
    )  # fmt: skip
    assert len(result.run.evaluations) == (45 if "-" in name else 40)


def test_there_are_runs_of_every_schema_version_and_none_names_a_machine():
    kinds = ("", "-concurrent", "-steady")
    assert [f"schema{v}{kind}" for v in range(1, SCHEMA_VERSION + 1) for kind in kinds] == ALL
    for file in ASSETS.glob("*.h5*"):
        found = ABSOLUTE.findall(file.read_bytes())
        assert not found, file
