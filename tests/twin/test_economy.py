"""What a good part costs, takes and emits: the number by hand, honest bounds, and a verdict that check finds again."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

from foretrial import twin
from foretrial.models import (
    Account,
    Channel,
    Flow,
    Measured,
    Quantity,
    Requirement,
    State,
    Trial,
    TrialError,
)
from foretrial.models.units import to_si
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal
from foretrial.twin.economy import causes, more
from foretrial.twin.freeze import frozen_as
from foretrial.twin.lot import Lot, Meter
from foretrial.twin.observe import SYNTHETIC
from foretrial.twin.outcome import outcome, revived

KWH = 3.6e6
PRICE = Quantity(
    value=to_si(0.80, "CNY/kWh", "CNY/J"), unit="CNY/J", std=to_si(0.02, "CNY/kWh", "CNY/J"), source="bill"
)
GRID = Quantity(value=0.57 / KWH, unit="kg/J", std=0.03 / KWH, source="grid 2024")
POWER = Flow(name="electricity", unit="J", channel="energy", price=PRICE, emission=GRID)
STEEL = Flow(name="steel", unit="kg", amount=Quantity(value=2.0, unit="kg", std=0.01, source="drawing"), per="part",
             price=Quantity(value=6.0, unit="CNY/kg", std=0.1, source="order"),
             emission=Quantity(value=2.1, unit="1", std=0.1, source="declaration"))  # fmt: skip
WORK = Flow(name="labour", unit="s", channel="hours", price=Quantity(value=60.0 / 3600.0, unit="CNY/s"))
SETTING = Flow(name="set-up", unit="CNY", amount=Quantity(value=120.0, unit="CNY", std=5.0, source="planned"))
SCRAP = Flow(name="scrap", unit="kg", amount=Quantity(value=2.0, unit="kg"), per="scrap",
             price=Quantity(value=-1.5, unit="CNY/kg", std=0.2, source="dealer"))  # fmt: skip
ALL = Account(flows=(POWER, STEEL, WORK, SETTING, SCRAP), made="made")
COST = Measured(statistic="cost per good part", characteristic="good", unit="CNY", account=ALL)


def log(*, units=None, t=None, **columns):
    found = {}
    for name, values in columns.items():
        values = np.asarray(values, dtype=float)
        unit = {"energy": "J", "hours": "s", "power": "W", **(units or {})}.get(name, "1")
        clock = np.arange(1.0, values.size + 1.0) if t is None or name not in t else np.asarray(t[name], dtype=float)
        found[name] = Channel(name=name, t=clock, values=values, unit=unit, logged_unit=unit)
    return Trial(name="lot", channels=found)


def batches(rng, n=8, made=40, fraction=0.9, energy=12.0 * KWH, scatter=0.04):
    return log(made=np.full(n, made), good=rng.binomial(made, fraction, n), hours=rng.normal(4.0, 0.1, n) * 3600.0,
               energy=made * energy / 40.0 * (1.0 + scatter * rng.standard_normal(n)))  # fmt: skip


def asks(interest=COST, limit=25.0, sense="at most", display="CNY", **changed):
    return Requirement(id="lot", text="What does it cost?", text_zh="成本几何?", interest=interest, limit=limit,
                       sense=sense, accuracy=1e9, verification="production", display=display, **changed)  # fmt: skip


def judge(folder, trial, requirement):
    store = folder / "trials.h5"
    kept = twin.add(store, trial)
    frozen = twin.freeze(store, requirement, split={"judged": (trial.name,)}, rule={}, seeds={})
    return twin.measured(requirement, kept, store=store, freeze=frozen, title=("A lot", "一批"), command="judge")


def holds(folder):
    return {f.what: f.holds for f in twin.check_verdict(folder)}


def simple(n=6, made=20.0, good=18.0, energy=None, price=None, gain=0.0):
    """One metered flow: n batches that take 10 J a part at 2 CNY/J."""
    amounts = np.full(n, 10.0 * made) if energy is None else np.asarray(energy, dtype=float)
    good = np.full(n, good) if np.ndim(good) == 0 else np.asarray(good, dtype=float)
    q = price or Quantity(value=2.0, unit="CNY/J")
    meter = Meter(amounts=amounts, weight=float(n), gain=Quantity(value=1.0, std=gain, name="meter gain"),
                  bias=Quantity(value=0.0, unit="J", name="meter bias"), pivot=0.0)  # fmt: skip
    account = Account(flows=(Flow(name="electricity", unit="J", channel="e", price=q),), made="made")
    return twin.costing(Lot(made=np.full(n, made), good=good, meters={"electricity": meter}), account,
                        "cost per good part")  # fmt: skip


def test_cost_energy_and_co2e_are_those_that_a_pocket_calculator_gives():
    trial = log(made=[40, 40], good=[36, 38], energy=[10.0 * KWH, 14.0 * KWH], hours=[4 * 3600.0, 4 * 3600.0])
    cost = 24.0 * 0.8 + 80 * 2.0 * 6.0 + 8.0 * 60.0 + 2 * 120.0 - 6 * 2.0 * 1.5
    co2e = 24.0 * 0.57 + 80 * 2.0 * 2.1
    for name, unit, total in (("cost", "CNY", cost), ("energy", "J", 24.0 * KWH), ("CO2e", "kg", co2e)):
        asked = replace(COST, statistic=f"{name} per good part", unit=unit)
        got = outcome(asks(asked, display=unit), trial)
        assert got.value == pytest.approx(total / 74.0, rel=1e-12)
        assert got.lower < got.value < got.upper
        assert got.criterion == "F7"


def test_power_over_time_is_shared_among_the_batches_that_it_ran_for():
    t = np.arange(0.0, 100.5, 0.5)
    power = np.where(t <= 40.0, 1000.0, 3000.0)
    account = Account(flows=(replace(POWER, channel="power"),), made="made")
    trial = log(made=[10, 10], good=[10, 9], power=power, t={"power": t, "made": [40.25, 90.0], "good": [40.25, 90.0]})
    asked = replace(COST, statistic="energy per good part", unit="J", account=account)
    lot = twin.read_lot(asked, account, trial)
    first = 40.0 * 1000.0 + 0.25 * (1000.0 + 0.5 * 0.25 * 4000.0)
    whole = 40.0 * 1000.0 + 0.5 * 2000.0 + 49.5 * 3000.0
    assert lot.meters["electricity"].amounts == pytest.approx([first, whole - first], rel=1e-12)


def test_a_log_of_parts_gives_what_a_log_of_batches_gives():
    rng = np.random.default_rng(1)
    ok, batch, energy = rng.random(60) < 0.85, np.repeat([7, 3, 5], 20), rng.normal(KWH, 0.1 * KWH, 60)
    parts, account = log(good=ok, batch=batch, energy=energy), Account(flows=(POWER,))
    asked = replace(COST, account=account, subgroups="batch")
    whole = log(made=[20, 20, 20], good=ok.reshape(3, 20).sum(axis=1), energy=energy.reshape(3, 20).sum(axis=1))
    one = outcome(asks(asked), parts)
    other = outcome(asks(replace(COST, account=replace(account, made="made"))), whole)
    assert (one.value, one.lower, one.upper) == pytest.approx((other.value, other.lower, other.upper), rel=1e-12)


def test_a_known_yield_leaves_students_interval_of_the_batches():
    rng = np.random.default_rng(2)
    costs = simple(n=6, made=1e7, good=1e7 - 1.0, energy=1e8 * (1.0 + 0.05 * rng.standard_normal(6)))
    b = twin.per_good(costs, confidence=0.95)
    x = costs.lot.meters["electricity"].amounts * 2.0 / 1e7
    half = 2.015048 * x.std(ddof=1) / math.sqrt(6.0)  # t(0.95, 5)
    assert (b.lower, b.upper) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.01 * half)


def test_steady_batches_leave_jeffreys_interval_of_the_yield():
    costs = simple(n=2, made=20.0, good=18.0)
    b = twin.per_good(costs, confidence=0.975)
    assert (20.0 / b.upper, 20.0 / b.lower) == pytest.approx(beta.ppf((0.025, 0.975), 36.5, 4.5), abs=2e-4)


def test_no_scrap_bounds_the_number_from_above_alone():
    b = twin.per_good(simple(good=20.0), confidence=0.95)
    assert b.lower == b.value == 20.0
    assert b.upper > 20.0


def test_points_in_the_cube_give_what_a_million_draws_give():
    rng = np.random.default_rng(3)
    trial = batches(rng, n=6)
    costs = twin.costing(twin.read_lot(COST, ALL, trial), ALL, "cost per good part")
    b = twin.per_good(costs, confidence=0.95)
    n, k = 1_000_000, costs.good
    fat = np.sqrt(5.0 / rng.chisquare(5.0, n))[:, None]
    z = (rng.standard_normal((n, costs.root.shape[0])) * fat) @ costs.root
    taken = {name: mean + z[:, i] for i, (name, mean) in enumerate(costs.per_part.items())}
    moved = {q.name: q.value + q.std * rng.standard_normal(n) for group in costs.uncertain for q in group}
    found = costs.at(rng.beta(k + 0.5, costs.made - k + 0.5, n), taken, moved)
    assert (b.lower, b.upper) == pytest.approx(tuple(np.quantile(found, [0.05, 0.95])), abs=0.02 * b.std)


@pytest.mark.parametrize(("n", "made", "fraction", "scatter", "price", "gain", "differ"), [
    (8, 25, 0.90, 0.05, 0.02, 0.01, 0.0),
    (12, 20, 0.90, 0.05, 0.02, 0.01, 0.05),
])  # fmt: skip
def test_in_2000_lots_the_95_per_cent_interval_holds_the_truth_as_often(
    n, made, fraction, scatter, price, gain, differ
):
    rng = np.random.default_rng(4)
    inside, truth = 0, 20.0 / fraction
    for _ in range(2000):
        p = fraction if differ == 0.0 else rng.beta(fraction * (1 / differ - 1), (1 - fraction) * (1 / differ - 1), n)
        energy = rng.normal(10.0 * made, 10.0 * made * scatter, n) * (1.0 + gain * rng.standard_normal())
        told = Quantity(value=2.0 * (1.0 + price * rng.standard_normal()), unit="CNY/J", std=2.0 * price)
        costs = simple(n, made, rng.binomial(made, p, n).astype(float), energy, told, gain)
        b = twin.per_good(costs, confidence=0.975, power=9)
        inside += b.lower <= truth <= b.upper
    assert 0.93 <= inside / 2000 <= 0.97


def test_batches_whose_yields_differ_count_for_fewer_parts():
    even = simple(n=6, good=18.0)
    uneven = simple(n=6, good=[20, 20, 20, 20, 20, 8])
    assert even.spread == 1.0
    assert uneven.spread > 2.0
    assert uneven.chance < 0.01
    a, b = (twin.per_good(c, confidence=0.95) for c in (even, uneven))
    assert b.upper - b.lower > 1.5 * (a.upper - a.lower)


def test_more_batches_settle_what_the_batches_leave_open_and_no_number_settles_a_price():
    rng = np.random.default_rng(5)
    energy = 200.0 * (1.0 + 0.05 * rng.standard_normal(6))
    costs = simple(energy=energy)
    limit = costs.value * 1.01
    n = twin.batches_to_settle(costs, limit, confidence=0.95)
    assert twin.per_good(more(costs, n), confidence=0.95).upper < limit * 1.0005
    assert twin.per_good(more(costs, 0.8 * n), confidence=0.95).upper > limit
    vague = simple(energy=energy, price=Quantity(value=2.0, unit="CNY/J", std=0.1))
    assert twin.batches_to_settle(vague, limit, confidence=0.95) is None


def test_what_is_correlated_moves_together():
    a = Flow(name="gas", unit="m3", amount=Quantity(value=1.0, unit="m3"), per="part",
             price=Quantity(value=10.0, unit="CNY/m3", std=1.0, group="index"))  # fmt: skip
    b = replace(a, name="oil", price=replace(a.price, name="oil price", group="index"))
    b = replace(b, amount=Quantity(value=1.0, unit="m3"))
    lot = Lot(made=np.array([1e9]), good=np.array([1e9]), meters={})
    one, two = (twin.costing(lot, Account(flows=(x, y)), "cost per good part")
                for x, y in ((a, b), (a, replace(b, price=replace(b.price, group="")))))  # fmt: skip
    assert twin.per_good(one, confidence=0.95).std == pytest.approx(2.0, rel=0.01)
    assert twin.per_good(two, confidence=0.95).std == pytest.approx(math.sqrt(2.0), rel=0.01)


def test_a_meter_that_reads_high_is_corrected_and_its_calibration_is_in_the_budget():
    rng = np.random.default_rng(6)
    trial = batches(rng)
    gain = Quantity(value=1.02, std=0.005, source="certificate 7")
    told = replace(trial, channels={**trial.channels, "energy": replace(trial["energy"], gain=gain)})
    asked = replace(COST, statistic="energy per good part", unit="J")
    before, after = (outcome(asks(asked, display="kWh"), one) for one in (trial, told))
    assert after.value == pytest.approx(before.value / 1.02)
    (line,) = (x for x in after.causes if x.kind == "sensor")
    assert line.name == "energy gain"
    assert line.source == "certificate 7"
    assert abs(line.contribution) == pytest.approx(0.005 / 1.02 * after.value, rel=0.1)


def test_a_verdict_passes_tells_why_and_is_found_again(tmp_path):
    verdict = judge(tmp_path, batches(np.random.default_rng(7)), asks(limit=30.0))
    assert verdict.state is State.PASS, str(verdict)
    content = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    rows = {c["id"]: c for c in content["criteria"]}
    assert rows["F7"]["state"] == "met"
    assert all(
        name in rows["F7"]["value"] for name in ("cost per good part", "energy per good part", "CO2e per good part")
    )
    assert "kWh" in rows["F7"]["value"]
    assert rows["B4"]["state"] == "not-met"
    assert "labour price" in rows["B4"]["why"]
    assert rows["F5"]["state"] == rows["F6"]["state"] == rows["E1"]["state"] == "not-applicable"
    assert "F7" in content["question"]["needs"]
    names = [line["name"] for line in content["budget"]["lines"]]
    assert {"yield", "scatter between batches", "electricity price", "steel price", "scrap price"} <= set(names)
    assert content["result"]["expanded"] == pytest.approx(content["measured"]["upper"] - verdict.value, rel=1e-9)
    assert "CNY" in verdict.reasons[0]
    assert "Its variance comes from" in " ".join(verdict.reasons)
    assert len(content["measured"]["details"]["per_good_part"]) == 3
    assert content["result"]["flips"][0]["text"]["zh"]
    assert all(holds(tmp_path).values()), holds(tmp_path)


def test_what_flips_the_verdict_does():
    trial = batches(np.random.default_rng(8))
    requirement = asks(limit=30.0)
    got = outcome(requirement, trial)
    flips = {one["name"]: one for one in got.flips}
    assert {"yield", "steel price"} <= set(flips)
    dearer = replace(STEEL, price=replace(STEEL.price, value=STEEL.price.value + flips["steel price"]["by"]))
    moved = outcome(replace(requirement, interest=replace(COST, account=Account(
        flows=tuple(dearer if f is STEEL else f for f in ALL.flows), made="made"))), trial)  # fmt: skip
    assert moved.value + got.expanded(requirement) == pytest.approx(30.0, rel=1e-9)


@pytest.mark.parametrize(("limit", "wanted"), [(26.0, State.PASS), (21.0, State.FAIL)])
def test_a_plainly_cheap_part_passes_and_a_plainly_dear_one_fails_in_50_draws(limit, wanted):
    rng, right = np.random.default_rng(9), 0
    for _ in range(50):
        requirement = asks(limit=limit)
        got = outcome(requirement, batches(rng))
        outside = got.upper < limit if wanted is State.PASS else got.lower > limit
        right += outside and got.sound
    assert right >= 45


def test_few_batches_are_inconclusive_and_say_how_many_would_settle_it(tmp_path):
    trial = batches(np.random.default_rng(10), n=3, made=10)
    value = outcome(asks(), trial).value
    verdict = judge(tmp_path, trial, asks(limit=1.05 * value))
    assert verdict.state is State.INCONCLUSIVE
    assert re.search(r"about \d+ in all would settle it", verdict.reasons[1])
    assert any("stability was not asked" in one for one in verdict.reasons)
    assert all(holds(tmp_path).values())


def test_consumption_that_drifts_or_hangs_together_with_yield_never_passes():
    rng = np.random.default_rng(11)
    drift = log(made=np.full(12, 40), good=rng.binomial(40, 0.9, 12), hours=np.full(12, 14400.0),
                energy=KWH * (np.linspace(100.0, 200.0, 12) + rng.normal(0.0, 2.0, 12)))  # fmt: skip
    got = outcome(asks(limit=100.0), drift)
    assert not got.sound
    assert "not stable" in got.doubts[0][0]
    good = rng.binomial(40, 0.8, 30)
    hung = log(made=np.full(30, 40), good=good, hours=np.full(30, 14400.0), energy=KWH * (500.0 - 8.0 * good))
    assert any("hangs together" in en for en, _ in outcome(asks(limit=100.0), hung).doubts)


def test_simulated_lots_are_no_trial(tmp_path):
    made = replace(batches(np.random.default_rng(12)), remarks=(SYNTHETIC,))
    assert judge(tmp_path, made, asks(limit=30.0)).state is State.NOT_VALID_HERE


@pytest.mark.parametrize(("part", "change", "found"), [
    ("measured", {"upper": 1.0}, "measured"),
    ("result", {"state": "PASS"}, "decision"),
    ("question", {"needs": []}, "measured"),
])  # fmt: skip
def test_tampering_is_found(tmp_path, part, change, found):
    content = dict(judge(tmp_path, batches(np.random.default_rng(13)), asks(limit=20.0)).content)
    assert content["result"]["state"] == "FAIL"
    bent = seal({**content, part: {**content[part], **change}})
    (tmp_path / "verdict.json").write_text(canonical(bent), encoding="utf-8")
    assert not holds(tmp_path)[found]


def test_a_cheaper_price_written_into_the_verdict_is_found(tmp_path):
    content = json.loads(canonical(dict(judge(tmp_path, batches(np.random.default_rng(14)), asks(limit=20.0)).content)))
    assert revived(content["question"]["interest"]) == COST
    content["question"]["interest"]["account"]["flows"][1]["price"]["value"] = 3.0
    (tmp_path / "verdict.json").write_text(canonical(seal(content)), encoding="utf-8")
    assert not holds(tmp_path)["freeze"]
    assert not holds(tmp_path)["measured"]


def test_a_column_of_money_is_a_cost_and_one_without_a_unit_is_refused(tmp_path):
    file, counts = tmp_path / "lot.csv", {"made": "1", "good": "1"}
    file.write_text("end (h),made,good,bill (元)\n1,10,9,100\n2,10,8,110\n3,10,10,105\n", encoding="utf-8")
    trial = twin.import_csv(file, units=counts)
    assert (trial["bill"].unit, trial["bill"].logged_unit) == ("CNY", "元")
    account = Account(flows=(Flow(name="bill", unit="CNY", channel="bill"),), made="made")
    assert outcome(asks(replace(COST, account=account)), trial).value == pytest.approx(315.0 / 27.0)
    file.write_text(file.read_text(encoding="utf-8").replace(" (元)", ""), encoding="utf-8")
    with pytest.raises(TrialError, match="bill"):
        twin.import_csv(file, units=counts)


def test_questions_without_an_account_are_frozen_as_they_were():
    cpk = Measured(characteristic="d", statistic="Cpk", specification=(-4.0, 4.0))
    assert "account" not in frozen_as(asks(cpk, 1.33, "at least", "1"))["interest"]
    assert frozen_as(asks())["interest"]["account"]["flows"][0]["price"]["dof"] is None


GOOD = {"made": [20, 20], "good": [18, 19], "energy": [KWH, KWH], "hours": [3600.0, 3600.0]}


@pytest.mark.parametrize(("changed", "match"), [
    ({"good": [0, 0]}, "none of 40 parts is good. What a good part takes is not defined where none is produced"),
    ({"good": [18, 21]}, "row 2 has 21 good of 20 parts"),
    ({"good": [18, 18.5]}, "does not count parts or batches"),
    ({"energy": [KWH, -KWH]}, "batch 2 takes -3.6e+06 J of 'electricity'"),
    ({"energy": [KWH, KWH, KWH]}, "has 3 readings for 2 batches of 2 rows"),
    ({"made": [20, 20, 20]}, "which are not at the times of the 2 of good parts"),
    ({name: values[:1] for name, values in GOOD.items()}, "1 batch shows no scatter of electricity, labour"),
])  # fmt: skip
def test_a_log_that_cannot_be_charged_is_refused(changed, match):
    with pytest.raises(TrialError, match=re.escape(match)):
        outcome(asks(), log(**{**GOOD, **changed}))


def test_an_amount_in_another_unit_and_power_with_holes_are_refused():
    with pytest.raises(TrialError, match=r"'energy' is in kg, the flow 'electricity' in J\. Its channel is in J or W"):
        outcome(asks(), log(**GOOD, units={"energy": "kg"}))
    account = Account(flows=(replace(POWER, channel="power"),), made="made")
    asked = asks(replace(COST, account=account))
    rows = {"made": [50.0, 90.0], "good": [50.0, 90.0]}
    late = np.arange(60.0, 101.0)
    for t, match in ((np.concatenate([np.arange(21.0), late]), "has no reading from 20 to 60 s, its usual step is 1 s"),
                     (late, "reads from 60 to 100 s, the batches end from 50 to 90 s")):  # fmt: skip
        trial = log(made=[9, 9], good=[9, 8], power=np.ones(t.size), t={"power": t, **rows})
        with pytest.raises(TrialError, match=match):
            outcome(asked, trial)


def test_the_largest_cause_comes_first():
    found = causes(simple(price=Quantity(value=2.0, unit="CNY/J", std=0.5, name="tariff")), confidence=0.95)
    assert [one.name for one in found] == ["tariff", "yield"]
