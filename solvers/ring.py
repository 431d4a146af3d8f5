"""Matrices of one cell of an axisymmetric part: bilinear displacements u along the radius x and v along the axis y.

Strains are engineering: rr yy theta ry, in the places xx yy zz xy of the six components. What is integrated goes once
round: stiffness in N/m and forces in N are those of the whole ring. Rings differ with their radius, so every column of
cells has its own matrices.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..models import SolveError
from ..models.load import Force, LoadCase, Traction
from ..models.quantity import quantity
from .raster import Filled, Raster
from .trilinear import Trilinear

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
AROUND, ALONG = 4, 3  # points of Gauss across a cell along the radius, and along the axis


class Ring:
    """The matrices of the columns of cells of an axisymmetric grid.

    Parameters
    ----------
    grid : Raster
    """

    def __init__(self, grid: Raster) -> None:
        self.flat = Trilinear(grid.spacing, 2)
        self.active, self.nodes, self.size, self.strains = 2, 4, 8, 4
        self.half, self.columns = self.flat.half, grid.shape[0]
        self.middle = grid.origin[0] + grid.spacing[0] * (np.arange(grid.shape[0]) + 0.5)  # radius of each column
        self.swell = np.array([1.0, 1.0, 1.0, 0.0])
        x, wx = np.polynomial.legendre.leggauss(AROUND)
        y, wy = np.polynomial.legendre.leggauss(ALONG)
        self._at = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
        self._radius = self.middle[:, None] + self.half[0] * self._at[:, 0]
        self._weight = 2.0 * np.pi * self._radius * np.outer(wx, wy).ravel() * self.half.prod()  # column, point: m3

    @cached_property
    def whole(self) -> Array:
        """Moments of a full cell in its own coordinates; they know nothing of the radius."""
        return self.flat.whole

    def full(self, C: Array) -> tuple[Array, Array]:
        """Stiffness (columns, n, n) N/m and swelling (columns, n, 3) N of full cells that can bend.

        Their modes, a square along each axis for each component, have the mean of their strain over the ring taken
        off: they do no work with a constant stress. Those of u that are square along the axis grow with the radius, so
        nothing opens at the axis.

        References
        ----------
        Taylor, Beresford and Wilson 1976, A non-conforming element for stress analysis.
        """
        B, G = self.strained()
        points = len(self._at)
        grown = (C @ self.swell)[:, None] * np.concatenate([np.ones((points, 1)), self._at], axis=1)[:, None, :]
        K, X, A = (np.einsum("cp,cpsa,st,cptb->cab", self._weight, one, C, other, optimize=True)
                   for one, other in ((B, B), (B, G), (G, G)))  # fmt: skip
        F, P = (np.einsum("cp,cpsa,psk->cak", self._weight, one, grown, optimize=True) for one in (B, G))
        out = np.linalg.solve(A, np.concatenate([X.transpose(0, 2, 1), P], axis=2))
        return K - X @ out[:, :, : self.size], F - X @ out[:, :, self.size :]

    @property
    def points(self) -> tuple[Array, Array]:
        """Places (p, 2) in a cell at which it is integrated, and their weights (columns, p) m3."""
        return self._at, self._weight

    def strained(self) -> tuple[Array, Array]:
        """Strains (columns, p, 4, n) at these places out of displacements, and (columns, p, 4, 4) out of modes."""
        columns, points = self._weight.shape
        B = np.stack([self._strain(self._at, r) for r in self._radius])
        G = np.zeros((columns, points, 4, 4))
        x, y, r, middle = self._at[:, 0], self._at[:, 1], self._radius, self.middle[:, None]
        G[:, :, 0, 0], G[:, :, 2, 0] = -2.0 * x / self.half[0], (1.0 - x**2) / r
        G[:, :, 0, 1] = G[:, :, 2, 1] = (1.0 - y**2) / middle
        G[:, :, 3, 1] = -2.0 * y / self.half[1] * r / middle
        G[:, :, 3, 2], G[:, :, 1, 3] = -2.0 * x / self.half[0], -2.0 * y / self.half[1]
        G -= np.einsum("cp,cpsk->csk", self._weight / self._weight.sum(axis=1)[:, None], G)[:, None]
        return B, G

    def _strain(self, at: Array, radius: Array) -> Array:
        """(m, 4, n) at places (m, 2) of cells that have these radii (m,) m."""
        out = np.zeros((len(at), 4, self.size))
        out[:, [0, 1, 3]] = self.flat.strain(at)
        out[:, 2, : self.nodes] = self.flat.shapes(at) / radius[:, None]
        return out

    def strain(self, at: Array, cells: Ints) -> Array:
        """(m, 4, n) strains at places (m, 2) of cells (m, 3) out of displacements of the nodes."""
        return self._strain(at, self.middle[cells[:, 0]] + self.half[0] * at[:, 0])

    def shapes(self, at: Array) -> Array:
        """(m, nodes) values of the shapes at places (m, 2) of cells."""
        return self.flat.shapes(at)

    def middle_slopes(self) -> Array:
        """(2, nodes) slopes along radius and axis in the middle of a cell, 1/m, out of the values of its nodes."""
        return self.flat.middle_slopes()

    def gathered(self, moments: Array, cells: Ints) -> Array:
        """(m, nodes) m3: integrals of the shapes over full cells; their moments are not looked at."""
        del moments
        return np.asarray(self._weight @ self.flat.shapes(self._at))[cells[:, 0]]

    def mass(self, moments: Array, cells: Ints) -> Array:
        """(m, nodes, nodes) m3: integrals of products of the shapes over full cells."""
        del moments
        N = self.flat.shapes(self._at)
        return np.asarray(np.einsum("cp,pa,pb->cab", self._weight, N, N, optimize=True)[cells[:, 0]])


def refuse_cut(grid: Raster, filled: Filled) -> None:
    """SolveError where a wall cuts cells of an axisymmetric part."""
    count = int((~filled.full[tuple(filled.cells.T)]).sum())
    if grid.metric == "axisymmetric" and count:
        raise SolveError(
            f"'{filled.member.name}' is axisymmetric, and its walls cut {count} cells of {grid.spacing[0]:.3g} x "
            f"{grid.spacing[1]:.3g} m. Rings are whole: radii and heights are multiples of a cell. Choose cells=... or "
            "along=... so that they are, leave shift out, or model it as a solid."
        )


def refuse_lopsided(case: LoadCase) -> None:
    """SolveError where what acts on an axisymmetric part is not the same all round."""
    gravity = [quantity(one, "m/s2").value for one in case.gravity]
    if gravity[0] or gravity[2]:
        raise SolveError(
            f"load case '{case.name}': a weight of {max(gravity[0], gravity[2], key=abs):g} m/s2 across the axis is "
            "not the same all round. An axisymmetric part weighs along y. Turn it, or model it as a solid."
        )
    turn = case.rotation
    if turn is not None and (turn.axis[0] or turn.axis[2] or turn.centre[0] or turn.centre[2]):
        raise SolveError(
            f"load case '{case.name}': a rotation about {turn.axis} through {turn.centre} m is not the same all round. "
            "An axisymmetric part turns about its own axis. Say Rotation(axis=(0, 1, 0)), or model it as a solid."
        )
    for patch, several in case.loads.items():
        for one in several:
            unit = "N" if isinstance(one, Force) else "Pa"
            round_it = quantity(one.value[2], unit).value if isinstance(one, (Force, Traction)) else 0.0
            if round_it:
                raise SolveError(
                    f"load case '{case.name}': patch '{patch}' is pulled by {round_it:g} {unit} along z, round the "
                    "axis. An axisymmetric part is loaded along x, outwards, and y. Model twisted parts as solids."
                )
