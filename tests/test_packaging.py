"""What is installed: a quick bare import, and a wheel that holds every room and no more."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import foretrial

HERE = Path(__file__).parents[1]
ROOMS = ("twin", "solvers", "models", "viz", "cases")
LOADED = "import sys, foretrial; print([name for name in ('numpy', 'numba', 'pyvista') if name in sys.modules])"
checkout = pytest.mark.skipif(not (HERE / "twin").is_dir(), reason="needs a checkout to build from")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Fresh copy of what the wheel is built from, with one planted log."""
    tree = tmp_path / "copy"
    tree.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(HERE / name, tree)
    litter = shutil.ignore_patterns("__pycache__", "*.egg-info", *ROOMS)
    shutil.copytree(HERE / "src", tree / "src", ignore=litter)
    for room in ROOMS:
        shutil.copytree(HERE / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
        (tree / "src/foretrial" / room).symlink_to(f"../../{room}", target_is_directory=True)
    (tree / "cases/trials/planted.csv").write_text("time [s],TC1 [degC]\n0,20\n")
    return tree


def wheel(tree: Path) -> dict[str, bytes]:
    """Names and bytes of all that a wheel built from this tree installs."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    built = subprocess.run([*command, "-w", "made"], cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [path] = (tree / "made").glob("*.whl")
    with ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if not name.endswith("/RECORD")}


def test_a_bare_import_loads_no_room():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rooms_load_when_first_used():
    assert foretrial.models.__name__ == "foretrial.models"
    assert {"models", "solvers", "twin", "viz"} <= set(dir(foretrial))


def test_a_misspelt_room_is_answered_with_the_rooms_there_are():
    with pytest.raises(AttributeError, match="its rooms are models, solvers, twin, viz"):
        _ = foretrial.solver


@checkout
@pytest.mark.slow
def test_the_wheel_holds_every_room_and_no_more(copy):
    kinds = {".py", ".csv", ".stl", ".toml", ".html", ".js", ".css"}
    files = {"foretrial/py.typed": copy / "src/foretrial/py.typed"}
    files |= {f"foretrial/{file.name}": file for file in (copy / "src/foretrial").glob("*.py")}
    for room in ROOMS:
        inside = (file for file in (copy / room).rglob("*") if file.suffix in kinds)
        files |= {f"foretrial/{file.relative_to(copy).as_posix()}": file for file in inside}
    wanted = {name: file.read_bytes() for name, file in files.items()}
    held = wheel(copy)
    ours = {name: text for name, text in held.items() if ".dist-info/" not in name}
    assert "foretrial/cases/trials/planted.csv" in ours
    assert sorted(ours) == sorted(wanted)
    assert ours == wanted
    assert any(name.endswith("/licenses/LICENSE") for name in held)


@checkout
@pytest.mark.slow
def test_a_checkout_without_symbolic_links_gives_the_same_wheel(copy, tmp_path):
    plain = shutil.copytree(copy, tmp_path / "plain", symlinks=True)
    for room in ROOMS:
        link = plain / "src/foretrial" / room
        link.unlink()
        link.write_text(f"../../{room}")
    assert wheel(plain) == wheel(copy)
