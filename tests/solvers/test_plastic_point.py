"""The law of metal that flows, at one point."""

import numpy as np
import pytest

from foretrial.models import Curve, Elastic, ModelError, Orthotropic, SolveError, Yield
from foretrial.solvers.driven import driven
from foretrial.solvers.kernels.plastic import point
from foretrial.solvers.stress import von_mises

E, NU, SY = 200e9, 0.3, 250e6
SHEAR, BULK = E / (2.0 * (1.0 + NU)), E / (3.0 * (1.0 - 2.0 * NU))
HARD = Yield(stress=SY, isotropic=2e9, kinematic=3e9, curve=Curve.table([0.0, 0.001, 0.01], [1.0, 1.2, 1.4]))
TABLE = np.array([[0.0, 1.0], [0.001, 1.2], [0.01, 1.4]])


def steel(yields):
    return Elastic(name="steel", young=E, poisson=NU, yields=yields)


def returned(strain, *, thin=False, law=(SHEAR, BULK, SY, 2e9, 3e9), before=None, length=0.0):
    stress, plastic, tangent = np.zeros(6), np.zeros(6), np.zeros((6, 6))
    before = np.zeros(6) if before is None else before
    p = point(np.array(strain), before, length, np.array(law), TABLE, 0, 3, thin, stress, plastic, tangent)
    return stress, plastic, p, tangent


def pulled(material, ends, steps=200):
    """Stress and strain along x of a bar that is free across and is stretched to each of the ends in turn."""
    tab = np.array([[0.0, 1.0]])
    yields = material.yields
    law = np.array([SHEAR, BULK, SY, yields.isotropic.value, yields.kinematic.value])
    out, new, C, ep, p, seen = np.zeros(6), np.zeros(6), np.zeros((6, 6)), np.zeros(6), 0.0, []
    course = np.concatenate([np.linspace(a, b, steps + 1)[1:] for a, b in zip([0.0, *ends[:-1]], ends, strict=True)])
    e = np.zeros(6)
    for one in course:
        e[0] = one
        for _ in range(50):
            e[1:3] -= np.linalg.solve(C[1:3, 1:3], out[1:3]) if C[0, 0] else 0.0
            after = point(e.copy(), ep, p, law, tab, 0, 1, False, out, new, C)
            if np.abs(out[1:3]).max() < 1e-9 * SY:
                break
        ep, p = new.copy(), after
        seen.append(out[0])
    return course, np.array(seen)


@pytest.mark.parametrize("thin", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_tangent_is_the_slope_of_the_returned_stress(seed, thin):
    rng = np.random.default_rng(seed)
    strain, way = 4e-3 * rng.standard_normal(6), rng.standard_normal(6)
    if thin:
        strain[[2, 3, 4]] = way[[2, 3, 4]] = 0.0
    before = 1e-3 * rng.standard_normal(6)
    before[2] = -before[0] - before[1]
    stress, _, p, tangent = returned(strain, thin=thin, before=before, length=5e-4)
    assert p > 5e-4
    left = []
    for h in (1e-5, 1e-6):
        then, _, _, _ = returned(strain + h * way, thin=thin, before=before, length=5e-4)
        left.append(np.abs(then - stress - h * tangent @ way).max())
    assert left[1] < 0.02 * left[0]


def test_the_tangent_is_symmetric_and_takes_work():
    _, _, _, tangent = returned([6e-3, -1e-3, 0.0, 2e-3, 0.0, 4e-3])
    assert np.abs(tangent - tangent.T).max() < 1e-12 * np.abs(tangent).max()
    assert np.linalg.eigvalsh(tangent).min() > 0.0


def test_the_returned_stress_lies_on_the_yield_surface():
    stress, plastic, p, _ = returned([8e-3, -2e-3, 1e-3, 3e-3, -1e-3, 4e-3])
    back = 2.0 / 3.0 * 3e9 * plastic * np.array([1, 1, 1, 0.5, 0.5, 0.5])
    allowed = SY * np.interp(p, *TABLE.T) + 2e9 * p
    assert von_mises((stress - back)[None])[0] == pytest.approx(allowed, rel=1e-12)
    assert abs(plastic[:3].sum()) < 1e-15


def test_plastic_work_is_never_negative():
    rng = np.random.default_rng(1)
    course = np.cumsum(1e-3 * rng.standard_normal((400, 6)), axis=0)
    stress, plastic, length = driven(steel(Yield(stress=SY, isotropic=1e9)), course)
    step = np.diff(plastic, axis=0, prepend=0.0)
    assert ((stress * step).sum(axis=1) >= 0.0).all()
    assert (np.diff(length) >= 0.0).all()
    assert length[-1] > 0.01


def test_what_is_strained_in_proportion_does_not_depend_on_the_steps():
    way = np.array([5e-3, -2e-3, -3e-3, 2e-3, 1e-3, -2e-3])
    material = steel(HARD)
    once = driven(material, way[None])[0][-1]
    often = driven(material, np.linspace(0.0, 1.0, 301)[1:, None] * way)[0][-1]
    assert once == pytest.approx(often, rel=1e-10)


def test_a_bar_hardens_as_its_curve_says():
    material = steel(Yield(stress=SY, isotropic=5e9))
    _, stress = pulled(material, [0.01])
    slope = E * 5e9 / (E + 5e9)
    assert stress[-1] == pytest.approx(SY + slope * (0.01 - SY / E), rel=1e-9)


def test_kinematic_hardening_shows_bauschingers_effect_and_isotropic_hardening_does_not():
    ends = [0.01, 0.0]
    turned = []
    for yields in (Yield(stress=SY, kinematic=8e9), Yield(stress=SY, isotropic=8e9)):
        strain, stress = pulled(steel(yields), ends, steps=2000)
        top, down = stress[1999], stress[2000:]
        elastic = top + E * (strain[2000:] - 0.01)
        turned.append((top, down[np.flatnonzero(np.abs(elastic - down) > 1e-4 * SY)[0]]))
    (top, kinematic), (same, isotropic) = turned
    assert top == pytest.approx(same, rel=1e-9)
    assert kinematic == pytest.approx(top - 2.0 * SY, abs=0.02 * SY)
    assert isotropic == pytest.approx(-top, abs=0.02 * SY)


def test_what_states_no_yield_or_has_a_grain_does_not_flow():
    with pytest.raises(SolveError, match=r"glass has no yield stress\. What flows .* Give Elastic\(yields"):
        driven(Elastic(name="glass", young=70e9), np.zeros((1, 6)))
    grain = Orthotropic(young=(9e9, 9e9, 9e9), shear=(3e9, 3e9, 3e9), poisson=(0.3, 0.3, 0.3))
    with pytest.raises(SolveError, match="a stiffness that differs along its axes"):
        driven(Elastic(name="wood", orthotropic=grain, yields=Yield(stress=40e6)), np.zeros((1, 6)))
    with pytest.raises(ModelError, match=r"shape \(2, 3\).*6 components"):
        driven(steel(HARD), np.zeros((2, 3)))


def test_a_hardening_curve_begins_at_one_and_never_falls():
    with pytest.raises(ModelError, match=r"starts with 250.*factor on first yield.*Divide it"):
        Yield(stress=SY, curve=Curve.table([0.0, 0.1], [250.0, 300.0]))
    with pytest.raises(ModelError, match="never falls"):
        Yield(stress=SY, curve=Curve.table([0.0, 0.1], [1.0, 0.9]))
