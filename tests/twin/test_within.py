"""Two limits on one number: the nearer one governs, both count as risks, and a check finds it all again."""

import json
import math

import numpy as np
import pytest

from foretrial import twin, viz
from foretrial.models import Interest, Line, Probe, Requirement, State
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal
from foretrial.twin.decide import flips

PLAIN = {"limit": (90.0, 110.0), "sense": "within", "combined": 2.0, "coverage": 2.0, "guard": 1.0, "accuracy": 10.0,
         "needs": (), "criteria": {}, "inside": True, "tried": True, "expired": False}  # fmt: skip


@pytest.mark.parametrize(("value", "more", "state"), [
    (100.0, {}, "PASS"), (94.1, {}, "PASS"), (105.9, {}, "PASS"),
    (93.9, {}, "INCONCLUSIVE"), (106.1, {}, "INCONCLUSIVE"), (88.0, {}, "INCONCLUSIVE"), (112.0, {}, "INCONCLUSIVE"),
    (85.9, {}, "FAIL"), (114.1, {}, "FAIL"),
    (100.0, {"combined": 5.1, "accuracy": 20.0}, "INCONCLUSIVE"),
    (100.0, {"combined": 5.1, "accuracy": 20.0, "guard": 0.0}, "PASS"),
])  # fmt: skip
def test_a_number_passes_between_two_guard_bands_and_fails_beyond_them(value, more, state):
    found = twin.decide(value=value, **{**PLAIN, **more})
    assert found.state.value == state
    assert all(en and zh for en, zh in found.reasons)


def test_the_nearer_limit_is_told_and_both_sides_are_risks():
    found = twin.decide(value=93.0, **PLAIN)
    assert (found.limit, found.sign, found.margin, found.acceptance_limit) == (90.0, -1.0, 3.0, 94.0)
    assert found.acceptance == (94.0, 106.0)
    one = 0.5 * math.erfc(1.5 / math.sqrt(2.0))
    assert found.false_accept == pytest.approx(one, rel=1e-6)
    wide = twin.decide(value=100.0, **{**PLAIN, "combined": 10.0})
    assert wide.false_accept == pytest.approx(2.0 * 0.5 * math.erfc(1.0 / math.sqrt(2.0)))
    alone = twin.decide(value=100.0, **{**PLAIN, "combined": 10.0, "sense": "at most", "limit": 110.0})
    assert wide.false_accept == pytest.approx(2.0 * alone.false_accept)


def test_limits_too_close_for_their_guard_bands_are_said_to_leave_nothing():
    found = twin.decide(value=100.0, **{**PLAIN, "combined": 6.0, "accuracy": 20.0})
    assert found.empty
    assert found.state is State.INCONCLUSIVE
    assert any("nothing between them can be accepted" in en and "保护带" in zh for en, zh in found.reasons)


@pytest.mark.parametrize("value", [95.0, 105.0, 92.0, 80.0, 120.0])
def test_what_flips_it_leads_to_the_edge_of_the_nearer_limit(value):
    line = Line(name="film", kind="input", std=1.0, unit="W/(m2.K)", sensitivity=-0.5, contribution=-0.5)
    decision = twin.decide(value=value, **PLAIN)
    (flip,) = flips([line], decision=decision, combined=2.0)
    reached = value + line.sensitivity * flip["by"]
    edges = {86.0, 94.0, 106.0, 114.0}
    assert min(abs(reached - edge) for edge in edges) == pytest.approx(0.0, abs=1e-9)
    beyond = twin.decide(value=value + line.sensitivity * flip["by"] * 1.001, **PLAIN)
    assert beyond.state is not decision.state


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def content(lab, made):
    """A verdict of the ordinary way, asked again with two limits around its number."""
    if "it" not in made:
        made["it"] = judged(lab)
    return made["it"]


def judged(lab, *, low=-15.0, high=15.0):
    solver, probe = lab.slab(cells=24, steps=120), (Probe(name="core", place=(0.02, 0.5, 0.5)),)
    interest = Interest(observations=("core",), statistic="last", window=(0.0, 200.0))
    process = lab.process(std=0.01)
    prediction = twin.predict(process, interest=interest, solver=solver, observe=probe)
    fine = twin.refine(solver, process, observe=probe, interest=interest)
    asked = Requirement(id="even", text="Between?", text_zh="是否介于其间?", interest=interest, sense="within",
                        limit=(prediction.value + low, prediction.value + high), accuracy=40.0, verification="process",
                        display="degC")  # fmt: skip
    lines = twin.budget(prediction, interest=interest, process=process, refinement=fine)
    evidence = twin.Evidence(requirement=asked, process=prediction.process, history=prediction.history, budget=lines,
                             refinement=fine)  # fmt: skip
    return json.loads(twin.verify(evidence, prediction=prediction).json())


def write(folder, content):
    (folder / "verdict.json").write_text(canonical(content), encoding="utf-8")
    return {f.what: f.holds for f in twin.check_verdict(folder)}


def test_a_verdict_of_two_limits_says_both_and_checks(content, tmp_path):
    low, high = content["question"]["limit"]
    result = content["result"]
    assert (content["question"]["sense"], high - low) == ("within", pytest.approx(30.0))
    assert result["limit"] in (low, high)
    assert result["acceptance"] == pytest.approx([low + result["guard_band"], high - result["guard_band"]])
    risks = result["risks"]
    assert result["false_accept"] == pytest.approx(risks["below"] + risks["above"])
    assert risks["below"] > 0.0
    assert all(write(tmp_path, content).values())


def test_a_limit_that_was_moved_is_found(content, tmp_path):
    q = {**content["question"], "limit": [content["question"]["limit"][0] - 50.0, content["question"]["limit"][1]]}
    assert not write(tmp_path, seal({**content, "question": q}))["decision"]
    r = {**content["result"], "limit": content["question"]["limit"][0] - 1.0}
    assert not write(tmp_path, seal({**content, "result": r}))["decision"]


def test_the_page_and_the_tree_show_both_limits(content, tmp_path):
    (tmp_path / "even").mkdir()
    write(tmp_path / "even", content)
    assert viz.report(tmp_path / "even").is_file()
    node = twin.Node(id="even", text="Between?", verification="process", verdict="even")
    carried = twin.carry(twin.Tree(id="t", text="Ready?", nodes=(node,)), folder=tmp_path)
    assert carried.results[0].state is State.NOT_VALID_HERE
    twin.write_carried(carried, tmp_path)
    low, high = (f"{x - 273.15:.5g}" for x in content["question"]["limit"])
    assert f"{low} … {high} degC" in viz.tree_page(tmp_path).read_text(encoding="utf-8")


def test_a_frozen_question_keeps_both_limits(content, tmp_path):
    given = content["question"]
    interest = Interest(observations=("core",), statistic="last", window=(0.0, 200.0))
    asked = Requirement(id="even", text="Between?", text_zh="是否介于其间?", interest=interest, sense="within",
                        limit=tuple(given["limit"]), accuracy=40.0, verification="process", display="degC")  # fmt: skip
    store = tmp_path / "trials.h5"
    frozen = twin.freeze(store, asked, split={}, rule={}, seeds={})
    assert frozen.payload["requirement"]["limit"] == given["limit"]
    assert "failing" not in frozen.payload["requirement"]  # a question of before keeps its freeze
    assert twin.freeze(store, asked, split={}, rule={}, seeds={}) == frozen


def test_a_decision_within_two_limits_is_wrong_no_more_often_than_it_says():
    rng, accepted, broken = np.random.default_rng(3), 0, 0
    for truth in rng.uniform(80.0, 120.0, 4000):
        found = twin.decide(value=truth + rng.normal(0.0, 2.0), **PLAIN)
        accepted += found.state is State.PASS
        broken += found.state is State.PASS and not 90.0 <= truth <= 110.0
    assert accepted > 800
    assert broken / accepted < 0.0228
