"""What every piece of wall meets during a stage: rows of levels, and which rows each piece lies between."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Between, Block, Exchange, Held, Quantity, Signal, SolveError, Stage
from ..models.process import Level

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """For one block in one stage: `low`, `high`, `weight` (n walls) into the rows that `levels` fills."""

    rows: tuple[Exchange | Held, ...]
    low: Ints
    high: Ints
    weight: Array

    def levels(self, t: float, since: float) -> Array:
        """(rows, 6): gas K, radiant K, film W/(m2.K), emissivity, flux W/m2, held 0 or 1, at `t` s."""
        table = np.zeros((max(len(self.rows), 1), 6))
        for n, row in enumerate(self.rows):
            if isinstance(row, Held):
                table[n, 0], table[n, 5] = level(row.temperature, t, since), 1.0
            else:
                table[n, 0] = gas = level(row.gas, t, since)
                table[n, 1] = gas if row.radiant is row.gas else level(row.radiant, t, since)
                table[n, 2:5] = (level(row.film, t, since), level(row.emissivity, t, since), level(row.flux, t, since))
        return table


def level(given: Level | float | None, t: float, since: float) -> float:
    """A constant quantity, or a signal at `t` s."""
    if isinstance(given, Signal):
        return given.at(t, since)
    assert isinstance(given, Quantity)
    return given.value


def surroundings(stage: Stage, block: Block) -> Surroundings:
    """What the walls of `block` meet; a piece of wall whose patch nobody names is refused."""
    walls = block.walls
    rows: list[Exchange | Held] = []
    low = np.zeros(walls.cell.size, dtype=np.int64)
    high = np.zeros(walls.cell.size, dtype=np.int64)
    weight = np.zeros(walls.cell.size)
    for index, patch in enumerate(walls.patches):
        mine = walls.patch == index
        if not mine.any():
            continue
        wall = stage.walls.get(f"{block.body}.{patch}", stage.walls.get(patch))
        if wall is None:
            raise SolveError(
                f"stage '{stage.name}': patch '{patch}' of '{block.body}' ({walls.area[mine].sum():.4g} m2) has no "
                f"boundary condition. Every patch meets something. Name '{patch}' in walls; INSULATED says nothing."
            )
        first = len(rows)
        if isinstance(wall, Between):
            rows += list(wall.exchanges)
            places = np.asarray(wall.places)
            at = np.interp(walls.place[mine, wall.axis], places, np.arange(places.size))
            below = np.minimum(at.astype(np.int64), places.size - 2)
            low[mine], high[mine], weight[mine] = first + below, first + below + 1, at - below
        else:
            rows.append(wall)
            low[mine] = high[mine] = first
    return Surroundings(rows=tuple(rows), low=low, high=high, weight=weight)
