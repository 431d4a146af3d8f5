"""The even grid that a structure is solved on, and which of its cells each member fills, wholly or in part."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from ..models import Part, SolveError
from ..models.elastic import Elastic
from ..models.grid import Grid
from ..models.shape import aligned, flats
from ..models.structure import Member, Structure
from .corners import beside, kinked, sharp
from .cut import named
from .kernels.moments import cut, cut_flat
from .memory import machine
from .surface import exactly, signed, surfaces

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FINE, BENT = 4, 0.02  # lattice in cells where the distance bends, and by how many widths it must
SLIVER = 1e-5  # share of a cell below which its solid is left out
EACH = {2: 3000.0, 3: 180.0}  # bytes a cell, by resolved axes: a factorisation of a section, gradients of a solid
MANY = 60_000  # cut cells from where on triangles are no longer looked at from within every one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """Cells of one size: `shape` of them from `origin` m, `spacing` m wide; z is one cell of a section."""

    origin: Array
    spacing: Array
    shape: tuple[int, int, int]
    active: int
    metric: str = "cartesian"

    @property
    def nodes(self) -> tuple[int, int, int]:
        """Corners along x, y, z; one layer of a section."""
        nx, ny, nz = self.shape
        return nx + 1, ny + 1, nz + 1 if self.active == 3 else 1

    def corners(self, axis: int) -> Array:
        """Coordinates of the corners along an axis, m."""
        return self.origin[axis] + self.spacing[axis] * np.arange(self.nodes[axis])

    def centres(self, cells: Ints) -> Array:
        """Middles (m, 3) m of cells (m, 3)."""
        return np.asarray(self.origin + self.spacing * (cells + 0.5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """What one member fills.

    Attributes
    ----------
    full : (nx, ny, nz) bool
    cells : (m, 3) int
        Cells that a wall passes or touches; the full ones among them are in `full` too.
    moments : (m, 27) or (m, 9)
        Of their solid, in cells that are -1 ... 1 along each axis.
    owner : (n,) int
        Row of `cells` behind each piece of wall.
    corners : (n, 3, 3) or (n, 2, 2)
        Of the pieces, in the same coordinates.
    normal, place, area : (n, 3), (n, 3) m, (n,) m2
        Outward direction, middle and size of the pieces; of a section m.
    patch : (n,) int, patches : tuple of str
        Index into the names of the patch that each piece belongs to.
    joined : (n,) bool or None
        Pieces behind which another member lies; None where there is one member.
    """

    member: Member
    full: NDArray[np.bool_]
    cells: Ints
    moments: Array
    owner: Ints
    corners: Array
    normal: Array
    place: Array
    area: Array
    patch: Ints
    patches: tuple[str, ...]
    joined: NDArray[np.bool_] | None = None

    @property
    def material(self) -> Elastic:
        """What it is made of."""
        return self.member.material

    @property
    def fraction(self) -> Array:
        """(m,) share of each of `cells` that is solid."""
        return self.moments[:, 0] / 2.0 ** (3 if self.moments.shape[1] == 27 else 2)


def raster(structure: Structure, *, cells: float, along: Sequence[int | None] = (None, None, None),
           shift: Sequence[float] = (0.0, 0.0, 0.0)) -> Raster:  # fmt: skip
    """Lay a grid over a structure: `cells` through the thinnest distance between flat faces, flat faces on its planes.

    Parameters
    ----------
    along : three ints or None
        Cells over the whole extent along an axis instead.
    shift : three floats
        How far the grid is moved under the structure, in cells; flat faces are cut then.
    """
    parts = [body.part for body in structure.bodies]
    active, metric = parts[0].active, parts[0].metric
    if metric == "axisymmetric" and active == 1:
        raise SolveError(
            f"'{structure.bodies[0].name}' is resolved along 1 axis, its radius. A long cylinder is a slice of it that "
            "keeps its height. Give Part.rod a length, and supports={'bottom': Sliding(), 'top': Sliding()}."
        )
    if any(part.active != active or part.metric != metric for part in parts) or active < 2 or metric == "spherical":
        raise SolveError(
            f"structure '{structure.name}' has bodies with {[part.active for part in parts]} resolved axes, "
            f"{metric}. All have two or three, on a cartesian or axisymmetric grid. Model them alike."
        )
    low = np.min([part.bounds[0] for part in parts], axis=0)
    high = np.max([part.bounds[1] for part in parts], axis=0)
    planes = [sorted({c for part in parts for c in flats(part.shape, a)} | {low[a], high[a]}) for a in range(active)]
    gaps = [np.diff(line) for line in planes]
    width = min(float(gap[gap > 1e-9 * (high - low).max()].min()) for gap in gaps) / cells
    origin, spacing, shape = np.zeros(3), np.ones(3), [1, 1, 1]
    for axis in range(active):
        extent = float(high[axis] - low[axis])
        n = _fitting(planes[axis], extent, max(math.ceil(extent / width - 1e-6), 1), along[axis])
        spacing[axis], shape[axis], origin[axis] = extent / n, n, low[axis]
        if shift[axis] > 0.0:
            origin[axis] -= (1.0 - shift[axis]) * spacing[axis]
            shape[axis] += 1
    need, have = float(np.prod([float(n) for n in shape])) * EACH[active], machine()
    if need > have:
        raise SolveError(
            f"{shape[0]} x {shape[1]} x {shape[2]} cells of {spacing[:active].min():.3g} m need about {need / 1e9:.3g} "
            f"GB, this machine has {have / 1e9:.3g} GB, and the thinnest distance between two flat faces is "
            f"{width * cells:.3g} m. A run fits into memory. Move faces that nearly meet, or use fewer cells."
        )
    return Raster(origin=origin, spacing=spacing, shape=(shape[0], shape[1], shape[2]), active=active, metric=metric)


def _fitting(planes: Sequence[float], extent: float, n: int, asked: int | None) -> int:
    """The least number of cells, from n to a quarter more, whose planes hold all flat faces; n if none does."""
    if asked is not None:
        return asked
    at = (np.asarray(planes) - planes[0]) / extent
    for more in range(n, max(n + n // 4, n + 1) + 1):
        if np.abs(at * more - np.round(at * more)).max() < 1e-6:
            return more
    return n


def fill(member: Member, grid: Raster) -> Filled:
    """Cut a member's shape on the grid.

    Raises
    ------
    SolveError
        If it fills no cell.
    """
    part, active = member.part, grid.active
    corner = _distances(part, grid)
    deep = 2 if active == 3 else 1
    inside, outside = (_counted(sign, grid.shape, deep) for sign in (corner < 0.0, corner > 0.0))
    full = (outside == 0) & (inside > 0)
    thin = np.argwhere((outside == 0) & (inside == 0))
    if len(thin):
        full[tuple(thin.T)] = part.distance(*grid.centres(thin).T) < 0.0
    crossed = (inside > 0) & (outside > 0)
    if not _even(part, grid):
        crossed |= _tipped(corner, grid)
    cells = np.argwhere(crossed).astype(np.int64)
    if not full.any() and not len(cells):
        raise SolveError(
            f"'{member.name}' fills no cell of {grid.spacing[:active].max():.3g} m. A body fills several. Use more "
            "cells, or check its shape."
        )
    found, owner, corners = _cut(part, grid, cells, corner)
    crossed = ((inside > 0) & (outside > 0))[tuple(cells.T)] | (np.abs(found[:, 0] / 2.0**active - 0.5) < 0.5 - 1e-9)
    crossed |= np.bincount(owner, minlength=len(cells)) > 0  # a full one too, along part of whose side the wall runs
    rows = np.cumsum(crossed) - 1
    keep = crossed[owner]
    cells, found, owner, corners = cells[crossed], found[crossed], rows[owner[keep]], corners[keep]
    full[tuple(cells.T)] = found[:, 0] > (1.0 - 1e-9) * 2.0**active
    cells, found, owner, corners = _bounded(full, corner, cells, found, owner, corners, active)
    half = 0.5 * grid.spacing[:active]
    if active == 3:
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal = 0.5 * cross * np.array([half[1] * half[2], half[2] * half[0], half[0] * half[1]])
    else:
        step = (corners[:, 1] - corners[:, 0]) * half
        normal = np.stack([step[:, 1], -step[:, 0], np.zeros(len(step))], axis=1)
    area = np.linalg.norm(normal, axis=1)
    real = area > 1e-12 * float(np.prod(half)) ** ((active - 1) / active)
    if grid.metric == "axisymmetric":  # the axis is no wall
        real &= (grid.origin[0] + grid.spacing[0] * cells[owner, 0] + half[0] * (1.0 + corners[:, :, 0].mean(axis=1))
                 > 1e-9 * grid.spacing[0])  # fmt: skip
    owner, corners, normal, area = owner[real], corners[real], normal[real], area[real]
    place = grid.centres(cells[owner])
    place[:, :active] += corners.mean(axis=1) * half
    normal /= area[:, None]
    patch, patches = named(member, normal, place)
    return Filled(member=member, full=full, cells=cells, moments=found, owner=owner, corners=corners, normal=normal,
                  place=place, area=area, patch=patch, patches=patches)  # fmt: skip


def _even(part: Part, grid: Raster) -> bool:
    """Whether every wall lies on planes of the grid, so that no edge is within a cell."""
    off = [(np.array(sorted(flats(part.shape, a))) - grid.origin[a]) / grid.spacing[a] for a in range(grid.active)]
    return aligned(part.shape) and all(np.abs(one - np.round(one)).max() < 1e-6 for one in off)


def _tipped(corner: Array, grid: Raster) -> NDArray[np.bool_]:
    """Cells of one sign that an edge or a corner of the shape may reach into, (nx, ny, nz)."""
    flat = corner[..., 0] if grid.active == 2 else corner
    kinks, near = kinked(flat[None], grid.spacing[: grid.active])
    found = binary_dilation(kinks[0], np.ones((3,) * grid.active, dtype=bool)) & near[0]
    return found[..., None] if grid.active == 2 else found


def _counted(sign: NDArray[np.bool_], shape: tuple[int, int, int], deep: int) -> NDArray[np.int8]:
    """How many corners of each cell are marked."""
    count = np.zeros(shape, dtype=np.int8)
    for i in range(2):
        for j in range(2):
            for k in range(deep):
                count += sign[i : i + shape[0], j : j + shape[1], k : k + shape[2]]
    return count


def _bounded(full: NDArray[np.bool_], corner: Array, cells: Ints, found: Array, owner: Ints, corners: Array,
             active: int) -> tuple[Ints, Array, Ints, Array]:  # fmt: skip
    """The same with the full cells that a wall lies along on whole sides, where their neighbour is void."""
    row = np.full(full.shape, -1, dtype=np.int64)
    row[tuple(cells.T)] = np.arange(len(cells))
    solid = np.pad(full | (row >= 0), 1)
    pieces: list[tuple[Ints, Array]] = []
    for axis in range(active):
        flat = np.moveaxis(corner == 0.0, axis, 0)
        for other in (a for a in range(active) if a != axis):
            at = 1 + [a for a in range(3) if a != axis].index(other)
            flat = np.delete(flat, -1, at) & np.delete(flat, 0, at)
        for side in (0, 1):
            beside = np.roll(solid, 1 - 2 * side, axis)[1:-1, 1:-1, 1:-1]
            face = np.moveaxis(flat[side : flat.shape[0] - 1 + side], 0, axis)
            here = np.argwhere(full & (row < 0) & ~beside & face)
            square = np.ones((len(here), 2 ** (active - 1), active))
            others = [a for a in range(active) if a != axis]
            for n in range(2 ** (active - 1)):
                for m, a in enumerate(others):
                    square[:, n, a] = 2.0 * (n >> m & 1) - 1.0
            square[:, :, axis] = 2.0 * side - 1.0
            pieces.append((here, _turned(square, axis, side)))
    where = np.concatenate([here for here, _ in pieces])
    if not len(where):
        return cells, found, owner, corners
    more, which = np.unique(where, axis=0, return_inverse=True)
    whole = np.array([2.0, 0.0, 2.0 / 3.0])
    one = np.einsum("i,j,k->ijk", whole, whole, whole).ravel() if active == 3 else np.outer(whole, whole).ravel()
    walls_of = np.concatenate([walls for _, walls in pieces])
    each = walls_of.shape[1]
    return (np.concatenate([cells, more]), np.concatenate([found, np.tile(one, (len(more), 1))]),
            np.concatenate([owner, np.repeat(len(cells) + which.ravel(), each)]),
            np.concatenate([corners, walls_of.reshape(-1, active, active)]))  # fmt: skip


def _turned(square: Array, axis: int, side: int) -> Array:
    """Two triangles (n, 2, 3, 3), or a line (n, 1, 2, 2), of whole sides, in an order that looks outwards."""
    if square.shape[2] == 2:
        line = square if (axis == 0) == (side == 1) else square[:, ::-1]
        return line[:, None]
    found = np.stack([square[:, [0, 1, 3]], square[:, [0, 3, 2]]], axis=1)
    turn = np.cross(found[:, 0, 1] - found[:, 0, 0], found[:, 0, 2] - found[:, 0, 0])[:, axis] * (2 * side - 1)
    return found if not len(turn) or turn[0] > 0.0 else found[:, :, [0, 2, 1]]


def _distances(part: Part, grid: Raster) -> Array:
    """Signed distance at all corners, m; what rounding leaves beside a wall is on it."""
    points = [grid.corners(axis) for axis in range(grid.active)]
    if grid.active == 2:
        points.append(np.array([0.5]))
    if surfaces(part.shape):
        edges = [p if p.size > 1 else np.array([0.0, 1.0]) for p in points]
        field = np.array(signed(part.shape, Grid(x=edges[0], y=edges[1], z=edges[2]), points))
    else:
        field = part.distance(points[0][:, None, None], points[1][None, :, None], points[2][None, None, :])
    field = np.ascontiguousarray(np.broadcast_to(field, tuple(p.size for p in points))).copy()
    field[np.abs(field) < 1e-7 * grid.spacing[: grid.active].min()] = 0.0
    return field


def _cut(part: Part, grid: Raster, cells: Ints, corner: Array) -> tuple[Array, Ints, Array]:
    """Moments of the cells, and the owner and corners of their walls; closely looked at where the distance bends."""
    active, every = grid.active, np.arange(len(cells))
    if not len(cells):
        return np.zeros((0, 3**active)), np.zeros(0, dtype=np.int64), np.zeros((0, active, active))
    straight = corner[tuple(cells[:, a, None, None, None] + np.indices((2, 2, active - 1))[a] for a in range(3))]
    if active == 2:
        straight = straight[..., 0]
    groups = [(every, straight, np.zeros((len(cells), *(1,) * active), dtype=bool))]
    edges: list[tuple[Array, Ints, Array, Ints]] = []
    if len(cells) <= MANY or not surfaces(part.shape):
        half = _lattice(part, grid, cells, 2)
        middle = half
        for axis in range(1, active + 1):
            middle = np.moveaxis(middle, axis, 0)
            middle = np.moveaxis(np.stack([middle[0], 0.5 * (middle[0] + middle[2]), middle[2]]), 0, axis)
        bent = np.abs(half - middle).reshape(len(cells), -1).max(axis=1) > BENT * float(grid.spacing[:active].min())
        edged = np.zeros(grid.shape, dtype=bool)
        kinks, _ = kinked(half, 0.5 * grid.spacing[:active])
        edged[tuple(cells[kinks.reshape(len(cells), -1).any(axis=1)].T)] = True
        bent |= binary_dilation(edged, np.ones((3, 3, 3), dtype=bool))[tuple(cells.T)]
        groups = [(every[~bent], half[~bent], np.zeros((int((~bent).sum()), *(2,) * active), dtype=bool))]
        if bent.any():
            phi, s = _lattice(part, grid, cells[bent], 2 * FINE), 2 * FINE
            skip = beside(*kinked(phi, grid.spacing[:active] / s), cells[bent])
            at = np.argwhere(skip)
            rows = every[bent][at[:, 0]]
            known, own, walls_of, pieces = sharp(part, grid.origin, grid.spacing, cells[rows], at[:, 1:], s)
            skip[tuple(at[~known].T)] = False
            groups.append((every[bent], phi, skip))
            edges.append((own, rows[known], pieces, walls_of))
    out = np.zeros((len(cells), 3**active))
    owners, found = [], []
    for rows, phi, skip in groups:
        kernel = cut if active == 3 else cut_flat
        own, count = np.zeros((rows.size, 3**active)), np.zeros(rows.size, dtype=np.int64)
        first, pieces = np.zeros(rows.size + 1, dtype=np.int64), np.zeros((0, active, active))
        kernel(phi, skip, own, count, first, pieces, True)
        first[1:] = np.cumsum(count)
        pieces = np.zeros((int(first[-1]), active, active))
        kernel(phi, skip, own, count, first, pieces, False)
        out[rows] = own
        owners.append(np.repeat(rows, count))
        found.append(pieces)
    for own, rows, pieces, walls_of in edges:
        np.add.at(out, rows, own)
        owners.append(rows[walls_of])
        found.append(pieces)
    return out, np.concatenate(owners), np.concatenate(found)


def _lattice(part: Part, grid: Raster, cells: Ints, s: int) -> Array:
    """Distances (m, s + 1, ...) at even places of the cells, their corners included."""
    share = np.linspace(0.0, 1.0, s + 1)
    field = np.empty((len(cells), *(s + 1,) * grid.active))
    step = max(400_000 // (s + 1) ** grid.active, 1)
    flat = not surfaces(part.shape)
    for n in range(0, len(cells), step):
        some = cells[n : n + step]
        axes = [grid.origin[a] + grid.spacing[a] * (some[:, a, None] + share) for a in range(grid.active)]
        axes += [np.full((len(some), 1), 0.5)] * (3 - grid.active)
        x, y, z = axes[0][:, :, None, None], axes[1][:, None, :, None], axes[2][:, None, None, :]
        if flat:
            found = part.distance(x, y, z)
        else:
            points = np.stack(np.broadcast_arrays(x, y, z), axis=-1)
            found = exactly(part.shape, points.reshape(-1, 3)).reshape(points.shape[:-1])
        field[n : n + step] = found if grid.active == 3 else np.broadcast_to(found, (*found.shape[:3], 1))[..., 0]
    field[np.abs(field) < 1e-7 * grid.spacing[: grid.active].min()] = 0.0
    return field
