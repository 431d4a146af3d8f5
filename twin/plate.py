"""From a plate thermometer's record to the surroundings that it faced.

The plate lags and leaks: q = e sigma (S^4 - T^4) + h (S - T) with q = C dT/dt + what its insulation takes. Solved for
S, the temperature of a black, equally hot surroundings (adiabatic surface temperature; Wickstrom, Duthinh, McGrattan
2007, Interflam, "Adiabatic surface temperature for calculating heat transfer to fire exposed structures").
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Curve, Quantity, Signal, TrialError
from ..models.errors import did_you_mean
from ..models.units import factor

Array = NDArray[np.float64]
STEFAN_BOLTZMANN = 5.670374419e-8
NEEDED = ("thickness", "density", "heat_capacity", "emissivity", "insulation_thickness", "insulation_conductivity",
          "insulation_density", "insulation_heat_capacity")  # fmt: skip
LAYERS = 20
STEP = 1.0  # s


def facing(channel: Channel, *, film: tuple[float, float] = (10.0, 40.0), back: float = 30.0,
           bridge: float = 0.0, until: float | None = None) -> Signal:  # fmt: skip
    """The temperature that a plate thermometer faced, with what is uncertain about it as named modes.

    Parameters
    ----------
    channel : Channel
        Kind "plate thermometer", K; its properties state the plate and its insulation.
    film : (low, high), W/(m2.K)
        Between which the film coefficient at the plate lies; the middle is used, the rest is a mode.
    back : float, W/(m2.K)
        The back of the insulation lies between adiabatic and this, to where the plate started; the middle is used.
    bridge : float, s
        Gaps up to this long are bridged by a straight line, at the price of a mode of their own; 0 bridges none.
    until : float, s
        End of use; a gap later does not matter.

    Returns
    -------
    Signal
        K over s, the channel's stated offset, gain, drift, leads and clock taken out, readings at the ends of its range
        as gaps. Modes, one standard deviation each: the plate's film, back, capacity and emissivity (shared by all
        plates); the channel's own gain, drift, leads and clock (shared by its group); the bridged gaps. Its bias is the
        channel's.

    Raises
    ------
    TrialError
        If the plate is not described or out of use, or the record has a gap that the rule does not bridge.
    """
    _described(channel)
    t, T, bridged = _whole(_true(channel), bridge, until)
    p = dict(channel.properties)
    middle = 0.5 * (film[0] + film[1])
    rate = p["thickness"] * p["density"] * np.gradient(T, t)
    soaked = {kind: _soaked(t, T, p, kind) for kind in (0.0, back)}

    def seen(h: float = middle, capacity: float = p["heat_capacity"], emissivity: float = p["emissivity"],
             backs: tuple[float, ...] = (0.0, back)) -> Array:  # fmt: skip
        return np.asarray(np.mean([_faced(T, capacity * rate + soaked[one], h, emissivity) for one in backs], axis=0))

    best = seen()
    half = 1.0 / np.sqrt(12.0)
    shapes: dict[str, Callable[[], Array]] = {
        "plate film": lambda: (seen(h=film[1]) - seen(h=film[0])) * half,
        "plate back": lambda: (seen(backs=(back,)) - seen(backs=(0.0,))) * half,
        "plate heat capacity": lambda: seen(capacity=p["heat_capacity"] + p.get("heat_capacity_std", 0.0)) - best,
        "plate emissivity": lambda: seen(emissivity=p["emissivity"] + p.get("emissivity_std", 0.0)) - best,
    }
    modes = [(Quantity(value=0.0, std=1.0, name=name, source="plate thermometer, see facing()"), _curve(t, make()))
             for name, make in shapes.items()]  # fmt: skip
    for cause in ("gain", "drift", "stem", "clock"):
        q: Quantity = getattr(channel, cause)
        if q.std > 0.0:
            moved: dict[str, Any] = {cause: replace(q, value=q.value + q.std, valid=None)}
            s, U, _ = _whole(_true(replace(channel, **moved)), bridge, until)
            rate_off = p["thickness"] * p["density"] * p["heat_capacity"] * np.gradient(U, s)
            faced = np.mean([_faced(U, rate_off + _soaked(s, U, p, one), middle, p["emissivity"])
                             for one in (0.0, back)], axis=0)  # fmt: skip
            amount = Quantity(value=0.0, std=1.0, name=f"{cause} of {q.group or channel.name}", source=q.source)
            modes.append((amount, _curve(t, np.interp(t, s, faced) - best)))
    if bridged.any():
        own = Quantity(value=0.0, std=1.0, name=f"{channel.name} bridged gap", source="declared rule: straight line")
        modes.append((own, _curve(t, bridged)))
    bias = Quantity(value=0.0, unit="K", std=channel.bias.std, name=f"{channel.name} bias", source=channel.bias.source)
    return Signal(curve=_curve(t, best), unit="K", bias=bias, modes=tuple(modes))


def _true(channel: Channel) -> Channel:
    """The record with what is stated of its sensor taken out; a reading at the end of the range is a gap."""
    if channel.unused:
        raise TrialError(
            f"channel '{channel.name}' is out of use: {channel.unused}. What its sidecar leaves out drives nothing. "
            "Choose another plate, or write use = true there."
        )
    about = factor(channel.logged_unit, channel.unit)[1] if channel.pivot is None else channel.pivot
    read = np.where(channel.saturated, np.nan, channel.values) - channel.bias.value - channel.drift.value * channel.t
    touched = about + (read - about) / channel.gain.value
    values = (touched - channel.stem.value * channel.stem_to) / (1.0 - channel.stem.value)
    return replace(channel, t=channel.t - channel.clock.value, values=values)


def _curve(t: Array, values: Array) -> Curve:
    """Every fifth second is fine enough for a plate, and keeps the recipe small."""
    every = np.unique(np.concatenate([np.arange(t[0], t[-1], 5.0), t[-1:]]))
    return Curve.table(every, np.interp(every, t, values))


def _described(channel: Channel) -> None:
    if channel.unit != "K" or channel.kind != "plate thermometer":
        raise TrialError(
            f"channel '{channel.name}' is a {channel.kind} in {channel.unit}. Surroundings come from a plate "
            f"thermometer in a unit of temperature. {did_you_mean(channel.kind, ['plate thermometer'])}"
        )
    missing = [name for name in NEEDED if name not in channel.properties]
    if missing:
        raise TrialError(
            f"channel '{channel.name}' does not state {', '.join(missing)} of its plate. "
            "Its inertia follows from them. Add them under [channels.NAME.properties] in the sidecar."
        )


def _whole(channel: Channel, bridge: float, until: float | None) -> tuple[Array, Array, Array]:
    """The record on even seconds, and one standard deviation of what a bridge may hide; a gap in it stops the run."""
    last = channel.t[-1] if until is None else until
    use = channel.t <= last + 60.0
    t, reads = channel.t[use], channel.reads[use]
    if reads.sum() < 2:
        raise TrialError(
            f"channel '{channel.name}' holds {int(reads.sum())} readings up to {last:g} s. "
            "A driving channel has two or more. Choose another sensor for this face."
        )
    known, values = t[reads], channel.values[use][reads]
    starts = np.nonzero(np.diff(known) > 1.5 * np.median(np.diff(t)))[0]
    gaps = [(known[i], known[i + 1]) for i in starts if not reads[(t > known[i]) & (t < known[i + 1])].any()
            and ((t > known[i]) & (t < known[i + 1])).any()]  # fmt: skip
    if not reads[0] or (not reads[-1] and known[-1] < last):
        gaps.append((t[0], known[0]) if not reads[0] else (known[-1], last))
        bridge = 0.0
    for begin, end in gaps:
        if end - begin > bridge and begin < last:
            raise TrialError(
                f"channel '{channel.name}' drives the model and has a gap from {begin:g} to {end:g} s "
                f"({end - begin:g} s). Gaps are bridged only by a declared rule, which here allows {bridge:g} s. "
                f"Run until {begin:g} s, or declare bridge={end - begin:g} and carry its uncertainty."
            )
    even = np.arange(known[0], max(last, known[0] + STEP) + STEP, STEP)
    hidden = np.zeros(even.size)
    for begin, end in gaps:
        inside = (even > begin) & (even < end)
        around = np.abs(np.interp(end, known, values) - np.interp(begin, known, values))
        hidden[inside] = (
            np.maximum(around, 1.0) * np.sqrt((even[inside] - begin) * (end - even[inside])) / (end - begin)
        )
    return even, np.interp(even, known, values), hidden


def _soaked(t: Array, T: Array, p: dict[str, float], back: float) -> Array:
    """Heat that the insulation behind the plate takes, W/m2, from the record alone: implicit, one dimension."""
    dx = p["insulation_thickness"] / LAYERS
    through = p["insulation_conductivity"] / dx
    store = p["insulation_density"] * p["insulation_heat_capacity"] * dx / STEP
    outward = 1.0 / (0.5 / through + 1.0 / back) if back > 0.0 else 0.0
    matrix = np.diag(np.full(LAYERS, store + 2.0 * through))
    matrix -= through * (np.eye(LAYERS, k=1) + np.eye(LAYERS, k=-1))
    matrix[0, 0] += through
    matrix[-1, -1] += outward - through
    advance = np.linalg.inv(matrix)
    by_layers, by_plate = advance * store, advance[:, 0] * 2.0 * through
    rest = advance[:, -1] * outward * T[0]
    layers = np.full(LAYERS, T[0])
    first = np.empty(t.size)
    for n in range(t.size):
        layers = by_layers @ layers + by_plate * T[n] + rest
        first[n] = layers[0]
    return np.asarray(2.0 * through * (T - first))


def _faced(T: Array, q: Array, h: float, emissivity: float) -> Array:
    """The surroundings S with e sigma (S^4 - T^4) + h (S - T) = q."""
    S = T.copy()
    for _ in range(60):
        miss = emissivity * STEFAN_BOLTZMANN * (S**4 - T**4) + h * (S - T) - q
        S = np.maximum(S - miss / (4.0 * emissivity * STEFAN_BOLTZMANN * S**3 + h), 100.0)
    return S
