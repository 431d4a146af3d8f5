"""Scenes: the part in a window with a time slider, and still pictures where there is OpenGL."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..models.deformed import Deformed
from ..models.errors import ForetrialError, did_you_mean
from ..models.fieldfile import FieldFile, is_deformed, read_deformed, read_fields
from ..models.history import Probe

# What a child process tries: a missing driver ends a process without asking, so it must not be ours.
_TRY = (
    "import pyvista as pv; p = pv.Plotter(off_screen=True, window_size=[64, 64]); p.add_mesh(pv.Cube(), color='red'); "
    "image = p.screenshot(None, return_img=True); p.close(); raise SystemExit(0 if image.std() > 1 else 3)"
)
_probed: dict[tuple[str, ...], bool] = {}


class SceneError(ForetrialError):
    """A picture that this machine cannot draw."""


def opengl(*, seconds: float = 60.0) -> bool:
    """Whether this machine can draw in three dimensions; tried once, in a child process that may fall.

    Parameters
    ----------
    seconds : float, s
        How long the child may take.
    """
    key = tuple(os.environ.get(name, "") for name in ("DISPLAY", "WAYLAND_DISPLAY", "VTK_DEFAULT_OPENGL_WINDOW"))
    if key not in _probed:
        try:
            child = subprocess.run([sys.executable, "-c", _TRY], timeout=seconds, stdin=subprocess.DEVNULL,
                                   capture_output=True, check=False)  # fmt: skip
            _probed[key] = child.returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            _probed[key] = False
    return _probed[key]


def show(source: FieldFile | Path | str, *, probes: Sequence[Probe | Mapping[str, Any]] | None = None,
         display: str = "", case: str = "") -> None:  # fmt: skip
    """Open a window on a field file: the part turns, a slider walks through its moments, sensors carry their names.

    Of a structure the slider goes from undeformed to deformed, and the worst places carry their stress.

    Parameters
    ----------
    source : FieldFile, Path or str
        A field file, or a result folder with its verdict.json, whose first field and sensors are shown.
    probes : sequence of Probe or of mappings with `name` and `place`, m
        Sensors to mark; left out, those that verdict.json names.
    display : str
        Unit that people read; degC and MPa unless told.
    case : str
        Which load case of a structure; the worst unless told.

    Raises
    ------
    SceneError
        Where there is no display or no OpenGL.
    """
    structure = _structure(source, case)
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise SceneError(
            "there is no display here (DISPLAY is not set). A window needs one. Open report.html in a browser instead, "
            "or draw a picture with viz.still."
        )
    _refuse_blind()
    from . import bridge

    if structure is not None:
        window, bend = bridge.bent(structure, by=structure.exaggeration(), display=display or "MPa")
        bridge.slide(window, bend, structure.exaggeration())
        window.show()
        return
    fields, marked = _opened(source, probes)
    display = display or "degC"
    mesh = bridge.dataset(fields, -1)
    window = bridge.plotter(mesh, unit=fields.unit, display=display, limits=_limits(fields), probes=marked)

    def turn_to(value: float) -> None:
        step = round(value)
        bridge.recolour(mesh, fields.values(step), unit=fields.unit, display=display)
        window.add_text(f"t = {fields.times[step]:g} s", name="clock", color="black", font_size=12)

    last = fields.times.size - 1
    if last > 0:
        bridge.slide(window, turn_to, last)
    turn_to(last)
    window.show()


def still(source: FieldFile | Path | str, path: Path | str, *, step: int = -1, display: str = "",
          probes: Sequence[Probe | Mapping[str, Any]] | None = None, case: str = "") -> Path:  # fmt: skip
    """Draw one moment, or stress on a deformed structure, into a PNG file without a window, and say where it is.

    Parameters
    ----------
    source : FieldFile, Path or str
        As for `show`.
    path : Path or str
        The picture's file, ending in .png.
    step : int
        Which moment; the last unless told.
    display : str
        Unit that people read; degC and MPa unless told.
    case : str
        Which load case of a structure; the worst unless told.

    Raises
    ------
    SceneError
        If `path` is no .png, or where there is no OpenGL.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise SceneError(f"{path.name} does not end in .png. A still picture is a PNG file. Name it so.")
    structure = _structure(source, case)
    if structure is not None:
        _refuse_blind()
        from . import bridge

        with bridge.quiet():
            window, _ = bridge.bent(structure, by=structure.exaggeration(), display=display or "MPa", hidden=True)
            bridge.shoot(window, path)
        return path
    fields, marked = _opened(source, probes)
    _refuse_blind()
    from . import bridge

    with bridge.quiet():
        window = bridge.plotter(bridge.dataset(fields, step), unit=fields.unit, display=display or "degC",
                                limits=_limits(fields), probes=marked, hidden=True)  # fmt: skip
        window.add_text(f"t = {fields.times[step]:g} s", name="clock", color="black", font_size=12)
        bridge.shoot(window, path)
    return path


def _structure(source: FieldFile | Path | str, case: str) -> Deformed | None:
    """The load case that is asked for, or nothing where no structure is."""
    if isinstance(source, FieldFile):
        return None
    path = Path(source)
    verdict = path / "verdict.json"
    if verdict.is_file():
        named = json.loads(verdict.read_text(encoding="utf-8")).get("fields") or []
        path = path / named[0]["file"] if named else path
    if not path.is_file() or not is_deformed(path):
        return None
    several = read_deformed(path)
    if not case:
        return max(several, key=lambda one: float(np.nan_to_num(one.utilisation).max() or one.von_mises.max()))
    for one in several:
        if one.case == case:
            return one
    names = [one.case for one in several]
    raise SceneError(
        f"{path.name} has no load case '{case}' among its {len(names)}. {did_you_mean(case, names)} Name one of "
        f"{', '.join(names)}."
    )


def _opened(source: FieldFile | Path | str,
            probes: Sequence[Probe | Mapping[str, Any]] | None) -> tuple[FieldFile, Sequence[Any]]:  # fmt: skip
    if isinstance(source, FieldFile):
        return source, probes or ()
    folder = Path(source)
    if not folder.is_dir():
        return read_fields(folder), probes or ()
    verdict = folder / "verdict.json"
    named = json.loads(verdict.read_text(encoding="utf-8")).get("fields") or [] if verdict.is_file() else []
    if not named:
        raise SceneError(
            f"{folder} names no field in a verdict.json. A scene draws a field file. Run the case with fields kept, or "
            "name a .vtkhdf file."
        )
    return read_fields(folder / named[0]["file"]), named[0].get("probes") or () if probes is None else probes


def _limits(fields: FieldFile) -> tuple[float, float]:
    every = [fields.values(step) for step in range(fields.times.size)]
    return float(min(np.nanmin(one) for one in every)), float(max(np.nanmax(one) for one in every))


def _refuse_blind() -> None:
    if not opengl():
        raise SceneError(
            "this machine has no OpenGL that works (tried in a child process). A picture in three dimensions needs it. "
            "Install a graphics driver or Mesa, or open report.html in a browser, which needs neither."
        )
