"""How a reading moves with what is uncertain about its sensor: offset, gain, drift, leads, lag and clock."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, History, Quantity, TrialError
from ..models.units import factor
from .observe import by_lag, observe

Array = NDArray[np.float64]
WORDS = {"bias": "offset", "lag": "lag", "gain": "gain", "drift": "drift", "stem": "leads", "clock": "clock"}


def named_causes(channel: Channel) -> dict[str, str]:
    """Cause by name of each named quantity of the sensor: what can be set free."""
    return {q.name: cause for cause in WORDS if (q := getattr(channel, cause)).name}


def by(history: History, channel: Channel, cause: str, *, of: str = "") -> Array:
    """Derivative (n,) of the expected reading by one cause, in the channel's unit per unit of the cause; NaN in gaps.

    Parameters
    ----------
    cause : str
        "bias", "gain", "drift", "stem", "lag" or "clock".
    """
    nothing = np.where(channel.reads, 0.0, np.nan)
    if cause == "bias":
        return nothing + 1.0
    if cause == "drift":
        return nothing + channel.t
    if cause == "lag":
        return by_lag(history, channel, of=of)
    if cause == "clock":
        step = max(1e-4 * float(history.t[-1] - history.t[0]), 1e-6)
        at = (replace(channel.clock, value=channel.clock.value + d, valid=None) for d in (-step, step))
        ends = [observe(history, replace(channel, clock=clock), of=of) for clock in at]
        return np.asarray((ends[1] - ends[0]) / (2.0 * step))
    about = factor(channel.logged_unit, channel.unit)[1] if channel.pivot is None else channel.pivot
    read = observe(history, channel, of=of) - channel.bias.value - channel.drift.value * channel.t - about
    touched = read / channel.gain.value
    if cause == "gain":
        return touched
    lagged = (touched + about - channel.stem.value * channel.stem_to) / (1.0 - channel.stem.value)
    return np.asarray(channel.gain.value * (channel.stem_to - lagged))


def causes(history: History, channel: Channel, *, of: str = "", row: str = "",
           free: Collection[str] = ()) -> dict[str, Array]:  # fmt: skip
    """What each uncertain cause does to the readings (n,), at one standard uncertainty, by its label; NaN in gaps.

    Parameters
    ----------
    row : str
        What the channel is called where a cause has neither group nor name.
    free : names
        Causes that are fitted, and held by no uncertainty of their own here.
    """
    found = {}
    for cause, word in WORDS.items():
        q: Quantity = getattr(channel, cause)
        if q.std > 0.0 and q.name not in free:
            label = f"{word} of {q.group or q.name or row}"
            if cause == "clock" and q.group:  # a logger's clock is set anew for every trial
                label += f" in {row.rsplit('/', 1)[0]}"
            found[label] = q.std * by(history, channel, cause, of=of)
    return found


def stem(*, contact: Quantity, lead: Quantity, name: str = "stem") -> Quantity:
    """The stem error of a thermocouple from two conductances: the share of the way to `stem_to` at which it stands.

    Parameters
    ----------
    contact : Quantity, W/K
        From the wall to the junction.
    lead : Quantity, W/K
        From the junction along its leads; of a long lead sqrt(film * perimeter * conductivity * section).

    Returns
    -------
    Quantity
        lead / (lead + contact), dimensionless, its standard uncertainty by first order.

    Raises
    ------
    TrialError
        If a conductance is no conductance.

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, sec. 3.6.2 (a long lead is an infinite fin).
    """
    for q, word in ((contact, "contact"), (lead, "lead")):
        if q.unit != "W/K" or q.value < 0.0 or contact.value + lead.value <= 0.0:
            raise TrialError(
                f"{word} = {q.value:g} {q.unit} is no conductance. It is 0 W/K or more, and one of the two is above 0. "
                "Give Quantity(value=..., unit='W/K')."
            )
    both = contact.value + lead.value
    std = float(np.hypot(lead.std * contact.value, contact.std * lead.value)) / both**2
    return Quantity(value=lead.value / both, std=std, name=name, valid=(0.0, 1.0), source=lead.source or contact.source)


def remarks(channels: Sequence[tuple[str, Channel]]) -> tuple[tuple[str, str], ...]:
    """What an engineer has to know of the sensors of a fit, English and Chinese: left out, saturated, digitised.

    Parameters
    ----------
    channels : sequence of (trial name, Channel)
    """
    said = []
    for trial, c in channels:
        label = f"{trial}/{c.name}"
        if c.unused:
            said.append((f"{label} is left out by its sidecar: {c.unused}.",
                         f"{label} 由其说明文件排除：{c.unused}。"))  # fmt: skip
            continue
        n = int(c.saturated.sum())
        if n:
            whole = n == int(c.reads.sum())
            how = "no other is left, and the channel is not used" if whole else "they count one-sidedly, by the tail"
            zh = "无其他读数，该通道未使用" if whole else "按单侧（删失）似然计入"
            said.append((f"{label}: {n} of {int(c.reads.sum())} readings stand at the ends of its range and only bound "
                         f"the value; {how}.",
                         f"{label}：{int(c.reads.sum())} 个读数中有 {n} 个处于量程端点，"
                         f"仅给出界限，{zh}。"))  # fmt: skip
        if c.digitised:
            step = c.resolution / np.sqrt(12.0)
            said.append((f"{label}: the digitiser's step {c.resolution:.3g} {c.unit} (as sigma {step:.2g}) outweighs "
                         "its noise; neighbouring readings err alike.",
                         f"{label}：数字化步长 {c.resolution:.3g} {c.unit}（标准差 {step:.2g}）大于其噪声；"
                         "相邻读数的误差相近。"))  # fmt: skip
    return tuple(said)
