"""A run in other formats: what is read back is what the run holds."""

import csv
import io
import json
import math
import sqlite3
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy

import paretide as pt
from paretide import export as exporting
from paretide import records
from paretide.engine.records.evaluations import Archive
from paretide.errors import ConfigurationError, StoreError
from paretide.export import default_output, export


class Odd(pt.Problem):
    """Choices that other tools cannot hold or take for one another, and logs of every type."""

    space = pt.Space(
        layers=pt.Choice([(16,), (32, 32), {"deep": 3}]),
        alike=pt.Choice([1, True, 1.0]),
        mixed=pt.Choice([None, "a", 2]),
        x=pt.Float(0, 1),
    )
    objectives = {"f": "min", "g": "min"}
    constraints = {"seconds": pt.lower(0.1), "near": pt.equal(0.5, tol=0.4)}

    def evaluate(self, x, ctx):
        ctx.log(
            anything=[1, "one", None, {"a": 1}, [1, 2]][ctx.id % 5],
            number=[1, 0.5][ctx.id % 2],
            large=2**70,
            curve=[0.1, 0.2],
            text="\udc80",
        )
        if ctx.id % 3:
            # Whole numbers that doubles do not hold, and some candidates log nothing.
            ctx.log(count=2**60 + ctx.id, sound=ctx.id % 2 == 0)
        return {"f": x["x"], "g": 1 - x["x"], "seconds": x["x"], "near": x["x"]}


class Bits(pt.Problem):
    space = pt.Binary(5)
    objectives = {"ones": "max"}

    def evaluate(self, x, ctx):
        return {"ones": int(x.sum())}


NAMES = ["Mixed", "Flaky", "Schaffer", "Tiny", "Bits", "Odd"]


def stored(problem, path, budget=40):
    pt.minimize(problem, pt.NSGA2(size=10), budget=budget, seed=2, store=path, progress=False)
    return pt.open_run(path)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    problems = {p.__name__: p() for p in (*map(vars(toy).get, NAMES[:4]), Bits, Odd)}
    return {name: stored(problem, folder / f"{name}.h5") for name, problem in problems.items()}


@pytest.fixture(scope="module")
def studies(runs):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return {
        name: optuna.load_study(study_name=name, storage=f"sqlite:///{export(run, 'optuna')}")
        for name, run in runs.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_csv_is_what_show_prints(runs, name, tmp_path):
    written = export(runs[name], "csv", tmp_path / "out.csv")
    printed = io.StringIO()
    records.write_csv(runs[name], printed)
    text = printed.getvalue().encode("utf-8", "backslashreplace")
    assert written.read_bytes() == text
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert [int(row["id"]) for row in rows] == runs[name].evaluations.ids.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_parquet_holds_the_frame(runs, name, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run = runs[name]
    written = export(run, "parquet", tmp_path / "out.parquet")
    table = parquet.read_table(written)
    frame = run.evaluations.to_frame()
    assert table.column_names == list(frame.columns)
    back = table.to_pydict()
    everything = run.evaluations
    assert back["id"] == everything.ids.tolist()
    for j, objective in enumerate(run.definition.objectives):
        found = np.array([np.nan if v is None else v for v in back[objective]])
        np.testing.assert_array_equal(found, everything.F[:, j])
    assert back["evaluated"] == everything.evaluated.tolist()
    assert back["worker"] == everything.worker.tolist()
    assert [bool(f) for f in back["failure"]] == (~everything.evaluated).tolist()
    if name in ("Mixed", "Schaffer", "Flaky", "Bits"):
        for variable in run.definition.space.names:
            assert back[variable] == frame[variable].tolist()


def test_parquet_types_what_was_logged(runs, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(export(runs["Odd"], "parquet", tmp_path / "out.parquet"))
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert types["log.number"] == "double"
    assert types["log.count"] == "int64"
    assert types["log.sound"] == "bool"
    for name in ("anything", "large", "curve", "text"):
        assert types[f"log.{name}"] == "string"
    back, extras = table.to_pydict(), runs["Odd"].evaluations.extras
    for i, id in enumerate(back["id"]):
        assert back["log.count"][i] == extras[id].get("count")  # exact, though some are missing
        value = extras[id]["anything"]
        assert back["log.anything"][i] == (None if value is None else json.dumps(value))
        assert json.loads(back["log.large"][i]) == 2**70
        assert back["log.text"][i] == "\\udc80"
    shown = [runs["Odd"].definition.space.show(x) for x in runs["Odd"].evaluations.X]
    assert back["layers"] == [row["layers"] for row in shown]  # texts, also of a run in memory


@pytest.mark.parametrize("name", NAMES)
def test_trials_are_the_evaluations(runs, studies, name):
    run, study = runs[name], studies[name]
    everything, definition = run.evaluations, run.definition
    trials = study.trials
    assert [t.user_attrs["id"] for t in trials] == everything.ids.tolist()
    assert [d.name[:3].lower() for d in study.directions] == list(definition.objectives.values())
    assert study.metric_names == list(definition.objectives)
    assert study.user_attrs == {
        "seed": 2,
        "algorithm": run.specification["algorithm"],
        "budget": run.specification["budget"],
        "paretide": pt.__version__,
    }
    for i, trial in enumerate(trials):
        id = int(everything.ids[i])
        attributes = trial.user_attrs
        assert attributes["generation"] == everything.generation[i]
        assert attributes["parents"] == [p for p in everything.parents[i].tolist() if p >= 0]
        assert attributes["seconds"] == everything.seconds[i]
        assert attributes["worker"] == everything.worker[i]
        logged = {k[4:]: v for k, v in attributes.items() if k.startswith("log.")}
        assert logged == everything.extras.get(id, {})
        if everything.evaluated[i]:
            assert trial.state.name == "COMPLETE"
            assert trial.values == everything.F[i].tolist()
            assert "failure" not in attributes
        else:
            assert trial.state.name == "FAIL"
            assert trial.values is None
            assert attributes["failure"] == everything.failures[id].reason
            assert attributes["failure_kind"] == everything.failures[id].kind
        for earlier, later in zip(trials[:i][-1:], [trial], strict=False):
            assert earlier.datetime_complete == later.datetime_start
        assert trial.duration.total_seconds() == pytest.approx(everything.seconds[i], abs=2e-6)


@pytest.mark.parametrize("name", ["Mixed", "Flaky", "Schaffer", "Tiny"])
def test_params_are_the_candidates(runs, studies, name):
    run = runs[name]
    space = run.definition.space
    for trial, x in zip(studies[name].trials, run.evaluations.X, strict=True):
        candidate = space.candidate(x)
        if not isinstance(candidate, dict):
            candidate = dict(zip(space.names, candidate.tolist(), strict=True))
        assert trial.params == candidate
        assert {k: type(v) for k, v in trial.params.items()} == {
            k: type(v) for k, v in candidate.items()
        }


def test_every_variable_has_its_distribution(studies):
    made = pytest.importorskip("optuna.distributions")
    assert studies["Mixed"].trials[0].distributions == {
        "rate": made.FloatDistribution(1e-5, 1e-1, log=True),
        "width": made.IntDistribution(4, 256, log=True),
        "kind": made.CategoricalDistribution(["a", "b", "c"]),
        "flag": made.CategoricalDistribution([False, True]),
        "step": made.CategoricalDistribution([16, 32, 64]),
    }
    assert studies["Schaffer"].trials[0].distributions["x1"] == made.FloatDistribution(-10, 10)
    assert studies["Tiny"].trials[0].distributions["x2"] == made.IntDistribution(0, 1)
    bits = studies["Bits"].trials[0]
    assert bits.distributions["x4"] == made.CategoricalDistribution([False, True])
    assert set(map(type, bits.params.values())) == {bool}


def test_choices_that_optuna_cannot_tell_apart_are_texts(runs, studies):
    trials = studies["Odd"].trials
    chosen = trials[0].distributions
    assert chosen["layers"].choices == ("(16,)", "(32, 32)", "{'deep': 3}")
    assert chosen["alike"].choices == ("1", "True", "1.0")
    assert chosen["mixed"].choices == (None, "a", 2)
    codes = runs["Odd"].evaluations.X[:, 1].astype(int).tolist()
    assert [t.params["alike"] for t in trials] == [("1", "True", "1.0")[code] for code in codes]
    assert len(set(codes)) == 3


def test_a_run_in_memory_names_its_choices_alike(runs, tmp_path):
    optuna = pytest.importorskip("optuna")
    run = pt.minimize(Odd(), pt.NSGA2(size=10), budget=40, seed=2, progress=False).run
    with pytest.raises(ConfigurationError, match="no file to lie beside"):
        export(run, "optuna")
    written = export(run, "optuna", tmp_path / "memory.db")
    study = optuna.load_study(study_name="Odd", storage=f"sqlite:///{written}")
    of_file = exporting._trials(optuna, runs["Odd"])
    assert [t.params for t in study.trials] == [t.params for t in of_file]
    pytest.importorskip("pyarrow")
    export(run, "parquet", tmp_path / "memory.parquet")


@pytest.mark.parametrize("name", ["Mixed", "Flaky", "Schaffer", "Tiny", "Odd"])
def test_best_trials_are_the_front(runs, studies, name):
    front, best = runs[name].front(), studies[name].best_trials
    assert front.feasible.all()
    # As sets of values: which of several candidates with equal values are listed may differ.
    assert {tuple(t.values) for t in best} == set(map(tuple, front.F.tolist()))
    if len(best) == len({tuple(t.values) for t in best}):
        assert {t.user_attrs["id"] for t in best} == set(front.ids.tolist())


def test_constraints_are_stored_by_name_and_as_optuna_reads_them(runs, studies):
    run = runs["Odd"]
    for i, trial in enumerate(studies["Odd"].trials):
        first, near = run.evaluations.G[i]
        assert trial.user_attrs["G.seconds"] == first  # "seconds" are the evaluation's
        assert trial.user_attrs["near"] == near
        assert trial.system_attrs["constraints"] == [0.1 - first, abs(near - 0.5) - 0.4]
    assert "constraints" not in studies["Schaffer"].trials[0].system_attrs
    G, trials = runs["Mixed"].evaluations.G, studies["Mixed"].trials
    assert {bool(t.system_attrs["constraints"][0] <= 0) for t in trials} == {False, True}
    assert [t.user_attrs["size"] for t in trials] == G[:, 0].tolist()


def test_optuna_is_silent_and_left_as_it_was(runs, tmp_path, capfd):
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            export(runs["Tiny"], "optuna", tmp_path / "out.db")
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("to", ["csv", "parquet", "optuna"])
def test_a_run_that_goes_on_is_exported(to, tmp_path):
    pytest.importorskip({"csv": "csv", "parquet": "pyarrow", "optuna": "optuna"}[to])
    found = []

    class Watched(toy.Schaffer):
        def evaluate(self, x, ctx):
            if ctx.id in (0, 25):  # nothing is told yet; some is in the journal
                output = tmp_path / f"{ctx.id}.out"
                found.append(export(pt.open_run(tmp_path / "run.h5"), to, output))
            return super().evaluate(x, ctx)

    stored(Watched(), tmp_path / "run.h5")
    assert [path.name for path in found] == ["0.out", "25.out"]
    assert all(path.stat().st_size for path in found)
    if to == "csv":
        first, later = (path.read_text().splitlines() for path in found)
        assert len(first) == 1
        assert 10 < len(later) <= 26
    if to == "optuna":
        with sqlite3.connect(found[1]) as database:
            assert 10 < database.execute("SELECT COUNT(*) FROM trials").fetchone()[0] <= 25


def test_default_names():
    path = Path("some/run.h5")
    assert default_output(path, "csv") == Path("some/run.csv")
    assert default_output(path, "parquet") == Path("some/run.parquet")
    assert default_output(path, "optuna") == Path("some/run.optuna.db")


def test_refusals(runs, tmp_path):
    run, output = runs["Tiny"], tmp_path / "out.csv"
    with pytest.raises(ConfigurationError, match=r"no format 'xlsx'; there are csv, parquet, opt"):
        export(run, "xlsx", output)
    output.write_text("old")
    with pytest.raises(ConfigurationError, match="--overwrite"):
        export(run, "csv", output)
    assert output.read_text() == "old"
    export(run, "csv", output, overwrite=True)
    assert output.read_text().startswith("id,")
    with pytest.raises(ConfigurationError, match="there is no folder"):
        export(run, "csv", tmp_path / "absent" / "out.csv")
    with pytest.raises(ConfigurationError, match="is a folder"):
        export(run, "csv", tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_the_runs_own_files_are_never_written_over(tmp_path):
    run = stored(toy.Tiny(), tmp_path / "run.h5", 20)
    before = run.path.read_bytes()
    (tmp_path / "link.csv").symlink_to("run.h5")
    names = ["run.h5", "run.h5.journal", "run.h5.lock", "run.h5.journal.next", "link.csv", "../" +
             tmp_path.name + "/run.h5"]  # fmt: skip
    for name in names:
        with pytest.raises(ConfigurationError, match="over the run's own"):
            export(run, "csv", tmp_path / name, overwrite=True)
    assert run.path.read_bytes() == before


@pytest.mark.parametrize("to", ["csv", "parquet", "optuna"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("a bug")])
def test_a_failure_leaves_what_was_there(runs, to, error, tmp_path, monkeypatch):
    pytest.importorskip({"csv": "csv", "parquet": "pyarrow", "optuna": "optuna"}[to])

    def fail(*_):
        raise error

    def begun(optuna, run, trials=exporting._trials):
        yield next(trials(optuna, run))
        raise error

    def half(run, file):
        file.write("id,")
        file.flush()
        raise error

    monkeypatch.setattr(exporting, "write_csv", half)
    monkeypatch.setattr(exporting, "_trials", begun)
    monkeypatch.setattr(exporting, "_typed", fail)
    output = tmp_path / "out"
    output.write_text("old")
    expected = StoreError if isinstance(error, OSError) else RuntimeError
    with pytest.raises(expected):
        export(runs["Tiny"], to, output, overwrite=True)
    assert output.read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_a_database_error_is_named_with_its_file(runs, tmp_path, monkeypatch):
    pytest.importorskip("optuna")

    def full(path):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(exporting, "_connect", full)
    with pytest.raises(StoreError, match=r"out\.db: .*full"):
        export(runs["Tiny"], "optuna", tmp_path / "out.db")
    assert list(tmp_path.iterdir()) == []


def test_an_open_database_is_not_replaced(runs, tmp_path):
    pytest.importorskip("optuna")
    (tmp_path / "out.db-journal").touch()
    with pytest.raises(ConfigurationError, match=r"out\.db-journal belongs to a database"):
        export(runs["Tiny"], "optuna", tmp_path / "out.db", overwrite=True)


@pytest.mark.parametrize(("to", "library"), [("parquet", "pyarrow"), ("optuna", "optuna")])
def test_a_missing_library_is_named_with_its_extra(runs, to, library, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=rf"needs {library}: pip install 'paretide\[exp"):
        export(runs["Tiny"], to, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    export(runs["Tiny"], "csv", tmp_path / "out.csv")  # needs none of them


def test_constraint_values_follow_every_kind_of_constraint(runs):
    definition = runs["Odd"].definition
    G = np.array([[0.0, 0.5], [0.1, 0.95], [1.0, 0.1]])
    g = exporting._g(definition, G)
    np.testing.assert_allclose(g, [[0.1, -0.4], [0, 0.05], [-0.9, 0]], atol=1e-15)
    assert ((g <= 0).all(axis=1) == (definition.violation(G) <= 0)).all()


@pytest.mark.parametrize("to", ["csv", "parquet", "optuna"])
def test_a_run_without_outcomes_is_exported(runs, to, tmp_path):
    pytest.importorskip({"csv": "csv", "parquet": "pyarrow", "optuna": "optuna"}[to])
    rows = runs["Flaky"].evaluations
    for kept in (np.empty(0, dtype=np.int64), np.flatnonzero(~rows.evaluated)):
        run = replace(runs["Flaky"], archive=Archive(rows.take(kept)))
        written = export(run, to, tmp_path / "out", overwrite=True)
        if to == "csv":
            found = list(csv.DictReader(io.StringIO(written.read_text())))
            assert [row["failure"] != "" for row in found] == [True] * len(kept)
        elif to == "parquet":
            table = pytest.importorskip("pyarrow.parquet").read_table(written)
            assert (table.num_rows, table.num_columns) == (len(kept), len(rows.columns()))
        else:
            optuna = pytest.importorskip("optuna")
            study = optuna.load_study(study_name="Flaky", storage=f"sqlite:///{written}")
            assert [t.state.name for t in study.trials] == ["FAIL"] * len(kept)


class Awkward(pt.Problem):
    """Names that are columns, or that other formats cannot hold, and values that JSON has not."""

    space = pt.Space(
        {"id": pt.Float(0, 1), "a\udc80": pt.Int(0, 9), "act": pt.Choice(["=1", "\x1b"])}
    )
    objectives = {"id": "min", "g\n[x]": "max"}
    constraints = {"parents": pt.upper(100), "log.size": pt.lower(0)}

    def evaluate(self, x, ctx):
        if ctx.id % 4 == 0:
            raise ValueError("\x1b[2J =1")
        ctx.log(**{"size": math.nan, "k\udc80": [math.inf, None], "": {"a": {"b": -math.inf}}})
        ctx.log(mixed=[1, "one", None, math.nan, [1], {"a": 1}, True][ctx.id % 7])
        return {"id": x["id"], "g\n[x]": x["id"], "parents": 1, "log.size": 1}


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    return stored(Awkward(), tmp_path_factory.mktemp("awkward") / "run.h5")


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_parquet_holds_awkward_names_and_values(awkward, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(export(awkward, "parquet", tmp_path / "out.parquet"))
    expected = ["id", "x.id", r"a\udc80", "act", "F.id", "g\n[x]", "G.parents", "G.log.size"]
    assert table.column_names[:8] == expected
    assert len(set(table.column_names)) == table.num_columns == len(awkward.evaluations.columns())
    back = table.to_pydict()
    assert set(back["act"]) == {"=1", "\x1b"}  # as they are: no spreadsheet opens it
    for name in (r"log.k\udc80", "log.", "log.mixed"):
        for text in filter(None, back[name]):
            json.loads(text, parse_constant=refuse)
    sizes = np.array(back["log.size"], dtype=float)
    assert np.isnan(sizes).all()


def test_a_study_holds_awkward_names_and_values(awkward, tmp_path):
    optuna = pytest.importorskip("optuna")
    written = export(awkward, "optuna", tmp_path / "out.db")
    study = optuna.load_study(study_name="Awkward", storage=f"sqlite:///{written}")
    trial = study.trials[1]
    assert set(trial.params) == {"id", r"a\udc80", "act"}
    assert (trial.user_attrs["parents"], trial.user_attrs["G.parents"]) == ([], 1)
    assert trial.user_attrs["log.size"] is None
    assert trial.user_attrs["G.log.size"] == 1
    with sqlite3.connect(written) as database:
        for table in ("trial_user_attributes", "trial_system_attributes", "study_user_attributes"):
            for (text,) in database.execute(f"SELECT value_json FROM {table}"):
                json.loads(text, parse_constant=refuse)


def test_constraints_that_are_infinite_on_the_good_side_are_finite_for_optuna(runs):
    definition = runs["Odd"].definition
    g = exporting._g(definition, np.array([[np.inf, 0.5], [-np.inf, 0.5]]))
    assert np.isfinite(g).all()
    assert (g[0] <= 0).all()
    assert g[1, 0] > 0


def test_values_that_optuna_cannot_tell_apart_or_hold_are_texts():
    assert exporting._choices([1, 2.5, "a", None]) == (1, 2.5, "a", None)
    assert exporting._choices([1, True]) == ("1", "True")
    assert exporting._choices([1.0, math.inf]) == ("1.0", "inf")
    assert exporting._choices([[1, 2], {"a": 1}, "b"]) == ("[1, 2]", '{"a": 1}', "b")


def paretide(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "paretide", *map(str, arguments)],
        check=False, capture_output=True, text=True, cwd=cwd, timeout=300,
    )  # fmt: skip


def test_the_command_line(runs, tmp_path):
    (tmp_path / "run.h5").write_bytes(runs["Tiny"].path.read_bytes())
    n = len(runs["Tiny"].evaluations)
    done = paretide("export", "run.h5", "--to", "csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"run.csv: {n} evaluations\n"
    shown = paretide("show", "run.h5", "--csv", cwd=tmp_path)
    assert (tmp_path / "run.csv").read_text() == shown.stdout
    again = paretide("export", "run.h5", "--to", "csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "run.csv exists; replace it with --overwrite" in again.stderr
    for arguments, message in (
        (["absent.h5", "--to", "csv"], "absent.h5"),
        (["run.h5", "--to", "xlsx"], "no format 'xlsx'"),
        (["run.h5"], "--to"),
        (["run.h5", "--to", "csv", "--output", "run.h5", "--overwrite"], "the run's own run.h5"),
        (["run.h5", "--to", "csv", "--output", "no/run.csv"], "there is no folder no"),
    ):
        done = paretide("export", *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    pytest.importorskip("optuna")
    done = paretide("export", "run.h5", "--to", "optuna", "--overwrite", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"run.optuna.db: {n} evaluations; open it: optuna-dashboard sqlite:///run.optuna.db\n"
    )
