"""Laws that every structure at rest keeps, whatever grid it is cut by."""

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Fixed,
    Gauge,
    LoadCase,
    Part,
    Patch,
    Peak,
    Pressure,
    Quantity,
    SolveError,
    Structure,
    Traction,
    substitute,
)
from foretrial.solvers import Strength
from foretrial.solvers.elements import cut_all
from foretrial.solvers.loose import rigid
from foretrial.solvers.raster import raster
from foretrial.solvers.statics import at_rest
from foretrial.solvers.stress import recovered

STEEL = Elastic(name="steel", young=2e11, poisson=0.3)
TURN = np.eye(2)
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.7], [0.0, 0.7]]) @ TURN
ASKED = np.array([[80e6, 30e6, 0.0], [30e6, -20e6, 0.0], [0.0, 0.0, 0.0]])  # Pa, along the axes of the grid


def pulled(length=None):
    """A rectangle, or a block of it, pulled on every face by one and the same stress."""
    part = Part.extrude(CORNERS, length, name="sheet")
    ways = {"right": TURN[0], "left": -TURN[0], "top": TURN[1], "bottom": -TURN[1]}
    patches = [Patch(name=name, facing=(*way, 0.0)) for name, way in ways.items()]
    stress = ASKED.copy()
    if length is not None:
        patches += [Patch(name="front", facing=(0.0, 0.0, 1.0)), Patch(name="back", facing=(0.0, 0.0, -1.0))]
        ways |= {"front": np.array([0.0, 0.0]), "back": np.array([0.0, 0.0])}
        stress[2, 2] = 50e6
    loads = {}
    for name, way in ways.items():
        up = {"front": 1.0, "back": -1.0}.get(name, 0.0)
        loads[name] = Traction(value=tuple(stress @ np.array([*way, up])))
    part = Part(name="sheet", shape=part.shape, active=part.active, patches=tuple(patches))
    structure = Structure.simple(
        part=part, material=STEEL, case=LoadCase(loads=loads, free=True), plane="stress" if length is None else ""
    )
    return structure, stress


def answered(structure, **settings):
    kept = []
    Strength(**settings)(structure, keep=kept.append)
    return kept[0]


@pytest.mark.parametrize("seed", range(4))
def test_a_constant_stress_is_exact_in_a_section_whose_faces_the_grid_cuts(seed):
    structure, stress = pulled()
    answer = answered(structure, cells=9, shift=(*np.random.default_rng(seed).random(2), 0.0))
    own = answer.fields[0]
    places, on = answer.surface(0)
    inside = own.place[own.volume > 0.999]
    for found in (on, recovered(own, answer.rest, inside)):
        np.testing.assert_allclose(found[:, [0, 1, 5]] / 80e6, np.broadcast_to(
            stress[[0, 1, 0], [0, 1, 1]] / 80e6, (len(found), 3)), atol=1e-3)  # fmt: skip
    assert len(places) > 20


def test_a_constant_stress_is_exact_in_a_block_whose_faces_the_grid_cuts():
    structure, stress = pulled(0.5)
    answer = answered(structure, cells=5, shift=(0.3, 0.7, 0.4))
    own = answer.fields[0]
    found = recovered(own, answer.rest, own.place[own.volume > 0.999])
    wanted = stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(found / 80e6, np.broadcast_to(wanted / 80e6, found.shape), atol=1e-3)


def built(structure, **settings):
    grid = raster(structure, **settings)
    return at_rest(structure, structure.cases[0], grid, cut_all(structure, grid), tolerance=1e-10, linear="direct")


@pytest.mark.parametrize("length", [None, 0.5])
def test_rigid_motion_costs_no_energy_and_stiffness_is_symmetric(length):
    rest = built(pulled(length)[0], cells=4, shift=(0.21, 0.48, 0.63))
    K = rest.built.assembled()
    assert abs(K - K.T).max() < 1e-9 * abs(K).max()
    for mode in rigid(rest.grid):
        assert np.abs(K @ mode).max() < 1e-10 * abs(K).max() * np.abs(mode).max()
    bent = np.random.default_rng(0).standard_normal(K.shape[0])
    assert bent @ (K @ bent) > 0.0


@pytest.mark.parametrize("seed", range(3))
def test_work_of_one_load_on_what_another_moves_is_mutual(seed):
    rng = np.random.default_rng(seed)
    part = Part.extrude(CORNERS, name="sheet")
    part = Part(name="sheet", shape=part.shape, active=2, patches=(
        Patch(name="foot", facing=(*(-TURN[0]), 0.0)), Patch(name="tip", facing=(*TURN[0], 0.0)),
        Patch(name="top", facing=(*TURN[1], 0.0))))  # fmt: skip
    rests = []
    for _ in range(2):
        loads = {
            "tip": Traction(value=(*(1e6 * rng.standard_normal(2)), 0.0)),
            "top": Pressure(value=1e6 * rng.standard_normal()),
        }
        case = LoadCase(supports={"foot": Fixed()}, loads=loads)
        rests.append(built(Structure.simple(part=part, material=STEEL, case=case, plane="strain"), cells=6,
                           shift=(0.3, 0.6, 0.0)))  # fmt: skip
    there, back = float(rests[0].load @ rests[1].u), float(rests[1].load @ rests[0].u)
    assert there == pytest.approx(back, rel=1e-8)


def test_slopes_of_readings_leave_remainders_of_second_order():
    part = Part.sheet(1.0, 0.4)
    steel = Elastic(name="steel", young=2e11, poisson=Quantity(value=0.3, name="nu", std=0.01))
    pull = Quantity(value=1e6, unit="Pa", name="pull")
    case = LoadCase(supports={"left": Fixed()},
                    loads={"right": Traction(value=(pull, 5e5, 0.0))})  # fmt: skip
    structure = Structure.simple(part=part, material=steel, case=case, plane="strain")
    observe = (Gauge(name="end", place=(1.0, 0.2, 0.5), what="uy"), Peak(name="worst", what="von Mises"))
    solver = Strength(cells=6)
    run = solver.tangent(structure, free=("nu", "pull"), observe=observe)
    base = run.values[-1]
    left = []
    for step in (0.04, 0.02):
        moved = {"nu": 0.3 * (1.0 + step), "pull": 1e6 * (1.0 + step)}
        guess = base + run.tangents[0, -1] * 0.3 * step + run.tangents[1, -1] * 1e6 * step
        left.append(np.abs(solver(substitute(structure, moved), observe=observe).values[-1] - guess))
    first, second = np.array(left)
    assert (first < 0.02 * np.abs(base)).all()
    assert first[0] / second[0] == pytest.approx(4.0, rel=0.25)


def test_a_stress_is_asked_for_beside_a_body_and_refused_far_from_it():
    structure, _ = pulled()
    answer = answered(structure, cells=6)
    with pytest.raises(SolveError, match=r"has no stress at \(5\.0, 5\.0, 0\.5\) m: no cell of it is near"):
        recovered(answer.fields[0], answer.rest, np.array([[5.0, 5.0, 0.5]]))


def test_what_too_few_cells_hold_is_fitted_by_less():
    part = Part.sheet(1.0, 0.1)
    case = LoadCase(supports={"left": Fixed(y=None)}, loads={"right": Traction(value=(1e6, 0.0, 0.0))},
                    )  # fmt: skip
    held = LoadCase(supports={"left": Fixed(y=None), "bottom": Fixed(x=None)}, loads=case.loads)
    structure = Structure.simple(part=part, material=STEEL, case=held, plane="stress")
    answer = answered(structure, along=(20, 2, None))
    found = recovered(answer.fields[0], answer.rest, np.array([[0.5, 0.05, 0.5], [1.0, 0.1, 0.5]]))
    np.testing.assert_allclose(found[:, 0], 1e6, rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], 0.0, atol=10.0)
