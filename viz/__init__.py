"""Sight: scenes and reports of what the other rooms found."""

from .report import report
from .scene import SceneError, opengl, show, still
from .shape import shape
from .tree import tree_page

__all__ = ["SceneError", "opengl", "report", "shape", "show", "still", "tree_page"]
