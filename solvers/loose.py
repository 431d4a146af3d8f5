"""How a structure can still move as a whole: its rigid motions, and what its supports leave of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..models import SolveError
from ..models.load import LoadCase
from .elements import Elements, Piece
from .holds import Holds
from .raster import Raster

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
MOTIONS = ("move along x", "move along y", "move along z", "turn about x", "turn about y", "turn about z")


def rigid(grid: Raster) -> Array:
    """(6, 3 or 1, active * nodes) shifts and turns about the middle of the grid, of like size.

    What is axisymmetric moves along its axis alone.
    """
    axes = [grid.corners(a) for a in range(grid.active)]
    off = [one - 0.5 * (one[0] + one[-1]) for one in axes]
    x = np.stack(np.meshgrid(*off, indexing="ij")).reshape(grid.active, -1)
    x /= max(float(np.abs(x).max()), 1e-300)
    n, found = x.shape[1], []
    for a in range(grid.active):
        one = np.zeros((grid.active, n))
        one[a] = 1.0
        found.append(one)
    if grid.metric == "axisymmetric":
        return found[1].reshape(1, -1)
    for a, b in ((1, 2), (2, 0), (0, 1)) if grid.active == 3 else ((0, 1),):
        one = np.zeros((grid.active, n))
        one[a], one[b] = -x[b], x[a]
        found.append(one)
    return np.array(found).reshape(len(found), -1)


def motions(grid: Raster) -> tuple[str, ...]:
    """What `rigid` moves, in words."""
    if grid.metric == "axisymmetric":
        return MOTIONS[1:2]
    return MOTIONS if grid.active == 3 else (*MOTIONS[:2], MOTIONS[5])


class Loose(NamedTuple):
    """A piece that can still move: its cells, which of how many it is, motions (modes, k), and what they are like."""

    cells: Ints
    pieces: NDArray[np.int32]
    which: int
    count: int
    motions: Array
    ways: list[str]


def loose(grid: Raster, built: Elements, extra: Holds) -> Iterator[Loose]:
    """Each of the pieces that do not touch that can still move as a whole, in motions of `rigid`."""
    pieces, count = ndimage.label(built.kind >= 0, np.ones((3, 3, 3), dtype=int))
    modes = rigid(grid)
    names = motions(grid)
    for n in range(1, count + 1):
        cells = np.argwhere(pieces == n)
        own = np.zeros(modes.shape[1], dtype=bool)
        own[built.unknowns(cells)] = True
        seen = modes[:, extra.fixed & own]
        energy = seen @ seen.T
        mine = pieces[tuple(extra.cells.T)] == n if len(extra.cells) else np.zeros(0, dtype=bool)
        if mine.any():
            local = modes[:, built.unknowns(extra.cells[mine])]
            scale = np.abs(extra.more[mine]).max()
            energy = energy + np.einsum("pmi,mij,qmj->pq", local, extra.more[mine] / scale, local, optimize=True)
        value, vector = np.linalg.eigh(energy)
        free = value < 1e-8 * max(float(value[-1]), 1e-300) if value[-1] > 0.0 else np.ones(len(value), dtype=bool)
        if free.any():
            yield Loose(cells, pieces, n, count, vector[:, free], _ways(vector[:, free], names, grid))


def refuse_loose(case: LoadCase, grid: Raster, built: Elements, extra: Holds, parts: Sequence[Piece] = ()) -> None:
    """SolveError where a body, or one of several that do not touch, can still move as a whole: it says how."""
    for cells, pieces, n, count, _, ways in loose(grid, built, extra):
        which = ""
        if count > 1:
            told = sorted({one.filled.member.name for one in parts if (pieces[tuple(one.cells.T)] == n).any()})
            middle = tuple(float(f"{c:.3g}") for c in grid.centres(0.5 * (cells.min(axis=0) + cells.max(axis=0))))
            whose = f", of {', '.join(told)}" if told else ""
            which = f" about {middle[: grid.active]} m{whose}, one of {count} that do not touch,"
        raise SolveError(
            f"load case '{case.name}': the part{which} can still {', '.join(ways)}. A structure at rest is "
            f"held against {len(motions(grid))} motions. Add supports, or say free=True where its loads balance."
        )


def _ways(vector: Array, names: Sequence[str], grid: Raster) -> list[str]:
    """What motions (modes, k) that nothing holds are like: shifts alone, and turns about whatever place."""
    if grid.metric == "axisymmetric":
        return [names[0]]
    _, size, share = np.linalg.svd(vector[grid.active :])
    turning = int((size > 1e-3).sum())
    shifts = np.linalg.norm(vector[: grid.active] @ share[turning:].T, axis=1) > 0.1
    turns = np.linalg.norm(vector[grid.active :] @ share[:turning].T, axis=1) > 0.1
    return [name for name, one in zip(names, [*shifts, *turns], strict=True) if one]


def refuse_apart(case: LoadCase, built: Elements) -> None:
    """SolveError where a free structure is of pieces that do not touch: each would go its own way."""
    _, count = ndimage.label(built.kind >= 0, np.ones((3, 3, 3), dtype=int))
    if count > 1:
        raise SolveError(
            f"load case '{case.name}' is free, and the structure is in {count} pieces that do not touch. What is free "
            "is one piece. Join them, or solve each on its own."
        )
