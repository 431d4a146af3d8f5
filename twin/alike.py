"""Readings that are known again although they were renamed, shifted, thinned or converted: copies are no new trial."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Trial

Array = NDArray[np.float64]
EXACT = 1e-4  # of the span of readings: repeated trials differ by more, copies by rounding alone
FEWEST = 8  # readings that move, below which nothing is said
PROBED = 40  # shifts of the clock that are tried at most


def alike(one: Trial, other: Trial) -> tuple[tuple[str, str], ...]:
    """Channels of `one` and of `other` with the same readings, whatever their names and clocks are.

    Only temperatures that are compared with a model count. Two trials of one recipe are not alike: their readings
    differ by what sensors scatter. Told apart by half of the readings, those that move fastest, so that a changed
    reading hides no copy, and a common hold makes none.

    Returns
    -------
    tuple of (name in one, name in other)
    """
    return tuple((a.name, b.name) for a in _judged(one) for b in _judged(other) if _same(a, b))


def copied(one: Trial, other: Trial) -> bool:
    """Whether half or more of the temperatures of `other` are readings of `one`."""
    pairs = {b for _, b in alike(one, other)}
    return bool(pairs) and 2 * len(pairs) >= len(_judged(other))


def copies(seen: Iterable[Trial], judged: Trial) -> tuple[str, ...]:
    """Names of the trials in `seen` whose readings `judged` repeats."""
    return tuple(dict.fromkeys(one.name for one in seen if copied(one, judged)))


def _judged(trial: Trial) -> tuple[Channel, ...]:
    return tuple(c for c in trial.channels.values()
                 if c.unit == "K" and not c.drives and not c.unused and int(c.reads.sum()) >= FEWEST)  # fmt: skip


def _same(a: Channel, b: Channel) -> bool:
    ta, ya, tb, yb = a.t[a.reads], a.values[a.reads], b.t[b.reads], b.values[b.reads]
    span = float(np.ptp(yb))
    if span <= 0.0 or np.ptp(ya) <= 0.0:
        return False
    fast = np.sort(np.argsort(-np.abs(np.gradient(yb)))[: max(yb.size // 2, FEWEST)])
    tb, yb = tb[fast], yb[fast]
    if np.ptp(yb) < 0.1 * span:
        return False
    for shift in _shifts(ta, ya, a.t, b.t, tb, yb, span):
        t = tb - shift
        inside = (t >= ta[0]) & (t <= ta[-1])
        if 2 * int(inside.sum()) < max(tb.size, 2 * FEWEST):
            continue
        apart = np.abs(np.interp(t[inside], ta, ya) - yb[inside])
        if float(np.median(apart)) <= EXACT * span:
            return True
    return False


def _shifts(ta: Array, ya: Array, all_a: Array, all_b: Array, tb: Array, yb: Array, span: float) -> Array:
    """Offsets of the clock, s, that are worth trying: none, equal ends, and those at which a reading meets its like."""
    found = [0.0, float(all_b[0] - all_a[0]), float(all_b[-1] - all_a[-1])]
    for k in (tb.size // 3, tb.size // 2, 2 * tb.size // 3):
        like = np.flatnonzero(np.abs(ya - yb[k]) <= EXACT * span)
        found += [float(tb[k] - t) for t in ta[like][:PROBED]]
    return np.unique(np.round(found, 9))
