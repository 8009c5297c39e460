"""Screening: of several children drawn for each evaluation, a model picks."""

from .extra_trees import ExtraTrees
from .gaussian_process import GaussianProcess

__all__ = ["ExtraTrees", "GaussianProcess"]
