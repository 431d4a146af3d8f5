"""Published problems of holes: circular ones in plates, wide and narrow, and a spherical one in a block."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from foretrial.models import Elastic, LoadCase, Part, Patch, Structure, Traction
from foretrial.models.load import Mapped
from foretrial.models.shape import Shape
from foretrial.solvers import Strength
from foretrial.solvers.reading import Answer
from foretrial.solvers.stress import recovered

from .problem import Problem, Reached, Resolution
from .round import shifts
from .strength import BOTTOM, LEFT, QUARTER, SYMMETRY, worst

Array = NDArray[np.float64]
PULL, YOUNG, NU = 1e6, 2e11, 0.3
WIDE, DEEP = 3.0, 2.5  # half sides of a plate and of a block, in radii


def kirsch(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """xx, yy and xy around a hole of radius 1 in an infinite plate under a unit pull along x."""
    q, t = 1.0 / (x**2 + y**2), np.arctan2(y, x)
    rr = 0.5 * (1.0 - q) + 0.5 * (1.0 - 4.0 * q + 3.0 * q**2) * np.cos(2.0 * t)
    tt = 0.5 * (1.0 + q) - 0.5 * (1.0 + 3.0 * q**2) * np.cos(2.0 * t)
    rt = -0.5 * (1.0 + 2.0 * q - 3.0 * q**2) * np.sin(2.0 * t)
    c, s = np.cos(t), np.sin(t)
    return (rr * c**2 + tt * s**2 - 2.0 * rt * s * c, rr * s**2 + tt * c**2 + 2.0 * rt * s * c,
            (rr - tt) * s * c + rt * (c**2 - s**2))  # fmt: skip


def wide_plate() -> Structure:
    """A square with a hole of radius 1 m, its sides pulled as those of an infinite plate are."""
    line = np.linspace(-WIDE, WIDE, 1201)
    edge, zero = np.full_like(line, WIDE), np.zeros_like(line)
    xx, _, xy = kirsch(edge, line)
    _, yy, yx = kirsch(line, edge)
    loads = {}
    for name, way in (("right", 1.0), ("left", -1.0)):
        loads[name] = Mapped(y=line, value=PULL * np.stack([way * xx, xy, zero], axis=1)[None, :, None])
    for name, way in (("top", 1.0), ("bottom", -1.0)):
        loads[name] = Mapped(x=line, value=PULL * np.stack([yx, way * yy, zero], axis=1)[:, None, None])
    sides = tuple(Patch(name=name, plane=(tuple(WIDE * c for c in way), way), within=0.2)
                  for name, way in (("right", (1.0, 0.0, 0.0)), ("left", (-1.0, 0.0, 0.0)),
                                    ("top", (0.0, 1.0, 0.0)), ("bottom", (0.0, -1.0, 0.0))))  # fmt: skip
    sides = tuple(Patch(name=one.name, facing=one.plane[1], plane=one.plane, within=0.2) for one in sides if one.plane)
    square = Shape(kind="box", numbers=(-WIDE, -WIDE, 0.0, WIDE, WIDE, 1.0))
    hole = Shape(kind="cylinder", numbers=(0.0, 0.0, 0.0, 1.0, 1.0))
    part = Part(name="plate", shape=Shape(kind="difference", parts=(square, hole)), active=2, patches=sides)
    return Structure.simple(part=part, material=Elastic(name="any", young=YOUNG, poisson=NU), plane="stress",
                            case=LoadCase(loads=loads, free=True))  # fmt: skip


def _solved(structure: Structure, solver: Strength) -> Answer:
    kept: list[Answer] = []
    solver(structure, keep=kept.append)
    return kept[0]


def hoop(answer: Answer, radius: float, angles: Array) -> Array:
    """Hoop stress, Pa, on a circle around the origin of a section."""
    c, s = np.cos(angles), np.sin(angles)
    places = np.stack([radius * c, radius * s, np.full_like(c, 0.5)], axis=1)
    found = recovered(answer.fields[0], answer.rest, places)
    return np.asarray(found[:, 0] * s**2 + found[:, 1] * c**2 - 2.0 * found[:, 5] * s * c)


def _kirsch(peak: bool, cells: int) -> Reached:
    """`cells` to the hole's diameter, at five offsets of the grid."""
    structure, n = wide_plate(), round(WIDE * cells)
    angles = np.radians(np.arange(0.0, 360.0, 0.5))
    exact, found, count = 1.0 - 2.0 * np.cos(2.0 * angles), [], 0
    for shift in shifts(5):
        answer = _solved(structure, Strength(along=(n, n, None), shift=(*shift[:2], 0.0)))
        found.append(hoop(answer, 1.0, angles) / PULL)
        count = int((answer.rest.built.kind >= 0).sum())
    off = np.abs(np.array(found) - exact)
    if peak:
        off[:, ~np.isin(angles, np.radians((90.0, 270.0)))] = 0.0
    where = np.unravel_index(off.argmax(), off.shape)
    return Reached(answer=float(exact[where[1]]) / 3.0, reached=float(found[where[0]][where[1]]) / 3.0, cells=count,
                   steps=1)  # fmt: skip


HOWLAND = {0.1: 3.036, 0.2: 3.1526, 0.3: 3.374, 0.4: 3.747}
POLE = -1.1189  # at 0.2


def _strip(ratio: float, cells: int) -> tuple[float, float, int]:
    """Gross stress at the hole's edge and pole, over the pull; `cells` to the radius, half a strip of width 1."""
    radius, length = 0.5 * ratio, 1.5
    block = Shape(kind="box", numbers=(0.0, 0.0, 0.0, length, 0.5, 1.0))
    hole = Shape(kind="cylinder", numbers=(0.0, 0.0, 0.0, 1.0, radius))
    end = Patch(name="end", plane=((length, 0.0, 0.0), (1.0, 0.0, 0.0)), within=1e-6)
    part = Part(name="strip", shape=Shape(kind="difference", parts=(block, hole)), active=2,
                patches=(LEFT, BOTTOM, end))  # fmt: skip
    case = LoadCase(supports=QUARTER, loads={"end": Traction(value=(PULL, 0.0, 0.0))})
    structure = Structure.simple(part=part, material=Elastic(name="any", young=YOUNG, poisson=NU), case=case,
                                 plane="stress")  # fmt: skip
    fine = cells / radius
    answer = _solved(structure, Strength(along=(round(length * fine), round(0.5 * fine), None)))
    pole, edge = hoop(answer, radius, np.array([0.0, 0.5 * np.pi])) / PULL
    return float(edge), float(pole), int((answer.rest.built.kind >= 0).sum())


def _howland(cells: int) -> Reached:
    runs = {ratio: _strip(ratio, cells) for ratio in HOWLAND}
    return worst([(HOWLAND[ratio], edge) for ratio, (edge, _, _) in runs.items()], max(one[2] for one in runs.values()))


def _howland_pole(cells: int) -> Reached:
    _, pole, count = _strip(0.2, cells)
    return Reached(answer=POLE, reached=pole, cells=count, steps=1)


def cavity(x: Array, y: Array, z: Array, uniaxial: bool) -> tuple[Array, Array]:
    """Displacement (n, 3) m and stress (n, 6) Pa around a hollow ball of radius 1 m under a pull along z, or all round.

    References
    ----------
    Goodier 1933, J. Appl. Mech. 1, 39-44; Timoshenko and Goodier, Theory of Elasticity, sec. 137.
    """
    r = np.sqrt(x**2 + y**2 + z**2)
    G, n = YOUNG / (2.0 * (1.0 + NU)), np.stack([x, y, z], axis=1) / r[:, None]
    bulk = YOUNG / (3.0 * (1.0 - 2.0 * NU))
    eye = np.eye(3)
    if not uniaxial:
        u = PULL * (r / (3.0 * bulk) + 1.0 / (4.0 * G * r**2))[:, None] * n
        nn = n[:, :, None] * n[:, None, :]
        full = PULL * ((1.0 - r**-3)[:, None, None] * nn + (1.0 + 0.5 * r**-3)[:, None, None] * (eye - nn))
        return u, _six(full)
    unit = PULL / (8.0 * G * (7.0 - 5.0 * NU))
    A, B, C = -(13.0 - 10.0 * NU) * unit, unit, 5.0 * (1.0 - 2.0 * NU) * unit
    cos, rho = n[:, 2], np.sqrt(x**2 + y**2)
    sin = rho / r
    two, both = 2.0 * cos**2 - 1.0, 2.0 * sin * cos
    k, c3, b5 = 1.0 / (1.0 - 2.0 * NU), C * r**-3, B * r**-5
    radial = -A * r**-2 - 3.0 * B * r**-4 + ((5.0 - 4.0 * NU) * k * C * r**-2 - 9.0 * B * r**-4) * two
    polar = -(2.0 * C * r**-2 + 6.0 * B * r**-4) * both
    a3 = A * r**-3
    rr = 2.0 * a3 - 2.0 * NU * k * c3 + 12.0 * b5 + (-2.0 * (5.0 - NU) * k * c3 + 36.0 * b5) * two
    tt = -a3 - 2.0 * NU * k * c3 - 3.0 * b5 + (c3 - 21.0 * b5) * two
    pp = -a3 - 2.0 * (1.0 - NU) * k * c3 - 9.0 * b5 + (3.0 * c3 - 15.0 * b5) * two
    rt = (-2.0 * (1.0 + NU) * k * c3 + 24.0 * b5) * both
    safe = np.where(rho > 1e-12, rho, 1.0)
    east = np.stack([-y / safe, x / safe, 0.0 * z], axis=1)
    east[rho <= 1e-12] = (0.0, 1.0, 0.0)
    south = np.cross(east, n)
    full = np.einsum("m,mi,mj->mij", rr, n, n) + np.einsum("m,mi,mj->mij", tt, south, south)
    full += np.einsum("m,mi,mj->mij", pp, east, east)
    full += np.einsum("m,mij->mij", rt, n[:, :, None] * south[:, None, :] + south[:, :, None] * n[:, None, :])
    full *= 2.0 * G
    full[:, 2, 2] += PULL
    u = radial[:, None] * n + polar[:, None] * south
    u += PULL / YOUNG * np.stack([-NU * x, -NU * y, z], axis=1)
    return u, _six(full)


def _six(full: Array) -> Array:
    return np.stack([full[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))], axis=1)


def block(uniaxial: bool) -> Structure:
    """An eighth of a block with a hollow ball, its far sides pulled as infinite matter would."""
    line = np.linspace(0.0, DEEP, 121)
    loads, patches = {}, [LEFT, BOTTOM, Patch(name="back", plane=((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)), within=1e-6)]
    for axis, name in enumerate("xyz"):
        axes = [line if a != axis else np.array([DEEP]) for a in range(3)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        full = cavity(*grid.reshape(-1, 3).T, uniaxial)[1]
        rows = ((0, 5, 4), (5, 1, 3), (4, 3, 2))[axis]
        loads[f"far {name}"] = Mapped(value=full[:, rows].reshape(grid.shape), **dict(zip("xyz", axes, strict=True)))
        way = tuple(float(a == axis) for a in range(3))
        patches.append(Patch(name=f"far {name}", plane=(tuple(DEEP * c for c in way), way), within=1e-6))
    whole = Shape(kind="box", numbers=(0.0, 0.0, 0.0, DEEP, DEEP, DEEP))
    ball = Shape(kind="sphere", numbers=(0.0, 0.0, 0.0, 1.0))
    part = Part(name="block", shape=Shape(kind="difference", parts=(whole, ball)), patches=tuple(patches))
    case = LoadCase(supports=QUARTER | {"back": SYMMETRY}, loads=loads)
    return Structure.simple(part=part, material=Elastic(name="any", young=YOUNG, poisson=NU), case=case)


def _sphere() -> Array:
    """Even places (n, 3) on an eighth of a ball."""
    t, p = (np.radians(np.linspace(0.0, 90.0, 19)),) * 2
    T, P = np.meshgrid(t, p, indexing="ij")
    places = np.stack([np.sin(T) * np.cos(P), np.sin(T) * np.sin(P), np.cos(T)], axis=-1).reshape(-1, 3)
    return np.asarray(places)


def _cavity(uniaxial: bool, mean: bool, cells: int) -> Reached:
    """`cells` to the radius; the largest stress over the wall's places, or of the mean over them."""
    n = round(DEEP * cells)
    answer = _solved(block(uniaxial), Strength(along=(n, n, n)))
    places, count = _sphere(), int((answer.rest.built.kind >= 0).sum())
    exact = cavity(*places.T, uniaxial)[1]
    off = recovered(answer.fields[0], answer.rest, places) - exact
    top = (27.0 - 15.0 * NU) / (2.0 * (7.0 - 5.0 * NU)) if uniaxial else 1.5
    size = np.abs(off).max(axis=1) if not mean else off[:, :3].sum(axis=1)
    if mean:
        whole = float(exact[:, :3].sum(axis=1).mean())
        return Reached(answer=whole / PULL, reached=(whole + float(size.mean())) / PULL, cells=count, steps=1)
    return Reached(answer=top, reached=top + float(size.max()) / PULL, cells=count, steps=1)


def _order(cells: int) -> Reached:
    """Power of the cell size with which displacements of the nodes in the solid tend to the exact ones."""
    errors, count = [], 0
    for fine in (cells, 1.5 * cells):
        n = round(DEEP * fine)
        answer = _solved(block(True), Strength(along=(n, n, n), linear="direct"))
        line = answer.rest.grid.corners(0)
        places = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
        solid = np.linalg.norm(places, axis=1) >= 1.0
        off = answer.u.reshape(3, -1).T[solid] - cavity(*places[solid].T, True)[0]
        errors.append(float(np.sqrt((off**2).mean())))
        count = int((answer.rest.built.kind >= 0).sum())
    return Reached(answer=2.0, reached=float(np.log(errors[0] / errors[1]) / np.log(1.5)), cells=count, steps=1)


_AT = (17, 34, 68)
PROBLEMS = (
    *(Problem(
        id=id, unit="1", source="Kirsch 1898, Z. VDI 42, 797-807; closed form", relative=False,
        problem=f"Wide plate with a round hole under tension, five offsets of the grid: {what}, over 3 pulls?",
        at=tuple(Resolution(cells=n, tolerance=tolerance) for n, tolerance in zip(_AT, allowed, strict=True)),
        reach=partial(_kirsch, peak))
      for id, what, peak, allowed in (("Kirsch", "stress at the two peaks, the worst", True, (0.02, 0.013, 0.004)),
                                      ("Kirsch-hoop", "the worst hoop stress along the hole", False,
                                       (0.025, 0.015, 0.008)))),
    Problem(
        id="Howland", unit="1", source="Howland 1930, Phil. Trans. R. Soc. A 229, 49-86", relative=True,
        problem="Strip of width 1 with holes of 0.1, 0.2, 0.3 and 0.4 under tension: gross stress at the hole's edge; "
                "the worst?",
        at=(Resolution(cells=12, tolerance=0.01), Resolution(cells=24, tolerance=0.01)), reach=_howland, long=True),
    Problem(
        id="Howland-pole", unit="1", source="Howland 1930, Phil. Trans. R. Soc. A 229, 49-86", relative=True,
        problem="Strip of width 1 with a hole of 0.2 under tension: gross stress at the hole's pole?",
        at=(Resolution(cells=8, tolerance=0.03), Resolution(cells=16, tolerance=0.03)), reach=_howland_pole),
    *(Problem(
        id=id, unit="1", source="Goodier 1933, J. Appl. Mech. 1, 39-44; closed form", relative=True, long=True,
        problem=f"Hollow ball in infinite matter, {load}: {what} on its wall, over the pull?",
        at=(Resolution(cells=8, tolerance=loose), Resolution(cells=16, tolerance=tolerance)),
        reach=partial(_cavity, uniaxial, mean))
      for id, load, what, uniaxial, mean, tolerance, loose in (
          ("cavity-worst", "pulled along one axis", "the largest stress, by the worst error", True, False, 0.02, 0.06),
          ("cavity-mean", "pulled along one axis", "the mean of the sum of stresses", True, True, 0.003, 0.01),
          ("cavity-round", "pulled all round", "the largest stress, by the worst error", False, False, 0.02, 0.06),
          ("cavity-round-mean", "pulled all round", "the mean of the sum of stresses", False, True, 0.003, 0.01))),
    Problem(
        id="cavity-order", unit="1", source="Goodier 1933, J. Appl. Mech. 1, 39-44; closed form", long=True,
        problem="Hollow ball in infinite matter, pulled along one axis: at which power of the cell size does the error "
                "of the displacement fall?",
        at=(Resolution(cells=4, tolerance=0.2), Resolution(cells=6, tolerance=0.2)), reach=_order),
)  # fmt: skip
