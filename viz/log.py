"""A log on a page of its own: every channel over time, what looks wrong marked and told; and a curve in one line."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models import Channel, Trial
from .report import fill

Found = tuple[str, float, float, str, str]
MOST = 4000  # points of a curve
BARS = "▁▂▃▄▅▆▇█"
SHOWN = {"K": ("°C", 1.0, -273.15)}  # how an SI unit is drawn: name, scale, offset


def log_page(trial: Trial, path: Path | str, *, found: Sequence[Found] = ()) -> Path:
    """Draw the channels of a trial, one panel for each unit, and say where the page is; it opens nothing.

    The page is one file in English and Chinese, and asks nothing of any network. Long records are thinned so that each
    stretch keeps its lowest and its highest reading; gaps stay gaps.

    Parameters
    ----------
    found : sequence of (channel, begin s, end s, English, Chinese)
        What looks wrong: each is listed, and its span is shaded.
    """
    traces = [_trace(channel) for channel in trial.channels.values()]
    marks = [{"channel": c, "begin": float(b), "end": float(e)} for c, b, e, _, _ in found]
    rows = "".join(
        f"<tr><td>{html.escape(c)}</td><td>{b:.6g}</td><td>{e:.6g}</td><td>{html.escape(en)}"
        f'<br><span lang="zh">{html.escape(zh)}</span></td></tr>' for c, b, e, en, zh in found)  # fmt: skip
    told = ("<table><tr><th>channel · 通道</th><th>from · 自 / s</th><th>to · 至 / s</th><th>finding · 发现</th></tr>"
            f"{rows}</table>" if rows else "<p>Nothing looks wrong. 未发现异常。</p>")  # fmt: skip
    unused = "".join(
        f'<p class="mended">{html.escape(c.name)}: out of use · 停用: {html.escape(c.unused)}</p>'
        for c in trial.channels.values() if c.unused)  # fmt: skip
    facts = [("title · 标题", trial.title), ("source · 来源", trial.source), ("started · 开始", trial.started),
             ("content · 内容哈希", trial.content[:16])]  # fmt: skip
    facts += [("remark · 备注", one) for one in trial.remarks]
    table = "".join(f"<tr><th>{head}</th><td>{html.escape(text)}</td></tr>" for head, text in facts if text)
    data = json.dumps({"traces": traces, "marks": marks}, ensure_ascii=False, allow_nan=False)
    data = data.replace("&", "\\u0026").replace("<", "\\u003c")
    blocks = {"name": html.escape(trial.name), "facts": f"<table>{table}</table>" if table else "",
              "found": unused + told, "data": data}  # fmt: skip
    return fill(Path(path), "log.html", blocks)


def sparkline(values: ArrayLike, *, width: int = 24) -> str:
    """A curve as one line of blocks, a blank where a stretch holds no reading.

    Parameters
    ----------
    values : (n,)
        NaN is a gap.
    """
    x = np.asarray(values, dtype=float)
    if not np.isfinite(x).any():
        return " " * min(width, x.size)
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    drawn = []
    for part in np.array_split(x, min(width, x.size)):
        seen = part[np.isfinite(part)]
        share = 0.0 if high == low or not seen.size else (float(seen.mean()) - low) / (high - low)
        drawn.append(BARS[min(int(share * len(BARS)), len(BARS) - 1)] if seen.size else " ")
    return "".join(drawn)


def _trace(channel: Channel) -> dict[str, object]:
    keep = _kept(channel.values)
    name, scale, offset = SHOWN.get(channel.unit, (channel.unit, 1.0, 0.0))
    values = scale * channel.values[keep] + offset
    return {"name": channel.name, "unit": name, "t": [float(f"{t:.9g}") for t in channel.t[keep]],
            "y": [float(f"{v:.7g}") if np.isfinite(v) else None for v in values], "drives": channel.drives,
            "unused": bool(channel.unused)}  # fmt: skip


def _kept(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices (at most about `MOST`): of each stretch its first, lowest and highest reading, and its first gap."""
    if values.size <= MOST:
        return np.arange(values.size)
    kept: set[int] = {0, values.size - 1}
    for part in np.array_split(np.arange(values.size), MOST // 4):
        own = values[part]
        gaps = np.flatnonzero(~np.isfinite(own))
        kept.add(int(part[0]))
        if gaps.size:
            kept.add(int(part[gaps[0]]))
        if gaps.size < own.size:
            kept |= {int(part[np.nanargmin(own)]), int(part[np.nanargmax(own)])}
    return np.array(sorted(kept))
