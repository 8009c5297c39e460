"""Survival: who stays."""

from .crowding import Crowding, balanced_priority, crowding_by_rank, crowding_distance
from .rank_and_crowding import Survivors, Ties, survive
from .ranking import constrained_rank, nondominated_rank

__all__ = [
    "Crowding",
    "Survivors",
    "Ties",
    "balanced_priority",
    "constrained_rank",
    "crowding_by_rank",
    "crowding_distance",
    "nondominated_rank",
    "survive",
]
