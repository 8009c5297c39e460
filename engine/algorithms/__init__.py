"""Algorithms: printable specifications that start ask/tell state machines."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigurationError
from .. import foreign_names
from .algorithm import Algorithm, read_settings
from .concurrent_dynamic_nsga2 import ConcurrentDynamicNSGA2
from .dynamic_nsga2 import DynamicNSGA2
from .nsga2 import NSGA2

ALGORITHMS: dict[str, type[Algorithm]] = {
    kind.name: kind for kind in (NSGA2, DynamicNSGA2, ConcurrentDynamicNSGA2)
}


def make_algorithm(name: str, settings: dict[str, Any]) -> Algorithm:
    """The algorithm of this name ("nsga2", "dnsga2") with these settings, as JSON holds them.

    Raises ConfigurationError for an unknown name or setting.
    """
    kind = ALGORITHMS.get(name)
    if kind is None:
        raise ConfigurationError(
            f"there is no algorithm {name!r}"
            f"{foreign_names.meant_name(name, ALGORITHMS, foreign_names.ALGORITHMS)}; "
            f"choose one of {list(ALGORITHMS)}"
        )
    known = list(kind().settings())
    for key, value in settings.items():
        if key not in known:
            hint = foreign_names.meant(key, value, kind.foreign, known)
            raise ConfigurationError(f"{name} has no setting {key!r}{hint}; it has {known}")
    return kind(**read_settings(settings))
