"""An error of the model's own beside a fit: kept off the slopes, told, and the doubt that it leaves honest."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from foretrial import twin
from foretrial.models import Channel, ModelError, Trial
from foretrial.twin.budget import _beyond as beyond
from foretrial.twin.lack import content_of_lack

sys.path.insert(0, str(Path(__file__).parent))
from lumped import Lumped, recipe

TIMES = np.linspace(5.0, 235.0, 60)
FREE = {"film": (100.0, 3000.0)}
RATE = 2.0 / (7850.0 * 480.0 * 0.04)


def clean(film=600.0):
    """What is read where the model is right."""
    return 320.0 + 780.0 * np.exp(-RATE * film * TIMES)


def radiating(film=600.0, emissivity=0.8):
    """The same slab that also radiates, which the model leaves out: classical Runge-Kutta at 0.25 s."""

    def rate(T):
        return -RATE * (film * (T - 320.0) + emissivity * 5.67e-8 * (T**4 - 320.0**4))

    t = np.arange(0.0, 240.01, 0.25)
    T = np.empty_like(t)
    T[0] = 1100.0
    for i in range(t.size - 1):
        a = rate(T[i])
        b = rate(T[i] + 0.125 * a)
        c = rate(T[i] + 0.125 * b)
        T[i + 1] = T[i] + 0.25 / 6.0 * (a + 2.0 * b + 2.0 * c + rate(T[i] + 0.25 * c))
    return np.interp(TIMES, t, T)


def fitted(values, discrepancy=None, free=FREE, std=1.0):
    log = Channel(name="TC", t=TIMES, values=values, unit="K", logged_unit="K", place=(0.02, 0.5, 0.5), std=std)
    return twin.calibrate(recipe(film=500.0), Trial(name="log", channels={"TC": log}, content="log"), free=free,
                          solver=Lumped(), starts=1, discrepancy=discrepancy)  # fmt: skip


def smooth(rng, size, length):
    """A draw (60,) of a Matern 3/2 error."""
    s = np.sqrt(3.0) * np.abs(TIMES[:, None] - TIMES) / length
    return size * np.linalg.cholesky((1.0 + s) * np.exp(-s) + 1e-10 * np.eye(60)) @ rng.standard_normal(60)


def test_it_is_off_unless_it_is_asked_for():
    values = clean() + np.random.default_rng(1).standard_normal(60)
    assert fitted(values).discrepancy is None
    assert not any("error of the model's own" in en for en, _ in fitted(values).words)


def shares(draw, count, kernel="Matern 3/2"):
    """How many of so many 95 % intervals hold the film, without and with an error of the model's own."""
    held = np.zeros(2)
    for _ in range(count):
        values = draw()
        for i, one in enumerate((None, kernel)):
            fit = fitted(values, one)
            held[i] += abs(fit.values[0] - 600.0) <= 1.96 * fit.std[0]
    return held / count


def warming(rng):
    """Readings in a bath that warms by 40 K, which the model takes for steady."""
    t = np.arange(0.0, 240.01, 0.25)
    bath = 320.0 + 40.0 * (1.0 - np.exp(-t / 60.0))
    T = np.empty_like(t)
    T[0] = 1100.0
    for i in range(t.size - 1):
        half = T[i] + 0.125 * RATE * 600.0 * (bath[i] - T[i])
        T[i + 1] = T[i] + 0.25 * RATE * 600.0 * (0.5 * (bath[i] + bath[i + 1]) - half)
    truth = np.interp(TIMES, t, T)
    return lambda: truth + rng.standard_normal(60)


def test_a_bath_that_warms_is_told_and_the_interval_holds_the_film_only_with_it():
    draw = warming(np.random.default_rng(2))
    fit = fitted(draw(), "Matern 3/2")
    lack = fit.discrepancy
    assert lack.gain > 30.0
    assert any(en.startswith("The model errs by") for en, _ in fit.words)
    assert any("what the model's error could do in its place" in en for en, _ in fit.words)
    assert lack.aliased[0] == pytest.approx(fit.std[0], rel=0.1)
    without, beside = shares(draw, 10)
    assert without <= 0.2
    assert beside >= 0.9


def test_drawn_errors_are_allowed_for_at_their_level():
    rng = np.random.default_rng(3)
    without, beside = shares(lambda: clean() + smooth(rng, 6.0, 40.0) + rng.standard_normal(60), 12)
    assert beside >= 0.8
    assert without <= beside


@pytest.mark.slow
def test_two_hundred_intervals_hold_the_film_with_the_error_and_do_not_without_it():
    without, beside = shares(warming(np.random.default_rng(4)), 200)
    assert without <= 0.1, (without, beside)
    assert beside >= 0.95, (without, beside)
    rng = np.random.default_rng(5)
    without, beside = shares(lambda: clean() + smooth(rng, 6.0, 40.0) + rng.standard_normal(60), 200)
    assert 0.92 <= beside <= 0.98, (without, beside)


def test_what_looks_like_the_parameter_itself_widens_its_interval_and_cannot_be_told_from_it():
    fit, alone = (fitted(radiating(), kernel) for kernel in ("Matern 3/2", None))
    assert fit.values[0] > 630.0  # a radiating slab looks like one with a higher film
    assert fit.std[0] > 2.0 * alone.std[0]
    assert abs(fit.values[0] - 600.0) < 3.0 * fit.std[0]


@pytest.mark.parametrize("kernel", ["OU", "Matern 3/2", "Matern 5/2"])
def test_the_error_told_has_nothing_of_any_slope(kernel):
    rng = np.random.default_rng(6)
    free = {"film": (100.0, 3000.0), "start": (900.0, 1300.0)}
    fit = fitted(clean() + smooth(rng, 8.0, 40.0) + rng.standard_normal(60), kernel, free=free)
    decay = np.exp(-RATE * fit.values[0] * TIMES)
    slopes = np.stack([-RATE * TIMES * (fit.values[1] - 320.0) * decay, decay], axis=1)
    slopes /= np.linalg.norm(slopes, axis=0)
    assert np.abs(slopes.T @ fit.discrepancy.error).max() < 1e-4 * np.linalg.norm(fit.discrepancy.error)
    assert fit.discrepancy.error == pytest.approx(fit.residuals, abs=4.0)
    assert fit.discrepancy.kernel == kernel


def test_readings_of_a_right_model_ask_for_none_and_its_interval_hardly_grows():
    ratios = []
    for seed in range(4):
        values = clean() + np.random.default_rng(seed).standard_normal(60)
        fit, alone = fitted(values, "Matern 3/2"), fitted(values)
        assert fit.values[0] == pytest.approx(alone.values[0], abs=0.3 * alone.std[0])
        ratios.append(fit.std[0] / alone.std[0])
    assert any("do not ask for an error of the model's own" in en for en, _ in fit.words)
    assert 0.8 < np.median(ratios) < 2.0


def test_what_cannot_be_meant_is_refused():
    values = clean()
    with pytest.raises(ModelError, match=r"kernel 'Matern' is not known\. .*Choose one of OU, Matern 3/2"):
        fitted(values, "Matern")
    log = Channel(name="TC", t=TIMES[:6], values=values[:6], unit="K", logged_unit="K", place=(0.02, 0.5, 0.5), std=1.0)
    few = Trial(name="log", channels={"TC": log}, content="log")
    with pytest.raises(ModelError, match=r"log/TC has fewer than 8 readings.*Leave the channel out"):
        twin.calibrate(recipe(), few, free=FREE, solver=Lumped(), starts=1, discrepancy="OU")
    with pytest.raises(ModelError, match=r"loss = 'huber' and discrepancy = 'OU' both explain what is left"):
        twin.calibrate(recipe(), few, free=FREE, solver=Lumped(), starts=1, discrepancy="OU", loss="huber")


def test_verdict_json_and_the_budget_get_what_is_told_and_count_it_once():
    fit = fitted(clean() + smooth(np.random.default_rng(8), 8.0, 40.0), "OU")
    held = content_of_lack(fit)["discrepancy"]
    assert held["size"] == fit.discrepancy.size > 0.0
    assert [one["channel"] for one in held["series"]] == ["log/TC"]
    assert held["series"][0]["error"].size == held["series"][0]["t"].size == 60
    assert held["aliased"] == [{"name": "film", "std": fit.discrepancy.aliased[0], "unit": "W/(m2.K)"}]
    assert content_of_lack(fitted(clean())) == {}
    size = fit.discrepancy.size
    assert beyond(fit, SimpleNamespace(model_form=0.6 * size)) == pytest.approx(0.8 * size)
    assert beyond(fit, SimpleNamespace(model_form=2.0 * size)) == 0.0
    assert fit.singular_values[0] > 100.0
    assert np.abs(fit.directions) == pytest.approx(np.ones((1, 1)))
