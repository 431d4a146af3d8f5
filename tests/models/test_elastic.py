"""What a body that carries load cannot be made of is refused, and what it states is read."""

import numpy as np
import pytest

from foretrial.models import Curve, Elastic, ModelError, Orthotropic, Ply, Property, Quantity, Yield
from foretrial.models.material import constant


def orthotropic(**changed):
    return Orthotropic(**{"young": (126e9, 11e9, 11e9), "shear": (6.6e9, 3.9e9, 6.6e9),
                          "poisson": (0.28, 0.4, 0.02444)} | changed)  # fmt: skip


def strength(x, y, unit="Pa"):
    return Property(curve=Curve.table(x, y), unit=unit, scale=Quantity(value=1.0), source="test", valid=(x[0], x[-1]))


@pytest.mark.parametrize(("act", "text"), [
    (lambda: Elastic(name="steel", young=210e3),
     r"steel Young's modulus = 210000 Pa is below 1e\+06 Pa.* Is it in MPa or GPa\? Convert it"),
    (lambda: Elastic(name="steel", young=210e9, yields=Yield(stress=235.0)),
     r"yield stress = 235 Pa is below 100000 Pa\. .* Convert it"),
    (lambda: Elastic(name="steel", young=210e9, ultimate=360.0),
     r"steel ultimate = 360 Pa is below 100000 Pa\. .* Convert it"),
    (lambda: Elastic(name="steel", young=210e6, yields=Yield(stress=235e6)),
     r"steel: yield at 2.35e\+08 Pa is a strain of 112 % of Young's modulus 2.1e\+08 Pa.* below 20 %. Give both in Pa"),
    (lambda: Elastic(name="steel", young=210e9, yields=Yield(stress=360e6), ultimate=235e6),
     r"steel: yield 360 MPa is above ultimate 235 MPa\. A material yields before it breaks\. Swap the two"),
    (lambda: Elastic(name="steel", young=-210e9), r"Young's modulus = -2.1e\+11 Pa is not a number above 0.* Correct"),
    (lambda: Elastic(name="steel"), r"Young's modulus = 0 Pa is not a number above 0.* Correct"),
    (lambda: Elastic(name="steel", young=float("nan")), r"Young's modulus = nan Pa is not a number above 0.* Correct"),
    (lambda: Elastic(name="steel", young=210e9, expansion=12.0), r"expansion = 12 1/K is above 0.001.* Multiply it"),
    (lambda: Elastic(name="rubber", young=1e9, poisson=0.495),
     r"rubber: Poisson's ratio 0.495 is outside -1 to 0.495.* displacements lock. Use one below 0.495"),
    (lambda: Elastic(name="odd", young=1e9, poisson=-1.2), r"odd: Poisson's ratio -1.2 is outside -1 to 0.495"),
    (lambda: Elastic(name="odd", young=1e9, poisson=float("nan")), r"odd Poisson's ratio = nan 1 is not finite"),
    (lambda: Elastic(name="steel", young=210e9, density=-1.0), r"density = -1 kg/m3 lies outside its range"),
    (lambda: Elastic(name="steel", young=constant(210e3, "W/(m.K)")),
     r"steel Young's modulus is in W/\(m.K\), where Pa is needed\. .* Convert the table"),
    (lambda: strength([300.0, 800.0], [2e8, float("nan")]), r"a curve holds a number that is not finite.* Look for"),
    (lambda: strength([300.0, 800.0], [2e8, -1e6]), r"property falls to -1e\+06 Pa between 300 and 800 K.* Correct"),
    (lambda: orthotropic(poisson=(4.0, 0.4, 0.02)),
     r"orthotropic constants store an energy that is not positive .*1/Pa\). Every load takes work. Correct Poisson's"),
    (lambda: orthotropic(young=(-1e9, 1e9, 1e9)), r"Young modulus along x is -1e\+09 Pa. Stiffness is above 0"),
    (lambda: orthotropic(shear=(0.0, 1e9, 1e9)), r"shear of plane xy is 0 Pa\. Stiffness is above 0\. Correct"),
    (lambda: Ply(tension=(2e9, -4e7, 4e7), compression=(1e9,) * 3, shear=(7e7,) * 3),
     r"tension strength = -4e\+07 Pa lies outside its range"),
    (lambda: Yield(stress=2e8, isotropic=-1e9), r"isotropic = -1e\+09 Pa lies outside its range"),
])  # fmt: skip
def test_what_no_material_is_like_is_refused(act, text):
    with pytest.raises(ModelError, match=text):
        act()


def test_a_strength_that_is_not_stated_is_asked_for():
    with pytest.raises(ModelError, match=r"steel states no yield stress\. .* Give it to the material, with its source"):
        Elastic(name="steel", young=210e9).at("yield", 300.0)


def test_softer_matter_is_stated_as_a_property():
    soft = Elastic(name="rubber", young=constant(5e5, "Pa"), poisson=0.49)
    assert float(soft.young(300.0)) == 5e5


def test_orthotropic_compliance_is_symmetric_and_gives_the_constants_back():
    S = orthotropic().compliance()
    np.testing.assert_array_equal(S, S.T)
    np.testing.assert_allclose(1.0 / np.diag(S), [126e9, 11e9, 11e9, 3.9e9, 6.6e9, 6.6e9])
    np.testing.assert_allclose(-S[1, 0] / S[0, 0], 0.28)


def test_what_depends_on_temperature_is_listed_by_name():
    table = strength([300.0, 800.0], [2e8, 1e8])
    told = dict(Elastic(name="steel", young=210e9, yields=Yield(stress=table)).laws())
    assert told["yield stress"] is table
    assert set(told) == {"Young's modulus", "yield stress"}
