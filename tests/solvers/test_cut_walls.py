"""Curved walls cut out of a grid: areas close, the matrix is positive at every offset, round bodies cool as they do."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from foretrial.cases.published.series import cooling
from foretrial.models import Body, Exchange, Extreme, Held, Material, Part, Probe, Process, SolveError, Stage
from foretrial.models.shape import Shape
from foretrial.solvers import Heat
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import Discrete, geometry
from foretrial.solvers.linear import Direct, Multigrid
from foretrial.solvers.march import advance
from foretrial.solvers.mended import open_ends

UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
NO = (None, None, None)


def quenched(part, film=1.0, until=1.0):
    wall = Held(temperature=300.0) if film is None else Exchange(gas=300.0, film=film)
    walls = {"surface": wall} | {patch.name: wall for patch in part.patches}
    return Process.simple(part=part, material=UNIT, start=400.0, walls=walls, until=until)


def made(part, cells, shift=(0.0, 0.0, 0.0), film=1.0):
    process = quenched(part, film)
    found = cut(process, cells=cells, ratio=1.0, along=NO, shift=shift)
    return process, found, found.blocks[0]


@pytest.mark.parametrize(("part", "volume", "area"), [
    (Part.sphere(1.0), 4 / 3 * np.pi, 4 * np.pi),
    (Part.disc(1.0), np.pi, 2 * np.pi),
], ids=["ball", "disc"])  # fmt: skip
def test_volume_and_wall_area_are_met_to_second_order(part, volume, area):
    for cells, share in ((16, 6e-3), (32, 1.5e-3)):
        _, found, block = made(part, cells, (0.3, 0.7, 0.1))
        assert (found.grid.volumes() * block.fraction).sum() == pytest.approx(volume, rel=share)
        assert block.walls.area.sum() == pytest.approx(area, rel=share)
        assert np.linalg.norm(block.walls.normal, axis=1) == pytest.approx(1.0)


def test_the_walls_of_a_closed_body_add_up_to_nothing():
    rng = np.random.default_rng(2)
    for part in (Part.sphere(1.0), Part.disc(1.0)):
        for _ in range(5):
            _, _, block = made(part, 12, tuple(rng.random(3)))
            turned = (block.walls.area[:, None] * block.walls.normal).sum(axis=0)
            assert np.abs(turned).max() < 2e-3 * block.walls.area.sum()


def test_paths_and_walls_close_around_every_unknown_of_a_section():
    rng = np.random.default_rng(3)
    for _ in range(5):
        _, found, block = made(Part.disc(1.0), 17, tuple(rng.random(3)))
        width = found.grid.widths(0)[0]
        left = open_ends(block.walls, found.grid, block.apertures, block.links, block.shape)
        left = np.abs(left[block.solid.ravel()]).max(axis=1)
        assert (left > 1e-9 * width).mean() < 0.05  # where three neighbours meet in a point, a sliver is left
        assert left.max() < 0.3 * width
        assert block.fraction[block.solid].min() > 0.3


@pytest.mark.parametrize("cell_biot", [0.01, 1.0, 1000.0, None])
def test_the_matrix_is_positive_at_every_offset(cell_biot):
    """Symmetric, nothing above zero beside the diagonal, and every row's sum above zero."""
    rng = np.random.default_rng(4)
    for part, cells in ((Part.sphere(1.0), 8), (Part.disc(1.0), 12), (Part.cylinder(1.0, 2.0), 8)):
        for _ in range(6):
            film = None if cell_biot is None else cell_biot * cells / 2.0
            process, found, block = made(part, cells, tuple(rng.random(3)), film)
            model = Discrete(process, geometry(process, found))
            assert block.walls.gap.min() > 0.0
            A = model.system(model.flow(model.start(), 0.0), 1e3).assembled()
            assert abs(A - A.T).max() <= 1e-12 * abs(A).max()
            diagonal = A.diagonal()
            assert diagonal.min() > 0.0
            A.setdiag(0.0)
            assert A.max() <= 0.0
            assert (diagonal + np.asarray(A.sum(axis=1)).ravel()).min() > 0.0


def cooled(part, shape, cells, film, shift):
    """Worst cell and worst wall, shares of the starting difference, after 0.3 s in even steps."""
    process, found, _ = made(part, cells, shift, film)
    model = Discrete(process, geometry(process, found))
    linear, T = Direct(1e-9), model.start()
    flow, times = model.flow(T, 0.0), 0.3 * np.linspace(0.0, 1.0, 41) ** 2
    for a, b in pairwise(times):
        step = advance(model, linear, T, flow, float(a), float(b - a), 1e-5)
        T, flow = step.T, step.flow
    [local] = model.shape.locals
    places = np.meshgrid(*[c if c.size > 1 else c * 0.0 for c in local.centres], indexing="ij")
    r = np.sqrt(sum(x**2 for x in places))[local.solid]
    line = np.linspace(0.0, 1.0, 101)
    exact = np.array([cooling(shape, film or 1e9, x, [0.3])[0] for x in line])
    inside = np.abs((T - 300.0) / 100.0 - np.interp(r, line, exact)).max()
    return inside, np.abs((local.wall - 300.0) / 100.0 - exact[-1]).max() if film else inside


@pytest.mark.parametrize("film", [1.0, 10.0, None])
def test_a_disc_is_met_to_second_order_at_every_cell_and_wall(film):
    rng = np.random.default_rng(5)
    worst = [np.max([cooled(Part.disc(1.0), "cylinder", cells, film, tuple(rng.random(3))) for _ in range(3)], axis=0)
             for cells in (16, 64)]  # fmt: skip
    assert (np.log2(worst[0] / worst[1]) / 2.0 > 1.8).all()


def test_a_ball_is_met_to_second_order():
    worst = [np.array(cooled(Part.sphere(1.0), "sphere", cells, 10.0, (0.2, 0.6, 0.9))) for cells in (8, 16)]
    assert (np.log2(worst[0] / worst[1]) > 1.4).all()
    assert worst[1].max() < 2e-3


def test_moving_the_grid_changes_a_quench_by_less_than_its_error():
    """Twenty grids against what one refinement says of the error: order 2, safety factor 1.25."""
    places = ((0.0, 0.0), (0.5, 0.1), (0.6, 0.8))
    watched = (*(Probe(name=str(at), place=(*at, 0.0)) for at in places), Extreme(name="hot"), Extreme(name="cold",
               statistic="min"), Extreme(name="mean", statistic="mean"))  # fmt: skip
    for film in (5.0, None):
        process = quenched(Part.disc(1.0), film, 0.3)
        solver = Heat(cells=16)
        solver = solver.frozen(solver(process, observe=watched))
        rng = np.random.default_rng(6)
        seen = np.array([replace(solver, shift=tuple(rng.random(3)))(process, observe=watched).values[-1]
                         for _ in range(20)])  # fmt: skip
        fine = solver.refined(2.0, time=False)(process, observe=watched).values[-1]
        error = 1.25 * np.abs(fine - seen.mean(axis=0)) / 3.0
        scatter = seen.std(axis=0)
        inside = [0, 1, 3, 5]
        assert (scatter[inside] < error[inside]).all()
        assert scatter.max() < 8e-4 * 100.0  # a wall's own error is mostly of the cut: no pair of grids tells of it


def test_a_grid_is_moved_by_less_than_a_cell():
    with pytest.raises(SolveError, match=r"shift = \(0\.0, 1\.5, 0\.0\) cells moves .* Give three numbers from 0"):
        Heat(shift=(0.0, 1.5, 0.0))


def test_many_linked_cells_are_solved_as_by_factorisation():
    process, found, _ = made(Part.sphere(1.0), 12, (0.1, 0.2, 0.3), 50.0)
    model = Discrete(process, geometry(process, found))
    system = model.system(model.flow(model.start(), 0.0), 0.1)
    b = np.random.default_rng(7).normal(size=model.shape.volume.size)
    linked = Multigrid(model.shape.pattern)
    np.testing.assert_allclose(linked.solve(system, b), Direct().solve(system, b), rtol=0, atol=1e-7)
    assert linked.iterations <= 14


def test_heat_is_kept_in_a_tree_of_shapes():
    holed = Part.box(0.1, 0.08, 0.05) - Part.cylinder(0.015, 0.05).moved(x=0.05, y=0.04)
    process = quenched(holed, 200.0, 1e-4)
    history = Heat(cells=10)(process, observe=(Probe(name="on the bore", place=(0.065, 0.04, 0.025)),))
    assert history.balance.stored == pytest.approx(history.balance.entered, rel=1e-6)
    assert 300.0 < history.values[-1, 0] < 400.0


def test_patches_are_found_on_curved_walls():
    ball = Part.sphere(1.0).with_patch("top", facing=(0.0, 0.0, 1.0))
    _, _, block = made(ball, 24)
    top = block.walls.area[block.walls.patch == block.walls.patches.index("top")].sum()
    assert top == pytest.approx(2 * np.pi * (1.0 - 0.7), rel=0.06)


def test_a_wall_thinner_than_two_cells_is_refused_with_the_spacing_that_would_do():
    shell = Shape(kind="difference", parts=(Shape(kind="sphere", numbers=(0, 0, 0, 1.0)),
                                            Shape(kind="sphere", numbers=(0, 0, 0, 0.96))))  # fmt: skip
    with pytest.raises(SolveError, match=r"is about 0\.0\d+ m thick at .* m, less than two cells of 0\.0\d+ m\. A "
                                         r"wall has two cells or more\. Use a spacing of 0\.0\d+ m"):  # fmt: skip
        made(Part(name="shell", shape=shell), 40)


def test_curved_walls_in_a_half_section_are_refused():
    ring = Part(name="ring", shape=Part.sphere(0.5).moved(x=1.0).shape, metric="axisymmetric", active=2)
    stage = Stage(name="hold", walls={"surface": Exchange()}, until=1.0)
    process = Process(name="p", bodies=(Body(part=ring, material=UNIT, start=300.0),), stages=(stage,))
    with pytest.raises(
        SolveError, match=r"'ring' is axisymmetric and has faces that lie across no axis\. .* Model the"
    ):
        cut(process, cells=4, ratio=1.0, along=NO)
