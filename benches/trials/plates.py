"""Plate thermometers under a cone: inertia and film by one step of radiation, the other step predicted.

Beside it the steel section once more, driven by plates of the heat capacity that the step gave: nothing else is new.
"""

import hashlib
from dataclasses import replace

import numpy as np

from benches.trials.ask import Row, answer, shared, skipped
from foretrial import twin
from foretrial.cases import TRIALS, furnace_section
from foretrial.models import (
    Body,
    Channel,
    Contact,
    Exchange,
    Extreme,
    Fit,
    Interest,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    Stage,
    Trial,
    quantities,
)
from foretrial.models.material import constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.twin.plate import STEFAN_BOLTZMANN

FOLDER = "nist_sp_steel_in_fire"
STEPS = (25, 75)  # kW/m2
DROP = 5.0  # K below its hottest: the lamp is out
PLATE = twin.read(TRIALS / "sp_section_test2.csv")["C21-PT1"].properties  # as stated of the section's plates
STATED = "as stated of the plates beside the section; spreads from two modellers"
FILM = Quantity(value=10.0, unit="W/(m2.K)", std=5.0, name="film", valid=(0.0, 200.0),
                source="declared: natural convection above a horizontal plate below a cone")  # fmt: skip
EMISSIVITY = Quantity(value=PLATE["emissivity"], std=PLATE["emissivity_std"], name="plate emissivity",
                      valid=(0.0, 1.0), source=STATED)  # fmt: skip
METAL = Material(name="plate", conductivity=constant(20.0, "W/(m.K)"),
                 density=Quantity(value=PLATE["density"], unit="kg/m3"),
                 heat_capacity=constant(PLATE["heat_capacity"], "J/(kg.K)", name="plate heat capacity",
                                        std=PLATE["heat_capacity_std"] / PLATE["heat_capacity"], source=STATED),
                 )  # fmt: skip
WOOL = Material(name="insulation",
                density=Quantity(value=PLATE["insulation_density"], unit="kg/m3", std=PLATE["insulation_density_std"],
                                 name="insulation density", source=STATED),
                conductivity=constant(PLATE["insulation_conductivity"], "W/(m.K)", name="insulation conductivity",
                                      std=0.3, source="stated for fire; 30 % declared"),
                heat_capacity=constant(PLATE["insulation_heat_capacity"], "J/(kg.K)"))  # fmt: skip
BACK = Quantity(value=15.0, unit="W/(m2.K)", std=9.0, name="film of the back", valid=(0.0, 200.0),
                source="declared: between adiabatic and 30, as a rectangle")  # fmt: skip
FREE = {"film": (1.0, 60.0), "plate heat capacity": (0.5, 2.0)}
SOLVER = Heat(cells=3, tolerance=0.05)
ASSUMPTIONS = (
    ("The irradiance is the nominal one, 3 % standard; its plate is taken to be of the kind that stood in the room.",
     "辐照度取标称值，标准不确定度 3 %；假定该板与室内试验所用板式温度计同型。"),
    ("When the shutter opened is not documented: 2 s standard of the logger's clock.",
     "快门开启时刻未见记载：以记录时钟 2 s 的标准不确定度计入。"),
    ("Readings are used until the plate is 5 K below its hottest: then the lamp is out.",
     "读数用至板温低于其最高值 5 K 为止：此后灯已熄灭。"),
)  # fmt: skip


def log(step: int) -> Trial:
    """The step response at so many kW/m2; nothing in the file says a unit, seconds and degrees come from its source."""
    path = shared() / FOLDER / f"Plate_TC_{step}_exp.csv"
    t, T = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)
    lit = slice(0, int(np.flatnonzero(T.max() - DROP <= T)[-1]) + 1)
    channel = Channel(
        name="plate", t=t[lit], values=T[lit] + 273.15, unit="K", logged_unit="degC", kind="plate thermometer",
        place=(0.0, 0.0, 0.0), std=1.0, resolution=0.1, bias=Quantity(value=0.0, unit="K", std=2.4),
        clock=Quantity(value=0.0, unit="s", std=2.0, name=f"shutter of {step} kW/m2", source="not documented"),
        undocumented=("when the shutter opened", "calibration"))  # fmt: skip
    return Trial(name=f"plate {step}", channels={"plate": channel}, licence="NIST notice",
                 raw={path.name: hashlib.sha256(path.read_bytes()).hexdigest()}, title=f"A plate at {step} kW/m2",
                 source="SP Sweden; firemodels/exp, SP_AST")  # fmt: skip


def process(trial: Trial, step: int) -> Process:
    """The plate on its insulation, one-dimensional; what it sees is as hot as the irradiance says."""
    seen = trial["plate"]
    start = Quantity(value=float(seen.values[0]), unit="K", std=1.0, name=f"start at {step} kW/m2",
                     source="its first reading")  # fmt: skip
    hot = (step * 1e3 / STEFAN_BOLTZMANN) ** 0.25
    cone = Quantity(value=hot, unit="K", std=0.25 * 0.03 * hot, name=f"cone at {step} kW/m2",
                    source="nominal irradiance, 3 % declared")  # fmt: skip
    deep = PLATE["insulation_thickness"]
    metal = Body(part=Part.slab(PLATE["thickness"], name="plate"), material=METAL, start=start)
    wool = Body(part=Part.slab(deep, name="insulation").moved(x=-deep), material=WOOL, start=start)
    front = Exchange(gas=start, radiant=cone, film=FILM, emissivity=EMISSIVITY)
    walls = {"plate.right": front, "plate.left": INSULATED, "insulation.right": INSULATED,
             "insulation.left": Exchange(gas=start, film=BACK)}  # fmt: skip
    return Process(name=trial.name, bodies=(metal, wool), contacts=(Contact(first="plate", second="insulation"),),
                   stages=(Stage(name="radiation", walls=walls, until=float(seen.t[-1]) + 10.0),))  # fmt: skip


def compared(step: int) -> twin.Experiment:
    """A step beside its one thermocouple."""
    trial = log(step)
    probe = Probe(name="plate", place=(0.0, 0.0, 0.0), body="plate")
    return twin.Experiment(trial=trial, process=process(trial, step), observe={"plate": probe}, window=(1.0, 1e9))


def requirement(step: int, until: float) -> Requirement:
    """Does the plate stay below a round number that lies above its balance?"""
    limit = {25: 500.0, 75: 800.0}[step]
    return Requirement(
        id=f"plate-{step}", text=f"Does the plate stay below {limit:g} degC under {step} kW/m2?",
        text_zh=f"板式温度计在 {step} kW/m2 辐照下是否低于 {limit:g} °C？",
        interest=Interest(observations=("metal",), statistic="max", window=(0.0, until)), limit=limit + 273.15,
        sense="at most", accuracy=20.0, verification="functional performance", display="degC")  # fmt: skip


def met(run: twin.Experiment, step: int) -> dict[str, tuple[float, float]]:
    """Where a step has been."""
    T = run.trial["plate"].values
    return {"irradiance, kW/m2": (float(step),) * 2, "plate, K": (float(T.min()), float(T.max()))}


def fitted(run: twin.Experiment) -> Fit:
    """Film and heat capacity by one step; what else is uncertain moves along."""
    free = set(FREE)
    along = [n for n, q in quantities(run.process).items() if n not in free and q.std > 0.0]
    along.append(run.trial["plate"].clock.name)
    return twin.calibrate((run,), free=FREE, solver=SOLVER, starts=3, nuisances=tuple(along))


def rows() -> list[Row]:
    """Each step fitted, the other predicted; the section with plates of the heat capacity that the first gave."""
    texts = [(f"plate-{b}", f"plate under {a} kW/m2", f"plate under {b} kW/m2") for a, b in (STEPS, STEPS[::-1])]
    last = ("section-plates", "I-section, trial 2, plates as the step gave", "I-section, trial 3, the same plates")
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, seen, unseen) for id, seen, unseen in (*texts, last)]
    runs = {step: compared(step) for step in STEPS}
    fits = {step: fitted(runs[step]) for step in STEPS}
    found = []
    for (a, b), (id, seen, unseen) in zip((STEPS, STEPS[::-1]), texts, strict=True):
        until = float(runs[b].trial["plate"].t[-1])
        judged = (Probe(name="metal", place=(0.0, 0.0, 0.0), body="plate"),)
        found.append(answer(id, seen, unseen, requirement(b, until), free=FREE, fit=fits[a], calibrated=(runs[a],),
                            validated=runs[b], judged=judged, solver=SOLVER, met=(met(runs[a], a), met(runs[b], b)),
                            assumptions=ASSUMPTIONS))  # fmt: skip
    return [*found, section(fits[STEPS[0]], *last)]


def refitted(channel: Channel, fit: Fit) -> Channel:
    """A plate of the room tests with the heat capacity and the insulation that a step gave, and with their doubt."""
    scale = {p.name: (float(v), float(s)) for p, v, s in
             zip(fit.parameters, fit.values, np.sqrt(np.diag(fit.covariance)), strict=True)}  # fmt: skip
    capacity, conductivity = scale["plate heat capacity"], scale["insulation conductivity"]
    own = channel.properties
    return replace(channel, properties={
        **own, "heat_capacity": own["heat_capacity"] * capacity[0],
        "heat_capacity_std": own["heat_capacity"] * capacity[1],
        "insulation_conductivity": own["insulation_conductivity"] * conductivity[0]})  # fmt: skip


def section(fit: Fit, id: str, seen: str, unseen: str) -> Row:
    """The question of the furnace section, asked of its own recipe in surroundings by the calibrated plates."""
    fire, judged = (_with_plates(name, fit) for name in ("sp_section_test2", "sp_section_test3"))
    first, second = (furnace_section.compared(trial) for trial in (fire, judged))
    solver = Heat(cells=2, tolerance=0.1)
    own = twin.calibrate((first,), free=furnace_section.FREE, solver=solver, search=Heat(cells=1, tolerance=0.5),
                         seed=furnace_section.SEEDS["starts"])  # fmt: skip
    row = answer(
        id, seen, unseen, furnace_section.REQUIREMENT, free=(), fit=own, calibrated=(first,), validated=second,
        solver=solver, judged=tuple(Extreme(name=f"hottest at {s}", body=s) for s in furnace_section.STATIONS),
        met=(furnace_section.met(fire), furnace_section.met(judged)),
        assumptions=furnace_section.ASSUMPTIONS)  # fmt: skip
    steel = dict(zip((p.name for p in fit.parameters), fit.values, strict=True))
    told = (f"Each plate with {steel['plate heat capacity']:.3g} times its stated heat capacity and "
            f"{steel['insulation conductivity']:.3g} times its insulation's conductivity, as {STEPS[0]} kW/m2 gave "
            "them; all else as at section.")  # fmt: skip
    return replace(row, words=(told, *row.words))


def _with_plates(name: str, fit: Fit) -> Trial:
    trial = twin.read(TRIALS / f"{name}.csv")
    changed = {n: refitted(c, fit) if c.kind == "plate thermometer" else c for n, c in trial.channels.items()}
    return replace(trial, name=f"{name}_plates", channels=changed, content="")
