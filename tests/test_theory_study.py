"""The study of what theory promises: its short form, its arithmetic, and that it can be resumed."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from math import log
from pathlib import Path

import numpy as np
import pytest

import paretide as pt
from paretide.problems.pymoo_problem import get

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks" / "theory"
PICTURES = [
    f"theory-{part}.{kind}" for part in ("runtime", "continuous") for kind in ("png", "svg")
]

pytestmark = pytest.mark.study


def study(output, *options):
    """What it prints."""
    command = [sys.executable, FOLDER / "study.py", "--short", "--output", output, *options]
    environment = {**os.environ, "MPLCONFIGDIR": str(output)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def section(folder, name):
    """Rows of a table by their first cell, each a list of the others."""
    text = (folder / "tables.md").read_text()
    (table,) = re.findall(rf"^## {name}\n\n.+\n\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    assert all(len(line) == len(lines[0]) for line in lines)
    return lines[0], lines[2:]


def median(cell):
    """The number that a cell begins with."""
    return float(re.match(r"[\d .]+", cell)[0].replace(" ", ""))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a short study, and what it printed."""
    folder = tmp_path_factory.mktemp("study")
    return folder, study(folder)


@pytest.fixture
def module(monkeypatch):
    """Imports one of the study's modules, which no other test shall see."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module
    own = {path.stem for path in FOLDER.glob("*.py")}
    for name in (set(sys.modules) - before) & own:
        del sys.modules[name]


# -- what it finds ---------------------------------------------------------------------------------


def test_the_dynamic_population_is_faster(finished):
    head, body = section(finished[0], "runtime")
    assert head[1:] == ["n = 16", "n = 32", "n = 64"]
    medians = {name: [median(cell) for cell in cells] for name, *cells in body}
    assert medians["dynamic"][-1] < medians["dynamic, one tau"][-1] < medians["classic"][-1] / 3
    assert medians["concurrent"][-1] < medians["classic"][-1]
    assert not [cell for _, *cells in body for cell in cells if "not covered" in cell]


def test_its_runtime_grows_more_slowly(finished):
    _, body = section(finished[0], "exponents")
    exponents = {name: float(fitted) for name, fitted, *_ in body}
    assert exponents["dynamic"] < exponents["dynamic, one tau"] < exponents["classic"]
    assert exponents["concurrent"] < exponents["classic"]
    for _, fitted, interval, *_ in body:
        low, high = map(float, interval.split(" to "))
        assert low <= float(fitted) <= high


def test_the_speedup_is_that_of_the_medians(finished):
    _, runtimes = section(finished[0], "runtime")
    _, body = section(finished[0], "speedups")
    medians = {name: median(cells[-1]) for name, *cells in runtimes}
    for name, *cells in body:
        assert median(cells[-1]) == pytest.approx(medians["classic"] / medians[name], rel=0.02)


def test_current_crowding_distance_needs_no_larger_population_than_the_front(finished):
    _, body = section(finished[0], "edge")
    assert {name: covered for _, _, name, covered, _ in body} == {
        "current": "3 of 3",
        "once": "0 of 3",
    }


def test_truthful_distances_and_balanced_ties_cover_four_objectives(finished):
    _, body = section(finished[0], "many")
    assert {(size, crowding, ties): covered for _, _, size, crowding, ties, covered, _ in body} == {
        ("25", "once", "random"): "0 of 3",
        ("25", "current", "random"): "0 of 3",
        ("25", "truthful", "random"): "3 of 3",
        ("50", "current", "random"): "0 of 3",
        ("50", "current", "balanced"): "3 of 3",
    }


def test_other_problems_are_covered(finished):
    _, body = section(finished[0], "others")
    assert len(body) == 6
    assert not [row for row in body if "not covered" in row[2]]


def test_hypervolumes_are_shares_of_the_best(finished):
    _, ((problem, *shares, classic, _),) = section(finished[0], "continuous")
    assert problem == "zdt3"
    early, dynamic, late = map(float, shares)
    assert 0.9 < early < late < 1.01
    assert 0.5 < dynamic < 1.01
    assert 0 < median(classic) <= 25_000
    _, body = section(finished[0], "segments")
    assert [row[:3] for row in body if row[0] == "classic"] == [
        ["classic", mark, "0 of 1"] for mark in ("12 000", "25 000", "50 000")
    ]


def test_pictures_are_drawn(finished):
    for name in PICTURES:
        text = (finished[0] / name).read_bytes()
        assert text.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml"), name
        assert len(text) > 10_000, name


# -- it goes on where it was -----------------------------------------------------------------------


def test_what_is_there_is_not_run_again(finished):
    folder, printed = finished
    (total,) = re.findall(r"^(\d+) cells, \1 to run$", printed, flags=re.MULTILINE)
    kept = {name: (folder / name).read_bytes() for name in ("cells.jsonl", "tables.md", *PICTURES)}
    assert kept["cells.jsonl"].count(b"\n") == int(total)
    assert f"{total} cells, 0 to run" in study(folder)
    for name, content in kept.items():
        if not name.endswith("png"):  # which says the version of what drew it
            assert (folder / name).read_bytes() == content, name


def test_after_a_kill_only_what_is_missing_is_run(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    path = tmp_path / "cells.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    light = [line for line in lines if json.loads(line)["part"] == "many"]
    gone = light[:3]
    path.write_bytes(b"".join(line for line in lines if line not in gone) + gone[0][:40])
    assert f"{len(lines)} cells, 3 to run" in study(tmp_path)
    assert (tmp_path / "tables.md").read_bytes() == (finished[0] / "tables.md").read_bytes()


@pytest.mark.ray
def test_ray_finds_the_same(finished, tmp_path):
    study(tmp_path, "--ray", "--parts", "many")
    assert section(tmp_path, "many") == section(finished[0], "many")


# -- arithmetic ------------------------------------------------------------------------------------


def test_growth_of_a_power_law(module):
    estimates = module("estimates")
    rng = np.random.default_rng(1)
    samples = {n: list(3 * n**1.7 * rng.lognormal(0, 0.1, 20)) for n in (50, 100, 200, 400)}
    exact = estimates.exponent(sorted(samples), [3 * n**1.7 for n in sorted(samples)])
    assert exact == pytest.approx(1.7)
    fitted, (low, high) = estimates.growth(samples, rng)
    assert low < fitted < high
    assert low < 1.7 < high
    assert high - low < 0.2


def test_intervals_hold_the_truth_as_often_as_they_say(module):
    estimates, rng, held = module("estimates"), np.random.default_rng(2), 0
    for _ in range(60):
        above, below = rng.lognormal(log(6), 0.3, 20), rng.lognormal(log(2), 0.3, 20)
        _, (low, high) = estimates.ratio(above, below, rng)
        held += low < 3 < high
    assert 53 <= held <= 60  # 57 expected


def test_lost_segments(module):
    running = module("running")
    f1 = np.concatenate([np.linspace(a, b, 9)[1:-1] for a, b in running.SEGMENTS])
    front = np.stack([f1, 1 - np.sqrt(f1) - f1 * np.sin(10 * np.pi * f1)], axis=1)
    assert running.lost_segments(front) == 0
    assert running.lost_segments(front[f1 < 0.6]) == 2
    assert running.lost_segments(front + np.array([0, 0.03])) == 5
    assert running.lost_segments(front[:0]) == 5


def test_fronts_are_pymoos(module):
    running, cells = module("running"), module("cells")
    assert set(running.FRONTS) == set(cells.CONTINUOUS)
    for name, (ideal, nadir) in running.FRONTS.items():
        assert np.allclose(running.reference(name), np.array(nadir) * 1.1 - np.array(ideal) * 0.1)
        if name != "wfg4":  # of which pymoo draws points at random
            front = get(name, **cells.CONTINUOUS[name]).problem.pareto_front()
            assert np.allclose([front.min(axis=0), front.max(axis=0)], [ideal, nadir], atol=1e-5)


@pytest.mark.parametrize("name", ["classic", "dynamic"])
def test_a_runtime_is_that_of_a_run_that_ends_when_the_front_is_covered(module, name):
    cells, running = module("cells"), module("running")
    (cell,) = (c for c in cells.runtime((12,), 3, 0) if c.algorithm == name and c.seed == 2)
    row = running.run(cell)
    problem = pt.OneMinMax(12)
    result = pt.minimize(
        problem, cell.specification, budget=cell.budget, seed=2, stop=pt.FrontCovered(problem)
    )
    assert row["covered"]
    assert row["evaluations"] == len(result.run.evaluations)


def test_runs_side_by_side_stop_when_one_of_them_covers_the_front(module):
    cells, running = module("cells"), module("running")
    (cell,) = (c for c in cells.runtime((12,), 0, 1) if c.algorithm == "concurrent")
    row = running.run(cell)
    problem = cell.instance()
    machine = cell.specification.start(problem, seed=0, budget=cell.budget)
    covering = []
    while machine.evaluations < row["evaluations"]:
        batch = machine.ask()
        machine.tell(batch, F=problem.evaluate_batch(batch.X))
        covering.append(any(problem.front_covered(p.F) for p in machine.populations if len(p)))
    assert covering == [False] * (len(covering) - 1) + [True]


def test_a_change_of_settings_makes_another_cell(module):
    cells = module("cells")
    keys = {cells.key(c.identity()) for c in cells.study(cells.PARTS, (16, 32), 2, short=True)}
    assert len(keys) == len(cells.study(cells.PARTS, (16, 32), 2, short=True))
    (old, new) = (
        cells.Cell("edge", "OneMinMax", {"n": 9}, "x", cells.dynamic(10, tau=tau), 1, 50, 1.0)
        for tau in (5, 6)
    )
    assert cells.key(old.identity()) != cells.key(new.identity())
