"""Shares of variance with exact answers, from all runs and from 95 % of them."""

import numpy as np

from foretrial import twin
from foretrial.models import Quantity

from .problem import Problem, Reached, Resolution

LOST = 0.05  # share of runs that fail at random
SEED = 1


def _flat(name: str, low: float, high: float) -> Quantity:
    return Quantity(value=(low + high) / 2, std=(high - low) / 12**0.5, distribution="uniform", name=name)


def _reach(function: twin.Function, inputs: list[Quantity], answers: np.ndarray, n: int) -> Reached:
    """The index that is farthest off, of runs that all ended and of runs of which one in twenty failed."""
    rng = np.random.default_rng(SEED)

    def lossy(x):
        found = function(x)
        return np.where(rng.random(found.size) < LOST, np.nan, found)

    every, some = (twin.sobol(one, inputs, n=n, seed=SEED) for one in (function, lossy))
    reached = np.concatenate([every.first, every.total, some.first, some.total])
    wanted = np.concatenate([answers[0], answers[1]] * 2)
    off = np.abs(reached - wanted)
    worst, half = int(np.argmax(off)), off.size // 2
    note = (f"all runs ended: off by {off[:half].max():.2g} at most; {some.failed} of {some.runs} failed at random: by "
            f"{off[half:].max():.2g}")  # fmt: skip
    return Reached(answer=float(wanted[worst]), reached=float(reached[worst]), cells=n, steps=every.runs, note=note)


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
