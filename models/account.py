"""What a good part is charged with: flows of money, energy and material, each by how much and by what a unit counts."""

import math
from dataclasses import dataclass, replace

from .errors import ModelError, did_you_mean
from .quantity import Quantity, quantities
from .units import MONEY

AMOUNTS = ("1", "J", "kg", "m3", "m2", "m", "s", *MONEY)
PER = ("batch", "part", "scrap", "good")
PER_GOOD = ("cost per good part", "energy per good part", "CO2e per good part")


def over(unit: str, amount: str) -> str:
    """The unit of what one `amount` counts: `over("CNY", "J")` is "CNY/J", `over("kg", "kg")` is "1"."""
    return unit if amount == "1" else "1" if amount == unit else f"{unit}/{amount}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Something that a lot takes, or gives back: how much of it, and what a unit of it costs, emits and holds.

    Attributes
    ----------
    name : str
    unit : str
        SI symbol of its amount: one of `AMOUNTS`. Money counts as cost by itself, J as energy.
    channel : str
        Where the log has the amount: one reading a batch, or one a part. A channel in W is integrated over time where
        `unit` is J: each batch takes what ran from the end of the one before.
    amount : Quantity or None, in `unit`
        Where no log has it.
    per : str
        What a stated amount is of: a "batch", a "part" that is begun, a "scrap" part, or a "good" one.
    price : Quantity or None, money per `unit`
        Below zero where it is earned, such as by selling scrap.
    emission : Quantity or None, kg of CO2 equivalent per `unit`
        Its emission factor.
    energy : Quantity or None, J per `unit`
        What it holds, such as the heating value of gas.
    """

    name: str
    unit: str
    channel: str = ""
    amount: Quantity | None = None
    per: str = "batch"
    price: Quantity | None = None
    emission: Quantity | None = None
    energy: Quantity | None = None

    def __post_init__(self) -> None:
        if self.unit not in AMOUNTS:
            raise ModelError(
                f"flow '{self.name}' is in '{self.unit}'. {did_you_mean(self.unit, AMOUNTS)} An amount is in one of "
                f"{', '.join(AMOUNTS)}. Convert it with foretrial.models.units.to_si."
            )
        if bool(self.channel) == (self.amount is not None):
            raise ModelError(
                f"flow '{self.name}' has channel '{self.channel}' and amount {self.amount}. It has one of the two. "
                "Name the channel that logs it, or state the amount."
            )
        if self.per not in PER or (self.channel and self.per != "batch"):
            raise ModelError(
                f"flow '{self.name}' is per '{self.per}'. {did_you_mean(self.per, PER)} A stated amount is per "
                f"{', '.join(PER)}; what is logged is of its batch. Correct it, or leave it out."
            )
        if self.price is not None and self.unit in MONEY:
            raise ModelError(
                f"flow '{self.name}' is money, and has a price. {self.unit} counts as it is. Leave the price out."
            )
        price = next((m for m in MONEY if self.price is not None and self.price.unit.split("/")[0] == m), MONEY[0])
        wanted = {"amount": self.unit, "price": over(price, self.unit), "emission": over("kg", self.unit),
                  "energy": over("J", self.unit)}  # fmt: skip
        for field, unit in wanted.items():
            q = getattr(self, field)
            if q is None:
                continue
            if q.unit != unit:
                raise ModelError(
                    f"flow '{self.name}': its {field} is in {q.unit}, but {unit} is needed here. Inside, every number "
                    f"is in SI. Convert it with foretrial.models.units.to_si(value, unit, '{unit}')."
                )
            if field == "amount" and q.value < 0.0:
                raise ModelError(
                    f"flow '{self.name}': its amount is {q.value:g} {unit}. An amount is >= 0; what is given back has "
                    "a price below 0. Move the sign."
                )
            object.__setattr__(self, field, q if q.name else replace(q, name=f"{self.name} {_CALLED[field]}"))

    @property
    def money(self) -> str:
        """The currency that it is counted in, or an empty text."""
        return self.unit if self.unit in MONEY else "" if self.price is None else self.price.unit.split("/")[0]

    def counts(self, statistic: str) -> Quantity | None:
        """What one unit of it counts in that statistic; None where it is not counted."""
        own = Quantity(value=1.0)
        if statistic == "cost per good part":
            return own if self.unit in MONEY else self.price
        if statistic == "energy per good part":
            return self.energy if self.energy is not None else own if self.unit == "J" else None
        return self.emission


_CALLED = {"amount": "amount", "price": "price", "emission": "emission factor", "energy": "energy content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All flows of a lot.

    Attributes
    ----------
    flows : tuple of Flow
        In one currency.
    made : str
        Channel that counts the parts of each batch; empty: each row of the log is one part, good (1) or not (0).
    """

    flows: tuple[Flow, ...]
    made: str = ""

    def __post_init__(self) -> None:
        names = [flow.name for flow in self.flows]
        if not names or len(set(names)) < len(names):
            raise ModelError(
                f"an account of the flows {names} is not defined. It has one or more, each with its own name. "
                "Name them apart."
            )
        money = {flow.money for flow in self.flows} - {""}
        if len(money) > 1:
            raise ModelError(
                f"an account in {' and '.join(sorted(money))} does not add up. It is kept in one currency. Convert "
                "what is in the other, its rate of exchange being a quantity with an uncertainty."
            )
        quantities(self)  # refuses two of one name

    def unit(self, statistic: str) -> str:
        """The unit of a statistic; an empty text where no flow counts in it."""
        if not any(flow.counts(statistic) is not None for flow in self.flows):
            return ""
        own = {"energy per good part": "J", "CO2e per good part": "kg"}
        return own.get(statistic) or next(flow.money for flow in self.flows if flow.money)


def revived(given: dict[str, object]) -> Account:
    """The account that a verdict holds as plain data."""
    flows = []
    for one in given["flows"]:  # type: ignore[attr-defined]
        held = dict(one)
        for field in _CALLED:
            q = held[field]
            if q is not None:
                dof = math.inf if q["dof"] is None else q["dof"]
                held[field] = Quantity(**{**q, "dof": dof, "valid": tuple(q["valid"]) if q["valid"] else None})
        flows.append(Flow(**held))
    return Account(flows=tuple(flows), made=str(given["made"]))
