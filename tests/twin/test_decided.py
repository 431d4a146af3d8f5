"""Verdicts on logged data alone: the bound decides, the risk is as stated, and check finds the number again."""

import json
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import (
    Channel,
    Clause,
    Contract,
    Interest,
    Measured,
    ModelError,
    Requirement,
    State,
    Trial,
    TrialError,
)
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal
from foretrial.twin.decide import decide
from foretrial.twin.observe import SYNTHETIC
from foretrial.twin.outcome import outcome

CPK = Measured(characteristic="d", statistic="Cpk", specification=(-4.0, 4.0))
LIVES = Measured(characteristic="life", statistic="reliability", at=200.0, confidence=0.9, censored="off")
KEPT = Measured(statistic="findings", contract=Contract(name="line", clauses=(Clause(channel="d", unit="1"),)))


def asks(interest, limit=1.0, *, sense="at least", verification="production", **changed):
    return Requirement(id="lot", text="Is it capable?", text_zh="是否足够?", interest=interest, limit=limit,
                       sense=sense, accuracy=10.0, verification=verification, display="1", **changed)  # fmt: skip


def log(name="lot", **columns):
    channels = {}
    for key, values in columns.items():
        values = np.asarray(values, dtype=float)
        unit = "s" if key == "life" else "1"
        channels[key] = Channel(name=key, t=np.arange(values.size, dtype=float), values=values, unit=unit,
                                logged_unit=unit, std=0.01)  # fmt: skip
    return Trial(name=name, channels=channels)


def lot(rng, n, cpk=2.0):
    return log(d=rng.normal(4.0 - 3.0 * cpk * 0.3, 0.3, n))


def judge(folder, trial, requirement, **more):
    store = folder / "trials.h5"
    kept = twin.add(store, trial)
    frozen = twin.freeze(store, requirement, split={"judged": (trial.name,)}, rule={}, seeds={})
    return twin.measured(
        requirement, kept, store=store, freeze=frozen, title=("A lot", "一批"), command="judge", **more
    )


def state(trial, requirement):
    """The result without a store: what `measured` decides by."""
    got = outcome(requirement, trial)
    combined = sum(line.contribution for line in got.lines(requirement))
    criteria = {got.criterion: "met" if got.sound else "not-met"}
    return decide(value=got.value, limit=requirement.limit, sense=requirement.sense, combined=combined,
                  coverage=requirement.coverage, guard=1.0, accuracy=10.0, needs=(got.criterion,), criteria=criteria,
                  inside=True, tried=True, expired=False, unit="1").state  # fmt: skip


def holds(folder):
    return {f.what: f.holds for f in twin.check_verdict(folder)}


def test_a_capable_process_passes_and_check_finds_the_number_again(tmp_path):
    verdict = judge(tmp_path, lot(np.random.default_rng(1), 60), asks(CPK, 1.33))
    assert verdict.state is State.PASS
    content = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert content["measured"]["lower"] >= 1.33
    assert content["result"]["margin"] >= content["result"]["guard_band"]
    assert {c["state"] for c in content["criteria"] if c["group"] in "CDE"} == {"not-applicable"}
    assert content["numerics"] is content["calibration"] is content["validation"] is content["domain"] is None
    assert "F6" in content["question"]["needs"]
    assert all(holds(tmp_path).values())
    assert holds(tmp_path)["measured"]


def test_a_small_lot_is_inconclusive_and_says_how_many_parts_would_settle_it(tmp_path):
    x = np.random.default_rng(2).standard_normal(12)
    x = (x - x.mean()) / x.std(ddof=1) / 3.0
    verdict = judge(tmp_path, log(d=4.0 - 1.45 + x), asks(CPK, 1.33))
    assert verdict.state is State.INCONCLUSIVE
    n = twin.parts_to_settle(1.45, 1.33, two_sided=True)
    assert f"about {n} parts would settle it" in verdict.reasons[1]
    assert str(n) in verdict.content["result"]["reasons"][1]["zh"]


def test_a_process_at_its_limit_passes_no_more_often_than_the_stated_risk():
    rng = np.random.default_rng(3)
    got = [state(lot(rng, 25, cpk=1.33), asks(CPK, 1.33)) for _ in range(400)]
    assert np.mean([one is State.PASS for one in got]) <= 0.05 + 2.0 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean([one is State.FAIL for one in got]) <= 0.05 + 2.0 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(("cpk", "wanted"), [(2.0, State.PASS), (0.8, State.FAIL)])
def test_a_plainly_good_process_passes_and_a_plainly_poor_one_fails_in_50_draws(cpk, wanted):
    rng = np.random.default_rng(4)
    assert np.mean([state(lot(rng, 60, cpk), asks(CPK, 1.33)) is wanted for _ in range(50)]) >= 0.9


def test_what_is_unstable_or_not_normal_never_passes(tmp_path):
    rng = np.random.default_rng(5)
    drifting = log(d=np.linspace(-0.5, 0.5, 60) + rng.normal(0.0, 0.1, 60))
    skew = log(name="skew", d=rng.exponential(0.15, 80))
    for folder, trial, word in (("a", drifting, "drift"), ("b", skew, "no normal law")):
        (tmp_path / folder).mkdir()
        verdict = judge(tmp_path / folder, trial, asks(CPK, 1.33))
        assert verdict.margin > verdict.expanded
        assert verdict.state is State.INCONCLUSIVE
        assert any(word in r for r in verdict.reasons)
        assert all(holds(tmp_path / folder).values())


def test_without_a_law_many_clean_parts_pass():
    free = replace(CPK, statistic="Ppk", method="distribution-free")
    rng = np.random.default_rng(6)
    assert state(log(d=rng.exponential(0.2, 4000)), asks(free, 0.9)) is State.PASS
    assert state(log(d=rng.exponential(0.2, 200)), asks(free, 1.33)) is State.INCONCLUSIVE


def test_a_reliability_is_decided_by_its_lower_bound(tmp_path):
    rng = np.random.default_rng(7)
    x = 900.0 * rng.weibull(2.5, 40)
    trial = log(life=np.minimum(x, 600.0), off=x > 600.0)
    for k, (limit, wanted) in enumerate(((0.9, State.PASS), (0.9999, State.FAIL), (0.97, State.INCONCLUSIVE))):
        (tmp_path / str(k)).mkdir()
        verdict = judge(tmp_path / str(k), trial, asks(LIVES, limit, verification="functional performance"))
        assert verdict.state is wanted, str(verdict)
        assert all(holds(tmp_path / str(k)).values())
    assert verdict.content["question"]["verification"] == "functional performance"
    assert verdict.content["measured"]["details"]["second"]["method"] == "binomial"


@pytest.mark.parametrize(("n", "wanted"), [(22, State.PASS), (21, State.INCONCLUSIVE)])
def test_22_survivors_show_ninety_per_cent_at_ninety_and_21_do_not(n, wanted, tmp_path):
    trial = log(life=np.full(n, 200.0), off=np.ones(n))
    verdict = judge(tmp_path, trial, asks(replace(LIVES, method="binomial"), 0.9))
    assert verdict.state is wanted
    assert "needs 22 units" in verdict.reasons[1]
    assert all(holds(tmp_path).values())


def test_a_log_that_keeps_to_its_contract_passes_and_one_that_does_not_fails(tmp_path):
    question = asks(KEPT, 0.0, sense="at most", verification="adaptation")
    assert judge(tmp_path, log(d=[1.0, 2.0, 3.0]), question).state is State.PASS
    assert all(holds(tmp_path).values())
    (tmp_path / "b").mkdir()
    verdict = judge(tmp_path / "b", log(d=[1.0, 2.0], e=[1.0, 2.0]), question)
    assert verdict.state is State.FAIL
    assert "'e' is not in the contract" in verdict.reasons[1]
    assert all(holds(tmp_path / "b").values())


def test_what_a_log_does_not_show_is_inconclusive(tmp_path):
    contract = replace(KEPT.contract, loggers=(("A", "1.0"),))
    question = asks(replace(KEPT, contract=contract), 0.0, sense="at most", verification="adaptation")
    verdict = judge(tmp_path, log(d=[1.0, 2.0, 3.0]), question)
    assert verdict.state is State.INCONCLUSIVE
    assert all(holds(tmp_path).values())


def test_simulated_data_are_no_trial(tmp_path):
    made = replace(lot(np.random.default_rng(8), 60), remarks=(SYNTHETIC,))
    assert judge(tmp_path, made, asks(CPK, 1.33)).state is State.NOT_VALID_HERE
    assert all(holds(tmp_path).values())


def test_an_expired_gauge_is_at_most_inconclusive(tmp_path):
    good = lot(np.random.default_rng(1), 60)
    old = replace(good["d"], calibrated="2026-01-31")
    late = replace(good, channels={"d": old}, started="2026-05-01T08:00:00+00:00")
    assert judge(tmp_path, late, asks(CPK, 1.33)).state is State.INCONCLUSIVE
    assert all(holds(tmp_path).values())


@pytest.mark.parametrize(("part", "change", "found"), [
    ("measured", {"value": 3.0}, "measured"),
    ("measured", {"lower": 1.4}, "measured"),
    ("measured", {"sound": False}, "measured"),
    ("measured", {"data": {"lot": "0" * 64}}, "measured"),
    ("measured", {"synthetic": True}, "decision"),
    ("result", {"state": "PASS"}, "decision"),
    ("question", {"needs": []}, "measured"),
])  # fmt: skip
def test_tampering_is_found_even_when_it_is_sealed_again(tmp_path, part, change, found):
    content = dict(judge(tmp_path, lot(np.random.default_rng(9), 12, cpk=1.4), asks(CPK, 1.33)).content)
    assert content["result"]["state"] == "INCONCLUSIVE"
    bent = seal({**content, part: {**content[part], **change}})
    (tmp_path / "verdict.json").write_text(canonical(bent), encoding="utf-8")
    assert not holds(tmp_path)[found]


def test_a_question_of_a_run_and_one_of_data_are_not_mixed():
    run = asks(Interest(observations=("a",), statistic="max", window=(0.0, 1.0)), sense="at most")
    with pytest.raises(ModelError, match="which logged data alone do not answer"):
        outcome(run, log(d=[1.0, 2.0, 3.0]))
    with pytest.raises(ModelError, match="no run answers that"):
        asks(CPK).of_run()
    with pytest.raises(ModelError, match=r"coverage 3 does not belong to a confidence of 0\.95"):
        asks(CPK, coverage=3.0)
    assert asks(CPK).coverage == pytest.approx(1.6449, abs=1e-4)
    with pytest.raises(TrialError, match="'d' has 1 gaps in 4 rows"):
        outcome(asks(CPK), log(d=[1.0, np.nan, 2.0, 3.0]))


@pytest.mark.parametrize(("given", "match"), [
    ({"statistic": "Cpm", "characteristic": "d"}, "statistic 'Cpm' is not known. Did you mean 'Cp"),
    ({"statistic": "Cpk", "characteristic": "d"}, "has limits None and None. An index needs one"),
    ({"statistic": "Cp", "characteristic": "d", "specification": (None, 1.0)}, "Cp and Pp need both"),
    ({"statistic": "Cpk", "characteristic": "d", "specification": (2.0, 1.0)}, "the lower limit 2 of 'd' is not below"),
    ({"statistic": "reliability", "characteristic": "d"}, "reliability at None is not defined"),
    ({"statistic": "B10", "characteristic": "d", "method": "weibayes"}, "method 'weibayes' with shape None"),
    ({"statistic": "B10", "characteristic": "d", "method": "normal"}, "B10 by method 'normal' is not known"),
    ({"statistic": "findings"}, "findings with contract None is not defined"),
    ({"statistic": "B10"}, "B10 of '' is not defined"),
    ({"statistic": "B10", "characteristic": "d", "confidence": 0.3}, "confidence = 0.3 cannot carry a decision"),
    ({"statistic": "B10", "characteristic": "d", "gauge_is": "lost"}, "a gauge of 0 that is 'lost' is not defined"),
])  # fmt: skip
def test_a_measured_interest_that_cannot_be_meant_is_refused(given, match):
    import re

    with pytest.raises(ModelError, match=re.escape(match)):
        Measured(**given)
