"""Many runs: the same numbers here, in processes and on a cluster; what fails is a row with its cause."""

import sys
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError

sys.path.insert(0, str(Path(__file__).parent))
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


def test_a_cluster_takes_the_same_call(problem):
    distributed = pytest.importorskip("distributed", reason="needs the extra foretrial[distributed]")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0), client=client)
    here = twin.ensemble(problem, VALUES, Lumped(fails_above=2000.0))
    assert [i for i, _ in found.failures] == [2]
    assert (found.residuals[[0, 1, 3]] == here.residuals[[0, 1, 3]]).all()


def test_what_does_not_fit_is_refused(problem, tmp_path):
    with pytest.raises(ModelError, match=r"values are \(1, 2\).*Give an array \(n, 3\)"):
        twin.ensemble(problem, [[1.0, 2.0]], Lumped())
    with pytest.raises(ModelError, match="workers = 2 with a ledger"):
        twin.ensemble(problem, VALUES, Lumped(), workers=2, ledger=tmp_path / "a.db")
    with pytest.raises(ModelError, match="cannot be sent to another process"):
        twin.ensemble(problem, VALUES, lambda *_, **__: None, workers=2)


def test_without_the_extra_an_address_is_refused(problem, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModelError, match=r"pip install 'foretrial\[distributed\]'"):
        twin.ensemble(problem, VALUES, Lumped(), client="tcp://127.0.0.1:1")
