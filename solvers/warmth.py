"""How warm the cells of a structure are, and how much they would grow on their own."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt

from ..models import Frame, Profile, Property, SolveError
from ..models.curve import Curve
from ..models.errors import did_you_mean
from ..models.load import LoadCase
from ..models.quantity import quantity
from .raster import Raster

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
TABLE = 4001


def warmth(case: LoadCase, body: str, grid: Raster, cells: Ints) -> tuple[Array, Array] | None:
    """Temperature at the middles of cells (m, 3), K, and half its change over a cell along each axis (m, active).

    None where the case has none. Beyond the centres of the cells of a frame it goes on straight.
    """
    if case.temperature is None:
        return None
    if not isinstance(case.temperature, (Profile, Frame)):
        T = quantity(case.temperature, "K").value
        return np.full(len(cells), T), np.zeros((len(cells), grid.active))
    centre = grid.centres(cells)
    if isinstance(case.temperature, Profile):
        profile = case.temperature
        shift = quantity(profile.shift, "K").value
        ahead, behind = (profile.curve(centre[:, profile.axis] + way * 0.5 * grid.spacing[profile.axis]) + shift
                         for way in (1.0, -1.0))  # fmt: skip
        slope = np.zeros((len(cells), grid.active))
        slope[:, profile.axis] = 0.5 * (ahead - behind)
        return profile.curve(centre[:, profile.axis]) + shift, slope
    field = _field(case.temperature, body, grid.active)
    T = field(centre)
    slope = np.zeros((len(cells), grid.active))
    for axis in range(grid.active):
        step = 0.5 * grid.spacing[axis] * np.eye(3)[axis]
        slope[:, axis] = 0.5 * (field(centre + step) - field(centre - step))
    return T, slope


def _field(frame: Frame, body: str, active: int):
    """A function of places (m, 3) m."""
    if body not in frame.T:
        raise SolveError(
            f"the temperatures are of {', '.join(frame.T)}, and '{body}' is warmed by them. Bodies go by their names. "
            f"{did_you_mean(body, frame.T)} Name the member as the body of the heat run."
        )
    T, solid, edges = frame.T[body], frame.solid[body], frame.edges[body]
    if not solid.all():
        nearest = distance_transform_edt(~solid, return_distances=False, return_indices=True)
        T = T[tuple(nearest)]
    axes = [a for a in range(active) if T.shape[a] > 1]
    if not axes:
        return lambda places: np.full(len(places), float(T.ravel()[0]))
    centres = [0.5 * (edges[a][1:] + edges[a][:-1]) for a in axes]
    kept = T[tuple(slice(None) if a in axes else 0 for a in range(3))]
    straight = RegularGridInterpolator(centres, kept, bounds_error=False, fill_value=None)
    return lambda places: straight(places[:, axes])


def grown(expansion: Property, T: Array, slope: Array, free: float) -> tuple[Array, Array]:
    """Free strain (m,) since `free` K, and half its change over a cell along each axis (m, active)."""
    ahead, behind, here = (expanded(expansion, one, free) for one in
                           (T[:, None] + slope, T[:, None] - slope, T))  # fmt: skip
    return here, 0.5 * (ahead - behind)


def expanded(expansion: Property, T: Array, free: float) -> Array:
    """The integral of the tangent coefficient from `free` K to `T`."""
    curve: Curve = expansion.curve
    low, high = float(np.min(T, initial=free)), float(np.max(T, initial=free))
    if high - low < 1e-12:
        return np.zeros(np.shape(T))
    table = np.linspace(low, high, TABLE)
    return np.asarray(expansion.scale.value * np.interp(T, table, curve.integral(table, free)))
