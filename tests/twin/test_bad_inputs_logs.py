"""Every log, sidecar, store or freeze that cannot be trusted is refused in its own words, and no file is touched."""

import hashlib
import re
from datetime import datetime

import h5py
import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Interest, Requirement, Trial, TrialError

HEAD = "Time (s),TC1 (degC)\n"
GOOD = HEAD + "0,20\n1,21\n2,22\n"
SIDE = 'schema = "foretrial.log/1"\n[time]\ncolumn = "Time"\nunit = "s"\n'
TC1 = SIDE + '[channels.TC1]\nunit = "degC"\n'


def log(text, sidecar=None, **options):
    """Import this text, with this sidecar beside it."""

    def act(folder):
        (folder / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        if sidecar is not None:
            (folder / "a.toml").write_text(sidecar)
        yield
        twin.import_csv(folder / "a.csv", **options)

    return act


def side(line):
    return log(GOOD, TC1 + line + "\n")


def stored(act):
    """Do this with a store of two trials."""

    def whole(folder):
        for k in (1, 2):
            channel = Channel(
                name="TC1", t=np.arange(3.0), values=300.0 + np.arange(3.0) * k, unit="K", logged_unit="K"
            )
            twin.add(folder / "s.h5", Trial(name=f"run{k}", channels={"TC1": channel}, raw={"a.csv": "0" * 64}))
        yield
        act(folder / "s.h5")

    return whole


def file(data, name="s.h5"):
    def act(folder):
        (folder / name).write_bytes(data)
        yield
        twin.read(folder / name)

    return act


def cut(folder):
    next(stored(None)(folder))
    (folder / "s.h5").write_bytes((folder / "s.h5").read_bytes()[:-400])
    yield
    twin.read(folder / "s.h5", "run1")


def harmed(folder):
    next(stored(None)(folder))
    with h5py.File(folder / "s.h5", "a") as store:
        store["trials/run1/0001/channels/TC1/values"][1] = 0.0
    yield
    twin.read(folder / "s.h5", "run1")


def schema(folder):
    with h5py.File(folder / "s.h5", "w") as store:
        store.attrs["schema"] = "foretrial.store/9"
    yield
    twin.read(folder / "s.h5")


def foreign(**columns):
    def act(folder):
        with h5py.File(folder / "s.h5", "w") as store:
            for name, (unit, values) in columns.items():
                store.create_dataset(name, data=values).attrs["unit"] = unit
        yield
        twin.read(folder / "s.h5")

    return act


def live(act, **options):
    def whole(folder):
        yield
        with twin.LiveLog(folder / "live", **({"channels": {"TC1": "degC"}, "time": "s"} | options)) as writer:
            act(writer)

    return whole


def now(act):
    def whole(folder):
        yield
        act(folder)

    return whole


def question():
    interest = Interest(observations=("A1",), statistic="max", window=(0.0, 900.0))
    return Requirement(id="R1", text="Cold?", text_zh="冷?", interest=interest, limit=800.0, sense="at most",
                       accuracy=10.0, verification="design", display="degC")  # fmt: skip


def frozen(**changed):
    given = {"split": {"calibration": ["run1"], "validation": ["run2"]}, "rule": {}, "seeds": {}} | changed
    return stored(lambda store: twin.freeze(store, question(), **given))


def twice(live):
    live.write(1.0, {"TC1": 20})
    live.write(0.5, {"TC1": 20})


BAD = {
    # the file
    "missing": (now(lambda folder: twin.import_csv(folder / "b.csv")), "b.csv: there is no such file. A log is a CSV"),
    "folder": (now(lambda folder: twin.import_csv(folder)), "cannot be opened as a file. A log is one CSV file"),
    "empty": (log(""), "a.csv is empty: it holds no line of data. A log has a header and one row or more. Look"),
    "header only": (log(HEAD), "a.csv has no readings. A log has one row or more. Look whether"),
    "headerless": (log("0,20\n1,21\n"), "no header: row 1 of its 2 rows is numbers, so column 1 ('0'), column 2"),
    "zero bytes": (log(GOOD + "3,\0\0\n"), "holds zero bytes, the first after 37 characters. A log is text. Export"),
    "wrong encoding": (log(GOOD, TC1.replace("[time]", 'encoding = "utf-23"\n[time]')), "does not read as utf-23"),
    "HDF5 as CSV": (log(b"\x89HDF\r\n\x1a\n"), "a.csv is an HDF5 file. Text is read here. Read it with"),
    "open quote": (log(HEAD + '0,"20\n'), "row 2: unexpected end of data. A quote that opens also closes. Correct"),
    "nameless column": (log("Time (s),,TC1 (degC)\n0,1,20\n"), "column 2 of the header has no name. Each column has"),
    "two of a name": (log("Time (s),T (K),T (K)\n0,1,2\n"), "columns 2 and 3 are both called 'T'. Each column"),
    "short row": (log(GOOD + "3\n"), "row 5: 1 cells where the header names 2 columns. Every row has one cell a"),
    "two decimal signs": (log("t (s);T (K)\n0;300,5\n1;301.5\n"), "row 2 writes '300,5' and row 3 writes '301.5', so"),
    # units
    "no unit": (log("Time (s),TC1\n0,20\n"), "channel 'TC1' has no unit. None is assumed. Pass units={'TC1': 'degC'}"),
    "no time base": (log("n,TC1 (degC)\n0,20\n"), "no time base: none of its columns n, TC1 is in a unit of time"),
    "two time bases": (log("a (s),b (min),T (K)\n0,0,300\n"), "columns a, b are all in units of time. One of them is"),
    "time without unit": (log("Time,TC1 (degC)\n0,20\n", time="Time"), "time column 'Time' has no unit, so the log"),
    "time in K": (log("Time (K),TC1 (degC)\n0,20\n", time="Time"), "time column 'Time': unit 'K' does not measure"),
    "unknown unit": (log(GOOD, SIDE + '[channels.TC1]\nunit = "degX"\n'), "channel 'TC1': unit 'degX' is not known"),
    "units differ": (log(GOOD, SIDE + '[channels.TC1]\nunit = "K"\n'), "'TC1' is in 'degC' by the log and in 'K' by"),
    "units of nothing": (log(GOOD, units={"TC2": "K"}), "no column 'TC2', for which units gives 'K'. Did you mean"),
    # readings
    "text cell": (log(HEAD + "0,20\n1,Err\n"), "row 3: channel 'TC1' holds 'Err', which is no number. A reading is"),
    "thousands": (log(HEAD + '0,"1,200"\n'), "row 2: channel 'TC1' holds '1,200', which is no number"),
    "infinite": (log(HEAD + "0,20\n1,inf\n"), "row 3: channel 'TC1' reads infinity. A reading is finite, a gap is"),
    "too cold": (log(HEAD + "0,20\n1,-300\n"), "row 3: channel 'TC1' reads -300 degC, which is -26.85 K."),
    "too hot": (log(HEAD + "0,9999\n"), "row 2: channel 'TC1' reads 9999 degC, which is 10272.1 K. Temperatures lie"),
    "time twice": (log(HEAD + "0,20\n1,21\n1,22\n"), "rows 3 and 4: time 1 s stands twice. Each reading has its own"),
    "time backwards": (log(HEAD + "0,20\n5,21\n4,22\n"), "rows 3 and 4: time runs backwards, from 5 s to 4 s. Time"),
    "no time in a row": (log(HEAD + "0,20\n,21\n"), "row 3: there is no time. Every row has its own; a gap is a blank"),
    "dates as numbers": (log(HEAD + "08:15,20\n"), "row 2: time '08:15' is no number in s. The time base is one."),
    "odd stamp": (
        log("Time,TC1 (K)\n2025-03-01,300\n1/3,301\n", SIDE.replace('unit = "s"', 'format = "iso"')),
        "row 3: time stamp '1/3' does not read as 'iso'. Every stamp has the declared format",
    ),
    "mixed zones": (
        log("Time,T (K)\n2025-03-01,300\n2025-03-02T00:00+01:00,301\n", SIDE.replace('unit = "s"', 'format = "iso"')),
        "row 3: stamp 2025-03-02T00:00:00+01:00 and the first one differ in whether they name a time zone",
    ),
    # the sidecar
    "no sidecar": (now(lambda f: twin.import_csv(f / "a.csv", f / "b.toml")), "no such sidecar"),
    "not TOML": (side("std = = 1"), "a.toml is not TOML: Invalid value (at line 7, column 7). Lines read key = value"),
    "no schema": (log(GOOD, "title = 'x'\n"), "a.toml: schema is None. This version reads 'foretrial.log/1'. Write"),
    "unknown key": (side('sdt = [1, "K"]'), "channel 'TC1': key 'sdt' is not known. Did you mean 'std'? Correct it"),
    "unknown table": (log(GOOD, TC1 + "[channel]\n"), "a.toml: key 'channel' is not known. Did you mean 'channels'?"),
    "misspelt channel": (log(GOOD, SIDE + '[channels.TCl]\nunit = "degC"\n'), "no column 'TCl', which a.toml"),
    "misspelt time": (log(GOOD, TC1.replace('"Time"', '"Tme"')), "no time column 'Tme'. Did you mean 'Time'?"),
    "misspelt ignored": (log(GOOD, 'ignore = ["TC9"]\n' + TC1), "no column 'TC9', which a.toml ignores. Did you mean"),
    "channel without unit": (
        log(GOOD, SIDE + '[channels.TC1]\nkind = "thermocouple"\n'),
        "'TC1' has no unit. A channel states",
    ),
    "bare number": (side("std = 1.5"), "channel 'TC1': std = 1.5 is not a number with its unit. Numbers with a"),
    "wrong dimension": (side('lag = [2, "mm"]'), "lag: unit 'mm' does not measure what 's' measures"),
    "negative resolution": (side('resolution = [-0.1, "K"]'), "resolution is negative, -0.1 K. It is 0 or more."),
    "flat place": (side('place = [1, 2, "mm"]'), "place = [1, 2, 'mm'] is not three numbers and their unit. It runs"),
    "no direction": (side("facing = [0, 0, 0]"), "facing is 0, 0, 0, which is no direction. It points outwards"),
    "quoted truth": (side('drives = "yes"'), "drives = 'yes' is neither true nor false. It is one of them"),
    "like nothing": (side('like = "steal"'), "channel 'TC1' is like 'steal', which is not there. None is known here"),
    "coverage of zero": (
        side('std_from = { column = "U", unit = "K", coverage = 0 }'),
        "std_from: coverage = 0 is no coverage factor. It is above 0, often 2",
    ),
    "half a std_from": (side('std_from = { column = "U" }'), "std_from lacks coverage, unit. A column of"),
    "negative uncertainty": (
        log("Time (s),TC1 (degC),U\n0,20,-1\n", TC1 + 'std_from = { column = "U", unit = "K", coverage = 2 }\n'),
        "row 2: uncertainty -1 in column 'U' cannot be. Every reading of 'TC1' has one",
    ),
    "columns and a header": (log(GOOD, 'columns = ["Time", "TC1"]\n' + TC1), "row 1 is a header, 'Time (s), TC1"),
    "too few columns": (log("0,20,3\n", 'columns = ["Time", "TC1"]\n' + TC1), "row 1: 3 cells where a.toml lists 2"),
    "negative skip": (log(GOOD, "skip = -1\n" + TC1), "skip = -1 is no number of lines. It is 0 or more. Count"),
    # the store
    "no store": (now(lambda folder: twin.read(folder / "s.h5")), "s.h5: there is no such file. A trial store is an"),
    "store is a folder": (now(lambda folder: twin.names(folder)), "is a folder. A trial store is one HDF5 file. A"),
    "empty store": (file(b""), "s.h5 is empty: 0 bytes. A store is never empty. The copy failed; take it"),
    "not HDF5": (
        file(b"PK\x03\x04 no"),
        "s.h5 is not an HDF5 file: it begins with b'PK\\x03\\x04 no'. A trial store is",
    ),
    "cut off": (cut, "bytes (Unable to synchronously open file (truncated file"),
    "wrong hash": (harmed, "values of channel 'TC1' in trial 'run1' has hash"),
    "later schema": (schema, "s.h5: schema is 'foretrial.store/9'. This version reads 'foretrial.store/1'"),
    "written over": (stored(lambda s: twin.write(twin.read(s, "run1"), s)), "s.h5 exists already. A store is never"),
    "same name": (stored(lambda s: twin.add(s, Trial(name="run1", channels={}))), "s.h5 holds another trial 'run1'"),
    "which trial": (stored(lambda s: twin.read(s)), "s.h5 holds 2 trials: run1, run2. One is read at a time. Name it"),
    "misspelt trial": (stored(lambda s: twin.read(s, "rum1")), "s.h5 has no trial 'rum1'. Did you mean 'run1'?"),
    "no such version": (stored(lambda s: twin.read(s, "run1", version=3)), "trial 'run1' has no version 3. It has 1"),
    "units for a store": (
        stored(lambda s: twin.read(s, "run1", units={"TC1": "K"})),
        "whose channels have their units",
    ),
    "sidecar for a store": (stored(lambda s: twin.read(s, "run1", sidecar="a.toml")), "sidecar='a.toml' is for text"),
    "other raw file": (
        stored(lambda s: twin.add(s, twin.read(s, "run1"), raw=[s])),
        "s.h5 is another file than what trial 'run1' was read from (a.csv)",
    ),
    "raw file gone": (
        stored(lambda s: twin.add(s, twin.read(s, "run1"), raw=[s.with_name("a.csv")])),
        "a.csv is not there, though it is what trial 'run1' was read from (a.csv)",
    ),
    "raw never kept": (stored(lambda s: twin.raw_file(s, "run1", "a.csv")), "trial 'run1' keeps no file 'a.csv'"),
    "mask too short": (
        stored(lambda s: twin.correct(s, "run1", "TC1", mask=np.ones(2, bool), why="x", who="y")),
        "correction of 'TC1': 2 mask for 3 readings. Each reading has one. Start from",
    ),
    "no reason": (
        stored(lambda s: twin.correct(s, "run1", "TC1", mask=np.ones(3, bool), why=" ", who="y")),
        "why = ' ', who = 'y'. A correction says why and by whom",
    ),
    "nothing corrected": (
        stored(lambda s: twin.correct(s, "run1", "TC1", why="x", who="y")),
        "correction of 'TC1' changes none of its 3 readings. It changes some. Look at",
    ),
    "misspelt corrected": (
        stored(lambda s: twin.correct(s, "run1", "TC7", why="x", who="y")),
        "trial 'run1' has no channel 'TC7'. Did you mean 'TC1'?",
    ),
    "own kind": (stored(lambda s: twin.append_record(s, "trial", {})), "a record of kind 'trial' is the store's own"),
    "record with an object": (
        stored(lambda s: twin.append_record(s, "run", {"x": {1}})),
        "cannot be written: Object of type",
    ),
    # HDF5 of another make
    "foreign, empty": (foreign(), "s.h5 holds no one-dimensional numbers. A log has a time and channels"),
    "foreign, no clock": (foreign(T=("K", [300.0])), "has 0 datasets in a unit of time: none. One is the time base"),
    "foreign, too short": (foreign(t=("s", [0.0, 1.0]), T=("K", [300.0])), "'T' has 1 readings for 2 times"),
    # live
    "live, no channels": (live(None, channels={}), "a live log was given no channels. It has one or more"),
    "live, no clock": (live(None, time=None), "was given no unit of time, so it has no time base. None is assumed"),
    "live, odd clock": (live(None, time="mm"), "live.toml: time is in 'mm', which is no unit of time"),
    "live, no rows": (live(None, rows=0), "rows = 0 and seconds = 10 s seal nothing. Both are above 0"),
    "live, misspelt": (live(lambda w: w.write(0, {"TC11": 1})), "channel 'TC11' is not in this log. Did you mean"),
    "live, text": (live(lambda w: w.write(0, {"TC1": "20"})), "'TC1' reads '20', which is no reading. A reading is"),
    "live, backwards": (live(twice), "time 0.5 follows 1. Time is a number that increases from row to row"),
    "live, no log": (now(lambda f: twin.consolidate(f, f / "s.h5")), "holds no live log: there is no live.toml."),
    "live, nothing sealed": (
        now(
            lambda f: (
                twin.LiveLog(f / "v", channels={"T": "K"}, time="s").close(),
                twin.consolidate(f / "v", f / "s.h5"),
            )
        ),
        "holds no sealed segment. A log has one row or more. It was killed before",
    ),
    # the freeze
    "misspelt role": (frozen(split={"validate": ["run1"]}), "role 'validate' is not known. Did you mean 'validation'?"),
    "trial not stored": (frozen(split={"calibration": ["run3"]}), "calibration trial 'run3' is not in s.h5. Did you"),
    "fitted and validated": (
        frozen(split={"calibration": ["run1"], "validation": ["run1", "run2"]}),
        "split: run1 would calibrate and validate (content",
    ),
    "seed of a half": (frozen(seeds={"starts": 0.5}), "seed 'starts' = 0.5 is not a whole number. A seed repeats a"),
    "rule with a function": (frozen(rule={"by": print}), "the rule cannot be frozen: Object of type"),
    "no such freeze": (
        stored(lambda s: twin.frozen_before(s, "ab" * 32, datetime.now())),
        "no freeze abababababab; it holds 0",
    ),
    "time without zone": (
        stored(
            lambda s: twin.frozen_before(
                s, twin.freeze(s, question(), split={}, rule={}, seeds={}).digest, "2025-03-01"
            )
        ),
        "time 2025-03-01T00:00:00 names no time zone. Without one, before and after",
    ),
}


def told(name, folder):
    """What is said, with the hashes of the files before and after."""
    steps = BAD[name][0](folder)
    next(steps)
    hashes = [{p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()}]
    with pytest.raises(TrialError) as refused:
        next(steps)
    hashes.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()})
    return str(refused.value), *hashes


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_told_what_is_wrong_what_is_right_and_what_to_do(tmp_path, name):
    text, before, after = told(name, tmp_path)
    assert re.sub(r"\s+", " ", BAD[name][1]) in text
    beats = [beat for beat in re.split(r"(?<=[.?])\s+(?=[A-Z])", text) if beat]
    assert len(beats) >= 3, beats
    assert len(text) <= 640
    if name != "time without zone":  # that one freezes first
        assert after == before


def test_every_bad_input_is_told_in_words_of_its_own():
    assert len(BAD) >= 80
    assert len({wanted for _, wanted in BAD.values()}) == len(BAD)
