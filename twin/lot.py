"""A lot as its log shows it: how many parts each batch made, how many were good, and what it took."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Measured, Quantity, Trial, TrialError
from ..models.account import Account, Flow

Array = NDArray[np.float64]
GAP = 5.0  # usual steps without a reading of power from which on energy is not known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meter:
    """What a log shows of one flow.

    Attributes
    ----------
    amounts : (n,), in the flow's unit
        Of each batch, as read.
    weight : float
        What a shift of the reading by 1 shifts their sum by: readings, or s of an integrated one.
    gain, bias : Quantity
        Of the meter, as the channel states them; named after the flow.
    pivot : float
        Reading at which the gain shifts nothing.
    """

    amounts: Array
    weight: float
    gain: Quantity
    bias: Quantity
    pivot: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lot:
    """Batches in the order in which they were made.

    Attributes
    ----------
    made, good : (n,)
    meters : mapping of the name of a flow to Meter
    """

    made: Array
    good: Array
    meters: dict[str, Meter]

    @property
    def n(self) -> int:
        """Batches."""
        return int(self.made.size)


def read_lot(asked: Measured, account: Account, trial: Trial) -> Lot:
    """The lot that a log holds.

    Parameters
    ----------
    asked : Measured
        `characteristic` is the channel of good parts: their number in each batch where `account.made` names the channel
        of parts made, else 1 or 0 for each part; `subgroups` then numbers its batch, and each part alone is one where
        it is empty.

    Raises
    ------
    TrialError
        If a channel is missing, reads at other times, is in another unit or counts what cannot be, or if no good part
        was made.
    """
    good = trial[asked.characteristic]
    t, counted = good.t[good.reads], _count(trial, good)
    if account.made:
        made, batch = _count(trial, trial[account.made], like=t), np.arange(t.size, dtype=np.intp)
        if asked.subgroups:
            raise TrialError(
                f"{trial.name}: '{account.made}' counts the parts of a batch a row, and '{asked.subgroups}' numbers "
                "the batches. One of them says what a batch is. Leave subgroups out."
            )
    else:
        made = np.ones(t.size)
        numbers = _count(trial, trial[asked.subgroups], like=t) if asked.subgroups else np.arange(t.size)
        _, first, batch = np.unique(numbers, return_index=True, return_inverse=True)
        batch = np.argsort(np.argsort(first))[batch]  # in the order in which they were made
    if np.any(counted > made):
        k = int(np.argmax(counted - made))
        raise TrialError(
            f"{trial.name}: row {k + 1} has {counted[k]:g} good of {made[k]:g} parts. No more are good than were made; "
            "without a channel of parts made each row is one part. Correct the row, or name the channel as made."
        )
    if not counted.sum() > 0.0:
        raise TrialError(
            f"{trial.name}: none of {made.sum():g} parts is good. What a good part takes is not defined where none is "
            "produced. Ask again once the process yields good parts, or ask for its yield."
        )
    n = int(batch.max()) + 1
    ends = np.array([t[batch == b].max() for b in range(n)])
    meters = {f.name: _meter(trial, f, t=t, batch=batch, ends=ends) for f in account.flows if f.channel}
    return Lot(made=_sums(batch, made, n), good=_sums(batch, counted, n), meters=meters)


def _sums(batch: NDArray[np.intp], x: Array, n: int) -> Array:
    return np.asarray(np.bincount(batch, x, n), dtype=np.float64)


def _count(trial: Trial, channel: Channel, *, like: Array | None = None) -> Array:
    """Whole numbers >= 0, read at the times `like`."""
    x = channel.values[channel.reads]
    if like is not None and not np.array_equal(channel.t[channel.reads], like):
        raise TrialError(
            f"{trial.name}: '{channel.name}' has {x.size} readings, which are not at the times of the {like.size} of "
            "good parts. They count the same rows. Log them together."
        )
    if channel.unit != "1" or np.any((x < 0.0) | (x != np.round(x))) or not x.size:
        raise TrialError(
            f"{trial.name}: '{channel.name}' ({x.size} readings in {channel.unit}) does not count parts or batches. "
            "They are whole numbers >= 0 with the unit 1. Name the channel that counts them."
        )
    return x


def _meter(trial: Trial, flow: Flow, *, t: Array, batch: NDArray[np.intp], ends: Array) -> Meter:
    channel = trial[flow.channel]
    n, own, x = ends.size, channel.t[channel.reads], channel.values[channel.reads]
    if flow.unit == "J" and channel.unit == "W":
        amounts = _integrated(trial, channel.name, own, x, ends)
        weight = float(ends[-1] - own[0])
    elif channel.unit != flow.unit:
        also = " or W" if flow.unit == "J" else ""
        raise TrialError(
            f"{trial.name}: '{channel.name}' is in {channel.unit}, the flow '{flow.name}' in {flow.unit}. Its channel "
            f"is in {flow.unit}{also}. Correct the flow's unit or its channel."
        )
    elif np.array_equal(own, t):
        amounts, weight = _sums(batch, x, n), float(x.size)
    elif x.size == n:
        amounts, weight = x, float(n)
    else:
        raise TrialError(
            f"{trial.name}: '{channel.name}' has {x.size} readings for {n} batches of {t.size} rows. An amount is "
            "read once a batch, or once a row. Log it so, or log its power in W."
        )
    if np.any(amounts < 0.0):
        k = int(np.argmin(amounts))
        raise TrialError(
            f"{trial.name}: batch {k + 1} takes {amounts[k]:g} {flow.unit} of '{flow.name}'. An amount is >= 0; what "
            "is given back has a price below 0. Look at the sign of its meter."
        )
    named = {"gain": channel.gain, "bias": channel.bias}
    gain, bias = (Quantity(value=q.value, unit="1" if key == "gain" else channel.unit, std=q.std, dof=q.dof,
                           distribution=q.distribution, group=q.group, name=q.name or f"{channel.name} {key}",
                           source=q.source or "the meter's calibration") for key, q in named.items())  # fmt: skip
    return Meter(amounts=amounts, weight=weight, gain=gain, bias=bias, pivot=channel.pivot or 0.0)


def _integrated(trial: Trial, name: str, t: Array, power: Array, ends: Array) -> Array:
    """What ran in each batch, from the end of the one before; of the first, from the first reading."""
    if t.size < 2 or t[0] >= ends[0] or t[-1] < ends[-1] or np.any(np.diff(ends) <= 0.0):
        told = "no reading" if not t.size else f"{t[0]:g} to {t[-1]:g} s"
        raise TrialError(
            f"{trial.name}: '{name}' reads from {told}, the batches end from {ends.min():g} to {ends.max():g} s. Power "
            "is read from before the first to the end of the last, one batch after the other. Log it over the lot."
        )
    step = np.diff(t)
    if step.max() > GAP * float(np.median(step)):
        k = int(np.argmax(step))
        raise TrialError(
            f"{trial.name}: '{name}' has no reading from {t[k]:g} to {t[k + 1]:g} s, its usual step is "
            f"{np.median(step):g} s. What ran in between is not known. Judge the batches after it, or log energy."
        )
    total = np.concatenate([[0.0], np.cumsum(0.5 * step * (power[1:] + power[:-1]))])
    cut = np.searchsorted(t, ends, side="right") - 1
    cut = np.minimum(cut, t.size - 2)
    part = ends - t[cut]
    slope = (power[cut + 1] - power[cut]) / step[cut]
    at = total[cut] + part * (power[cut] + 0.5 * part * slope)
    return np.diff(np.concatenate([[0.0], at]))
