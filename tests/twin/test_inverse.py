"""A flux and a film found again from readings that another discretisation made; what is lost is said."""

import numpy as np
import pytest

from foretrial.models import (
    INSULATED,
    Channel,
    Curve,
    Exchange,
    Material,
    ModelError,
    Part,
    Probe,
    Process,
    Property,
    SolveError,
    Trial,
)
from foretrial.solvers import Heat
from foretrial.twin.inverse import Knots, recover
from foretrial.twin.tikhonov import roughness, tikhonov

UNTIL, DEPTH, NOISE = 120.0, 0.02, 0.5
STEEL = Material.simple("steel", density=7850.0, conductivity=40.0, heat_capacity=500.0)
FILM = Curve.table([0.0, 30.0, 60.0, 120.0], [400.0, 1500.0, 900.0, 700.0])
BOILING = Curve.table([320.0, 600.0, 800.0, 1100.0], [500.0, 2500.0, 1200.0, 300.0])


def plate(film):
    walls = {"left": Exchange(gas=320.0, film=film), "right": INSULATED}
    return Process.simple(part=Part.slab(DEPTH), material=STEEL, start=1100.0, walls=walls, until=UNTIL)


def lines(film, *, n=40, steps=12000):
    """The plate by the method of lines and an explicit march, the film by time and wall temperature; read 2 mm deep."""
    h, dt = DEPTH / n, UNTIL / steps
    T, out = np.full(n, 1100.0), np.empty(steps + 1)
    place = round(0.018 / h - 0.5)
    out[0], surface = 1100.0, 1100.0
    for i in range(steps):
        # with a thin first cell the wall is found from the film of its last temperature, twice
        for _ in range(2):
            film_now = film(i * dt, surface)
            surface = (film_now * 320.0 + 80.0 / h * T[0]) / (film_now + 80.0 / h)
        flow = 40.0 * np.diff(T) / h
        T = T + dt / (7850.0 * 500.0 * h) * (np.append(flow, 0.0) - np.insert(flow, 0, film_now * (surface - 320.0)))
        out[i + 1] = (T[place] + T[place - 1]) / 2 if abs((place + 0.5) * h - 0.018) > 1e-9 else T[place]
    t = np.arange(1.0, UNTIL)
    return t, np.interp(t, np.linspace(0.0, UNTIL, steps + 1), out)


def logged(film, seed=1):
    t, values = lines(film)
    values = values + np.random.default_rng(seed).normal(0.0, NOISE, t.size)
    sensor = Channel(name="TC", t=t, values=values, unit="K", logged_unit="degC", place=(0.018, 0.5, 0.5), std=NOISE)
    return Trial(name="quench", channels={"TC": sensor}, source="bench")


@pytest.mark.parametrize("choose", ["discrepancy", "L-curve"])
def test_a_film_over_time_is_found_inside_its_band_from_a_thermocouple_at_the_far_side(choose):
    knots = Knots(name="film", unit="W/(m2.K)", at=np.linspace(0.0, UNTIL, 13), guess=800.0)
    found = recover(plate, logged(lambda t, _: float(FILM(t))), knots=knots, solver=Heat(cells=8, tolerance=0.05),
                    choose=choose)  # fmt: skip
    truth = FILM(knots.at)
    assert found.smoothed.principle == choose
    assert 0.8 < found.smoothed.misfit < 1.3
    assert np.mean(np.abs(found.values - truth) <= 1.96 * found.std) >= 0.84  # one of thirteen may lie outside
    assert np.sqrt(np.mean((found.values - truth)[:-1] ** 2)) < 60.0
    assert found.std[-1] > 2.0 * np.median(found.std)  # what comes last has hardly arrived
    assert 4.0 < found.smoothed.told < 13.0
    assert found.widths.min() >= 9.9  # never finer than the knots
    assert f"the readings tell {found.smoothed.told:.1f} of 13 heights" in found.words[0][0]
    assert f"{found.smoothed.told:.1f} 个" in found.words[0][1]


def test_a_film_over_the_walls_temperature_is_found_where_the_wall_has_been():
    knots = Knots(name="film", unit="W/(m2.K)", at=np.linspace(250.0, 1100.0, 12), guess=800.0, over="temperature")
    found = recover(plate, logged(lambda _, T: float(BOILING(T))), knots=knots, solver=Heat(cells=8, tolerance=0.05))
    met = (knots.at > 450.0) & (knots.at < 1050.0)
    off = np.abs(found.values / BOILING(knots.at) - 1.0)[met]
    assert off.max() < 0.12
    assert isinstance(found.knots.curve(found.values), Property)
    assert not found.seen[0]  # 250 K is colder than the bath
    assert "not seen at 250" in found.words[-1][0]


def test_a_flux_needs_three_rounds_at_most_for_its_process_is_linear():
    def heated(flux):
        walls = {"left": Exchange(flux=flux), "right": INSULATED}
        return Process.simple(part=Part.slab(DEPTH), material=STEEL, start=300.0, walls=walls, until=UNTIL)

    knots = Knots(name="flux", unit="W/m2", at=np.linspace(0.0, UNTIL, 9))
    truth = 1e4 * np.sin(np.pi * knots.at / UNTIL)
    t = np.arange(2.0, UNTIL, 2.0)
    probe = Probe(name="TC", place=(DEPTH, 0.5, 0.5))
    values = Heat(cells=30, tolerance=1e-3)(heated(knots.curve(truth)), observe=(probe,)).at("TC", t)
    values += np.random.default_rng(2).normal(0.0, 0.05, t.size)
    sensor = Channel(name="TC", t=t, values=values, unit="K", logged_unit="K", place=probe.place, std=0.05)
    found = recover(heated, Trial(name="lamp", channels={"TC": sensor}), knots=knots,
                    solver=Heat(cells=8, tolerance=0.005), order=2)  # fmt: skip
    assert found.rounds <= 3
    assert np.abs(found.values - truth)[:-1].max() < 1500.0
    assert found.process.stages[0].walls["left"].flux.at(60.0, 0.0) == pytest.approx(found.values[4])


def test_a_model_that_cannot_fit_is_said_to_be_wrong_and_the_corner_is_taken():
    trial = logged(lambda t, _: float(FILM(t)))
    bent = trial["TC"].values + 15.0 * (trial["TC"].t % 7.0 < 3.0)
    wrong = Trial(name="bent", channels={"TC": Channel(name="TC", t=trial["TC"].t, values=bent, unit="K",
                  logged_unit="degC", place=(0.018, 0.5, 0.5), std=NOISE)})  # fmt: skip
    knots = Knots(name="film", unit="W/(m2.K)", at=np.linspace(0.0, UNTIL, 7), guess=800.0)
    found = recover(plate, wrong, knots=knots, solver=Heat(cells=5, tolerance=0.1))
    assert found.smoothed.principle == "L-curve"
    assert any("what is wrong is not this curve" in english for english, _ in found.words)


def blur(n=40, width=4.0):
    x = np.arange(n)
    return np.exp(-((x[:, None] - x) ** 2) / (2 * width**2))


def test_bias_and_noise_are_those_of_repeated_draws():
    x = np.linspace(0.0, 1.0, 40)
    truth, std = np.maximum(0.0, 1.0 - 4.0 * np.abs(x - 0.5)), 0.05
    rows, rough, rng = blur() / std, roughness(x), np.random.default_rng(4)
    fixed = tikhonov(rows, rows @ truth, rough, choose="L-curve").strength
    draws = [tikhonov(rows, rows @ truth + rng.standard_normal(40), rough, choose=fixed) for _ in range(400)]
    each = np.array([one.values for one in draws])
    np.testing.assert_allclose(each.std(axis=0), np.sqrt(np.diag(draws[0].noise)), rtol=0.15)
    error = np.sqrt(np.diag(draws[0].noise) / len(draws))
    assert np.abs((each.mean(axis=0) - draws[0].resolution @ truth) / error).max() < 4.0
    assert draws[0].principle == "given"


def test_bands_hold_the_truth_as_often_as_they_say_or_more():
    x = np.linspace(0.0, 1.0, 40)
    rows, rough, rng = blur() / 0.05, roughness(x), np.random.default_rng(6)
    inside = []
    for _ in range(100):
        steps = rng.standard_normal(39) * np.sqrt(np.diff(x))  # as rough as the prior has it
        truth = np.concatenate([[0.0], steps.cumsum()])
        found = tikhonov(rows, rows @ truth + rng.standard_normal(40), rough)
        inside.append(np.mean(np.abs(found.values - truth) <= 1.96 * np.sqrt(np.diag(found.covariance))))
    assert 0.90 <= np.mean(inside) <= 0.995


def test_more_noise_asks_for_more_smoothing_and_resolves_less():
    x = np.linspace(0.0, 1.0, 40)
    truth, rng = np.sin(6.0 * x), np.random.default_rng(0)
    noise = rng.standard_normal(40)
    few, many = (tikhonov(blur() / std, blur() @ truth / std + noise, roughness(x)) for std in (0.3, 0.01))
    assert few.told < many.told
    assert few.principle == many.principle == "discrepancy"
    assert few.misfit == pytest.approx(np.sqrt(1.0 + np.sqrt(2.0 / 40)), rel=1e-3)


def test_roughness_integrates_slope_and_curvature():
    x = np.sort(np.random.default_rng(1).uniform(0.0, 2.0, 9))
    assert np.sum((roughness(x) @ (3.0 * x)) ** 2) == pytest.approx(9.0 * np.ptp(x))
    assert np.abs(roughness(x, 2) @ (3.0 * x - 1.0)).max() < 1e-9
    even = np.linspace(0.0, 2.0, 201)
    assert np.sum((roughness(even, 2) @ even**2) ** 2) == pytest.approx(4.0 * 2.0, rel=0.02)


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ModelError, match=r"over = 'tmie' is not known\. Did you mean 'time'"):
        Knots(name="film", unit="W/(m2.K)", at=np.arange(4.0), over="tmie")
    with pytest.raises(ModelError, match=r"2 knots that do not all increase"):
        Knots(name="film", unit="W/(m2.K)", at=np.arange(2.0))
    with pytest.raises(ModelError, match=r"a guess of 0 W/\(m2\.K\) over temperature is not above 0"):
        Knots(name="film", unit="W/(m2.K)", at=np.arange(4.0), over="temperature")
    with pytest.raises(ModelError, match=r"roughness of order 3 over 4 knots"):
        roughness(np.arange(4.0), 3)
    with pytest.raises(ModelError, match=r"choose = 'L-kurve' is not known\. Did you mean 'L-curve'"):
        tikhonov(np.eye(4), np.zeros(4), roughness(np.arange(4.0)), choose="L-kurve")
    with pytest.raises(ModelError, match=r"a strength of 0 smooths nothing"):
        tikhonov(np.eye(4), np.zeros(4), roughness(np.arange(4.0)), choose=0.0)
    with pytest.raises(ModelError, match=r"right \(3,\) and roughness"):
        tikhonov(np.eye(4), np.zeros(3), roughness(np.arange(4.0)))
    knots = Knots(name="film", unit="W/(m2.K)", at=np.linspace(0.0, UNTIL, 5), guess=50.0)
    with pytest.raises(SolveError, match=r"film still moves by .* of its size after 1 rounds"):
        recover(plate, logged(lambda t, _: float(FILM(t))), knots=knots, solver=Heat(cells=4, tolerance=0.2), rounds=1)
