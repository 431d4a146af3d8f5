"""How much memory this machine has, and grids that do not fit into it, refused before they are made."""

import ctypes
import os
import sys
from pathlib import Path

from ..models import Grid, SolveError

EACH = 600.0  # bytes a cell of the grid, with its fields, conductances and multigrid levels: measured from outside
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine() -> float:
    """Bytes of memory that a run can have at all; infinity where the system does not tell."""
    found = [_physical()]
    for limit in LIMITS:
        try:
            text = Path(limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            found.append(float(text))
    return min(found)


def _physical() -> float:
    if sys.platform == "win32":

        class Status(ctypes.Structure):
            _fields_ = (("size", ctypes.c_ulong), ("load", ctypes.c_ulong),
                        *((name, ctypes.c_ulonglong) for name in ("total", "free", *"abcde")))  # fmt: skip

        status = Status()
        status.size = ctypes.sizeof(status)
        told = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return float(status.total) if told else float("inf")
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError):
        return float("inf")


def refuse_what_does_not_fit(grid: Grid) -> None:
    """Refuse a grid whose run would need more memory than the machine has.

    Raises
    ------
    SolveError
        With the memory it would take, and how many times coarser it would fit.
    """
    nx, ny, nz = grid.shape
    cells = float(nx) * ny * nz
    need, have = cells * EACH, machine()
    if need > have:
        axes = sum(n > 1 for n in grid.shape)
        raise SolveError(
            f"{nx} x {ny} x {nz} cells need about {need / 1e9:.3g} GB, but this machine has {have / 1e9:.3g} GB. "
            f"A run fits into memory. Use 1/{(need / have) ** (1.0 / axes) * 1.05:.2g} of the cells along each axis, "
            "or grade them."
        )
