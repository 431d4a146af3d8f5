"""How many cells a grid has through the walls of a structure, and what of a run rests on an assumption."""

from collections.abc import Iterable

import numpy as np

from ..models import SolveError
from ..models.grid import Grid
from .elements import Piece
from .raster import Filled, Raster
from .surface import signed, surfaces
from .thickness import LEAST, through

BENDS = 3.9  # cells through a wall that bends: four, and what facets take away
HUGE = 100.0  # m


def thinnest(one: Filled, grid: Raster, most: float = BENDS) -> tuple[float, float, tuple[float, ...]]:
    """Fewest cells through a wall of a member where they are fewer than `most`, how thick (m) it is, and where (m).

    Infinitely many cells where there is no such wall.
    """
    part, active = one.member.part, grid.active
    low, high = (np.asarray(end)[:active] for end in part.bounds)
    if part.shape.kind == "box":
        cells = (high - low) / grid.spacing[:active]
        axis = int(cells.argmin())
        found = float(cells[axis]), float((high - low)[axis]), tuple(0.5 * (low + high))
        return found if found[0] < most else (np.inf, np.inf, ())
    edges = [grid.origin[a] + grid.spacing[a] * np.arange(grid.shape[a] + 1) for a in range(3)]
    box = Grid(x=edges[0], y=edges[1], z=edges[2])
    centres = [box.centres(axis) for axis in range(3)]
    if surfaces(part.shape):
        centre = signed(part.shape, box, centres)
    else:
        centre = part.distance(centres[0][:, None, None], centres[1][None, :, None], centres[2][None, None, :])
    centre = np.ascontiguousarray(np.broadcast_to(centre, grid.shape))
    cells, thick, where = through(part, box, centre, most * float(grid.spacing[:active].max()))
    return (cells, thick, tuple(where[:active])) if cells < most else (np.inf, np.inf, ())


def refuse_thin(filled: Iterable[Filled], grid: Raster) -> tuple[str, ...]:
    """Notes on walls that have fewer than four cells through them.

    Raises
    ------
    SolveError
        Where one has fewer than two: how thick it is, where, and the spacing that would do.
    """
    notes = []
    for one in filled:
        cells, thick, where = thinnest(one, grid)
        place = tuple(round(float(c), 6) for c in where)
        if cells < LEAST:
            raise SolveError(
                f"'{one.member.name}' is about {thick:.3g} m thick at {place} m, less than two cells of "
                f"{thick / max(cells, 1e-6):.3g} m. A wall has two cells or more, four where it bends. Use a spacing "
                f"of {thick / 2:.3g} m, that is {2 / max(cells, 1e-6):.3g} times the cells."
            )
        if cells < BENDS:
            notes.append(
                f"{one.member.name} is about {thick:.3g} m thick at {place} m, {cells:.2g} cells; a wall that bends "
                "has four or more."
            )
    return tuple(notes)


def assumed(pieces: Iterable[Piece], grid: Raster) -> tuple[str, ...]:
    """What a load case rests on: properties beyond the range of their source, and numbers near an edge."""
    notes = []
    for one in pieces:
        material = one.filled.material
        if one.T is not None:
            low, high = float(one.T.min()), float(one.T.max())
            for what, prop in material.laws():
                if not (low >= prop.valid[0] - 1e-6 and high <= prop.valid[1] + 1e-6):
                    notes.append(
                        f"{what} of {material.name} was used from {low:.0f} to {high:.0f} K; its source states "
                        f"{prop.valid[0]:.0f} to {prop.valid[1]:.0f} K."
                    )
    size = float((grid.spacing * np.array(grid.shape))[: grid.active].max())
    if size > HUGE:
        notes.append(f"the structure is {size:.4g} m long; places are read in metres.")
    return tuple(notes)
