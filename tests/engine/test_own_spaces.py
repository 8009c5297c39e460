"""Runs in spaces that users write: in memory, stored, killed, resumed, elsewhere, shown."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import own_spaces
import pytest
import strangers
from own_spaces import ALGORITHMS, PROBLEMS

import paretide as pt
from paretide.engine.records.evaluations import MOST_PARENTS, empty
from paretide.engine.runs.replay import replay
from paretide.engine.store.codec import decode, encode_evaluations, layout_of
from paretide.errors import ConfigurationError, StoreCorrupt, StoreMismatch
from paretide.export import export
from paretide.problems.definition import read_definition

HELPERS = Path(own_spaces.__file__).parent
BUDGET = 60


def same(ours, theirs):
    """Everything that a run consists of; who finished first is no part of it."""
    one, other = (r.run.evaluations.take(np.argsort(r.run.evaluations.ids)) for r in (ours, theirs))
    for name in ("ids", "parents", "status", "seed", "generation", "operator", "F"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.X.tolist() == other.X.tolist()
    assert ours.X.tolist() == theirs.X.tolist()


@pytest.fixture(params=PROBLEMS)
def problem(request):
    return PROBLEMS[request.param]()


@pytest.fixture(params=ALGORITHMS)
def algorithm(request):
    return ALGORITHMS[request.param]


def test_a_run_is_stored_extended_and_replayed(problem, algorithm, tmp_path):
    path = tmp_path / "run.h5"
    whole = pt.minimize(problem, algorithm, budget=BUDGET, seed=1)
    begun = pt.minimize(problem, algorithm, budget=BUDGET // 2, seed=1, store=path)
    assert problem.space.contains(begun.X).all()
    resumed = pt.resume(path, budget=BUDGET - BUDGET // 2)
    same(resumed, whole)
    operator = resumed.run.evaluations.operator
    assert set(operator) == {
        "sample",
        "spliced, respelled" if begun.X.dtype == object else "ordered, swapped",
    }
    assert replay(pt.open_run(path), problem=problem).archive.rows == BUDGET


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("kind", ["generational", "steady"])
def test_a_run_that_was_killed_goes_on_from_its_journal(name, kind, tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    code = (
        "import sys, paretide as pt; from own_spaces import ALGORITHMS, PROBLEMS; "
        "path, name, kind = sys.argv[1:]; "
        "pt.minimize(PROBLEMS[name](die=33), ALGORITHMS[kind], budget=60, seed=1, store=path)"
    )
    env = {**os.environ, "PYTHONPATH": str(HELPERS)}
    command = [sys.executable, "-c", code, str(path), name, kind]
    assert subprocess.run(command, env=env, check=False, timeout=60).returncode == -9
    assert path.with_name("run.h5.journal").exists()
    assert len(pt.open_run(path).evaluations) > 20
    monkeypatch.setenv("SURVIVE", "1")
    resumed = pt.resume(path)
    same(resumed, pt.minimize(PROBLEMS[name](), ALGORITHMS[kind], budget=60, seed=1))


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_run_is_the_same_on_processes(name, tmp_path):
    problem = PROBLEMS[name]()
    elsewhere = pt.minimize(
        problem, pt.NSGA2(size=8), budget=BUDGET, seed=1, store=tmp_path / "run.h5",
        executor=pt.ProcessExecutor(workers=2),
    )  # fmt: skip
    same(elsewhere, pt.minimize(problem, pt.NSGA2(size=8), budget=BUDGET, seed=1))


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_run_is_the_same_on_ray(name, ray_cluster, tmp_path):
    problem = PROBLEMS[name]()
    elsewhere = pt.minimize(
        problem, pt.NSGA2(size=8), budget=BUDGET, seed=1, store=tmp_path / "run.h5",
        executor=pt.RayExecutor(workers=2),
    )  # fmt: skip
    same(elsewhere, pt.minimize(problem, pt.NSGA2(size=8), budget=BUDGET, seed=1))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A file of each problem."""
    folder = tmp_path_factory.mktemp("stored")
    for name, make in PROBLEMS.items():
        pt.minimize(make(), pt.NSGA2(size=8), budget=40, seed=1, store=folder / f"{name}.h5")
    return folder


READERS = """
import sys
sys.modules["own_spaces"] = None  # an import of it fails
from paretide.cli import main
for command in ("show", "show --csv", "verify", "export --to csv", "show --json"):
    sys.argv[1:] = [*command.split(), "run.h5"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, command
"""


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_file_is_read_without_the_code_of_its_space(stored, name, tmp_path):
    (tmp_path / "run.h5").write_bytes((stored / f"{name}.h5").read_bytes())
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", READERS], capture_output=True, text=True, env=env, cwd=tmp_path,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    best = json.loads(done.stdout[done.stdout.rindex("\n{\n") :])["front"][0]
    assert isinstance(best["word" if name == "words" else "x6"], str if name == "words" else int)
    assert (tmp_path / "run.csv").exists()


@pytest.mark.parametrize("to", ["parquet", "optuna"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_other_tools_get_candidates_of_any_kind(stored, name, to, tmp_path):
    pytest.importorskip({"parquet": "pyarrow", "optuna": "optuna"}[to])
    run = pt.open_run(stored / f"{name}.h5")
    written = export(run, to, tmp_path / f"run.{to}", False)
    assert (tmp_path / f"run.{to}").stat().st_size > 0, written
    if to == "optuna":
        import optuna

        study = optuna.load_study(
            study_name=run.definition.name, storage=f"sqlite:///{tmp_path}/run.optuna"
        )
        assert len(study.trials) == 40
        assert ("word" if name == "words" else "x6") in study.trials[0].user_attrs


def test_texts_are_stored_as_bytes_and_offsets(stored):
    with h5py.File(stored / "words.h5") as file:
        together = file["evaluations/X"][()].tobytes()
        offsets = file["evaluations/X_offsets"][()]
        assert len(offsets) == 41
        words = [together[a:b].decode() for a, b in pairwise(offsets)]
        assert file["evaluations/operators"].asstr()[-1] == "spliced, respelled"
    run = pt.open_run(stored / "words.h5")
    assert [w.decode() for w in run.evaluations.X[:, 0]] == words
    assert list(run.evaluations.columns()["word"]) == words


def test_parents_are_as_many_as_meet_in_a_crossover(stored):
    everything = pt.open_run(stored / "tours.h5").evaluations
    assert everything.parents.shape == (40, 3)
    assert {"parent_1", "parent_2", "parent_3"} <= set(everything.columns())
    with pytest.raises(ConfigurationError, match=f"from 1 to {MOST_PARENTS} parents"):
        empty(read_definition(own_spaces.Routes()), n_parents=MOST_PARENTS + 1)


@pytest.mark.parametrize("source", ["initial", "cache"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_file_serves_as_initial_and_as_cache(stored, name, source, tmp_path):
    problem, path = PROBLEMS[name](), tmp_path / "run.h5"
    given = {source: stored / f"{name}.h5"}
    run = pt.minimize(problem, pt.NSGA2(size=8), budget=30, seed=2, store=path, **given).run
    again = pt.open_run(path).evaluations
    np.testing.assert_array_equal(again.recalled, run.evaluations.recalled)
    if source == "initial":
        assert (again.operator == "initial").any()
        assert again.recalled.any()
    whole = pt.minimize(problem, pt.NSGA2(size=8), budget=50, seed=2, **given)
    same(pt.resume(path, budget=20), whole)


def test_a_run_of_another_space_is_not_continued(stored):
    with pytest.raises(StoreMismatch, match="space"):
        pt.resume(stored / "tours.h5", problem=own_spaces.Routes(8), budget=10)
    with pytest.raises(StoreMismatch, match="space"):
        pt.resume(stored / "tours.h5", problem=own_spaces.Routes(short=True), budget=10)


def test_candidates_that_the_space_does_not_know_are_refused_when_a_run_goes_on(stored, tmp_path):
    class Narrow(own_spaces.Texts):
        def contains(self, X):
            return np.array([len(word) < 2 for word in X[:, 0]])

    Narrow.__qualname__ = "Texts"
    problem = own_spaces.Words()
    problem.space = Narrow()
    path = tmp_path / "run.h5"
    path.write_bytes((stored / "words.h5").read_bytes())
    with pytest.raises(StoreCorrupt, match="each in the space"):
        pt.resume(path, problem=problem, budget=10)


def test_a_space_that_loses_something_is_refused_before_the_first_evaluation():
    class Lossy(own_spaces.Texts):
        def decode(self, encoded):
            return super().decode([text[:1] for text in encoded])

    class Checked(own_spaces.Words):
        space = Lossy()

        def evaluate(self, x, ctx):
            raise AssertionError

    with pytest.raises(ConfigurationError, match="must give X back"):
        pt.minimize(Checked(), pt.NSGA2(size=4), budget=8)


def test_failed_candidates_are_evaluated_again(tmp_path, monkeypatch):
    path = tmp_path / "run.h5"
    begun = pt.minimize(own_spaces.Words(), pt.NSGA2(size=8), budget=40, seed=1, store=path)
    failed = [id for id, f in begun.run.evaluations.failures.items() if "three" in f.reason]
    assert failed
    monkeypatch.setenv("MENDED", "1")
    again = pt.resume(path, retry_failed=True, budget=8)
    assert not again.run.evaluations.failures
    opened = pt.open_run(path)
    assert sorted(opened.earlier_failures) == sorted(failed)
    at = np.isin(opened.evaluations.ids, failed)
    assert opened.evaluations.evaluated[at].all()


@pytest.mark.parametrize("kind", ["generational", "steady"])
@pytest.mark.parametrize("name", ["words", "short"])
def test_edited_states_go_on_or_are_refused(name, kind, tmp_path):
    rng, path = np.random.default_rng(3), tmp_path / "run.h5"
    pt.minimize(PROBLEMS[name](), ALGORITHMS[kind], budget=30, seed=1, store=path)
    sealed, refused = path.read_bytes(), 0
    for _ in range(12):
        path.write_bytes(sealed)
        what = strangers.edit_state(path, rng)
        try:
            pt.resume(path, problem=PROBLEMS[name](), budget=5)
        except (StoreCorrupt, StoreMismatch):
            refused += 1
        except Exception as error:
            raise AssertionError(what) from error
    assert refused


def test_journal_records_of_bytes_are_read_within_their_bounds(stored):
    rows = pt.open_run(stored / "words.h5").evaluations.take(np.arange(5))
    layout = layout_of(rows)
    assert layout["X"] == ("bytes", [])
    record = encode_evaluations(rows)
    again = decode(record, layout, rows.definition)
    assert again.X.tolist() == rows.X.tolist()
    assert again.operators == rows.operators
    lengths = np.array([len(x) for x in rows.X[:, 0]], dtype=np.int64)
    at = record.index(lengths.tobytes())
    for wrong in (-1, 2**62, 2**63 - 1, int(lengths[1]) + 1):
        forged = lengths.copy()
        forged[1] = wrong
        with pytest.raises(StoreCorrupt, match="a journal record"):
            decode(
                record[:at] + forged.tobytes() + record[at + lengths.nbytes :],
                layout,
                rows.definition,
            )
    with pytest.raises(StoreCorrupt, match="a journal record"):
        decode(record[:-3], layout, rows.definition)
