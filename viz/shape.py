"""A part of triangles on a page of its own: what it measures, or where it does not close."""

import base64
import gzip
import html
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..models.surface import Surface
from .report import fill

Fact = tuple[str, str, str]
FEW = 20_000  # triangles up to which their edges are drawn
MARKS = 2_000  # places at most


def shape(surface: Surface, path: Path | str, *, name: str, facts: Sequence[Fact] = (), wrong: str = "",
          places: ArrayLike = ()) -> Path:  # fmt: skip
    """Draw a surface to be turned in a browser, with red marks where something is wrong; say where the page is.

    The page is one file in English and Chinese, and asks nothing of any network.

    Parameters
    ----------
    facts : sequence of (English, Chinese, value)
        Rows of a table.
    wrong : str
        What is wrong, in three beats; nothing where nothing is.
    places : (n, 3) m
        Where.
    """
    marks = np.asarray(places, dtype=float).reshape(-1, 3)
    data = {"points": _squeeze((1e3 * surface.points).astype("<f4")), "edges": len(surface.triangles) <= FEW,
            "triangles": _squeeze(surface.triangles.astype("<u4")),
            "places": (1e3 * marks[:MARKS]).tolist()}  # fmt: skip
    told = [f'<p class="wrong">{html.escape(wrong)}</p>'] if wrong else []
    told += [f'<p class="mended">{html.escape(one)}</p>' for one in surface.mended]
    blocks = {"name": html.escape(name), "words": "\n".join(told), "facts": _table(facts) + _places(marks),
              "data": json.dumps(data)}  # fmt: skip
    return fill(Path(path), "shape.html", blocks)


def _table(facts: Sequence[Fact]) -> str:
    rows = [f"<tr><th>{html.escape(en)} · {html.escape(zh)}</th><td>{html.escape(value)}</td></tr>"
            for en, zh, value in facts]  # fmt: skip
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _places(marks: NDArray[np.float64], most: int = 12) -> str:
    if not len(marks):
        return ""
    rows = [f"<tr><td>{', '.join(f'{1e3 * c:.6g}' for c in mark)}</td></tr>" for mark in marks[:most]]
    more = f"<tr><td>+ {len(marks) - most}</td></tr>" if len(marks) > most else ""
    return f"<table><tr><th>where · 位置 (x, y, z) / mm</th></tr>{''.join(rows)}{more}</table>"


def _squeeze(array: NDArray[np.generic]) -> str:
    return base64.b64encode(gzip.compress(np.ascontiguousarray(array).tobytes(), 6, mtime=0)).decode("ascii")
