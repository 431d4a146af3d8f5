"""Graded cells: thin at a plane, growing away from it, refined on one smooth curve."""

import math

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Body, Contact, Exchange, Held, Material, Part, Probe, Process, SolveError, Stage
from foretrial.models.process import INSULATED, quench
from foretrial.solvers import Grading, Heat
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import prepared
from foretrial.solvers.spacing import graded_edges

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0, 3.0])
def test_edges_of_a_finer_grid_lie_on_the_same_curve(ratio):
    gradings = (Grading(axis=0, at=0.0, first=0.01, growth=1.2), Grading(axis=0, at=1.0, first=0.02, growth=1.3))
    edges = graded_edges(0.0, 1.0, 0.15, ratio, gradings)
    assert edges[0] == 0.0
    assert edges[-1] == 1.0
    widths = np.diff(edges)
    assert (widths > 0.0).all()
    assert widths.max() <= 0.15 / min(ratio, 1.0) * 1.3
    if ratio == 1.0:
        assert widths[0] == pytest.approx(0.01, rel=0.08)
        assert widths[-1] == pytest.approx(0.02, rel=0.08)
        growth = widths[1:] / widths[:-1]
        assert growth[:6] == pytest.approx(1.2, rel=0.03)
        assert growth[-4:] == pytest.approx(1 / 1.3, rel=0.03)
        fine = graded_edges(0.0, 1.0, 0.15, 2.0, gradings)
        np.testing.assert_allclose(fine[::2], edges, atol=1e-12)


def test_a_plane_inside_is_thin_on_both_sides():
    edges = graded_edges(0.0, 1.0, 0.2, 1.0, (Grading(axis=0, at=0.4, first=0.01, growth=1.25),))
    near = np.flatnonzero(np.isclose(edges, 0.4))
    assert near.size == 1
    widths = np.diff(edges)
    assert widths[near[0] - 1] == pytest.approx(0.01, rel=0.1)
    assert widths[near[0]] == pytest.approx(0.01, rel=0.1)
    assert 0.1 < widths.max() <= 0.2


def skin(solver):
    """Half a second of heat into one side: T = 300 + 2 q sqrt(t/pi) at the wall, unit material."""
    part = Part.slab(4.0)
    process = Process.simple(part=part, material=UNIT, start=300.0, until=0.1,
                             walls={"left": Exchange(flux=100.0), "right": INSULATED})  # fmt: skip
    seen = (Probe(name="wall", place=(0.0, 0, 0)), Probe(name="in", place=(0.2, 0, 0)))
    history = solver(process, observe=seen)
    x, t = 0.2, 0.1
    wall = 200.0 * math.sqrt(t / math.pi)
    deep = 200.0 * math.sqrt(t / math.pi) * math.exp(-(x**2) / (4 * t)) - 100.0 * x * math.erfc(x / (2 * math.sqrt(t)))
    return history, np.abs(history.values[-1] - 300.0 - [wall, deep])


def test_errors_fall_with_the_square_on_a_graded_grid_and_are_small_with_few_cells():
    near = Grading(axis=0, at=0.0, first=0.05, growth=1.3)
    base = Heat(cells=8, grading=(near,), tolerance=1e-3)
    runs = [skin(base.refined(ratio, time=False)) for ratio in (1.0, 2.0, 4.0)]
    misses = np.array([miss for _, miss in runs])
    assert np.log2(misses[0] / misses[2])[1] / 2 > 1.8
    assert np.log2(misses[0] / misses[2])[0] / 2 > 1.6
    history, graded = runs[0]
    even, plain = skin(Heat(cells=history.cells, tolerance=1e-3))
    assert even.cells == history.cells
    assert plain.max() > 3.0 * graded.max()


def test_a_thin_coating_on_a_thick_plate_needs_few_cells():
    steel = Material.simple("steel", density=7800.0, conductivity=40.0, heat_capacity=500.0)
    ceramic = Material.simple("ceramic", density=5600.0, conductivity=1.2, heat_capacity=480.0)
    plate, coat = Part.slab(0.02, name="plate"), Part.slab(1e-4, name="coat").moved(x=0.02)
    bodies = (Body(part=plate, material=steel, start=300.0), Body(part=coat, material=ceramic, start=300.0))
    walls = {"left": Held(temperature=300.0), "right": Exchange(gas=1500.0, film=2000.0)}
    process = Process(name="barrier", bodies=bodies, contacts=(Contact(first="plate", second="coat"),),
                      stages=(Stage(name="hot", walls=walls, until=400.0),))  # fmt: skip
    solver = Heat(cells=8, grading=(Grading(axis=0, at=0.02, first=2e-5, growth=1.5),))
    seen = (
        Probe(name="coat", place=(0.0201, 0, 0), body="coat"),
        Probe(name="under", place=(0.02, 0, 0), body="plate"),
    )
    history = solver(process, observe=seen)
    flux = 1200.0 / (1 / 2000.0 + 1e-4 / 1.2 + 0.02 / 40.0)
    assert history.values[-1] == pytest.approx([1500.0 - flux / 2000.0, 300.0 + flux * 0.02 / 40.0], abs=0.5)
    assert history.cells < 40
    assert prepared(process, cells=8, ratio=1.0, along=(None, None, None)).cut.cells > 1500


def test_refinement_shows_order_two_on_a_graded_grid():
    part = Part.slab(0.1)
    iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    process = Process.simple(part=part, material=iron, start=300.0, until=20.0,
                             walls={"left": Exchange(gas=1000.0, film=3000.0), "right": INSULATED})  # fmt: skip
    solver = Heat(cells=6, grading=(Grading(axis=0, at=0.0, first=0.003, growth=1.25),), tolerance=0.02)
    found = twin.refine(solver, process, observe=(Probe(name="wall", place=(0.0, 0, 0)),), ratios=(1.0, 2.0, 4.0))
    assert found.asymptotic
    assert found.order == pytest.approx(2.0, abs=0.3)
    assert found.u_num < 2.0


def test_multigrid_solves_a_box_graded_along_two_axes_as_the_factorisation_does():
    iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    block = quench(Part.box(0.06, 0.04, 0.02), iron, start=1100.0, bath=300.0, film=2000.0, until=10.0)
    grading = (Grading(axis=0, at=0.0, first=2e-3, growth=1.4), Grading(axis=2, at=0.02, first=1e-3, growth=1.4))
    seen = (Probe(name="corner", place=(0.0, 0.0, 0.02)), Probe(name="core", place=(0.03, 0.02, 0.01)))
    runs = [Heat(cells=4, grading=grading, linear=kind, tolerance=1.0)(block, observe=seen).values[-1]
            for kind in ("direct", "multigrid")]  # fmt: skip
    np.testing.assert_allclose(runs[0], runs[1], atol=0.01)


def test_a_bar_is_graded_along_its_axis_and_past_its_hole_and_nowhere_across():
    iron = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
    bar = Part.cylinder(0.005, 0.05, name="bar")
    bath = quench(bar, iron, start=1100.0, bath=300.0, film=2000.0, until=2.0)
    fine = cut(bath, cells=8, ratio=1.0, along=(None, None, None), grading=(Grading(axis=2, at=0.05, first=2e-4),))
    widths = np.diff(fine.grid.z)
    assert widths[-1] == pytest.approx(2e-4, rel=0.15)
    assert widths[0] == pytest.approx(0.01 / 8, rel=0.1)
    assert np.ptp(np.diff(fine.grid.x)) < 1e-9
    assert Heat(cells=8, grading=(Grading(axis=2, at=0.05, first=2e-4),))(bath).balance.residual < 1e-8
    holed = Part.box(0.05, 0.01, 0.01, name="plate") - Part.cylinder(0.003, 0.01).moved(x=0.01, y=0.005)
    plate = quench(holed, iron, start=1100.0, bath=300.0, film=2000.0, until=2.0)
    far = cut(plate, cells=10, ratio=1.0, along=(None, None, None), grading=(Grading(axis=0, at=0.05, first=2e-4),))
    x = far.grid.x
    round_ = np.diff(x[(x > 0.00699) & (x < 0.01301)])
    assert np.ptp(round_) < 1e-9
    assert np.diff(x)[-1] == pytest.approx(2e-4, rel=0.15)
    with pytest.raises(
        SolveError, match=r"graded across x at 0\.01 m are .* m wide where walls are curved, from 0\.007"
    ):
        cut(plate, cells=10, ratio=1.0, along=(None, None, None), grading=(Grading(axis=0, at=0.01, first=2e-4),))


def test_gradings_that_are_none_are_refused():
    with pytest.raises(SolveError, match=r"grow by 1 from one to the next .* Try growth=1\.2\."):
        Grading(axis=0, at=0.0, first=0.1, growth=1.0)
    with pytest.raises(SolveError, match=r"across axis 3 at 0\.0 m begins with cells of 0\.1 m\. .* Correct it\."):
        Grading(axis=3, at=0.0, first=0.1)
    with pytest.raises(SolveError, match=r"across axis 1, but only 1 axes are resolved \(0 to 0\)\. .* leave it out"):
        skin(Heat(grading=(Grading(axis=1, at=0.0, first=0.1),)))
    with pytest.raises(SolveError, match=r"cells between 0 and 4 m are more than 100000\. .* in metres"):
        skin(Heat(cells=10**6, grading=(Grading(axis=0, at=0.0, first=1e-9, growth=1.0001),)))
    assert Heat().digest != Heat(grading=(Grading(axis=0, at=0.0, first=0.1),)).digest
