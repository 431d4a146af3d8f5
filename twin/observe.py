"""What a sensor would have read: its place, inertia, offset and digits - and, for a made-up trial, its noise."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, History, Part, Probe, Trial, TrialError
from ..models.digest import digest
from ..models.units import factor

Array = NDArray[np.float64]
SYNTHETIC = "Synthetic: simulated readings, no experiment."
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0


def observe(history: History, channel: Channel, *, of: str = "", quantise: bool = False,
            rng: np.random.Generator | None = None) -> Array:  # fmt: skip
    """What the channel would read of a run.

    Parameters
    ----------
    history : History
    channel : Channel
        Its clock, gaps, leads, lag, gain, bias and drift, in this order; where asked for, its digits and its noise.
    of : str
        Observation in the history; the channel's own name where left out.
    quantise : bool
        Cut at the ends of its range, and round to the digitiser's steps, counted in the unit of the log.
    rng : numpy Generator
        Draws the noise, and offset, gain, drift, leads and clock (each from its stated uncertainty); without it the
        reading is the expected one.

    Returns
    -------
    (n,) array in the channel's unit, at channel.t; NaN where the channel has a gap.

    Raises
    ------
    TrialError
        If a reading lies outside the run's time.
    """
    return _read(history, channel, of, quantise, rng, {})


def _read(history: History, channel: Channel, of: str, quantise: bool, rng: np.random.Generator | None,
          drawn: dict[str, float]) -> Array:  # fmt: skip
    """A reading; causes of one group that were `drawn` already are what they were."""
    if rng is not None:
        channel = _draw(channel, rng, drawn)
    use, since = _inside(history, channel, of or channel.name)
    col = history.column(of or channel.name)
    lagged = _lag(history.t[since:], history.values[since:, [col]], history.rates[since:, [col]], channel.lag.value,
                  channel.t[use] - channel.clock.value)  # fmt: skip
    touched = (1.0 - channel.stem.value) * lagged[:, 0] + channel.stem.value * channel.stem_to
    zero = factor(channel.logged_unit, channel.unit)[1]
    about = zero if channel.pivot is None else channel.pivot
    read = about + channel.gain.value * (touched - about) + channel.bias.value
    if channel.drift.value != 0.0:
        read = read + channel.drift.value * channel.t[use]
    if rng is not None:
        read = read + np.broadcast_to(np.asarray(channel.std, float), channel.t.shape)[use] * rng.standard_normal(
            use.sum()
        )
    if quantise and channel.limits is not None:
        read = np.clip(read, *channel.limits)
    if quantise and channel.resolution > 0.0:
        read = np.round((read - zero) / channel.resolution) * channel.resolution + zero
    values = np.full(channel.t.size, np.nan)
    values[use] = read
    return values


def _draw(channel: Channel, rng: np.random.Generator, drawn: dict[str, float]) -> Channel:
    """The channel with its constant causes at a draw; the offset is its own, groups of the others share theirs."""
    found: dict[str, Any] = {
        "bias": replace(channel.bias, value=channel.bias.value + channel.bias.std * rng.standard_normal())
    }
    for cause in ("gain", "drift", "stem", "clock"):
        q = getattr(channel, cause)
        if q.std > 0.0:
            key = f"{cause} of {q.group}" if q.group else f"{cause} of {channel.name} itself"
            z = drawn.setdefault(key, float(rng.standard_normal()))
            value = q.value + q.std * z
            found[cause] = replace(q, value=min(max(value, 0.0), 0.99) if cause == "stem" else value, valid=None)
    return replace(channel, **found)


def observe_tangent(history: History, channel: Channel, *, of: str = "") -> Array:
    """Derivatives (n, nf) of what the channel would read by each free quantity of a tangent run; NaN in gaps."""
    use, since = _inside(history, channel, of or channel.name)
    if history.tangents is None or history.tangent_rates is None:
        history.tangent_at(of or channel.name, channel.t[:0])  # raises with the cure
        raise AssertionError
    col = history.column(of or channel.name)
    rows = np.full((channel.t.size, len(history.free)), np.nan)
    rows[use] = _lag(history.t[since:], history.tangents[:, since:, col].T, history.tangent_rates[:, since:, col].T,
                     channel.lag.value, channel.t[use] - channel.clock.value)  # fmt: skip
    rows *= channel.gain.value * (1.0 - channel.stem.value)
    return rows


def by_lag(history: History, channel: Channel, *, of: str = "") -> Array:
    """Derivative (n,) of the reading by the sensor's time constant, K/s; NaN in gaps."""
    tau = channel.lag.value
    step = 1e-3 * max(tau, 1e-3 * float(history.t[-1] - history.t[0]))
    more = observe(history, replace(channel, lag=replace(channel.lag, value=tau + step, valid=None)), of=of)
    return (more - observe(history, channel, of=of)) / step


def around(probe: Probe, *, part: Part, by: float) -> tuple[tuple[Probe, Probe, float], ...]:
    """Pairs of probes at most `by` m to either side of a probe along each resolved axis, and their distance, m.

    A pair that would leave the part is pulled in; an axis along which there is no room is left out.
    Their names are the probe's with "-x", "+x" and so on.
    """
    pairs = []
    for axis in range(part.active):
        ends = []
        for sign in (-1.0, 1.0):
            for share in (1.0, 0.5, 0.25, 0.125, 0.0):
                place = list(probe.place)
                place[axis] += sign * share * by
                if share == 0.0 or float(part.distance(*(np.array([c]) for c in _within(part, place)))[0]) <= 0.0:
                    break
            label = f"{probe.name}{'-+'[sign > 0]}{'xyz'[axis]}"
            ends.append(Probe(name=label, place=(place[0], place[1], place[2]), body=probe.body))
        gap = ends[1].place[axis] - ends[0].place[axis]
        if gap > 0.0:
            pairs.append((ends[0], ends[1], gap))
    return tuple(pairs)


def by_place(history: History, channel: Channel, *, pairs: Sequence[tuple[Probe, Probe, float]]) -> dict[str, Array]:
    """What the sensor's uncertain place does to its reading, by axis: (n,) K per standard deviation along "x", ...

    `pairs` are those of `around`, which the run observed; NaN in gaps. Being off along one axis says nothing of
    another, so each is a cause by itself.
    """
    found = {}
    for low, high, gap in pairs:
        rise = observe(history, channel, of=high.name) - observe(history, channel, of=low.name)
        found[high.name[-1]] = channel.place_std * rise / gap
    return found


def synthetic(like: Trial | Iterable[Channel], history: History, *, rng: np.random.Generator, name: str = "synthetic",
              quantise: bool = True) -> Trial:  # fmt: skip
    """A made-up trial: the same sensors read a run, with their offsets, digits and noise. It is labelled as made up.

    Channels that drive the model are carried over as they are; the others need an observation of their name.
    """
    channels: dict[str, Channel] = {}
    drawn: dict[str, float] = {}
    for channel in like.channels.values() if isinstance(like, Trial) else like:
        read = channel.values if channel.drives else _read(history, channel, "", quantise, rng, drawn)
        channels[channel.name] = replace(channel, values=read)
    content = digest([[c.name, c.t, c.values] for c in channels.values()])
    return Trial(name=name, channels=channels, title="synthetic: simulated readings, no experiment",
                 source=f"simulated by solver {history.solver[:12]}", content=content,
                 remarks=(SYNTHETIC,))  # fmt: skip


def made_up(trial: Trial) -> bool:
    """Whether a trial is synthetic: no experiment stands behind it."""
    return SYNTHETIC in trial.remarks


def _within(part: Part, place: list[float]) -> list[float]:
    """The place, with the axes that the part does not resolve at the middle of its unit depth."""
    low, high = part.bounds
    return [c if axis < part.active else (low[axis] + high[axis]) / 2.0 for axis, c in enumerate(place)]


def _inside(history: History, channel: Channel, name: str) -> tuple[NDArray[np.bool_], int]:
    """Which readings count, and from which entry of the history on what the sensor sits in is there."""
    history.refuse_incomplete(f"channel '{channel.name}' is to be compared")
    since = min(history.first(name), history.t.size - 2)
    use = channel.reads
    at = channel.t[use]
    begin, end = float(history.t[since]), float(history.t[-1])
    slack = 1e-9 * max(abs(end), 1.0) + abs(channel.clock.value) + 3.0 * channel.clock.std
    if at.size and (at[0] < begin - slack or at[-1] > end + slack):
        raise TrialError(
            f"channel '{channel.name}' reads from {at[0]:g} to {at[-1]:g} s, the run covers {begin:g} to {end:g} s. "
            "Readings are compared inside the run only. Let the stage last longer, or give window=(from, to) in s."
        )
    return use, since


def _lag(t: Array, values: Array, rates: Array, tau: float, at: Array) -> Array:
    """Exact first-order response (len(at), n) to the cubics through values and rates (nt, n); it starts settled.

    Before the first time it stays as it was, after the last it goes on as it did: a clock may be off by a little.
    """
    late = np.maximum(at - t[-1], 0.0)
    if late.any():
        at = np.minimum(at, t[-1])
        step = 1e-3 * float(t[-1] - t[-2])
        end = _lag(t, values, rates, tau, np.array([t[-1] - step, t[-1]]))
        return np.asarray(_lag(t, values, rates, tau, at) + late[:, None] * (end[1] - end[0]) / step)
    k = np.clip(np.searchsorted(t, at, side="right") - 1, 0, t.size - 2)
    h = np.diff(t)
    cubic = np.stack([values[:-1], h[:, None] * rates[:-1],
                      3 * np.diff(values, axis=0) - h[:, None] * (2 * rates[:-1] + rates[1:]),
                      -2 * np.diff(values, axis=0) + h[:, None] * (rates[:-1] + rates[1:])])  # fmt: skip
    share = np.clip((at - t[k]) / np.where(h[k] > 0, h[k], 1.0), 0.0, 1.0)
    if tau <= 0.0:
        return np.asarray(sum(cubic[j][k] * (share**j)[:, None] for j in range(4)))
    moments = _moments(h / tau)
    decay, gain = np.exp(-h / tau), sum(moments[j][:, None] * cubic[j] for j in range(4))
    y = np.empty_like(values)
    y[0] = values[0]
    for i in range(h.size):
        y[i + 1] = decay[i] * y[i] + gain[i]
    part = share * h[k] / tau
    inner = _moments(part)
    grown = sum((inner[j] * share**j)[:, None] * cubic[j][k] for j in range(4))
    return np.asarray(np.exp(-part)[:, None] * y[k] + grown)


def _moments(z: Array) -> list[Array]:
    """Integrals of s^j z exp(-z (1 - s)) over 0..1, j = 0..3, (n,) each: recursion, and quadrature where it cancels."""
    safe = np.maximum(z, 1.0)
    found = [-np.expm1(-z)]
    small = z[:, None] * np.exp(-z[:, None] * (1.0 - _NODES))
    for j in range(1, 4):
        found.append(np.where(z >= 1.0, 1.0 - j / safe * found[-1], (small * _NODES**j) @ _WEIGHTS))
    return found
