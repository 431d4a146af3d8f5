"""Matrices of one cell: bilinear and trilinear displacements, with modes that let it bend, from its solid moments.

A cell is -1 ... 1 along each axis; its nodes count z fastest, its unknowns component by component. Strains are
engineering: xx yy zz yz zx xy of a solid, xx yy xy of a section.
"""

from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
EMPTY = 1e-9  # moment below which a cell holds nothing


class Trilinear:
    """The matrices of cells of one size.

    Parameters
    ----------
    spacing : (3,) m
        Two of them count in a section.
    active : int
        3 of a solid, 2 of a section.
    depth : float, m
        Of a section.
    """

    def __init__(self, spacing: Array, active: int, depth: float = 1.0) -> None:
        self.active, self.columns, self.half = active, 1, 0.5 * np.asarray(spacing[:active], dtype=float)
        self.volume = float(np.prod(self.half)) * (depth if active == 2 else 1.0)  # of a unit of moment
        powers = np.array(list(product((0, 1), repeat=active)))
        signs = 2.0 * powers - 1.0
        self.nodes = len(powers)
        self.size = active * self.nodes
        self._powers = powers
        shape = np.prod(signs[:, None, :] ** powers[None], axis=2) / self.nodes  # node, monomial
        self._slopes = np.zeros((active, self.nodes, self.nodes))
        for p in range(active):
            for t, e in enumerate(powers):
                if e[p]:
                    lower = int(np.flatnonzero((powers == e - np.eye(active, dtype=int)[p]).all(axis=1))[0])
                    self._slopes[p, :, lower] += shape[:, t] / self.half[p]
        self._shape = shape
        self._at = np.array([[_index(a + b) for b in powers] for a in powers])  # moment of a product of two monomials
        self.strains = 6 if active == 3 else 3
        self._made_of = np.zeros((active, self.strains, active))  # strain out of the slope along p of component i
        if active == 3:
            rows = {(0, 0): 0, (1, 1): 1, (2, 2): 2, (1, 2): 3, (2, 1): 3, (2, 0): 4, (0, 2): 4, (0, 1): 5, (1, 0): 5}
        else:
            rows = {(0, 0): 0, (1, 1): 1, (0, 1): 2, (1, 0): 2}
        for (p, i), row in rows.items():
            self._made_of[p, row, i] = 1.0
        self.swell = np.array([1.0] * active + [0.0] * (self.strains - active))

    @cached_property
    def whole(self) -> Array:
        """Moments of a full cell."""
        one = np.array([2.0, 0.0, 2.0 / 3.0])
        return np.outer(one, one).ravel() if self.active == 2 else np.einsum("i,j,k->ijk", one, one, one).ravel()

    def stiffness(self, moments: Array, C: Array) -> Array:
        """(m, n, n) N/m of cells with these moments (m, 27 or 9) and elasticities (strains, strains) Pa, no modes.

        What hardly gives way in volume is asked to keep the volume of all the solid of a cell, not of every part of it:
        mean dilatation, without which such cells lock.

        References
        ----------
        Hughes 1980, Generalization of selective integration procedures to anisotropic and nonlinear media.
        """
        K = self._stiffness(moments, C)
        if not locks(C):
            return K
        every, volume = self._dilatation(moments)
        alike = np.zeros_like(C)
        alike[: self.active, : self.active] = C[0, 1]
        mean = C[0, 1] * every[:, :, None] * every[:, None, :] / volume[:, None, None]
        return np.where(moments[:, :1, None] > EMPTY, K - self._stiffness(moments, alike) + mean, K)

    def _dilatation(self, moments: Array) -> tuple[Array, Array]:
        """Growth of volume (m, n) m2 out of displacements of the nodes, and the volume (m,) m3 of the solid."""
        every = np.einsum("pat,mt->mpa", self._slopes, moments[:, self._at[:, 0]]) * self.volume
        return every.reshape(len(moments), -1), np.maximum(moments[:, 0], EMPTY) * self.volume

    def _stiffness(self, moments: Array, C: Array) -> Array:
        gram = moments[:, self._at] * self.volume
        d, v = self.active, self.nodes
        D = np.einsum("pas,mst,qbt->mpqab", self._slopes, gram, self._slopes, optimize=True)
        c = np.einsum("pri,rs,qsj->ijpq", self._made_of, C, self._made_of).reshape(d * d, d * d)
        K = np.matmul(c, D.reshape(-1, d * d, v * v)).reshape(-1, d, d, v, v)
        return np.ascontiguousarray(K.transpose(0, 1, 3, 2, 4)).reshape(-1, self.size, self.size)

    def swelling(self, moments: Array, C: Array) -> Array:
        """(m, n, 1 + active) N: what a unit of expansion, and of its slopes per half cell, pulls at the nodes."""
        F = self._swelling(moments, C)
        if not locks(C):
            return F
        every, volume = self._dilatation(moments)
        alike = np.zeros_like(C)
        alike[: self.active, : self.active] = C[0, 1]
        linear = [_index(f) for f in np.eye(self.active, dtype=int)]
        grown = np.concatenate([np.ones((len(moments), 1)), moments[:, linear] * self.volume / volume[:, None]], axis=1)
        mean = self.active * C[0, 1] * every[:, :, None] * grown[:, None, :]
        return np.where(moments[:, :1, None] > EMPTY, F - self._swelling(moments, alike) + mean, F)

    def _swelling(self, moments: Array, C: Array) -> Array:
        linear = np.concatenate([self._at[:, :1], np.array([[_shifted(e, f) for f in np.eye(self.active, dtype=int)]
                                                            for e in self._powers])], axis=1)  # fmt: skip
        stress = C @ self.swell
        pull = np.einsum("pri,r,pat->iat", self._made_of, stress, self._slopes)  # component, node, monomial
        F = np.einsum("iat,mtk->miak", pull, moments[:, linear] * self.volume)
        return F.reshape(len(moments), self.size, 1 + self.active)

    def full(self, C: Array) -> tuple[Array, Array]:
        """Stiffness (n, n) and swelling (n, 1 + active) of a full cell that can bend.

        Its modes, a square along each axis for each component, are taken out beforehand: they vanish in states of
        constant strain, for their slopes are odd.

        References
        ----------
        Wilson, Taylor, Doherty and Ghaboussi 1973, Incompatible displacement models; Taylor, Beresford and Wilson 1976.
        """
        d, whole = self.active, self.whole[None]
        K, F = self._stiffness(whole, C)[0], self._swelling(whole, C)[0]
        c = np.einsum("pri,rs,qsj->pqij", self._made_of, C, self._made_of)
        bent = 4.0 * 2.0**d / 3.0 * self.volume  # integral of (2 xi)^2
        A = np.zeros((d, d, d, d))  # mode along q of component j
        B = np.zeros((d, self.nodes, d, d))
        for p in range(d):
            A[p, :, p, :] += c[p, p] * bent / self.half[p] ** 2
        linear = np.array([[_shifted(e, f) for f in np.eye(d, dtype=int)] for e in self._powers])
        grown = self.whole[linear]  # monomial times xi_q
        for p in range(d):
            for q in range(d):
                over = self._slopes[p] @ grown[:, q] * (-2.0 / self.half[q]) * self.volume
                B[:, :, q, :] += np.einsum("a,ij->iaj", over, c[p, q])
        n = d * d
        stress = np.einsum("pri,r->pi", self._made_of, C @ self.swell)
        pulled = np.zeros((d, d, 1 + d))
        for q in range(d):
            pulled[q, :, 1 + q] = stress[q] * (-2.0 / self.half[q]) * self.volume * 2.0**d / 3.0
        inverse = np.linalg.inv(A.reshape(n, n))
        B2, pulled2 = B.reshape(self.size, n), pulled.reshape(n, 1 + d)
        return K - B2 @ inverse @ B2.T, F - B2 @ inverse @ pulled2

    def shapes(self, at: Array) -> Array:
        """(m, nodes) values of the shapes at places (m, active) of cells."""
        mono = np.prod(at[:, None, :] ** self._powers[None], axis=2)
        return np.asarray(mono @ self._shape.T)

    def middle_slopes(self) -> Array:
        """(active, nodes) slopes along each axis in the middle of a cell, 1/m, out of the values of its nodes."""
        return self._slopes[:, :, 0]

    def strain(self, at: Array, cells: Ints | None = None) -> Array:
        """(m, strains, n) strains at places (m, active) out of displacements of the nodes, the same in all `cells`."""
        del cells
        mono = np.prod(at[:, None, :] ** self._powers[None], axis=2)
        slopes = np.einsum("pat,mt->mpa", self._slopes, mono)
        return np.einsum("pri,mpa->mria", self._made_of, slopes).reshape(len(at), self.strains, self.size)

    def gathered(self, moments: Array, cells: Ints | None = None) -> Array:
        """(m, nodes) m3: integrals of the shapes, the same in all `cells`."""
        del cells
        return np.asarray(moments[:, self._at[:, 0]] @ self._shape.T * self.volume)

    def stretched(self, moments: Array, stress: Array) -> Array:
        """(m, nodes, nodes) N/m: how stresses (m, active, active) Pa in cells stiffen each component of motion."""
        out = np.zeros((len(moments), self.nodes, self.nodes))
        gram = moments[:, self._at] * self.volume
        for p in range(self.active):
            for q in range(self.active):
                each = np.einsum("as,mst,bt->mab", self._slopes[p], gram, self._slopes[q], optimize=True)
                out += stress[:, p, q, None, None] * each
        return out

    def mass(self, moments: Array, cells: Ints | None = None) -> Array:
        """(m, nodes, nodes) m3: integrals of products of the shapes, the same in all `cells`."""
        del cells
        return np.einsum("as,mst,bt->mab", self._shape, moments[:, self._at] * self.volume, self._shape, optimize=True)


@lru_cache
def _place(powers: tuple[int, ...]) -> int:
    at = 0
    for e in powers:
        at = 3 * at + e
    return at


def _index(powers: NDArray[np.int64]) -> int:
    """Where the moment of a monomial stands."""
    return _place(tuple(int(e) for e in powers))


def _shifted(powers: NDArray[np.int64], by: NDArray[np.int64]) -> int:
    return _index(powers + by)


def locks(C: Array) -> bool:
    """Whether an elasticity of a solid, or of plane strain, has a Poisson's ratio above 0.45."""
    return bool(C[0, 1] > 0.4501 / 0.5499 * C[0, 0] and C[0, 0] == C[1, 1])


def elasticity(young: float, poisson: float, *, plane: str = "") -> Array:
    """Stress out of strain, Pa: (6, 6), (3, 3) of a section in plane "stress" or "strain", (4, 4) of a "ring"."""
    shear = young / (2.0 * (1.0 + poisson))
    if plane == "stress":
        first = young / (1.0 - poisson**2)
        return np.array([[first, poisson * first, 0.0], [poisson * first, first, 0.0], [0.0, 0.0, shear]])
    lame = young * poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson))
    n = 2 if plane == "strain" else 3
    C = np.zeros(({"strain": 3, "ring": 4}.get(plane, 6),) * 2)
    C[:n, :n] = lame
    C[np.arange(n), np.arange(n)] += 2.0 * shear
    C[np.arange(n, len(C)), np.arange(n, len(C))] = shear
    return C
