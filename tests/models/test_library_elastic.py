"""The library of elastic materials gives the published values, and says where each comes from and how far it holds."""

import numpy as np
import pytest

from foretrial.models import ModelError, quantities
from foretrial.models.library import ZERO
from foretrial.models.library_elastic import (
    ALUMINIUM_6061,
    AS4_3501,
    ELASTIC_LIBRARY,
    S235,
    S355,
    STAINLESS_304L,
    elastic,
)


def celsius(*T):
    return np.array(T) + ZERO


def stretched(material, T):
    return float(material.expansion.curve.integral(T + ZERO, 20.0 + ZERO))


FACTORS = [(20, 1, 1), (300, 1, 0.8), (400, 1, 0.7), (450, 0.89, 0.65), (500, 0.78, 0.6), (600, 0.47, 0.31),
           (700, 0.23, 0.13), (800, 0.11, 0.09), (900, 0.06, 0.0675), (1100, 0.02, 0.0225)]  # fmt: skip


@pytest.mark.parametrize(("T", "k_y", "k_e"), FACTORS)
def test_structural_steel_loses_strength_and_stiffness_as_eurocode_3_says(T, k_y, k_e):
    for steel, grade in ((S235, 235e6), (S355, 355e6)):
        np.testing.assert_allclose(steel.yields.stress(T + ZERO), k_y * grade, rtol=1e-12)
        np.testing.assert_allclose(steel.young(T + ZERO), k_e * 210e9, rtol=1e-12)


@pytest.mark.parametrize(
    ("T", "share"), [(100, 9.984e-4), (400, 5.1984e-3), (600, 8.3984e-3), (800, 1.1e-2), (1000, 1.38e-2)]
)
def test_structural_steel_grows_as_eurocode_3_says(T, share):
    assert abs(stretched(S235, T) - share) < 1e-5  # the code's pieces leave a jump of 0.84e-5 at 750 degC


def test_the_ultimate_strength_of_structural_steel_is_that_of_annex_a():
    np.testing.assert_allclose(S355.ultimate(celsius(20, 300, 350, 400, 500)) / 355e6, [1.25, 1.25, 1.125, 1.0, 0.78])


@pytest.mark.parametrize(("T", "E", "k_p", "k_u"), [(100, 0.96, 0.82, 0.87), (500, 0.80, 0.54, 0.67),
                                                    (800, 0.63, 0.27, 0.27), (1000, 0.20, 0.06, 0.07)])  # fmt: skip
def test_304l_follows_annex_c(T, E, k_p, k_u):
    np.testing.assert_allclose(STAINLESS_304L.young(T + ZERO), E * 200e9)
    np.testing.assert_allclose(STAINLESS_304L.yields.stress(T + ZERO), k_p * 200e6)
    np.testing.assert_allclose(STAINLESS_304L.ultimate(T + ZERO), k_u * 500e6)
    np.testing.assert_allclose(stretched(STAINLESS_304L, T), (16 + 4.79e-3 * T - 1.243e-6 * T**2) * (T - 20) * 1e-6)


def test_6061_follows_eurocode_9():
    np.testing.assert_allclose(ALUMINIUM_6061.young(celsius(20, 100, 200, 300)), [70e9, 67.9e9, 60.2e9, 47.6e9])
    np.testing.assert_allclose(ALUMINIUM_6061.yields.stress(celsius(20, 150, 250)), [240e6, 218.4e6, 132e6])
    for T in (100.0, 400.0):
        np.testing.assert_allclose(stretched(ALUMINIUM_6061, T), 0.1e-7 * T**2 + 22.5e-6 * T - 4.54e-4, rtol=1e-9)
    with pytest.raises(ModelError, match="6061-T6 states no ultimate stress"):
        ALUMINIUM_6061.at("ultimate", 300.0)


def test_the_ply_has_the_constants_of_the_failure_exercise():
    S = AS4_3501.orthotropic.compliance()
    np.testing.assert_allclose(1.0 / np.diag(S), [126e9, 11e9, 11e9, 11e9 / 2.8, 6.6e9, 6.6e9])
    np.testing.assert_allclose([-S[1, 0] * 126e9, -S[2, 0] * 126e9, -S[2, 1] * 11e9], [0.28, 0.28, 0.4])
    assert AS4_3501.ply.compression[0].value == 1480e6


@pytest.mark.parametrize("material", ELASTIC_LIBRARY.values(), ids=list(ELASTIC_LIBRARY))
def test_every_number_has_a_source_and_an_uncertainty(material):
    assert material.source
    found = quantities(material)
    assert all(one.std > 0.0 and one.source for one in found.values())
    for prop in (material.expansion, material.ultimate, material.yields and material.yields.stress):
        assert prop is None or (prop.source and prop.beyond == "refuse" and prop.scale.name in found)


def test_a_name_is_found_in_any_case_and_another_is_refused():
    assert elastic("s355") is S355
    with pytest.raises(
        ModelError, match=r"material 'S350' is none of the 5 .* Did you mean 'S3?5?5?.*Correct the name"
    ):
        elastic("S350")
