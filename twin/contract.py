"""A log held against its contract: names, units, ranges, rate, gaps, stuck channels, clocks and loggers' firmware."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Channel, Clause, Contract, Pair, Trial
from ..models.errors import did_you_mean
from .swapped import Swap, against_history, within

Array = NDArray[np.float64]
Words = tuple[str, str]
STATED = re.compile(r"logger\s+(?P<name>.+?)\s+firmware\s+(?P<version>[\w.+-]*\w)")
LIKE = 0.9  # correlation above which two channels are taken to see the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One thing in which a log departs from its contract, or that it does not show.

    Attributes
    ----------
    about, kind : str
        Channel, pair or logger; "missing", "extra", "unit", "range", "rate", "gap", "resolution", "stuck", "dead",
        "slope", "clock", "firmware" or "swapped unit".
    settled : bool
        False where the log does not show whether the contract is kept.
    words : (English, Chinese)
        What is wrong, what would be right, what to do.
    """

    about: str
    kind: str
    settled: bool
    words: Words


def audit(trial: Trial, contract: Contract, *, history: Sequence[Trial] = ()) -> tuple[Departure, ...]:
    """Every departure of a log from its contract, those that are settled first; none where it keeps to it.

    Parameters
    ----------
    history : sequence of Trial
        Earlier logs of the same channels, against whose levels a swapped unit is seen.
    """
    found: list[Departure] = list(_loggers(trial, contract))
    names = [clause.channel for clause in contract.clauses]
    for clause in contract.clauses:
        if clause.channel not in trial.channels:
            found.append(_said(clause.channel, "missing", (
                f"'{clause.channel}' is not in the log. {did_you_mean(clause.channel, trial.channels)} "
                "Log it, or correct its name.",
                f"日志中没有通道“{clause.channel}”。契约要求记录该通道。请补录或更正名称。")))  # fmt: skip
            continue
        channel = trial[clause.channel]
        bad = list(_unit(channel, clause))
        found += bad
        if not any(one.kind == "unit" and channel.unit != clause.unit for one in bad):
            found += _readings(channel, clause)
            found += _times(channel, clause)
            if contract.jumps:
                found += _swaps(channel, [h[channel.name] for h in history if channel.name in h.channels])
    for name in trial.channels:
        if contract.only and name not in names:
            found.append(_said(name, "extra", (
                f"'{name}' is not in the contract. {did_you_mean(name, names)} Add a clause, or correct its name.",
                f"契约中没有通道“{name}”。每个通道应有条款。请增加条款或更正名称。")))  # fmt: skip
    for pair in contract.pairs:
        if {pair.first, pair.second} <= set(trial.channels):
            found += _clock(trial[pair.first], trial[pair.second], pair)
    return tuple(sorted(found, key=lambda one: not one.settled))


def _said(about: str, kind: str, words: Words, *, settled: bool = True) -> Departure:
    return Departure(about=about, kind=kind, settled=settled, words=words)


def _loggers(trial: Trial, contract: Contract) -> Iterator[Departure]:
    stated = {m["name"]: m["version"] for text in trial.remarks for m in STATED.finditer(text)}
    for name, version in contract.loggers:
        if name not in stated:
            yield _said(name, "firmware", (
                f"The log does not state the firmware of logger {name}. The contract asks for {version}. "
                f'Add the remark "logger {name} firmware {version}" where the log is written, if that is so.',
                f"日志未注明记录仪 {name} 的固件版本。契约要求 {version}。请在写日志处注明。"),
                settled=False)  # fmt: skip
        elif stated[name] != version:
            yield _said(name, "firmware", (
                f"Logger {name} ran firmware {stated[name]}. The contract asks for {version}. "
                "Compare units and rates with an earlier log, then renew the contract, or restore the firmware.",
                f"记录仪 {name} 的固件为 {stated[name]}。契约要求 {version}。"
                "请核对单位与采样率后更新契约，或恢复固件。"))  # fmt: skip


def _unit(channel: Channel, clause: Clause) -> Iterator[Departure]:
    asked = clause.logged_unit or clause.unit
    if channel.unit != clause.unit or (clause.logged_unit and channel.logged_unit != clause.logged_unit):
        yield _said(channel.name, "unit", (
            f"'{channel.name}' is logged in {channel.logged_unit}. The contract asks for {asked}. "
            "Set the logger's unit back, or renew the contract.",
            f"通道“{channel.name}”的记录单位为 {channel.logged_unit}。契约要求 {asked}。"
            "请恢复记录仪单位或更新契约。"))  # fmt: skip


def _readings(channel: Channel, clause: Clause) -> Iterator[Departure]:
    name, unit = channel.name, clause.unit
    t, x = channel.t[channel.reads], channel.values[channel.reads]
    if x.size < 2:
        yield _said(name, "dead", (
            f"'{name}' has {x.size} readings. A channel that is alive has more. Look for its lead.",
            f"通道“{name}”只有 {x.size} 个读数。正常通道应有更多读数。请检查接线。"))  # fmt: skip
        return
    if clause.span is not None:
        out = (x < clause.span[0]) | (x > clause.span[1])
        if out.any():
            k = int(np.argmax(out))
            yield _said(name, "range", (
                f"'{name}' reads {x[k]:.5g} {unit} at {t[k]:g} s ({int(out.sum())} of {x.size} readings). The contract "
                f"spans {clause.span[0]:g} to {clause.span[1]:g} {unit}. Look for an open lead or another unit.",
                f"通道“{name}”在 {t[k]:g} s 读数为 {x[k]:.5g} {unit}（{x.size} 个中有 {int(out.sum())} 个）。"
                f"契约范围为 {clause.span[0]:g} 至 {clause.span[1]:g} {unit}。请检查断线或单位。"))  # fmt: skip
    steps = np.abs(np.diff(x))
    if clause.resolution > 0.0 and (steps > 0.0).any():
        levels = np.diff(np.unique(x))
        step = float(levels[levels > 1e-9 * max(float(np.abs(x).max()), 1e-300)].min(initial=np.inf))
        if np.isfinite(step) and step > 1.01 * clause.resolution:
            yield _said(name, "resolution", (
                f"'{name}' steps by {step:.3g} {unit}. The contract asks for {clause.resolution:g} or finer. "
                "Set the logger's range or its digits.",
                f"通道“{name}”的最小步进为 {step:.3g} {unit}。契约要求不大于 {clause.resolution:g}。"
                "请设置量程或位数。"))  # fmt: skip
    if clause.stuck > 0.0:
        ends = np.concatenate([[0], np.flatnonzero(steps > 0.0) + 1, [x.size]])
        lasts = t[ends[1:] - 1] - t[ends[:-1]]
        k = int(np.argmax(lasts))
        if lasts[k] > clause.stuck:
            yield _said(name, "stuck", (
                f"'{name}' stays at {x[ends[k]]:.5g} {unit} for {lasts[k]:g} s from {t[ends[k]]:g} s. The contract "
                f"allows {clause.stuck:g} s. Look at the logger, and strike those readings out.",
                f"通道“{name}”自 {t[ends[k]]:g} s 起 {lasts[k]:g} s 停在 {x[ends[k]]:.5g} {unit}。"
                f"契约允许 {clause.stuck:g} s。请检查记录仪并剔除这些读数。"))  # fmt: skip
    if clause.slope > 0.0:
        rates = steps / np.diff(t)
        k = int(np.argmax(rates))
        if rates[k] > clause.slope:
            yield _said(name, "slope", (
                f"'{name}' moves by {rates[k]:.3g} {unit}/s at {t[k]:g} s. The contract allows {clause.slope:g}. "
                "Look for a loose contact or a jump of the logger.",
                f"通道“{name}”在 {t[k]:g} s 变化率为 {rates[k]:.3g} {unit}/s。契约允许 {clause.slope:g}。"
                "请检查接触或记录仪跳变。"))  # fmt: skip


def _times(channel: Channel, clause: Clause) -> Iterator[Departure]:
    name, t = channel.name, channel.t[channel.reads]
    if clause.every > 0.0 and channel.t.size > 2:
        steps = np.diff(channel.t)
        middle = float(np.median(steps))
        if abs(middle - clause.every) > clause.jitter * clause.every:
            yield _said(name, "rate", (
                f"'{name}' is read every {middle:.4g} s. The contract asks for {clause.every:g} s within "
                f"{clause.jitter:.0%}. Set the logger's rate.",
                f"通道“{name}”每 {middle:.4g} s 一次读数。契约要求 {clause.every:g} s（±{clause.jitter:.0%}）。"
                "请设置采样率。"))  # fmt: skip
    if clause.gap > 0.0 and t.size:
        ends = np.unique(np.concatenate([channel.t[:1], t, channel.t[-1:]]))
        waits = np.diff(ends)
        k = int(np.argmax(waits)) if waits.size else 0
        if waits.size and waits[k] > clause.gap:
            yield _said(name, "gap", (
                f"'{name}' says nothing for {waits[k]:.4g} s from {ends[k]:g} s. The contract allows {clause.gap:g} s. "
                "Look for the cause, and do not fill the gap.",
                f"通道“{name}”自 {ends[k]:g} s 起 {waits[k]:.4g} s 无读数。契约允许 {clause.gap:g} s。"
                "请查明原因，不得填补。"))  # fmt: skip


def _swaps(channel: Channel, earlier: Sequence[Channel]) -> Iterator[Departure]:
    found: list[Swap | None] = [within(channel), against_history(channel, earlier) if earlier else None]
    for swap in found:
        if swap is not None:
            where, where_zh = (f" at {swap.at:g} s", f"在 {swap.at:g} s 处") if swap.at is not None else ("", "")
            yield _said(channel.name, "swapped unit", (
                f"'{channel.name}' goes from {swap.before:.5g} to {swap.after:.5g} {channel.unit}{where}. That is what "
                f"{swap.written} taken for {swap.taken} gives, to {swap.off:.2g} {channel.unit}. Compare the logger's "
                "unit before and after its firmware changed, and read the log again with the right one.",
                f"通道“{channel.name}”{where_zh}由 {swap.before:.5g} 变为 {swap.after:.5g} {channel.unit}。"
                f"这与把 {swap.written} 当作 {swap.taken} 相符（相差 {swap.off:.2g} {channel.unit}）。"
                "请核对固件更换前后的单位并重新读入。"))  # fmt: skip
            return


def _clock(first: Channel, second: Channel, pair: Pair) -> Iterator[Departure]:
    begin, end = max(first.t[0], second.t[0]), min(first.t[-1], second.t[-1])
    third = (end - begin) / 3.0
    about = f"{pair.first}, {pair.second}"
    parts = [(begin, begin + third), (end - third, end)] if third > 0.0 else []
    lags = [_lag(first, second, a, b, pair.offset) for a, b in parts]
    known = [lag for lag in lags if lag is not None]
    if len(known) < 2:
        yield _said(about, "clock", (
            f"'{pair.first}' and '{pair.second}' do not show by how much their clocks differ: they vary alike in "
            f"{len(known)} of two ends of the log. Both see the same event twice. Give them one at start and end.",
            f"“{pair.first}”与“{pair.second}”不足以判断时钟差：日志首尾仅 {len(known)} 处变化一致。"
            "二者应在首尾各见同一事件。请安排该事件。"), settled=False)  # fmt: skip
        return
    drift = (known[1] - known[0]) / (2.0 * third)
    if max(map(abs, known)) > pair.offset or abs(drift) > pair.drift:
        yield _said(about, "clock", (
            f"The clock of '{pair.second}' is off that of '{pair.first}' by {known[0]:+.3g} s at the start and "
            f"{known[1]:+.3g} s at the end ({drift:+.2g} s/s). The contract allows {pair.offset:g} s and "
            f"{pair.drift:g} s/s. Set the loggers to one time source.",
            f"“{pair.second}”的时钟相对“{pair.first}”在起点差 {known[0]:+.3g} s，终点差 {known[1]:+.3g} s"
            f"（{drift:+.2g} s/s）。契约允许 {pair.offset:g} s 与 {pair.drift:g} s/s。请统一时间源。"))  # fmt: skip


def _lag(first: Channel, second: Channel, begin: float, end: float, offset: float) -> float | None:
    """By how many s the second channel is late in a stretch, None where the two do not vary alike."""
    if min(first.reads.sum(), second.reads.sum()) < 2:
        return None
    step = max(float(np.median(np.diff(c.t))) for c in (first, second))
    reach = min(max(20.0 * offset, 10.0 * step), 0.45 * (end - begin))
    t = np.arange(begin + reach, end - reach, step)
    if t.size < 8:
        return None
    a = np.interp(t, first.t[first.reads], first.values[first.reads])
    shifts = np.linspace(-reach, reach, 2 * max(int(4 * reach / step), 20) + 1)
    rows = np.interp(t[None, :] + shifts[:, None], second.t[second.reads], second.values[second.reads])
    a, rows = a - a.mean(), rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt(np.sum(a**2) * np.sum(rows**2, axis=1))
    like = rows @ a / np.maximum(size, 1e-300)
    k = int(np.argmax(like))
    if like[k] < LIKE or not 0 < k < shifts.size - 1 or like[k] - max(like[0], like[-1]) < 1e-3:
        return None
    curve = like[k - 1] - 2.0 * like[k] + like[k + 1]
    within_step = 0.5 * (like[k - 1] - like[k + 1]) / curve if curve < 0.0 else 0.0
    return float(shifts[k] + within_step * (shifts[1] - shifts[0]))
