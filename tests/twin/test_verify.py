"""The decision, its checklist, and its check on another machine."""

import hashlib
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Line, ModelError, State, Trial, TrialError
from foretrial.models.verdict import canonical
from foretrial.twin.assess import calibration_state
from foretrial.twin.check import seal
from foretrial.twin.criteria import INDISPENSABLE, TEXTS
from foretrial.twin.decide import decide, flips

PLAIN = {"limit": 100.0, "sense": "at most", "combined": 2.0, "coverage": 2.0, "guard": 1.0, "accuracy": 10.0,
         "needs": ("E1",), "criteria": {"E1": "met"}, "inside": True, "tried": True, "expired": False}  # fmt: skip


@pytest.mark.parametrize(("value", "more", "state"), [
    (95.9, {}, "PASS"),
    (96.1, {}, "INCONCLUSIVE"),
    (103.9, {}, "INCONCLUSIVE"),
    (104.1, {}, "FAIL"),
    (96.1, {"guard": 0.0}, "PASS"),
    (100.1, {"guard": 0.0}, "FAIL"),
    (104.1, {"sense": "at least"}, "PASS"),
    (95.9, {"sense": "at least"}, "FAIL"),
    (50.0, {"accuracy": 3.9}, "INCONCLUSIVE"),
    (150.0, {"accuracy": 3.9}, "INCONCLUSIVE"),
    (50.0, {"criteria": {"E1": "not-met"}}, "INCONCLUSIVE"),
    (50.0, {"criteria": {"E1": "waived"}}, "INCONCLUSIVE"),
    (50.0, {"criteria": {"E1": "not-yet"}}, "INCONCLUSIVE"),
    (50.0, {"criteria": {}}, "INCONCLUSIVE"),
    (150.0, {"criteria": {"E1": "not-met"}}, "FAIL"),
    (50.0, {"expired": True}, "INCONCLUSIVE"),
    (150.0, {"expired": True}, "FAIL"),
    (50.0, {"tried": False}, "NOT-VALID-HERE"),
    (150.0, {"tried": False}, "NOT-VALID-HERE"),
    (50.0, {"inside": False}, "NOT-VALID-HERE"),
    (50.0, {"combined": 0.0}, "PASS"),
])  # fmt: skip
def test_the_rule_of_the_decision(value, more, state):
    found = twin.decide(value=value, **{**PLAIN, **more})
    assert found.state.value == state
    assert all(en and zh for en, zh in found.reasons)


def test_margin_guard_band_and_risks():
    found = twin.decide(value=96.0, **PLAIN)
    assert (found.margin, found.guard_band, found.acceptance_limit) == (4.0, 4.0, 96.0)
    assert found.false_accept == pytest.approx(0.5 * math.erfc(2.0 / math.sqrt(2.0)))
    assert found.false_accept + found.false_reject == pytest.approx(1.0)
    assert twin.decide(value=96.0, dof=3.0, **PLAIN).false_accept > found.false_accept
    assert twin.decide(value=104.0, **{**PLAIN, "sense": "at least"}).acceptance_limit == 104.0


def test_predicted_but_not_tried_says_so_in_both_languages():
    reasons = twin.decide(value=50.0, **{**PLAIN, "tried": False}).reasons
    assert any(en.startswith("Predicted, not tried") and zh.startswith("仿真预测，未经试验") for en, zh in reasons)


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def verdict(lab, made):
    """One honest verdict, made once."""
    if "it" not in made:
        made["it"] = lab.judge(np.random.default_rng(7))
    return made["it"]


def test_a_verdict_holds_every_part_and_is_canonical(verdict):
    content = json.loads(verdict.json())
    parts = "schema id created title question result budget numerics calibration validation series domain criteria"
    assert set(content) == {*parts.split(), "pedigree", "fields", "files", "seal", "digest"}
    assert [c["id"] for c in content["criteria"]] == list(TEXTS)
    assert canonical(content) == verdict.json()
    assert content["result"]["state"] == "PASS"
    assert content["result"]["governs"] == {"observation": "TC1", "time": 200.0}
    assert content["title"] == {"en": "Is the core cold enough?", "zh": "心部是否足够冷?"}
    assert {s["role"] for s in content["series"]} == {"validation"}
    assert set(INDISPENSABLE) <= set(content["question"]["needs"])


def test_what_is_not_met_is_a_caveat_and_what_is_not_yet_is_said(verdict):
    content = verdict.content
    unmet = [c["id"] for c in content["criteria"] if c["state"] == "not-met"]
    assert {"A1", "B1", "B3", "C1", "H1"} <= set(unmet)
    assert all(any(f"Not met: {name} " in w["en"] for w in content["seal"]["caveats"]) for name in unmet)
    assert {c["id"] for c in content["criteria"] if c["state"] == "not-yet"} <= {"F7"}


def test_what_flips_the_verdict_does_flip_it(verdict):
    result, lines = verdict.content["result"], {x["name"]: x for x in verdict.content["budget"]["lines"]}
    assert result["flips"]
    for flip in result["flips"]:
        moved = result["value"] + lines[flip["name"]]["sensitivity"] * flip["by"]
        assert moved == pytest.approx(result["acceptance_limit"])
    spans = [abs(f["by"]) / lines[f["name"]]["std"] for f in result["flips"]]
    assert spans == sorted(spans)


def write(folder, content):
    (folder / "verdict.json").write_text(canonical(content), encoding="utf-8")
    return {f.what: f.holds for f in twin.check_verdict(folder)}


def test_an_untouched_verdict_checks(verdict, tmp_path):
    assert all(write(tmp_path, verdict.content).values())


@pytest.mark.parametrize(("part", "change", "found"), [
    ("result", {"state": "FAIL"}, "decision"),
    ("result", {"value": 400.0}, "decision"),
    ("question", {"guard": 0.0}, "decision"),
    ("budget", {"combined": 0.1}, "budget"),
    ("validation", {"disjoint": False}, "disjoint"),
    ("validation", {"points": []}, "decision"),
])  # fmt: skip
def test_tampering_is_found_even_when_it_is_sealed_again(verdict, tmp_path, part, change, found):
    bent = {**verdict.content, part: {**verdict.content[part], **change}}
    plain = write(tmp_path, bent)
    assert not plain["digest"]
    again = write(tmp_path, seal(bent))
    assert again["digest"]
    assert not again[found]


def test_an_unmet_criterion_that_is_sealed_as_pass_is_found(verdict, tmp_path):
    rows = [{**c, "state": "not-met"} if c["id"] == "C2" else c for c in verdict.content["criteria"]]
    assert not write(tmp_path, seal({**verdict.content, "criteria": rows}))["decision"]


def test_files_beside_it_are_hashed_again(verdict, tmp_path):
    (tmp_path / "trials.h5").write_bytes(b"readings")
    content = seal({**verdict.content, "files": {"trials.h5": hashlib.sha256(b"readings").hexdigest()}})
    assert write(tmp_path, content)["trials.h5"]
    (tmp_path / "trials.h5").write_bytes(b"other")
    assert not write(tmp_path, content)["trials.h5"]
    (tmp_path / "trials.h5").unlink()
    assert not write(tmp_path, content)["trials.h5"]
    assert not write(tmp_path, seal({**content, "files": {"../x": "0"}}))["../x"]


def test_what_is_no_verdict_is_refused(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        twin.check_verdict(tmp_path / "verdict.json")
    (tmp_path / "verdict.json").write_text("{")
    with pytest.raises(ModelError, match="not readable as JSON"):
        twin.check_verdict(tmp_path)
    (tmp_path / "verdict.json").write_text('{"schema": "other/1"}')
    with pytest.raises(ModelError, match="has schema 'other/1'"):
        twin.check_verdict(tmp_path)
    (tmp_path / "verdict.json").write_text('{"schema": "foretrial.verdict/1"}')
    with pytest.raises(ModelError, match="a part is missing"):
        twin.check_verdict(tmp_path)


def test_nothing_tried_is_not_valid_here_but_margin_and_budget_are_told(lab):
    verdict = lab.judge(np.random.default_rng(7), validation=None)
    assert verdict.state is State.NOT_VALID_HERE
    assert verdict.margin > 0.0
    assert verdict.content["budget"]["lines"]


def test_a_use_outside_the_domain_is_not_valid_here(lab):
    outside = twin.domain({"gas": (500.0, 500.0)}, [{"gas": (320.0, 340.0)}])
    verdict = lab.judge(np.random.default_rng(7), domain=outside)
    assert verdict.state is State.NOT_VALID_HERE


def test_freeze_waivers_seal_and_unknown_criteria(lab):
    frozen = {"digest": "0" * 64, "at": "2026-01-02T00:00:00+00:00", "before_result": False}
    verdict = lab.judge(np.random.default_rng(7), freeze=frozen, waivers={"H1": ("QA", "prototype")}, needs=("A1",))
    states = {c["id"]: c for c in verdict.content["criteria"]}
    assert (states["A1"]["state"], verdict.state) == ("not-met", State.INCONCLUSIVE)
    assert (states["H1"]["state"], states["H1"]["why"]) == ("waived", "QA: prototype")
    assert any("事后设定" in r["zh"] for r in verdict.content["result"]["reasons"])
    for bad in ({"needs": ("Z9",)}, {"waivers": {"Z9": ("QA", "no")}}):
        with pytest.raises(ModelError, match="no criterion 'Z9'"):
            lab.judge(np.random.default_rng(7), **bad)


@pytest.mark.parametrize(("stated", "started", "state"), [
    ("2026-12-31", "2026-05-01T08:00:00+00:00", "valid"),
    ("2025-01-01/2026-12-31", "2026-05-01T08:00:00+00:00", "valid"),
    ("2026-06-01/2026-12-31", "2026-05-01T08:00:00+00:00", "expired"),
    ("2026-04-30", "2026-05-01T08:00:00+00:00", "expired"),
    ("", "2026-05-01", "unknown"), ("2026-04-30", "", "unknown"), ("soon", "2026-05-01", "unknown"),
])  # fmt: skip
def test_a_sensor_is_calibrated_until_its_date(stated, started, state):
    assert calibration_state(stated, started) == state


@pytest.mark.parametrize("written", ["31/01/2026", "2026-13-01", "01.02.26"])
def test_a_date_of_calibration_that_cannot_be_read_is_refused(lab, written):
    with pytest.raises(TrialError, match="which is no date that can be read for sure"):
        replace(lab.channels()[0], calibrated=written)


def test_further_keys_take_the_place_of_none(lab):
    with pytest.raises(ModelError, match=r"hold result, which the verdict states itself"):
        lab.judge(np.random.default_rng(0), more={"result": {"state": "PASS"}})


def test_an_expired_sensor_is_at_most_inconclusive(lab, tmp_path):
    log = lab.trial(lab.process(), lab.channels(calibrated="2026-01-31"), np.random.default_rng(1))
    late = Trial(name="late", channels=log.channels, started="2026-05-01T08:00:00+00:00", content=log.content)
    verdict = lab.judge(np.random.default_rng(7), trials=(late,))
    assert verdict.state is State.INCONCLUSIVE
    assert all(write(tmp_path, verdict.content).values())


def test_a_domain_is_a_box_and_where_asked_a_hull():
    tried = [{"gas": (300.0, 320.0), "film": (500.0, 520.0)}, {"gas": (400.0, 420.0), "film": (900.0, 920.0)}]
    corner = {"gas": (410.0, 410.0), "film": (510.0, 510.0)}
    assert twin.domain(corner, tried).inside
    hull = twin.domain(corner, tried, hull=True)
    assert not hull.inside
    assert "combination" in hull.words[0][0]
    assert twin.domain({"gas": (360.0, 360.0), "film": (710.0, 710.0)}, tried, hull=True).inside
    hot = twin.domain({"gas": (410.0, 450.0), "film": (700.0, 700.0)}, tried)
    assert [v.inside for v in hot.variables] == [False, True]
    assert hot.words[0][0].startswith("gas: used from 410 to 450, tried from 300 to 420")
    with pytest.raises(ModelError, match="0 trials covers nothing"):
        twin.domain(corner, [])
    with pytest.raises(ModelError, match="does not state 'film'"):
        twin.domain(corner, [{"gas": (1.0, 2.0)}])


def test_similarity_numbers():
    found = twin.similarity(film=600.0, length=0.02, conductivity=45.0, diffusivity=1.2e-5, time=100.0)
    assert found["Biot number"][0] == pytest.approx(0.26667, abs=1e-5)
    assert found["Fourier number"][0] == pytest.approx(3.0)


def test_a_pedigree_names_code_and_sources_but_no_machine(lab):
    import platform

    found = twin.pedigree(lab.process(), command="foretrial run cold", seeds={"starts": 1}, inputs={"first": "ab"})
    assert found["version"]
    assert {"numpy", "scipy"} <= set(found["packages"])
    assert {m["property"] for m in found["materials"]} == {"conductivity", "heat_capacity", "density"}
    assert platform.node() not in json.dumps(found) or len(platform.node()) < 4
    json.dumps(found, allow_nan=False)


def test_a_full_dossier_meets_what_it_evidences(lab):
    verdict = lab.judge(
        np.random.default_rng(7),
        freeze={"digest": "0" * 64, "at": "2026-01-01T00:00:00+00:00", "before_result": True},
        qualification=[{"id": "T2", "state": "pass"}],
        pedigree={k: "x" for k in ("version", "commit", "packages", "system", "seeds", "command")},
        seal={k: "name" for k in ("prepared", "checked", "reviewed", "approved")} | {"expires": "2027-01-01"},
        needs=("A1", "B1", "C1", "C2", "C3", "C5", "D2", "E1", "E2", "E4", "E6", "F1", "F4"),
    )
    assert verdict.passes
    assert {c["id"] for c in verdict.content["criteria"] if c["state"] == "not-met"} == {"B3", "B4", "D1"}


def test_a_fit_that_was_used_and_not_laid_down_is_no_pass(lab):
    verdict = lab.judge(np.random.default_rng(7), fit=None)
    states = {c["id"]: c["state"] for c in verdict.content["criteria"]}
    assert states["D1"] == states["D3"] == "not-met"
    assert verdict.state is State.INCONCLUSIVE


def test_what_would_meet_the_required_accuracy_comes_first_where_it_is_missed():
    lines = [
        Line(name=n, kind="input", std=s, unit="K", sensitivity=1.0, contribution=s)
        for n, s in (("a", 8.0), ("b", 2.0))
    ]
    combined = math.hypot(8.0, 2.0)
    decision = decide(value=400.0, limit=500.0, sense="at most", combined=combined, coverage=2.0, guard=1.0,
                      accuracy=10.0, needs=(), criteria={}, inside=True, tried=True, expired=False)  # fmt: skip
    (only,) = flips(lines, decision=decision, combined=combined, wanted=5.0)
    assert only["name"] == "a"
    assert 8.0 + only["by"] == pytest.approx(math.sqrt(25.0 - 4.0))
    (none,) = flips(lines, decision=decision, combined=combined, wanted=1.0)
    assert "No single cause" in none["text"]["en"]
