"""How many readings count, and what they can tell."""

import numpy as np
import pytest

from foretrial.models import Parameter
from foretrial.twin.identify import autocorrelation_time, correlated, identify


def test_white_noise_counts_nearly_in_full():
    rng = np.random.default_rng(0)
    assert np.mean([autocorrelation_time(rng.standard_normal(200)) for _ in range(100)]) < 1.3


@pytest.mark.parametrize("rho", [0.5, 0.8, 0.95])
def test_a_first_order_process_counts_as_its_closed_form_says(rho):
    rng, times = np.random.default_rng(1), []
    for _ in range(40):
        x = np.zeros(4000)
        noise = rng.standard_normal(x.size)
        for i in range(1, x.size):
            x[i] = rho * x[i - 1] + noise[i]
        times.append(autocorrelation_time(x))
    assert np.median(times) == pytest.approx((1 + rho) / (1 - rho), rel=0.2)


def test_a_residual_that_keeps_its_sign_counts_as_few():
    assert autocorrelation_time(np.full(100, 2.0)) > 40
    assert autocorrelation_time(np.zeros(10)) == 1.0


def held(rho, irregular, count, n=60):
    """Share of 95 % intervals that hold one number read with first-order noise, by the readings that count; medians."""
    rng, inside = np.random.default_rng(7), 0
    for _ in range(count):
        t = np.linspace(0.0, 1.0, n)
        if irregular:
            t = np.sort(np.concatenate([[0.0, 1.0], rng.random(n - 2)]))
        slope, alike = -t * np.exp(-2.0 * t), rho ** (np.diff(t) * (n - 1))
        x = rng.standard_normal(n)
        for i in range(1, n):
            x[i] = alike[i - 1] * x[i - 1] + np.sqrt(1.0 - alike[i - 1] ** 2) * x[i]
        size = slope @ slope
        miss = slope @ x / size
        left = x - slope * miss
        std = np.sqrt(correlated(left) * max(1.0, left @ left / (n - 1)) / size)
        inside += abs(miss) <= 1.96 * std
    return inside / count


@pytest.mark.parametrize("irregular", [False, True])
@pytest.mark.parametrize(("rho", "low", "high"), [(0.0, 0.94, 0.98), (0.5, 0.93, 0.97), (0.9, 0.90, 0.97)])
def test_intervals_hold_the_truth_at_their_level_up_to_strong_correlation(rho, low, high, irregular):
    assert low <= held(rho, irregular, 1000) <= high


def test_a_record_hardly_longer_than_its_correlation_holds_the_truth_less_often():
    assert 0.8 <= held(0.99, False, 500) < 0.93  # time n (1 - rho) of 0.6: nothing in the record tells its level
    assert held(0.9, False, 500, n=240) > 0.92


def test_what_is_fitted_out_is_put_back_and_white_noise_is_left_alone():
    rng = np.random.default_rng(4)
    white = rng.standard_normal(80)
    assert correlated(white) == autocorrelation_time(white)
    assert correlated(np.full(100, 2.0)) == autocorrelation_time(np.full(100, 2.0)) <= 100.0
    assert correlated(np.arange(4.0)) >= 1.0
    assert correlated(np.tile([1.0, -1.0], 20)) == 1.0


def two(correlation, share=(0.9, 0.9), lower=1.0):
    parameters = [Parameter(name=n, unit="1", lower=lower, upper=9.0) for n in ("film", "area")]
    widths = np.array([1.0, 1.0])
    std = np.array(share)
    covariance = np.outer(std, std) * np.array([[1, correlation], [correlation, 1]])
    return identify(parameters, np.array([3.0, 4.0]), covariance, widths=widths, scaled=np.eye(2))


@pytest.mark.parametrize(
    ("correlation", "lower", "sign"), [(-0.99, 1.0, "×"), (0.99, 1.0, "/"), (-0.99, -1.0, "+"), (0.99, -1.0, "−")]
)
def test_only_the_combination_that_is_seen_is_named(correlation, lower, sign):
    said = [en for en, _ in two(correlation, lower=lower)]
    assert any(en.startswith(f"Only film {sign} area is seen") for en in said)


def test_well_known_parameters_that_are_correlated_are_used_together():
    assert any("use them together" in en for en, _ in two(-0.95, share=(0.1, 0.1)))
    assert not any("together" in en for en, _ in two(-0.2, share=(0.1, 0.1)))


def test_a_direction_of_three_that_nothing_sees_is_named():
    parameters = [Parameter(name=n, unit="1", lower=1.0, upper=9.0) for n in "abc"]
    seen = np.array([[30.0, -30.0, 0.0], [30.0, 30.0, -60.0]])
    words = identify(
        parameters, np.full(3, 2.0), np.eye(3) * 0.01, widths=np.ones(3), scaled=np.vstack([seen, np.zeros(3)])
    )
    assert any(en.startswith("a, b, c can be moved together") for en, _ in words)


def test_what_cannot_be_told_apart_is_said_with_where_and_with_what_is_known_instead():
    parameters = [Parameter(name=n, unit="1", lower=0.1, upper=90.0) for n in ("film", "emissivity")]
    covariance = np.array([[4.0, -0.0998], [-0.0998, 0.0025]])
    words = identify(parameters, np.array([10.0, 0.25]), covariance, widths=np.array([3.0, 0.1]), scaled=np.eye(2),
                     span=(300.0, 480.0))  # fmt: skip
    [(en, zh)] = [w for w in words if w[0].startswith("Only")]
    assert "film and emissivity cannot be told apart by readings of 300 to 480 K" in en
    assert "film × emissivity = 2.5 ± 0.063 (k = 2)" in en
    assert "不能各自确定（读数范围 300–480 K）" in zh
