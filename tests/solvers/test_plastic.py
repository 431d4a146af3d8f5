"""Structures that flow: below yield, round a path, held and let go."""

import numpy as np
import pytest

from foretrial.models import (
    SYMMETRY,
    Curve,
    Elastic,
    Fixed,
    Gauge,
    LoadCase,
    LoadPath,
    Member,
    ModelError,
    Part,
    Peak,
    Pressure,
    Profile,
    Property,
    Quantity,
    Reaction,
    SolveError,
    Structure,
    Traction,
    Yield,
)
from foretrial.solvers import Plastic, Strength
from foretrial.solvers.course import Course
from foretrial.solvers.elements import cut_all
from foretrial.solvers.laid import laid

E, NU, SY, GROWTH = 200e9, 0.3, 250e6, 12e-6
STEEL = Elastic(name="steel", young=E, poisson=NU, expansion=GROWTH, yields=Yield(stress=SY))


def over(curve, unit, name):
    scale = Quantity(value=1.0, name=name)
    return Property(curve=curve, unit=unit, scale=scale, source="stated", valid=(250.0, 1000.0))


SOFT = Elastic(
    name="soft steel", poisson=NU, expansion=GROWTH,
    young=over(Curve.table([250.0, 300.0, 800.0, 1000.0], [E, E, 0.5 * E, 0.4 * E]), "Pa", "Young's modulus"),
    yields=Yield(stress=over(Curve.table([250.0, 300.0, 800.0, 1000.0], [SY, SY, 0.3 * SY, 0.2 * SY]), "Pa", "yield")),
)  # fmt: skip


def bar(material, *, length=0.1, height=0.02):
    """A thin strip between two walls along x, free to grow across."""
    walls = LoadCase(name="walls", supports={"left": Fixed(y=None, z=None), "right": Fixed(y=None, z=None),
                                             "bottom": SYMMETRY})  # fmt: skip
    alone = LoadCase(name="alone", supports={"left": Fixed(y=None, z=None), "bottom": SYMMETRY})
    part = Part.sheet(length, height, name="bar")
    return Structure(name="bar", bodies=(Member(part=part, material=material),), cases=(walls, alone), plane="stress")


STRESS = Gauge(name="stress", place=(0.05, 0.01, 0.0), what="xx")
END = Peak(name="end", what="ux", statistic="mean", patch="right")
FLOWED = Gauge(name="flowed", place=(0.05, 0.01, 0.0), what="plastic strain")


def test_below_yield_the_answer_is_that_of_strength():
    part = Part.box(0.2, 0.05, 0.05)
    case = LoadCase(supports={"left": Fixed()}, loads={"right": Traction(value=(0.0, -1e6, 5e5))})
    block = Structure.simple(part=part, material=STEEL, case=case)
    seen = tuple(Gauge(name=what, place=(0.2, 0.05, 0.05), what=what) for what in ("ux", "uy", "uz"))
    held = Reaction(name="held", patch="left", axis="y")
    for linear in ("direct", "multigrid"):
        flowed = Plastic(cells=2, steps=1, linear=linear)(block, observe=(*seen, held)).values[-1]
        assert flowed == pytest.approx(Strength(cells=2)(block, observe=(*seen, held)).values[-1], rel=1e-6)


@pytest.mark.parametrize("plane", ["stress", "strain"])
def test_below_yield_cut_cells_answer_as_those_of_strength_do(plane):
    case = LoadCase(loads={"surface": Pressure(value=50e6)}, temperature=320.0, free=True)
    disc = Structure.simple(part=Part.disc(0.1), material=STEEL, case=case, plane=plane)
    seen = (Gauge(name="u", place=(0.1, 0.0, 0.0), what="ux"), Gauge(name="v", place=(0.07, 0.07, 0.0), what="u"))
    flowed = Plastic(along=(16, 16, None), steps=1)(disc, observe=seen).values[-1]
    assert flowed == pytest.approx(Strength(along=(16, 16, None))(disc, observe=seen).values[-1], rel=2e-3)


def test_a_ring_below_yield_answers_as_strength_does():
    tube = Part.rod(0.2, 0.05, bore=0.1)
    case = LoadCase(supports={"bottom": SYMMETRY}, loads={"bore": Pressure(value=20e6)}, temperature=330.0)
    ring = Structure.simple(part=tube, material=STEEL, case=case)
    seen = (Gauge(name="u", place=(0.2, 0.0, 0.0), what="ux"), Gauge(name="v", place=(0.1, 0.05, 0.0), what="uy"))
    flowed = Plastic(along=(8, 4, None), steps=1)(ring, observe=seen).values[-1]
    assert flowed == pytest.approx(Strength(along=(8, 4, None))(ring, observe=seen).values[-1], rel=1e-6)


def test_a_bar_heated_between_walls_keeps_the_stress_that_it_could_not_carry():
    rise = 150.0  # K, strains by 1.44 times what yields
    path = LoadPath(t=(0.0, 2.0), warm=(293.15, 293.15 + rise, 293.15), warm_at=(0.0, 1.0, 2.0), release="alone")
    history = Plastic(along=(4, 2, None), steps=4)(bar(STEEL), path=path, observe=(STRESS, END, FLOWED))
    flowed = GROWTH * rise - SY / E
    hot, cold, free = (history.values[np.searchsorted(history.t, t - 1e-9)] for t in (1.0, 2.0, 3.0))
    assert hot[0] == pytest.approx(-SY, rel=1e-6)
    assert cold[0] == pytest.approx(E * flowed, rel=1e-6)
    assert abs(free[0]) < 1e-6 * SY
    assert free[1] == pytest.approx(-0.1 * flowed, rel=1e-6)
    assert free[2] == pytest.approx(flowed, rel=1e-6)


def test_yield_and_stiffness_follow_temperature():
    path = LoadPath(t=(0.0, 2.0), warm=(300.0, 800.0, 300.0), warm_at=(0.0, 1.0, 2.0), stress_free=300.0)
    history = Plastic(along=(4, 2, None), steps=20)(bar(SOFT), path=path, observe=(STRESS, FLOWED))
    hot, cold = (history.values[np.searchsorted(history.t, t - 1e-9)] for t in (1.0, 2.0))
    assert hot[0] == pytest.approx(-0.3 * SY, rel=1e-6)
    assert hot[1] == pytest.approx(500.0 * GROWTH - 0.3 * SY / (0.5 * E), rel=1e-5)
    assert cold[0] == pytest.approx(SY, rel=1e-6)


def quenched(depth, fibres=400, steps=400):
    """Stress (Pa) at a depth of a strip, the same way along its length, by fibres that share one strain."""
    y = (np.arange(fibres) + 0.5) / fibres * 0.02
    T = np.stack([np.full(fibres, 800.0), 750.0 - 350.0 * (y / 0.01 - 1.0) ** 2, np.full(fibres, 300.0)])
    flowed = np.zeros(fibres)
    for t in np.linspace(0.0, 2.0, 2 * steps + 1)[1:]:
        k = min(int(t), 1)
        now = T[k] + (t - k) * (T[k + 1] - T[k])
        stiff = np.interp(now, [300.0, 800.0], [E, 0.5 * E])
        allowed = np.interp(now, [300.0, 800.0], [SY, 0.3 * SY])
        low, high = -0.02, 0.02
        for _ in range(80):
            whole = 0.5 * (low + high)
            tried = stiff * (whole - GROWTH * (now - 800.0) - flowed)
            stress = np.clip(tried, -allowed, allowed)
            low, high = (whole, high) if stress.sum() < 0.0 else (low, whole)
        flowed += (tried - stress) / stiff
    return np.interp(depth, y, stress)


def test_a_quenched_strip_is_left_as_fibres_say():
    hollow = Curve.table(np.linspace(0.0, 0.02, 401), 750.0 - 350.0 * (np.linspace(0.0, 0.02, 401) / 0.01 - 1.0) ** 2)
    part = Part.sheet(0.08, 0.02, name="strip")
    path = LoadPath(t=(0.0, 2.0), warm=(800.0, Profile(curve=hollow, axis=1), 300.0), warm_at=(0.0, 1.0, 2.0),
                    stress_free=800.0)  # fmt: skip
    free = LoadCase(name="free", free=True)
    strip = Structure(name="strip", bodies=(Member(part=part, material=SOFT),), cases=(free,),
                      plane="stress", path=path)  # fmt: skip
    kept = []
    history = Plastic(along=(20, 20, None), steps=30)(strip, keep=kept.append)
    own = kept[-1].answer.fields[0]
    middle = np.flatnonzero(np.abs(own.place[:, 0] - 0.042) < 1e-9)
    answer = quenched(own.place[middle, 1])
    assert np.abs(own.stress[middle, 0] - answer).max() < 0.05 * SY
    assert np.abs(own.stress[middle, 0] - answer).mean() < 0.02 * SY
    assert answer[0] < -0.2 * SY
    assert answer[10] > 0.2 * SY
    assert history.balance.residual < 1e-6


def test_a_solid_by_gradients_flows_as_one_that_is_factorised():
    part = Part.box(0.1, 0.1, 0.05)
    case = LoadCase(supports={"left": Fixed(), "back": SYMMETRY, "bottom": SYMMETRY},
                    loads={"top": Pressure(value=1e6)})  # fmt: skip
    block = Structure.simple(part=part, material=Elastic(name="m", young=E, poisson=NU, yields=Yield(
        stress=SY, isotropic=2e9)), case=case)  # fmt: skip
    path = LoadPath(t=(0.0, 1.0, 2.0), factors={"load": (0.0, 265.0, 0.0)})
    seen = (Gauge(name="u", place=(0.1, 0.1, 0.05), what="uy"), Peak(name="p", what="plastic strain"))
    pair = [Plastic(along=(6, 6, 3), steps=4, linear=linear, tolerance=1e-9)(block, path=path, observe=seen).values[-1]
            for linear in ("direct", "multigrid")]  # fmt: skip
    assert pair[0][1] > 1e-4
    assert pair[0] == pytest.approx(pair[1], rel=1e-5)


def test_a_proportional_path_ends_alike_in_few_and_many_steps():
    part = Part.sheet(0.1, 0.05, name="sheet")
    case = LoadCase(supports={"left": Fixed(y=None), "bottom": SYMMETRY}, loads={"right": Traction(value=(1.0, 0, 0))})
    sheet = Structure.simple(part=part, plane="stress", case=case, material=Elastic(
        name="m", young=E, poisson=NU, yields=Yield(stress=SY, isotropic=4e9, kinematic=2e9)))  # fmt: skip
    path = LoadPath(t=(0.0, 1.0), factors={"load": (0.0, 300e6)})
    ends = [Plastic(along=(4, 2, None), steps=n, tolerance=1e-11)(sheet, path=path, observe=(END, FLOWED)).values[-1]
            for n in (1, 16)]  # fmt: skip
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)
    assert ends[0][0] == pytest.approx(0.1 * (300e6 / E + 50e6 / 6e9), rel=1e-9)


def test_newton_meets_its_own_slope():
    part = Part.sheet(0.1, 0.1, name="sheet")
    case = LoadCase(supports={"left": Fixed()}, loads={"top": Pressure(value=1.0)})
    sheet = Structure.simple(part=part, material=STEEL, case=case, plane="strain")
    path = LoadPath(t=(0.0, 1.0), factors={"load": (0.0, 120e6)})
    grid = laid(Strength(along=(5, 5, None)), sheet)
    course = Course(structure=sheet, path=path, grid=grid, filled=cut_all(sheet, grid), tolerance=1e-9, linear="auto",
                    steps=4)  # fmt: skip
    moments = list(course)
    before, now = moments[-2], moments[-1]
    target = course._target(now.body, course.case("load"), now.t, now.warm)
    rng = np.random.default_rng(0)
    way = np.where(now.body.open, rng.standard_normal(now.body.open.size), 0.0) * 1e-6
    r = np.zeros(way.size)
    flows = now.body.flowing(before.state, now.state)
    assert flows.any()
    _, _, K, _ = now.body.asked(before.state, now.state.u, now.state.a, target, np.arange(len(flows)))
    product = np.zeros(way.size)
    for dofs, each in zip(now.body.points.dofs, K, strict=True):
        product[dofs] += each @ way[dofs]
    left = []
    for h in (1e-1, 1e-2):
        then, _, _, _ = now.body.asked(before.state, now.state.u + h * way, now.state.a, target)
        left.append(np.abs(then.pulled - now.state.pulled - h * product - r).max())
    assert left[1] < 0.03 * left[0]


def test_more_than_is_carried_is_told_and_so_is_what_is_carried():
    part = Part.sheet(0.1, 0.05, name="sheet")
    case = LoadCase(supports={"left": Fixed(y=None), "bottom": SYMMETRY}, loads={"right": Traction(value=(1.0, 0, 0))})
    sheet = Structure.simple(part=part, plane="stress", case=case, material=STEEL)
    path = LoadPath(t=(0.0, 1.0), factors={"load": (0.0, 300e6)})
    with pytest.raises(SolveError, match=r"no balance beyond t = 0\.8333.*Load it less"):
        Plastic(along=(4, 2, None), steps=10)(sheet, path=path)
    history = Plastic(along=(4, 2, None), steps=10).until_collapse(sheet, path=path, observe=(END,))
    assert history.t[-1] * 300e6 == pytest.approx(SY, rel=1e-3)
    assert not history.complete
    assert any("halved" in note for note in history.notes)


def test_strains_beyond_the_small_range_are_refused():
    part = Part.sheet(0.1, 0.05, name="sheet")
    case = LoadCase(supports={"left": Fixed(y=None), "bottom": SYMMETRY, "right": Fixed(x=0.01, y=None)})
    sheet = Structure.simple(part=part, plane="stress", case=case, material=STEEL)
    with pytest.raises(SolveError, match=r"a strain of .* leaves small displacements"):
        Plastic(along=(4, 2, None), steps=40)(sheet)


def test_steel_that_hardens_says_that_its_transformation_is_missing():
    hard = Elastic(name="C45", young=E, poisson=NU, yields=Yield(stress=SY), hardens=True)
    path = LoadPath(t=(0.0, 1.0))
    history = Plastic(along=(2, 2, None), steps=1)(bar(hard), path=path, observe=(STRESS,))
    assert any("transformation strain is missing" in note for note in history.notes)


def test_a_path_that_names_no_case_or_is_none_is_told():
    with pytest.raises(SolveError, match=r"names load case 'wals'.*Did you mean 'walls'"):
        Plastic(along=(2, 2, None))(bar(STEEL), path=LoadPath(t=(0.0, 1.0), hold="wals"))
    with pytest.raises(SolveError, match=r"2 load cases and no path"):
        Plastic(along=(2, 2, None))(bar(STEEL))
    with pytest.raises(ModelError, match=r"first 1 s, or they do not rise"):
        LoadPath(t=(1.0, 2.0))
    with pytest.raises(ModelError, match=r"1 factors at 2 times"):
        LoadPath(t=(0.0, 1.0), factors={"walls": (1.0,)})
    with pytest.raises(ModelError, match=r"2 temperatures and 0 times"):
        LoadPath(t=(0.0, 1.0), warm=(300.0, 400.0))


def test_slopes_by_yield_and_stiffness_are_those_of_the_closed_form():
    yields = Yield(stress=SY, isotropic=Quantity(value=4e9, unit="Pa", std=1e8, name="hardening"))
    part = Part.sheet(0.1, 0.05, name="sheet")
    case = LoadCase(supports={"left": Fixed(y=None), "bottom": SYMMETRY}, loads={"right": Traction(value=(3e8, 0, 0))})
    sheet = Structure.simple(part=part, plane="stress", case=case, material=Elastic(
        name="m", young=E, poisson=NU, yields=yields))  # fmt: skip
    slopes = Plastic(along=(2, 2, None), steps=4).tangent(sheet, free=("hardening",), observe=(END,)).tangents
    assert slopes[0, -1, 0] == pytest.approx(-0.1 * (3e8 - SY) / 4e9**2, rel=1e-4)
