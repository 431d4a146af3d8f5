"""Risks of a decision, against draws of the world in which it is made."""

import math
from dataclasses import replace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import ModelError


def test_one_limit_gives_the_risk_of_the_decision_itself():
    found = twin.risks(96.0, 2.0, limits=(None, 100.0))
    assert found.above == pytest.approx(0.5 * math.erfc(2.0 / math.sqrt(2.0)))
    assert (found.below, found.conforms + found.above) == (0.0, pytest.approx(1.0))
    assert math.isnan(found.consumer)
    assert twin.risks(96.0, 2.0, limits=(None, 100.0), dof=3.0).above > 2.0 * found.above
    assert twin.risks(101.0, 0.0, limits=(None, 100.0)).above == 1.0


def test_two_limits_add_what_lies_beyond_each():
    both = twin.risks(10.5, 0.4, limits=(10.0, 11.0))
    each = [twin.risks(10.5, 0.4, limits=one) for one in ((10.0, None), (None, 11.0))]
    assert 1.0 - both.conforms == pytest.approx(each[0].below + each[1].above)


@pytest.mark.parametrize(("limits", "band"), [((9.0, 11.0), 0.0), ((9.0, 11.0), 0.5), ((None, 11.0), 0.3)])
def test_global_risks_are_those_of_many_items_made_measured_and_decided(limits, band):
    rng, n = np.random.default_rng(0), 400_000
    mean, wide, std = 10.2, 0.7, 0.3
    true = mean + wide * rng.standard_normal(n)
    seen = true + std * rng.standard_normal(n)
    low, high = limits[0] or -np.inf, limits[1]
    good, taken = (true >= low) & (true <= high), (seen >= low + band) & (seen <= high - band)
    found = twin.risks(10.0, std, limits=limits, band=band, prior=(mean, wide))
    assert found.consumer == pytest.approx(np.mean(taken & ~good), abs=5e-4)
    assert found.producer == pytest.approx(np.mean(~taken & good), abs=1.5e-3)


def test_what_was_known_beforehand_moves_the_probability_that_it_conforms():
    rng = np.random.default_rng(1)
    true = 10.0 + 0.5 * rng.standard_normal(2_000_000)
    near = true[np.abs(true + 0.5 * rng.standard_normal(true.size) - 11.2) < 0.02]
    found = twin.risks(11.2, 0.5, limits=(None, 11.0), prior=(10.0, 0.5))
    assert found.with_prior == pytest.approx(np.mean(near <= 11.0), abs=0.01)
    assert found.with_prior > found.conforms + 0.3


def test_a_band_wider_than_the_tolerance_accepts_nothing():
    found = twin.risks(10.0, 0.1, limits=(9.0, 11.0), band=1.5, prior=(10.0, 0.2))
    assert found.consumer == 0.0
    assert found.producer == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("more", [{"limits": (None, None)}, {"limits": (2.0, 1.0)}])
def test_limits_that_decide_nothing_are_refused(more):
    with pytest.raises(ModelError, match="leave nothing to decide"):
        twin.risks(1.0, 0.1, **more)
    with pytest.raises(ModelError, match="do not make risks"):
        twin.risks(1.0, 0.1, limits=(0.0, None), prior=(1.0, 0.0))


def test_a_verdict_states_its_risks_with_the_prior_that_it_was_given(lab, tmp_path, monkeypatch):
    plain = lab.judge(np.random.default_rng(7), limit=1.0).content["result"]
    assert 1.0 - plain["risks"]["conforms"] == pytest.approx(plain["false_accept"])
    assert plain["risks"]["prior"] is None
    told, prior = twin.verify, (plain["limit"], 10.0)
    monkeypatch.setattr(twin, "verify", lambda e, **more: told(replace(e, prior=prior), **more))
    verdict = lab.judge(np.random.default_rng(7), limit=1.0)
    said = verdict.content["result"]["risks"]
    assert said["with_prior"] < said["conforms"]
    assert 0.0 < said["consumer"] < 0.01
    assert said["producer"] > said["consumer"]
    twin.write_verdict(verdict, tmp_path)
    assert all(one.holds for one in twin.check_verdict(tmp_path))
