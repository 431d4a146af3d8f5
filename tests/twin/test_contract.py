"""A log is held against its contract: what departs is named, what keeps to it is not."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Clause, Contract, ModelError, Trial, read_contract

TEXT = """
schema = "foretrial.contract/1"
name = "line 3"
loggers = { DAQ-7 = "2.4.1" }

[channels.TC1]
unit = "degC"
span = [0, 400]
every = 1.0
gap = 3.0
resolution = 0.1
stuck = 60.0
slope = 50.0

[channels.TC2]
unit = "degC"
span = [0, 400]

[[pairs]]
first = "TC1"
second = "TC2"
offset = 2.0
drift = 0.002
"""
REMARK = "logger DAQ-7 firmware 2.4.1"


@pytest.fixture
def contract(tmp_path):
    (tmp_path / "line3.toml").write_text(TEXT, encoding="utf-8")
    return read_contract(tmp_path / "line3.toml")


def log(rng, *, name="run", level=1.0, remarks=(REMARK,), late=0.0, drift=0.0, **changed):
    t = np.arange(0.0, 601.0)

    def wave(at):
        return 293.15 + level * (40.0 + 30.0 * np.sin(at / 40.0) + 15.0 * np.sin(at / 13.0))

    x = {"TC1": wave(t), "TC2": wave(t - late - drift * t)}
    channels = {n: Channel(name=n, t=t, values=np.round(v + rng.normal(0.0, 0.2, t.size), 2), unit="K",
                           logged_unit="degC", std=0.2, kind="thermocouple") for n, v in x.items()}  # fmt: skip
    channels["TC1"] = replace(channels["TC1"], **changed)
    return Trial(name=name, channels=channels, remarks=remarks, content=name)


def kinds(found):
    return [(one.about, one.kind) for one in found]


def test_a_log_that_keeps_to_its_contract_has_no_departure(contract):
    assert twin.audit(log(np.random.default_rng(1)), contract) == ()
    assert contract.clauses[0] == Clause(channel="TC1", unit="K", logged_unit="degC", span=(273.15, 673.15), every=1.0,
                                         gap=3.0, resolution=0.1, stuck=60.0, slope=50.0)  # fmt: skip


def bent(change):
    good = log(np.random.default_rng(2))
    return replace(good, channels={**good.channels, "TC1": change(good["TC1"])})


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda c: replace(c, values=np.where(c.t == 9, 900.0, c.values)), "range", r"reads 900 K at 9 s \(1 of 601"),
        (lambda c: replace(c, t=2.0 * c.t), "rate", "is read every 2 s. The contract asks for 1 s"),
        (
            lambda c: replace(c, values=np.where((c.t > 50) & (c.t < 60), np.nan, c.values)),
            "gap",
            "says nothing for 10 s",
        ),
        (lambda c: replace(c, values=np.round(c.values)), "resolution", "steps by 1 K. The contract asks for 0.1"),
        (lambda c: replace(c, values=np.where(c.t > 400, 300.0, c.values)), "stuck", "stays at 300 K for 199 s"),
        (lambda c: replace(c, values=np.full(c.t.size, np.nan)), "dead", "has 0 readings"),
        (lambda c: replace(c, unit="Pa", logged_unit="bar"), "unit", "is logged in bar. The contract asks for degC"),
        (lambda c: replace(c, logged_unit="degF"), "unit", "is logged in degF. The contract asks for degC"),
    ],
)
def test_each_departure_is_named_with_its_number(contract, change, kind, says):
    found = twin.audit(bent(change), contract)
    own = [one for one in found if one.kind == kind]
    assert own, kinds(found)
    import re

    assert re.search(says, own[0].words[0])
    assert own[0].words[1]


def test_a_missing_channel_and_one_too_many_are_told_with_the_nearest_name(contract):
    good = log(np.random.default_rng(3))
    renamed = replace(good, channels={"TC1": good["TC1"], "TC02": replace(good["TC2"], name="TC02")})
    found = twin.audit(renamed, contract)
    assert set(kinds(found)) == {("TC2", "missing"), ("TC02", "extra")}
    assert "Did you mean 'TC02'?" in found[0].words[0]


def test_firmware_that_changed_is_a_departure_and_one_that_is_not_stated_is_open(contract):
    rng = np.random.default_rng(4)
    changed = twin.audit(log(rng, remarks=("logger DAQ-7 firmware 2.5.0",)), contract)
    assert [(d.kind, d.settled) for d in changed] == [("firmware", True)]
    silent = twin.audit(log(rng, remarks=()), contract)
    assert [(d.kind, d.settled) for d in silent] == [("firmware", False)]


@pytest.mark.parametrize(
    ("late", "drift", "held"), [(0.0, 0.0, True), (1.0, 0.0, True), (4.0, 0.0, False), (-0.5, 0.01, False)]
)
def test_clocks_of_two_loggers_are_compared_by_what_both_see(contract, late, drift, held):
    rng = np.random.default_rng(5)
    found = [twin.audit(log(rng, late=late, drift=drift), contract) for _ in range(10)]
    assert np.mean([not f for f in found]) >= 0.9 if held else all(kinds(f) == [("TC1, TC2", "clock")] for f in found)


def test_clocks_that_see_nothing_alike_are_left_open(contract):
    good = log(np.random.default_rng(6))
    flat = replace(good["TC2"], values=300.0 + np.random.default_rng(7).normal(0.0, 0.2, 601))
    found = twin.audit(replace(good, channels={**good.channels, "TC2": flat}), contract)
    assert [(d.kind, d.settled) for d in found] == [("clock", False)]


SWAPS = {"degF for degC": lambda x: (x - 273.15) * 1.8 + 32.0 + 273.15, "K for degC": lambda x: x + 273.15}
BARE = Contract(name="bare", clauses=(Clause(channel="TC1", unit="K"), Clause(channel="TC2", unit="K")))


@pytest.mark.parametrize("name", SWAPS)
def test_a_firmware_that_swaps_a_unit_is_caught_against_history_in_50_draws(name):
    rng, caught = np.random.default_rng(8), []
    for _ in range(50):
        earlier = [log(rng, name=f"run {k}", level=rng.uniform(0.95, 1.05)) for k in range(4)]
        now = log(rng, level=rng.uniform(0.95, 1.05))
        now = replace(now, channels={**now.channels, "TC1": replace(now["TC1"], values=SWAPS[name](now["TC1"].values))})
        found = twin.audit(now, BARE, history=earlier)
        caught.append(kinds(found) == [("TC1", "swapped unit")] and "taken for" in found[0].words[0])
    assert np.mean(caught) >= 0.9


@pytest.mark.parametrize("name", SWAPS)
def test_a_unit_swapped_in_the_middle_of_a_log_is_caught(name):
    rng, caught = np.random.default_rng(9), []
    for _ in range(50):
        now, at = log(rng), rng.uniform(100.0, 500.0)
        c = now["TC1"]
        half = replace(c, values=np.where(c.t > at, SWAPS[name](c.values), c.values))
        found = twin.audit(replace(now, channels={**now.channels, "TC1": half}), BARE)
        caught.append(("TC1", "swapped unit") in kinds(found))
    assert np.mean(caught) >= 0.9


def test_the_harmless_twin_of_a_swap_passes_in_50_draws():
    rng, clean = np.random.default_rng(10), []
    for _ in range(50):
        earlier = [log(rng, name=f"run {k}", level=rng.uniform(0.9, 1.1)) for k in range(4)]
        step = log(rng, level=rng.uniform(0.8, 1.2))
        c = step["TC1"]
        opened = replace(c, values=c.values + np.where(c.t > 300.0, rng.uniform(20.0, 60.0), 0.0))  # a shutter opens
        clean.append(not twin.audit(replace(step, channels={**step.channels, "TC1": opened}), BARE, history=earlier))
    assert np.mean(clean) >= 0.9


def test_pressure_in_psi_taken_for_bar_is_caught():
    rng = np.random.default_rng(11)
    t = np.arange(200.0)

    def run(name, scale):
        x = scale * (6e5 + 2e4 * np.sin(t / 9.0) + rng.normal(0.0, 500.0, t.size))
        return Trial(
            name=name, channels={"P": Channel(name="P", t=t, values=x, unit="Pa", logged_unit="bar", std=500.0)}
        )

    bare = Contract(name="bare", clauses=(Clause(channel="P", unit="Pa"),))
    [found] = twin.audit(run("now", 14.5038), bare, history=[run("before", 1.0)])
    assert "psi taken for bar" in found.words[0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('schema = "x"', "schema is 'x'. This version reads"),
        (TEXT.replace('unit = "degC"\nspan = [0, 400]\nevery', "every"), "has no unit"),
        (TEXT.replace("every = 1.0", "evry = 1.0"), "key 'evry' is not known. Did you mean 'every'?"),
        (TEXT.replace('second = "TC2"', 'second = "TC9"'), "names 'TC9', which has no clause"),
        (TEXT.replace("span = [0, 400]\n\n", "span = [400, 0]\n\n"), "spans 673.15 to 273.15 K"),
        ("schema", "is no readable contract"),
        (TEXT.replace("gap = 3.0", "gap = -3.0"), "gap of 'TC1' is -3"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(tmp_path, text, match):
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    import re

    with pytest.raises(ModelError, match=re.escape(match)):
        read_contract(tmp_path / "c.toml")
