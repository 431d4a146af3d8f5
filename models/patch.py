"""A named piece of surface, chosen by where it lies, where it looks, or what it was called in CAD."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

if TYPE_CHECKING:
    from .part import Part

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Place = tuple[float, float, float]
Box = tuple[Place, Place]
EVERYWHERE: Box = ((-1e9, -1e9, -1e9), (1e9, 1e9, 1e9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A named piece of surface: the wall that fits everything stated here.

    Attributes
    ----------
    facing : (3,) floats
        Outward direction, within 45 degrees, such as (0, 1, 0); (0, 0, 0) takes every direction.
    box : ((3,), (3,)), m
        Lower and upper corner, both included.
    solid : str
        Name of a solid of the surface from CAD that the wall belongs to; empty takes every one.
    plane : ((3,), (3,)) or None, m and direction
        A point and a normal: wall no farther than `within` from this plane.
    sphere : ((3,), float) or None, m
        Centre and radius: wall inside.
    inside : Part or None
        Wall inside this part, or no farther than `within` from it.
    within : float, m
    """

    name: str
    facing: Place = (0.0, 0.0, 0.0)
    box: Box = EVERYWHERE
    solid: str = ""
    plane: Box | None = None
    sphere: tuple[Place, float] | None = None
    inside: "Part | None" = None
    within: float = 0.0

    def __post_init__(self) -> None:
        if not self.within >= 0.0 or (self.plane is not None and self.within == 0.0):
            raise ModelError(
                f"patch '{self.name}' takes what lies within {self.within:g} m. A distance is not below zero, and "
                "above zero from a plane. Pass within= about a tenth of the wall's thickness."
            )
        if self.plane is not None and not 0.0 < float(np.linalg.norm(self.plane[1])) < np.inf:
            raise ModelError(
                f"patch '{self.name}' has a plane of normal {self.plane[1]}. A normal is a direction, such as "
                "(0, 0, 1). Pass plane=(point, normal)."
            )
        if self.sphere is not None and not 0.0 < self.sphere[1] < np.inf:
            raise ModelError(
                f"patch '{self.name}' has a sphere of radius {self.sphere[1]:g} m. A radius is above zero and finite. "
                "Pass sphere=(centre, radius) in m."
            )

    def fits(
        self, normal: Array, place: Array, solid: Ints | None = None, solids: Sequence[str] = ()
    ) -> NDArray[np.bool_]:
        """Which pieces of wall belong to the patch.

        Parameters
        ----------
        normal, place : (n, 3), and m
            Outward direction and middle of each piece.
        solid : (n,) int or None
            Index into `solids` of the solid that each piece belongs to; -1 for none.
        solids : sequence of str
            Names of solids.

        Returns
        -------
        (n,) bool

        Raises
        ------
        ModelError
            If the patch asks for a solid and `solid` is not given.
        """
        size = float(np.linalg.norm(self.facing))
        fits = normal @ np.asarray(self.facing, dtype=float) > 0.7 * size if size else np.ones(len(place), dtype=bool)
        fits &= ((place >= np.asarray(self.box[0])) & (place <= np.asarray(self.box[1]))).all(axis=1)
        if self.plane is not None:
            point, across = np.asarray(self.plane, dtype=float)
            fits &= np.abs((place - point) @ across) <= self.within * np.linalg.norm(across)
        if self.sphere is not None:
            fits &= ((place - np.asarray(self.sphere[0])) ** 2).sum(axis=1) <= self.sphere[1] ** 2
        if self.inside is not None:
            low, high = np.asarray(self.inside.bounds)
            fits &= ((place >= low - self.within) & (place <= high + self.within)).all(axis=1)
            rows = np.flatnonzero(fits)
            if len(rows):
                fits[rows] = self.inside.distance(*place[rows].T) <= self.within
        if self.solid:
            if solid is None:
                raise ModelError(
                    f"patch '{self.name}' asks for solid '{self.solid}', and no solid is known of {len(place)} pieces "
                    "of wall. Each piece has one, or -1. Pass solid= and solids=, as from Part.solids_at."
                )
            wanted = [n for n, name in enumerate(solids) if name == self.solid]
            fits &= np.isin(solid, wanted)
        return fits
