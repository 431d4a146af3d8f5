"""What a run leaves: readings at every accepted step, frames, the heat that moved, and what was assumed."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import Balance, Between, Exchange, Frame, History, Process, Property, SolveError, digest
from ..models.history import Keep, hermite
from .discrete import Flow, Geometry, Local
from .march import D, Step, W
from .watch import Watch

Array = NDArray[np.float64]


class Record:
    """Filled by a march, step by step; made into a History at its end."""

    def __init__(
        self, process: Process, shape: Geometry, watch: Watch, *, keep: Keep | None, every: float | None
    ) -> None:
        self._process, self._shape, self._watch, self._keep, self._every = process, shape, watch, keep, every
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
        self._next_frame, self._kept = 0.0, -math.inf

    def read(self, t: float, T: Array, flow: Flow, tangents: Sequence[tuple[Array, Array]]) -> None:
        """Readings at an accepted time; `tangents` holds the derivative of `T` and its rate, by each parameter."""
        rate = flow.heat / (self._shape.volume * flow.c)
        weights = self._watch.weights(T)
        self._t.append(t)
        self._values.append(np.array([w.read(T) for w in weights]))
        self._rates.append(np.array([w.read(rate) for w in weights]))
        self._tangents.append(np.array([[w.read(dT) for w in weights] for dT, _ in tangents]))
        self._tangent_rates.append(np.array([[w.read(slope) for w in weights] for _, slope in tangents]))
        for local in self._shape.locals:
            field = T[local.span]
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
        if self._every is None:
            self.frame(after, step.T)
            return
        V = self._shape.volume
        ends = np.array([t, after])
        y, slope = np.stack([T, step.T]), np.stack([flow.heat / (V * flow.c), step.flow.heat / (V * step.flow.c)])
        while self._next_frame <= after * (1.0 + 1e-12):
            at = np.array([min(self._next_frame, after)])
            self.frame(self._next_frame, hermite(ends, y, slope, at)[0])

    def frame(self, t: float, T: Array) -> None:
        """Hand a frame at `t` s to whoever keeps them, unless one of that time is kept already."""
        if self._keep is None or t <= self._kept:
            return
        fields, solid, edges = {}, {}, {}
        for local in self._shape.locals:
            field = np.full(local.solid.shape, T[local.span].mean())
            field[local.solid] = T[local.span]
            fields[local.body], solid[local.body], edges[local.body] = field, local.solid, local.edges
        self._keep(Frame(t=t, T=fields, solid=solid, edges=edges, metric=self._shape.cut.grid.metric))
        self._kept = t
        self._next_frame = t + (self._every or 0.0)

    def state(self) -> dict[str, Array]:
        """All that was seen so far, as arrays; a run with tangents is not kept."""
        bodies = [local.body for local in self._shape.locals]
        reach = [(self._coldest[body], self._hottest[body], *self._skin[body]) for body in bodies]
        sums = [self._entered, self._made, self._iterations, self._left, self._next_frame, self._kept]
        return {"seen_t": np.array(self._t), "seen_values": np.array(self._values), "seen_rates": np.array(self._rates),
                "reach": np.array(reach), "sums": np.array(sums, dtype=float)}  # fmt: skip

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from what `state` left."""
        self._t = [float(t) for t in state["seen_t"]]
        self._values, self._rates = list(state["seen_values"]), list(state["seen_rates"])
        self._tangents, self._tangent_rates = ([np.empty((0, len(self._watch.names)))] * len(self._t) for _ in range(2))
        for local, (low, high, *skin) in zip(self._shape.locals, state["reach"], strict=True):
            self._coldest[local.body], self._hottest[local.body] = float(low), float(high)
            self._skin[local.body] = float(skin[0]), float(skin[1])
        self._entered, self._made, iterations, self._left, self._next_frame, self._kept = map(float, state["sums"])
        self._iterations = int(iterations)

    def history(
        self, *, stage_ends: Sequence[float], stored: float, solver: str, free: tuple[str, ...], seconds: float
    ) -> History:
        """All of it; `stored` is the enthalpy gained, J.

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
            balance=Balance(entered=self._entered, made=self._made, stored=stored),
            iterations=self._iterations,
            cells=self._shape.cut.cells,
            iteration_error=self._left,
            solver=solver,
            process=digest(self._process),
            seconds=seconds,
            free=free,
            tangents=np.moveaxis(np.array(self._tangents), 0, 1) if free else None,
            tangent_rates=np.moveaxis(np.array(self._tangent_rates), 0, 1) if free else None,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        """What was assumed: properties used beyond the range of their source."""
        notes = []
        for body in self._process.bodies:
            material = body.material
            own = self._coldest[body.name], self._hottest[body.name]
            used = [(f"{what} of {material.name}", prop, *own) for what, prop in
                    (("conductivity", material.conductivity), ("heat capacity", material.heat_capacity))]  # fmt: skip
            films = _films(self._process, body.name) if self._boiling[body.name].any() else {}
            used += [(f"film on {body.name}", film, *self._skin[body.name]) for film in films.values()]
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
