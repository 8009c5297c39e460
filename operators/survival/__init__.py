"""Survival: who stays."""

from ..parts import Survivors
from .copies import Copies, copies_give_way
from .crowding import Crowding, balanced_priority, crowding_by_rank, crowding_distance
from .rank_and_crowding import RankAndCrowding, Ties, survive
from .ranking import constrained_rank, nondominated_rank

__all__ = [
    "Copies",
    "Crowding",
    "RankAndCrowding",
    "Survivors",
    "Ties",
    "balanced_priority",
    "constrained_rank",
    "copies_give_way",
    "crowding_by_rank",
    "crowding_distance",
    "nondominated_rank",
    "survive",
]
