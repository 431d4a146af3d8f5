"""Hot spots are the worst places, apart from one another, each with its value and the load case that governs it."""

import numpy as np
import pytest

from foretrial.models import Elastic, Fixed, LoadCase, Member, Part, SolveError, Structure, Traction, Yield
from foretrial.solvers.hotspot import hot_spots
from foretrial.solvers.strength import Strength

STEEL = Elastic(name="steel", young=200e9, yields=Yield(stress=250e6))


@pytest.fixture(scope="module")
def kept():
    """A cantilever that is pressed sideways, and pulled."""
    cases = tuple(LoadCase(name=name, supports={"left": Fixed()}, loads={"right": Traction(value=value)})
                  for name, value in (("bent", (0, -1e6, 0)), ("pulled", (4e7, 0, 0))))  # fmt: skip
    member = Member(part=Part.sheet(1.0, 0.1), material=STEEL)
    structure = Structure(name="bar", bodies=(member,), cases=cases, plane="stress")
    found = []
    Strength(cells=8)(structure, keep=found.append)
    return found


def test_the_worst_places_come_first_and_lie_apart(kept):
    found = hot_spots(kept, n=6, apart=5.0)
    assert len(found) == 6
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True)
    places = np.array([one.place for one in found])
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(6)
    assert gaps.min() >= 5.0 * 0.1 / 8 * (1 - 1e-9)
    first = found[0]
    assert (first.case, first.body, first.unit, first.on_surface) == ("bent", "sheet", "Pa", True)
    assert first.place[0] < 0.02
    assert first.place[1] in (pytest.approx(0.0, abs=0.01), pytest.approx(0.1, abs=0.01))
    assert "load case 'bent'" in str(first)
    assert "MPa at (" in str(first)


def test_each_place_has_the_case_that_governs_there(kept):
    by_end = hot_spots(kept, n=400, apart=2.0)
    assert {one.case for one in by_end if one.place[0] > 0.8} == {"pulled"}


def test_utilisation_is_stress_over_yield_and_the_lowest_can_be_asked_for(kept):
    np.testing.assert_allclose(hot_spots(kept, n=1, what="utilisation")[0].value * 250e6, hot_spots(kept, n=1)[0].value)
    lowest = hot_spots(kept[0], n=1, what="xx", least=True)[0]
    assert lowest.value < -4e7
    assert lowest.place[1] < 0.01


def test_what_is_not_known_is_refused(kept):
    with pytest.raises(SolveError, match=r"hot spots of 'mises' are none of .* Choose one of"):
        hot_spots(kept, what="mises")
    with pytest.raises(SolveError, match=r"5 hot spots of 0 load cases are no table.* Ask for n=5"):
        hot_spots([])
