"""A steel tube filled with pellets in a burning room, predicted with the film and emissivity that an I-section gave.

Another part in another test: flange and web of the section hide from each other, the tube hides nothing from itself.
"""

from dataclasses import replace

import numpy as np

from benches.trials.ask import Row, answer, kept, shared, skipped
from foretrial import twin
from foretrial.cases import TRIALS, furnace_section
from foretrial.cases.furnace_section import FIRE, SIDES, STATIONS, around
from foretrial.models import (
    Body,
    Contact,
    Curve,
    Extreme,
    Interest,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    Stage,
    Trial,
)
from foretrial.models.library import CARBON_STEEL
from foretrial.models.material import Property, constant
from foretrial.solvers import Heat

FOLDER = "nist_sp_steel_in_fire"
HEIGHT, WIDTH, WALL = 0.2, 0.1, 0.008  # m
APART = 1.0  # m, at which the three sections of the recipe lie beside each other
PLACES = {
    1: (0.0, 0.1),
    2: (0.05, 0.05),
    3: (0.05, 0.0),
    4: (0.05, -0.05),
    5: (0.0, -0.1),
    6: (-0.05, -0.05),
    7: (-0.05, 0.0),
    8: (-0.05, 0.05),
}  # m, a modeller's, on the faces
FIRST = {"A": 1, "B": 9, "C": 17}  # column of a station's first thermocouple; C's last four come after the plates
MODELLER = "a modeller's input of the test; 30 % declared"
PELLETS = Material(
    name="pellets", density=Quantity(value=317.0, unit="kg/m3"),
    conductivity=Property(curve=Curve.table([293.0, 1273.0], [0.1, 0.2]), unit="W/(m.K)", valid=(293.0, 1273.0),
                          scale=Quantity(value=1.0, std=0.3, name="pellet conductivity"), source=MODELLER),
    heat_capacity=constant(1000.0, "J/(kg.K)", name="pellet heat capacity", std=0.3, source=MODELLER))  # fmt: skip
SOLVER = Heat(cells=2, tolerance=0.1)
ASSUMPTIONS = (
    ("Places of the sensors are a modeller's, on the faces; pellets touch the tube all round.",
     "传感器位置取自建模者输入（位于表面）；填充颗粒与管壁四周接触。"),
    ("Film and emissivity are those of the I-section, whose flange and web hide from each other.",
     "换热系数与发射率取自工字钢（其翼缘与腹板相互遮挡）。"),
)  # fmt: skip


def log() -> Trial:
    """Test 1: steel and plates with the statements that the sidecars of the other two tests make of theirs."""
    path, like = shared() / FOLDER / "SP_AST_Test_1_exp.csv", twin.read(TRIALS / "sp_section_test2.csv")
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    raw = twin.import_csv(path, units={"Time": "s"} | dict.fromkeys(names[1:], "degC"), name="sp_tube_test1")
    web, plate = like["C4-A4"], like["C21-PT1"]
    use = np.unique(np.searchsorted(raw["C1-A1"].t, np.arange(0.0, FIRE + 61.0, 30.0)))
    channels = {}
    for n, station in enumerate(STATIONS):
        for k, (x, y) in PLACES.items():
            column = FIRST[station] + k - 1 + (12 if station == "C" and k > 4 else 0)
            name = f"C{column}-{station}{k}"
            channels[name] = replace(web, name=name, t=raw[name].t[use], values=raw[name].values[use], station=station,
                                     place=(x + APART * n, y, 0.0))  # fmt: skip
        for k, facing in enumerate(SIDES):
            name = f"C{21 + 4 * n + k}-PT{1 + 4 * n + k}"
            channels[name] = replace(plate, name=name, t=raw[name].t[use], values=raw[name].values[use],
                                     station=station, facing=facing)  # fmt: skip
    return kept(raw, channels)


def process(trial: Trial) -> Process:
    """Three stations of the tube with its pellets, each in the surroundings that its plates saw."""
    bodies, walls, contacts = [], {}, []
    for n, station in enumerate(STATIONS):
        mean = float(np.mean([c.values[0] for c in trial.where(kind="thermocouple", station=station)]))
        start = Quantity(value=mean, unit="K", std=1.0, name=f"start at {station}", source="mean of the thermocouples")
        tube = Part.tube_section(height=HEIGHT, width=WIDTH, wall=WALL, name=station).moved(x=APART * n)
        for facing, side in SIDES.items():
            tube = tube.with_patch(side, facing=facing)
        wide, high = WIDTH - 2 * WALL, HEIGHT - 2 * WALL
        inside = Part.sheet(wide, high, name=f"inside {station}").moved(x=APART * n - wide / 2, y=-high / 2)
        bodies += [Body(part=tube, material=CARBON_STEEL, start=start),
                   Body(part=inside, material=PELLETS, start=start)]  # fmt: skip
        contacts.append(Contact(first=station, second=f"inside {station}"))
        for plate in trial.where(kind="plate thermometer", station=station):
            walls[f"{station}.{SIDES[plate.facing]}"] = around(plate)
    walls |= {f"inside {s}.{side}": furnace_section.INSULATED for s in STATIONS for side in SIDES.values()}
    return Process(name=trial.name, bodies=tuple(bodies), contacts=tuple(contacts),
                   stages=(Stage(name="fire", walls=walls, until=FIRE),))  # fmt: skip


def compared(trial: Trial) -> twin.Experiment:
    """The tube beside its thermocouples, up to the end of the fire's first 15 minutes."""
    probes = {c.name: Probe(name=c.name, place=c.place, body=c.station) for c in trial.where(kind="thermocouple")}
    return twin.Experiment(trial=trial, process=process(trial), observe=probes, window=(1.0, FIRE))


REQUIREMENT = Requirement(
    id="tube", text="Does the filled tube stay below 550 degC at stations A, B and C for 15 minutes of test 1?",
    text_zh="填充钢管在试验 1 的前 15 分钟内，A、B、C 三个测站处是否低于 550 °C？",
    interest=Interest(observations=tuple(f"hottest at {s}" for s in STATIONS), statistic="max", window=(0.0, FIRE)),
    limit=823.15, sense="at most", accuracy=50.0, verification="design", display="degC")  # fmt: skip


def rows() -> list[Row]:
    """The I-section fitted in its trial 2, the tube predicted in its own."""
    texts = ("I-section, trial 2", "tube filled with pellets, trial 1")
    if not (shared() / FOLDER).is_dir():
        return [skipped("tube", FOLDER, *texts)]
    fire = twin.read(TRIALS / "sp_section_test2.csv")
    seen, unseen = furnace_section.compared(fire), compared(log())
    fit = twin.calibrate((seen,), free=furnace_section.FREE, solver=SOLVER, search=Heat(cells=1, tolerance=0.5),
                         seed=furnace_section.SEEDS["starts"])  # fmt: skip
    return [answer("tube", *texts, REQUIREMENT, free=(), fit=fit, calibrated=(seen,), validated=unseen, solver=SOLVER,
                   judged=tuple(Extreme(name=f"hottest at {s}", body=s) for s in STATIONS),
                   met=(furnace_section.met(fire), furnace_section.met(unseen.trial)),
                   assumptions=ASSUMPTIONS)]  # fmt: skip
