"""A store keeps what it was given: whole files, every hash checked, corrections beside what they correct."""

import hashlib
import itertools
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest

import foretrial.cases
from foretrial import twin
from foretrial.models import Channel, Interest, Quantity, Requirement, Trial, TrialError

TRIALS = Path(foretrial.cases.__file__).parent / "trials"


def small(name="small", shift=0.0):
    t = np.arange(5.0)
    inner = Channel(name="T/1", t=t, values=300 + t + shift, unit="K", logged_unit="degC", std=np.full(5, 0.5),
                    place=(0.1, 0.0, 0.0), facing=(0.0, 1.0, 0.0), properties={"thickness": 7e-4},
                    bias=Quantity(value=0.0, unit="K", std=1.0, name=f"bias of {name}", valid=(-5, 5), dof=4.0),
                    undocumented=("depth",))  # fmt: skip
    gappy = Channel(name=".", t=t, values=[1, np.nan, 3, np.nan, 5], unit="1", logged_unit="percent", drives=True)
    return Trial(name=name, channels={"T/1": inner, ".": gappy}, title="炉", remarks=("one",), geometry={"width": 0.2})


def freeze_what(limit=800.0):
    interest = Interest(observations=("A1",), statistic="max", window=(0.0, 900.0))
    return Requirement(id="R1", text="Cold?", text_zh="冷?", interest=interest, limit=limit, sense="at most",
                       accuracy=10.0, verification="design", display="degC")  # fmt: skip


def same(one, other):
    assert list(one.channels) == list(other.channels)
    for a, b in zip(one.channels.values(), other.channels.values(), strict=True):
        for field in ("t", "values", "std"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
        for field in ("unit", "logged_unit", "kind", "station", "place", "facing", "place_std", "bias", "resolution",
                      "lag", "drives", "calibrated", "undocumented", "properties"):  # fmt: skip
            assert getattr(a, field) == getattr(b, field)
    for field in ("name", "title", "source", "licence", "started", "geometry", "raw", "remarks"):
        assert getattr(one, field) == getattr(other, field)


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path):
    trial = small()
    written = twin.write(trial, tmp_path / "new/a.h5")
    read = twin.read(tmp_path / "new/a.h5")
    same(trial, read)
    assert written.content == read.content == twin.content_of(trial) == twin.content_of(read)


def test_every_shipped_log_survives_the_store_with_its_files_and_time_stamps(tmp_path):
    store = tmp_path / "a.h5"
    logs = sorted(TRIALS.glob("*.csv"))
    for path in logs:
        twin.add_log(store, path)
    assert twin.names(store) == tuple(path.stem for path in logs)
    for path in logs:
        same(twin.import_csv(path), twin.read(store, path.stem))
        assert twin.raw_file(store, path.stem, path.name) == path.read_bytes()
        assert twin.raw_file(store, path.stem, f"{path.stem}.toml") == path.with_suffix(".toml").read_bytes()
    assert twin.check(store) == ()


def test_the_content_hash_changes_with_every_fact_and_not_with_the_file(tmp_path):
    trial = small()
    inner = trial["T/1"]
    others = [
        replace(trial, title="other"),
        replace(trial, geometry={"width": 0.21}),
        replace(trial, channels={**trial.channels, "T/1": replace(inner, place=(0.1, 0.0, 1e-9))}),
        replace(trial, channels={**trial.channels, "T/1": replace(inner, drives=True)}),
        replace(trial, channels={**trial.channels, "T/1": replace(inner, values=np.nextafter(inner.values, 0))}),
        replace(trial, channels={**trial.channels, "T/1": replace(inner, std=0.5)}),
        replace(trial, channels={**trial.channels, "T/1": replace(inner, lag=Quantity(value=0.0, unit="s", std=1.0))}),
    ]
    hashes = {twin.content_of(other) for other in (trial, *others)}
    assert len(hashes) == len(others) + 1
    assert twin.write(trial, tmp_path / "a.h5").content == twin.write(trial, tmp_path / "b.h5").content


def test_adding_the_same_trial_again_changes_no_byte_and_another_of_its_name_is_refused(tmp_path):
    store = tmp_path / "a.h5"
    twin.add(store, small())
    before = store.read_bytes()
    twin.add(store, small())
    with pytest.raises(TrialError, match=r"holds another trial 'small' .*What is stored stays\. Use twin\.correct"):
        twin.add(store, small(shift=1.0))
    assert store.read_bytes() == before


def test_a_correction_is_a_new_version_that_points_to_the_old_one_which_stays(tmp_path):
    store = tmp_path / "a.h5"
    first = twin.write(small(), store)
    second = twin.correct(store, "small", "T/1", mask=np.arange(5) == 2, why="bead loose", who="Li")
    latest = twin.read(store)
    assert latest.content == second.content != first.content
    assert np.isnan(latest["T/1"].values[2])
    assert latest.remarks[-1] == "T/1: 1 of 5 readings corrected by Li: bead loose"
    same(twin.read(store, version=1), small())
    [record] = twin.records(store, "correction")
    assert record.payload["corrects"] == first.content
    assert (record.payload["why"], record.payload["who"]) == ("bead loose", "Li")
    third = twin.correct(store, "small", "T/1", values=latest["T/1"].values + 1, why="offset", who="Li")
    assert twin.read(store).content == third.content
    assert twin.check(store) == ()


def test_versions_share_the_arrays_that_were_not_corrected(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    twin.correct(store, "small", "T/1", mask=np.arange(5) == 2, why="bead loose", who="Li")
    with h5py.File(store) as file:
        one, two = (file[f"trials/small/000{k}/channels"] for k in (1, 2))
        assert one["T%2F1/t"] == two["T%2F1/t"]
        assert one["%2E/values"] == two["%2E/values"]
        assert one["T%2F1/values"] != two["T%2F1/values"]


def test_units_hashes_and_compression_stand_where_other_programs_look_for_them(tmp_path):
    twin.write(small(), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        values = file["trials/small/0001/channels/T%2F1/values"]
        assert values.dtype == np.dtype("<f8")
        assert (values.attrs["unit"], values.compression, values.shuffle) == ("K", "gzip", True)
        assert values.attrs["sha256"] == hashlib.sha256(values[()].tobytes()).hexdigest()


def tamper(path, act):
    with h5py.File(path, "a") as file:
        act(file)


def change_reading(file):
    file["trials/small/0001/channels/T%2F1/values"][3] = 999.0


def change_text(file):
    file["trials/small/0001/text"][5] = 0


def change_unit(file):
    file["trials/small/0001/channels/T%2F1/values"].attrs["unit"] = "degC"


def change_raw(file):
    kept = next(iter(file["trials/small/0001/raw"].values()))
    kept[0] = kept[0] ^ 1


def drop_channel(file):
    del file["trials/small/0001/channels/T%2F1"]


def drop_record(file):
    del file["records/000001"]


def slip_in(file):
    file.create_group("trials/other")


@pytest.mark.parametrize(
    ("act", "told", "refused"),
    [
        (change_reading, "values of channel 'T/1' in trial 'small' has hash", "Readings never change"),
        (change_text, "the text of trial 'small', version 1, does not match", "What is stored never changes"),
        (change_unit, "is marked as 'degC', its record says 'K'", None),
        (change_raw, "raw file 'log.csv' of trial 'small' does not match", None),
        (drop_channel, "values of channel 'T/1' in trial 'small' cannot be read", "is damaged inside"),
        (drop_record, "points to", "Links are never changed or taken out"),
        (slip_in, "trial 'other' is not in the chain", None),
    ],
)
def test_a_change_from_outside_is_found_by_check_and_refused_where_it_is_read(tmp_path, act, told, refused):
    store, log = tmp_path / "a.h5", tmp_path / "log.csv"
    log.write_text("t,T\n")
    twin.write(replace(small(), raw={"log.csv": hashlib.sha256(b"t,T\n").hexdigest()}), store, raw=[log])
    twin.append_record(store, "run", {"seed": 1})
    assert twin.check(store) == ()
    tamper(store, act)
    assert any(told in sentence for sentence in twin.check(store))
    if refused:
        with pytest.raises(TrialError, match=refused):
            twin.read(store, "small")


def test_records_form_a_chain_and_hold_plain_data(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    last = [twin.append_record(store, "run", {"k": k, "名": [1.5, None, "x"]}) for k in range(3)][-1]
    found = twin.records(store)
    assert [record.kind for record in found] == ["trial", "run", "run", "run"]
    assert all(b.previous == a.digest for a, b in itertools.pairwise(found))
    assert found[-1] == last
    assert datetime.fromisoformat(last.at).tzinfo == UTC


def test_a_failed_change_leaves_the_store_and_its_folder_as_they_were(tmp_path, monkeypatch):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    before = store.read_bytes()

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("foretrial.twin.store.shelf.put", stopped)
    with pytest.raises(KeyboardInterrupt):
        twin.add(store, small("second"))
    assert store.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_several_writers_lose_no_record(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    errors = []

    def work(who):
        try:
            for k in range(5):
                twin.append_record(store, "run", {"who": who, "k": k})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert {(r.payload["who"], r.payload["k"]) for r in twin.records(store, "run")} == {
        (who, k) for who in range(3) for k in range(5)
    }
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


WRITER = """
import sys
from foretrial import twin
for k in range(100000):
    twin.append_record(sys.argv[1], "run", {"k": k})
    print(k, flush=True)
"""


def test_a_store_whose_writer_was_killed_is_whole_and_can_be_written_again(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    for wait in (0.0, 0.013, 0.029):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(store)], stdout=subprocess.PIPE, text=True) as writer:
            said = writer.stdout.readline()
            threading.Event().wait(wait)
            writer.kill()
            said += writer.stdout.read()
        assert twin.check(store) == ()
        last = int([line for line in said.split("\n") if line][-1])
        kept = [record.payload["k"] for record in twin.records(store, "run")]
        assert max(kept[len(kept) - last - 2 :]) >= last
    twin.append_record(store, "run", {"k": -1})
    twin.repair(store)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.h5"]


def test_reading_goes_on_while_a_store_is_replaced(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    if os.name == "nt":
        pytest.skip("an open file cannot be replaced there")
    with h5py.File(store) as file:
        twin.append_record(store, "run", {})
        assert file["trials/small/0001/channels/T%2F1/values"][0] == 300.0


def test_an_hdf5_file_of_another_make_is_read_by_its_unit_attributes(tmp_path):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data/time", data=[0.0, 1.0, 2.0]).attrs["unit"] = "min"
        file.create_dataset("data/T", data=[20, 21, 22]).attrs["units"] = "degC"
        file["data/p"] = [1.0, np.nan, 1.2]
    with pytest.raises(TrialError, match=r"channel 'data/p' has no unit.*units=\{'data/p': 'degC'\}"):
        twin.read(path)
    trial = twin.read(path, units={"data/p": "bar"})
    np.testing.assert_allclose(trial["data/T"].values, [293.15, 294.15, 295.15])
    np.testing.assert_array_equal(trial["data/T"].t, [0, 60, 120])
    assert dict(trial.raw) == {"plain.h5": hashlib.sha256(path.read_bytes()).hexdigest()}
    stored = twin.add(tmp_path / "a.h5", trial, raw=[path])
    assert twin.read(tmp_path / "a.h5").content == stored.content


def test_a_freeze_holds_question_split_by_hash_rule_and_seeds(tmp_path):
    store = tmp_path / "a.h5"
    for name, shift in (("two", 0.0), ("three", 1.0)):
        twin.add(store, small(name, shift))
    what = {"split": {"calibration": ["two"], "validation": ["three"]}, "rule": {"guard": 1.0}, "seeds": {"starts": 7}}
    record = twin.freeze(store, freeze_what(), **what)
    assert record.kind == "freeze"
    assert record.payload["split"]["validation"] == {"three": twin.read(store, "three").content}
    assert record.payload["requirement"]["interest"]["window"] == [0.0, 900.0]
    assert twin.freeze(store, freeze_what(), **what) == record
    assert twin.freeze(store, freeze_what(limit=801.0), **what) != record
    assert len(twin.records(store, "freeze")) == 2


def test_a_freeze_that_is_younger_than_the_result_is_told(tmp_path):
    store = tmp_path / "a.h5"
    twin.write(small(), store)
    record = twin.freeze(store, freeze_what(), split={"calibration": ["small"]}, rule={}, seeds={})
    at = datetime.fromisoformat(record.at)
    assert twin.frozen_before(store, record.digest, at + timedelta(seconds=1))
    assert not twin.frozen_before(store, record.digest, (at - timedelta(seconds=1)).isoformat())
