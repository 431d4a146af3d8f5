"""The door for STL: binary and text, one solid or several, as triangles in the unit of the file."""

import re
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
HEADER, COUNT = 80, 4  # bytes before the triangles of a binary file
RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
LIMIT = re.compile(rb"solid\b[ \t]*([^\r\n]*)")
VERTEX = re.compile(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)")
FACET = re.compile(rb"facet(.*?)endfacet", re.DOTALL)


def read_stl(path: Path | str) -> tuple[Array, Ints, tuple[str, ...]]:
    """Corners (nt, 3, 3) in the unit of the file, the solid (nt,) of each triangle, and the names of the solids.

    A file is binary where its size fits the count after its header, whatever the header says. Normals in the file are
    not read: the order of the corners says which side is outside. Solids of one name are one solid.

    Raises
    ------
    ModelError
        If the file is missing, cut off, neither binary nor text STL, without triangles, or has a corner that is not a
        finite number; it says where.

    References
    ----------
    StereoLithography Interface Specification, 3D Systems, 1989.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: there is no such file. A surface is read from one. Correct the path.")
    data = path.read_bytes()
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(b"solid") and not _binary_size(data)
    words = data[:4096].lower()
    if text and (b"facet" in words or b"endsolid" in words):
        pieces = _read_text(path.name, data)
    else:
        pieces = _read_binary(path.name, data)
    corners = np.concatenate([corners for _, corners in pieces]) if pieces else np.zeros((0, 3, 3))
    if len(corners) == 0:
        raise ModelError(
            f"{path.name} holds no triangle in {len(data)} bytes. A surface has four or more. "
            "Export the part again, with a body selected."
        )
    finite = np.isfinite(corners).all(axis=(1, 2))
    if not finite.all():
        bad = int(np.argmin(finite))
        at = ", ".join(f"({', '.join(f'{float(c):g}' for c in corner)})" for corner in corners[bad])
        raise ModelError(
            f"{path.name}: triangle {bad + 1} has the corners {at}, and {int((~finite).sum()) - 1} more are like it. "
            "Every coordinate is finite. Mend the triangle where the surface is made."
        )
    given = [name for name, _ in pieces]
    known = tuple(dict.fromkeys(name or f"solid {n + 1}" for n, name in enumerate(given)))
    index = [known.index(name or f"solid {n + 1}") for n, name in enumerate(given)]
    solid = np.repeat(np.asarray(index, dtype=np.int64), [len(corners) for _, corners in pieces])
    return corners, solid, known if any(given) or len(known) > 1 else (path.stem,)


def _binary_size(data: bytes) -> bool:
    """Whether the first count after a header fits the size: no text can do that by chance."""
    count = int.from_bytes(data[HEADER : HEADER + COUNT], "little")
    return len(data) == HEADER + COUNT + RECORD.itemsize * count


def _read_binary(name: str, data: bytes) -> list[tuple[str, Array]]:
    """Name and corners of each solid; solids may follow each other, each with its own header."""
    pieces: list[tuple[str, Array]] = []
    begin = 0
    while begin < len(data):
        first = begin + HEADER + COUNT
        held = max(len(data) - first, 0)
        count = int.from_bytes(data[first - COUNT : first], "little")
        if len(data) < first or held < RECORD.itemsize * count:
            what = f"states {count} triangles in {RECORD.itemsize * count} bytes and holds {held} bytes"
            if len(data) < first:
                what = f"ends {first - len(data)} bytes before its count of triangles"
            after = f" after {sum(len(c) for _, c in pieces)} whole ones" if pieces else ""
            raise ModelError(
                f"{name} {what}{after}: it is cut off, or no STL. A binary STL has 84 bytes, then 50 for each "
                "triangle; a text one begins with 'solid'. Copy or export the file again."
            )
        table = np.frombuffer(data, dtype=RECORD, count=count, offset=first)
        with np.errstate(invalid="ignore"):  # a NaN that signals is told like any other
            pieces.append((f"solid {len(pieces) + 1}" if pieces else "", table["corners"].astype(np.float64)))
        begin = first + RECORD.itemsize * count
    return pieces


def _read_text(name: str, data: bytes) -> list[tuple[str, Array]]:
    """Name and corners of each solid, each from its `solid` line to its `endsolid`."""
    plain = data if b"vertex" in data and b"endsolid" in data else data.lower()
    limits = [(m, ends) for m in LIMIT.finditer(plain) if (ends := _ends(plain, m.start())) is not None]
    pieces = []
    for n, (limit, ends) in enumerate(limits):
        if ends:
            continue
        after, whole = limits[n + 1] if n + 1 < len(limits) else (None, False)
        if after is None or not whole:
            begins = "the file ends" if after is None else f"line {_line(data, after.start())} begins another"
            raise ModelError(
                f"{name}: the solid of line {_line(data, limit.start())} has no 'endsolid' before {begins}: it is cut "
                "off. Each solid ends with one. Copy or export the file again."
            )
        begin, end = limit.end(), after.start()
        words = VERTEX.findall(plain, begin, end)
        if len(words) != 3 * plain.count(b"endfacet", begin, end):
            raise _broken_facet(name, plain, begin, end)
        try:
            numbers = np.fromiter(map(float, chain.from_iterable(words)), np.float64, 3 * len(words))
        except ValueError as cause:
            raise _broken_number(name, plain, begin, end) from cause
        pieces.append((_decoded(data[limit.start(1) : limit.end(1)].strip()), numbers.reshape(-1, 3, 3)))
    return pieces


def _ends(data: bytes, at: int) -> bool | None:
    """Whether the word 'solid' there ends a solid; nothing if it does not begin its line, as in a name."""
    before = data[data.rfind(b"\n", 0, at) + 1 : at].strip(b"\xef\xbb\xbf \t\r")
    return {b"": False, b"end": True}.get(before)


def _broken_facet(name: str, data: bytes, begin: int, end: int) -> ModelError:
    """The first facet without three corners, or the one that never ends."""
    at, corners, last = begin, 0, begin
    for facet in FACET.finditer(data, begin, end):
        at, corners, last = facet.start(), len(VERTEX.findall(facet[1])), facet.end()
        if corners != 3:
            break
    else:
        at = max(data.find(b"facet", last, end), last)
        corners = len(VERTEX.findall(data, at, end))
    return ModelError(
        f"{name}, line {_line(data, at)}: a facet has {corners} corners or does not end. A facet has three lines "
        "'vertex x y z' and ends with 'endfacet'. Export the file again."
    )


def _broken_number(name: str, data: bytes, begin: int, end: int) -> ModelError:
    for vertex in VERTEX.finditer(data, begin, end):
        try:
            [float(word) for word in vertex.groups()]
        except ValueError:
            told = " ".join(_decoded(word) for word in vertex.groups())
            return ModelError(
                f"{name}, line {_line(data, vertex.start())}: '{told}' is no corner. A corner is three numbers with a "
                "decimal point. Export the file again."
            )
    raise AssertionError("every corner is a number")


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _decoded(name: bytes) -> str:
    for coding in ("utf-8", "gb18030"):
        try:
            return name.decode(coding)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")
