"""The walls of a box during an explicit sweep: exchanges that are linear in the potential of the cell behind them."""

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError, Stage
from .discrete import Local
from .kernels.conduct import STEFAN_BOLTZMANN, exchange
from .kernels.pieces import properties
from .sources import shine
from .surroundings import surroundings
from .sweep import Sweep

Array = NDArray[np.float64]


class Openings:
    """What one stage's walls bring to their cells.

    A wall's film and radiation are taken at its temperature when the sweep begins, as one film to one effective
    surrounding: a straight line through the exact exchange, which vanishes where the exact one does. No cell is driven
    beyond its surroundings, however long the sweep; the line through a film or a held wall is exact.
    """

    def __init__(self, stage: Stage, local: Local, conductivity: Array) -> None:
        self.stage, self.local, self.conductivity = stage, local, conductivity
        self.met = surroundings(stage, local.block)
        walls = local.block.walls
        self.cell = walls.cell
        index = np.stack(np.unravel_index(walls.cell, local.solid.shape), axis=1)
        axis, side = np.abs(walls.normal).argmax(axis=1), (walls.normal.sum(axis=1) > 0.0).astype(int)
        self.faces = []
        for a in range(3):
            mine = np.flatnonzero(axis == a)
            self.faces.append((mine, (side[mine], *np.delete(index[mine], a, axis=1).T)))
        self.heat, self.slope = np.zeros(walls.cell.size), np.zeros(walls.cell.size)

    def meet(self, T: Array, theta: Array, t: float, since: float) -> None:
        """Find heat (W) and slope (m) of every piece of wall from its cell's `T` (K) and `theta` (W/m), at `t` s."""
        walls, local, met = self.local.block.walls, self.local, self.met
        levels, shines = met.levels(t, since), shine(self.stage, local, t, since)
        failed = exchange(T, theta, np.arange(T.size), walls.area, local.gap, shines, met.low, met.high, met.weight,
                          levels, met.films, self.conductivity, local.wall, local.heat, local.slope)  # fmt: skip
        if failed:
            raise SolveError(
                f"{failed} pieces of wall of '{local.body}' found no temperature at t = {t:g} s. "
                "A wall balances conduction, film and radiation. Look for a huge film, flux or ambient there."
            )
        low, high, w, Tw = met.low, met.high, met.weight, local.wall
        films = self._films(levels, Tw)
        gas, radiant, grey, flux = ((1.0 - w) * levels[low, n] + w * levels[high, n] for n in (0, 1, 3, 4))
        film = (1.0 - w) * films[low, np.arange(w.size)] + w * films[high, np.arange(w.size)]
        bright = STEFAN_BOLTZMANN * grey * (radiant**2 + Tw**2) * (radiant + Tw)
        whole = film + bright
        met_at = (film * gas + bright * radiant + flux + shines) / np.where(whole > 0.0, whole, 1.0)
        away = np.where((whole > 0.0) & (np.abs(met_at - Tw) > 1e-3), met_at, Tw + 1e-3)
        k = (self._theta(away) - self._theta(Tw)) / (away - Tw)
        self.heat = local.heat
        self.slope = np.where(levels[low, 5] > 0.0, local.slope, -walls.area * whole / (local.gap * whole + k))

    def fill(self, sweep: Sweep, share: float, k: float, potential: Array) -> None:
        """Write it into a sweep: `share` turns W into the field's unit a step, `k` the sweep's potential into theta."""
        gain, slope = share * (self.heat - self.slope * k * potential), share * self.slope * k
        sweep.bare[:] = False
        for a, (mine, place) in enumerate(self.faces):
            sweep.gain[a][:], sweep.slope[a][:] = 0.0, 0.0
            sweep.gain[a][place], sweep.slope[a][place] = gain[mine], slope[mine]
            for side in range(2):
                sweep.bare[a, side] = bool(sweep.gain[a][side].any() or sweep.slope[a][side].any())

    def _films(self, levels: Array, Tw: Array) -> Array:
        """(rows, n) W/(m2.K): the film of every row at the temperature of every piece of wall."""
        found = np.repeat(levels[:, 2:3], Tw.size, axis=1)
        for n, row in enumerate(levels):
            first, last = int(row[6]), int(row[7])
            if last > first:
                found[n] *= _values(Tw, self.met.films[first:last])[0]
        return found

    def _theta(self, T: Array) -> Array:
        return _values(T, self.conductivity)[1]


def entered(sweep: Sweep, steps: int) -> float:
    """What the walls brought in a sweep of `steps` steps, in the field's unit times cells."""
    return float(sum((steps * gain).sum() + (slope * seen).sum()
                     for gain, slope, seen in zip(sweep.gain, sweep.slope, sweep.seen, strict=True)))  # fmt: skip


def _values(T: Array, table: Array) -> tuple[Array, Array]:
    """A property and its integral at `T` (n,)."""
    found = tuple(np.empty((T.size, 1, 1)) for _ in range(4))
    properties(np.ascontiguousarray(T).reshape(-1, 1, 1), table, table, *found)
    return found[0].ravel(), found[1].ravel()
