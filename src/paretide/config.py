"""The configuration of a run on the command line: a TOML file, options, and ``--set key=value``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .engine import kinds
from .engine.algorithms.algorithm import Algorithm
from .engine.executors import Executor
from .engine.executors.stored import EXECUTOR, named_executor
from .engine.foreign_names import IN_A_FILE, meant
from .engine.runs.cost import SECONDS, Cost
from .engine.runs.failure_budget import FailureBudget
from .engine.runs.manifest import ALGORITHM
from .engine.runs.named import make_algorithm
from .engine.runs.oversight import AtEnd
from .engine.runs.terminations import MaxSeconds
from .errors import ConfigurationError
from .problems.own_names import own_class
from .problems.reference import load_problem

PYMOO = "pymoo:"


class _Named(BaseModel):
    """A name and settings that the thing named knows."""

    model_config = ConfigDict(extra="allow")

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the name."""
        return dict(self.model_extra or {})


class RunConfig(BaseModel):
    """What ``paretide run`` runs; the keys of its TOML file."""

    model_config = ConfigDict(extra="forbid")

    problem: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    algorithm: _Named = _Named(name="auto")
    executor: _Named = _Named(name="serial")
    budget: int | None = None
    cost: float | None = Field(default=None, strict=True)  # in which true is no number
    cost_of: str | None = None
    cost_about: int | None = None
    max_seconds: float | None = None
    at_end: AtEnd = "wait"
    seed: int | None = None
    store: Path = Path("run.h5")
    overwrite: bool = False
    or_resume: bool = False
    initial: Path | list[dict[str, Any]] | list[list[float]] | None = None
    cache: bool | Path | None = None
    failure_budget: dict[str, Any] | None = None

    @field_validator("algorithm", "executor", mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    def make_problem(self) -> Any:
        """The problem; ``pymoo:zdt1`` is pymoo's zdt1."""
        if self.problem.startswith(PYMOO):
            from .problems.pymoo_problem import get

            return get(self.problem.removeprefix(PYMOO), **self.arguments)
        if ":" not in self.problem:
            raise ConfigurationError(
                f"{self.problem!r} is no problem reference; write file.py:Name, module:Name, or, "
                f"for one of pymoo's, {PYMOO}zdt1"
            )
        return load_problem(self.problem, self.arguments)

    def make_algorithm(self, problem: Any) -> Algorithm:
        """The algorithm with its settings, for a problem, whose space says what is usual."""
        space = getattr(problem, "space", None)
        return make_algorithm(self.algorithm.name, self.algorithm.settings, space)

    def make_budget(self) -> int | Cost | None:
        """Evaluations, or what they may cost."""
        if self.cost is None:
            return self.budget
        return Cost(self.cost, SECONDS if self.cost_of is None else self.cost_of, self.cost_about)

    def make_executor(self) -> Executor:
        """The executor with its settings."""
        return named_executor(self.executor.name, self.executor.settings)


def make_failure_budget(settings: dict[str, Any] | None) -> FailureBudget | None:
    """The failure budget with these settings."""
    if settings is None:
        return None
    try:
        return FailureBudget(**settings)
    except TypeError:
        raise ConfigurationError(
            f"failure_budget has the settings count and share, got {list(settings)}"
        ) from None


def make_stop(max_seconds: float | None) -> MaxSeconds | None:
    """The condition that ends a run after so long."""
    return None if max_seconds is None else MaxSeconds(max_seconds)


def check_at_end(at_end: str | None, max_seconds: float | None, cost: Any = None) -> AtEnd:
    """``at_end`` with its default.

    Raises ConfigurationError for another word, or if neither a clock nor a ``cost`` ends the run.
    """
    if at_end is None:
        return "wait"
    if max_seconds is None and cost is None:
        raise ConfigurationError(
            f"at_end={at_end!r} (--at-end) says what becomes of the evaluations that run when "
            "the cost (--cost) is paid or max_seconds (--max-seconds) is over: give that, too"
        )
    for known in get_args(AtEnd):
        if at_end == known:
            return cast(AtEnd, known)
    raise ConfigurationError(f"--at-end must be one of {list(get_args(AtEnd))}, got {at_end!r}")


def read_config(
    file: Path | None, options: Mapping[str, Any], assignments: Sequence[str]
) -> RunConfig:
    """The configuration: the file, overridden by options that were given, overridden by ``--set``.

    Args:
        file: TOML, or None.
        options: By dotted key (``"algorithm.name"``); None means not given.
        assignments: ``key=value``; a key that is none of the configuration's is a setting of the
            algorithm, or of a part of it (``mutation.prob``), and the value is read as TOML, or
            else as a string.

    Raises:
        ConfigurationError: Naming the key, the value and where it came from.
    """
    values = _read_toml(file) if file is not None else {}
    for key, value in options.items():
        if value is not None:
            _assign(values, key, value)
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator or not key:
            raise ConfigurationError(f"--set {assignment!r}: write key=value")
        if key.partition(".")[0] not in RunConfig.model_fields:
            key = f"algorithm.{key}"
        _assign(values, key, _toml_value(text))
    for table in ("algorithm", "executor"):
        if isinstance(values.get(table), dict):
            values[table].setdefault("name", RunConfig.model_fields[table].default.name)
    where = f"{file} and the options" if file is not None else "the options"
    try:
        config = RunConfig.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: "
            + _what_is_wrong(e["type"], str(e["loc"][-1]), e["msg"], e["input"])
            for e in error.errors()
        )
        raise ConfigurationError(
            f"{where} make no run: {problems}; the keys are {list(RunConfig.model_fields)}"
        ) from None
    _check_budget(config, where)
    if "at_end" in config.model_fields_set:
        check_at_end(config.at_end, config.max_seconds, config.cost)
    return config


def _check_budget(config: RunConfig, where: str) -> None:
    """Raise ConfigurationError unless something ends the run, and there is one budget at most."""
    if (config.budget, config.cost, config.max_seconds) == (None, None, None):
        raise ConfigurationError(
            f"{where} make no run: budget: it is missing, and so are cost, which is another one, "
            "and max_seconds, which ends a run that has none; the keys are "
            f"{list(RunConfig.model_fields)}"
        )
    if config.budget is not None and config.cost is not None:
        raise ConfigurationError(
            f"{where} give two budgets: budget={config.budget} (--budget) is of evaluations, "
            f"cost={config.cost:g} (--cost) of what they cost; give one of them"
        )
    for key in ("cost_of", "cost_about"):
        if getattr(config, key) is not None and config.cost is None:
            raise ConfigurationError(
                f"{key} (--{key.replace('_', '-')}) is of the cost (--cost): give that, too"
            )


def _what_is_wrong(kind: str, key: str, message: str, value: Any) -> str:
    """Of an error that pydantic found: what is wrong, and what is meant."""
    if kind == "missing":
        return "it is missing"
    if kind != "extra_forbidden":
        return f"{message}, got {value!r}"
    for table, role in {"algorithm": ALGORITHM, "executor": EXECUTOR}.items():
        known = [signature(own_class(name)).parameters for name in kinds.own_names(role)]
        if any(key in parameters for parameters in known):
            return f"there is no such key; you mean {table}.{key}"
    return "there is no such key" + meant(
        key.replace("-", "_"), value, IN_A_FILE, RunConfig.model_fields
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # whatever the locale is
    except OSError as error:
        raise ConfigurationError(f"cannot read the configuration {file}: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is no TOML: {error}") from error


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a key of a table. The name of a thing, and its settings, may come in either order."""
    *tables, name = key.split(".")
    for table in tables:
        inside = values.setdefault(table, {})
        if isinstance(inside, str):
            inside = values[table] = {_tag(table): inside}
        if not isinstance(inside, dict):
            raise ConfigurationError(f"{key}: {table} is {inside!r}, which has no keys")
        values = inside
    there = values.get(name)
    if isinstance(there, dict) and isinstance(value, str):
        there[_tag(name)] = value
    else:
        values[name] = value


def _tag(table: str) -> str:
    """What the name of a thing is called in the table of its settings."""
    return "name" if table in ("algorithm", "executor") else "kind"
