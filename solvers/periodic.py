"""Opposite faces of a body that are one: the last cells conduct to the first."""

from dataclasses import replace

import numpy as np

from ..models import Block, Grid, Periodic, Process, SolveError
from ..models.grid import Links


def repeating(process: Process, body: str) -> frozenset[str]:
    """Patches of a body that are periodic."""
    keys = [key for key, wall in process.stages[0].walls.items() if isinstance(wall, Periodic)]
    return frozenset(key.removeprefix(f"{body}.") for key in keys if "." not in key or key.startswith(f"{body}."))


def closed(block: Block, grid: Grid, patches: frozenset[str]) -> Block:
    """The block with its periodic walls taken off, and links between the cells behind them instead.

    Raises
    ------
    SolveError
        If the pieces of wall on both sides do not face each other one by one.
    """
    walls = block.walls
    numbers = [walls.patches.index(one) for one in patches if one in walls.patches]
    mine = np.flatnonzero(np.isin(walls.patch, numbers))
    if not mine.size:
        return block
    first, second, over = [], [], []
    axes = np.argmax(np.abs(walls.normal[mine]), axis=1)
    for axis in range(3):
        own = mine[axes == axis]
        low, high = own[walls.normal[own, axis] < 0.0], own[walls.normal[own, axis] > 0.0]
        low, high = (side[np.lexsort(np.delete(walls.place[side], axis, axis=1).T)] for side in (low, high))
        _refuse_unpaired(block, grid, axis, low, high)
        gap = walls.gap[low] + walls.gap[high]
        apart = walls.cell[low] != walls.cell[high]
        first.append(walls.cell[high][apart])
        second.append(walls.cell[low][apart])
        over.append((walls.area[low] / gap)[apart])
    links = Links(first=np.concatenate(first), second=np.concatenate(second), over=np.concatenate(over))
    stay = np.setdiff1d(np.arange(walls.cell.size), mine)
    return replace(block, walls=walls.only(stay), around=links)


def _refuse_unpaired(block: Block, grid: Grid, axis: int, low: np.ndarray, high: np.ndarray) -> None:
    walls = block.walls
    size = max(float(edges[-1] - edges[0]) for edges in (block.edges(grid, a) for a in range(3)))
    fits = low.size == high.size
    if fits and low.size:
        way = walls.place[high] - walls.place[low]
        aside = np.abs(np.delete(way, axis, axis=1)).max()
        flat = np.ptp(way[:, axis])
        oblique = 1.0 - np.abs(walls.normal[np.concatenate([low, high]), axis]).min()
        uneven = (np.abs(walls.area[low] - walls.area[high]) / walls.area[low]).max()
        fits = max(aside, flat) <= 1e-9 * size and max(oblique, uneven) <= 1e-9
    if not fits:
        areas = [float(walls.area[side].sum()) for side in (low, high)]
        raise SolveError(
            f"periodic faces of '{block.body}' across {'xyz'[axis]}: {low.size} pieces of {areas[0]:.4g} m2 on one "
            f"side, {high.size} of {areas[1]:.4g} m2 on the other, not face to face. Two flat, equal faces repeat. "
            "Name both opposite patches PERIODIC, on a part whose ends are equal."
        )
