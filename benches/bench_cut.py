"""The setup of a part from CAD: a surface of 200 000 triangles, its signed distance and cut table on 10 million cells.

The surface is a wavy ball, turned by no whole angle. Nothing is kept between rounds: what makes the surface ready
(tables, tree, the search for triangles that cross) is timed with the rest. What compiles did so before, on a small one.
"""

import numpy as np

from benches.rows import absolute, interleaved
from foretrial.models import Body, Grid, Material, Part
from foretrial.models.shape import Shape
from foretrial.models.surface import Surface
from foretrial.solvers import surface as ready
from foretrial.solvers.curved import curved_block

AROUND, DOWN, CELLS, MOST = 448, 224, 216, 10.0  # triangles: 2 (DOWN - 1) AROUND
UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)


def wavy(around, down):
    """A closed surface of 2 (down - 1) around triangles about the origin, radius 0.9 to 1.1 m."""
    theta = np.pi * np.arange(1, down)[:, None] / down
    phi = 2.0 * np.pi * np.arange(around) / around
    r = 1.0 + 0.1 * np.sin(theta) ** 6 * np.cos(6.0 * phi)
    ring = np.stack([r * np.sin(theta) * np.cos(phi), r * np.sin(theta) * np.sin(phi), r * np.cos(theta)], -1)
    points = np.concatenate([[[0.0, 0.0, 1.0]], ring.reshape(-1, 3), [[0.0, 0.0, -1.0]]])
    a = 1 + np.arange((down - 1) * around).reshape(down - 1, around)
    b = np.roll(a, -1, axis=1)
    ends = np.zeros(around, dtype=int), np.full(around, len(points) - 1)
    triangles = np.concatenate([
        np.stack([ends[0], a[0], b[0]], 1), np.stack([a[:-1], a[1:], b[:-1]], -1).reshape(-1, 3),
        np.stack([b[:-1], a[1:], b[1:]], -1).reshape(-1, 3), np.stack([a[-1], ends[1], b[-1]], 1),
    ])  # fmt: skip
    turned = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
    return Surface(points=points @ turned.T, triangles=triangles, solid=np.zeros(len(triangles)), solids=("ball",))


def setup(surface, cells):
    """The block of a fresh surface on cells^3 cells."""
    low, high = surface.bounds
    edges = {c: np.linspace(low[n] - 0.02, high[n] + 0.023, cells + 1) for n, c in enumerate("xyz")}
    body = Body(part=Part(name="ball", shape=Shape(kind="surface", surface=surface)), material=UNIT, start=300.0)
    ready.forget()
    return curved_block(body, Grid(**edges))


def bench_cut_setup(benchmark):
    setup(wavy(24, 12), 16)
    large = wavy(AROUND, DOWN)
    assert len(large.triangles) >= 199_000
    ours, _ = interleaved(benchmark, lambda: setup(large, CELLS), rounds=3)
    absolute("cut-setup", ours=ours, unit="s", limit=MOST)
