"""What solvers of structures do alike on their grid: lay it, tell the width of its cells, and take differences."""

from collections.abc import Container
from dataclasses import replace
from typing import Any

import numpy as np

from ..models import History, SolveError, quantities, substitute
from ..models.errors import did_you_mean
from ..models.structure import Structure
from .raster import Raster, raster

STEP = 1e-3  # of a quantity, for a difference


def laid(solver: Any, structure: Structure) -> Raster:
    """The grid of a structure."""
    along = tuple(None if n is None else max(round(n * solver.ratio), 1) for n in solver.along)
    return raster(structure, cells=solver.cells * solver.ratio, along=along, shift=solver.shift)


def width(solver: Any, structure: Structure) -> float:
    """Width of its cells, m: the geometric mean over the axes that are resolved."""
    grid = laid(solver, structure)
    return float(np.prod(grid.spacing[: grid.active]) ** (1.0 / grid.active))


def with_as_many(solver: Any, structure: Structure) -> Any:
    """The same solver with as many cells as this structure has, for one whose sizes differ a little."""
    grid = laid(solver, structure)
    along = [grid.shape[a] - (solver.shift[a] > 0.0) if a < grid.active else None for a in range(3)]
    return replace(solver, along=(along[0], along[1], along[2]), ratio=1.0)


def sloped(base: History, same: Any, structure: Structure, free: tuple[str, ...], observe: tuple[Any, ...],
           idle: Container[str] = ()) -> History:  # fmt: skip
    """A run with derivatives of every reading by the named quantities, by central differences.

    Parameters
    ----------
    base : History
    same : solver
        What gave it, held to its cells and steps.
    idle : container of str
        Quantities that no reading hangs on.

    Raises
    ------
    SolveError
        If the structure has no quantity of that name.
    """
    known = quantities(structure)
    for name in free:
        if name not in known:
            raise SolveError(
                f"parameter '{name}' is not in structure '{structure.name}'. {did_you_mean(name, known)} Correct the "
                "name."
            )
    slopes = np.zeros((len(free), *base.values.shape))
    for n, name in enumerate(free):
        if name in idle:
            continue
        one = known[name]
        step = STEP * max(abs(one.value), one.std, 1e-12)
        ends = [same(substitute(structure, {name: one.value + way * step}), observe=observe) for way in (1.0, -1.0)]
        slopes[n] = (ends[0].values - ends[1].values) / (2.0 * step)
    return replace(base, free=free, tangents=slopes, tangent_rates=np.gradient(slopes, base.t, axis=1))
