"""A furnace that follows a set-point: the digital PID against the exact response of a lumped body."""

import math

import numpy as np
import pytest

from foretrial.models import (
    Controller,
    Curve,
    Exchange,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Quantity,
    Signal,
    Source,
    Stage,
    quantities,
    substitute,
)
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.solvers.control import answer

THIN, RHO, CP, FILM = 1e-3, 8000.0, 500.0, 100.0
PLATE = Material.simple("plate", density=RHO, conductivity=400.0, heat_capacity=CP)
TAU = RHO * CP * THIN / FILM  # s, of the plate in its gas
PROBE = (Probe(name="plate", place=(0.5 * THIN, 0.0, 0.0)),)
RAMP = Signal(curve=Curve.table([0.0, 200.0, 1000.0], [300.0, 700.0, 700.0]), unit="K")


def pid(**changes):
    given = {"name": "furnace", "observation": "plate", "setpoint": RAMP, "unit": "K", "span": (290.0, 900.0),
             "gain": Quantity(value=2.0, unit="K/K", name="gain"), "every": 10.0, "bias": 300.0,
             "integral": Quantity(value=60.0, unit="s", name="integral"), "derivative": 3.0}  # fmt: skip
    return Controller(**(given | changes))


def furnace(controller, until=600.0, film=FILM):
    wall = Exchange(gas=controller, film=Quantity(value=film, unit="W/(m2.K)", name="film"))
    return Process.simple(part=Part.slab(THIN), material=PLATE, start=300.0, until=until,
                          walls={"left": INSULATED, "right": wall})  # fmt: skip


def lumped(controller, count):
    """Temperatures at the samples and outputs from them, by the exact exponential between samples."""
    T, state, seen = 300.0, (0.0, math.nan, 0.0), []
    for n in range(count + 1):
        state = answer(controller, n * controller.every, 0.0, T, state)
        seen.append((T, state[2]))
        T = state[2] + (T - state[2]) * math.exp(-controller.every / TAU)
    return np.array(seen)


@pytest.mark.parametrize("changes", [{}, {"integral": None, "derivative": None}, {"span": (290.0, 560.0)}])
def test_a_lumped_body_follows_the_exact_response_of_its_controller(changes):
    controller = pid(**changes)
    history = Heat(cells=2, tolerance=0.002)(furnace(controller), observe=PROBE)
    exact = lumped(controller, 60)
    at = np.arange(0.0, 600.1, 10.0)
    np.testing.assert_allclose(history.at("plate", at), exact[:, 0], atol=0.15)
    assert np.isclose(history.t[:, None], at).any(axis=0).all()
    assert history.balance.residual < 1e-9


def test_an_output_cut_off_for_long_does_not_wind_up():
    late = pid(span=(290.0, 600.0), setpoint=Signal(curve=Curve.table([0.0, 1500.0, 1501.0], [700.0, 700.0, 500.0]),
                                                      unit="K"))  # fmt: skip
    seen = lumped(late, 200)
    assert seen[100, 1] == 600.0
    assert seen[152, 1] < 600.0  # answers within two samples
    state = (0.0, math.nan, 0.0)
    for n in range(50):
        state = answer(late, 10.0 * n, 0.0, 400.0, state)
    assert state[0] == 0.0


def test_a_controller_drives_a_source_over_two_stages_and_keeps_its_sum():
    own = pid(unit="W/m3", gain=2e5, span=(0.0, 8e7), bias=0.0)
    cold = {"left": INSULATED, "right": Exchange(gas=300.0, film=FILM)}
    stages = tuple(Stage(name=name, until=300.0, walls=cold, sources=(Source(body="slab", rate=own),))
                   for name in ("first", "second"))  # fmt: skip
    one = furnace(pid())
    recipe = Process(name="bar", bodies=one.bodies, stages=stages)
    history = Heat(cells=2, tolerance=0.05)(recipe, observe=PROBE)
    assert abs(history.values[-1, 0] - 700.0) < 3.0
    assert history.balance.made > 0.0
    assert history.balance.residual < 1e-9


@pytest.mark.parametrize("name", ["gain", "integral", "film"])
def test_the_derivative_goes_through_the_controller(name):
    base = furnace(pid(), until=300.0)
    solver = Heat(cells=2, tolerance=0.2)
    frozen = solver.frozen(solver(base, observe=PROBE))
    found = frozen.tangent(base, free=(name,), observe=PROBE)
    plain = frozen(base, observe=PROBE)
    np.testing.assert_allclose(found.values, plain.values, atol=1e-8)
    value = quantities(base)[name].value
    step = 1e-5 * value
    up, down = (frozen(substitute(base, {name: value + s}), observe=PROBE).values[:, 0] for s in (step, -step))
    quotient = (up - down) / (2.0 * step)
    assert np.abs(quotient).max() > 0.0
    np.testing.assert_allclose(found.tangents[0, :, 0], quotient, atol=1e-4 * np.abs(quotient).max())


def test_what_no_controller_can_be_is_refused():
    with pytest.raises(ModelError, match=r"controller 'furnace' samples every 0 s within 290 to 900 K\. The period"):
        pid(every=0.0)
    with pytest.raises(ModelError, match=r"has a set-point in W, but reads K\. A set-point is a temperature"):
        pid(setpoint=Signal(curve=RAMP.curve, unit="W"))
    with pytest.raises(ModelError, match=r"gas is driven by a controller in W/m3, but K is needed"):
        Exchange(gas=pid(unit="W/m3", gain=1.0))
    with pytest.raises(ModelError, match=r"a controller reads 'plate', which is not observed\. .*observe=\(\.\.\.\)"):
        Heat(cells=2)(furnace(pid()))
    wall = Exchange(gas=pid(), radiant=pid(every=20.0), film=FILM)
    with pytest.raises(ModelError, match=r"two different controllers are called 'furnace'\. One name is one"):
        Heat(cells=2)(Process.simple(part=Part.slab(THIN), material=PLATE, start=300.0, until=10.0,
                                     walls={"left": INSULATED, "right": wall}), observe=PROBE)  # fmt: skip


def test_a_very_high_gain_is_a_thermostat_that_is_on_or_off():
    steady = Signal(curve=Curve.constant(500.0), unit="K")
    own = pid(gain=1e9, integral=None, derivative=None, bias=290.0, every=2.0, setpoint=steady)
    history = Heat(cells=2, tolerance=0.01)(furnace(own, until=200.0), observe=PROBE)
    exact = lumped(own, 100)
    assert set(exact[1:, 1]) == {290.0, 900.0}
    np.testing.assert_allclose(history.at("plate", np.arange(0.0, 200.1, 2.0))[:30], exact[:30, 0], atol=0.5)
    assert np.abs(history.at("plate", np.arange(100.0, 200.0, 1.0)) - 500.0).max() < 25.0
