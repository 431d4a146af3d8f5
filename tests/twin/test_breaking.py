"""The probability of breaking a limit, held against numbers that are known, and what a verdict makes of it."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import lognorm

from foretrial import twin
from foretrial.models import (
    Balance,
    Exchange,
    History,
    Interest,
    Material,
    Part,
    Probe,
    Process,
    Quantity,
    Requirement,
    SolveError,
    quantities,
)
from foretrial.models.verdict import canonical
from foretrial.twin.check import seal

END = (Probe(name="end", place=(0.0, 0.5, 0.5)),)
LAST = Interest(observations=("end",), statistic="last", window=(0.0, 1.0))
STEEL = Material.simple("steel", density=7850.0, conductivity=45.0, heat_capacity=480.0)


@dataclass(frozen=True)
class Formula:
    """A solver whose temperature is a formula of two named quantities."""

    formula: object

    def __call__(self, process, **_):
        known = quantities(process)
        level = float(self.formula(known["film"].value, known["gas"].value))
        return History(t=np.linspace(0.0, 1.0, 3), names=("end",), values=np.full((3, 1), level),
                       rates=np.zeros((3, 1)), stage_ends=(1.0,), balance=Balance(entered=0.0, made=0.0, stored=0.0),
                       iterations=1, cells=1, iteration_error=0.0, solver="formula", process="p")  # fmt: skip


def process(film=None, gas=None):
    film = film or Quantity(value=500.0, unit="W/(m2.K)", std=50.0, name="film")
    gas = gas or Quantity(value=300.0, unit="K", std=10.0, name="gas")
    return Process.simple(part=Part.slab(0.04), material=STEEL, start=900.0, until=1.0,
                          walls={"left": Exchange(gas=gas, film=film)})  # fmt: skip


def requirement(limit, sense="at most", failing=1e-2, **more):
    return Requirement(id="holds", text="Does it hold?", text_zh="是否保持?", interest=LAST, limit=limit, sense=sense,
                       accuracy=1e3, verification="design", display="K", failing=failing, **more)  # fmt: skip


def found(formula, asked, *, given=None, extra=(), **options):
    given, solver = given or process(), Formula(formula)
    prediction = twin.predict(given, interest=LAST, solver=solver, observe=END)
    lines = twin.budget(prediction, interest=LAST, process=given, extra=extra)
    return twin.breaking(asked, prediction, lines, process=given, solver=solver, observe=END, **options)


def straight(film, gas):
    return 400.0 + 0.2 * (film - 500.0) + (gas - 300.0)


@pytest.mark.parametrize("far", [0.5, 2.0, 3.5, 5.0])
def test_of_a_straight_number_both_methods_give_the_normal_law(far):
    std = math.hypot(10.0, 10.0)
    b = found(straight, requirement(400.0 + far * std))
    assert b.index == pytest.approx(far, rel=1e-3)
    assert (b.first_order, b.by_budget) == pytest.approx((ndtr(-far), ndtr(-far)), rel=1e-3)
    assert b.probability == pytest.approx(ndtr(-far), rel=5.0 * b.scatter)
    assert b.converged
    assert b.settled
    assert b.agree
    assert b.draws <= 200
    assert b.keeps(1.5 * ndtr(-far))
    assert not b.keeps(0.9 * ndtr(-far))


def test_the_sides_of_two_limits_add_up_and_one_already_broken_is_likely():
    std = math.hypot(10.0, 10.0)
    both = found(straight, requirement((400.0 - 2.0 * std, 400.0 + 2.0 * std), "within"))
    assert both.first_order == pytest.approx(2.0 * ndtr(-2.0), rel=1e-3)
    assert both.probability == pytest.approx(2.0 * ndtr(-2.0), rel=5.0 * both.scatter)
    broken = found(straight, requirement(400.0 - std))
    assert broken.first_order == pytest.approx(ndtr(1.0), rel=1e-3)
    assert broken.probability == pytest.approx(ndtr(1.0), rel=5.0 * broken.scatter)
    assert found(straight, requirement(400.0 - 2.0 * std, "at least")).first_order == pytest.approx(
        ndtr(-2.0), rel=1e-3
    )


def test_a_curved_number_is_found_where_the_budget_is_wrong():
    film = Quantity(value=500.0, unit="W/(m2.K)", std=150.0, name="film", distribution="lognormal")
    gas = Quantity(value=300.0, unit="K", std=1e-6, name="gas")
    b = found(lambda film, _: 300.0 + 0.2 * film, requirement(520.0), given=process(film, gas))
    wide = math.log1p(0.3**2)
    true = lognorm.sf(1100.0, math.sqrt(wide), scale=500.0 * math.exp(-0.5 * wide))
    assert b.first_order == pytest.approx(true, rel=1e-2)
    assert b.probability == pytest.approx(true, rel=5.0 * b.scatter)
    assert b.by_budget < 0.1 * true  # normal and straight: far too low
    assert b.point["film"] == pytest.approx(1100.0, rel=1e-3)


def test_draws_are_right_where_first_order_sees_one_side_of_two():
    def bent(film, gas):  # a parabola: breaks on both sides of the middle
        return 400.0 + 12.0 * ((film - 500.0) / 50.0) ** 2 + 0.05 * (gas - 300.0)

    true = 2.0 * ndtr(-math.sqrt(6.0))
    b = found(bent, requirement(472.0), most=2000)
    assert b.probability == pytest.approx(true, rel=5.0 * b.scatter)
    assert b.first_order == pytest.approx(0.5 * true, rel=1e-2)  # one side of two
    assert not b.keeps(0.9 * true)  # the larger of both counts


def test_what_is_no_input_counts_as_one_error_of_the_number():
    from foretrial.models import Line

    extra = (Line(name="numerical", kind="numerical", std=20.0, unit="K", sensitivity=1.0, contribution=20.0),)
    b = found(straight, requirement(450.0), extra=extra)
    true = ndtr(-50.0 / math.sqrt(600.0))
    assert b.first_order == pytest.approx(true, rel=1e-3)
    assert b.probability == pytest.approx(true, rel=5.0 * b.scatter)
    alone = found(lambda *_: 400.0, requirement(450.0), extra=extra)
    assert alone.probability == pytest.approx(ndtr(-2.5), rel=1e-9)
    assert alone.settled


def test_a_run_that_fails_counts_as_broken_and_is_told():
    def frail(film, gas):
        if film > 600.0:
            raise SolveError("film is too much. Less converges. Lower it.")
        return straight(film, gas)

    b = found(frail, requirement(440.0))
    assert b.failed > 0
    assert b.probability >= 0.8 * ndtr(-2.0)  # of film beyond 600 alone
    assert f"{b.failed} failed" in b.told()


def test_draws_repeat_with_their_seed_and_their_scatter_is_honest():
    asked = requirement(400.0 + 2.5 * math.hypot(10.0, 10.0))
    again = [found(straight, asked, seed=3) for _ in range(2)]
    assert again[0] == again[1]
    each = [found(straight, asked, seed=s) for s in range(40)]
    off = [(b.probability - ndtr(-2.5)) / (b.scatter * b.probability) for b in each]
    assert np.mean(np.abs(off) <= 2.0) >= 0.8  # five batches: 0.88 by Student's law
    assert abs(np.mean(off)) < 0.7


def answered(lab, tmp_path, *, failing=1e-3, above=40.0, std=0.01, **more):
    """A slab that is to stay below its temperature plus `above`, nobody having tried it."""
    core = (Probe(name="end", place=(0.02, 0.5, 0.5)),)
    interest = Interest(observations=("end",), statistic="last", window=(0.0, 200.0))
    slab, given = lab.slab(cells=24, steps=60), lab.process(std=std)
    level = interest.value(slab(given, observe=core))
    asked = Requirement(id="holds", text="Does it hold?", text_zh="是否保持?", interest=interest, limit=level + above,
                        sense="at most", accuracy=1e3, verification="design", display="K", failing=failing,
                        **more)  # fmt: skip
    store = tmp_path / "trials.h5"
    frozen = twin.freeze(store, asked, split={}, rule={}, seeds={})
    verdict = twin.foresee(asked, given, store=store, freeze=frozen, judged=core, solver=slab, title=("Slab", "平板"),
                           command="pytest")  # fmt: skip
    return verdict, next(c for c in verdict.content["criteria"] if c["id"] == "F5")


def test_a_requirement_that_allows_a_probability_gets_it_by_two_methods(lab, tmp_path):
    verdict, row = answered(lab, tmp_path)
    assert row["state"] == "met", (row["value"], row["why"])
    assert row["evidence"]
    assert "F5" in verdict.content["question"]["needs"]
    told = verdict.content["reliability"]
    assert told["probability"] <= told["first_order"] * 2.0
    assert told["runs"] > told["draws"] > 0
    assert verdict.content["question"]["failing"] == 1e-3
    assert verdict.content["pedigree"]["seeds"]["draws"] == 1
    assert all(f.holds for f in twin.check_verdict(tmp_path))


def test_a_probability_above_what_is_allowed_is_not_met_and_says_by_how_much(lab, tmp_path):
    verdict, row = answered(lab, tmp_path, failing=1e-6, above=5.0)
    assert row["state"] == "not-met"
    assert "more than is allowed" in row["why"]
    assert any("F5" in r["en"] for r in verdict.content["result"]["reasons"])
    assert all(f.holds for f in twin.check_verdict(tmp_path))


def test_where_nothing_is_asked_it_does_not_apply_and_where_no_number_is_allowed_it_is_not_met(lab, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    verdict, row = answered(lab, tmp_path / "a", failing=None)
    assert (row["state"], row["why"]) == (
        "not-applicable",
        "the requirement asks for no probability of breaking its limit",
    )
    assert "reliability" not in verdict.content
    _, row = answered(lab, tmp_path / "b", failing=None, needs=("F5",))
    assert (row["state"], row["why"]) == ("not-met", "the requirement states no probability that is allowed")


def test_a_check_finds_the_reliability_again_from_what_is_stated(lab, tmp_path):
    verdict, _ = answered(lab, tmp_path)

    def holds(**changed):
        bent = {**verdict.content, "reliability": {**verdict.content["reliability"], **changed}}
        (tmp_path / "verdict.json").write_text(canonical(seal(bent)), encoding="utf-8")
        return {f.what: f.holds for f in twin.check_verdict(tmp_path)}["reliability"]

    assert holds()
    for bent in ({"probability": 0.3}, {"converged": False}, {"settled": False}, {"first_order": 0.01}):
        assert not holds(**bent), bent
