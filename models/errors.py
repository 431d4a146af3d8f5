"""Errors in three beats: what is wrong with its number and unit, what would be right, what to do."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from .surface import Surface


class ForetrialError(Exception):
    """Anything this project refuses; the text says what is wrong, what is right and what to do."""


class ModelError(ForetrialError):
    """A part, material, process or requirement that cannot be what was meant."""


class SurfaceError(ModelError):
    """A surface of triangles that does not close around solid; it says where, and can be drawn.

    Parameters
    ----------
    text : str
        Three beats.
    surface : Surface or None
        The triangles as they were read.
    places : (n, 3) m
        Where they fail.
    """

    def __init__(self, text: str, *, surface: "Surface | None" = None, places: ArrayLike = ()) -> None:
        super().__init__(text)
        self.surface = surface
        self.places: NDArray[np.float64] = np.asarray(places, dtype=np.float64).reshape(-1, 3)


class SolveError(ForetrialError):
    """A run that cannot be trusted, or that did not converge."""


class Cancelled(KeyboardInterrupt):
    """A run that was stopped on its way, by Ctrl-C or by its `stop`; `history` is what it had, up to its last step.

    No verb goes on with it: like any Ctrl-C it passes by what catches errors.
    """

    def __init__(self, text: str, history: Any) -> None:
        super().__init__(text)
        self.history = history


class TrialError(ForetrialError):
    """A log, channel or store that cannot be read as stated."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """One sentence that offers the nearest known name, or lists them all."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(names)}." if names else "None is known here."
