"""What a stopped iteration leaves in a reading is bounded, in the reading's own unit."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Fixed,
    Gauge,
    LoadCase,
    Part,
    Peak,
    Pressure,
    Reaction,
    Safety,
    Structure,
    Traction,
    Yield,
)
from foretrial.solvers import Strength

STEEL = Elastic(name="steel", young=210e9, poisson=0.3, yields=Yield(stress=235e6), source="handbook")
READINGS = (
    Peak(name="peak", what="von Mises"),
    Safety(name="margin"),
    Gauge(name="tip", place=(0.4, 0.05, 0.05), what="uy"),
    Peak(name="most", what="u"),
    Gauge(name="root", place=(0.02, 0.1, 0.05), what="xx"),
    Reaction(name="held", patch="left", axis="y"),
)


def beam(shape):
    part = Part.box(0.4, 0.1, 0.1) - Part.cylinder(0.015, 0.1).moved(x=0.2, y=0.05) if shape == "drilled" else None
    part = part or Part.box(0.4, 0.1, 0.1)
    case = LoadCase(supports={"left": Fixed()}, loads={"right": Traction(value=(0.0, -1e6, 0.0)),
                                                       "top": Pressure(value=1e5)})  # fmt: skip
    return Structure.simple(part=part, material=STEEL, case=case)


@pytest.mark.parametrize("shape", ["full", "drilled"])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-8])
def test_readings_are_nearer_to_their_converged_values_than_the_bound(shape, tolerance):
    structure, solver = beam(shape), Strength(cells=6, linear="multigrid", tolerance=tolerance)
    found = solver(structure, observe=READINGS)
    exact = replace(solver, tolerance=1e-13)(structure, observe=READINGS)
    off, bound = np.abs(found.values[-1] - exact.values[-1]), np.array(found.iteration_errors)
    assert (off <= bound + 1e-12 * np.abs(exact.values[-1])).all()
    assert (bound <= 1e4 * tolerance * np.abs(exact.values[-1])).all()  # a bound that says nothing is none


def test_a_factorisation_leaves_rounding_and_each_reading_has_a_bound_of_its_own():
    found = Strength(cells=3, linear="direct")(beam("full"), observe=READINGS)
    bound = np.array(found.iteration_errors)
    assert ((bound > 0.0) & (bound < 1e-6 * np.abs(found.values[-1]))).all()
    assert found.left("margin") == found.iteration_errors[1]
    assert found.left("peak") != found.left("tip")
