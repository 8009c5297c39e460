"""A run in other formats: CSV, Parquet, and a study of Optuna's."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from .engine.born import OPERATORS
from .engine.evaluations import Evaluations
from .engine.run import Run
from .engine.store.files import replace_file
from .errors import ConfigurationError
from .problems.space import Binary, Integer, Real, SearchSpace, Space
from .problems.variables import Float, Int, Variable
from .tables import write_csv
from .typing import FloatArray

Write = Callable[[Run, Path], None]


def export(run: Run, to: str, output: Path | None = None, *, overwrite: bool = False) -> Path:
    """Write every evaluation of a run to a file; returns its path.

    Args:
        run: Opened from a file, also while it goes on.
        to: "csv"; "parquet" (needs pandas and pyarrow); "optuna" (needs Optuna): a database of
            SQLite that holds a study, for optuna-dashboard and ``optuna.load_study``. Optuna takes
            about 15 s for 1 000 evaluations.
        output: None is the run's path with the suffix .csv, .parquet or .optuna.db.
        overwrite: Replace a file that is there.

    Raises:
        ConfigurationError: For a wrong format or path, or a library that is not installed.
        StoreError: If the file cannot be written.
    """
    if to not in FORMATS:
        raise ConfigurationError(f"there is no format {to!r}; there are {', '.join(FORMATS)}")
    suffix, write = FORMATS[to]
    path = _output(run, suffix) if output is None else Path(output).absolute()
    own = run.path
    if own is not None and path.name.startswith(own.name) and path.parent == own.parent:
        raise ConfigurationError(f"{path} belongs to the run itself; name another --output")
    if not path.parent.is_dir():
        raise ConfigurationError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigurationError(f"{path} exists; pass --overwrite, or name another --output")
    replace_file(path, lambda beside: write(run, beside))
    return path


def _output(run: Run, suffix: str) -> Path:
    if run.path is None:
        raise ConfigurationError("a run in memory has no path to write beside: name an output")
    return run.path.with_suffix(suffix)


def _write_csv(run: Run, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(run, file)


def _write_parquet(run: Run, path: Path) -> None:
    _needs("pandas", "pyarrow")
    table = run.evaluations.to_frame()
    for name in table.columns:
        if table[name].dtype == object:
            table[name] = _of_one_kind(list(table[name]))
    table.to_parquet(path, engine="pyarrow", index=False)


def _of_one_kind(values: list[Any]) -> list[Any]:
    """``values`` if a column can hold them; else as JSON, a text each. None stays None."""
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) <= 1 and kinds <= {str, int, float, bool}:
        return values
    return [None if value is None else json.dumps(value, default=str) for value in values]


def _write_optuna(run: Run, path: Path) -> None:
    _needs("optuna")
    import optuna
    import sqlalchemy
    from optuna.study import StudyDirection

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = sqlalchemy.URL.create("sqlite", database=str(path)).render_as_string()
    path.unlink(missing_ok=True)  # one that a killed export has left would be added to
    storage = optuna.storages.RDBStorage(url)
    # Every trial is a transaction, and the file is synced as a whole before it gets its name.
    sqlalchemy.event.listen(storage.engine, "checkout", _without_syncing)
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=run.definition.name,
            directions=[
                StudyDirection.MINIMIZE if direction == "min" else StudyDirection.MAXIMIZE
                for direction in run.definition.objectives.values()
            ],
        )
        with warnings.catch_warnings():  # it has been experimental for years
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(list(run.definition.objectives))
        specification = run.specification
        for key in ("seed", "budget", "algorithm", "versions", "created"):
            study.set_user_attr(key, specification[key])
        study.add_trials(_trials(run))
    finally:
        storage.engine.dispose()
        optuna.logging.set_verbosity(verbosity)


def _without_syncing(connection: Any, *_: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _trials(run: Run) -> list[Any]:
    """One frozen trial an evaluation, in the order they were told."""
    from optuna.trial import TrialState, create_trial

    everything, definition = run.evaluations, run.definition
    space = definition.space
    distributions = dict(zip(space.names, _distributions(space), strict=True))
    limits = [constraint.g for constraint in definition.constraints.values()]
    G = [g(everything.G[:, j]) for j, g in enumerate(limits)]
    # Trials have times, and a run keeps how long each took: they are laid end to end.
    ends = np.cumsum(everything.seconds)
    began = datetime.fromisoformat(run.specification["created"]).replace(tzinfo=None)
    trials = []
    for row, id in enumerate(everything.ids.tolist()):
        evaluated = bool(everything.evaluated[row])
        trial = create_trial(
            state=TrialState.COMPLETE if evaluated else TrialState.FAIL,
            values=everything.F[row].tolist() if evaluated else None,
            params=dict(zip(space.names, _values(space, everything.X[row]), strict=True)),
            distributions=distributions,
            user_attrs=_user_attrs(everything, row, id),
            constraints={
                name: float(g[row]) for name, g in zip(definition.constraints, G, strict=True)
            }
            if evaluated and G
            else None,
        )
        trial.datetime_start = began + timedelta(seconds=ends[row] - everything.seconds[row])
        trial.datetime_complete = began + timedelta(seconds=ends[row])
        trials.append(trial)
    return trials


def _user_attrs(everything: Evaluations, row: int, id: int) -> dict[str, Any]:
    failure = everything.failures.get(id)
    return {
        "id": id,
        "generation": int(everything.generation[row]),
        "parents": [i for i in everything.parents[row].tolist() if i >= 0],
        "operator": OPERATORS[everything.operator_code[row]],
        "seconds": float(everything.seconds[row]),
        "worker": everything.workers[everything.worker_code[row]],
        **dict(zip(everything.definition.constraints, everything.G[row].tolist(), strict=True)),
        **({} if failure is None else {"failure": failure.reason, "failure_kind": failure.kind}),
        **{f"log.{key}": value for key, value in everything.extras.get(id, {}).items()},
    }


def _distributions(space: SearchSpace) -> list[Any]:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(space, Real):
        return [FloatDistribution(*b) for b in _bounds(space.low, space.high)]
    if isinstance(space, Integer):
        return [IntDistribution(int(a), int(b)) for a, b in _bounds(space.low, space.high)]
    if isinstance(space, Binary):
        return [CategoricalDistribution([False, True])] * space.n_var
    assert isinstance(space, Space)
    made: list[Any] = []
    for variable in space.variables.values():
        if isinstance(variable, Float):
            made.append(FloatDistribution(variable.low, variable.high, log=variable.log))
        elif isinstance(variable, Int):
            made.append(IntDistribution(variable.low, variable.high, log=variable.log))
        else:
            made.append(CategoricalDistribution(_choices(variable)))
    return made


def _bounds(low: Any, high: Any) -> list[tuple[float, float]]:
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _values(space: SearchSpace, x: FloatArray) -> list[Any]:
    """What the distributions contain for a row of ``X``."""
    if not isinstance(space, Space):
        return list(x.tolist())
    return [
        v.decode(code) if isinstance(v, (Float, Int)) else _choices(v)[int(code)]
        for v, code in zip(space.variables.values(), x, strict=True)
    ]


def _choices(variable: Variable) -> list[Any]:
    """The values of a choice; what a database cannot hold, as it is printed."""
    described: dict[str, Any] = variable.describe()
    return list(described.get("values", (False, True)))


def _needs(*modules: str) -> None:
    """Raise ConfigurationError unless all can be imported."""
    import importlib

    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError:
            raise ConfigurationError(
                f"this format needs {module}: pip install 'paretide[export]'"
            ) from None


FORMATS: dict[str, tuple[str, Write]] = {
    "csv": (".csv", _write_csv),
    "parquet": (".parquet", _write_parquet),
    "optuna": (".optuna.db", _write_optuna),
}
"""Suffix of the file, and what writes it."""
