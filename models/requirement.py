"""What must hold: a quantity of interest as data, its limit, and the rule of the decision, fixed before the result."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError, did_you_mean
from .gauge import BucklingFactor, Frequency, Peak, Reading, Safety
from .history import History
from .measured import Measured

Array = NDArray[np.float64]
STATISTICS = ("max", "min", "mean", "last", "spread", "cooling time")
UNITS = ("K", "Pa", "m", "1", "N", "Hz")  # of what can be read off a run; s is that of a cooling time
FINE = 241  # times in a window at which extremes are looked for, beside the steps
SENSES = ("at most", "at least", "within")
VERIFICATIONS = ("design", "functional performance", "process", "adaptation", "production")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """One number out of a run: a statistic over time of observations.

    Attributes
    ----------
    observations : tuple of str
        Names asked for with `observe`; the worst over them counts.
    statistic : str
        "max", "min", "mean" over the window, or "last"; "spread", the most that the observations differ at one time;
        "cooling time" from falling through the first of `levels` to falling through the second, the longest of them.
    window : (float, float), s
    unit : str
        SI symbol of what is observed: K of temperatures, Pa, m, 1, N or Hz of a structure's readings; s of a cooling
        time. `Interest.of` takes it from the readings.
    levels : (float, float) or None, K
        Of a cooling time, such as 800 and 500 degC.
    """

    observations: tuple[str, ...]
    statistic: str
    window: tuple[float, float]
    unit: str = "K"
    levels: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.statistic not in STATISTICS:
            raise ModelError(
                f"statistic '{self.statistic}' is not known. {did_you_mean(self.statistic, STATISTICS)} "
                f"Choose one of {', '.join(STATISTICS)}."
            )
        if not self.window[0] < self.window[1]:
            raise ModelError(
                f"the window {self.window} s is empty. It runs from an earlier to a later time. Correct its ends."
            )
        timed = self.statistic == "cooling time"
        if timed != (self.levels is not None) or (self.levels is not None and not self.levels[0] > self.levels[1]):
            raise ModelError(
                f"a {self.statistic} with levels {self.levels} K is not defined. A cooling time has a higher and a "
                "lower level, other statistics have none. Give levels=(higher, lower) in K, or leave them out."
            )
        if (self.unit != "s") if timed else (self.unit not in UNITS):
            raise ModelError(
                f"a {self.statistic} in '{self.unit}' is not defined. A cooling time is in s, all else as it is read: "
                f"{', '.join(UNITS)}. Say unit='{'s' if timed else 'K'}', or use Interest.of(reading)."
            )

    @classmethod
    def of(cls, *readings: Reading, statistic: str = "") -> "Interest":
        """The worst of readings of a structure at rest, in the unit that they share.

        Parameters
        ----------
        readings : Reading
            Gauges, peaks, reactions, factors of safety and the like.
        statistic : str
            "max" or "min"; left out, "min" of factors of safety and buckling, frequencies and least values, else "max".

        Raises
        ------
        ModelError
            If there is none, or they are not of one unit.
        """
        units = sorted({one.unit for one in readings})
        if len(units) != 1:
            raise ModelError(
                f"{len(readings)} readings in {', '.join(units) or 'no unit'} have no worst. Those of one unit have. "
                "Ask for each unit by a requirement of its own."
            )
        low = (Safety, BucklingFactor, Frequency)
        least = all(isinstance(one, low) or (isinstance(one, Peak) and one.statistic == "min") for one in readings)
        return cls(observations=tuple(one.name for one in readings), statistic=statistic or ("min" if least else "max"),
                   window=(0.0, 1.0), unit=units[0])  # fmt: skip

    def value(self, history: History) -> float:
        """The number itself."""
        return self.when(history)[0]

    def when(self, history: History) -> tuple[float, str, float]:
        """The number, the observation that governs it, and its time in s.

        Raises
        ------
        ModelError
            If something does not cool through both levels of a cooling time inside the window.
        """
        number, parts = self._parts(history)
        return number, parts[0][0], parts[0][1]

    def slopes(self, history: History) -> Array:
        """Derivatives (nf,) of the number by what the history is free in, per unit of each."""
        if self.statistic == "mean":
            dense = np.linspace(*self.window, FINE)
            name = self.when(history)[1]
            return np.asarray(np.trapezoid(history.tangent_at(name, dense), dense, axis=0) / (dense[-1] - dense[0]))
        _, parts = self._parts(history)
        each = [weight * history.tangent_at(name, np.array([t]))[0] for name, t, weight in parts]
        return np.asarray(np.sum(each, axis=0))

    def gain(self, history: History) -> float:
        """How far the number moves at most where everything observed is off by 1 of its unit."""
        return float(sum(abs(weight) for _, _, weight in self._parts(history)[1]))

    def left(self, history: History) -> float:
        """Bound on what stopped iterations left in the number."""
        return float(sum(abs(weight) * history.left(name) for name, _, weight in self._parts(history)[1]))

    def _parts(self, history: History) -> tuple[float, list[tuple[str, float, float]]]:
        """The number, and what it hangs on: observation, time, and how much it moves with each."""
        inside = history.t[(history.t >= self.window[0]) & (history.t <= self.window[1])]
        dense = np.unique(np.concatenate([np.linspace(*self.window, FINE), inside]))
        each = {name: history.at(name, dense) for name in self.observations}
        if self.statistic == "spread":
            rows = np.array(list(each.values()))
            k = int(np.argmax(np.ptp(rows, axis=0)))
            t, column = float(dense[k]), rows[:, k]
            hot, cold = (self.observations[int(which(column))] for which in (np.argmax, np.argmin))
            return float(np.ptp(column)), [(hot, t, 1.0), (cold, t, -1.0)]
        if self.levels is not None:
            spans = [[_falls(history, name, dense, y, level) for level in self.levels] for name, y in each.items()]
            worst = int(np.argmax([ends[1][0] - ends[0][0] for ends in spans]))
            (begin, fast), (end, slow) = spans[worst]
            name = self.observations[worst]
            return end - begin, [(name, end, -1.0 / slow), (name, begin, 1.0 / fast)]
        found = []
        for name, y in each.items():
            if self.statistic == "last":
                found.append((float(y[-1]), name, float(dense[-1])))
            elif self.statistic == "mean":
                found.append((float(np.trapezoid(y, dense) / (dense[-1] - dense[0])), name, float(dense[-1])))
            else:
                k = int(np.argmax(y) if self.statistic == "max" else np.argmin(y))
                found.append((float(y[k]), name, float(dense[k])))
        number, name, t = (min if self.statistic == "min" else max)(found)
        return number, [(name, t, 1.0)]


def _falls(history: History, name: str, dense: Array, y: Array, level: float) -> tuple[float, float]:
    """When an observation first falls through a level, s, and how fast it falls there, K/s (below zero)."""
    under = np.flatnonzero((y[:-1] >= level) & (y[1:] < level))
    if not under.size:
        raise ModelError(
            f"'{name}' does not fall through {level:g} K between {dense[0]:g} and {dense[-1]:g} s: it goes from "
            f"{y[0]:.5g} to {y[-1]:.5g} K. A cooling time needs both levels passed. Simulate longer, or mend them."
        )
    low, high = dense[under[0]], dense[under[0] + 1]
    for _ in range(60):
        middle = 0.5 * (low + high)
        if history.at(name, np.array([middle]))[0] >= level:
            low = middle
        else:
            high = middle
    reach = 1e-4 * (dense[-1] - dense[0])
    ends = np.clip([high - reach, high + reach], dense[0], dense[-1])
    before, later = history.at(name, ends)
    return float(high), float(min((later - before) / (ends[1] - ends[0]), -1e-12))


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A question that a verdict answers.

    Attributes
    ----------
    text, text_zh : str
        The question in English and in Chinese.
    interest : Interest or Measured
        What a run is asked for, or logged data alone.
    limit : float or (float, float)
        In the interest's unit; of "within" the lower and the upper one.
    sense : str
        "at most", "at least" or "within", which only a number out of a run can be asked.
    accuracy : float
        Expanded uncertainty above which the answer is INCONCLUSIVE whatever the margin; same unit.
    coverage : float
        Coverage factor k of expanded uncertainties; of measured numbers it follows from their confidence.
    guard : float
        Guard band as a multiple of the expanded uncertainty (1: JCGM 106 guarded acceptance).
    needs : tuple of str
        Criteria that must be met for PASS.
    verification : str
        Which of the five it serves.
    display : str
        Unit that people read the value in.
    failing : float or None
        Largest probability of breaking the limit that is allowed, of a number out of a run: criterion F5 is needed
        then, with that probability from two methods.
    """

    id: str
    text: str
    text_zh: str
    interest: Interest | Measured
    limit: float | tuple[float, float]
    sense: str
    accuracy: float
    verification: str
    display: str
    coverage: float = 2.0
    guard: float = 1.0
    needs: tuple[str, ...] = ()
    failing: float | None = None

    def __post_init__(self) -> None:
        ends = limits_of(self.limit, self.sense, self.id)
        if self.sense == "within":  # JSON hands back a list
            object.__setattr__(self, "limit", ends)
        if self.failing is not None and not 0.0 < self.failing < 0.5:
            raise ModelError(
                f"{self.id}: failing = {self.failing:g} is no probability to allow. It lies between 0 and 0.5. "
                "Give 1e-3, say, or leave it out."
            )
        if self.verification not in VERIFICATIONS:
            raise ModelError(
                f"{self.id}: verification '{self.verification}' is not known. "
                f"{did_you_mean(self.verification, VERIFICATIONS)} Choose one of {', '.join(VERIFICATIONS)}."
            )
        if isinstance(self.interest, Measured):
            if self.sense == "within" or self.failing is not None:
                raise ModelError(
                    f"{self.id}: a {self.interest.statistic} of logged data with sense '{self.sense}' and failing = "
                    f"{self.failing} is not decided. One bound of it is held against one limit, 'at most' or "
                    "'at least'. Ask each limit by a requirement of its own, and leave failing out."
                )
            if self.coverage not in (2.0, self.interest.coverage):
                raise ModelError(
                    f"{self.id}: coverage {self.coverage:g} does not belong to a confidence of "
                    f"{self.interest.confidence:g}. Of measured numbers k is {self.interest.coverage:.4g} then. "
                    "Leave coverage out."
                )
            object.__setattr__(self, "coverage", self.interest.coverage)

    def of_run(self) -> Interest:
        """The interest, where it is one in a run; a ModelError where it is in logged data alone."""
        if isinstance(self.interest, Measured):
            raise ModelError(
                f"{self.id} asks for {self.interest.statistic} of logged data, and no run answers that. "
                "A run is asked for temperatures, times and stresses. Use twin.measured with the trial."
            )
        return self.interest

    def of_data(self) -> Measured:
        """The interest, where it is one in logged data alone; a ModelError where it is in a run."""
        if isinstance(self.interest, Interest):
            raise ModelError(
                f"{self.id} asks for the {self.interest.statistic} in a run, which logged data alone do not answer. "
                "They answer a Measured interest. Use twin.conclude or twin.foresee with a solver."
            )
        return self.interest

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lower and the upper limit; None where there is none."""
        return limits_of(self.limit, self.sense, self.id)

    @property
    def bound(self) -> float:
        """The limit where there is one alone; a ModelError where there are two."""
        if isinstance(self.limit, tuple):
            raise ModelError(
                f"{self.id} has two limits, {self.limit[0]:g} and {self.limit[1]:g}. One is asked for here. "
                "Use limits, or nearest(value)."
            )
        return self.limit

    def nearest(self, value: float) -> float:
        """The limit that governs `value`: the only one, or the nearer of two."""
        return governing(self.limits, value)[0]

    def margin(self, value: float) -> float:
        """How far `value` stays on the right side of the limit that governs it; negative beyond it."""
        limit, sign = governing(self.limits, value)
        return sign * (limit - value)


def limits_of(limit: float | Sequence[float], sense: str, name: str = "the limit") -> tuple[float | None, float | None]:
    """The lower and the upper limit, None where there is none, of a limit and its sense.

    Raises
    ------
    ModelError
        If the sense is not known, "within" has no two limits in order, or another sense has more than one.
    """
    if sense not in SENSES:
        raise ModelError(
            f"{name}: sense '{sense}' is not known. {did_you_mean(sense, SENSES)} "
            "Say 'at most', 'at least' or 'within'."
        )
    several = isinstance(limit, (tuple, list))
    if sense != "within":
        if several:
            raise ModelError(
                f"{name}: limit {limit} has two sides, sense '{sense}' has one. Two limits belong to 'within'. "
                "Say sense='within', or give one number."
            )
        one = float(limit)  # type: ignore[arg-type]
        return (None, one) if sense == "at most" else (one, None)
    if not isinstance(limit, (tuple, list)) or len(limit) != 2 or not float(limit[0]) < float(limit[1]):
        raise ModelError(
            f"{name}: limit {limit} is nothing to stay within. Within has a lower and a higher limit. "
            "Give limit=(low, high)."
        )
    return float(limit[0]), float(limit[1])


def governing(limits: tuple[float | None, float | None], value: float) -> tuple[float, float]:
    """The limit nearest to `value`, and 1 where the value has to stay below it, -1 above."""
    low, high = limits
    if low is None or (high is not None and high - value <= value - low):
        return (float("nan") if high is None else high), 1.0
    return low, -1.0
