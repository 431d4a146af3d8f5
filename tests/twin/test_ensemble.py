"""Many runs: the same numbers here, in processes and on a cluster; what fails is a row with its cause."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, digest

sys.path.insert(0, str(Path(__file__).parent))
import killed_ensemble
from killed_study import FREE, trial
from lumped import Lumped, recipe

VALUES = np.array([[500.0, 320.0, 1100.0], [900.0, 310.0, 1090.0], [2500.0, 300.0, 1110.0], [700.0, 330.0, 1100.0]])


@pytest.fixture
def problem():
    return twin.pose([twin.Experiment(trial=trial(), process=recipe())], free=FREE)


def test_a_failed_row_has_its_cause_and_the_others_their_numbers(problem):
    found = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0))
    assert found.ended.tolist() == [True, True, False, True]
    [(row, cause)] = found.failures
    assert row == 2
    assert "film = 2500 W/(m2.K) is too much" in cause
    assert found.runs == 4
    assert found.model.shape == (4, 30)
    assert np.isnan(found.residuals[2]).all()


def test_processes_give_the_same_numbers(problem):
    here = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0))
    there = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0), workers=2)
    assert there.failures == here.failures
    assert (there.residuals[there.ended] == here.residuals[here.ended]).all()


@pytest.mark.slow
def test_a_row_that_takes_its_process_down_fails_alone(problem):
    here = twin.ensemble(problem, VALUES, Lumped())
    there = twin.ensemble(problem, VALUES, Lumped(dies_at=900.0), workers=2)
    assert there.ended.tolist() == [True, False, True, True]
    assert "the process died during this run" in there.failures[0][1]
    assert (there.residuals[[0, 2, 3]] == here.residuals[[0, 2, 3]]).all()


def test_a_ledger_answers_for_rows_that_it_holds(problem, tmp_path):
    first = twin.ensemble(problem, VALUES, Lumped(), ledger=tmp_path / "a.db")
    again = twin.ensemble(problem, VALUES, Lumped(), ledger=tmp_path / "a.db")
    assert (first.residuals == again.residuals).all()
    with twin.Ledger(tmp_path / "a.db") as ledger:
        assert [run.attempts for run in ledger.runs()] == [1, 1, 1, 1]


def test_workers_leave_the_same_ledger_as_one_process_and_run_nothing_again(problem, tmp_path):
    weak = Lumped(fails_above=2000.0, cured_from=4.0)  # neither finer steps nor finer cells cure it
    here = twin.ensemble(problem, VALUES, weak, ledger=tmp_path / "one.db")
    twin.ensemble(problem, VALUES[:1], weak, ledger=tmp_path / "two.db")
    there = twin.ensemble(problem, VALUES, weak, workers=2, ledger=tmp_path / "two.db")
    assert (here.residuals[here.ended] == there.residuals[there.ended]).all()
    assert here.failures == there.failures
    assert here.runs == there.runs == 3 + 3  # three that end, and one on three rungs
    with twin.Ledger(tmp_path / "one.db") as one, twin.Ledger(tmp_path / "two.db") as two:
        assert sorted(map(line, one.runs())) == sorted(map(line, two.runs()))
    again = twin.ensemble(problem, VALUES, weak, workers=2, ledger=tmp_path / "two.db")
    assert (again.residuals[again.ended] == there.residuals[there.ended]).all()
    with twin.Ledger(tmp_path / "two.db") as two:
        assert {run.attempts for run in two.runs()} == {1}


def line(run):
    return run.process, run.state, run.rung, run.attempts, run.result, run.cause, sorted(run.parameters.items())


@pytest.mark.slow
def test_two_experiments_share_a_ledger_with_what_was_run_before(problem, tmp_path):
    hot = twin.Experiment(trial=replace(trial(), name="hot"), process=recipe(start=1150.0))
    free = {"film": (100.0, 5000.0)}
    with twin.Ledger(tmp_path / "a.db") as ledger:
        twin.ensemble(twin.pose([hot], free=free), [[500.0]], Lumped(), ledger=ledger)
        both = twin.pose([hot, *problem.experiments], free=free)
        found = twin.ensemble(both, [[500.0], [900.0]], Lumped(), workers=2, ledger=ledger)
        assert {run.attempts for run in ledger.runs("done")} == {1}
        assert len(ledger) == 4
    assert (found.residuals == twin.ensemble(both, [[500.0], [900.0]], Lumped()).residuals).all()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL, which this system lacks")
def test_an_ensemble_killed_with_two_workers_goes_on_where_it_stopped(tmp_path):
    ledger = tmp_path / "a.db"
    command = [sys.executable, Path(__file__).parent / "killed_ensemble.py", ledger]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as study:
        told = [next(study.stdout) for _ in range(5)]  # rows that it says are done
        study.send_signal(signal.SIGKILL)
    before = done_in(ledger)
    assert 5 <= len(before) < 20
    assert gone(map(int, told[0].split()))
    last = subprocess.run(command, capture_output=True, text=True, check=True)
    assert last.stdout.split()[-1] == digest(twin.ensemble(killed_ensemble.posed(), killed_ensemble.VALUES,
                                                           Lumped()).residuals)  # fmt: skip
    assert before.items() <= done_in(ledger).items()
    with twin.Ledger(ledger) as book:
        assert [(run.state, run.attempts) for run in book.runs()] == [("done", 1)] * 20  # nothing is made again


def done_in(ledger):
    with closing(sqlite3.connect(ledger)) as file:
        return dict(file.execute("SELECT key, result FROM runs WHERE state = 'done'").fetchall())


def gone(processes, within=20.0):
    """Whether these processes have ended."""
    waiting, end = set(processes), time.monotonic() + within
    while waiting and time.monotonic() < end:
        waiting = {one for one in waiting if alive(one)}
        time.sleep(0.05)
    return not waiting


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_a_cluster_takes_the_same_call(problem, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra foretrial[distributed]")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0), client=client)
        kept = tmp_path / "a.db"
        first = twin.ensemble(problem, VALUES[:2], Lumped(), client=client, ledger=kept)
        second = twin.ensemble(problem, VALUES, Lumped(), client=client, ledger=kept)
    assert (first.residuals == second.residuals[:2]).all()
    with twin.Ledger(kept) as ledger:
        assert [(run.state, run.attempts) for run in ledger.runs()] == [("done", 1)] * 4
    here = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0))
    assert [i for i, _ in found.failures] == [2]
    assert (found.residuals[[0, 1, 3]] == here.residuals[[0, 1, 3]]).all()


def test_what_does_not_fit_is_refused(problem):
    with pytest.raises(ModelError, match=r"values are \(1, 2\).*Give an array \(n, 3\)"):
        twin.ensemble(problem, [[1.0, 2.0]], Lumped())
    with pytest.raises(ModelError, match=r"workers = 0 are none\. One or more make the runs\."):
        twin.ensemble(problem, VALUES, Lumped(), workers=0)
    with pytest.raises(ModelError, match="cannot be sent to another process"):
        twin.ensemble(problem, VALUES, lambda *_, **__: None, workers=2)


def test_without_the_extra_an_address_is_refused(problem, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModelError, match=r"pip install 'foretrial\[distributed\]'"):
        twin.ensemble(problem, VALUES, Lumped(), client="tcp://127.0.0.1:1")
