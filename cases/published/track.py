"""Published laser tracks on bare IN625 plates: melt widths from one calibrated absorptivity, depths told as they are.

Lane et al. melted single tracks on a commercial machine (CBM): at 150 W 400 mm/s, 195 W 800 mm/s and 195 W 1200 mm/s
they are 171, 133 and 100 um wide and 151, 91 and 60 um deep. Every one is deeper than half its width, so the beam has
sunk below the surface. The source is Goldak's ellipsoid: as wide as the spot, as deep as the calibrated track. A
source on the surface misses the other two widths by -11 % and 20 %; no source that only conducts finds the keyhole,
and behind all three the melt cools from 1290 to 1190 degC two to three times as fast as thermography saw.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foretrial.models import Curve, Ellipsoid, Latent, Material, Part, Probe, Process, Property, Quantity, Spot, Track
from foretrial.models.beam import Beam
from foretrial.models.process import INSULATED
from foretrial.solvers import Explicit

from .problem import Problem, Reached, Resolution

Array = NDArray[np.float64]
ZERO = 273.15
SOLIDUS, LIQUIDUS = 1290.0 + ZERO, 1350.0 + ZERO
LATENT = 227e3  # J/kg; Materials 11 (2018) 2356, table 3
SHEET = "Special Metals, INCONEL alloy 625, publication SMC-063, tables of physical and thermal properties, annealed"
MELT = "Mills, Recommended Values of Thermophysical Properties for Selected Commercial Alloys, 2002, liquid IN718"


IN625 = Material(
    name="IN625",
    density=8440.0,
    conductivity=Property(
        curve=Curve.table([t + ZERO for t in (21.0, 93.0, 204.0, 316.0, 427.0, 538.0, 649.0, 760.0, 871.0, 982.0,
                                              1290.0)],
                          [9.8, 10.8, 12.5, 14.1, 15.7, 17.5, 19.0, 20.8, 22.8, 25.2, 29.6]),
        unit="W/(m.K)", scale=Quantity(value=1.0), valid=(294.15, LIQUIDUS), source=f"{SHEET}; from solidus on {MELT}"),
    heat_capacity=Property(
        curve=Curve.table([t + ZERO for t in (21.0, 93.0, 204.0, 316.0, 427.0, 538.0, 649.0, 760.0, 871.0, 982.0,
                                              1093.0, 1290.0)],
                          [410.0, 427.0, 456.0, 481.0, 511.0, 536.0, 565.0, 590.0, 620.0, 645.0, 670.0, 720.0]),
        unit="J/(kg.K)", scale=Quantity(value=1.0), valid=(294.15, LIQUIDUS),
        source=f"{SHEET}; from solidus on {MELT}"),
    latent=Latent(heat=LATENT, solidus=SOLIDUS, liquidus=LIQUIDUS),
)  # fmt: skip
"""Held beyond its ends: density, and the melt's conductivity and heat capacity, for melts that only conduct."""

RADIUS = 50e-6  # m: half of D4sigma, where a Gaussian has fallen to 1/e^2
START, STATION, LENGTH, HALF, DEEP = 0.1e-3, 0.5e-3, 0.8e-3, 0.16e-3, 0.16e-3  # m; twice the plate moves a width 0.2 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One measured pass: W, m/s, and the width and depth of its melt, m."""

    power: float
    speed: float
    width: float
    depth: float

    def __str__(self) -> str:
        return f"{self.power:g} W {self.speed * 1e3:g} mm/s"


FITTED = Pass(power=195.0, speed=0.8, width=133e-6, depth=91e-6)
PREDICTED = (Pass(power=150.0, speed=0.4, width=171e-6, depth=151e-6),
             Pass(power=195.0, speed=1.2, width=100e-6, depth=60e-6))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Melt:
    """What a run melted at a station: width and depth (m), cells and steps."""

    width: float
    depth: float
    cells: int
    steps: int


def sunken(path: Track, absorbed: float) -> Ellipsoid:
    """The beam as it heats a depression as deep as the calibrated track: exp(-2) at the spot's radius, 5 % at depth."""
    wide = float(np.sqrt(1.5)) * RADIUS
    return Ellipsoid(body="box", path=path, width=wide, front=wide, rear=wide, depth=FITTED.depth, absorbed=absorbed)


def shining(path: Track, absorbed: float) -> Spot:
    """The beam as it heats a flat surface."""
    return Spot(body="box", path=path, radius=RADIUS, absorbed=absorbed, patch="front")


def melted(one: Pass, absorbed: float, cells: int, *, pace: float = 1.0, scale: float = 1.0,
           beam: type[Spot] | type[Ellipsoid] = Ellipsoid) -> Melt:  # fmt: skip
    """What a pass melts in half of a plate that starts at 25 degC.

    Parameters
    ----------
    cells : int
        Cells over the spot's radius.
    pace : float
        Steps, over those that are just stable.
    scale : float
        Width and depth of the plate over those that suffice.
    """
    size = (LENGTH, scale * HALF, scale * DEEP)
    top = size[2]
    path = Track.line((START, 0.0, top), (LENGTH, 0.0, top), speed=one.speed, power=0.5 * one.power)
    light: Beam = (sunken if beam is Ellipsoid else shining)(path, absorbed)
    walls = dict.fromkeys(("left", "right", "bottom", "top", "back", "front"), INSULATED)
    process = Process.simple(part=Part.box(*size), material=IN625, start=25.0 + ZERO, walls=walls, beams=(light,),
                             until=(LENGTH - START) / one.speed)  # fmt: skip
    along = tuple(round(length / RADIUS * cells) for length in size)
    aside = (np.arange(along[1]) + 0.5) * size[1] / along[1]
    below = np.array([0.0, *((np.arange(along[2]) + 0.5) * size[2] / along[2])])
    probes = (*(Probe(name=f"aside {n}", place=(STATION, float(y), top)) for n, y in enumerate(aside)),
              *(Probe(name=f"below {n}", place=(STATION, 0.0, top - float(z)))
                for n, z in enumerate(below)))  # fmt: skip
    history = Explicit(along=along, pace=pace)(process, observe=probes)
    hottest = history.values.max(axis=0)
    return Melt(width=2.0 * edge(aside, hottest[: aside.size]), depth=edge(below, hottest[aside.size :]),
                cells=history.cells, steps=history.t.size - 1)  # fmt: skip


def edge(at: Array, hottest: Array) -> float:
    """Where the highest temperatures (n,) K at places (n,) m fall below the solidus, straight between places; NaN."""
    last = np.flatnonzero((hottest[:-1] >= SOLIDUS) & (hottest[1:] < SOLIDUS))
    if not last.size:
        return float("nan")
    n = last[-1]
    return float(at[n] + (hottest[n] - SOLIDUS) / (hottest[n] - hottest[n + 1]) * (at[n + 1] - at[n]))


def absorptivity(cells: int, *, beam: type[Spot] | type[Ellipsoid] = Ellipsoid) -> tuple[float, Melt]:
    """The absorbed share that makes the calibrated track as wide as measured, by secants to 0.1 um; and that track."""
    share = (0.55, 0.62) if beam is Ellipsoid else (0.38, 0.42)
    a, b = share
    left, right = (melted(FITTED, one, cells, beam=beam) for one in share)
    for _ in range(6):
        if abs(right.width - FITTED.width) < 1e-7:
            break
        slope = (right.width - left.width) / (b - a)
        a, left, b = b, right, b - (right.width - FITTED.width) / slope
        right = melted(FITTED, b, cells, beam=beam)
    return b, right


def _tracks(cells: int) -> Reached:
    """The worse of the two predicted widths; the depths of all three in the note."""
    share, fitted = absorptivity(cells)
    runs = [(FITTED, fitted), *((one, melted(one, share, cells)) for one in PREDICTED)]
    one, worst = max(runs[1:], key=lambda pair: abs(pair[1].width / pair[0].width - 1.0))
    depths = ", ".join(f"{run.depth * 1e6:.0f} of {one.depth * 1e6:.0f} um at {one} ({run.depth / one.depth - 1:+.0%})"
                       for one, run in runs)  # fmt: skip
    widths = ", ".join(f"{run.width * 1e6:.0f} of {one.width * 1e6:.0f} um at {one}" for one, run in runs[1:])
    note = (f"absorptivity {share:.3f}; widths {widths}; depths {depths}: {PREDICTED[0]} is a keyhole, whose depth no "
            "model that only conducts can reach")  # fmt: skip
    return Reached(answer=one.width * 1e6, reached=worst.width * 1e6, cells=fitted.cells, steps=fitted.steps, note=note)


PROBLEMS = (
    Problem(
        id="track", unit="um", relative=True,
        source="Lane et al., Integrating Materials and Manufacturing Innovation 9 (2020) 16-30 (NIST AMB2018-02, CBM)",
        problem="Laser tracks on a bare IN625 plate, absorptivity from the width at 195 W 800 mm/s alone: width at "
                "150 W 400 mm/s and 195 W 1200 mm/s; the worse?",
        at=(Resolution(cells=5, tolerance=0.10), Resolution(cells=8, tolerance=0.10)), reach=_tracks),
)  # fmt: skip
