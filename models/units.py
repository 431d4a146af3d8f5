"""The door for units: text with a unit becomes an SI number here, and nowhere else."""

import re
from functools import cache
from typing import Any

from .errors import ModelError, did_you_mean

# Currencies: each measures itself alone, for no constant turns one into another.
MONEY = ("CNY", "EUR", "USD")
# One symbol for each dimension that a channel, property or limit may have.
SI = ("1", "K", "m", "m2", "m3", "s", "kg", "kg/m3", "W", "W/m2", "W/m3", "W/(m.K)", "W/(m2.K)", "m2.K/W",
      "J/(kg.K)", "J/kg", "Pa", "J/m3", "N", "1/K", "1/s", "m/s", "V", "A", "Hz", "K/s", "J", "m2/s",
      *MONEY)  # fmt: skip

_SPELLED = {"c": "degC", "°c": "degC", "celsius": "degC", "℃": "degC", "f": "degF", "°f": "degF", "k": "kelvin",
            "degk": "kelvin", "deg c": "degC", "deg f": "degF", "%": "percent", "-": "", "1": "",
            "元": "CNY", "rmb": "CNY", "yuan": "CNY", "€": "EUR", "$": "USD"}  # fmt: skip


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for money in MONEY:
        registry.define(f"{money} = [{money}]")
    return registry


def _parse(unit: str) -> Any:
    if not isinstance(unit, str) or (not unit.strip() and unit != ""):
        raise ModelError(f"unit {unit!r} is not a unit's name. A unit is a word such as 'K' or 'mm'. State it as text.")
    text = unit.strip()
    if re.match(r"[-+]?\d[\d.]*[\s*.]*[^\W\d_]", text):
        raise ModelError(
            f"unit '{unit}' holds a number. A unit is a name alone, such as 'MPa'. Move the number to the value."
        )
    text = _SPELLED.get(text.lower(), text)
    try:
        return _registry().Unit(_powers(text).replace(".", "*").replace("²", "**2").replace("³", "**3"))
    except Exception as cause:
        known = ["degC", "degF", "K", "mm", "m", "s", "min", "h", "kW/m2", "W/m2", "MPa", *SI]
        raise ModelError(
            f"unit '{unit}' is not known. {did_you_mean(unit, known)} Write the unit as an SI symbol or a common name."
        ) from cause


def factor(unit: str, si: str) -> tuple[float, float]:
    """Scale and offset with `x_si = scale * x + offset`; a ModelError names two units of different dimension."""
    given, wanted = _parse(unit), _parse(si)
    registry = _registry()
    if not given.is_compatible_with(wanted):
        raise ModelError(
            f"unit '{unit}' does not measure what '{si}' measures. "
            f"A value convertible to {si} is needed here. Correct the unit, or the channel it stands at."
        )
    zero = registry.Quantity(0.0, given).to(wanted).magnitude
    one = registry.Quantity(1.0, given).to(wanted).magnitude
    return float(one - zero), float(zero)


def _powers(unit: str) -> str:
    """'W/m2' and 'W/(m2.K)' in the form that the parser reads."""
    return re.sub(r"(?<=[a-zA-Z])([23])(?![0-9a-zA-Z])", r"**\1", unit)


def to_si(value: float, unit: str, si: str) -> float:
    """`value` in `unit` as a number in `si`: `to_si(550, "degC", "K")` is 823.15."""
    scale, offset = factor(unit, si)
    return scale * value + offset


def from_si(value: float, si: str, unit: str) -> float:
    """A number in `si` as a number in `unit`."""
    scale, offset = factor(unit, si)
    return (value - offset) / scale


def dimension(unit: str) -> str:
    """The SI symbol of what `unit` measures: `dimension("degC")` is "K"."""
    if unit in SI:
        return unit
    given = _parse(unit)
    for symbol in SI:
        if given.is_compatible_with(_parse(symbol)):
            return symbol
    raise ModelError(
        f"unit '{unit}' measures something that no channel or limit here has. Known: {', '.join(SI[1:])}. "
        "Convert the value to one of them where it is written."
    )


def suffix(unit: str) -> str:
    """A unit as it follows a number: a space and its symbol, nothing where it is a ratio."""
    return "" if unit == "1" else f" {unit}"
