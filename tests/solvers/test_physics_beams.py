"""Beams along paths: their power arrives, whatever the grid; steps see them pass; derivatives go through them."""

import numpy as np
import pytest

from foretrial.models import (
    Ellipsoid,
    Extreme,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Quantity,
    SolveError,
    Spot,
    Track,
    quantities,
    substitute,
)
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.solvers.sources import longest

STEEL = Material.simple("steel", density=7800.0, conductivity=30.0, heat_capacity=600.0)


def q(name, value, unit):
    return Quantity(value=value, unit=unit, name=name)


def pass_over(power=200.0, speed=0.01):
    return Track.line((0.01, 0.01, 0.004), (0.03, 0.01, 0.004), speed=speed, power=power, at=0.5)


def spot(path=None, **changes):
    given = {"body": "box", "path": path or pass_over(), "radius": q("radius", 4e-3, "m"),
             "absorbed": q("absorbed", 0.6, "1")}  # fmt: skip
    return Spot(**(given | changes))


def weld(path=None, **changes):
    given = {"body": "box", "path": path or pass_over(), "width": q("width", 4e-3, "m"), "depth": 3e-3, "front": 3e-3,
             "rear": 6e-3, "absorbed": q("absorbed", 0.6, "1")}  # fmt: skip
    return Ellipsoid(**(given | changes))


def plate(*beams, until=3.0, part=None):
    part = part or Part.box(0.04, 0.02, 0.004)
    walls = dict.fromkeys((patch.name for patch in part.patches), INSULATED)
    return Process.simple(part=part, material=STEEL, start=300.0, walls=walls, until=until, beams=beams)


COARSE = Heat(along=(20, 10, 2), tolerance=2.0)


@pytest.mark.parametrize("beams", [(spot(),), (weld(),), (spot(), weld(pass_over(power=100.0), absorbed=0.5))])
def test_all_the_absorbed_power_arrives_whatever_the_grid(beams):
    share = {1: 0.6 * 200.0 * 2.0, 2: 0.6 * 200.0 * 2.0 + 0.5 * 100.0 * 2.0}[len(beams)]
    for along in ((20, 10, 2), (27, 14, 4)):
        history = Heat(along=along, tolerance=2.0)(plate(*beams))
        moved = history.balance.entered + history.balance.made
        assert abs(moved / share - 1.0) < 1e-3
        assert abs(history.balance.stored / moved - 1.0) < 1e-9


def test_a_pass_is_hottest_behind_the_beam_and_symmetric_beside_it():
    probes = tuple(Probe(name=f"{x} {y}", place=(x, y, 0.004)) for x in (0.013, 0.027) for y in (0.005, 0.015))
    history = COARSE(plate(weld(), until=2.5), observe=(*probes, Extreme(name="hottest")))
    np.testing.assert_allclose(history.values[:, 0], history.values[:, 1], atol=1e-6)
    np.testing.assert_allclose(history.values[:, 2], history.values[:, 3], atol=1e-6)
    peaks = [float(history.t[np.argmax(history.values[:, n])]) for n in (0, 2)]
    assert peaks[0] < peaks[1]
    before = history.t <= 0.5
    np.testing.assert_allclose(history.values[before], 300.0, atol=1e-6)


def test_steps_end_where_a_beam_is_switched_and_see_it_pass():
    history = COARSE(plate(weld()))
    for switch in (0.5, 2.5):
        assert np.isclose(history.t, switch).any()
    on = (history.t > 0.5) & (history.t <= 2.5 + 1e-9)
    assert np.diff(history.t[on]).max() <= 0.5 * 3e-3 / 0.01 + 1e-9
    said = COARSE.forecast(plate(weld()))
    assert 0.3 < said.steps / history.t.size < 3.0
    [stage] = plate(weld()).stages
    assert longest(stage, 0.1, 0.0) == pytest.approx(0.4)
    assert longest(stage, 2.45, 0.0) == pytest.approx(0.05)
    assert longest(stage, 2.6, 0.0) == np.inf


def test_a_path_is_followed_with_its_power_and_direction():
    path = Track(table=np.array([[0.0, 0, 0, 0, 10], [1, 1, 0, 0, 20], [2, 1, 0, 0, 20], [3, 1, 2, 0, 0]]))
    x, y, corner = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1, 1, 0)
    for clock, place, ahead, power in ((0.5, (0.5, 0, 0), x, 15.0), (1.5, (1, 0, 0), x, 20.0), (2.5, corner, y, 10.0),
                                       (4.0, (1, 2, 0), y, 0.0)):  # fmt: skip
        found = path.at(clock)
        np.testing.assert_allclose(found[0], place)
        np.testing.assert_allclose(found[1], ahead)
        assert found[2] == power


@pytest.mark.parametrize(("part", "into"), [(Part.sheet(0.04, 0.01), (0, -1, 0)), (Part.slab(0.02), (-1, 0, 0)),
                                            (Part.rod(0.02, 0.01), (0, -1, 0))])  # fmt: skip
def test_beams_serve_every_dimension(part, into):
    top = (0.02, 0.01, 0.0) if part.active == 2 else (0.02, 0.0, 0.0)
    path = Track(table=np.array([[0.0, *top, 50.0], [1.0, *top, 50.0]]))
    for beam in (
        spot(path, body=part.name, into=into, absorbed=1.0),
        weld(path, body=part.name, into=into, absorbed=1.0),
    ):
        history = Heat(cells=10, tolerance=1.0)(plate(beam, until=1.0, part=part))
        moved = history.balance.entered + history.balance.made
        assert abs(moved / 50.0 - 1.0) < 1e-9
        assert history.balance.residual < 1e-9


@pytest.mark.parametrize(("beam", "name"), [(spot, "radius"), (spot, "absorbed"), (weld, "width"), (weld, "absorbed")])
def test_the_derivative_goes_through_a_beam(beam, name):
    probe = (Probe(name="there", place=(0.02, 0.013, 0.004)),)
    base = plate(beam(), until=2.0)
    frozen = COARSE.frozen(COARSE(base, observe=probe))
    slope = frozen.tangent(base, free=(name,), observe=probe).tangents[0, :, 0]
    value = quantities(base)[name].value
    step = 1e-4 * value
    up, down = (frozen(substitute(base, {name: value + s}), observe=probe).values[:, 0] for s in (step, -step))
    quotient = (up - down) / (2.0 * step)
    assert np.abs(quotient).max() > 0.0
    np.testing.assert_allclose(slope, quotient, atol=1e-4 * np.abs(quotient).max())


def test_beams_that_miss_are_too_small_or_unordered_are_refused():
    aside = Track.line((0.01, 0.2, 0.004), (0.03, 0.2, 0.004), speed=0.01, power=100.0)
    for beam in (spot(aside), weld(aside)):
        with pytest.raises(SolveError, match=r"misses 'box': less than 5% of it arrives\. A beam that is on meets"):
            COARSE(plate(beam))
    for beam in (spot(radius=1e-3), weld(width=1e-3)):
        with pytest.raises(
            SolveError, match=r"a beam of 0\.001 m on 'box' is smaller than its cells, 0\.002 m\. .*Use 2"
        ):
            COARSE(plate(beam))
    with pytest.raises(SolveError, match=r"a beam shines on patch 'lid', which 'box' lacks\. It has left, right"):
        COARSE(plate(spot(patch="lid")))
    with pytest.raises(ModelError, match=r"source in 'plate', which is no body"):
        plate(spot(body="plate"))
    with pytest.raises(ModelError, match=r"a path of shape \(3,\) has no rows of time"):
        Track(table=np.zeros(3))
    with pytest.raises(ModelError, match=r"a path's times run from 0 s and do not increase"):
        Track(table=np.zeros((2, 5)))
    with pytest.raises(ModelError, match=r"has no direction"):
        spot(into=(0, 0, 0))
