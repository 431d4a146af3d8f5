"""A live log survives the death of its writer, is followed while it grows, and ends in a store."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import TrialError

ROWS = 5
# Logs row after row; says how many rows are sealed, each time that a call has come back. Where the system can fork,
# one interpreter begets all writers, so that a hundred kills take seconds.
WRITER = f"""
import os, sys
from foretrial.models.units import factor
from foretrial.twin import LiveLog

factor("degC", "K")  # so that no child has to load the units

def work(folder, out):
    log = LiveLog(folder, channels={{"T": "degC"}}, time="s", rows={ROWS})
    for k in range(1, 10**6):
        log.write(k * 0.1, {{"T": 20 + k / 7}})
        if k % {ROWS} == 0:
            os.write(out, b"%d\\n" % k)

for line in sys.stdin:
    folder, say = line.split()
    child = os.fork() if hasattr(os, "fork") else 0
    if child == 0:
        work(folder, os.open(say, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    print(child, flush=True)
    os.waitpid(child, 0)
"""


def log_some(folder, n=23, rows=ROWS, start=0):
    with twin.LiveLog(folder, channels={"T 1": "degC", "p": "bar"}, time="ms", rows=rows) as log:
        for k in range(start, start + n):
            log.write(100.0 * k, {"T 1": 20.0 + k} if k % 4 else {"T 1": 20.0 + k, "p": 1.0 + k / 3})


def sealed(folder):
    return sorted(folder.glob("segment-*.csv"))


def test_what_was_written_live_is_what_the_store_holds(tmp_path):
    log_some(tmp_path / "live")
    trial = twin.consolidate(tmp_path / "live", tmp_path / "a.h5", name="run 7")
    read = twin.read(tmp_path / "a.h5", "run 7")
    assert read.content == trial.content
    np.testing.assert_array_equal(read["T 1"].values, 20.0 + np.arange(23) + 273.15)
    np.testing.assert_allclose(read["T 1"].t, np.arange(23) / 10, rtol=1e-15)
    np.testing.assert_allclose(read["p"].values[::4], (1 + np.arange(0, 23, 4) / 3) * 1e5, rtol=1e-15)
    assert not read["p"].reads[1:4].any()
    assert (
        twin.raw_file(tmp_path / "a.h5", "run 7", sealed(tmp_path / "live")[0].name)
        == sealed(tmp_path / "live")[0].read_bytes()
    )
    assert twin.check(tmp_path / "a.h5") == ()


def test_a_log_is_sealed_by_rows_by_seconds_by_request_and_when_it_ends(tmp_path):
    folder = tmp_path / "live"
    with twin.LiveLog(folder, channels={"T": "K"}, time="s", rows=3, seconds=0.05) as log:
        for k in range(3):
            log.write(k, {"T": 300.0})
        assert len(sealed(folder)) == 1
        log.write(3, {"T": 300.0})
        assert len(sealed(folder)) == 1
        log.flush()
        assert len(sealed(folder)) == 2
        time.sleep(0.06)
        log.write(4, {"T": 300.0})
        assert len(sealed(folder)) == 3
        log.write(5, {"T": 300.0})
    assert len(sealed(folder)) == 4


def test_a_log_whose_trial_raised_keeps_every_row_and_says_so(tmp_path):
    folder = tmp_path / "live"

    def trial():
        with twin.LiveLog(folder, channels={"T": "K"}, time="s") as log:
            log.write(0, {"T": 300})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trial()
    assert "stopped by ZeroDivisionError" in (folder / "journal.txt").read_text()
    assert twin.repair(folder).rows == 1


def test_a_closed_log_is_carried_on_where_it_ended(tmp_path):
    log_some(tmp_path / "live", 12)
    log_some(tmp_path / "live", 12, start=12)
    trial = twin.consolidate(tmp_path / "live", tmp_path / "a.h5")
    assert trial["T 1"].t.size == 24


def test_a_follower_gets_every_segment_in_order_while_the_log_grows(tmp_path):
    folder, got = tmp_path / "live", []

    def listen():
        got.extend(twin.follow(folder, poll=0.002, patience=20))

    listener = threading.Thread(target=listen)
    listener.start()
    log_some(folder, 43)
    listener.join(timeout=20)
    assert [news.number for news in got] == list(range(1, 10))
    np.testing.assert_array_equal(np.concatenate([news.values["T 1"] for news in got]), 20.0 + np.arange(43) + 273.15)
    np.testing.assert_allclose(np.concatenate([news.t for news in got]), np.arange(43) / 10, rtol=1e-15)


def test_a_follower_of_a_dead_log_runs_out_of_patience(tmp_path):
    assert list(twin.follow(tmp_path, poll=0.01, patience=0.03)) == []


def test_notes_of_the_journal_end_up_as_remarks_of_the_trial(tmp_path):
    with twin.LiveLog(tmp_path / "live", channels={"T": "K"}, time="s") as log:
        log.write(7.5, {"T": 300})
        log.note("开门 door opened")
    trial = twin.consolidate(tmp_path / "live", tmp_path / "a.h5")
    assert "开门 door opened (after t = 7.5)" in trial.remarks


def test_a_sidecar_says_of_a_live_log_what_it_says_of_a_file(tmp_path):
    (tmp_path / "s.toml").write_text(
        'schema = "foretrial.log/1"\ntitle = "live"\n[time]\ncolumn = "t"\nunit = "min"\n[channels.T]\nunit = "degC"\n'
        'place = [1, 2, 3, "mm"]\nstd_from = { column = "U", unit = "K", coverage = 2 }\n'
    )
    with twin.LiveLog(tmp_path / "live", sidecar=tmp_path / "s.toml") as log:
        log.write(1, {"T": 20, "U": 3.0})
    trial = twin.consolidate(tmp_path / "live", tmp_path / "a.h5")
    assert (trial.title, trial["T"].place, trial["T"].t[0], trial["T"].sigma[0]) == (
        "live",
        (0.001, 0.002, 0.003),
        60,
        1.5,
    )


def killed(folder, how_many, seed):
    """Kill writers at random moments; returns (folder, rows that the writer knew to be sealed) of each."""
    draw, found = random.Random(seed), []
    command = [sys.executable, "-c", WRITER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nest:
        for k in range(how_many):
            live, said = folder / f"live{k}", folder / f"said{k}"
            nest.stdin.write(f"{live} {said}\n")
            nest.stdin.flush()
            writer = int(nest.stdout.readline())
            early = draw.random() < 0.15  # some die before their first segment
            while not early and not (said.exists() and said.stat().st_size):
                time.sleep(0.0005)
            time.sleep(draw.uniform(0, 0.03))
            os.kill(writer, signal.SIGKILL)
            found.append((live, said))
        nest.stdin.close()
    return [(live, int((said.read_text().split() or ["0"])[-1]) if said.exists() else 0) for live, said in found]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills by SIGKILL after a fork")
@pytest.mark.parametrize(
    ("how_many", "seed"), [pytest.param(25, 1, id="25"), pytest.param(1000, 2, id="1000", marks=pytest.mark.slow)]
)
def test_a_kill_at_any_moment_loses_at_most_the_segment_that_was_not_sealed(tmp_path, how_many, seed):
    kept = 0
    for live, known in killed(tmp_path, how_many, seed):
        before = {path.name: path.read_bytes() for path in sealed(live)}
        if not (live / "live.toml").exists():
            assert known == 0
            continue
        found = twin.repair(live)
        assert found.lost == () or all("was not finished" in text for text in found.lost)
        assert known <= found.rows <= known + 2 * ROWS  # sealed, but killed before it could say so
        assert found.rows % ROWS == 0
        assert before.items() <= {path.name: path.read_bytes() for path in sealed(live)}.items()
        if found.rows == 0:
            continue
        trial = twin.consolidate(live, live.with_suffix(".h5"))
        np.testing.assert_array_equal(trial["T"].values, 20 + np.arange(1, found.rows + 1) / 7 + 273.15)
        assert any("was not sealed and is lost" in remark for remark in trial.remarks)
        kept += 1
    assert kept > how_many // 2


def test_a_killed_log_is_carried_on_without_a_gap_in_its_chain(tmp_path):
    folder = tmp_path / "live"
    log_some(folder, 10)
    (folder / "journal.txt").write_bytes((folder / "journal.txt").read_bytes()[:-9])
    (folder / "segment-000003.csv.77.partial").write_text("# foretrial.segment/1 {")
    log_some(folder, 10, start=10)
    found = twin.repair(folder)
    assert (found.segments, found.rows) == (4, 20)
    assert found.lost == ("segment-000003.csv.77.partial was not finished",)
    assert (folder / "lost/segment-000003.csv.77.partial").read_text() == "# foretrial.segment/1 {"
    assert twin.consolidate(folder, tmp_path / "a.h5")["T 1"].t.size == 20


def test_a_segment_that_was_whole_but_not_in_place_is_put_there(tmp_path):
    folder = tmp_path / "live"
    log_some(folder, 10)
    last = sealed(folder)[-1]
    data = last.read_bytes()
    last.rename(folder / f"{last.name}.77.partial")
    found = twin.repair(folder)
    assert found.rows == 10
    assert found.done == ("segment-000002.csv.77.partial was whole and is now segment-000002.csv",)
    assert last.read_bytes() == data


@pytest.mark.parametrize("harm", ["cut", "changed", "missing"])
def test_a_harmed_segment_is_refused_then_set_aside_and_said(tmp_path, harm):
    folder = tmp_path / "live"
    log_some(folder, 23)
    middle = sealed(folder)[2]
    data = middle.read_bytes()
    harmed = data[:-30] if harm == "cut" else data.replace(b"30.0", b"31.0")
    middle.unlink() if harm == "missing" else middle.write_bytes(harmed)
    with pytest.raises(TrialError, match=r"segment 3 is missing" if harm == "missing" else "cut off or changed"):
        twin.consolidate(folder, tmp_path / "a.h5")
    found = twin.repair(folder)
    assert (found.segments, found.rows) == (4, 18)
    assert "segment 3" in found.lost[0]
    if harm != "missing":
        assert (folder / "lost" / middle.name).read_bytes() == harmed
    assert twin.repair(folder).lost == ()
    trial = twin.consolidate(folder, tmp_path / "a.h5")
    assert trial["T 1"].t.size == 18
    assert any("its rows are lost" in remark for remark in trial.remarks)


def test_a_segment_of_another_log_does_not_fit_the_chain(tmp_path):
    log_some(tmp_path / "one")
    log_some(tmp_path / "other", rows=ROWS, start=1)
    (tmp_path / "one/segment-000003.csv").write_bytes((tmp_path / "other/segment-000003.csv").read_bytes())
    with pytest.raises(TrialError, match="segment 3 does not follow segment 2"):
        twin.consolidate(tmp_path / "one", tmp_path / "a.h5")


def test_a_log_has_one_writer_at_a_time(tmp_path):
    with twin.LiveLog(tmp_path / "live", channels={"T": "K"}, time="s") as log:
        log.write(0, {"T": 300})
        for act in (
            lambda: twin.repair(tmp_path / "live"),
            lambda: twin.consolidate(tmp_path / "live", tmp_path / "a.h5"),
        ):
            with pytest.raises(TrialError, match=r"held by another writer for 0\.5 s"):
                act()
    assert twin.repair(tmp_path / "live").rows == 1
