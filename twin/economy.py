"""What a good part costs, takes and emits, with bounds: yield, batches, meters and prices propagated together.

Distributions are propagated (JCGM 101:2008) rather than their widths (JCGM 100): the number is divided by the yield,
which makes it lopsided where parts are few. Instead of drawing, the unit cube is filled evenly (Sobol's points), so
that the same log gives the same bounds on every machine. Each cause has the law that its evidence gives it: the yield
Jeffreys' posterior of the binomial law, what batches take Student's t with n - 1 degrees of freedom, prices, factors
and meters what is stated of them. The bounds are too wide rather than too narrow where batches are two or three.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, chdtri, ndtr, ndtri, stdtrit
from scipy.stats import qmc
from scipy.stats import t as t_law

from ..models import Quantity, TrialError
from ..models.account import Account, Flow
from .draws import values as by_share
from .lot import Lot

Array = NDArray[np.float64]
POINTS = 13  # powers of 2 of points in the unit cube
LEVEL = 0.05  # chance under which batches of one yield do not differ so much
MOST = 100_000  # batches beyond which no lot settles it
YIELD, BATCHES = "yield", "scatter between batches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that the number hangs on, alone.

    Attributes
    ----------
    std, unit : float, str
        Its standard uncertainty.
    below, above : float
        How far the bounds lie from the number with it alone uncertain.
    slope : float
        Sign of what the number does as it grows.
    source : str
    """

    name: str
    kind: str
    std: float
    unit: str
    below: float
    above: float
    slope: float
    source: str = ""
    dof: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class PerGood:
    """A number per good part, with one-sided bounds.

    Attributes
    ----------
    value, lower, upper : float
    std : float
        Standard deviation of all that may be.
    """

    value: float
    lower: float
    upper: float
    std: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Costing:
    """A lot and an account, ready to be asked.

    Attributes
    ----------
    n : float
        Batches; more of the same may be imagined than there were.
    made, good : float
        Parts that they hold.
    per_part : mapping of flow to float
        What a part that is begun takes as the meters read it, on average.
    root : (r, m)
        Rows whose sum of squares is the covariance of those averages, m logged flows.
    spread : float
        How much more the yields of batches scatter than the binomial law lets them; 1 where chance explains it.
    chance : float
        Of batches of one yield to differ so much.
    """

    lot: Lot
    account: Account
    statistic: str
    n: float
    made: float
    good: float
    per_part: dict[str, float]
    root: Array
    spread: float
    chance: float
    uncertain: tuple[tuple[Quantity, ...], ...] = field(default=())

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Those that count."""
        return tuple(f for f in self.account.flows if f.counts(self.statistic) is not None)

    @property
    def fraction(self) -> float:
        """The yield: good parts of all."""
        return self.good / self.made

    def at(self, share: Array | float, per_part: Mapping[str, Array | float] | None = None,
           moved: Mapping[str, Array | float] | None = None) -> Array:  # fmt: skip
        """The number where the yield is `share`, with what parts take and quantities moved to other values."""
        x, moved = per_part or self.per_part, moved or {}
        total: Array = np.zeros_like(np.asarray(share, dtype=np.float64))
        for flow in self.flows:
            counts = flow.counts(self.statistic)
            assert counts is not None
            meter = self.lot.meters.get(flow.name)
            if meter is not None:
                gain, bias = (moved.get(q.name, q.value) for q in (meter.gain, meter.bias))
                shift = meter.weight / float(self.lot.made.sum())
                each = (x[flow.name] - shift * (bias + meter.pivot)) / gain + shift * meter.pivot
            else:
                assert flow.amount is not None
                times: dict[str, Array | float] = {"batch": self.lot.n / float(self.lot.made.sum()), "part": 1.0,
                                                   "scrap": 1.0 - np.asarray(share), "good": share}  # fmt: skip
                each = moved.get(flow.amount.name, flow.amount.value) * times[flow.per]
            total = total + each * moved.get(counts.name, counts.value)
        return np.asarray(total / share)

    @property
    def value(self) -> float:
        """The number at every estimate."""
        return float(self.at(self.fraction))

    def shares(self, p: Array | float, *, tail: float = 0.95) -> Array:
        """The yield below which Jeffreys' posterior puts `p`; batches that differ count for fewer parts.

        `tail` is the confidence that the fewer parts are for (Korn and Graubard).
        """
        fewer = 1.0
        if self.spread > 1.0:
            fewer = self.spread * (float(stdtrit(self.n - 1.0, tail)) / float(ndtri(tail))) ** 2
        good, made = self.good / fewer, self.made / fewer
        return np.asarray(betaincinv(good + 0.5, made - good + 0.5, p))


def costing(lot: Lot, account: Account, statistic: str) -> Costing:
    """A lot and its account, ready to be asked for one statistic.

    Raises
    ------
    TrialError
        If the log holds one batch alone of what it is to tell the scatter of.
    """
    made, good, n = float(lot.made.sum()), float(lot.good.sum()), lot.n
    known = [f for f in account.flows if f.counts(statistic) is not None and f.name in lot.meters]
    per_part = {f.name: float(lot.meters[f.name].amounts.sum()) / made for f in known}
    root = np.zeros((0, len(known)))
    if n < 2 and known:
        raise TrialError(
            f"1 batch shows no scatter of {', '.join(f.name for f in known)}. Two or more batches do. Log further "
            "ones, number the batches by subgroups, or state the amounts with their uncertainty."
        )
    if known:
        rest = np.array([lot.meters[f.name].amounts - per_part[f.name] * lot.made for f in known])
        covariance = rest @ rest.T * n / (n - 1.0) / made**2
        size, ways = np.linalg.eigh(covariance)
        kept = size > 1e-12 * max(float(size[-1]), 1e-300)
        root = (ways * np.sqrt(np.maximum(size, 0.0))).T[kept]
    spread, chance = dispersion(lot)
    own = [q for f in account.flows for q in (f.amount, f.counts(statistic))
           if f.counts(statistic) is not None and q is not None]  # fmt: skip
    own += [q for f in known for q in (lot.meters[f.name].gain, lot.meters[f.name].bias)]
    groups: dict[str, dict[str, Quantity]] = {}
    for q in own:
        if q.std > 0.0:
            groups.setdefault(f"group {q.group}" if q.group else q.name, {})[q.name] = q
    return Costing(lot=lot, account=account, statistic=statistic, n=n, made=made, good=good, per_part=per_part,
                   root=root, spread=spread if chance < LEVEL else 1.0, chance=chance,
                   uncertain=tuple(tuple(one.values()) for one in groups.values()))  # fmt: skip


@lru_cache(maxsize=256)
def _mixed(made: tuple[float, ...], good: float) -> Array:
    """How yields of batches scatter where all parts have one chance: Pearson's sum of squares, sorted (2000,)."""
    size = np.array(made)
    rng = np.random.default_rng(20260103)
    drawn = rng.multivariate_hypergeometric(size.astype(np.int64), int(good), 2000)
    return np.sort(_pearson(size, drawn, good / size.sum()))


def _pearson(made: Array, good: NDArray[np.float64] | NDArray[np.int64], p: float) -> Array:
    return np.asarray(((good - made * p) ** 2 / (made * p * (1.0 - p))).sum(axis=-1))


def dispersion(lot: Lot) -> tuple[float, float]:
    """How much more yields of batches scatter than the binomial law lets them, and the chance of that."""
    p, there = float(lot.good.sum() / lot.made.sum()), lot.made > 0.0
    if p >= 1.0 or there.sum() < 2 or lot.made.max() <= 1.0:
        return 1.0, 1.0
    found = float(_pearson(lot.made[there], lot.good[there], p))
    mixed = _mixed(tuple(lot.made[there]), float(lot.good.sum()))
    above = mixed.size - int(np.searchsorted(mixed, found * (1.0 - 1e-9)))
    return max(1.0, found / (there.sum() - 1.0)), (above + 1.0) / (mixed.size + 1.0)


@lru_cache(maxsize=32)
def _cube(width: int, power: int) -> Array:
    """Evenly spread points (2^power, width) inside the unit cube, none at its sides."""
    return np.asarray(qmc.Sobol(width, scramble=False).random_base2(power) + 0.5 / 2**power)


@lru_cache(maxsize=32)
def _normal(width: int, power: int) -> Array:
    """The same points as standard normal numbers."""
    return np.asarray(ndtri(_cube(width, power)))


@lru_cache(maxsize=32)
def _fat(width: int, power: int, dof: float) -> Array:
    """(2^power, 1) by which scatter known from `dof` degrees of freedom may be larger than it looks."""
    return np.asarray(np.sqrt(dof / chdtri(dof, _cube(width, power)[:, 1:2])))


def _moved(q: Quantity, share: Array) -> Array:
    """A quantity at shares of its probability; its degrees of freedom make a normal one Student's."""
    if q.distribution == "normal" and math.isfinite(q.dof):
        found = q.value + q.std * stdtrit(q.dof, share)
        return np.asarray(found if q.valid is None else np.clip(found, *q.valid))
    return by_share(q, share)


def per_good(costs: Costing, *, confidence: float, power: int = POINTS) -> PerGood:
    """The number and its one-sided bounds, each at `confidence`.

    Where no part was scrap the yield's bound on the side of fewer costs is the estimate itself.

    References
    ----------
    JCGM 101:2008, 5 and 6.4.9 (propagation of distributions, Student's t of a series of indications).
    Brown, Cai and DasGupta, Statist. Sci. 16 (2001) 101-133 (Jeffreys' interval).
    Korn and Graubard, Survey Methodology 24 (1998) 193-201 (proportions of clusters that differ).
    """
    rows = costs.root.shape[0]
    width = 1 + (1 + rows if rows else 0) + len(costs.uncertain)
    cube, normal = _cube(width, power), _normal(width, power)
    nodes = np.linspace(normal[:, 0].min(), normal[:, 0].max(), 513)  # between them the yield is as good as straight
    share = np.interp(normal[:, 0], nodes, costs.shares(ndtr(nodes), tail=confidence))
    per_part: dict[str, Array | float] = dict(costs.per_part)
    at = 1
    if rows:
        z = (normal[:, 2 : 2 + rows] * _fat(width, power, costs.n - 1.0)) @ costs.root
        per_part = {name: mean + z[:, k] for k, (name, mean) in enumerate(costs.per_part.items())}
        at = 2 + rows
    moved = {q.name: _moved(q, cube[:, at + k]) for k, group in enumerate(costs.uncertain) for q in group}
    found = costs.at(share, per_part, moved)
    value = costs.value
    lower, upper = (float(x) for x in np.quantile(found, [1.0 - confidence, confidence]))
    return PerGood(value=value, lower=min(lower, value), upper=max(upper, value), std=float(found.std()))


def causes(costs: Costing, *, confidence: float) -> tuple[Cause, ...]:
    """What the number hangs on, each with the bounds that it alone would leave; largest first."""
    value, found = costs.value, []
    ends = np.array([1.0 - confidence, confidence])

    def add(name: str, kind: str, std: float, unit: str, x: Array, source: str, dof: float = math.inf) -> None:
        below, above = max(value - float(x.min()), 0.0), max(float(x.max()) - value, 0.0)
        if max(below, above) > 0.0:
            found.append(Cause(name=name, kind=kind, std=std, unit=unit, below=below, above=above, source=source,
                               slope=1.0 if x[-1] >= x[0] else -1.0, dof=dof))  # fmt: skip

    p = costs.shares(ends, tail=confidence)
    std = float(np.diff(p)[0] / 2.0 / ndtri(confidence))
    if std > 0.0:
        more = f", counted {costs.spread:.2g} times as wide in variance: batches differ" if costs.spread > 1.0 else ""
        add(YIELD, "sampling", std, "1", costs.at(p if costs.fraction < 1.0 else np.array([p[0], 1.0])),
            f"{costs.good:.0f} good of {costs.made:.0f}, Jeffreys{more}")  # fmt: skip
    if costs.root.shape[0]:
        means = costs.per_part.items()
        way = np.array([float(costs.at(costs.fraction, {n: m + row[k] for k, (n, m) in enumerate(means)})) - value
                        for row in costs.root])  # fmt: skip
        wide = math.sqrt(float(way @ way))
        add(BATCHES, "sampling", wide, costs.account.unit(costs.statistic),
            value + wide * stdtrit(costs.n - 1.0, ends), f"{costs.n:.0f} batches", costs.n - 1.0)  # fmt: skip
    meters = {q.name for m in costs.lot.meters.values() for q in (m.gain, m.bias)}
    for group in costs.uncertain:
        x = costs.at(costs.fraction, None, {q.name: _moved(q, ends) for q in group})
        kind, first = "sensor" if group[0].name in meters else "input", group[0]
        name = first.name if len(group) == 1 else f"{first.group}: {', '.join(q.name for q in group)}"
        add(name, kind, first.std if len(group) == 1 else 1.0, first.unit if len(group) == 1 else "1", x, first.source,
            first.dof)  # fmt: skip
    return tuple(sorted(found, key=lambda one: -max(one.below, one.above)))


def more(costs: Costing, n: float) -> Costing:
    """The same with `n` batches of which each is like those there are."""
    times = n / costs.lot.n
    return replace(costs, n=n, made=times * float(costs.lot.made.sum()), good=times * float(costs.lot.good.sum()),
                   root=costs.root * math.sqrt(costs.lot.n / n))  # fmt: skip


def batches_to_settle(costs: Costing, limit: float, *, confidence: float) -> int | None:
    """Least number of batches like these whose bound leaves `limit`; None where meters and prices alone keep it inside.

    A number that lies at its limit is settled by no lot.
    """

    def settles(n: int) -> bool:
        b = per_good(more(costs, n), confidence=confidence, power=POINTS - 2)
        return b.lower > limit if b.value > limit else b.upper < limit

    low, high = costs.lot.n - 1, costs.lot.n
    while not settles(high):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settles(middle) else (middle, high)
    return high


def together(lot: Lot, costs: Costing) -> float:
    """Chance that what batches take and their yields, which the bounds take as independent, hang together so much."""
    p = costs.fraction
    rest = lot.good - p * lot.made
    each = taken(costs)
    each = each - each.sum() / lot.made.sum() * lot.made
    if lot.n < 5 or p >= 1.0 or min(float(each.std()), float(rest.std())) < 1e-9 * max(1e-300, abs(costs.value)):
        return 1.0
    r = float(np.corrcoef(each, rest)[0, 1])
    return 2.0 * float(t_law.sf(abs(r) * math.sqrt((lot.n - 2) / max(1.0 - r * r, 1e-12)), lot.n - 2))


def taken(costs: Costing) -> Array:
    """(n,) what the logged flows of each batch count, as read."""
    total = np.zeros(costs.lot.n)
    for flow in costs.flows:
        counts = flow.counts(costs.statistic)
        if counts is not None and flow.name in costs.lot.meters:
            total = total + counts.value * costs.lot.meters[flow.name].amounts
    return total
