"""A loss that wild readings cannot pull, and their names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import ModelError
from ..models.errors import did_you_mean

Array = NDArray[np.float64]
Words = tuple[str, str]
LOSSES = ("student", "huber")
DOF = 4.0  # of the Student loss
CORNER = 1.5  # of the Huber loss, in standard uncertainties
WILD = 4.0  # robust standard deviations: an outlier
NAMED = 6  # outliers named one by one


def refuse_unknown(loss: str | None) -> None:
    """Refuse a loss that is not known."""
    if loss is not None and loss not in LOSSES:
        raise ModelError(
            f"loss = '{loss}' is none of the {len(LOSSES)} robust losses. {did_you_mean(loss, LOSSES)} "
            "Leave it out for plain least squares."
        )


def weight(r: Array, loss: str | None) -> Array:
    """Weight (n,) that a standardised residual keeps: the derivative of the loss by its square."""
    if loss is None:
        return np.ones_like(r)
    return 1.0 / (1.0 + r**2 / DOF) if loss == "student" else 1.0 / np.sqrt(1.0 + (r / CORNER) ** 2)


def influence(r: Array, loss: str | None) -> tuple[Array, Array]:
    """What each residual pulls with, weight times residual (n,), and its derivative by the residual (n,)."""
    w = weight(r, loss)
    if loss is None:
        return r, w
    return w * r, (1.0 - r**2 / DOF) * w**2 if loss == "student" else w**3


def losses(r: Array, loss: str | None) -> Array:
    """What each standardised residual (...) adds to the sum: its square, or the robust loss in place of it."""
    if loss is None:
        return np.asarray(r**2)
    if loss == "student":
        return np.asarray(DOF * np.log1p(r**2 / DOF))
    return np.asarray(2.0 * CORNER**2 * (r / CORNER) ** 2 / (1.0 + np.sqrt(1.0 + (r / CORNER) ** 2)))


def bend(r: Array, J: Array, loss: str | None) -> tuple[Array, Array]:
    """Residuals (n,) and Jacobian (n, nf) whose plain sum of squares is the robust loss of the given ones.

    References
    ----------
    Student-t with 4 degrees of freedom: Lange, Little and Taylor, J. Am. Stat. Assoc. 84 (1989), p. 881; the smooth
    Huber loss: Hartley and Zisserman, Multiple View Geometry, 2nd ed., appendix 6.8.
    """
    if loss is None:
        return r, J
    root = np.sqrt(losses(r, loss))
    slope = np.where(root > 1e-8, weight(r, loss) * np.abs(r) / np.where(root > 1e-8, root, 1.0), 1.0)
    return np.sign(r) * root, J * slope[:, None]


def calmed(white: Array, loss: str | None) -> float:
    """Factor on bent residuals that gives their sum of squares the curvature of the fit's covariance; 1 without a loss.

    A robust loss is flatter than the likelihood that its estimate's variance stands for: with it, the readings'
    variances are enlarged by what the estimate's variance grows by, and the bending takes curvature away once more.

    References
    ----------
    The adjustment of magnitude: Ribatet, Cooley and Davison, Statistica Sinica 22 (2012), p. 813; Lyddon, Holmes and
    Walker, Biometrika 106 (2019), p. 465.
    """
    return 1.0 if loss is None else 1.0 / float(np.sqrt(max(float(np.mean(influence(white, loss)[1])), 0.1)))


def name_outliers(white: Array, *, residuals: Array, times: Array, row: NDArray[np.int64], labels: Sequence[str],
                  loss: str) -> tuple[Words, ...]:  # fmt: skip
    """Sentences that say which loss was used and which readings it set aside.

    Parameters
    ----------
    white : (n,)
        Standardised residuals.
    residuals, times : (n,) K, s
    row : (n,) int
        Index into labels.
    """
    spread = np.ones(white.size)
    for i in np.unique(row):
        own = white[row == i]
        spread[row == i] = max(1.0, 1.4826 * float(np.median(np.abs(own - np.median(own)))))
    wild = np.flatnonzero(np.abs(white) > WILD * spread)
    kept = weight(white, loss)
    en = f"A robust loss was used ({loss}): "
    zh = f"采用稳健损失函数（{loss}）："
    if not wild.size:
        return ((en + "no reading is an outlier.", zh + "未发现离群读数。"),)
    order = wild[np.argsort(-np.abs(white[wild] / spread[wild]))]
    told = [f"{labels[row[k]]} at t = {times[k]:.6g} s ({residuals[k]:+.3g} K, weight {kept[k]:.2f})"
            for k in order[:NAMED]]  # fmt: skip
    told_zh = [f"{labels[row[k]]}，t = {times[k]:.6g} s（{residuals[k]:+.3g} K，权重 {kept[k]:.2f}）"
               for k in order[:NAMED]]  # fmt: skip
    more = wild.size - len(told)
    return ((f"{en}{wild.size} of {white.size} readings are outliers and hardly count: {'; '.join(told)}"
             f"{f'; and {more} more' if more else ''}. Model minus reading.",
             f"{zh}{white.size} 个读数中有 {wild.size} 个离群，几乎不计：{'；'.join(told_zh)}"
             f"{f'；另有 {more} 个' if more else ''}。括号内为模型减读数。"),)  # fmt: skip
