"""Mutation: small random changes of children."""

from .bit_flip import BitFlip
from .polynomial import PolynomialMutation, polynomial_mutation
from .redraw import redraw_categories

__all__ = ["BitFlip", "PolynomialMutation", "polynomial_mutation", "redraw_categories"]
