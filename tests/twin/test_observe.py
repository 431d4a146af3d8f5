"""What a sensor reads of a run."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import Channel, Part, Probe, Quantity, TrialError
from foretrial.twin.observe import around, by_lag, by_place, made_up, observe, observe_tangent, synthetic


def sensor(t, **more):
    t = np.asarray(t, dtype=float)
    return Channel(name="TC1", t=t, values=np.zeros(t.size), unit="K", logged_unit="degC",
                   **{"place": (0.02, 0.5, 0.5), **more})  # fmt: skip


@pytest.fixture
def run(lab):
    return lab.slab(cells=16, steps=60)(lab.process(), observe=(Probe(name="TC1", place=(0.02, 0.5, 0.5)),))


def ramp(run, slope=2.0):
    line = 300.0 + slope * run.t[:, None]
    return replace(run, values=line, rates=np.full_like(line, slope))


@pytest.mark.parametrize("lag", [1e-3, 0.5, 7.0, 300.0, 1e5])
def test_a_lagging_sensor_follows_a_ramp_as_its_closed_form_says(run, lag):
    t = np.array([0.0, 0.7, 3.0, 50.0, 239.0])
    read = observe(ramp(run), sensor(t, lag=Quantity(value=lag, unit="s")))
    exact = 300.0 + 2.0 * (t - lag * -np.expm1(-t / lag))
    assert read == pytest.approx(exact, abs=1e-7)


def test_lag_does_not_depend_on_the_steps_of_the_run(lab):
    probe = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),)
    run = lab.series()(lab.process(), observe=probe)
    kept = np.unique(np.r_[0, np.arange(1, run.t.size, 2), run.t.size - 1])
    half = replace(run, t=run.t[kept], values=run.values[kept], rates=run.rates[kept])
    late = sensor(np.linspace(5, 235, 40), lag=Quantity(value=9.0, unit="s"))
    assert observe(run, late) == pytest.approx(observe(half, late), abs=0.02)


def test_offset_shifts_and_digits_are_counted_in_the_unit_of_the_log(run):
    t = np.linspace(10, 200, 20)
    plain = observe(run, sensor(t))
    assert observe(run, sensor(t, bias=Quantity(value=1.5))) == pytest.approx(plain + 1.5)
    whole = observe(run, sensor(t, resolution=1.0), quantise=True) - 273.15
    assert whole == pytest.approx(np.round(whole), abs=1e-9)
    assert np.abs(whole + 273.15 - plain).max() <= 0.5 + 1e-9


def test_gaps_stay_gaps(run):
    log = sensor([10.0, 20.0, 30.0])
    log = replace(log, values=np.array([1.0, np.nan, 1.0]))
    assert list(np.isnan(observe(run, log))) == [False, True, False]


def test_a_reading_outside_the_run_is_refused(run):
    with pytest.raises(TrialError, match=r"'TC1' reads from 10 to 900 s, the run covers 0 to 240 s.*window=") as told:
        observe(run, sensor([10.0, 900.0]))
    assert "inside the run only" in str(told.value)


def test_tangents_pass_through_the_lag(lab):
    probe, process = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),), lab.process(film=600.0)
    log = sensor(np.linspace(5, 235, 30), lag=Quantity(value=15.0, unit="s"))
    solver = lab.slab(cells=16, steps=60)
    slope = observe_tangent(solver.tangent(process, free=("film",), observe=probe), log)[:, 0]
    ends = [observe(solver(lab.process(film=f), observe=probe), log) for f in (594.0, 606.0)]
    assert slope == pytest.approx((ends[1] - ends[0]) / 12.0, rel=2e-3)


def test_the_lag_and_the_place_of_a_sensor_have_their_own_slopes(lab):
    part, probe = Part.slab(0.04), Probe(name="TC1", place=(0.008, 0.5, 0.5))
    pairs = around(probe, part=part, by=0.001)
    assert [(a.name, b.name) for a, b, _ in pairs] == [("TC1-x", "TC1+x")]
    run = lab.series()(lab.process(), observe=(probe, *pairs[0][:2]))
    log = sensor([30.0, 60.0], place=(0.008, 0.5, 0.5), place_std=0.001, lag=Quantity(value=5.0, unit="s"))
    assert by_place(run, log, pairs=pairs)["x"] == pytest.approx(
        (observe(run, log, of="TC1+x") - observe(run, log, of="TC1-x")) / 2.0, rel=1e-9)  # fmt: skip
    more = observe(run, replace(log, lag=Quantity(value=5.5, unit="s"))) - observe(run, log)
    assert by_lag(run, log) * 0.5 == pytest.approx(more, rel=0.05)


def test_a_pair_around_a_probe_at_the_wall_stays_in_the_part():
    [(low, high, gap)] = around(Probe(name="TC1", place=(0.0, 0.5, 0.5)), part=Part.slab(0.04), by=0.002)
    assert (low.place[0], high.place[0], gap) == (0.0, 0.002, 0.002)


def test_a_made_up_trial_says_so_and_draws_again_from_the_same_seed(run):
    sensors = [sensor(np.linspace(5, 235, 400), std=2.0, bias=Quantity(value=0.0, std=0.0))]
    first, second = (synthetic(sensors, run, rng=np.random.default_rng(3)) for _ in range(2))
    assert made_up(first)
    assert first.content == second.content
    noise = first["TC1"].values - observe(run, sensors[0])
    assert np.std(noise) == pytest.approx(2.0, rel=0.15)
