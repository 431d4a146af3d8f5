"""Two small solvers with the face of the seam, made apart from each other and from the real ones."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from foretrial.models import (
    Balance,
    Channel,
    Exchange,
    History,
    Material,
    Part,
    Process,
    Quantity,
    SolveError,
    Trial,
    digest,
    quantities,
    substitute,
)

LENGTH, AREA = 0.04, 1.0


def numbers(process):
    body, stage = process.bodies[0], process.stages[0]
    wall = stage.walls["left"]
    k, c, rho = (float(p(300.0)) for p in (body.material.conductivity, body.material.heat_capacity, np.vectorize(
        lambda _: body.material.density.value)))  # fmt: skip
    thickness = body.part.bounds[1][0]
    return k, rho * c, thickness, wall.film.value, wall.gas.value, body.start.value, float(stage.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """Cell-centred finite volumes and the trapezoidal rule, one film on both sides."""

    cells: float = 8
    steps: float = 40
    fails_above: float = math.inf

    def __call__(self, process, *, observe=(), **_):
        k, rc, thickness, film, gas, start, until = numbers(process)
        if film > self.fails_above:
            raise SolveError(f"film = {film:g} W/(m2.K) is too much. Less converges. Lower it.")
        n, steps = max(round(self.cells), 2), max(round(self.steps), 4)
        h, dt = thickness / n, until / steps
        wall = 1.0 / (1.0 / film + h / (2 * k))
        A = np.diag(np.full(n, -2.0 * k / h)) + np.diag(np.full(n - 1, k / h), 1) + np.diag(np.full(n - 1, k / h), -1)
        A[0, 0] = A[-1, -1] = -k / h - wall
        A /= rc * h
        b = np.zeros(n)
        b[0] = b[-1] = wall / (rc * h) * gas
        left = np.linalg.inv(np.eye(n) - dt / 2 * A)
        M, c = left @ (np.eye(n) + dt / 2 * A), left @ (dt * b)
        T = np.empty((steps + 1, n))
        T[0] = start
        for i in range(steps):
            T[i + 1] = M @ T[i] + c
        rate = T @ A.T + b
        x = (np.arange(n) + 0.5) * h
        edge = np.array([1.0 / (film + 2 * k / h)])
        low, high = (edge * (film * gas + 2 * k / h * T[:, i]) for i in (0, -1))
        low_rate, high_rate = (edge * (2 * k / h) * rate[:, i] for i in (0, -1))
        values = np.stack([probe(o, x, T, low, high, thickness) for o in observe], axis=1)
        rates = np.stack([probe(o, x, rate, low_rate, high_rate, thickness) for o in observe], axis=1)
        return history(self, process, np.linspace(0, until, steps + 1), observe, values, rates, n)

    def tangent(self, process, *, free, observe):
        base, tangents, rates = self(process, observe=observe), [], []
        for name in free:
            value = quantities(process)[name].value
            step = 1e-6 * max(abs(value), 1e-3)
            moved = self(substitute(process, {name: value + step}), observe=observe)
            tangents.append((moved.values - base.values) / step)
            rates.append((moved.rates - base.rates) / step)
        return replace(base, free=free, tangents=np.array(tangents), tangent_rates=np.array(rates))

    def refined(self, ratio, *, space=True, time=True):
        return replace(self, cells=self.cells * (ratio if space else 1), steps=self.steps * (ratio if time else 1))

    def frozen(self, _):
        return self

    @property
    def digest(self):
        return digest(self)


def probe(observation, x, T, low, high, thickness):
    if hasattr(observation, "region"):
        return getattr(np.concatenate([low[:, None], T, high[:, None]], axis=1), observation.statistic)(axis=1)
    place = np.concatenate([[0.0], x, [thickness]])
    full = np.concatenate([low[:, None], T, high[:, None]], axis=1)
    i = np.clip(np.searchsorted(place, observation.place[0]) - 1, 0, place.size - 2)
    i = min(max(i, 1), place.size - 4) if place.size > 4 else 0
    near = slice(i - 1, i + 3) if place.size > 4 else slice(None)
    weights = [np.prod([(observation.place[0] - b) / (a - b) for b in place[near] if b != a]) for a in place[near]]
    return full[:, near] @ np.array(weights)


def history(solver, process, t, observe, values, rates, cells):
    return History(t=t, names=tuple(o.name for o in observe), values=values, rates=rates, stage_ends=(float(t[-1]),),
                   balance=Balance(entered=-1.0, made=0.0, stored=-1.0), iterations=t.size, cells=cells,
                   iteration_error=1e-9, solver=solver.digest, process=digest(process))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The slab by its eigenfunction series (Incropera et al., sec. 5.5), truth for made-up trials."""

    terms: int = 40

    def __call__(self, process, *, observe=(), **_):
        k, rc, thickness, film, gas, start, until = numbers(process)
        half = thickness / 2
        biot = film * half / k
        t = np.concatenate([[0.0], np.geomspace(until * 1e-4, until, 240)])
        low, high = np.arange(self.terms) * np.pi, np.arange(self.terms) * np.pi + np.pi / 2
        for _ in range(60):
            middle = (low + high) / 2
            sign = np.cos(np.arange(self.terms) * np.pi)
            over = sign * (middle * np.sin(middle) - biot * np.cos(middle)) > 0
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        zeta = (low + high) / 2
        amplitude = 4 * np.sin(zeta) / (2 * zeta + np.sin(2 * zeta)) * (start - gas)
        speed = zeta**2 * k / rc / half**2
        values, rates = np.empty((t.size, len(observe))), np.empty((t.size, len(observe)))
        for j, o in enumerate(observe):
            mode = amplitude * np.cos(zeta * (o.place[0] - half) / half)
            decay = np.exp(-np.outer(t, speed))
            values[:, j], rates[:, j] = gas + decay @ mode, -decay @ (mode * speed)
            values[0, j] = start
        return history(self, process, t, observe, values, rates, 0)

    @property
    def digest(self):
        return digest(self)


def make_process(*, film=600.0, conductivity=45.0, std=0.0, until=240.0, gas=320.0, start=1100.0):
    steel = Material.simple("steel", density=7850.0, conductivity=conductivity, heat_capacity=480.0)
    if std:
        scaled = replace(steel.heat_capacity, scale=Quantity(value=1.0, std=std, name="heat_capacity"))
        steel = replace(steel, heat_capacity=scaled)
    wall = Exchange(gas=gas, film=Quantity(value=film, unit="W/(m2.K)", name="film"))
    return Process.simple(part=Part.slab(LENGTH), material=steel, start=start, walls={"left": wall, "right": wall},
                          until=until)  # fmt: skip


def make_channels(*, std=1.0, n=60, until=240.0, places=(0.02, 0.008), first=4.0, **more):
    t = np.linspace(first, until, n)
    return [Channel(name=f"TC{i + 1}", t=t, values=np.zeros(n), unit="K", logged_unit="degC", place=(x, 0.5, 0.5),
                    std=std, **more) for i, x in enumerate(places)]  # fmt: skip


def make_trial(process, channels, rng, *, name="trial", solver=None, drift=0.0):
    """Readings of the truth by another discretisation, through lag, offset and noise of the sensors."""
    from foretrial.models import Probe
    from foretrial.twin.observe import synthetic

    run = (solver or Series())(process, observe=tuple(Probe(name=c.name, place=c.place) for c in channels))
    trial = synthetic(channels, run, rng=rng, name=name)
    trial = Trial(name=trial.name, channels=trial.channels, content=trial.content, source="bench")  # as if logged
    return trial if not drift else with_drift(trial, drift)


def with_drift(trial, drift):
    bent = {n: replace(c, values=c.values + drift * np.sin(c.t / 60.0)) for n, c in trial.channels.items()}
    return Trial(name=trial.name, channels=bent, content=digest([c.values for c in bent.values()]))


NOW = "2026-01-01T00:00:00+00:00"


def judge(rng, *, solver=None, sensor=None, believed=None, drift=0.0, limit=15.0, leak=False, film=600.0, prior=None,
          bounds=(50.0, 5000.0), needs=(), std=0.01, bias=0.5, noise=1.0, trial=None, limits=None, spoil=None,
          more=None, **verdict):  # fmt: skip
    """Calibrate on one made-up trial, validate on another, verify; `sensor` is what is, `believed` what is stated.

    `spoil` gets each log, and hands it back as the logger wrote it.
    """
    from foretrial import twin
    from foretrial.models import Interest, Requirement, substitute

    solver = solver or Slab(cells=24, steps=120)
    stated = {"std": noise, "bias": Quantity(value=0.0, std=bias), **(sensor or {}), **(believed or {})}
    real = make_channels(**{"std": noise, "bias": Quantity(value=0.0, std=bias), **(sensor or {})})
    say = {c.name: c for c in make_channels(**stated)}

    def tried(gas, name):
        log = make_trial(make_process(film=film, gas=gas), real, rng, name=name, drift=drift)
        channels = {n: replace(say[n], values=c.values) for n, c in log.channels.items()}
        log = replace(log, channels=channels)
        return log if spoil is None else spoil(log)

    first, second = tried(320.0, "first"), tried(335.0, "second")
    second = replace(first, name="renamed") if leak else trial or second
    gas = 320.0 if leak else 335.0
    # fmt: off
    fit = twin.calibrate(make_process(film=300.0, std=std), first, free={"film": bounds}, solver=solver, starts=1,
                         nuisances=["heat_capacity"] if std else [], priors={"film": prior} if prior else None)
    # fmt: on
    run = twin.Experiment(trial=second, process=make_process(film=300.0, std=std, gas=gas))
    interest = Interest(observations=("TC1",), statistic="last", window=(0.0, 200.0))
    watched = tuple(run.observe.values())
    ready = substitute(run.process, {n: q.value for n, q in fit.quantities().items()})
    fine = twin.refine(solver, ready, observe=watched, interest=interest)
    seen = twin.validate(run, fit=fit, solver=solver, refinements=fine)
    tried_by_fit = twin.Experiment(trial=first, process=make_process(film=300.0, std=std))
    wrong = twin.mistaken([tried_by_fit, run], fit=fit, solver=solver)
    found = twin.predict(run.process, interest=interest, solver=solver, observe=watched, fit=fit)
    lines = twin.budget(found, interest=interest, process=run.process, fit=fit, refinement=fine, validation=seen)
    from foretrial.models import Probe

    probe_ = (Probe(name="TC1", place=(0.02, 0.5, 0.5)),)
    truth = interest.value(Series()(make_process(film=film, gas=gas), observe=probe_))
    area = twin.domain({"gas": (gas, gas)}, [{"gas": (320.0, 320.0)}, {"gas": (335.0, 335.0)}])

    def answer(limit):
        asked = Requirement(id="cold", text="Is the core cold enough?", text_zh="心部是否足够冷?", interest=interest,
                            limit=truth + limit, sense="at most", accuracy=15.0, verification="process",
                            display="degC", needs=needs)  # fmt: skip
        evidence = twin.Evidence(**{"requirement": asked, "process": found.process, "history": found.history,
                                    "budget": lines, "refinement": fine, "fit": fit, "validation": seen,
                                    "domain": area, "trials": (first, second), "mistaken": wrong,
                                    **verdict})  # fmt: skip
        return twin.verify(evidence, prediction=found, more=more, at=NOW)

    return answer(limit) if limits is None else [answer(one) for one in limits]


@pytest.fixture
def lab():
    """The stub solvers and the makers of recipes, sensors and trials."""

    class Lab:
        slab, series = Slab, Series
        judge = staticmethod(judge)
        process, channels, trial, drift = (
            staticmethod(f) for f in (make_process, make_channels, make_trial, with_drift)
        )

    return Lab
