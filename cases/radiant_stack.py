"""A copper disc and a stack of insulation discs under one radiant heater, as recipes.

Heights run up from the support, 0 at the bottom of each specimen; one-dimensional recipes have it along x,
axisymmetric ones along y. All that the source does not state is a named quantity with its own uncertainty.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from foretrial.models import (
    Between,
    Body,
    Channel,
    Contact,
    Curve,
    Exchange,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Signal,
    Stage,
    Trial,
)
from foretrial.models.library import ALUMINIUM_6061, COPPER, INSULATION_BOARD, ZERO
from foretrial.models.process import INSULATED

README = "README of the NIST gasification apparatus data, Leventon and De Lannoye 2023, doi:10.18434/mds2-2940"
FILM = Quantity(value=10.0, unit="W/(m2.K)", std=5.0, name="film", valid=(0.0, 80.0), source="to be calibrated")
FLUX = Quantity(value=1.0, std=0.016, name="flux scale", valid=(0.5, 1.5),
                source=f"{README}: expanded uncertainty of the gauge 3.2 % (k = 2)")  # fmt: skip
GAS = Quantity(value=298.15, unit="K", std=3.0, name="gas temperature",
               source=f"{README}: 20 to 30 degC at the sample, as a rectangle")  # fmt: skip
CHAMBER = Quantity(value=290.0, unit="K", std=5.0, name="radiant surroundings",
                   source=f"{README}: chamber wall 14 to 18 degC; 5 K declared for the gauge's own face")  # fmt: skip
STARTUP = Quantity(value=0.0, std=1.0, name="heater start-up",
                   source=f"{README}: spread of 21 places in each window after the shutter opens")  # fmt: skip
HOTTER = Quantity(value=0.0, std=0.3, name="film of the hotter face",
                  source="declared: 30 % when the film of a face below 600 K is carried to one at 900 K")  # fmt: skip
COPPER_LEVEL = 49.3e3  # W/m2, published mean inside r < 3.5 cm; the copper's diameter is not documented
LIMIT_TIME = 1201.0  # s, one second beyond the last reading


def heater(flux: Trial, level: float, absorptivity: float, doubt: Quantity, *more: tuple[Quantity, Curve]) -> Signal:
    """Absorbed flux, W/m2: the measured start-up, by straight lines through the middles of its windows."""
    share = flux["relative"]
    middle = (share.t + flux["window_end"].values) / 2.0
    t = np.concatenate([[0.0], middle, [3000.0]])
    shape, spread = (np.concatenate([a[:1], a, a[-1:]]) * level * absorptivity for a in (share.values, share.sigma))
    curve = Curve.table(t, shape)
    modes = ((STARTUP, Curve.table(t, spread)), (doubt, curve), *more)
    return Signal(curve=curve, unit="W/m2", scale=FLUX, modes=modes)


def copper_disc(trial: Trial, flux: Trial) -> Process:
    """The disc on its insulation, one-dimensional; the film, the flux scale and the contact below are uncertain."""
    black = trial["back"].properties["emissivity"]
    doubt = Quantity(value=0.0, std=float(np.hypot(0.02 / black, 0.003)), name="copper absorptivity",
                     source="declared: 0.02 on 0.92, and 0.3 % for a disc of unknown diameter")  # fmt: skip
    emission = Quantity(value=black, std=0.02, name="copper emissivity", valid=(0.0, 1.0),
                        source=f"{README}; 0.02 declared")  # fmt: skip
    gap = Quantity(value=0.03, unit="m2.K/W", std=0.015, name="contact below the copper", valid=(0.0, 1.0),
                   source="declared: about 1 mm of gas; the source documents no contact")  # fmt: skip
    start = Quantity(value=float(trial["back"].values[0]), unit="K", std=float(trial["back"].sigma[0]),
                     name="copper start", source="its first reading")  # fmt: skip
    size = trial.geometry
    below = 4 * size["insulation layer"] + size["insulation bottom layer"]
    disc = Body(part=Part.slab(size["thickness"], name="disc"), material=COPPER, start=start)
    stack = Body(part=Part.slab(below, name="stack").moved(x=-below), material=INSULATION_BOARD, start=start)
    top = Exchange(gas=GAS, radiant=CHAMBER, film=FILM, emissivity=emission,
                   flux=heater(flux, COPPER_LEVEL, black, doubt))  # fmt: skip
    walls = {"disc.right": top, "disc.left": INSULATED, "stack.left": INSULATED, "stack.right": INSULATED}
    return Process(name="copper disc", bodies=(disc, stack), stages=(Stage(name="heating", walls=walls, until=101.0),),
                   contacts=(Contact(first="disc", second="stack", resistance=gap),))  # fmt: skip


def board(*, warm: bool = False, low: float = 0.0) -> Material:
    """The insulation board by its data sheet.

    Parameters
    ----------
    warm : bool
        Heat capacity that grows with temperature, in place of the one published at 980 degC.
    low : float
        Relative change of the conductivity at 20 degC, fading to none at 260 degC, where the data sheet begins.
    """
    made = INSULATION_BOARD
    if warm:
        rising = Curve.table([298.0, 400.0, 600.0, 800.0, 1000.0, 1253.0], [657.0, 794.0, 929.0, 996.0, 1040.0, 1070.0])
        made = replace(made, heat_capacity=replace(
            made.heat_capacity, curve=rising,
            source="declared: alumina and silica half and half, rounded, scaled to the data sheet's 1070 J/(kg.K) at "
                   "980 degC"))  # fmt: skip
    if low:
        T = np.array([ZERO, 20 + ZERO, 260 + ZERO, 538 + ZERO, 816 + ZERO, 1093 + ZERO])
        k = made.conductivity.curve(T) * (1.0 + low * np.clip((260 + ZERO - T) / 240.0, 0.0, 1.0))
        made = replace(made, conductivity=replace(made.conductivity, curve=Curve.table(T, k)))
    return made


def stack(trial: Trial, flux: Trial, *, plate: bool = False, edge: bool = False,
          material: Material | None = None) -> Process:  # fmt: skip
    """The stack under the heater.

    Parameters
    ----------
    plate : bool
        The aluminium disc below it, in contact; without it the back is adiabatic.
    edge : bool
        Axisymmetric, with the flux over the radius and a side that trades heat; without it one-dimensional, at r = 0.
    material : Material or None
        Of the board; None is the data sheet's.
    """
    size = trial.geometry
    start = Quantity(value=float(np.mean([c.values[0] for c in trial.channels.values()])), unit="K", std=0.3,
                     name="stack start", source="mean of the first readings; 0.3 K declared")  # fmt: skip
    bodies = [Body(part=_disc("stack", size["diameter"], 0.0, size["thickness"], edge), material=material or board(),
                   start=start)]  # fmt: skip
    top, bottom = ("stack.top", "stack.bottom") if edge else ("stack.right", "stack.left")
    walls = {top: _top(flux, edge), bottom: INSULATED}
    contacts: tuple[Contact, ...] = ()
    if edge:
        walls |= {"stack.side": _edge(flux), "stack.bore": INSULATED}
    if plate:
        deep = size["platform thickness"]
        bodies.append(Body(part=_disc("plate", size["platform diameter"], -deep, deep, edge), material=ALUMINIUM_6061,
                           start=start))  # fmt: skip
        gap = Quantity(value=0.005, unit="m2.K/W", std=0.004, name="contact below the stack", valid=(0.0, 1.0),
                       source="declared: up to half a millimetre of gas")  # fmt: skip
        contacts = (Contact(first="stack", second="plate", resistance=gap),)
        walls |= _under(edge)
    return Process(name="insulation stack", bodies=tuple(bodies), contacts=contacts,
                   stages=(Stage(name="heating", walls=walls, until=LIMIT_TIME),))  # fmt: skip


def beads(trial: Trial, *, edge: bool) -> Mapping[str, Probe]:
    """What each thermocouple of the stack sees."""
    return {c.name: Probe(name=c.name, place=_place(c, edge), body="stack") for c in trial.channels.values()}


def _place(channel: Channel, edge: bool) -> tuple[float, float, float]:
    assert channel.place is not None
    height = channel.place[2]
    return (0.0, height, 0.0) if edge else (height, 0.0, 0.0)


def _disc(name: str, diameter: float, bottom: float, thickness: float, edge: bool) -> Part:
    if edge:
        return Part.rod(diameter / 2.0, thickness, name=name).moved(y=bottom)
    return Part.slab(thickness, name=name).moved(x=bottom)


def _top(flux: Trial, edge: bool) -> Exchange | Between:
    doubt = Quantity(value=0.0, std=0.02 / 0.95, name="board absorptivity", source="declared: 0.02 on 0.95")
    emission = Quantity(value=0.95, std=0.02, name="board emissivity", valid=(0.0, 1.0),
                        source=f"{README}; 0.02 declared")  # fmt: skip
    loss = Curve.table([0.0, 60.0, 3000.0], [0.0, -6.0e3, -6.0e3])  # W/m2, about film times 600 K
    level = flux["relative"].properties
    radii = {0.0: "level_centre", 0.025: "level_25mm", 0.050: "level_50mm", 0.071: "level_71mm"}
    met = [Exchange(gas=GAS, radiant=CHAMBER, film=FILM, emissivity=emission,
                    flux=heater(flux, level[name], 0.95, doubt, (HOTTER, loss)))
           for name in radii.values()]  # fmt: skip
    return Between(axis=0, places=tuple(radii), exchanges=tuple(met)) if edge else met[0]


def _edge(flux: Trial) -> Exchange:
    film = Quantity(value=8.0, unit="W/(m2.K)", std=4.0, name="film of the edge", valid=(0.0, 80.0),
                    source="declared: natural convection with a slow upward flow")  # fmt: skip
    emission = Quantity(value=0.85, std=0.08, name="emissivity of the edge", valid=(0.0, 1.0),
                        source="declared: bare ceramic fibre")  # fmt: skip
    share = Quantity(value=0.05, std=0.05, name="heater seen by the edge", valid=(0.0, 0.5),
                     source="declared: share of the nominal flux; no view factor is documented")  # fmt: skip
    nominal = flux["relative"].properties["nominal"]
    seen = Signal(curve=Curve.constant(nominal * 0.85), unit="W/m2", scale=share)
    return Exchange(gas=GAS, radiant=CHAMBER, film=film, emissivity=emission, flux=seen)


def _under(edge: bool) -> dict[str, Exchange]:
    film = Quantity(value=6.0, unit="W/(m2.K)", std=3.0, name="film of the plate", valid=(0.0, 80.0),
                    source="declared: on an open stand")  # fmt: skip
    air = Exchange(gas=GAS, radiant=CHAMBER, film=film, emissivity=0.1)
    if edge:
        return {"plate.bottom": air, "plate.side": air, "plate.top": INSULATED, "plate.bore": INSULATED}
    return {"plate.left": air, "plate.right": INSULATED}
