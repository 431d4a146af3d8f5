"""Several calibrations of one number: they agree, or the spread is model form."""

import numpy as np
import pytest

from foretrial.models import Fit, ModelError, Parameter
from foretrial.twin import apart


def fit(value, std):
    found = Parameter(name="modulus", unit="1", lower=0.5, upper=2.0)
    given = {"parameters": (found,), "values": np.array([value]), "covariance": np.array([[std**2]])}
    rest = {name: None for name in Fit.__dataclass_fields__ if name not in given}
    made = object.__new__(Fit)
    for name, one in {**rest, **given}.items():
        object.__setattr__(made, name, one)
    return made


def test_numbers_that_agree_have_a_weighted_mean_and_no_spread():
    found = apart({"one": fit(1.00, 0.02), "other": fit(1.03, 0.01)}, "modulus", unit="GPa", scale=210.0)
    assert found.agree
    assert found.value == pytest.approx(210.0 * (1.0 / 4 + 1.03) / 1.25)
    assert found.spread == 0.0
    assert found.std == pytest.approx(210.0 * (1 / 0.02**2 + 1 / 0.01**2) ** -0.5)
    assert "they agree" in found.words[0][0]
    assert "彼此一致" in found.words[0][1]


def test_numbers_that_do_not_agree_are_spanned_and_the_spread_is_model_form():
    found = apart({"left": fit(0.976, 0.005), "right": fit(1.093, 0.005)}, "modulus", unit="GPa", scale=210.0)
    assert not found.agree
    assert found.value == pytest.approx(217.2, abs=0.1)
    assert found.spread == pytest.approx(12.3, abs=0.1)
    assert found.std > found.spread / np.sqrt(3.0)
    assert "spread is model form" in found.words[0][0]
    assert "模型偏差" in found.words[0][1]


def test_right_numbers_are_called_apart_as_rarely_as_was_said():
    rng = np.random.default_rng(5)
    wrong = sum(not apart({str(n): fit(v, 0.01) for n, v in enumerate(1.0 + 0.01 * rng.standard_normal(3))},
                          "modulus", level=0.05).agree for _ in range(400))  # fmt: skip
    assert 6 <= wrong <= 36


def test_one_fit_alone_and_unknown_parameters_are_refused():
    with pytest.raises(ModelError, match=r"1 calibration of modulus has nothing .* Calibrate on parts"):
        apart({"one": fit(1.0, 0.1)}, "modulus")
    with pytest.raises(ModelError, match=r"the fit 'one' has no parameter 'modulos'.*Correct the name"):
        apart({"one": fit(1.0, 0.1), "other": fit(1.0, 0.1)}, "modulos")
