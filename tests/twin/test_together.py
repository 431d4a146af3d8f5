"""Several questions to the same runs: one verdict each, guard bands widened for so many, and no run made twice."""

import json
from dataclasses import replace

import pytest

from foretrial import twin
from foretrial.models import Interest, ModelError, Probe, Requirement
from foretrial.models.verdict import canonical
from foretrial.twin.agree import widened
from foretrial.twin.check import seal

CORE, SKIN = Probe(name="core", place=(0.02, 0.5, 0.5)), Probe(name="skin", place=(0.0, 0.5, 0.5))
TITLE = ("A slab", "平板")
IDS = ("cold", "alike")


def asked(name, **changed):
    interest = Interest(observations=("core", "skin"), statistic="last" if name == "cold" else "spread",
                        window=(0.0, 200.0))  # fmt: skip
    known = {"id": name, "text": f"Is it {name}?", "text_zh": "是否?", "interest": interest, "limit": 700.0,
             "sense": "at most", "accuracy": 400.0, "verification": "process", "display": "K"}  # fmt: skip
    return Requirement(**{**known, **changed})


def question(folder, requirement, **rule):
    folder.mkdir(exist_ok=True)
    store = folder / "trials.h5"
    frozen = twin.freeze(store, requirement, split={}, rule=rule, seeds={})
    return twin.Question(requirement=requirement, store=store, freeze=frozen, title=TITLE)


def foreseen(lab, questions):
    return twin.foresee_each(questions, lab.process(std=0.01), judged=(CORE, SKIN), command="pytest",
                             solver=lab.slab(cells=24, steps=60))  # fmt: skip


@pytest.fixture
def calls(lab, monkeypatch):
    """How many runs were made."""
    made, plain = [], lab.slab.__call__

    def counted(self, process, **more):
        made.append(process)
        return plain(self, process, **more)

    monkeypatch.setattr(lab.slab, "__call__", counted)
    return made


def findings(folder):
    return {f.what: f.holds for f in twin.check_verdict(folder)}


def row(verdict, name):
    return next(c for c in verdict.content["criteria"] if c["id"] == name)


def test_two_questions_take_the_runs_of_one(lab, calls, tmp_path):
    foreseen(lab, [question(tmp_path / "alone", asked("cold"))])
    alone = len(calls)
    calls.clear()
    foreseen(lab, [question(tmp_path / name, asked(name), together=IDS) for name in IDS])
    assert len(calls) == alone


def test_each_verdict_is_the_one_asked_alone_but_for_its_wider_guard_band(lab, tmp_path):
    both = foreseen(lab, [question(tmp_path / name, asked(name), together=IDS) for name in IDS])
    for verdict, name in zip(both, IDS, strict=True):
        (alone,) = foreseen(lab, [question(tmp_path / f"{name} alone", asked(name))])
        ours, theirs = verdict.content, alone.content
        for key in ("value", "expanded", "false_accept", "margin"):
            assert ours["result"][key] == theirs["result"][key]
        assert (ours["budget"], ours["numerics"]) == (theirs["budget"], theirs["numerics"])
        wider = ours["result"]["guard_band"] / theirs["result"]["guard_band"]
        assert wider == pytest.approx(widened(2.0, 2) / 2.0)
        assert ours["question"]["together"] == list(IDS)
        assert "together" not in theirs["question"]
        assert row(verdict, "F8")["state"] == "met"
        assert row(alone, "F8")["state"] == "not-applicable"
        said = [r for r in ours["result"]["reasons"] if "Bonferroni" in r["en"]]
        assert len(said) == 1
        assert "个问题" in said[0]["zh"]
        assert all(findings(tmp_path / name).values())


def test_how_many_are_asked_has_to_be_frozen_to_count(lab, tmp_path):
    verdict, _ = foreseen(lab, [question(tmp_path / name, asked(name)) for name in IDS])
    found = row(verdict, "F8")
    assert (found["state"], found["why"]) == ("not-met", "how many are answered together was not frozen")
    bare, _ = foreseen(lab, [question(tmp_path / f"{n} 0", asked(n, guard=0.0), together=IDS) for n in IDS])
    assert row(bare, "F8")["why"] == "there is no guard band to widen"


def test_a_verdict_that_hides_the_other_questions_is_found(lab, tmp_path):
    foreseen(lab, [question(tmp_path / name, asked(name), together=IDS) for name in IDS])
    file = tmp_path / "cold" / "verdict.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    q = {k: v for k, v in content["question"].items() if k != "together"}
    file.write_text(canonical(seal({**content, "question": q})), encoding="utf-8")
    found = findings(tmp_path / "cold")
    assert not found["freeze"]
    assert not found["decision"]


def test_questions_that_cannot_be_told_apart_are_refused(lab, tmp_path):
    one = question(tmp_path / "cold", asked("cold"))
    for bad in ([], [one, one], [one, replace(one, requirement=asked("alike"))]):
        with pytest.raises(ModelError, match=r"cannot be told apart\. .* Give each question its own store"):
            foreseen(lab, bad)
