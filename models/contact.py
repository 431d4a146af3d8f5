"""What resists heat between two bodies that touch: a number, a pressed rough joint, or a gap of gas."""

from dataclasses import dataclass

from .errors import ModelError
from .material import Property
from .quantity import Quantity, quantity
from .signals import Controller, Signal, driven

Pair = tuple[Quantity | float, Quantity | float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pressed:
    """Two rough, nominally flat solids pressed together in vacuum: h = 1.25 k m / s (P / H)^0.95.

    k is the harmonic mean of both conductivities, m and s the slope and height of both roughnesses together.

    Attributes
    ----------
    conductivity : two Quantities or floats, W/(m.K)
        Of the first and of the second body at the joint.
    roughness : Quantity or float, m
        Root mean square of both surfaces together, sqrt(s1^2 + s2^2).
    slope : Quantity or float, 1
        Mean absolute slope of the asperities of both together, sqrt(m1^2 + m2^2).
    hardness : Quantity or float, Pa
        Microhardness of the softer body; the law holds for P / H from 1e-6 to 0.02.
    pressure : Quantity, Signal or float, Pa

    References
    ----------
    Yovanovich: Four decades of research on thermal contact, gap, and joint resistance in microelectronics,
    IEEE Trans. Components and Packaging Technologies 28 (2005) 182-206, eq. 9 (Cooper, Mikic and Yovanovich 1969).
    """

    conductivity: Pair
    roughness: Quantity | float
    slope: Quantity | float
    hardness: Quantity | float
    pressure: Quantity | Signal | float

    def __post_init__(self) -> None:
        if not isinstance(self.conductivity, tuple) or len(self.conductivity) != 2:
            raise ModelError(
                f"a pressed joint has conductivity {self.conductivity!r}. Its bodies have one each. "
                "Give two in W/(m.K), that of the first body first."
            )
        both = tuple(quantity(k, "W/(m.K)", valid=(1e-9, 1e5), label="joint conductivity") for k in self.conductivity)
        object.__setattr__(self, "conductivity", both)
        for name, unit, span in (("roughness", "m", (1e-10, 1e-2)), ("slope", "1", (1e-4, 10.0)),
                                 ("hardness", "Pa", (1e3, 1e12))):  # fmt: skip
            object.__setattr__(self, name, quantity(getattr(self, name), unit, valid=span, label=f"joint {name}"))
        object.__setattr__(self, "pressure", _driven(self.pressure, "Pa", "joint pressure"))

    def conductance(self, t: float, since: float = 0.0) -> float:
        """W/(m2.K) at `t` s, in a stage that began at `since` s."""
        k1, k2 = (quantity(k, "W/(m.K)").value for k in self.conductivity)
        m, s = quantity(self.slope, "1").value, quantity(self.roughness, "m").value
        share = max(_at(self.pressure, "Pa", t, since), 0.0) / quantity(self.hardness, "Pa").value
        return float(1.25 * 2.0 * k1 * k2 / (k1 + k2) * m / s * share**0.95)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """A thin layer of gas between two bodies: h = gas / (width + jump), and radiation across.

    Attributes
    ----------
    width : Quantity, Signal or float, m
        A Signal opens the gap over time, as a casting does that shrinks from its mould.
    gas : Property, Quantity or float, W/(m.K)
        Conductivity of the gas, as a Property at the mean of the two faces' temperatures.
    jump : Quantity or float, m
        Temperature jump distances of both faces together; where the width falls to zero it is all that is left.
    emissivity : two Quantities or floats, 1, or None
        Of the first and of the second face, two infinite grey plates; None leaves radiation out.

    References
    ----------
    Yovanovich 2005 (see Pressed), eq. 28 for the gas; Incropera et al., Fundamentals of Heat and Mass Transfer,
    eq. 13.19 for radiation.
    """

    width: Quantity | Signal | float
    gas: Property | Quantity | float
    jump: Quantity | float = 0.0
    emissivity: Pair | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", _driven(self.width, "m", "gap width"))
        object.__setattr__(self, "jump", quantity(self.jump, "m", valid=(0.0, 1.0), label="temperature jump distance"))
        if isinstance(self.gas, Property):
            if self.gas.unit != "W/(m.K)":
                raise ModelError(
                    f"the gas of a gap is in {self.gas.unit}, but W/(m.K) is needed. A gap's gas is known by its "
                    "conductivity. Convert the table at its door."
                )
        else:
            gas = quantity(self.gas, "W/(m.K)", valid=(0.0, 1e3), label="gas conductivity")
            object.__setattr__(self, "gas", gas)
        if self.emissivity is not None:
            if len(self.emissivity) != 2:
                raise ModelError(
                    f"a gap has {len(self.emissivity)} emissivities. Its two faces have one each. "
                    "Give two, that of the first body first, or none."
                )
            both = tuple(quantity(e, "1", valid=(1e-3, 1.0), label="emissivity in the gap") for e in self.emissivity)
            object.__setattr__(self, "emissivity", both)

    def reach(self, t: float, since: float = 0.0) -> float:
        """Width and jump together at `t` s, m."""
        return max(_at(self.width, "m", t, since), 0.0) + quantity(self.jump, "m").value

    @property
    def grey(self) -> float:
        """What two infinite grey plates exchange over what black ones do, 1; 0 without radiation."""
        if self.emissivity is None:
            return 0.0
        one, two = (quantity(e, "1").value for e in self.emissivity)
        return 1.0 / (1.0 / one + 1.0 / two - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Two bodies that touch, with `resistance` between them; 0 is perfect contact.

    Attributes
    ----------
    resistance : Quantity, Signal or float, m2.K/W; Pressed or Gap
        Signals of a contact may run on the clock of the process or of the stage.
    """

    first: str
    second: str
    resistance: Quantity | Signal | Pressed | Gap | float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.resistance, (Pressed, Gap)):
            resistance = _driven(self.resistance, "m2.K/W", "contact resistance")
            object.__setattr__(self, "resistance", resistance)

    def resists(self, t: float, since: float = 0.0) -> float:
        """m2.K/W at `t` s, in a stage that began at `since` s; of a Gap nothing, which depends on its faces."""
        if isinstance(self.resistance, Gap):
            return 0.0
        if isinstance(self.resistance, Pressed):
            h = self.resistance.conductance(t, since)
            return 1.0 / h if h > 0.0 else OPEN
        return min(max(_at(self.resistance, "m2.K/W", t, since), 0.0), OPEN)


OPEN = 1e9  # m2.K/W: of two bodies that are not pressed together


def _driven(given: Quantity | Signal | float, unit: str, name: str) -> Quantity | Signal:
    found = driven(given, unit, name, (0.0, 1e12 if unit == "Pa" else 1e9))
    if isinstance(found, Controller):
        raise ModelError(
            f"{name} is driven by controller '{found.name}' in {unit}. A contact is steered by no reading. "
            "Give a number or a Signal."
        )
    return found


def _at(given: Quantity | Signal | float, unit: str, t: float, since: float) -> float:
    return given.at(t, since) if isinstance(given, Signal) else quantity(given, unit).value
