"""The budget: every cause once, correlated ones together."""

from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Budget, Interest, Line, ModelError, Probe, Quantity, quantities, substitute
from foretrial.twin.inputs import inputs

CORE = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),)
COLD = Interest(observations=("TC1",), statistic="last", window=(0.0, 200.0))


def line(name, contribution, group=""):
    return Line(
        name=name, kind="input", std=1.0, unit="K", sensitivity=contribution, contribution=contribution, group=group
    )


def test_lines_add_in_squares_groups_add_up_and_correlations_cross():
    lines = (line("a", 3.0), line("b", 4.0))
    assert Budget(quantity="q", unit="K", lines=lines).combined() == pytest.approx(5.0)
    assert Budget(quantity="q", unit="K", lines=(line("a", 3.0, "g"), line("b", 4.0, "g"))).combined() == pytest.approx(
        7.0
    )
    crossed = Budget(quantity="q", unit="K", lines=lines, correlations=(("a", "b", -1.0),))
    assert crossed.combined() == pytest.approx(1.0)


@pytest.fixture
def made(lab):
    solver = lab.slab(cells=24, steps=120)
    log = lab.trial(lab.process(film=600.0), lab.channels(), np.random.default_rng(2))
    process = lab.process(film=300.0, std=0.01)
    fit = twin.calibrate(
        process, log, free={"film": (50.0, 5000.0)}, solver=solver, starts=1, nuisances=("heat_capacity",)
    )
    return solver, process, fit


def test_the_budget_of_fitted_parameters_is_that_of_their_covariance(made):
    solver, process, fit = made
    found = twin.predict(process, interest=COLD, solver=solver, observe=CORE, fit=fit)
    lines = twin.budget(found, interest=COLD, process=process, fit=fit)
    assert lines.combined() == pytest.approx(np.sqrt(found.slopes @ fit.covariance @ found.slopes))
    assert lines.combined() < 0.5 * max(abs(one.contribution) for one in lines.lines)
    assert {one.kind for one in lines.lines} == {"parameter"}


def test_slopes_are_those_of_runs(made):
    solver, process, _ = made
    process = substitute(process, {"film": 600.0})
    for statistic in ("last", "mean", "min"):
        asked = replace(COLD, statistic=statistic, window=(50.0, 200.0))
        found = twin.predict(process, interest=asked, solver=solver, observe=CORE)
        [slope] = found.slopes
        ends = [asked.value(solver(substitute(process, {"heat_capacity": f}), observe=CORE)) for f in (0.999, 1.001)]
        assert slope == pytest.approx((ends[1] - ends[0]) / 0.002, rel=2e-3)


def test_a_budget_agrees_with_a_draw_of_its_inputs(made):
    solver, process, _ = made
    process, rng = substitute(process, {"film": 600.0}), np.random.default_rng(0)
    found = twin.predict(process, interest=COLD, solver=solver, observe=CORE)
    lines = twin.budget(found, interest=COLD, process=process)
    drawn = [
        COLD.value(solver(substitute(process, {"heat_capacity": f}), observe=CORE)) for f in rng.normal(1.0, 0.01, 300)
    ]
    assert lines.combined() == pytest.approx(np.std(drawn), rel=0.12)


def test_numerical_sensor_and_model_form_have_their_lines(made, lab):
    solver, _, fit = made
    sensors = lab.channels(bias=Quantity(value=0.0, std=0.4))
    log = lab.trial(lab.process(film=650.0, gas=340.0), sensors, np.random.default_rng(4))
    run = twin.Experiment(trial=log, process=lab.process(film=300.0, std=0.01, gas=340.0))
    fine = twin.refine(solver, run.process, observe=tuple(run.observe.values()), interest=COLD)
    seen = twin.validate(run, fit=fit, solver=solver, refinements=fine)
    found = twin.predict(run.process, interest=COLD, solver=solver, observe=CORE, fit=fit)
    more = line("property beyond its range", 0.7)
    lines = twin.budget(
        found, interest=COLD, process=run.process, fit=fit, refinement=fine, validation=seen, extra=(more,)
    )
    by_kind = {one.kind: one for one in lines.lines}
    assert by_kind["numerical"].contribution == fine.u_num
    assert by_kind["sensor"].contribution == pytest.approx(0.4)
    assert by_kind["model form"].contribution == seen.model_form > 0.0
    assert by_kind["model form"].dof < 120
    assert abs(lines.top(1)[0].contribution) == max(abs(one.contribution) for one in lines.lines)
    assert more in lines.lines


def test_a_group_of_inputs_moves_together(lab):
    process = lab.process(std=0.01)
    grouped = replace(quantities(process)["heat_capacity"], group="lab")
    body = process.bodies[0]
    steel = replace(body.material, heat_capacity=replace(body.material.heat_capacity, scale=grouped))
    steel = replace(steel, conductivity=replace(steel.conductivity, scale=replace(grouped, name="k", std=0.02)))
    known = inputs(replace(process, bodies=(replace(body, material=steel),)))
    assert known.covariance[0, 1] == pytest.approx(0.01 * 0.02)


def test_what_does_not_belong_together_is_refused(made):
    solver, process, fit = made
    with pytest.raises(ModelError, match="needs TC1, which the run does not observe"):
        twin.predict(process, interest=COLD, solver=solver, observe=(Probe(name="TC9", place=(0, 0, 0)),))
    found = twin.predict(process, interest=COLD, solver=solver, observe=CORE)
    with pytest.raises(ModelError, match="Predict this process with this fit"):
        twin.budget(found, interest=COLD, process=process, fit=fit)
