"""How warm the cells of a structure are, and how much they would grow on their own."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt

from ..models import Frame, Part, Profile, Property, SolveError
from ..models.curve import Curve
from ..models.errors import did_you_mean
from ..models.load import LoadCase
from ..models.quantity import quantity
from .raster import Raster

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
TABLE = 4001


def warmth(case: LoadCase, body: str, grid: Raster, cells: Ints,
           part: Part | None = None) -> tuple[Array, Array] | None:  # fmt: skip
    """Temperature at the middles of cells (m, 3), K, and half its change over a cell along each axis (m, active).

    None where the case has none. Beyond the cells of a frame whose centres lie inside the `part` it goes on straight.

    Raises
    ------
    SolveError
        If a frame is of other bodies, or of another place.
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
    field = _field(case.temperature, body, grid.active, part)
    T = field(centre)
    slope = np.zeros((len(cells), grid.active))
    for axis in range(grid.active):
        step = 0.5 * grid.spacing[axis] * np.eye(3)[axis]
        slope[:, axis] = 0.5 * (field(centre + step) - field(centre - step))
    return T, slope


def _field(frame: Frame, body: str, active: int, part: Part | None) -> Callable[[Array], Array]:
    """A function of places (m, 3) m."""
    if body not in frame.T:
        raise SolveError(
            f"the temperatures are of {', '.join(frame.T)}, and '{body}' is warmed by them. Bodies go by their names. "
            f"{did_you_mean(body, frame.T)} Name the member as the body of the heat run."
        )
    T, known, edges = frame.T[body], frame.solid[body], frame.edges[body]
    middles = [0.5 * (edge[1:] + edge[:-1]) for edge in edges]
    if part is not None:
        _refuse_elsewhere(body, part, edges, active)
        inside = part.distance(middles[0][:, None, None], middles[1][None, :, None], middles[2][None, None, :]) < 0.0
        known = known & np.broadcast_to(inside, known.shape)
    if not known.all() and known.any():
        T = _continued(np.where(known, T, 0.0), known, middles)
    axes = [a for a in range(active) if T.shape[a] > 1]
    if not axes:
        return lambda places: np.full(len(places), float(T.ravel()[0]))
    centres = [middles[a] for a in axes]
    kept = T[tuple(slice(None) if a in axes else 0 for a in range(3))]
    straight = RegularGridInterpolator(centres, kept, bounds_error=False, fill_value=None)
    return lambda places: straight(places[:, axes])


def _refuse_elsewhere(body: str, part: Part, edges: Sequence[Array], active: int) -> None:
    low, high = part.bounds
    for a in range(active):
        wide = 0.51 * float(edges[a][-1] - edges[a][0])
        if len(edges[a]) > 2 and (low[a] < edges[a][0] - wide or high[a] > edges[a][-1] + wide):
            raise SolveError(
                f"the temperatures of '{body}' go from {edges[a][0]:.4g} to {edges[a][-1]:.4g} m along {'xyz'[a]}, and "
                f"the part from {low[a]:.4g} to {high[a]:.4g} m. Both are of one place. Keep a frame of this part; is "
                "one of them in mm?"
            )


def _continued(T: Array, known: NDArray[np.bool_], middles: Sequence[Array]) -> Array:
    """The same field where it is known, two cells straight on from there along the axes, and the nearest beyond."""
    T, known = T.copy(), known.copy()
    for _ in range(2):
        total, count = np.zeros(T.shape), np.zeros(T.shape)
        for axis, x in enumerate(middles):
            if x.size < 3:
                continue
            at, ok, sums, counts = (np.moveaxis(one, axis, 0) for one in (T, known, total, count))
            for here, near, far in (
                (slice(2, None), slice(1, -1), slice(-2)),
                (slice(-2), slice(1, -1), slice(2, None)),
            ):
                way = ((x[here] - x[near]) / (x[near] - x[far]))[:, None, None]
                fits = ok[near] & ok[far]
                sums[here] += np.where(fits, at[near] + way * (at[near] - at[far]), 0.0)
                counts[here] += fits
        fresh = ~known & (count > 0)
        T[fresh] = total[fresh] / count[fresh]
        known |= fresh
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(T[tuple(nearest)])


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
