"""Which of many uncertain quantities matter at all: elementary effects, at a few runs each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError, Quantity, SolveError
from .draws import Factor, factors, spread
from .inputs import Inputs
from .sobol import Function

Array = NDArray[np.float64]
Words = tuple[str, str]
JUMP = 0.5  # of the probability: every step crosses half of a quantity's distribution
FEWEST = 4  # effects that a mean needs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screening:
    """Elementary effects: how far the number moves per half of each factor's distribution.

    Attributes
    ----------
    names : (g,) str
    effect, size, scatter : (g,)
        Mean, mean of the absolute value, and standard deviation of the effects, in the number's unit. A scatter near
        the size says curvature or interaction. NaN for mean and scatter of a factor of several coordinates.
    error : (g,)
        Standard error of the size.
    count : (g,) int
        Effects behind them.
    runs, failed : int
    words : tuple of (English, Chinese)

    References
    ----------
    Morris, Technometrics 33 (1991) 161-174; Campolongo, Cariboni and Saltelli, Environ. Model. Softw. 22 (2007)
    1509-1518.
    """

    names: tuple[str, ...]
    effect: Array
    size: Array
    scatter: Array
    error: Array
    count: NDArray[np.int64]
    runs: int
    failed: int
    words: tuple[Words, ...]

    def top(self, n: int = 5) -> tuple[str, ...]:
        """The names that matter most, by size."""
        return tuple(self.names[i] for i in np.argsort(-self.size)[:n])

    def __str__(self) -> str:
        lines = [f"{name}: {self.size[i]:.4g} +- {self.error[i]:.1g}, scatter {self.scatter[i]:.3g}"
                 for i, name in enumerate(self.names)]  # fmt: skip
        return "\n".join([*lines, *(en for en, _ in self.words)])


def morris(function: Function, quantities: Inputs | Sequence[Quantity], *, trajectories: int = 20, levels: int = 8,
           seed: int = 1) -> Screening:  # fmt: skip
    """Elementary effects of a function of named quantities along random paths.

    Parameters
    ----------
    function, quantities, seed : as for `sobol`
    trajectories : int
        Runs are trajectories times (factors + 1).
    levels : int
        Even; coordinates lie in the middle of as many equal shares of each distribution.

    Raises
    ------
    ModelError
        If levels are odd, or nothing is uncertain.
    SolveError
        If a factor is left with too few effects.

    Notes
    -----
    A failed run costs the two effects beside it and no more; means stay unbiased where failures are random.
    """
    parts = factors(quantities)
    if levels < 2 or levels % 2:
        raise ModelError(
            f"levels = {levels} is odd or below 2. A step crosses half of them. Take an even number, such as 8."
        )
    unit, moved, signs = _paths(parts, trajectories, levels, np.random.default_rng(seed))
    y = np.asarray(function(spread(parts, unit.reshape(-1, unit.shape[-1]))), dtype=np.float64)
    y = np.where(np.isfinite(y), y, np.nan).reshape(unit.shape[:2])
    steps = np.diff(y, axis=1) * signs
    found = [steps[moved == i] for i in range(len(parts))]
    ended = [one[np.isfinite(one)] for one in found]
    failed = int(np.isnan(y).sum())
    short = [(p.name, one.size) for p, one in zip(parts, ended, strict=True) if one.size < FEWEST]
    if short:
        raise SolveError(
            f"{failed} of {y.size} runs failed: {short[0][1]} effects of '{short[0][0]}' are left. A mean needs "
            f"{FEWEST} or more. Narrow the inputs, mend the failures, or take more trajectories."
        )
    alone = np.array([p.width == 1 for p in parts])
    return Screening(
        names=tuple(p.name for p in parts), size=np.array([np.abs(e).mean() for e in ended]),
        effect=np.where(alone, [e.mean() for e in ended], np.nan),
        scatter=np.where(alone, [e.std(ddof=1) for e in ended], np.nan),
        error=np.array([np.abs(e).std(ddof=1) / np.sqrt(e.size) for e in ended]),
        count=np.array([e.size for e in ended]), runs=y.size, failed=failed, words=_words(failed, y.size))  # fmt: skip


def _paths(parts: Sequence[Factor], r: int, levels: int,
           rng: np.random.Generator) -> tuple[Array, NDArray[np.int64], Array]:  # fmt: skip
    """Points (r, g + 1, k), the factor moved by each step (r, g), and the sign of the step (r, g)."""
    k, g, half = sum(p.width for p in parts), len(parts), levels // 2
    owner = np.repeat(np.arange(g), [p.width for p in parts])
    place = rng.integers(levels, size=(r, k))
    moved = np.argsort(rng.random((r, g)), axis=1)
    points, signs = [place.copy()], np.zeros((r, g))
    rows = np.arange(r)
    for step in range(g):
        mine = owner[None, :] == moved[:, step][:, None]
        first = np.array([int(np.argmax(owner == i)) for i in moved[:, step]])
        signs[:, step] = np.where(place[rows, first] < half, 1.0, -1.0)
        place = np.where(mine, (place + half) % levels, place)
        points.append(place.copy())
    return (np.stack(points, axis=1) + 0.5) / levels, moved, signs


def _words(failed: int, runs: int) -> tuple[Words, ...]:
    if not failed:
        return ((f"All {runs} runs ended.", f"{runs} 次求解全部完成。"),)
    return ((f"{failed} of {runs} runs failed; the effects beside them are left out, which is unbiased only where "
             "failures are random.",
             f"{runs} 次求解中有 {failed} 次失败，其相邻效应已略去；仅当失败为随机时才无偏。"),)  # fmt: skip
