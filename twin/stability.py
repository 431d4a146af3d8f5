"""Whether a process stands still and its parts follow a normal law: what a capability index takes for granted.

Each check gives the chance that a stable, normal process of the same size looks at least as odd; the rules of control
charts are calibrated so too, by drawing such processes, for on a whole lot they cry wolf far more often than point by
point. What is odd is named; the level is shared among the checks.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import f as f_law
from scipy.stats import norm, shapiro
from scipy.stats import t as t_law

Array = NDArray[np.float64]
LEVEL = 0.02  # chance that a stable process is called unstable, and that a normal one is called not normal
DRAWS = 2000
SPAN = 1.128  # expected range of two standard normal numbers
Words = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: how odd what was found is among stable processes, and the words where it is too odd."""

    name: str
    chance: float
    level: float
    words: Words

    @property
    def holds(self) -> bool:
        """Whether a stable, normal process looks like this often enough."""
        return self.chance >= self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """Every check of a lot; `points` are the numbers (from 1) of parts or subgroups that a chart signals."""

    stable: tuple[Check, ...]
    normal: tuple[Check, ...]
    points: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against a stable process."""
        return all(c.holds for c in self.stable)

    @property
    def is_normal(self) -> bool:
        """Whether nothing speaks against a normal law."""
        return all(c.holds for c in self.normal)


def stability(values: ArrayLike, *, groups: ArrayLike | None = None, level: float = LEVEL) -> Stability:
    """Charts, trend, autocorrelation, difference of subgroups, and normality of a lot.

    Parameters
    ----------
    values : (n,)
        In the order of making, n >= 3.
    groups : (n,) or None
        Number of the subgroup of each part: then means and scatter of subgroups are charted, else single values with
        limits from their moving ranges.
    level : float
        Chance of a false alarm of all checks of stability together, and again of those of normality.

    References
    ----------
    Western Electric, Statistical Quality Control Handbook (1956): one point beyond 3, two of three beyond 2, four of
    five beyond 1 standard deviations, eight in a row on one side.
    Grubbs, Ann. Math. Stat. 21 (1950) 27-58 (a far reading).
    Bartlett, J. R. Stat. Soc. Suppl. 8 (1946) 27-41 (autocorrelation of lag 1).
    Shapiro and Wilk, Biometrika 52 (1965) 591-611. Stephens in D'Agostino and Stephens, Goodness-of-Fit Techniques
    (1986), sec. 4.8.5 (Anderson-Darling, mean and variance unknown).
    """
    x = np.asarray(values, dtype=np.float64)
    which = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    counts = None if which is None else tuple(int(c) for c in np.bincount(which))
    found: list[tuple[str, float, Words]] = []
    if which is None or counts is None:
        z = _individual(x[None, :])
        left = x - x.mean()
    else:
        means = np.bincount(which, weights=x) / np.array(counts)
        left = x - means[which]
        within = float(np.sum(left**2)) / max(x.size - len(counts), 1)
        z = ((means - x.mean()) / np.sqrt(within / np.array(counts)))[None, :]
        found += _groups(x, which, np.array(counts), means, within)
    marks = _signals(z)[0]
    points = tuple(int(k) + 1 for k in np.flatnonzero(marks))
    noun, noun_zh = ("subgroups", "子组") if counts else ("parts", "零件")
    listed = ", ".join(map(str, points[:8])) + (" ..." if len(points) > 8 else "")
    found.append(("chart", _rarity(int(marks.sum()), x.size, counts),
                  (f"the control chart signals {len(points)} {noun} (number {listed})",
                   f"控制图在 {len(points)} 个{noun_zh}处报警（序号 {listed}）")))  # fmt: skip
    found += _drift(x)
    share = level / len(found)
    stable = tuple(Check(name=name, chance=p, level=share, words=words) for name, p, words in found)
    return Stability(stable=stable, normal=_normal(left, x.size, level), points=points)


def _drift(x: Array) -> list[tuple[str, float, Words]]:
    """Trend over the order of making, the farthest reading, and autocorrelation of lag 1."""
    n = x.size
    order, left = np.arange(n) - 0.5 * (n - 1), x - x.mean()
    r = float(order @ (x - x.mean())) / math.sqrt(float(order @ order) * float(np.sum((x - x.mean()) ** 2)))
    score = r * math.sqrt((n - 2) / max(1.0 - r * r, 1e-300))
    slope = float(order @ x) / float(order @ order)
    found = [
        (
            "trend",
            2.0 * float(t_law.sf(abs(score), n - 2)),
            (f"the readings drift by {slope * (n - 1):+.3g} over the lot", f"读数在整批中漂移 {slope * (n - 1):+.3g}"),
        )
    ]
    k = int(np.argmax(np.abs(left)))
    far = abs(float(left[k])) / float(left.std(ddof=1))
    square = n * (n - 2) * far**2 / max((n - 1) ** 2 - n * far**2, 1e-12)
    found.append(("far reading", min(1.0, 2.0 * n * float(t_law.sf(math.sqrt(square), n - 2))),
                  (f"part {k + 1} lies {far:.1f} standard deviations from the mean",
                   f"第 {k + 1} 件偏离均值 {far:.1f} 个标准差")))  # fmt: skip
    if n >= 8:
        lag = float(left[1:] @ left[:-1]) / float(left @ left)
        spread = math.sqrt((n - 2) / (n * n - 1.0) * (n - 2) / (n - 1))
        found.append(
            (
                "autocorrelation",
                2.0 * float(norm.sf(abs(lag + 1.0 / n) / spread)),
                (f"neighbours resemble each other (autocorrelation {lag:+.2f})", f"相邻读数相关（自相关 {lag:+.2f}）"),
            )
        )
    return found  # fmt: skip


def _groups(x: Array, which: NDArray[np.intp], counts: Array, means: Array, within: float) -> list[
        tuple[str, float, Words]]:  # fmt: skip
    """Whether means and scatter differ between subgroups more than within them."""
    k, n = counts.size, x.size
    if k < 2 or n - k < 2:
        return []
    between = float(np.sum(counts * (means - x.mean()) ** 2)) / (k - 1)
    found = [("between subgroups", float(f_law.sf(between / within, k - 1, n - k)),
              (f"subgroups differ: {math.sqrt(between / within):.2g} times what their own scatter gives",
               f"子组之间的差异为组内分散所致的 {math.sqrt(between / within):.2g} 倍"))]  # fmt: skip
    worst, dof = 1.0, 0.0
    for g in range(k):
        own = counts[g] - 1.0
        rest = float(np.sum((x - means[which])[which != g] ** 2)) / max(n - k - own, 1.0)
        if own >= 1.0 and n - k - own >= 1.0 and rest > 0.0:
            variance = float(np.sum((x - means[which])[which == g] ** 2)) / own
            p = float(f_law.sf(variance / rest, own, n - k - own))
            worst, dof = min(worst, p), dof + 1.0
    found.append(("scatter", min(1.0, worst * dof),
                  ("one subgroup scatters far more than the others", "某一子组的分散明显大于其他子组")))  # fmt: skip
    return found


def _normal(left: Array, n: int, level: float) -> tuple[Check, ...]:
    """Shapiro-Wilk and Anderson-Darling; too few different readings tell nothing, and are said to."""
    if n < 8 or np.unique(left).size < 6:
        return (Check(name="too few readings", chance=0.0, level=level,
                      words=(f"{np.unique(left).size} different readings cannot show a normal law",
                             f"仅 {np.unique(left).size} 个不同读数，无法判断正态性")),)  # fmt: skip
    first = float(shapiro(left[:: max(1, n // 5000)]).pvalue)
    square, second = anderson_darling(left)
    return (Check(name="Shapiro-Wilk", chance=first, level=0.5 * level,
                  words=(f"the readings follow no normal law (Shapiro-Wilk p = {first:.2g})",
                         f"读数不服从正态分布（Shapiro-Wilk p = {first:.2g}）")),
            Check(name="Anderson-Darling", chance=second, level=0.5 * level,
                  words=(f"the readings follow no normal law (Anderson-Darling {square:.2f}, p = {second:.2g})",
                         f"读数不服从正态分布（Anderson-Darling {square:.2f}, p = {second:.2g}）")))  # fmt: skip


def anderson_darling(values: ArrayLike) -> tuple[float, float]:
    """The statistic for a normal law of unknown mean and variance, corrected for n, and its chance.

    References
    ----------
    Stephens (1986), as for `stability`, table 4.9.
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    n = x.size
    z = (x - x.mean()) / x.std(ddof=1)
    i = np.arange(1, n + 1)
    square = -n - float(np.sum((2 * i - 1) * (norm.logcdf(z) + norm.logsf(z[::-1])))) / n
    a = square * (1.0 + 0.75 / n + 2.25 / n**2)
    if a >= 0.6:
        p = math.exp(1.2937 - 5.709 * a + 0.0186 * a * a)
    elif a >= 0.34:
        p = math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    elif a >= 0.2:
        p = 1.0 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    else:
        p = 1.0 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)
    return a, min(max(p if a < 10.0 else 0.0, 0.0), 1.0)


def _individual(x: Array) -> Array:
    """Rows (m, n) in deviations of a chart of single values: mean, and scatter by moving ranges."""
    scatter = np.abs(np.diff(x, axis=1)).mean(axis=1) / SPAN
    return np.asarray((x - x.mean(axis=1, keepdims=True)) / np.maximum(scatter, 1e-300)[:, None])


def _signals(z: Array) -> NDArray[np.bool_]:
    """(m, n) where a rule of the chart is broken at that point, points before it included as the rule says."""
    marks = np.abs(z) > 3.0
    for side in (1.0, -1.0):
        for beyond, of, width in ((2, 3, 2.0), (4, 5, 1.0), (8, 8, 0.0)):
            if z.shape[1] < of:
                continue
            out = (side * z > width).astype(np.int16)
            total = np.cumsum(np.pad(out, ((0, 0), (1, 0))), axis=1)
            count = total[:, of:] - total[:, :-of]
            marks[:, of - 1 :] |= (count >= beyond) & (out[:, of - 1 :] > 0)
    return np.asarray(marks)


def _rarity(signals: int, n: int, counts: tuple[int, ...] | None) -> float:
    """Share of stable, normal processes of the same make whose chart signals at least as often."""
    return float(np.mean(_drawn(n, counts) >= signals)) if signals else 1.0


@lru_cache(maxsize=64)
def _drawn(n: int, counts: tuple[int, ...] | None) -> NDArray[np.intp]:
    rng = np.random.default_rng(20260101)
    draws = max(200, min(DRAWS, 4_000_000 // n))
    if counts is None:
        z = _individual(rng.standard_normal((draws, n)))
    else:
        size, dof = np.array(counts, dtype=np.float64), n - len(counts)
        means = rng.standard_normal((draws, size.size)) / np.sqrt(size)
        means -= (means @ size)[:, None] / n
        z = means * np.sqrt(size) / np.sqrt(rng.chisquare(max(dof, 1), draws) / max(dof, 1))[:, None]
    return np.asarray(_signals(z).sum(axis=1))
