"""The nonlinear regression sets of the Statistical Reference Datasets, from both certified starts."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from foretrial.models import SolveError
from foretrial.twin.search import Descent, descend

from .problem import Absent, Problem, Reached, Resolution

Array = NDArray[np.float64]
Model = Callable[..., Array]
DIGITS = {"Lower": 6.0, "Average": 6.0, "Higher": 4.0}  # that a set of this difficulty has to reach
MOST = 11.0  # certified values are printed to eleven digits
CLOSE = 1e-24  # of the sum of squares: a search goes on as long as rounding lets it
STEPS = 2000


def _decays(x: Array, *b: Array) -> Array:
    return b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x)


def _peaks(x: Array, *b: Array) -> Array:
    return (b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
            + b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2))  # fmt: skip


def _cycles(x: Array, *b: Array) -> Array:
    year, first, second = (2.0 * np.pi * x / period for period in (12.0, b[3], b[6]))
    return (b[0] + b[1] * np.cos(year) + b[2] * np.sin(year) + b[4] * np.cos(first) + b[5] * np.sin(first)
            + b[7] * np.cos(second) + b[8] * np.sin(second))  # fmt: skip


MODELS: dict[str, Model] = {
    "Bennett5": lambda x, a, b, c: a * (b + x) ** (-1.0 / c),
    "BoxBOD": lambda x, a, b: a * (1.0 - np.exp(-b * x)),
    "Chwirut1": lambda x, a, b, c: np.exp(-a * x) / (b + c * x),
    "Chwirut2": lambda x, a, b, c: np.exp(-a * x) / (b + c * x),
    "DanWood": lambda x, a, b: a * x**b,
    "ENSO": _cycles,
    "Eckerle4": lambda x, a, b, c: a / b * np.exp(-0.5 * ((x - c) / b) ** 2),
    "Gauss1": _peaks,
    "Gauss2": _peaks,
    "Gauss3": _peaks,
    "Hahn1": lambda x, a, b, c, d, e, f, g: (a + b * x + c * x**2 + d * x**3) / (1 + e * x + f * x**2 + g * x**3),
    "Kirby2": lambda x, a, b, c, d, e: (a + b * x + c * x**2) / (1.0 + d * x + e * x**2),
    "Lanczos1": _decays,
    "Lanczos2": _decays,
    "Lanczos3": _decays,
    "MGH09": lambda x, a, b, c, d: a * (x**2 + x * b) / (x**2 + x * c + d),
    "MGH10": lambda x, a, b, c: a * np.exp(b / (x + c)),
    "MGH17": lambda x, a, b, c, d, e: a + b * np.exp(-x * d) + c * np.exp(-x * e),
    "Misra1a": lambda x, a, b: a * (1.0 - np.exp(-b * x)),
    "Misra1b": lambda x, a, b: a * (1.0 - (1.0 + b * x / 2.0) ** -2),
    "Misra1c": lambda x, a, b: a * (1.0 - (1.0 + 2.0 * b * x) ** -0.5),
    "Misra1d": lambda x, a, b: a * b * x / (1.0 + b * x),
    "Nelson": lambda x, a, b, c: a - b * x[0] * np.exp(-c * x[1]),
    "Rat42": lambda x, a, b, c: a / (1.0 + np.exp(b - c * x)),
    "Rat43": lambda x, a, b, c, d: a / (1.0 + np.exp(b - c * x)) ** (1.0 / d),
    "Roszman1": lambda x, a, b, c, d: a - b * x - np.arctan(c / (x - d)) / np.pi,
    "Thurber": lambda x, a, b, c, d, e, f, g: (a + b * x + c * x**2 + d * x**3) / (1 + e * x + f * x**2 + g * x**3),
}


def folder() -> Path:
    """Where the sets are looked for: below FORETRIAL_SHARED, else below `shared` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    return Path(os.environ.get("FORETRIAL_SHARED", beside)) / "reference/nist_strd"


def data(file: Path) -> tuple[Array, Array]:
    """Predictors (n,) or (2, n), and response (n,); the logarithm of the response where the model is of it."""
    lines = file.read_text(encoding="ascii").splitlines()
    head = max(i for i, line in enumerate(lines) if line.startswith("Data:"))
    table = np.array([[float(v) for v in line.split()] for line in lines[head + 1 :] if line.strip()])
    y, x = table[:, 0], table[:, 1:].T
    return (x[0] if len(x) == 1 else x), np.log(y) if "log[y]" in "".join(lines) else y


def fit(model: Model, x: Array, y: Array, begin: Array) -> Descent:
    """Least squares from one start, by the search that calibrates; slopes by complex steps, exact to rounding."""

    def residuals(b: Array) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            r = model(x, *b) - y
            size = np.maximum(np.abs(b), 1e-30) * 1e-20
            moved = [[complex(v, size[i] if i == j else 0.0) for j, v in enumerate(b)] for i in range(b.size)]
            J = np.stack([np.imag(model(x, *one)) / size[i] for i, one in enumerate(moved)], axis=1)
        if not (np.isfinite(r).all() and np.isfinite(J).all()):
            raise SolveError(f"the model has no value at {b.tolist()}. It has one nearby. Take a shorter step.")
        return r, J

    return descend(lambda _: residuals, begin, lower=-math.inf, upper=math.inf, rounds=1, steps=STEPS, close=CLOSE)


def digits(found: Array, certified: Array) -> float:
    """Digits in which the worst parameter agrees with its certified value, eleven at most."""
    error = np.abs(found - certified) / np.abs(certified)
    return float(min(MOST, -np.log10(max(float(error.max()), 1e-300))))


def certified() -> dict[str, tuple[str, Array, tuple[Array, Array]]]:
    """Difficulty, certified values and both starts of every set."""
    path = folder() / "certified.json"
    if not path.is_file():
        raise Absent(
            f"there is no {path.name} in {folder().as_posix()}. The row needs the nonlinear sets of the NIST "
            "StRD (itl.nist.gov/div898/strd/nls). Put them there, or name the folder in FORETRIAL_SHARED."
        )
    found = {}
    for name, one in json.loads(path.read_text(encoding="utf-8")).items():
        columns = [np.array([p[key] for p in one["params"].values()]) for key in ("certified", "start1", "start2")]
        found[name] = (one["level"], columns[0], (columns[1], columns[2]))
    return found


def _reach(start: int) -> Reached:
    short, note, evaluations, count = math.inf, [], 0, 0
    for name, (level, answer, begins) in certified().items():
        x, y = data(folder() / f"{name}.dat")
        found = fit(MODELS[name], x, y, begins[start - 1])
        own = digits(found.end, answer)
        evaluations, count = evaluations + found.evaluations, count + 1
        short = min(short, own - DIGITS[level])
        note.append(f"{name} {own:.1f}")
    return Reached(answer=0.0, reached=max(0.0, -short), cells=start, steps=evaluations,
                   note=f"{count} sets, digits: {', '.join(note)}")  # fmt: skip


PROBLEMS = (
    Problem(
        id="StRD", unit="digits", at=(Resolution(cells=1, tolerance=0.0), Resolution(cells=2, tolerance=0.0)),
        source="NIST Statistical Reference Datasets, nonlinear regression, certified values", reach=_reach,
        problem="Every nonlinear set of the StRD, fitted from its start 1 and from its start 2: by how many digits "
                "does the worst parameter of any set miss 6 (lower and average difficulty) or 4 (higher)?"),
)  # fmt: skip
