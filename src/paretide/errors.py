"""Everything paretide raises on purpose, as one tree.

    ParetideError
    ├── ConfigurationError      a wrong argument, definition or setting (also a ValueError)
    │   └── ProblemReferenceError  a ``module:name`` or ``file.py:name`` that leads nowhere
    ├── ShapeError              an array of the wrong shape, dtype or content (also a ValueError)
    ├── RuleBroken              what ``pt.check`` has found, where the engine itself does not look
    ├── AskTellError            ask and tell called out of turn (also a RuntimeError)
    ├── EvaluationError         evaluations that cannot go on; ``ids`` says which candidates
    │   └── ContractError       ``evaluate`` returned other names or shapes than it declared
    ├── ExecutorError           no worker could be had, or ``setup`` failed in it
    └── StoreError              the run's file
        ├── StoreExists         there already is one
        ├── StoreNotFound       there is none
        ├── StoreLocked         another process is writing it
        ├── StoreCorrupt        its bytes are not what was written
        ├── StoreVersion        written by another schema version
        └── StoreMismatch       it belongs to another problem, algorithm or run

A message says what was wrong, where, and what to do about it.
"""

from collections.abc import Sequence


class ParetideError(Exception):
    """Base class of every error that paretide raises on purpose."""


class ConfigurationError(ParetideError, ValueError):
    """A wrong argument, problem definition or setting."""


class ProblemReferenceError(ConfigurationError):
    """A problem reference (``module:name`` or ``file.py:name``) that cannot be loaded."""


class ShapeError(ParetideError, ValueError):
    """An array of the wrong shape, dtype or content."""


class RuleBroken(ParetideError):
    """A part, space, algorithm, problem or executor breaks a rule of its kind.

    Raised by ``pt.check`` for what a run would not notice, but suffer from.
    """


class AskTellError(ParetideError, RuntimeError):
    """``ask`` and ``tell`` called out of turn: an unknown id, one told twice, or nothing to ask."""


class EvaluationError(ParetideError, RuntimeError):
    """Evaluations that cannot go on. ``ids`` are the candidates concerned."""

    def __init__(self, message: str, ids: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.ids = tuple(int(i) for i in ids)


class ContractError(EvaluationError):
    """``evaluate`` returned other names or shapes than the problem declares."""


class ExecutorError(ParetideError, RuntimeError):
    """No worker could be had, or the problem's ``setup`` failed in it."""


class StoreError(ParetideError):
    """The run's file or its journal."""


class StoreExists(StoreError):
    """There already is a run at this path."""


class StoreNotFound(StoreError):
    """There is no run at this path."""


class StoreLocked(StoreError):
    """Another process is writing this run."""


class StoreCorrupt(StoreError):
    """The bytes of a store or journal are not those that were written."""


class StoreVersion(StoreError):
    """The store was written by another schema version."""


class StoreMismatch(StoreError):
    """The store belongs to another problem, algorithm or run."""
