"""How thick a part is where it is thinnest, and whether a grid has two cells through every wall."""

import numpy as np
from numpy.typing import NDArray

from ..models import Body, Grid, Part, SolveError
from ..models.shape import aligned
from .surface import FACING, prepared, signed, surfaces

Array = NDArray[np.float64]
LEAST = 1.95  # cells through a wall: two, and what facets take away
STEPS = 40


def thickness(part: Part, grid: Grid) -> tuple[float, Array]:
    """The least distance between two walls that face each other across solid, and where.

    Walls within 37 degrees of parallel face each other. From a surface of triangles rays go straight in from all of
    them; from another shape, from where the surface passes the cells of `grid`, along the signed distance.

    Parameters
    ----------
    part : Part
        On a Cartesian grid of 2 or 3 axes.

    Returns
    -------
    float, array (3,)
        m, and m; inf and NaN where no two walls face each other.
    """
    size = float(np.linalg.norm(np.subtract(*part.bounds)))
    centre = None if part.shape.surface is not None else signed(part.shape, grid, [grid.centres(a) for a in range(3)])
    most = size if centre is not None else size / 64.0
    while True:
        places, through, _ = _walls(part, grid, centre, most)
        if through.size or most >= size:
            break
        most *= 4.0
    if not through.size:
        return np.inf, np.full(3, np.nan)
    least = int(through.argmin())
    return float(through[least]), places[least]


def refuse_thin(body: Body, grid: Grid, centre: Array) -> None:
    """SolveError where a wall has fewer than two cells through it: where, how thick, and the spacing that would do."""
    active = body.part.active
    if aligned(body.part.shape):
        return
    reach = LEAST * max(float(grid.widths(axis).max()) for axis in range(active))
    cells, t, place = through(body.part, grid, centre, reach)
    if cells < LEAST:
        n = max(cells, 1e-6)
        where = tuple(round(float(c), 6) for c in place[:active])
        raise SolveError(
            f"'{body.name}' is about {t:.3g} m thick at {where} m, less than two cells of {t / n:.3g} m. A wall has "
            f"two cells or more. Use a spacing of {t / 2:.3g} m, that is {2 / n:.3g} times the cells."
        )


def through(part: Part, grid: Grid, centre: Array, most: float) -> tuple[float, float, Array]:
    """Fewest cells through a wall of at most `most` m, how thick (m) it is, and where (3,) m; infinity where none is.

    Parameters
    ----------
    centre : (nx, ny, nz) m
        Signed distance in the middle of the cells.
    """
    widths = [grid.widths(axis) for axis in range(part.active)]
    places, thick, normals = _walls(part, grid, centre, most)
    if not thick.size:
        return np.inf, np.inf, np.full(3, np.nan)
    cells = np.zeros(thick.size)
    for axis, w in enumerate(widths):
        at = np.clip(np.searchsorted(grid.edges(axis), places[:, axis]) - 1, 0, w.size - 1)
        cells += (normals[:, axis] / w[at]) ** 2
    cells = thick * np.sqrt(cells)
    worst = int(cells.argmin())
    return float(cells[worst]), float(thick[worst]), places[worst]


def _walls(part: Part, grid: Grid, centre: Array | None, most: float) -> tuple[Array, Array, Array]:
    """Places (n, 3) m on walls that face another within `most` m, how far (n,) m it is, and their normals (n, 3)."""
    if part.shape.surface is not None:
        return prepared(part.shape.surface).walls(most)
    assert centre is not None
    return _ridge(part, grid, centre) if surfaces(part.shape) else _marched(part, grid, centre, most)


def _marched(part: Part, grid: Grid, centre: Array, most: float) -> tuple[Array, Array, Array]:
    """The same from the signed distance of any shape: along its slope to the surface, and on to the other side."""
    width = min(float(grid.widths(axis).min()) for axis in range(part.active))
    reach = 0.51 * float(np.sqrt(sum(float(grid.widths(axis).max()) ** 2 for axis in range(part.active))))
    near = np.nonzero(np.abs(centre) < reach)
    places = np.stack([grid.centres(axis)[near[axis]] for axis in range(3)], axis=1)
    for _ in range(3):  # onto the surface, also where the distance is only a bound
        places = places - part.distance(*places.T)[:, None] * _slope(part, places, 1e-3 * width)
    outward = _slope(part, places + 1e-2 * width * _slope(part, places, 1e-3 * width), 1e-3 * width)
    near = (np.abs(part.distance(*places.T)) < 1e-3 * width) & (np.linalg.norm(outward, axis=1) > 0.9)
    places, outward = places[near], outward[near]
    gone = np.full(len(places), 2e-2 * width)
    entered = part.distance(*(places - gone[:, None] * outward).T) < 0.0
    going = np.flatnonzero(entered)
    for _ in range(STEPS):
        deep = -part.distance(*(places[going] - gone[going, None] * outward[going]).T)
        gone[going] += np.maximum(deep, 0.0)
        going = going[(deep > 1e-4 * width) & (gone[going] < most)]
        if not going.size:
            break
    beyond = places - (gone + 2e-2 * width)[:, None] * outward
    thin = entered & (gone < most) & (part.distance(*beyond.T) > 0.0)
    thin[going] = False
    thin[thin] = -(_slope(part, beyond[thin], 1e-3 * width) * outward[thin]).sum(axis=1) > FACING
    return places[thin], gone[thin], outward[thin]


def _ridge(part: Part, grid: Grid, centre: Array) -> tuple[Array, Array, Array]:
    """The same, coarsely, where the slope of the distance at centres (nx, ny, nz) turns round, for mixed trees."""
    width = max(float(grid.widths(axis).max()) for axis in range(part.active))
    padded, slope = np.pad(centre, 1, constant_values=0.5 * width), []
    for axis in range(3):
        ahead: list[slice] = [slice(1, -1)] * 3
        behind: list[slice] = [slice(1, -1)] * 3
        ahead[axis], behind[axis] = slice(2, None), slice(None, -2)
        slope.append((padded[tuple(ahead)] - padded[tuple(behind)]) / (2.0 * width))
    flat = sum(one * one for one in slope) < 0.1
    at = np.nonzero((centre < 0.0) & flat & (centre > -0.75 * width))
    places = np.stack([grid.centres(axis)[at[axis]] for axis in range(3)], axis=1)
    normal = np.zeros(places.shape)
    normal[:, 0] = 1.0
    return places, np.maximum(-2.0 * centre[at], 0.25 * width), normal


def _slope(part: Part, places: Array, step: float) -> Array:
    """Gradient (n, 3) of the signed distance by differences over `step` m; nothing along axes not resolved."""
    slope = np.zeros(places.shape)
    for axis in range(part.active):
        by = step * np.eye(3)[axis]
        slope[:, axis] = (part.distance(*(places + by).T) - part.distance(*(places - by).T)) / (2.0 * step)
    return slope
