"""A run in the formats of other tools: CSV, Parquet, an Optuna study.

============  =====================  ==========================================================
format        file beside run.h5     what it holds
============  =====================  ==========================================================
``csv``       ``run.csv``            what ``paretide show --csv`` prints
``parquet``   ``run.parquet``        ``run.evaluations.to_frame()``, typed
``optuna``    ``run.optuna.db``      a study in SQLite, a trial an evaluation
``refused``   ``run.refused.csv``    what ``paretide show --refused`` prints
============  =====================  ==========================================================

All but the last hold every evaluation in the order it was told, in the user's units and directions,
and call columns what ``records.frames.column_names`` calls them. In CSV a text that a spreadsheet
would take for a formula has an apostrophe in front, and what does not show is an escape; Parquet
holds texts as they are. Lists and mappings are JSON, where NaN and infinities are null.
"""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from .engine.records.evaluations import Evaluations
from .engine.records.frames import LOGGED, column_names
from .engine.records.plain_text import encodable
from .engine.runs.run import Run
from .engine.store.files import replace_file
from .errors import ConfigurationError
from .problems.definition import Definition
from .records import json_text, strict, write_csv, write_refused_csv
from .typing import Candidates, FloatArray, SearchSpace, has_coordinates

OWN = ("", ".journal", ".journal.next", ".lock")
"""What stands behind a run's path in the names of its files."""

SQLITE_LEFT = ("-journal", "-wal")
"""What stands behind a database's path in the names of its unfinished transactions."""

LARGEST = 2**63
"""The first whole number that Parquet's integers do not hold."""

LARGEST_DOUBLE = float(np.finfo(np.float64).max)
"""Stands for infinity where JSON is written, which has none."""

EXACT = 2**53
"""Up to here a double counts every integer."""


def default_output(path: Path, to: str) -> Path:
    """Where a run goes if nobody says where: beside it, with the suffix of the format.

    Raises ConfigurationError for an unknown format.
    """
    return path.with_suffix(_format(to)[0])


def export(run: Run, to: str, output: Path | None = None, overwrite: bool = False) -> Path:
    """Write a run in another format and return where it is, whole or not at all.

    Args:
        run: The run; one that goes on is written as far as it is known.
        to: "csv", "parquet", "optuna" or "refused".
        output: Where to; None is beside the run, see ``default_output``.
        overwrite: Replace what is there.

    Raises:
        ConfigurationError: If the format is unknown, the output cannot be, or a library is missing.
        StoreError: If the file cannot be written.
    """
    _, write = _format(to)
    if output is None:
        if run.path is None:
            raise ConfigurationError("this run has no file to lie beside; say where: output=...")
        output = default_output(run.path, to)
    try:
        _check_output(run.path, output, to, overwrite)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ConfigurationError(f"cannot write {output}: {error}") from error
    replace_file(output, lambda beside: write(run, beside))
    return output


def opening(output: Path, to: str) -> str:
    """How what was written is opened, to stand behind it in a line; "" where any tool does it."""
    if to != "optuna":
        return ""
    return f"; open it: optuna-dashboard {shlex.quote(f'sqlite:///{output}')}"


def _format(to: str) -> tuple[str, Any]:
    """Suffix and writer of a format."""
    if to not in FORMATS:
        raise ConfigurationError(f"no format {to!r}; there are {', '.join(FORMATS)}")
    return FORMATS[to]


def _check_output(path: Path | None, output: Path, to: str, overwrite: bool) -> None:
    """Raise ConfigurationError for an output that must not or cannot be written."""
    if not output.absolute().parent.is_dir():
        raise ConfigurationError(
            f"there is no folder {output.parent} for {output.name}; make it first"
        )
    for own in () if path is None else [path.with_name(path.name + end) for end in OWN]:
        if _same(output, own):
            raise ConfigurationError(
                f"{output} would be written over the run's own {own.name}; name another --output"
            )
    if output.is_dir():
        raise ConfigurationError(f"{output} is a folder; name a file in it")
    if output.exists() and not overwrite:
        raise ConfigurationError(f"{output} exists; replace it with --overwrite")
    for left in [output.with_name(output.name + end) for end in SQLITE_LEFT if to == "optuna"]:
        if left.exists():  # SQLite would play it back into the new database
            raise ConfigurationError(
                f"{left} belongs to a database that is open or was not closed; close or remove it"
            )


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, also through links and where case does not count."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _missing(library: str, to: str) -> ConfigurationError:
    return ConfigurationError(f"an export to {to} needs {library}: pip install 'paretide[export]'")


# CSV


def _write_csv(run: Run, path: Path) -> None:
    # A logged text may hold what UTF-8 cannot; the store writes it as an escape, too.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        write_csv(run, file)


def _write_refused(run: Run, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_refused_csv(run, file)


# Parquet


def _write_parquet(run: Run, path: Path) -> None:
    """Write the columns of ``to_frame``, but not through pandas.

    There one missing value makes floats of whole numbers, and texts that UTF-8 cannot hold are
    refused.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise _missing("pyarrow", "parquet") from error
    columns = {
        encodable(name): pa.array(column)
        if isinstance(column, np.ndarray) and column.dtype != object
        else _typed(pa, [_plain(value) for value in column])
        for name, column in run.evaluations.columns().items()
    }
    parquet.write_table(pa.table(columns), path)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _typed(pa: Any, values: list[Any]) -> Any:
    """Values as an Arrow array of their one type; as JSON texts if they have no one type."""
    kinds = {type(value) for value in values if value is not None}
    whole = [value for value in values if type(value) is int]
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(-LARGEST <= value < LARGEST for value in whole):
        return pa.array(values, pa.int64())
    if kinds <= {int, float} and float in kinds and all(abs(v) <= EXACT for v in whole):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds - {str}:
        values = [None if v is None else json_text(v) for v in values]
    return pa.array([None if v is None else encodable(v) for v in values], pa.string())


# Optuna


def _write_optuna(run: Run, path: Path) -> None:
    """Write a study, a trial at a time: Optuna has no faster way in.

    Each parameter and each attribute of a trial costs it several statements, near a millisecond.
    """
    try:
        import optuna
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise _missing("optuna", "optuna") from error

    with _quiet(optuna):
        try:
            storage = optuna.storages.RDBStorage(
                "sqlite://", engine_kwargs={"creator": lambda: _connect(path)}
            )
            try:
                _fill(optuna, storage, run)
            finally:
                storage.remove_session()
                storage.engine.dispose()
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            # As any failure to write: the path here is one that nobody has named.
            raise OSError(str(error.__cause__ or error)) from error


def _connect(path: Path) -> sqlite3.Connection:
    """A database that nobody else sees yet: it is synced once, when it is whole."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")
    return connection


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Without what Optuna says about every study made and every function that may still change."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _fill(optuna: Any, storage: Any, run: Run) -> None:
    """Make a study of the run in an empty storage."""
    specification, objectives = run.specification, run.definition.objectives
    study = optuna.create_study(
        storage=storage,
        study_name=encodable(run.definition.name),
        directions=[f"{direction}imize" for direction in objectives.values()],
    )
    study.set_metric_names(list(objectives))
    for key, value in {
        "seed": specification["seed"],
        "algorithm": specification["algorithm"],
        "budget": specification["budget"],
        "paretide": specification["versions"]["paretide"],
    }.items():
        study.set_user_attr(key, strict(value))
    study.add_trials(_trials(optuna, run))


def _trials(optuna: Any, run: Run) -> Iterator[Any]:
    """A finished trial an evaluation."""
    rows, definition = run.evaluations, run.definition
    distributions = {
        encodable(name): _distribution(optuna, described)
        for name, described in _variables(definition.space).items()
    }
    params = _params(distributions, rows.X)
    attributes, g = _attributes(rows), _g(definition, rows.G)
    times = _times(run)
    for i, evaluated in enumerate(rows.evaluated.tolist()):
        state = optuna.trial.TrialState.COMPLETE if evaluated else optuna.trial.TrialState.FAIL
        yield optuna.trial.FrozenTrial(
            number=i,
            trial_id=-1,  # the storage gives it one
            state=state,
            value=None,
            values=rows.F[i].tolist() if evaluated else None,
            datetime_start=times[i],
            datetime_complete=times[i + 1],
            params={name: values[i] for name, values in params.items()},
            distributions=distributions,
            user_attrs=attributes[i],
            # The key that Optuna's samplers write; every version from 4 on reads it.
            system_attrs={"constraints": g[i].tolist()} if evaluated and definition.n_con else {},
            intermediate_values={},
        )


def _variables(space: SearchSpace) -> dict[str, dict[str, Any]]:
    """The description of every variable by name, as if it had been named in a ``Space``."""
    described = space.describe()
    if not has_coordinates(space):
        return {}  # nothing that Optuna knows: the values are user attributes
    if described["kind"] == "mixed":
        named: dict[str, dict[str, Any]] = described["variables"]
        return named
    if described["kind"] == "binary":
        return {name: {"kind": "bool"} for name in space.names}
    kind = {"real": "float", "integer": "int"}[described["kind"]]
    bounds = zip(space.names, described["low"], described["high"], strict=True)
    return {
        name: {"kind": kind, "low": low, "high": high, "log": False} for name, low, high in bounds
    }


def _distribution(optuna: Any, variable: dict[str, Any]) -> Any:
    """Optuna's distribution for a described variable."""
    made = optuna.distributions
    if variable["kind"] == "float":
        return made.FloatDistribution(variable["low"], variable["high"], log=variable["log"])
    if variable["kind"] == "int":
        return made.IntDistribution(variable["low"], variable["high"], log=variable["log"])
    if variable["kind"] == "bool":
        return made.CategoricalDistribution((False, True))
    return made.CategoricalDistribution(_choices(variable["values"]))


def _choices(values: list[Any]) -> tuple[Any, ...]:
    """Described values as Optuna and JSON hold them; as texts where they would not be told apart.

    Optuna finds values by ``==``, and 1 is 1.0 and True, and NaN is not even itself.
    """
    alike = any(value in values[:i] for i, value in enumerate(values))
    if alike or any(strict(value) is None for value in values if value is not None):
        return tuple(map(repr, values))
    return tuple(json_text(v) if isinstance(v, (list, dict)) else v for v in values)


def _params(distributions: dict[str, Any], X: Candidates) -> dict[str, list[Any]]:
    """The values of every variable; codes of choices, also of bits, are positions."""
    columns: dict[str, list[Any]] = {}
    if not distributions:
        return columns
    for (name, distribution), codes in zip(distributions.items(), X.T.tolist(), strict=True):
        choices = getattr(distribution, "choices", None)
        if choices is None:
            columns[name] = [distribution.to_external_repr(code) for code in codes]
        else:
            columns[name] = [choices[int(code)] for code in codes]
    return columns


def _g(definition: Definition, G: FloatArray) -> FloatArray:
    """(n, n_con) constraint values as Optuna reads them: feasible where <= 0, and finite."""
    g = np.empty_like(G)
    for j, constraint in enumerate(definition.constraints.values()):
        g[:, j] = constraint.g(G[:, j])
    return np.clip(g, -LARGEST_DOUBLE, LARGEST_DOUBLE)


def _attributes(rows: Evaluations) -> list[dict[str, Any]]:
    """User attributes of every trial: what paretide knows of it besides parameters and values.

    They are called as the columns of ``to_frame``, and strict JSON: what is not finite is null.
    """
    parents = [[id for id in pair if id >= 0] for pair in rows.parents.tolist()]
    columns = zip(
        rows.ids.tolist(), rows.generation.tolist(), parents, rows.seconds.tolist(),
        rows.worker.tolist(), rows.operator.tolist(), strict=True,
    )  # fmt: skip
    names = ("id", "generation", "parents", "seconds", "worker", "operator")
    called, space = column_names(rows.definition), rows.definition.space
    constraints = called.constraints
    found = []
    for row, x, G in zip(columns, rows.X, rows.G.tolist(), strict=True):
        attributes = dict(zip(names, row, strict=True))
        if not has_coordinates(space):
            attributes |= zip(called.variables, space.show(x).values(), strict=True)
        failure = rows.failures.get(row[0])
        if failure is None:
            attributes |= zip(constraints, G, strict=True)
        else:
            attributes |= {"failure": failure.reason, "failure_kind": failure.kind}
        attributes |= {f"{LOGGED}{key}": v for key, v in rows.extras.get(row[0], {}).items()}
        found.append({encodable(key): strict(value) for key, value in attributes.items()})
    return found


def _times(run: Run) -> list[datetime]:
    """When each trial started and, one further on, ended.

    Optuna wants times of finished trials, and a run keeps none but its start and how long each
    evaluation took: so they follow one another, as if one worker had done them all. That keeps
    their order and their durations, which is what Optuna's timelines are read for. Its times are
    local and without a zone.
    """
    begin = datetime.fromisoformat(run.specification["created"]).astimezone().replace(tzinfo=None)
    passed = np.concatenate([[0.0], np.cumsum(run.evaluations.seconds)]).tolist()
    return [begin + timedelta(seconds=seconds) for seconds in passed]


FORMATS: dict[str, tuple[str, Any]] = {
    "csv": (".csv", _write_csv),
    "parquet": (".parquet", _write_parquet),
    "optuna": (".optuna.db", _write_optuna),
    "refused": (".refused.csv", _write_refused),
}
"""Suffix and writer of each format."""
