"""Identity by content: the same noun has the same digest on every machine."""

import dataclasses
import enum
import hashlib
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ModelError


def digest(noun: Any) -> str:
    """SHA-256 (hex) of what a noun holds: dataclasses, arrays, mappings, sequences and plain values.

    Numbers count by value: 900 and 900.0 are the same recipe.

    Raises
    ------
    ModelError
        If something in it is no data, such as a function.
    """
    sha = hashlib.sha256()
    _feed(noun, sha.update)
    return sha.hexdigest()


def _feed(noun: Any, eat: Any) -> None:
    if noun is None or isinstance(noun, (bool, np.bool_)):
        eat(f"c{noun};".encode())
    elif isinstance(noun, enum.Enum):
        eat(f"e{noun.name};".encode())
    elif isinstance(noun, str):
        eat(f"s{len(noun.encode())}:".encode() + noun.encode())
    elif isinstance(noun, bytes):
        eat(f"b{len(noun)}:".encode() + noun)
    elif isinstance(noun, (int, np.integer)) and abs(int(noun)) > 2**53:
        eat(f"i{int(noun)};".encode())
    elif isinstance(noun, (int, np.integer, float, np.floating)):
        eat(b"f" + struct.pack("<d", float(noun) + 0.0))
    elif isinstance(noun, np.ndarray):
        little = np.ascontiguousarray(noun, dtype=noun.dtype.newbyteorder("<"))
        eat(f"a{little.dtype.str}{little.shape};".encode() + little.tobytes())
    elif dataclasses.is_dataclass(noun) and not isinstance(noun, type):
        eat(f"d{type(noun).__name__}(".encode())
        for field in dataclasses.fields(noun):
            eat(f"{field.name}=".encode())
            _feed(getattr(noun, field.name), eat)
        eat(b")")
    elif isinstance(noun, Mapping):
        eat(b"m{")
        for key in sorted(noun, key=str):
            _feed(key, eat)
            _feed(noun[key], eat)
        eat(b"}")
    elif isinstance(noun, (list, tuple)):
        eat(b"l[")
        for item in noun:
            _feed(item, eat)
        eat(b"]")
    else:
        raise ModelError(
            f"{type(noun).__name__} has no content hash. Plain values, arrays and nouns have one: a recipe is data. "
            "Replace the function by the numbers that it returns."
        )
