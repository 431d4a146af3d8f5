"""A recipe as data: bodies, contacts and stages; the same process serves every trial."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .beam import Beam
from .contact import Contact
from .deposit import Deposit
from .enclosure import Enclosure
from .errors import ModelError, did_you_mean
from .history import Frame
from .material import Material, Property
from .part import Part
from .quantity import Quantity, quantity
from .readonly import read_only
from .signals import Level, Profile, driven

HOTTEST = 1.0e4  # K; anything above is a unit mistake


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exchange:
    """What a patch trades with its surroundings: film (gas - T) + emissivity sigma (radiant^4 - T^4) + flux.

    Attributes
    ----------
    gas, radiant : K
        Gas temperature, and the temperature that the wall sees; `radiant` left out is `gas`.
    film : W/(m2.K)
        A Property over the wall's own temperature (a boiling curve) too; its scale is what is uncertain about it.
    emissivity : 1
        Effective where the wall does not see the whole half space.
    flux : W/m2
        Absorbed at the wall.
    """

    gas: Level | float = 293.15
    radiant: Level | float | None = None
    film: Level | Property | float = 0.0
    emissivity: Level | float = 0.0
    flux: Level | float = 0.0

    def __post_init__(self) -> None:
        if self.radiant is None:
            object.__setattr__(self, "radiant", self.gas)
        units = {"gas": "K", "radiant": "K", "film": "W/(m2.K)", "emissivity": "1", "flux": "W/m2"}
        spans = {"gas": (0.0, HOTTEST), "radiant": (0.0, HOTTEST), "film": (0.0, 1e9), "emissivity": (0.0, 1.0)}
        for name, unit in units.items():
            given = getattr(self, name)
            if isinstance(given, Property) and name == "film" and given.unit == unit:
                continue
            object.__setattr__(self, name, _level(given, unit, name, spans.get(name)))


def _level(given: "Level | Property | float", unit: str, name: str, span: tuple[float, float] | None) -> Level:
    if isinstance(given, Property):
        raise ModelError(
            f"{name} is a property over temperature in {given.unit}, which only film in W/(m2.K) may be. "
            "A film follows the wall's temperature. Give a number or a Signal, or convert the film's curve."
        )
    return driven(given, unit, name, span)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """One of two opposite flat patches of a body: what leaves through one comes in through the other.

    Both are named in the walls of every stage. Fields that repeat along the axis are meant, not a turn about it.
    """


INSULATED = Exchange()
"""A patch that trades nothing: what lags, and a plane of symmetry."""
SYMMETRIC = INSULATED
"""A patch in a plane of symmetry: no heat passes it."""
PERIODIC = Periodic()
Wall = Exchange | Held | Between | Periodic


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
    walls : mapping of patch name to Exchange, Held, Between or PERIODIC
        "patch" means that patch of every body, "body.patch" of one. Every patch must be named: INSULATED says none.
    until : float or Crossing
        Duration in s, or what must happen.
    beams : tuple of Spot or Ellipsoid
        Heat that moves along paths, on top of `sources`.
    deposits : tuple of Deposit
        Material that is laid down during the stage.
    enclosures : tuple of Enclosure
        Patches that radiate to each other, on top of what `walls` says of them.
    """

    name: str
    walls: Mapping[str, Wall]
    until: float | Crossing
    sources: tuple[Source, ...] = ()
    beams: tuple[Beam, ...] = ()
    deposits: tuple[Deposit, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "walls", read_only(self.walls))
        if not isinstance(self.until, Crossing) and not (np.isfinite(self.until) and self.until > 0):
            raise ModelError(
                f"stage '{self.name}' lasts {self.until} s. A stage lasts longer than zero. Give its duration in s."
            )
        end = self.until.at_most if isinstance(self.until, Crossing) else self.until
        for deposit in self.deposits:
            if deposit.at >= end:
                raise ModelError(
                    f"stage '{self.name}' lasts {end:g} s, but lays something down on {deposit.body} at "
                    f"{deposit.at:g} s. A stage lays down before it ends. Make it longer, or move the deposit to the "
                    "next one."
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """A part made of a material, with its temperature (K) at the start: a value, a profile, or a field kept before."""

    part: Part
    material: Material
    start: Quantity | float | Profile | Frame
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.part.name)
        if isinstance(self.start, Profile):
            return
        if isinstance(self.start, Frame):
            if self.name not in self.start.T:
                raise ModelError(
                    f"{self.name} starts from a frame of {', '.join(self.start.T)}. A frame holds the body by its "
                    f"name. {did_you_mean(self.name, self.start.T)} Keep it from a process with this body."
                )
            return
        start = quantity(self.start, "K", valid=(0.0, HOTTEST), label=f"{self.name}'s start")
        object.__setattr__(self, "start", start)
        if start.value <= 0.0:
            raise ModelError(f"{self.name} starts at {start.value:g} K. Temperatures are above 0 K. Is it in degC?")


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
        _refuse_changing_period(self.stages)
        for stage in self.stages:
            _refuse_unknown_patches(stage, self.bodies)
            _refuse_enclosures(stage, self.bodies)
            for source in (*stage.sources, *stage.beams, *stage.deposits):
                if source.body not in names:
                    kind = "deposit" if isinstance(source, Deposit) else "source"
                    raise ModelError(
                        f"stage '{stage.name}': {kind} in '{source.body}', which is no body. "
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
        start: Quantity | float | Profile | Frame,
        walls: Mapping[str, Wall],
        until: float | Crossing,
        sources: tuple[Source, ...] = (),
        beams: tuple[Beam, ...] = (),
        enclosures: tuple[Enclosure, ...] = (),
        name: str = "process",
    ) -> "Process":
        """One body in one stage."""
        body = Body(part=part, material=material, start=start)
        stage = Stage(name=name, walls=walls, until=until, sources=sources, beams=beams, enclosures=enclosures)
        return cls(name=name, bodies=(body,), stages=(stage,))

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


def _refuse_enclosures(stage: Stage, bodies: tuple[Body, ...]) -> None:
    """An enclosed patch is one patch of one body, in one enclosure."""
    known = [f"{b.name}.{p}" for b in bodies for p in {*(patch.name for patch in b.part.patches), "surface"}]
    seen: dict[str, str] = {}
    for enclosure in stage.enclosures:
        for patch in enclosure.patches:
            fits = [full for full in known if patch in (full, full.partition(".")[2])]
            if len(fits) != 1:
                raise ModelError(
                    f"stage '{stage.name}': patch '{patch}' of enclosure '{enclosure.name}' is on {len(fits)} bodies. "
                    f"It is on one. {did_you_mean(patch, known)} Name it 'body.patch'."
                )
            if fits[0] in seen:
                raise ModelError(
                    f"stage '{stage.name}': patch '{fits[0]}' is in enclosures '{seen[fits[0]]}' and "
                    f"'{enclosure.name}'. A patch faces one enclosure. Split the patch, or join the enclosures."
                )
            seen[fits[0]] = enclosure.name
            wall = stage.walls.get(fits[0], stage.walls.get(fits[0].rpartition(".")[2]))
            for row in wall.exchanges if isinstance(wall, Between) else (wall,):
                if isinstance(row, Exchange) and getattr(row.emissivity, "value", 1.0) != 0.0:
                    raise ModelError(
                        f"stage '{stage.name}': patch '{fits[0]}' radiates into enclosure '{enclosure.name}' and, with "
                        f"an emissivity of {getattr(row.emissivity, 'value', 'a signal')}, into its surroundings. It "
                        "radiates once. Leave emissivity= out of its Exchange."
                    )


def _refuse_changing_period(stages: tuple[Stage, ...]) -> None:
    each = [{key for key, wall in stage.walls.items() if isinstance(wall, Periodic)} for stage in stages]
    for stage, keys in zip(stages, each, strict=True):
        if keys != each[0]:
            raise ModelError(
                f"stage '{stage.name}' is periodic at {sorted(keys)}, the first stage at {sorted(each[0])}. What "
                "repeats does so in every stage. Name the same patches PERIODIC in all of them."
            )
        if keys and stage.deposits:
            raise ModelError(
                f"stage '{stage.name}' has {len(stage.deposits)} deposits and is periodic at {sorted(keys)}. What is "
                "laid down does not repeat. Make these patches SYMMETRIC, or leave the deposits out."
            )


def quench(part: Part, material: Material, *, start: Quantity | float, bath: Level | float,
           film: Quantity | Property | float, until: float) -> Process:  # fmt: skip
    """A hot part dropped into a bath (K) that cools its whole surface through `film` W/(m2.K) for `until` s.

    A film that is a Property, over the wall's own temperature, is the boiling curve of the bath.
    """
    if isinstance(film, (int, float)):
        film = Quantity(value=film, unit="W/(m2.K)", name="film")
    all_round = Exchange(gas=bath, film=film)
    walls = {patch.name: all_round for patch in part.patches} or {"surface": all_round}
    return Process.simple(part=part, material=material, start=start, walls=walls, until=until, name="quench")
