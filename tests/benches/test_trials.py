"""The table of real trials: what its page says, and that a log without units goes nowhere."""

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, TrialError

ask = pytest.importorskip("benches.trials.ask", reason="needs a checkout")
main = pytest.importorskip("benches.trials.__main__", reason="needs a checkout")
battery, cables, heater, tension = (getattr(main, name) for name in ("battery", "cables", "heater", "tension"))
page = pytest.importorskip("benches.trials.page", reason="needs a checkout").page


def here(folder):
    missing = not (ask.shared() / folder).is_dir()
    return pytest.mark.skipif(missing, reason=f"needs {folder} in ../shared, or FORETRIAL_SHARED")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("trial", [cables, battery, heater, tension], ids=lambda m: m.FOLDER)
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
