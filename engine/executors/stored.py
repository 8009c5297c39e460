"""An executor as a run's file has it, and made again from that, as far as a file may say.

Paretide's own stand there with their short names, ``{"name": "processes", "workers": 4, ...}``, a
user's by reference, ``{"name": "file.py:Threads", "arguments": {"workers": 4}, "folder": ""}``, and
what cannot be made again with the reason, ``{"name": "", "reason": "..."}``.

Whose cluster is joined, and in which environment code runs there, is for the user's own command or
configuration to say: a file may come from anybody.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from ...errors import ConfigurationError
from ...problems.own_names import own_name
from ...problems.reference import split, survives_json
from .. import kinds
from . import ProcessExecutor, RayExecutor, SerialExecutor, make_executor
from .base import Executor

log = logging.getLogger(__name__)

EXECUTOR = kinds.role_of(
    "executor", Executor, SerialExecutor, ProcessExecutor, RayExecutor,
    remedy="--executor {target}, or executor=...",
)  # fmt: skip
"""Of what a run is given as its executor."""

OWN_ADDRESSES = (None, "auto", "local")
"""Of a Ray that is started here, or of the cluster that this machine belongs to."""


def describe_executor(executor: Executor) -> dict[str, Any]:
    """An executor as JSON, see above."""
    kind = type(executor)
    says = next(one for one in kind.__mro__ if "settings" in vars(one))
    if says is not kind and own_name(says):  # it would be made again as ours
        reason = f"{kind.__qualname__} descends from {says.__qualname__}, and has no settings()"
        return {"name": "", "reason": reason}
    settings = executor.settings()
    if isinstance(settings, dict) and "name" in settings and survives_json(settings):
        return settings
    reason = f"settings() of {kind.__qualname__} gives no name and arguments as JSON: {settings!r}"
    return {"name": "", "reason": f"{reason:.300}"}


def named_executor(name: str, arguments: Mapping[str, Any]) -> Executor:
    """The executor that the user names: "processes", ``file.py:Name`` or ``module:Name``.

    Raises ConfigurationError for an unknown name or argument.
    """
    if ":" not in name:
        return make_executor(name, **arguments)
    found: Executor = kinds.read_named({**arguments, "kind": name}, EXECUTOR)
    return found


def stored_executor(
    settings: Mapping[str, Any], *, trusted: bool = False, **given: Any
) -> Executor:
    """The executor of a run's file.

    Args:
        settings: Name and arguments, as the file has them.
        trusted: Use an address and a ``runtime_env`` that only the file names.
        given: Arguments that the user names now; they come before the file's.

    Raises ConfigurationError for an address or a ``runtime_env`` that the user neither names nor
    trusts, for settings that no executor has, and for one that could not be stored;
    ProblemReferenceError for a user's that leads nowhere, or to something that is no executor.
    """
    name = settings.get("name")
    if not isinstance(name, str):
        raise ConfigurationError(f"the run's file names no executor: {settings!r:.300}")
    if not name:
        raise ConfigurationError(
            "the run's file cannot say how to make its executor again "
            f"({settings.get('reason')}); pass it: executor=..., or --executor serial"
        )
    if ":" in name:
        kept = settings.get("arguments")
        description = {**(kept if isinstance(kept, dict) else {}), **given, "kind": name}
        folders = {split(name)[0]: settings.get("folder", "")}
        found: Executor = kinds.read(description, EXECUTOR, folders)
        return found
    arguments = {**settings, **given}
    del arguments["name"]
    if name == "ray":
        if "address" not in given:
            arguments["address"] = _address(arguments.get("address"), trusted)
        if "runtime_env" not in given:
            arguments["runtime_env"] = _runtime_env(arguments.get("runtime_env"), trusted)
    return make_executor(name, **arguments)


def _address(stored: Any, trusted: bool) -> Any:
    own = os.environ.get("RAY_ADDRESS") or None
    if stored in OWN_ADDRESSES or stored == own or trusted:
        return stored
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():  # by the user's program, which has chosen
        return None
    if own is not None:
        log.warning("the run was on the cluster at %r; it goes on at RAY_ADDRESS=%s", stored, own)
        return None
    raise ConfigurationError(
        f"the run's file names the Ray cluster at {stored!r}, which is joined only if you name it: "
        f"--address {stored}, or RAY_ADDRESS, or --trust-executor; in a program "
        f"executor=pt.RayExecutor(address={stored!r}, ...) or trust_executor=True. "
        "--address auto is the cluster that this machine belongs to"
    )


def _runtime_env(stored: Any, trusted: bool) -> Any:
    if not stored:
        return None
    if not trusted:
        raise ConfigurationError(
            f"the run's file names the runtime_env {stored!r:.300}, which may run anything and is "
            "used only if you say so: --trust-executor or trust_executor=True, or name it again, "
            "executor=pt.RayExecutor(runtime_env=...)"
        )
    if not isinstance(stored, Mapping) or not stored.get("env_vars"):
        return stored
    names = list(stored["env_vars"])  # with values in files of earlier versions
    missing = [name for name in names if name not in os.environ]
    if missing and not isinstance(stored["env_vars"], Mapping):
        log.warning(
            "the run's runtime_env sets %s, whose values its file does not hold, nor does the "
            "environment here: the actors go without",
            ", ".join(missing),
        )
    kept = stored["env_vars"] if isinstance(stored["env_vars"], Mapping) else {}
    values = {name: os.environ.get(name, kept.get(name)) for name in names}
    return {**stored, "env_vars": {k: v for k, v in values.items() if v is not None}}
