"""The decision itself: a pure function of numbers and states, the same for whoever makes it and whoever checks it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import norm, t

from ..models import Line, State
from ..models.requirement import governing, limits_of
from .agree import widened

Words = tuple[str, str]
ZH = {"model form": "模型偏差", "numerical": "数值误差", "shared sensor offset": "传感器共有偏移"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A result with its margin and risks.

    Attributes
    ----------
    limit, margin, guard_band, acceptance_limit : float
        In the unit of the value: the limit that governs it (of two the nearer one), the distance to it on the good
        side, the width kept free before it, and up to where the value has to stay.
    limits : (float or None, float or None)
        Lower and upper limit; None where there is none.
    false_accept, false_reject : float
        Probability that the requirement is broken although one accepts, and kept although one rejects, at this value
        (specific risks, JCGM 106:2012, 9.3).
    sign : float
        1 where the value has to stay below the limit that governs it, -1 above.
    reasons : tuple of (English, Chinese)
    """

    state: State
    limit: float
    limits: tuple[float | None, float | None]
    sign: float
    margin: float
    guard_band: float
    acceptance_limit: float
    false_accept: float
    false_reject: float
    reasons: tuple[Words, ...]

    @property
    def acceptance(self) -> tuple[float | None, float | None]:
        """The lower and the upper end of what is accepted; the lower lies above the upper where nothing can be."""
        low, high = self.limits
        return (None if low is None else low + self.guard_band, None if high is None else high - self.guard_band)

    @property
    def empty(self) -> bool:
        """Whether two guard bands leave nothing to accept between two limits."""
        low, high = self.acceptance
        return low is not None and high is not None and low > high


def decide(*, value: float, limit: float | Sequence[float], sense: str, combined: float, coverage: float,
           guard: float, accuracy: float, needs: Sequence[str], criteria: Mapping[str, str], inside: bool,
           tried: bool, expired: bool, dof: float = float("inf"), unit: str = "K",
           together: int = 1, settles: bool = True, transforming: Sequence[str] = ()) -> Decision:  # fmt: skip
    """PASS, FAIL, INCONCLUSIVE or NOT-VALID-HERE.

    Parameters
    ----------
    value : float
    limit : float or (float, float)
        Of "within" the lower and the upper one.
    sense : str
        "at most", "at least" or "within": the nearer of two limits governs, both count for the risks.
    combined, coverage : float
        Combined standard uncertainty and coverage factor; guard band = guard x coverage x combined.
    accuracy : float
        Largest expanded uncertainty that still allows an answer.
    needs, criteria : names, and mapping of name to state
        A needed criterion has to be "met"; waiving it is not evidence.
    inside, tried, expired : bool
        Whether the use lies inside the validated domain, whether a logged trial backs it, and whether a sensor's
        calibration had run out at the time of its trial.
    dof : float
        Effective degrees of freedom of the combined uncertainty, for the risks.
    together : int
        How many questions the same runs answer: the guard band takes the coverage factor that is `widened` for so
        many, and the expanded uncertainty keeps the one stated.
    settles : bool
        Whether finer grids settle on the number; else neither side of the limit is known.
    transforming : names
        Of materials whose transformation strain the run leaves out.

    Returns
    -------
    Decision

    References
    ----------
    JCGM 106:2012, 8.3 (guarded acceptance and rejection, one limit or two) and 9.3 (specific risks).
    """
    limits = limits_of(limit, sense)
    near, sign = governing(limits, value)
    margin = sign * (near - value)
    expanded = coverage * combined
    band = guard * widened(coverage, together) * combined
    broken = sum(_beyond(way * (end - value), combined, dof)
                 for end, way in zip(limits, (-1.0, 1.0), strict=True) if end is not None)  # fmt: skip
    if margin >= band:
        state, why = State.PASS, _said("clears", margin, band, unit)
    elif margin <= -band:
        state, why = State.FAIL, _said("breaks", margin, band, unit)
    else:
        state, why = State.INCONCLUSIVE, _said("between", margin, band, unit)
    reasons = [why]
    low, high = limits
    if low is not None and high is not None and high - low < 2.0 * band:
        state = State.INCONCLUSIVE if state is State.PASS else state
        shown = "" if unit == "1" else f" {unit}"
        reasons.append((f"The limits are {high - low:.3g}{shown} apart, the guard bands take {2.0 * band:.3g}{shown}: "
                        "nothing between them can be accepted.",
                        f"上下限相距 {high - low:.3g}{shown}，两侧保护带共占 {2.0 * band:.3g}{shown}："
                        "其间没有可接受的区域。"))  # fmt: skip
    if together > 1 and guard > 0.0:
        reasons.append((f"{together} questions are answered by the same runs: the guard band takes k = "
                        f"{widened(coverage, together):.3g} instead of {coverage:.3g} (Bonferroni).",
                        f"同一组求解回答 {together} 个问题：保护带取 k = {widened(coverage, together):.3g}，"
                        f"而非 {coverage:.3g}（Bonferroni 修正）。"))  # fmt: skip
    if expanded > accuracy:
        state = State.INCONCLUSIVE
        shown = "" if unit == "1" else f" {unit}"
        reasons.append((f"The expanded uncertainty {expanded:.3g}{shown} exceeds the required {accuracy:.3g}{shown}.",
                        f"扩展不确定度 {expanded:.3g}{shown} 超过所要求的准确度 {accuracy:.3g}{shown}。"))  # fmt: skip
    if not settles:
        state = State.INCONCLUSIVE
        reasons.append(("Finer grids do not settle on this number: it is one of the grid, not of the part.",
                        "网格加密时该值不收敛：它取决于网格，而非零件本身。"))  # fmt: skip
    unmet = [name for name in needs if criteria.get(name, "not-yet") != "met"]
    if unmet:
        names = ", ".join(unmet)
        reasons.append((f"Needed criteria are not evidenced: {names}.", f"所需准则尚无证据：{names}。"))
    if expired:
        reasons.append(
            ("A sensor's calibration had expired at the time of its trial.", "有传感器在试验时已过校准有效期。")
        )
    if (unmet or expired) and state is State.PASS:
        state = State.INCONCLUSIVE
    if not tried:
        state = State.NOT_VALID_HERE
        reasons.append(
            ("Predicted, not tried: no logged trial backs this use.", "仿真预测，未经试验：没有记录的试验支持此用途。")
        )
    for name in transforming:
        state = State.NOT_VALID_HERE
        reasons.append((f"{name} hardens when it is quenched, and the strain of its transformation is left out: "
                        "residual stress without it may have the wrong sign.",
                        f"{name} 淬火时发生相变，而计算未计入相变应变：残余应力的符号可能因此错误。"))  # fmt: skip
    if not inside:
        state = State.NOT_VALID_HERE
        reasons.append(("The use lies outside the domain that validation covers.", "使用条件超出确认所覆盖的适用域。"))
    return Decision(state=state, limit=near, limits=limits, sign=sign, margin=margin, guard_band=band,
                    acceptance_limit=near - sign * band, false_accept=broken, false_reject=1.0 - broken,
                    reasons=tuple(reasons))  # fmt: skip


def _beyond(margin: float, std: float, dof: float) -> float:
    """Probability that a limit so far away is broken."""
    if std == 0.0:
        return 0.0 if margin >= 0.0 else 1.0
    return float(t.sf(margin / std, dof) if dof < 1e6 else norm.sf(margin / std))


def flips(lines: Sequence[Line], *, decision: Decision, combined: float, wanted: float = math.inf,
          most: int = 5) -> tuple[dict[str, object], ...]:  # fmt: skip
    """What would move the number out of its present verdict, by how much, nearest first.

    Parameters
    ----------
    lines : sequence of Line
        Of the budget; each counts by its sensitivity, linearly and alone.
    combined, wanted : float
        Combined standard uncertainty, and the largest that the required accuracy allows: where it is exceeded, the
        lines whose shrinking alone would be enough come first.
    most : int

    Returns
    -------
    tuple of mappings with name, kind, by, unit, text
        `by` is signed, in the line's unit: to the acceptance limit from PASS and from between, to the rejection limit
        from FAIL and where two limits leave nothing to accept; of two limits the nearer one.
    """
    if combined > wanted:
        return _shrinking(lines, combined, wanted, most)
    beyond = decision.margin <= -decision.guard_band or decision.empty
    edge = -decision.guard_band if beyond else decision.guard_band
    short = decision.margin - edge
    found = []
    for line in lines:
        if line.sensitivity == 0.0 or line.std <= 0.0 or short == 0.0:
            continue
        by = decision.sign * short / line.sensitivity
        spans = abs(by) / line.std
        amount = f"{by:+.3g} {line.unit}" if line.unit != "1" else f"{by:+.3g}"
        found.append((spans, {"name": line.name, "kind": line.kind, "by": by, "unit": line.unit, "text": {
            "en": f"{line.name} by {amount}, {spans:.1f} of its standard uncertainties, brings the number "
                  "to the edge of its verdict.",
            "zh": f"{ZH.get(line.name, line.name)} 变动 {amount}（其标准不确定度的 {spans:.1f} 倍）"
                  "即到达结论的边界。"}}))  # fmt: skip
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0])[:most])


def _shrinking(lines: Sequence[Line], combined: float, wanted: float, most: int) -> tuple[dict[str, object], ...]:
    """Lines that would bring the whole down to what is wanted if they alone were known better."""
    found: list[dict[str, object]] = []
    for line in sorted(lines, key=lambda one: -abs(one.contribution)):
        left = line.contribution**2 - (combined**2 - wanted**2)
        if left <= 0.0:
            break
        share = math.sqrt(left) / abs(line.contribution)
        to, unit = share * line.std, "" if line.unit == "1" else f" {line.unit}"
        found.append({"name": line.name, "kind": line.kind, "by": to - line.std, "unit": line.unit, "text": {
            "en": f"{line.name} known to {to:.3g}{unit} instead of {line.std:.3g}{unit} (standard uncertainty) "
                  "would meet the required accuracy.",
            "zh": f"若{ZH.get(line.name, line.name)}的标准不确定度由 {line.std:.3g}{unit} 降至 {to:.3g}{unit}，"
                  "即可满足所要求的准确度。"}})  # fmt: skip
    if not found:
        found.append({"name": "", "kind": "", "by": wanted - combined, "unit": "", "text": {
            "en": "No single cause would meet the required accuracy by being known better.",
            "zh": "单独改善任何一项都不足以满足所要求的准确度。"}})  # fmt: skip
    return tuple(found[:most])


def _said(how: str, margin: float, band: float, unit: str) -> Words:
    shown = "" if unit == "1" else f" {unit}"
    amount, guard = f"{margin:+.3g}{shown}", f"{band:.3g}{shown}"
    if how == "clears":
        return (f"The margin {amount} clears the guard band {guard}.", f"裕度 {amount} 大于保护带 {guard}。")
    if how == "breaks":
        return (f"The margin {amount} breaks the limit by more than the guard band {guard}.",
                f"裕度 {amount}，超限且超出保护带 {guard}。")  # fmt: skip
    return (f"The margin {amount} lies within the guard band {guard}: neither accepted nor rejected.",
            f"裕度 {amount} 落在保护带 {guard} 之内：既不能接受，也不能拒绝。")  # fmt: skip
