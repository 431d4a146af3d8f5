"""Read-only mappings, as nouns hold them; they travel to other processes, which pickle alone does not know."""

import copyreg
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def read_only(held: Mapping[Any, Any]) -> MappingProxyType[Any, Any]:
    """A mapping that cannot be changed, as nouns hold them."""
    return MappingProxyType(dict(held))


copyreg.pickle(MappingProxyType, lambda held: (read_only, (dict(held),)))
