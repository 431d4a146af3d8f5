"""Sight: scenes and reports of what the other rooms found."""

from .report import report

__all__ = ["report"]
