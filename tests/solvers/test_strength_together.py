"""Load cases act together with their factors, the governing one is named, and what holds takes up all that acts."""

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Fixed,
    Force,
    Gauge,
    LoadCase,
    Member,
    ModelError,
    Part,
    Peak,
    Pressure,
    Reaction,
    Rest,
    Rotation,
    Safety,
    Sliding,
    Spring,
    Structure,
    Traction,
    Yield,
)
from foretrial.models.combination import accidental, fundamental, merged
from foretrial.models.curve import Curve
from foretrial.models.library_elastic import S235
from foretrial.models.material import Property
from foretrial.models.quantity import Quantity
from foretrial.solvers.strength import Strength

STEEL = Elastic(name="steel", young=200e9, poisson=0.3, density=8000.0, yields=Yield(stress=200e6))
CLAMPED = {"left": Fixed()}
TIP = Gauge(name="tip", place=(1.0, 0.1, 0.0), what="uy")


def beam(*cases, combinations=None, material=STEEL):
    member = Member(part=Part.sheet(1.0, 0.1), material=material)
    return Structure(name="beam", bodies=(member,), cases=cases, plane="stress", combinations=combinations)


def answered(structure, *observe, **settings):
    told = Strength(**{"cells": 4, **settings})(structure, observe=observe)
    return dict(zip(told.names, told.values[-1], strict=True)), told


def test_a_combination_is_the_sum_of_its_cases_with_their_factors():
    down = LoadCase(name="down", supports=CLAMPED, loads={"top": Pressure(value=1e5)})
    pull = LoadCase(name="pull", supports={"left": Fixed(x=1e-4, y=0.0)}, loads={"right": Traction(value=(1e7, 0, 0))})
    turn = LoadCase(name="turn", supports=CLAMPED, rotation=Rotation(speed=50.0), gravity=(0.0, -9.81, 0.0))
    shares = {"down": 1.35, "pull": 1.5, "turn": 0.9}
    both = beam(down, pull, turn, combinations={"all": shares})
    asked = (Gauge(name="ux", place=(1.0, 0.1, 0.0), what="ux"), TIP, Peak(name="xx", what="xx"),
             Reaction(name="x", patch="left", axis="x"), Reaction(name="y", patch="left", axis="y"))  # fmt: skip
    summed, _ = answered(both, *asked, case="all")
    parts = {name: answered(both, *asked, case=name)[0] for name in shares}
    for name in ("ux", "tip", "x", "y"):
        np.testing.assert_allclose(summed[name], sum(f * parts[one][name] for one, f in shares.items()), rtol=1e-9)
    once, _ = answered(beam(merged("all", [(case, shares[case.name]) for case in both.cases])), *asked)
    for name in once:
        np.testing.assert_allclose(summed[name], once[name], rtol=1e-9)


def test_the_worst_of_all_is_read_and_named():
    small = LoadCase(name="small", supports=CLAMPED, loads={"right": Traction(value=(2e7, 0, 0))})
    push = LoadCase(name="push", supports=CLAMPED, loads={"right": Traction(value=(-5e7, 0, 0))})
    structure = beam(small, push, combinations={"double": {"small": 2.0}})
    asked = (Peak(name="most", what="xx", statistic="mean"), Peak(name="highest", what="first"),
             Peak(name="lowest", what="third", statistic="min"), Safety(name="margin"))  # fmt: skip
    read, told = answered(structure, *asked)
    np.testing.assert_allclose(read["most"], -5e7, rtol=1e-3)
    assert read["highest"] > 4e7
    assert read["lowest"] < -5e7
    assert read["margin"] < 4.0
    for name, case in (("most", "push"), ("highest", "double"), ("lowest", "push"), ("margin", "push")):
        assert f"{name}: load case '{case}' governs of 3" in told.notes


def test_a_combination_with_heat_uses_stiffness_and_strength_at_its_temperature():
    hot = LoadCase(name="hot", supports=CLAMPED, temperature=873.15)
    pull = LoadCase(name="pull", supports=CLAMPED, loads={"right": Traction(value=(1e7, 0, 0))})
    structure = beam(pull, hot, combinations={"fire": {"pull": 0.7, "hot": 1.0}}, material=S235)
    end = Gauge(name="end", place=(1.0, 0.05, 0), what="ux")
    read, _ = answered(structure, end, Reaction(name="held", patch="left", axis="x"), case="fire")
    stretch = float(S235.expansion.curve.integral(873.15, 293.15)) + 0.7e7 / (0.31 * 210e9)
    cold = answered(structure, end, case="pull")[0]["end"]
    np.testing.assert_allclose(read["end"], stretch, rtol=0.01)
    np.testing.assert_allclose(cold, 1e7 / 210e9, rtol=0.01)
    np.testing.assert_allclose(read["held"], -0.7e7 * 0.1, rtol=1e-9)
    free = beam(*(LoadCase(name=c.name, supports={"left": Sliding(), "bottom": Sliding()}, loads=c.loads,
                           temperature=c.temperature) for c in (pull, hot)), combinations=structure.combinations,
                material=S235)  # fmt: skip
    np.testing.assert_allclose(
        answered(free, Safety(name="margin"), case="fire")[0]["margin"], 0.47 * 235 / 7, rtol=1e-6
    )


def test_a_factor_on_warmth_acts_on_its_change():
    slope = Property(curve=Curve.constant(1e-5), unit="1/K", scale=Quantity(value=1.0), source="stated", valid=(1, 2e3))
    material = Elastic(name="grows", young=200e9, expansion=slope)
    hot = LoadCase(name="hot", supports={"left": Sliding(), "bottom": Sliding()}, temperature=393.15)
    structure = beam(hot, combinations={"design": {"hot": 1.5}}, material=material)
    read, _ = answered(structure, Gauge(name="end", place=(1.0, 0.05, 0), what="ux"), case="design")
    np.testing.assert_allclose(read["end"], 1.5 * 100 * 1e-5, rtol=1e-9)


def test_cases_that_do_not_go_together_are_refused():
    one = LoadCase(name="one", supports=CLAMPED, loads={"top": Pressure(value=1.0)})
    other = LoadCase(name="other", supports={"right": Fixed()})
    with pytest.raises(ModelError, match=r"'both': load cases 'one' and 'other' are not held alike, .* Give both the"):
        answered(beam(one, other, combinations={"both": {"one": 1.0, "other": 1.0}}), TIP)
    warm = [LoadCase(name=name, supports=CLAMPED, temperature=T) for name, T in (("hot", 400.0), ("cold", 250.0))]
    with pytest.raises(ModelError, match=r"'hot' and 'cold' both say how warm .* one temperature at a time. Put it"):
        answered(beam(*warm, combinations={"both": {"hot": 1.0, "cold": 1.0}}), TIP)
    turns = [LoadCase(name=name, supports=CLAMPED, rotation=Rotation(speed=1.0, axis=axis)) for name, axis in
             (("a", (0, 0, 1)), ("b", (0, 1, 0)))]  # fmt: skip
    with pytest.raises(ModelError, match=r"2 rotations about different axes.* Combine those about one axis"):
        merged("both", [(case, 1.0) for case in turns])


@pytest.mark.parametrize(("combinations", "text"), [
    ({"one": {"one": 1.0}}, "'one' has the name of 1 of the load cases. Answers go by both. Rename"),
    ({"sum": {}}, "'sum' has 0 load cases.* Complete it"),
    ({"sum": {"one": float("nan")}}, r"'sum' has 1 load cases, with factors \[nan\].* Complete it"),
    ({"sum": {"two": 1.0}}, "'sum': no load case 'two'. .*Correct the name"),
])  # fmt: skip
def test_combinations_that_say_nothing_are_refused(combinations, text):
    with pytest.raises(ModelError, match=text):
        beam(LoadCase(name="one", supports=CLAMPED), combinations=combinations)


def test_combinations_of_eurocode_let_every_variable_case_lead():
    found = fundamental(["weight"], {"wind": 0.6, "snow": 0.0})
    assert found["weight presses"] == {"weight": 1.35}
    assert found["weight presses, wind leads"] == {"weight": 1.35, "wind": 1.5}
    assert found["weight presses, snow leads, wind"] == {"weight": 1.35, "snow": 1.5, "wind": pytest.approx(0.9)}
    assert found["weight helps, wind leads"] == {"weight": 1.0, "wind": 1.5}
    assert "weight presses, wind leads, snow" not in found
    fire = accidental(["weight"], "fire", {"load": (0.5, 0.3), "snow": (0.2, 0.0)})
    assert fire["fire, load leads"] == {"weight": 1.0, "fire": 1.0, "load": 0.5}
    assert fire["fire, snow leads"] == {"weight": 1.0, "fire": 1.0, "snow": 0.2, "load": 0.3}
    with pytest.raises(ModelError, match=r"psi_0 of 'wind' is 6. .* from 0 to 1. Correct it"):
        fundamental(["weight"], {"wind": 6.0})


HELD = {
    "clamped at one end": ({"left": Fixed()}, ()),
    "clamped all round": ({"left": Fixed(), "right": Fixed(), "bottom": Fixed()}, ()),
    "on rollers": ({"left": Sliding(), "bottom": Sliding()}, ()),
    "on springs": ({"left": Spring(normal=1e12, tangential=1e12)}, ()),
    "on springs beside a clamp": ({"left": Spring(normal=1e12, tangential=1e11), "bottom": Fixed()}, ()),
    "moved": ({"left": Fixed(x=1e-4, y=-2e-4), "right": Fixed(x=None, y=1e-4)}, ()),
    "on rests": ({"left": Sliding()}, (Rest(begin=(0.3, 0.0, 0), end=(0.3, 0.0, 0), y=0.0),
                                       Rest(begin=(0.8, 0.0, 0), end=(0.9, 0.0, 0), y=1e-5))),
}  # fmt: skip


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.37, 0.61, 0.0)], ids=["aligned", "cut"])
@pytest.mark.parametrize("way", HELD)
def test_reactions_take_up_all_that_acts(way, shift):
    supports, rests = HELD[way]
    case = LoadCase(supports=supports, rests=rests, gravity=(0.0, -9.81, 0.0),
                    loads={"top": Pressure(value=1e5), "right": Force(value=(2e5, 1e4, 0.0))})  # fmt: skip
    patches = [*supports, *(["rests"] if rests else [])]
    asked = tuple(Reaction(name=f"{patch} {axis}", patch=patch, axis=axis) for patch in patches for axis in "xy")
    kept = []
    told = Strength(cells=4, shift=shift)(beam(case), observe=asked, keep=kept.append)
    acting = kept[0].rest.load.reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(acting, (2e5, -1e5 + 1e4 - 8000 * 9.81 * 0.1), rtol=1e-3 if any(shift) else 1e-9)
    read = dict(zip(told.names, told.values[-1], strict=True))
    for axis, acts in zip("xy", acting, strict=True):
        np.testing.assert_allclose(sum(read[f"{patch} {axis}"] for patch in patches), -acts, rtol=1e-7)
    assert told.balance.residual < 1e-6


def test_reactions_of_a_solid_take_up_all_that_acts():
    block = Part.box(0.3, 0.2, 0.1)
    case = LoadCase(supports={"left": Fixed(), "bottom": Sliding(), "front": Spring(normal=1e11)},
                    gravity=(1.0, 2.0, 3.0), loads={"right": Traction(value=(1e6, 2e6, 3e6))})  # fmt: skip
    structure = Structure.simple(part=block, material=STEEL, case=case)
    asked = tuple(Reaction(name=f"{p} {a}", patch=p, axis=a) for p in ("left", "bottom", "front") for a in "xyz")
    for shift in ((0.0, 0.0, 0.0), (0.3, 0.0, 0.6)):
        kept = []
        told = Strength(cells=2, shift=shift)(structure, observe=asked, keep=kept.append)
        acting = kept[0].rest.load.reshape(3, -1).sum(axis=1)
        acts = np.array([1.0, 2.0, 3.0]) * (1e6 * 0.2 * 0.1 + 8000 * 0.006)
        np.testing.assert_allclose(acting, acts, rtol=2e-3 if any(shift) else 1e-9)
        taken = told.values[-1].reshape(3, 3).sum(axis=0)
        np.testing.assert_allclose(taken, -acting, rtol=1e-7)
