"""The bridge to pyvista, and the only place that knows it: plain results in, datasets out, no window opened."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyvista as pv

from ..models.cells import LINE, cells_of
from ..models.deformed import Deformed
from ..models.fieldfile import FieldFile, read_fields
from ..models.history import Frame, History, Probe
from ..models.units import factor

NAME = "temperature"
HEAT = ["#e9eff3", "#d3e2ea", "#c3dcc9", "#e3d688", "#f2ba55", "#eb8f3c", "#d45b33", "#a92a31", "#651231"]  # as pages
CREASE = 38.0  # degrees between two faces from which their edge is drawn sharp


def dataset(source: FieldFile | Frame | Path | str, step: int = -1) -> pv.UnstructuredGrid:
    """One moment as an UnstructuredGrid: cell data `temperature` (K) and `body`; field data `t` (s) and `bodies`.

    Parameters
    ----------
    source : FieldFile, Frame, Path or str
        A path names a field file; `step` picks its moment, the last unless told.
    """
    if isinstance(source, Frame):
        cells = cells_of(source)
        values = np.concatenate([source.T[body][source.solid[body]] for body in cells.bodies])
        return _grid(cells.points, cells.corners, cells.kind, values, cells.body, cells.bodies, source.t)
    fields = source if isinstance(source, FieldFile) else read_fields(source)
    return _grid(fields.points, fields.corners, fields.kind, fields.values(step), fields.body, fields.bodies,
                 float(fields.times[step]))  # fmt: skip


def structure(one: Deformed, *, by: float = 0.0) -> pv.UnstructuredGrid:
    """A structure under one load case as an UnstructuredGrid, its points moved by `by` times their displacement.

    Point data `displacement` (m), `von Mises` (Pa), `utilisation`, `stress` (Pa, xx yy zz yz zx xy); cell data `body`.
    """
    count, wide = one.corners.shape
    lists = np.column_stack([np.full(count, wide), one.corners]).ravel()
    mesh = pv.UnstructuredGrid(lists, np.full(count, one.kind, dtype=np.uint8), one.points + by * one.displacement)
    for name, values in (("displacement", one.displacement), ("von Mises", one.von_mises), ("stress", one.stress),
                         ("utilisation", one.utilisation)):  # fmt: skip
        mesh.point_data[name] = np.array(values)
    mesh.cell_data["body"] = np.array(one.body)
    mesh.field_data["bodies"] = plain(one.bodies)
    return mesh


def bent(one: Deformed, *, by: float, display: str, hidden: bool = False) -> tuple[pv.Plotter, Callable[[float], None]]:
    """A plotter that holds a structure under load, and what moves its points to another exaggeration.

    Colours are von Mises stress in `display`, up to the worst place that readings know; thin lines are the part at
    rest, yield is told where it is one number, hot spots carry their values.
    """
    scale, _ = factor(display, "Pa")
    top = min(float(one.von_mises.max()), max((spot.value for spot in one.spots), default=np.inf)) / scale
    rest: Any = structure(one).extract_surface(algorithm="dataset_surface")
    rest.point_data["shown"] = rest.point_data["von Mises"] / scale
    there: Any = rest.copy()
    there.points = rest.points + by * rest.point_data["displacement"]
    flat = bool(np.ptp(one.points[:, 2]) == 0)
    window: Any = pv.Plotter(off_screen=hidden, window_size=[1280, 860])
    window.set_background("white")
    bar: Any = {"title": f"von Mises / {display}\n", "color": "black", "n_labels": 6, "fmt": "%.0f", "vertical": True,
                "position_x": 0.9, "position_y": 0.2, "height": 0.6, "width": 0.06}  # fmt: skip
    strength = one.strength[np.isfinite(one.strength)]
    one_yield = float(strength.min()) / scale if strength.size and np.ptp(strength) == 0.0 else np.inf
    known = f", yield {one_yield:.4g} {display}" if np.isfinite(one_yield) else ""
    window.add_mesh(there, scalars="shown", cmap=_ramp(), annotations={one_yield: "yield"} if one_yield <= top else {},
                    clim=[0.0, max(top, 1e-12)], smooth_shading=not flat,
                    split_sharp_edges=not flat, feature_angle=CREASE, scalar_bar_args=bar, ambient=0.68, diffuse=0.4,
                    specular=0.03)  # fmt: skip
    window.add_mesh(rest.extract_feature_edges(feature_angle=CREASE), color="#52606f", line_width=1.5)
    if one.spots:
        off = (np.array([spot.place for spot in one.spots]) - one.points[0]) * (np.ptp(one.points, axis=0) > 0)
        near = [int(rest.find_closest_point(one.points[0] + place)) for place in off]
        cloud: Any = pv.PolyData(np.array(there.points)[near])
        cloud["name"] = [f"{spot.value / scale:.3g} {display}" for spot in one.spots]
        window.add_point_labels(cloud, "name", font_size=16, point_size=14, point_color="#651231", shape_color="white",
                                render_points_as_spheres=True,
                                always_visible=True, text_color="black")  # fmt: skip
    window.add_axes(color="black")
    if flat:
        window.view_xy()
    else:
        window.camera_position = [(1.0, 0.8, 1.3), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
        window.reset_camera()

    window.camera.zoom(0.92)

    def turn_to(by: float) -> None:
        there.points = rest.points + by * rest.point_data["displacement"]
        told = f"load case {plain([one.case])[0]}, deformation x {by:.3g}{known}"
        window.add_text(told, name="clock", color="black", font_size=12)

    turn_to(by)
    shown: pv.Plotter = window
    return shown, turn_to


def _ramp() -> list[str]:
    """HEAT in 256 even steps, as pages have it."""
    anchors = np.array([[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in HEAT])
    at = np.linspace(0.0, len(HEAT) - 1.0, 256)
    rows = np.stack([np.interp(at, np.arange(len(HEAT)), anchors[:, c]) for c in range(3)], axis=1).round().astype(int)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rows]


def sensors(probes: Sequence[Probe | Mapping[str, Any]]) -> pv.PolyData:
    """Places of named sensors as points (n, 3) m with `name` for each; see `plain` for names that VTK cannot write."""
    named = [(p.name, p.place) if isinstance(p, Probe) else (str(p["name"]), p["place"]) for p in probes]
    cloud = pv.PolyData(np.array([place for _, place in named], dtype=float).reshape(-1, 3))
    cloud["name"] = plain([name for name, _ in named])
    return cloud


def plain(names: Sequence[str]) -> Any:
    """Names as VTK can write them: it knows ASCII alone, so a name beyond that becomes its number, "#1" the first."""
    return np.array([name if name.isascii() else f"#{k + 1}" for k, name in enumerate(names)])


def table(history: History) -> pv.Table:
    """A run's observations (nt,) by name, with its times `t` in s."""
    columns = {"t": history.t, **{name: history.values[:, k] for k, name in enumerate(history.names)}}
    return pv.Table({name: np.array(column) for name, column in columns.items()})


def plotter(mesh: pv.UnstructuredGrid, *, unit: str, display: str, limits: tuple[float, float],
            probes: Sequence[Probe | Mapping[str, Any]] = (), hidden: bool = False) -> pv.Plotter:  # fmt: skip
    """A plotter that holds the part, its colour bar in `display` and its named sensors; nothing is shown yet.

    The values shown live in the mesh as `shown`; `recolour` sets them for another moment. Cells without a value are
    left out; walls are shaded round, their edges sharp.
    """
    scale, offset = factor(display, unit)
    low, high = ((bound - offset) / scale for bound in limits)
    recolour(mesh, mesh.cell_data[NAME], unit=unit, display=display)
    window: Any = pv.Plotter(off_screen=hidden, window_size=[1280, 860])  # Any: its types lag behind its decorators
    window.set_background("white")
    bar: Any = {"title": f"{NAME} / {display}\n", "color": "black", "n_labels": 6, "fmt": "%.0f"}
    flat = bool(np.ptp(mesh.points[:, 2]) == 0)
    window.add_mesh(mesh if bool((mesh.celltypes == LINE).any()) else _outer(mesh), scalars="shown", cmap="inferno",
                    clim=[low, max(high, low + 1e-9)], show_edges=flat, edge_opacity=0.25, scalar_bar_args=bar,
                    line_width=8, ambient=0.45, diffuse=0.62, specular=0.08)  # fmt: skip
    window.enable_anti_aliasing("ssaa")
    if len(probes):
        cloud = sensors(probes)
        window.add_point_labels(cloud, "name", font_size=16, point_size=14, point_color="black", always_visible=True,
                                shape_color="white", text_color="black")  # fmt: skip
    window.add_axes(color="black")
    if flat:
        window.view_xy()
    else:
        window.camera_position = [(1.0, 0.8, 1.3), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
        window.reset_camera()
    shown: pv.Plotter = window
    return shown


def slide(window: pv.Plotter, turn_to: Callable[[float], None], last: float) -> None:
    """Put a slider from 0 to `last` into the window that calls `turn_to`."""
    add: Any = window.add_slider_widget
    add(turn_to, [0, last], value=last, title="", fmt="%.3g", color="black")


def shoot(window: pv.Plotter, path: Path) -> None:
    """Write what a hidden plotter holds as a PNG, and close it."""
    window.screenshot(str(path))
    window.close()


def quiet() -> Any:
    """A context in which VTK tells errors alone: without a display it falls back by itself, and that is no news."""
    return pv.vtk_verbosity("error")


def recolour(mesh: pv.UnstructuredGrid, values: Any, *, unit: str, display: str) -> None:
    """Put another moment's values (nc,), in `unit`, on the mesh as `shown` in `display`."""
    scale, offset = factor(display, unit)
    mesh.cell_data["shown"] = (np.asarray(values, dtype=float) - offset) / scale
    mesh.Modified()


def _outer(mesh: pv.UnstructuredGrid) -> Any:
    """What VTK draws of a mesh, made anew whenever its values change: outer faces of cells that have a value."""
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkThreshold
    from vtkmodules.vtkFiltersGeometry import vtkGeometryFilter

    there: Any = vtkThreshold()
    there.SetInputData(mesh)
    there.SetInputArrayToProcess(0, 0, 0, 1, "shown")  # 1: of the cells
    there.SetThresholdFunction(vtkThreshold.THRESHOLD_BETWEEN)  # a value that is none is between no two
    there.SetLowerThreshold(-1e30)
    there.SetUpperThreshold(1e30)
    outer: Any = vtkGeometryFilter()
    outer.SetInputConnection(there.GetOutputPort())
    round_: Any = vtkPolyDataNormals()
    round_.SetInputConnection(outer.GetOutputPort())
    round_.SetFeatureAngle(CREASE)
    return round_


def _grid(
    points: Any, corners: Any, kind: int, values: Any, body: Any, bodies: Sequence[str], t: float
) -> pv.UnstructuredGrid:
    count, wide = corners.shape
    lists = np.column_stack([np.full(count, wide), corners]).ravel()
    mesh = pv.UnstructuredGrid(lists, np.full(count, kind, dtype=np.uint8), np.asarray(points, dtype=float))
    mesh.cell_data[NAME] = np.asarray(values)
    mesh.cell_data["body"] = np.asarray(body)
    mesh.field_data["t"] = [t]
    mesh.field_data["bodies"] = plain(bodies)
    return mesh
