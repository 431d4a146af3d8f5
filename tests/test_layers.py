"""Floors and doors: who may know whom, read from the source without importing it."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

KNOWS = {"models": set(), "solvers": {"models"}, "twin": {"models"}, "viz": {"models"}}
KNOWS["cases"] = set(KNOWS)
DOORS = {
    "h5py": ("models/fieldfile.py", "twin/store.py"),
    "pyvista": ("viz/bridge.py",),
    "vtk": ("viz/bridge.py",),
    "vtkmodules": ("viz/bridge.py",),
    "meshio": ("models/meshfile.py",),
    "numba": ("solvers/kernels/",),
}
ARRAYS = {"numpy", "numba", "math"}


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of whatever a file of ours imports, inside functions too."""
    here = ["foretrial", *Path(path).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) + 1 - node.level] if node.level else []
            for alias in node.names:
                yield node.lineno, ".".join([*above, *filter(None, [node.module]), alias.name])


def breach(path: str, name: str) -> str | None:
    """Rule that this import breaks, or nothing."""
    room, (top, inner) = Path(path).parts[0], (*name.split("."), "")[:2]
    if top in {*KNOWS, "benches", "tests"}:
        return f"no package of ours is called {top}: rooms import each other relatively"
    if path.startswith("solvers/kernels/"):
        ours = name.startswith("foretrial.solvers.kernels")
        return None if ours or top in ARRAYS else f"kernels know only arrays, not {name}"
    above = inner == "cli" if room == "cases" else inner not in KNOWS[room] | {room, "__version__"}
    if top == "foretrial" and above:
        return f"{room} may know {', '.join(sorted(KNOWS[room])) or 'nothing of ours'}, not {name}"
    if room != "cases" and not path.startswith(DOORS.get(top, "")):
        return f"{top} enters only through {' and '.join(DOORS[top])}"
    return None


def breaches(path: str, source: str) -> list[str]:
    """Sentences, each with file, line and rule, for the imports that a file should not have."""
    found = ((line, breach(path, name)) for line, name in imports(path, ast.parse(source)))
    return [f"{path}:{line}: {rule}" for line, rule in found if rule]


@pytest.mark.parametrize("room", KNOWS)
def test_every_room_keeps_to_its_floor_and_doors(room):
    [folder] = find_spec(f"foretrial.{room}").submodule_search_locations
    files = {f"{room}/{file.relative_to(folder).as_posix()}": file for file in Path(folder).rglob("*.py")}
    assert files
    told = [text for path, file in files.items() for text in breaches(path, file.read_text("utf-8"))]
    assert not told, "\n" + "\n".join(told)


@pytest.mark.parametrize(
    ("path", "source", "rule"),
    [
        ("models/part.py", "from ..twin import read", "models may know nothing of ours"),
        ("models/part.py", "from foretrial import solvers", "not foretrial.solvers"),
        ("models/part.py", "import foretrial", "models may know nothing of ours"),
        ("models/part.py", "def f():\n    import h5py", "models/part.py:2: h5py enters only through"),
        ("solvers/heat.py", "from .. import twin", "solvers may know models, not foretrial.twin"),
        ("solvers/heat.py", "from numba import njit", "numba enters only through solvers/kernels/"),
        ("solvers/kernels/cut.py", "from ...models import Grid", "kernels know only arrays"),
        ("solvers/kernels/cut.py", "import scipy.sparse", "kernels know only arrays"),
        ("twin/fit.py", "from ..solvers.heat import Heat", "twin may know models"),
        ("viz/scene.py", "import pyvista as pv", "pyvista enters only through viz/bridge.py"),
        ("viz/scene.py", "from models import Grid", "no package of ours is called models"),
        ("cases/block.py", "from foretrial.cli import main", "not foretrial.cli"),
    ],
)
def test_a_forbidden_import_is_told_by_file_line_and_rule(path, source, rule):
    [told] = breaches(path, source)
    assert told.startswith(f"{path}:")
    assert rule in told


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("models/fieldfile.py", "import h5py\nfrom .errors import ModelError\nfrom .. import __version__"),
        ("twin/store.py", "import h5py\nfrom ..models import Trial\nfrom . import observe"),
        ("solvers/heat.py", "import numpy as np\nfrom .kernels.cut import cut\nfrom ..models.grid import Grid"),
        ("solvers/kernels/cut.py", "import math\nimport numpy as np\nfrom numba import njit\nfrom . import a"),
        (
            "cases/block.py",
            "import numba\nimport foretrial\nfrom foretrial import solvers, twin, viz\nfrom .other import run",
        ),
    ],
)
def test_an_allowed_import_is_not_told(path, source):
    assert breaches(path, source) == []
