"""A grid's cells fill its body, whatever the metric, and its faces belong to them."""

import numpy as np
import pytest

from foretrial.models import Block, Grid, ModelError, Walls

X, Y, Z = np.array([0.0, 0.1, 0.4]), np.array([0.0, 0.2, 0.3, 1.0]), np.array([-1.0, 1.0])


@pytest.mark.parametrize(
    ("metric", "volume"),
    [("cartesian", 0.4 * 1.0 * 2.0), ("axisymmetric", np.pi * 0.4**2 * 1.0), ("spherical", 4 / 3 * np.pi * 0.4**3)],
)
def test_cells_fill_the_body(metric, volume):
    y = Y if metric != "spherical" else np.array([0.0, 1.0])
    grid = Grid(x=X, y=y, z=Z, metric=metric)
    assert grid.volumes().shape == grid.shape
    assert grid.volumes().sum() == pytest.approx(volume)
    for axis in range(3):
        expected = list(grid.shape)
        expected[axis] += 1
        assert grid.areas(axis).shape == tuple(expected)


def test_faces_have_the_areas_of_their_bodies():
    round_bar = Grid(x=X, y=Y, z=Z, metric="axisymmetric")
    assert round_bar.areas(0)[-1].sum() == pytest.approx(2 * np.pi * 0.4)
    assert round_bar.areas(1)[:, 0].sum() == pytest.approx(np.pi * 0.4**2)
    ball = Grid(x=X, y=np.array([0.0, 1.0]), z=Z, metric="spherical")
    np.testing.assert_allclose(ball.areas(0).ravel(), 4 * np.pi * X**2)
    box = Grid(x=X, y=Y, z=Z)
    assert box.areas(2)[:, :, 0].sum() == pytest.approx(0.4)


def test_centres_lie_between_edges():
    grid = Grid(x=X, y=Y, z=Z)
    np.testing.assert_allclose(grid.centres(0), [0.05, 0.25])
    np.testing.assert_allclose(grid.widths(1), [0.2, 0.1, 0.7])
    assert grid.shape == (2, 3, 1)


def test_a_block_has_its_own_edges_of_the_grid():
    none = Walls(cell=np.zeros(0, int), area=np.zeros(0), gap=np.zeros(0), normal=np.zeros((0, 3)),
                 place=np.zeros((0, 3)), patch=np.zeros(0, int), patches=())  # fmt: skip
    fraction = np.array([[[1.0], [0.0]]])
    block = Block(body="b", offset=(1, 1, 0), fraction=fraction, apertures=(fraction,) * 3, walls=none)
    assert block.shape == (1, 2, 1)
    np.testing.assert_array_equal(block.solid.ravel(), [True, False])
    np.testing.assert_array_equal(block.edges(Grid(x=X, y=Y, z=Z), 1), [0.2, 0.3, 1.0])


@pytest.mark.parametrize("edges", [[0.0], [0.0, 0.0], [0.0, 1.0, 0.5], [[0.0, 1.0]], [0.0, np.nan]])
def test_edges_that_do_not_increase_are_refused(edges):
    with pytest.raises(ModelError, match=r"the grid's y edges .* m do not increase\. Two or more rising .* Sort them"):
        Grid(x=X, y=np.array(edges), z=Z)
