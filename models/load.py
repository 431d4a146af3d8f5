"""What holds a structure and what loads it: supports and loads on named patches, gathered into load cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .errors import ModelError
from .history import Frame
from .quantity import Quantity, quantity
from .readonly import read_only
from .signals import Profile

Number = Quantity | float
Triple = tuple[Number, Number, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A patch whose displacement is given along some axes, m; None leaves an axis free."""

    x: Number | None = 0.0
    y: Number | None = 0.0
    z: Number | None = 0.0

    def __post_init__(self) -> None:
        for axis in "xyz":
            if getattr(self, axis) is not None:
                object.__setattr__(self, axis, quantity(getattr(self, axis), "m", label=f"displacement along {axis}"))
        if self.x is None and self.y is None and self.z is None:
            raise ModelError(
                "a support fixes 0 of 3 axes. It holds one or more. Leave the patch out of supports, or give x=0.0."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliding:
    """A patch that cannot move along its own normal and slides freely: a plane of symmetry, a frictionless rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spring:
    """An elastic foundation: what each m2 of a patch pushes back per m that it moves.

    Attributes
    ----------
    normal, tangential : Quantity or float, Pa/m as N/m3
    """

    normal: Number = 0.0
    tangential: Number = 0.0

    def __post_init__(self) -> None:
        for name in ("normal", "tangential"):
            object.__setattr__(self, name, quantity(getattr(self, name), "N/m3", valid=(0.0, 1e30), label=name))


SYMMETRY = Sliding()
Support = Fixed | Sliding | Spring


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A support on a line inside or on a body: the mean displacement over it is given along some axes, m.

    Attributes
    ----------
    begin, end : (3,) m
        The same place twice is a point.
    body : str
        May be left out where there is one.
    """

    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    x: float | None = None
    y: float | None = None
    z: float | None = None
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """Pa against the surface of a patch, inwards; a pull is negative."""

    value: Number

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", quantity(self.value, "Pa", label="pressure"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traction:
    """Force per area along x, y, z, Pa, the same all over a patch."""

    value: Triple

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _three(self.value, "Pa", "traction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """A force along x, y, z, N, spread evenly over a patch; of a section, N per m of depth."""

    value: Triple

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _three(self.value, "N", "force"))


Load = Pressure | Traction | Force


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A steady turn about an axis through `centre` m along `axis`, rad/s as 1/s."""

    speed: Number
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "speed", quantity(self.speed, "1/s", label="speed of rotation"))
        if not np.linalg.norm(self.axis) > 0.0:
            raise ModelError(
                f"a rotation about {self.axis} turns about nothing. An axis is a direction. Give (0, 0, 1)."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadCase:
    """One state of load: what holds each patch, what acts on it, and how warm it is.

    Attributes
    ----------
    supports : mapping of patch to a support or several
        "patch" is that patch of every body, "body.patch" of one.
    loads : mapping of patch to a load or several
    rests : tuple of Rest
    gravity : (3,) m/s2 and rotation : Rotation or None
        Both need a density.
    temperature : float, Quantity, Profile, Frame or None, K
        Where it is not `stress_free`, what expands strains; a Frame is kept from a heat run. None: no thermal strain.
    stress_free : Quantity or float, K
    free : bool
        Nothing holds the structure, and its loads balance: rigid motion is taken out of the answer.
    """

    name: str = "load"
    supports: Mapping[str, Support | tuple[Support, ...]] = field(default_factory=dict)
    loads: Mapping[str, Load | tuple[Load, ...]] = field(default_factory=dict)
    rests: tuple[Rest, ...] = ()
    gravity: Triple = (0.0, 0.0, 0.0)
    rotation: Rotation | None = None
    temperature: Quantity | float | Profile | Frame | None = None
    stress_free: Quantity | float = 293.15
    free: bool = False

    def __post_init__(self) -> None:
        for name in ("supports", "loads"):
            several = {patch: one if isinstance(one, tuple) else (one,) for patch, one in getattr(self, name).items()}
            object.__setattr__(self, name, read_only(several))
        object.__setattr__(self, "gravity", _three(self.gravity, "m/s2", "gravity"))
        object.__setattr__(self, "stress_free", quantity(self.stress_free, "K", valid=(0.0, 1e4), label="stress_free"))
        if isinstance(self.temperature, (int, float, Quantity)):
            object.__setattr__(
                self, "temperature", quantity(self.temperature, "K", valid=(0.0, 1e4), label="temperature")
            )
        if self.free and (self.supports or self.rests):
            raise ModelError(
                f"load case '{self.name}' is free and has {len(self.supports) + len(self.rests)} supports. It is the "
                "one or the other. Leave free out, or the supports."
            )


def _three(given: Triple, unit: str, label: str) -> tuple[Quantity, Quantity, Quantity]:
    x, y, z = (quantity(one, unit, label=f"{label} along {axis}") for axis, one in zip("xyz", given, strict=True))
    return x, y, z
