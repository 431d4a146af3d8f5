"""A steel section in a room fire, from its shipped logs: what its recipe says, and what its verdict may claim."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin, viz
from foretrial.cases import furnace_section as case
from foretrial.models import Extreme, State, substitute
from foretrial.models.fieldfile import read_fields
from foretrial.models.verdict import canonical
from foretrial.solvers import Heat
from foretrial.twin.inputs import inputs

FIXED = {"film": 15.0, "effective emissivity": 0.55}


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    store = tmp_path_factory.mktemp("section") / "trials.h5"
    return case.freeze(store), store, *(twin.read(store, f"sp_section_test{n}") for n in (2, 3))


@pytest.fixture(scope="module")
def judged(trials):
    return trials[3]


def test_the_question_is_frozen_with_both_logs_and_freezing_again_changes_nothing(trials):
    frozen, store, fire, judged = trials
    split = frozen.payload["split"]
    assert split == {"calibration": {fire.name: fire.content}, "validation": {judged.name: judged.content}}
    assert fire.content != judged.content
    assert frozen.payload["requirement"]["limit"] == pytest.approx(550.0 + 273.15)
    before = hashlib.sha256(store.read_bytes()).hexdigest()
    assert case.freeze(store) == frozen
    assert hashlib.sha256(store.read_bytes()).hexdigest() == before


def test_each_station_meets_its_own_four_plates(judged):
    process = case.section(judged)
    assert [body.name for body in process.bodies] == list(case.STATIONS)
    walls = process.stages[0].walls
    assert set(walls) == {f"{s}.{side}" for s in case.STATIONS for side in ("top", "right", "bottom", "left")}
    curves = {name: wall.gas.curve for name, wall in walls.items()}
    at = np.linspace(60.0, 900.0, 15)
    assert len({curve(at).tobytes() for curve in curves.values()}) == 12  # twelve plates, twelve histories
    assert all(300.0 < curve(at).max() < 1400.0 for curve in curves.values())
    for station in case.STATIONS:
        plate = {case.SIDES[p.facing]: p.name for p in judged.where(kind="plate thermometer", station=station)}
        for side, name in plate.items():
            assert walls[f"{station}.{side}"].gas.bias.name == f"{name} bias"


def test_every_uncertain_number_of_the_recipe_states_where_it_comes_from(judged):
    known = inputs(case.section(judged))
    assert {"film", "effective emissivity", "plate film", "plate emissivity", "steel heat capacity"} <= set(known.names)
    assert set(case.FREE) <= set(known.names)
    for quantity in (case.FILM, case.EMISSIVITY):
        low, high = case.FREE[quantity.name]
        assert quantity.valid[0] <= low < quantity.value < high <= quantity.valid[1]
        assert quantity.source


def test_only_steel_thermocouples_are_compared_each_with_its_own_station(judged):
    run = case.compared(judged)
    assert len(run.observe) == 21
    assert all(judged[name].kind == "thermocouple" for name in run.observe)
    assert all(probe.body == judged[name].station for name, probe in run.observe.items())
    assert run.window[1] <= case.FIRE


def test_the_coarsest_run_at_guessed_numbers_is_near_every_thermocouple_and_keeps_its_heat(judged):
    run = case.compared(judged)
    process = substitute(run.process, FIXED)
    hottest = tuple(Extreme(name=f"hottest at {s}", body=s) for s in case.STATIONS)
    history = Heat(cells=1, tolerance=0.5)(process, observe=(*run.observe.values(), *hottest))
    assert history.balance.residual < 1e-9
    for name in run.observe:
        channel = judged[name]
        used = channel.reads & (channel.t >= 1.0) & (channel.t <= case.FIRE)
        miss = history.at(name, channel.t[used]) - channel.values[used]
        assert np.abs(miss).max() < 70.0, name
        assert np.sqrt(np.mean(miss**2)) < 45.0, name
        station = history.at(f"hottest at {channel.station}", channel.t[used])
        assert (station >= history.at(name, channel.t[used]) - 1.0).all()  # its place jumps between steps
    peak = case.REQUIREMENT.interest.value(history)
    steel = [c.values[c.t <= case.FIRE].max() for c in judged.where(kind="thermocouple")]
    assert peak == pytest.approx(max(steel), abs=40.0)


def test_the_beam_has_a_station_s_surroundings_at_the_station(judged):
    beam = case.beam(judged)
    walls = beam.stages[0].walls
    assert set(walls) == {"ends", "top", "right", "bottom", "left"}
    assert all(walls[side].places == (0.9, 1.8, 2.7) for side in ("top", "right", "bottom", "left"))


def test_what_is_judged_lies_inside_what_was_met(trials):
    _, _, fire, judged = trials
    found = twin.domain(case.met(judged), [case.met(fire), case.met(judged)])
    assert found.inside
    alone = twin.domain(case.met(judged), [case.met(fire)])
    assert [v.name for v in alone.variables] == list(case.met(judged))


def few(study, *, tell):
    """A fit at station A alone, from its guess, on loose steps: what the default tests can afford."""
    [whole] = study.calibrated
    body, stage = whole.process.body("A"), whole.process.stages[0]
    walls = {name: wall for name, wall in stage.walls.items() if name.startswith("A.")}
    alone = replace(whole.process, bodies=(body,), stages=(replace(stage, walls=walls),))
    seen = {name: probe for name, probe in whole.observe.items() if probe.body == "A"}
    run = twin.Experiment(trial=whole.trial, process=alone, observe=seen, window=whole.window)
    return twin.calibrate([run], free=study.free, solver=Heat(cells=1, tolerance=1.0), starts=1, tell=tell)


def holds(verdict, out, told):
    """What any verdict of this case must be able to show."""
    content = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert canonical(content) == verdict.json()
    findings = {f.what: f.holds for f in twin.check_verdict(out / "verdict.json")}
    assert {"digest", "trials.h5", "fields.vtkhdf", "freeze", "budget", "decision", "disjoint"} <= set(findings)
    assert all(findings.values()), findings

    calibration, validation = content["calibration"], content["validation"]
    for p in calibration["parameters"]:
        assert p["lower"] < p["value"] < p["upper"], p
        assert p["std"] > 0.0
        assert not p["active"]
    assert validation["disjoint"]
    assert not set(calibration["data"].values()) & set(validation["data"].values())
    assert validation["coverage"]["with_model_form"] >= 0.9
    assert not validation["synthetic"]

    q, r, b = content["question"], content["result"], content["budget"]
    states = {c["id"]: c["state"] for c in content["criteria"]}
    own = twin.decide(value=r["value"], limit=q["limit"], sense=q["sense"], combined=b["combined"],
                      coverage=q["coverage"], guard=q["guard"], accuracy=q["accuracy"], needs=q["needs"],
                      criteria=states, inside=content["domain"]["inside"], tried=True, expired=False,
                      dof=np.inf if b["dof"] is None else b["dof"], unit="K")  # fmt: skip
    assert own.state is verdict.state
    assert verdict.state in State
    measured = max(
        max(v for v in s["measured"] if v is not None) for s in content["series"] if s["role"] == "validation"
    )
    assert abs(r["value"] - measured) <= r["expanded"] + 30.0  # the hottest corner is no thermocouple's place
    kinds = {line["kind"] for line in b["lines"]}
    assert {"numerical", "parameter", "input", "sensor", "model form"} <= kinds
    assert states["A1"] == states["C1"] == states["C5"] == "met"
    assert content["question"]["freeze"]["before_result"]

    fields = read_fields(out / "fields.vtkhdf")
    assert fields.complete
    assert (fields.times[0], fields.times[-1]) == (0.0, case.FIRE)
    assert np.allclose(np.diff(fields.times), 30.0)
    assert {p["name"] for p in content["fields"][0]["probes"]} == {
        c["channel"] for c in content["series"] if c["role"] == "validation"}  # fmt: skip
    assert all(0.0 <= share <= 1.0 for _, share in told)
    page = viz.report(out).read_text(encoding="utf-8")
    for text in (case.REQUIREMENT.text, case.REQUIREMENT.text_zh, *case.ASSUMPTIONS[0]):
        assert text in page or json.dumps(text)[1:-1] in page
    assert sorted(p.name for p in out.iterdir()) == ["fields.vtkhdf", "report.html", "trials.h5", "verdict.json"]


def test_the_case_runs_from_its_logs_to_a_page(tmp_path, monkeypatch):
    monkeypatch.setattr(twin, "fit_of", few)
    told = []
    verdict = case.run(cells=1, out=tmp_path / "section", tell=lambda text, share: told.append((text, share)))
    holds(verdict, tmp_path / "section", told)
    assert told[0][0].startswith("each run of the section: 333 cells")


@pytest.mark.slow
def test_the_whole_run_with_all_its_starts_holds(tmp_path):
    told = []
    verdict = case.run(cells=1, out=tmp_path / "section", tell=lambda text, share: told.append((text, share)))
    holds(verdict, tmp_path / "section", told)
    calibration = verdict.content["calibration"]
    assert calibration["reached_best"] >= 2
    assert [p["name"] for p in calibration["parameters"]] == list(case.FREE)
