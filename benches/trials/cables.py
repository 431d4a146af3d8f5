"""Cables in a radiant shroud: film and emissivity by the thin ones, the thickest predicted.

Asked of two models: one round bar of polymer, as THIEF has it, and a jacket round a core that holds copper.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benches.trials.ask import Row, answer, kept, shared, skipped
from foretrial import twin
from foretrial.models import (
    Body,
    Channel,
    Contact,
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
    Stage,
    Trial,
    quantities,
)
from foretrial.models.material import constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

FOLDER = "nist_carolfire_cables"
THIN, THICK = (19, 21, 22), (1, 2, 3)  # all bare ones below 13 mm, and the first three of 16.3 mm, the thickest
THINNED = 10  # every tenth reading, 10 s apart
POLYMER, COPPER, PACKED = 1400.0, 8960.0, 0.85  # kg/m3, kg/m3, and how much of a core is not air
THIEF = "THIEF assumptions of NUREG/CR-6931"
CONDUCTIVITY = constant(0.2, "W/(m.K)", name="cable conductivity", std=0.25, source=f"{THIEF}; 25 % declared")
CAPACITY = constant(1500.0, "J/(kg.K)", name="cable heat capacity", std=0.15, source=f"{THIEF}; 15 % declared")
FILM = Quantity(value=10.0, unit="W/(m2.K)", std=5.0, name="film", valid=(0.0, 200.0),
                source="declared: natural convection to the air of an open-ended shroud")  # fmt: skip
EMISSIVITY = Quantity(value=0.8, std=0.15, name="effective emissivity", valid=(0.0, 1.0),
                      source="declared: 0.95 less what the open ends take")  # fmt: skip
FREE = {"film": (1.0, 40.0), "effective emissivity": (0.2, 1.0)}
Inside = Callable[[Mapping[str, float], float], tuple[Body, ...]]
SOLVER = Heat(along=(24, None, None), tolerance=0.1)
INSIDE = {
    "cable": ("A cable is a uniform round bar of its measured mass; its jacket and its conductors are one.",
              "电缆视为质量均布的圆棒：护套与导体混为一体。"),
    "layered": ("A jacket of 1400 kg/m3 lies round a core of copper and polymer that is packed to 85 %; how much copper"
                " there is follows from mass and size and is not documented.",
                "密度 1400 kg/m3 的护套包裹由铜与聚合物填充至 85 % 的线芯；铜含量由质量与尺寸推得，未见记载。"),
}  # fmt: skip
ASSUMPTIONS = (
    ("It sees the shroud with one effective emissivity, and air at the temperature of the first reading.",
     "电缆以单一有效发射率面对辐射罩，空气温度取首个读数。"),
    ("Readings are used until a cable is hotter than its shroud, or that falls for good below four fifths of its rise: "
     "fire is not modelled.",
     "读数仅用至电缆温度超过辐射罩或辐射罩最终降至温升的五分之四之前：不模拟燃烧。"),
)  # fmt: skip


def geometry(test: int) -> Mapping[str, float]:
    """Diameter, jacket (m) and mass per length (kg/m) of a test's cables."""
    with (shared() / FOLDER / "geometry.csv").open(encoding="utf-8") as file:
        [row] = [row for row in csv.DictReader(file) if int(row["test"]) == test]
    return {"diameter": float(row["cable_diameter_mm"]) / 1000.0, "mass": float(row["mass_per_length_kg_m"]),
            "jacket": float(row["jacket_thickness_mm"]) / 1000.0}  # fmt: skip


def log(test: int, *, between: float = 0.0) -> Trial:
    """One test up to its first fire, every tenth reading; `between` (K) is how far equal cables differ, each its own.

    Nothing in the file says a unit; seconds and degrees Celsius come from its source.
    """
    path = shared() / FOLDER / f"CAROLFIRE_PT_{test}.csv"
    with path.open(encoding="utf-8") as file:
        columns = next(csv.reader(file))[1:]
    trial = twin.import_csv(path, units={"Time": "s"} | dict.fromkeys(columns, "degC"), name=f"PT {test}")
    size = geometry(test)
    deep = size["diameter"] / 2.0 - size["jacket"]
    shroud, cables = trial["Shroud"], [c for n, c in trial.channels.items() if n != "Shroud"]
    use = np.flatnonzero((shroud.t >= 0.0) & (shroud.t < burning(shroud, cables)))[::THINNED]
    channels = {"Shroud": replace(_cut(shroud, use), drives=True)}
    for one in cables:
        channels[one.name] = replace(_cut(one, use), kind="thermocouple", place=(deep, 0.0, 0.0), std=1.0,
                                     place_std=size["jacket"] / np.sqrt(12.0),
                                     bias=Quantity(value=0.0, unit="K", std=float(np.hypot(between, 1.3))))  # fmt: skip
    return kept(trial, channels)


def burning(shroud: Channel, cables: list[Channel]) -> float:
    """When the first cable is hotter than its shroud, at the latest when that last has four fifths of its rise, s."""
    hottest = np.nanmax([c.values for c in cables], axis=0)
    rise = shroud.values - shroud.values[0]
    ends = (shroud.t > 60.0) & (hottest > shroud.values)
    hot = shroud.t[rise >= 0.8 * rise.max()]
    return float(min(shroud.t[np.argmax(ends)], hot[-1])) if ends.any() else float(hot[-1])


def _cut(channel: Channel, use: np.ndarray) -> Channel:
    return replace(channel, t=channel.t[use], values=channel.values[use])


def bar(size: Mapping[str, float], first: float) -> tuple[Body, ...]:
    """A cable as one round bar."""
    density = Quantity(value=size["mass"] / (np.pi * size["diameter"] ** 2 / 4.0), unit="kg/m3")
    material = Material(name="cable", density=density, conductivity=CONDUCTIVITY, heat_capacity=CAPACITY)
    return (Body(part=Part.rod(size["diameter"] / 2.0, name="cable"), material=material, start=first),)


def layers(size: Mapping[str, float], first: float) -> tuple[Body, ...]:
    """A cable as a jacket round a core of copper and polymer, the copper's share by mass, size and packing.

    The core conducts like copper wires in a polymer (Rayleigh, Phil. Mag. 34 (1892) 481-502, first term).
    """
    outer, inner = size["diameter"] / 2.0, size["diameter"] / 2.0 - size["jacket"]
    around = np.pi * (outer**2 - inner**2) * POLYMER
    density = (size["mass"] - around) / (np.pi * inner**2)
    wires = (density - PACKED * POLYMER) / (COPPER - POLYMER)  # of the core's section
    share = wires * COPPER / density
    core = Material(
        name="core", density=Quantity(value=density, unit="kg/m3"),
        conductivity=replace(CONDUCTIVITY, curve=Curve.constant(0.2 * (1.0 + wires) / (1.0 - wires))),
        heat_capacity=constant(share * 390.0 + (1.0 - share) * 1500.0, "J/(kg.K)", name="core heat capacity", std=0.1,
                               source="copper 390, polymer 1500; 10 % for how the core is packed"))  # fmt: skip
    jacket = Material(name="jacket", density=Quantity(value=POLYMER, unit="kg/m3"), conductivity=CONDUCTIVITY,
                      heat_capacity=CAPACITY)  # fmt: skip
    return (Body(part=Part.rod(outer, bore=inner, name="cable"), material=jacket, start=first),
            Body(part=Part.rod(inner, name="core"), material=core, start=first))  # fmt: skip


def process(trial: Trial, test: int, inside: Inside) -> Process:
    """The cable under its shroud."""
    shroud, first = trial["Shroud"], float(np.mean([c.values[0] for n, c in trial.channels.items() if n != "Shroud"]))
    air = Quantity(value=first, unit="K", std=20.0, name=f"air of {trial.name}",
                   source="first reading; 20 K declared for what the shroud warms")  # fmt: skip
    wall = Exchange(gas=air, radiant=Signal(curve=Curve.table(shroud.t, shroud.values), unit="K"), film=FILM,
                    emissivity=EMISSIVITY)  # fmt: skip
    bodies = inside(geometry(test), first)
    walls = {f"{body.name}.{side}": INSULATED for body in bodies for side in ("side", "bore")} | {"cable.side": wall}
    stage = Stage(name="shroud", walls=walls, until=float(shroud.t[-1]) + 1e-6)
    touching = tuple(Contact(first="cable", second=body.name) for body in bodies[1:])
    return Process(name=trial.name, bodies=bodies, stages=(stage,), contacts=touching)


def compared(test: int, between: float, inside: Inside) -> twin.Experiment:
    """A test beside its thermocouples."""
    trial = log(test, between=between)
    probes = {n: Probe(name=n, place=c.place, body="cable")
              for n, c in trial.channels.items() if n != "Shroud" and c.place is not None}  # fmt: skip
    return twin.Experiment(trial=trial, process=process(trial, test, inside), observe=probes, window=(1.0, 1e9))


def spread() -> float:
    """How far equal cables at equal places differ, K: pooled over the thin tests alone, which calibrate."""
    squares = []
    for test in THIN:
        cables = np.array([c.values for n, c in log(test).channels.items() if n != "Shroud"])
        squares.append(np.nanvar(cables, axis=0, ddof=1))
    return float(np.sqrt(np.nanmean(np.concatenate(squares))))


def requirement(id: str, test: int, until: float) -> Requirement:
    """Does a cable stay below the temperature at which a thermoset one is taken to fail?"""
    return Requirement(
        id=id, text=f"Do the cables of test PT {test} stay below 330 degC under the jacket while they do "
        "not burn?", text_zh=f"PT {test} 试验中，电缆未燃烧期间护套下温度是否低于 330 °C？",
        interest=Interest(observations=("below the jacket",), statistic="max", window=(0.0, until)), limit=603.15,
        sense="at most", accuracy=40.0, verification="functional performance", display="degC")  # fmt: skip


def met(run: twin.Experiment, test: int) -> dict[str, tuple[float, float]]:
    """Where a test has been."""
    shroud, size = run.trial["Shroud"].values, geometry(test)
    return {"shroud, K": (float(shroud.min()), float(shroud.max())), "diameter, m": (size["diameter"],) * 2}


def asked(prefix: str, inside: Inside, between: float) -> list[Row]:
    """Thin cables fitted, thick ones predicted, by one model of what is inside."""
    seen = tuple(compared(test, between, inside) for test in THIN)
    along = sorted({n for run in seen for n in quantities(run.process) if n.startswith(("air of", "cable ", "core "))})
    fit = twin.calibrate(seen, free=FREE, solver=SOLVER, starts=3, nuisances=along)
    found = []
    for test in THICK:
        unseen = compared(test, between, inside)
        until = float(unseen.trial["Shroud"].t[-1])
        where = [*(met(run, t) for run, t in zip(seen, THIN, strict=True)), met(unseen, test)]
        deep = unseen.trial["Cable 1"].place or (0.0, 0.0, 0.0)
        judged = (Probe(name="below the jacket", place=deep, body="cable"),)
        id, *texts = _texts(prefix, test)
        found.append(answer(id, *texts, requirement(id, test, until), free=FREE, fit=fit, calibrated=seen,
                            validated=unseen, judged=judged, solver=SOLVER, met=where,
                            assumptions=(INSIDE[prefix], *ASSUMPTIONS)))  # fmt: skip
    return found


def _texts(prefix: str, test: int) -> tuple[str, str, str]:
    kind = ", jacket and core" if prefix == "layered" else ""
    return f"{prefix}-{test}", f"PT 19, 21, 22: 10.2 to 12.4 mm{kind}", f"PT {test}: 16.3 mm"


def rows() -> list[Row]:
    """One bar, and a jacket round a core."""
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, *texts) for prefix in MODELS for id, *texts in (_texts(prefix, t) for t in THICK)]
    between = spread()
    return [row for prefix, inside in MODELS.items() for row in asked(prefix, inside, between)]


MODELS: Mapping[str, Inside] = {"cable": bar, "layered": layers}
