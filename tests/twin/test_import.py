"""CSV logs of any dialect become trials in SI, and nothing about them is assumed."""

import csv
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import foretrial.cases
from foretrial import twin
from foretrial.models import TrialError

TRIALS = Path(foretrial.cases.__file__).parent / "trials"
DOCS = Path(__file__).parents[2] / "docs/logs.md"
SHARED = Path(__file__).parents[3] / "shared/trials"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the folder ../shared beside the checkout")


def put(folder, text, name="log.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


PLAIN = "Time (s),T1 (degC)\n0,20.5\n1,21\n2,\n3,22.25\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (PLAIN, "utf-16"),
        (PLAIN.replace("\n", "\r\n"), "utf-8"),
        (PLAIN.replace(",", "\t"), "utf-8"),
        (PLAIN.replace(",", " | "), "utf-8"),
        (PLAIN.replace(",", ";").replace(".", ","), "utf-8"),
        (PLAIN.replace(",", "\t").replace(".", ","), "utf-8"),
        (PLAIN.replace("degC", "°C"), "utf-8"),
        (PLAIN.replace("degC", "°C"), "cp1252"),
        (PLAIN.replace("degC", "℃"), "gb18030"),
        (
            PLAIN.replace("(degC)", "[K]").replace("20.5", "293.65").replace("21", "294.15").replace("22.25", "295.4"),
            "utf-8",
        ),
        ("# logger 7\n// of hall 2\n\n" + PLAIN, "utf-8"),
        ("Time,T1\n[s],[degC]\n0,20.5\n1,21\n2,NaN\n3,22.25\n", "utf-8"),
        ('"Time (s)","T1 (degC)"\n"0","20.5"\n"1","21"\n"2",""\n"3","22.25"\n', "utf-8"),
        ("Time (s),T1 (degC),\n0,20.5,\n1,21,\n2,,\n3,22.25,\n", "utf-8"),
        ("Time (min),T1 (degF)\n0,68.9\n0.016666666666666666,69.8\n0.03333333333333333,\n0.05,72.05\n", "utf-8"),
    ],
)
def test_the_same_trial_is_read_from_every_dialect(tmp_path, text, encoding):
    trial = twin.import_csv(put(tmp_path, text, encoding=encoding))
    channel = trial["T1"]
    assert channel.unit == "K"
    np.testing.assert_allclose(channel.t, [0, 1, 2, 3], atol=1e-12)
    np.testing.assert_allclose(channel.values, [293.65, 294.15, np.nan, 295.4], rtol=1e-12)
    assert list(channel.reads) == [True, True, False, True]


def test_chinese_names_in_gbk_are_read(tmp_path):
    trial = twin.import_csv(put(tmp_path, "时间 (s);炉温 (℃)\n0;850,5\n10;860,0\n", encoding="gbk"))
    np.testing.assert_allclose(trial["炉温"].values, [1123.65, 1133.15])
    assert trial.remarks == ("read as gb18030", "read with a decimal comma")


def test_a_number_in_brackets_is_part_of_a_name_and_no_unit(tmp_path):
    path = put(tmp_path, "t (s),TC (1),TC (2)\n0,20,21\n")
    with pytest.raises(TrialError, match=r"channel 'TC \(1\)' has no unit"):
        twin.import_csv(path)
    trial = twin.import_csv(path, units={"TC (1)": "degC", "TC (2)": "degC"})
    assert set(trial.channels) == {"TC (1)", "TC (2)"}


def test_units_passed_in_complete_a_header_without_any(tmp_path):
    trial = twin.import_csv(
        put(tmp_path, "Time,T,P\n0,20,1\n1,21,1.1\n"), units={"Time": "ms", "T": "degC", "P": "bar"}
    )
    assert trial["T"].t[1] == 0.001
    assert (trial["P"].unit, trial["P"].logged_unit) == ("Pa", "bar")
    np.testing.assert_allclose(trial["P"].values, [1e5, 1.1e5])


def test_date_stamps_count_from_the_first_one_by_their_declared_format(tmp_path):
    put(tmp_path, "stamp;T\n01.03.2025 08:15:00;20\n01.03.2025 08:15:30;21\n02.03.2025 08:15:30;22\n")
    put(tmp_path, 'schema = "foretrial.log/1"\n[time]\ncolumn = "stamp"\nformat = "%d.%m.%Y %H:%M:%S"\n'
        '[channels.T]\nunit = "degC"\n', "log.toml")  # fmt: skip
    trial = twin.import_csv(tmp_path / "log.csv")
    np.testing.assert_array_equal(trial["T"].t, [0, 30, 86430])
    assert trial.started == "2025-03-01T08:15:00"


def test_declared_gaps_skipped_lines_and_ignored_columns_are_left_out(tmp_path):
    put(tmp_path, "exported by logger 7\nTime,T,alarm\n0,20,ok\n1,OL,hot\n2,-999,ok\n")
    put(tmp_path, 'schema = "foretrial.log/1"\nskip = 1\ngaps = ["OL", "-999"]\nignore = ["alarm"]\n'
        '[time]\ncolumn = "Time"\nunit = "s"\n[channels.inner]\ncolumn = "T"\nunit = "degC"\n', "log.toml")  # fmt: skip
    trial = twin.import_csv(tmp_path / "log.csv")
    assert list(trial.channels) == ["inner"]
    assert list(trial["inner"].reads) == [True, False, False]


def test_the_hash_of_every_file_read_is_kept(tmp_path):
    path = put(tmp_path, PLAIN)
    side = put(tmp_path, 'schema = "foretrial.log/1"\ntitle = "one"\n', "log.toml")
    trial = twin.import_csv(path)
    assert trial.title == "one"
    assert dict(trial.raw) == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (path, side)}


def test_uncertainties_from_a_column_are_divided_by_their_coverage_and_join_the_fixed_part():
    trial = twin.import_csv(TRIALS / "copper_disc.csv")
    np.testing.assert_allclose(trial["back"].sigma[:3], np.array([1.454, 2.192, 2.263]) / 2)
    assert "Uc_Temp_K" not in trial.channels


@pytest.mark.parametrize(
    "name", ["sp_section_test2", "sp_section_test3", "copper_disc", "insulation_stack", "radiant_flux"]
)
def test_a_shipped_log_states_source_licence_units_and_what_is_not_documented(name):
    trial = twin.import_csv(TRIALS / f"{name}.csv")
    assert trial.name == name
    assert "commit" in trial.source
    assert "Changed here" in trial.licence
    assert set(trial.raw) == {f"{name}.csv", f"{name}.toml"}
    with (TRIALS / f"{name}.csv").open() as file:
        rows = list(csv.reader(file))
    for channel in trial.channels.values():
        assert channel.t.size == len(rows) - 1
        assert np.isfinite(channel.values).all()
        if channel.kind in ("thermocouple", "plate thermometer"):
            assert channel.undocumented
            assert channel.unit == "K"
            assert (channel.sigma > 0).all()
            assert channel.bias.std > 0
            assert channel.place is not None
            assert channel.place_std > 0


@pytest.mark.parametrize("n", [2, 3])
def test_the_section_logs_have_seven_thermocouples_and_four_plates_a_station(n):
    trial = twin.import_csv(TRIALS / f"sp_section_test{n}.csv")
    for station, z in (("A", 0.9), ("B", 1.8), ("C", 2.7)):
        steel = trial.where(kind="thermocouple", station=station, drives=False)
        plates = trial.where(kind="plate thermometer", station=station, drives=True)
        assert len(steel) == 7
        assert all(channel.place[2] == z for channel in (*steel, *plates))
        assert {channel.place[1] for channel in steel} == {0.1, 0.0, -0.1}
        assert [channel.facing for channel in plates] == [(0, 1, 0), (1, 0, 0), (0, -1, 0), (-1, 0, 0)]
        for plate in plates:  # each stands 100 mm outside the outline and looks away from it
            assert np.dot(plate.place, plate.facing) == pytest.approx(0.2)
            assert plate.properties["thickness"] == pytest.approx(7e-4)
            assert plate.properties["heat_capacity"] == 500


@shared
@pytest.mark.shared
@pytest.mark.parametrize("n", [2, 3])
def test_every_shipped_section_reading_is_one_of_the_published_record(n):
    trial = twin.import_csv(TRIALS / f"sp_section_test{n}.csv")
    with (SHARED / f"nist_sp_steel_in_fire/SP_AST_Test_{n}_exp.csv").open() as file:
        record = {float(row["Time"]): row for row in csv.DictReader(file)}
    for channel in trial.channels.values():
        published = [float(record[t][channel.name]) + 273.15 for t in channel.t]
        np.testing.assert_allclose(channel.values, published)


@shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "unit", "first"), [("run_C_siso_step.csv", "K", 299.53), ("run_D_siso.txt", "degF", 295.98)]
)
def test_a_headerless_log_is_refused_until_a_sidecar_names_its_columns(tmp_path, file, unit, first):
    source = SHARED / "tclab_heater" / file
    path = tmp_path / file
    path.write_bytes(source.read_bytes())
    nameless = r"column 1 \('0'\), column 2 \('0'\), column 3 .* neither name nor unit.*columns = \["
    with pytest.raises(TrialError, match=nameless):
        twin.import_csv(path)
    path.with_suffix(".toml").write_text(
        'schema = "foretrial.log/1"\ncolumns = ["time", "heater", "T"]\n[time]\ncolumn = "time"\nunit = "s"\n'
        f'[channels.heater]\nunit = "percent"\n[channels.T]\nunit = "{unit}"\n'
    )
    trial = twin.import_csv(path)
    assert trial["T"].values[0] == pytest.approx(first, abs=0.01)
    assert path.read_bytes() == source.read_bytes()


@shared
@pytest.mark.shared
def test_units_in_the_header_of_a_public_log_are_enough():
    trial = twin.import_csv(SHARED / "tclab_heater/run_A_step_1s.txt")
    assert trial["Temperature 1"].values[0] == pytest.approx(293.98)
    assert trial["Heater 1"].unit == "1"


def test_the_page_on_logs_runs_as_it_stands(tmp_path, monkeypatch):
    if not DOCS.is_file():
        pytest.skip("needs the docs of a checkout")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```(\w+)\n(.*?)```", DOCS.read_text("utf-8"), flags=re.S)
    for kind, text in blocks:
        if kind in ("csv", "toml"):
            Path(f"quench.{kind}").write_bytes(text.encode())
        else:
            exec(compile(text, str(DOCS), "exec"), {})
    assert [kind for kind, _ in blocks] == ["csv", "toml", "python", "python", "python"]
