"""A lumped body whose temperature is known in closed form: a solver so cheap that thousands of studies run in seconds.

It is a module of its own, so that worker processes can import it.
"""

import math
import os
import time
from dataclasses import dataclass, replace

import numpy as np

from foretrial.models import (
    Balance,
    Exchange,
    History,
    Material,
    Part,
    Process,
    Quantity,
    SolveError,
    digest,
    quantities,
)


def recipe(*, film=600.0, gas=320.0, start=1100.0, until=240.0):
    """A slab that a lumped solver takes for one temperature."""
    steel = Material.simple("steel", density=7850.0, conductivity=1e6, heat_capacity=480.0)
    wall = Exchange(gas=Quantity(value=gas, unit="K", name="gas"),
                    film=Quantity(value=film, unit="W/(m2.K)", name="film"))  # fmt: skip
    return Process.simple(part=Part.slab(0.04), material=steel, walls={"left": wall, "right": wall}, until=until,
                          start=Quantity(value=start, unit="K", name="start"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Lumped:
    """T = gas + (start - gas) exp(-2 film t / (rho c thickness)), with exact tangents.

    Above `fails_above` it fails unless its steps are finer than `cured_from`; at `dies_at` it takes its process down;
    a run takes `seconds`.
    """

    steps: int = 48
    fails_above: float = math.inf
    cured_from: float = math.inf
    dies_at: float = math.nan
    pace: float = 1.0
    cells: float = 1.0
    seconds: float = 0.0

    def __call__(self, process, *, observe=(), **_):
        return self._run(process, observe, ())

    def tangent(self, process, *, free, observe):
        return self._run(process, observe, tuple(free))

    def _run(self, process, observe, free):
        film, gas, start, until = film_gas_start(process)
        if self.seconds:
            time.sleep(self.seconds)
        if film == self.dies_at:
            os._exit(9)
        if film > self.fails_above and self.pace < self.cured_from:
            raise SolveError(f"film = {film:g} W/(m2.K) is too much for these steps. Less converges. Lower it.")
        t = np.linspace(0.0, until, self.steps + 1)
        rate = 2.0 / (7850.0 * 480.0 * 0.04)
        decay = np.exp(-rate * film * t)
        T = gas + (start - gas) * decay
        values = {"film": -rate * t * (start - gas) * decay, "gas": 1.0 - decay, "start": decay}
        speeds = {"film": -rate * (start - gas) * decay * (1.0 - rate * film * t), "gas": rate * film * decay,
                  "start": -rate * film * decay}  # fmt: skip
        wide = np.ones(len(observe))
        return History(
            t=t, names=tuple(o.name for o in observe), values=np.outer(T, wide),
            rates=np.outer(-rate * film * (start - gas) * decay, wide), stage_ends=(until,),
            balance=Balance(entered=-1.0, made=0.0, stored=-1.0), iterations=t.size, cells=1, iteration_error=0.0,
            solver=self.digest, process=digest(process), free=free,
            tangents=np.array([np.outer(values[n], wide) for n in free]) if free else None,
            tangent_rates=np.array([np.outer(speeds[n], wide) for n in free]) if free else None)  # fmt: skip

    def refined(self, ratio, *, space=True, time=True):
        return replace(self, pace=self.pace * (ratio if time else 1.0), cells=self.cells * (ratio if space else 1.0))

    def frozen(self, _):
        return self

    @property
    def digest(self):
        return digest(self)


def film_gas_start(process):
    """The three numbers of a recipe, and how long it lasts."""
    known = quantities(process)
    return known["film"].value, known["gas"].value, known["start"].value, float(process.stages[0].until)


def two_sided(*, left=300.0, right=900.0, gas=320.0, start=1100.0, conductivity=1.0, until=240.0):
    """A slab with a film on each side: five numbers."""
    steel = Material.simple("steel", density=7850.0, conductivity=8.0, heat_capacity=480.0)
    scaled = replace(steel.conductivity, scale=Quantity(value=conductivity, name="conductivity"))
    gas = Quantity(value=gas, unit="K", name="gas")
    walls = {side: Exchange(gas=gas, film=Quantity(value=film, unit="W/(m2.K)", name=side))
             for side, film in (("left", left), ("right", right))}  # fmt: skip
    return Process.simple(part=Part.slab(0.04), material=replace(steel, conductivity=scaled), walls=walls, until=until,
                          start=Quantity(value=start, unit="K", name="start"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """A slab as two nodes, each with its film, exact in time; tangents by differences of its own."""

    steps: int = 48

    def __call__(self, process, *, observe=(), **_):
        known = {name: q.value for name, q in quantities(process).items()}
        t = np.linspace(0.0, float(process.stages[0].until), self.steps + 1)
        values, rates = self._march(known, t, observe)
        return self._history(process, t, observe, values, rates)

    def tangent(self, process, *, free, observe):
        known = {name: q.value for name, q in quantities(process).items()}
        t = np.linspace(0.0, float(process.stages[0].until), self.steps + 1)
        values, rates = self._march(known, t, observe)
        slopes = []
        for name in free:
            step = 1e-5 * known[name]
            up, down = (self._march({**known, name: known[name] + s}, t, observe) for s in (step, -step))
            slopes.append([(a - b) / (2.0 * step) for a, b in zip(up, down, strict=True)])
        by_value, by_rate = (np.array([s[k] for s in slopes]) for k in (0, 1))
        base = self._history(process, t, observe, values, rates)
        return replace(base, free=tuple(free), tangents=by_value, tangent_rates=by_rate)

    def _march(self, known, t, observe):
        between, capacity = 8.0 * known["conductivity"] / 0.02, 7850.0 * 480.0 * 0.02
        A = np.array([[-between - known["left"], between], [between, -between - known["right"]]]) / capacity
        size, vectors = np.linalg.eigh(A)
        modes = (vectors.T @ np.full(2, known["start"] - known["gas"])) * np.exp(np.outer(t, size))
        T, rate = known["gas"] + modes @ vectors.T, (modes * size) @ vectors.T
        sides = [int(o.place[0] > 0.02) for o in observe]
        return T[:, sides], rate[:, sides]

    def _history(self, process, t, observe, values, rates):
        return History(t=t, names=tuple(o.name for o in observe), values=values, rates=rates,
                       stage_ends=(float(t[-1]),), balance=Balance(entered=-1.0, made=0.0, stored=-1.0),
                       iterations=t.size, cells=2, iteration_error=0.0, solver=self.digest,
                       process=digest(process))  # fmt: skip

    @property
    def digest(self):
        return digest(self)
