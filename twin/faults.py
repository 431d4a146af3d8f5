"""What looks wrong about a log, in words with times and numbers; nothing is dropped for it: a sidecar may say so."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Trial
from .swapped import beside, floor, jumps, scatter

Array = NDArray[np.float64]
KINDS = ("dead", "stuck", "spike", "unit", "jump", "clock", "saturated", "digitised", "swapped")
RUN = 8  # equal readings in a row before a channel may count as stuck
MOST = 5  # spikes that are told one by one
QUARTER = 900.0  # s; time zones are whole quarters of an hour apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that looks wrong.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    channel : str
    begin, end : float, s
        From when to when.
    size : float, in the channel's unit
        How far it is off; seconds for a clock.
    en, zh : str
        A sentence.
    trial : str
    """

    kind: str
    channel: str
    begin: float
    end: float
    size: float
    en: str
    zh: str
    trial: str = ""

    def __str__(self) -> str:
        return f"{self.channel}: {self.en}"


def faults(trial: Trial) -> tuple[Fault, ...]:
    """What looks wrong about the readings of a trial, channel by channel.

    Dead and stuck channels, spikes, steps, a unit that changes on the way or from the start, a clock that was set,
    readings at the ends of the range, steps of the digitiser above the noise. Swapped sensors need a model: see
    `twin.crossed`. Nothing is changed or left out for a finding; a sidecar may say `use = false` with the reason.
    """
    found: list[Fault] = []
    told_clock: set[bytes] = set()
    for channel in trial.channels.values():
        if channel.t.tobytes() not in told_clock:
            told_clock.add(channel.t.tobytes())
            found += _clock(channel)
        peers = [c for c in trial.channels.values() if c is not channel and c.unit == channel.unit and not c.unused]
        read = channel.reads
        if not read.any():
            found.append(_say("dead", channel, channel.t[0] if channel.t.size else 0.0, channel.t[-1] if channel.t.size
                              else 0.0, 0.0, "has no reading at all", "没有任何读数"))  # fmt: skip
            continue
        found += [*_silent(channel, peers), *_stuck(channel, peers), *_from_the_start(channel, peers)]
        swaps = list(_unit_swap(channel))
        found += swaps
        found += [*_spikes(channel, [f.begin for f in swaps])]
        found += _range(channel)
    return tuple(replace(one, trial=trial.name) for one in found)


def _say(kind: str, channel: Channel, begin: float, end: float, size: float, en: str, zh: str) -> Fault:
    return Fault(kind=kind, channel=channel.name, begin=float(begin), end=float(end), size=float(size), en=f"{en}.",
                 zh=f"{zh}。")  # fmt: skip


def _silent(channel: Channel, peers: list[Channel]) -> Iterator[Fault]:
    last = float(channel.t[channel.reads][-1])
    others = [float(c.t[c.reads][-1]) for c in peers if c.reads.any()]
    end = max([*others, float(channel.t[-1])])
    step = float(np.median(np.diff(channel.t))) if channel.t.size > 1 else 0.0
    if end - last > max(5.0 * step, 0.02 * (end - channel.t[0])) and (channel.t > last).any():
        yield _say("dead", channel, last, end, 0.0, f"falls silent at {last:.6g} s, {end - last:.4g} s before the end",
                   f"在 {last:.6g} s 之后无读数，距结束 {end - last:.4g} s")  # fmt: skip


def _stuck(channel: Channel, peers: list[Channel]) -> Iterator[Fault]:
    """Equal readings in a row while the others move, or longer than its own noise allows."""
    use = channel.reads & ~channel.saturated
    t, x = channel.t[use], channel.values[use]
    if x.size < RUN:
        return
    same = np.concatenate([[False], np.diff(x) == 0.0, [False]])
    edges = np.flatnonzero(np.diff(same.astype(int)))
    runs = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a + 1 >= RUN]
    usual = (same.sum() - sum(b - a for a, b in runs)) / max(x.size - sum(b - a for a, b in runs), 1)
    for a, b in runs:
        begin, end = float(t[a]), float(t[b])
        moved = [abs(float(np.interp(end, c.t[c.reads], c.values[c.reads]) - np.interp(begin, c.t[c.reads], c.values[
            c.reads]))) for c in peers if c.reads.sum() > 1]  # fmt: skip
        bar = 5.0 * max([floor(channel), *(floor(c) for c in peers), *(scatter(c.values[c.reads]) for c in peers)])
        others = bool(moved) and min(moved) > bar
        rest = np.concatenate([x[:a], x[b + 1 :]])
        digit = float(np.abs(np.diff(rest))[np.diff(rest) != 0.0].min(initial=np.inf))
        unlikely = scatter(rest) >= digit and max(usual, 0.02) ** (b - a) < 1e-9  # noise shows in the digits elsewhere
        if others or (not moved and unlikely) or (unlikely and x.size - (b - a) > RUN):
            also = f" while the others move by {min(moved):.4g} {channel.unit} or more" if others else ""
            zh = f"，而其他通道至少变化 {min(moved):.4g} {channel.unit}" if others else ""
            yield _say("stuck", channel, begin, end, 0.0,
                       f"reads {x[a]:.6g} {channel.unit} {b - a + 1} times in a row, from {begin:.6g} to {end:.6g} s"
                       f"{also}", f"自 {begin:.6g} 至 {end:.6g} s 连续 {b - a + 1} 次读数均为 "
                       f"{x[a]:.6g} {channel.unit}{zh}")  # fmt: skip


def _spikes(channel: Channel, swaps: list[float]) -> Iterator[Fault]:
    """One to three readings that stand out of a running median of seven, which passes whatever rises or falls."""
    t, x = channel.t[channel.reads], channel.values[channel.reads]
    if x.size < 9:
        return
    padded = np.pad(x, 3, mode="reflect", reflect_type="odd")  # a slope goes on past the ends
    off = x - np.median(np.lib.stride_tricks.sliding_window_view(padded, 7), axis=1)
    bar = max(10.0 * scatter(x), 6.0 * floor(channel), 8.0 * 1.4826 * float(np.median(np.abs(off))))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(np.abs(off), 3), 7).max(axis=1)
    out = (np.abs(off) > max(bar, 1e-9 * float(np.abs(x).max()))) & (np.abs(off) > 0.4 * around)  # no spike's shadow
    starts = [int(i) for i in np.flatnonzero(out) if i == 0 or not out[i - 1]]
    near = 3.5 * float(np.median(np.diff(t)))
    told = [i for i in starts if out[i : i + 4].sum() <= 3 and not any(abs(t[i] - s) < near for s in swaps)
            and _alone(x, out, i)]  # fmt: skip
    calm = ~out
    for i in told[:MOST]:
        off[i] = x[i] - np.interp(t[i], t[calm], x[calm])
        yield _say("spike", channel, t[i], t[i], off[i],
                   f"a reading at {t[i]:.6g} s stands {off[i]:+.4g} {channel.unit} off its neighbours",
                   f"{t[i]:.6g} s 处的读数偏离相邻读数 {off[i]:+.4g} {channel.unit}")  # fmt: skip
    if len(told) > MOST:
        yield _say("spike", channel, t[told[MOST]], t[told[-1]], 0.0, f"{len(told) - MOST} more readings stand out so",
                   f"另有 {len(told) - MOST} 个读数同样突出")  # fmt: skip


def _alone(x: Array, out: NDArray[np.bool_], i: int) -> bool:
    """Whether the way there and back is far longer than the steps around it: a coarse peak is no spike."""
    end = i + int(np.argmin(np.append(out[i:], False)))
    steps = np.abs(np.diff(x))
    there, back = (steps[i - 1] if i > 0 else np.inf), (steps[end - 1] if end < x.size else np.inf)
    usual = np.concatenate([steps[max(i - 5, 0) : max(i - 1, 0)], steps[end : end + 4]])
    return bool(min(there, back) > 3.0 * np.median(usual))


def _unit_swap(channel: Channel) -> Iterator[Fault]:
    """A step that another unit explains; or a step that nothing explains."""
    last = channel.t[channel.reads][-1] if channel.reads.any() else 0.0
    for jump in jumps(channel):
        unit, swap = channel.unit, jump.swap
        if swap is None:
            yield _say("jump", channel, jump.at, jump.at, jump.size,
                       f"steps by {jump.size:+.5g} {unit} at {jump.at:.6g} s and stays there",
                       f"在 {jump.at:.6g} s 处阶跃 {jump.size:+.5g} {unit} 并保持")  # fmt: skip
            continue
        since, seit = ("from there on", "此后") if swap.later else ("up to there", "此前")
        yield _say("unit", channel, jump.at, last, jump.size,
                   f"jumps by {jump.size:+.5g} {unit} at {jump.at:.6g} s; read as {swap.written} {since}, only "
                   f"{swap.off:.2g} is left: its unit was changed, {swap.written} is taken for {swap.taken}",
                   f"在 {jump.at:.6g} s 处跳变 {jump.size:+.5g} {unit}；{seit}若按 {swap.written} 读取，仅余 "
                   f"{swap.off:.2g}：单位疑已改变，{swap.written} 被当作 {swap.taken}")  # fmt: skip


def _from_the_start(channel: Channel, peers: list[Channel]) -> Iterator[Fault]:
    """A first reading far from all others', which agree, that another unit brings among them."""
    swap = beside(channel, peers)
    if swap is not None:
        off = swap.after - swap.before
        yield _say("unit", channel, channel.t[0], channel.t[-1], off,
                   f"starts {off:+.5g} {channel.unit} from the others; read as {swap.written} it is {swap.off:.2g} "
                   f"from them: is it not in {swap.taken}?",
                   f"起始读数与其他通道相差 {off:+.5g} {channel.unit}；若按 {swap.written} 读取，仅相差 "
                   f"{swap.off:.2g}：单位是否并非 {swap.taken}？")  # fmt: skip


def _clock(channel: Channel) -> Iterator[Fault]:
    """A gap in regular stamps that is a whole number of quarters of an hour: a time zone or summer time was set."""
    step = np.diff(channel.t)
    if step.size < 4:
        return
    usual = float(np.median(step))
    for i in np.flatnonzero(step > 3.0 * usual):
        extra = float(step[i]) - usual
        quarters = round(extra / QUARTER)
        if quarters and abs(extra - quarters * QUARTER) <= max(0.5 * usual, 1.0) and usual < QUARTER / 4:
            size = quarters * QUARTER
            yield _say("clock", channel, channel.t[i], channel.t[i + 1], size,
                       f"the clock leaps by {size:g} s after {channel.t[i]:.6g} s: was a time zone or summer time set?",
                       f"时钟在 {channel.t[i]:.6g} s 后跳跃 {size:g} s：是否设置了时区或夏令时？")  # fmt: skip


def _range(channel: Channel) -> Iterator[Fault]:
    read, at = channel.reads, channel.saturated
    if at.any():
        t = channel.t[at]
        yield _say("saturated", channel, t[0], t[-1], 0.0,
                   f"{int(at.sum())} of {int(read.sum())} readings stand at the ends of its range, from {t[0]:.6g} to "
                   f"{t[-1]:.6g} s; they only bound the value",
                   f"{int(read.sum())} 个读数中有 {int(at.sum())} 个处于量程端点（{t[0]:.6g} 至 {t[-1]:.6g} s），"
                   "仅给出界限")  # fmt: skip
    if channel.digitised:
        yield _say("digitised", channel, channel.t[0], channel.t[-1], channel.resolution,
                   f"the digitiser's step {channel.resolution:.3g} {channel.unit} outweighs its stated noise",
                   f"数字化步长 {channel.resolution:.3g} {channel.unit} 大于其声明的噪声")  # fmt: skip
