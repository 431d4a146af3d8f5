"""What a good part takes, held against its limit: its interval and what makes it up, what turns it, what settles it."""

import math
from typing import Any

from scipy.optimize import brentq

from ..models import Line, Measured, Requirement, Trial
from ..models.account import PER_GOOD, Account
from ..models.units import factor
from .answer import Outcome, Words
from .economy import (
    BATCHES,
    YIELD,
    Cause,
    Costing,
    PerGood,
    batches_to_settle,
    causes,
    costing,
    dispersion,
    more,
    per_good,
    taken,
    together,
)
from .lot import Lot, read_lot
from .stability import stability

READ = {"J": "kWh", "s": "h", "K": "K"}  # in what people read amounts
NAMES = {"cost per good part": "单位合格品成本", "energy per good part": "单位合格品能耗",
         "CO2e per good part": "单位合格品碳足迹"}  # fmt: skip
CALLED = {YIELD: "合格率", BATCHES: "批间分散"}
RULES = {"chart": "控制图报警", "trend": "趋势", "far reading": "离群", "autocorrelation": "自相关"}
RARE = 0.01


def charged(requirement: Requirement, asked: Measured, trial: Trial) -> Outcome:
    """The number per good part that a requirement asks of a lot, with its bounds.

    Raises
    ------
    TrialError
        If no part is good, one batch alone is logged, or a channel does not fit; see `read_lot`.
    """
    account = asked.account
    assert account is not None  # Measured refuses it
    lot = read_lot(asked, account, trial)
    costs = costing(lot, account, asked.statistic)
    p = asked.confidence
    b = per_good(costs, confidence=p)
    alone = causes(costs, confidence=p)
    got = Outcome(value=b.value, lower=b.lower, upper=b.upper, n=lot.n, criterion="F7", sound=True, found="", doubts=(),
                  words=(), flips=(), details={})  # fmt: skip
    to_lower = (requirement.margin(b.value) >= 0.0) == (requirement.sense == "at least")
    lines = _lines(alone, got.expanded(requirement), requirement.coverage, to_lower)
    doubts = _doubts(lot, costs)
    every = {name: per_good(costing(lot, account, name), confidence=p) for name in PER_GOOD if account.unit(name)}
    scatter, chance = dispersion(lot)
    details: dict[str, Any] = {
        "n": lot.n, "made": float(lot.made.sum()), "good": float(lot.good.sum()), "method": asked.method,
        "yield": {"value": costs.fraction, "lower": float(costs.shares(1.0 - p, tail=p)),
                  "upper": float(costs.shares(p, tail=p)) if costs.fraction < 1.0 else 1.0,
                  "dispersion": scatter, "chance": chance},
        "per_good_part": [{"statistic": name, "value": one.value, "lower": one.lower, "upper": one.upper,
                           "unit": account.unit(name), "display": _display(requirement, asked, account, name)}
                          for name, one in every.items()],
        "batches": [{"made": float(m), "good": float(g)} for m, g in zip(lot.made, lot.good, strict=True)],
        "causes": [{"name": c.name, "below": c.below, "above": c.above} for c in alone],
    }  # fmt: skip
    return Outcome(value=b.value, lower=b.lower, upper=b.upper, n=lot.n, criterion="F7", sound=not doubts,
                   found=_found(requirement, asked, account, every, costs), doubts=doubts,
                   words=(_settling(requirement, costs, b, p), *_top(lines),
                          *_left_out(account, asked.statistic, costs)),
                   flips=_flips(requirement, got, costs), details=details, causes=lines)  # fmt: skip


def said(x: float, unit: str, display: str = "", digits: int = 4) -> str:
    """A number in the unit that people read it in: J as kWh, also below a stroke."""
    if not display:
        display = "/".join(READ.get(part, part) for part in unit.split("/"))
    scale = factor(display, unit)[0] if display != unit else 1.0
    return f"{x / scale:.{digits}g}" + ("" if display == "1" else f" {display}")


def _display(requirement: Requirement, asked: Measured, account: Account, statistic: str) -> str:
    """The unit that people read that statistic in."""
    return (
        requirement.display
        if statistic == asked.statistic
        else READ.get(account.unit(statistic), account.unit(statistic))
    )


def _lines(alone: tuple[Cause, ...], expanded: float, coverage: float, to_lower: bool) -> tuple[Line, ...]:
    """One line a cause: its own bound on the side of the limit, scaled so that together they make the whole's."""
    ends = {one.name: one.below if to_lower else one.above for one in alone}
    square = math.sqrt(sum(x * x for x in ends.values()))
    if expanded <= 0.0 or square <= 0.0:
        return ()
    found = []
    for one in alone:
        part = one.slope * ends[one.name] * expanded / (square * coverage)
        if part != 0.0:
            told = said(one.std, one.unit, digits=2)
            read = "" if told == f"{one.std:.2g} {one.unit}" or one.unit == "1" else f"; u = {told}"
            found.append(Line(name=one.name, kind=one.kind, std=one.std, unit=one.unit, dof=one.dof, contribution=part,
                              sensitivity=part / one.std, source=f"{one.source}{read}".removeprefix("; ")))  # fmt: skip
    return tuple(found)


def _doubts(lot: Lot, costs: Costing) -> tuple[Words, ...]:
    """What the bounds take for granted, and the log speaks against."""
    found: list[Words] = []
    each = taken(costs) / lot.made
    if lot.n >= 5 and each.std() > 1e-9 * abs(each.mean()):
        for check in stability(each).stable:
            if not check.holds:
                found.append((f"What batches take for a part is not stable ({check.name}, chance {check.chance:.2g}).",
                              f"各批单件消耗不稳定（{RULES.get(check.name, check.name)}，"
                              f"概率 {check.chance:.2g}）。"))  # fmt: skip
    chance = together(lot, costs)
    if chance < RARE:
        found.append((f"What batches take hangs together with their yield (chance {chance:.2g}); the bounds take the "
                      "two as independent.",
                      f"各批消耗与合格率相关（概率 {chance:.2g}），而置信限按二者独立计算。"))  # fmt: skip
    return tuple(found)


def _found(
    requirement: Requirement, asked: Measured, account: Account, every: dict[str, PerGood], costs: Costing
) -> str:
    """All three numbers with their intervals, as far as the account counts them."""
    told = []
    for name in PER_GOOD:
        unit = account.unit(name)
        if not unit:
            told.append(f"{name}: not counted by this account")
            continue
        one, display = every[name], _display(requirement, asked, account, name)
        told.append(f"{name} {said(one.value, unit, display)}, bounds {said(one.lower, unit, display)} and "
                    f"{said(one.upper, unit, display)}")  # fmt: skip
    return (f"{'; '.join(told)}, at {asked.confidence:.0%} each; {costs.good:.0f} good of {costs.made:.0f} parts in "
            f"{costs.n:.0f} batches, yield {costs.fraction:.1%}")  # fmt: skip


def _settling(requirement: Requirement, costs: Costing, b: PerGood, p: float) -> Words:
    """How many batches would settle it, or what else has to be known better."""
    limit = requirement.bound
    if b.lower > limit or b.upper < limit:
        return (f"These {costs.lot.n} batches settle it.", f"这 {costs.lot.n} 批足以判定。")
    n = batches_to_settle(costs, limit, confidence=p)
    if n is not None:
        return (f"If further batches are like these, about {n} in all would settle it.",
                f"若后续批次与此相同，共约需 {n} 批才能判定。")  # fmt: skip
    stated = [one for one in causes(more(costs, 1e6), confidence=p) if one.name not in CALLED]
    if not stated:
        return ("No number of batches would settle a number so close to its limit.",
                "数值过于接近限值，任何批数均无法判定。")  # fmt: skip
    return (f"No number of batches would settle it: {stated[0].name} has to be known better first.",
            f"任何批数均无法判定：须先更准确地获知 {stated[0].name}。")  # fmt: skip


def _top(lines: tuple[Line, ...]) -> tuple[Words, ...]:
    """Which causes make up the interval."""
    total = sum(line.contribution**2 for line in lines)
    if total <= 0.0:
        return ()
    first = sorted(lines, key=lambda line: -abs(line.contribution))[:3]
    en = ", ".join(f"{line.name} {line.contribution**2 / total:.0%}" for line in first)
    zh = "、".join(f"{CALLED.get(line.name, line.name)} {line.contribution**2 / total:.0%}" for line in first)
    return ((f"Its variance comes from {en}.", f"方差主要来自：{zh}。"),)


def _left_out(account: Account, statistic: str, costs: Costing) -> tuple[Words, ...]:
    """Flows that the number does not hold, and batches that differ."""
    found: list[Words] = []
    missing = [f.name for f in account.flows if f.counts(statistic) is None]
    if missing:
        found.append((f"Not counted: {', '.join(missing)}.", f"未计入：{'、'.join(missing)}。"))
    if costs.spread > 1.0:
        found.append((f"Yields of the batches differ {costs.spread:.2g} times as much as chance lets them (chance "
                      f"{costs.chance:.2g}): the parts count for fewer.",
                      f"各批合格率的方差为偶然所致的 {costs.spread:.2g} 倍（概率 {costs.chance:.2g}）："
                      "有效件数已相应减少。"))  # fmt: skip
    if costs.root.shape[0] and costs.lot.n < 5:
        found.append((f"{costs.lot.n} batches show little of their scatter: stability was not asked.",
                      f"仅 {costs.lot.n} 批，难以反映批间分散，未检验稳定性。"))  # fmt: skip
    return tuple(found)


def _flips(requirement: Requirement, got: Outcome, costs: Costing, *, most: int = 5) -> tuple[dict[str, Any], ...]:
    """What, alone at another value, brings the number to the edge of its verdict; nearest first."""
    margin, band = requirement.margin(got.value), requirement.guard * got.expanded(requirement)
    edge = -band if margin <= -band else band
    target = got.value + (1.0 if requirement.sense == "at most" else -1.0) * (margin - edge)
    ranked: list[tuple[float, dict[str, Any]]] = []

    def add(name: str, kind: str, now: float, then: float, unit: str, std: float, zh: str = "") -> None:
        if then == now or then * now < 0.0 or (now != 0.0 and abs(then / now) > 1e3):
            return
        far = f", {abs(then - now) / std:.1f} of its standard uncertainties," if std > 0.0 else ""
        far_zh = f"（其标准不确定度的 {abs(then - now) / std:.1f} 倍）" if std > 0.0 else ""
        ranked.append((abs(then / now - 1.0) if now else math.inf, {
            "name": name, "kind": kind, "by": then - now, "unit": unit, "text": {
                "en": f"{name} at {said(then, unit)} instead of {said(now, unit)}{far} brings the number to the edge "
                      "of its verdict.",
                "zh": f"{zh or name} 由 {said(now, unit)} 变为 {said(then, unit)}{far_zh}，"
                      "即到达结论的边界。"}}))  # fmt: skip

    low, high = float(costs.at(1e-6)) - target, float(costs.at(1.0)) - target
    if low * high < 0.0:
        p = float(brentq(lambda share: float(costs.at(share)) - target, 1e-6, 1.0))
        add(YIELD, "sampling", costs.fraction, p, "1", 0.0, CALLED[YIELD])
    for flow in costs.flows:
        counts = flow.counts(costs.statistic)
        for q in (q for q in (flow.amount, counts) if q is not None and q.name):
            slope = float(costs.at(costs.fraction, None, {q.name: q.value + 1.0})) - got.value
            if slope != 0.0:
                add(q.name, "input", q.value, q.value + (target - got.value) / slope, q.unit, q.std)
        if flow.name in costs.per_part:
            x = costs.per_part[flow.name]
            slope = float(costs.at(costs.fraction, {**costs.per_part, flow.name: x + 1.0})) - got.value
            if slope != 0.0:
                add(f"{flow.name} per part", "sampling", x, x + (target - got.value) / slope, flow.unit, 0.0)
    seen = {one["name"]: (far, one) for far, one in ranked}
    return tuple(one for _, one in sorted(seen.values(), key=lambda pair: pair[0])[:most])
