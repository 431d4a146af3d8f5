"""What the cells of a body have at the start: one temperature, a profile along an axis, or a field kept before."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models import Frame, Profile, Quantity
from ..models.quantity import quantity

if TYPE_CHECKING:
    from .discrete import Local

Array = NDArray[np.float64]


def start(given: Quantity | float | Profile | Frame, local: "Local") -> Array:
    """(n,) K: the start of the solid cells of a block; a frame of the same cells is taken, of others interpolated."""
    if isinstance(given, Profile):
        shape = [1, 1, 1]
        shape[given.axis] = -1
        along = given.curve(local.centres[given.axis]) + quantity(given.shift, "K").value
        return np.broadcast_to(along.reshape(shape), local.solid.shape)[local.solid]
    if isinstance(given, Frame):
        return _field(given, local)
    return np.full(int(local.solid.sum()), quantity(given, "K").value)


def _field(frame: Frame, local: "Local") -> Array:
    from scipy.interpolate import RegularGridInterpolator  # half of what a cold start would import
    from scipy.ndimage import distance_transform_edt

    field, solid, edges = frame.T[local.body], frame.solid[local.body], frame.edges[local.body]
    same = solid.shape == local.solid.shape and bool((solid == local.solid).all())
    if same and all(np.array_equal(a, b) for a, b in zip(edges, local.edges, strict=True)):
        return field[local.solid]
    if not solid.all():  # a void cell takes the temperature of the nearest solid one
        near = distance_transform_edt(~solid, return_distances=False, return_indices=True)
        field = field[tuple(near)]
    axes = [axis for axis in range(3) if field.shape[axis] > 1]
    inner = field.squeeze(tuple(axis for axis in range(3) if axis not in axes))
    if not axes:
        return np.full(int(local.solid.sum()), float(inner))
    centres = [0.5 * (edges[axis][1:] + edges[axis][:-1]) for axis in axes]
    at = np.stack(np.meshgrid(*local.centres, indexing="ij"), axis=-1)[local.solid][:, axes]
    low, high = (np.array([c[end] for c in centres]) for end in (0, -1))
    return np.asarray(RegularGridInterpolator(centres, inner)(np.clip(at, low, high)))
