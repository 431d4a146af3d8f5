"""The level of the Nile: a random walk behind noisy readings, its variances by greatest likelihood."""

import os
from pathlib import Path

import numpy as np

from foretrial.twin.kalman import StateSpace, kalman, most_likely, unknown

from .problem import Absent, Problem, Reached, Resolution

ANSWERS = {"noise variance": 15098.5, "level variance": 1469.2, "log likelihood": -632.5456, "last level": 798.370,
           "its variance": 4032.16}  # fmt: skip


def local_level(variances: np.ndarray) -> StateSpace:
    """A level that walks at random, read with noise; variances (2,) are those of the readings and of the walk."""
    return StateSpace(see=np.eye(1), noise=variances[:1, None], move=np.eye(1), drift=variances[1:, None],
                      begin=unknown(1))  # fmt: skip


def _flow() -> np.ndarray:
    beside = Path(__file__).resolve().parents[3] / "shared"
    path = Path(os.environ.get("FORETRIAL_SHARED", beside)) / "reference/nile.csv"
    if not path.is_file():
        raise Absent(
            f"there is no {path.as_posix()}. The row needs the annual flow 1871-1970, 1e8 m3 (Cobb, Biometrika 65 "
            "(1978) 243-251; public domain) in columns year and volume. Put it there, or name the folder above "
            "reference in FORETRIAL_SHARED."
        )
    return np.loadtxt(path, delimiter=",", skiprows=1)[:, 1]


def _reach(share: int) -> Reached:
    """The value that is farthest off its answer, as a ratio; the search begins at the variance over `share`."""
    y = _flow()
    found = most_likely(local_level, y, begin=[y.var() / share] * 2)
    run = kalman(local_level(found), y)
    last = run.after[-1]
    reached = dict(zip(ANSWERS, (*found, run.density, last.mean[0], last.covariance[0, 0]), strict=True))
    worst = max(ANSWERS, key=lambda name: abs(reached[name] / ANSWERS[name] - 1.0))
    note = ", ".join(f"{name} {value:.7g}" for name, value in reached.items())
    return Reached(answer=1.0, reached=float(reached[worst] / ANSWERS[worst]), cells=share, steps=y.size,
                   note=f"{note}; worst: {worst}")  # fmt: skip


PROBLEMS = (
    Problem(
        id="Nile",
        problem="Which variances has the local level model of the Nile's annual flow, and where does its level end?",
        source="Durbin and Koopman, Time Series Analysis by State Space Methods (2012), secs. 2.2-2.10",
        unit="1",
        at=(Resolution(cells=1, tolerance=1e-4), Resolution(cells=4, tolerance=1e-4)),
        reach=_reach,
    ),
)
