"""The worst places of a structure, as data for tables and pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpot:
    """One of the worst places.

    Attributes
    ----------
    what, value, unit : str, float, str
        "utilisation" is stress over yield at its own temperature, 1; all else as readings name it.
    place : (3,) m
    case : str
        Load case or combination that governs there.
    body : str
    on_surface : bool
        Whether the place lies on a wall.
    """

    what: str
    value: float
    unit: str
    place: tuple[float, float, float]
    case: str
    body: str
    on_surface: bool

    def __str__(self) -> str:
        big = self.unit == "Pa"
        at = ", ".join(f"{c:.4g}" for c in self.place)
        number = (
            f"{self.value / 1e6:.4g} MPa" if big else f"{self.value:.4g}{'' if self.unit == '1' else ' ' + self.unit}"
        )
        return f"{self.what} {number} at ({at}) m of '{self.body}', load case '{self.case}'"
