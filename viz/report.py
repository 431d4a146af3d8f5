"""The report: one page that opens by double click, drawn from verdict.json and the fields that it names."""

import base64
import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..models.digest import digest
from ..models.errors import ModelError
from ..models.fieldfile import is_deformed, read_deformed, read_fields
from ..models.units import factor
from ..models.verdict import SCHEMA, readable
from .deformed import pack_deformed
from .surface import pack, surface

LARGEST = 6_000_000  # bytes of a page
MOST = 1500  # points of a curve
SCRIPTS = ("unpack.js", "page.js", "charts.js", "sections.js", "studies.js", "measured.js", "evidence.js", "plots.js",
           "solid.js", "stage.js", "bent.js", "part.js", "start.js")  # fmt: skip


def report(folder: Path | str) -> Path:
    """Draw `report.html` beside `verdict.json` and say where it is.

    The page is one file, at most 6 MB, in English and Chinese, and asks nothing of any network.

    Parameters
    ----------
    folder : Path or str
        Holds verdict.json and the field files that it names; a field file that is absent is said to be.

    Raises
    ------
    ModelError
        If verdict.json is missing, is no verdict, or names a field file whose content has changed since.
    """
    folder = Path(folder)
    verdict = _read(folder)
    words = vocabulary()
    content = {**verdict, "series": _thin(verdict.get("series") or [])}
    signed = _signatures(folder)
    frame = _page(content, words, [], [], signed)
    room = LARGEST - len(frame.encode()) - 60_000
    named = verdict.get("fields") or []
    packed = [_field(folder, one, room // len(named)) for one in named]
    page = _page(content, words, packed, named, signed)
    if len(page.encode()) > LARGEST:
        raise ModelError(
            f"{folder}: the page would be {len(page.encode()) / 1e6:.1f} MB. A page is at most {LARGEST / 1e6:g} MB. "
            "Put fewer series or fields into verdict.json."
        )
    return put(folder / "report.html", page)


def vocabulary() -> dict[str, dict[str, dict[str, str]]]:
    """Section, key and language of every word that the page says of its own."""
    return tomllib.loads(asset("words.toml"))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "verdict.json"
    if not path.is_file():
        raise ModelError(
            f"{folder} holds no verdict.json. A report is drawn from one. Run the case first, or name its folder."
        )
    try:
        noun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as cause:
        raise ModelError(
            f"{path} is not JSON ({cause}). verdict.json is canonical JSON in UTF-8. "
            "Copy it again, or run the case again."
        ) from cause
    if not isinstance(noun, dict) or not readable(noun.get("schema")):
        found = noun.get("schema") if isinstance(noun, dict) else type(noun).__name__
        raise ModelError(
            f"{path} has schema {found!r}. This version draws {SCHEMA!r}. Use the version that wrote it, or run again."
        )
    return noun


def _thin(series: list[Any]) -> list[Any]:
    """Curves of at most `MOST` points; `every` says how many were stepped over."""
    thin = []
    for one in series:
        stride = -(-len(one.get("t") or []) // MOST)
        lists = {key: value[::stride] for key, value in one.items()
                 if isinstance(value, list) and key != "place" and stride > 1}  # fmt: skip
        thin.append({**one, **lists, "every": stride or 1})
    return thin


def _field(folder: Path, named: Mapping[str, Any], room: int) -> dict[str, Any]:
    path = folder / str(named["file"])
    if not path.is_file():
        return {"trouble": "missing"}
    if is_deformed(path):
        several = read_deformed(path)
        _refuse_changed(path, digest(several), named)
        return pack_deformed(several, room) or {"trouble": "too-large", "faces": len(surface(several[0]).quads)}
    fields = read_fields(path)
    _refuse_changed(path, fields.digest(), named)
    packed = pack(fields, named.get("probes") or [], room)
    return packed or {"trouble": "too-large", "faces": len(surface(fields).quads)}


def _refuse_changed(path: Path, found: str, named: Mapping[str, Any]) -> None:
    stated = named.get("digest")
    if stated and stated not in (found, hashlib.sha256(path.read_bytes()).hexdigest()):
        raise ModelError(
            f"{path.name} has digest {found[:12]}..., verdict.json states {str(stated)[:12]}... "
            "A report shows the fields that the verdict rests on. Restore the file, or run the case again."
        )


def _units(noun: Any) -> dict[str, list[float]]:
    """Scale and offset from SI to every unit for reading in `noun`: shown = scale * SI + offset."""
    scale, offset = factor("degC", "K")
    found = {"K|degC": [1.0 / scale, -offset / scale]}  # levels of a cooling time are read so
    found |= {"Pa|MPa": [1e-6, 0.0], "m|mm": [1e3, 0.0]}  # and structures so

    def walk(node: Any, unit: Any, display: Any) -> None:
        if isinstance(node, Mapping):
            unit, display = node.get("unit", unit), node.get("display", display)
            if isinstance(node.get("interest"), Mapping):
                unit = node["interest"].get("unit", unit)
            if isinstance(unit, str) and isinstance(display, str):
                try:
                    scale, offset = factor(display, unit)
                    found[f"{unit}|{display}"] = [1.0 / scale, -offset / scale]
                except ModelError:
                    return
            for child in node.values():
                walk(child, unit, display)
        elif isinstance(node, list) and node and isinstance(node[0], Mapping):
            for child in node:
                walk(child, unit, display)

    walk(noun, None, None)
    return found


def _signatures(folder: Path) -> list[dict[str, Any]]:
    """Who signed beside verdict.json, as the envelopes say it: a page holds no keys, and tells what it cannot know."""
    there = folder / "verdict.intoto.jsonl"
    mark = hashlib.sha256((folder / "verdict.json").read_bytes()).hexdigest()
    found = []
    for line in there.read_bytes().splitlines() if there.is_file() else []:
        try:
            statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
            one = {key: str(statement["predicate"][key]) for key in ("role", "name", "at")}
            found.append({**one, "about": statement["subject"][0]["digest"]["sha256"] == mark})
        except (ValueError, LookupError, TypeError):
            found.append({"role": "", "name": "", "at": "", "about": False})
    return found


def _page(content: Mapping[str, Any], words: Any, packed: list[Any], named: list[Any],
          signed: list[dict[str, Any]]) -> str:  # fmt: skip
    data = {"verdict": content, "fields": packed, "signed": signed, "units": _units([content, *named])}
    blocks = {
        "css": asset("page.css"),
        "data": _inert(data),
        "words": _inert(words),
        "plotly": plotly(),
        "js": "\n".join(asset(name) for name in SCRIPTS),
    }
    return _filled("page.html", blocks)


def _inert(noun: Any) -> str:
    """JSON that no text inside can end: a page holds it as data."""
    text = json.dumps(noun, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").replace("\u2028", "\\u2028")


def fill(path: Path, frame: str, blocks: Mapping[str, str]) -> Path:
    """Write a page of its own from a frame of this room, its blocks put in, and say where it is."""
    known = {**blocks, "plotly": plotly(), "unpack": asset("unpack.js")}
    path.parent.mkdir(parents=True, exist_ok=True)
    return put(path, _filled(frame, known))


def put(path: Path, page: str) -> Path:
    """Write a page, whole or not at all, and say where it is."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(page, encoding="utf-8", newline="\n")
    part.replace(path)
    return path


def _filled(frame: str, blocks: Mapping[str, str]) -> str:
    """A frame of this room with its blocks put in."""
    return re.sub(r"<!--\((\w+)\)-->", lambda found: blocks[found.group(1)], asset(frame))


def asset(name: str) -> str:
    """A text file of this room."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def plotly() -> str:
    """plotly.min.js of the installed plotly, squeezed; the page unpacks it."""
    spec = find_spec("plotly")
    script = Path((spec.submodule_search_locations or [""])[0] if spec else "") / "package_data" / "plotly.min.js"
    if not script.is_file():
        raise ModelError(
            "plotly.min.js is not installed. The report draws its curves with it. Install it: pip install plotly"
        )
    return base64.b64encode(gzip.compress(script.read_bytes(), 9, mtime=0)).decode("ascii")
