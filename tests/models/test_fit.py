"""A fit says its values with their spread, and hands them on as quantities."""

import numpy as np
import pytest

from foretrial.models import Fit, Parameter, Quantity, Start

FILM = Parameter(name="film", unit="W/(m2.K)", lower=1.0, upper=100.0, prior=(25.0, 10.0), transform="log")
EPSILON = Parameter(name="emissivity", unit="1", lower=0.0, upper=1.0)


def start(objective):
    return Start(begin=(20.0, 0.5), end=(24.0, 0.7), objective=objective, evaluations=7, outcome="converged")


def fit(**changed):
    known = {
        "parameters": (FILM, EPSILON),
        "values": np.array([24.0, 0.7]),
        "covariance": np.array([[4.0, -0.06], [-0.06, 0.0025]]),
        "objective": 12.0,
        "starts": (start(12.0), start(12.001), start(40.0)),
        "residuals": np.array([3.0, -4.0]),
        "sigmas": np.ones(2),
        "times": np.array([0.0, 1.0]),
        "rows": ("t/a", "t/a"),
        "active": (),
        "effective": 2.0,
        "misfit": 1.0,
        "data": {"t": "ab12"},
        "solver": "s",
        "process": "p",
    }
    return Fit(**{**known, **changed})


def test_spread_and_correlation_come_from_the_covariance():
    np.testing.assert_allclose(fit().std, [2.0, 0.05])
    np.testing.assert_allclose(fit().correlation, [[1.0, -0.6], [-0.6, 1.0]])
    assert fit().rms == pytest.approx(np.sqrt(12.5))


def test_a_parameter_at_its_bound_has_no_spread_and_no_correlation():
    stuck = fit(covariance=np.array([[4.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_allclose(stuck.correlation, [[1.0, 0.0], [0.0, 0.0]])


def test_the_found_values_become_quantities_with_their_spread_and_range():
    found = fit().quantities()
    assert list(found) == ["film", "emissivity"]
    assert found["film"] == Quantity(value=24.0, unit="W/(m2.K)", std=2.0, name="film", group="fit",
                                     source="calibrated", valid=(1.0, 100.0))  # fmt: skip


def test_a_fit_is_written_with_intervals_and_how_many_starts_agree():
    assert str(fit()).splitlines() == [
        "film = 24 +- 3.9 W/(m2.K) (95 %)",
        "emissivity = 0.7 +- 0.098 1 (95 %)",
        "rms 3.54; best value reached by 2 of 3 starts",
    ]
