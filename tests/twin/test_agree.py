"""Areas between distributions, covariance of what channels share, coverage, and many judged at once."""

import math
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, kstest, norm

from foretrial import twin
from foretrial.models import Quantity, substitute
from foretrial.twin.agree import areas, coverage_interval, few, holm, likely_area, modified_area, widened
from foretrial.twin.validate import _covariance


@pytest.mark.parametrize("scores", [[0.0], [-1.3, 0.2, 2.5], [4.0, 4.5], np.random.default_rng(0).normal(size=40)])
def test_both_areas_are_those_of_numerical_integration(scores):
    z = np.sort(scores)

    def gap(x, sign):
        return max(sign * (np.searchsorted(z, x, side="right") / z.size - norm.cdf(x)), 0.0)

    ends = [-9.0, *z, 9.0]
    for found, sign in zip(areas(z), (1.0, -1.0), strict=True):
        whole = sum(quad(gap, a, b, args=(sign,), limit=200, points=[])[0] for a, b in pairwise(ends))
        assert found == pytest.approx(whole, abs=1e-4)
    below, above = areas(z)
    assert above - below == pytest.approx(np.mean(z), abs=1e-12)


def test_readings_all_below_the_model_show_on_one_side():
    below, above = areas(norm.ppf((np.arange(2000) + 0.5) / 2000) - 1.0)
    assert below == pytest.approx(1.0, abs=1e-3)
    assert above == pytest.approx(0.0, abs=1e-3)


def test_few_readings_widen_the_modified_area_by_its_factor():
    assert [few(n) for n in (1.0, 8.0, 1e12)] == pytest.approx([4.55, 2.90, 1.25], abs=1e-3)
    assert few(0.2) == few(1.0)
    assert modified_area(0.0, 0.0, 5.0) == (0.0, 0.0)
    low, high = modified_area(0.3, 0.1, 8.0)  # half the sum 0.2 by 2.9, about half the difference below
    assert (low, high) == pytest.approx((0.68, 0.48))
    below, above = modified_area(0.0, 1.0, 1e12)  # all readings above: nearly all of it stays on that side
    assert (below, above) == pytest.approx((0.125, 1.125), abs=1e-3)


def test_the_modified_area_of_few_readings_holds_a_bias_of_the_model_as_often_as_many_do():
    rng, held = np.random.default_rng(1), []
    for n in (3, 30):
        ends = [modified_area(*areas(rng.normal(0.7, 1.0, n)), n) for _ in range(400)]
        held.append(np.mean([-below <= 0.7 <= above for below, above in ends]))
    assert held[0] > 0.9
    assert held[1] > 0.9


def test_a_coverage_factor_is_widened_so_that_any_miss_keeps_the_chance_of_one():
    assert [widened(2.0, n) for n in (1, 2, 3, 10)] == pytest.approx([2.0, 2.278, 2.428, 2.837], abs=1e-3)
    assert 7 * norm.sf(widened(1.645, 7)) == pytest.approx(norm.sf(1.645))


def test_a_cause_that_all_readings_share_widens_what_area_is_likely():
    alone, together = np.eye(60), np.eye(60) + 4.0 * np.ones((60, 60))
    assert likely_area(alone) == pytest.approx(0.27, abs=0.04)
    assert likely_area(together) > 5.0 * likely_area(alone)


def test_an_interval_of_coverage_is_that_of_clopper_and_pearson():
    assert coverage_interval(0.9, 10.0) == pytest.approx((0.5550, 0.9975), abs=1e-4)
    assert coverage_interval(1.0, 10.0) == pytest.approx((0.6915, 1.0), abs=1e-4)
    assert coverage_interval(0.0, 10.0)[0] == 0.0


def test_many_chances_are_corrected_as_holm_says():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    rng = np.random.default_rng(0)
    alarms = [min(holm(rng.random(20))) < 0.05 for _ in range(2000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.012)


@pytest.fixture
def pair(lab):
    """Draws of two channels of two runs that share an offset and an input, and their comparison without a fit."""
    sensors = lab.channels(bias=Quantity(value=0.0, std=1.5, group="logger"), n=12)
    solver = lab.slab(cells=24, steps=120)
    plain = lab.process(film=600.0, std=0.02)
    run = twin.Experiment(trial=lab.trial(plain, sensors, np.random.default_rng(0)), process=plain)
    fine = twin.refine(solver, plain, observe=tuple(run.observe.values()))

    def compare(rng, offset=True):
        shift, factor = 1.5 * rng.standard_normal(), 1.0 + 0.02 * rng.standard_normal()
        runs = []
        for name in ("first", "second"):
            true = replace(lab.process(film=600.0, std=0.02))
            log = lab.trial(substitute(true, {"heat_capacity": factor}), lab.channels(n=12), rng, name=name)
            channels = {c.name: replace(c, values=log[c.name].values + shift * offset) for c in sensors}
            runs.append(twin.Experiment(trial=replace(log, channels=channels), process=plain))
        return twin.validate(runs, fit=None, solver=solver, refinements=(fine, fine))

    return compare


def test_the_distance_counts_a_cause_that_channels_and_runs_share_once(pair):
    rng = np.random.default_rng(3)
    found = [pair(rng) for _ in range(60)]
    chances = [v.chance for v in found]
    print(
        kstest(chances, "uniform"),
        sum(v.distance for v in found) / sum(v.dof for v in found),
        np.mean([v.dof for v in found]),
        found[0].points[0].u_num.max(),
        found[0].points[0].u_d.max(),
        np.mean(np.array(chances) < 0.05),
        np.mean(np.array(chances) < 0.5),
    )
    assert kstest(chances, "uniform").pvalue > 0.01
    apart = [sum(v.distance for v in found) / sum(v.dof for v in found)]
    assert apart[0] == pytest.approx(1.0, abs=0.12)
    assert np.mean([v.area_below + v.area_above <= v.area_likely for v in found]) > 0.85
    assert sum(bool(v.standing_out) for v in found) <= 4


def test_the_covariance_holds_shared_columns_between_channels(pair, monkeypatch):
    seen = {}

    def keep(causing, kept):
        seen["V"] = _covariance(causing, kept)
        return seen["V"]

    monkeypatch.setattr(sys.modules["foretrial.twin.validate"], "_covariance", keep)
    found = pair(np.random.default_rng(0))
    V = seen["V"]
    assert V.shape == (found.dof, found.dof)
    assert (np.linalg.eigvalsh(V) > 0.0).all()
    assert V[0, -1] > 1.5**2 - 1e-9
    assert found.chance == pytest.approx(chi2.sf(found.distance, found.dof))
    low, high = found.coverage_interval
    assert low <= found.coverage <= high
    assert found.area_below >= 0.0
    assert math.isfinite(found.area_likely)
