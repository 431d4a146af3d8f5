"""The table of real trials: what its page says, and that a log without units goes nowhere."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Parameter, TrialError

ask = pytest.importorskip("benches.trials.ask", reason="needs a checkout")
main = pytest.importorskip("benches.trials.__main__", reason="needs a checkout")
NAMES = ("battery", "cables", "dic", "heater", "lots", "plates", "pmma", "tension", "tube")
battery, cables, dic, heater, lots, plates, pmma, tension, tube = (getattr(main, name) for name in NAMES)
page = pytest.importorskip("benches.trials.page", reason="needs a checkout").page


def here(folder):
    missing = not (ask.shared() / folder).is_dir()
    return pytest.mark.skipif(missing, reason=f"needs {folder} in ../shared, or FORETRIAL_SHARED")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("trial", [cables, battery, dic, heater, lots, plates, pmma, tension, tube],
                         ids=lambda m: m.__name__.rsplit(".", 1)[-1])  # fmt: skip
def test_a_trial_whose_logs_are_not_here_is_skipped_with_where_to_put_them(trial, tmp_path, monkeypatch):
    monkeypatch.setenv("FORETRIAL_SHARED", str(tmp_path))
    rows = trial.rows()
    assert {row.state for row in rows} == {"skipped"}
    assert all("FORETRIAL_SHARED" in row.words[0] and trial.FOLDER in row.words[0] for row in rows)


def test_a_page_is_not_written_over_where_a_trial_was_skipped(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FORETRIAL_SHARED", str(tmp_path))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/trials.md").write_text("kept", encoding="utf-8")
    assert main.main(["heater", "tension"]) == 0
    assert (tmp_path / "docs/trials.md").read_text("utf-8") == "kept"
    assert "stays as it is" in capsys.readouterr().out


def test_the_page_has_a_line_for_each_row_and_the_words_below():
    rows = [ask.Row(id="a", fitted="one", predicted="other", state="PASS", calibrated=0.5, unseen=0.75, coverage=0.9,
                    bounds=(0.8, 1.0), u_val=0.6, words=("It said so.",)),
            ask.skipped("b", "nowhere", "one", "other")]  # fmt: skip
    text = page(rows)
    assert "| a | one | other | K | 0.5 | 0.75 | 0.6 | 90% (80% to 100%) | PASS |" in text
    assert "## a\n\n- It said so." in text
    assert "| b | one | other | K | - | - | - | - | skipped |" in text


@pytest.mark.parametrize(("first", "unit"), [("0,0,299.53\n1.01,0,299.6\n", "K"), ("0,0,73.1\n1,0,73.7\n", "degF")])
def test_a_log_without_names_and_units_is_refused_and_read_once_it_is_told_both(first, unit, tmp_path):
    path = tmp_path / "run.csv"
    path.write_text(first, encoding="utf-8")
    with pytest.raises(TrialError, match=r"has no header.*states their units; none is assumed.*columns = "):
        twin.import_csv(path)
    told = tmp_path / "told.toml"
    told.write_text(heater.TOLD.replace("degF", unit), encoding="utf-8")
    read = twin.import_csv(path, told)["Temperature"]
    assert read.unit == "K"
    assert 290.0 < read.values[0] < 310.0


@here("tclab_heater")
@pytest.mark.parametrize("name", ["run_C_siso_step.csv", "run_D_siso.txt"])
def test_the_headerless_logs_of_the_heater_are_refused_with_words(name):
    row = heater.refused(name)
    assert row.state == "refused"
    assert "neither name nor unit" in row.words[0]


@here("tclab_heater")
def test_the_other_board_reads_in_kelvin_once_its_fahrenheit_is_told():
    trial = heater.other_board()
    assert trial["Temperature 1"].values[0] == pytest.approx((73.09766 + 459.67) / 1.8)
    assert trial["Heater 1"].values.max() == 1.0


@here("sandia_304L_6061_tension")
def test_the_elastic_branch_is_said_to_be_too_sparse_for_a_modulus():
    [row] = tension.rows()
    assert row.state == "INCONCLUSIVE"
    assert any("too sparse for E" in word for word in row.words)
    assert any("not seen by the data" in word for word in row.words)
    assert sum("stands twice" in word for word in row.words) == 3


@pytest.mark.slow
@here("dic_plate_hole_s235")
def test_no_modulus_explains_a_bar_that_is_stiffer_on_the_right_and_the_spread_is_called_model_form():
    [row] = dic.rows()
    assert row.state == "INCONCLUSIVE"
    left, right, middle, spread = (float(n) for n in re.findall(r"(\d+\.?\d*)(?= ±| GPa spans)", row.words[0]))
    assert 203.0 <= left <= 208.0
    assert 228.0 <= right <= 234.0
    assert middle == pytest.approx(216.0, abs=4.0)
    assert spread == pytest.approx(13.0, abs=1.0)
    assert "that spread is model form, not scatter" in row.words[0]
    assert row.words[1].startswith("The form of this model is wrong")
    assert row.unseen > 2.0 * row.calibrated


def test_a_displacement_field_without_units_is_refused(tmp_path):
    log = tmp_path / "field.csv"
    log.write_text("x,y,ux,uy\n0,0,0,0\n", encoding="utf-8")
    with pytest.raises(TrialError, match=r"has columns x, y, ux, uy\. .* Name them so, with their unit"):
        dic.points(log)


def test_a_field_of_points_is_read_as_means_that_keep_off_the_hole():
    x, y = (c.ravel() for c in np.meshgrid(np.arange(0.0, 80e-3, 0.5e-3), np.arange(0.5e-3, 20e-3, 0.5e-3)))
    noise = np.random.default_rng(2).normal(0.0, 3e-7, (2, x.size))
    trial = dic.field(np.stack([x, y, 5e-4 * x + noise[0], -1.5e-4 * y + noise[1]], axis=1))
    assert {c.facing for c in trial.channels.values()} == {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)}
    for channel in trial.channels.values():
        expected = (5e-4 * channel.place[0]) if channel.facing[0] else (-1.5e-4 * channel.place[1])
        assert abs(channel.values[0] - expected) < 5.0 * channel.std
        assert np.hypot(channel.place[0] - dic.HOLE[0], channel.place[1] - dic.HOLE[1]) > dic.HOLE[2] + dic.CLEAR


def test_a_straight_line_gives_its_slope_and_an_honest_spread():
    strain = np.linspace(0.0, 4e-4, 40)
    rng = np.random.default_rng(1)
    slopes, stds = np.array([tension.line(strain, 200.0 * strain + 0.001 + rng.normal(0.0, 1e-3, 40))[:2]
                             for _ in range(400)]).T  # fmt: skip
    assert slopes.mean() == pytest.approx(200.0, abs=4.0 * slopes.std() / 20.0)
    assert stds.mean() == pytest.approx(slopes.std(), rel=0.12)


def test_readings_are_used_until_a_cable_is_hotter_than_its_shroud_or_that_is_off():
    t = np.arange(0.0, 600.0, 1.0)
    shroud = np.interp(t, [0.0, 60.0, 500.0, 520.0], [300.0, 780.0, 770.0, 400.0])
    cool, alight = np.full(t.size, 350.0), np.where(t > 300.0, 900.0, 350.0)

    def made(values):
        return Channel(name="x", t=t, values=values, unit="K", logged_unit="degC")

    assert cables.burning(made(shroud), [made(cool)]) == pytest.approx(504.0, abs=2.0)
    assert cables.burning(made(shroud), [made(cool), made(alight)]) == 301.0


@here("battery_18650_dmegc")
def test_a_cell_is_heated_by_what_its_voltage_lacks_and_by_no_temperature():
    trial = battery.log("1C")
    watts = trial["I1"].values * trial["U1"].values
    assert 0.0 < watts.mean() < 3.0
    assert all(trial[name].drives for name in ("I1", "U1"))
    assert not trial["T1"].drives
    assert list(battery.compared("1C").observe) == ["T1", "T2", "T3"]


def point(error, tau=5.0):
    t = np.arange(float(error.size))
    return SimpleNamespace(t=t, error=error, used=np.ones(t.size, dtype=bool), u_val=np.ones(t.size), tau=tau)


def test_channels_that_err_as_one_count_as_one_and_strangers_as_many():
    assert ask.points_that_count(np.ones((4, 4))) == pytest.approx(1.0)
    assert ask.points_that_count(np.eye(4)) == pytest.approx(4.0)
    one = np.sin(np.arange(60.0) / 9.0)
    [same] = ask.alike([point(one) for _ in "abc"])
    assert "3 channels that err alike count as 1 that do not: 36 independent readings" in same
    assert "are worth 12" in same
    rng = np.random.default_rng(1)
    [apart] = ask.alike([point(rng.standard_normal(4000), tau=1.0) for _ in "abc"])
    assert "count as 3 that do not" in apart
    assert ask.alike([point(one)]) == ()


def test_errors_that_keep_one_sign_are_worth_one_reading_not_less():
    [words] = ask.alike([point(np.full(50, 0.9), tau=50.0) for _ in "abc"])
    assert "are worth 1, and the coverage then lies between 3% and 100%" in words


def test_a_jacket_round_a_core_weighs_what_the_cable_weighs_and_stores_less_heat():
    size = {"diameter": 0.0122, "mass": 0.321, "jacket": 0.0009}
    jacket, core = cables.layers(size, 300.0)
    areas = np.pi * np.array([0.0061**2 - 0.0052**2, 0.0052**2])
    density = [body.material.density.value for body in (jacket, core)]
    assert density @ areas == pytest.approx(size["mass"])
    stored = [float(body.material.heat_capacity(300.0)) for body in (jacket, core)]
    assert 1.0 < float(core.material.conductivity(300.0)) / 0.2 < 3.0
    assert np.sum(np.array(density) * areas * stored) < 0.7 * size["mass"] * 1500.0
    [bar] = cables.bar(size, 300.0)
    assert bar.material.density.value * areas.sum() == pytest.approx(size["mass"])


@here("nist_sp_steel_in_fire")
def test_a_step_is_used_until_its_lamp_is_out_and_says_what_it_faced():
    trial = plates.log(75)
    seen = trial["plate"]
    assert seen.values[-1] > seen.values.max() - plates.DROP
    assert 1000.0 < seen.t[-1] < 1200.0
    [stage] = plates.process(trial, 75).stages
    hot = stage.walls["plate.right"].radiant.value
    assert plates.STEFAN_BOLTZMANN * hot**4 == pytest.approx(75e3)


def test_a_plate_takes_the_heat_capacity_and_the_insulation_of_a_fit():
    stated = {"heat_capacity": 500.0, "heat_capacity_std": 30.0, "insulation_conductivity": 0.1, "emissivity": 0.85}
    t = np.arange(3.0)
    channel = Channel(name="p", t=t, values=t, unit="K", logged_unit="K", properties=stated)
    named = [Parameter(name=name, unit="1", lower=0.1, upper=3.0)
             for name in ("plate heat capacity", "insulation conductivity")]  # fmt: skip
    fit = SimpleNamespace(parameters=named, values=np.array([1.2, 0.8]), covariance=np.diag([0.01, 0.04]))
    changed = plates.refitted(channel, fit).properties
    assert changed == pytest.approx({"heat_capacity": 600.0, "heat_capacity_std": 50.0,
                                     "insulation_conductivity": 0.08, "emissivity": 0.85})  # fmt: skip


@here("nist_gasification_inert")
def test_a_disc_keeps_its_gaps_and_has_a_density_of_its_own():
    trial = pmma.log("R3")
    assert all(c.t[-1] == pmma.LAST and c.reads.any() for c in trial.channels.values())
    assert not trial["T_back_2"].reads[0]
    flux = twin.read(pmma.TRIALS / "radiant_flux.csv")
    [disc, _] = pmma.process(trial, "R3", flux, gasifies=True).bodies
    assert disc.material.density.value == pytest.approx(1187.0, abs=3.0)


@here("nist_process_capability")
@pytest.mark.parametrize(("id", "n", "mean"), [("furnace", 168, 563.04), ("flow-meter", 195, 9.26146),
                                               ("gear", 100, 0.99764), ("fatigue", 101, 1400910.9)])  # fmt: skip
def test_a_series_is_read_whole_with_its_published_mean(id, n, mean):
    [one] = [s for s in lots.SERIES if s.id == id]
    values, _ = lots.readings(one)
    assert (values.size, values.mean()) == (n, pytest.approx(mean, rel=1e-5))


@here("nist_process_capability")
def test_a_drifting_series_is_not_accepted_though_its_bound_clears():
    [one] = [s for s in lots.SERIES if s.id == "line-width"]
    found = lots.row(one)
    assert found.state == "INCONCLUSIVE"
    assert any("clears the guard band" in word for word in found.words)
    assert any("neighbours resemble each other" in word for word in found.words)
    assert any("outside the bounds of the first 150" in word for word in found.words)


@here("nist_sp_steel_in_fire")
def test_the_tube_s_sensors_lie_on_its_faces_and_its_gap_stays_a_gap():
    trial = tube.log()
    steel = trial.where(kind="thermocouple")
    assert (len(steel), len(trial.where(kind="plate thermometer"))) == (24, 12)
    assert trial["C36-C8"].place == (2.0 * tube.APART - 0.05, 0.05, 0.0)
    assert not trial["C7-A7"].reads[-1]
    process = tube.process(trial)
    for one in steel:
        [body] = [b for b in process.bodies if b.name == one.station]
        assert abs(float(body.part.distance(*(np.array([v]) for v in one.place))[0])) < 1e-9
