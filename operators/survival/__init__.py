"""Survival: who stays."""

from ..parts import Survivors
from .crowding import Crowding, balanced_priority, crowding_by_rank, crowding_distance
from .rank_and_crowding import RankAndCrowding, Ties, survive
from .ranking import constrained_rank, nondominated_rank

__all__ = [
    "Crowding",
    "RankAndCrowding",
    "Survivors",
    "Ties",
    "balanced_priority",
    "constrained_rank",
    "crowding_by_rank",
    "crowding_distance",
    "nondominated_rank",
    "survive",
]
