"""The words for names that are not known, as the whole house says them."""

from neurolupus.records.words import MOST_CHOICES, listed, suggestion

__all__ = ["MOST_CHOICES", "listed", "suggestion"]
