"""The Ray that actors live in: reached or started, and what a worker needs of it."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...checks import real_number
from ...errors import ConfigurationError, ExecutorError
from ...problems.reference import survives_json
from .ray_guard import Guard, guard_ray

log = logging.getLogger(__name__)

STRATEGIES = ("DEFAULT", "SPREAD")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What each worker needs of a cluster, as Ray's actors are made with; all of it JSON.

    Attributes:
        cpus: May be a fraction.
        gpus: May be a fraction.
        memory: Bytes.
        resources: Of the cluster's own names.
        runtime_env: Ray's description of the environment.
        scheduling_strategy: One of ``STRATEGIES``.
    """

    cpus: float = 1
    gpus: float = 0
    memory: float | None = None
    resources: Mapping[str, float] | None = None
    runtime_env: Mapping[str, Any] | None = None
    scheduling_strategy: str = "DEFAULT"

    def __post_init__(self) -> None:
        for what in ("cpus", "gpus"):
            object.__setattr__(self, what, _amount(what, getattr(self, what)))
        if self.memory is not None:
            memory = _amount("memory", self.memory)
            if not memory:
                raise ConfigurationError("RayExecutor: memory must be bytes above 0, got 0")
            object.__setattr__(self, "memory", memory)
        if isinstance(self.resources, Mapping):
            amounts = {key: _amount(f"resources[{key!r}]", n) for key, n in self.resources.items()}
            object.__setattr__(self, "resources", amounts)
        for what in ("resources", "runtime_env"):
            value = getattr(self, what)
            if value is not None and not (
                isinstance(value, Mapping) and survives_json(dict(value))
            ):
                raise ConfigurationError(
                    f"RayExecutor: {what} must be a mapping that JSON can hold, got {value!r:.200}"
                )
        if self.scheduling_strategy not in STRATEGIES:
            raise ConfigurationError(
                f"RayExecutor: scheduling_strategy must be one of {list(STRATEGIES)}, "
                f"got {self.scheduling_strategy!r}"
            )

    def _amounts(self) -> dict[str, float]:
        """By Ray's names, those above 0."""
        amounts = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory or 0}
        return {name: n for name, n in {**amounts, **(self.resources or {})}.items() if n}

    @property
    def bounded(self) -> bool:
        """True if a cluster's size says how many workers fit."""
        return bool(self._amounts())

    def fitting(self, total: Mapping[str, float]) -> int:
        """How many workers a cluster with these resources in all has room for."""
        return min(int(total.get(name, 0) / need) for name, need in self._amounts().items())

    def options(self) -> dict[str, Any]:
        """What an actor is made with."""
        optional = {
            "memory": self.memory,
            "resources": None if self.resources is None else dict(self.resources),
            "runtime_env": None if self.runtime_env is None else dict(self.runtime_env),
        }
        return {
            "num_cpus": self.cpus,
            "num_gpus": self.gpus,
            "scheduling_strategy": self.scheduling_strategy,
            **{key: value for key, value in optional.items() if value is not None},
        }

    def __str__(self) -> str:
        return ", ".join(f"{n:g} {name}" for name, n in self._amounts().items()) or "nothing"


def _amount(what: str, value: Any) -> float:
    """An amount of something, whole ones as integers."""
    found = real_number(f"RayExecutor: {what}", value)
    if not 0 <= found < math.inf:
        raise ConfigurationError(f"RayExecutor: {what} must be >= 0, got {value!r}")
    return int(found) if found.is_integer() else found


def storable(runtime_env: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A ``runtime_env`` for a file: of its variables the names, whose values may be secrets."""
    if runtime_env is None:
        return None
    variables = runtime_env.get("env_vars")
    if not variables:
        return dict(runtime_env)
    return {**runtime_env, "env_vars": sorted(variables)}


def import_ray() -> Any:
    """Ray, or ConfigurationError if it is not installed."""
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ConfigurationError(
            "the ray executor needs Ray, which is not installed: pip install 'paretide[ray]', "
            'or use executor="processes"'
        ) from None
    return ray


@dataclass
class _Own:
    """The Ray that this program started or joined for its runs, which share it.

    Attributes:
        guard: Ends what is left of one that was started here.
        runs: That use it now.
    """

    guard: Guard | None
    runs: int = 0


_lock = threading.Lock()  # a run in one thread may end as one in another begins
_owned: list[_Own] = []  # one, or none


class Connection:
    """A Ray that a run uses: the program's own, one it joined, or one that was there before it.

    Runs in several threads share it, and the last one ends it.

    Args:
        ray: The module.
        address: Of a cluster; None is the one that RAY_ADDRESS names, as it does in a Ray job, or
            else starts one here.
        slots: CPUs that a Ray started here has at least.

    Raises ExecutorError if there is no cluster at the address, or Ray cannot start.
    """

    def __init__(self, ray: Any, address: str | None, slots: int) -> None:
        self._ray = ray
        self._closed = False
        with _lock:
            if not ray.is_initialized():
                address = address or os.environ.get("RAY_ADDRESS") or None
                _owned[:] = [_Own(_connect(ray, address, slots))]
            elif address is not None:
                log.warning("Ray runs already: address=%r is not looked at", address)
            self._own = _owned[0] if _owned else None  # None for a Ray of the user's
            if self._own is not None:
                self._own.runs += 1

    @property
    def is_of_this_machine(self) -> bool:
        """True if it was started here, so that no other machine belongs to it."""
        return self._own is not None and self._own.guard is not None

    @property
    def is_shared(self) -> bool:
        """True if other runs of this program use it, which will make room when they end."""
        return self._own is not None and self._own.runs > 1

    @property
    def has_working_folder(self) -> bool:
        """True if whoever started the program gave the actors a working folder of their own."""
        return bool(self._ray.get_runtime_context().runtime_env.get("working_dir"))

    def close(self) -> None:
        """Leave the cluster; the last run ends it and all its processes if it was started here."""
        with _lock:
            if self._own is None or self._closed:
                return
            self._closed = True
            self._own.runs -= 1
            if self._own.runs:
                return
            if self._own in _owned:  # the user may have shut it down, and another come since
                _owned.clear()
                self._ray.shutdown()
            if self._own.guard is not None:
                self._own.guard.dismiss()


def _connect(ray: Any, address: str | None, slots: int) -> Guard | None:
    """Join the cluster at an address, or start Ray here; then with its guard."""
    guard = None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        guard = guard_ray()
        options["include_dashboard"] = False
        options["num_cpus"] = max(slots, os.cpu_count() or 1)
    marked = {} if guard is None else guard.environment
    try:
        with _environment({"RAY_USAGE_STATS_ENABLED": "0"} | marked), _own_handler():
            # Without "local" Ray would join whatever cluster runs on this machine.
            ray.init(address=address or "local", **options)
    except BaseException as error:
        if guard is not None:
            guard.dismiss()
        if not isinstance(error, Exception):
            raise
        # ConnectionError, ValueError and others, by version
        where = f"the cluster at {address!r}" if address else "Ray on this machine"
        raise ExecutorError(
            f"cannot reach {where}: {error}; a cluster is started with `ray start --head` and "
            "may want its token (RAY_AUTH_MODE, RAY_AUTH_TOKEN_PATH); without an address Ray "
            "starts here"
        ) from error
    return guard


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """With variables that are not set already."""
    added = {key: value for key, value in variables.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            del os.environ[key]


@contextlib.contextmanager
def _own_handler() -> Iterator[None]:
    """Ray installs a handler for SIGTERM, which would keep a run from being sealed."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
