"""The base class of user problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..typing import SearchSpace
from .constraints import Constraint
from .context import Context


class Problem:
    """What is optimized: a ``space``, named ``objectives`` and one way to evaluate a candidate.

    A subclass sets, on the class or in ``__init__``::

        space = pt.Real(0, 1, n=30)                 # or Integer, Binary, Space, a SearchSpace
        objectives = {"cost": "min", "strength": "max"}
        constraints = {"stress": pt.upper(13600)}   # optional

    and defines exactly one of::

        def evaluate(self, x, ctx):                 # one candidate; returns {name: value}
        def evaluate_batch(self, X):                # (n, n_var); returns F (n, n_obj), or (F, G)

    ``F`` has the columns of ``objectives`` in order, ``G`` those of ``constraints``; all values are
    in the user's units and directions. ``evaluate_batch`` must treat rows independently; it gets at
    most ``batch_size`` rows at a time, split in the same way by every executor.

    A problem whose candidates take unequal time may say so, for runs in steady state::

        def cost(self, x):                          # as evaluate gets it; any unit, above 0

    It must be a plain function of the candidate: the order in which outcomes are told follows it.

    Objectives and constraints that need no training, as a number of parameters, may have a place of
    their own::

        def known(self, x):                         # as evaluate gets it; returns {name: value}

    It is called before ``evaluate``, which then need not return these values; where both do, those
    of ``known`` count. It must be a plain function of the candidate. One for which it raises, or
    returns what is no objective and no constraint, fails, and nothing is trained. Problems with
    ``evaluate_batch`` have none.

    ``setup(ctx)`` runs once in every worker, before its first evaluation: load data, claim a
    device. ``teardown()`` runs when the worker is dismissed, not when it is killed.
    """

    space: SearchSpace
    objectives: Mapping[str, str]
    constraints: Mapping[str, Constraint] = {}
    batch_size: ClassVar[int] = 1024

    init_arguments: tuple[tuple[Any, ...], dict[str, Any]]
    """How the instance was made; the store keeps it, so that a resumed run can make it again."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Problem:
        """Remember the arguments; ``object.__new__`` would refuse them."""
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments")
        self = super().__new__(cls)
        self.init_arguments = (args, kwargs)
        return self

    def setup(self, ctx: Context) -> None:
        """Prepare a worker. The default does nothing."""

    def teardown(self) -> None:
        """Release what ``setup`` claimed. The default does nothing."""
