"""Whether several calibrations of one number agree, and what is known of it where they do not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ..models import Fit, ModelError
from ..models.errors import did_you_mean

Array = NDArray[np.float64]
Words = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Apart:
    """One number from several parts of a trial, or several trials.

    Attributes
    ----------
    labels : (m,) str
    values, stds : (m,)
        What each calibration found.
    value : float
        The weighted mean where they agree, else the middle between the ends.
    spread : float
        Half the distance of the ends: the model form where they do not agree, 0 where they do.
    std : float
        Standard uncertainty of `value`: that of the mean, and the spread as an even interval (JCGM 100, 4.3.7).
    chance : float
        Probability of lying so far apart, or more, if one number held for all.
    agree : bool
    words : tuple of (English, Chinese)
    """

    name: str
    unit: str
    labels: tuple[str, ...]
    values: Array
    stds: Array
    value: float
    spread: float
    std: float
    chance: float
    agree: bool
    words: tuple[Words, ...]


def apart(fits: Mapping[str, Fit], name: str, *, unit: str = "", scale: float = 1.0, level: float = 0.01) -> Apart:
    """Hold the values that several fits found for one parameter against each other.

    Parameters
    ----------
    fits : mapping of label to Fit
        Calibrations of one model on data that share no reading.
    name : str
        A parameter of all of them.
    unit, scale : str, float
        Of what is told: the parameter times `scale`, such as GPa of a modulus that is a factor on 210 GPa. Left out,
        the parameter as it is.
    level : float
        Numbers that are one are said to be apart with this probability.

    Raises
    ------
    ModelError
        If there are fewer than two fits, or one has no such parameter.

    References
    ----------
    Cochran 1954, Biometrics 10, 101-129 (weighted mean, and Q); JCGM 100:2008, 4.3.7 (even interval).
    """
    if len(fits) < 2:
        raise ModelError(
            f"{len(fits)} calibration of {name} has nothing to be held against. Two or more have. Calibrate on parts "
            "of the data that share no reading."
        )
    values, stds = np.empty(len(fits)), np.empty(len(fits))
    for n, (label, fit) in enumerate(fits.items()):
        names = [p.name for p in fit.parameters]
        if name not in names:
            raise ModelError(
                f"the fit '{label}' has no parameter '{name}'. {did_you_mean(name, names)} Correct the name, or set it "
                "free there too."
            )
        values[n], stds[n] = scale * fit.values[names.index(name)], abs(scale) * fit.std[names.index(name)]
        unit = unit or fit.parameters[names.index(name)].unit
    weight = 1.0 / np.maximum(stds, 1e-300) ** 2
    mean = float(weight @ values / weight.sum())
    chance = float(chi2.sf(weight @ (values - mean) ** 2, values.size - 1))
    agree = chance >= level
    low, high = float(values.min()), float(values.max())
    value, spread = (mean, 0.0) if agree else (0.5 * (low + high), 0.5 * (high - low))
    std = math.hypot(weight.sum() ** -0.5, spread / math.sqrt(3.0))
    return Apart(name=name, unit=unit, labels=tuple(fits), values=values, stds=stds, value=value, spread=spread,
                 std=std, chance=chance, agree=agree,
                 words=_words(name, unit, tuple(fits), (values, stds), (value, spread, std), chance,
                              agree))  # fmt: skip


def _words(name: str, unit: str, labels: tuple[str, ...], seen: tuple[Array, Array], found: tuple[float, float, float],
           chance: float, agree: bool) -> tuple[Words, ...]:  # fmt: skip
    tail = "" if unit == "1" else f" {unit}"
    each = ", ".join(f"{v:.4g} ± {2.0 * s:.2g}{tail} ({label})" for label, v, s in zip(labels, *seen, strict=True))
    odds = f"{chance:.1g}" if chance >= 1e-12 else "< 1e-12"
    value, spread, std = found
    if agree:
        return ((f"{name}: {each}; they agree (chance {odds}), {value:.4g} ± {2.0 * std:.2g}{tail} (k = 2) holds for "
                 "all.",
                 f"{name}：{each}；彼此一致（概率 {odds}），"
                 f"共同取值 {value:.4g} ± {2.0 * std:.2g}{tail}(k = 2)。"),)  # fmt: skip
    return ((f"{name}: {each}; no one value holds for all (chance {odds}). The form of this model is wrong: what it "
             f"calls {name} stands for something else too. {value:.4g} ± {spread:.2g}{tail} spans them, and that "
             f"spread is model form, not scatter: more readings of this kind do not narrow it.",
             f"{name}：{each}；没有一个值对各部分都成立（概率 {odds}）。"
             f"该模型的形式有误：其中的 {name} 还代表了别的因素。"
             f"{value:.4g} ± {spread:.2g}{tail} 涵盖各值，此差异属模型偏差而非离散："
             f"同类读数再多也不能缩小。"),)  # fmt: skip
