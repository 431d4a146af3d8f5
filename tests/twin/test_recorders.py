"""Logs as spreadsheets and recorders write them: Excel, TDMS, MDF; each written by its own library."""

import datetime as dt
import hashlib

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import TrialError
from foretrial.twin import recorded
from foretrial.twin.excel import import_excel

T = np.arange(5.0)
HOT = np.array([850.0, 848.5, 840.0, 812.5, 790.0])


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# Excel


@pytest.fixture
def workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="Excel needs openpyxl: pip install foretrial[connect]")

    def make(rows, name="log.xlsx", **more):
        book = openpyxl.Workbook()
        for title, cells in {"Data": rows, **more}.items():
            sheet = book.create_sheet(title)
            for row in cells:
                sheet.append(row)
        del book["Sheet"]
        path = tmp_path / name
        book.save(path)
        return path

    return make


ROWS = [["Time (s)", "T1 (degC)", "T2 (K)"], *([t, x, x + 200.5] for t, x in zip(T, HOT, strict=True))]


def test_a_sheet_is_read_with_its_units_its_gaps_and_its_hash(workbook):
    path = workbook([ROWS[0], [0, 850, None], *ROWS[2:]])
    trial = twin.read(path)
    assert trial["T1"].values == pytest.approx(HOT + 273.15)
    assert not trial["T2"].reads[0]
    assert dict(trial.raw) == {"log.xlsx": hash_of(path)}
    assert any("sheet 'Data'" in remark for remark in trial.remarks)


def test_a_workbook_goes_into_the_store_byte_for_byte(workbook, tmp_path):
    path = workbook(ROWS)
    twin.add_log(tmp_path / "s.h5", path)
    assert twin.raw_file(tmp_path / "s.h5", "log", "log.xlsx") == path.read_bytes()


def test_one_of_several_sheets_is_named_by_the_sidecar_and_blank_columns_are_passed_over(workbook):
    path = workbook([["note"], ["second shift"]], Raw=[[None, *row, None] for row in [[], *ROWS]])
    with pytest.raises(TrialError, match=r"log.xlsx has 2 sheets with cells: Data, Raw. A log is one sheet.*sheet ="):
        twin.read(path)
    path.with_suffix(".toml").write_text(
        'schema = "foretrial.log/1"\nsheet = "Raw"\ncolumns = []\n' + "".join(
            f'[channels.{n}]\nunit = "{u}"\n' for n, u in (("T1", "degC"), ("T2", "K")))
    )  # fmt: skip
    with pytest.raises(TrialError, match=r"column 1 of the header has no name"):
        twin.read(path)


def test_dates_of_a_sheet_are_stamps(workbook):
    begin = dt.datetime(2025, 3, 1, 8, 15)
    rows = [["When", "T1 (degC)"], *([begin + dt.timedelta(seconds=10 * t), x] for t, x in zip(T, HOT, strict=True))]
    path = workbook(rows)
    path.with_suffix(".toml").write_text(
        'schema = "foretrial.log/1"\nstarted = "2025-03-01T09:15:00"\n[time]\ncolumn = "When"\nformat = "iso"\n'
    )
    trial = twin.read(path)
    assert trial["T1"].t == pytest.approx(10 * T)
    assert any("-3600 s apart, a whole number of quarters of an hour, as a time zone makes it" in remark
               for remark in trial.remarks)  # fmt: skip


def test_what_a_workbook_lacks_is_refused_in_three_beats(workbook, tmp_path):
    for rows, says in (([["t", "T1 (K)"], [0, 1]], r"no time base: none of its columns t, T1"),
                       ([["Time (s)", "T1"], [0, 1]], r"channel 'T1' has no unit. None is assumed"),
                       ([["Time (s)", "T1 (K)"], [0, "OL"]], r"row 2: channel 'T1' holds 'OL', which is no number"),
                       ([], r"has 0 sheets with cells: none. A log is one sheet")):  # fmt: skip
        with pytest.raises(TrialError, match=says):
            twin.read(workbook(rows))
    path = workbook(ROWS)
    with pytest.raises(TrialError, match=r"has no sheet 'Dta'. Did you mean 'Data'\? Correct the name"):
        import_excel(path, sheet="Dta")
    (tmp_path / "no.xlsx").write_text("a,b\n")
    with pytest.raises(TrialError, match=r"no.xlsx does not open as a workbook.*Save it again"):
        twin.read(tmp_path / "no.xlsx")
    (tmp_path / "old.xls").write_text("a")
    with pytest.raises(TrialError, match=r"old.xls is a workbook of before 2007. An .xlsx file is read. Save"):
        twin.read(tmp_path / "old.xls")


def test_a_missing_package_is_told_with_its_install_line(monkeypatch, tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    monkeypatch.setattr(recorded.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(TrialError, match=r"a.xlsx is read with openpyxl, which is not installed.*pip install openpyxl"):
        twin.read(tmp_path / "a.xlsx")


# TDMS


@pytest.fixture
def tdms(tmp_path):
    nptdms = pytest.importorskip("nptdms", reason="TDMS needs npTDMS: pip install foretrial[connect]")

    def make(*channels, name="log.tdms"):
        path = tmp_path / name
        with nptdms.TdmsWriter(path) as writer:
            writer.write_segment([nptdms.ChannelObject(g, c, v, properties=p) for g, c, v, p in channels])
        return path

    return make


def waveform(unit="degC", every=1.0, late=0.0, second=0):
    return {"unit_string": unit, "wf_increment": every, "wf_start_offset": late, "wf_samples": 5,
            "wf_start_time": np.datetime64("2025-03-01T08:15:00") + np.timedelta64(second, "s")}  # fmt: skip


def test_waveforms_of_a_tdms_file_keep_their_own_clocks(tdms, tmp_path):
    path = tdms(("Oven", "T1", HOT, waveform()), ("Oven", "Flux", HOT[:3], waveform("kW/m2", 2.0, 0.5, second=4)),
                ("Oven", "Note", ["a", "b"], {}))  # fmt: skip
    trial = twin.add_log(tmp_path / "s.h5", path)
    assert trial["T1"].values == pytest.approx(HOT + 273.15)
    assert trial["Flux"].t == pytest.approx([4.5, 6.5, 8.5])
    assert trial["Flux"].values == pytest.approx(1000.0 * HOT[:3])
    assert trial.started == "2025-03-01T08:15:00.000+00:00"
    assert trial.remarks == ("channel 'Note' holds no numbers and was left out",)
    assert trial.raw["log.tdms"] == hash_of(path)
    assert twin.raw_file(tmp_path / "s.h5", "log", "log.tdms") == path.read_bytes()


def test_a_time_channel_of_the_group_is_the_clock_where_there_is_no_waveform(tdms):
    path = tdms(("A", "Time", T, {"unit_string": "min"}), ("A", "T", HOT, {"unit_string": "°C"}),
                ("B", "Time", T, {"unit_string": "s"}), ("B", "T", HOT, {"unit_string": "K"}))  # fmt: skip
    trial = twin.read(path)
    assert list(trial.channels) == ["A/T", "B/T"]
    assert trial["A/T"].t == pytest.approx(60 * T)
    assert trial["B/T"].values == pytest.approx(HOT)


def test_units_of_a_tdms_file_are_asked_for_and_the_mapping_is_kept(tdms, tmp_path):
    path = tdms(("A", "T", HOT, {k: v for k, v in waveform().items() if k != "unit_string"}))
    with pytest.raises(TrialError, match=r"channel 'T' has no unit. None is assumed. Pass units=\{'T': 'degC'\}"):
        twin.read(path)
    kept = twin.add_log(tmp_path / "s.h5", path, units={"T": "degF"})
    mapping = twin.raw_file(tmp_path / "s.h5", "log", "log.mapping.toml").decode()
    assert '[channels."T"]\nunit = "degF"' in mapping
    (tmp_path / "again.toml").write_text(mapping)
    again = twin.read(path, sidecar=tmp_path / "again.toml")
    assert again["T"].values == pytest.approx(kept["T"].values)


def test_a_unit_that_the_file_and_the_sidecar_write_differently_is_refused(tdms):
    path = tdms(("A", "T", HOT, waveform("degC")))
    with pytest.raises(TrialError, match=r"'T' is in 'degC' by the log and in 'degF' by what is stated. One of them"):
        twin.read(path, units={"T": "degF"})
    odd = tdms(("A", "T", HOT, waveform("Grad Celsius")), name="odd.tdms")
    with pytest.raises(TrialError, match=r"'T' is in 'Grad Celsius', which is not known as a unit. None is guessed"):
        twin.read(odd)
    assert twin.read(odd, units={"T": "degC"})["T"].values == pytest.approx(HOT + 273.15)


def test_a_tdms_channel_without_a_clock_and_a_file_of_another_make_are_refused(tdms, tmp_path):
    with pytest.raises(TrialError, match=r"channel 'T' has no clock: no waveform increment, and 0 channels"):
        twin.read(tdms(("A", "T", HOT, {"unit_string": "K"})))
    (tmp_path / "no.tdms").write_bytes(b"nothing of the kind")
    with pytest.raises(TrialError, match=r"no.tdms does not read as TDMS: .*export it as CSV"):
        twin.read(tmp_path / "no.tdms")
    with pytest.raises(TrialError, match=r"none.tdms: there is no such file. A TDMS log ends in .tdms"):
        twin.read(tmp_path / "none.tdms")


# MDF


@pytest.fixture
def mdf(tmp_path):
    asammdf = pytest.importorskip("asammdf", reason="MDF needs asammdf: pip install foretrial[connect]")

    def make(*groups, name="log.mf4"):
        file = asammdf.MDF(version="4.10")
        file.header.start_time = dt.datetime(2025, 3, 1, 8, 15, tzinfo=dt.UTC)
        for group in groups:
            file.append([asammdf.Signal(samples=v, timestamps=t, name=n, unit=u) for n, t, v, u in group])
        path = file.save(tmp_path / name, overwrite=True)
        file.close()
        return path

    return make


def test_groups_of_an_mdf_file_keep_their_own_clocks(mdf, tmp_path):
    path = mdf([("T1", T, HOT, "degC"), ("T2", T, HOT, "K")], [("p", 0.5 * T[:3], np.array([1, 2, 3]), "bar")])
    trial = twin.add_log(tmp_path / "s.h5", path)
    assert set(trial.channels) == {"T1", "T2", "p"}
    assert trial["T1"].values == pytest.approx(HOT + 273.15)
    assert trial["p"].t == pytest.approx([0.0, 0.5, 1.0])
    assert trial["p"].values == pytest.approx([1e5, 2e5, 3e5])
    assert trial.started.startswith("2025-03-01T08:15:00")
    assert twin.raw_file(tmp_path / "s.h5", "log", "log.mf4") == path.read_bytes()


def test_a_name_in_two_groups_carries_its_group_and_a_missing_unit_is_asked_for(mdf):
    path = mdf([("T", T, HOT, "K")], [("T", T, HOT, "degC")])
    assert set(twin.read(path).channels) == {"0/T", "1/T"}
    bare = mdf([("T", T, HOT, "")], name="bare.mf4")
    with pytest.raises(TrialError, match=r"bare.mf4: channel 'T' has no unit. None is assumed"):
        twin.read(bare)
    assert twin.read(bare, units={"T": "K"})["T"].values == pytest.approx(HOT)
    with pytest.raises(TrialError, match=r"has no channel 'S', which units speaks of"):
        twin.read(bare, units={"S": "K"})


def test_an_mdf_file_s_sidecar_names_its_channels_places_and_sensors(mdf):
    path = mdf([("T1", T, HOT, "degC"), ("Uc", T, np.full(5, 2.0), "K"), ("RPM", T, HOT, "")])
    path.with_suffix(".toml").write_text(
        'schema = "foretrial.log/1"\nignore = ["RPM"]\n[channels.core]\ncolumn = "T1"\nunit = "degC"\n'
        'place = [0, 0, 40, "mm"]\nlag = [1.5, "s"]\nstd_from = { column = "Uc", unit = "K", coverage = 2 }\n'
    )
    trial = twin.read(path)
    assert list(trial.channels) == ["core"]
    assert trial["core"].place == pytest.approx((0.0, 0.0, 0.04))
    assert trial["core"].std == pytest.approx(np.ones(5))


def test_an_mdf_file_that_is_none_and_a_time_that_it_needs_not_are_refused(mdf, tmp_path):
    (tmp_path / "no.mf4").write_bytes(b"nothing of the kind, but long enough to look for an identification block" * 4)
    with pytest.raises(TrialError, match=r"no.mf4 does not read as MDF: .*export it as CSV"):
        twin.read(tmp_path / "no.mf4")
    with pytest.raises(TrialError, match=r"whose groups carry their own clock; time='t' is not needed"):
        twin.add_log(tmp_path / "s.h5", mdf([("T", T, HOT, "K")]), time="t")
    with pytest.raises(TrialError, match=r"none.mf4: there is no such file. An MDF log ends in .mf4 or .mdf"):
        twin.read(tmp_path / "none.mf4")


def test_a_csv_mapping_is_kept_as_a_sidecar_that_reads_the_same(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Zeit;T innen\n0;850,1\n1;848,9\n")
    kept = twin.add_log(tmp_path / "s.h5", path, units={"Zeit": "min", "T innen": "degC"})
    (tmp_path / "m.toml").write_bytes(twin.raw_file(tmp_path / "s.h5", "a", "a.mapping.toml"))
    again = twin.read(path, sidecar=tmp_path / "m.toml")
    assert again["T innen"].t == pytest.approx(kept["T innen"].t)
    assert again["T innen"].values == pytest.approx(kept["T innen"].values)
