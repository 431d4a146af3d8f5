"""The first materials that carry load: every number with its source, its range and its uncertainty.

Strengths are characteristic, that is low, ones. A standard uncertainty that a source does not state is declared here,
with what it rests on; so is all that lies below the 20 degC at which codes begin.
"""

from types import MappingProxyType

import numpy as np

from .curve import Curve
from .elastic import Elastic, Orthotropic, Ply, Yield
from .errors import ModelError, did_you_mean
from .library import ZERO
from .material import Property
from .quantity import Quantity

COLD = -40.0 + ZERO  # K down to which the values at 20 degC are held: ambient temperature in the codes' sense
FLAT = 1e-12  # 1/K, stands for an expansion of 0, which a property cannot hold


def _scale(name: str, std: float, source: str) -> Quantity:
    return Quantity(value=1.0, std=std, name=name, source=source, valid=(0.2, 5.0))


def reduced(value: float, celsius: tuple[float, ...], factors: tuple[float, ...], *, scale: Quantity,
            source: str) -> Property:  # fmt: skip
    """A property in Pa: its value at 20 degC times reduction factors, straight between their temperatures.

    Beyond the last temperature it is refused: a strength that is held there would be too high.

    Parameters
    ----------
    value : float, Pa
    celsius, factors : (n,) degC, (n,)
    """
    knots = np.array(celsius) + ZERO
    return Property(curve=Curve.table([COLD, *knots], value * np.array([factors[0], *factors])), unit="Pa",
                    scale=scale, source=f"{source}; held below {celsius[0]:g} degC down to -40 degC (declared)",
                    valid=(COLD, float(knots[-1])), beyond="refuse")  # fmt: skip


_JCSS = "declared: coefficient of variation of the JCSS Probabilistic Model Code, part 3.2"
_HOT = tuple(float(T) for T in (20, *range(100, 1200, 100)))
STEEL_E = (1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.31, 0.13, 0.09, 0.0675, 0.045, 0.0225)
STEEL_Y = (1.0, 1.0, 1.0, 1.0, 1.0, 0.78, 0.47, 0.23, 0.11, 0.06, 0.04, 0.02)
_STEEL = "EN 1993-1-2:2005, table 3.1"


def _carbon(name: str, grade: float) -> Elastic:
    """Structural steel of a nominal yield strength, Pa, as Eurocode 3 has it."""
    hard = (1.25, 1.25, 1.25, 1.25, *(1.0,) * 8)
    strength = tuple(y * h for y, h in zip(STEEL_Y, hard, strict=True))
    tangent = Curve.pieces(
        (COLD, 20 + ZERO, (1.216e-5,), 0.0, 0.0),
        (20 + ZERO, 750 + ZERO, (1.2e-5 - 0.8e-8 * ZERO, 0.8e-8), 0.0, 0.0),
        (750 + ZERO, 860 + ZERO, (FLAT,), 0.0, 0.0),
        (860 + ZERO, 1200 + ZERO, (2e-5,), 0.0, 0.0),
    )
    return Elastic(
        name=name,
        young=reduced(210e9, _HOT, STEEL_E, scale=_scale("steel modulus", 0.03, _JCSS),
                      source=f"EN 1993-1-1:2005, 3.2.6; k_E,theta of {_STEEL}"),
        poisson=Quantity(value=0.3, std=0.009, name="steel Poisson's ratio", source=f"EN 1993-1-1:2005, 3.2.6; {_JCSS}",
                         valid=(0.0, 0.45)),
        density=Quantity(value=7850.0, unit="kg/m3", std=40.0, name="steel density", valid=(5000.0, 9000.0),
                         source="EN 1993-1-2:2005, 3.2.2; 0.5 % declared for grades and rolling tolerance"),
        expansion=Property(curve=tangent, unit="1/K",
                           scale=_scale("steel expansion", 0.03, "declared: scatter of measured elongations of grades"),
                           source="EN 1993-1-2:2005, 3.4.1.1, slope of expressions (3.1)",
                           valid=(COLD, 1200 + ZERO), beyond="refuse"),
        yields=Yield(stress=reduced(grade, _HOT, STEEL_Y, scale=_scale(f"{name} yield", 0.07, _JCSS),
                                    source=f"EN 1993-1-1:2005, table 3.1, to 40 mm; k_y,theta of {_STEEL}")),
        ultimate=reduced(grade, _HOT, strength, scale=_scale(f"{name} ultimate", 0.04, _JCSS),
                         source="EN 1993-1-2:2005, annex A: 1.25 of the yield strength to 300 degC, that itself from "
                                "400 degC; the strength of product standards at 20 degC lies higher"),
        hardens=True,
        source=f"EN 1993-1-1:2005 and {_STEEL}; effective yield strength (2 % strain) above 100 degC",
    )  # fmt: skip


S235 = _carbon("S235", 235e6)
"""Structural steel of 235 MPa with the reduction factors of Eurocode 3 in fire."""
S355 = _carbon("S355", 355e6)
"""Structural steel of 355 MPa with the reduction factors of Eurocode 3 in fire."""

STAINLESS_E = (1.0, 0.96, 0.92, 0.88, 0.84, 0.80, 0.76, 0.71, 0.63, 0.45, 0.20, 0.10)
STAINLESS_Y = (1.0, 0.82, 0.68, 0.64, 0.60, 0.54, 0.49, 0.40, 0.27, 0.14, 0.06, 0.03)
STAINLESS_U = (1.0, 0.87, 0.77, 0.73, 0.72, 0.67, 0.58, 0.43, 0.27, 0.15, 0.07, 0.03)
_ANNEX_C = "EN 1993-1-2:2005, annex C, table C.1, grade 1.4301, taken for the low-carbon grade 1.4307 (declared)"


def _stainless_tangent() -> Curve:
    """Slope of (16 + 4.79e-3 T - 1.243e-6 T^2)(T - 20) 1e-6 in degC, as a curve in K."""
    long = np.polynomial.Polynomial([16e-6, 4.79e-9, -1.243e-12]) * np.polynomial.Polynomial([-20.0, 1.0])
    slope = long.deriv()
    kelvin = slope(np.polynomial.Polynomial([-ZERO, 1.0])).coef
    at_20 = float(slope(20.0))
    return Curve.pieces((COLD, 20 + ZERO, (at_20,), 0.0, 0.0),
                        (20 + ZERO, 1200 + ZERO, tuple(float(c) for c in kelvin), 0.0, 0.0))  # fmt: skip


STAINLESS_304L = Elastic(
    name="304L",
    young=reduced(200e9, _HOT, STAINLESS_E, scale=_scale("304L modulus", 0.03, _JCSS),
                  source=f"EN 1993-1-4:2006, 2.1.3; k_E,theta of {_ANNEX_C}"),
    poisson=Quantity(value=0.3, std=0.009, name="304L Poisson's ratio", source=f"EN 1993-1-4:2006, 2.1.3; {_JCSS}",
                     valid=(0.0, 0.45)),
    density=Quantity(value=7900.0, unit="kg/m3", std=40.0, name="304L density", valid=(5000.0, 9000.0),
                     source="EN 10088-1, 1.4307; 0.5 % declared"),
    expansion=Property(curve=_stainless_tangent(), unit="1/K",
                       scale=_scale("304L expansion", 0.03, "declared: scatter of measured elongations of grades"),
                       source="EN 1993-1-2:2005, annex C, slope of expression (C.1)", valid=(COLD, 1200 + ZERO),
                       beyond="refuse"),
    yields=Yield(stress=reduced(200e6, _HOT, STAINLESS_Y, scale=_scale("304L yield", 0.07, _JCSS),
                                source=f"EN 1993-1-4:2006, table 2.1, 1.4307, hot-rolled plate; k_0.2p of {_ANNEX_C}")),
    ultimate=reduced(500e6, _HOT, STAINLESS_U, scale=_scale("304L ultimate", 0.04, _JCSS),
                     source=f"EN 1993-1-4:2006, table 2.1, 1.4307, hot-rolled plate; k_u of {_ANNEX_C}"),
    source=f"EN 1993-1-4:2006 and {_ANNEX_C}",
)  # fmt: skip
"""Austenitic stainless steel 304L (1.4307): its 0.2 % proof strength over temperature."""

_EN9 = "EN 1999-1-2:2007"
ALUMINIUM_Y_AT = (20.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0)
ALUMINIUM_Y = (1.0, 0.95, 0.91, 0.79, 0.55, 0.31, 0.10)
ALUMINIUM_E_AT = (20.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0)
ALUMINIUM_E = tuple(E / 70.0 for E in (70.0, 69.3, 67.9, 65.1, 60.2, 54.6, 47.6, 37.8, 28.0))
ALUMINIUM_6061 = Elastic(
    name="6061-T6",
    young=reduced(70e9, ALUMINIUM_E_AT, ALUMINIUM_E,
                  scale=_scale("6061 modulus", 0.02, "declared: 68.9 to 70 GPa in codes and data sheets"),
                  source=f"EN 1999-1-1:2007, 3.2.5; {_EN9}, table 2, two hours of heat"),
    poisson=Quantity(value=0.3, std=0.015, name="6061 Poisson's ratio", valid=(0.0, 0.45),
                     source="EN 1999-1-1:2007, 3.2.5; declared: 0.33 in data sheets, two standard uncertainties off"),
    density=Quantity(value=2700.0, unit="kg/m3", std=14.0, name="6061 density", valid=(2000.0, 3500.0),
                     source=f"{_EN9}, 3.2.2; 0.5 % declared"),
    expansion=Property(curve=Curve.pieces((COLD, ZERO, (22.5e-6,), 0.0, 0.0),
                                          (ZERO, 500 + ZERO, (22.5e-6 - 0.2e-7 * ZERO, 0.2e-7), 0.0, 0.0)),
                       unit="1/K", scale=_scale("6061 expansion", 0.03, "declared: 23.6e-6 in data sheets"),
                       source=f"{_EN9}, 3.3.1.1, slope", valid=(COLD, 500 + ZERO), beyond="refuse"),
    yields=Yield(stress=reduced(240e6, ALUMINIUM_Y_AT, ALUMINIUM_Y,
                                scale=_scale("6061 yield", 0.06, "declared: batches lie above the minimum"),
                                source=f"EN 755-2 minimum of extruded profiles; k_o,theta of {_EN9}, table 1a, two "
                                       "hours of heat")),
    source=f"EN 1999-1-1:2007 and {_EN9}; no ultimate strength: none is published over temperature there",
)  # fmt: skip
"""Aluminium 6061-T6, extruded, before welding: 0.2 % proof strength after two hours at temperature."""

_WWFE = "Soden, Hinton and Kaddour 1998, Composites Science and Technology 58, 1011-1022, table 1, AS4/3501-6"


def _ply(value: float, share: float, name: str, more: str = "") -> Quantity:
    return Quantity(value=value, unit="Pa", std=share * value, name=f"AS4/3501-6 {name}", source=f"{_WWFE}{more}",
                    valid=(0.2 * value, 5.0 * value))  # fmt: skip


_E1, _E2, _NU12 = 126e9, 11e9, 0.28
_FIVE, _TEN = "; 5 % declared", "; 10 % declared"
_ISO = "; transverse isotropy"
_Y_T, _Y_C, _S = _ply(48e6, 0.1, "YT", _TEN), _ply(200e6, 0.1, "YC", _TEN), _ply(79e6, 0.1, "S12", _TEN)
AS4_3501 = Elastic(
    name="AS4/3501-6",
    density=Quantity(value=1600.0, unit="kg/m3", std=30.0, name="AS4/3501-6 density", valid=(1000.0, 2200.0),
                     source="Daniel and Ishai, Engineering Mechanics of Composite Materials, appendix A; 2 % declared"),
    orthotropic=Orthotropic(
        young=(_ply(_E1, 0.05, "E1", _FIVE), _ply(_E2, 0.05, "E2", _FIVE), _ply(_E2, 0.05, "E2", _FIVE)),
        shear=(_ply(6.6e9, 0.05, "G12", _FIVE), _ply(_E2 / 2.8, 0.05, "G23", f", E2 / 2(1 + nu23){_ISO}{_FIVE}"),
               _ply(6.6e9, 0.05, "G12", _FIVE)),
        poisson=(Quantity(value=_NU12, std=0.014, name="AS4/3501-6 nu12", source=f"{_WWFE}{_FIVE}"),
                 Quantity(value=0.4, std=0.02, name="AS4/3501-6 nu23", source=f"{_WWFE}{_FIVE}"),
                 _NU12 * _E2 / _E1)),
    ply=Ply(tension=(_ply(1950e6, 0.05, "XT", _FIVE), _Y_T, _Y_T),
            compression=(_ply(1480e6, 0.1, "XC", _TEN), _Y_C, _Y_C),
            shear=(_S, _ply(float(np.sqrt(48e6 * 200e6 / 3.0)), 0.1, "S23",
                            ", (YT YC / 3)^0.5: what the criterion itself asks of transverse isotropy; 10 % declared"),
                   _S)),
    source=f"{_WWFE}; fibres along x; at room temperature; no expansion, for that of a ply differs along its axes",
)  # fmt: skip
"""A unidirectional ply of carbon fibre in epoxy, fibres along x, 60 % of its volume."""

ELASTIC_LIBRARY = MappingProxyType({one.name: one for one in (S235, S355, STAINLESS_304L, ALUMINIUM_6061, AS4_3501)})


def elastic(name: str) -> Elastic:
    """The load-carrying material of that name: "S235", "S355", "304L", "6061-T6" or "AS4/3501-6".

    Raises
    ------
    ModelError
        If the library has no such material.
    """
    known = {one.lower(): found for one, found in ELASTIC_LIBRARY.items()}
    if name.strip().lower() not in known:
        raise ModelError(
            f"material '{name}' is none of the {len(known)} in the library. {did_you_mean(name, ELASTIC_LIBRARY)} "
            "Correct the name, or make an Elastic with your own source."
        )
    return known[name.strip().lower()]
