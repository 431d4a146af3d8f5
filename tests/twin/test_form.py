"""A model is refused when nothing its inputs may be explains the readings, and only then."""

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Exchange, ModelError, Quantity, substitute
from foretrial.twin.consider import consider
from foretrial.twin.form import judge


@pytest.fixture
def doubtful(lab):
    """The slab with an uncertain film and heat capacity."""
    process = lab.process(std=0.03)
    film = Quantity(value=600.0, unit="W/(m2.K)", std=40.0, name="film", valid=(1.0, 5000.0))
    wall = Exchange(gas=320.0, film=film)
    return type(process).simple(part=process.bodies[0].part, material=process.bodies[0].material, start=1100.0,
                                walls={"left": wall, "right": wall}, until=240.0)  # fmt: skip


def tried(lab, process, seed, *, drift=0.0, **channels):
    made = lab.trial(process, lab.channels(**channels), np.random.default_rng(seed), drift=drift)
    return twin.Experiment(trial=made, process=process)


def test_the_truth_with_other_inputs_and_its_offsets_is_accepted_in_nine_draws_of_ten(lab, doubtful):
    rng, forms = np.random.default_rng(4), []
    bias = Quantity(value=0.0, unit="K", std=1.5)  # no name: each sensor has its own
    for seed in range(30):
        drawn = substitute(doubtful, {"film": 600.0 + 40.0 * rng.standard_normal(),
                                      "heat_capacity": 1.0 + 0.03 * rng.standard_normal()})  # fmt: skip
        made = tried(lab, drawn, seed, bias=bias).trial
        run = twin.Experiment(trial=made, process=doubtful)
        forms.append(judge(run, solver=lab.slab(cells=24, steps=240)))
    assert sum(form.explains for form in forms) >= 27
    assert np.median([form.misfit for form in forms]) == pytest.approx(1.0, abs=0.1)
    assert all(form.allowance == 0.0 for form in forms if form.explains)
    assert forms[0].words[0][0].startswith("No fault of form can be seen")
    assert forms[0].words[0][1].startswith("看不出模型形式有误")


def test_what_no_input_can_do_is_refused_and_the_lack_is_sized(lab, doubtful):
    form = judge(tried(lab, doubtful, 1, drift=6.0), solver=lab.slab(cells=24, steps=240))
    assert not form.explains
    assert form.misfit > 1.5
    assert 1.0 < form.allowance < 12.0
    assert form.words[0][0].startswith("The form of this model is wrong")
    assert "It would be accepted if every reading scattered by another" in form.words[1][0]


def test_an_input_far_outside_its_uncertainty_is_no_excuse(lab, doubtful):
    hot = substitute(doubtful, {"film": 1200.0})
    run = twin.Experiment(trial=tried(lab, hot, 2).trial, process=doubtful)
    form = judge(run, solver=lab.slab(cells=24, steps=240))
    assert not form.explains
    name, pull = form.pulls[0]
    assert name == "film"
    assert pull > 5.0


def test_an_assumption_without_a_quantity_can_explain_what_it_moves(lab):
    exact, other = lab.process(std=0.0, film=600.0), lab.process(std=0.0, film=630.0)
    run = twin.Experiment(trial=tried(lab, other, 3).trial, process=exact)
    solver = lab.slab(cells=24, steps=240)
    assert not judge(run, solver=solver).explains
    form = judge(run, solver=solver, moved={"film by hand": lab.process(std=0.0, film=620.0)})
    assert form.explains
    assert dict(form.pulls)["film by hand"] == pytest.approx(1.5, abs=0.3)


def test_a_level_that_is_no_probability_is_refused(lab, doubtful):
    with pytest.raises(ModelError, match=r"level = 0 is no probability\. It lies between 0 and 1\. Try level=0\.01\."):
        judge(tried(lab, doubtful, 1), solver=lab.slab(), level=0.0)


def test_what_a_fit_held_fixed_widens_it_as_much_as_refitting_says(lab):
    process, solver = lab.process(std=0.05), lab.slab(cells=16, steps=160)
    run = tried(lab, process, 5)
    free = {"film": (300.0, 1200.0)}
    fit = twin.calibrate((run,), free=free, solver=solver, starts=1)
    wide = consider(fit, (run,), solver=solver)
    moved = [twin.calibrate((twin.Experiment(trial=run.trial, process=substitute(process, {"heat_capacity": c})),),
                            free=free, solver=solver, starts=1).values[0] for c in (0.99, 1.01)]  # fmt: skip
    by_hand = abs(moved[1] - moved[0]) / 0.02 * 0.05
    assert np.sqrt(wide.covariance[0, 0] - fit.covariance[0, 0]) == pytest.approx(by_hand, rel=0.05)
    assert wide.values == pytest.approx(fit.values)
    assert "heat_capacity" in wide.words[-1][0]
    assert "固定" in wide.words[-1][1]
