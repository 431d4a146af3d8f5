"""The equations of one step: what stands on the diagonal, and, only where somebody asks, the matrix written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix

from ..models.grid import Block, Links
from .cut import Touching

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Conducting(Protocol):
    """A block as the equations see it."""

    solid: NDArray[np.bool_]
    span: slice
    volume: Array
    g: tuple[Array, ...]
    gap: Array
    links: Links
    block: Block
    edges: tuple[Array, Array, Array]


class Pattern:
    """The constant conductance matrix of blocks, where its diagonal sits, and where the contacts' off-diagonals sit.

    Written down when first asked for: a solver that works without a matrix never does.
    """

    def __init__(self, locals: Sequence[Conducting], touching: tuple[Touching, ...]) -> None:
        self.locals, self.touching = tuple(locals), touching

    @cached_property
    def parts(self) -> tuple[csc_matrix, Ints, tuple[tuple[Ints, Ints], ...]]:
        """Matrix, places of its diagonal, places of each contact's two off-diagonals."""
        n = self.locals[-1].span.stop
        rows, cols, data = [np.arange(n)], [np.arange(n)], [np.zeros(n)]
        for local in self.locals:
            index = number(local).reshape(local.solid.shape)
            for axis in range(3):
                inner = [slice(None)] * 3
                inner[axis] = slice(1, -1)
                g = local.g[axis][tuple(inner)]
                m = index.shape[axis]
                a, b = np.take(index, range(m - 1), axis), np.take(index, range(1, m), axis)
                on = g > 0
                a, b, g = a[on], b[on], g[on]
                rows += [a, b, a, b]
                cols += [b, a, a, b]
                data += [-g, -g, g, g]
            a, b, g = number(local)[local.links.first], number(local)[local.links.second], local.links.over
            rows += [a, b, a, b]
            cols += [b, a, a, b]
            data += [-g, -g, g, g]
        pairs = []
        for piece in self.touching:
            one = number(self.locals[piece.first])[piece.cell1]
            two = number(self.locals[piece.second])[piece.cell2]
            rows += [one, two]
            cols += [two, one]
            data += [np.zeros(one.size), np.zeros(one.size)]
            pairs.append((one, two))
        matrix = coo_matrix((np.concatenate(data), (np.concatenate(rows), np.concatenate(cols))), shape=(n, n)).tocsc()
        matrix.sort_indices()
        where = csc_matrix((np.arange(1, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=(n, n))
        diagonal = np.asarray(where[np.arange(n), np.arange(n)]).ravel() - 1
        coupling = tuple((np.asarray(where[one, two]).ravel() - 1, np.asarray(where[two, one]).ravel() - 1)
                         if one.size else (one, one) for one, two in pairs)  # fmt: skip
        return matrix, diagonal, coupling


def number(local: Conducting) -> Ints:
    """Flat index in the block -> unknown, -1 in a void."""
    found = np.full(local.solid.size, -1, dtype=np.int64)
    found[local.solid.ravel()] = np.arange(local.span.start, local.span.stop)
    return found


class Answering(Protocol):
    """An enclosure as the equations see it."""

    def heat(self, theta: Array) -> Array:
        """What a change of theta (n,) W/m brings, (n,) W."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """A = storage + scale * (conductance - slope), for the change of theta.

    Attributes
    ----------
    pattern : Pattern
        The conductances between cells.
    storage, slope : (n,) m3, m
        Volume times heat capacity over conductivity times s; d heat / d theta of walls and contacts, 0 or less.
    cross : tuple of (n pieces,) triples
        Heat, and its derivatives by the theta on both sides, of each contact.
    scale : float, s
        The step's own weight.
    rooms : tuple
        What enclosures bring on top, each with `heat(theta)` in W; no solver but Coupled looks at them.
    """

    pattern: Pattern
    storage: Array
    slope: Array
    cross: tuple[tuple[Array, Array, Array], ...]
    scale: float
    rooms: tuple[Answering, ...] = ()

    def apart(self) -> tuple[Array, list[tuple[Array, Array]]]:
        """Slope (n,) of the walls alone, and of each contact what its first and its second theta send across, m."""
        if not self.cross:
            return self.slope, []
        slope = self.slope.copy()
        for piece, (_, by1, by2) in zip(self.pattern.touching, self.cross, strict=True):
            np.subtract.at(slope, number(self.pattern.locals[piece.first])[piece.cell1], by1)
            np.add.at(slope, number(self.pattern.locals[piece.second])[piece.cell2], by2)
        return np.minimum(slope, 0.0), [(-by1, by2) for _, by1, by2 in self.cross]

    def assembled(self) -> csc_matrix:
        """The matrix, written down."""
        matrix, diagonal, coupling = self.pattern.parts
        A = matrix.copy()
        A.data *= self.scale
        A.data[diagonal] += self.storage - self.scale * self.slope
        for (first, second), (_, by1, by2) in zip(coupling, self.cross, strict=True):
            np.add.at(A.data, first, -self.scale * by2)
            np.add.at(A.data, second, self.scale * by1)
        return A
