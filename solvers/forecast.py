"""What a run will about take, from one typical step really taken."""

import math
import time
from typing import TYPE_CHECKING

from ..models import Crossing, Forecast
from .linear import Direct
from .march import NoConvergence, advance
from .sources import busy, longest, passes

if TYPE_CHECKING:
    from .run import Run

BESIDE, FACTORS, ROOM = 520.0, 2000.0, 1e7  # bytes a cell beside the solver, more while factorising, and in any run


def forecast(run: "Run") -> Forecast:
    """Take a typical step with all that is ever there, and multiply."""
    stages, run.born = run.process.stages, len(run.births.layings)
    index = max(range(len(stages)), key=lambda n: passes(stages[n]))
    run.shape = run.births.whole
    run.stand(stages[index])
    T = run.model.start()
    run.control.moved(run.model, run.beside())
    lengths = [s.until.at_most if isinstance(s.until, Crossing) else s.until for s in stages]
    since = sum(lengths[:index])
    run.enter(index, since)
    frozen = sum(len(steps) - 1 for steps in run.solver.steps or ()) * run.solver.pace
    adapted = (len(stages) + len(run.births.layings)) * (4.0 + 12.0 * run.tolerance ** (-1.0 / 3.0))
    steps = round(frozen or adapted + sum(passes(stage) for stage in stages))
    at = busy(stages[index], since)
    flow = run.model.flow(T, at)
    usual = min(lengths[index], sum(lengths) / steps, longest(stages[index], at, since))
    seconds = math.inf
    dt = max(min(usual, 10.0 * run.first(lengths[index], flow)), 1e-3 * usual)
    for _ in range(3):
        began = time.perf_counter()
        try:
            advance(run.model, run.linear, T, flow, at, dt, run.close)
        except NoConvergence:
            dt *= 0.1
            continue
        seconds = min(seconds, time.perf_counter() - began)
    if seconds == math.inf:
        seconds = time.perf_counter() - run.began
    each = BESIDE + (FACTORS if isinstance(run.linear, Direct) else 0.0)
    return Forecast(cells=run.shape.cut.cells, steps=steps, seconds=seconds * steps,
                    bytes=run.linear.bytes + each * T.size + ROOM)  # fmt: skip
