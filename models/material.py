"""What a body is made of: temperature-dependent properties that know their source and their range."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .curve import Curve
from .errors import ModelError
from .product import moved, product
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
class Latent:
    """Heat of melting between solidus and liquidus, on top of the heat capacity.

    Attributes
    ----------
    heat : Quantity or float, J/kg
    solidus, liquidus : Quantity or float, K
        0.001 K apart or more: a pure metal melts within such a range.
    fraction : Curve or None
        Share that is molten (0 to 1, never falling) over the way from solidus (0) to liquidus (1); None is straight.
    """

    heat: Quantity | float
    solidus: Quantity | float
    liquidus: Quantity | float
    fraction: Curve | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "heat", quantity(self.heat, "J/kg", valid=(0.0, 1e8), label="latent heat"))
        for name in ("solidus", "liquidus"):
            object.__setattr__(self, name, quantity(getattr(self, name), "K", valid=(1.0, 1e4), label=name))
        low, high = quantity(self.solidus, "K").value, quantity(self.liquidus, "K").value
        if not high - low >= 1e-3 * (1.0 - 1e-6):
            raise ModelError(
                f"solidus {low:g} K and liquidus {high:g} K are less than 0.001 K apart, or the wrong way round. "
                "Melting takes a range. Give a pure metal liquidus = solidus + 0.01."
            )
        if self.fraction is not None:
            seen = self.fraction(np.linspace(0.0, 1.0, 201))
            if abs(seen[0]) > 1e-9 or abs(seen[-1] - 1.0) > 1e-9 or (np.diff(seen) < -1e-12).any():
                raise ModelError(
                    f"the molten fraction runs from {seen[0]:g} to {seen[-1]:g} or falls on its way. It rises from 0 "
                    "at the solidus to 1 at the liquidus. Scale the curve to 0 to 1 on both axes."
                )

    def peak(self) -> Curve:
        """Heat of melting per kelvin, J/(kg.K) over K, solidus to liquidus: its exact integral is `heat`."""
        low, high = quantity(self.solidus, "K").value, quantity(self.liquidus, "K").value
        heat, width = quantity(self.heat, "J/kg").value, high - low
        fraction = self.fraction or Curve.table([0.0, 1.0], [0.0, 1.0])
        rows = np.zeros((len(fraction.rows), 6))
        _, a1, a2, a3, r, _ = fraction.rows.T
        if (r != 0.0).any():
            raise ModelError("a molten fraction has a pole. Its slope would have no curve. Use a cubic or a table.")
        rows[:, 0], rows[:, 1], rows[:, 2] = heat * a1 / width, 2 * heat * a2 / width**2, 3 * heat * a3 / width**3
        rows[:, 5] = 1e9
        return Curve(breaks=low + width * fraction.breaks, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """Density, conductivity and heat capacity of one material.

    Attributes
    ----------
    density : Quantity or Property, kg/m3
        A number keeps the mass of every cell. A Property over temperature does not: the grid stands still, so a cell
        keeps its volume and holds density(T) of it, and heat is counted per volume, as the exact integral of density
        times heat capacity. Heat is conserved all the same; what a real part would lose in density it gains in size
        (three times its linear expansion), and no mass leaves or enters through walls.
    conductivity : Property, W/(m.K)
        Along x; other axes by `anisotropy`.
    heat_capacity : Property, J/(kg.K)
    anisotropy : (3,) floats
        Conductivity along x, y, z over `conductivity`.
    points : mapping
        Published values that a test compares with: property name -> ((T in K, value), ...).
    latent : Latent or None
        Heat of melting; what a peak of `heat_capacity` holds is not repeated here.
    """

    name: str
    density: Quantity | Property
    conductivity: Property
    heat_capacity: Property
    anisotropy: tuple[float, float, float] = (1.0, 1.0, 1.0)
    points: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    latent: Latent | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.density, Property):
            object.__setattr__(self, "density", quantity(self.density, "kg/m3", label=f"{self.name} density"))
        if isinstance(self.density, Quantity) and self.density.value <= 0:
            raise ModelError(
                f"{self.name}: density {self.density.value:g} kg/m3 is not positive. Matter weighs something. "
                "Correct the sign or the value."
            )
        needed = ((self.conductivity, "W/(m.K)"), (self.heat_capacity, "J/(kg.K)"), (self.density, "kg/m3"))
        for prop, unit in needed:
            if prop.unit != unit:
                raise ModelError(
                    f"{self.name}: a property is in {prop.unit} where {unit} is needed. "
                    "Conductivity is in W/(m.K), heat capacity in J/(kg.K), density in kg/m3. Convert the table at its "
                    "door."
                )
        if min(self.anisotropy) <= 0:
            raise ModelError(
                f"{self.name}: anisotropy {self.anisotropy} holds a number that is not positive. "
                "Each is a ratio of conductivities above zero. Correct it."
            )

    def storage(self) -> Curve:
        """What a kilogram stores per kelvin, J/(kg.K) over K: heat capacity with its scale, and the heat of melting."""
        scaled = self.heat_capacity.curve.rows.copy()
        scaled[:, :5] *= self.heat_capacity.scale.value
        sensible = Curve(breaks=self.heat_capacity.curve.breaks, rows=scaled)
        if self.latent is None:
            return sensible
        peak = self.latent.peak()
        (low, high), ends = peak.range, sensible.range
        outer = [min(low, ends[0]) - 1.0, max(high, ends[1]) + 1.0]
        breaks = np.unique(np.concatenate([sensible.breaks, peak.breaks, outer]))
        rows = np.array([moved(sensible, left, 0.5 * (left + right)) for left, right in pairwise(breaks)])
        for row, (left, right) in zip(rows, pairwise(breaks), strict=True):
            if low < 0.5 * (left + right) < high:
                row[:4] += moved(peak, left, 0.5 * (left + right))[:4]
        return Curve(breaks=breaks, rows=rows)

    def volumetric(self) -> Curve:
        """What a cubic metre stores per kelvin, J/(m3.K) over K: density times `storage`, exact as `product` is."""
        storage = self.storage()
        if isinstance(self.density, Property):
            mass = self.density.curve.rows.copy()
            mass[:, :5] *= self.density.scale.value
            return product(Curve(breaks=self.density.curve.breaks, rows=mass), storage)
        rows = storage.rows.copy()
        rows[:, :5] *= self.density.value
        return Curve(breaks=storage.breaks, rows=rows)

    @classmethod
    def simple(cls, name: str, *, density: float, conductivity: float, heat_capacity: float,
               source: str = "stated") -> "Material":  # fmt: skip
        """A material with constant, exact properties, for checks against closed forms."""
        k = constant(conductivity, "W/(m.K)", source=source, name=f"{name} conductivity")
        cp = constant(heat_capacity, "J/(kg.K)", source=source, name=f"{name} heat capacity")
        return cls(name=name, density=quantity(density, "kg/m3"), conductivity=k, heat_capacity=cp)
