"""Axisymmetric structures: exact answers, laws of their matrices, and what is refused."""

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Fixed,
    Force,
    Gauge,
    LoadCase,
    Mapped,
    Member,
    Orthotropic,
    Part,
    Peak,
    Pressure,
    Profile,
    Reaction,
    Rotation,
    Sliding,
    SolveError,
    Spring,
    Structure,
    Traction,
)
from foretrial.models.curve import Curve
from foretrial.solvers import Strength
from foretrial.solvers.raster import raster
from foretrial.solvers.ring import Ring
from foretrial.solvers.trilinear import elasticity

E, NU, A, B, H = 2e11, 0.3, 0.1, 0.2, 0.05
STEEL = Elastic(name="steel", young=E, poisson=NU, density=7800.0, expansion=1.2e-5)
HELD = {"bottom": Sliding(), "top": Sliding()}


def structure(case, part=None, material=STEEL, **more):
    return Structure.simple(part=part or Part.rod(B, H, bore=A), material=material, case=case, **more)


def answer(case, *observe, part=None, material=STEEL, along=(8, 4, None)):
    return Strength(along=along)(structure(case, part, material), observe=observe).values[0]


def at(what, r, y=H / 2):
    return Gauge(name=f"{what} {r} {y}", place=(r, y, 0.0), what=what)


def lame(r, p=60e6, held=True):
    """Radial and hoop stress, Pa, and widening, m, of a thick cylinder with p Pa in its bore."""
    c, d = p * A**2 / (B**2 - A**2), p * A**2 * B**2 / (B**2 - A**2)
    radial, hoop = c - d / r**2, c + d / r**2
    along = NU * (radial + hoop) if held else 0.0
    return radial, hoop, r / E * (hoop - NU * (radial + along))


@pytest.mark.parametrize("held", [True, False])
def test_a_thick_cylinder_is_lames(held):
    supports = HELD if held else {"bottom": Sliding()}
    case = LoadCase(supports=supports, loads={"bore": Pressure(value=60e6)})
    found = answer(case, *(at(w, r) for r in (A, B) for w in ("zz", "ux")), at("xx", 0.15), along=(24, 12, None))
    for n, r in enumerate((A, B)):
        _, hoop, widened = lame(r, held=held)
        np.testing.assert_allclose(found[2 * n : 2 * n + 2], (hoop, widened), rtol=1e-3)
    np.testing.assert_allclose(found[-1], lame(0.15)[0], rtol=1e-2)


@pytest.mark.parametrize("nu", [0.0, 0.45, 0.49])
def test_a_ring_that_hardly_gives_way_in_volume_does_not_lock(nu):
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=60e6)})
    found = answer(case, at("ux", A), material=Elastic(name="rubbery", young=E, poisson=nu))
    c, d = 60e6 * A**2 / (B**2 - A**2), 60e6 * A**2 * B**2 / (B**2 - A**2)
    np.testing.assert_allclose(found, (1.0 + nu) / E * ((1.0 - 2.0 * nu) * c * A + d / A), rtol=5e-3)


def test_widening_is_of_second_order_in_the_cells():
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=60e6)})
    off = [abs(answer(case, at("ux", A), along=(n, 2, None))[0] / lame(A)[2] - 1.0) for n in (4, 8, 16)]
    slopes = np.log2(np.array(off[:-1]) / off[1:])
    assert (slopes > 1.9).all(), (off, slopes)


@pytest.mark.parametrize("bore", [0.0, 0.1])
def test_a_constant_stress_is_met_exactly(bore):
    part = Part.rod(B, H, bore=bore)
    loads = {"side": Pressure(value=-30e6), "top": Traction(value=(0.0, 50e6, 0.0))}
    if bore:
        loads["bore"] = Pressure(value=-30e6)
    found = answer(LoadCase(supports={"bottom": Sliding()}, loads=loads), at("ux", B), at("uy", 0.15, H), part=part,
                   along=(5, 3, None))  # fmt: skip
    widened, longer = B / E * (30e6 - NU * (30e6 + 50e6)), H / E * (50e6 - 2 * NU * 30e6)
    np.testing.assert_allclose(found, (widened, longer), rtol=1e-10)


def test_all_components_of_stress_are_given():
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=60e6)})
    names = ("xx", "yy", "zz", "xy", "yz", "zx")
    found = answer(case, *(at(what, 0.15) for what in names), along=(32, 8, None))
    radial, hoop, _ = lame(0.15)
    np.testing.assert_allclose(found, (radial, NU * (radial + hoop), hoop, 0.0, 0.0, 0.0), atol=2e5)


def test_moving_along_the_axis_costs_no_energy_and_all_else_does():
    grid = raster(structure(LoadCase()), cells=3)
    K, F = Ring(grid).full(elasticity(E, NU, plane="ring"))
    along = np.repeat([0.0, 1.0], 4)
    np.testing.assert_allclose(K @ along, 0.0, atol=1e-9 * np.abs(K).max())
    for one in K:
        assert np.allclose(one, one.T)
        value = np.linalg.eigvalsh(one)
        assert value[0] > -1e-9 * value[-1]
        assert value[1] > 1e-6 * value[-1]
    assert np.abs(along @ F[0]).max() < 1e-6 * np.abs(F[0]).max()


def test_a_free_ring_grows_without_stress():
    case = LoadCase(supports={"bottom": Sliding()}, temperature=393.15)
    found = answer(case, at("ux", B), at("uy", A, H), Peak(name="worst", what="von Mises"))
    np.testing.assert_allclose(found[:2], (1.2e-3 * B, 1.2e-3 * H), rtol=1e-9)
    assert found[2] < 1.0


def test_a_disk_hot_in_its_middle_is_timoshenkos():
    edge, middle = 293.15, 393.15  # falls straight along the radius
    line = Profile(curve=Curve.table([0.0, B], [middle, edge]), axis=0)
    case = LoadCase(supports={"bottom": Sliding()}, temperature=line)
    part = Part.rod(B, 0.002)
    found = answer(case, at("zz", B, 0.001), part=part, along=(40, 2, None))
    mean = 2.0 * 100.0 * (1.0 / 2.0 - 1.0 / 3.0)  # of what it is warmer than the edge, over the area
    np.testing.assert_allclose(found[0], E * 1.2e-5 * mean, rtol=5e-3)


@pytest.mark.parametrize("n", [24, 48])
def test_a_turning_disk_is_stressed_as_published(n):
    speed, part = 500.0, Part.rod(B, 0.004)
    case = LoadCase(supports={"bottom": Sliding()}, rotation=Rotation(speed=speed, axis=(0.0, 1.0, 0.0)))
    found = answer(case, at("xx", 0.0, 0.002), at("zz", B, 0.002), part=part, along=(n, 2, None))
    unit = 7800.0 * speed**2 * B**2
    np.testing.assert_allclose(found, (3.3 / 8 * unit, 0.7 / 4 * unit), rtol=0.24 / n)


def test_forces_are_those_of_the_whole_turn():
    loads = {"top": Force(value=(0.0, 1000.0, 0.0))}
    case = LoadCase(supports={"bottom": Sliding()}, loads=loads, gravity=(0.0, -9.81, 0.0))
    weight = 7800.0 * 9.81 * np.pi * (B**2 - A**2) * H
    found = answer(case, Reaction(name="r", patch="bottom", axis="y"))
    np.testing.assert_allclose(found, weight - 1000.0, rtol=1e-9)
    table = Mapped(value=np.array([[[[0.0, 0.0, 0.0]]], [[[0.0, 1e6, 0.0]]]]), x=np.array([0.0, 1.0]))
    case = LoadCase(supports={"bottom": Sliding()}, loads={"top": table})
    found = answer(case, Reaction(name="r", patch="bottom", axis="y"))
    np.testing.assert_allclose(found, -1e6 * 2.0 * np.pi * (B**3 - A**3) / 3.0, rtol=1e-9)


def test_a_ring_on_springs_sinks_by_its_load():
    loads = {"top": Pressure(value=1e5)}
    case = LoadCase(supports={"bottom": Spring(normal=1e9, tangential=0.0)}, loads=loads)
    found = answer(case, Peak(name="sunk", what="uy", patch="bottom", statistic="mean"))
    np.testing.assert_allclose(found, -1e-4, rtol=1e-6)


def test_an_orthotropic_ring_that_is_isotropic_is_the_same():
    G = E / (2.0 * (1.0 + NU))
    same = Elastic(name="same", orthotropic=Orthotropic(young=(E,) * 3, shear=(G,) * 3, poisson=(NU,) * 3))
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=60e6)})
    one, other = (answer(case, at("ux", A), at("zz", 0.15), material=m) for m in (STEEL, same))
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_a_shaft_in_a_ring_is_bonded():
    inner, outer = Part.rod(A, H, name="shaft"), Part.rod(B, H, bore=A, name="ring")
    case = LoadCase(supports=HELD, loads={"ring.side": Pressure(value=30e6)})
    both = Structure(name="fit", bodies=(Member(part=inner, material=STEEL), Member(part=outer, material=STEEL)),
                     cases=(case,))  # fmt: skip
    found = Strength(along=(8, 4, None))(both, observe=(at("ux", A),)).values[0]
    np.testing.assert_allclose(found, -A * 30e6 / E * (1.0 - NU - 2.0 * NU**2), rtol=1e-9)


def test_what_still_moves_along_the_axis_is_refused():
    with pytest.raises(SolveError, match="the part can still move along y"):
        answer(LoadCase(loads={"bore": Pressure(value=1e6)}), at("ux", A))


def test_a_rod_resolved_along_its_radius_alone_is_told_what_a_long_cylinder_is():
    with pytest.raises(SolveError, match=r"resolved along 1 axis, its radius. A long cylinder is a slice of it"):
        answer(LoadCase(supports={"side": Fixed(x=0.0)}), at("ux", A), part=Part.rod(B, bore=A))


def test_walls_across_cells_are_refused():
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=1e6)})
    with pytest.raises(SolveError, match=r"is axisymmetric, and its walls cut 8 cells of 0.0125 x 0.0125 m"):
        Strength(along=(8, 4, None), shift=(0.3, 0.0, 0.0))(structure(case), observe=(at("ux", A),))


@pytest.mark.parametrize(("case", "text"), [
    (LoadCase(supports=HELD, gravity=(9.81, 0.0, 0.0)), "a weight of 9.81 m/s2 across the axis"),
    (LoadCase(supports=HELD, rotation=Rotation(speed=10.0)), "a rotation about .* is not the same all round"),
    (LoadCase(supports=HELD, loads={"top": Traction(value=(0.0, 0.0, 1e6))}), "pulled by 1e\\+06 Pa along z"),
])  # fmt: skip
def test_what_is_not_the_same_all_round_is_refused(case, text):
    with pytest.raises(SolveError, match=text):
        answer(case, at("ux", A))


def test_a_thickness_of_a_ring_is_refused():
    case = LoadCase(supports=HELD, loads={"bore": Pressure(value=1e6)})
    with pytest.raises(SolveError, match=r"is axisymmetric and has a thickness of 0.5 m"):
        Strength(cells=4)(structure(case, thickness=0.5), observe=(at("ux", A),))
