"""What holds a structure and what loads it: supports and loads on named patches, gathered into load cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .history import Frame
from .quantity import Quantity, quantity
from .readonly import read_only
from .signals import Profile

Array = NDArray[np.float64]
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
    """A support on a line inside or on a body: the displacement along it is given along some axes, m, by stiff springs.

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

    def __post_init__(self) -> None:
        if self.x is None and self.y is None and self.z is None:
            raise ModelError(
                f"a rest from {self.begin} to {self.end} m holds 0 of 3 axes. It holds one or more. Leave it out, or "
                "give x=0.0."
            )


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mapped:
    """Force per area along x, y, z that varies over a patch: a table, linear between its places and constant beyond.

    Attributes
    ----------
    x, y, z : (nx,), (ny,), (nz,) m
        Rising; a single place along an axis along which nothing varies.
    value : (nx, ny, nz, 3) Pa
    scale : Quantity or float
        By which all of it is multiplied.

    Raises
    ------
    ModelError
        If places do not rise, or the table does not fit them.
    """

    value: Array
    x: Array = field(default_factory=lambda: np.zeros(1))
    y: Array = field(default_factory=lambda: np.zeros(1))
    z: Array = field(default_factory=lambda: np.zeros(1))
    scale: Number = 1.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "z", "value"):
            held = np.array(getattr(self, name), dtype=float)
            held.flags.writeable = False
            object.__setattr__(self, name, held)
        object.__setattr__(self, "scale", quantity(self.scale, "1", label="scale of a mapped load"))
        shape = (self.x.size, self.y.size, self.z.size, 3)
        if self.value.shape != shape or not np.isfinite(self.value).all():
            raise ModelError(
                f"a mapped load has a table of shape {self.value.shape}, not all finite or not as its places are: "
                f"{shape}. There is a force per area for every x, y, z. Complete the table."
            )
        for name in ("x", "y", "z"):
            line = getattr(self, name)
            if line.ndim != 1 or not (np.diff(line) > 0.0).all():
                raise ModelError(
                    f"places of a mapped load along {name} go from {line.flat[0]:g} to {line.flat[-1]:g} m and do not "
                    "always rise. Each lies beyond the one before. Sort them, with their forces."
                )

    def at(self, places: Array) -> Array:
        """(..., 3) Pa at places (..., 3) m."""
        out = np.asarray(self.value)
        flat = places.reshape(-1, 3)
        index, share = [], []
        for a, line in enumerate((self.x, self.y, self.z)):
            if line.size == 1:
                index.append((np.zeros(len(flat), dtype=np.int64),) * 2)
                share.append(np.zeros(len(flat)))
                continue
            low = np.clip(np.searchsorted(line, flat[:, a]) - 1, 0, line.size - 2)
            index.append((low, low + 1))
            share.append(np.clip((flat[:, a] - line[low]) / (line[low + 1] - line[low]), 0.0, 1.0))
        total = np.zeros((len(flat), 3))
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod([s if c else 1.0 - s for c, s in zip(corner, share, strict=True)], axis=0)
            if weight.any():
                total += weight[:, None] * out[tuple(pair[c] for c, pair in zip(corner, index, strict=True))]
        return quantity(self.scale, "1").value * total.reshape(places.shape)


Load = Pressure | Traction | Mapped | Force


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
