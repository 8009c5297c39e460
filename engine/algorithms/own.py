"""A user's own algorithm, seen as what drivers call: something that breeds, and a survival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .algorithm import Algorithm
