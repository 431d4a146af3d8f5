"""A number with its unit, uncertainty and source; a budget is assembled from the quantities in a recipe."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from .errors import ModelError, did_you_mean

DISTRIBUTIONS = ("normal", "uniform", "triangular", "lognormal")
T = TypeVar("T")
LEAVES = frozenset((float, int, str, bool, type(None), np.ndarray))  # what holds no quantity
_NAMES: dict[type, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A value in SI with all that its uncertainty budget needs.

    Attributes
    ----------
    value, unit : float, str
        The number and its SI symbol.
    std : float, in `unit`
        Standard uncertainty; 0 says exact.
    distribution : str
        normal, uniform, triangular or lognormal, all by mean and standard deviation.
    dof : float
        Degrees of freedom behind `std`; infinite where it is stated rather than estimated.
    group : str
        Quantities of one group are fully correlated; empty stands alone.
    name : str
        Quantities with one name are one parameter; only named ones can be calibrated or appear in a budget.
    source : str
        Where the number comes from.
    valid : (float, float) or None
        The range that the number may be moved in, physical bounds included.
    """

    value: float
    unit: str = "1"
    std: float = 0.0
    distribution: str = "normal"
    dof: float = math.inf
    group: str = ""
    name: str = ""
    source: str = ""
    valid: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        label = self.name or "quantity"
        for text, number in (("value", self.value), ("std", self.std)):
            if isinstance(number, bool) or not isinstance(number, (int, float, np.floating, np.integer)):
                raise ModelError(
                    f"{label}: {text} {number!r} is not a number. A quantity holds an SI number. "
                    "Convert text with foretrial.models.units.to_si(value, unit, si)."
                )
        if not math.isfinite(self.value):
            raise ModelError(f"{label} = {self.value} {self.unit} is not finite. A number is needed. Mend its source.")
        if not (math.isfinite(self.std) and self.std >= 0.0):
            raise ModelError(f"{label}: std = {self.std} {self.unit} is no uncertainty. It is >= 0. Give 0 for exact.")
        if self.distribution not in DISTRIBUTIONS:
            raise ModelError(
                f"{label}: distribution '{self.distribution}' is not known. "
                f"{did_you_mean(self.distribution, DISTRIBUTIONS)} Choose one of {', '.join(DISTRIBUTIONS)}."
            )
        if self.valid is not None and not self.valid[0] < self.valid[1]:
            raise ModelError(
                f"{label}: lower bound {self.valid[0]:g} is not below upper bound {self.valid[1]:g} {self.unit}. "
                "The range runs from low to high. Swap the two."
            )
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.valid is not None and not self.valid[0] <= self.value <= self.valid[1]:
            raise ModelError(
                f"{label} = {self.value:g}{unit} lies outside its range {self.valid[0]:g} to "
                f"{self.valid[1]:g}{unit}. A value inside is needed. Correct the value or its unit."
            )
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "std", float(self.std))

    def __str__(self) -> str:
        spread = f" +- {self.std:.2g}" if self.std else ""
        return f"{self.name + ' = ' if self.name else ''}{self.value:.6g}{spread} {self.unit}"


def quantity(
    value: "float | Quantity", unit: str, name: str = "", valid: tuple[float, float] | None = None, *, label: str = ""
) -> Quantity:
    """A Quantity as it is, or a bare float as an exact one in `unit`; another unit is refused.

    `label` is what an error calls it where it has no name.
    """
    called = (value.name if isinstance(value, Quantity) else "") or name or label or "quantity"
    if isinstance(value, Quantity):
        if value.unit != unit:
            raise ModelError(
                f"{called} is in {value.unit}, but {unit} is needed here. Inside, every number is in SI. "
                f"Convert it with foretrial.models.units.to_si(value, unit, '{unit}') where it is read."
            )
        if valid is not None and not valid[0] <= value.value <= valid[1]:
            return dataclasses.replace(value, name=called, valid=valid)  # refuses it
        return value
    return dataclasses.replace(Quantity(value=value, unit=unit, name=called, valid=valid), name=name)


def quantities(noun: Any) -> dict[str, Quantity]:
    """Every named quantity in a recipe, by name; two different quantities of one name are refused."""
    found: dict[str, Quantity] = {}
    for item in _walk(noun):
        if item.name and found.setdefault(item.name, item) != item:
            raise ModelError(
                f"quantity '{item.name}' occurs as {found[item.name]} and as {item}. "
                "One name is one parameter. Give the two different names, or make them the same."
            )
    return found


def substitute(noun: T, values: Mapping[str, float]) -> T:
    """The same recipe with the named quantities at other values; an unknown name is refused."""
    known = quantities(noun)
    for name in values:
        if name not in known:
            raise ModelError(f"parameter '{name}' is not in this recipe. {did_you_mean(name, known)} Correct the name.")
    moved: T = _replace(noun, values)
    return moved


def _walk(noun: Any) -> Iterator[Quantity]:
    if type(noun) in LEAVES:
        return
    if isinstance(noun, Quantity):
        yield noun
    elif names := _fields(type(noun)):
        for name in names:
            yield from _walk(getattr(noun, name))
    elif isinstance(noun, Mapping):
        for key in noun:
            yield from _walk(noun[key])
    elif isinstance(noun, (list, tuple)):
        for item in noun:
            yield from _walk(item)


def _fields(kind: type) -> tuple[str, ...]:
    """Names of what a noun of that kind holds; none for what is no noun."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()
    return _NAMES[kind]


def _replace(noun: Any, values: Mapping[str, float]) -> Any:
    if type(noun) in LEAVES:
        return noun
    if isinstance(noun, Quantity):
        return dataclasses.replace(noun, value=float(values[noun.name])) if noun.name in values else noun
    if names := _fields(type(noun)):
        changed = {}
        for name in names:
            old = getattr(noun, name)
            new = _replace(old, values)
            if new is not old:
                changed[name] = new
        return dataclasses.replace(noun, **changed) if changed else noun
    if isinstance(noun, Mapping):
        items = {key: _replace(item, values) for key, item in noun.items()}
        return MappingProxyType(items) if any(items[key] is not noun[key] for key in noun) else noun
    if isinstance(noun, (list, tuple)):
        new_items = [_replace(item, values) for item in noun]
        return type(noun)(new_items) if any(a is not b for a, b in zip(new_items, noun, strict=True)) else noun
    return noun
