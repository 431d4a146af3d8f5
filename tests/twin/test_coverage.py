"""Known numbers come back from trials of another discretisation, with intervals that are honest and not too wide."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from foretrial import twin
from foretrial.models import (
    Balance,
    Channel,
    Exchange,
    History,
    Material,
    Part,
    Process,
    Quantity,
    Trial,
    digest,
    quantities,
)

FILM, START, GAS, LAG, UNTIL = 600.0, 1100.0, 320.0, 3.0, 240.0
NOISE, PHI, BIAS, LAG_STD = 1.0, 0.6, 1.0, 0.3
TIMES = np.linspace(4.0, UNTIL, 60)
PLACES = (0.02, 0.008)
K, RC, THICK = 45.0, 7850.0 * 480.0, 0.04


def lines(film=FILM, start=START, lag=LAG, nodes=81):
    """What lagging sensors read (60, 2), by the method of lines on vertices: it shares nothing with the solver."""
    x = np.linspace(0.0, THICK, nodes)
    h = x[1]

    def rate(_, y):
        T, read = y[:nodes], y[nodes:]
        dT = np.empty(nodes)
        dT[1:-1] = K * (T[2:] - 2 * T[1:-1] + T[:-2]) / (RC * h**2)
        for i, j in ((0, 1), (-1, -2)):
            dT[i] = 2.0 * (K * (T[j] - T[i]) / h + film * (GAS - T[i])) / (RC * h)
        return np.concatenate([dT, (np.interp(PLACES, x, T) - read) / lag])

    begin = np.full(nodes + len(PLACES), start)
    found = solve_ivp(rate, (0.0, UNTIL), begin, method="BDF", t_eval=TIMES, rtol=1e-8, atol=1e-6)
    return found.y[nodes:].T


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """Finite volumes, exact in time by their eigenvectors: cheap enough for thousands of calibrations."""

    cells: int = 32

    def __call__(self, process, *, observe=(), **_):
        t, values, rates = self._march({n: q.value for n, q in quantities(process).items()}, observe)
        return self._history(t, values, rates, observe)

    def tangent(self, process, *, free, observe):
        known = {n: q.value for n, q in quantities(process).items()}
        t, values, rates = self._march(known, observe)
        slopes = []
        for name in free:
            step = 1e-4 * known[name]
            up, down = (self._march({**known, name: known[name] + s}, observe) for s in (step, -step))
            slopes.append([(up[k] - down[k]) / (2.0 * step) for k in (1, 2)])
        by_value, by_rate = (np.array([s[k] for s in slopes]) for k in (0, 1))
        base = self._history(t, values, rates, observe)
        return replace(base, free=tuple(free), tangents=by_value, tangent_rates=by_rate)

    def _march(self, known, observe):
        n, h = self.cells, THICK / self.cells
        wall = 1.0 / (1.0 / known["film"] + h / (2.0 * K))
        A = np.diag(np.full(n, -2.0 * K / h)) + np.diag(np.full(n - 1, K / h), 1) + np.diag(np.full(n - 1, K / h), -1)
        A[0, 0] = A[-1, -1] = -K / h - wall
        size, modes = np.linalg.eigh(A / (RC * h))
        t = np.concatenate([[0.0], np.geomspace(0.1, UNTIL, 100)])
        grown = (modes.T @ np.full(n, known["start"] - GAS)) * np.exp(np.outer(t, size))
        weights = np.array([self._weights(o.place[0], h) for o in observe]) @ modes
        return t, GAS + grown @ weights.T, (grown * size) @ weights.T

    def _weights(self, place, h):
        """Cubic through the four nearest cells."""
        first = min(max(int(place / h - 0.5) - 1, 0), self.cells - 4)
        x, row = (np.arange(first, first + 4) + 0.5) * h, np.zeros(self.cells)
        for i in range(4):
            row[first + i] = np.prod([(place - b) / (x[i] - b) for b in np.delete(x, i)])
        return row

    def _history(self, t, values, rates, observe):
        return History(t=t, names=tuple(o.name for o in observe), values=values, rates=rates, stage_ends=(UNTIL,),
                       balance=Balance(entered=-1.0, made=0.0, stored=-1.0), iterations=1, cells=self.cells,
                       iteration_error=0.0, solver=self.digest, process="")  # fmt: skip

    @property
    def digest(self):
        return digest(self)


def recipe():
    steel = Material.simple("steel", density=7850.0, conductivity=K, heat_capacity=480.0)
    wall = Exchange(gas=GAS, film=Quantity(value=500.0, unit="W/(m2.K)", name="film"))
    return Process.simple(part=Part.slab(THICK), material=steel, walls={"left": wall, "right": wall}, until=UNTIL,
                          start=Quantity(value=1090.0, unit="K", name="start"))  # fmt: skip


def repeats(count, seed, solver):
    """Estimates and standard uncertainties (count, 2) of film and start, and those of an oracle (2,)."""
    rng, clean = np.random.default_rng(seed), lines()
    by_lag = (lines(lag=LAG + 0.05) - lines(lag=LAG - 0.05)) / 0.1
    slopes = np.stack([((lines(film=FILM * 1.005) - lines(film=FILM * 0.995)) / (0.01 * FILM)).T.ravel(),
                       ((lines(start=START + 1.0) - lines(start=START - 1.0)) / 2.0).T.ravel()], axis=1)  # fmt: skip
    n = TIMES.size
    alike = NOISE**2 * PHI ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    covariance = np.kron(np.eye(2), alike + BIAS**2)
    for i in range(2):
        part = slice(i * n, (i + 1) * n)
        covariance[part, part] += LAG_STD**2 * np.outer(by_lag[:, i], by_lag[:, i])
    oracle = np.sqrt(np.diag(np.linalg.inv(slopes.T @ np.linalg.solve(covariance, slopes))))
    root = np.linalg.cholesky(alike)
    found, spread = [], []
    for _ in range(count):
        lag, bias = LAG_STD * rng.standard_normal(2), BIAS * rng.standard_normal(2)
        values = clean + by_lag * lag + bias + root @ rng.standard_normal((n, 2))
        channels = {f"TC{i}": Channel(
            name=f"TC{i}", t=TIMES, values=values[:, i], unit="K", logged_unit="K", place=(place, 0.5, 0.5), std=NOISE,
            bias=Quantity(value=0.0, unit="K", std=BIAS), lag=Quantity(value=LAG, unit="s", std=LAG_STD))
            for i, place in enumerate(PLACES)}  # fmt: skip
        fit = twin.calibrate(recipe(), Trial(name="log", channels=channels, content="log"), solver=solver, starts=1,
                             free={"film": (200.0, 1800.0), "start": (1000.0, 1200.0)})  # fmt: skip
        found.append(fit.values)
        spread.append(fit.std)
    return np.array(found), np.array(spread), oracle


def held(found, spread):
    return (np.abs(found - [FILM, START]) <= 1.96 * spread).mean(axis=0)


def test_twenty_trials_by_lines_leave_intervals_that_hold_the_truth():
    found, spread, oracle = repeats(20, 3, Modal())
    assert (held(found, spread) >= 0.8).all()
    assert (spread.mean(axis=0) <= 1.5 * oracle).all()


@pytest.mark.slow
def test_intervals_hold_the_truth_in_2000_repeats_and_are_hardly_wider_than_an_oracles():
    found, spread, oracle = repeats(2000, 1, Modal())
    share, ratio = held(found, spread), spread.mean(axis=0) / oracle
    assert ((share >= 0.93) & (share <= 0.97)).all(), f"coverage {share}, width over the oracle's {ratio}"
    assert (ratio <= 1.3).all(), f"coverage {share}, width over the oracle's {ratio}"
