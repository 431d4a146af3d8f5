"""Sizes of parts are numbers with tolerances: they are found, moved and budgeted like all else."""

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Fixed,
    Gauge,
    LoadCase,
    Material,
    ModelError,
    Part,
    Peak,
    Probe,
    Quantity,
    SolveError,
    Structure,
    Traction,
    digest,
    quantities,
    substitute,
)
from foretrial.models.process import quench
from foretrial.solvers import Heat
from foretrial.solvers.strength import Strength

HEIGHT = Quantity(value=0.1, unit="m", std=1e-4, name="height", source="drawing, H12")
STEEL = Elastic(name="steel", young=200e9, poisson=0.0)


def cantilever(part):
    case = LoadCase(supports={"left": Fixed()}, loads={"right": Traction(value=(0.0, -1e5, 0.0))})
    return Structure.simple(part=part, material=STEEL, case=case, plane="stress")


def test_a_part_holds_quantities_and_is_the_part_of_their_values():
    part = Part.sheet(1.0, HEIGHT)
    assert part.bounds == Part.sheet(1.0, 0.1).bounds
    assert quantities(part) == {"height": HEIGHT}
    wider = substitute(part, {"height": 0.2})
    assert wider.bounds[1] == (1.0, 0.2, 1.0)
    assert digest(wider) != digest(part)
    assert digest(Part.sheet(1.0, 0.1)) == digest(Part.sheet(1, 0.1))


def test_the_deflection_of_a_cantilever_falls_with_the_cube_of_its_height():
    told = Strength(cells=6)(structure := cantilever(Part.sheet(1.0, HEIGHT)), observe=(
        tip := Gauge(name="tip", place=(1.0, 0.0, 0.0), what="uy"),))  # fmt: skip
    slopes = Strength(cells=6).tangent(structure, free=("height",), observe=(tip,))
    tip_at = float(told.values[-1, 0])
    np.testing.assert_allclose(tip_at, -4 * 1e4 / (200e9 * 0.1**3), rtol=0.02)
    # force grows with the height, for it is a traction: d ln(tip) / d ln(height) = 1 - 3
    np.testing.assert_allclose(slopes.tangents[0, -1, 0] * 0.1 / tip_at, -2.0, rtol=0.02)


def test_a_hole_has_a_radius_and_a_place_with_tolerances():
    radius = Quantity(value=0.012, unit="m", std=5e-5, name="radius")
    off = Quantity(value=0.1, unit="m", std=2e-4, name="off")
    part = Part.sheet(0.2, 0.1) - Part.disc(radius).moved(x=off, y=0.05)
    assert set(quantities(part)) == {"radius", "off"}
    slopes = Strength(cells=24).tangent(cantilever(part), free=("radius",), observe=(Peak(name="s", what="first"),))
    assert abs(slopes.tangents[0, -1, 0]) < 1e12


def test_what_would_lose_a_quantity_is_refused():
    with pytest.raises(ModelError, match=r"a part at 0.1 m is moved by 0.5 m, and height = .* Give Shape\(numbers"):
        Part.sheet(1.0, HEIGHT).moved(y=0.5)
    assert Part.sheet(1.0, HEIGHT).moved(x=0.5).bounds[1] == (1.5, 0.1, 1.0)
    with pytest.raises(ModelError, match=r"is in mm, but m is needed"):
        Part.sheet(1.0, Quantity(value=100.0, unit="mm", name="height"))
    tetra = Part.from_triangles([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)],
                                [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)], unit="m")  # fmt: skip
    with pytest.raises(ModelError, match=r"a part of triangles is moved by height = .* Move it by a float"):
        tetra.moved(x=HEIGHT)


def test_heat_refuses_a_slope_by_a_size():
    matter = Material.simple("matter", density=1000.0, conductivity=50.0, heat_capacity=500.0)
    process = quench(Part.sheet(0.2, HEIGHT), matter, start=500.0, bath=300.0, film=100.0, until=5.0)
    with pytest.raises(SolveError, match=r"'height' is a size of a part .* stands still .* Leave it out of free"):
        Heat(cells=4).tangent(process, free=("height",), observe=(Probe(name="p", place=(0.1, 0.05, 0)),))
