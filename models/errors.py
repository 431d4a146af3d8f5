"""Errors in three beats: what is wrong with its number and unit, what would be right, what to do."""

import difflib
from collections.abc import Iterable


class ForetrialError(Exception):
    """Anything this project refuses; the text says what is wrong, what is right and what to do."""


class ModelError(ForetrialError):
    """A part, material, process or requirement that cannot be what was meant."""


class SolveError(ForetrialError):
    """A run that cannot be trusted, or that did not converge."""


class TrialError(ForetrialError):
    """A log, channel or store that cannot be read as stated."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """One sentence that offers the nearest known name, or lists them all."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(names)}." if names else "None is known here."
