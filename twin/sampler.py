"""Random-walk chains side by side, and what they must show before their sample is believed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

Array = NDArray[np.float64]
Density = Callable[[Array], Array]
SCALES = np.array([2.4, 0.8, 0.2])  # of the proposal, over the root of the number of dimensions
ODDS = np.array([0.6, 0.3, 0.1])
FIRM = 1.01  # R-hat at most
WORTH = 400.0  # independent draws at least (Vehtari et al. 2021)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chains:
    """Draws of several chains, the burn-in left out.

    Attributes
    ----------
    draws : (chains, n, nf)
    densities : (chains, n)
        Logarithms.
    accepted : float
        Share of proposals.
    rhat, ess : (nf,)
        Rank-normalised split R-hat, and the number of independent draws that these are worth.
    """

    draws: Array
    densities: Array
    accepted: float
    rhat: Array
    ess: Array

    @property
    def converged(self) -> bool:
        """Whether every chain tells the same, and enough of it."""
        return bool((self.rhat < FIRM).all() and (self.ess > WORTH).all())


def sample(density: Density, begin: Array, *, covariance: Array, steps: int, seed: int) -> Chains:
    """Metropolis chains that run side by side; the first third only tunes the proposal and is thrown away.

    Parameters
    ----------
    density : callable
        Logarithms (c,) of the density at (c, nf) places; -inf where nothing may be.
    begin : (c, nf)
        One start a chain, wider than the answer.
    covariance : (nf, nf)
        First guess of the answer's.
    steps : int
        Of each chain, the thrown away included.
    seed : int

    References
    ----------
    Haario, Saksman and Tamminen, Bernoulli 7 (2001), p. 223, adapted in the burn-in only; a mixture of three step
    lengths keeps curved and long-tailed densities moving.
    """
    rng = np.random.default_rng(seed)
    x = np.array(begin, float)
    c, nf = x.shape
    at, root = density(x), _root(covariance)
    burn, kept, densities, accepted = steps // 3, [], [], 0
    past: list[Array] = []
    for i in range(steps):
        scale = SCALES[np.searchsorted(np.cumsum(ODDS[:-1]), rng.random(c))][:, None] / np.sqrt(nf)
        moved = x + scale * (rng.standard_normal((c, nf)) @ root.T)
        then = density(moved)
        take = np.log(rng.random(c)) < then - at
        x, at = np.where(take[:, None], moved, x), np.where(take, then, at)
        if i < burn:
            past.append(x)
            if (i + 1) % max(burn // 6, 10) == 0:
                root = _root(np.cov(np.concatenate(past[len(past) // 2 :]).T).reshape(nf, nf))
        else:
            accepted += int(take.sum())
            kept.append(x)
            densities.append(at)
    draws = np.stack(kept, axis=1)
    rhat, ess = diagnose(draws)
    return Chains(draws=draws, densities=np.stack(densities, axis=1), accepted=accepted / (c * len(kept)), rhat=rhat,
                  ess=ess)  # fmt: skip


def _root(covariance: Array) -> Array:
    size, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(size, 1e-12 * max(float(size.max()), 1e-300))))


def diagnose(draws: Array) -> tuple[Array, Array]:
    """R-hat (nf,) and effective number of draws (nf,) of (chains, n, nf).

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Buerkner, Bayesian Analysis 16 (2021), p. 667: rank-normalised split chains,
    bulk and folded, the worse of the two.
    """
    half = draws.shape[1] // 2
    split = np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    rhat, ess = np.empty(draws.shape[2]), np.empty(draws.shape[2])
    for j in range(draws.shape[2]):
        own = split[:, :, j]
        folded = np.abs(own - np.median(own))
        both = [_mixing(_ranked(one)) for one in (own, folded)]
        rhat[j], ess[j] = max(r for r, _ in both), min(e for _, e in both)
    return rhat, ess


def _ranked(own: Array) -> Array:
    return np.asarray(ndtri((rankdata(own).reshape(own.shape) - 0.375) / (own.size + 0.25)))


def _mixing(z: Array) -> tuple[float, float]:
    m, n = z.shape
    within = float(z.var(axis=1, ddof=1).mean())
    if within <= 0.0:
        return np.inf, 0.0
    total = within * (n - 1) / n + float(z.mean(axis=1).var(ddof=1))
    centred = z - z.mean(axis=1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    covariance = np.fft.irfft(spectrum * np.conj(spectrum), size)[:, :n].mean(axis=0) / n
    rho = 1.0 - (within - covariance * n / (n - 1)) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    kept = np.minimum.accumulate(pairs[: negative[0]] if negative.size else pairs)
    return float(np.sqrt(total / within)), float(min(m * n / max(2.0 * kept.sum() - 1.0, 1e-9), m * n))
