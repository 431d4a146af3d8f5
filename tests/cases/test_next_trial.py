"""The proposal of a further thermocouple: its places are in the steel and free, its promise is checked on real ones."""

import numpy as np
import pytest

from foretrial import twin
from foretrial.cases import TRIALS
from foretrial.cases import next_trial as case


@pytest.fixture(scope="module")
def fire():
    return twin.read(TRIALS / "sp_section_test2.csv")


def test_every_place_proposed_lies_in_the_steel_away_from_those_that_are_there(fire):
    part = case.section(fire).bodies[0].part
    there = [c.place for c in fire.where(kind="thermocouple", station=case.STATION)]
    for sensor in case.candidates(fire):
        x, y, _ = sensor.channel.place
        assert float(part.distance(np.array([x]), np.array([y]), np.array([0.5]))[0]) < 0.0, sensor.where
        assert min(np.hypot(x - a, y - b) for a, b, _ in there) > 0.01
        assert sensor.where_zh


def test_station_a_stands_alone_in_what_its_own_plates_saw(fire):
    process = case.section(fire)
    assert [b.name for b in process.bodies] == ["A"]
    assert set(process.stages[0].walls) == {"A.top", "A.right", "A.bottom", "A.left"}


def test_one_thermocouple_can_be_left_out(fire):
    assert set(case.compared(fire).observe) - set(case.compared(fire, without="C4-A4").observe) == {"C4-A4"}
    assert set(case.LEFT_OUT) <= set(case.compared(fire).observe)


def test_promise_truth_and_misfit_stand_in_one_sentence_in_both_languages():
    english, chinese = case.words({"name": "C4-A4", "promised": 0.894, "reached": 0.986, "misfit": 1.086})
    assert "promised to be 0.89 times as wide, and a fit with it gave 0.99 times; the misfit became 1.09" in english
    assert "0.89 倍" in chinese
    assert "0.99 倍" in chinese
