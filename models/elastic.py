"""What a body is made of as far as it carries load: elastic, thermal-expansion and strength properties."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .curve import Curve
from .errors import ModelError
from .material import Property, constant
from .quantity import Quantity, quantity

STRETCHED = 0.2  # elastic strain beyond which yield and Young's modulus are not of one unit
_UNTOLD = " hardens when it is quenched: transformation strain is missing, so its residual stress is not valid."
SOFTEST = 0.495  # Poisson's ratio above which displacements lock


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orthotropic:
    """Nine constants along the axes of the part, at the temperature of use.

    Attributes
    ----------
    young, shear : (3,) Quantity or float, Pa
        Along x, y, z; and of the planes xy, yz, zx.
    poisson : (3,) Quantity or float
        nu_xy, nu_yz, nu_zx: how much y gives way to a pull along x, and so on; the others follow by symmetry.
    """

    young: tuple[Quantity | float, Quantity | float, Quantity | float]
    shear: tuple[Quantity | float, Quantity | float, Quantity | float]
    poisson: tuple[Quantity | float, Quantity | float, Quantity | float]

    def __post_init__(self) -> None:
        for name, unit in (("young", "Pa"), ("shear", "Pa"), ("poisson", "1")):
            given = tuple(
                quantity(one, unit, label=f"{name} {a}") for a, one in zip("123", getattr(self, name), strict=True)
            )
            object.__setattr__(self, name, given)
        for what in ("young", "shear"):
            planes = ("x", "y", "z") if what == "young" else ("plane xy", "plane yz", "plane zx")
            for axis, one in zip(planes, getattr(self, what), strict=True):
                if not quantity(one, "Pa").value > 0.0:
                    raise ModelError(
                        f"{'Young modulus along' if what == 'young' else 'shear of'} {axis} is "
                        f"{quantity(one, 'Pa').value:g} Pa. Stiffness is above 0. Correct the sign or the value."
                    )
        lowest = float(np.linalg.eigvalsh(self.compliance()).min())
        if not lowest > 0.0:
            raise ModelError(
                f"orthotropic constants store an energy that is not positive (smallest compliance {lowest:.3g} 1/Pa). "
                "Every load takes work. Correct Poisson's ratios: nu_xy is at most (E_x / E_y) ** 0.5."
            )

    def compliance(self) -> np.ndarray:
        """(6, 6) 1/Pa, engineering shear strains in the order xx yy zz yz zx xy."""
        E, G, nu = ([quantity(one, unit).value for one in given] for given, unit in
                    ((self.young, "Pa"), (self.shear, "Pa"), (self.poisson, "1")))  # fmt: skip
        S = np.diag([1 / E[0], 1 / E[1], 1 / E[2], 1 / G[1], 1 / G[2], 1 / G[0]])
        for i, j, share in ((0, 1, nu[0] / E[0]), (1, 2, nu[1] / E[1]), (2, 0, nu[2] / E[2])):
            S[i, j] = S[j, i] = -share
        return S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ply:
    """First-ply strengths of an orthotropic material, Pa, all positive, for the criterion of Tsai and Wu.

    Attributes
    ----------
    tension, compression : (3,) Quantity or float, Pa
        Along x, y, z.
    shear : (3,) Quantity or float, Pa
        Of the planes xy, yz, zx.
    """

    tension: tuple[Quantity | float, Quantity | float, Quantity | float]
    compression: tuple[Quantity | float, Quantity | float, Quantity | float]
    shear: tuple[Quantity | float, Quantity | float, Quantity | float]

    def __post_init__(self) -> None:
        for name in ("tension", "compression", "shear"):
            given = tuple(
                quantity(one, "Pa", valid=(1.0, 1e13), label=f"{name} strength") for one in getattr(self, name)
            )
            object.__setattr__(self, name, given)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yield:
    """Where an elastic-plastic material begins to flow, and how it hardens.

    Attributes
    ----------
    stress : Property or float, Pa
        First yield, over temperature.
    isotropic, kinematic : Quantity or float, Pa
        Growth of the yield stress, and travel of its centre (Prager), per equivalent plastic strain. Both 0 is perfect
        plasticity.
    curve : Curve or None
        Factor on first yield over equivalent plastic strain, from 1 at 0, never falling; beyond its end it stays.
    """

    stress: Property | float
    isotropic: Quantity | float = 0.0
    kinematic: Quantity | float = 0.0
    curve: Curve | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "stress", _property(self.stress, "Pa", "yield stress"))
        for name in ("isotropic", "kinematic"):
            object.__setattr__(self, name, quantity(getattr(self, name), "Pa", valid=(0.0, 1e13), label=name))
        if self.curve is not None:
            seen = self.curve(np.linspace(*self.curve.range, 401))
            begin, least = self.curve.range[0], float(np.diff(seen).min())
            if begin != 0.0 or abs(seen[0] - 1.0) > 1e-9 or least < -1e-9:
                raise ModelError(
                    f"a hardening curve starts with {seen[0]:g} at a plastic strain of {begin:g}, and its smallest "
                    f"rise is {least:g}. It is a factor on first yield: 1 at 0, and it never falls. Divide it by first "
                    "yield."
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elastic:
    """Stiffness, expansion and strength of one material.

    Attributes
    ----------
    young : Property or float, Pa
    poisson : Property, Quantity or float
        Above -1 and below 0.495; beyond 0.45 mean dilatation holds cut cells from locking.
    density : Quantity or float, kg/m3
    expansion : Property or None, 1/K
        Tangent coefficient over temperature; strain is its integral from the stress-free temperature. None: none.
    yields : Yield or None
        None is elastic for ever: a factor against yield is not defined then.
    ultimate : Property or float or None, Pa
    orthotropic : Orthotropic or None
        Takes the place of young and poisson.
    ply : Ply or None
    hardens : bool
        Whether it transforms when it is quenched. Transformation strain turns the sign of residual stress, so a
        residual stress without it is not valid.
    source : str
    """

    name: str
    young: Property | float = 0.0
    poisson: Property | Quantity | float = 0.3
    density: Quantity | float = 0.0
    expansion: Property | float | None = None
    yields: Yield | None = None
    ultimate: Property | float | None = None
    orthotropic: Orthotropic | None = None
    ply: Ply | None = None
    hardens: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if self.orthotropic is None:
            object.__setattr__(self, "young", _property(self.young, "Pa", f"{self.name} Young's modulus"))
        object.__setattr__(self, "density", quantity(self.density, "kg/m3", valid=(0.0, 1e5), label="density"))
        if not isinstance(self.poisson, Property):
            object.__setattr__(self, "poisson", quantity(self.poisson, "1", label=f"{self.name} Poisson's ratio"))
        for name, unit in (("expansion", "1/K"), ("ultimate", "Pa")):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _property(getattr(self, name), unit, f"{self.name} {name}"))
        low, high = (float(pick(self.ratio(np.linspace(200.0, 2000.0, 91)))) for pick in (np.min, np.max))
        if not (low > -1.0 and high < SOFTEST):
            raise ModelError(
                f"{self.name}: Poisson's ratio {high if high >= SOFTEST else low:g} is outside -1 to {SOFTEST}. Nearer "
                "to 0.5 nothing gives way in volume, and displacements lock. Use one below 0.495, or correct the value."
            )
        if self.yields is not None and isinstance(self.young, Property):
            stretch = self.at("yield", 293.15) / float(self.young(293.15))
            if stretch > STRETCHED:
                raise ModelError(
                    f"{self.name}: yield at {self.at('yield', 293.15):.4g} Pa is a strain of {100 * stretch:.3g} % of "
                    f"Young's modulus {float(self.young(293.15)):.4g} Pa. What flows does so below "
                    f"{100 * STRETCHED:g} %. Give both in Pa."
                )
        if self.yields is not None and self.ultimate is not None:
            stress, strength = self.at("yield", 293.15), self.at("ultimate", 293.15)
            if stress > strength:
                raise ModelError(
                    f"{self.name}: yield {stress / 1e6:.4g} MPa is above ultimate {strength / 1e6:.4g} MPa. A material "
                    "yields before it breaks. Swap the two, or correct the unit."
                )

    def ratio(self, T: object) -> np.ndarray:
        """Poisson's ratio at `T` K."""
        T = np.asarray(T, dtype=float)
        return (
            self.poisson(T)
            if isinstance(self.poisson, Property)
            else np.full(T.shape, quantity(self.poisson, "1").value)
        )

    def laws(self) -> list[tuple[str, Property]]:
        """What of it depends on temperature, by name."""
        named = (("Young's modulus", None if self.orthotropic else self.young), ("Poisson's ratio", self.poisson),
                 ("expansion", self.expansion), ("yield stress", self.yields and self.yields.stress),
                 ("ultimate stress", self.ultimate))  # fmt: skip
        return [(name, one) for name, one in named if isinstance(one, Property)]

    def at(self, what: str, T: float) -> float:
        """A strength at a temperature in K, Pa: "yield" or "ultimate".

        Raises
        ------
        ModelError
            If the material does not state it.
        """
        found = self.ultimate if what == "ultimate" else None if self.yields is None else self.yields.stress
        if not isinstance(found, Property):
            raise ModelError(
                f"{self.name} states no {what} stress. A factor against it needs one. Give it to the material, with "
                "its source."
            )
        return float(found(T))


def untold(name: str) -> str:
    """The note of a run that leaves out how a material transforms when it is quenched."""
    return f"{name}{_UNTOLD}"


def transforming(notes: Iterable[str]) -> tuple[str, ...]:
    """Names of the materials that such notes are about."""
    return tuple(dict.fromkeys(one.removesuffix(_UNTOLD) for one in notes if one.endswith(_UNTOLD)))


def _property(given: Property | float, unit: str, label: str) -> Property:
    if isinstance(given, Property):
        if given.unit != unit:
            raise ModelError(
                f"{label} is in {given.unit}, where {unit} is needed. Properties are in SI. Convert the table at its "
                "door."
            )
        return given
    if not 0.0 < given < math.inf:
        raise ModelError(
            f"{label} = {given:g} {unit} is not a number above 0. It is one. Correct the sign or the value."
        )
    least = 1e6 if "modulus" in label else 1e5
    if unit == "Pa" and given < least:
        raise ModelError(
            f"{label} = {given:g} Pa is below {least:g} Pa. Metals and composites carry millions. Is it in MPa or GPa? "
            "Convert it with foretrial.models.units.to_si(value, 'MPa', 'Pa'), or give a Property for what is softer."
        )
    if unit == "1/K" and given > 1e-3:
        raise ModelError(
            f"{label} = {given:g} 1/K is above 0.001 1/K. Solids grow by millionths. Is it in 1e-6/K? Multiply it by "
            "1e-6."
        )
    return constant(float(given), unit, name="", source="stated")
