"""Modes, buckling loads and swings: closed forms, laws, both ways of solving, and what is refused."""

import numpy as np
import pytest

from foretrial.cases.published.swings import BENDS, FV32, frequencies, membrane, strip
from foretrial.models import (
    BucklingFactor,
    Elastic,
    Fixed,
    Force,
    Frequency,
    Gauge,
    Interest,
    LoadCase,
    ModelError,
    Part,
    Pressure,
    Quantity,
    Rotation,
    Sliding,
    SolveError,
    Spring,
    Structure,
)
from foretrial.models.material import constant
from foretrial.solvers import Buckling, Harmonic, Modal, dissect, spectrum
from foretrial.twin.refine import refine

E, RHO, L, H = 200e9, 8000.0, 1.0, 0.02
STEEL = Elastic(name="steel", young=E, poisson=0.3, density=RHO)
ALONG = (60, 4, None)
FACTOR = (BucklingFactor(name="factor"),)
DOWN = {"far": Force(value=(-1.0, 0.0, 0.0))}


def block(case, size=(1.0, 0.5, 0.3), material=STEEL):
    return Structure.simple(part=Part.box(*size), material=material, case=case)


def modes(structure, count, **how):
    return Modal(**how)(structure, observe=frequencies(count)).values[0]


def test_a_slender_cantilever_swings_as_euler_and_bernoulli_say():
    found = 2.0 * np.pi * modes(strip({"near": Fixed()}), 3, along=ALONG)
    slender = np.sqrt(E * H**2 / (12.0 * RHO))
    np.testing.assert_allclose(L * np.sqrt(found / slender), BENDS, rtol=5e-3)


def test_frequencies_of_a_cut_membrane_come_from_above_and_near_the_published():
    off = [modes(membrane(), 6, along=(2 * n, n, None)) / FV32 - 1.0 for n in (10, 20, 40)]
    assert (np.array(off) > -1e-5).all()
    assert np.log2(off[0].max() / off[1].max()) > 1.7
    assert np.log2(off[1].max() / off[2].max()) > 1.7
    assert off[2].max() < 2e-3


def test_a_bar_held_along_one_end_rings_like_a_string():
    line = Elastic(name="line", young=E, poisson=0.0, density=RHO)
    supports = {"left": Fixed(y=None), "bottom": Sliding(), "top": Sliding()}
    bar = Structure.simple(part=Part.sheet(L, 0.1), material=line, plane="stress",
                           case=LoadCase(supports=supports))  # fmt: skip
    found = modes(bar, 3, along=(60, 2, None))
    np.testing.assert_allclose(found, np.sqrt(E / RHO) / (4.0 * L) * np.array([1, 3, 5]), rtol=1e-3)


def test_a_block_on_springs_bobs():
    case = LoadCase(supports={"bottom": Spring(normal=1e8), "left": Sliding(), "back": Sliding()})
    bobs = np.sqrt(1e8 / (RHO * 0.5)) / (2.0 * np.pi)
    np.testing.assert_allclose(modes(block(case), 1, cells=4)[0], bobs, rtol=2e-3)


def test_motions_of_a_free_body_are_named_and_left_out():
    history = Modal(cells=4)(block(LoadCase(free=True)), observe=frequencies(3))
    assert history.values[0, 0] > 1000.0
    assert "6 motions as a whole are left out: it can move along x, move along y" in history.notes[0]
    assert "turn about z" in history.notes[0]
    half = Modal(cells=4)(block(LoadCase(supports={"bottom": Sliding()})), observe=frequencies(1))
    assert "3 motions as a whole are left out: it can move along x, move along z, turn about y" in half.notes[0]
    assert half.values[0, 0] > 1000.0


def test_a_free_ring_is_free_along_its_axis_alone():
    ring = Structure.simple(part=Part.rod(2.2, 10.0, bore=1.8), material=STEEL, case=LoadCase(free=True))
    history = Modal(along=(2, 50, None))(ring, observe=frequencies(1))
    assert history.notes == ("load: 1 motions as a whole are left out: it can move along y",)
    np.testing.assert_allclose(history.values[0], 243.496, rtol=1e-3)


@pytest.mark.parametrize("case", [LoadCase(free=True), LoadCase(supports={"left": Fixed()})])
def test_gradients_round_a_cycle_find_what_a_factorisation_finds(case, monkeypatch):
    direct = modes(block(case), 5, cells=4, tolerance=1e-8)
    monkeypatch.setattr(spectrum, "FEW", 0)
    np.testing.assert_allclose(modes(block(case), 5, cells=4, tolerance=1e-5), direct, rtol=1e-8)


def test_both_ways_find_the_same_buckling_load(monkeypatch):
    strut = block(LoadCase(supports={"left": Fixed()}, loads={"right": Force(value=(-1.0, 0.0, 0.0))}), (1, 0.1, 0.1))
    solver = Buckling(along=(30, 4, 4))
    direct = solver(strut, observe=FACTOR).values[0, 0]
    np.testing.assert_allclose(direct, np.pi**2 * E * 0.1**4 / 12.0 / 4.0, rtol=0.015)
    monkeypatch.setattr(spectrum, "FEW", 0)
    np.testing.assert_allclose(Buckling(along=(30, 4, 4), tolerance=1e-4)(strut, observe=FACTOR).values[0, 0], direct,
                               rtol=1e-6)  # fmt: skip


def test_shapes_are_kept_and_have_the_mass_and_energy_that_they_should():
    kept = []
    history = Modal(along=ALONG, modes=4)(strip({"near": Fixed()}), observe=frequencies(2), keep=kept.append)
    assert [one.case.split(",")[0] for one in kept] == [f"load: mode {n}" for n in (1, 2, 3, 4)]
    for one in kept:
        np.testing.assert_allclose(np.abs(one.u).max(), 1.0)
        assert np.isfinite(one.fields[0].stress).all()
    tip = kept[0].motion(np.array([[L, H / 2, 0.0], [0.0, H / 2, 0.0]]))
    assert abs(tip[0, 1]) > 0.99
    np.testing.assert_allclose(tip[1], 0.0)
    assert history.balance.residual < 1e-7


def test_shapes_are_drawn_like_any_answer():
    from foretrial.solvers.picture import picture

    ring = Structure.simple(part=Part.rod(2.2, 10.0, bore=1.8), material=STEEL, case=LoadCase(free=True))
    for structure, along in ((membrane(), (16, 8, None)), (ring, (2, 50, None))):
        kept = []
        Modal(along=along, modes=2)(structure, keep=kept.append)
        drawn = picture(kept[1])
        assert drawn.case.startswith("load: mode 2, ")
        np.testing.assert_allclose(np.abs(drawn.displacement).max(), 1.0, rtol=0.05)
        assert np.isfinite(drawn.stress).all()


def test_refinement_bounds_what_the_grid_leaves_in_a_frequency():
    readings = frequencies(1)
    found = refine(Modal(along=(32, 16, None)), membrane(), observe=readings, interest=Interest.of(*readings),
                   ratios=(0.5, 0.75, 1.0))  # fmt: skip
    fine = modes(membrane(), 1, along=(80, 40, None))[0]
    coarse = modes(membrane(), 1, along=(32, 16, None))[0]
    assert "Hz" in found.words[0][0]
    assert 0.0 < coarse - fine < 3.0 * found.u_num
    assert Interest.of(*FACTOR).statistic == Interest.of(*readings).statistic == "min"


def test_shapes_of_different_modes_do_not_share_mass_or_stiffness():
    solver, structure = Modal(along=ALONG), strip({"near": Fixed()})
    from foretrial.solvers.elements import cut_all
    from foretrial.solvers.modes import laid

    grid = laid(solver, structure)
    rest, squared, x, *_ = solver.solved(structure, structure.cases[0], grid, cut_all(structure, grid), 4)
    way = spectrum.Open.of(rest)
    M, K = way.of_components(spectrum.mass(rest)), rest.held.assembled()[way.use][:, way.use]
    np.testing.assert_allclose(x[way.use].T @ (M @ x[way.use]), np.eye(4), atol=1e-7)
    np.testing.assert_allclose(x[way.use].T @ (K @ x[way.use]), np.diag(squared), atol=1e-6 * squared[-1])


@pytest.mark.parametrize(("structure", "weighs"), [
    (block(LoadCase()), RHO * 0.15), (membrane(), RHO * 30.0 * 0.05),
    (Structure.simple(part=Part.rod(0.2, 0.1, bore=0.1), material=STEEL, case=LoadCase()), RHO * np.pi * 0.003),
])  # fmt: skip
def test_mass_is_that_of_the_structure(structure, weighs):
    from foretrial.solvers.elements import cut_all
    from foretrial.solvers.modes import laid

    grid = laid(Modal(cells=4), structure)
    M = spectrum.mass(spectrum.posed(structure, structure.cases[0], grid, cut_all(structure, grid)))
    np.testing.assert_allclose(M.sum(), weighs, rtol=1e-9)
    assert abs(M - M.T).max() < 1e-12 * weighs


@pytest.mark.parametrize(("supports", "longer"), [
    ({"near": Fixed()}, 2.0), ({"near": Fixed(), "far": Fixed(x=None)}, 0.699156)])  # fmt: skip
def test_struts_buckle_as_euler_says(supports, longer):
    found = Buckling(along=ALONG)(strip(supports, DOWN), observe=FACTOR)
    answer = np.pi**2 * E * H**3 / 12.0 / longer**2
    np.testing.assert_allclose(found.values[0], answer, rtol=5e-3)
    assert "buckles at" in found.notes[0]


def test_a_load_twice_as_high_buckles_at_half_the_factor_and_the_least_case_governs():
    one = strip({"near": Fixed()}, DOWN)
    twice = LoadCase(name="twice", supports={"near": Fixed()}, loads={"far": Force(value=(-2.0, 0.0, 0.0))})
    both = Structure(name="both", bodies=one.bodies, cases=(*one.cases, twice), plane="stress",
                     combinations={"sum": {"load": 1.0, "twice": 1.5}})  # fmt: skip
    each = [
        Buckling(along=ALONG, case=name)(both, observe=FACTOR).values[0, 0] for name in ("load", "twice", "", "sum")
    ]
    np.testing.assert_allclose(np.array(each) / each[0], (1.0, 0.5, 0.5, 0.25), rtol=1e-6)


def test_frequencies_have_slopes_by_stiffness_and_density():
    stiff = constant(E, "Pa", name="stiffness", std=0.01)
    light = Quantity(value=RHO, unit="kg/m3", name="density", std=10.0)
    beam = strip({"near": Fixed()})
    named = Structure.simple(part=beam.bodies[0].part, case=beam.cases[0], plane="stress",
                             material=Elastic(name="beam", young=stiff, poisson=0.0, density=light))  # fmt: skip
    history = Modal(along=(30, 4, None))(named, observe=frequencies(2))
    found = Modal(along=(30, 4, None)).tangent(named, free=("stiffness", "density"), observe=frequencies(2))
    np.testing.assert_allclose(found.tangents[0, 0], 0.5 * history.values[0], rtol=1e-4)
    np.testing.assert_allclose(found.tangents[1, 0], -0.5 * history.values[0] / RHO, rtol=1e-4)
    with pytest.raises(SolveError, match=r"parameter 'densty' is not in structure .* Did you mean 'density'"):
        Modal(along=(30, 4, None)).tangent(named, free=("densty",), observe=frequencies(1))


def test_a_swing_is_static_when_slow_and_resonates_by_its_damping():
    beam = strip({"near": Fixed()}, {"far": Force(value=(0.0, 1.0, 0.0))})
    own = modes(beam, 1, along=ALONG)[0]
    observe = (Gauge(name="tip", place=(L, H / 2, 0.0), what="uy"), Gauge(name="root", place=(0.1, H, 0.0), what="xx"))
    found = Harmonic(frequencies=(0.0, 0.5 * own, own), damping=0.02, modes=6, along=ALONG)(beam, observe=observe)
    bends = E * H**3 / 12.0
    np.testing.assert_allclose(found.values[0], (L**3 / 3.0 / bends, 0.9 * H / 2 * E / bends), rtol=5e-3)
    np.testing.assert_allclose(found.values[2, 0] / found.values[0, 0], 25.0 * 0.9707, rtol=0.01)
    np.testing.assert_array_equal(found.t, (0.0, 0.5 * own, own))


def test_few_modes_and_many_swing_alike_for_what_is_added_at_rest():
    beam = strip({"near": Fixed()}, {"far": Force(value=(0.0, 1.0, 0.0))})
    own = modes(beam, 1, along=ALONG)[0]
    observe = (Gauge(name="root", place=(0.1, H, 0.0), what="xx"),)
    few, many = (Harmonic(frequencies=(0.5 * own, 2.0 * own), modes=n, along=ALONG)(beam, observe=observe).values
                 for n in (2, 12))  # fmt: skip
    np.testing.assert_allclose(few, many, rtol=2e-3)


def test_a_swing_grows_with_its_load_at_every_frequency():
    pull = Quantity(value=2.0, unit="N", name="pull")
    beam = strip({"near": Fixed()}, {"far": Force(value=(0.0, pull, 0.0))})
    solver = Harmonic(frequencies=(0.0, 3.0, 6.0), damping=0.02, modes=2, along=ALONG)
    found = solver.tangent(beam, free=("pull",), observe=(Gauge(name="tip", place=(L, H / 2, 0.0), what="uy"),))
    np.testing.assert_allclose(found.tangents[0], found.values / 2.0, rtol=1e-6)


def test_a_swing_is_that_of_the_equations_solved_at_each_frequency():
    from scipy.sparse.linalg import spsolve

    from foretrial.solvers.elements import cut_all
    from foretrial.solvers.modes import laid
    from foretrial.solvers.statics import at_rest

    beam, along = strip({"near": Fixed()}, {"far": Force(value=(0.0, 1.0, 0.0))}), (20, 2, None)
    grid = laid(Modal(along=along), beam)
    rest = at_rest(beam, beam.cases[0], grid, cut_all(beam, grid), tolerance=1e-8, linear="direct")
    way = spectrum.Open.of(rest)
    K, M = rest.held.assembled()[way.use][:, way.use], way.of_components(spectrum.mass(rest))
    tip = int(np.prod(grid.nodes)) + grid.nodes[1] * (grid.nodes[0] - 1) + 1
    found = Harmonic(frequencies=(5.0, 40.0), damping=1e-6, modes=8, along=along)(
        beam, observe=(Gauge(name="tip", place=(L, H / 2, 0.0), what="uy"),))  # fmt: skip
    for n, f in enumerate((5.0, 40.0)):
        u = way.whole(spsolve((K - (2.0 * np.pi * f) ** 2 * M).tocsc(), rest.load[way.use]))
        np.testing.assert_allclose(found.values[n, 0], abs(u[tip]), rtol=1e-4)


def test_an_order_by_halves_holds_every_node_once_and_solves():
    for nodes in ((1, 1, 1), (7, 30, 1), (9, 4, 13)):
        np.testing.assert_array_equal(np.sort(dissect.dissected(nodes)), np.arange(np.prod(nodes)))
    rest = spectrum.posed(s := membrane(), s.cases[0], *_laid(s))
    way = spectrum.Open.of(rest)
    K = rest.held.assembled()[way.use][:, way.use]
    x = np.random.default_rng(1).standard_normal(way.use.size)
    found = dissect.factorised(K, way.use, rest.grid.nodes)(K @ x)
    np.testing.assert_allclose(found, x, rtol=0, atol=1e-8)


def _laid(structure):
    from foretrial.solvers.elements import cut_all
    from foretrial.solvers.modes import laid

    grid = laid(Modal(cells=8), structure)
    return grid, cut_all(structure, grid)


def test_the_same_settings_have_the_same_digest_and_refine():
    solver = Modal(cells=4)
    assert solver.digest == Modal(cells=4.0).digest != solver.refined(2.0).digest
    beam = strip({"near": Fixed()})
    np.testing.assert_allclose(solver.width(beam) / solver.refined(2.0).width(beam), 2.0)
    assert solver.frozen(solver(beam, observe=frequencies(1))) is solver
    assert Buckling(cells=4).refined(2.0, space=False) == Buckling(cells=4)


def test_what_has_no_density_does_not_swing():
    with pytest.raises(SolveError, match=r"light has a density of 0 kg/m3, and 'box' is to swing"):
        modes(block(LoadCase(free=True), material=Elastic(name="light", young=E)), 1, cells=2)


def test_more_modes_than_unknowns_are_refused():
    case = LoadCase(supports={"left": Fixed()})
    with pytest.raises(SolveError, match=r"100 modes of 'structure' are asked for, and its grid has 52"):
        modes(block(case), 100, along=(2, 2, 2))


def test_a_free_body_has_no_buckling_load():
    loads = {"left": Pressure(value=1e6), "right": Pressure(value=1e6)}
    with pytest.raises(SolveError, match=r"load case 'load' is free: 0 supports hold it while it is stressed"):
        Buckling(cells=2)(block(LoadCase(loads=loads, free=True)), observe=FACTOR)
    with pytest.raises(SolveError, match="can still move along x"):
        Buckling(cells=2)(block(LoadCase(loads=loads)), observe=FACTOR)


def test_a_tie_does_not_buckle():
    with pytest.raises(SolveError, match=r"0 of 1 buckling modes came in: the loads press too little"):
        Buckling(along=(20, 2, None))(strip({"near": Fixed()}, {"far": Force(value=(1.0, 0.0, 0.0))}), observe=FACTOR)


def test_a_round_section_is_not_asked_for_buckling():
    ring = Structure.simple(part=Part.rod(0.2, 0.1, bore=0.1), material=STEEL, case=LoadCase(
        supports={"bottom": Sliding()}, rotation=Rotation(speed=1.0, axis=(0.0, 1.0, 0.0))))  # fmt: skip
    with pytest.raises(SolveError, match="is axisymmetric, and is asked for its buckling"):
        Buckling(cells=4)(ring, observe=FACTOR)


def test_readings_of_another_kind_and_unknown_cases_are_refused():
    beam = strip({"near": Fixed()}, DOWN)
    with pytest.raises(SolveError, match="is of the kind BucklingFactor, which modes of vibration do not read"):
        Modal(along=ALONG)(beam, observe=FACTOR)
    with pytest.raises(SolveError, match=r"has no load case or combination 'lod'\. Did you mean 'load'"):
        Modal(along=ALONG, case="lod")(beam)
    with pytest.raises(ModelError, match=r"'f' asks for mode 0\. Modes are counted from 1"):
        Frequency(name="f", mode=0)
    with pytest.raises(SolveError, match="modes = 0"):
        Modal(modes=0)


@pytest.mark.parametrize(("how", "text"), [
    ({"frequencies": (2.0, 1.0)}, "do not rise from 0 on"),
    ({"frequencies": (1.0, 2.0), "damping": 0.0}, "damping = 0 of critical is no share"),
])  # fmt: skip
def test_a_swing_states_rising_frequencies_and_damping(how, text):
    with pytest.raises(SolveError, match=text):
        Harmonic(**how)


def test_a_swing_refuses_what_is_not_linear_held_and_within_its_modes():
    beam, solver = strip({"near": Fixed()}, DOWN), Harmonic(frequencies=(1.0, 2.0), modes=2, along=(20, 2, None))
    place = (L, H / 2, 0.0)
    with pytest.raises(SolveError, match="reads von Mises, which does not swing with the load"):
        solver(beam, observe=(Gauge(name="s", place=place, what="von Mises"),))
    far = Harmonic(frequencies=(1.0, 2e4), modes=2, along=(20, 2, None))
    with pytest.raises(SolveError, match=r"the highest of 2 modes is at .* Hz, below the highest frequency, 20000 Hz"):
        far(beam, observe=(Gauge(name="u", place=place, what="ux"),))
    with pytest.raises(SolveError, match="load case 'load' is free, and is to swing at 1 Hz"):
        solver(Structure(name="f", bodies=beam.bodies, plane="stress", cases=(LoadCase(free=True),)))
    with pytest.raises(SolveError, match=r"moves a support by 0\.001 m while it swings"):
        solver(strip({"near": Fixed(x=1e-3)}))
