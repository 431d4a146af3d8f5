"""Which uncertain quantity makes a number vary, and how much: Sobol indices that live with failed runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, qmc

from ..models import ForetrialError, ModelError, Quantity, SolveError
from .draws import Factor, factors, mapping, spread
from .inputs import Inputs

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = tuple[str, str]
Function = Callable[[Mapping[str, Array]], Array]
RESAMPLED = 200  # bootstrap replicates
FEWEST = 16  # rows that an estimate needs
LEVEL = 0.01  # chance below which failures count as clustered
PAIRED = 10  # coordinates up to which pairs of them are looked at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivity:
    """Shares of a number's variance.

    Attributes
    ----------
    method : str
        "runs" (Sobol indices) or "tangents" (linear).
    names : (g,) str
        What moves on its own: quantities, correlated groups, "fit".
    first, total : (g,)
        Share that each alone explains, and share that would stay if all others were known.
    first_interval, total_interval : (g, 2)
        Bootstrap intervals at 95 %; for "tangents" the number itself.
    first_bounds, total_bounds : (g, 2)
        From both extremes: the least and the most of the intervals with failed runs left out, every one as low, and
        every one as high as any that ended; the interval itself where none failed.
    mean, variance : float
    n, runs, failed : int
        Rows of the design, runs asked for, and runs that gave no number.
    chance : float
        Of failures lying so unevenly if they were random; 1 where none failed.
    where : tuple of str
        What the failures hang on, if they cluster.
    words : tuple of (English, Chinese)
    """

    method: str
    names: tuple[str, ...]
    first: Array
    total: Array
    first_interval: Array
    total_interval: Array
    first_bounds: Array
    total_bounds: Array
    mean: float
    variance: float
    n: int
    runs: int
    failed: int
    chance: float
    where: tuple[str, ...]
    words: tuple[Words, ...]

    @property
    def clustered(self) -> bool:
        """Whether failures hang on the inputs: then only the bounds are to be believed."""
        return bool(self.where)

    def top(self, n: int = 5) -> tuple[str, ...]:
        """The names that matter most, by total share."""
        return tuple(self.names[i] for i in np.argsort(-self.total)[:n])

    def content(self) -> dict[str, Any]:
        """Plain data for `sensitivity` of verdict.json."""
        rows = [{"name": name, "first": float(self.first[i]), "total": float(self.total[i]),
                 "first_interval": self.first_interval[i].tolist(), "total_interval": self.total_interval[i].tolist(),
                 "first_bounds": self.first_bounds[i].tolist(), "total_bounds": self.total_bounds[i].tolist()}
                for i, name in enumerate(self.names)]  # fmt: skip
        return {"method": self.method, "rows": rows, "mean": self.mean, "variance": self.variance, "n": self.n,
                "runs": self.runs, "failed": self.failed, "chance": self.chance, "where": list(self.where),
                "words": [{"en": en, "zh": zh} for en, zh in self.words]}  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{name}: first {self.first[i]:.3f} [{a:.3f}, {b:.3f}], total {self.total[i]:.3f} [{c:.3f}, {d:.3f}]"
                 for i, (name, (a, b), (c, d)) in enumerate(
                     zip(self.names, self.first_interval, self.total_interval, strict=True))]  # fmt: skip
        return "\n".join([*lines, *(en for en, _ in self.words)])


def sobol(function: Function, quantities: Inputs | Sequence[Quantity], *, n: int = 1024, seed: int = 1,
          extremes: tuple[float, float] | None = None) -> Sensitivity:  # fmt: skip
    """Sobol indices of a function of named quantities.

    Parameters
    ----------
    function : callable
        Takes a mapping of name to values (m,) and returns (m,); NaN says that a run failed. `one_by_one` makes one from
        a function of floats.
    quantities : Inputs, or sequence of Quantity
        Drawn by their distributions; correlated ones are one factor.
    n : int
        Rows of the design, a power of two; runs are n times (factors + 2).
    seed : int
    extremes : (float, float) or None
        Between which failed runs would have ended; the lowest and highest that did where left out.

    Raises
    ------
    ModelError
        If n is no power of two, nothing is uncertain, or the number does not vary.
    SolveError
        If too few rows are left.

    Notes
    -----
    A row is used wherever the runs that an estimate needs have ended: unbiased where failures are random. Whether they
    are is tested, by counts in equal bins of each coordinate and of pairs, against a random choice of as many runs.
    Bootstrap intervals of a Sobol sequence are wide rather than narrow.

    References
    ----------
    Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270, table 2 (b) and (f); Jansen, Comput. Phys. Commun. 117
    (1999) 35-43; Owen, J. Complexity 14 (1998) 466-489 (scrambling).
    """
    parts = factors(quantities)
    if n < FEWEST or n & (n - 1):
        raise ModelError(
            f"n = {n} is no power of two from {FEWEST} on. Rows of a Sobol sequence are balanced in powers of two. "
            f"Take n = {max(FEWEST, 1 << max(int(n), 1).bit_length())}."
        )
    unit = _design(parts, n, seed)
    y = np.array(function(spread(parts, unit)), dtype=np.float64)
    if y.shape != (len(unit),):
        raise ModelError(
            f"the function gave {y.shape} for {len(unit)} draws. It gives one number a draw, NaN for a failed one. "
            "Wrap a function of floats in twin.one_by_one."
        )
    ok = np.isfinite(y)
    blocks = np.where(ok, y, np.nan).reshape(len(parts) + 2, n)
    rows, centre = _features(blocks)
    first, total, variance, mean = _indices(rows.sum(axis=0))
    if not ok.any() or (rows.sum(axis=0)[2::2] < FEWEST).any():
        raise SolveError(
            f"{int((~ok).sum())} of {ok.size} runs failed: fewer than {FEWEST} rows are left. Indices need more runs "
            "that end. Narrow the inputs, mend the failures, or take a larger n."
        )
    if not variance > 1e-24 * max(centre**2, 1e-200):
        raise ModelError(
            f"the number stays at {centre:.6g} in every run. Shares of a variance need one. "
            "Widen the inputs, or ask for a number that they move."
        )
    low, high = _resampled(rows, len(parts), seed)
    lowest, highest = _bounds(blocks, extremes, low, high, seed)
    chance, where = _clusters(parts, unit, ~ok)
    failed = int((~ok).sum())
    return Sensitivity(
        method="runs", names=tuple(p.name for p in parts), first=first, total=total,
        first_interval=np.stack([low[0], high[0]], axis=1), total_interval=np.stack([low[1], high[1]], axis=1),
        first_bounds=np.stack([lowest[0], highest[0]], axis=1),
        total_bounds=np.stack([lowest[1], highest[1]], axis=1), mean=mean + centre, variance=variance, n=n,
        runs=len(unit), failed=failed, chance=chance, where=where,
        words=_words(failed, len(unit), chance, where))  # fmt: skip


def one_by_one(function: Callable[[dict[str, float]], float], *,
               workers: Callable[..., Iterable[float]] = map) -> Function:  # fmt: skip
    """A function of columns from a function of floats by name; a refusal of ours or of arithmetic counts as failed.

    Parameters
    ----------
    function : callable
    workers : callable
        With the face of `map`, such as that of a pool of processes.
    """

    def columns(found: Mapping[str, Array]) -> Array:
        size = len(next(iter(found.values())))
        return np.array(list(workers(_Tried(function), (mapping(found, i) for i in range(size)))), dtype=np.float64)

    return columns


@dataclass(frozen=True, slots=True)
class _Tried:
    """A function whose failures are NaN; a noun, so that it travels to other processes."""

    function: Callable[[dict[str, float]], float]

    def __call__(self, values: dict[str, float]) -> float:
        try:
            return float(self.function(values))
        except (ForetrialError, ArithmeticError, np.linalg.LinAlgError):
            return float("nan")


def _design(parts: Sequence[Factor], n: int, seed: int) -> Array:
    """Rows A, B, then A with each factor's coordinates from B: ((g + 2) n, k)."""
    width = sum(p.width for p in parts)
    both = qmc.Sobol(2 * width, scramble=True, seed=np.random.default_rng(seed)).random(n)
    A, B = both[:, :width], both[:, width:]
    blocks, first = [A, B], 0
    for part in parts:
        mixed = A.copy()
        mixed[:, first : first + part.width] = B[:, first : first + part.width]
        blocks.append(mixed)
        first += part.width
    return np.concatenate(blocks)


def _features(blocks: Array) -> tuple[Array, float]:
    """What the estimators sum over rows (n, 3 + 4 g), and the value that all are counted from."""
    ok = np.isfinite(blocks)
    centre = float(blocks[:2][ok[:2]].mean()) if ok[:2].any() else 0.0
    f = np.where(ok, blocks - centre, 0.0)
    columns = [f[0] + f[1], f[0] ** 2 + f[1] ** 2, ok[0] * 1.0 + ok[1]]
    for i in range(2, len(blocks)):
        every, pair = ok[0] & ok[1] & ok[i], ok[0] & ok[i]
        columns += [np.where(every, f[1] * (f[i] - f[0]), 0.0), every * 1.0]
        columns += [np.where(pair, 0.5 * (f[0] - f[i]) ** 2, 0.0), pair * 1.0]
    return np.stack(columns, axis=1), centre


def _indices(sums: Array) -> tuple[Array, Array, float, float]:
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums[0] / sums[2]
        variance = sums[1] / sums[2] - mean**2
        first, total = sums[3::4] / sums[4::4] / variance, sums[5::4] / sums[6::4] / variance
    return first, total, float(variance), float(mean)


def _resampled(rows: Array, g: int, seed: int) -> tuple[Array, Array]:
    """Lower and upper ends (2, g) at 95 % of first and total."""
    rng = np.random.default_rng([seed, 1])
    found = np.empty((RESAMPLED, 2, g))
    for r in range(RESAMPLED):
        weight = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows)).astype(np.float64)
        found[r] = _indices(np.einsum("n,nk->k", weight, rows))[:2]  # small sums: threads would only get in the way
    low, high = np.nanpercentile(found, [2.5, 97.5], axis=0)
    return low, high


def _bounds(blocks: Array, extremes: tuple[float, float] | None, low: Array, high: Array,
            seed: int) -> tuple[Array, Array]:  # fmt: skip
    """Least and most (2, g) of the intervals with failed runs left out, at the lowest and at the highest."""
    ends = extremes or (float(np.nanmin(blocks)), float(np.nanmax(blocks)))
    for end in ends if not np.isfinite(blocks).all() else ():
        rows = _features(np.where(np.isfinite(blocks), blocks, end))[0]
        lower, upper = _resampled(rows, len(blocks) - 2, seed)
        low, high = np.minimum(low, lower), np.maximum(high, upper)
    return low, high


def _clusters(parts: Sequence[Factor], unit: Array, failed: Bools) -> tuple[float, tuple[str, ...]]:
    """The chance that random failures lie so unevenly (Bonferroni over all looks), and what they hang on."""
    count, total = int(failed.sum()), failed.size
    if count < 2 or count == total:
        return 1.0, ()
    names = [p.name for p in parts for _ in range(p.width)]
    bins, coarse = int(np.clip(count // 5, 2, 8)), int(np.clip(np.sqrt(count / 5), 2, 4))
    looks: list[tuple[float, tuple[str, ...]]] = []
    k = unit.shape[1]
    for i in range(k):
        looks.append((_uneven(np.minimum((unit[:, i] * bins).astype(int), bins - 1), bins, failed), (names[i],)))
    for i in range(k if k <= PAIRED else 0):
        for j in range(i):
            cell = np.minimum((unit[:, [j, i]] * coarse).astype(int), coarse - 1) @ np.array([coarse, 1])
            looks.append((_uneven(cell, coarse**2, failed), (names[j], names[i])))
    least, where = min(looks, key=lambda look: look[0])
    chance = min(1.0, least * len(looks))
    if chance >= LEVEL:
        return chance, ()
    single: list[tuple[str, ...]] = [one for p, one in looks if len(one) == 1 and p * len(looks) < LEVEL]
    return chance, tuple(dict.fromkeys(name for one in single or [where] for name in one))


def _uneven(cell: NDArray[np.int64], cells: int, failed: Bools) -> float:
    """Chance of counts so uneven if the failed were drawn at random without replacement."""
    held, lost = np.bincount(cell, minlength=cells), np.bincount(cell[failed], minlength=cells)
    used = held > 0
    share, size = failed.mean(), failed.size
    off = (((lost - held * share) ** 2)[used] / held[used]).sum()
    stat = float(off / (share * (1.0 - share)) * (size - 1) / size)
    return float(chi2.sf(stat, int(used.sum()) - 1))


def _words(failed: int, runs: int, chance: float, where: Sequence[str]) -> tuple[Words, ...]:
    if not failed:
        return ((f"All {runs} runs ended.", f"{runs} 次求解全部完成。"),)
    share = failed / runs
    if where:
        names, by_chance = ", ".join(where), f"{chance:.1g}" if chance > 1e-12 else "< 1e-12"
        return ((f"{failed} of {runs} runs failed ({share:.1%}) and they cluster in {names} (chance {by_chance}): the "
                 "shares describe the runs that ended; the bounds take every failed run as low and as high as any that "
                 "ended, and hold no further.",
                 f"{runs} 次求解中有 {failed} 次失败（{share:.1%}），且集中于 {names}（偶然概率 {by_chance}）："
                 "所给份额只代表完成的求解；"
                 "上下界把失败的求解分别取为已完成者的最低值与最高值，仅在此意义下成立。"),)  # fmt: skip
    return ((f"{failed} of {runs} runs failed ({share:.1%}), spread as by chance ({chance:.2g}): left out, which keeps "
             "the shares unbiased.",
             f"{runs} 次求解中有 {failed} 次失败（{share:.1%}），分布与随机无异（{chance:.2g}）："
             "略去后份额仍无偏。"),)  # fmt: skip
