"""Tension of 304L bars: what the few readings before yield say of the modulus, and of two bars more."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benches.trials.ask import OUT, Row, shared, skipped
from foretrial import twin
from foretrial.models import Parameter, TrialError
from foretrial.twin.identify import identify

FOLDER = "sandia_304L_6061_tension"
UNITS = {"time": "s", "displacement": "in", "load": "lbf", "engineering_strain": "1", "engineering_stress": "ksi"}
FITTED, PREDICTED = ("R1S1", "R1S2", "R2S1", "R2S2"), ("R3S1", "R3S2")
ELASTIC = 85.0  # MPa, half of the least proof strength of 304L, 170 MPa (ASTM A240)
LINES = 40  # the elastic branch is over before; three of the logs hold a time twice further down, and are refused whole
PRIOR = (195.0, 10.0)  # GPa: handbooks give 193 to 200 for 304L at room temperature; 5 % declared
ACCURACY = 10.0  # GPa
Array = NDArray[np.float64]


def branch(name: str) -> tuple[Array, Array]:
    """Strain (n,) and stress (n,) in GPa of one bar before yield, read through a copy of the log's first lines."""
    path = log(name)
    copy = OUT / f"{path.stem}-first-{LINES}{path.suffix}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines()[:LINES]
    copy.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    trial = twin.import_csv(copy, units=UNITS, name=name)
    strain, stress = trial["engineering_strain"].values, trial["engineering_stress"].values / 1e9
    use = np.arange(stress.size) < np.argmax(stress > ELASTIC / 1000.0)
    return strain[use], stress[use]


def log(name: str) -> Path:
    """The log of one bar."""
    return shared() / FOLDER / f"cleaned_{name}-Large.dat"


def line(strain: Array, stress: Array) -> tuple[float, float, float, int]:
    """Slope, its standard uncertainty, intercept (GPa) of the straight line, and its number of readings."""
    x = strain - strain.mean()
    slope = float(x @ stress / (x @ x))
    left = stress - stress.mean() - slope * x
    std = float(np.sqrt(left @ left / max(strain.size - 2, 1) / (x @ x)))
    return slope, std, float(stress.mean() - slope * strain.mean()), strain.size


def refusals() -> list[str]:
    """What the reader says of each log: without units, and whole."""
    said = []
    for name, units in [(FITTED[0], {}), *((name, UNITS) for name in (*FITTED, *PREDICTED))]:
        try:
            twin.import_csv(log(name), units=units)
        except TrialError as cause:
            said.append(f"Refused: {cause}")
    return said


def rows() -> list[Row]:
    """Four bars fitted, two predicted; whether the branch tells the modulus is asked of `identify`."""
    id, fitted, predicted = "tension-304L", f"{', '.join(FITTED)} below {ELASTIC:g} MPa", ", ".join(PREDICTED)
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, fitted, predicted)]
    bars = [branch(name) for name in FITTED]
    lines = [line(*bar) for bar in bars]
    slopes, starts = np.array([one[0] for one in lines]), np.array([one[2] for one in lines])
    modulus, scatter, n = float(slopes.mean()), float(slopes.std(ddof=1)), slopes.size
    std, factor = scatter / np.sqrt(n), float(student.ppf(0.975, n - 1))
    errors = np.concatenate([modulus * x + starts.mean() - y for x, y in bars])
    noise = float(np.sqrt(np.mean(np.concatenate([s * x + a - y for (s, _, a, _), (x, y) in
                                                  zip(lines, bars, strict=True)]) ** 2)))  # fmt: skip
    unseen = [branch(name) for name in PREDICTED]
    missed = np.concatenate([modulus * x + starts.mean() - y for x, y in unseen])
    u = np.concatenate([np.sqrt(noise**2 + starts.var(ddof=1) + (scatter * x) ** 2 * (1 + 1 / n)) for x, _ in unseen])
    words = [f"{name}: E = {s:.0f} ± {float(student.ppf(0.975, k - 2)) * e:.0f} GPa (95 %) from {k} readings."
             for name, (s, e, _, k) in zip(FITTED, lines, strict=True)]  # fmt: skip
    words += [f"E = {modulus:.0f} ± {factor * std:.0f} GPa (95 %), bar to bar {scatter:.0f} GPa.",
              *_seen(modulus, std)]  # fmt: skip
    for name, bar in zip(PREDICTED, unseen, strict=True):
        own = line(*bar)
        inside = abs(own[0] - modulus) <= factor * scatter * np.sqrt(1 + 1 / n)
        words.append(f"{name}: its own E = {own[0]:.0f} GPa from {own[3]} readings lies "
                     f"{'inside' if inside else 'outside'} what the four bars leave open.")  # fmt: skip
    enough = factor * std <= ACCURACY
    words.append(f"The expanded uncertainty {factor * std:.0f} GPa {'is within' if enough else 'exceeds'} the required "
                 f"{ACCURACY:g} GPa{'' if enough else ': the elastic branch is too sparse for E'}.")  # fmt: skip
    return [Row(id=id, fitted=fitted, predicted=predicted, unit="MPa", state="PASS" if enough else "INCONCLUSIVE",
                calibrated=1000.0 * float(np.sqrt(np.mean(errors**2))),
                unseen=1000.0 * float(np.sqrt(np.mean(missed**2))), u_val=1000.0 * float(np.sqrt(np.mean(u**2))),
                coverage=float(np.mean(np.abs(missed) <= 2.0 * u)), words=(*words, *refusals()))]  # fmt: skip


def _seen(modulus: float, std: float) -> list[str]:
    """How much of what was known beforehand the bars narrow, in the tool's words."""
    weight = PRIOR[1] ** 2 / (PRIOR[1] ** 2 + std**2)
    value = PRIOR[0] + weight * (modulus - PRIOR[0])
    parameter = Parameter(name="E", unit="GPa", lower=50.0, upper=400.0, prior=PRIOR)
    said = identify([parameter], np.array([value]), np.array([[weight * std**2]]), widths=np.array([PRIOR[1]]),
                    scaled=np.array([[PRIOR[1] / std]]), effective=1.0)  # fmt: skip
    return [f"With handbooks' {PRIOR[0]:g} ± {2 * PRIOR[1]:g} GPa beforehand: {en}" for en, _ in said]
