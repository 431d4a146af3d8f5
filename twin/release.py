"""Desensitised copies of trials: renamed, dimensionless, no texts, no dates; the dictionary stays with the owner."""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Quantity, Trial, TrialError
from ..models.units import factor
from .content import content_of
from .leakage import leaks
from .store import add, write

Array = NDArray[np.float64]
SCHEMA = "foretrial.dictionary/1"
CAUSES = ("bias", "gain", "drift", "stem", "lag", "clock")
ROOM = 0.1  # readings of a kind lie between 1 and 2, less this room at either end, drawn at random


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Release:
    """What others get, what stays, and what the copies still tell.

    Attributes
    ----------
    trials : tuple of Trial
        Dimensionless: every unit is "1".
    dictionary : mapping
        Names, scales and offsets that lead back; JSON. Never hand it out with the trials.
    leaks : tuple of (English, Chinese)
    """

    trials: tuple[Trial, ...]
    dictionary: dict[str, Any]
    leaks: tuple[tuple[str, str], ...]

    def write(self, path: str | Path, dictionary: str | Path) -> None:
        """The trials as a new store at `path`, the dictionary as a JSON file that only its owner may read.

        Raises
        ------
        TrialError
            If a file is there already, or both would lie in one folder.
        """
        path, own = Path(path), Path(dictionary)
        for one in (path, own):
            if one.exists():
                raise TrialError(f"{one} exists already. A release is never written over. Choose another name.")
        if path.resolve().parent == own.resolve().parent:
            raise TrialError(
                f"{own.name} would lie beside {path.name}. The dictionary stays with its owner when the folder is "
                "handed out. Choose another folder for it."
            )
        own.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.dictionary, ensure_ascii=False, indent=1)
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        first, *rest = self.trials
        write(first, path)
        for trial in rest:
            add(path, trial)


def release(trials: Trial | Sequence[Trial], *, length: float | None = None, time: float | None = None,
            absolute: bool = False, dither: bool = False, public: Sequence[Trial] = (),
            rng: np.random.Generator | None = None) -> Release:  # fmt: skip
    """Copies of trials from which a model can be calibrated, and names, dates, places and levels cannot be read.

    Values of one kind share one affine map, x' = (x - offset) / scale; times and places are divided by one time and one
    length, which keeps Biot and Fourier numbers. The trial's zero of time stays its zero; the date goes. Names are
    drawn anew and the order is shuffled; titles, sources, remarks, certificates, stations' names, sensor kinds, further
    properties and hashes of raw files go. Drawn from the system's own randomness unless `rng` is given.

    Parameters
    ----------
    trials : Trial or sequence of Trial
        Those of one release share all maps, so that what one taught is right for the other.
    length, time : float, m and s
        What becomes 1; left out, the largest distance of a sensor from the axes' origin and the longest record.
    absolute : bool
        True keeps the absolute zero of temperature where it is (a scale alone): needed where walls radiate.
    dither : bool
        Blur each reading by up to half a digit, so that the digitiser's step cannot be seen; costs a step / sqrt(12).
    public : sequence of Trial
        Logs that anyone can have: the leakage report says how alike the copies are.

    Returns
    -------
    Release

    Raises
    ------
    TrialError
        If there is no trial or no reading.
    """
    given = (trials,) if isinstance(trials, Trial) else tuple(trials)
    draw = rng or np.random.default_rng(secrets.randbits(128))
    if not given or not any(c.reads.any() for t in given for c in t.channels.values()):
        raise TrialError(f"{len(given)} trials hold no reading to release. One or more is needed. Name another trial.")
    maps = {unit: _map(unit, given, absolute, draw) for unit in dict.fromkeys(c.unit for t in given
            for c in t.channels.values())}  # fmt: skip
    tau = time or max(float(np.ptp(c.t)) for t in given for c in t.channels.values() if c.t.size) or 1.0
    far = [abs(x) for t in given for c in t.channels.values() for x in c.place or ()]
    size = length or (max(far, default=0.0) or 1.0)
    names = _drawn([(t.name, n) for t in given for n in t.channels], "c", draw)
    words = _drawn([c.station for t in given for c in t.channels.values() if c.station], "s", draw)
    tied = [q.group or q.name for t in given for c in t.channels.values() for cause in CAUSES
            if (q := getattr(c, cause)).group or q.name]  # fmt: skip
    loggers = _drawn([key for key in tied if tied.count(key) > 1], "g", draw)
    titles = _drawn([t.name for t in given], "trial-", draw)
    made, entries = [], []
    for trial in given:
        channels = {}
        for channel in trial.channels.values():
            one = _channel(channel, maps[channel.unit], tau, size, names[trial.name, channel.name],
                           words.get(channel.station, ""), loggers, dither, draw)  # fmt: skip
            channels[one.name] = one
        bare = Trial(name=titles[trial.name], channels={n: channels[n] for n in sorted(channels)},
                     geometry={f"l{k}": v / size for k, v in enumerate(trial.geometry.values(), 1)})  # fmt: skip
        bare = replace(bare, content=content_of(bare))
        made.append(bare)
        entries.append({
            "trial": trial.name, "content": trial.content or content_of(trial), "released": bare.name,
            "released_content": bare.content, "started": trial.started,
            "geometry": dict(zip(bare.geometry, trial.geometry, strict=True)),
            "channels": {one: {"name": n, "unit": trial[n].unit, "station": trial[n].station}
                         for n, one in ((n, names[trial.name, n]) for n in trial.channels)}})  # fmt: skip
    dictionary = {"schema": SCHEMA, "time": tau, "length": size, "absolute": absolute, "dithered": dither,
                  "maps": {unit: {"scale": scale, "offset": offset} for unit, (scale, offset) in maps.items()},
                  "trials": entries}  # fmt: skip
    ordered = tuple(sorted(made, key=lambda t: t.name))
    return Release(trials=ordered, dictionary=dictionary, leaks=leaks(ordered, absolute=absolute, public=public))


def restored(trial: Trial, dictionary: dict[str, Any]) -> Trial:
    """The readings, clocks and names of a released trial as they were; what was stripped stays away.

    Raises
    ------
    TrialError
        If the dictionary is of another release.
    """
    entry = next((e for e in dictionary.get("trials", ()) if e["released"] == trial.name), None)
    if dictionary.get("schema") != SCHEMA or entry is None or entry["released_content"] != content_of(trial):
        raise TrialError(
            f"this dictionary does not speak of trial '{trial.name}' with content {content_of(trial)[:12]}. "
            "Each release has its own. Take the one that was written with it."
        )
    channels = {}
    for one in trial.channels.values():
        told = entry["channels"][one.name]
        scale, offset = (dictionary["maps"][told["unit"]][key] for key in ("scale", "offset"))
        channels[told["name"]] = Channel(name=told["name"], t=one.t * dictionary["time"], unit=told["unit"],
                                         values=one.values * scale + offset, logged_unit=told["unit"])  # fmt: skip
    return Trial(name=entry["trial"], channels=channels, started=entry["started"], content=entry["content"])


def _map(unit: str, trials: Sequence[Trial], absolute: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Scale and offset that bring the readings of a kind between 1 and 2, with room drawn at random."""
    values = np.concatenate([c.values[c.reads] for t in trials for c in t.channels.values() if c.unit == unit])
    if not values.size:
        return 1.0, 0.0
    low, high = float(values.min()), float(values.max())
    span = (high - low) or max(abs(high), 1.0)
    below, above = rng.uniform(0.0, ROOM, 2) * span
    if absolute and unit == "K":
        return (high + above) / 2.0, 0.0
    scale = span + below + above
    return scale, low - below - scale


def _drawn(keys: Sequence[Any], prefix: str, rng: np.random.Generator) -> dict[Any, str]:
    every = list(dict.fromkeys(keys))
    order = rng.permutation(len(every))
    return {key: f"{prefix}{place + 1}" for key, place in zip(every, order.tolist(), strict=True)}


def _channel(channel: Channel, map_: tuple[float, float], tau: float, size: float, name: str, station: str,
             groups: dict[str, str], dither: bool, rng: np.random.Generator) -> Channel:  # fmt: skip
    scale, offset = map_

    def moved(q: Quantity, by: float, cause: str, base: float = 0.0) -> Quantity:
        return replace(Quantity(value=(q.value - base) / by + base, std=q.std / by, name=f"{cause} of {name}"),
                       group=groups.get(q.group or q.name, ""), dof=q.dof, distribution=q.distribution)  # fmt: skip

    values, std = (channel.values - offset) / scale, np.asarray(channel.std, float) / scale
    step = channel.resolution / scale
    if dither and step > 0.0:
        values = values + rng.uniform(-0.5, 0.5, values.size) * step
        std, step = np.sqrt(std**2 + 2.0 * step**2 / 12.0), 0.0
    x, y, z = (c / size for c in channel.place or (0.0, 0.0, 0.0))
    zero = factor(channel.logged_unit, channel.unit)[1] if channel.pivot is None else channel.pivot
    return Channel(
        name=name, t=channel.t / tau, values=values, unit="1", logged_unit="1", station=station,
        place=None if channel.place is None else (x, y, z), facing=channel.facing,
        place_std=channel.place_std / size, std=std if std.ndim else float(std), resolution=step,
        bias=moved(channel.bias, scale, "bias"), lag=_seconds(moved(channel.lag, tau, "lag")),
        gain=moved(channel.gain, 1.0, "gain"), pivot=(zero - offset) / scale,
        drift=moved(channel.drift, scale / tau, "drift"), stem=moved(channel.stem, 1.0, "stem"),
        stem_to=(channel.stem_to - offset) / scale if channel.stem.value or channel.stem.std else 0.0,
        clock=_seconds(moved(channel.clock, tau, "clock")), drives=channel.drives,
        limits=None if channel.limits is None else ((channel.limits[0] - offset) / scale,
                                                    (channel.limits[1] - offset) / scale),
        unused="left out by its owner" if channel.unused else "")  # fmt: skip


def _seconds(q: Quantity) -> Quantity:
    """A time of the release's own unit still stands where seconds do."""
    return replace(q, unit="s")
