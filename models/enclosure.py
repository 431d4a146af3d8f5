"""Surfaces that face each other and trade heat by radiation: an enclosure of grey, diffuse walls."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .errors import ModelError, did_you_mean
from .quantity import Quantity, quantity
from .readonly import read_only
from .signals import Level, driven

CLOSE = 0.02  # a view matrix may miss closure and reciprocity by that much before it is refused


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enclosure:
    """Patches that see each other: what one emits and reflects the others absorb, by the method of net radiation.

    Every wall is grey and diffuse, the medium between them takes no part. A patch still has its row in the stage's
    walls for what else it meets, with an emissivity of 0 there: INSULATED says nothing else.

    Attributes
    ----------
    patches : tuple of str
        "body.patch", or "patch" where only one body has a patch of that name.
    emissivity : Quantity, float, or mapping of patch name to those; 1
        One for all, or one for each patch.
    view : (n, n) floats or None
        View factor from each patch (row) to each patch, 1; the exchange is then one of averages over patches. None
        computes it between pieces of the patches: they see each other without anything between them, as the walls of
        a convex hollow do, and a body that hides one from another is refused.
    ambient : Quantity, Signal, Controller, float or None; K
        What the open rest is: it absorbs everything and radiates as a black body of that temperature. None says that
        the patches close the enclosure.

    References
    ----------
    Howell, Menguc, Daun, Siegel: Thermal Radiation Heat Transfer, 7th ed., ch. 5 (net radiation) and ch. 4.
    """

    name: str
    patches: tuple[str, ...]
    emissivity: Quantity | float | Mapping[str, Quantity | float]
    view: tuple[tuple[float, ...], ...] | None = None
    ambient: Level | float | None = None

    def __post_init__(self) -> None:
        if not self.patches or len(set(self.patches)) < len(self.patches):
            raise ModelError(
                f"enclosure '{self.name}' has {len(self.patches)} patches, {len(set(self.patches))} different ones. "
                "It has one or more, each once. Name every patch once."
            )
        given = self.emissivity
        if isinstance(given, Mapping):
            for patch in given:
                if patch not in self.patches:
                    raise ModelError(
                        f"enclosure '{self.name}': emissivity of '{patch}', which is none of its patches. "
                        f"{did_you_mean(patch, self.patches)} Correct the name."
                    )
            missing = [patch for patch in self.patches if patch not in given]
            if missing:
                raise ModelError(
                    f"enclosure '{self.name}': {len(missing)} patches have no emissivity ({', '.join(missing)}). "
                    "Every wall has one. Add it."
                )
            each = {patch: self._grey(given[patch], patch) for patch in self.patches}
            object.__setattr__(self, "emissivity", read_only(each))
        else:
            object.__setattr__(self, "emissivity", self._grey(given, self.name))
        if self.ambient is not None:
            ambient = driven(self.ambient, "K", f"ambient of {self.name}", (0.0, 1e4))
            object.__setattr__(self, "ambient", ambient)
        if self.view is not None:
            rows = tuple(tuple(float(one) for one in row) for row in self.view)
            object.__setattr__(self, "view", rows)
            self._refuse_view(rows)

    def _grey(self, given: Quantity | float, patch: str) -> Quantity:
        return quantity(given, "1", valid=(1e-3, 1.0), label=f"emissivity of {patch}")

    def _refuse_view(self, rows: tuple[tuple[float, ...], ...]) -> None:
        n = len(self.patches)
        if len(rows) != n or any(len(row) != n for row in rows):
            raise ModelError(
                f"enclosure '{self.name}': a view matrix of {len(rows)} x {len(rows[0]) if rows else 0} for {n} "
                f"patches. It has one row and one column a patch, {n} x {n}. Complete it in the patches' order."
            )
        F = np.array(rows)
        sums = F.sum(axis=1)
        worst = int(np.argmax(np.abs(sums - 1.0) if self.ambient is None else sums))
        open_end = self.ambient is None and sums[worst] < 1.0 - CLOSE
        if not np.isfinite(F).all() or (F < 0.0).any() or sums[worst] > 1.0 + CLOSE or open_end:
            wanted = "1" if self.ambient is None else "1 or less, the rest sees ambient"
            raise ModelError(
                f"enclosure '{self.name}': the view factors of '{self.patches[worst]}' are {list(rows[worst])}, sum "
                f"{sums[worst]:.4g}. Each is 0 to 1, their sum {wanted}. Correct them, or give ambient=."
            )

    def grey(self, patch: str) -> Quantity:
        """Emissivity of one patch."""
        found = self.emissivity[patch] if isinstance(self.emissivity, Mapping) else self.emissivity
        return quantity(found, "1")
