"""The heat equation on cut bodies: enthalpy of the cells, heat that flows into them, and the matrix of a step.

The unknowns are the solid cells of all blocks, one after the other. V dH(T)/dt = F(T, t) with H the exact integral of
density times heat capacity. Newton's matrix is written for theta, the integral of conductivity: A d(theta) = r with
A = V c / k + s (conductance), symmetric and positive definite for one body.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from ..models import Body, Process, SolveError, Stage
from ..models.grid import Block, Grid, Links
from .begin import start
from .contact import crossing
from .cut import Cut, Touching, cut
from .enclosure import Answer, Room, rooms
from .facets import Facing
from .kernels.conduct import conduct, exchange
from .kernels.pieces import properties, temperatures
from .periodic import repeating
from .sources import made, shine
from .spacing import Grading
from .surroundings import Outputs, Surroundings, surroundings
from .system import Pattern, System, number

Array = NDArray[np.float64]
DATUM = 273.15  # K, where enthalpy and theta are zero; cancels everywhere


@dataclass(slots=True, kw_only=True, eq=False)
class Local:
    """What a block needs in a march, and its work: T and theta of all cells; k, theta, c, h of the solid."""

    body: str
    active: int
    metric: str
    solid: NDArray[np.bool_]
    span: slice
    volume: Array
    g: tuple[Array, ...]
    gap: Array
    links: Links
    block: Block
    centres: tuple[Array, ...]
    edges: tuple[Array, Array, Array]
    work: tuple[Array, ...]
    wall: Array
    heat: Array
    slope: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """Everything that does not change with parameters or time."""

    cut: Cut
    locals: tuple[Local, ...]
    touching: tuple[Touching, ...]
    volume: Array
    pattern: Pattern
    views: dict[object, Facing] = field(default_factory=dict)


_KEPT: dict[object, Geometry] = {}  # the last few small ones: a calibration cuts the same parts hundreds of times
FEW, SMALL = 8, 50_000


def prepared(
    process: Process, *, cells: int, ratio: float, along: tuple[int | None, int | None, int | None],
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0), grading: tuple[Grading, ...] = (),
) -> Geometry:  # fmt: skip
    """The geometry of a process with work arrays of its own; parts that were cut before are not cut again."""
    bodies = tuple((body.name, body.part, body.material.anisotropy) for body in process.bodies)
    key = (bodies, tuple((c.first, c.second) for c in process.contacts), cells, ratio, along, shift,
           grading, tuple((d.body, d.box) for stage in process.stages for d in stage.deposits),
           tuple(repeating(process, body.name) for body in process.bodies))  # fmt: skip
    kept = _KEPT.get(key)
    if kept is None:
        kept = geometry(process, cut(process, cells=cells, ratio=ratio, along=along, shift=shift, grading=grading))
        if kept.cut.cells <= SMALL:
            while len(_KEPT) >= FEW:
                _KEPT.pop(next(iter(_KEPT)))
            _KEPT[key] = kept
    return replace(kept, locals=tuple(_fresh(local) for local in kept.locals))


def _fresh(local: Local) -> Local:
    work = tuple(np.zeros_like(one) for one in local.work)
    return replace(local, work=work, wall=local.wall * 0.0, heat=local.heat * 0.0, slope=local.slope * 0.0)


def geometry(process: Process, cut: Cut) -> Geometry:
    """Conductances and volumes of a cut process, and the pattern of its matrix."""
    blocks, start = [], 0
    for block in cut.blocks:
        aniso = process.body(block.body).material.anisotropy
        solid = block.solid
        span = slice(start, start + int(solid.sum()))
        start = span.stop
        across = (block.walls.normal**2) @ np.asarray(aniso)
        own = [slice(o, o + m) for o, m in zip(block.offset, block.shape, strict=True)]
        n = block.walls.cell.size
        local = Local(
            body=block.body,
            active=process.body(block.body).part.active,
            metric=cut.grid.metric,
            solid=solid,
            span=span,
            volume=cut.grid.volumes()[tuple(own)] * block.fraction,
            g=_conductances(cut.grid, block, aniso),
            gap=block.walls.gap / across,
            links=_links(cut.grid, block, aniso),
            block=block,
            centres=tuple(cut.grid.centres(a)[own[a]] for a in range(3)),
            edges=(block.edges(cut.grid, 0), block.edges(cut.grid, 1), block.edges(cut.grid, 2)),
            work=tuple(np.zeros(solid.shape if m < 2 else (int(solid.sum()), 1, 1)) for m in range(6)),
            wall=np.zeros(n),
            heat=np.zeros(n),
            slope=np.zeros(n),
        )
        blocks.append(local)
    touching = tuple(_scaled(piece, process, cut) for piece in cut.touching)
    volume = np.concatenate([local.volume[local.solid] for local in blocks])
    return Geometry(cut=cut, locals=tuple(blocks), touching=touching, volume=volume, pattern=Pattern(blocks, touching))


def _conductances(grid: Grid, block: Block, aniso: tuple[float, float, float]) -> tuple[Array, ...]:
    """Open face area over centre distance, m, times the axis' share of conductivity; 0 where closed."""
    found = []
    for axis in range(3):
        first, n = block.offset[axis], block.shape[axis]
        slices = [slice(o, o + m) for o, m in zip(block.offset, block.shape, strict=True)]
        slices[axis] = slice(first, first + n + 1)
        area = grid.areas(axis)[tuple(slices)] * block.apertures[axis]
        centre = grid.centres(axis)[first : first + n]
        between = np.ones(n + 1)
        between[1:-1] = np.diff(centre)
        shape = [1, 1, 1]
        shape[axis] = n + 1
        found.append(np.ascontiguousarray(aniso[axis] * area / between.reshape(shape)))
    return tuple(found)


def _links(grid: Grid, block: Block, aniso: tuple[float, float, float]) -> Links:
    """The block's links with the share of conductivity along each."""
    none = np.zeros(0, dtype=np.int64)
    each = [one for one in (block.links, block.around) if one is not None]
    links = Links(
        first=np.concatenate([none, *(one.first for one in each)]),
        second=np.concatenate([none, *(one.second for one in each)]),
        over=np.concatenate([np.zeros(0), *(one.over for one in each)]),
    )
    ends = [np.unravel_index(end, block.shape) for end in (links.first, links.second)]
    places = [[grid.centres(a)[block.offset[a] + end[a]] for a in range(3)] for end in ends]
    way = (np.asarray(places[1]) - np.asarray(places[0])) ** 2
    share = np.asarray(aniso) @ way / np.maximum(way.sum(axis=0), 1e-300)
    return Links(first=links.first, second=links.second, over=links.over * share)


def _scaled(piece: Touching, process: Process, cut: Cut) -> Touching:
    sides = []
    for which in (piece.first, piece.second):
        aniso = process.body(cut.blocks[which].body).material.anisotropy
        if len(set(aniso)) > 1:
            raise SolveError(
                f"'{cut.blocks[which].body}' conducts differently along its axes ({aniso}) and touches another body. "
                "Contacts are solved for equal conductivity on all axes. Give the body one conductivity, or no contact."
            )
        sides.append(aniso[0])
    return replace(piece, gap1=piece.gap1 / sides[0], gap2=piece.gap2 / sides[1])


@dataclass(slots=True, eq=False)
class Flow:
    """Heat into every unknown cell, its walls' and sources' share, and what Newton needs of it."""

    heat: Array
    entered: float
    made: float
    k: Array
    c: Array
    h: Array
    slope: Array
    cross: tuple[tuple[Array, Array, Array], ...]
    rooms: tuple[Answer, ...] = ()
    gas: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """What a block meets at one time: levels at its walls, heat that beams bring them (W/m2), and heat made (W)."""

    levels: Array
    shine: Array
    made: Array | None


class Discrete:
    """A process with its numbers on a geometry; a changed parameter makes another one on the same geometry."""

    def __init__(self, process: Process, shape: Geometry, stage: Stage | None = None) -> None:
        self.process = process
        self.shape = shape
        self._tables = [_tables(process.body(local.body)) for local in shape.locals]
        self._stage = stage or process.stages[0]
        self._since = 0.0
        self._met: list[Surroundings] = []
        self._rooms: list[Room] = []
        self._drive: tuple[float, list[Drive]] = (float("nan"), [])
        self._melts = [process.body(local.body).material.latent is not None for local in shape.locals]
        self.melts = any(self._melts)
        self._sensible = self._sensibles() if self.melts else np.empty(0)
        self.outputs: Outputs = {}
        self.enter(self._stage, 0.0)

    def enter(self, stage: Stage, since: float) -> None:
        """Begin a stage at `since` s."""
        self._stage, self._since = stage, since
        self._met = [surroundings(stage, local.block) for local in self.shape.locals]
        self._rooms = rooms(stage.enclosures, self.process, self.shape)
        self._drive = (float("nan"), [])

    def command(self, outputs: Outputs) -> None:
        """Take over what the controllers put out from now on."""
        self.outputs = outputs
        self._drive = (float("nan"), [])

    def _driven(self, t: float) -> list["Drive"]:
        """What each block meets at `t`; Newton asks for the same time again and again."""
        if self._drive[0] != t:
            stage, since, outputs = self._stage, self._since, self.outputs
            pairs = zip(self.shape.locals, self._met, strict=True)
            self._drive = (t, [Drive(met.levels(t, since, outputs), shine(stage, local, t, since),
                                     made(stage, local, t, since, outputs)) for local, met in pairs])  # fmt: skip
        return self._drive[1]

    def start(self) -> Array:
        """(n,) K."""
        T = np.empty(self.shape.volume.size)
        for local in self.shape.locals:
            T[local.span] = start(self.process.body(local.body).start, local)
        return T

    def ahead(self, T: Array, c: Array, h: Array, change: Array) -> Array:
        """`T` (n,) K moved by `change` K; a body that melts takes the heat of it, never jumping over its melting."""
        return np.maximum(self._melted(T + change, h + c * change) if self.melts else T + change, 0.5 * T)

    def beyond(self, T1: Array, h1: Array, T2: Array, h2: Array, share: float) -> Array:
        """Where the way from `T1` to `T2` (n,) K leads, `share` times as far; by enthalpy in a body that melts."""
        out = T1 + share * (T2 - T1)
        return np.maximum(self._melted(out, h1 + share * (h2 - h1)), 0.5 * T1) if self.melts else out

    def _melted(self, T: Array, h: Array) -> Array:
        for local, melts, (_, capacity) in zip(self.shape.locals, self._melts, self._tables, strict=True):
            if melts:
                found = np.empty(local.span.stop - local.span.start)
                temperatures(np.ascontiguousarray(h[local.span]), capacity, found)
                T[local.span] = found
        return T

    def effort(self, c: Array, change: Array) -> float:
        """The largest change in K, where something melts that of as much heat without melting."""
        return float(np.abs(c * change / self._sensible if self.melts else change).max())

    def _sensibles(self) -> Array:
        """(n,) J/(m3.K): the least heat capacity of a body that melts, that at the start of one that does not."""
        least = self.storage(self.start())[0]
        for local, melts, (_, capacity) in zip(self.shape.locals, self._melts, self._tables, strict=True):
            if melts:
                least[local.span] = capacity[:, 1].min()
        return least

    def stores_like(self, other: "Discrete") -> bool:
        """Whether both store the same heat at the same temperatures."""
        pairs = zip(self._tables, other._tables, strict=True)
        return all(np.array_equal(mine[1], its[1]) for mine, its in pairs)

    def storage(self, T: Array) -> tuple[Array, Array]:
        """Heat capacity (J/(m3.K)) and enthalpy (J/m3) of the unknowns (n,)."""
        c, h = np.empty_like(T), np.empty_like(T)
        for local, (conductivity, capacity) in zip(self.shape.locals, self._tables, strict=True):
            _, _, own_c, own_h = self._properties(local, T, conductivity, capacity)
            c[local.span], h[local.span] = own_c, own_h
        return c, h

    def _properties(self, local: Local, T: Array, conductivity: Array, capacity: Array) -> tuple[Array, ...]:
        """Conductivity, theta, heat capacity and enthalpy of a block's unknowns; a void cell costs nothing."""
        own = local.work[2:]
        properties(T[local.span].reshape(-1, 1, 1), conductivity, capacity, *own)
        return tuple(one.ravel() for one in own)

    def flow(self, T: Array, t: float) -> Flow:
        """Everything at temperatures `T` (n,) K and time `t` s."""
        n = T.size
        out = Flow(np.empty(n), 0.0, 0.0, np.empty(n), np.empty(n), np.empty(n), np.zeros(n), ())
        thetas = []
        drives = self._driven(t)
        if self._rooms:
            drives = self._irradiated(drives, T, t, out)
        blocks = zip(self.shape.locals, self._met, drives, self._tables, strict=True)
        for local, met, drive, (conductivity, capacity) in blocks:
            s, at = local.solid, local.span
            out.k[at], own_theta, out.c[at], out.h[at] = self._properties(local, T, conductivity, capacity)
            field, theta = local.work[:2]
            field[s], theta[s] = T[at], own_theta
            heat = np.empty(local.solid.shape)
            conduct(theta, *local.g, heat)
            if local.links.over.size:
                _link(theta.ravel(), local.links, heat.ravel())
            walls = local.block.walls
            failed = exchange(field.ravel(), theta.ravel(), walls.cell, walls.area, local.gap, drive.shine, met.low,
                              met.high, met.weight, drive.levels, met.films, conductivity, local.wall, local.heat,
                              local.slope)  # fmt: skip
            if failed:
                raise SolveError(
                    f"{failed} pieces of wall of '{local.body}' found no temperature at t = {t:g} s. "
                    "A wall balances conduction, film and radiation. Look for a huge film, flux or ambient there."
                )
            slope = np.bincount(walls.cell, local.slope, local.solid.size)
            heat.ravel()[:] += np.bincount(walls.cell, local.heat, local.solid.size)
            out.entered += float(local.heat.sum())
            out.heat[at] = heat[s]
            if drive.made is not None:
                inside = drive.made[s]
                out.made += float(inside.sum())
                out.heat[at] += inside
            out.slope[at] = slope.reshape(s.shape)[s]
            thetas.append((field, theta))
        out.cross = tuple(self._across(n, thetas, out, t) for n in range(len(self.shape.touching)))
        return out

    def _irradiated(self, drives: list["Drive"], T: Array, t: float, out: Flow) -> list["Drive"]:
        """What each block meets, with what its walls absorb in enclosures."""
        for room in self._rooms:
            absorbed, answer = room.shine(T, t, self._since, self.outputs, self._met, drives, self._tables)
            drives = [replace(drive, shine=drive.shine + more) for drive, more in zip(drives, absorbed, strict=True)]
            out.rooms = (*out.rooms, answer)
        return drives

    def _across(self, which: int, thetas: list[tuple[Array, Array]], out: Flow, t: float) -> tuple[Array, Array, Array]:
        piece = self.shape.touching[which]
        first, second = ((*thetas[b], self._tables[b][0]) for b in (piece.first, piece.second))
        (heat, by1, by2), span = crossing(self.process.contacts[which], piece, first, second, t, self._since)
        out.gas = (*out.gas, span)
        one, two = (number(self.shape.locals[b])[cells]
                    for b, cells in ((piece.first, piece.cell1), (piece.second, piece.cell2)))  # fmt: skip
        np.add.at(out.heat, one, heat)
        np.add.at(out.heat, two, -heat)
        np.add.at(out.slope, one, by1)
        np.add.at(out.slope, two, -by2)
        return heat, by1, by2

    def system(self, flow: Flow, scale: float) -> System:
        """V c / k + scale * (conductance), for the change of theta; `scale` is the step's own weight in s."""
        storage = self.shape.volume * flow.c / flow.k
        return System(pattern=self.shape.pattern, storage=storage, slope=flow.slope, cross=flow.cross, scale=scale,
                      rooms=flow.rooms)  # fmt: skip

    def matrix(self, flow: Flow, scale: float) -> csc_matrix:
        """The same, written down."""
        return self.system(flow, scale).assembled()


def _link(theta: Array, links: Links, heat: Array) -> None:
    """Add what flows along the links to `heat` (cells,) W."""
    across = links.over * (theta[links.second] - theta[links.first])
    heat += np.bincount(links.first, across, heat.size) - np.bincount(links.second, across, heat.size)


def _tables(body: Body) -> tuple[Array, Array]:
    """Packed conductivity W/(m.K) and volumetric heat capacity J/(m3.K), scales and density included."""
    material = body.material
    conductivity = material.conductivity.curve.packed(DATUM)
    conductivity[:, [1, 2, 3, 4, 5, 7]] *= material.conductivity.scale.value
    capacity = material.volumetric().packed(DATUM)
    return np.ascontiguousarray(conductivity), np.ascontiguousarray(capacity)
