"""What logged data alone say of a measured number: its value, the bounds that decide, and whether to trust them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from ..models import Clause, Contract, Measured, Pair, Requirement, Trial, TrialError
from ..models.account import revived as revived_account
from ..models.measured import INDICES
from .answer import Outcome, Words
from .capability import Capability, capability, parts_to_settle
from .charged import charged
from .contract import audit
from .observe import made_up
from .reliability import Bounded, Lives, binomial, counted, goodness, life_of, lives, reliability_at, units_needed
from .reliability import weibayes as by_shape
from .stability import stability
from .store import names as stored
from .store import read

Array = NDArray[np.float64]


def outcome(requirement: Requirement, trial: Trial, *, history: Sequence[Trial] = ()) -> Outcome:
    """The number that a requirement asks of a log, with its bounds.

    Parameters
    ----------
    requirement : Requirement
        Its interest is Measured.
    history : sequence of Trial
        Earlier logs, for findings.

    Raises
    ------
    TrialError
        If a channel is missing, has gaps where numbers are needed, or is in another unit.
    """
    asked = requirement.of_data()
    if asked.statistic in INDICES:
        return _capable(requirement, asked, trial)
    if asked.account is not None:
        return charged(requirement, asked, trial)
    if asked.statistic == "findings":
        return _conforms(asked, trial, history)
    return _lasts(requirement, asked, trial)


def _column(trial: Trial, name: str, *, gaps: bool = False) -> Array:
    channel = trial[name]
    if not gaps and not channel.reads.all():
        raise TrialError(
            f"{trial.name}: '{name}' has {int((~channel.reads).sum())} gaps in {channel.t.size} rows. Each part has "
            "its reading. Say why they are missing, and log the parts again without those rows."
        )
    return channel.values


def _capable(requirement: Requirement, asked: Measured, trial: Trial) -> Outcome:
    x = _column(trial, asked.characteristic)
    groups = _column(trial, asked.subgroups) if asked.subgroups else None
    c = capability(x, specification=asked.specification, statistic=asked.statistic, confidence=asked.confidence,
                   groups=groups, gauge=asked.gauge, gauge_is=asked.gauge_is, method=asked.method)  # fmt: skip
    free = asked.method == "distribution-free"
    # without a law, ranks take the place of readings: charts then ask for order alone
    checks = stability(norm.ppf((rankdata(x) - 0.5) / x.size) if free else x, groups=groups)
    doubts = [one.words for one in checks.stable if not one.holds]
    doubts += [one.words for one in checks.normal if not one.holds and not free]
    said = tuple((f"Not stable or not normal: {en}.", f"不稳定或非正态：{zh}。") for en, zh in doubts)
    unit = trial[asked.characteristic].unit
    shown = "" if unit == "1" else f" {unit}"
    words = [_settling(requirement, asked, c)]
    if not free and c.lower < requirement.bound < c.upper:
        words.append(_plan(requirement, asked))
    if asked.gauge > 0.0:
        share = asked.gauge**2 / c.std**2
        words.append((f"The measuring system (standard deviation {asked.gauge:.3g}{shown}, {share:.0%} of the variance "
                      f"read) is {asked.gauge_is}.",
                      f"测量系统（标准差 {asked.gauge:.3g}{shown}，占读数方差 {share:.0%}）："
                      f"{dict(kept='保留', removed='已扣除', added='已计入')[asked.gauge_is]}。"))  # fmt: skip
    if x.size < 50:
        words.append((f"With {x.size} parts the checks of stability and normality see gross faults only.",
                      f"仅 {x.size} 件时，稳定性与正态性检查只能发现明显问题。"))  # fmt: skip
    details = {"n": c.n, "mean": c.mean, "std": c.std, "dof": c.dof, "method": asked.method, "lower": c.lower,
               "upper": c.upper, "signals": list(checks.points),
               "checks": [{"name": k.name, "chance": k.chance, "level": k.level, "holds": k.holds}
                          for k in (*checks.stable, *checks.normal)]}  # fmt: skip
    found = (f"{asked.statistic} {c.value:.3g}, bounds {c.lower:.3g} and {_finite(c.upper)} at "
             f"{asked.confidence:.0%} each; n = {c.n}, mean {c.mean:.6g}{shown}, s {c.std:.3g}{shown}")  # fmt: skip
    return Outcome(
        value=c.value,
        lower=c.lower,
        upper=c.upper,
        n=c.n,
        criterion="F6",
        sound=not said,
        found=found,
        doubts=said,
        words=tuple(words),
        flips=_moves(requirement, asked, c, unit),
        details=details,
    )


def _finite(x: float) -> str:
    return f"{x:.3g}" if math.isfinite(x) else "none"


def _settling(requirement: Requirement, asked: Measured, c: Capability) -> Words:
    """How many parts would settle it."""
    limit, name = requirement.bound, asked.statistic
    two = None not in asked.specification
    if asked.method == "distribution-free":
        share = 0.5 * math.erfc(3.0 * limit / math.sqrt(2.0))
        clean = math.ceil(math.log1p(-asked.confidence) / math.log1p(-share))
        return (f"Without a law, {clean} parts with none outside would settle it.",
                f"不假设分布时，{clean} 件无一超差方可判定。")  # fmt: skip
    if c.lower >= limit or c.upper <= limit:
        return (f"These {c.n} parts settle it.", f"这 {c.n} 件足以判定。")
    n = parts_to_settle(c.value, limit, confidence=asked.confidence, two_sided=two)
    sure = parts_to_settle(c.value, limit, confidence=asked.confidence, two_sided=two, chance=0.9)
    if n is None or sure is None:
        return (f"No number of parts would settle a {name} that lies at its limit {limit:g}.",
                f"若 {name} 恰在限值 {limit:g}，任何数量均无法判定。")  # fmt: skip
    return (f"At this {name} about {n} parts would settle it; if the true one is {c.value:.3g}, {sure} do so with "
            "a chance of 90 %.",
            f"按此 {name}，约需 {n} 件才能判定；若真值为 {c.value:.3g}，{sure} 件有 90 % 的机会判定。")  # fmt: skip


def _plan(requirement: Requirement, asked: Measured) -> Words:
    """How large a lot is worth making, by how far the process may be from its limit."""
    two, told = None not in asked.specification, []
    for true in (0.75 * requirement.bound, 1.25 * requirement.bound):
        n = parts_to_settle(true, requirement.bound, confidence=asked.confidence, two_sided=two, chance=0.9)
        told.append((true, n))
    (low, few), (high, more) = told
    return (f"A lot of {few} would show a true {asked.statistic} of {low:.2f} to be too low, one of {more} a true "
            f"{high:.2f} to be high enough, each with a chance of 90 %.",
            f"若真值为 {low:.2f}，{few} 件可表明不足；若为 {high:.2f}，{more} 件可表明足够"
            "（机会各 90 %）。")  # fmt: skip


def _moves(requirement: Requirement, asked: Measured, c: Capability, unit: str) -> tuple[dict[str, Any], ...]:
    """What scatter would bring the deciding bound to the limit."""
    shown = "" if unit == "1" else f" {unit}"
    bound = c.lower if requirement.margin(c.value) >= 0.0 else c.upper
    if asked.method == "distribution-free" or not math.isfinite(bound) or bound <= 0.0 or asked.gauge > 0.0:
        return ()
    to = c.std * bound / requirement.bound
    return ({"name": "scatter of the parts", "kind": "sampling", "by": to - c.std, "unit": unit, "text": {
        "en": f"A scatter of {to:.3g}{shown} instead of {c.std:.3g}{shown}, from as many parts and the same mean, "
              "brings the number to the edge of its verdict.",
        "zh": f"若均值与件数不变，标准差由 {c.std:.3g}{shown} 变为 {to:.3g}{shown}，即到达结论的边界。"}},)  # fmt: skip


def _read_lives(asked: Measured, trial: Trial) -> Lives:
    life = _column(trial, asked.characteristic)
    return lives(life, censored=_column(trial, asked.censored) > 0.5 if asked.censored else None,
                 until=_column(trial, asked.until) if asked.until else None)  # fmt: skip


def _lasts(requirement: Requirement, asked: Measured, trial: Trial) -> Outcome:
    data = _read_lives(asked, trial)
    unit = trial[asked.characteristic].unit
    shown = "" if unit == "1" else f" {unit}"
    at, p = asked.at or 0.0, asked.confidence
    doubts: list[Words] = []
    n, failed = data.begin.size, data.failures
    fits = goodness(data) if asked.method == "weibull" and failed >= 2 else 1.0
    if fits < 0.01:
        doubts.append(
            (f"The lives follow no Weibull law (chance {fits:.2g}).", f"寿命不服从威布尔分布（概率 {fits:.2g}）。")
        )
    if asked.statistic == "B10":
        b = life_of(data, confidence=p) if asked.shape is None else _b10_by_shape(data, asked.shape, p)
        second: Bounded | None = None
    else:
        k, m = counted(data, at)
        second = binomial(k, m, confidence=p) if m else None
        if asked.method == "binomial":
            if second is None:
                raise TrialError(
                    f"{trial.name}: of no unit is it known whether it lived {at:g}{shown}. Units are tested for the "
                    "mission. Test longer, or use method='weibull'."
                )
            b, second = second, reliability_at(data, at, confidence=p) if failed >= 2 else None
        elif asked.shape is not None:
            b = by_shape(data, at, shape=asked.shape, confidence=p)
        else:
            b = reliability_at(data, at, confidence=p)
    cov = (b.value - b.lower) / requirement.coverage / b.value if b.value > 0.0 else math.inf
    found = f"{asked.statistic} {b.value:.4g} by {b.method}, bounds {b.lower:.4g} and {b.upper:.4g} at {p:.0%} each"
    found += (
        "" if second is None else f"; {second.value:.4g}, {second.lower:.4g} and {second.upper:.4g} by {second.method}"
    )
    found += f"; {failed} failures of {n} units; coefficient of variation {cov:.2g}"
    if second is not None and not (b.lower <= second.upper and second.lower <= b.upper):
        doubts.append((f"Two methods disagree: {b.method} and {second.method}.", "两种方法的结果不一致。"))
    words: tuple[Words, ...] = ()
    if asked.statistic == "reliability" and 0.0 < requirement.bound < 1.0:
        need = units_needed(requirement.bound, confidence=p)
        words = ((f"A plan without failures needs {need} units for a reliability of {requirement.bound:g} at a "
                  f"confidence of {p:.0%}.",
                  f"零失效方案：可靠度 {requirement.bound:g}、置信水平 {p:.0%} 需 {need} 件。"),)  # fmt: skip
    details = {"n": n, "failures": failed, "method": b.method, "lower": b.lower, "upper": b.upper, "fits": fits,
               "second": None if second is None else {"method": second.method, "value": second.value,
                                                      "lower": second.lower, "upper": second.upper}}  # fmt: skip
    return Outcome(value=b.value, lower=b.lower, upper=b.upper, n=n, criterion="F5", sound=not doubts, found=found,
                   doubts=tuple(doubts), words=words, flips=(), details=details)  # fmt: skip


def _b10_by_shape(data: Lives, shape: float, confidence: float) -> Bounded:
    """The life that a tenth does not reach, of a law whose shape is known."""
    unit = float(np.max(data.begin))
    r = by_shape(data, unit, shape=shape, confidence=confidence)

    def life(reliability: float) -> float:
        return math.inf if reliability >= 1.0 else unit * (math.log(0.9) / math.log(reliability)) ** (1.0 / shape)

    if r.value >= 1.0:
        raise TrialError(
            "no unit failed: B10 has a lower bound only, and no value to hold against a limit. A reliability has both. "
            "Ask for statistic='reliability' at the life that is wanted."
        )
    return Bounded(value=life(r.value), lower=life(r.lower), upper=life(r.upper), method=r.method)


def _conforms(asked: Measured, trial: Trial, history: Sequence[Trial]) -> Outcome:
    contract = asked.contract
    if contract is None:  # Measured refuses it
        raise TrialError("findings need a contract. Measured holds one. Give contract=...")
    found = audit(trial, contract, history=history)
    broken = [one for one in found if one.settled]
    open_ = [one for one in found if not one.settled]
    n = sum(int(c.reads.sum()) for c in trial.channels.values())
    details = {"n": n, "contract": contract.name, "history": [h.name for h in history],
               "departures": [{"about": d.about, "kind": d.kind, "settled": d.settled,
                               "text": {"en": d.words[0], "zh": d.words[1]}} for d in found]}  # fmt: skip
    said = f"{len(broken)} departures, {len(open_)} open, {len(trial.channels)} channels, {n} readings"
    count = float(len(broken))
    return Outcome(value=count, lower=count, upper=count, n=n, criterion="B6", sound=not found, found=said,
                   doubts=tuple(d.words for d in open_), words=tuple(d.words for d in broken), flips=(),
                   details=details)  # fmt: skip


def again(content: Mapping[str, Any], folder: Path) -> tuple[bool, str]:
    """Whether the store beside a verdict gives its measured number and bounds once more, and the words for it.

    Parameters
    ----------
    content : mapping
        Of verdict.json, with its key `measured`.
    folder : Path
        Where the stores that it names lie.
    """
    stated, q = content["measured"], content["question"]
    names = {**stated["data"], **stated["history"]}
    trials: dict[str, Trial] = {}
    for store in (folder / name for name in content["files"] if name.endswith(".h5")):
        if store.is_file():
            held = stored(store)
            trials |= {name: read(store, name) for name in names if name in held}
    other = [name for name, mark in names.items() if name not in trials or trials[name].content != mark]
    if other or len(stated["data"]) != 1:
        return False, f"no store here holds the data as judged: {', '.join(other)}"
    keys = ("limit", "sense", "accuracy", "verification", "display", "coverage", "guard")
    requirement = Requirement(id=content["id"], text=q["text"]["en"], text_zh=q["text"]["zh"], needs=tuple(q["needs"]),
                              interest=revived(q["interest"]), **{k: q[k] for k in keys})  # fmt: skip
    (name,) = stated["data"]
    own = outcome(requirement, trials[name], history=[trials[n] for n in stated["history"]])
    pairs = [(own.value, stated["value"]), (own.value, content["result"]["value"]), (own.lower, stated["lower"]),
             (own.upper, stated["upper"]), (own.expanded(requirement), content["result"]["expanded"])]  # fmt: skip
    same = all(not math.isfinite(a) if b is None else math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in pairs)
    row = next(c for c in content["criteria"] if c["id"] == own.criterion)
    sound = own.sound == stated["sound"] == (row["state"] == "met") and own.criterion in q["needs"]
    simulated = made_up(trials[name]) == stated["synthetic"]
    told = f"{own.value:.6g} from {own.n}, bounds {own.lower:.6g} and {_finite(own.upper)}"
    return same and sound and simulated, told if same and sound else f"{told}; the verdict states otherwise"


def revived(given: Mapping[str, Any]) -> Measured:
    """The interest that a verdict's question holds as plain data."""
    held = dict(given)
    low, high = held.pop("specification")
    contract, account = held.pop("contract"), held.pop("account", None)
    if contract is not None:
        clauses = tuple(Clause(**{**c, "span": tuple(c["span"]) if c["span"] else None}) for c in contract["clauses"])
        contract = Contract(**{**contract, "clauses": clauses, "pairs": tuple(Pair(**p) for p in contract["pairs"]),
                               "loggers": tuple((a, b) for a, b in contract["loggers"])})  # fmt: skip
    return Measured(**held, specification=(low, high), contract=contract,
                    account=None if account is None else revived_account(account))  # fmt: skip
