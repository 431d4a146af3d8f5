"""Lives and lots whose answers are published: the statistics that decide on logged data alone."""

import numpy as np

from foretrial import twin

from .problem import Problem, Reached, Resolution

FAILED = (54, 187, 216, 240, 244, 335, 361, 373, 375, 386)  # h
SURVIVED, UNTIL = 10, 500.0  # units, h
HALF = 0.05  # h: half of the interval in which a failure is known to lie


def _worst(pairs: list[tuple[str, float, float]], level: int, n: int) -> Reached:
    """The pair that is farthest apart; the note tells all of them."""
    name, answer, reached = max(pairs, key=lambda one: abs(one[1] - one[2]))
    told = ", ".join(f"{one} {got:.6g}" for one, _, got in pairs)
    return Reached(answer=answer, reached=reached, cells=level, steps=n, note=f"worst {name}; {told}")


def _weibull(level: int) -> Reached:
    """Level 1 knows each failure to the hour, level 2 a short interval around it, which moves the law little."""
    t = np.array([*FAILED, *[UNTIL] * SURVIVED], dtype=float)
    out = t == UNTIL
    half = 0.0 if level == 1 else HALF
    law = twin.weibull(twin.lives(np.where(out, t, t - half), censored=out, until=t + half))
    pairs = [("scale", 606.528, law.scale), ("shape", 1.7208, law.shape)]
    if level == 1:
        pairs.append(("log likelihood", -75.135, law.likelihood))
    return _worst(pairs, level, t.size)


def _capability(level: int) -> Reached:
    """Level 1 takes indices of a lot with mean 16 and deviation 2, level 2 an interval of an observed Cpk."""
    if level == 2:
        low, high = twin.index_bounds(1.45, 30, confidence=0.975)
        return _worst([("lower bound", 1.07, low), ("upper bound", 1.83, high)], level, 30)
    lot = np.array([14.0, 18.0] * 20)
    lot = 16.0 + (lot - 16.0) * 2.0 / lot.std(ddof=1)

    def index(statistic: str, low: float | None, high: float | None) -> float:
        return twin.capability(lot, specification=(low, high), statistic=statistic).value

    return _worst([("Cp", 1.0, index("Cp", 8.0, 20.0)), ("Cpu", 2.0 / 3.0, index("Cpk", None, 20.0)),
                   ("Cpl", 4.0 / 3.0, index("Cpk", 8.0, None)), ("Cpk", 2.0 / 3.0, index("Cpk", 8.0, 20.0))],
                  level, lot.size)  # fmt: skip


PROBLEMS = (
    Problem(
        id="Weibull", unit="1", reach=_weibull,
        at=(Resolution(cells=1, tolerance=1e-3), Resolution(cells=2, tolerance=1e-3)),
        source="maximum likelihood of ten failures and ten survivors at 500 h; scale in h",
        problem="Lives with right censoring, known to the hour or to an interval: which scale, shape and likelihood?"),
    Problem(
        id="capability", unit="1", reach=_capability,
        at=(Resolution(cells=1, tolerance=1e-3), Resolution(cells=2, tolerance=0.02)),
        source="limits 8 and 20, mean 16, deviation 2 (NIST/SEMATECH e-Handbook, sec. 6.1.6); interval of a Cpk of "
               "1.45 from 30 parts",
        problem="Indices of a lot, and the 95 % interval of an index: are they those published?"),
)  # fmt: skip
