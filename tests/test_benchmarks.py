"""The benchmarks run in a tiny form, compare equal things, and notice what has become slower."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pymoo.problems import get_problem

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
TESTED = ("paretide", "pymoo")  # the other peers are no dependencies of the tests


def run(script, *options):
    command = [sys.executable, BENCHMARKS / script, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def load(monkeypatch):
    """Imports a module of the benchmarks, as if it were run."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.syspath_prepend(BENCHMARKS / "peers")
    yield importlib.import_module
    for name in ("cases", "compare", "kernels", "packages", "report"):
        if name not in before:
            sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["ZDT1", "DTLZ2"])
def test_objectives_are_those_of_pymoo(load, name):
    case = load("cases").CASES[name]
    theirs = get_problem(name.lower(), n_var=case.n_var)
    assert theirs.n_obj == case.n_obj
    X = np.random.default_rng(1).random((50, case.n_var))
    np.testing.assert_allclose(case.objective(X), theirs.evaluate(X), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ["ZDT1", "DTLZ2"])
@pytest.mark.parametrize("peer", TESTED)
def test_a_generation_is_one_call_of_the_objective(load, peer, name):
    case, calls = load("cases").CASES[name], []

    def counted(X):
        calls.append(X.shape)
        return case.objective(X)

    counting = load("cases").Case(name, case.n_var, case.n_obj, counted)
    F = load("packages").PACKAGES[peer](counting, 12, 5, 1)
    assert calls == [(12, case.n_var)] * 5
    assert F.shape[1] == case.n_obj
    assert 1 <= len(F) <= 12


def test_peers_are_compared_round_by_round(tmp_path):
    rows = ("ZDT1:8x3", "DTLZ2:12x4")
    done = run("peers/compare.py", "--peers", "pymoo", "--rows", *rows, "--rounds", 3, "--seeds", 2,
               "--output", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "peers.json").read_text())
    assert [row["row"] for row in found["rows"]] == ["ZDT1, 8 x 3", "DTLZ2, 12 x 4"]
    assert {*TESTED} < found["machine"]["versions"].keys()
    medians = []
    for row, quartiles in zip(found["rows"], found["summary"]["pymoo"]["quartiles"], strict=True):
        assert row["runs"].keys() == {*TESTED}
        for runs in row["runs"].values():
            assert [r["seed"] for r in runs] == [1, 2, 1]
            assert runs[0]["hypervolume"] == runs[2]["hypervolume"]  # the same run again
            assert min(r["seconds"] for r in runs) > 0
        ours, theirs = ([r["seconds"] for r in row["runs"][peer]] for peer in TESTED)
        np.testing.assert_allclose(quartiles, np.percentile(np.divide(theirs, ours), [25, 50, 75]))
        medians.append(quartiles[1])
    assert found["summary"]["pymoo"]["least"] == min(medians)
    mean = found["summary"]["pymoo"]["geometric_mean"]
    assert mean == pytest.approx(np.sqrt(medians[0] * medians[1]))
    tables = (tmp_path / "peers.md").read_text()
    assert done.stdout.endswith(tables)
    assert f"| geometric mean | {mean:.2f} |" in tables


def test_slow_peers_get_fewer_rounds(load):
    compare = load("compare")
    case, size, generations = compare.read_row("ZDT1:8x2")
    options = compare.parser().parse_args(
        ["--peers", *TESTED, "--rounds", "3", "--slow-rounds", "2", "--slow-from", "8"]
    )
    row = compare.compare(case, size, generations, options)
    assert {peer: len(runs) for peer, runs in row["runs"].items()} == {"paretide": 3, "pymoo": 2}
    assert len(load("report").ratios(row, "pymoo")) == 2


@pytest.mark.parametrize("row", ["ZDT1", "ZDT1:100", "ZDT9:100x250", "ZDT1:-8x2"])
def test_rows_that_mean_nothing_are_refused(row, tmp_path):
    done = run("peers/compare.py", "--rows", row, "--output", tmp_path)
    assert done.returncode == 2
    assert "a row is PROBLEM:POPULATIONxGENERATIONS" in done.stderr


def test_a_kernel_that_has_become_slower_is_noticed(tmp_path):
    kept, case = tmp_path / "kept.json", "tournament, 100"
    options = ("--only", f"{case}$", "--rounds", 3)
    saved = run("kernels.py", *options, "--save", kept)
    assert saved.returncode == 0, saved.stderr
    ratios = json.loads(kept.read_text())
    assert ratios.keys() == {case}
    assert 0 < ratios[case] < 1
    for factor, code in ((100, 0), (1 / 100, 1)):  # it was 100 times slower; 100 times faster
        kept.write_text(json.dumps({case: factor * ratios[case]}))
        done = run("kernels.py", *options, "--check", kept)
        assert done.returncode == code, done.stdout + done.stderr
        assert (f"slower than before:\n{case}: " in done.stderr) == bool(code)


def test_a_check_against_other_cases_is_refused(tmp_path):
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"of another time": 1.0}))
    done = run("kernels.py", "--only", "tournament, 100$", "--rounds", 1, "--check", kept)
    assert done.returncode == 1
    assert "holds none of these cases" in done.stderr


def test_every_kept_case_is_measured(load):
    names = [name for name, _ in load("kernels").cases()]
    assert len(set(names)) == len(names)
    assert json.loads((BENCHMARKS / "kernels.json").read_text()).keys() == set(names)


def test_scale_measures_a_small_population():
    done = run("scale.py", "--size", 200)
    assert done.returncode == 0, done.stderr
    heads, _, *rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == [
        "ZDT1, 200 x 30, 2 objectives",
        "DTLZ2, 200 x 14, 5 objectives",
    ]
    for row in rows:
        assert len(row) == len(heads)
        assert all(float(value) >= 0 for value in row[1:-1])
