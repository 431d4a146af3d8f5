"""What a page draws of logged data that were judged: parts with their limits, or lives with the law they keep."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Measured, Trial
from ..models.measured import INDICES
from .outcome import _read_lives
from .reliability import Lives, reliability_at, weibayes, weibull

Array = NDArray[np.float64]
LONGEST = 5000  # readings that verdict.json repeats; the store holds all
PLACES = 31  # along the curve of a reliability


def readings(asked: Measured, trial: Trial) -> dict[str, Any] | None:
    """Plain data for `measured.readings` of verdict.json; None for what is told by a table of its own.

    Findings and what a good part takes are.

    Parameters
    ----------
    asked : Measured
    trial : Trial
        Judged by `outcome` before, so that it holds what is asked for.

    Returns
    -------
    mapping
        `kind` "parts" with `values`, or "lives" with `units` (begin, end, null where it had not failed; `left`, the
        share alive after it by Kaplan and Meier, an interval counted at its end) and `curve` (t, value, lower, upper
        by the law asked for; null where the data bear none). All in SI, `unit` beside.
    """
    if asked.statistic in INDICES:
        channel = trial[asked.characteristic]
        stride = -(-channel.values.size // LONGEST)
        return {"kind": "parts", "unit": channel.unit, "values": channel.values[::stride], "every": stride}
    if asked.contract is not None or asked.account is not None:
        return None
    data = _read_lives(asked, trial)
    order = np.lexsort((data.survived, np.where(data.survived, data.begin, data.end)))
    left = _left(data, order)
    units = [{"begin": float(data.begin[i]), "end": None if data.survived[i] else float(data.end[i]),
              "left": left[k]} for k, i in enumerate(order[:LONGEST])]  # fmt: skip
    return {"kind": "lives", "unit": trial[asked.characteristic].unit, "units": units, "curve": _curve(asked, data)}


def _left(data: Lives, order: NDArray[np.int64]) -> list[float]:
    """Share alive after each unit, in that order (Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457-481)."""
    alive, share, n = [], 1.0, order.size
    for k, i in enumerate(order):
        if not data.survived[i]:
            share *= 1.0 - 1.0 / (n - k)
        alive.append(share)
    return alive


def _curve(asked: Measured, data: Lives) -> dict[str, Any] | None:
    known = np.where(data.survived, data.begin, data.end)
    low, high = float(known[known > 0.0].min()), float(known.max())
    at = np.unique(
        [*np.geomspace(0.3 * low, 1.3 * max(high, asked.at or 0.0), PLACES), *([asked.at] if asked.at else ())]
    )
    if asked.shape is not None:
        found = [weibayes(data, float(t), shape=asked.shape, confidence=asked.confidence) for t in at]
    elif data.failures >= 2 and np.unique(known[~data.survived]).size >= 2 and math.isfinite(weibull(data).shape):
        found = [reliability_at(data, float(t), confidence=asked.confidence) for t in at]
    else:
        return None
    return {"t": at, "method": found[0].method, **{key: [getattr(b, key) for b in found]
                                                   for key in ("value", "lower", "upper")}}  # fmt: skip
