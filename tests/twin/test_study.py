"""The whole way from a frozen question to verdict.json, on a slab whose trials come from its eigenfunction series."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Extreme, Interest, Probe, Quantity, Requirement, State, TrialError
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal

TRUE_FILM, GASES = 600.0, {"first": 320.0, "second": 335.0}
HOTTEST = Extreme(name="hottest", body="slab")
SPLIT = {"calibration": ["first"], "validation": ["second"]}


def requirement(limit):
    interest = Interest(observations=("hottest",), statistic="last", window=(0.0, 200.0))
    return Requirement(id="slab-cold", text="Is the slab cold enough?", text_zh="平板是否足够冷?", interest=interest,
                       limit=limit, sense="at most", accuracy=15.0, verification="process", display="degC")  # fmt: skip


@dataclass(frozen=True)
class Campaign:
    """A study with what it found."""

    study: twin.Study
    fit: object
    verdict: object
    told: tuple
    folder: Path


def campaign(lab, folder, *, made_up=False, above=15.0):
    """Log two trials, freeze the question, fit the first, judge the second."""
    rng, store = np.random.default_rng(7), folder / "trials.h5"
    channels = lab.channels(bias=Quantity(value=0.0, std=0.5))
    probes = tuple(Probe(name=c.name, place=c.place) for c in channels)
    core = (Probe(name="core", place=(0.02, 0.5, 0.5)),)
    interest = Interest(observations=("core",), statistic="last", window=(0.0, 200.0))
    limit = above + interest.value(lab.series()(lab.process(film=TRUE_FILM, gas=GASES["second"]), observe=core))
    for name, gas in GASES.items():
        real = lab.process(film=TRUE_FILM, gas=gas)
        run = lab.series()(real, observe=probes)
        logged = lab.trial(real, channels, rng, name=name)
        twin.add(store, twin.synthetic(channels, run, rng=rng, name=name) if made_up else logged)
    frozen = twin.freeze(store, requirement(limit), split=SPLIT, rule={"guard": 1.0}, seeds={"starts": 1})
    runs = [twin.Experiment(trial=twin.read(store, name), process=lab.process(film=300.0, std=0.01, gas=gas),
                            window=(1.0, 230.0)) for name, gas in GASES.items()]  # fmt: skip
    study = twin.Study(
        requirement=requirement(limit), store=store, freeze=frozen, calibrated=(runs[0],), validated=runs[1],
        judged=(HOTTEST,), free={"film": (50.0, 5000.0)}, solver=lab.slab(cells=24, steps=120),
        search=lab.slab(cells=12, steps=60), title=("A cooled slab", "冷却平板"), command="pytest", starts=2,
        domain=twin.domain({"gas": (335.0, 335.0)}, [{"gas": (320.0, 335.0)}]),
        qualification=[{"id": "T2", "state": "pass"}],
        assumptions=(("One film on both faces.", "两面换热系数相同。"),),
        caveats=(("A slab of a test.", "测试用平板。"),))  # fmt: skip
    told = []
    fit = twin.fit_of(study, tell=lambda text, share: told.append((text, share)))
    verdict = twin.conclude(study, fit, tell=lambda text, share: told.append((text, share)))
    return Campaign(study, fit, verdict, tuple(told), folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Campaigns by what is special about them, each made once."""
    made = {}

    def get(lab, **special):
        key = tuple(sorted(special.items()))
        if key not in made:
            made[key] = campaign(lab, tmp_path_factory.mktemp("study"), **special)
        return made[key]

    return get


def findings(folder):
    return {f.what: f.holds for f in twin.check_verdict(folder / "verdict.json")}


def criterion(verdict, name):
    return next(c for c in verdict.content["criteria"] if c["id"] == name)


def test_an_honest_study_finds_the_film_and_passes(lab, done):
    found = done(lab)
    assert abs(found.fit.values[0] - TRUE_FILM) <= 3.0 * found.fit.std[0]
    assert found.verdict.state is State.PASS
    assert found.verdict.margin == pytest.approx(15.0, abs=found.verdict.expanded)


def test_a_limit_below_the_truth_is_a_fail(lab, done):
    assert done(lab, above=-15.0).verdict.state is State.FAIL


def test_simulated_trials_are_predicted_not_tried(lab, done):
    found = done(lab, made_up=True)
    assert found.verdict.state is State.NOT_VALID_HERE
    assert found.verdict.content["validation"]["synthetic"] == ["second"]
    assert any(r["zh"].startswith("仿真预测，未经试验") for r in found.verdict.content["result"]["reasons"])
    assert all(findings(found.folder).values())


def test_the_verdict_is_written_beside_its_store_whole_and_checks(lab, done):
    found = done(lab)
    assert sorted(p.name for p in found.folder.iterdir() if not p.name.startswith(".")) == ["trials.h5", "verdict.json"]
    text = (found.folder / "verdict.json").read_text(encoding="utf-8")
    assert text == found.verdict.json() == canonical(json.loads(text))
    content = json.loads(text)
    plain = {k: v for k, v in content.items() if k != "digest"}
    assert content["digest"] == hashlib.sha256(canonical(plain).encode()).hexdigest()
    store = hashlib.sha256((found.folder / "trials.h5").read_bytes()).hexdigest()
    assert content["files"] == {"trials.h5": store}
    assert {"digest", "trials.h5", "freeze", "budget", "decision", "disjoint"} <= set(findings(found.folder))
    assert all(findings(found.folder).values())


def test_the_verdict_says_what_it_was_asked_beforehand_and_from_which_data(lab, done):
    found = done(lab)
    content, frozen = found.verdict.content, found.study.freeze
    assert content["question"]["freeze"] == {"digest": frozen.digest, "at": frozen.at, "before_result": True}
    assert criterion(found.verdict, "A1")["state"] == "met"
    assert criterion(found.verdict, "C1")["state"] == "met"
    assert content["calibration"]["data"]["first"] == found.study.calibrated[0].trial.content
    assert content["validation"]["data"] == {"second": found.study.validated.trial.content}
    assert not set(content["calibration"]["data"].values()) & set(content["validation"]["data"].values())
    assert content["pedigree"]["command"] == "pytest"
    assert {t: twin.read(found.study.store, t).content for t in GASES}.items() <= content["pedigree"]["inputs"].items()
    assert content["pedigree"]["assumptions"] == [{"en": "One film on both faces.", "zh": "两面换热系数相同。"}]
    assert content["title"] == {"en": "A cooled slab", "zh": "冷却平板"}
    assert {"en": "A slab of a test.", "zh": "测试用平板。"} in content["seal"]["caveats"]
    assert {s["role"] for s in content["series"]} == {"calibration", "validation"}


def test_progress_never_runs_backwards_within_a_phase_and_stays_a_share(lab, done):
    shares = [share for _, share in done(lab).told]
    assert len(shares) > 5
    assert all(0.0 <= share <= 1.0 for share in shares)
    last = [share for text, share in done(lab).told if text.startswith(("refining", "predicting", "comparing the"))]
    assert last == sorted(last)


@pytest.mark.parametrize(("part", "change", "broken"), [
    ("result", {"value": 300.0}, "decision"),
    ("result", {"state": "FAIL"}, "decision"),
    ("budget", {"combined": 0.01}, "budget"),
    ("validation", {"disjoint": False}, "disjoint"),
    ("question", {"limit": 2000.0}, "decision"),
])  # fmt: skip
def test_tampering_is_found_even_when_it_is_sealed_again(lab, done, tmp_path, part, change, broken):
    found = done(lab)
    (tmp_path / "trials.h5").write_bytes((found.folder / "trials.h5").read_bytes())
    content = json.loads((found.folder / "verdict.json").read_text(encoding="utf-8"))
    bent = {**content, part: {**content[part], **change}}
    (tmp_path / "verdict.json").write_text(canonical(bent), encoding="utf-8")
    assert not findings(tmp_path)["digest"]
    (tmp_path / "verdict.json").write_text(canonical(seal(bent)), encoding="utf-8")
    assert findings(tmp_path)["digest"]
    assert not findings(tmp_path)[broken]


def test_a_limit_that_was_moved_after_the_freeze_is_found_though_all_else_agrees(lab, done, tmp_path):
    found = done(lab, above=-15.0)
    (tmp_path / "trials.h5").write_bytes((found.folder / "trials.h5").read_bytes())
    content = json.loads((found.folder / "verdict.json").read_text(encoding="utf-8"))
    q, r, b = content["question"], content["result"], content["budget"]
    q["limit"] = r["limit"] = q["limit"] + 40.0
    own = twin.decide(value=r["value"], limit=q["limit"], sense=q["sense"], combined=b["combined"], guard=q["guard"],
                      coverage=q["coverage"], accuracy=q["accuracy"], needs=q["needs"], inside=True, tried=True,
                      criteria={c["id"]: c["state"] for c in content["criteria"]}, expired=False,
                      dof=np.inf if b["dof"] is None else b["dof"], unit="K")  # fmt: skip
    r.update(state=own.state.value, margin=own.margin, guard_band=own.guard_band, false_accept=own.false_accept,
             acceptance_limit=own.acceptance_limit, risks=None)  # fmt: skip
    assert own.state is State.PASS
    (tmp_path / "verdict.json").write_text(canonical(seal(content)), encoding="utf-8")
    assert {what for what, holds in findings(tmp_path).items() if not holds} == {"freeze", "answer"}


def test_a_store_that_changed_afterwards_is_found(lab, done, tmp_path):
    found = done(lab)
    for name in ("verdict.json", "trials.h5"):
        (tmp_path / name).write_bytes((found.folder / name).read_bytes())
    twin.append_record(tmp_path / "trials.h5", "note", {"text": "later"})
    assert not findings(tmp_path)["trials.h5"]


def test_a_freeze_that_the_store_does_not_hold_concludes_nothing(lab, done, tmp_path):
    found = done(lab)
    elsewhere = tmp_path / "trials.h5"
    for name in GASES:
        twin.add(elsewhere, twin.read(found.study.store, name))
    with pytest.raises(TrialError, match=r"holds no freeze .*; it holds 0\. A verdict names the freeze"):
        twin.conclude(replace(found.study, store=elsewhere), found.fit)
    assert not (tmp_path / "verdict.json").exists()


def test_a_verdict_is_written_whole_or_not_at_all(lab, done, tmp_path):
    class Broken:
        def json(self):
            raise RuntimeError("the pen broke")

    path = twin.write_verdict(done(lab).verdict, tmp_path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        twin.write_verdict(Broken(), tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".json"] == ["verdict.json"]


def test_a_fitted_process_holds_the_values_of_its_fit(lab, done):
    found = done(lab)
    process = twin.fitted(found.study.validated.process, found.fit)
    assert process.stages[0].walls["left"].film.value == pytest.approx(found.fit.values[0])


def test_what_no_trial_has_tried_is_foreseen_but_not_valid_here(lab, tmp_path):
    told = []
    verdict = twin.foresee(
        requirement(1200.0),
        lab.process(film=600.0, std=20.0),
        store=tmp_path / "trials.h5",
        freeze=twin.freeze(tmp_path / "trials.h5", requirement(1200.0), split={}, rule={}, seeds={}),
        judged=(HOTTEST, Probe(name="core", place=(0.02, 0.5, 0.5))),
        solver=lab.slab(cells=24, steps=120),
        title=("A slab that nobody cooled", "未经冷却试验的平板"),
        command="pytest",
        tell=lambda text, _: told.append(text),
    )
    assert verdict.state is State.NOT_VALID_HERE
    assert any("Predicted, not tried" in reason for reason in verdict.reasons)
    assert verdict.content["question"]["freeze"]["before_result"]
    assert verdict.expanded > 0.0
    assert all(finding.holds for finding in twin.check_verdict(tmp_path))
    assert told


@pytest.mark.parametrize("bend", [
    lambda c: c["question"].update(verification="design"),
    lambda c: c["question"].update(id="another"),
    lambda c: c["validation"]["data"].update(second="0" * 64),
    lambda c: c["calibration"]["data"].update(third="0" * 64),
    lambda c: c.update(created="2020-01-01T00:00:00+00:00"),
], ids=["verification", "id", "validation data", "calibration data", "time"])  # fmt: skip
def test_what_was_exchanged_after_the_freeze_is_found_though_the_seal_was_made_anew(bend, lab, done, tmp_path):
    found = done(lab)
    (tmp_path / "trials.h5").write_bytes((found.folder / "trials.h5").read_bytes())
    content = json.loads((found.folder / "verdict.json").read_text(encoding="utf-8"))
    bend(content)
    (tmp_path / "verdict.json").write_text(canonical(seal(content)), encoding="utf-8")
    assert {what for what, holds in findings(tmp_path).items() if not holds} == {"freeze"}
