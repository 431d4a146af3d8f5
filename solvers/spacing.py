"""Where the edges of cells lie: on every flat face, as close between them as was asked, finer towards a plane."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..models import Grid, Process, SolveError
from ..models.shape import Shape, aligned, bounds, flats
from .memory import refuse_what_does_not_fit

Array = NDArray[np.float64]
FINEST = 100_000  # cells along one axis; more is a unit mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """Cells that are thin at a plane and grow away from it, on both sides.

    Attributes
    ----------
    axis : int
        0, 1 or 2: the plane lies across it.
    at : float, m
    first : float, m
        Width of the cells at the plane.
    growth : float
        Width of a cell over that of its neighbour nearer to the plane, 1 to 2.
    """

    axis: int
    at: float
    first: float
    growth: float = 1.2

    def __post_init__(self) -> None:
        if self.axis not in (0, 1, 2) or not (math.isfinite(self.at) and 0.0 < self.first < math.inf):
            raise SolveError(
                f"a grading across axis {self.axis} at {self.at} m begins with cells of {self.first} m. Axes are 0, 1 "
                "and 2, widths are above 0 m. Correct it."
            )
        if not 1.0 < self.growth <= 2.0:
            raise SolveError(
                f"cells that grow by {self.growth:g} from one to the next make no grading. They grow by more than 1 "
                "and by 2 at most; above 1.3 accuracy suffers. Try growth=1.2."
            )

    def width(self) -> tuple[float, float]:
        """Width of cells at a distance d from the plane, as (a, b) of a + b d, m: that of `growth` from cell to cell.

        Cells of first growth^n end at d = first (growth^n - 1) / (growth - 1); n is taken as a smooth number, so a
        finer grid has its edges on the same curve.
        """
        share = math.log(self.growth) / (self.growth - 1.0)
        return self.first * share, math.log(self.growth)


def spaced(process: Process, *, cells: int, ratio: float, along: tuple[int | None, int | None, int | None],
           shift: tuple[float, float, float], grading: tuple[Grading, ...]) -> Grid:  # fmt: skip
    """The grid of a process; see `cut` for its settings."""
    even = not all(aligned(body.part.shape) for body in process.bodies)
    part = process.bodies[0].part
    for one in grading:
        if one.axis >= part.active:
            raise SolveError(
                f"a grading across axis {one.axis}, but only {part.active} axes are resolved (0 to {part.active - 1}). "
                "Cells are graded along those. Correct the axis, or leave it out."
            )
    make = _even if even else _flat
    edges = make(process, cells, ratio, along, shift, grading)
    grid = Grid(x=edges[0], y=edges[1], z=edges[2], metric=part.metric)
    refuse_what_does_not_fit(grid)
    return grid


def _flat(process: Process, cells: int, ratio: float, along: tuple[int | None, ...], _: tuple[float, ...],
          grading: tuple[Grading, ...]) -> list[Array]:  # fmt: skip
    """Edges where every face lies across an axis."""
    bodies, active = process.bodies, process.bodies[0].part.active
    axes = [_merged([c for body in bodies for c in body.part.planes(axis)] + _seams(process, axis))
            for axis in range(3)]  # fmt: skip
    graded = {one.axis for one in grading}
    free = [float(np.diff(axes[axis]).min()) for axis in range(active) if axis not in graded]
    edges = []
    for axis, planes in enumerate(axes):
        if axis >= active:
            edges.append(np.array([planes[0], planes[-1]]))
            continue
        whole = planes[-1] - planes[0]
        count = along[axis]
        pieces = []
        if axis in graded:
            coarse = whole / (cells if count is None else count)
            pieces = [graded_edges(a, b, coarse, ratio, [g for g in grading if g.axis == axis])[:-1]
                      for a, b in pairwise(planes)]  # fmt: skip
        else:
            for low, high in pairwise(planes):
                share = (high - low) / min(free) * cells if count is None else count * (high - low) / whole
                pieces.append(np.linspace(low, high, max(round(np.ceil(share - 1e-9) * ratio), 1) + 1)[:-1])
        edges.append(np.append(np.concatenate(pieces), planes[-1]))
    return edges


def _even(process: Process, cells: int, ratio: float, along: tuple[int | None, ...], shift: tuple[float, ...],
          grading: tuple[Grading, ...]) -> list[Array]:  # fmt: skip
    """One spacing, as nearly as the flat faces that it keeps as edges allow; graded only past the curved walls."""
    bodies, active = process.bodies, process.bodies[0].part.active
    ends = np.array([body.part.bounds for body in bodies])
    low, high = ends[:, 0].min(axis=0), ends[:, 1].max(axis=0)
    spacing = float((high - low)[:active].min()) / max(cells * ratio, 1.0)
    edges = []
    for axis in range(3):
        if axis >= active:
            edges.append(np.array([low[axis], high[axis]]))
            continue
        count, own = along[axis], [g for g in grading if g.axis == axis]
        h = spacing if count is None else (high[axis] - low[axis]) / max(count * ratio, 1.0)
        planes = sorted({c for body in bodies for c in flats(body.part.shape, axis) if low[axis] <= c <= high[axis]}
                        | set(_seams(process, axis)))  # fmt: skip
        curved = [span for body in bodies for span in _curved(body.part.shape, axis)] if own else []
        if not planes and not own:
            n = int(np.ceil((high[axis] - low[axis]) / h - 1e-9))
            edges.append(low[axis] + h * (np.arange(n + 1 + (shift[axis] > 0)) - shift[axis]))
            continue
        for one in own:
            for a, b in curved:
                near = max(a - one.at, one.at - b, 0.0)
                width, growth = one.width()
                if width + growth * near < 0.9 * h * ratio:
                    raise SolveError(
                        f"cells graded across {'xyz'[axis]} at {one.at:g} m are {width + growth * near:.3g} m wide "
                        f"where walls are curved, from {a:g} to {b:g} m; they are {h * ratio:.3g} m there. Curved "
                        "walls are cut on an even grid. Grade further away, faster, or use more cells."
                    )
        stops = [low[axis]]
        kept = [p for p in planes if not any(abs(p - e) < 0.6 * h and p != e for span in curved for e in span)]
        for c in [*sorted({*kept, *(e for span in curved for e in span)}), high[axis]]:
            thin = own and any(g.at == c for g in own)
            wide = c - stops[-1] > 0.6 * h and (high[axis] - c > 0.6 * h or c == high[axis])
            if c > stops[-1] and (thin or wide):
                stops.append(c)
        stops[-1] = max(stops[-1], high[axis])
        pieces = [np.linspace(a, b, max(round((b - a) / h), 1) + 1)[:-1]
                  if not own or any(a >= s and b <= e for s, e in curved)
                  else graded_edges(a, b, h * ratio, ratio, own)[:-1] for a, b in pairwise(stops)]  # fmt: skip
        edges.append(np.append(np.concatenate(pieces), stops[-1]))
    return edges


def graded_edges(low: float, high: float, coarse: float, ratio: float, grading: Sequence[Grading]) -> Array:
    """Edges (n + 1,) m from `low` to `high`, widths as the gradings say but `coarse` at most, over `ratio`.

    The number of an edge is a smooth function of its place, the integral of one over the width, so a grid of another
    ratio has its edges on the same curve, and errors fall with the square of the ratio.
    """
    lines = [(0.0, coarse)]  # of the width over the place: slope, value at 0
    for one in grading:
        a, b = one.width()
        lines += [(-b, a + b * one.at)] if one.at >= high else [(b, a - b * one.at)] if one.at <= low else []
    inside = sorted({g.at for g in grading if low < g.at < high})
    if inside:  # a plane inside: both its sides, one after the other, joined at their own numbers
        ends = [low, *inside, high]
        both = [graded_edges(a, b, coarse, ratio, grading) for a, b in pairwise(ends)]
        return np.concatenate([*(part[:-1] for part in both), [high]])
    breaks = {low, high}
    for m, (b1, a1) in enumerate(lines):
        for b2, a2 in lines[:m]:
            if b1 != b2:
                breaks.add(min(max((a2 - a1) / (b1 - b2), low), high))
    knots = np.array(sorted(breaks))
    rows = []
    for left, right in pairwise(knots):
        middle = 0.5 * (left + right)
        b, a = min(lines, key=lambda line: line[1] + line[0] * middle)
        first = a + b * left
        span = (right - left) / first if b == 0.0 else math.log((a + b * right) / first) / b
        rows.append((left, first, b, span))
    numbers = np.concatenate([[0.0], np.cumsum([row[3] for row in rows])])
    asked = math.ceil(numbers[-1] - 1e-9)
    n = max(round(asked * ratio), 1)
    if n > FINEST:
        raise SolveError(
            f"{n} cells between {low:g} and {high:g} m are more than {FINEST}. A graded axis has tens or hundreds. "
            "Check that widths are in metres."
        )
    s = np.linspace(0.0, numbers[-1], n + 1)[1:-1]
    which = np.clip(np.searchsorted(numbers, s, side="right") - 1, 0, len(rows) - 1)
    left, first, b, _ = np.array(rows)[which].T
    u = s - numbers[which]
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = left + np.where(b == 0.0, first * u, first * np.expm1(b * u) / b)
    return np.concatenate([[low], inner, [high]])


def _seams(process: Process, axis: int) -> list[float]:
    """Coordinates (m) of the faces of deposits across `axis`, within their bodies."""
    found = set()
    for stage in process.stages:
        for deposit in stage.deposits:
            low, high = process.body(deposit.body).part.bounds
            found |= {corner[axis] for corner in deposit.box if low[axis] < corner[axis] < high[axis]}
    return sorted(found)


def _curved(shape: Shape, axis: int) -> list[tuple[float, float]]:
    """Where along `axis` (m) walls lie that lean against it, one span for every primitive."""
    if shape.parts:
        return [span for part in shape.parts for span in _curved(part, axis)]
    if aligned(shape) or (shape.kind in ("cylinder", "prism") and axis == 2):
        return []
    low, high = bounds(shape)
    return [(low[axis], high[axis])]


def _merged(planes: list[float]) -> Array:
    found = np.unique(np.asarray(planes, dtype=float))
    tiny = 1e-9 * max(abs(found[0]), abs(found[-1]), found[-1] - found[0])
    return np.concatenate([found[:1], found[1:][np.diff(found) > tiny]])
