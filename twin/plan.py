"""What a next trial may be: sensors, runs, the number whose interval is to shrink, and the proposal in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Interest, Observation, Process

Array = NDArray[np.float64]
Words = tuple[str, str]
SMALL = 0.02  # share of an interval from which on a gain is worth a sensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensor:
    """A sensor that could be mounted: its channel with times, place and uncertainty, and what it sees.

    Attributes
    ----------
    channel : Channel
        Its values say nothing.
    sees : Observation or None
        Left out: a probe at the channel's place, in the body that has the name of its station, or in the only one.
    where, where_zh : str
        The place in words.
    """

    channel: Channel
    sees: Observation | None = None
    where: str = ""
    where_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A run that could be made, or could have been made with more sensors.

    Attributes
    ----------
    name : str
    process : Process
    candidates : tuple of Sensor
    mounted : tuple of Sensor
        Those that it has in any case; none where the run was made and its readings are among the experiments.
    """

    name: str
    process: Process
    candidates: tuple[Sensor, ...]
    mounted: tuple[Sensor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Goal:
    """The number whose interval is to shrink.

    Attributes
    ----------
    process : Process
        The one that the verdict is about.
    interest : Interest
    observe : tuple of Observation
        Those of the interest among them.
    rest : float, in the interest's unit
        Standard uncertainty of all that no reading lowers: numerics, model form. Inputs of the process are not among
        it: they are counted by themselves.
    coverage : float
    """

    process: Process
    interest: Interest
    observe: tuple[Observation, ...]
    rest: float = 0.0
    coverage: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What some sensors in one plan would do.

    Attributes
    ----------
    plan : str
    sensors : tuple of str
    score : float
        By the criterion, lower is better: variance of the goal, log determinant, or trace of the covariance, parameters
        in units of their prior's width.
    std : float
        Of the goal by parameters and held inputs together, in its unit; NaN without a goal.
    interval : float
        Expanded uncertainty of the goal with all the rest; NaN without a goal.
    """

    plan: str
    sensors: tuple[str, ...]
    score: float
    std: float
    interval: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NextTrial:
    """What to measure next.

    Attributes
    ----------
    before : Gain
        As things stand, without any plan.
    best : Gain
    each : tuple of Gain
        Every candidate alone, best first.
    plans : tuple of Gain
        The best sensors of every plan, best first; and what the plan tells with its mounted sensors alone is in `bare`.
    bare : mapping of plan name to Gain
    covariance : (nf, nf)
        Of the parameters once the best is done, in their units.
    held : float
        Expanded uncertainty of the goal as a budget states it now: by the fit's covariance, beside it the held inputs
        as independent, at their own uncertainty; NaN without a goal.
    words : tuple of (English, Chinese)
    """

    before: Gain
    best: Gain
    each: tuple[Gain, ...]
    plans: tuple[Gain, ...]
    bare: Mapping[str, Gain]
    covariance: Array
    held: float
    words: tuple[Words, ...]

    @property
    def shrinkage(self) -> float:
        """The goal's interval after the best over that before; 1 says that nothing is gained."""
        return self.best.interval / self.before.interval


def in_words(plans: Sequence[Plan], before: Gain, best: Gain, each: Sequence[Gain],
           goal: Goal | None, held: float) -> tuple[Words, ...]:  # fmt: skip
    """The proposal in sentences, English and Chinese."""
    by_name = {(p.name, s.channel.name): s for p in plans for s in p.candidates}

    def place(gain: Gain, zh: bool) -> str:
        sensors = [by_name[gain.plan, n] for n in gain.sensors]
        return ("、" if zh else ", ").join((s.where_zh if zh else s.where) or s.channel.name for s in sensors)

    if goal is None:
        names, named = place(best, False), place(best, True)
        return ((f"In {best.plan}, {names} tells most about the parameters.",
                 f"在 {best.plan} 中，{named} 对参数的信息量最大。"),)  # fmt: skip
    share, unit, k = best.interval / before.interval, goal.interest.unit, goal.coverage
    least = goal.coverage * goal.rest / before.interval
    by = f"from ±{before.interval:.3g} to ±{best.interval:.3g} {unit}"
    by_zh = f"由 ±{before.interval:.3g} 收窄至 ±{best.interval:.3g} {unit}"
    if share > 1.0 - SMALL:
        own = f"from ±{k * before.std:.3g} to ±{k * best.std:.3g} {unit}"
        own_zh = f"由 ±{k * before.std:.3g} 收窄至 ±{k * best.std:.3g} {unit}"
        words = [(f"No further sensor helps the whole interval, {by}: {least:.1%} of it comes from what no sensor of "
                  f"this kind sees. The best place, {place(best, False)} ({best.plan}), takes the part that "
                  f"readings decide {own}.",
                  f"再加传感器对总区间无明显帮助（{by_zh}）：其中 {least:.1%} 来自此类传感器看不到的因素。"
                  f"最佳位置为 {place(best, True)}（{best.plan}），可使由读数决定的部分{own_zh}。")]  # fmt: skip
    else:
        more = "halves the interval" if 0.45 <= share <= 0.55 else f"shrinks the interval by {1.0 - share:.0%}"
        more_zh = "使区间减半" if 0.45 <= share <= 0.55 else f"使区间收窄 {1.0 - share:.0%}"
        words = [(f"A further sensor at {place(best, False)} ({best.plan}) {more}, {by}.",
                  f"在 {place(best, True)}（{best.plan}）增设传感器可{more_zh}，{by_zh}。")]  # fmt: skip
    if before.interval < (1.0 - SMALL) * held:
        words.append((f"The verdict states ±{held:.3g} {unit}, since it takes the inputs that the calibration held at "
                      "their own uncertainty. Moved as nuisances of the calibration, the readings that are there bring "
                      f"it to about ±{before.interval:.3g} {unit}.",
                      f"结论给出 ±{held:.3g} {unit}，因标定中固定的输入量按其自身不确定度计入；"
                      "若在标定中作为干扰参数一并调整，"
                      f"现有读数即可使其约为 ±{before.interval:.3g} {unit}。"))  # fmt: skip
    elif before.interval > (1.0 + SMALL) * held:
        words.append((f"The verdict states ±{held:.3g} {unit}; the inputs that the calibration held blur its "
                      f"parameters too, and with that it is ±{before.interval:.3g} {unit}.",
                      f"结论给出 ±{held:.3g} {unit}；标定中固定的输入量亦使参数更不确定，计入后为 "
                      f"±{before.interval:.3g} {unit}。"))  # fmt: skip
    if len(each) > 1:
        worst = each[-1]
        words.append((f"The least useful place is {place(worst, False)} ({worst.plan}): ±{worst.interval:.4g} {unit}, "
                      f"of which readings decide ±{k * worst.std:.3g} {unit}.",
                      f"作用最小的位置为 {place(worst, True)}（{worst.plan}）：±{worst.interval:.4g} {unit}，"
                      f"其中由读数决定的部分为 ±{k * worst.std:.3g} {unit}。"))  # fmt: skip
    return tuple(words)
