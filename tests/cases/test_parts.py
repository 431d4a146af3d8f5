"""The shipped parts are what their scripts draw."""

import math

import numpy as np

from foretrial.cases.parts import crank
from foretrial.models import Part

FILE = crank.__file__.replace(".py", ".stl")


def test_the_crank_file_is_what_its_script_draws():
    plan = crank.plan()
    corners = plan.points[plan.regular_faces]
    twice = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    part = Part.from_stl(FILE, unit="mm")
    drawn = 0.5 * np.abs(twice).sum() * crank.THICK * 1e-9
    assert math.isclose(part.shape.surface.volume, drawn, rel_tol=1e-5)
    low, high = part.bounds
    assert np.allclose(np.subtract(high, low), [0.117998, 0.092995, 0.022], atol=2e-6)


def test_the_crank_has_three_bores_and_a_fillet():
    part = Part.from_stl(FILE, unit="mm")
    places = 1e-3 * np.array([[x, y, 11.0] for x, y, _ in crank.BORES])
    assert np.allclose(part.distance(*places.T), [1e-3 * r for _, _, r in crank.BORES], atol=2e-5)
    corner = 1e-3 * np.array([[20.0, 20.0, 11.0], [23.0, 23.0, 11.0]])  # beyond where the flanks would meet
    assert (part.distance(*corner.T) < 0.0).tolist() == [True, False]
