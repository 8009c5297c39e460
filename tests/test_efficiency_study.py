"""The study of small budgets in a tiny form: what it runs, skips and reports."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import paretide as pt

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks" / "efficiency"
MODULES = ("jobs", "optimizers", "peers", "pictures", "running", "study", "tables")
WITHOUT_TABLES = (
    "syn-hpo", "syn-cond", "syn-layers", "RE21", "RE34", "RE37", "ZDT1-10", "DTLZ2-8"
)  # fmt: skip


def run(*options):
    command = [sys.executable, FOLDER / "study.py", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture
def load(monkeypatch):
    """Imports a module of the study, as if it were run, and forgets it."""
    before = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.modules.update(before)


def test_a_study_runs_reports_and_goes_on_where_it_was(tmp_path):
    options = (
        "--jobs",
        "RE21",
        "--budgets",
        10,
        30,
        "--output",
        tmp_path,
        "--against",
        "random",
    )
    done = run(*options, "--seeds", 1, "--optimizers", "random", "nsga2:size=6,mutation.prob=0.3")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "runs.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    ran = [(row["optimizer"], row["budget"]) for row in rows]
    ours = "nsga2:size=6,mutation.prob=0.3"
    assert sorted(ran) == [(ours, 10), (ours, 30), ("random", 30)]  # one run of who knows no budget
    for row in rows:
        assert [n for n, _ in row["curve"]] == ([10] if row["budget"] == 10 else [10, 20, 30])
        assert all(0 < percent <= 100 for _, percent in row["curve"])
        assert row["sampler"] > 0
    text = (tmp_path / "tables.md").read_text()
    assert text in done.stdout
    assert "Points more than `random`" in text

    path.write_text(path.read_text() + '{"optimizer": "cut o')  # by a kill
    again = run(*options, "--seeds", 2, "--optimizers", "random", ours, "--workers", 2)
    assert again.returncode == 0, again.stderr
    assert "3 of 3" in again.stdout
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines[:3]] == rows
    assert {json.loads(line)["seed"] for line in lines[3:]} == {1}
    assert len(lines) == 6


def test_tables_are_put_into_a_page(tmp_path, load):
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- figures -->\nold\n<!-- end of figures -->\nbelow\n")
    for _ in range(2):
        load("study").put_into(page, "new\n")
    marks = "<!-- figures -->\n\nnew\n\n<!-- end of figures -->"
    assert page.read_text() == f"above\n{marks}\nbelow\n"
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="between which figures go"):
        load("study").put_into(page, "new")


def test_a_budget_between_two_looks_is_refused(tmp_path):
    done = run("--budgets", 25, "--output", tmp_path)
    assert done.returncode == 2
    assert "a budget is a multiple of 10, got 25" in done.stderr


def test_what_cannot_be_run_is_said_and_tried_again(tmp_path):
    options = ("--jobs", "RE21", "--budgets", 10, "--seeds", 1, "--output", tmp_path)
    for _ in range(2):
        done = run(*options, "--optimizers", "nsga2:size=50")
        assert done.returncode == 0, done.stderr
        assert "1 of 1" in done.stdout
        assert "- nsga2:size=50 at 10: ConfigurationError: budget=10 is below" in done.stdout


def test_tables_that_are_missing_are_named(tmp_path):
    options = ("--data", tmp_path / "nowhere", "--output", tmp_path, "--seeds", 1)
    done = run("--jobs", "quant", "--optimizers", "random", "--budgets", 10, *options)
    assert done.returncode != 0
    assert "quant_table.npz is missing: --data must name the folder" in done.stderr + done.stdout


# -- problems --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITHOUT_TABLES)
def test_objectives_are_what_they_were(load, name):
    job = load("jobs").job(name)
    X = pt.Uniform()(40, job.space, np.random.default_rng(3))
    F = job.values(X)
    assert F.shape == (40, len(job.objectives))
    one = job.evaluate(job.space.candidate(X[7]), pt.Context(7, 0))
    np.testing.assert_allclose(list(one.values()), F[7], rtol=1e-12)
    expected = json.loads((Path(__file__).parent / "efficiency_values.json").read_text())[name]
    np.testing.assert_allclose(F[:2], expected, rtol=1e-9)


def test_a_front_is_measured_on_its_own_range(load):
    job = load("jobs").job("ZDT1-10")
    first = np.linspace(0, 1, 2000)
    front = np.column_stack([first, 1 - np.sqrt(first)])
    assert job.percent(front) == pytest.approx(100, abs=0.2)
    assert job.percent(np.array([[2.0, 2.0]])) == 0


def test_settings_of_a_name_make_an_algorithm(load):
    algorithm, job = load("optimizers").algorithm, load("jobs").job("RE21")
    made = algorithm("nsga2:size=20,mode=steady,window=3,mutation.prob=0.3", job)
    mutation = pt.PolynomialMutation(prob=0.3, eta=5)  # that of mixed spaces
    assert made == pt.NSGA2(size=20, mode="steady", window=3, mutation=mutation)
    assert algorithm("random", job) == pt.RandomSearch()


def test_a_job_remembers_what_it_was_asked(load):
    optimizers, job = load("optimizers"), load("jobs").job("syn-cond")
    asked = optimizers.Asked(job)
    optimizers.optimize("sobol", asked, 30, 5)
    result = pt.minimize(job, pt.Sobol(), budget=30, seed=5)
    np.testing.assert_allclose(asked.F, result.run.evaluations.F)
    assert 0 < asked.seconds < 60


# -- figures ---------------------------------------------------------------------------------------


def row(optimizer, job, seed, budget, curve):
    return {"optimizer": optimizer, "job": job, "seed": seed, "budget": budget, "curve": curve,
            "sampler": 0.1}  # fmt: skip


def test_a_run_of_that_budget_has_the_say(load):
    tables = load("tables")
    long, short = ("a", "j", 0, 20, [[10, 50.0], [20, 70.0]]), ("a", "j", 0, 10, [[10, 60.0]])
    for rows in ([row(*long), row(*short)], [row(*short), row(*long)]):
        found = tables.figures(rows, [10, 20])
        assert found == {("a", 10, "j", 0): 60.0, ("a", 20, "j", 0): 70.0}
    ended = tables.figures([row("grid", "j", 0, 20, [[10, 50.0], [16, 55.0]])], [10, 20])
    assert ended == {("grid", 10, "j", 0): 50.0, ("grid", 20, "j", 0): 55.0}


def test_differences_are_of_the_same_seeds(load):
    tables = load("tables")
    rng = np.random.default_rng(1)
    rows = []
    for job in "ij":
        for seed in range(6):
            luck = rng.normal(80, 5)
            rows.append(row("b", job, seed, 10, [[10, luck]]))
            if seed < 5:
                rows.append(row("a", job, seed, 10, [[10, luck + rng.normal(1, 0.2)]]))
    text = tables.report(rows, ["a", "b"], ["i", "j"], [10], "b")
    (line,) = [t for t in text.splitlines() if t.startswith("| `a` |") and "seeds" in t]
    mean, low, high = (float(t.strip("[],")) for t in line.split("|")[2].split()[:3])
    assert low <= mean <= high
    assert high - low < 0.5  # by itself a mean is only known to several points
    assert "5 seeds" in line
    low, high = tables.interval(np.array([[1.0, 1, 1], [3, 3, 3]]))
    assert low == high == 2
