"""A recipe as data: bodies, contacts and stages; the same process serves every trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from .curve import Curve
from .errors import ModelError, did_you_mean
from .material import Material
from .part import Part
from .quantity import Quantity, quantity

HOTTEST = 1.0e4  # K; anything above is a unit mistake


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signal:
    """A quantity over time, `scale * curve(t) + bias + sum of mode * shape(t)`: a logged or a programmed one.

    Attributes
    ----------
    curve : Curve
        The signal in `unit` over s.
    scale, bias : Quantity
        What is uncertain about it; give them names to have them in the budget.
    modes : tuple of (Quantity, Curve)
        What is uncertain with a shape of its own in time: a dimensionless amount, and the signal's change per unit.
    clock : str
        "process" counts from the start of the recipe, "stage" from the start of the stage.
    """

    curve: Curve
    unit: str
    scale: Quantity = field(default_factory=lambda: Quantity(value=1.0))
    bias: Quantity | None = None
    modes: tuple[tuple[Quantity, Curve], ...] = ()
    clock: str = "process"

    def __post_init__(self) -> None:
        if self.clock not in ("process", "stage"):
            raise ModelError(
                f"clock = '{self.clock}' is not known. {did_you_mean(self.clock, ('process', 'stage'))} "
                "Say clock='process' or clock='stage'."
            )

    def at(self, t: float, since: float) -> float:
        """The value at `t` s, in a stage that began at `since` s."""
        clock = t - since if self.clock == "stage" else t
        value = self.scale.value * self.curve.one(clock) + (0.0 if self.bias is None else self.bias.value)
        return value + sum(amount.value * shape.one(clock) for amount, shape in self.modes if amount.value != 0.0)


Level = Quantity | Signal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exchange:
    """What a patch trades with its surroundings: film (gas - T) + emissivity sigma (radiant^4 - T^4) + flux.

    Attributes
    ----------
    gas, radiant : K
        Gas temperature, and the temperature that the wall sees; `radiant` left out is `gas`.
    film : W/(m2.K)
    emissivity : 1
        Effective where the wall does not see the whole half space.
    flux : W/m2
        Absorbed at the wall.
    """

    gas: Level | float = 293.15
    radiant: Level | float | None = None
    film: Level | float = 0.0
    emissivity: Level | float = 0.0
    flux: Level | float = 0.0

    def __post_init__(self) -> None:
        if self.radiant is None:
            object.__setattr__(self, "radiant", self.gas)
        units = {"gas": "K", "radiant": "K", "film": "W/(m2.K)", "emissivity": "1", "flux": "W/m2"}
        spans = {"gas": (0.0, HOTTEST), "radiant": (0.0, HOTTEST), "film": (0.0, 1e9), "emissivity": (0.0, 1.0)}
        for name, unit in units.items():
            object.__setattr__(self, name, _level(getattr(self, name), unit, name, spans.get(name)))


def _level(given: "Level | float", unit: str, name: str, span: tuple[float, float] | None) -> Level:
    if isinstance(given, Signal):
        if given.unit != unit:
            raise ModelError(
                f"{name} is driven by a signal in {given.unit}, but {unit} is needed. A signal has the unit of what it "
                "drives. Check which channel that is."
            )
        return given
    return quantity(given, unit, valid=span, label=name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """A patch held at a temperature, K."""

    temperature: Level | float

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperature", _level(self.temperature, "K", "temperature", (0.0, HOTTEST)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Between:
    """Surroundings known at places along an axis, straight lines between them and held beyond.

    Attributes
    ----------
    axis : int
    places : (n,) m, increasing
    exchanges : (n,) Exchange
    """

    axis: int
    places: tuple[float, ...]
    exchanges: tuple[Exchange, ...]

    def __post_init__(self) -> None:
        if len(self.places) != len(self.exchanges) or len(self.places) < 2 or (np.diff(self.places) <= 0).any():
            raise ModelError(
                f"{len(self.places)} places and {len(self.exchanges)} exchanges do not pair up in rising order. "
                "Two or more places, each with its exchange, do. Complete or sort them."
            )


INSULATED = Exchange()
Wall = Exchange | Held | Between


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Heat made inside a body: rate (c0 + c1 s + c2 s^2 ...) with s the coordinate along `axis`, m.

    Attributes
    ----------
    body : str
    rate : W/m3
    """

    body: str
    rate: Level | float
    profile: tuple[float, ...] = (1.0,)
    axis: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _level(self.rate, "W/m3", "rate", None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """An end condition: a named observation crosses `value` (SI), rising or falling, `at_most` s after the start."""

    observation: str
    value: float
    rising: bool = True
    at_most: float = 1e6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One step of a recipe: what each patch meets, and when it ends.

    Attributes
    ----------
    walls : mapping of patch name to Exchange, Held or Between
        "patch" means that patch of every body, "body.patch" of one. Every patch must be named: INSULATED says none.
    until : float or Crossing
        Duration in s, or what must happen.
    """

    name: str
    walls: Mapping[str, Wall]
    until: float | Crossing
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "walls", MappingProxyType(dict(self.walls)))
        if not isinstance(self.until, Crossing) and not (np.isfinite(self.until) and self.until > 0):
            raise ModelError(
                f"stage '{self.name}' lasts {self.until} s. A stage lasts longer than zero. Give its duration in s."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """A part made of a material, with its temperature (K) at the start."""

    part: Part
    material: Material
    start: Quantity | float
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.part.name)
        start = quantity(self.start, "K", valid=(0.0, HOTTEST), label=f"{self.name}'s start")
        object.__setattr__(self, "start", start)
        if start.value <= 0.0:
            raise ModelError(f"{self.name} starts at {start.value:g} K. Temperatures are above 0 K. Is it in degC?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Two bodies that touch, with `resistance` (m2.K/W) between them; 0 is perfect contact."""

    first: str
    second: str
    resistance: Quantity | float = 0.0

    def __post_init__(self) -> None:
        resistance = quantity(self.resistance, "m2.K/W", valid=(0.0, 1e9), label="contact resistance")
        object.__setattr__(self, "resistance", resistance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Process:
    """Bodies, their contacts, and the stages that they go through."""

    name: str
    bodies: tuple[Body, ...]
    stages: tuple[Stage, ...]
    contacts: tuple[Contact, ...] = ()

    def __post_init__(self) -> None:
        if not self.bodies:
            raise ModelError(f"process '{self.name}' has no body. There is a part to heat. Add bodies=(Body(...),).")
        if not self.stages:
            raise ModelError(f"process '{self.name}' has no stage. A recipe has one or more. Add stages=(Stage(...),).")
        names = [body.name for body in self.bodies]
        if len(set(names)) < len(names):
            raise ModelError(f"two bodies share a name among {names}. Each has its own. Give Body(name=...).")
        for contact in self.contacts:
            for one in (contact.first, contact.second):
                if one not in names:
                    raise ModelError(
                        f"contact with '{one}': no such body. {did_you_mean(one, names)} Correct the name."
                    )
        for stage in self.stages:
            _refuse_unknown_patches(stage, self.bodies)
            for source in stage.sources:
                if source.body not in names:
                    raise ModelError(
                        f"stage '{stage.name}': source in '{source.body}', which is no body. "
                        f"{did_you_mean(source.body, names)} Correct the name."
                    )

    def body(self, name: str) -> Body:
        """The body of that name."""
        for body in self.bodies:
            if body.name == name:
                return body
        raise ModelError(
            f"no body '{name}' in process '{self.name}'. {did_you_mean(name, [b.name for b in self.bodies])} "
            "Correct the name."
        )

    @classmethod
    def simple(
        cls,
        *,
        part: Part,
        material: Material,
        start: Quantity | float,
        walls: Mapping[str, Wall],
        until: float | Crossing,
        sources: tuple[Source, ...] = (),
        name: str = "process",
    ) -> "Process":
        """One body in one stage."""
        body = Body(part=part, material=material, start=start)
        return cls(name=name, bodies=(body,), stages=(Stage(name=name, walls=walls, until=until, sources=sources),))

    def ending(self, until: float) -> "Process":
        """The same single-stage process, ended after `until` s."""
        return replace(self, stages=(*self.stages[:-1], replace(self.stages[-1], until=until)))


def _refuse_unknown_patches(stage: Stage, bodies: tuple[Body, ...]) -> None:
    known = {"surface", *(patch.name for body in bodies for patch in body.part.patches)}
    full = {f"{body.name}.{patch}" for body in bodies for patch in known}
    for key in stage.walls:
        if key not in known and key not in full:
            raise ModelError(
                f"stage '{stage.name}': patch '{key}' is on no body. {did_you_mean(key, known | full)} "
                "Correct the name."
            )
    if not stage.walls:
        raise ModelError(
            f"stage '{stage.name}' has no boundary condition. Every patch meets something. "
            f"Name {', '.join(sorted(known))} in walls; INSULATED says that a patch trades nothing."
        )


def quench(part: Part, material: Material, *, start: Quantity | float, bath: Level | float, film: Quantity | float,
           until: float) -> Process:  # fmt: skip
    """A hot part dropped into a bath (K) that cools its whole surface through `film` W/(m2.K) for `until` s."""
    if not isinstance(film, Quantity):
        film = Quantity(value=film, unit="W/(m2.K)", name="film")
    all_round = Exchange(gas=bath, film=film)
    walls = {patch.name: all_round for patch in part.patches} or {"surface": all_round}
    return Process.simple(part=part, material=material, start=start, walls=walls, until=until, name="quench")
