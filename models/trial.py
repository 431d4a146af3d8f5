"""A logged trial: channels with their own clocks, units, places and uncertainty; never changed, gaps stay gaps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from .errors import TrialError, did_you_mean
from .quantity import Quantity
from .readonly import read_only

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channel:
    """One sensor's record.

    Attributes
    ----------
    t : (n,) s
        Time since the trial's zero, increasing.
    values : (n,)
        In SI; NaN where the log has a gap.
    unit, logged_unit : str
        SI symbol, and the unit of the raw file.
    kind : str
        Sensor kind, such as "thermocouple", "plate thermometer".
    place : (3,) m or None
        In the part's axes; None is not documented.
    facing : (3,) or None
        Outward direction of a sensor that looks somewhere.
    place_std : float, m
    std : float or (n,) array, in `unit`
        Standard uncertainty of a reading, all short-term parts combined.
    bias : Quantity
        What shifts the whole channel.
    resolution : float, in `unit`
        Step of the digitiser; 0 is continuous.
    lag : Quantity, s
        First-order time constant.
    gain : Quantity
        Slope of the reading about `pivot`, where it is right; the zero of `logged_unit` where left out.
    drift : Quantity, `unit` per s
        How fast the reading walks off, counted from the trial's zero.
    stem : Quantity
        Share 0..1 of the way from what it touches to `stem_to` (in `unit`) at which the junction stands: heat runs
        along its leads through the contact.
    clock : Quantity, s
        By how much its logger's clock is ahead: a reading stamped t was taken at t - clock. Its group is the logger.
    limits : (float, float) or None, in `unit`
        Where the reading saturates: one at or beyond a limit says no more than that.
    unused : str
        Why the channel is not compared with anything; empty where it is.
    drives : bool
        Whether it feeds the model's surroundings rather than being compared with.
    undocumented : tuple of str
        What the source does not say; each is carried as uncertainty or said aloud.
    """

    name: str
    t: Array
    values: Array
    unit: str
    logged_unit: str
    kind: str = "sensor"
    station: str = ""
    place: tuple[float, float, float] | None = None
    facing: tuple[float, float, float] | None = None
    place_std: float = 0.0
    std: float | Array = 0.0
    bias: Quantity = field(default_factory=lambda: Quantity(value=0.0))
    resolution: float = 0.0
    lag: Quantity = field(default_factory=lambda: Quantity(value=0.0, unit="s"))
    gain: Quantity = field(default_factory=lambda: Quantity(value=1.0))
    pivot: float | None = None
    drift: Quantity = field(default_factory=lambda: Quantity(value=0.0))
    stem: Quantity = field(default_factory=lambda: Quantity(value=0.0))
    stem_to: float = 0.0
    clock: Quantity = field(default_factory=lambda: Quantity(value=0.0, unit="s"))
    limits: tuple[float, float] | None = None
    unused: str = ""
    drives: bool = False
    calibrated: str = ""
    undocumented: tuple[str, ...] = ()
    properties: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("t", "values"):
            array = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.t.shape != self.values.shape or self.t.ndim != 1:
            raise TrialError(
                f"channel '{self.name}' has {self.t.size} times and {self.values.size} values. "
                "Each value has its time. Look for a truncated column."
            )
        if isinstance(self.std, np.ndarray):
            if self.std.shape != self.t.shape:
                raise TrialError(
                    f"channel '{self.name}' has {self.t.size} readings and {self.std.size} uncertainties. "
                    "Each reading has its own. Look for a truncated column."
                )
            self.std.setflags(write=False)
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise TrialError(
                f"channel '{self.name}': limits {self.limits[0]:g} to {self.limits[1]:g} {self.unit} hold no range. "
                "They run from low to high. Swap the two."
            )
        if not 0.0 <= self.stem.value < 1.0 or self.gain.value <= 0.0:
            raise TrialError(
                f"channel '{self.name}': stem = {self.stem.value:g}, gain = {self.gain.value:g}. A share of heat along "
                "the leads lies between 0 and 1, a gain is above 0. Correct them."
            )
        _refuse_undated(self.name, self.calibrated)
        object.__setattr__(self, "properties", read_only(self.properties))

    @property
    def reads(self) -> NDArray[np.bool_]:
        """(n,) True where there is a reading."""
        return np.isfinite(self.values)

    @property
    def saturated(self) -> NDArray[np.bool_]:
        """(n,) True where a reading stands at a limit of the range, and only bounds what was there."""
        if self.limits is None:
            return np.zeros(self.t.shape, bool)
        with np.errstate(invalid="ignore"):
            return np.asarray((self.values <= self.limits[0]) | (self.values >= self.limits[1]))

    @property
    def digitised(self) -> bool:
        """Whether the digitiser's step outweighs all else that is short-term about a reading."""
        return bool(self.resolution / np.sqrt(12.0) > np.median(np.asarray(self.std, float)))

    @property
    def sigma(self) -> Array:
        """(n,) standard uncertainty of each reading, the digitiser's step included."""
        return np.sqrt(np.broadcast_to(np.asarray(self.std, float), self.t.shape) ** 2 + self.resolution**2 / 12.0)


def _refuse_undated(name: str, calibrated: str) -> None:
    """TrialError where a calibration holds until what looks like a date and is none; words alone are no date."""
    if not re.search(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", calibrated):
        return
    try:
        for day in (found := re.findall(r"\b\d{4}-\d{2}-\d{2}\b", calibrated)):
            date.fromisoformat(day)
        readable = bool(found)
    except ValueError:
        readable = False
    if not readable:
        raise TrialError(
            f"channel '{name}' is calibrated until '{calibrated}', which is no date that can be read for sure. A date "
            "is written 2026-04-30, a span 2025-05-01/2026-04-30. Write it so."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """Channels of one run, with where they come from.

    Attributes
    ----------
    channels : mapping of name to Channel
    started : str
        ISO 8601 time of the trial's zero, or empty where not documented.
    geometry : mapping
        Sizes of the specimen as stated, m.
    raw : mapping of file name to SHA-256
        The files that it was read from.
    content : str
        SHA-256 of the store's content, set by the store.
    """

    name: str
    channels: Mapping[str, Channel]
    title: str = ""
    source: str = ""
    licence: str = ""
    started: str = ""
    geometry: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("channels", "geometry", "raw"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def __getitem__(self, name: str) -> Channel:
        if name not in self.channels:
            raise TrialError(
                f"trial '{self.name}' has no channel '{name}'. {did_you_mean(name, self.channels)} Correct the name."
            )
        return self.channels[name]

    def where(self, *, kind: str = "", station: str = "", drives: bool | None = None) -> tuple[Channel, ...]:
        """Channels of that kind, station and role; none is an error, for nothing is compared with nothing."""
        found = tuple(
            channel
            for channel in self.channels.values()
            if (not kind or channel.kind == kind)
            and (not station or channel.station == station)
            and (drives is None or channel.drives == drives)
        )
        if not found:
            raise TrialError(
                f"trial '{self.name}' has no channel with kind '{kind}', station '{station}', drives {drives}. "
                f"Its kinds are {sorted({c.kind for c in self.channels.values()})}, its stations "
                f"{sorted({c.station for c in self.channels.values()})}. Choose among them."
            )
        return found
