"""A run that leaves out how steel transforms supports no verdict."""

import pytest

from foretrial.models import Elastic, State, Yield
from foretrial.models.elastic import transforming, untold
from foretrial.twin.decide import decide

GIVEN = {"value": 1.0, "limit": 2.0, "sense": "at most", "combined": 0.1, "coverage": 2.0, "guard": 1.0,
         "accuracy": 1.0, "needs": (), "criteria": {}, "inside": True, "tried": True, "expired": False,
         "unit": "Pa"}  # fmt: skip


def test_a_note_names_its_material_and_other_notes_name_none():
    steel = Elastic(name="C45", young=210e9, yields=Yield(stress=400e6), hardens=True)
    assert transforming((untold(steel.name), "load steps were halved 3 times", untold(steel.name))) == ("C45",)
    assert transforming(("a wall that bends has four cells or more.",)) == ()


def test_what_would_pass_is_not_valid_here_where_the_transformation_is_left_out():
    assert decide(**GIVEN).state is State.PASS
    decision = decide(**GIVEN, transforming=("C45",))
    assert decision.state is State.NOT_VALID_HERE
    english, chinese = decision.reasons[-1]
    assert english.startswith("C45 hardens when it is quenched")
    assert "C45" in chinese


@pytest.mark.parametrize("value", [1.0, 3.0])
def test_neither_side_of_the_limit_is_claimed(value):
    assert decide(**(GIVEN | {"value": value}), transforming=("C45", "S690")).state is State.NOT_VALID_HERE
