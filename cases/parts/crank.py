"""The crank of quench_part: draws crank.stl, in millimetres. Run it again to change the part."""

from itertools import pairwise
from pathlib import Path

import numpy as np

HUB, LONG, SHORT = (0.0, 0.0, 20.0), (85.0, 0.0, 13.0), (0.0, 60.0, 13.0)  # mm: x, y, radius of the boss
BORES = ((0.0, 0.0, 10.0), (85.0, 0.0, 6.0), (0.0, 60.0, 6.0))  # mm: x, y, radius
FILLET, THICK = 12.0, 22.0  # mm
FACET = 6.0  # degrees: what one facet of an arc may turn


def arc(x, y, radius, begin, end):
    """Points of an arc from `begin` to `end` degrees, clockwise if `end` is less."""
    turn = np.linspace(begin, end, max(round(abs(end - begin) / FACET), 1) + 1)
    return np.column_stack([x + radius * np.cos(np.radians(turn)), y + radius * np.sin(np.radians(turn))])


def outline():
    """The plan (n, 2) mm, anticlockwise: three bosses, straight flanks, and a fillet between the arms."""
    lean_long = np.degrees(np.arcsin((HUB[2] - LONG[2]) / LONG[0]))
    lean_short = np.degrees(np.arcsin((HUB[2] - SHORT[2]) / SHORT[1]))
    up, right = np.radians(90.0 - lean_long), np.radians(lean_short)
    across = np.array([[np.cos(up), np.sin(up)], [np.cos(right), np.sin(right)]])  # outward normals of the inner flanks
    middle = np.linalg.solve(across, [HUB[2] + FILLET] * 2)
    return np.concatenate([
        arc(*LONG, -90.0 + lean_long, 90.0 - lean_long),
        arc(*middle, FILLET, 270.0 - lean_long, 180.0 + lean_short),
        arc(*SHORT, lean_short, 180.0 - lean_short),
        arc(*HUB, 180.0 - lean_short, 270.0 + lean_long),
    ])  # fmt: skip


def plan():
    """The plan as triangles: the outline with its bores left out."""
    import pyvista as pv

    loops = [outline(), *(arc(*bore, 360.0, 0.0)[:-1] for bore in BORES)]
    points = np.column_stack([np.concatenate(loops), np.zeros(sum(map(len, loops)))])
    ends = pairwise(np.cumsum([0, *map(len, loops)]))
    faces = np.concatenate([[b - a, *range(a, b)] for a, b in ends])
    return pv.PolyData(points).delaunay_2d(edge_source=pv.PolyData(points, faces=faces))


if __name__ == "__main__":
    solid = plan().extrude((0.0, 0.0, THICK), capping=True).triangulate().clean()
    crank = solid.compute_normals(auto_orient_normals=True)
    crank.save(Path(__file__).with_suffix(".stl"))
