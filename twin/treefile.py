"""Requirement trees in files: TOML and CSV, and a subset of ReqIF through `reqif`."""

import csv
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from io import StringIO
from pathlib import Path
from typing import Any

from ..models import ModelError
from ..models.errors import did_you_mean
from .reqif import from_reqif, to_reqif
from .sealed import sealed
from .tree import SCHEMA, Node, Tree

COLUMNS = tuple(field.name for field in fields(Node))
TOP = ("schema", "id", "text", "text_zh", "risk", "requirement")
KINDS = (".toml", ".csv", ".reqif")


def read_tree(file: Path | str, *, verification: str = "") -> Tree:
    """A requirement tree from a .toml, .csv or .reqif file.

    Parameters
    ----------
    file : Path or str
    verification : str
        Which of the five a leaf serves that does not say so, as leaves of other tools' ReqIF.

    Raises
    ------
    ModelError
        If the file is missing, is not of its form, holds an unknown key, or its tree does not hold together.
    """
    path = Path(file)
    kind = _kind(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as cause:
        raise ModelError(f"{path} does not exist. A requirement tree is a file. Correct the path.") from cause
    except ValueError as cause:
        raise ModelError(f"{path} is not UTF-8: {cause}. Trees are read as UTF-8. Save it so.") from cause
    if kind == ".toml":
        top, rows = _from_toml(path, text)
    elif kind == ".csv":
        top, rows = {}, _from_csv(path, text)
    else:
        top, rows = from_reqif(path, text)
    nodes = [Node(**row) for row in rows]
    parents = {node.parent for node in nodes}
    if verification:
        nodes = [n if n.verification or n.id in parents else replace(n, verification=verification) for n in nodes]
    return Tree(**{"id": path.stem, **top}, nodes=tuple(nodes))


def write_tree(tree: Tree, file: Path | str) -> Path:
    """The tree as .toml, .csv (its nodes alone) or .reqif, by the file's ending."""
    path = Path(file)
    text = {".toml": _to_toml, ".csv": _to_csv, ".reqif": to_reqif}[_kind(path)](tree)
    with sealed(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return path


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ModelError(
            f"{path.name} ends in '{path.suffix}'. Trees are read and written as {', '.join(KINDS)}. "
            "Name one of those (a .reqifz is a zip: unpack it)."
        )
    return kind


def _from_toml(path: Path, text: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        raise ModelError(f"{path} is not TOML: {cause}. A tree is. Mend that line.") from cause
    if given.get("schema") != SCHEMA:
        raise ModelError(
            f"{path}: schema is {given.get('schema')!r}. This version reads '{SCHEMA}'. "
            f'Write schema = "{SCHEMA}" in its first line.'
        )
    for key in given:
        if key not in TOP:
            raise ModelError(f"{path}: key '{key}' is not known. {did_you_mean(key, TOP)} Correct it.")
    rows = given.get("requirement", [])
    if not isinstance(rows, list):
        raise ModelError(f"{path}: [requirement] is one table. Each requirement has its own. Write [[requirement]].")
    top = {key: given[key] for key in TOP[1:5] if key in given}
    for key, value in top.items():
        if not isinstance(value, (int, float) if key == "risk" else str) or isinstance(value, bool):
            raise ModelError(
                f"{path}: {key} = {value!r} is of another kind. Texts are quoted, a risk is a number. Mend it."
            )
    return top, [_row(path, row, number) for number, row in enumerate(rows, 1)]


def _from_csv(path: Path, text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(StringIO(text, newline=""))
    rows = []
    for number, row in enumerate(reader, 2):
        if None in row or None in row.values():
            raise ModelError(
                f"{path}: line {number} has not as many fields as the header. Each line has one for each column. "
                "Look for a comma in a text without quotes."
            )
        rows.append(_row(path, {key.strip(): value.strip() for key, value in row.items()}, number))
    return rows


def _row(path: Path, row: Mapping[str, Any], number: int) -> dict[str, str]:
    for key, value in row.items():
        if key not in COLUMNS:
            raise ModelError(f"{path}: '{key}' is not known. {did_you_mean(key, COLUMNS)} Correct it.")
        if not isinstance(value, str):
            raise ModelError(f"{path}: {key} = {value!r} of requirement {number} is no text. Each is. Quote it.")
    lacking = [key for key in ("id", "text") if not row.get(key)]
    if lacking:
        raise ModelError(
            f"{path}: requirement {number} has no {' and no '.join(lacking)}. Each has an id and a text. Add them."
        )
    return dict(row)


def _to_toml(tree: Tree) -> str:
    lines = [f'schema = "{SCHEMA}"', f"id = {_quoted(tree.id)}", f"risk = {tree.risk!r}"]
    lines += [f"{key} = {_quoted(value)}" for key, value in (("text", tree.text), ("text_zh", tree.text_zh)) if value]
    for node in tree.nodes:
        lines += ["", "[[requirement]]"]
        lines += [f"{key} = {_quoted(getattr(node, key))}" for key in COLUMNS if getattr(node, key)]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _to_csv(tree: Tree) -> str:
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(node, key) for key in COLUMNS] for node in tree.nodes)
    return stream.getvalue()
