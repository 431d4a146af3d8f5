"""Gain, drift, leads, clock and range of a sensor: in its reading, its slopes, and the interval of a fit."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Probe, Quantity, Trial, TrialError, digest
from foretrial.twin.observe import observe
from foretrial.twin.sensor import WORDS, by, causes, remarks, stem

PROBE = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),)


def sensor(t, **more):
    t = np.asarray(t, dtype=float)
    return Channel(name="TC1", t=t, values=np.zeros(t.size), unit="K", logged_unit="degC",
                   **{"place": (0.02, 0.5, 0.5), **more})  # fmt: skip


@pytest.fixture
def run(lab):
    return lab.slab(cells=16, steps=60)(lab.process(), observe=PROBE)


@pytest.fixture
def ramp(run):
    line = 300.0 + 2.0 * run.t[:, None]
    return replace(run, values=line, rates=np.full_like(line, 2.0))


T = np.array([10.0, 50.0, 200.0])


def test_gain_turns_about_the_zero_of_the_log_or_about_where_it_is_said_to_be_right(ramp):
    true = 300.0 + 2.0 * T
    assert observe(ramp, sensor(T, gain=Quantity(value=1.01))) == pytest.approx(273.15 + 1.01 * (true - 273.15))
    assert observe(ramp, sensor(T, gain=Quantity(value=1.01), pivot=400.0)) == pytest.approx(400 + 1.01 * (true - 400))


def test_drift_leads_and_clock_move_a_reading_as_their_definitions_say(ramp):
    true = 300.0 + 2.0 * T
    assert observe(ramp, sensor(T, drift=Quantity(value=0.01, unit="K/s"))) == pytest.approx(true + 0.01 * T)
    assert observe(ramp, sensor(T, stem=Quantity(value=0.1), stem_to=290.0)) == pytest.approx(0.9 * true + 29.0)
    assert observe(ramp, sensor(T, clock=Quantity(value=4.0, unit="s"))) == pytest.approx(true - 8.0)


def test_a_clock_that_is_off_reads_a_settled_start_and_goes_on_at_the_end(ramp):
    early = observe(ramp, sensor([1.0], clock=Quantity(value=3.0, unit="s")))
    late = observe(ramp, sensor([240.0], clock=Quantity(value=-3.0, unit="s")))
    assert (*early, *late) == pytest.approx((300.0, 786.0))


def test_a_reading_is_cut_at_the_ends_of_its_range_when_its_digits_are_asked_for(ramp):
    log = sensor(T, limits=(0.0, 450.0))
    assert observe(ramp, log, quantise=True)[-1] == 450.0
    assert observe(ramp, log)[-1] == pytest.approx(700.0)  # what is expected knows no range


@pytest.mark.parametrize("cause", list(WORDS))
def test_the_slope_by_each_cause_is_that_of_the_reading(run, cause):
    at = {"bias": 1.0, "gain": 1.02, "drift": 1e-3, "stem": 0.05, "lag": 6.0, "clock": 2.0}
    log = sensor(T, stem_to=300.0, **{c: Quantity(value=v) for c, v in at.items()})
    ends = [observe(run, replace(log, **{cause: Quantity(value=at[cause] + d)})) for d in (-1e-4, 1e-4)]
    assert by(run, log, cause) == pytest.approx((ends[1] - ends[0]) / 2e-4, rel=2e-3, abs=1e-6)


def test_channels_of_one_logger_share_its_clock_and_nothing_else(run):
    clock = Quantity(value=0.0, unit="s", std=1.0, group="A")
    one, other = (causes(run, sensor(T, clock=clock, gain=Quantity(value=1.0, std=0.01)), row=f"first/{n}", of="TC1")
                  for n in ("TC1", "TC2"))  # fmt: skip
    assert set(one) & set(other) == {"clock of A in first"}
    assert set(one) - set(other) == {"gain of first/TC1"}


def fitted(lab, rng, real=None, stated=None, **more):
    """A fit of the film where the sensors are `real` and `stated`."""
    process = lab.process(film=600.0)
    trial = lab.trial(process, lab.channels(**(real or {})), rng)
    say = {c.name: c for c in lab.channels(**(stated or {}))}
    trial = replace(trial, channels={n: replace(say[n], values=c.values) for n, c in trial.channels.items()})
    return twin.calibrate(lab.process(film=300.0), trial, free={"film": (50.0, 5000.0), **more}, starts=1,
                          solver=lab.slab(cells=24, steps=120))  # fmt: skip


UNSURE = {
    "gain": {"gain": Quantity(value=1.0, std=0.02)},
    "drift": {"drift": Quantity(value=0.0, unit="K/s", std=0.05)},
    "leads": {"stem": Quantity(value=0.06, std=0.02), "stem_to": 300.0},
    "clock": {"clock": Quantity(value=0.0, unit="s", std=2.0, group="A")},
}


@pytest.mark.parametrize("cause", list(UNSURE))
def test_a_stated_uncertainty_of_the_sensor_widens_the_interval(lab, cause):
    sure = fitted(lab, np.random.default_rng(1))
    unsure = fitted(lab, np.random.default_rng(1), stated=UNSURE[cause])
    assert unsure.std[0] > 1.5 * sure.std[0]


def test_intervals_hold_the_truth_when_gain_drift_leads_and_clock_are_drawn_as_stated(lab):
    stated = {key: value for one in UNSURE.values() for key, value in one.items()}
    fits = [fitted(lab, np.random.default_rng(seed), stated, stated) for seed in range(60)]
    off = np.array([(f.values[0] - 600.0) / f.std[0] for f in fits])
    assert np.mean(np.abs(off) <= 2.0) >= 0.88
    assert 0.6 <= np.sqrt(np.mean(off**2)) <= 1.3  # neither bragging nor hiding


def test_a_gain_can_be_set_free_and_is_found(lab):
    wrong = {"gain": Quantity(value=1.03)}
    stated = {"gain": Quantity(value=1.0, std=0.05, name="gain of the card")}
    fit = fitted(lab, np.random.default_rng(3), wrong, stated, **{"gain of the card": (0.8, 1.2)})
    assert [p.name for p in fit.parameters] == ["film", "gain of the card"]
    assert abs(fit.values[1] - 1.03) < 3.0 * fit.std[1] < 0.03
    assert abs(fit.values[0] - 600.0) < 3.0 * fit.std[0]


def test_saturated_readings_count_one_sidedly_and_it_is_said(lab):
    sat = {"limits": (200.0, 800.0)}
    fit = fitted(lab, np.random.default_rng(4), sat, sat)
    ignored = fitted(lab, np.random.default_rng(4), sat)
    assert abs(fit.values[0] - 600.0) < 3.0 * fit.std[0]
    assert abs(ignored.values[0] - 600.0) > 20.0  # what believing them would have cost
    assert fit.residuals.size < ignored.residuals.size
    assert any("only bound the value; they count one-sidedly, by the tail" in en for en, _ in fit.words)
    assert any("按单侧（删失）似然计入" in zh for _, zh in fit.words)


def test_a_step_of_the_digitiser_that_outweighs_the_noise_is_said():
    [(en, zh)] = remarks([("t", sensor([1.0, 2.0], resolution=5.0, std=0.5))])
    assert "step 5 K (as sigma 1.4) outweighs its noise" in en
    assert "数字化步长" in zh
    assert not remarks([("t", sensor([1.0, 2.0], resolution=0.1, std=0.5))])


def test_a_channel_out_of_use_is_refused_where_named_passed_over_where_not_and_told(lab):
    trial = lab.trial(lab.process(), lab.channels(), np.random.default_rng(5))
    broken = replace(trial["TC2"], unused="open circuit from 40 s on")
    trial = replace(trial, channels={**trial.channels, "TC2": broken}, content=digest("x"))
    assert list(twin.Experiment(trial=trial, process=lab.process()).observe) == ["TC1"]
    with pytest.raises(TrialError, match=r"'TC2' of trial 'trial' is out of use: open circuit.*use = true"):
        twin.Experiment(trial=trial, process=lab.process(), observe={"TC2": PROBE[0]})
    fit = twin.calibrate(lab.process(film=300.0), trial, free={"film": (50.0, 5000.0)}, starts=1,
                         solver=lab.slab(cells=12, steps=60))  # fmt: skip
    assert any("trial/TC2 is left out by its sidecar: open circuit from 40 s on." in en for en, _ in fit.words)
    told = twin.pedigree(lab.process(), command="x", seeds={}, trials=(trial,))
    assert told["excluded"] == [{"trial": "trial", "channel": "TC2", "reason": "open circuit from 40 s on"}]


def test_leads_and_contact_give_the_stem_error():
    contact, lead = (Quantity(value=v, unit="W/K", std=s) for v, s in ((0.04, 0.01), (0.001, 0.0)))
    share = stem(contact=contact, lead=lead)
    assert share.value == pytest.approx(0.001 / 0.041)
    moved = 0.001 / (0.001 + 0.04 + 1e-6)
    assert share.std == pytest.approx(0.01 * abs(moved - share.value) / 1e-6, rel=1e-3)
    with pytest.raises(TrialError, match=r"contact = 3 W/m is no conductance. It is 0 W/K or more.*unit='W/K'"):
        stem(contact=Quantity(value=3.0, unit="W/m"), lead=lead)


def test_impossible_ranges_and_shares_are_refused():
    with pytest.raises(TrialError, match=r"'TC1': limits 400 to 300 K hold no range. They run.*Swap the two"):
        sensor([1.0], limits=(400.0, 300.0))
    with pytest.raises(TrialError, match=r"'TC1': stem = 1.5, gain = 1. A share.*Correct them"):
        sensor([1.0], stem=Quantity(value=1.5))


SIDECAR = """schema = "foretrial.log/1"
[time]
column = "t"
unit = "s"
[channels.T]
unit = "degC"
gain = [1.001, "1"]
gain_std = [0.2, "%"]
gain_about = [20, "degC"]
drift_std = [0.5, "K/h"]
stem = [2, "%"]
stem_std = [1, "%"]
stem_to = [25, "degC"]
clock = [1.5, "s"]
clock_std = [500, "ms"]
logger = "A"
limits = [-200, 400, "degC"]
use = false
reason = "bead fell off"
"""


def test_the_sidecar_says_gain_drift_leads_clock_range_and_use_and_the_store_keeps_it(tmp_path):
    (tmp_path / "a.csv").write_text("t,T\n0,20\n1,21\n")
    (tmp_path / "a.toml").write_text(SIDECAR)
    kept = twin.add_log(tmp_path / "s.h5", tmp_path / "a.csv")
    channel = twin.read(tmp_path / "s.h5")["T"]
    assert (channel.gain.value, channel.gain.std, channel.pivot) == pytest.approx((1.001, 0.002, 293.15))
    assert (channel.drift.std, channel.drift.unit) == (pytest.approx(0.5 / 3600), "K/s")
    assert (channel.stem.value, channel.stem.std, channel.stem_to) == pytest.approx((0.02, 0.01, 298.15))
    assert (channel.clock.value, channel.clock.std, channel.clock.group) == (1.5, 0.5, "A")
    assert channel.limits == pytest.approx((73.15, 673.15))
    assert channel.unused == "bead fell off"
    assert channel.gain.name == "gain of a/T"
    assert twin.content_of(twin.read(tmp_path / "s.h5")) == kept.content


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('reason = "bead fell off"', "", "use = false without a reason. No channel is dropped silently. Add reason"),
        ("use = false", "use = true", "a reason, 'bead fell off', stands beside a channel in use"),
        ("use = false", 'use = "no"', "use = 'no', reason = 'bead fell off'. use is true or false"),
        ('stem_to = [25, "degC"]', "", "states a stem error and not where its heat goes. Leads end .*Add stem_to"),
        ('limits = [-200, 400, "degC"]', "limits = [400]", r"limits = \[400\] is not two numbers and their unit"),
        ("clock = [1.5", "clock = [1.5, 2", r"is not a number with its unit"),
        ("gain_std = [0.2", "gain_std = [-0.2", "gain_std is negative, -0.002 1. It is 0 or more. Correct its sign"),
        ('logger = "A"', "logger = 3", "logger = 3 is no name. Channels of one logger name it alike. Write a text"),
    ],
)
def test_a_sidecar_that_cannot_be_meant_is_refused(tmp_path, old, new, says):
    (tmp_path / "a.csv").write_text("t,T\n0,20\n1,21\n")
    (tmp_path / "a.toml").write_text(SIDECAR.replace(old, new))
    with pytest.raises(TrialError, match=f"a.toml: channel 'T'.*{says}"):
        twin.import_csv(tmp_path / "a.csv")


def test_a_trial_that_says_nothing_of_gain_and_clock_keeps_the_hash_that_it_had():
    plain = Trial(name="a", channels={"TC1": sensor([0.0, 1.0])})
    text = twin.content_of(plain)
    assert text == twin.content_of(Trial(name="a", channels={"TC1": sensor([0.0, 1.0], gain=Quantity(value=1.0))}))
    assert text != twin.content_of(Trial(name="a", channels={"TC1": sensor([0.0, 1.0], gain=Quantity(value=1.1))}))
