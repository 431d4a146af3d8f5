"""An implicit step of the section in hot gas, against a plain scipy assembly and sparse solve of the same step."""

from functools import partial

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from benches.rows import beside, interleaved, peer
from foretrial.models import Exchange, Frame, Part, Process
from foretrial.models.library import CARBON_STEEL
from foretrial.solvers import Heat
from foretrial.solvers.cut import cut
from foretrial.solvers.discrete import Discrete, geometry
from foretrial.solvers.linear import Direct
from foretrial.solvers.march import GAMMA, D, W, advance

CELLS, DT, STEPS, CLOSE = 8, 10.0, 5, 1e-5
FIRE = Exchange(gas=1100.0, film=25.0, emissivity=0.7)
SIGMA = 5.670374419e-8


def section():
    """The 200 x 200 mm I-section, flange 15 mm, web 9 mm, five minutes into the fire."""
    part = Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.009)
    walls = dict.fromkeys(("top", "bottom", "left", "right"), FIRE)
    return Process.simple(part=part, material=CARBON_STEEL, start=293.15, walls=walls, until=300.0)


def lookup(table, x):
    """Value and integral of a packed curve at `x` (n,), without a loop."""
    left, a0, a1, a2, a3, r, p, before = table[np.maximum(np.searchsorted(table[:, 0], x, side="right") - 1, 0)].T
    u = x - left
    value = a0 + u * (a1 + u * (a2 + u * a3)) + np.where(r != 0, r / (u - p), 0.0)
    pole = np.where(r != 0, r * np.log(np.abs((u - p) / -p)), 0.0)
    return value, before + u * (a0 + u * (a1 / 2 + u * (a2 / 3 + u * a3 / 4))) + pole


class Plain:
    """The same finite volumes, written down with numpy and scipy: triplets, csr, spsolve, Newton."""

    def __init__(self, cutting):
        grid, [block] = cutting.grid, cutting.blocks
        solid = block.solid
        number = np.full(solid.shape, -1)
        number[solid] = np.arange(solid.sum())
        self.V = grid.volumes()[solid]
        rows, cols, data = [], [], []
        for axis in (0, 1):
            low, high = [slice(None)] * 3, [slice(None)] * 3
            low[axis], high[axis] = slice(None, -1), slice(1, None)
            a, b = number[tuple(low)], number[tuple(high)]
            shape = [1, 1, 1]
            shape[axis] = -1
            inner = [slice(None)] * 3
            inner[axis] = slice(1, -1)
            g = (grid.areas(axis)[tuple(inner)] / np.diff(grid.centres(axis)).reshape(shape))[(a >= 0) & (b >= 0)]
            a, b = a[(a >= 0) & (b >= 0)], b[(a >= 0) & (b >= 0)]
            rows += [a, b, a, b]
            cols += [a, b, b, a]
            data += [g, g, -g, -g]
        n = self.V.size
        self.K = coo_matrix((np.concatenate(data), (np.concatenate(rows), np.concatenate(cols))), (n, n)).tocsr()
        self.cell, self.area, self.gap = number.ravel()[block.walls.cell], block.walls.area, block.walls.gap
        self.k = CARBON_STEEL.conductivity.curve.packed(273.15)
        self.c = CARBON_STEEL.heat_capacity.curve.packed(273.15)
        self.c[:, [1, 2, 3, 4, 5, 7]] *= CARBON_STEEL.density.value

    def flow(self, T):
        """Heat into the cells, its diagonal derivative by theta at the walls, and the properties."""
        (k, theta), (c, h) = lookup(self.k, T), lookup(self.c, T)
        gas, film, grey = FIRE.gas.value, FIRE.film.value, FIRE.emissivity.value * SIGMA
        wall = T[self.cell]
        for _ in range(50):
            kw, theta_wall = lookup(self.k, wall)
            q = film * (gas - wall) + grey * (gas**4 - wall**4)
            stiff = film + 4.0 * grey * wall**3
            change = (theta[self.cell] + q * self.gap - theta_wall) / (kw + stiff * self.gap)
            wall = wall + change
            if np.abs(change).max() < 1e-9:
                break
        heat = -self.K @ theta + np.bincount(self.cell, self.area * q, T.size)
        slope = np.bincount(self.cell, self.area * stiff / (kw + stiff * self.gap), T.size)
        return heat, slope, k, c, h

    def newton(self, T, base, scale):
        """Solve V H(T) - scale F(T) = base to CLOSE."""
        for _ in range(20):
            heat, slope, k, c, h = self.flow(T)
            A = scale * self.K + diags(self.V * c / k + scale * slope)
            change = spsolve(A.tocsc(), base - self.V * h + scale * heat) / k
            T = T + change
            if np.abs(change).max() <= CLOSE:
                return T
        raise RuntimeError("the plain step did not converge")

    def step(self, T):
        """One TR-BDF2 step."""
        heat, _, _, c, h = self.flow(T)
        middle = self.newton(T + GAMMA * DT * heat / (self.V * c), self.V * h + D * DT * heat, D * DT)
        again = self.flow(middle)[0]
        return self.newton(T + (middle - T) / GAMMA, self.V * h + W * DT * (heat + again), D * DT)


def ready():
    """The section's cut, and its temperatures (n,) K after five minutes."""
    frames: list[Frame] = []
    recipe = section()
    Heat(cells=CELLS, tolerance=0.5)(recipe, keep=frames.append, every=300.0)
    cutting = cut(recipe, cells=CELLS, ratio=1.0, along=(None, None, None))
    return recipe, cutting, frames[-1].T["i_section"][frames[-1].solid["i_section"]]


def ours(model, start):
    """March STEPS steps."""
    linear, T, flow = Direct(), start, model.flow(start, 300.0)
    for n in range(STEPS):
        step = advance(model, linear, T, flow, 300.0 + n * DT, DT, CLOSE)
        T, flow = step.T, step.flow
    return T


def theirs(plain, start):
    """March STEPS steps the plain way."""
    T = start
    for _ in range(STEPS):
        T = plain.step(T)
    return T


def bench_heat_step_2d(benchmark):
    recipe, cutting, start = ready()
    model, plain = Discrete(recipe, geometry(recipe, cutting)), Plain(cutting)
    np.testing.assert_allclose(ours(model, start), theirs(plain, start), rtol=0, atol=1e-3)
    one, other = interleaved(benchmark, partial(ours, model, start), partial(theirs, plain, start))
    beside("heat-step-2d", ours=one / STEPS, theirs=other / STEPS, against="scipy spsolve", unit="s", limit=1.2)


def bench_heat_solve_2d(benchmark):
    pyamg = peer("heat-solve-2d", "pyamg", unit="s", limit=1.0)
    recipe, cutting, start = ready()
    model = Discrete(recipe, geometry(recipe, cutting))
    flow = model.flow(start, 300.0)
    A = model.matrix(flow, D * DT)
    b = DT * flow.heat

    def amg():
        return pyamg.smoothed_aggregation_solver(A.tocsr()).solve(b, tol=1e-10, accel="cg")

    np.testing.assert_allclose(Direct().solve(A, b), amg(), rtol=0, atol=1e-6 * np.abs(Direct().solve(A, b)).max())
    one, other = interleaved(benchmark, lambda: Direct().solve(A, b), amg)
    beside("heat-solve-2d", ours=one, theirs=other, against="pyamg", unit="s", limit=1.0)
