"""A unit that was swapped, seen by its arithmetic: the new level is the old one written in u and taken for v.

One rule for whoever asks: a log by itself, its channels beside each other, a contract with earlier logs.
"""

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
FAR, NEAR = 5.0, 2.0  # scatters of the others: farther is another level, nearer is the same
BESIDE = 8  # readings on each side of a jump
STEEP = 0.15  # of the jump: how far a reading beside it may lie off a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Levels before and after in SI, the unit that is written and the one it is taken for, and how far that is off.

    `at` is the time of the jump in s, None where the whole log differs from others; `later` says whether what comes
    after the jump is what is written otherwise.
    """

    before: float
    after: float
    written: str
    taken: str
    off: float
    at: float | None = None
    later: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A level that leaves within one reading and stays away: the first time after it, its size, and the swap if any."""

    at: float
    size: float
    swap: Swap | None


def mended(values: ArrayLike, unit: str) -> Iterator[tuple[str, str, Array]]:
    """Each pair of usual units, and what `values` are if they were written in the first and taken for the second."""
    x = np.asarray(values, dtype=np.float64)
    for written in USUAL.get(unit, ()):
        for taken in USUAL[unit]:
            if written != taken:
                (a, b), (c, d) = factor(written, unit), factor(taken, unit)
                yield written, taken, a * (x - d) / c + b


def scatter(x: Array) -> float:
    """Robust scatter of the readings about a straight line through their neighbours, of one reading."""
    if x.size < 5:
        return 0.0
    bend = x[1:-1] - 0.5 * (x[:-2] + x[2:])
    return float(1.4826 * np.median(np.abs(bend - np.median(bend))) / np.sqrt(1.5))


def floor(channel: Channel) -> float:
    """The least difference that means something: digits, and what is stated of the noise."""
    return max(channel.resolution, float(np.median(np.asarray(channel.std, float))))


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
    between = old.std(axis=0, ddof=1) if len(logs) >= 3 else np.zeros(len(PROBES))
    noise = float(np.median(channel.sigma)) if channel.t.size else 0.0
    least = max(0.1 * span, noise, channel.resolution, 1e-6 * float(np.abs(centre).max()))
    return _elsewhere(own, centre, np.maximum(between, least), channel)


def beside(channel: Channel, peers: Sequence[Channel]) -> Swap | None:
    """A swap that explains why a first reading lies far from those of two or more others, which agree."""
    first = [float(c.values[c.reads][0]) for c in peers if c.reads.any() and c.kind == channel.kind]
    if len(first) < 2 or not channel.reads.any():
        return None
    spread = max(float(np.ptp(first)), floor(channel), 1.0 if channel.unit == "K" else 0.0)
    if spread <= 0.0:
        spread = 1e-6 * max(abs(float(np.median(first))), 1e-300)
    return _elsewhere(channel.values[channel.reads][:1], np.array([np.median(first)]), np.array([spread]), channel)


def _elsewhere(own: Array, centre: Array, spread: Array, channel: Channel) -> Swap | None:
    """The swap that brings levels (k,) which lie far from where others lie among them."""

    def distance(q: Array) -> float:
        return float(np.max(np.abs(q - centre) / spread))

    here, k = distance(own), own.size // 2
    if here < FAR:
        return None
    tried = [(distance(q), taken != channel.logged_unit, written, taken, q)
             for written, taken, q in mended(own, channel.unit)]  # fmt: skip
    near = [one for one in tried if one[0] <= min(NEAR, 0.2 * here)]
    if not near:
        return None
    _, _, written, taken, q = min(near, key=lambda one: (one[1], one[0]))
    return Swap(before=float(centre[k]), after=float(own[k]), written=written, taken=taken,
                off=float(abs(q[k] - centre[k])))  # fmt: skip


def within(channel: Channel) -> Swap | None:
    """The first swap that explains a jump inside a log; None where there is no such jump."""
    return next((jump.swap for jump in jumps(channel) if jump.swap is not None), None)


def jumps(channel: Channel) -> Iterator[Jump]:
    """Levels that leave within one reading, far above the noise and the steps beside, and stay away."""
    t, x = channel.t[channel.reads], channel.values[channel.reads]
    if x.size < BESIDE:
        return
    steps = np.diff(x)
    noise = max(scatter(x), floor(channel))
    usual = max(12.0 * noise, 1e-9 * float(np.abs(x).max()))
    i = 0
    while i < steps.size:
        near = np.abs(np.delete(steps[max(i - 3, 0) : i + 4], min(i, 3)))
        left = float(np.median(x[i + 1 : i + 6])) - float(np.median(x[max(i - 4, 0) : i + 1]))
        if abs(steps[i]) <= max(usual, 8.0 * float(near.max(initial=0.0))) or abs(left) <= 0.5 * abs(steps[i]):
            i += 1
            continue
        yield Jump(at=float(t[i + 1]), size=float(steps[i]), swap=_swap(channel, t, x, i, noise))
        i += 5


def _swap(channel: Channel, t: Array, x: Array, i: int, noise: float) -> Swap | None:
    """The swap that explains the jump after reading `i`, whether what follows it or what leads to it is wrong."""
    size, levels, bends = abs(float(x[i + 1] - x[i])), [], []
    for begin, end in ((max(i + 1 - BESIDE, 0), i + 1), (i + 1, min(i + 1 + BESIDE, x.size))):
        at, y = t[begin:end] - 0.5 * (t[i] + t[i + 1]), x[begin:end]
        line = np.polyfit(at, y, 1) if y.size > 2 else np.array([0.0, float(np.median(y))])
        levels.append(float(line[1]))
        bends.append(float(np.abs(y - np.polyval(line, at)).max()))
    if max(bends) > STEEP * size:  # a steep event, not a change of scale
        return None
    allowed, tried = 0.01 * size + 3.0 * noise + max(bends), []
    for later, here, there in ((True, *levels), (False, *levels[::-1])):
        for written, taken, q in mended(np.array([there]), channel.unit):
            off = abs(float(q[0]) - here)
            if off <= allowed:
                tried.append((taken != channel.logged_unit, not later, off, written, taken))
    if not tried:
        return None
    _, earlier, off, written, taken = min(tried)
    return Swap(before=levels[0], after=levels[1], written=written, taken=taken, off=off, at=float(t[i + 1]),
                later=not earlier)  # fmt: skip
