"""The cells of a structure as elements: one matrix for all full cells alike, one of its own for every other."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..models import Property, SolveError
from ..models.elastic import Elastic
from ..models.load import LoadCase
from ..models.structure import Structure
from .raster import SLIVER, Filled, Raster, fill
from .ring import Ring, refuse_cut
from .trilinear import Trilinear, elasticity
from .warmth import grown, warmth

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
ROOM = 293.15
NEAR = 0.01  # cells beyond a wall at which another member is bonded to it
VOID = 1e-5  # stiffness of the empty share of a cut cell
STEP = 0.004  # of Poisson's ratio between two kinds of cells


@dataclass(slots=True, kw_only=True, eq=False)
class Elements:
    """What is assembled, or applied without assembling.

    Attributes
    ----------
    grid : Raster
    kind : (nx, ny, nz) int32
        Row of `matrices`, -1 where there is nothing.
    matrices : (k, n, n) N/m
        Unknowns component by component, nodes with z fastest; the first `classes` belong to many full cells.
    classes : int
    scale : (nx, ny, nz) or None
        Factor on the matrices of full cells; None is 1.
    swelling : (k, n, 1 + active) N
        What free strain, and half its change along each axis, pulls at the nodes; with the same factor.
    """

    grid: Raster
    kind: NDArray[np.int32]
    matrices: Array
    classes: int
    scale: Array | None
    swelling: Array

    @property
    def cells(self) -> Ints:
        """(m, 3) cells that hold something."""
        return np.argwhere(self.kind >= 0)

    def unknowns(self, cells: Ints) -> Ints:
        """(m, n) numbers of the unknowns of cells: component times all nodes plus the node."""
        return unknowns(self.grid, cells)

    def factor(self, cells: Ints) -> Array:
        """(m,) on the matrices of these cells."""
        if self.scale is None:
            return np.ones(len(cells))
        at = tuple(cells.T)
        return np.where(self.kind[at] < self.classes, self.scale[at], 1.0)

    def assembled(self) -> sparse.csr_matrix:
        """The whole stiffness, N/m."""
        cells = self.cells
        dofs, each = self.unknowns(cells), self.matrices[self.kind[tuple(cells.T)]] * self.factor(cells)[:, None, None]
        n = dofs.shape[1]
        size = self.grid.active * int(np.prod(self.grid.nodes))
        rows, columns = np.repeat(dofs, n, axis=1).ravel(), np.tile(dofs, (1, n)).ravel()
        return sparse.coo_matrix((each.ravel(), (rows, columns)), shape=(size, size)).tocsr()


def nodes(grid: Raster, cells: Ints) -> Ints:
    """(m, 4 or 8) numbers of the nodes of cells (m, 3)."""
    _, ny, nz = grid.nodes
    corner = (cells[:, 0] * ny + cells[:, 1]) * nz + (cells[:, 2] if grid.active == 3 else 0)
    deep = (0, 1) if grid.active == 3 else (0,)
    steps = [(i * ny + j) * nz + k for i in (0, 1) for j in (0, 1) for k in deep]
    return np.asarray(corner[:, None] + np.array(steps))


def unknowns(grid: Raster, cells: Ints) -> Ints:
    """(m, n) numbers of the unknowns of cells: component times all nodes plus the node."""
    every = nodes(grid, cells)
    return np.concatenate([every + a * int(np.prod(grid.nodes)) for a in range(grid.active)], axis=1)


@dataclass(slots=True, kw_only=True, eq=False)
class Piece:
    """One member on the grid, with what its cells are like in a load case.

    Attributes
    ----------
    filled : Filled
    cells : (m, 3) int
        All it fills: first its full cells, then those that a wall cuts.
    fulls : int
    moments : (m - fulls, 27 or 9)
        Of the cut ones.
    T : (m,) K or None
    free, slope : (m,), (m, active)
        Free strain, and half its change over a cell.
    stiff : (k, strains, strains) Pa, of : (m,) int, factor : (m,)
        Elasticities, which of them each cell has, and by what it is multiplied.
    """

    filled: Filled
    cells: Ints
    fulls: int
    moments: Array
    T: Array | None
    free: Array
    slope: Array
    stiff: Array
    of: Ints
    factor: Array
    middles: Array = field(init=False)

    def __post_init__(self) -> None:
        """Solid centroids of the cells, -1 ... 1 in each."""
        active = 3 if self.moments.shape[1] == 27 else 2
        self.middles = np.zeros((len(self.cells), active))
        first = [3 ** (active - 1 - a) for a in range(active)]
        self.middles[self.fulls :] = self.moments[:, first] / self.moments[:, :1]


def piece(structure: Structure, case: LoadCase, filled: Filled, grid: Raster) -> Piece:
    """A member in a load case."""
    whole = np.argwhere(filled.full)
    cut = ~filled.full[tuple(filled.cells.T)] & (filled.fraction > SLIVER)
    cells, moments = np.concatenate([whole, filled.cells[cut]]), filled.moments[cut]
    material = filled.material
    warm = warmth(case, filled.member.name, grid, cells, filled.member.part)
    T = None if warm is None else warm[0]
    refuse_beyond(material, T)
    plane = "ring" if grid.metric == "axisymmetric" else structure.plane
    stiff, of, factor = _stiff(material, plane, T, len(cells))
    free, slope = np.zeros(len(cells)), np.zeros((len(cells), grid.active))
    if warm is not None and isinstance(material.expansion, Property):
        stress_free = getattr(case.stress_free, "value", case.stress_free)
        free, slope = grown(material.expansion, *warm, stress_free)
        if structure.plane == "strain":  # held across, it grows the more within the plane
            if material.orthotropic is not None:
                raise SolveError(
                    f"{material.name} is orthotropic, expands and is held across in plane strain: its growth within "
                    "the plane has 2 sizes, and this solver knows 1. Model it as a solid, one cell deep between "
                    "symmetry planes."
                )
            more = 1.0 + poisson_of(stiff)[of]
            free, slope = free * more, slope * more[:, None]
    return Piece(filled=filled, cells=cells, fulls=len(whole), moments=moments, T=T, free=free, slope=slope,
                 stiff=stiff, of=of, factor=factor)  # fmt: skip


def poisson_of(stiff: Array) -> Array:
    """(k,) Poisson's ratios of isotropic elasticities (k, strains, strains) of plane strain or of solids."""
    return np.asarray(stiff[:, 0, 1] / (stiff[:, 0, 0] + stiff[:, 0, 1]))


def refuse_beyond(material: Elastic, T: Array | None) -> None:
    """SolveError where a property that refuses it would be used beyond the range of its source."""
    if T is None:
        return
    low, high = float(T.min()), float(T.max())
    for what, prop in material.laws():
        if prop.beyond == "refuse" and not (prop.valid[0] - 1e-6 <= low and high <= prop.valid[1] + 1e-6):
            raise SolveError(
                f"{material.name} is {low:.4g} to {high:.4g} K warm, and its {what} is known from {prop.valid[0]:.4g} "
                f"to {prop.valid[1]:.4g} K ({prop.source}). Inside that range it is known. Give a source beyond it, or "
                "beyond='hold'."
            )


def _stiff(material: Elastic, plane: str, T: Array | None, n: int) -> tuple[Array, Ints, Array]:
    """Elasticities (k, strains, strains) Pa at some ratios of Poisson, which of them cells have, and their factor."""
    if material.orthotropic is not None:
        C = np.linalg.inv(material.orthotropic.compliance())
        if plane:
            S = material.orthotropic.compliance()
            keep = [0, 1, 2, 5] if plane == "ring" else [0, 1, 5]
            C = np.linalg.inv(S[np.ix_(keep, keep)]) if plane == "stress" else C[np.ix_(keep, keep)]
        return C[None], np.zeros(n, dtype=np.int64), np.ones(n)
    young = material.young
    assert isinstance(young, Property)
    base = float(young(ROOM))
    ratio = material.ratio(np.full(1, ROOM) if T is None else T)
    steps = np.round(ratio / STEP).astype(np.int64)
    if np.ptp(ratio) < STEP:
        steps[:], ratios = 0, np.array([float(ratio.mean())])
    else:
        ratios = np.unique(steps) * STEP
        steps = np.searchsorted(np.unique(steps), steps)
    stiff = np.stack([elasticity(base, nu, plane=plane) for nu in ratios])
    if T is None:
        return stiff, np.zeros(n, dtype=np.int64), np.ones(n)
    return stiff, steps, np.asarray(young(T)) / base


def shaped(structure: Structure, grid: Raster) -> Trilinear | Ring:
    """What the cells of a grid are like."""
    if grid.metric != "axisymmetric":
        return Trilinear(grid.spacing, grid.active, structure.thickness)
    if structure.thickness != 1.0:
        raise SolveError(
            f"structure '{structure.name}' is axisymmetric and has a thickness of {structure.thickness:g} m. It goes "
            "once round its axis. Leave thickness out."
        )
    return Ring(grid)


def cut_all(structure: Structure, grid: Raster) -> list[Filled]:
    """Every member on the grid; two that fill the same cells twice are refused."""
    filled = [fill(member, grid) for member in structure.bodies]
    for one in filled:
        refuse_cut(grid, one)
    share = np.zeros(grid.shape)
    for one in filled:
        share[one.full] += 1.0
        cut = ~one.full[tuple(one.cells.T)]
        np.add.at(share, tuple(one.cells[cut].T), one.fraction[cut])
    if share.max() > 1.01:
        where = np.unravel_index(int(share.argmax()), share.shape)
        place = grid.centres(np.array([where]))[0]
        raise SolveError(
            f"the bodies of '{structure.name}' fill a cell near {tuple(round(float(c), 6) for c in place)} m "
            f"{share.max():.3g} times over. Bonded bodies touch and do not overlap. Move one, or cut it by the other."
        )
    if len(filled) > 1:  # what rounding leaves of one body in a full cell of another is left out
        whole = np.any([one.full for one in filled], axis=0)
        for n, one in enumerate(filled):
            stray = whole[tuple(one.cells.T)] & ~one.full[tuple(one.cells.T)]
            beyond = one.place + NEAR * float(grid.spacing[: grid.active].min()) * one.normal
            joined = np.any(
                [other.member.part.distance(*beyond.T) < 0.0 for other in filled if other is not one], axis=0
            )
            filled[n] = replace(one, moments=np.where(stray[:, None], 0.0, one.moments), joined=joined)
    return filled


def elements(structure: Structure, grid: Raster, pieces: list[Piece]) -> Elements:
    """Matrices of all cells; cells that are cut, or shared by members, have their own."""
    form = shaped(structure, grid)
    kind = np.full(grid.shape, -1, dtype=np.int32)
    scale = np.ones(grid.shape)
    matrices: list[Array] = []
    swelling: list[Array] = []
    for one in pieces:
        for C in one.stiff:
            K, F = form.full(C)
            matrices.append(K.reshape(form.columns, *K.shape[-2:]))
            swelling.append(F.reshape(form.columns, *F.shape[-2:]))
    classes, before = form.columns * len(matrices), 0
    for one in pieces:
        at = tuple(one.cells[: one.fulls].T)
        kind[at] = (before + one.of[: one.fulls]) * form.columns + one.cells[: one.fulls, 0] % form.columns
        scale[at] = one.factor[: one.fulls]
        before += len(one.stiff)
    own = np.full(grid.shape, -1, dtype=np.int64)
    cut = [one.cells[one.fulls :] for one in pieces]
    if sum(len(c) for c in cut):
        every = np.unique(np.concatenate(cut), axis=0)
        own[tuple(every.T)] = np.arange(len(every))
        K, F = np.zeros((len(every), form.size, form.size)), np.zeros((len(every), form.size, 1 + grid.active))
        empty = np.tile(form.whole, (len(every), 1))
        hardest: Array = np.zeros(len(every))
        soft = np.zeros((len(every), *pieces[0].stiff.shape[1:]))
        for one, cells in zip(pieces, cut, strict=True):
            rows = own[tuple(cells.T)]
            for n, C in enumerate(one.stiff):
                some = one.of[one.fulls :] == n
                if some.any():
                    factor = one.factor[one.fulls :][some, None, None]
                    K[rows[some]] += form.stiffness(one.moments[some], C) * factor
                    F[rows[some]] += form.swelling(one.moments[some], C) * factor
            empty[rows] -= one.moments
            stiffer = one.stiff[one.of[one.fulls :]] * one.factor[one.fulls :, None, None]
            more = stiffer[:, 0, 0] > hardest[rows]
            soft[rows[more]], hardest[rows[more]] = stiffer[more], stiffer[more, 0, 0]
        worst = soft[int(hardest.argmax())]
        K += VOID * form.stiffness(empty, worst) * (hardest / hardest.max())[:, None, None]
        kind[tuple(every.T)] = classes + np.arange(len(every))
        matrices.append(K)
        swelling.append(F)
    uniform = (scale == 1.0).all()
    return Elements(grid=grid, kind=kind, matrices=np.concatenate(matrices), classes=classes,
                    scale=None if uniform else scale, swelling=np.concatenate(swelling))  # fmt: skip
