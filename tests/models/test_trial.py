"""A trial keeps what was logged: each channel on its own clock, gaps as gaps, nothing changed."""

import numpy as np
import pytest

from foretrial.models import Channel, Trial, TrialError


def channel(name="T1", **changed):
    known = {"t": [0.0, 1.0, 2.0], "values": [300.0, np.nan, 302.0], "unit": "K", "logged_unit": "degC",
             "kind": "thermocouple"}  # fmt: skip
    return Channel(name=name, **{**known, **changed})


def trial():
    channels = (
        channel("A1", station="A"),
        channel("B1", station="B"),
        channel("P1", station="A", kind="plate thermometer", drives=True),
    )
    return Trial(name="test", channels={one.name: one for one in channels}, raw={"log.csv": "ab12"})


def test_a_gap_stays_a_gap():
    np.testing.assert_array_equal(channel().reads, [True, False, True])


def test_the_uncertainty_of_a_reading_includes_the_step_of_the_digitiser():
    np.testing.assert_allclose(channel(std=0.3, resolution=0.0).sigma, 0.3)
    np.testing.assert_allclose(channel(std=0.3, resolution=1.2).sigma, np.sqrt(0.09 + 1.44 / 12))
    each = channel(std=np.array([0.1, 0.2, 0.3]), resolution=0.0)
    np.testing.assert_allclose(each.sigma, [0.1, 0.2, 0.3])


def test_what_was_logged_cannot_be_written():
    one = channel(std=np.array([0.1, 0.2, 0.3]))
    for array in (one.t, one.values, one.std):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        one.properties["thickness"] = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        trial().channels["A1"] = one


def test_channels_are_found_by_kind_station_and_role():
    def names(**asked):
        return [one.name for one in trial().where(**asked)]

    assert names() == ["A1", "B1", "P1"]
    assert names(station="A") == ["A1", "P1"]
    assert names(kind="thermocouple", station="A") == ["A1"]
    assert names(drives=True) == ["P1"]
    assert names(drives=False) == ["A1", "B1"]
    assert trial()["B1"].station == "B"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: channel(t=[0.0, 1.0]),
            r"channel 'T1' has 2 times and 3 values\. Each value has its time\. Look for a",
        ),
        (lambda: channel(t=[[0.0, 1.0, 2.0]]), r"channel 'T1' has 3 times and 3 values"),
        (
            lambda: channel(std=np.array([0.1, 0.2])),
            r"channel 'T1' has 3 readings and 2 uncertainties\. Each reading has its own\. Look for a truncated column",
        ),
        (lambda: trial()["A11"], r"trial 'test' has no channel 'A11'\. Did you mean 'A1'\? Correct the name"),
        (
            lambda: trial().where(station="C"),
            r"no channel with kind '', station 'C', .*\. Its kinds are \['plate thermometer', 'thermocouple'\], "
            r"its stations \['A', 'B'\]\. Choose among them",
        ),
    ],
)
def test_a_trial_that_does_not_hold_what_is_asked_says_so(make, text):
    with pytest.raises(TrialError, match=text):
        make()
