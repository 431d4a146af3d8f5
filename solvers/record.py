"""What a run leaves: readings at every accepted step, frames, the heat that moved, and what was assumed."""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Balance,
    Between,
    Crossing,
    Enclosure,
    Exchange,
    Frame,
    Gap,
    History,
    Process,
    Property,
    SolveError,
    digest,
)
from ..models.history import Keep, hermite
from ..models.shape import aligned
from .discrete import Flow, Geometry, Local
from .enclosure import named
from .march import D, Step, W
from .outline import outline
from .watch import Watch

Array = NDArray[np.float64]


class Mark(NamedTuple):
    """How much was seen at an accepted step: entries, and the sums over all steps to it."""

    entries: int
    entered: float
    made: float
    iterations: int
    left: float


class Record:
    """Filled by a march, step by step; made into a History at its end."""

    def __init__(
        self, process: Process, shape: Geometry, watch: Watch, *, keep: Keep | None,
        every: float | Sequence[float] | None, whole: Geometry | None = None,
    ) -> None:  # fmt: skip
        self._process, self._shape, self._watch, self._keep = process, shape, watch, keep
        self._whole = shape if whole is None else whole
        self._times, self._every = _frames(every, process)
        self._brought = 0.0
        self._t: list[float] = []
        self._values: list[Array] = []
        self._rates: list[Array] = []
        self._tangents: list[Array] = []
        self._tangent_rates: list[Array] = []
        self._entered = self._made = 0.0
        self._iterations, self._left = 0, 0.0
        self._coldest: dict[str, float] = {}
        self._hottest: dict[str, float] = {}
        self._boiling = {local.body: _boiling(process, local) for local in shape.locals}
        self._skin = {body: (math.inf, -math.inf) for body in self._boiling}
        self._gas: dict[int, tuple[float, float]] = {}
        self._kept = -math.inf
        self._next_frame = self._after(-math.inf)

    def moved(self, shape: Geometry, watch: Watch, brought: float) -> None:
        """Go on with the cells of `shape`, of which the new ones brought that much enthalpy, J."""
        self._shape, self._watch = shape, watch
        self._brought += brought
        self._boiling = {local.body: _boiling(self._process, local) for local in shape.locals}

    def mark(self) -> Mark:
        """Where the record stands."""
        return Mark(len(self._t), self._entered, self._made, self._iterations, self._left)

    def back(self, mark: Mark) -> None:
        """Forget what came after."""
        for entries in (self._t, self._values, self._rates, self._tangents, self._tangent_rates):
            del entries[mark.entries :]  # type: ignore[attr-defined]
        _, self._entered, self._made, self._iterations, self._left = mark

    def read(self, t: float, T: Array, flow: Flow, tangents: Sequence[tuple[Array, Array]]) -> None:
        """Readings at an accepted time; `tangents` holds the derivative of `T` and its rate, by each parameter."""
        rate = flow.heat / (self._shape.volume * flow.c)
        weights = self._watch.weights(T)
        self._t.append(t)
        self._values.append(np.array([w.read(T) for w in weights]))
        self._rates.append(np.array([w.read(rate) for w in weights]))
        self._tangents.append(np.array([[w.read(dT) for w in weights] for dT, _ in tangents]))
        self._tangent_rates.append(np.array([[w.read(slope) for w in weights] for _, slope in tangents]))
        for n, span in enumerate(flow.gas):
            if span is not None:
                low, high = self._gas.get(n, span)
                self._gas[n] = min(low, span[0]), max(high, span[1])
        for local in self._shape.locals:
            field = T[local.span]
            if not field.size:
                continue
            self._coldest[local.body] = min(self._coldest.get(local.body, math.inf), float(field.min()))
            self._hottest[local.body] = max(self._hottest.get(local.body, -math.inf), float(field.max()))
            if (boiling := self._boiling[local.body]).any():
                wall, (low, high) = local.wall[boiling], self._skin[local.body]
                self._skin[local.body] = min(low, float(wall.min())), max(high, float(wall.max()))

    def passed(self, T: Array, flow: Flow, step: Step, t: float, after: float) -> None:
        """A step from `T`, `flow` at `t` to `after` s: its heat, its iterations, and the frames that fall into it."""
        for share, weight in ((flow, W), (step.middle_flow, W), (step.flow, D)):
            self._entered += weight * (after - t) * share.entered
            self._made += weight * (after - t) * share.made
        self._iterations += step.iterations
        self._left += step.left
        if self._keep is None:
            return
        if self._every is None and self._times is None:
            self.frame(after, step.T)
            return
        V = self._shape.volume
        ends = np.array([t, after])
        y, slope = np.stack([T, step.T]), np.stack([flow.heat / (V * flow.c), step.flow.heat / (V * step.flow.c)])
        while self._next_frame <= after + 1e-12 * abs(after):
            at = np.array([min(self._next_frame, after)])
            self.frame(self._next_frame, hermite(ends, y, slope, at)[0])

    def frame(self, t: float, T: Array) -> None:
        """Hand a frame at `t` s to whoever keeps them, unless one of that time is kept already."""
        if self._keep is None or t <= self._kept:
            return
        fields, solid, edges = {}, {}, {}
        for local in self._shape.locals:
            field = np.full(local.solid.shape, T[local.span].mean() if local.solid.any() else T.mean())
            field[local.solid] = T[local.span]
            fields[local.body], solid[local.body], edges[local.body] = field, local.solid, local.edges
        grows = any(stage.deposits for stage in self._process.stages)
        ever = {local.body: local.solid for local in self._whole.locals} if grows else None
        self._keep(Frame(t=t, T=fields, solid=solid, edges=edges, metric=self._shape.cut.grid.metric, ever=ever,
                         skin=self._outlines))  # fmt: skip
        self._kept = t
        self._next_frame = self._after(t)

    @cached_property
    def _outlines(self) -> dict[str, tuple[NDArray[np.int64], Array]] | None:
        """Where the corners of cells beside curved and oblique walls are drawn, by body."""
        grid = self._whole.cut.grid
        curved = {body.name: body.part for body in self._process.bodies
                  if grid.metric == "cartesian" and not aligned(body.part.shape)}  # fmt: skip
        found = {local.body: outline(curved[local.body], grid, local.block.offset, local.solid)
                 for local in self._whole.locals if local.body in curved and local.solid.any()}  # fmt: skip
        return found or None

    def _after(self, t: float) -> float:
        """When (s) the next frame is, after one at `t` s."""
        if self._times is not None:
            return next((one for one in self._times if one > t), math.inf)
        return max(t, 0.0) + (self._every or 0.0) if t > -math.inf else 0.0

    def state(self) -> dict[str, Array]:
        """All that was seen so far, as arrays; a run with tangents is not kept."""
        bodies = [local.body for local in self._shape.locals]
        reach = [(self._coldest.get(body, math.inf), self._hottest.get(body, -math.inf), *self._skin[body])
                 for body in bodies]  # fmt: skip
        sums = [self._entered, self._made, self._iterations, self._left, self._next_frame, self._kept, self._brought]
        gas = {"gas": np.array([(n, *span) for n, span in self._gas.items()])} if self._gas else {}
        seen = {"seen_t": self._t, "seen_values": self._values, "seen_rates": self._rates, "reach": reach}
        return gas | {name: np.array(one) for name, one in seen.items()} | {"sums": np.array(sums, dtype=float)}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from what `state` left."""
        self._t = [float(t) for t in state["seen_t"]]
        self._values, self._rates = list(state["seen_values"]), list(state["seen_rates"])
        self._tangents, self._tangent_rates = ([np.empty((0, len(self._watch.names)))] * len(self._t) for _ in range(2))
        self._gas = {int(n): (float(low), float(high)) for n, low, high in state.get("gas", ())}
        for local, (low, high, *skin) in zip(self._shape.locals, state["reach"], strict=True):
            self._coldest[local.body], self._hottest[local.body] = float(low), float(high)
            self._skin[local.body] = float(skin[0]), float(skin[1])
        self._entered, self._made, iterations, self._left, *rest = map(float, state["sums"])
        self._iterations = int(iterations)
        self._next_frame, self._kept, self._brought = rest

    def history(
        self, *, stage_ends: Sequence[float], gained: float, solver: str, free: tuple[str, ...], seconds: float,
        complete: bool = True,
    ) -> History:  # fmt: skip
        """All of it; `gained` is the enthalpy gained by what was there, since it was there, J.

        Raises
        ------
        SolveError
            If a property that refuses it was used beyond the range of its source.
        """
        nt = len(self._t)
        return History(
            t=np.array(self._t),
            names=self._watch.names,
            values=np.array(self._values).reshape(nt, -1),
            rates=np.array(self._rates).reshape(nt, -1),
            stage_ends=tuple(stage_ends),
            balance=Balance(
                entered=self._entered, made=self._made, stored=gained + self._brought, brought=self._brought
            ),
            iterations=self._iterations,
            cells=self._whole.cut.cells,
            iteration_error=self._left,
            solver=solver,
            process=digest(self._process),
            seconds=seconds,
            free=free,
            tangents=np.moveaxis(np.array(self._tangents), 0, 1) if free else None,
            tangent_rates=np.moveaxis(np.array(self._tangent_rates), 0, 1) if free else None,
            notes=self._notes(),
            complete=complete,
        )

    def _enclosures(self) -> list[tuple[Enclosure, object]]:
        """Each once, with what its view factors are kept under."""
        found = {enclosure.name: enclosure for stage in self._process.stages for enclosure in stage.enclosures}
        return [(enclosure, named(enclosure)) for enclosure in found.values()]

    def _notes(self) -> tuple[str, ...]:
        """What was assumed: properties used beyond the range of their source."""
        notes = [
            f"enclosure {enclosure.name}: view factors missed 1 by up to {self._shape.views[key].missing:.2%}, and "
            "were closed."
            for enclosure, key in self._enclosures()
            if key in self._shape.views and self._shape.views[key].missing > 1e-3
        ]
        for body in self._process.bodies:
            material = body.material
            if body.name not in self._coldest:
                continue
            own = self._coldest[body.name], self._hottest[body.name]
            used = [(f"{what} of {material.name}", prop, *own) for what, prop in
                    (("conductivity", material.conductivity), ("heat capacity", material.heat_capacity),
                     ("density", material.density)) if isinstance(prop, Property)]  # fmt: skip
            films = _films(self._process, body.name) if self._boiling[body.name].any() else {}
            used += [(f"film on {body.name}", film, *self._skin[body.name]) for film in films.values()]
            used += [(f"gas between {contact.first} and {contact.second}", contact.resistance.gas, *self._gas[n])
                     for n, contact in enumerate(self._process.contacts) if n in self._gas and
                     isinstance(contact.resistance, Gap) and isinstance(contact.resistance.gas, Property)]  # fmt: skip
            for what, prop, low, high in used:
                if low >= prop.valid[0] - 1e-6 and high <= prop.valid[1] + 1e-6:
                    continue
                text = (
                    f"{what} was used from {low:.0f} to {high:.0f} K; "
                    f"its source states {prop.valid[0]:.0f} to {prop.valid[1]:.0f} K."
                )
                if prop.beyond == "refuse":
                    raise SolveError(
                        f"{text} Inside that range it is known. Give a source beyond it, or beyond='hold'."
                    )
                if text not in notes:
                    notes.append(text)
        return tuple(notes)


def _frames(every: float | Sequence[float] | None, process: Process) -> tuple[tuple[float, ...] | None, float | None]:
    """Times at which frames were asked for, or how often; times that a run cannot have are refused."""
    if every is None:
        return None, None
    if isinstance(every, (int, float)):
        if not every > 0.0:
            raise SolveError(
                f"frames are asked for every {every:g} s. The time between two frames is above 0 s. "
                "Leave every out for one at each step, or give times."
            )
        return None, float(every)
    times = tuple(float(t) for t in every)
    lengths = [s.until.at_most if isinstance(s.until, Crossing) else s.until for s in process.stages]
    end = sum(lengths)
    rising = all(a < b for a, b in pairwise(times))
    if not times or not rising or not (math.isfinite(times[0]) and times[0] >= 0.0 and times[-1] <= end * (1 + 1e-12)):
        span = f"{times[0]:g} to {times[-1]:g} s" if times else "no time"
        raise SolveError(
            f"frames are asked for at {len(times)} times, {span}, in a run from 0 to {end:g} s. They rise, each once, "
            "within the run. Sort them, and leave out what is beyond."
        )
    return times, None


def _films(process: Process, body: str) -> dict[str, Property]:
    """Films over the wall's temperature that a body meets in any stage, by patch."""
    found = {}
    for stage in process.stages:
        for key, wall in stage.walls.items():
            owner, _, patch = key.rpartition(".")
            rows = wall.exchanges if isinstance(wall, Between) else (wall,)
            films = [row.film for row in rows if isinstance(row, Exchange) and isinstance(row.film, Property)]
            if owner in ("", body) and films:
                found[patch] = films[0]
    return found


def _boiling(process: Process, local: Local) -> NDArray[np.bool_]:
    """Which pieces of wall meet a film over their own temperature in some stage."""
    walls = local.block.walls
    patches = [walls.patches.index(one) for one in _films(process, local.body) if one in walls.patches]
    return np.isin(walls.patch, patches)
