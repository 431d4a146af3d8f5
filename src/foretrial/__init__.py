"""Foretrial: predict a thermal process, calibrate it on logged trials, and get a verdict with its uncertainty.

The rooms `models`, `solvers`, `twin` and `viz` load when they are first used, so a bare import stays quick.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import models, solvers, twin, viz

__version__ = "0.1.0"
__all__ = ["__version__", "models", "solvers", "twin", "viz"]


def __getattr__(name: str) -> ModuleType:
    """Room of that name, loaded on first use."""
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; its rooms are {', '.join(__all__[1:])}.")


def __dir__() -> list[str]:
    """Public names, rooms not yet loaded included."""
    return sorted({*globals(), *__all__})
