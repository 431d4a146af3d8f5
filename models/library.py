"""The first materials: every number with its source, its range and its uncertainty.

Temperatures in the sources are mostly in degrees Celsius; the curves here are in kelvin. A standard uncertainty that
a source does not state is declared here, with what it rests on; so is all that lies beyond a source's range.
"""

from types import MappingProxyType

import numpy as np

from .curve import Curve
from .errors import ModelError, did_you_mean
from .material import Material, Property
from .quantity import Quantity

ZERO = 273.15  # K at 0 degC
Points = tuple[tuple[float, float], ...]


def _celsius(*pairs: tuple[float, float]) -> Points:
    return tuple((T + ZERO, value) for T, value in pairs)


def _scale(name: str, std: float, source: str) -> Quantity:
    return Quantity(value=1.0, std=std, name=name, source=source, valid=(0.2, 5.0))


def _density(value: float, std: float, name: str, source: str) -> Quantity:
    return Quantity(value=value, unit="kg/m3", std=std, name=name, source=source, valid=(0.2 * value, 5.0 * value))


def _polynomial(c0: float, c1: float, c2: float = 0.0, c3: float = 0.0) -> tuple[float, float, float, float]:
    """A cubic in degrees Celsius as one in kelvin: shifted by Horner's rule, so that it is exact but for rounding."""
    shifted = np.polynomial.Polynomial([c0, c1, c2, c3])(np.polynomial.Polynomial([-ZERO, 1.0]))
    a = [*shifted.coef, 0.0, 0.0, 0.0]
    return float(a[0]), float(a[1]), float(a[2]), float(a[3])


CARBON_STEEL = Material(
    name="carbon steel",
    density=_density(7850.0, 40.0, "steel density",
                     "EN 1993-1-2:2005, 3.2.2; 0.5 % declared for grades and rolling tolerance"),
    conductivity=Property(
        curve=Curve.pieces((20 + ZERO, 800 + ZERO, _polynomial(54.0, -3.33e-2), 0.0, 0.0),
                           (800 + ZERO, 1200 + ZERO, (27.3,), 0.0, 0.0)),
        unit="W/(m.K)",
        scale=_scale("steel conductivity", 0.05, "declared: spread of low-alloy grades about the code's line"),
        source="EN 1993-1-2:2005, 3.4.1.3", valid=(20 + ZERO, 1200 + ZERO), beyond_std=0.1),
    heat_capacity=Property(
        curve=Curve.pieces((20 + ZERO, 600 + ZERO, _polynomial(425.0, 7.73e-1, -1.69e-3, 2.22e-6), 0.0, 0.0),
                           (600 + ZERO, 735 + ZERO, (666.0,), -13002.0, 738 + ZERO),
                           (735 + ZERO, 900 + ZERO, (545.0,), 17820.0, 731 + ZERO),
                           (900 + ZERO, 1200 + ZERO, (650.0,), 0.0, 0.0)),
        unit="J/(kg.K)",
        scale=_scale("steel heat capacity", 0.03, "declared: scatter of measured curves outside the transformation"),
        source="EN 1993-1-2:2005, 3.4.1.2, expression (3.2)", valid=(20 + ZERO, 1200 + ZERO), beyond_std=0.1),
    points={"conductivity": _celsius((20.0, 53.334), (400.0, 40.68), (1000.0, 27.3)),
            "heat_capacity": _celsius((20.0, 439.80), (400.0, 605.88), (735.0, 5000.0), (900.0, 650.0))},
)  # fmt: skip
"""Carbon steel as Eurocode 3 has it, the heat of its transformation near 735 degC included as a peak of cp.

The code's pieces leave jumps of 0.3 J/(kg.K) at 600 degC and 0.4 at 900 degC; they are kept.
"""

_KIM = "C. S. Kim, Thermophysical Properties of Stainless Steels, ANL-75-55, Argonne 1975"
STAINLESS_304L = Material(
    name="304L",
    density=_density(7894.0, 40.0, "304L density", f"{_KIM}, type 304L, at 300 K; 0.5 % declared"),
    conductivity=Property(
        curve=Curve.table([300.0, 1600.0], [8.116 + 1.618e-2 * 300.0, 8.116 + 1.618e-2 * 1600.0]),
        unit="W/(m.K)",
        scale=_scale("304L conductivity", 0.07, "declared: 13.0 here, 15 in EN 10088-1 near room temperature"),
        source=f"{_KIM}, type 304L, solid", valid=(300.0, 1600.0), beyond_std=0.1),
    heat_capacity=Property(
        curve=Curve.table([300.0, 1600.0], [4184.0 * (0.1122 + 3.222e-5 * T) for T in (300.0, 1600.0)]),
        unit="J/(kg.K)",
        scale=_scale("304L heat capacity", 0.03, "declared: 510 here, 500 in EN 10088-1 near room temperature"),
        source=f"{_KIM}, type 304L, solid", valid=(300.0, 1600.0), beyond_std=0.1),
    points={"conductivity": ((300.0, 12.97), (1000.0, 24.30), (1600.0, 34.00)),
            "heat_capacity": ((300.0, 509.9), (1000.0, 604.3), (1600.0, 685.1))},
)  # fmt: skip
"""Austenitic stainless steel 304L, solid; density held at 300 K, for the grid does not expand."""

_INCROPERA = "Incropera et al., Fundamentals of Heat and Mass Transfer, 7th ed., table A.1, p. 983, copper, pure"
COPPER = Material(
    name="copper",
    density=_density(8933.0, 27.0, "copper density", f"{_INCROPERA}; 0.3 % declared"),
    conductivity=Property(
        curve=Curve.table([200.0, 300.0, 400.0, 600.0, 800.0, 1000.0, 1200.0],
                          [413.0, 401.0, 393.0, 379.0, 366.0, 352.0, 339.0]),
        unit="W/(m.K)",
        scale=_scale("copper conductivity", 0.03, "declared: commercial purity lies below pure copper"),
        source=_INCROPERA, valid=(200.0, 1200.0)),
    heat_capacity=Property(
        curve=Curve.table([200.0, 300.0, 400.0, 600.0, 800.0, 1000.0, 1200.0],
                          [356.0, 385.0, 397.0, 417.0, 433.0, 451.0, 480.0]),
        unit="J/(kg.K)",
        scale=_scale("copper heat capacity", 0.01, "declared: tables of pure copper agree within 1 %"),
        source=_INCROPERA, valid=(200.0, 1200.0)),
    points={"conductivity": ((300.0, 401.0), (600.0, 379.0), (1200.0, 339.0)),
            "heat_capacity": ((300.0, 385.0), (600.0, 417.0), (1200.0, 480.0))},
)  # fmt: skip
"""Pure copper, straight lines between the tabulated temperatures."""

_EN9 = "EN 1999-1-2:2007"
ALUMINIUM_6061 = Material(
    name="6061-T6",
    density=_density(2700.0, 14.0, "6061 density", f"{_EN9}, 3.2.2; 0.5 % declared"),
    conductivity=Property(
        curve=Curve.pieces((ZERO, 500 + ZERO, _polynomial(190.0, 0.07), 0.0, 0.0)),
        unit="W/(m.K)",
        scale=_scale("6061 conductivity", 0.08, "declared: 191 here, 167 in T6 data sheets at 20 degC; ages when hot"),
        source=f"{_EN9}, 3.3.1.3, alloys 3xxx and 6xxx", valid=(ZERO, 500 + ZERO), beyond_std=0.15),
    heat_capacity=Property(
        curve=Curve.pieces((ZERO, 500 + ZERO, _polynomial(903.0, 0.41), 0.0, 0.0)),
        unit="J/(kg.K)",
        scale=_scale("6061 heat capacity", 0.03, "declared: 911 here, 896 in data sheets at 20 degC"),
        source=f"{_EN9}, 3.3.1.2", valid=(ZERO, 500 + ZERO), beyond_std=0.1),
    points={"conductivity": _celsius((20.0, 191.4), (200.0, 204.0), (500.0, 225.0)),
            "heat_capacity": _celsius((20.0, 911.2), (200.0, 985.0), (500.0, 1108.0))},
)  # fmt: skip
"""Aluminium 6061-T6 as Eurocode 9 has all 6xxx alloys."""

_BOARD = ("Kaowool PM data sheet as quoted in the README of the NIST gasification apparatus data, "
          "Leventon and De Lannoye 2023, doi:10.18434/mds2-2940")  # fmt: skip
_SLOPE = (0.085 - 0.0576) / (538.0 - 260.0)
INSULATION_BOARD = Material(
    name="insulation board",
    density=_density(256.0, 13.0, "board density", f"{_BOARD}; 5 % declared for board to board"),
    conductivity=Property(
        curve=Curve.table([ZERO, *(T + ZERO for T in (260.0, 538.0, 816.0, 1093.0))],
                          [0.0576 - 260.0 * _SLOPE, 0.0576, 0.085, 0.125, 0.183]),
        unit="W/(m.K)",
        scale=_scale("board conductivity", 0.1, "declared: data-sheet value, 10 % between boards"),
        source=f"{_BOARD}; below 260 degC, where nothing is published, the table's first line goes on (assumption)",
        valid=(260 + ZERO, 1093 + ZERO), beyond_std=0.15),
    heat_capacity=Property(
        curve=Curve.constant(1070.0), unit="J/(kg.K)",
        scale=_scale("board heat capacity", 0.1, "declared: data-sheet value, 10 % between boards"),
        source=f"{_BOARD}; published at 980 degC alone, held at every other temperature (assumption)",
        valid=(980 + ZERO, 980 + ZERO), beyond_std=0.2),
    points={"conductivity": _celsius((260.0, 0.0576), (538.0, 0.085), (816.0, 0.125), (1093.0, 0.183)),
            "heat_capacity": _celsius((980.0, 1070.0))},
)  # fmt: skip
"""Ceramic-fibre board (Kaowool PM); its conductivity and heat capacity near room temperature are assumptions."""

LIBRARY = MappingProxyType({one.name: one for one in (CARBON_STEEL, STAINLESS_304L, COPPER, ALUMINIUM_6061,
                                                      INSULATION_BOARD)})  # fmt: skip


def material(name: str) -> Material:
    """The material of that name in the library.

    Parameters
    ----------
    name : str
        "carbon steel", "304L", "copper", "6061-T6" or "insulation board"; case does not matter.

    Returns
    -------
    Material

    Raises
    ------
    ModelError
        If the library has no such material.
    """
    known = {one.lower(): found for one, found in LIBRARY.items()}
    if name.strip().lower() not in known:
        raise ModelError(
            f"material '{name}' is not in the library. {did_you_mean(name, LIBRARY)} "
            "Correct the name, or make a Material with your own source."
        )
    return known[name.strip().lower()]
