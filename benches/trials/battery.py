"""Three 18650 cells: film and heat capacity by a discharge at 2C, the temperature at 1C and at 0.5C predicted."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from benches.trials.ask import Row, answer, shared, skipped
from foretrial import twin
from foretrial.models import (
    Body,
    Channel,
    Curve,
    Exchange,
    Interest,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    Signal,
    Source,
    Stage,
    Trial,
    quantities,
)
from foretrial.models.material import constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

FOLDER = "battery_18650_dmegc"
RUNS = {"2C": "Rt_cx2_data", "1C": "ref_data", "0.5C": "Rt_c_2_data"}
CELLS = (1, 2, 3)
RADIUS, LENGTH = 0.009, 0.065  # m, an 18650 by its name
VOLUME = np.pi * RADIUS**2 * LENGTH
DENSITY = Quantity(value=0.0465 / VOLUME, unit="kg/m3", std=0.0009 / VOLUME, name="cell density",
                   source="45 to 48 g, as a rectangle")  # fmt: skip
CONDUCTIVITY = constant(1.0, "W/(m.K)", name="cell conductivity", std=0.5,
                        source="declared: across the winding, published cells lie between 0.2 and 3")  # fmt: skip
CAPACITY = constant(950.0, "J/(kg.K)", name="cell heat capacity", std=0.15,
                    source="declared: cp is not given; published cells lie between 800 and 1100")  # fmt: skip
CELL = Material(name="cell", density=DENSITY, conductivity=CONDUCTIVITY, heat_capacity=CAPACITY)
FILM = Quantity(value=12.0, unit="W/(m2.K)", std=6.0, name="film", valid=(0.0, 200.0),
                source="declared: radiation and natural convection, or a slow fan")  # fmt: skip
FREE = {"film": (1.0, 100.0), "cell heat capacity": (0.4, 2.0)}
SOLVER = Heat(along=(12, None, None), tolerance=0.01)
ASSUMPTIONS = (
    ("All heat is current times (open-circuit voltage by charge passed, of the 1/20C discharge, less voltage): "
     "reversible heat is left out.", "发热全取电流 ×（1/20C 放电所得开路电压 − 端电压），未计可逆热。"),
    ("The can is a uniform round bar that loses heat through its side alone.", "电芯视为仅侧面散热的均匀圆柱。"),
)  # fmt: skip


def log(run: str) -> Trial:
    """The temperature of each cell in one kind of discharge, with current and voltage as channels that drive."""
    channels: dict[str, Channel] = {}
    raw = {}
    for cell in CELLS:
        path = shared() / FOLDER / f"Exp25_R{cell}.mat"
        raw[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        held = _held(path, RUNS[run])
        t, kind = held.t.astype(float), {"station": f"cell {cell}"}
        channels[f"T{cell}"] = Channel(
            name=f"T{cell}", t=t, values=held.T + 273.15, unit="K", logged_unit="degC", kind="thermocouple",
            std=0.05, resolution=0.1, bias=Quantity(value=0.0, unit="K", std=1.0 / np.sqrt(3.0)),
            place=(RADIUS, 0.0, 0.0), undocumented=("calibration",), **kind)  # fmt: skip
        channels[f"I{cell}"] = Channel(name=f"I{cell}", t=t, values=held.I, unit="A", logged_unit="A", drives=True,
                                       std=0.003, **kind)  # fmt: skip
        channels[f"U{cell}"] = Channel(name=f"U{cell}", t=t, values=_open(path, held.Q) - held.V, unit="V",
                                       logged_unit="V", drives=True, std=0.005, **kind)  # fmt: skip
    return Trial(
        name=f"battery {run}",
        channels=channels,
        raw=raw,
        licence="MIT",
        title=f"18650 cells, {run} discharge",
        source="Wang et al. 2025, DMEGC INR18650 cells in a chamber at 25 degC; thermocouple +- 1 degC",
    )


def _held(path: Path, name: str) -> Any:
    return loadmat(path, squeeze_me=True, struct_as_record=False)[name]


def _open(path: Path, passed: np.ndarray) -> np.ndarray:
    slow = _held(path, "ocv_data")
    Q, first = np.unique(slow.Q, return_index=True)
    return np.asarray(np.interp(passed, Q, slow.V[first]))


def process(trial: Trial) -> Process:
    """Three round bars in one chamber, each heated by what its own logger saw."""
    bodies, walls, sources = [], {}, []
    chamber = Quantity(value=298.15, unit="K", std=0.5, name=f"chamber of {trial.name}",
                       source="set to 25 degC; 0.5 K declared")  # fmt: skip
    for cell in CELLS:
        name, seen = f"cell {cell}", trial[f"T{cell}"]
        start = Quantity(value=float(seen.values[0]), unit="K", std=0.1, name=f"start of {name}, {trial.name}",
                         source="its first reading")  # fmt: skip
        bodies.append(Body(part=Part.rod(RADIUS, name=name), material=CELL, start=start))
        walls |= {f"{name}.side": Exchange(gas=chamber, film=FILM), f"{name}.bore": INSULATED}
        watts = trial[f"I{cell}"].values * trial[f"U{cell}"].values
        rate = Signal(curve=Curve.table(seen.t, watts / VOLUME), unit="W/m3")
        sources.append(Source(body=name, rate=rate))
    until = float(max(trial[f"T{cell}"].t[-1] for cell in CELLS))
    stage = Stage(name="discharge", walls=walls, until=until, sources=tuple(sources))
    return Process(name=trial.name, bodies=tuple(bodies), stages=(stage,))


def compared(run: str) -> twin.Experiment:
    """A discharge beside the thermocouples on the cans."""
    trial = log(run)
    probes = {f"T{c}": Probe(name=f"T{c}", place=(RADIUS, 0.0, 0.0), body=f"cell {c}") for c in CELLS}
    return twin.Experiment(trial=trial, process=process(trial), observe=probes, window=(1.0, 1e9))


def requirement(run: str, until: float) -> Requirement:
    """May a cell warm by 5 K in a chamber of 25 degC? Said to the thermocouple's own tolerance of 1 K."""
    return Requirement(
        id=f"battery-{run}", text=f"Do all three cells stay below 30 degC, 5 K above the chamber, at {run}?",
        text_zh=f"{run} 放电时三只电芯是否均低于 30 °C（比环境箱高 5 K）？",
        interest=Interest(observations=tuple(f"can {c}" for c in CELLS), statistic="max", window=(0.0, until)),
        limit=303.15, sense="at most", accuracy=1.0, verification="functional performance", display="degC")  # fmt: skip


def met(run: twin.Experiment) -> dict[str, tuple[float, float]]:
    """Heat made, and the temperatures that were read."""
    watts = [run.trial[f"I{c}"].values * run.trial[f"U{c}"].values for c in CELLS]
    values = [run.trial[f"T{c}"].values for c in CELLS]
    return {"heat of a cell, W": (0.0, float(max(w.max() for w in watts))),
            "temperature, K": (float(min(v.min() for v in values)), float(max(v.max() for v in values)))}  # fmt: skip


def rows() -> list[Row]:
    """2C fitted; 1C and 0.5C predicted."""
    ids = {run: f"battery-{run}" for run in ("1C", "0.5C")}
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, "2C, three cells", f"{run}, three cells") for run, id in ids.items()]
    seen = compared("2C")
    starts = [name for name in quantities(seen.process) if name.startswith(("start", "chamber"))]
    fit = twin.calibrate((seen,), free=FREE, priors={"cell heat capacity": (1.0, 0.15)}, solver=SOLVER, starts=3,
                         nuisances=("cell density", "cell conductivity", *starts))  # fmt: skip
    judged = tuple(Probe(name=f"can {c}", place=(RADIUS, 0.0, 0.0), body=f"cell {c}") for c in CELLS)
    found = []
    for run, id in ids.items():
        unseen = compared(run)
        until = float(max(unseen.trial[f"T{c}"].t[-1] for c in CELLS))
        found.append(answer(id, "2C, three cells", f"{run}, three cells", requirement(run, until), free=FREE, fit=fit,
                            calibrated=(seen,), validated=unseen, judged=judged, solver=SOLVER,
                            met=(met(seen), met(unseen)), assumptions=ASSUMPTIONS))  # fmt: skip
    return found
