"""A run in other formats, read back."""

import csv
import json
import sys

import numpy as np
import pytest
import toy
from commands import paretide

import paretide as pt
from paretide.errors import ConfigurationError
from paretide.export import export


class Odd(pt.Problem):
    """Logs and chooses what no column can hold as it is."""

    space = pt.Space(
        layers=pt.Choice([(1, 2), (3,), None, "deep"]), n=pt.Int(1, 9, log=True), flag=pt.Bool()
    )
    objectives = {"f": "min", "g": "max"}
    constraints = {"n": pt.equal(4, tol=2)}

    def evaluate(self, x, ctx):
        if ctx.id == 3:
            raise ValueError("unlucky")
        if ctx.id % 2:
            ctx.log(note=["a", 1], size=ctx.id)
        else:
            ctx.log(note="plain")
        return {"f": x["n"] + 0.5 * x["flag"], "g": float(x["n"] ** 0.5), "n": x["n"]}


PROBLEMS = {
    "max": toy.Schaffer(),
    "failing": toy.Flaky(),
    "mixed": toy.Mixed(),
    "integer": toy.Tiny(),
    "bits": pt.OneMinMax(5),
    "odd": Odd(),
}


@pytest.fixture(scope="module", params=list(PROBLEMS))
def run(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "run.h5"
    size = 2 if request.param == "integer" else 10
    pt.minimize(PROBLEMS[request.param], pt.NSGA2(size=size), budget=4 * size, seed=1, store=path)
    return pt.open_run(path)


def test_csv_has_a_row_an_evaluation(run):
    path = export(run, "csv")
    assert path == run.path.with_suffix(".csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert [int(row["id"]) for row in rows] == run.evaluations.ids.tolist()
    first = next(iter(run.definition.objectives))
    for row, value in zip(rows, run.evaluations.F[:, 0].tolist(), strict=True):
        assert float(row[first]) == value or np.isnan(value)


def test_parquet_has_typed_columns(run):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = export(run, "parquet", overwrite=True)
    table = parquet.read_table(path)
    assert table.column("id").to_pylist() == run.evaluations.ids.tolist()
    for j, name in enumerate(run.definition.objectives):
        column = np.array(table.column(name), dtype=float)
        assert np.array_equal(column, run.evaluations.F[:, j], equal_nan=True)
    assert table.schema.field("id").type == "int64"
    assert str(table.schema.field("evaluated").type) == "bool"
    assert table.column("evaluated").to_pylist() == run.evaluations.evaluated.tolist()


def test_parquet_holds_what_is_odd_as_json(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run = pt.minimize(Odd(), pt.NSGA2(size=10), budget=20, seed=1).run
    table = parquet.read_table(export(run, "parquet", tmp_path / "odd.parquet"))
    notes = table.column("log.note").to_pylist()
    assert {json.dumps(json.loads(n)) for n in notes if n} == {'["a", 1]', '"plain"'}
    assert notes[3] is None
    sizes = table.column("log.size").to_pylist()
    assert [s for s in sizes if s is not None] == [1, 5, 7, 9, 11, 13, 15, 17, 19]


@pytest.fixture(scope="module")
def study(run):
    optuna = pytest.importorskip("optuna")
    path = export(run, "optuna")
    assert path.name == "run.optuna.db"
    assert not list(path.parent.glob("*.tmp*"))
    return optuna.load_study(study_name=run.definition.name, storage=f"sqlite:///{path}")


def test_optuna_has_a_trial_an_evaluation(run, study):
    everything = run.evaluations
    assert [t.user_attrs["id"] for t in study.trials] == everything.ids.tolist()
    assert [d.name.lower()[:3] for d in study.directions] == list(
        run.definition.objectives.values()
    )
    for row, trial in enumerate(study.trials):
        id = int(everything.ids[row])
        if id in everything.failures:
            assert trial.state.name == "FAIL"
            assert trial.user_attrs["failure"] == everything.failures[id].reason
            continue
        assert trial.state.name == "COMPLETE"
        assert trial.values == everything.F[row].tolist()
        assert trial.datetime_complete >= trial.datetime_start
        candidate = run.definition.space.candidate(everything.X[row])
        for j, name in enumerate(run.definition.space.names):
            expected = candidate[name] if isinstance(candidate, dict) else candidate[j]
            assert trial.params[name] == expected
    assert study.user_attrs["seed"] == 1
    assert study.user_attrs["algorithm"]["name"] == "nsga2"


def test_optunas_best_trials_are_the_front(run, study):
    best = {tuple(trial.values) for trial in study.best_trials}
    assert best == {tuple(values) for values in run.front().F.tolist()}


@pytest.mark.parametrize("to", ["csv", "parquet", "optuna"])
def test_what_is_there_is_not_lost(to, tmp_path):
    pytest.importorskip("optuna")
    run = pt.minimize(
        toy.Schaffer(), pt.NSGA2(size=4), budget=8, seed=1, store=tmp_path / "run.h5"
    ).run
    before = (tmp_path / "run.h5").read_bytes()
    path = export(run, to)
    written = path.stat().st_size
    with pytest.raises(ConfigurationError, match="exists; pass --overwrite"):
        export(run, to)
    path.write_text("another file")
    assert export(run, to, overwrite=True).stat().st_size == written
    for name in ("run.h5", "run.h5.journal", "run.h5.lock"):
        with pytest.raises(ConfigurationError, match="belongs to the run itself"):
            export(run, to, tmp_path / name, overwrite=True)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        export(run, to, tmp_path / "no" / "file")
    with pytest.raises(ConfigurationError, match=r"exists; pass --overwrite"):
        export(run, to, tmp_path, overwrite=True)
    assert (tmp_path / "run.h5").read_bytes() == before


def test_a_failed_export_leaves_what_was_there(tmp_path, monkeypatch):
    run = pt.minimize(
        toy.Schaffer(), pt.NSGA2(size=4), budget=8, seed=1, store=tmp_path / "run.h5"
    ).run
    path = export(run, "csv")
    whole = path.read_bytes()

    def broken(run, file):
        file.write("half")
        raise RuntimeError("in the middle")

    monkeypatch.setattr("paretide.export.write_csv", broken)
    with pytest.raises(RuntimeError, match="in the middle"):
        export(run, "csv", overwrite=True)
    assert path.read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.csv", "run.h5", "run.h5.lock"]


@pytest.mark.parametrize(("to", "missing"), [("parquet", "pyarrow"), ("optuna", "optuna")])
def test_a_missing_library_is_named(to, missing, tmp_path, monkeypatch):
    run = pt.minimize(toy.Schaffer(), pt.NSGA2(size=4), budget=8, seed=1).run
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=rf"needs {missing}: pip install 'paretide\[exp"):
        export(run, to, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_wrong_formats_and_runs_without_a_path_are_refused():
    run = pt.minimize(toy.Schaffer(), pt.NSGA2(size=4), budget=8, seed=1).run
    with pytest.raises(ConfigurationError, match="there is no format 'xlsx'; there are csv"):
        export(run, "xlsx")
    with pytest.raises(ConfigurationError, match="name an output"):
        export(run, "csv")


def test_the_command_says_what_it_wrote(tmp_path):
    pytest.importorskip("optuna")
    pt.minimize(toy.Flaky(), pt.NSGA2(size=4), budget=8, seed=1, store=tmp_path / "run.h5")
    done = paretide("export", "run.h5", "--to", "optuna", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "run.optuna.db: 8 evaluations" in done.stdout
    assert "optuna-dashboard sqlite:///" in done.stdout
    assert done.stderr == ""
    again = paretide("export", "run.h5", "--to", "optuna", cwd=tmp_path)
    assert again.returncode == 2
    assert "pass --overwrite" in again.stderr
