"""What is asked of a structure: displacements, stresses, reactions and utilisations, at places or over regions."""

from dataclasses import dataclass

from .errors import ModelError, did_you_mean

MOTIONS = ("ux", "uy", "uz", "u")
STRESSES = ("xx", "yy", "zz", "yz", "zx", "xy", "von Mises", "Tresca", "first", "second", "third")
STRAINS = ("plastic strain",)
AGAINST = ("yield", "ultimate", "ply")
UNITS = dict.fromkeys(MOTIONS, "m") | dict.fromkeys(STRESSES, "Pa") | dict.fromkeys(STRAINS, "1")


def _known(name: str, what: str, choices: tuple[str, ...]) -> None:
    if what not in choices:
        raise ModelError(
            f"'{name}' asks for '{what}', which is not known. {did_you_mean(what, choices)} "
            f"Choose one of {', '.join(choices)}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A displacement (m), stress (Pa) or plastic strain at a place (3,) m of a body.

    Stress beside a surface is recovered from one side: that of the body it belongs to.
    """

    name: str
    place: tuple[float, float, float]
    what: str
    body: str = ""

    def __post_init__(self) -> None:
        _known(self.name, self.what, (*MOTIONS, *STRESSES, *STRAINS))

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return UNITS[self.what]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The "max", "min" or "mean" of a displacement, stress or plastic strain over a region, surface included.

    The mean is by volume over the region, or by area over `patch` where one is named.
    """

    name: str
    what: str
    region: str = "all"
    statistic: str = "max"
    body: str = ""
    patch: str = ""

    def __post_init__(self) -> None:
        _known(self.name, self.what, (*MOTIONS, *STRESSES, *STRAINS))
        _known(self.name, self.statistic, ("max", "min", "mean"))

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return UNITS[self.what]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The force, N, along an axis ("x", "y", "z") that a supported patch takes up."""

    name: str
    patch: str
    axis: str

    def __post_init__(self) -> None:
        _known(self.name, self.axis, ("x", "y", "z"))

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The least factor of safety over a region: strength at its own temperature over von Mises, or of the first ply."""

    name: str
    against: str = "yield"
    region: str = "all"
    body: str = ""

    def __post_init__(self) -> None:
        _known(self.name, self.against, AGAINST)

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linearised:
    """Stress along a line through a wall, split up: "membrane", "bending" at the worse end, "both", or "peak", Pa.

    Each component is split first; the equivalent (von Mises) of what is asked for is the reading.
    """

    name: str
    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    part: str = "both"
    body: str = ""

    def __post_init__(self) -> None:
        _known(self.name, self.part, ("membrane", "bending", "both", "peak"))

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return "Pa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """The natural frequency, Hz, of a mode: 1 is the lowest with which a structure deforms."""

    name: str
    mode: int = 1

    def __post_init__(self) -> None:
        _counted(self.name, self.mode)

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return "Hz"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucklingFactor:
    """By what the loads of a case may grow until a structure buckles; mode 1 is the least."""

    name: str
    mode: int = 1

    def __post_init__(self) -> None:
        _counted(self.name, self.mode)

    @property
    def unit(self) -> str:
        """SI symbol of the reading."""
        return "1"


def _counted(name: str, mode: int) -> None:
    if not (isinstance(mode, int) and mode >= 1):
        raise ModelError(
            f"'{name}' asks for mode {mode}. Modes are counted from 1, the lowest. Give a whole number from 1 on."
        )


Reading = Gauge | Peak | Reaction | Safety | Linearised | Frequency | BucklingFactor
