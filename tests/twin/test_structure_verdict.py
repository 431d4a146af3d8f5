"""Structures in the verbs of trust: refined by grids alone, budgeted, foreseen, calibrated; corners decide nothing."""

import json

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import (
    Channel,
    Elastic,
    Fixed,
    Gauge,
    Interest,
    LoadCase,
    ModelError,
    Part,
    Peak,
    Property,
    Quantity,
    Requirement,
    Safety,
    Structure,
    Traction,
    Trial,
    TrialError,
    Yield,
)
from foretrial.models.curve import Curve
from foretrial.models.requirement import UNITS
from foretrial.solvers import Strength
from foretrial.twin.assess import Evidence, assess
from foretrial.twin.decide import decide
from foretrial.twin.limit import limit

MARGIN = Safety(name="margin")


def scaled(value, name):
    return Property(curve=Curve.table([200.0, 400.0], [value, value]), unit="Pa", source="data sheet",
                    valid=(200.0, 400.0),
                    scale=Quantity(value=1.0, std=0.05, name=name, source="data sheet"))  # fmt: skip


STEEL = Elastic(name="steel", young=scaled(210e9, "modulus"), yields=Yield(stress=scaled(235e6, "yield")),
                poisson=Quantity(value=0.3, std=0.01, name="ratio", source="data sheet"),
                source="data sheet")  # fmt: skip
PULL = Quantity(value=80e6, unit="Pa", std=2e6, name="pull", source="declared")


def plate(hole=True, shift=0.0):
    part = Part.sheet(0.2, 0.1, name="plate")
    part = part - Part.disc(0.02).moved(x=0.1, y=0.05) if hole else part
    left = Quantity(value=shift, unit="m", std=1e-5, name="shift", source="declared")
    case = LoadCase(supports={"left": Fixed(x=left, y=None), "bottom": Fixed(x=None, y=0.0)},
                    loads={"right": Traction(value=(PULL, 0.0, 0.0))})  # fmt: skip
    return Structure.simple(part=part, material=STEEL, case=case, plane="stress", thickness=0.01, name="plate")


def corner():
    """An L with a sharp inner corner: its stress has no limit."""
    part = Part.sheet(0.1, 0.02) + Part.sheet(0.02, 0.1)
    case = LoadCase(supports={"top": Fixed()}, loads={"right": Traction(value=(0.0, -2e6, 0.0))})
    return Structure.simple(part=part, material=STEEL, case=case, plane="stress", thickness=0.01, name="corner")


def asked(limit=1.5, **more):
    return Requirement(**{
        "id": "plate", "text": "Is it strong enough?", "text_zh": "强度是否足够？", "interest": Interest.of(MARGIN),
        "limit": limit, "sense": "at least", "accuracy": 0.5, "verification": "design",
        "display": "1"} | more)  # fmt: skip


def test_an_interest_takes_its_unit_and_its_side_from_the_readings():
    found = Interest.of(MARGIN)
    assert (found.unit, found.statistic, found.window) == ("1", "min", (0.0, 1.0))
    assert Interest.of(Peak(name="u", what="u"), Peak(name="v", what="ux")).unit == "m"
    assert Interest.of(Peak(name="s", what="third", statistic="min")).statistic == "min"
    assert set(UNITS) >= {"K", "Pa", "m", "1", "N", "Hz"}
    with pytest.raises(ModelError, match=r"2 readings in 1, Pa have no worst.*requirement of its own"):
        Interest.of(MARGIN, Peak(name="s", what="von Mises"))
    with pytest.raises(ModelError, match=r"interest is in Pa, and 'margin' is read in 1.*Interest\.of"):
        twin.predict(plate(), interest=Interest(observations=("margin",), statistic="min", window=(0.0, 1.0),
                                                unit="Pa"), solver=Strength(cells=8), observe=(MARGIN,))  # fmt: skip


def test_a_structure_is_refined_by_its_grid_alone_at_the_widths_as_they_were_laid():
    found = twin.refine(Strength(cells=12), plate(), observe=(MARGIN,), interest=Interest.of(MARGIN),
                        ratios=(1.0, 1.5, 2.0))  # fmt: skip
    assert [level.steps for level in found.levels] == [0, 0, 0]
    assert found.formal_order == 1.0
    assert not found.diverges
    exact = 235.0 / (
        80.0 * 3.14
    )  # Howland at d / W = 0.4, gross 3.74; the half plate's symmetry plane is its lower edge
    assert exact > 0.0
    assert found.iteration_error < 1e-3 * found.u_num
    assert twin.refine(Strength(cells=12), plate(), observe=(Gauge(name="u", place=(0.2, 0.05, 0.5), what="ux"),),
                       ratios=(1.0, 1.5, 2.0), interest=Interest.of(Gauge(name="u", place=(0.2, 0.05, 0.5), what="ux")),
                       together=False).formal_order == 2.0  # fmt: skip


def test_a_stress_without_a_limit_is_called_so_and_decides_nothing():
    peak = Peak(name="peak", what="von Mises")
    for ratios in ((1.0, 1.5, 2.0), (0.5, 0.71, 1.0), (1.0, 2.0, 4.0)):
        found = twin.refine(Strength(cells=8), corner(), observe=(peak,), interest=Interest.of(peak), ratios=ratios)
        assert not found.asymptotic
        assert found.diverges
        assert found.words[0][0].startswith("Not asymptotic: each finer level moves the number by more")
        assert "内凹尖角" in found.words[0][1]
    given = {"value": 1.0, "limit": 2.0, "sense": "at most", "combined": 0.1, "coverage": 2.0, "guard": 1.0,
             "accuracy": 1.0, "needs": (), "criteria": {}, "inside": True, "tried": True, "expired": False}  # fmt: skip
    assert decide(**given).state.value == "PASS"
    assert decide(**given, settles=False).state.value == "INCONCLUSIVE"
    assert decide(**{**given, "value": 3.0}).state.value == "FAIL"
    assert decide(**{**given, "value": 3.0}, settles=False).state.value == "INCONCLUSIVE"


def test_steps_that_shrink_or_rounding_noise_are_no_divergence():
    sizes = np.array([2.0, np.sqrt(2.0), 1.0])
    for order in (0.1, 0.5, 1.0, 2.0):
        assert not limit(sizes, 100.0 + 50.0 * sizes**order).diverges
    for order in (-0.05, -0.3, -0.455):
        assert limit(sizes, 100.0 * sizes**order).diverges
    assert limit(sizes, 100.0 - 20.0 * np.log(sizes)).diverges
    assert not limit(sizes, 100.0 + 1e-6 * np.array([1.0, 2.0, 4.0])).diverges


def test_a_structure_is_foreseen_with_sources_budget_balance_and_iteration_error(tmp_path):
    requirement, store = asked(), tmp_path / "trials.h5"
    frozen = twin.freeze(store, requirement, split={}, rule={"guard": 1.0, "coverage": 2.0}, seeds={})
    solver = Strength(cells=12)
    field = twin.picture(solver, plate(), tmp_path / "fields.vtkhdf", every=1.0)
    verdict = twin.foresee(requirement, plate(), store=store, freeze=frozen, judged=(MARGIN,), solver=solver,
                           title=("A plate", "板"), command="none", fields=(field,))  # fmt: skip
    held = verdict.content
    states = {c["id"]: c for c in held["criteria"]}
    assert verdict.state.value == "NOT-VALID-HERE"
    assert states["B4"]["state"] == "met"
    assert states["C5"]["value"].endswith("of the work")
    assert states["C4"]["state"] == states["C2"]["state"] == "met"
    assert field["unit"] == "Pa"
    lines = {line["name"]: line for line in held["budget"]["lines"]}
    assert set(lines) == {"modulus", "ratio", "yield", "pull", "shift", "numerical"}
    assert lines["yield"]["contribution"] == pytest.approx(0.05 * verdict.value, rel=1e-3)
    assert lines["pull"]["contribution"] == pytest.approx(-0.025 * verdict.value, rel=1e-3)
    assert lines["modulus"]["contribution"] == pytest.approx(0.0, abs=1e-6)
    named = {(m["property"], m["source"]) for m in held["pedigree"]["materials"]}
    assert {("young", "data sheet"), ("yield", "data sheet"), ("poisson", "data sheet")} <= named
    assert all(f.holds for f in twin.check_verdict(tmp_path / "verdict.json"))
    assert json.loads(verdict.json())["question"]["interest"]["unit"] == "1"


def test_a_property_without_a_source_or_an_uncertainty_is_named():
    bare = Structure.simple(
        part=Part.sheet(0.2, 0.1), plane="stress", name="bare",
        material=Elastic(name="bare", young=210e9, poisson=Quantity(value=0.3, name="ratio"),
                         yields=Yield(stress=235e6)),
        case=LoadCase(supports={"left": Fixed()}, loads={"right": Traction(value=(1e6, 0.0, 0.0))}))  # fmt: skip
    prediction = twin.predict(bare, interest=Interest.of(MARGIN), solver=Strength(cells=4), observe=(MARGIN,))
    found, _ = assess(Evidence(requirement=asked(), process=bare, history=prediction.history,
                               budget=twin.budget(prediction, interest=Interest.of(MARGIN), process=bare)),
                      margin=1.0)  # fmt: skip
    assert found["B4"][0] == "not-met"
    assert "ratio" in found["B4"][2]


def test_a_modulus_and_a_ratio_are_found_again_in_displacements_that_another_formula_made():
    rng, places = np.random.default_rng(3), [(x, y) for x in (0.04, 0.16) for y in (0.02, 0.08)]
    strain, channels = 80e6 / 200e9, {}
    for n, (x, y) in enumerate(places):
        for what, facing, u in (("ux", (1.0, 0.0, 0.0), strain * x + 3e-6),
                                ("uy", (0.0, 1.0, 0.0), -0.29 * strain * y)):  # fmt: skip
            channels[f"{what}{n}"] = Channel(
                name=f"{what}{n}", t=np.array([1.0]), values=np.array([u + rng.normal(0.0, 5e-8)]), unit="m",
                logged_unit="mm", place=(x, y, 0.5), facing=facing, std=5e-8)  # fmt: skip
    trial = Trial(name="field", channels=channels)
    free = {"modulus": (0.7, 1.3), "ratio": (0.1, 0.45), "shift": (-1e-4, 1e-4)}
    fit = twin.calibrate(plate(hole=False), trial, free=free, solver=Strength(cells=2), starts=1)
    for value, std, true in zip(fit.values, fit.std, (200.0 / 210.0, 0.29, 3e-6), strict=True):
        assert abs(value - true) < 3.5 * std
    assert fit.std[0] < 0.01
    form = twin.judge(twin.Experiment(trial=trial, process=plate(hole=False)), solver=Strength(cells=2))
    assert form.explains
    assert " m," in form.words[0][0]
    with pytest.raises(TrialError, match=r"0 displacements with a place and an axis.*Gauge"):
        twin.Experiment(trial=Trial(name="none", channels={"T": Channel(
            name="T", t=np.array([0.0]), values=np.array([300.0]), unit="K", logged_unit="K")}),
            process=plate())  # fmt: skip
