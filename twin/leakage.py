"""What a reader of released trials can still learn from them, in words with numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Trial

Array = NDArray[np.float64]
ALIKE = 0.995  # correlation above which two records are told as alike
PLATEAU = 0.04  # share of a record that counts as a plateau


def leaks(trials: Sequence[Trial], *, absolute: bool, public: Sequence[Trial] = ()) -> tuple[tuple[str, str], ...]:
    """Sentences, English and Chinese, on what copies still tell: counts, rates, digits, plateaus, likeness.

    Parameters
    ----------
    trials : sequence of Trial
        As released.
    absolute : bool
        Whether ratios of temperatures were kept.
    public : sequence of Trial
        What anyone can compare them with.
    """
    said = [_counts(trials), _rates(trials)]
    said += _digits(trials)
    said += _gaps(trials)
    said += _plateaus(trials)
    said += _sensors(trials)
    if absolute:
        said.append(("Ratios of absolute temperatures are kept, as radiation needs them: one known temperature gives "
                     "all others.",
                     "保留了绝对温度之比（辐射计算所需）：知道任一温度即可推出全部温度。"))  # fmt: skip
    else:
        said.append(("Differences of temperature are kept in proportion: two known temperatures, such as a room and a "
                     "bath, give all others.",
                     "温差比例被保留：知道任意两个温度（如室温与槽温）即可推出全部温度。"))  # fmt: skip
    said.append(("Biot and Fourier numbers are kept, for they are what a calibration is after: whoever knows the "
                 "material and one size can put dimensions back.",
                 "毕渥数与傅里叶数被保留（标定所需）：知道材料与一个尺寸者可还原量纲。"))  # fmt: skip
    said.append(_likeness(trials, public))
    return tuple(said)


def _channels(trials: Sequence[Trial]) -> list[tuple[Trial, Channel]]:
    return [(t, c) for t in trials for c in t.channels.values()]


def _counts(trials: Sequence[Trial]) -> tuple[str, str]:
    every = _channels(trials)
    sizes = sorted({c.t.size for _, c in every})
    span = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    many = f"{len(trials)} trial{'s' * (len(trials) > 1)}, {len(every)} channels"
    return (f"{many} of {span} readings: a reader who holds a log of that shape knows it again.",
            f"{len(trials)} 个试验、{len(every)} 个通道、每通道 {span.replace(' to ', ' 至 ')} 个读数："
            "持有同样形状记录者可认出它。")  # fmt: skip


def _rates(trials: Sequence[Trial]) -> tuple[str, str]:
    """How regular the clock is: its pattern survives any scale."""
    odd = 0
    for _, c in _channels(trials):
        step = np.diff(c.t)
        odd = max(odd, int((np.abs(step - np.median(step)) > 1e-3 * np.median(step)).sum()) if step.size else 0)
    if odd:
        return (f"The clock is irregular in up to {odd} places: the pattern of its steps is a fingerprint that no "
                "scale removes.", f"时钟至多有 {odd} 处不规则：步长图样如同指纹，缩放无法去除。")  # fmt: skip
    return ("The clock is regular: if the sampling interval is guessed, the time scale follows from it.",
            "采样等间隔：若猜中采样间隔，即可推出时间比例。")  # fmt: skip


def _digits(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    steps = {}
    for _, c in _channels(trials):
        step = digit(c.values[c.reads])
        if step:
            steps[c.name] = (step, float(np.ptp(c.values[c.reads])) / step)
    if not steps:
        return []
    name, (step, ratio) = max(steps.items(), key=lambda one: -one[1][0])
    return [(f"{len(steps)} channels show the digitiser's step ({name}: {step:.3g}): if it is guessed to be 0.1 K, the "
             f"readings of {name} span {0.1 * ratio:.4g} K. Release with dither to hide it.",
             f"{len(steps)} 个通道可见数字化步长（{name}：{step:.3g}）：若猜为 0.1 K，则 {name} 的读数跨度为 "
             f"{0.1 * ratio:.4g} K。发布时加抖动可隐藏。")]  # fmt: skip


def digit(values: Array) -> float:
    """The step that all readings are whole multiples of, from the first; 0 where there is none."""
    jumps = np.abs(np.diff(values))
    jumps = jumps[jumps > 1e-12 * max(float(np.abs(values).max(initial=0.0)), 1e-300)]
    if jumps.size < 8:
        return 0.0
    for parts in range(1, 101):
        step = float(jumps.min()) / parts
        if float(np.mean(np.abs(jumps / step - np.round(jumps / step)) < 0.02)) > 0.99:
            return step
    return 0.0


def _gaps(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    n = sum(int((~c.reads).sum()) for _, c in _channels(trials))
    if not n:
        return []
    return [(f"{n} gaps stand where they stood: their pattern is a fingerprint.",
             f"{n} 处缺测位置不变：其图样如同指纹。")]  # fmt: skip


def _plateaus(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    """Where a reading stays while it moved before and after: a phase change or a controller's level."""
    said = []
    for trial, c in _channels(trials):
        x = c.values[c.reads]
        if x.size < 50 or c.drives:
            continue
        span = float(np.ptp(x)) or 1.0
        width = max(int(PLATEAU * x.size), 5)
        inner = x[int(0.1 * x.size) : int(0.9 * x.size)]
        drift = np.abs(inner[width:] - inner[:-width])
        usual = float(np.median(drift))
        if drift.size and float(drift.min()) < 0.02 * usual and usual > 0.02 * span:
            at = float(inner[int(np.argmin(drift)) + width // 2])
            said.append((f"{trial.name}/{c.name} rests at {at:.4g} on its way: a public melting or transformation "
                         "temperature there would fix the scale.",
                         f"{trial.name}/{c.name} 途中停留于 {at:.4g}：若对应公开的熔点或相变温度，"
                         "即可确定比例。"))  # fmt: skip
    return said[:5]


def _sensors(trials: Sequence[Trial]) -> list[tuple[str, str]]:
    lags = sorted({round(c.lag.value, 9) for _, c in _channels(trials) if c.lag.value > 0.0})
    if not lags:
        return []
    return [(f"Time constants of the sensors are kept as {len(lags)} different shares of the time scale: a known probe "
             "would give it away.",
             f"传感器时间常数以时间比例的 {len(lags)} 种份额保留：若探头型号已知，则可推出时间比例。")]  # fmt: skip


def _likeness(trials: Sequence[Trial], public: Sequence[Trial]) -> tuple[str, str]:
    """The best correlation of any copy with any public record, each on its own span."""
    if not public:
        return ("Likeness with public records was not looked at: none was given. Pass public=[...] to compare.",
                "未与公开记录比对：未提供。可传入 public=[...] 进行比对。")  # fmt: skip
    best = (0.0, "", "")
    for trial, c in _channels(trials):
        for other, d in _channels(public):
            r = _alike(c, d)
            best = max(best, (r, f"{trial.name}/{c.name}", f"{other.name}/{d.name}"))
    r, own, theirs = best
    verdict = ("it can be taken for the same record", "可被认作同一记录") if r >= ALIKE else (
        "that alone does not give it away", "仅凭此不足以识别")  # fmt: skip
    return (f"Of the public records {theirs} is most like {own}: correlation {r:.4f}; {verdict[0]}.",
            f"公开记录中 {theirs} 与 {own} 最相近：相关系数 {r:.4f}；{verdict[1]}。")  # fmt: skip


def _alike(one: Channel, other: Channel) -> float:
    """Correlation of two records, each on its own span, with the trend that all share (a straight line) taken out."""
    if one.reads.sum() < 8 or other.reads.sum() < 8:
        return 0.0
    at = np.linspace(0.0, 1.0, 200)
    rests = []
    for c in (one, other):
        t, x = c.t[c.reads], c.values[c.reads]
        y = np.interp(at, (t - t[0]) / (t[-1] - t[0]), x)
        rest = y - np.polyval(np.polyfit(at, y, 1), at)
        rests.append(rest / max(float(np.linalg.norm(rest)), 1e-300))
    return float(rests[0] @ rests[1])
