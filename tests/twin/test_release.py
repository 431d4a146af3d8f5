"""Desensitised copies: what a calibration is after stays, names, dates, levels and digits go, and the rest is told."""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Exchange, Material, Part, Probe, Process, Quantity, Trial, TrialError

SECRET = ("quench", "TC1", "Works", "furnace 3", "thermocouple", "left", "type K", "2025-03")


@pytest.fixture
def trial(lab):
    more = {"bias": Quantity(value=0.0, std=0.8, name="bias of quench/TC1"), "resolution": 0.1, "station": "left",
            "kind": "thermocouple", "calibrated": "type K, certificate 4711", "properties": {"diameter": 1e-3},
            "lag": Quantity(value=3.0, unit="s", std=0.5), "gain": Quantity(value=1.0, std=1e-3), "n": 61}  # fmt: skip
    logged = lab.trial(lab.process(), lab.channels(**more), np.random.default_rng(7), name="quench")
    return replace(logged, title="Works trial 117", source="furnace 3", started="2025-03-01T08:15:00+01:00",
                   raw={"quench.csv": "ab" * 32}, geometry={"height": 0.04}, remarks=("second shift",))  # fmt: skip


def slab(*, film, gas, start, length, until, conductivity, capacity):
    """The lab's slab in units of anyone's own."""
    wall = Exchange(gas=gas, film=Quantity(value=film, unit="W/(m2.K)", name="film"))
    stuff = Material.simple("stuff", density=1.0, conductivity=conductivity, heat_capacity=capacity)
    return Process.simple(part=Part.slab(length), material=stuff, start=start, walls={"left": wall, "right": wall},
                          until=until)  # fmt: skip


def fitted(lab, trial, process, free):
    seen = {n: Probe(name=n, place=(c.place[0], 0.5, 0.5)) for n, c in trial.channels.items()}
    experiment = twin.Experiment(trial=trial, process=process, observe=seen)
    return twin.calibrate([experiment], free={"film": free}, starts=1, solver=lab.slab(cells=24, steps=120))


def test_a_calibration_of_the_released_data_gives_the_same_biot_number(lab, trial):
    own = slab(film=300.0, gas=320.0, start=1100.0, length=0.04, until=240.0, conductivity=45.0,
               capacity=7850.0 * 480.0)  # fmt: skip
    fit = fitted(lab, trial, own, (50.0, 5000.0))
    biot, unsure = (x * 0.04 / 45.0 for x in (fit.values[0], fit.std[0]))
    released = twin.release(trial, length=0.04, rng=np.random.default_rng(1))
    [copy] = released.trials
    d = released.dictionary
    level = lambda T: (T - d["maps"]["K"]["offset"]) / d["maps"]["K"]["scale"]  # noqa: E731
    fourier = 45.0 / (7850.0 * 480.0) * d["time"] / 0.04**2  # what the owner tells: two numbers and two levels
    per_film = 0.04 / 45.0 * fourier
    theirs = slab(film=300.0 * per_film, gas=level(320.0), start=level(1100.0), length=1.0, until=240.0 / d["time"],
                  conductivity=fourier, capacity=1.0)  # fmt: skip
    refit = fitted(lab, copy, theirs, (50.0 * per_film, 5000.0 * per_film))
    assert refit.values[0] / fourier == pytest.approx(biot, rel=1e-5)
    assert refit.std[0] / fourier == pytest.approx(unsure, rel=1e-3)
    assert refit.misfit == pytest.approx(fit.misfit, rel=1e-4)


def test_nothing_in_the_copy_names_its_origin(trial, tmp_path):
    released = twin.release(trial)
    (tmp_path / "own").mkdir()
    released.write(tmp_path / "copy.h5", tmp_path / "own" / "dictionary.json")
    [name] = twin.names(tmp_path / "copy.h5")
    copy = twin.read(tmp_path / "copy.h5", name)
    told = repr(copy) + repr(released.leaks)
    for secret in (*SECRET, trial.raw["quench.csv"], "certificate", "diameter", "second shift", "height"):
        assert secret not in told
    assert {c.unit for c in copy.channels.values()} == {"1"}
    readings = np.concatenate([c.values for c in copy.channels.values()])
    assert 1.0 <= readings.min() < readings.max() <= 2.0
    assert max(c.t[-1] for c in copy.channels.values()) == pytest.approx(240.0 / released.dictionary["time"])


def test_the_dictionary_leads_back_and_only_its_owner_reads_it(trial, tmp_path):
    released = twin.release(trial)
    (tmp_path / "own").mkdir()
    path = tmp_path / "own" / "d.json"
    released.write(tmp_path / "copy.h5", path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    back = twin.restored(twin.read(tmp_path / "copy.h5"), json.loads(path.read_text("utf-8")))
    assert (back.name, back.started) == (trial.name, trial.started)
    for name, channel in trial.channels.items():
        assert back[name].values == pytest.approx(channel.values, rel=1e-12)
        assert back[name].t == pytest.approx(channel.t, rel=1e-12)
    other = twin.release(trial)
    with pytest.raises(TrialError, match=r"this dictionary does not speak of trial .* Each release has its own"):
        twin.restored(released.trials[0], other.dictionary)


def test_the_dictionary_never_lies_beside_the_copies_and_nothing_is_written_over(trial, tmp_path):
    released = twin.release(trial)
    with pytest.raises(TrialError, match=r"d.json would lie beside copy.h5.*Choose another folder"):
        released.write(tmp_path / "copy.h5", tmp_path / "d.json")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "d.json").write_text("{}")
    with pytest.raises(TrialError, match=r"d.json exists already. A release is never written over"):
        released.write(tmp_path / "copy.h5", tmp_path / "own" / "d.json")
    with pytest.raises(TrialError, match=r"0 trials hold no reading to release"):
        twin.release([])


def test_trials_of_one_release_share_their_maps_and_the_draw_differs_each_time(trial, lab):
    second = lab.trial(lab.process(gas=335.0), lab.channels(), np.random.default_rng(8), name="second")
    both = twin.release([trial, second])
    alone = twin.release(trial)
    assert len(both.trials) == 2
    assert sorted(n for t in both.trials for n in t.channels) == ["c1", "c2", "c3", "c4"]
    assert alone.dictionary["maps"] != twin.release(trial).dictionary["maps"]


def test_radiation_keeps_the_absolute_zero_where_asked(trial):
    released = twin.release(trial, absolute=True)
    assert released.dictionary["maps"]["K"]["offset"] == 0.0
    assert any("Ratios of absolute temperatures are kept" in en for en, _ in released.leaks)


def told(released):
    assert all(re.search(r"[\u4e00-\u9fff]", zh) for _, zh in released.leaks)
    return " ".join(en for en, _ in released.leaks)


def digits(trial):
    """The same readings as a digitiser with steps of 0.1 K shows them."""
    return replace(trial, channels={n: replace(c, values=np.round(c.values / 0.1) * 0.1, unit="K", logged_unit="K")
                                    for n, c in trial.channels.items()})  # fmt: skip


def test_the_leakage_report_tells_counts_clock_digits_and_likeness(trial):
    seen = digits(trial)
    report = told(twin.release(seen, public=[seen]))
    assert "1 trial, 2 channels of 61 readings" in report
    assert "The clock is regular: if the sampling interval is guessed" in report
    assert "2 channels show the digitiser's step" in report
    true = max(np.ptp(c.values) for c in seen.channels.values())
    spans = [float(x) for x in re.findall(r"span ([\d.]+) K", report)]
    assert any(abs(span - np.ptp(c.values)) < 1e-3 * true for span in spans for c in seen.channels.values())  # it leaks
    assert "correlation 1.0000; it can be taken for the same record" in report
    assert "sensors are kept as 1 different shares" in report


def test_dither_hides_the_digits_and_is_paid_for_in_uncertainty(trial):
    seen = digits(trial)
    released = twin.release(seen, dither=True)
    assert "digitiser's step" not in told(released)
    [copy] = released.trials
    scale = released.dictionary["maps"]["K"]["scale"]
    assert next(iter(copy.channels.values())).sigma[0] * scale == pytest.approx(np.hypot(1.0, 0.1 * np.sqrt(2 / 12)))


def test_gaps_an_odd_clock_a_plateau_and_an_unlike_record_are_told():
    t = np.sort(np.random.default_rng(1).uniform(0.0, 100.0, 400))
    x = np.interp(t, [0, 40, 60, 100], [1000.0, 800.0, 800.0, 300.0])
    x[10] = np.nan

    def log(name, values):
        channel = Channel(name="a", t=t, values=values, unit="K", logged_unit="K", std=1.0)
        return Trial(name=name, channels={"a": channel})

    waves = log("waves", 500.0 + 100.0 * np.sin(t))
    report = told(twin.release(log("melt", x), public=[waves]))
    assert "irregular in up to" in report
    assert "1 gaps stand where they stood" in report
    assert "on its way: a public melting or transformation temperature" in report
    assert "that alone does not give it away" in report
