"""Heat that moves: a path with its power, a spot that shines on a surface, an ellipsoid that heats inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ModelError, did_you_mean
from .quantity import Quantity, quantity

Array = NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Where a beam is and what it brings, straight lines between the rows; no power before and after.

    Attributes
    ----------
    table : (n, 5)
        s, m, m, m, W: time (increasing), place and power.
    clock : str
        "process" counts from the start of the recipe, "stage" from the start of the stage.
    """

    table: Array
    clock: str = "process"

    def __post_init__(self) -> None:
        table = np.ascontiguousarray(self.table, dtype=np.float64)
        if table.ndim != 2 or table.shape[1:] != (5,) or len(table) < 2 or not np.isfinite(table).all():
            raise ModelError(
                f"a path of shape {table.shape} has no rows of time, x, y, z and power, or a number that is not "
                "finite. Two rows or more of five finite numbers make one. Complete the table."
            )
        if not (np.diff(table[:, 0]) > 0).all() or (table[:, 4] < 0).any():
            raise ModelError(
                f"a path's times run from {table[0, 0]:g} s and do not increase, or a power ({table[:, 4].min():g} W) "
                "is below zero. Time runs forward, and a beam heats. Sort the table, and correct its powers."
            )
        if self.clock not in ("process", "stage"):
            raise ModelError(
                f"clock = '{self.clock}' is not known. {did_you_mean(self.clock, ('process', 'stage'))} "
                "Say clock='process' or clock='stage'."
            )
        table.setflags(write=False)
        object.__setattr__(self, "table", table)

    @classmethod
    def line(cls, start: ArrayLike, end: ArrayLike, *, speed: float, power: float, at: float = 0.0) -> "Track":
        """One straight pass from `start` to `end` (3,) m at `speed` m/s and `power` W, begun at `at` s."""
        a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        taken = float(np.linalg.norm(b - a)) / speed
        return cls(table=np.array([[at, *a, power], [at + taken, *b, power]]))

    def clocked(self, t: float, since: float) -> float:
        """The path's own time at `t` s, in a stage that began at `since` s."""
        return t - since if self.clock == "stage" else t

    @property
    def slack(self) -> float:
        """Times (s) closer than this are one: at both ends the power is that before."""
        return 1e-9 * float(max(abs(self.table[0, 0]), abs(self.table[-1, 0])))

    def jumps(self, clock: float) -> bool:
        """Whether the power jumps at its own time: it begins, or ends, at more than nothing."""
        return any(abs(row[0] - clock) <= self.slack and row[4] > 0.0 for row in self.table[[0, -1]])

    def at(self, clock: float) -> tuple[Array, Array, float]:
        """Place (3,) m, direction (3,) and power W at its own time; where it stands, the direction is the last one."""
        t = self.table[:, 0]
        off = clock <= t[0] + self.slack or clock > t[-1] + self.slack
        row = int(np.clip(np.searchsorted(t, clock, side="right") - 1, 0, t.size - 2))
        share = float(np.clip((clock - t[row]) / (t[row + 1] - t[row]), 0.0, 1.0))
        now = (1.0 - share) * self.table[row] + share * self.table[row + 1]
        for before in range(row, -1, -1):
            way = self.table[before + 1, 1:4] - self.table[before, 1:4]
            size = float(np.linalg.norm(way))
            if size > 0.0:
                return now[1:4], way / size, 0.0 if off else float(now[4])
        return now[1:4], np.array([1.0, 0.0, 0.0]), 0.0 if off else float(now[4])

    def longest(self, clock: float, size: float) -> float:
        """The longest step (s) from there that sees a beam of `size` m pass, and every switch of its power."""
        t, power = self.table[:, 0], self.table[:, 4]
        if clock < t[0] - self.slack:
            return float(t[0] - clock)
        if clock >= t[-1] - self.slack:
            return np.inf
        row = int(np.searchsorted(t, clock + self.slack, side="right")) - 1
        left = float(t[row + 1] - clock)
        if power[row] == 0.0 and power[row + 1] == 0.0:
            return left
        speed = float(np.linalg.norm(self.table[row + 1, 1:4] - self.table[row, 1:4]) / (t[row + 1] - t[row]))
        step = size / speed if speed > 0.0 else left
        switched = row + 1 == t.size - 1 or power[row] == 0.0 or power[row + 1] == 0.0
        return min(step, left) if switched else step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spot:
    """A round beam with a Gaussian profile that shines on the walls which face it; no wall throws a shadow.

    All of `absorbed` times the path's power lands on the body: the profile is scaled to its sum over the walls.

    Attributes
    ----------
    body, patch : str
        What it shines on; an empty patch takes all walls.
    path : Track
    radius : Quantity or float, m
        Where the profile has fallen to 1/e^2.
    absorbed : Quantity or float, 1
    into : (3,)
        Direction of the light.
    """

    body: str
    path: Track
    radius: Quantity | float
    absorbed: Quantity | float = 1.0
    into: Vector = (0.0, 0.0, -1.0)
    patch: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "into", _unit(self.into))
        object.__setattr__(self, "radius", _size(self.radius, "beam radius"))
        object.__setattr__(self, "absorbed", quantity(self.absorbed, "1", valid=(0.0, 1.0), label="absorbed share"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ellipsoid:
    """Goldak's double ellipsoid about the path's place, scaled so that its sum over the solid is the absorbed power.

    Heat falls as exp(-3 (ahead^2/c^2 + aside^2/width^2 + deep^2/depth^2)), with c = `front` before and `rear` behind
    the place; continuous there.

    Attributes
    ----------
    body : str
    path : Track
    width, depth, front, rear : Quantity or float, m
        Half axes, where the heat has fallen to 5 %.
    absorbed : Quantity or float, 1
    into : (3,)
        Direction of depth.

    References
    ----------
    Goldak, Chakravarti and Bibby, Metallurgical Transactions B 15 (1984) 299-305.
    """

    body: str
    path: Track
    width: Quantity | float
    depth: Quantity | float
    front: Quantity | float
    rear: Quantity | float
    absorbed: Quantity | float = 1.0
    into: Vector = (0.0, 0.0, -1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "into", _unit(self.into))
        for name in ("width", "depth", "front", "rear"):
            object.__setattr__(self, name, _size(getattr(self, name), f"ellipsoid's {name}"))
        object.__setattr__(self, "absorbed", quantity(self.absorbed, "1", valid=(0.0, 1.0), label="absorbed share"))


Beam = Spot | Ellipsoid


def _size(given: Quantity | float, label: str) -> Quantity:
    return quantity(given, "m", valid=(1e-9, 1e3), label=label)


def _unit(way: Vector) -> Vector:
    size = float(np.linalg.norm(way))
    if not size > 0.0:
        raise ModelError(f"a beam into {way} has no direction. It is a vector. Give into=(0, 0, -1), say.")
    x, y, z = (float(c) / size for c in way)
    return x, y, z
