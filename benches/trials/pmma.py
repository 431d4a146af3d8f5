"""Acrylic glass that gasifies under a radiant heater: conduction by two thin discs, a thick one predicted.

Asked of two models: one that only heats up, and one whose front cannot get hotter than where it gasifies. Neither
recedes: readings are used for as long as those of the thin discs last.
"""

from dataclasses import dataclass, replace

import numpy as np

from benches.trials.ask import Row, answer, kept, shared, skipped
from foretrial import twin
from foretrial.cases import TRIALS
from foretrial.cases.radiant_stack import CHAMBER, COPPER_LEVEL, FILM, GAS, heater
from foretrial.models import (
    Body,
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
    Stage,
    Trial,
    quantities,
)
from foretrial.models.library import INSULATION_BOARD
from foretrial.models.material import Property, constant
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

FOLDER = "nist_gasification_inert"
README = "README of the NIST gasification apparatus data, table 3"
DISCS = {
    "R1": (5.35e-3, 24.303e-3, 0.0699),
    "R2": (5.52e-3, 25.136e-3, 0.0699),
    "R3": (6.12e-3, 27.877e-3, 0.0699),
}  # thickness m, mass kg, diameter m
THIN, THICK = ("R1", "R2"), ("R3",)
LAST = 82.0  # s, when the thin discs' records end
BLACK = 0.95
BELOW = 5.72e-3 + 22.8e-3  # m of insulation
ABSORBED = Quantity(value=0.0, std=0.02 / BLACK, name="acrylic absorptivity", source="declared: 0.02 on 0.95")
CONDUCTIVITY = constant(0.20, "W/(m.K)", name="acrylic conductivity", std=0.2,
                        source="declared: handbooks, 0.17 to 0.21 at room temperature; 20 %")  # fmt: skip
CAPACITY = Property(curve=Curve.table([293.0, 370.0, 400.0, 700.0], [1450.0, 1800.0, 2050.0, 2700.0]),
                    unit="J/(kg.K)", scale=Quantity(value=1.0, std=0.1, name="acrylic heat capacity"),
                    valid=(293.0, 700.0),
                    source="declared: handbooks, rising with a step at the glass transition; 10 %")  # fmt: skip
GASIFIES = Quantity(value=645.0, unit="K", std=20.0, name="gasification", valid=(300.0, 1500.0),
                    source="declared: acrylic glass in nitrogen loses mass fastest at 630 to 660 K")  # fmt: skip
TAKES = Property(curve=Curve.table([293.0, 610.0, 660.0, 1200.0], [1e-3, 1e-3, 2000.0, 2000.0]), unit="W/(m2.K)",
                 scale=Quantity(value=1.0), valid=(200.0, 3000.0),
                 source="declared: no loss below, all that comes in above")  # fmt: skip
FREE = {"acrylic conductivity": (0.4, 2.5), "acrylic heat capacity": (0.4, 2.5)}
SOLVER = Heat(cells=24, tolerance=0.05)
ASSUMPTIONS = (
    ("All radiation is absorbed at the front, and 0.95 of it; the disc does not recede and the epoxy at its back is "
     "left out.", "辐射全部在表面吸收（吸收率 0.95）；不计试样后退与背面环氧层。"),
    ("Density follows from mass, diameter and thickness of each disc; those at 25 kW/m2 are left out, for their "
     "thickness is not documented.", "密度由每片质量、直径与厚度得出；25 kW/m2 各片厚度未见记载，未采用。"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What it is called, and whether its front gasifies."""

    id: str
    gasifies: bool


MODELS = (Model(id="pmma-heat", gasifies=False), Model(id="pmma-front", gasifies=True))


def log(disc: str) -> Trial:
    """The thermocouples at the back of a disc, up to the end of the thin ones' records."""
    raw = twin.import_csv(shared() / FOLDER / f"MaCFP-PMMA_Gasification_q50_Temp_{disc}.csv", name=f"acrylic {disc}")
    channels = {}
    for name, c in raw.channels.items():
        use = c.t <= LAST
        channels[name] = replace(
            c, t=c.t[use], values=c.values[use], kind="thermocouple", place=(0.0, 0.0, 0.0), place_std=2e-4, std=0.3,
            resolution=0.1, bias=Quantity(value=0.0, unit="K", std=1.3),
            lag=Quantity(value=0.5, unit="s", std=0.3, source="declared: a bead in epoxy"),
            undocumented=("calibration", "depth in the epoxy"))  # fmt: skip
    return kept(raw, {n: c for n, c in channels.items() if c.reads.any()})


def process(trial: Trial, disc: str, flux: Trial, *, gasifies: bool) -> Process:
    """The disc on its insulation under the heater, one-dimensional."""
    thickness, mass, diameter = DISCS[disc]
    first = float(np.mean([c.values[c.reads][0] for c in trial.channels.values()]))
    start = Quantity(value=first, unit="K", std=0.5, name=f"start of {disc}", source="first readings")
    density = Quantity(value=mass / (np.pi * diameter**2 / 4.0 * thickness), unit="kg/m3")
    acrylic = Material(name="acrylic", density=density, conductivity=CONDUCTIVITY, heat_capacity=CAPACITY)
    top = Exchange(gas=GASIFIES if gasifies else GAS, film=TAKES if gasifies else FILM, radiant=CHAMBER,
                   emissivity=BLACK, flux=heater(flux, COPPER_LEVEL, BLACK, ABSORBED))  # fmt: skip
    bodies = (Body(part=Part.slab(thickness, name="disc"), material=acrylic, start=start),
              Body(part=Part.slab(BELOW, name="board").moved(x=-BELOW), material=INSULATION_BOARD,
                   start=start))  # fmt: skip
    walls = {"disc.right": top, "disc.left": INSULATED, "board.left": INSULATED, "board.right": INSULATED}
    return Process(name=trial.name, bodies=bodies, contacts=(Contact(first="disc", second="board"),),
                   stages=(Stage(name="heating", walls=walls, until=LAST + 1.0),))  # fmt: skip


def compared(disc: str, flux: Trial, *, gasifies: bool) -> twin.Experiment:
    """A disc beside the thermocouples at its back."""
    trial = log(disc)
    probes = {n: Probe(name=n, place=(0.0, 0.0, 0.0), body="disc") for n in trial.channels}
    return twin.Experiment(trial=trial, process=process(trial, disc, flux, gasifies=gasifies), observe=probes,
                           window=(1.0, LAST))  # fmt: skip


def requirement(id: str) -> Requirement:
    """Does the back stay below the glass transition?"""
    return Requirement(
        id=id, text=f"Does the back of disc {THICK[0]} stay below 100 degC for {LAST:g} s?",
        text_zh=f"{THICK[0]} 号试样背面在 {LAST:g} s 内是否低于 100 °C？",
        interest=Interest(observations=("back",), statistic="max", window=(0.0, LAST)), limit=373.15, sense="at most",
        accuracy=10.0, verification="functional performance", display="degC")  # fmt: skip


def met(run: twin.Experiment, disc: str) -> dict[str, tuple[float, float]]:
    """Thickness, and the temperatures that were read."""
    values = [c.values[c.reads] for c in run.trial.channels.values()]
    return {"thickness, m": (DISCS[disc][0],) * 2,
            "back, K": (float(min(v.min() for v in values)), float(max(v.max() for v in values)))}  # fmt: skip


def asked(model: Model, flux: Trial, texts: tuple[str, str]) -> Row:
    """Thin discs fitted, a thick one predicted, by one model."""
    seen = tuple(compared(disc, flux, gasifies=model.gasifies) for disc in THIN)
    unseen = compared(THICK[0], flux, gasifies=model.gasifies)
    along = {n for run in seen for n, q in quantities(run.process).items() if q.std > 0.0} - set(FREE)
    fit = twin.calibrate(seen, free=FREE, solver=SOLVER, starts=2, nuisances=sorted(along),
                         priors={CAPACITY.scale.name: (1.0, 0.1), CONDUCTIVITY.scale.name: (1.0, 0.2)})  # fmt: skip
    judged = (Probe(name="back", place=(0.0, 0.0, 0.0), body="disc"),)
    return answer(model.id, *texts, requirement(model.id), free=FREE, fit=fit, calibrated=seen, validated=unseen,
                  judged=judged, solver=SOLVER, assumptions=ASSUMPTIONS,
                  met=(*(met(run, disc) for run, disc in zip(seen, THIN, strict=True)),
                       met(unseen, THICK[0])))  # fmt: skip


def rows() -> list[Row]:
    """A model that only heats up, and one whose front gasifies."""
    thin = f"discs {' and '.join(THIN)}, 5.35 and 5.52 mm"
    texts = {one.id: (f"{thin}, {'front gasifies' if one.gasifies else 'heat alone'}", f"disc {THICK[0]}, 6.12 mm")
             for one in MODELS}  # fmt: skip
    if not (shared() / FOLDER).is_dir():
        return [skipped(id, FOLDER, *text) for id, text in texts.items()]
    flux = twin.read(TRIALS / "radiant_flux.csv")
    return [asked(one, flux, texts[one.id]) for one in MODELS]
