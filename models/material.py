"""What a body is made of: temperature-dependent properties that know their source and their range."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .curve import Curve
from .errors import ModelError
from .quantity import Quantity, quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Property:
    """A property over temperature (K), with its source, its range and what is assumed beyond it.

    Attributes
    ----------
    curve : Curve
        The property in `unit` over K.
    scale : Quantity
        A factor on the whole curve; its std is the relative uncertainty, its name the row in a budget.
    source : str
        Publication, table and page.
    valid : (float, float), K
        Where the source states the curve.
    beyond : str
        "hold" the end value (a declared assumption), or "refuse" to leave the range.
    beyond_std : float
        Relative standard uncertainty of that assumption.
    """

    curve: Curve
    unit: str
    scale: Quantity
    source: str
    valid: tuple[float, float]
    beyond: str = "hold"
    beyond_std: float = 0.1

    def __post_init__(self) -> None:
        if self.beyond not in ("hold", "refuse"):
            raise ModelError(
                f"beyond = '{self.beyond}' is not known. Beyond its range a property is held or refused. "
                "Say beyond='hold' or beyond='refuse'."
            )
        low = float(np.min(self(np.linspace(*self.valid, 201))))
        if low <= 0.0:
            name = self.scale.name or "property"
            raise ModelError(
                f"{name} falls to {low:g} {self.unit} between {self.valid[0]:g} and {self.valid[1]:g} K. "
                "It is positive everywhere. Correct the sign or the table."
            )

    def __call__(self, T: object) -> np.ndarray:
        """The property at `T` (any shape, K) in `unit`."""
        return self.scale.value * self.curve(np.asarray(T, dtype=float))


def constant(value: float, unit: str, *, name: str = "", std: float = 0.0, source: str = "stated",
             valid: tuple[float, float] = (1.0, 5000.0)) -> Property:  # fmt: skip
    """A property that does not depend on temperature; `std` is relative."""
    if not np.isfinite(value) or value <= 0:
        raise ModelError(
            f"{name or 'property'} = {value:g} {unit} is not positive. Conductivity, heat capacity and density are "
            "above zero. Correct the sign or the value."
        )
    return Property(curve=Curve.constant(value), unit=unit, scale=Quantity(value=1.0, std=std, name=name),
                    source=source, valid=valid)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Density, conductivity and heat capacity of one material.

    Attributes
    ----------
    density : Quantity, kg/m3
    conductivity : Property, W/(m.K)
        Along x; other axes by `anisotropy`.
    heat_capacity : Property, J/(kg.K)
    anisotropy : (3,) floats
        Conductivity along x, y, z over `conductivity`.
    points : mapping
        Published values that a test compares with: property name -> ((T in K, value), ...).
    """

    name: str
    density: Quantity
    conductivity: Property
    heat_capacity: Property
    anisotropy: tuple[float, float, float] = (1.0, 1.0, 1.0)
    points: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "density", quantity(self.density, "kg/m3", label=f"{self.name} density"))
        if self.density.value <= 0:
            raise ModelError(
                f"{self.name}: density {self.density.value:g} kg/m3 is not positive. Matter weighs something. "
                "Correct the sign or the value."
            )
        for prop, unit in ((self.conductivity, "W/(m.K)"), (self.heat_capacity, "J/(kg.K)")):
            if prop.unit != unit:
                raise ModelError(
                    f"{self.name}: a property is in {prop.unit} where {unit} is needed. "
                    "Conductivity is in W/(m.K), heat capacity in J/(kg.K). Convert the table at its door."
                )
        if min(self.anisotropy) <= 0:
            raise ModelError(
                f"{self.name}: anisotropy {self.anisotropy} holds a number that is not positive. "
                "Each is a ratio of conductivities above zero. Correct it."
            )

    @classmethod
    def simple(cls, name: str, *, density: float, conductivity: float, heat_capacity: float,
               source: str = "stated") -> "Material":  # fmt: skip
        """A material with constant, exact properties, for checks against closed forms."""
        k = constant(conductivity, "W/(m.K)", source=source, name=f"{name} conductivity")
        cp = constant(heat_capacity, "J/(kg.K)", source=source, name=f"{name} heat capacity")
        return cls(name=name, density=quantity(density, "kg/m3"), conductivity=k, heat_capacity=cp)
