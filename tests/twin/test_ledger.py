"""The ledger: every run is on record, none is made twice, failures are retried and told, kills lose nothing."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import SolveError, TrialError

sys.path.insert(0, str(Path(__file__).parent))
from killed_study import FREE, trial
from lumped import Lumped, recipe

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL, which this system lacks")


def test_a_run_on_record_comes_back_to_the_last_bit_and_is_not_made_again(tmp_path, lab):
    process, solver = lab.process(film=300.0), lab.slab(cells=8)
    problem = twin.pose([twin.Experiment(trial=lab.trial(process, lab.channels(), np.random.default_rng(1)),
                                         process=process)], free={"film": (50.0, 5000.0)})  # fmt: skip
    tally = twin.Tally()
    with twin.Ledger(tmp_path / "runs.db") as ledger:
        by = ledger.solver(solver, tally=tally)
        first = by.tangent(process, free=("film",), observe=problem.observations(0))
    with twin.Ledger(tmp_path / "runs.db") as ledger:
        again = ledger.solver(solver, tally=tally).tangent(process, free=("film",), observe=problem.observations(0))
        [line] = ledger.runs()
    for name in ("t", "values", "rates", "tangents", "tangent_rates"):
        assert (getattr(first, name) == getattr(again, name)).all()
    assert (first.balance, first.stage_ends, first.free, first.names) == (
        again.balance, again.stage_ends, again.free, again.names)  # fmt: skip
    assert (tally.tangents, tally.replayed) == (2, 1)
    assert (line.state, line.attempts, line.solver) == ("done", 1, solver.digest)
    assert line.parameters["film"] == 300.0
    assert len(line.result) == 64


def test_a_study_with_its_ledger_makes_no_run_again(tmp_path):
    plain = twin.calibrate(recipe(film=900.0), trial(), free=FREE, solver=Lumped(), starts=2)
    first = twin.calibrate(recipe(film=900.0), trial(), free=FREE, solver=Lumped(), starts=2, ledger=tmp_path / "a.db")
    with twin.Ledger(tmp_path / "a.db") as ledger:
        made = len(ledger)
        again = twin.calibrate(recipe(film=900.0), trial(), free=FREE, solver=Lumped(), starts=2, ledger=ledger)
        assert len(ledger) == made
        assert {run.state for run in ledger.runs()} == {"done"}
    assert (plain.values == first.values).all()
    assert (first.covariance == again.covariance).all()
    assert plain.runs == first.runs == again.runs > 10


def test_a_failed_run_is_retried_on_finer_steps_and_told(tmp_path):
    weak = Lumped(fails_above=700.0, cured_from=2.0)
    with twin.Ledger(tmp_path / "a.db") as ledger:
        fit = twin.calibrate(recipe(film=2000.0), trial(), free=FREE, solver=weak, starts=1, ledger=ledger)
        assert {run.rung for run in ledger.runs("done")} == {0, 1}
        assert all("film = 2000" in run.cause or "too much" in run.cause for run in ledger.runs("failed"))
    assert abs(fit.values[0] - 600.0) < 3.0 * fit.std[0]
    assert any("film = 2000 W/(m2.K)" in told and "as asked for" in told for told in fit.failures)
    assert any("steps half as long it succeeded" in told for told in fit.failures)


def test_what_fails_on_every_rung_fails_the_same_way_again(tmp_path):
    weak = Lumped(fails_above=700.0)
    for _ in range(2):
        with twin.Ledger(tmp_path / "a.db") as ledger:
            with pytest.raises(SolveError, match=r"film = 2000 .* is too much"):
                ledger.solver(weak)(recipe(film=2000.0))
            assert [run.rung for run in ledger.runs("failed")] == [0, 1, 2]
            assert all(run.attempts == 1 for run in ledger.runs())


def test_the_wrapped_solver_can_what_the_solver_can_and_no_more(tmp_path):
    class Bare:
        digest = "bare"

        def __call__(self, process, **more):
            return Lumped()(process, **more)

    with twin.Ledger(tmp_path / "a.db") as ledger:
        assert not hasattr(ledger.solver(Bare()), "tangent")
        assert not hasattr(ledger.solver(Bare()), "refined")
        assert ledger.solver(Lumped()).refined(2.0).digest == Lumped().refined(2.0).digest


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database at all, but long enough to be read as one" * 40)
    with pytest.raises(TrialError, match=r"a\.db cannot be opened as a ledger of runs"):
        twin.Ledger(tmp_path / "a.db")


def kill(folder, kills):
    script = Path(__file__).parent / "killed_study.py"
    command = [sys.executable, script, folder, str(kills), "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


@forks
def test_a_study_killed_ten_times_comes_to_the_same_answer(tmp_path):
    found = kill(tmp_path, 10)
    assert found["killed"] >= 10
    assert found["studies"] >= 1
    assert (found["lost"], found["wrong"]) == (0, 0)


@forks
@pytest.mark.slow
def test_a_thousand_kills_lose_nothing(tmp_path):
    found = kill(tmp_path, 1000)
    assert found["killed"] >= 1000
    assert found["studies"] >= 5
    assert (found["lost"], found["wrong"]) == (0, 0)
