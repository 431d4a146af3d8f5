"""Heat made inside bodies and brought to their walls: fixed sources, and beams that move along a path."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models import Ellipsoid, Quantity, SolveError, Spot, Stage
from .surroundings import NOTHING, Outputs, level

if TYPE_CHECKING:
    from .discrete import Local

Array = NDArray[np.float64]
SEEN = 0.05  # of the beam's heat that must fall on or into the body before it is scaled to the whole
PASSING = 0.5  # of a beam's smallest size that it may move in a step


def made(stage: Stage, local: "Local", t: float, since: float, outputs: Outputs = NOTHING) -> Array | None:
    """Heat made in every cell of a block at `t` s, (nx, ny, nz) W; None where there is none."""
    total: Array | None = None
    for source in stage.sources:
        if source.body != local.body:
            continue
        shape = [1, 1, 1]
        shape[source.axis] = -1
        at = local.centres[source.axis].reshape(shape)
        profile = sum(c * at**power for power, c in enumerate(source.profile))
        heat = level(source.rate, t, since, outputs) * profile * local.volume
        total = heat if total is None else total + heat
    for beam in stage.beams:
        if beam.body != local.body or not isinstance(beam, Ellipsoid):
            continue
        inside = _inside(beam, local, t, since)
        if inside is not None:
            total = np.zeros_like(local.volume) if total is None else total
            window, heat = inside
            total[window] += heat
    return total


def shine(stage: Stage, local: "Local", t: float, since: float) -> Array:
    """Heat that beams bring to every piece of wall of a block at `t` s, (n,) W/m2."""
    walls = local.block.walls
    total = np.zeros(walls.cell.size)
    for beam in stage.beams:
        if beam.body != local.body or not isinstance(beam, Spot):
            continue
        place, _, power = beam.path.at(beam.path.clocked(t, since))
        if power == 0.0:
            continue
        radius, into = _number(beam.radius), np.asarray(beam.into)
        _refuse_small(beam, local, radius)
        away = _away(walls.place - place, local)
        facing = np.maximum(-(walls.normal @ into), 0.0)
        if beam.patch:
            if beam.patch not in walls.patches:
                raise SolveError(
                    f"a beam shines on patch '{beam.patch}', which '{beam.body}' lacks. "
                    f"It has {', '.join(walls.patches)}. Name one of them, or none for all."
                )
            facing = np.where(walls.patch == walls.patches.index(beam.patch), facing, 0.0)
        aside = (away**2).sum(axis=1) - (away @ into) ** 2
        form = facing * np.exp(-2.0 * aside / radius**2)
        total += _scaled(beam, form, form @ walls.area, t, _number(beam.absorbed) * power,
                         (0.5 * math.pi * radius**2) ** (0.5 * (local.active - 1)), local)  # fmt: skip
    return total


def longest(stage: Stage, t: float, since: float) -> float:
    """The longest step (s) from `t` in which no beam passes by or is switched unseen."""
    ways = [beam.path.longest(beam.path.clocked(t, since), _stride(beam)) for beam in stage.beams]
    return min(ways, default=math.inf)


def passes(stage: Stage) -> float:
    """How many steps the beams of a stage ask for at least, over their whole paths."""
    found = 0.0
    for beam in stage.beams:
        table = beam.path.table
        on = (table[1:, 4] > 0.0) | (table[:-1, 4] > 0.0)
        found = max(found, float(np.linalg.norm(np.diff(table[:, 1:4], axis=0), axis=1)[on].sum()) / _stride(beam))
    return found


def busy(stage: Stage, since: float) -> float:
    """A time (s) of a stage that began at `since` at which its longest pass is half done; its start without beams."""
    rows = [(row[1, 0] - row[0, 0], 0.5 * (row[0, 0] + row[1, 0]) + (since if beam.path.clock == "stage" else 0.0))
            for beam in stage.beams for row in zip(beam.path.table[:-1], beam.path.table[1:], strict=True)
            for row in [np.array(row)] if row[:, 4].max() > 0.0]  # fmt: skip
    return float(max(rows)[1]) if rows else since


def _stride(beam: Spot | Ellipsoid) -> float:
    sizes = (beam.radius,) if isinstance(beam, Spot) else (beam.width, beam.front, beam.rear)
    return PASSING * min(_number(one) for one in sizes)


def after(stage: Stage, t: float, since: float) -> float:
    """When to look (s) for what a step from `t` begins with: past a beam's jump there, else `t` itself."""
    jumps = [beam.path.slack for beam in stage.beams if beam.path.jumps(beam.path.clocked(t, since))]
    return t + 2.0 * max(jumps, default=0.0)


def _inside(beam: Ellipsoid, local: "Local", t: float, since: float) -> tuple[tuple[slice, ...], Array] | None:
    place, ahead, power = beam.path.at(beam.path.clocked(t, since))
    if power == 0.0:
        return None
    width, depth, front, rear = (_number(one) for one in (beam.width, beam.depth, beam.front, beam.rear))
    _refuse_small(beam, local, min(width, depth, front, rear))
    reach = 3.5 * max(width, depth, front, rear)
    window, axes = [], []
    for axis, centres in enumerate(local.centres):
        if axis >= local.active:
            window.append(slice(0, 1))
            axes.append(np.zeros(1))
            continue
        low, high = np.searchsorted(centres, (place[axis] - reach, place[axis] + reach))
        window.append(slice(int(low), int(high)))
        axes.append(centres[low:high] - place[axis])
    dx, dy, dz = np.meshgrid(*axes, indexing="ij", sparse=True)
    into = np.asarray(beam.into)
    forward = ahead - (ahead @ into) * into
    size = float(np.linalg.norm(forward))
    forward = forward / size if size > 1e-9 else np.zeros(3)
    along = dx * forward[0] + dy * forward[1] + dz * forward[2]
    deep = dx * into[0] + dy * into[1] + dz * into[2]
    aside = dx**2 + dy**2 + dz**2 - along**2 - deep**2
    length = np.where(along > 0.0, front, rear)
    form = np.exp(-3.0 * ((along / length) ** 2 + aside / width**2 + (deep / depth) ** 2))
    heat = form * local.volume[tuple(window)]
    whole = (math.pi / 3.0) ** 1.5 * width * depth * (front + rear) / 4.0
    scaled = _scaled(beam, heat, float(heat.sum()), t, _number(beam.absorbed) * power, whole, local)
    return tuple(window), scaled


def _scaled(
    beam: Spot | Ellipsoid, form: Array, total: float, t: float, power: float, whole: float, local: "Local"
) -> Array:
    """`form` scaled so that its `total` becomes `power`; refused where the body sees next to nothing of the beam."""
    flat = local.metric == "cartesian" and (isinstance(beam, Spot) or local.active == 3)
    if total <= (SEEN * whole if flat else 1e-300):
        place = tuple(round(float(c), 6) for c in beam.path.at(t)[0])
        raise SolveError(
            f"at t = {t:g} s the beam at {place} m misses '{beam.body}': less than {SEEN:.0%} of it arrives. "
            "A beam that is on meets its body. Correct its path, its direction or its patch, or set its power to 0 W."
        )
    return form * (power / total)


def _refuse_small(beam: Spot | Ellipsoid, local: "Local", size: float) -> None:
    finest = min(float(np.diff(local.edges[axis]).min()) for axis in range(local.active))
    if size < finest:
        raise SolveError(
            f"a beam of {size:.3g} m on '{beam.body}' is smaller than its cells, {finest:.3g} m. A beam covers a cell "
            f"or more. Use {math.ceil(finest / size)} times the cells, or a wider beam."
        )


def _away(way: Array, local: "Local") -> Array:
    """(n, 3) m without the axes that are not resolved."""
    way = way.copy()
    way[:, local.active :] = 0.0
    return way


def _number(given: Quantity | float) -> float:
    return given.value if isinstance(given, Quantity) else given
