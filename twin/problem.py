"""An inverse problem as data: experiments, the quantities set free, and what is known of them beforehand."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Channel,
    Crossing,
    Gauge,
    ModelError,
    Parameter,
    Probe,
    Structure,
    Trial,
    TrialError,
    quantities,
)
from ..models.digest import digest
from ..models.errors import did_you_mean
from ..models.solver import Asked, Recipe
from .content import content_of
from .observe import around
from .sensor import named_causes

Array = NDArray[np.float64]
Free = Mapping[str, "tuple[float, float] | Parameter"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Experiment:
    """One run beside the readings that it must explain.

    Attributes
    ----------
    trial : Trial
    process : Process or Structure
        A structure is at rest: its readings have any time from 0 to 1 s.
    observe : mapping of channel name to Observation
        What each sensor sees. Left out: a probe at the place of every temperature channel that drives nothing; of a
        structure a gauge at the place of every displacement, along the axis that it faces.
    window : (float, float) or None, s
        Readings outside are not used; None takes all, and then the run must cover them.
    name : str
        Such as the station; the trial's name where left out.
    """

    trial: Trial
    process: Recipe
    observe: Mapping[str, Asked] = field(default_factory=dict)
    window: tuple[float, float] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.trial.name)
        seen = dict(self.observe) or self._probes()
        for channel in seen:
            if self.trial[channel].drives:
                raise TrialError(
                    f"channel '{channel}' of trial '{self.trial.name}' drives the model. What goes in cannot be "
                    "compared with what comes out. Choose a channel with drives=False."
                )
            if self.trial[channel].unused:
                raise TrialError(
                    f"channel '{channel}' of trial '{self.trial.name}' is out of use: {self.trial[channel].unused}. "
                    "What its sidecar leaves out is not compared. Choose another, or write use = true there."
                )
        object.__setattr__(self, "observe", MappingProxyType(seen))

    def _probes(self) -> dict[str, Asked]:
        if isinstance(self.process, Structure):
            return self._gauges()
        found: dict[str, Asked] = {
            c.name: Probe(name=c.name, place=c.place, body=self.process.bodies[0].name)
            for c in self.trial.channels.values()
            if not c.drives and not c.unused and c.place is not None and c.unit == "K"}  # fmt: skip
        if not found:
            raise TrialError(
                f"trial '{self.trial.name}' has 0 temperature channels with a documented place. "
                "One or more is compared with the model. Give observe={'channel': Probe(...)}."
            )
        if len(self.process.bodies) > 1:
            raise ModelError(
                f"process '{self.process.name}' has {len(self.process.bodies)} bodies, so the place of a sensor does "
                "not tell its body. Each probe names its body. Give observe={'channel': Probe(..., body=...)}."
            )
        return found

    def _gauges(self) -> dict[str, Asked]:
        """Displacements along the axis that each channel faces, at its place."""
        along = {(1.0, 0.0, 0.0): "ux", (0.0, 1.0, 0.0): "uy", (0.0, 0.0, 1.0): "uz"}
        found: dict[str, Asked] = {
            c.name: Gauge(name=c.name, place=c.place, what=along[c.facing], body=self.process.bodies[0].name)
            for c in self.trial.channels.values()
            if not (c.drives or c.unused) and c.place is not None and c.unit == "m" and c.facing in along}  # fmt: skip
        if not found or len(self.process.bodies) > 1:
            raise TrialError(
                f"trial '{self.trial.name}' has {len(found)} displacements with a place and an axis that they face, "
                f"structure '{self.process.name}' {len(self.process.bodies)} bodies. One or more on one body are "
                "compared with it. Give observe={'channel': Gauge(...)}."
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One channel of one experiment, cut to its window, with the probes around it that its place asks for.

    `channel` holds the readings that are values, `limited` those that stand at a limit and only bound one, clipped to
    it; None where there are none.
    """

    label: str
    experiment: int
    channel: Channel
    of: str
    pairs: tuple[tuple[Probe, Probe, float], ...] = ()
    limited: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """What calibration, validation and later methods share.

    Attributes
    ----------
    experiments : tuple of Experiment
    parameters : (nf,) Parameter
    guess : (nf,)
        Values in the processes as handed over.
    rows : tuple of Row
    gaps : int
        Readings skipped because the log has a gap there.
    sensors : mapping of parameter name to cause
        Which parameters are a sensor's: its "gain", "clock" and so on.
    """

    experiments: tuple[Experiment, ...]
    parameters: tuple[Parameter, ...]
    guess: Array
    rows: tuple[Row, ...]
    gaps: int = 0
    sensors: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free quantities."""
        return tuple(p.name for p in self.parameters)

    def observations(self, experiment: int) -> tuple[Asked, ...]:
        """All that a run of that experiment must observe."""
        wanted: dict[str, Asked] = {o.name: o for o in self.experiments[experiment].observe.values()}
        for row in self.rows:
            if row.experiment == experiment:
                wanted.update({p.name: p for low, high, _ in row.pairs for p in (low, high)})
        return tuple(wanted.values())

    def unit(self, values: Array) -> Array:
        """Values as coordinates 0..1 between the bounds, logarithmic where the transform says so."""
        return np.array([(_go(p, v) - _go(p, p.lower)) / (_go(p, p.upper) - _go(p, p.lower))
                         for p, v in zip(self.parameters, values, strict=True)])  # fmt: skip

    def values(self, unit: Array) -> Array:
        """The values at coordinates 0..1."""
        found = []
        for p, u in zip(self.parameters, np.clip(unit, 0.0, 1.0), strict=True):
            at = _go(p, p.lower) + float(u) * (_go(p, p.upper) - _go(p, p.lower))
            found.append(min(max(math.exp(at) if p.transform == "log" else at, p.lower), p.upper))
        return np.array(found)

    def stretch(self, values: Array) -> Array:
        """Derivative (nf,) of the values by the coordinates."""
        return np.array([(_go(p, p.upper) - _go(p, p.lower)) * (v if p.transform == "log" else 1.0)
                         for p, v in zip(self.parameters, values, strict=True)])  # fmt: skip


def pose(experiments: Sequence[Experiment], *, free: Free, priors: Mapping[str, tuple[float, float]] | None = None,
         nuisances: Iterable[str] = (), noise: Mapping[str, float] | float | None = None) -> Problem:  # fmt: skip
    """State the inverse problem, and refuse what cannot be meant.

    Parameters
    ----------
    experiments : sequence of Experiment
    free : mapping of name to (lower, upper) or Parameter
        In the quantity's SI unit. Bounds above 0 that span a factor of ten or more are searched logarithmically.
    priors : mapping of name to (mean, standard deviation)
    nuisances : names
        Quantities with a stated uncertainty that are moved too, each held by that uncertainty as its prior.
    noise : float, or mapping of channel name to float
        Standard uncertainty of a reading, K, in place of the stated one.

    Raises
    ------
    ModelError
        Unknown name, empty bounds, a nuisance without uncertainty, an unknown prior.
    TrialError
        No reading, or a channel without uncertainty.
    """
    known = {name: q for e in experiments for name, q in quantities(e.process).items()}
    compared = [e.trial[c] for e in experiments for c in e.observe]
    sensors = {n: cause for c in compared for n, cause in named_causes(c).items()}
    known |= {n: getattr(c, cause) for c in compared for n, cause in named_causes(c).items()}
    if not free:
        raise ModelError(
            "nothing is set free: 0 parameters. A calibration moves one or more. Give free={'name': (low, high)}."
        )
    parameters = [_parameter(name, given, known, (priors or {}).get(name)) for name, given in free.items()]
    for name in priors or {}:
        if name not in free:
            raise ModelError(
                f"prior for '{name}', which is not free. {did_you_mean(name, free)} Set it free too, or drop it."
            )
    for name in nuisances:
        if name not in free:
            parameters.append(_nuisance(name, known))
    rows, gaps = pose_rows(experiments, noise)
    guess = np.array([min(max(known[p.name].value, p.lower), p.upper) for p in parameters])
    return Problem(experiments=tuple(experiments), parameters=tuple(parameters), guess=guess, rows=rows, gaps=gaps,
                   sensors={p.name: sensors[p.name] for p in parameters if p.name in sensors})  # fmt: skip


def fingerprints(trial: Trial, channels: Iterable[str]) -> dict[str, str]:
    """Content hashes by which a trial is known again: of the trial by name, and of each channel's readings by place."""
    every = {f"{trial.name}/{name}": digest([trial[name].t, trial[name].values]) for name in channels}
    return {trial.name: trial.content or content_of(trial), **every}


def _go(parameter: Parameter, value: float) -> float:
    return math.log(value) if parameter.transform == "log" else value


def _parameter(name: str, given: "tuple[float, float] | Parameter", known: Mapping[str, object],
               prior: tuple[float, float] | None) -> Parameter:  # fmt: skip
    if name not in known:
        raise ModelError(f"parameter '{name}' is not in the recipe. {did_you_mean(name, known)} Correct the name.")
    quantity = known[name]
    unit = str(getattr(quantity, "unit", "1"))
    if isinstance(given, Parameter):
        lower, upper, prior, transform = given.lower, given.upper, given.prior or prior, given.transform
    else:
        lower, upper = (float(g) for g in given)
        transform = "log" if lower > 0.0 and upper >= 10.0 * lower else "none"
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ModelError(
            f"{name}: lower bound {lower:g} is not below upper bound {upper:g} {unit}. "
            "Bounds run from low to high. Swap or correct them."
        )
    if transform not in ("none", "log") or (transform == "log" and lower <= 0.0):
        raise ModelError(
            f"{name}: transform '{transform}' with lower bound {lower:g} {unit} does not work. It is 'none', or 'log' "
            "with bounds above 0. Change the transform or the bound."
        )
    if prior is not None and not (math.isfinite(prior[0]) and prior[1] > 0.0):
        raise ModelError(
            f"{name}: prior {prior[0]:g} +- {prior[1]:g} {unit} is none. A mean and a standard deviation above 0 are "
            "needed. Leave the prior out for a flat one."
        )
    valid = getattr(quantity, "valid", None)
    if valid is not None and (lower < valid[0] or upper > valid[1]):
        raise ModelError(
            f"{name}: bounds {lower:g} to {upper:g} {unit} leave its range {valid[0]:g} to {valid[1]:g} {unit}. "
            "A search stays where the quantity has a meaning. Narrow the bounds."
        )
    return Parameter(name=name, unit=unit, lower=lower, upper=upper, prior=prior, transform=transform)


def _nuisance(name: str, known: Mapping[str, object]) -> Parameter:
    quantity = known.get(name)
    mean, std = float(getattr(quantity, "value", 0.0)), float(getattr(quantity, "std", 0.0))
    if quantity is not None and std <= 0.0:
        raise ModelError(
            f"nuisance '{name}' states no uncertainty (std = 0). What moves is held by its own uncertainty. "
            "Give the quantity a std, or leave it out."
        )
    low, high = getattr(quantity, "valid", None) or (-math.inf, math.inf)
    bounds = (max(mean - 5.0 * std, low), min(mean + 5.0 * std, high))
    return _parameter(
        name, Parameter(name=name, unit="", lower=bounds[0], upper=bounds[1], prior=(mean, std)), known, None
    )


def _refuse_beyond(experiment: Experiment, channel: Channel) -> None:
    """A reading after the end of the run has nothing to be compared with; the end of an event is not known yet."""
    lengths = [1.0] if isinstance(experiment.process, Structure) else [s.until for s in experiment.process.stages]
    if any(isinstance(length, Crossing) for length in lengths) or not channel.t.size:
        return
    end = float(sum(length for length in lengths if not isinstance(length, Crossing)))
    if channel.t[-1] > end * (1.0 + 1e-9):
        raise TrialError(
            f"channel '{channel.name}' of trial '{experiment.trial.name}' has readings up to {channel.t[-1]:g} s, but "
            f"the run of '{experiment.process.name}' ends at {end:g} s. What is compared lies inside the run. "
            f"Give Experiment(..., window=(0, {end:g})), or let the last stage last longer."
        )


def _limited(channel: Channel) -> Channel | None:
    """The readings that stand at a limit, at that limit; the others as gaps."""
    if channel.limits is None or not channel.saturated.any():
        return None
    return replace(channel, values=np.where(channel.saturated, np.clip(channel.values, *channel.limits), np.nan))


def pose_rows(experiments: Sequence[Experiment],
              noise: Mapping[str, float] | float | None = None) -> tuple[tuple[Row, ...], int]:  # fmt: skip
    """Every channel to compare, cut to its window, and the number of readings that are gaps; refusals as in `pose`."""
    rows, gaps = [], 0
    names = {channel for e in experiments for channel in e.observe}
    if isinstance(noise, Mapping):
        for name in noise:
            if name not in names:
                raise TrialError(f"noise for '{name}', which is not compared. {did_you_mean(name, names)} Correct it.")
    for index, experiment in enumerate(experiments):
        for name, observation in experiment.observe.items():
            channel = experiment.trial[name]
            low, high = experiment.window or (-math.inf, math.inf)
            use = (channel.t >= low) & (channel.t <= high)
            std = (
                noise.get(name, channel.std) if isinstance(noise, Mapping) else channel.std if noise is None else noise
            )
            std = std[use] if isinstance(std, np.ndarray) else std
            whole = replace(channel, t=channel.t[use], values=channel.values[use], std=std)
            _refuse_beyond(experiment, whole)
            gaps += int((~whole.reads).sum())
            channel = replace(whole, values=np.where(whole.saturated, np.nan, whole.values))
            if not channel.reads.any():
                continue
            if (whole.sigma[whole.reads] <= 0.0).any():
                raise TrialError(
                    f"channel '{name}' of trial '{experiment.trial.name}' states no uncertainty (0 {channel.unit}). "
                    f"Each reading has one above 0. Give noise={{'{name}': 1.0}} or state it in the log."
                )
            pairs: tuple[tuple[Probe, Probe, float], ...] = ()
            if (
                channel.place_std > 0.0
                and isinstance(observation, Probe)
                and not isinstance(experiment.process, Structure)
            ):
                part = experiment.process.body(observation.body or experiment.process.bodies[0].name).part
                pairs = around(observation, part=part, by=channel.place_std)
            label = f"{experiment.name}/{name}"
            rows.append(Row(label=label, experiment=index, channel=channel, of=observation.name, pairs=pairs,
                            limited=_limited(whole)))  # fmt: skip
    if not rows:
        raise TrialError(
            "0 readings to compare with: the channels are empty in the window. One reading or more per free parameter "
            "is needed. Widen the window, or choose other channels."
        )
    return tuple(rows), gaps
