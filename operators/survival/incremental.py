"""Who survives when one at a time joins: ranks, sorted objectives and distances kept up to date."""

from __future__ import annotations

from ...cext.incremental import Ranked

__all__ = ["Ranked"]
