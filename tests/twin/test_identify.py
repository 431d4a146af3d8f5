"""How many readings count, and what they can tell."""

import numpy as np
import pytest

from foretrial.models import Parameter
from foretrial.twin.identify import autocorrelation_time, identify


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
