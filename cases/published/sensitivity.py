"""Shares of variance with exact answers, from all runs, from 95 % of them, and where the failed ones lie together."""

import numpy as np
from scipy.stats import t as student

from foretrial import twin
from foretrial.models import Quantity

from .problem import Problem, Reached, Resolution

LOST = 0.05  # share of runs that fail
SEED = 1
REPEATS = 16  # of the design and of what fails, for the bias
RARE = 1e-3  # chance below which a mean of repeats is called biased


def _flat(name: str, low: float, high: float) -> Quantity:
    return Quantity(value=(low + high) / 2, std=(high - low) / 12**0.5, distribution="uniform", name=name)


def _reach(function: twin.Function, inputs: list[Quantity], answers: np.ndarray, n: int) -> Reached:
    """The index that is farthest off: of all runs, of those left by random failures, or outside its bounds.

    Failures that lie together (the first input's highest twentieth) are to be called so, and the bounds that are then
    given to hold every exact share. A mean of repeats that random failures shift, or a cluster unseen, is no number.
    """
    rng = np.random.default_rng(SEED)

    def lossy(x):
        found = function(x)
        return np.where(rng.random(found.size) < LOST, np.nan, found)

    def clustered(x):
        first = inputs[0]
        edge = first.value + (0.5 - LOST) * 12**0.5 * first.std
        return np.where(x[first.name] > edge, np.nan, function(x))

    wanted = np.concatenate(answers)
    every, some, near = (twin.sobol(one, inputs, n=n, seed=SEED) for one in (function, lossy, clustered))
    off = [np.concatenate([one.first, one.total]) - wanted for one in (every, some, near)]
    bounds = np.concatenate([near.first_bounds, near.total_bounds])
    outside = np.maximum(np.maximum(bounds[:, 0] - wanted, wanted - bounds[:, 1]), 0.0)
    bias, chance = _bias(lossy, inputs, wanted, n)
    sound = near.clustered and not some.clustered and chance > RARE
    misses = np.concatenate([off[0], off[1], outside if sound else np.full(wanted.size, np.nan)])
    worst = int(np.argmax(np.abs(misses)))  # the first NaN, if there is one
    held, wide = int((outside == 0.0).sum()), np.ptp(bounds, axis=1).max()
    note = (f"all runs ended: off by {np.abs(off[0]).max():.2g} at most; {some.failed} of {some.runs} failed at "
            f"random: by {np.abs(off[1]).max():.2g}, in the mean of {REPEATS} repeats by {bias:.2g} (chance "
            f"{chance:.2g} if unbiased); {near.failed} failed together: by {np.abs(off[2]).max():.2g}, bounds hold "
            f"{held} of {wanted.size} exact shares, miss by {outside.max():.2g} at most and are {wide:.2g} wide at "
            f"most; said: {near.words[0][0]}")  # fmt: skip
    answer = float(wanted[worst % wanted.size])
    return Reached(answer=answer, reached=answer + float(misses[worst]), cells=n, steps=every.runs, note=note)


def _bias(lossy: twin.Function, inputs: list[Quantity], wanted: np.ndarray, n: int) -> tuple[float, float]:
    """Largest mean error of an index over repeats, and the chance of the rarest of them (Bonferroni, Student)."""
    runs = [twin.sobol(lossy, inputs, n=n // 4, seed=SEED + 1 + i) for i in range(REPEATS)]
    off = np.array([np.concatenate([one.first, one.total]) for one in runs]) - wanted
    mean, std = off.mean(axis=0), off.std(axis=0, ddof=1) / REPEATS**0.5
    ratio = np.abs(mean[std > 0.0]) / std[std > 0.0]
    return float(np.abs(mean).max()), float(min(1.0, 2.0 * student.sf(ratio.max(), REPEATS - 1) * wanted.size))


def _ishigami(n: int) -> Reached:
    a, b = 7.0, 0.1
    one, two = 0.5 * (1.0 + b * np.pi**4 / 5.0) ** 2, a**2 / 8.0
    both = 8.0 * b**2 * np.pi**8 / 225.0
    first = np.array([one, two, 0.0])
    answers = np.array([first, first + np.array([both, 0.0, both])]) / (one + two + both)
    return _reach(lambda x: np.sin(x["x1"]) * (1.0 + b * x["x3"] ** 4) + a * np.sin(x["x2"]) ** 2,
                  [_flat(name, -np.pi, np.pi) for name in ("x1", "x2", "x3")], answers, n)  # fmt: skip


def _sobol_g(n: int) -> Reached:
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])
    names = [f"x{i + 1}" for i in range(a.size)]
    own = 1.0 / (3.0 * (1.0 + a) ** 2)
    whole = np.prod(1.0 + own)
    answers = np.array([own, own * whole / (1.0 + own)]) / (whole - 1.0)
    return _reach(lambda x: np.prod([(np.abs(4.0 * x[name] - 2.0) + c) / (1.0 + c)
                                     for name, c in zip(names, a, strict=True)], axis=0),
                  [_flat(name, 0.0, 1.0) for name in names], answers, n)  # fmt: skip


PROBLEMS = (
    Problem(
        id="Ishigami",
        problem="Which shares of its variance do the three inputs of Ishigami's function make, 5 % of runs failed?",
        source="Ishigami and Homma, ISUMA 1990, 398-403 (a = 7, b = 0.1); exact",
        unit="1",
        at=(Resolution(cells=2**12, tolerance=0.03), Resolution(cells=2**14, tolerance=0.01)),
        reach=_ishigami,
    ),
    Problem(
        id="Sobol-G",
        problem="Which shares of its variance do the eight inputs of Sobol's g-function make, 5 % of runs failed?",
        source="Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270, sec. 4; exact",
        unit="1",
        at=(Resolution(cells=2**12, tolerance=0.03), Resolution(cells=2**14, tolerance=0.01)),
        reach=_sobol_g,
    ),
)
