"""What acts on a structure: forces at the nodes of walls, of volumes and of growth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from ..models.load import Force, LoadCase, Mapped, Pressure, Traction
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import Elements, Piece, nodes
from .kernels.moments import SHARES, SPOTS
from .raster import Filled, Raster
from .ring import refuse_lopsided
from .trilinear import Trilinear

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
_G = np.sqrt(0.6)
LINE = np.array([[0.5 + 0.5 * g, 0.5 - 0.5 * g] for g in (-_G, 0.0, _G)])
LINE_SHARES = np.array([5.0, 8.0, 5.0]) / 18.0


def spots(filled: Filled, rows: Ints) -> tuple[Array, Array]:
    """Places (m, q, active), in their cells, on pieces of wall at which they are integrated, and weights (q,)."""
    corners = filled.corners[rows]
    at, share = (SPOTS, SHARES) if corners.shape[2] == 3 else (LINE, LINE_SHARES)
    return np.einsum("qc,mca->mqa", at, corners), share


def patch_rows(filled: Filled, key: str) -> Ints:
    """Pieces of wall of a member that are meant by "patch" or "body.patch", but for those bonded to another."""
    owner, _, short = key.rpartition(".")
    if owner not in ("", filled.member.name):
        return np.zeros(0, dtype=np.int64)
    if short not in filled.patches:
        return np.zeros(0, dtype=np.int64)
    outer = filled.patch == filled.patches.index(short)
    return np.flatnonzero(outer if filled.joined is None else outer & ~filled.joined)


def weights(filled: Filled, rows: Ints, grid: Raster, depth: float) -> Array:
    """(m, q) m2 of surface behind each of the spots of pieces of wall."""
    _, share = spots(filled, rows)
    area = filled.area[rows][:, None] * share * depth
    if grid.metric == "axisymmetric":
        area = area * (2.0 * np.pi) * _places(filled, rows, grid)[..., 0]
    return np.asarray(area)


def span(pieces: Sequence[Piece]) -> str:
    """From where to where a structure goes, in words."""
    every = [one.filled.member.part.bounds for one in pieces]
    low, high = np.min([b[0] for b in every], axis=0), np.max([b[1] for b in every], axis=0)
    return " to ".join(f"({', '.join(f'{c:.4g}' for c in one)})" for one in (low, high)) + " m"


def over_walls(filled: Filled, rows: Ints, traction: Array, grid: Raster, form: Trilinear, depth: float) -> Array:
    """Forces (active * nodes,) N of a traction, (m, 3) Pa or (m, q, 3) Pa at its `spots`, on pieces of wall."""
    at, _ = spots(filled, rows)
    m, q, active = at.shape
    shapes = form.shapes(at.reshape(-1, active)).reshape(m, q, -1)
    area = weights(filled, rows, grid, depth)
    if traction.ndim == 2:
        each = np.einsum("mqn,mq,ma->man", shapes, area, traction[:, :active], optimize=True)
    else:
        each = np.einsum("mqn,mq,mqa->man", shapes, area, traction[..., :active], optimize=True)
    into = nodes(grid, filled.cells[filled.owner[rows]])
    size = int(np.prod(grid.nodes))
    return np.concatenate([np.bincount(into.ravel(), each[:, a].ravel(), size) for a in range(active)])


def forces(structure: Structure, case: LoadCase, grid: Raster, pieces: Sequence[Piece], built: Elements,
           form: Trilinear) -> Array:  # fmt: skip
    """All that a load case pulls at the nodes, (active * nodes,) N.

    Raises
    ------
    SolveError
        If a loaded patch has no surface, or what has no density is to weigh.
    """
    size = int(np.prod(grid.nodes))
    if grid.metric == "axisymmetric":
        refuse_lopsided(case)
    f = np.zeros(grid.active * size)
    for key, several in case.loads.items():
        found = [(one.filled, rows) for one in pieces if (rows := patch_rows(one.filled, key)).size]
        area = sum(float(weights(filled, rows, grid, structure.thickness).sum()) for filled, rows in found)
        if area == 0.0:
            raise SolveError(
                f"load case '{case.name}': patch '{key}' has a surface of 0 m2 on {span(pieces)}. What is loaded has a "
                "surface. Correct the patch, whose places are in metres, or use more cells."
            )
        for filled, rows in found:
            for load in several:
                if isinstance(load, Mapped):
                    acting = load.at(_places(filled, rows, grid))
                else:
                    acting = _traction(load, filled.normal[rows], area)
                f += over_walls(filled, rows, acting, grid, form, structure.thickness)
    gravity = np.array([quantity(one, "m/s2").value for one in case.gravity])
    for one in pieces:
        if gravity.any() or case.rotation is not None:
            f += _body(case, one, gravity, grid, form)
    if any(one.free.any() or one.slope.any() for one in pieces):
        f += swelling(built, pieces, form)
    return f


def _places(filled: Filled, rows: Ints, grid: Raster) -> Array:
    """(m, q, 3) m of the spots of pieces of wall."""
    at, _ = spots(filled, rows)
    out = np.repeat(grid.centres(filled.cells[filled.owner[rows]])[:, None], at.shape[1], axis=1)
    out[..., : grid.active] += 0.5 * grid.spacing[: grid.active] * at
    return out


def _traction(load: Pressure | Traction | Force, normal: Array, area: float) -> Array:
    if isinstance(load, Pressure):
        return -quantity(load.value, "Pa").value * normal
    three = np.array([quantity(one, "N" if isinstance(load, Force) else "Pa").value for one in load.value])
    return np.broadcast_to(three / (area if isinstance(load, Force) else 1.0), normal.shape)


def _body(case: LoadCase, one: Piece, gravity: Array, grid: Raster, form: Trilinear) -> Array:
    density = quantity(one.filled.material.density, "kg/m3").value
    if density <= 0.0:
        raise SolveError(
            f"load case '{case.name}' has weight or turns, and {one.filled.material.name} has a density of 0 kg/m3. "
            "What is heavy has one. Give Elastic(density=...)."
        )
    moments = np.concatenate([np.broadcast_to(form.whole, (one.fulls, form.whole.size)), one.moments])
    N, size = form.gathered(moments, one.cells), int(np.prod(grid.nodes))
    into = nodes(grid, one.cells)
    total = [np.bincount(into.ravel(), (density * gravity[a] * N).ravel(), size) for a in range(grid.active)]
    if case.rotation is not None:  # the pull outwards is linear in place: taken at the nodes, spread by the mass
        speed = quantity(case.rotation.speed, "1/s").value
        axis = np.asarray(case.rotation.axis) / np.linalg.norm(case.rotation.axis)
        axes = [grid.corners(a) if a < grid.active else np.zeros(1) for a in range(3)]
        off = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) - np.asarray(case.rotation.centre)
        pull = speed**2 * (off - (off @ axis)[:, None] * axis)
        mass = form.mass(moments, one.cells) * density
        for a in range(grid.active):
            each = np.einsum("mab,mb->ma", mass, pull[into, a])
            total[a] = total[a] + np.bincount(into.ravel(), each.ravel(), size)
    return np.concatenate(total)


def swelling(built: Elements, pieces: Sequence[Piece], form: Trilinear) -> Array:
    """What growth pulls at the nodes, N."""
    size = built.grid.active * int(np.prod(built.grid.nodes))
    f = np.zeros(size)
    for one in pieces:
        grown = np.concatenate([one.free[:, None], one.slope], axis=1)
        whole, own = one.cells[: one.fulls], one.cells[one.fulls :]
        each = np.empty((len(one.cells), form.size))
        kinds = built.kind[tuple(whole.T)]
        each[: one.fulls] = np.einsum("mnk,mk->mn", built.swelling[kinds], grown[: one.fulls])
        each[: one.fulls] *= one.factor[: one.fulls, None]
        for n, C in enumerate(one.stiff):
            some = np.flatnonzero(one.of[one.fulls :] == n)
            if not some.size:
                continue
            F = form.swelling(one.moments[some], C) * one.factor[one.fulls :][some, None, None]
            each[one.fulls + some] = np.einsum("mnk,mk->mn", F, grown[one.fulls :][some])
        into = np.concatenate([built.unknowns(whole), built.unknowns(own)])
        f += np.bincount(into.ravel(), each.ravel(), size)
    return f
