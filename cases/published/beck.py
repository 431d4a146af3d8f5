"""A triangular pulse of flux into an insulated slab, forward, and found again from the temperature at its back."""

import numpy as np

from foretrial.models import INSULATED, Channel, Curve, Exchange, Material, Part, Probe, Process, Signal, Trial
from foretrial.solvers import Heat
from foretrial.twin.inverse import Knots
from foretrial.twin.observe import observe_tangent
from foretrial.twin.tikhonov import roughness, tikhonov

from .problem import Problem, Reached, Resolution

Array = np.ndarray
START = 300.0  # K; the problem is linear, so its zero may be anywhere
LAST = 1.8  # s
PRINTED = {0.3: (0.123841, 0.013381), 0.6: (0.357833, 0.099389), 0.9: (0.435099, 0.247679), 1.2: (0.382112, 0.340665),
           1.5: (0.361057, 0.358943), 1.8: (0.360055, 0.359945)}  # fmt: skip
DRAWS = 40
SEED = 1


def pulse(t: Array) -> Array:
    """The flux (n,) at times (n,): up to 0.6 at 0.6, back to none at 1.2."""
    return np.interp(t, [0.0, 0.6, 1.2], [0.0, 0.6, 0.0])


def exact(x: float, t: Array, terms: int = 200) -> Array:
    """Rise of temperature (n,) at a place, by Duhamel's integral over the series of a unit step of flux."""
    n = np.arange(1, terms + 1)

    def ramp(s: Array) -> Array:
        s = np.maximum(s, 0.0)
        decay = -np.expm1(-np.outer(s, n**2 * np.pi**2)) @ (np.cos(n * np.pi * x) / n**4)
        return s**2 / 2.0 + (1.0 / 3.0 - x + x**2 / 2.0) * s - 2.0 / np.pi**4 * decay

    return ramp(t) - 2.0 * ramp(t - 0.6) + ramp(t - 1.2)


def slab(flux: Signal) -> Process:
    """Conductivity, heat capacity per volume and length one; the flux comes in at x = 0, nothing leaves at x = 1."""
    one = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
    return Process.simple(part=Part.slab(1.0), material=one, start=START, until=LAST,
                          walls={"left": Exchange(flux=flux), "right": INSULATED})  # fmt: skip


def back(t: Array, values: Array, std: float) -> Trial:
    """One thermocouple on the insulated back."""
    sensor = Channel(name="back", t=t, values=values, unit="K", logged_unit="K", place=(1.0, 0.5, 0.5), std=std)
    return Trial(name="pulse", channels={"back": sensor}, source="exact series")


def _forward(cells: int) -> tuple[float, float, int]:
    """The temperature that is farthest off the printed ones, that one, and the steps."""
    t = np.array(list(PRINTED))
    flux = Signal(curve=Curve.table([0.0, 0.6, 1.2], [0.0, 0.6, 0.0]), unit="W/m2")
    ends = tuple(Probe(name=name, place=(x, 0.5, 0.5)) for name, x in (("front", 0.0), ("back", 1.0)))
    run = Heat(cells=cells, tolerance=1e-5)(slab(flux), observe=ends)
    reached = np.stack([run.at(name, t) for name in ("front", "back")], axis=1) - START
    printed = np.array(list(PRINTED.values()))
    worst = int(np.argmax(np.abs(reached - printed)))
    return float(printed.flat[worst]), float(reached.flat[worst]), run.t.size - 1


def response(cells: int, every: float) -> tuple[Knots, Array, Array]:
    """Knots two readings apart, readings' times (n,), and the rise at the back (n, m) by the flux at each knot."""
    t = np.arange(every, LAST + every / 2.0, every)
    knots = Knots(name="flux", unit="W/m2", at=np.arange(0.0, LAST + every, 2.0 * every))
    probe = Probe(name="back", place=(1.0, 0.5, 0.5))
    solver = Heat(cells=cells, tolerance=2e-4)
    run = solver.tangent(slab(knots.curve(pulse(knots.at))), free=knots.names, observe=(probe,))
    return knots, t, observe_tangent(run, back(t, np.zeros(t.size), 1.0)["back"])


def found_again(knots: Knots, t: Array, rows: Array, share: float) -> tuple[float, float, float, float]:
    """Root mean square over the knots of bias and of scatter (of the largest flux), width (s), and coverage at 95 %.

    Readings come from the series, with noise of `share` of the last rise; the strength follows from the discrepancy
    principle anew in every draw.
    """
    std, truth = share * 0.36, pulse(knots.at)
    rng, rough = np.random.default_rng(SEED), roughness(knots.at)
    draws = [tikhonov(rows / std, exact(1.0, t) / std + rng.standard_normal(t.size), rough) for _ in range(DRAWS)]
    each = np.array([one.values for one in draws])
    inside = [np.abs(one.values - truth) <= 1.96 * np.sqrt(np.diag(one.covariance)) for one in draws]
    kernels = np.abs(draws[0].resolution)
    width = float(np.median(kernels.sum(axis=1) / kernels.max(axis=1)) * np.diff(knots.at)[0])
    bias, scatter = (float(np.sqrt(np.mean(v**2))) / 0.6 for v in (each.mean(axis=0) - truth, each.std(axis=0)))
    return bias, scatter, width, float(np.mean(inside))


def _reach(cells: int) -> Reached:
    answer, reached, steps = _forward(cells)
    note = []
    for every in (0.06, 0.03):
        told = response(cells, every)
        for share in (0.001, 0.005, 0.02):
            bias, scatter, width, inside = found_again(*told, share)
            note.append(f"readings every {every:g} s, noise {share:.1%}: bias {bias:.1%}, scatter {scatter:.1%}, "
                        f"resolved to {width:.2g} s, 95 % band holds {inside:.0%}")  # fmt: skip
    return Reached(answer=answer, reached=reached, cells=cells, steps=steps,
                   note=f"flux found again from x = 1, of its peak, {DRAWS} draws: {'; '.join(note)}")  # fmt: skip


PROBLEMS = (
    Problem(
        id="Beck",
        problem="How hot are both faces of a slab that takes a triangular pulse of flux, and is the flux found again?",
        source="Beck, Blackwell and St. Clair, Inverse Heat Conduction (1985), sec. 5.2; exact series",
        unit="K",
        at=(Resolution(cells=20, tolerance=4e-4), Resolution(cells=40, tolerance=1e-4)),
        reach=_reach,
    ),
)
