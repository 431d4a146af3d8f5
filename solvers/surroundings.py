"""What every piece of wall meets during a stage: rows of levels, and which rows each piece lies between."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..models import Between, Block, Controller, Exchange, Held, Property, Quantity, Signal, SolveError, Stage
from ..models.signals import Level

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Outputs = Mapping[str, float]  # of the controllers, by name
NOTHING: Outputs = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """For one block in one stage: `low`, `high`, `weight` (n walls) into the rows that `levels` fills."""

    rows: tuple[Exchange | Held, ...]
    low: Ints
    high: Ints
    weight: Array
    films: Array
    ranges: tuple[tuple[int, int], ...]
    enclosed: tuple[tuple[int, float], ...] = ()  # rows that radiate into an enclosure, which alone radiates to them

    def levels(self, t: float, since: float, outputs: Outputs = NOTHING) -> Array:
        """(rows, 8): gas K, radiant K, film W/(m2.K), emissivity, flux W/m2, held 0 or 1, rows of `films`, at `t` s."""
        table = np.zeros((max(len(self.rows), 1), 8))
        for n, row in enumerate(self.rows):
            if isinstance(row, Held):
                table[n, 0], table[n, 5] = level(row.temperature, t, since, outputs), 1.0
                continue
            film = row.film.scale if isinstance(row.film, Property) else row.film
            table[n, 0] = gas = level(row.gas, t, since, outputs)
            table[n, 1] = gas if row.radiant is row.gas else level(row.radiant, t, since, outputs)
            table[n, 2:5] = [level(one, t, since, outputs) for one in (film, row.emissivity, row.flux)]
            table[n, 6:8] = self.ranges[n]
        for n, grey in self.enclosed:
            table[n, 1], table[n, 3] = 0.0, grey
        return table


def level(given: Level | float | None, t: float, since: float, outputs: Outputs = NOTHING) -> float:
    """A constant quantity, a signal at `t` s, or what a controller puts out."""
    if isinstance(given, Signal):
        return given.at(t, since)
    if isinstance(given, Controller):
        return outputs[given.name]
    assert isinstance(given, Quantity)
    return given.value


def surroundings(stage: Stage, block: Block) -> Surroundings:
    """What the walls of `block` meet; a piece of wall whose patch nobody names is refused."""
    walls = block.walls
    rows: list[Exchange | Held] = []
    low = np.zeros(walls.cell.size, dtype=np.int64)
    high = np.zeros(walls.cell.size, dtype=np.int64)
    weight = np.zeros(walls.cell.size)
    enclosed: list[tuple[int, float]] = []
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
        grey = _enclosed(stage, block.body, patch)
        enclosed += [(row, grey) for row in range(first, len(rows)) if grey is not None]
    tables, ranges = _films(rows)
    return Surroundings(rows=tuple(rows), low=low, high=high, weight=weight, films=tables, ranges=ranges,
                        enclosed=tuple(enclosed))  # fmt: skip


def _enclosed(stage: Stage, body: str, patch: str) -> float | None:
    """Emissivity of a patch in an enclosure, or None."""
    for enclosure in stage.enclosures:
        for name in enclosure.patches:
            if name in (patch, f"{body}.{patch}"):
                return enclosure.grey(name).value
    return None


def _films(rows: list[Exchange | Held]) -> tuple[Array, tuple[tuple[int, int], ...]]:
    """Packed films over the wall's temperature, one below the other, and where each row's lies."""
    tables, ranges, first = [np.zeros((0, 8))], [], 0
    for row in rows:
        film = row.film if isinstance(row, Exchange) else None
        packed = film.curve.packed() if isinstance(film, Property) else tables[0]
        tables.append(packed)
        ranges.append((first, first + len(packed)))
        first += len(packed)
    return np.ascontiguousarray(np.concatenate(tables)), tuple(ranges)
