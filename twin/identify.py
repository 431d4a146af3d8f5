"""What the data can tell of each parameter and of their combinations, in words."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import Parameter
from ..models.units import suffix

Array = NDArray[np.float64]
Words = tuple[str, str]
WHITE = 1.5  # autocorrelation time up to which what white noise shows by chance is taken for nothing more
KNOWN, WEAK = 0.3, 0.8  # posterior over prior width: below the first determined, above the second not seen


def autocorrelation_time(series: Array) -> float:
    """Readings per independent reading of an evenly logged series (n,): 1 for white noise, at most n.

    The series is not centred: a residual that keeps its sign is correlated.

    References
    ----------
    Geyer, Practical Markov chain Monte Carlo, Statistical Science 7 (1992), sec. 3.3: initial positive sequence.
    """
    n = series.size
    power = float(series @ series)
    if n < 4 or power == 0.0:
        return 1.0
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(series, size)
    rho = np.fft.irfft(spectrum * np.conj(spectrum), size)[:n] / power
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 1.0 / np.sqrt(n))  # what white noise shows by chance does not count
    kept = np.minimum.accumulate(pairs[: negative[0]] if negative.size else pairs)
    return float(min(max(2.0 * kept.sum() - 1.0, 1.0), n))


def correlated(left: Array) -> float:
    """Readings per independent reading of what a fit leaves (n,): `autocorrelation_time`, its bias taken out.

    What was fitted took the slowest share of the correlation with it: of a first-order process with correlation rho, a
    level and a trend taken out, what is left shows rho - (2 + 4 rho) / n. The time is drawn out by as much as that
    makes of a first-order process, and n / 2 at most: a record that is alike throughout still has two ends. White noise
    is left alone.

    References
    ----------
    Marriott and Pope, Bias in the estimation of autocorrelations, Biometrika 41 (1954) 390-402.
    """
    n, time = left.size, autocorrelation_time(left)
    if time <= WHITE:
        return time
    shown = float(left[1:] @ left[:-1]) / float(left @ left)
    if shown <= 0.0:
        return time
    rho = min((shown + 2.0 / n) / (1.0 - 4.0 / n), 1.0 - 1.0 / n) if n > 8 else shown
    rho = max(rho, shown)
    drawn = time * (1.0 + rho) / (1.0 - rho) * (1.0 - shown) / (1.0 + shown)
    return max(time, min(drawn, n / 2.0))


def identify(parameters: Sequence[Parameter], values: Array, covariance: Array, *, widths: Array, scaled: Array,
             active: Sequence[str] = (), misfit: float = 1.0, effective: float = 0.0,
             whiteness: Mapping[str, float] | None = None, gaps: int = 0,
             widened: bool = True, span: tuple[float, float] | None = None) -> tuple[Words, ...]:  # fmt: skip
    """Sentences, each in English and in Chinese.

    Parameters
    ----------
    parameters, values, covariance : (nf,) Parameter, (nf,), (nf, nf)
    widths : (nf,)
        Standard deviation of each prior; of a flat one, its span over the square root of 12.
    scaled : (n, nf)
        Standardised sensitivities times `widths`: what a prior's width moves, in standard uncertainties of the data.
    active : names that stopped at a bound
    misfit, effective : float
        As in Fit.
    whiteness : mapping of row to its autocorrelation time in readings
    gaps : int
        Readings that the logs lack.
    widened : bool
        Whether the covariance was enlarged for misfit and correlation; a model error may stand for them instead.
    span : (float, float) or None, K
        Lowest and highest reading: what cannot be told apart there may be elsewhere.

    Returns
    -------
    tuple of (English, Chinese)
    """
    std = np.sqrt(np.diag(covariance))
    words = [_one(p, float(v), float(s), float(s / w), p.name in active)
             for p, v, s, w in zip(parameters, values, std, widths, strict=True)]  # fmt: skip
    words += [_pulled(p, float(v)) for p, v in zip(parameters, values, strict=True)
              if p.prior is not None and abs(v - p.prior[0]) > 2.0 * p.prior[1]]  # fmt: skip
    words += _together(parameters, values, covariance, std / widths, span)
    words += _blind(parameters, scaled)
    words += _residuals(misfit, effective, scaled.shape[0], whiteness or {}, widened)
    if gaps:
        words.append((f"{gaps} readings are missing in the logs; gaps were skipped, never filled.",
                      f"记录中缺 {gaps} 个读数；缺口一律跳过，不作填补。"))  # fmt: skip
    return tuple(words)


def _one(p: Parameter, value: float, std: float, share: float, bound: bool) -> Words:
    unit = suffix(p.unit)
    reading = f"{p.name} = {value:.4g} ± {2 * std:.2g}{unit} (k = 2)"
    if bound and share < WEAK:
        side, zh = ("lower", "下") if abs(value - p.lower) <= abs(value - p.upper) else ("upper", "上")
        return (f"{p.name} stopped at its {side} bound {value:.4g}{unit}: a bound is no measurement; the data ask "
                "for a value beyond it, or the model lacks something.",
                f"{p.name} 停在{zh}界 {value:.4g}{unit}：界限不是测得的值；"
                "数据要求界外的值，或模型有缺失。")  # fmt: skip
    if share < KNOWN:
        return f"{reading}: determined by the data.", f"{reading}：由数据确定。"
    if share < WEAK:
        return (f"{reading}: weakly seen; the data narrow what was known beforehand to {share:.0%} of its width.",
                f"{reading}：数据约束较弱，先验宽度仅缩至 {share:.0%}。")  # fmt: skip
    return (f"{reading}: not seen by the data; the value is what was assumed, and is carried with that width.",
            f"{reading}：数据看不到它；该值即先验假设，并按先验宽度计入不确定度。")  # fmt: skip


def _pulled(p: Parameter, value: float) -> Words:
    assert p.prior is not None
    far, unit = abs(value - p.prior[0]) / p.prior[1], suffix(p.unit)
    return (f"{p.name} = {value:.4g}{unit} lies {far:.1f} standard deviations from its prior {p.prior[0]:.4g} ± "
            f"{p.prior[1]:.2g}: it makes up for something that the model lacks.",
            f"{p.name} = {value:.4g}{unit} 偏离先验 {p.prior[0]:.4g} ± {p.prior[1]:.2g} 达 {far:.1f} 个标准差："
            "它在替模型的缺失作补偿。")  # fmt: skip


def _together(parameters: Sequence[Parameter], values: Array, covariance: Array, share: Array,
              span: tuple[float, float] | None) -> list[Words]:  # fmt: skip
    words: list[Words] = []
    std = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(std, std)
    low, high = span or (0.0, 0.0)
    where = (f" by readings of {low:.0f} to {high:.0f} K", f"（读数范围 {low:.0f}–{high:.0f} K）") if span else ("", "")
    for i in range(values.size):
        for j in range(i):
            rho = float(correlation[i, j])
            if abs(rho) < 0.9 or max(share[i], share[j]) < 0.02:
                continue
            a, b = parameters[j].name, parameters[i].name
            ratio = parameters[i].lower > 0.0 and parameters[j].lower > 0.0
            sign = {(True, True): "/", (True, False): "×", (False, True): "−", (False, False): "+"}[(ratio, rho > 0)]
            known = _combined(values[[j, i]], covariance[np.ix_([j, i], [j, i])], sign)
            if max(share[i], share[j]) > KNOWN:
                words.append((f"Only {a} {sign} {b} is seen: they trade against each other (correlation {rho:+.3f}); "
                              f"neither has a value of its own, {a} and {b} cannot be told apart{where[0]}, and "
                              f"{a} {sign} {b} = {known}.",
                              f"数据只看得到 {a} {sign} {b}：二者此消彼长（相关系数 {rho:+.3f}），"
                              f"不能各自确定{where[1]}；{a} {sign} {b} = {known}。"))  # fmt: skip
            else:
                words.append((f"{a} and {b} are correlated ({rho:+.2f}): use them together, never one alone; "
                              f"{a} {sign} {b} = {known} is known better than either.",
                              f"{a} 与 {b} 相关({rho:+.2f})：须成对使用，不可单独引用；{a} {sign} {b} = {known}，"
                              "比单个参数更可靠。"))  # fmt: skip
    return words


def _combined(values: Array, covariance: Array, sign: str) -> str:
    """Value of a combination of two with its expanded uncertainty, k = 2, by its slopes."""
    a, b = (float(v) for v in values)
    if sign in "+−":
        value, slope = (a + b, np.array([1.0, 1.0])) if sign == "+" else (a - b, np.array([1.0, -1.0]))
    else:
        value, slope = (a * b, np.array([b, a])) if sign == "×" else (a / b, np.array([1.0 / b, -a / b**2]))
    return f"{value:.4g} ± {2.0 * math.sqrt(max(float(slope @ covariance @ slope), 0.0)):.2g} (k = 2)"


def _blind(parameters: Sequence[Parameter], scaled: Array) -> list[Words]:
    """Directions in which the data move by less than one standard uncertainty over the whole prior."""
    if len(parameters) < 3:
        return []
    _, s, v = np.linalg.svd(scaled, full_matrices=False)
    words: list[Words] = []
    for size, direction in zip(s, v, strict=True):
        names = [p.name for p, c in zip(parameters, direction, strict=True) if abs(c) > 0.3]
        if size < 1.0 and len(names) > 2:
            text = ", ".join(names)
            words.append((f"{text} can be moved together without the data noticing: over the whole prior width the "
                          f"readings move by {size:.2g} of their uncertainty; that direction is carried with that "
                          "width.",
                          f"{text} 同时变动而数据毫无察觉：遍历整个先验宽度，读数仅移动其不确定度的 {size:.2g} 倍；"
                          "该方向按先验宽度计入。"))  # fmt: skip
    return words


def _residuals(misfit: float, effective: float, n: int, whiteness: Mapping[str, float], widened: bool) -> list[Words]:
    words: list[Words] = []
    if misfit > 1.5:
        how = ("the covariance was enlarged for it", "协方差已相应放大") if widened else _BY_LACK
        words.append((f"The misfit is {misfit:.2g} times the stated uncertainty: model or sensor statement is wrong; "
                      f"{how[0]}.",
                      f"残差为声明不确定度的 {misfit:.2g} 倍：模型形式或传感器声明有误；{how[1]}。"))  # fmt: skip
    if effective < 0.5 * n:
        worst = max(whiteness, key=lambda label: whiteness[label]) if whiteness else "all"
        how = ("intervals were widened for it", "区间已相应放宽") if widened else _BY_LACK
        words.append((f"Residuals are correlated in time: {n} readings count as {effective:.0f} (worst: {worst}); "
                      f"{how[0]}.",
                      f"残差在时间上自相关：{n} 个读数仅相当于 {effective:.0f} 个（最甚者：{worst}）；"
                      f"{how[1]}。"))  # fmt: skip
    return words


_BY_LACK = ("an error of the model's own stands for it", "已由模型自身偏差予以计入")
