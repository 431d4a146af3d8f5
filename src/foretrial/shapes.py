"""What a file from CAD holds: measured, drawn on a page of its own, and marked red where it does not close."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foretrial.models import Grid, Part, SolveError, Surface, SurfaceError
from foretrial.models.library import CARBON_STEEL
from foretrial.models.process import quench
from foretrial.models.units import from_si

Fact = tuple[str, str, str]
MOST = 512  # cells through the thinnest distance: beyond, the spacing alone is told


def look(file: Path, unit: str | None, page: Path) -> tuple[list[Fact], Path]:
    """The facts of a surface or mesh, in (English, Chinese, value), and the page where it is drawn.

    Parameters
    ----------
    unit : str or None
        Of length in the file; asked for, never guessed.
    page : Path
        Where the page goes.

    Raises
    ------
    ModelError
        If the file cannot be read, or its unit is missing or no length.
    SurfaceError
        If its triangles do not close, or cross each other; the page is written with marks where, and named in a note.
    """
    from foretrial import viz
    from foretrial.solvers.surface import prepared

    try:
        part = Part.from_mesh(file, unit=unit)
        surface = part.shape.surface
        assert surface is not None
        assert unit is not None
        prepared(surface)
    except SurfaceError as wrong:
        marked(wrong, page, name=file.name)
        raise
    found = [*measures(surface, unit), *_thinnest(part, unit)]
    return found, viz.shape(surface, page, name=file.name, facts=found)


def marked(wrong: SurfaceError, page: Path, *, name: str = "") -> None:
    """Draw a surface with marks where it is wrong, and say so in a note on the error; without triangles nothing."""
    if wrong.surface is None:
        return
    from foretrial import viz

    held = wrong.surface
    facts = [("triangles", "三角形数", str(len(held.triangles))), ("solids", "实体", ", ".join(held.solids)),
             ("places that fail", "出错位置数", str(len(wrong.places)))]  # fmt: skip
    told = viz.shape(held, page, name=name or ", ".join(held.solids), facts=facts, wrong=str(wrong),
                     places=wrong.places)  # fmt: skip
    wrong.add_note(f"Drawn with red marks where it fails: {told}")


def measures(surface: Surface, unit: str) -> list[Fact]:
    """Extent, volume, area, triangles and solids of a surface, in the unit of its file."""
    low, high = surface.bounds
    size = _times([from_si(b - a, "m", unit) for a, b in zip(low, high, strict=True)])
    a, b, c = np.moveaxis(surface.points[surface.triangles], 1, 0)
    area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    one = from_si(1.0, "m", unit)
    return [
        ("extent", "外形尺寸", f"{size} {unit}"),
        ("lowest corner", "最小坐标", _place(low, unit)),
        ("volume", "体积", f"{surface.volume * one**3:.6g} {unit}³"),
        ("area", "表面积", f"{area * one**2:.6g} {unit}²"),
        ("triangles", "三角形数", f"{len(surface.triangles)}"),
        ("solids", "实体", ", ".join(surface.solids)),
        ("crosses itself", "自相交", "no · 否"),
    ]


def _thinnest(part: Part, unit: str) -> list[Fact]:
    """The thinnest wall, where it is, and the cells that would do for it."""
    from foretrial.solvers.thickness import thickness

    low, high = (np.array(one) for one in part.bounds)
    thick, place = thickness(
        part, Grid(**{name: np.array([a, b]) for name, a, b in zip("xyz", low, high, strict=True)})
    )
    if not np.isfinite(thick):
        return [("thinnest wall", "最薄处壁厚", "no two walls face each other · 无相对的壁面")]
    cells = _enough(part, thick)
    spacing = f"{from_si(thick / 2.0, 'm', unit):.4g} {unit}" + (f" (cells={cells})" if cells else "")
    return [
        ("thinnest wall", "最薄处壁厚", f"{from_si(thick, 'm', unit):.4g} {unit}"),
        ("there", "位置", _place(place, unit)),
        ("spacing that would do", "适用的单元尺寸", spacing),
    ]


def _enough(part: Part, thick: float) -> int | None:
    """The fewest `cells` of a solver that put two through the thinnest wall."""
    from foretrial.solvers.spacing import spaced

    process = quench(part, CARBON_STEEL, start=300.0, bath=300.0, film=1.0, until=1.0)
    cells = 1
    while cells <= MOST:
        try:
            grid = spaced(process, cells=cells, ratio=1.0, along=(None,) * 3, shift=(0.0,) * 3, grading=())
        except SolveError:
            return None
        wide = max(float(grid.widths(axis).max()) for axis in range(3))
        if wide <= 0.5 * thick * (1.0 + 1e-9):
            return cells
        cells = max(cells + 1, int(cells * wide / (0.5 * thick) * 0.99))
    return None


def _place(place: Sequence[float], unit: str) -> str:
    each = [from_si(float(c), "m", unit) + 0.0 for c in place]
    return f"({', '.join(f'{c:.6g}' for c in each)}) {unit}"


def _times(size: Sequence[float]) -> str:
    return " x ".join(f"{one:.6g}" for one in size)
