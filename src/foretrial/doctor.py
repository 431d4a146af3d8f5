"""What this machine has, and the cure for what it lacks."""

import importlib.util
import os
import platform
import sys
from collections.abc import Iterator


def compiled() -> int:
    """How many kernels the compile cache keeps."""
    from foretrial.solvers.cache import probe

    folder = probe()
    return len(list(folder.rglob("*.nbi"))) if folder.exists() else 0


def findings() -> Iterator[tuple[str, str, str]]:
    """Each thing looked at: its name, its state, and its cure where one is needed."""
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield "Python", platform.python_version(), "" if good else "Use Python 3.11 to 3.13."
    cores = os.cpu_count() or 1
    threads = os.environ.get("NUMBA_NUM_THREADS", "")
    many = threads.isdigit() and int(threads) > cores
    yield ("threads", f"{cores} cores" + (f", NUMBA_NUM_THREADS={threads}" if threads else ""),
           "Unset NUMBA_NUM_THREADS, or set it to the cores at most." if many else "")  # fmt: skip
    kept = compiled()
    yield ("compile cache", f"{kept} kernels kept",
           "" if kept else "Nothing to do: the first run compiles once and keeps it.")  # fmt: skip
    from foretrial.viz.scene import opengl

    drawn = opengl()
    cure = "Reports need none. For still pictures install a driver (Debian: libegl1 libgl1-mesa-dri)."
    yield "OpenGL", "pictures can be drawn" if drawn else "no pictures here", "" if drawn else cure
    for extra, package in (("plots in the report", "plotly"), ("meshes", "meshio"), ("units", "pint")):
        there = importlib.util.find_spec(package) is not None
        yield extra, package if there else "missing", "" if there else f"Install it: pip install {package}"
