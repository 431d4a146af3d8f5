"""What a plate thermometer faced: given back from plates made by another discretisation, gaps by a declared rule."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from foretrial import twin
from foretrial.models import Channel, Quantity, TrialError
from foretrial.twin.plate import NEEDED

SHARED = Path(os.environ.get("FORETRIAL_SHARED", Path(__file__).parents[3] / "shared"))
STEPS = SHARED / "trials/nist_sp_steel_in_fire"
SIGMA = 5.670374419e-8
PLATE = {"thickness": 0.0007, "density": 8470.0, "heat_capacity": 500.0, "heat_capacity_std": 30.0,
         "emissivity": 0.85, "emissivity_std": 0.05, "insulation_thickness": 0.01, "insulation_conductivity": 0.1,
         "insulation_heat_capacity": 1000.0, "insulation_density": 240.0}  # fmt: skip
END = 900.0


def surroundings(t):
    """A fire that grows, holds and dips, K."""
    t = np.asarray(t, dtype=float)
    return 293.0 + 550.0 * (1.0 - np.exp(-t / 90.0)) - 120.0 * np.exp(-(((t - 600.0) / 80.0) ** 2))


def plate(*, film=25.0, back=0.0, capacity=500.0, emissivity=0.85, every=5.0, nodes=60, start=293.0, face=surroundings):
    """A plate's record by nodes on the insulation's faces and a stiff integrator."""
    p = PLATE
    dx = p["insulation_thickness"] / nodes
    through = p["insulation_conductivity"] / dx
    store = p["insulation_density"] * p["insulation_heat_capacity"] * dx
    mass = np.full(nodes + 1, store)
    mass[-1] = 0.5 * store
    mass[0] = 0.5 * store + p["thickness"] * p["density"] * capacity

    def slope(t, T):
        flow = through * np.diff(T)
        into = np.zeros_like(T)
        into[:-1] += flow
        into[1:] -= flow
        seen = float(face(t))
        into[0] += emissivity * SIGMA * (seen**4 - T[0] ** 4) + film * (seen - T[0])
        into[-1] -= back * (T[-1] - start)
        return into / mass

    t = np.arange(0.0, END + every / 2, every)
    run = solve_ivp(slope, (0.0, END), np.full(nodes + 1, start), method="BDF", t_eval=t, rtol=1e-7, atol=1e-5)
    assert run.success
    return channel(t, run.y[0])


def channel(t, values, **more):
    given = {"name": "PT1", "unit": "K", "logged_unit": "degC", "kind": "plate thermometer", "drives": True}
    return Channel(t=t, values=values, properties=PLATE, **{**given, **more})


def faced(signal, t):
    return np.array([signal.at(one, 0.0) for one in t])


def spread(signal, t):
    """One standard deviation of all modes together, K."""
    return np.sqrt(sum((amount.std * shape(t)) ** 2 for amount, shape in signal.modes))


@pytest.fixture(scope="module")
def record():
    """An adiabatic plate at its stated numbers."""
    return plate()


def test_a_plate_at_its_stated_numbers_gives_its_surroundings_back(record):
    t = np.arange(30.0, END - 30.0, 5.0)
    exact = twin.facing(record, film=(24.9, 25.1), back=0.0)
    assert np.abs(faced(exact, t) - surroundings(t)).max() < 2.0
    early = np.arange(10.0, 30.0, 5.0)
    assert np.abs(faced(exact, early) - surroundings(early)).max() < 6.0  # a straight line between readings bends there


@pytest.mark.parametrize("true", [
    {"film": 12.0}, {"film": 38.0}, {"back": 25.0}, {"capacity": 530.0}, {"emissivity": 0.80},
    {"film": 16.0, "back": 10.0, "capacity": 480.0, "emissivity": 0.88},
])  # fmt: skip
def test_a_plate_that_differs_within_its_statement_stays_within_two_deviations_of_the_modes(true):
    signal = twin.facing(plate(**true))
    t = np.arange(30.0, END - 30.0, 5.0)
    miss = np.abs(faced(signal, t) - surroundings(t))
    assert np.mean(miss <= 2.0 * spread(signal, t) + 2.0) > 0.97
    assert miss.max() > 0.5  # it does differ: the modes are needed


def test_a_plate_lags_its_surroundings_and_facing_takes_the_lag_off(record):
    t = np.array([60.0, 90.0, 120.0])
    lagging = np.abs(np.interp(t, record.t, record.values) - surroundings(t))
    cured = np.abs(faced(twin.facing(record, film=(24.9, 25.1), back=0.0), t) - surroundings(t))
    assert (lagging > 20.0).all()
    assert (cured < 0.05 * lagging).all()


def test_a_plate_at_rest_faces_its_own_temperature():
    t = np.arange(0.0, 300.0, 10.0)
    signal = twin.facing(channel(t, np.full(t.size, 300.0)))
    assert np.abs(faced(signal, t) - 300.0).max() < 1e-9
    assert spread(signal, t).max() < 1e-9


def test_modes_are_named_and_the_bias_is_the_channels_own(record):
    sensor = replace(record, bias=replace(record.bias, std=3.0, source="declared"))
    signal = twin.facing(sensor)
    assert {amount.name for amount, _ in signal.modes} == {
        "plate film", "plate back", "plate heat capacity", "plate emissivity"}  # fmt: skip
    assert (signal.bias.name, signal.bias.std, signal.unit) == ("PT1 bias", 3.0, "K")
    t = np.arange(30.0, END, 30.0)
    assert (spread(signal, t) > 1.0).any()
    assert all(shape(t).shape == t.shape for _, shape in signal.modes)


def with_gap(record, begin, end):
    return replace(record, values=np.where((record.t > begin) & (record.t < end), np.nan, record.values))


def test_a_gap_stops_the_run_with_its_place_its_length_and_the_cure(record):
    with pytest.raises(TrialError) as refused:
        twin.facing(with_gap(record, 300.0, 360.0))
    assert str(refused.value) == (
        "channel 'PT1' drives the model and has a gap from 300 to 360 s (60 s). "
        "Gaps are bridged only by a declared rule, which here allows 0 s. "
        "Run until 300 s, or declare bridge=60 and carry its uncertainty."
    )
    with pytest.raises(TrialError, match="which here allows 30 s"):
        twin.facing(with_gap(record, 300.0, 360.0), bridge=30.0)


def test_a_declared_bridge_costs_a_mode_that_covers_what_it_hides(record):
    signal = twin.facing(with_gap(record, 300.0, 360.0), bridge=60.0)
    [own] = [shape for amount, shape in signal.modes if amount.name == "PT1 bridged gap"]
    assert own(np.array([330.0]))[0] > 0.5
    assert np.abs(own(np.array([250.0, 295.0, 365.0, 800.0]))).max() < 1e-12
    whole = twin.facing(record)
    t = np.arange(305.0, 360.0, 5.0)
    assert (np.abs(faced(signal, t) - faced(whole, t)) <= 2.0 * np.hypot(own(t), 5.0)).all()


def test_a_gap_after_the_end_of_use_does_not_matter(record):
    cut = with_gap(record, 700.0, 800.0)
    assert np.allclose(faced(twin.facing(cut, until=600.0), [100.0, 590.0]), faced(twin.facing(record), [100.0, 590.0]))
    with pytest.raises(TrialError, match="a gap from 700 to 800 s"):
        twin.facing(cut, until=750.0)


def test_a_record_that_begins_or_ends_with_a_gap_is_never_bridged(record):
    with pytest.raises(TrialError, match="a gap from 0 to 20 s"):
        twin.facing(replace(record, values=np.where(record.t < 20.0, np.nan, record.values)), bridge=100.0)
    with pytest.raises(TrialError, match="a gap from 800 to 900 s"):
        twin.facing(replace(record, values=np.where(record.t > 800.0, np.nan, record.values)), bridge=500.0)


def test_a_record_without_readings_drives_nothing(record):
    with pytest.raises(TrialError, match=r"holds 0 readings up to 900 s\. A driving channel has two or more\. Choose"):
        twin.facing(replace(record, values=np.full(record.t.size, np.nan)))


@pytest.mark.parametrize("name", NEEDED)
def test_a_plate_that_does_not_state_a_number_is_refused(record, name):
    lacking = replace(record, properties={k: v for k, v in PLATE.items() if k != name})
    with pytest.raises(TrialError, match=rf"does not state {name} of its plate\. Its inertia follows .* Add them"):
        twin.facing(lacking)


@pytest.mark.parametrize("changed", [{"kind": "thermocouple"}, {"unit": "W/m2"}])
def test_what_is_no_plate_thermometer_is_refused(record, changed):
    with pytest.raises(TrialError, match=r"channel 'PT1' is a .* Surroundings come from a plate thermometer"):
        twin.facing(replace(record, **changed))


@pytest.mark.skipif(not STEPS.is_dir(), reason="needs the folder ../shared beside the checkout")
@pytest.mark.shared
@pytest.mark.parametrize("flux", [25.0, 75.0])
def test_a_plate_in_a_cone_implies_the_flux_that_was_set(flux):
    """Incident radiation by the plate's steady balance alone: e (I - sigma T^4) = h (T - room), insulation soaked."""
    t, T = np.loadtxt(STEPS / f"Plate_TC_{flux:.0f}_exp.csv", delimiter=",", skiprows=1, unpack=True)
    T = T + 273.15
    room, film = T[0], 12.0
    late = (t > 300.0) & (t < 1000.0)  # then the lamp goes out
    incident = SIGMA * T[late] ** 4 + film * (T[late] - room) / PLATE["emissivity"]
    assert np.mean(incident) == pytest.approx(flux * 1e3, rel=0.03)

    signal = twin.facing(channel(t, T), until=1000.0, film=(film - 0.1, film + 0.1), back=0.0)
    seen = faced(signal, t[late])
    # facing() knows one temperature for gas and radiation: the same heat, told with the gas at the room's
    heat = PLATE["emissivity"] * SIGMA * (seen**4 - T[late] ** 4) + film * (seen - T[late])
    told = SIGMA * T[late] ** 4 + (heat + film * (T[late] - room)) / PLATE["emissivity"]
    assert np.mean(told) == pytest.approx(flux * 1e3, rel=0.03)


def test_what_is_stated_of_a_plate_s_sensor_is_taken_out_and_its_doubt_is_a_mode():
    true = plate()
    wrong = {"gain": Quantity(value=1.02, std=0.01), "drift": Quantity(value=0.005, unit="K/s", std=0.001),
             "clock": Quantity(value=0.0, unit="s", std=2.0, group="A"),
             "bias": Quantity(value=3.0, unit="K")}  # fmt: skip
    off = replace(true, values=273.15 + 1.02 * (true.values - 273.15) + 0.005 * true.t + 3.0, **wrong)
    best, mended = twin.facing(true, until=END), twin.facing(off, until=END)
    t = np.linspace(10.0, 880.0, 50)
    assert mended.curve(t) == pytest.approx(best.curve(t), abs=0.01)
    modes = {amount.name: shape(t) for amount, shape in mended.modes}
    assert {"gain of PT1", "drift of PT1", "clock of A"} <= set(modes)
    assert "gain of PT1" not in {amount.name for amount, _ in best.modes}
    step = replace(off, gain=Quantity(value=1.03))
    moved = twin.facing(step, until=END).curve(t) - mended.curve(t)
    assert modes["gain of PT1"] == pytest.approx(moved, abs=0.02)
    assert np.abs(modes["clock of A"]).max() > 1.0


def test_a_plate_out_of_use_or_at_the_end_of_its_range_drives_nothing():
    with pytest.raises(TrialError, match=r"'PT1' is out of use: fell off. What its sidecar leaves out drives nothing"):
        twin.facing(replace(plate(), unused="fell off"))
    with pytest.raises(TrialError, match=r"'PT1' drives the model and has a gap from"):
        twin.facing(replace(plate(), limits=(200.0, 700.0)), until=END)
