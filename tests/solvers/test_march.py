"""Steps: sequences that are divided, forecasts that are about right, and notes of what was assumed."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import Forecast, Material, Part, Probe, Property, Quantity, SolveError, Solver
from foretrial.models.curve import Curve
from foretrial.models.process import quench
from foretrial.solvers import Heat
from foretrial.solvers.march import hits

IRON = Material.simple("iron", density=7870.0, conductivity=80.0, heat_capacity=450.0)
BATH = quench(Part.slab(0.02), IRON, start=1100.0, bath=300.0, film=500.0, until=60.0)
CORE = (Probe(name="core", place=(0.01, 0.0, 0.0)),)


@pytest.mark.parametrize(("ratio", "count"), [(1.0, 5), (2.0, 9), (0.5, 3), (0.01, 2), (1.5, 7)])
def test_a_sequence_of_steps_is_divided_and_keeps_its_ends(ratio, count):
    found = hits((0.0, 1.0, 3.0, 7.0, 15.0), ratio)
    assert found.size == count
    assert (found[0], found[-1]) == (0.0, 15.0)
    assert (np.diff(found) > 0.0).all()
    if ratio == 2.0:
        assert np.array_equal(found[::2], (0.0, 1.0, 3.0, 7.0, 15.0))


def test_frozen_steps_are_taken_again_and_divided():
    solver = Heat(cells=4)
    history = solver(BATH, observe=CORE)
    again = solver.frozen(history)(BATH, observe=CORE)
    assert np.array_equal(again.t, history.t)
    assert np.allclose(again.values, history.values, atol=1e-6)
    fine = solver.frozen(history).refined(2.0, space=False)(BATH, observe=CORE)
    assert np.allclose(fine.t[::2], history.t)


def test_a_tighter_tolerance_takes_more_steps_and_errs_less():
    exact = Heat(cells=4, tolerance=1e-4)(BATH, observe=CORE).values[-1, 0]
    runs = [Heat(cells=4, tolerance=tolerance)(BATH, observe=CORE) for tolerance in (1.0, 0.1, 0.01)]
    misses = [abs(run.values[-1, 0] - exact) for run in runs]
    assert [run.t.size for run in runs] == sorted(run.t.size for run in runs)
    assert misses[2] < misses[0]
    assert misses[2] < 0.1


def test_no_step_is_longer_than_the_longest():
    assert np.diff(Heat(cells=4, longest=2.0)(BATH).t).max() <= 2.0 + 1e-9


def test_a_forecast_is_about_right_and_reads_well():
    solver = Heat(cells=4)
    said, run = solver.forecast(BATH), solver(BATH)
    assert isinstance(said, Forecast)
    assert isinstance(solver, Solver)
    assert said.cells == run.cells
    assert 0.2 < said.steps / run.t.size < 5.0
    assert str(said).startswith(f"{run.cells} cells, about {said.steps} steps, ")
    fixed = solver.frozen(run).refined(2.0, space=False).forecast(BATH)
    assert fixed.steps == 2 * (run.t.size - 1)


def test_a_property_used_beyond_its_range_is_noted_or_refused():
    held = Property(curve=Curve.table([300.0, 600.0], [80.0, 60.0]), unit="W/(m.K)", scale=Quantity(value=1.0),
                    source="a table", valid=(300.0, 600.0))  # fmt: skip
    hot = quench(Part.slab(0.02), replace(IRON, conductivity=held), start=1100.0, bath=300.0, film=500.0, until=60.0)
    [note] = Heat(cells=2)(hot).notes
    assert note.startswith("conductivity of iron was used from ")
    assert note.endswith(" to 1100 K; its source states 300 to 600 K.")
    strict = replace(IRON, conductivity=replace(held, beyond="refuse"))
    with pytest.raises(SolveError, match=r"its source states 300 to 600 K\. Inside that range it is known\. Give a"):
        Heat(cells=2)(quench(Part.slab(0.02), strict, start=1100.0, bath=300.0, film=500.0, until=60.0))


def test_settings_that_differ_have_different_digests_and_equal_ones_the_same():
    assert Heat(cells=4).digest == Heat(cells=4.0).digest
    assert len({Heat(cells=4).digest, Heat(cells=5).digest, Heat(tolerance=0.1).digest,
                Heat(cells=4).refined(2.0).digest}) == 4  # fmt: skip


def test_a_grid_that_does_not_fit_into_memory_is_refused_before_it_is_made():
    block = quench(Part.box(0.1, 0.1, 0.1), IRON, start=1100.0, bath=300.0, film=500.0, until=60.0)
    with pytest.raises(SolveError, match=r"20000 x 20000 x 20000 cells need about 4\.8e\+06 GB, but this machine has "):
        Heat(cells=20000)(block)
    with pytest.raises(SolveError, match=r"Use 1/\d.* of the cells along each axis, or grade them\."):
        Heat(cells=20000).forecast(block)
