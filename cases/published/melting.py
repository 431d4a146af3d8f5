"""Published problems of melting and freezing: a front that runs into a plate, and one that turns a corner."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from foretrial.models import Frame, Held, Latent, Material, Part, Process
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

from .problem import Problem, Reached, Resolution

Array = NDArray[np.float64]
MELTING, RANGE = 1000.0, 0.01  # K: where it melts, and over how much
UNIT = Material.simple("unit", density=1.0, conductivity=1.0, heat_capacity=1.0)
LAMBDA = {0.1: 0.2200163, 0.5: 0.4647859, 1.0: 0.6200626, 2.0: 0.8006014}  # by Stefan number
ALONG = 0.7077  # front far from the corner, over 2 sqrt(alpha t)
CORNER = 0.8956  # front on the diagonal


def _melting(latent: float) -> Material:
    return replace(UNIT, latent=Latent(heat=latent, solidus=MELTING, liquidus=MELTING + RANGE))


def _molten(frame: Frame) -> Array:
    """Molten share of every cell."""
    return np.clip((frame.T[next(iter(frame.T))] - MELTING) / RANGE, 0.0, 1.0)


def _stefan(cells: int) -> Reached:
    """The worst of four Stefan numbers: depth of the front when it should be 0.8 m deep."""
    pairs, steps, count = [], 0, 0
    for number, lam in LAMBDA.items():
        walls = {"left": Held(temperature=MELTING + 100.0 * number), "right": INSULATED}
        until = (0.8 / (2.0 * lam)) ** 2
        process = Process.simple(part=Part.slab(1.0), material=_melting(100.0), start=MELTING, walls=walls, until=until)
        frames: list[Frame] = []
        history = Heat(cells=cells, tolerance=0.1)(process, keep=frames.append, every=until)
        pairs.append((lam, float(_molten(frames[-1]).mean()) * lam / 0.8))
        steps, count = max(steps, history.t.size - 1), history.cells
    answer, reached = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=count, steps=steps)


def _corner(cells: int) -> Reached:
    """The worse of the front on the diagonal and the front far from the corner.

    Frozen share is summed along the diagonal and along the far edge: where half a cell is frozen, half a cell counts.
    """
    span, time = 4.0, 0.36  # the front is 1.07 on the diagonal and 0.85 far away; nothing has arrived at 4
    material = _melting(25.0)
    walls = {"left": Held(temperature=MELTING - 100.0), "bottom": Held(temperature=MELTING - 100.0),
             "right": INSULATED, "top": INSULATED}  # fmt: skip
    process = Process.simple(part=Part.sheet(span, span), material=material, start=MELTING + 30.0, walls=walls,
                             until=time)  # fmt: skip
    frames: list[Frame] = []
    history = Heat(along=(cells, cells, None), tolerance=1.0)(process, keep=frames.append, every=time)
    frozen = 1.0 - _molten(frames[-1])[:, :, 0]
    scale = span / cells / (2.0 * np.sqrt(time))
    found = ((CORNER, float(np.diag(frozen).sum() * scale)), (ALONG, float(frozen[:, -1].sum() * scale)))
    answer, reached = max(found, key=lambda pair: abs(pair[1] / pair[0] - 1.0))
    return Reached(answer=answer, reached=reached, cells=history.cells, steps=history.t.size - 1)


PROBLEMS = (
    Problem(
        id="Stefan", unit="1", relative=True,
        source="Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed., sec. 11.2, one phase",
        problem="Solid at its melting temperature, one face 0.1, 0.5, 1 and 2 times latent heat over heat capacity "
                "hotter: lambda of the front s = 2 lambda sqrt(alpha t); the worst?",
        at=(Resolution(cells=40, tolerance=5e-3), Resolution(cells=80, tolerance=2.5e-3)), reach=_stefan),
    Problem(
        id="Rathjen-Jiji", unit="1", relative=True, long=True,
        source="Rathjen and Jiji, J. Heat Transfer 93 (1971) 101-109, fig. 2",
        problem="Liquid in a corner, Ti* 0.3, beta 0.25, equal properties: front over 2 sqrt(alpha t) on the diagonal "
                "and far away; the worse?",
        at=(Resolution(cells=80, tolerance=1e-2), Resolution(cells=160, tolerance=1e-2)), reach=_corner),
)  # fmt: skip
