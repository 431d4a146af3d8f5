"""Indices of a lot: exact bounds, risks as stated, checks that do not cry wolf, and how many parts settle it."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import nct

from foretrial import twin
from foretrial.models import TrialError
from foretrial.twin.stability import anderson_darling

LIMITS = (-6.0, 6.0)


@pytest.mark.parametrize(("n", "value"), [(5, 0.4), (12, 1.33), (30, 1.45), (200, 2.0)])
def test_bounds_of_an_index_are_those_of_the_non_central_t(n, value):
    low, high = twin.index_bounds(value, n, confidence=0.975)
    t = 3.0 * math.sqrt(n) * value
    assert nct.sf(t, n - 1, 3.0 * math.sqrt(n) * low) == pytest.approx(0.025, rel=1e-4)
    assert nct.cdf(t, n - 1, 3.0 * math.sqrt(n) * high) == pytest.approx(0.025, rel=1e-4)


def test_a_cpk_of_1_45_from_thirty_parts_lies_between_1_07_and_1_83():
    assert twin.index_bounds(1.45, 30, confidence=0.975) == pytest.approx((1.07, 1.83), abs=0.02)


def test_lower_bounds_hold_as_often_as_they_say_in_2000_lots():
    rng = np.random.default_rng(11)
    for n, offset in ((12, 2.0), (30, 2.0)):
        true, lots = (6.0 - offset) / 3.0, offset + rng.standard_normal((2000, n))
        got = [twin.capability(x, specification=LIMITS).lower <= true for x in lots]
        assert 0.93 <= np.mean(got) <= 0.97
    centred = [twin.capability(x, specification=LIMITS).lower <= 2.0 for x in rng.standard_normal((1000, 12))]
    assert np.mean(centred) >= 0.94  # conservative where both limits are near


def test_upper_bounds_hold_at_least_as_often_as_they_say():
    rng = np.random.default_rng(12)
    for offset in (0.0, 2.0):
        true = (6.0 - offset) / 3.0
        got = [twin.capability(offset + x, specification=LIMITS).upper >= true for x in rng.standard_normal((1000, 12))]
        assert np.mean(got) >= 0.935


def test_the_bounds_of_cp_hold_as_often_as_they_say():
    rng = np.random.default_rng(13)
    got = [twin.capability(x, specification=LIMITS, statistic="Cp") for x in rng.standard_normal((2000, 10))]
    assert 0.93 <= np.mean([c.lower <= 2.0 for c in got]) <= 0.97
    assert 0.93 <= np.mean([c.upper >= 2.0 for c in got]) <= 0.97


def test_subgroups_pool_the_scatter_within_them():
    groups = np.repeat(np.arange(10), 5)
    x = np.random.default_rng(3).standard_normal(50) + 3.0 * (groups % 2)
    cpk, ppk = (twin.capability(x, specification=(-9.0, 12.0), statistic=s, groups=groups) for s in ("Cpk", "Ppk"))
    assert (cpk.dof, ppk.dof) == (40.0, 49.0)
    assert cpk.std < 0.7 * ppk.std
    assert cpk.value > ppk.value
    with pytest.raises(TrialError, match=r"5 subgroups of 5 parts leave none to compare"):
        twin.capability(np.arange(5.0), specification=(-9.0, 12.0), groups=np.arange(5))


def test_one_limit_is_judged_by_its_own_side():
    x = np.random.default_rng(4).normal(10.0, 1.0, 40)
    upper = twin.capability(x, specification=(None, 14.0))
    assert upper.value == pytest.approx((14.0 - x.mean()) / (3.0 * x.std(ddof=1)))
    assert (upper.lower, upper.upper) == pytest.approx(twin.index_bounds(upper.value, 40))


def test_a_gauge_is_taken_out_or_added_and_its_bounds_hold():
    rng = np.random.default_rng(5)
    x = np.hypot(1.0, 0.5) * rng.standard_normal((1000, 40)) + 2.0
    kept, removed, added = (
        [twin.capability(row, specification=LIMITS, gauge=0.5, gauge_is=what) for row in x]
        for what in ("kept", "removed", "added")
    )
    assert all(a.value < k.value < r.value for a, k, r in zip(added, kept, removed, strict=True))
    assert 0.93 <= np.mean([c.lower <= 4.0 / 3.0 for c in removed]) <= 0.97
    assert 0.93 <= np.mean([c.lower <= 4.0 / 3.0 / math.sqrt(1.5) for c in added]) <= 0.97
    with pytest.raises(TrialError, match="the gauge scatters by 9, the readings by"):
        twin.capability(x[0], specification=LIMITS, gauge=9.0, gauge_is="removed")


def test_without_a_law_the_share_outside_is_bounded():
    x = np.random.default_rng(6).exponential(1.0, 300)
    free = twin.capability(x, specification=(None, 20.0), statistic="Ppk", method="distribution-free")
    from scipy.stats import norm

    assert norm.sf(3.0 * free.lower) == pytest.approx(1.0 - 0.05 ** (1.0 / 300.0), rel=1e-6)
    assert free.upper == math.inf


def test_lots_without_scatter_are_refused():
    with pytest.raises(TrialError, match="2 parts show no scatter"):
        twin.capability([1.0, 2.0], specification=LIMITS)
    with pytest.raises(TrialError, match="all 9 parts read 1: they do not scatter"):
        twin.capability(np.ones(9), specification=LIMITS)


@pytest.mark.parametrize("observed", [1.0, 1.7])
def test_as_many_parts_as_told_settle_it_and_one_fewer_do_not(observed):
    n = twin.parts_to_settle(observed, 1.33)
    which = 0 if observed > 1.33 else 1

    def settled(m):
        bound = twin.index_bounds(observed, m)[which]
        return bound >= 1.33 if which == 0 else bound <= 1.33

    assert settled(n)
    assert not settled(n - 1)
    assert twin.parts_to_settle(observed, 1.33, two_sided=True) >= n
    assert twin.parts_to_settle(observed, 1.33, chance=0.9) > n
    assert twin.parts_to_settle(1.33, 1.33) is None


def test_the_chance_that_a_lot_settles_it_is_the_one_asked_for():
    n = twin.parts_to_settle(1.8, 1.33, chance=0.9)
    lots = np.random.default_rng(7).standard_normal((1500, n))
    assert np.mean([twin.capability(x, specification=(None, 5.4)).lower >= 1.33 for x in lots]) == pytest.approx(
        0.9, abs=0.03
    )


@pytest.mark.parametrize(("n", "size"), [(12, 0), (50, 0), (60, 5)])
def test_a_stable_normal_process_is_seldom_called_otherwise(n, size):
    rng = np.random.default_rng(8)
    groups = np.arange(n) // size if size else None
    got = [twin.stability(x, groups=groups) for x in rng.standard_normal((500, n))]
    assert np.mean([not s.holds for s in got]) <= 0.04
    assert np.mean([not s.is_normal for s in got]) <= 0.04


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        (lambda e: e + np.linspace(0.0, 4.0, e.size), "trend"),
        (lambda e: np.convolve(np.r_[e, e], 0.9 ** np.arange(60))[: e.size], "autocorrelation"),
        (lambda e: np.where(np.arange(e.size) == 30, e + 9.0, e), "far reading"),
        (lambda e: e + 2.5 * (np.arange(e.size) > 50), "chart"),
    ],
)
def test_what_drifts_jumps_or_follows_itself_is_called_unstable(shape, name):
    rng = np.random.default_rng(9)
    got = [twin.stability(shape(rng.standard_normal(60))) for _ in range(40)]
    assert np.mean([not s.holds for s in got]) >= 0.9
    assert any(not c.holds and c.name == name for s in got for c in s.stable)


def test_subgroups_that_differ_are_called_unstable():
    groups = np.repeat(np.arange(12), 5)
    rng = np.random.default_rng(10)
    got = [
        twin.stability(rng.standard_normal(60) + rng.standard_normal(12)[groups] * 1.5, groups=groups)
        for _ in range(40)
    ]
    assert np.mean([not s.holds for s in got]) >= 0.9
    wide = [twin.stability(rng.standard_normal(60) * np.where(groups == 4, 8.0, 1.0), groups=groups) for _ in range(40)]
    assert np.mean([not s.holds for s in wide]) >= 0.9


def test_a_skew_lot_is_called_not_normal_and_too_few_values_cannot_be_judged():
    rng = np.random.default_rng(14)
    assert np.mean([twin.stability(rng.exponential(1.0, 40)).is_normal for _ in range(40)]) <= 0.1
    coarse = twin.stability(np.tile([1.0, 2.0, 3.0], 10))
    assert not coarse.is_normal
    assert "3 different readings" in coarse.normal[0].words[0]


def test_anderson_darling_meets_its_published_critical_value():
    rng = np.random.default_rng(15)
    stat = [anderson_darling(x)[0] for x in rng.standard_normal((4000, 50))]
    assert np.quantile(stat, 0.95) == pytest.approx(0.752, abs=0.03)  # Stephens (1986), table 4.7


def test_the_shipped_series_is_that_of_its_source():
    import os

    from foretrial.cases import TRIALS

    folder = Path(os.environ.get("FORETRIAL_SHARED", Path(twin.__file__).resolve().parents[2] / "shared"))
    file = folder / "trials/nist_process_capability/GEAR.DAT"
    if not file.is_file():
        pytest.skip("GEAR.DAT of NIST Dataplot lies in shared/trials only; set FORETRIAL_SHARED to its folder")
    rows = [line.split() for line in file.read_text(encoding="ascii").splitlines()[25:] if line.strip()]
    trial = twin.read(TRIALS / "gear_series.csv")
    np.testing.assert_array_equal(np.array(rows, dtype=float)[:, 0], trial["diameter"].values)
    np.testing.assert_array_equal(np.array(rows, dtype=float)[:, 1], trial["batch"].values)
