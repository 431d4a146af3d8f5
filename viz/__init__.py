"""Sight: scenes and reports of what the other rooms found."""

from .log import log_page
from .report import report
from .scene import SceneError, opengl, show, still
from .shape import shape
from .tree import tree_page

__all__ = ["SceneError", "log_page", "opengl", "report", "shape", "show", "still", "tree_page"]
