"""What a further sensor is promised to do, beside what it does once it is there."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, Interest, ModelError, Parameter, Probe, Quantity, Trial
from foretrial.twin.design import next_trial
from foretrial.twin.plan import Goal, Plan, Sensor

sys.path.insert(0, str(Path(__file__).parent))
from lumped import Lumped, recipe

FREE = {"film": (50.0, 5000.0)}
PLACES = (0.0, 0.004, 0.010, 0.02)


@pytest.fixture
def bench(lab):
    """A slab with one noisy thermocouple in its middle, fitted; film and heat capacity unknown."""
    solver = lab.slab(cells=24, steps=120)
    channels = lab.channels(std=1.0, places=(0.02,))
    trial = lab.trial(lab.process(std=0.05), channels, np.random.default_rng(3))
    process = lab.process(std=0.05)
    runs = (twin.Experiment(trial=trial, process=process),)
    fit = twin.calibrate(runs, free=FREE, nuisances=["heat_capacity"], solver=solver, starts=1)
    return solver, runs, fit, process


def goal(lab, **more):
    return Goal(process=lab.process(std=0.05, gas=340.0), observe=(Probe(name="edge", place=(0.001, 0.5, 0.5)),),
                interest=Interest(observations=("edge",), statistic="last", window=(0.0, 60.0)), **more)  # fmt: skip


def sensors(lab, places=PLACES, **more):
    made = lab.channels(places=places, **more)
    return tuple(Sensor(channel=replace(c, name=f"at {1e3 * x:g} mm"), where=f"{1e3 * x:g} mm below the face",
                        where_zh=f"距表面 {1e3 * x:g} mm 处") for c, x in zip(made, places, strict=True))  # fmt: skip


def test_what_is_known_before_is_the_fit_itself(lab, bench):
    solver, runs, fit, process = bench
    plan = Plan(name="again", process=process, candidates=sensors(lab))
    found = next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab))
    slopes = twin.predict(goal(lab).process, interest=goal(lab).interest, solver=solver, observe=goal(lab).observe,
                          fit=fit).slopes  # fmt: skip
    assert found.before.std == pytest.approx(float(np.sqrt(slopes @ fit.covariance @ slopes)), rel=0.02)
    assert found.bare["again"].std == pytest.approx(found.before.std)  # no reading of the new run yet


def test_the_promised_interval_is_that_of_a_fit_with_the_sensor_there(lab, bench):
    solver, runs, fit, process = bench
    chosen = sensors(lab)
    plan = Plan(name="again", process=process, candidates=chosen)
    found = next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab))
    best = next(s for s in chosen if s.channel.name == found.best.sensors[0])
    ratios = []
    for seed in range(5):
        trial = lab.trial(lab.process(std=0.05), [best.channel], np.random.default_rng(100 + seed), name=f"more {seed}")
        both = (*runs, twin.Experiment(trial=trial, process=process))
        refit = twin.calibrate(both, free=FREE, nuisances=["heat_capacity"], solver=solver, starts=1)
        slopes = twin.predict(goal(lab).process, interest=goal(lab).interest, solver=solver, observe=goal(lab).observe,
                              fit=refit).slopes  # fmt: skip
        ratios.append(float(np.sqrt(slopes @ refit.covariance @ slopes)) / found.best.std)
    assert np.median(ratios) == pytest.approx(1.0, abs=0.2)
    assert found.best.std < 0.9 * found.before.std


def test_every_place_is_ranked_and_the_words_name_the_best(lab, bench):
    solver, runs, fit, process = bench
    plan = Plan(name="again", process=process, candidates=sensors(lab))
    found = next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab))
    stds = [one.std for one in found.each]
    assert stds == sorted(stds)
    assert len(stds) == len(PLACES)
    assert found.best.sensors == found.each[0].sensors
    english, chinese = found.words[0]
    assert f"{found.best.sensors[0][3:]} below the face (again)" in english
    assert f"from ±{found.before.interval:.3g} to ±{found.best.interval:.3g} K" in english
    assert f"由 ±{found.before.interval:.3g} 收窄至 ±{found.best.interval:.3g} K" in chinese
    assert found.shrinkage == pytest.approx(found.best.interval / found.before.interval)


def test_what_no_sensor_sees_stays_and_is_said(lab, bench):
    solver, runs, fit, process = bench
    plan = Plan(name="again", process=process, candidates=sensors(lab))
    found = next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab, rest=40.0))
    assert found.shrinkage > 0.99
    assert found.words[0][0].startswith("No further sensor helps")
    assert "来自此类传感器看不到的因素" in found.words[0][1]


def test_two_sensors_side_by_side_that_share_an_offset_tell_less_than_two_that_do_not(lab, bench):
    solver, runs, _, process = bench
    fit = twin.calibrate(runs, free=FREE, solver=solver, starts=1)

    def two(group):
        bias = Quantity(value=0.0, std=8.0, group=group)
        plan = Plan(
            name="again", process=process, candidates=sensors(lab, places=(0.01, 0.0101), n=2, first=60.0, bias=bias)
        )
        return next_trial((), (plan,), fit=fit, solver=solver, goal=goal(lab), add=2).best.std

    assert two("logger") > 1.1 * two("")


@pytest.mark.parametrize("criterion", ["goal", "D", "A"])
def test_greedy_with_exchange_finds_the_best_pair_of_all(lab, bench, criterion):
    solver, runs, fit, process = bench
    places = tuple(np.linspace(0.0, 0.02, 7))
    plan = Plan(name="again", process=process, candidates=sensors(lab, places=places, std=3.0))
    found = next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab), criterion=criterion, add=2)
    scores = []
    for i, one in enumerate(plan.candidates):
        for other in plan.candidates[:i]:
            pair = Plan(name="again", process=process, candidates=(one, other))
            scores.append(next_trial(runs, (pair,), fit=fit, solver=solver, goal=goal(lab), criterion=criterion,
                                     add=2).best.score)  # fmt: skip
    assert found.best.score == pytest.approx(min(scores), rel=1e-9)


def test_of_two_runs_the_one_that_tells_more_is_chosen(lab, bench):
    solver, runs, fit, _ = bench
    dull = Plan(name="nearly at rest", process=lab.process(std=0.05, start=325.0), candidates=sensors(lab))
    lively = Plan(name="from red heat", process=lab.process(std=0.05, start=1200.0), candidates=sensors(lab))
    found = next_trial(runs, (dull, lively), fit=fit, solver=solver, goal=goal(lab))
    assert found.best.plan == "from red heat"
    assert [one.plan for one in found.plans] == ["from red heat", "nearly at rest"]


def test_residuals_that_are_correlated_in_time_make_new_readings_count_less(lab):
    solver = lab.slab(cells=24, steps=120)
    rng, process = np.random.default_rng(7), lab.process(std=0.05)
    promised = []
    for drift in (0.0, 8.0):
        trial = lab.trial(process, lab.channels(places=(0.02,)), rng, drift=drift)
        runs = (twin.Experiment(trial=trial, process=process),)
        fit = twin.calibrate(runs, free=FREE, nuisances=["heat_capacity"], solver=solver, starts=1)
        plan = Plan(name="again", process=process, candidates=sensors(lab, places=(0.004,)))
        promised.append(next_trial(runs, (plan,), fit=fit, solver=solver, goal=goal(lab)).best.std)
    assert promised[1] > 2.0 * promised[0]


def test_what_cannot_be_chosen_is_refused(lab, bench):
    solver, runs, fit, process = bench
    plan = Plan(name="again", process=process, candidates=sensors(lab))
    for options, message in (
        ({"criterion": "E"}, r"criterion 'E' is not known\. .*Choose 'goal', 'D' or 'A'\."),
        ({}, r"criterion 'goal' has no goal\. .* Give goal=Goal"),
        ({"criterion": "D", "add": 5}, r"5 sensors are to be added, and a plan has 4 candidates\."),
    ):
        with pytest.raises(ModelError, match=message):
            next_trial(runs, (plan,), fit=fit, solver=solver, **options)
    double = replace(plan, candidates=(*plan.candidates, plan.candidates[0]))
    with pytest.raises(ModelError, match=r"plan 'again' has two sensors named 'at 0 mm'\."):
        next_trial(runs, (double,), fit=fit, solver=solver, criterion="D")
    lost = replace(plan, candidates=(Sensor(channel=replace(plan.candidates[0].channel, place=None)),))
    with pytest.raises(ModelError, match=r"sensor 'at 0 mm' of plan 'again' states place None"):
        next_trial(runs, (lost,), fit=fit, solver=solver, criterion="D")


RATE = 2.0 * 600.0 / (7850.0 * 480.0 * 0.04)  # of the lumped body, 1/s
GAS_STD, NOISE = 5.0, 2.0


def linear(*, group="", gas=320.0, until=60.0):
    """A recipe whose temperature is linear in where it starts and in its gas; the gas is uncertain, and held."""
    whole = recipe(until=until)
    [stage] = whole.stages
    gas = Quantity(value=gas, unit="K", std=GAS_STD, name="gas", group=group)
    walls = {name: replace(wall, gas=gas, radiant=gas) for name, wall in stage.walls.items()}
    return replace(whole, stages=(replace(stage, walls=walls),))


def told(times):
    """Rows by start and gas, in their prior widths, of readings at these times."""
    decay = np.exp(-RATE * np.asarray(times))
    return np.column_stack([decay * WIDTH, (1.0 - decay) * GAS_STD]) / NOISE


def by_hand(*readings, goal=60.0):
    """Standard uncertainty of the temperature at the end by the two unknowns, after those readings."""
    M = np.eye(2) + sum((rows.T @ rows for rows in readings), np.zeros((2, 2)))
    by = told([goal])[0] * NOISE
    return math.sqrt(by @ np.linalg.inv(M) @ by)


WIDTH = 200.0 / math.sqrt(12.0)


@pytest.fixture(scope="module")
def straight():
    t = np.array([5.0, 20.0, 40.0])
    channel = Channel(name="TC", t=t, values=np.zeros(3), unit="K", logged_unit="K", place=(0.02, 0.5, 0.5), std=NOISE)
    run = Lumped()(linear(), observe=(Probe(name="TC", place=(0.02, 0.5, 0.5)),))
    log = Trial(name="log", channels={"TC": replace(channel, values=run.at("TC", t))}, content="log")
    free = {"start": Parameter(name="start", unit="K", lower=1000.0, upper=1200.0)}
    fit = twin.calibrate(linear(), log, free=free, solver=Lumped(), starts=1)
    late = replace(channel, name="late", t=np.array([300.0, 400.0]), values=np.zeros(2))
    early = replace(channel, name="early", t=np.array([1.0, 2.0]), values=np.zeros(2))
    plan = Plan(name="again", process=linear(until=400.0), candidates=(Sensor(channel=late), Sensor(channel=early)))
    return fit, plan, (twin.Experiment(trial=log, process=linear()),)


def ends(process):
    return Goal(process=process, observe=(Probe(name="end", place=(0.02, 0.5, 0.5)),),
                interest=Interest(observations=("end",), statistic="last", window=(0.0, 60.0)))  # fmt: skip


def test_an_input_that_is_held_counts_as_a_straight_line_says(straight):
    fit, plan, _ = straight
    found = next_trial((), (plan,), fit=fit, solver=Lumped(), goal=ends(linear()))
    assert found.before.std == pytest.approx(by_hand(), rel=1e-6)
    stds = {one.sensors[0]: one.std for one in found.each}
    assert stds["late"] == pytest.approx(by_hand(told([300.0, 400.0])), rel=1e-6)
    assert stds["early"] == pytest.approx(by_hand(told([1.0, 2.0])), rel=1e-6)
    # of the fitted start alone, what stays once the gas is integrated over its prior
    rows = told([1.0, 2.0])
    assert found.best.sensors == ("early",)
    assert found.covariance[0, 0] == pytest.approx(np.linalg.inv(np.eye(2) + rows.T @ rows)[0, 0] * WIDTH**2, rel=1e-6)


def test_readings_so_far_and_further_ones_share_the_held_input(straight):
    fit, plan, runs = straight
    found = next_trial(runs, (plan,), fit=fit, solver=Lumped(), goal=ends(linear()))
    so_far = told(runs[0].trial["TC"].t)  # read without error, so they weigh as stated
    assert found.before.std == pytest.approx(by_hand(so_far), rel=1e-3)
    by = told([60.0])[0] * NOISE
    held = 2.0 * math.hypot(by[0] / WIDTH * float(fit.std[0]), by[1])  # as a budget has it: the gas beside the start
    assert found.held == pytest.approx(held, rel=1e-6)
    assert f"The verdict states ±{held:.3g} K" in found.words[1][0]
    assert f"结论给出 ±{held:.3g} K" in found.words[1][1]
    late = next(one for one in found.each if one.sensors == ("late",))
    assert late.std == pytest.approx(by_hand(so_far, told([300.0, 400.0])), rel=1e-3)


def test_an_input_with_another_value_is_another_unknown_and_a_group_is_one(straight):
    fit, plan, _ = straight
    by = told([60.0])[0] * NOISE
    other = next_trial((), (plan,), fit=fit, solver=Lumped(), goal=ends(linear(gas=330.0)))
    rows = told([300.0, 400.0])
    start = np.linalg.inv(np.eye(2) + rows.T @ rows)[0, 0]
    late = next(one for one in other.each if one.sensors == ("late",))
    assert late.std == pytest.approx(math.sqrt(by[0] ** 2 * start + by[1] ** 2), rel=1e-6)
    grouped = replace(plan, process=linear(group="hall", until=400.0))
    same = next_trial((), (grouped,), fit=fit, solver=Lumped(), goal=ends(linear(gas=330.0, group="hall")))
    late = next(one for one in same.each if one.sensors == ("late",))
    assert late.std == pytest.approx(by_hand(rows), rel=1e-6)
