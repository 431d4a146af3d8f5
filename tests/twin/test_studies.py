"""Studies as plain data beside a verdict: each noun under its key, nothing that JSON cannot hold, no two under one."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Measured, ModelError, Quantity, SolveError, Trial
from foretrial.models.verdict import canonical
from foretrial.twin.readings import readings
from foretrial.twin.verify import _plain

sys.path.insert(0, str(Path(__file__).parent))
from killed_study import FREE, trial
from lumped import Lumped, recipe


@pytest.fixture(scope="module")
def problem():
    return twin.pose([twin.Experiment(trial=trial(), process=recipe(film=900.0))], free=FREE)


@pytest.fixture(scope="module")
def fit(problem):
    return twin.calibrate(problem.experiments, free=FREE, solver=Lumped(), starts=1)


@pytest.fixture(scope="module")
def shares():
    known = [Quantity(value=1.0, std=0.1, name="a"), Quantity(value=2.0, std=0.3, name="b")]
    return twin.sobol(lambda found: found["a"] + found["b"], known, n=64)


def held(*studies):
    """What verdict.json would hold, read back from its canonical text."""
    return json.loads(canonical(_plain(twin.contents(studies))))


def test_profiles_come_with_their_flags_one_line_a_parameter(problem, fit):
    found = twin.profile(problem, fit, solver=Lumped())
    rows = held(found)["profiles"]
    assert [row["name"] for row in rows] == list(problem.names)
    for row, one in zip(rows, found, strict=True):
        assert min(row["rises"]) == 0.0
        assert len(row["values"]) == len(row["rises"]) == len(row["active"])
        assert row["interval"] == pytest.approx(one.interval)
        assert row["open"] == list(one.open)
    assert held(*found)["profiles"] == rows  # handed in one by one or together


def test_a_posterior_keeps_its_marginals_and_the_odds_of_every_pair(problem):
    found = twin.posterior(problem, solver=Lumped())
    kept = held(found)["posterior"]
    assert kept["runs"] + kept["tangents"] == found.runs + found.tangents
    n = len(problem.names)
    assert len(kept["pairs"]) == n * (n - 1) // 2
    for i, row in enumerate(kept["parameters"]):
        assert row["mean"] == pytest.approx(found.mean[i])
        assert row["interval"] == pytest.approx(found.interval()[i])
        assert 0.99 * len(found.flat) <= sum(row["counts"]) <= len(found.flat)
        assert len(row["edges"]) == len(row["counts"]) + 1
    for pair in kept["pairs"]:
        x, y = (found.flat[:, k] for k in pair["of"])
        counts = np.array(pair["counts"], dtype=float)
        middle = [np.linspace(*pair[axis], counts.shape[0] * 2 + 1)[1::2] for axis in ("x", "y")]
        seen = np.cov(np.repeat(np.tile(middle[0], counts.shape[0]), counts.astype(int).ravel()),
                      np.repeat(np.repeat(middle[1], counts.shape[1]), counts.astype(int).ravel()))  # fmt: skip
        assert seen[0, 1] == pytest.approx(np.cov(x, y)[0, 1], rel=0.05, abs=0.02 * x.std() * y.std())


def test_sensitivities_stand_as_they_are_and_further_words_beside_them(shares):
    kept = held(shares, {"sensitivity": {"note": "by hand"}, "more": [1.0]})
    assert kept["sensitivity"]["note"] == "by hand"
    assert [row["name"] for row in kept["sensitivity"]["rows"]] == ["a", "b"]
    assert kept["more"] == [1.0]
    known = [Quantity(value=1.0, std=0.1, name="a"), Quantity(value=2.0, std=0.3, name="b")]
    few = twin.contents((twin.morris(lambda found: found["a"] + found["b"], known, trajectories=4),), unit="s")
    assert few["screening"]["unit"] == "s"
    assert [row["name"] for row in few["screening"]["rows"]] == ["a", "b"]


def test_the_next_trial_comes_with_every_place_and_the_number_s_unit():
    now, best, worse = (twin.Gain(plan="fire", sensors=(n,) if n else (), score=v, std=v, interval=2.0 * v)
                        for n, v in (("", 4.0), ("web", 1.0), ("tip", 3.0)))  # fmt: skip
    found = twin.NextTrial(before=now, best=best, each=(best, worse), plans=(best,), bare={"fire": now}, held=9.0,
                           covariance=np.eye(1), words=(("Put one there.", "装在那里。"),))  # fmt: skip
    kept = held(found, {"next_trial": {"places": {"web": {"en": "web", "zh": "腹板"}}}})["next_trial"]
    assert (kept["unit"], kept["held"]) == ("K", 9.0)
    assert kept["before"] == {"std": 4.0, "expanded": 8.0}
    assert [(row["place"], row["expanded"]) for row in kept["rows"]] == [("web", 2.0), ("tip", 6.0)]
    assert kept["best"]["sensors"] == ["web"]
    assert kept["places"]["web"]["zh"] == "腹板"


def test_failed_runs_of_a_ledger_are_told_with_place_and_cause():
    with twin.Ledger(":memory:") as book:
        solver = book.solver(Lumped(fails_above=800.0), free=("film",))
        solver(recipe(film=600.0))
        with pytest.raises(SolveError):
            solver(recipe(film=900.0))
        kept = held(book)["ledger"]
    assert kept["done"] == 1
    assert kept["failed"] == len(kept["failures"]) >= 1
    assert kept["failures"][0]["parameters"]["film"] == 900.0
    assert kept["failures"][0]["cause"]
    assert kept["left_out"] == 0


def test_what_is_no_study_and_two_of_one_kind_are_refused(shares):
    with pytest.raises(ModelError, match=r"a float is no study of a verdict\. .* Hand in what the verb gave"):
        twin.contents((1.0,))
    with pytest.raises(ModelError, match=r"two studies stand under 'sensitivity' .* Hand in the one"):
        twin.contents((shares, shares))


def logged(**columns):
    """A trial of one row a part or unit."""
    t = np.arange(len(next(iter(columns.values()))), dtype=float)
    channels = {n: Channel(name=n, t=t, values=np.asarray(v, float), unit="1", logged_unit="1")
                for n, v in columns.items()}  # fmt: skip
    return Trial(name="lot", channels=channels)


def test_parts_are_repeated_in_the_order_of_making():
    values = np.random.default_rng(1).normal(1.0, 0.01, 30)
    kept = readings(Measured(statistic="Cpk", characteristic="d", specification=(0.9, 1.1)), logged(d=values))
    assert kept["kind"] == "parts"
    np.testing.assert_array_equal(kept["values"], values)


def test_lives_come_with_the_share_left_after_each_and_the_law_s_bounds_around_its_value():
    lives, gone = [10.0, 20.0, 20.0, 30.0, 40.0], [0.0, 0.0, 1.0, 0.0, 1.0]
    asked = Measured(statistic="reliability", characteristic="life", censored="gone", at=15.0)
    kept = readings(asked, logged(life=lives, gone=gone))
    assert [u["end"] for u in kept["units"]] == [10.0, 20.0, None, 30.0, None]
    assert [u["left"] for u in kept["units"]] == pytest.approx([0.8, 0.6, 0.6, 0.3, 0.3])  # worked by hand
    curve = kept["curve"]
    assert 15.0 in curve["t"]
    assert all(low <= v <= high for low, v, high in zip(curve["lower"], curve["value"], curve["upper"], strict=True))
    alone = readings(asked, logged(life=lives, gone=[1.0, 1.0, 1.0, 1.0, 0.0]))
    assert alone["curve"] is None  # one failure shows no law
