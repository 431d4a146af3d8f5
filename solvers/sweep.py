"""Room for explicit sweeps over one box: what its walls exchange, what sources make, and where blocks are computed."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernels.sweeps import PAD, sweep, vary

Array = NDArray[Any]
AT_ONCE = {False: 6, True: 3}  # steps of one sweep, with constant and with varying properties
LANES, LINE, ROOM = 8, 64, 2**21  # parts of the work; bytes of a cache line, and of a lane's work


def aligned(shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
    """An array of zeros that begins on a cache line, where rows are read and written fastest."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, dtype=np.uint8)
    first = -raw.ctypes.data % LINE
    return raw[first : first + size].view(dtype).reshape(shape)


@dataclass(slots=True, eq=False)
class Sweep:
    """Marches a field several steps in one pass over memory.

    Attributes
    ----------
    shape : (int, int, int)
        Cells of the box.
    table : (pieces, 19) array or None
        Of `kirchhoff.fitted`: the field is then an enthalpy in J/m3, its potential the integral of conductivity in
        W/m. None: the field is a temperature, and its own potential, in K.
    dtype : f64 or f32
    gain, slope, seen : (2, ny, nz), (2, nx, nz), (2, nx, ny) arrays
        What a wall brings in a step is gain + slope times the potential of its cell; `seen` sums the potentials.
    bare : (3, 2) array of bool
        Walls that exchange at all.
    made, corner : (a, b, c) and (3,) arrays
        What sources bring in a step, and the cell where their window begins.
    across : int
        Rows of a block; `work` has room for so many.
    """

    shape: tuple[int, int, int]
    table: Array | None = None
    dtype: Any = np.float64
    gain: tuple[Array, ...] = field(init=False)
    slope: tuple[Array, ...] = field(init=False)
    seen: tuple[Array, ...] = field(init=False)
    bare: Array = field(init=False)
    made: Array = field(init=False)
    corner: Array = field(init=False)
    across: int = field(init=False)
    work: Array = field(init=False)

    def __post_init__(self) -> None:
        nx, ny, nz = self.shape
        faces = ((2, ny, nz), (2, nx, nz), (2, nx, ny))
        self.gain, self.slope, self.seen = (tuple(np.zeros(one, self.dtype) for one in faces) for _ in range(3))
        self.bare = np.zeros((3, 2), np.bool_)
        self.made, self.corner = np.zeros((0, 0, 0), self.dtype), np.zeros(3, np.int64)
        steps = self.at_once
        planes = 5 * steps - 2 if self.varies else 3 * (steps - 1)
        rows = ROOM // (planes * (nz + PAD) * np.dtype(self.dtype).itemsize) - 2 * steps
        self.across = max(min(rows, 48, -(-ny // 2)), 8)
        size = planes * (self.across + 2 * steps) * (nz + PAD)
        self.work = aligned((LANES, -(-size // LINE) * LINE), self.dtype)

    @property
    def varies(self) -> bool:
        """Whether properties vary."""
        return self.table is not None

    @property
    def at_once(self) -> int:
        """Steps of one sweep."""
        return AT_ONCE[self.varies]

    def __call__(self, before: Array, after: Array, number: Array, steps: int) -> None:
        """March `before` into `after`, `steps` steps of at most `at_once`; `number` (3,) as the kernels say."""
        for one in self.seen:
            one[:] = 0.0
        rest = (self.made, self.corner, self.gain, self.slope, self.seen, self.bare, self.work)
        if self.table is None:
            sweep(before, after, steps, self.across, number, *rest)
        else:
            vary(before, after, steps, self.across, number, *rest, self.table)
