"""From observations to weights on the unknowns: what a probe or an extreme reads from cell temperatures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Extreme, ModelError, Observation, Probe, Process
from ..models.errors import did_you_mean
from .discrete import Geometry, Local

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A linear reading: sum of weight times unknown."""

    cells: Ints
    weight: Array

    def read(self, field: Array) -> float:
        """The reading of a field of unknowns (n,)."""
        return float(self.weight @ field[self.cells])


UNBORN = Weights(np.zeros(1, dtype=np.int64), np.array([np.nan]))


class Watch:
    """All observations of a run; places become weights once, extremes look for their cell at every step.

    What lies in cells that `whole` has and `shape` has not yet reads NaN.
    """

    def __init__(
        self, process: Process, shape: Geometry, observe: tuple[Observation, ...], whole: Geometry | None = None
    ) -> None:
        names = [one.name for one in observe]
        if len(set(names)) < len(names):
            raise ModelError(f"two observations share a name among {names}. Each has its own. Rename one of them.")
        self.names = tuple(names)
        self._locals = {local.body: local for local in shape.locals}
        self._ever = {local.body: local for local in (whole or shape).locals}
        self._numbers = {body: _numbering(local) for body, local in self._locals.items()}
        self._process = process
        self._readings: list[Weights | tuple[Extreme, Local, NDArray[np.bool_]]] = []
        for one in observe:
            local = self._local(one)
            if isinstance(one, Probe):
                self._readings.append(self._at(one, local))
                continue
            inside = self._inside(one, local)
            if not inside.any():
                self._readings.append(UNBORN)
                continue
            self._readings.append(self._mean(local, inside) if one.statistic == "mean" else (one, local, inside))

    def weights(self, T: Array) -> list[Weights]:
        """What each observation reads, now that the temperatures are `T` (n,) K."""
        return [one if isinstance(one, Weights) else self._extreme(*one, T) for one in self._readings]

    def _local(self, one: Observation) -> Local:
        if not one.body and len(self._locals) == 1:
            return next(iter(self._locals.values()))
        if one.body not in self._locals:
            raise ModelError(
                f"observation '{one.name}' is on body '{one.body}'. {did_you_mean(one.body, self._locals)} "
                "Name one of the process's bodies."
            )
        return self._locals[one.body]

    def _at(self, probe: Probe, local: Local) -> Weights:
        part = self._process.body(local.body).part
        for axis in range(part.active):
            edges = local.edges[axis]
            x = probe.place[axis]
            tiny = 1e-6 * (edges[-1] - edges[0])
            if not edges[0] - tiny <= x <= edges[-1] + tiny:
                name = "xyz"[axis]
                beyond = edges[0] - x if x < edges[0] else x - edges[-1]
                raise ModelError(
                    f"'{probe.name}' lies {beyond:.3g} m outside '{local.body}' ({name} = {x:.4g} m; the part spans "
                    f"{edges[0]:.4g} to {edges[-1]:.4g} m). Places are read in metres. "
                    "If they are in mm, divide by 1000."
                )
        places = [probe.place[a] if a < part.active else float(local.centres[a][0]) for a in range(3)]
        if local.block.links is not None:
            away = float(part.distance(*(np.asarray(p) for p in places)))
            far = away > 1e-6 * max(float(e[-1] - e[0]) for e in local.edges)
            home = None if far else _nearest(self._ever[local.body], places)
        else:
            home = self._home(local, places) or self._home(self._ever[local.body], places)
        if home is None:
            at = tuple(round(p, 6) for p in places[: part.active])
            raise ModelError(
                f"'{probe.name}' at {at} m lies in a hollow of '{local.body}'. "
                "A probe sits in or on the material. Check its axes and its unit."
            )
        if not local.solid[home]:
            return UNBORN
        if local.block.links is not None:
            return self._fit(local, np.asarray(places))
        return self._reading(local, home, [places[a] - float(local.centres[a][home[a]]) for a in range(3)])

    def _fit(self, local: Local, place: Array) -> Weights:
        """The parabola that fits the cells around best, for parts whose walls lie anywhere."""
        axes = [a for a in range(3) if local.centres[a].size > 1]
        near, width = [], []
        for a in range(3):
            at = local.centres[a]
            home = int(np.argmin(np.abs(at - place[a])))
            near.append(slice(max(home - 3, 0), home + 4))
            width.append(float(np.diff(local.edges[a])[home]))
        solid = np.argwhere(local.solid[tuple(near)]) + [one.start for one in near]
        u = np.stack([(local.centres[a][solid[:, a]] - place[a]) / width[a] for a in axes], axis=1)
        order = np.argsort((u**2).sum(axis=1))[: 12 if len(axes) == 2 else 32]
        u, solid = u[order], solid[order]
        columns = [np.ones(len(u)), *u.T, *(u[:, a] * u[:, b] for a in range(len(axes)) for b in range(a + 1))]
        trust = np.exp(-0.25 * (u**2).sum(axis=1))
        weight = np.linalg.pinv(trust[:, None] * np.stack(columns, axis=1), rcond=1e-6)[0] * trust
        return Weights(self._numbers[local.body][tuple(solid.T)], weight / weight.sum())

    def _hottest(self, one: Extreme, local: Local, inside: NDArray[np.bool_], T: Array) -> Weights:
        """The hottest (coldest) cell, or wall behind one of the hottest cells, where walls lie anywhere."""
        sign = 1.0 if one.statistic == "max" else -1.0
        number = self._numbers[local.body]
        cells = np.flatnonzero(inside)
        top = cells[np.argsort(-sign * T[number.ravel()[cells]], kind="stable")[:12]]
        field = np.zeros(local.solid.shape)
        field[local.solid] = T[local.span]
        home = np.unravel_index(int(top[0]), local.solid.shape)
        best = self._fit(local, np.array([_peak(field, local, home, axis) for axis in range(3)]))
        for piece in np.flatnonzero(np.isin(local.block.walls.cell, top)):
            found = self._fit(local, local.block.walls.place[piece])
            if sign * found.read(T) > sign * best.read(T):
                best = found
        return best

    def _home(self, local: Local, places: list[float]) -> tuple[int, ...] | None:
        """The solid cell that holds the place, faces included."""
        choices = []
        for axis in range(3):
            edges = local.edges[axis]
            tiny = 1e-6 * (edges[-1] - edges[0])
            fits = np.nonzero((edges[:-1] - tiny <= places[axis]) & (places[axis] <= edges[1:] + tiny))[0]
            choices.append(fits if fits.size else np.array([0]))
        for i in choices[0]:
            for j in choices[1]:
                for k in choices[2]:
                    if local.solid[i, j, k]:
                        return int(i), int(j), int(k)
        return None

    def _reading(self, local: Local, home: tuple[int, ...], away: list[float]) -> Weights:
        """T at the cell's centre plus, along each axis, what it changes over `away`.

        Between two cells that is a straight line; between the last cell and a wall it is the parabola through three
        cells, for a straight line would leave 3/8 of the curvature times the cell squared at the wall.
        """
        number = self._numbers[local.body]
        cells, weight = [number[home]], [1.0]
        for axis in range(3):
            if away[axis] == 0.0:
                continue
            side = 1 if away[axis] > 0 else -1
            near = self._solid(local, home, axis, side)
            if near is not None:
                offsets, others = [near[1]], [near[0]]
            else:
                inner = (self._solid(local, home, axis, -side), self._solid(local, home, axis, -2 * side))
                known = [one for one in inner if one is not None] if inner[0] is not None else []
                offsets, others = [one[1] for one in known], [one[0] for one in known]
            for n, (offset, other) in enumerate(zip(offsets, others, strict=True)):
                share = away[axis] / offset
                for m, rest in enumerate(offsets):
                    share *= (away[axis] - rest) / (offset - rest) if m != n else 1.0
                cells.append(number[other])
                weight.append(share)
                weight[0] -= share
        return Weights(np.array(cells, dtype=np.int64), np.array(weight))

    def _solid(self, local: Local, home: tuple[int, ...], axis: int, side: int) -> tuple[tuple[int, ...], float] | None:
        """The cell `side` steps along `axis` and its distance (m), or None where that is no material."""
        other = list(home)
        other[axis] += side
        if not 0 <= other[axis] < local.solid.shape[axis] or not local.solid[tuple(other)]:
            return None
        centres = local.centres[axis]
        return tuple(other), float(centres[other[axis]] - centres[home[axis]])

    def _inside(self, one: Extreme, local: Local) -> NDArray[np.bool_]:
        low, high = self._process.body(local.body).part.region(one.region)
        within = np.ones_like(local.solid)
        for axis in range(3):
            at = local.centres[axis]
            shape = [1, 1, 1]
            shape[axis] = -1
            within &= ((at >= low[axis]) & (at <= high[axis])).reshape(shape)
        inside = within & local.solid
        if not (inside | within & self._ever[local.body].solid).any():
            raise ModelError(
                f"'{one.name}': region '{one.region}' of '{local.body}' holds no cell centre. "
                "A region is at least one cell wide. Enlarge it, or use more cells."
            )
        return inside

    def _mean(self, local: Local, inside: NDArray[np.bool_]) -> Weights:
        volume = local.volume[inside]
        return Weights(self._numbers[local.body][inside], volume / volume.sum())

    def _extreme(self, one: Extreme, local: Local, inside: NDArray[np.bool_], T: Array) -> Weights:
        """The hottest (coldest) cell, or the wall or corner of it that is hotter (colder) still.

        Between solid cells the centres are enough; where a neighbour is missing the slope goes on to the wall.
        """
        if local.block.links is not None:
            return self._hottest(one, local, inside, T)
        field = np.zeros(local.solid.shape)
        field[local.solid] = T[local.span]
        sign = 1.0 if one.statistic == "max" else -1.0
        beyond = [_beyond(sign * field, local, axis) for axis in range(3)]
        reach = np.where(inside, sign * field + sum(gain for gain, _ in beyond), -np.inf)
        home = np.unravel_index(int(np.argmax(reach)), reach.shape)
        away = [float(towards[home]) for _, towards in beyond]
        return self._reading(local, tuple(int(h) for h in home), away)


def _nearest(local: Local, place: list[float]) -> tuple[int, ...]:
    """The solid cell whose centre is nearest to the place, among those around it."""
    home = [int(np.argmin(np.abs(local.centres[a] - place[a]))) for a in range(3)]
    near = tuple(slice(max(n - 2, 0), n + 3) for n in home)
    solid = np.argwhere(local.solid[near]) + [one.start for one in near]
    if not len(solid):
        return home[0], home[1], home[2]
    away = sum((local.centres[a][solid[:, a]] - place[a]) ** 2 for a in range(3))
    i, j, k = solid[int(np.argmin(away))]
    return int(i), int(j), int(k)


def _numbering(local: Local) -> Ints:
    number = np.full(local.solid.shape, -1, dtype=np.int64)
    number[local.solid] = np.arange(local.span.start, local.span.stop)
    return number


def _peak(field: Array, local: Local, home: tuple[np.intp, ...], axis: int) -> float:
    """Where the parabola through a cell and its two neighbours turns, m; the cell's centre where one is missing."""
    at, n = local.centres[axis], int(home[axis])
    if not 0 < n < at.size - 1:
        return float(at[n])
    low, high = list(home), list(home)
    low[axis], high[axis] = n - 1, n + 1  # type: ignore[call-overload]
    if not (local.solid[tuple(low)] and local.solid[tuple(high)]):
        return float(at[n])
    a, b, c = field[tuple(low)], field[tuple(home)], field[tuple(high)]
    bend = a - 2.0 * b + c
    share = 0.0 if bend == 0.0 else float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5))
    return float(at[n] + share * (at[n + 1] - at[n]))


def _beyond(field: Array, local: Local, axis: int) -> tuple[Array, Array]:
    """What a cell's wall across `axis` lies above its centre (K, 0 without a wall), and the signed way to it (m)."""
    gain, towards = np.zeros_like(field), np.zeros_like(field)
    n = field.shape[axis]
    if n == 1:
        return gain, towards
    shape = [1, 1, 1]
    shape[axis] = -1
    half = np.broadcast_to(0.5 * np.diff(local.edges[axis]).reshape(shape), field.shape)
    gap = np.diff(local.centres[axis]).reshape(shape)
    for side in (1, -1):
        here, inner = [slice(None)] * 3, [slice(None)] * 3
        here[axis], inner[axis] = (slice(1, None), slice(None, -1))[::side]
        outward = np.ones_like(local.solid)
        outward[tuple(inner)] = ~local.solid[tuple(here)]
        wall = outward[tuple(here)] & local.solid[tuple(here)] & local.solid[tuple(inner)]
        rise = np.where(wall, (field[tuple(here)] - field[tuple(inner)]) / gap, 0.0) * half[tuple(here)]
        better = rise > gain[tuple(here)]
        gain[tuple(here)] = np.where(better, rise, gain[tuple(here)])
        towards[tuple(here)] = np.where(better, side * half[tuple(here)], towards[tuple(here)])
    return gain, towards
