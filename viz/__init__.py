"""Sight: scenes and reports of what the other rooms found."""

from .report import report
from .scene import SceneError, opengl, show, still

__all__ = ["SceneError", "opengl", "report", "show", "still"]
