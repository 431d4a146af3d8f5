"""What a hostile reader tries: copies for trials, data exchanged after the freeze, edited and expired verdicts."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError, Quantity, State, TrialError, digest
from foretrial.models.verdict import canonical
from foretrial.twin.alike import copied
from foretrial.twin.check import seal

from .test_study import SPLIT, campaign, findings, requirement


@pytest.fixture(scope="module")
def made():
    return {}


@pytest.fixture
def done(lab, made, tmp_path_factory):
    """One honest campaign, made once."""
    if "it" not in made:
        made["it"] = campaign(lab, tmp_path_factory.mktemp("honest"))
    return made["it"]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def log(lab, rng, *, gas=320.0, name="first"):
    return lab.trial(lab.process(gas=gas), lab.channels(bias=Quantity(value=0.0, std=0.5)), rng, name=name)


def bent(trial, change, name="second"):
    channels = {c.name: c for c in map(change, trial.channels.values())}
    return replace(trial, name=name, channels=channels, content="")


COPIES = {
    "renamed": lambda c: replace(c, name=f"X{c.name}"),
    "an hour later": lambda c: replace(c, t=c.t + 3600.0),
    "thinned": lambda c: replace(c, t=c.t[1::2], values=c.values[1::2]),
    "resampled": lambda c: replace(c, t=c.t[:-1] + 1.3, values=np.interp(c.t[:-1] + 1.3, c.t, c.values)),
    "converted": lambda c: replace(c, values=np.round(1.8 * (c.values - 273.15) + 32.0, 2) / 1.8 - 32.0 / 1.8 + 273.15),
    "one reading changed": lambda c: replace(c, values=np.where(np.arange(c.t.size) == 3, c.values + 9.0, c.values)),
    "begun later": lambda c: replace(c, t=c.t[8:], values=c.values[8:]),
    "begun later, its clock at zero": lambda c: replace(c, t=c.t[8:] - c.t[8], values=c.values[8:]),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_of_the_calibration_is_refused_as_validation(how, lab, rng, tmp_path):
    first = log(lab, rng)
    second = bent(first, COPIES[how])
    store = tmp_path / "trials.h5"
    twin.add(store, first)
    twin.add(store, second)
    with pytest.raises(TrialError, match="'second' repeats the readings of calibration trial 'first'"):
        twin.freeze(store, requirement(500.0), split=SPLIT, rule={}, seeds={})


def test_a_copy_that_went_round_the_freeze_is_no_pass(lab, rng):
    thinned = lab.judge(rng, spoil=lambda t: t).content  # the honest one, for its data
    assert thinned["result"]["state"] == "PASS"
    seen = {}

    def keep(trial):
        seen.setdefault("first", trial)
        if trial.name == "first":
            return trial
        copy = bent(seen["first"], COPIES["thinned"])
        return replace(copy, content=digest([c.values for c in copy.channels.values()]))

    verdict = lab.judge(np.random.default_rng(7), spoil=keep)
    assert verdict.state is not State.PASS
    assert not verdict.content["validation"]["disjoint"]


def test_repeats_of_one_recipe_are_two_trials_in_every_draw(lab):
    for seed in range(50):
        rng = np.random.default_rng(seed)
        assert not copied(log(lab, rng), log(lab, rng, name="second"))


def test_what_was_frozen_is_what_is_asked_and_from_those_data(done, tmp_path):
    (tmp_path / "trials.h5").write_bytes(done.study.store.read_bytes())
    own = replace(done.study, store=tmp_path / "trials.h5")
    trial = own.validated.trial
    mended = twin.correct(own.store, "second", "TC1", values=trial["TC1"].values - 1.0, why="lower", who="somebody")
    for study, told in (
        (replace(own, validated=replace(own.validated, trial=mended)), "it was frozen as"),
        (replace(own, calibrated=(own.validated,)), "it was frozen with first for calibration"),
        (replace(own, requirement=replace(own.requirement, limit=2000.0)), "holds another limit"),
        (replace(own, seed=2), "seed 'starts' is 2, frozen as 1"),
    ):
        with pytest.raises(TrialError, match=told):
            twin.conclude(study, done.fit)
    assert not (tmp_path / "verdict.json").exists()


def test_every_answer_stays_in_the_store_and_a_question_frozen_after_one_says_so(lab, tmp_path):
    failed = campaign(lab, tmp_path, above=-15.0)
    assert failed.verdict.state is State.FAIL
    eased = replace(failed.study.requirement, limit=failed.study.requirement.limit + 30.0)
    frozen = twin.freeze(failed.study.store, eased, split=SPLIT, rule={}, seeds={"starts": 1})
    again = twin.conclude(replace(failed.study, requirement=eased, freeze=frozen), failed.fit)
    assert [r.payload["state"] for r in twin.records(failed.study.store, "verdict")] == ["FAIL", "PASS"]
    content = again.content
    assert not content["question"]["freeze"]["before_result"]
    assert any("事后设定" in r["zh"] for r in content["result"]["reasons"])
    assert any(w["en"].startswith("Not the first answer: the store holds 1 before it, the latest FAIL")
               for w in content["seal"]["caveats"])  # fmt: skip
    assert all(findings(tmp_path).values())
    needed = replace(eased, needs=("A1",), limit=eased.limit + 1.0)
    frozen = twin.freeze(failed.study.store, needed, split=SPLIT, rule={}, seeds={"starts": 1})
    third = twin.conclude(replace(failed.study, requirement=needed, freeze=frozen), failed.fit)
    assert third.state is State.INCONCLUSIVE


def cut(**change):
    def spoil(trial):
        if trial.name != "second":
            return trial
        channels = {n: change["of"](c) for n, c in trial.channels.items()}
        return replace(trial, channels=channels, content=digest([c.values for c in channels.values()]))

    return spoil


@pytest.mark.parametrize("of", [
    lambda c: replace(c, t=c.t[30:31], values=c.values[30:31]),
    lambda c: replace(c, values=np.where(np.arange(c.t.size) < 58, np.nan, c.values)),
    lambda c: replace(c, t=c.t[:20], values=c.values[:20]),
], ids=["one reading", "gaps but two", "the first third"])  # fmt: skip
def test_too_few_readings_or_none_where_the_number_is_taken_are_no_answer(of, lab, rng):
    assert lab.judge(rng, spoil=cut(of=of)).state is State.NOT_VALID_HERE


def test_nothing_can_be_left_out_to_pass(lab, rng):
    assert lab.judge(rng, domain=None).state is State.INCONCLUSIVE
    assert lab.judge(rng, trials=()).state is State.INCONCLUSIVE  # nor expired sensors with the trials
    assert lab.judge(rng, fit=None).state is State.INCONCLUSIVE
    for by, why in (("", ""), ("QA", ""), ("", "prototype")):
        with pytest.raises(ModelError, match="waiver of H1"):
            lab.judge(rng, waivers={"H1": (by, why)})


@pytest.mark.parametrize(("use", "covered", "more", "told"), [
    ({}, {"gas": (320.0, 340.0)}, {}, "a use of 0 variables"),
    ({"gas": (500.0, 300.0)}, {"gas": (320.0, 340.0)}, {}, "runs from low to high"),
    ({"gas": (500.0, 500.0)}, {"gas": (-np.inf, np.inf)}, {}, "A span is finite"),
    ({"gas": (np.nan, np.nan)}, {"gas": (320.0, 340.0)}, {}, "A span is finite"),
    ({"gas": (500.0, 500.0)}, {"gas": (320.0, 340.0)}, {"slack": 100.0}, "slack = 100 is no margin"),
])  # fmt: skip
def test_a_domain_cannot_be_feigned(use, covered, more, told):
    with pytest.raises(ModelError, match=told):
        twin.domain(use, [covered], **more)


EDITS = {
    "a needed row is dropped": lambda c: c["question"]["needs"].remove("E3"),
    "a row is cut": lambda c: c["criteria"].pop(),
    "a bound is hidden": lambda c: c["calibration"]["parameters"][0].update(active=True),
    "grids are hidden": lambda c: c.update(numerics=None),
    "the domain is cut": lambda c: c.update(domain=None),
    "the domain is stretched": lambda c: c["domain"]["variables"][0].update(value=[900.0, 900.0]),
    "few readings": lambda c: c["validation"]["coverage"].update(independent=1.0),
    "u_val is large": lambda c: c["validation"].update(u_val=400.0),
    "it expired": lambda c: c["seal"].update(expires="2020-01-01"),
    "another answer": lambda c: c.update(id="slab-cold-0"),
    "reasons are gone": lambda c: c["result"].update(reasons=[]),
    "no text": lambda c: c["question"].update(verification="none"),
    "no row E1": lambda c: c.update(criteria=[x for x in c["criteria"] if x["id"] != "E1"]),
    "too large": lambda c: c["budget"].update(combined=10**400),
    "larger yet": lambda c: c["budget"]["lines"][0].update(contribution=1e308),
}


REFUSED = {"no row E1", "reasons are gone", "no text", "too large", "larger yet"}


@pytest.mark.parametrize("how", EDITS)
def test_an_edit_is_found_or_refused_though_the_seal_was_made_anew(how, done, tmp_path):
    (tmp_path / "trials.h5").write_bytes(done.study.store.read_bytes())
    content = json.loads((done.folder / "verdict.json").read_text(encoding="utf-8"))
    EDITS[how](content)
    (tmp_path / "verdict.json").write_text(canonical(seal(content)), encoding="utf-8")
    if how in REFUSED:
        with pytest.raises(ModelError, match="a part is missing or of another kind"):
            findings(tmp_path)
    else:
        assert not all(findings(tmp_path).values())
    node = twin.Node(id="slab-cold", text="cold?", verification="process", verdict="verdict.json")
    assert twin.carry(twin.Tree(id="t", nodes=(node,)), folder=tmp_path).state is State.INCONCLUSIVE


def test_what_looks_at_a_store_leaves_it_as_it_was(done, tmp_path, monkeypatch, capsys):
    from foretrial import cli

    store = tmp_path / "trials.h5"
    for name in ("trials.h5", "verdict.json"):
        (tmp_path / name).write_bytes((done.folder / name).read_bytes())
    before = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    for words, status in (
        (["log", "show", str(store)], 0),
        (["log", "show", str(store), "first", "--out", str(tmp_path / "page")], 0),
        (["log", "show", str(store), "frist"], 1),
        (["log", "check", str(store)], 0),
        (["log", "release", str(store), str(store), str(tmp_path / "own" / "d.json")], 1),
        (["log", "release", str(store), str(tmp_path / "out" / "r.h5"), str(store)], 1),
        (["log", "add", str(store), str(store)], 1),
        (["log", "repair", str(store)], 0),
        (["check", str(tmp_path)], 0),
        (["check", str(store)], 1),
        (["freeze", "no_such_case", "--store", str(store)], 1),
    ):
        monkeypatch.setattr("sys.argv", ["foretrial", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == status, words
        assert "Traceback" not in capsys.readouterr().err
    after = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in before}
    assert after == before
