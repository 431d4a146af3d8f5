"""What looks wrong about a log is told, with times and numbers, and what looks odd but is right is not."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.cases import TRIALS
from foretrial.models import Channel, Quantity, Trial
from foretrial.twin.faults import KINDS, faults

T = np.linspace(0.0, 900.0, 181)


def logged(seed=0, n=3, unit="degC", std=0.8, resolution=0.1, bend=None, **more):
    """Three thermocouples in a block that a bath cools, by a closed form, with digits; `bend` spoils one."""
    rng = np.random.default_rng(seed)
    channels = {}
    for k in range(n):
        x = 300.0 + 600.0 * np.exp(-T / (150.0 + 60.0 * k)) + rng.normal(0.0, std, T.size)
        x = np.round((x - 273.15) / resolution) * resolution + 273.15
        name = f"TC{k + 1}"
        if bend is not None and k == 0:
            x = bend(x.copy())
        channels[name] = Channel(name=name, t=T, values=x, unit="K", logged_unit=unit, kind="thermocouple", std=std,
                                 resolution=resolution, **more)  # fmt: skip
    return Trial(name="quench", channels=channels)


def put(where, value):
    def bend(x):
        x[where] = value(x[where]) if callable(value) else value
        return x

    return bend


def kinds(trial):
    return [(f.kind, f.channel) for f in faults(trial)]


@pytest.mark.parametrize("seed", range(50))
def test_an_honest_log_is_found_clean(seed):
    assert kinds(logged(seed, resolution=0.1)) == []


def test_shipped_logs_are_looked_through_and_nothing_is_changed():
    for path in sorted(TRIALS.glob("*.csv")):
        trial = twin.read(path)
        before = twin.content_of(trial)
        assert {f.kind for f in faults(trial)} <= set(KINDS)
        assert twin.content_of(trial) == before


def test_a_channel_that_falls_silent_is_dead_from_then_on():
    [fault] = faults(logged(bend=put(slice(68, None), np.nan)))
    assert (fault.kind, fault.begin) == ("dead", T[67])
    assert "falls silent at 335 s, 565 s before the end" in str(fault)
    assert "335 s 之后无读数" in fault.zh


def test_a_channel_without_any_reading_is_dead():
    assert kinds(logged(bend=put(slice(None), np.nan))) == [("dead", "TC1")]


@pytest.mark.parametrize("n", [1, 3])
def test_a_stuck_channel_is_told_with_its_times(n):
    found = [f for f in faults(logged(n=n, bend=lambda x: put(slice(40, 90), x[40])(x))) if f.kind == "stuck"]
    assert [(f.begin, f.end) for f in found] == [(200.0, 445.0)]
    assert "50 times in a row, from 200 to 445 s" in found[0].en
    assert ("while the others move by" in found[0].en) == (n > 1)


def test_a_settled_channel_with_coarse_digits_is_not_stuck():
    trial = logged(std=0.05, resolution=2.0)
    assert not [f for f in faults(trial) if f.kind == "stuck"]


def test_spikes_are_told_and_a_flood_of_them_is_counted():
    spoiled = logged(bend=put([30, 91], lambda x: x + np.array([80.0, -35.0])))
    found = faults(spoiled)
    assert [(f.kind, f.begin) for f in found] == [("spike", 150.0), ("spike", 455.0)]
    assert [f.size for f in found] == pytest.approx([80.0, -35.0], abs=8.0)
    many = [f for f in faults(logged(bend=put(slice(10, 170, 10), lambda x: x + 90.0))) if f.kind == "spike"]
    assert len(many) == 6
    assert "11 more readings stand out so" in many[-1].en


def test_a_quench_s_kink_is_no_spike_and_no_jump():
    t = np.linspace(0.0, 300.0, 301)
    x = np.where(t < 100.0, 1100.0, 320.0 + 780.0 * np.exp(-(t - 100.0) / 4.0))
    x = x + np.random.default_rng(2).normal(0.0, 0.5, t.size)
    trial = Trial(name="q", channels={"a": Channel(name="a", t=t, values=x, unit="K", logged_unit="degC", std=0.5)})
    assert faults(trial) == ()


@pytest.mark.parametrize(("to", "back"), [("degF", lambda c: 1.8 * c + 32.0), ("K", lambda c: c + 273.15)])
def test_a_firmware_that_swaps_the_unit_on_the_way_is_caught(to, back):
    def swap(x):
        x[60:] = back(x[60:] - 273.15) + 273.15
        return x

    [fault] = faults(logged(bend=swap))
    assert (fault.kind, fault.channel, fault.begin) == ("unit", "TC1", 300.0)
    assert f"read as {to} from there on" in fault.en
    assert f"若按 {to} 读取" in fault.zh


def test_a_unit_that_was_wrong_from_the_start_stands_out_among_the_others():
    [fault] = faults(logged(bend=lambda x: 1.8 * (x - 273.15) + 32.0 + 273.15))
    assert (fault.kind, fault.begin) == ("unit", 0.0)
    assert "read as degF it is" in fault.en


def test_a_step_that_no_unit_explains_is_told_as_a_step():
    [fault] = faults(logged(bend=put(slice(120, None), lambda x: x + 40.0)))
    assert (fault.kind, fault.begin) == ("jump", 600.0)
    assert "steps by +" in fault.en


def test_a_clock_that_was_set_by_an_hour_is_told_and_a_gap_of_the_logger_is_not():
    late = np.where(T > 400.0, T + 3600.0, T)
    moved = {n: replace(c, t=late) for n, c in logged().channels.items()}
    [fault] = faults(Trial(name="quench", channels=moved))
    assert (fault.kind, fault.size) == ("clock", 3600.0)
    assert "leaps by 3600 s after 400 s: was a time zone or summer time set?" in fault.en
    gap = {n: replace(c, t=np.where(T > 400.0, T + 1234.0, T)) for n, c in logged().channels.items()}
    assert not faults(Trial(name="quench", channels=gap))


def test_readings_at_the_end_of_the_range_and_coarse_digits_are_told():
    assert kinds(logged(limits=(200.0, 700.0), bend=lambda x: np.minimum(x, 700.0)))[0] == ("saturated", "TC1")
    assert ("digitised", "TC2") in kinds(logged(std=0.1, resolution=2.0))


# two sensors exchanged


def tried(lab, seed, *, exchange=False, places=(0.02, 0.008), clock=0.0, gas=320.0):
    process = lab.process(film=600.0, gas=gas)
    real = lab.channels(places=places, bias=Quantity(value=0.0, std=0.5), n=40, first=20.0,
                        clock=Quantity(value=clock, unit="s"))  # fmt: skip
    trial = lab.trial(process, real, np.random.default_rng(seed))
    channels = {n: replace(c, clock=Quantity(value=0.0, unit="s")) for n, c in trial.channels.items()}
    if exchange:
        a, b = (channels[n] for n in ("TC1", "TC2"))
        channels |= {"TC1": replace(a, values=b.values), "TC2": replace(b, values=a.values)}
    solver = lab.slab(cells=16, steps=80)
    experiment = twin.Experiment(trial=replace(trial, channels=channels), process=lab.process(film=300.0, gas=gas))
    fit = twin.calibrate([experiment], free={"film": (50.0, 5000.0)}, solver=solver, starts=1)
    return twin.crossed(experiment, fit=fit, solver=solver)


def test_swapped_thermocouples_are_named(lab):
    for seed in range(5):
        first = tried(lab, seed, exchange=True, places=(0.02, 0.008, 0.014))[0]
        assert first.kind == "swapped"
        assert first.en.startswith("TC1 and TC2 look exchanged: with their readings swapped the misfit falls")
        assert "疑似互换" in first.zh


@pytest.mark.parametrize("places", [(0.02, 0.008), (0.02, 0.019)])
def test_sensors_at_their_places_are_not_called_swapped_even_when_close(lab, places):
    assert [f for seed in range(20) for f in tried(lab, seed, places=places)] == []


def test_a_logger_whose_clock_is_off_is_named_with_the_shift(lab):
    [fault] = [f for f in tried(lab, 1, clock=6.0) if f.kind == "clock"]
    assert fault.size == pytest.approx(6.0, abs=1.5)
    assert "state clock and clock_std in the sidecar" in fault.en
