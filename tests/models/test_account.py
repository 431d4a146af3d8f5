"""Accounts add up in one currency, and a flow that cannot be meant is refused."""

import re
from dataclasses import replace

import pytest

from foretrial.models import Account, Flow, Measured, ModelError, Quantity
from foretrial.models.units import dimension, factor, to_si

KWH = 3.6e6
PRICE = Quantity(value=0.80 / KWH, unit="CNY/J", std=0.02 / KWH, source="bill")
GRID = Quantity(value=0.57 / KWH, unit="kg/J", std=0.03 / KWH, source="grid 2024")
POWER = Flow(name="electricity", unit="J", channel="energy", price=PRICE, emission=GRID)
COST = Measured(statistic="cost per good part", characteristic="good", unit="CNY", account=Account(flows=(POWER,)))


def test_money_is_a_dimension_of_its_own():
    assert dimension("CNY") == "CNY"
    assert factor("元", "CNY") == (1.0, 0.0)
    assert to_si(0.9, "CNY/kWh", "CNY/J") == pytest.approx(0.9 / KWH)
    with pytest.raises(ModelError, match="unit 'EUR' does not measure what 'CNY' measures"):
        factor("EUR", "CNY")


@pytest.mark.parametrize(("given", "match"), [
    ({"unit": "lb", "amount": Quantity(value=2.0, unit="kg")}, "flow 'x' is in 'lb'"),
    ({"unit": "J"}, "It has one of the two"),
    ({"unit": "J", "channel": "e", "per": "part"}, "what is logged is of its batch"),
    ({"unit": "CNY", "channel": "e", "price": Quantity(value=1.0)}, "is money, and has a price"),
    ({"unit": "J", "channel": "e", "price": Quantity(value=0.8, unit="CNY/kWh")},
     "its price is in CNY/kWh, but CNY/J is needed here"),
    ({"unit": "J", "channel": "e", "emission": Quantity(value=0.8)}, "its emission is in 1, but kg/J is needed"),
    ({"unit": "kg", "amount": Quantity(value=-1.0, unit="kg")}, "An amount is >= 0"),
])  # fmt: skip
def test_a_flow_that_cannot_be_meant_is_refused(given, match):
    with pytest.raises(ModelError, match=re.escape(match)):
        Flow(name="x", **given)


def test_an_account_that_does_not_add_up_is_refused():
    with pytest.raises(ModelError, match="an account in CNY and EUR does not add up"):
        Account(flows=(POWER, Flow(name="fee", unit="EUR", channel="fee")))
    with pytest.raises(ModelError, match="each with its own name"):
        Account(flows=(POWER, POWER))
    with pytest.raises(ModelError, match="none of the flows electricity counts in it"):
        Measured(statistic="CO2e per good part", characteristic="good", unit="kg",
                 account=Account(flows=(replace(POWER, emission=None),)))  # fmt: skip
    with pytest.raises(ModelError, match="with no account is not defined"):
        Measured(statistic="cost per good part", characteristic="good", unit="CNY")
    with pytest.raises(ModelError, match=r"is not what this account counts\. It is in CNY"):
        replace(COST, unit="1")
