"""From the unit cube to the values of uncertain quantities: what moves on its own, and what moves together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..models import ModelError, Quantity
from .inputs import Inputs

Array = NDArray[np.float64]
EDGE = 1e-12  # nearest that a share may come to 0 or 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """What moves on its own: one quantity, a fully correlated group of them, or the parameters of one fit.

    Attributes
    ----------
    name : str
    quantities : tuple of Quantity
    root : (m, m) or None
        Lower root of the covariance of quantities that are jointly normal; None where one coordinate moves all.
    """

    name: str
    quantities: tuple[Quantity, ...]
    root: Array | None = None

    @property
    def width(self) -> int:
        """Coordinates of the unit cube that it takes."""
        return 1 if self.root is None else len(self.quantities)

    def at(self, unit: Array) -> dict[str, Array]:
        """Values (n,) of each quantity at coordinates (n, width) inside (0, 1)."""
        if self.root is None:
            return {q.name: values(q, unit[:, 0]) for q in self.quantities}
        z = ndtri(np.clip(unit, EDGE, 1.0 - EDGE)) @ self.root.T
        found = {}
        for column, q in enumerate(self.quantities):
            drawn = q.value + z[:, column]
            found[q.name] = drawn if q.valid is None else np.clip(drawn, *q.valid)
        return found


def factors(known: Inputs | Sequence[Quantity]) -> tuple[Factor, ...]:
    """What moves on its own among uncertain quantities.

    Parameters
    ----------
    known : Inputs, or sequence of Quantity
        Quantities of one group move together; the fitted ones of `inputs` are one factor, "fit".

    Raises
    ------
    ModelError
        If there is none, or one has no name or no uncertainty.
    """
    every = known.quantities if isinstance(known, Inputs) else tuple(known)
    own = int(known.fitted.sum()) if isinstance(known, Inputs) else 0
    doubtful = [q for q in every if not q.name or q.std <= 0.0]
    if not every or doubtful:
        told = f"'{doubtful[0]}' has no name or no uncertainty" if doubtful else "no quantity is uncertain"
        raise ModelError(
            f"{told}: nothing can be drawn. Sensitivity is asked about named quantities with std > 0. "
            "Give each its name and its standard uncertainty."
        )
    found: list[Factor] = []
    if isinstance(known, Inputs) and own == 1:
        found.append(Factor(name=every[0].name, quantities=every[:1]))
    elif isinstance(known, Inputs) and own:
        block = known.covariance[:own, :own]
        size, ways = np.linalg.eigh(block)
        root = np.linalg.qr((ways * np.sqrt(np.maximum(size, 0.0))).T)[1].T
        found.append(Factor(name="fit", quantities=every[:own], root=root))
    groups: dict[str, list[Quantity]] = {}
    for q in every[own:]:
        groups.setdefault(f"group {q.group}" if q.group else q.name, []).append(q)
    return (*found, *(Factor(name=_named(label, own), quantities=tuple(own)) for label, own in groups.items()))


def _named(label: str, own: Sequence[Quantity]) -> str:
    return own[0].name if len(own) == 1 else label.removeprefix("group ")


def spread(parts: Sequence[Factor], unit: Array) -> dict[str, Array]:
    """Values (n,) of every quantity at coordinates (n, sum of widths)."""
    found: dict[str, Array] = {}
    first = 0
    for part in parts:
        found.update(part.at(unit[:, first : first + part.width]))
        first += part.width
    return found


def values(q: Quantity, share: Array) -> Array:
    """Values (n,) of a quantity at shares (n,) of its probability, by its distribution cut to its valid range.

    Mean and standard deviation are those stated before the cut.
    """
    low, high = (0.0, 1.0) if q.valid is None else (_below(q, q.valid[0]), _below(q, q.valid[1]))
    p = np.clip(low + share * (high - low), max(low, EDGE), min(high, 1.0 - EDGE))
    if q.distribution == "uniform":
        found = q.value + math.sqrt(3.0) * q.std * (2.0 * p - 1.0)
    elif q.distribution == "triangular":
        half = math.sqrt(6.0) * q.std
        found = q.value + half * np.where(p < 0.5, np.sqrt(2.0 * p) - 1.0, 1.0 - np.sqrt(2.0 * (1.0 - p)))
    elif q.distribution == "lognormal":
        wide = math.log1p((q.std / q.value) ** 2)
        found = q.value * np.exp(math.sqrt(wide) * ndtri(p) - 0.5 * wide)
    else:
        found = q.value + q.std * ndtri(p)
    return np.asarray(found if q.valid is None else np.clip(found, *q.valid))


def _below(q: Quantity, x: float) -> float:
    """Probability of a value below `x`."""
    if q.distribution == "uniform":
        return float(np.clip(0.5 + (x - q.value) / (2.0 * math.sqrt(3.0) * q.std), 0.0, 1.0))
    if q.distribution == "triangular":
        s = float(np.clip((x - q.value) / (math.sqrt(6.0) * q.std), -1.0, 1.0))
        return 0.5 * (1.0 + s) ** 2 if s < 0.0 else 1.0 - 0.5 * (1.0 - s) ** 2
    if q.distribution == "lognormal":
        wide = math.log1p((q.std / q.value) ** 2)
        return 0.0 if x <= 0.0 else float(ndtr((math.log(x / q.value) + 0.5 * wide) / math.sqrt(wide)))
    return float(ndtr((x - q.value) / q.std))


def mapping(found: Mapping[str, Array], row: int) -> dict[str, float]:
    """One row as floats by name."""
    return {name: float(column[row]) for name, column in found.items()}
