"""An error of the model's own over time, kept out of what the parameters do, and what it leaves open about them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import Fit, Lack, ModelError
from ..models.errors import did_you_mean
from .forward import Forward, whiten, whitener

Array = NDArray[np.float64]
Words = tuple[str, str]
SMOOTH = {"OU": 0.5, "Matern 3/2": 1.5, "Matern 5/2": 2.5}
FEWEST, MOST = 8, 4000  # readings: of a channel that can have an error of its own, and of all of them
ASKED = 3.0  # log likelihood ratio from which on readings ask for an error of the model's own
LENGTHS, SIZES = 9, 24  # tried, spaced evenly in their logarithms


def refuse_kernel(kernel: str | None, *, loss: str | None = None) -> None:
    """Refuse what is no kernel, and a model error beside a robust loss."""
    if kernel is not None and kernel not in SMOOTH:
        raise ModelError(
            f"kernel '{kernel}' is not known. {did_you_mean(kernel, SMOOTH)} Choose one of {', '.join(SMOOTH)}."
        )
    if kernel is not None and loss is not None:
        raise ModelError(
            f"loss = '{loss}' and discrepancy = '{kernel}' both explain what is left: one by single readings, one by a "
            "smooth error. One of them is asked for. Leave the other out."
        )


def correlation(apart: Array, length: float, kernel: str) -> Array:
    """Matern correlation of readings so many s apart (Rasmussen and Williams 2006, eq. 4.16)."""
    smooth = SMOOTH[kernel]
    s = np.sqrt(2.0 * smooth) * apart / length
    shape = {0.5: 1.0, 1.5: 1.0 + s, 2.5: 1.0 + s + s**2 / 3.0}[smooth]
    return np.asarray(shape * np.exp(-s))


def lacking(at: Forward, *, information: Array, wide: Array, kernel: str,
            label: Callable[[int], str]) -> tuple[Lack, Array, float]:  # fmt: skip
    """The error that the residuals of a fit show, and what it leaves open about its parameters.

    Parameters
    ----------
    at : Forward
        At the fitted values.
    information : (nf, nf)
        Of readings as stated and of priors, by the values.
    wide : (nf,)
        Width over which the parameters are integrated out: of priors, or of the bounds.
    kernel : str
        Of `SMOOTH`.
    label : callable
        Name of a row, for refusals.

    Returns
    -------
    Lack
    covariance : (nf, nf)
        What to add to the inverse of the information.
    scale : float
        By how much readings scatter more than stated and the error explain, as a factor on their variance.

    Raises
    ------
    ModelError
        If a channel has too few readings, or all of them are too many.

    Notes
    -----
    The fit minimises the squares of W (r + J d), W'W the inverse of what is stated. An error e of the model then moves
    its values by -G e, G the weighted pseudo-inverse of J; what is left of e after that, (I - J G) e, is all that the
    residuals can show. So e is split: what is left is told as the error, orthogonal to every slope (J' W'W e = 0), and
    G K G' is added to the covariance: of the share that only a parameter's own meaning could tell from that parameter.
    Values are those of the fit: what fits best. Size and length of K (one of each for all channels, which err
    independently) are weighed by their marginal likelihood, parameters integrated out, over a grid even in their
    logarithms; the covariance is the mean over it, which is exact since the values hang on neither.

    References
    ----------
    Kennedy and O'Hagan, J. R. Stat. Soc. B 63 (2001) 425-464; Plumlee, J. Am. Stat. Assoc. 112 (2017) 1274-1285
    (orthogonality); Harville, J. Am. Stat. Assoc. 72 (1977) 320-338 (size and length by what is left).
    """
    rows = [np.flatnonzero(at.row == i) for i in np.unique(at.row)]
    few = [int(at.row[own[0]]) for own in rows if own.size < FEWEST]
    if few:
        raise ModelError(
            f"{label(few[0])} has fewer than {FEWEST} readings. An error over time shows in many. "
            "Leave the channel out."
        )
    if at.row.size > MOST:
        raise ModelError(
            f"{at.row.size} readings are too many for an error of the model's own: it is weighed among at most {MOST}. "
            "Give Experiment(..., window=...), or log fewer."
        )
    tool = whitener(at)
    J, r = whiten(tool, at.jacobian), whiten(tool, at.residuals)
    weight, low = tool
    G = weight[:, None] * (J - low @ (low.T @ J)) @ np.linalg.inv(information)
    rms = float(np.sqrt(np.mean(at.residuals**2)))
    span = max(float(np.ptp(at.times[own])) for own in rows)
    beat = min(float(np.median(np.diff(np.sort(at.times[own])))) for own in rows)
    lengths = np.geomspace(min(2.0 * beat, 0.5 * span), span, LENGTHS)
    sizes = np.concatenate([[0.0], np.geomspace(0.02 * rms, 5.0 * rms, SIZES)])
    likely = np.zeros((LENGTHS, sizes.size))
    alias = np.zeros((LENGTHS, J.shape[1], J.shape[1]))
    for k, length in enumerate(lengths):
        likely[k], alias[k] = _weigh(at, rows, G, wide, sizes, float(length), kernel)
    share = np.exp(likely - likely.max())
    share /= share.sum()
    covariance = np.einsum("ks,s,kij->ij", share, sizes**2, alias)
    best, s = divmod(int(likely[:, 1:].argmax()), sizes.size - 1)
    size, length = float(sizes[1 + s]), float(lengths[best])
    error, std, scale = _left(at, rows, tool, J, r, size, length, kernel)
    gain = max(float(likely.max() - likely[0, 0]), 0.0)
    lack = Lack(kernel=kernel, size=size, length=length, gain=gain, error=error, std=std,
                aliased=np.sqrt(np.diag(covariance)))  # fmt: skip
    return lack, np.asarray(covariance), scale


def _weigh(at: Forward, rows: list[NDArray[np.int64]], G: Array, wide: Array, sizes: Array, length: float,
           kernel: str) -> tuple[Array, Array]:  # fmt: skip
    """Log marginal likelihood (ns,) of each size at this length, and G K G' (nf, nf) of an error of size one."""
    low = np.column_stack([at.shared, at.jacobian * wide])
    m = low.shape[1]
    inner, cross = np.zeros((sizes.size, m, m)) + np.eye(m), np.zeros((sizes.size, m))
    rest, volume, alias = np.zeros(sizes.size), np.zeros(sizes.size), np.zeros((wide.size, wide.size))
    for own in rows:
        R = correlation(np.abs(at.times[own][:, None] - at.times[own]), length, kernel)
        alias += G[own].T @ R @ G[own]
        weight = 1.0 / at.sigmas[own]
        values, modes = np.linalg.eigh(weight[:, None] * R * weight)
        root = 1.0 / np.sqrt(1.0 + np.outer(sizes**2, np.maximum(values, 0.0)))
        z = modes.T @ (weight[:, None] * np.column_stack([low[own], at.residuals[own]]))
        scaled = root[:, :, None] * z
        inner += np.einsum("sna,snb->sab", scaled[:, :, :-1], scaled[:, :, :-1])
        cross += np.einsum("sna,sn->sa", scaled[:, :, :-1], scaled[:, :, -1])
        rest += np.square(scaled[:, :, -1]).sum(axis=1)
        volume -= 2.0 * np.log(root).sum(axis=1)
    solved = np.linalg.solve(inner, cross[:, :, None])[:, :, 0]
    rest -= np.einsum("sa,sa->s", cross, solved)
    return -0.5 * (rest + volume + np.linalg.slogdet(inner)[1]), alias


def _left(at: Forward, rows: list[NDArray[np.int64]], tool: tuple[Array, Array], J: Array, r: Array, size: float,
          length: float, kernel: str) -> tuple[Array, Array, float]:  # fmt: skip
    """Mean and standard deviation (n,) of the error beside the parameters, K, and the scatter that it leaves."""
    K = np.zeros((r.size, r.size))
    for own in rows:
        apart = np.abs(at.times[own][:, None] - at.times[own])
        K[np.ix_(own, own)] = size**2 * correlation(apart, length, kernel)
    q, _ = np.linalg.qr(J)
    white = whiten(tool, whiten(tool, K).T)
    for _ in range(2):
        white = (white - q @ (q.T @ white)).T
    solved = np.linalg.solve(np.eye(r.size) + white, np.column_stack([r, white]))
    scale = float(r @ solved[:, 0]) / max(r.size - J.shape[1], 1)
    mean, spread = white @ solved[:, 0], white - white @ solved[:, 1:]
    mean = mean - q @ (q.T @ mean)
    weight, low = tool
    inside = np.linalg.inv(np.eye(low.shape[1]) - low.T @ low)
    back = np.diag(1.0 / weight) @ (np.eye(r.size) + low @ inside @ low.T)
    return back @ mean, np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", back, spread, back), 0.0)), max(scale, 1.0)


def tell_lack(lack: Lack, fit: Fit) -> tuple[Words, ...]:
    """What a fit says of the error of its model."""
    if lack.gain < ASKED:
        words: list[Words] = [(f"The readings do not ask for an error of the model's own (log likelihood ratio "
                               f"{lack.gain:.1f}); what they leave open of one is in the intervals.",
                               f"读数未显示模型自身存在偏差（对数似然比 {lack.gain:.1f}）；"
                               "尚不能排除的部分已计入区间。")]  # fmt: skip
    else:
        words = [(f"The model errs by {lack.size:.2g} K (standard deviation), alike over {lack.length:.2g} s; log "
                  f"likelihood ratio {lack.gain:.0f}. The error is known for these trials only.",
                  f"模型偏差的标准差为 {lack.size:.2g} K，相关时间 {lack.length:.2g} s；对数似然比 {lack.gain:.0f}。"
                  "该偏差仅适用于这些试验。")]  # fmt: skip
    for p, own, all_ in zip(fit.parameters, lack.aliased, fit.std, strict=True):
        share = (own / all_) ** 2 if all_ > 0.0 else 0.0
        words.append((f"{p.name}: ± {own:.2g} {p.unit} of its ± {all_:.2g} {p.unit} (one standard uncertainty, "
                      f"{share:.0%} of the variance) is what the model's error could do in its place.",
                      f"{p.name}：标准不确定度 {all_:.2g} {p.unit} 中，模型偏差占 {own:.2g} {p.unit}"
                      f"（方差的 {share:.0%}）。"))  # fmt: skip
    return tuple(words)


def content_of_lack(fit: Fit) -> dict[str, Any]:
    """Key `discrepancy` of verdict.json, where the fit allows its model an error of its own."""
    lack, rows = fit.discrepancy, np.array(fit.rows)
    if lack is None:
        return {}
    series = [{"channel": label, "t": fit.times[own], "error": lack.error[own], "std": lack.std[own]}
              for label in dict.fromkeys(fit.rows) for own in (rows == label,)]  # fmt: skip
    aliased = [{"name": p.name, "std": float(s), "unit": p.unit}
               for p, s in zip(fit.parameters, lack.aliased, strict=True)]  # fmt: skip
    return {"discrepancy": {"kernel": lack.kernel, "size": lack.size, "length": lack.length, "gain": lack.gain,
                            "unit": "K", "series": series, "aliased": aliased,
                            "words": [{"en": en, "zh": zh} for en, zh in tell_lack(lack, fit)]}}  # fmt: skip
