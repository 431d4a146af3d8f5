"""A unit that was swapped, seen by its arithmetic: the new level is the old one written in u and taken for v."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models import Channel
from ..models.units import factor

Array = NDArray[np.float64]
USUAL = {"K": ("degC", "degF", "K"), "Pa": ("Pa", "kPa", "bar", "MPa", "psi"), "m": ("m", "cm", "mm", "inch", "ft"),
         "W/m2": ("W/m2", "kW/m2"), "W": ("W", "kW"), "V": ("V", "mV"), "A": ("A", "mA"), "N": ("N", "kN", "lbf"),
         "kg": ("kg", "g", "lb"), "m/s": ("m/s", "km/h"), "s": ("s", "ms", "min"),
         "1": ("1", "percent")}  # fmt: skip
PROBES = (0.05, 0.25, 0.5, 0.75, 0.95)
FAR, NEAR = 5.0, 2.0  # scatters of history: farther is another level, nearer is the same
BEFORE = 8  # readings on each side of a jump
STEEP = 0.15  # of the jump: how far a reading beside it may lie off a line, and the line may rise by a reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Levels before and after in SI, the unit that is written and the one it is taken for, and how far that is off.

    `at` is the time of the jump in s, None where the whole log differs from earlier ones.
    """

    before: float
    after: float
    written: str
    taken: str
    off: float
    at: float | None = None


def mended(values: ArrayLike, unit: str) -> Iterator[tuple[str, str, Array]]:
    """Each pair of usual units, and what `values` are if they were written in the first and taken for the second."""
    x = np.asarray(values, dtype=np.float64)
    for written in USUAL.get(unit, ()):
        for taken in USUAL[unit]:
            if written != taken:
                (a, b), (c, d) = factor(written, unit), factor(taken, unit)
                yield written, taken, a * (x - d) / c + b


def against_history(channel: Channel, earlier: Sequence[Channel]) -> Swap | None:
    """A swap that explains why the readings lie elsewhere than in earlier logs; None where there is none.

    Five quantiles are compared; their scatter is that among three or more earlier logs, at least a tenth of what one
    log spans.
    """
    x = channel.values[channel.reads]
    logs = [c.values[c.reads] for c in earlier if c.unit == channel.unit and c.reads.any()]
    if not x.size or not logs:
        return None
    own = np.quantile(x, PROBES)
    old = np.array([np.quantile(one, PROBES) for one in logs])
    centre = np.median(old, axis=0)
    span = float(np.mean(old[:, -1] - old[:, 0]))
    noise = float(np.median(channel.sigma)) if channel.t.size else 0.0
    between = old.std(axis=0, ddof=1) if len(logs) >= 3 else np.zeros(len(PROBES))
    scatter = np.maximum(between, max(0.1 * span, noise, channel.resolution, 1e-6 * float(np.abs(centre).max())))

    def distance(q: Array) -> float:
        return float(np.max(np.abs(q - centre) / scatter))

    here = distance(own)
    if here < FAR:
        return None
    tried = [(distance(q), written, taken, q) for written, taken, q in mended(own, channel.unit)]
    if not tried:
        return None
    near, written, taken, q = min(tried, key=lambda one: one[0])
    if near > min(NEAR, 0.2 * here):
        return None
    return Swap(before=float(centre[2]), after=float(own[2]), written=written, taken=taken,
                off=float(abs(q[2] - centre[2])))  # fmt: skip


def within(channel: Channel) -> Swap | None:
    """A swap that explains the largest jump inside a log, both ways tried; None where there is no such jump."""
    t, x = channel.t[channel.reads], channel.values[channel.reads]
    if x.size < 2 * BEFORE:
        return None
    steps = np.abs(np.diff(x))
    noise = max(1.4826 * float(np.median(steps)), float(np.median(channel.sigma)), channel.resolution)
    k = int(np.argmax(steps[BEFORE - 1 : x.size - BEFORE])) + BEFORE  # the first reading after the jump
    jump = float(steps[k - 1])
    if jump <= 0.0 or jump < 20.0 * noise:
        return None
    before, after = x[k - BEFORE : k], x[k : k + BEFORE]
    lines = [np.polyfit(np.arange(BEFORE), y, 1) for y in (before, after)]
    bends = [
        float(np.abs(y - np.polyval(p, np.arange(BEFORE))).max()) for p, y in zip(lines, (before, after), strict=True)
    ]
    if max(*bends, *(abs(float(p[0])) for p in lines)) > STEEP * jump:  # a steep event, not a change of scale
        return None
    level = float(np.polyval(lines[0], BEFORE - 1)), float(np.polyval(lines[1], 0))
    allowed = 0.01 * jump + 3.0 * noise
    best: Swap | None = None
    for here, there in (level, level[::-1]):  # the later stretch is the wrong one, or the earlier
        for written, taken, q in mended(np.array([there]), channel.unit):
            off = abs(float(q[0]) - here)
            if off <= allowed and (best is None or off < best.off):
                best = Swap(before=level[0], after=level[1], written=written, taken=taken, off=off, at=float(t[k]))
    return best
