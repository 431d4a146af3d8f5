"""Film and emissivity of the heated section from six thermocouples: our fit, and the same by differences with scipy.

Ours also weighs the readings by the misfit and the correlation that it finds, and states a covariance, so with two
quantities the two cost about the same; differences cost one more run a quantity, tangents two more solves a step.
"""

import numpy as np
from scipy.optimize import least_squares

from benches.rows import beside, interleaved
from foretrial.models import Channel, Curve, Exchange, Part, Probe, Process, Quantity, Signal, Trial, substitute
from foretrial.models.library import CARBON_STEEL
from foretrial.solvers import Heat
from foretrial.twin import calibrate

PLACES = {"top": (0.0, 0.1, 0.0), "top edge": (0.07, 0.1, 0.0), "web": (0.0, 0.0, 0.0), "web low": (0.0, -0.05, 0.0),
          "bottom": (0.0, -0.1, 0.0), "bottom edge": (-0.07, -0.1, 0.0)}  # fmt: skip
BOUNDS = {"film": (5.0, 100.0), "emissivity": (0.1, 1.0)}
GUESS, TRUTH = {"film": 20.0, "emissivity": 0.4}, {"film": 32.0, "emissivity": 0.62}
SOLVER = Heat(cells=2, tolerance=0.5)
NOISE = 1.0  # K


def section(film, emissivity):
    """The 200 x 200 mm I-section for 15 minutes in a room that warms from 300 to 950 K."""
    part = Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.009)
    room = Signal(curve=Curve.table([0.0, 120.0, 600.0, 900.0], [300.0, 750.0, 900.0, 950.0]), unit="K")
    gas = Exchange(gas=room, film=Quantity(value=film, unit="W/(m2.K)", name="film"),
                   emissivity=Quantity(value=emissivity, name="emissivity"))  # fmt: skip
    walls = dict.fromkeys(("top", "bottom", "left", "right"), gas)
    return Process.simple(part=part, material=CARBON_STEEL, start=300.0, walls=walls, until=900.0)


def log():
    """Readings every 30 s, made on a finer grid and finer steps, with noise."""
    probes = tuple(Probe(name=name, place=place) for name, place in PLACES.items())
    history = Heat(cells=4, tolerance=0.05)(section(**TRUTH), observe=probes)
    t, rng = np.arange(30.0, 900.0, 30.0), np.random.default_rng(3)
    channels = {name: Channel(name=name, t=t, values=history.at(name, t) + rng.normal(0.0, NOISE, t.size), unit="K",
                              logged_unit="K", place=place, std=NOISE)
                for name, place in PLACES.items()}  # fmt: skip
    return Trial(name="made", channels=channels)


def by_differences(trial):
    """The same fit with scipy alone: whole runs, forward differences, a trust region within the bounds."""
    probes = tuple(Probe(name=name, place=place) for name, place in PLACES.items())
    guess = section(**GUESS)

    def residuals(values):
        history = SOLVER(substitute(guess, dict(zip(BOUNDS, map(float, values), strict=True))), observe=probes)
        off = [(history.at(name, one.t) - one.values) / NOISE for name, one in trial.channels.items()]
        return np.concatenate(off)

    low, high = np.transpose(list(BOUNDS.values()))
    return least_squares(residuals, list(GUESS.values()), bounds=(low, high), x_scale=high - low, diff_step=1e-3).x


def bench_calibrate_section(benchmark):
    trial = log()

    def ours():
        return calibrate(section(**GUESS), trial, free=BOUNDS, solver=SOLVER, starts=1)

    fit, plain = ours(), by_differences(trial)
    assert (np.abs(fit.values - plain) < 1.0 * fit.std).all()
    one, other = interleaved(benchmark, ours, lambda: by_differences(trial), rounds=5)
    beside("calibrate-section", ours=one, theirs=other, against="scipy least_squares", unit="s", limit=1.0)
