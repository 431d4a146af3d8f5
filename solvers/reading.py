"""What is read off a solved structure: the worst over its load cases and combinations, and which of them governs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import simpson
from scipy.ndimage import distance_transform_edt

from ..models import Part, Property, SolveError
from ..models.deformed import Deformed
from ..models.elastic import Elastic, Ply
from ..models.errors import did_you_mean
from ..models.gauge import MOTIONS, STRAINS, Gauge, Linearised, Peak, Reaction, Reading, Safety
from ..models.load import LoadCase
from ..models.quantity import quantity
from ..models.structure import Structure
from .elements import ROOM, Piece
from .pressed import mirrors, pressed
from .raster import Raster
from .statics import Rest
from .stress import Sampled, principal, recovered, sampled, von_mises

Array = NDArray[np.float64]
COMPONENTS = ("xx", "yy", "zz", "yz", "zx", "xy")
ALONG = 41  # places on a line through a wall
OFF = 1e-3  # of the size of a structure by which a place may lie outside it, for faceted and rounded shapes
LARGE = 0.02  # strain, and rotation in rad, beyond which small displacements are no longer true


@dataclass(slots=True, kw_only=True, eq=False)
class Answer:
    """A load case, or a sum of several, solved: displacements and stresses on the grid.

    Attributes
    ----------
    case : str
    u : (active, nodes...) m
    fields : tuple of Sampled
        Stress of each body.
    balance : (J, J)
        Work of what acts, and twice the strain energy.
    """

    case: str
    rest: Rest
    u: Array
    fields: tuple[Sampled, ...]
    balance: tuple[float, float]
    _skins: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, structure: Structure, case: LoadCase, rest: Rest) -> "Answer":
        """The answer of one load case, if it stays small."""
        u = rest.u.reshape(rest.grid.active, *rest.grid.nodes)
        fields = []
        for one in rest.pieces:
            acting = pressed(structure, case, one, rest.pieces, rest.grid)
            motion = (1.0, one, u, acting, mirrors(case, one, rest.grid))
            fields.append(replace(sampled(rest, one, structure.plane), motions=(motion,)))
        refuse_large(case.name, rest)
        pulled = rest.pulled()
        work = float(rest.u @ (rest.held_force()))
        return cls(case=case.name, rest=rest, u=u, fields=tuple(fields), balance=(work, float(rest.u @ pulled)))

    def field(self, body: str) -> int:
        """Index of a body's stresses; the first where none is named and there is one."""
        names = [one.piece.filled.member.name for one in self.fields]
        if not body and len(names) == 1:
            return 0
        if body not in names:
            raise SolveError(
                f"a reading asks for body '{body}'. {did_you_mean(body, names)} Name one of {', '.join(names)}."
            )
        return names.index(body)

    def surface(self, n: int) -> tuple[Array, Array]:
        """Places (m, 3) m and stresses (m, 6) Pa on the walls of a body."""
        if n not in self._skins:
            filled = self.fields[n].piece.filled
            first = np.unique(filled.owner, return_index=True)[1]
            places = filled.place[first]
            self._skins[n] = places, recovered(self.fields[n], self.rest, places)
        return self._skins[n]

    def deformed(self) -> Deformed:
        """The picture of it, as data for viz and field files."""
        from .picture import picture

        return picture(self)

    def _solid(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """The cells (n, 3) themselves, or the nearest that holds something."""
        void = self.rest.built.kind[tuple(cells.T)] < 0
        if void.any():
            near = distance_transform_edt(self.rest.built.kind < 0, return_distances=False, return_indices=True)
            cells = np.where(void[:, None], near[(slice(None), *cells.T)].T, cells)
        return cells

    def motion(self, places: Array) -> Array:
        """Displacement (n, 3) m at places (n, 3) m inside or on the structure."""
        grid = self.rest.grid
        scaled = ((places - grid.origin) / grid.spacing)[:, : grid.active]
        low = np.clip(np.floor(scaled).astype(int), 0, np.array(grid.shape[: grid.active]) - 1)
        cells = np.zeros((len(places), 3), dtype=np.int64)
        cells[:, : grid.active] = low
        cells = self._solid(cells)
        at = 2.0 * (scaled - cells[:, : grid.active]) - 1.0
        N, dofs = self.rest.form.shapes(np.clip(at, -1.0, 1.0)), self.rest.built.unknowns(cells)
        out = np.zeros((len(places), 3))
        for a in range(grid.active):
            n = self.rest.form.nodes
            out[:, a] = (N * self.u.ravel()[dofs[:, a * n : (a + 1) * n]]).sum(axis=1)
        return out


def refuse_large(case: str, rest: Rest) -> None:
    """SolveError where rotations, or strains beyond free growth, are too large for small displacements to be true."""
    grid = rest.grid
    for piece in rest.pieces:
        corner = rest.u[rest.built.unknowns(piece.cells)].reshape(len(piece.cells), grid.active, -1)
        slopes = np.einsum("mia,pa->mip", corner, rest.form.middle_slopes())
        turned = 0.5 * np.abs(slopes - slopes.transpose(0, 2, 1))
        own = piece.free[:, None, None] * np.eye(grid.active)  # what grows freely is no load
        strained = np.abs(0.5 * (slopes + slopes.transpose(0, 2, 1)) - own)
        solid = np.ones(len(piece.cells), dtype=bool)
        solid[piece.fulls :] = piece.moments[:, 0] > 0.25 * 2.0**grid.active
        for what, size, unit in (("strain", strained, ""), ("rotation", turned, " rad")):
            most = size.reshape(len(size), -1).max(axis=1) * solid
            worst = int(most.argmax())
            if most[worst] > LARGE:
                place = tuple(
                    round(float(c), 6) for c in grid.centres(piece.cells[worst : worst + 1])[0, : grid.active]
                )
                raise SolveError(
                    f"load case '{case}': a {what} of {most[worst]:.3g}{unit} near {place} m leaves small "
                    f"displacements, which are true up to {LARGE}{unit}. Loads move with such a part and "
                    "stiffen it. Check units and loads; this solver does not answer larger ones."
                )


def reduced(what: str, stress: Array) -> Array:
    """(m,) Pa of stresses (m, 6): a component or an equivalent."""
    if what in COMPONENTS:
        return stress[:, COMPONENTS.index(what)]
    if what == "von Mises":
        return von_mises(stress)
    three = principal(stress)
    if what == "Tresca":
        return three[:, 0] - three[:, 2]
    return three[:, ("first", "second", "third").index(what)]


def read(answers: Mapping[str, Answer], observe: Sequence[Reading]) -> tuple[Array, tuple[str, ...]]:
    """Every reading at its worst over load cases and combinations, and notes that name the governing one.

    The worst is the least factor of safety or minimum, the greatest maximum, and of all else what is farthest from 0.
    """
    values, notes = np.empty(len(observe)), []
    for n, one in enumerate(observe):
        found = {name: value(one, answer) for name, answer in answers.items()}
        least = isinstance(one, Safety) or (isinstance(one, Peak) and one.statistic == "min")
        most = isinstance(one, Peak) and one.statistic == "max"
        worst = (min if least else max)(found, key=lambda name: found[name] if least or most else abs(found[name]))
        values[n] = found[worst]
        if len(found) > 1:
            notes.append(f"{one.name}: load case '{worst}' governs of {len(found)}")
    return values, tuple(notes)


READ = (Gauge, Peak, Reaction, Safety, Linearised)


def refuse_unread(observe: Sequence[object]) -> None:
    """SolveError for what is no reading of a structure at rest."""
    for one in observe:
        if not isinstance(one, READ):
            raise SolveError(
                f"'{getattr(one, 'name', one)}' is of the kind {type(one).__name__}, none of the {len(READ)} readings "
                f"of a structure at rest. They are {', '.join(kind.__name__ for kind in READ)}. Ask for one of them."
            )
        if getattr(one, "what", "") in STRAINS:
            raise SolveError(
                f"'{getattr(one, 'name', one)}' asks for {STRAINS[0]}, which is 0 in what is elastic for ever. A "
                "structure that flows is solved by Plastic. Use that, or ask for another reading."
            )


def refuse_outside(name: str, place: tuple[float, float, float], answer: Answer, body: str) -> None:
    """SolveError for a place that lies outside the body, or outside all of them where none is named."""
    members = [one.piece.filled.member for one in answer.fields]
    parts = [members[answer.field(body)].part] if body else [one.part for one in members]
    at = np.array([place], dtype=float)
    if answer.rest.grid.active == 2:
        at[:, 2] = 0.5
    far = min(float(part.distance(*at.T)[0]) for part in parts)
    low, high = np.min([p.bounds[0] for p in parts], axis=0), np.max([p.bounds[1] for p in parts], axis=0)
    if not far <= OFF * float(np.linalg.norm((high - low)[: answer.rest.grid.active])):
        ends = [f"({', '.join(f'{c:.4g}' for c in end[: answer.rest.grid.active])})" for end in (low, high)]
        whose = f"'{body}'" if body else "the structure"
        raise SolveError(
            f"'{name}' at {place} m lies {far:.3g} m outside {whose}, which spans "
            f"{ends[0]} to {ends[1]} m. A reading is taken in or on what it reads. Correct the place; is it in mm?"
        )


def value(one: Reading, answer: Answer) -> float:
    """A reading of an answer."""
    if isinstance(one, Gauge):
        return _gauge(one, answer)
    if isinstance(one, Peak):
        return _peak(one, answer)
    if isinstance(one, Safety):
        return _safety(one, answer)
    if isinstance(one, Reaction):
        return _reaction(one, answer)
    return _linearised(one, answer)


def _gauge(one: Gauge, answer: Answer) -> float:
    refuse_outside(one.name, one.place, answer, one.body)
    place = np.array([one.place], dtype=float)
    if one.what in MOTIONS:
        u = answer.motion(place)[0]
        return float(np.linalg.norm(u) if one.what == "u" else u["xyz".index(one.what[1])])
    return float(reduced(one.what, recovered(answer.fields[answer.field(one.body)], answer.rest, place))[0])


def _within(part: Part, region: str, places: Array) -> NDArray[np.bool_]:
    low, high = part.region(region)
    return np.asarray(((places >= np.asarray(low)) & (places <= np.asarray(high))).all(axis=1))


def seen(answer: Answer, body: str, region: str) -> tuple[Array, Array, Array]:
    """Places, stresses and volumes (0 on walls) of a body within a region."""
    n = answer.field(body)
    own = answer.fields[n]
    skin, on = answer.surface(n)
    whole = own.volume > 0.5
    places, stress = np.concatenate([own.place[whole], skin]), np.concatenate([own.stress[whole], on])
    volume = np.concatenate([own.volume[whole], np.zeros(len(skin))])
    if answer.rest.grid.metric == "axisymmetric":
        volume = volume * places[:, 0]
    inside = _within(own.piece.filled.member.part, region, places)
    if not inside.any():
        raise SolveError(
            f"region '{region}' holds no cell of '{own.piece.filled.member.name}'. A region holds some. Make it larger."
        )
    return places[inside], stress[inside], volume[inside]


def _peak(one: Peak, answer: Answer) -> float:
    if one.patch:
        return _over_patch(one, answer)
    places, stress, volume = seen(answer, one.body, one.region)
    each = measured(one.what, answer, places, stress)
    if one.statistic == "mean":
        return float(each @ volume / volume.sum())
    return float(each.max() if one.statistic == "max" else each.min())


def measured(what: str, answer: Answer, places: Array, stress: Array) -> Array:
    """A displacement at places (n, 3) m, or what is made of the stresses (n, 6) Pa there."""
    if what not in MOTIONS:
        return reduced(what, stress)
    u = answer.motion(places)
    return np.asarray(np.linalg.norm(u, axis=1) if what == "u" else u[:, "xyz".index(what[1])])


def _over_patch(one: Peak, answer: Answer) -> float:
    from .loads import patch_rows

    n = answer.field(one.body)
    filled = answer.fields[n].piece.filled
    rows = patch_rows(filled, one.patch)
    if not rows.size:
        raise SolveError(
            f"'{one.name}': patch '{one.patch}' has a surface of 0 m2. Something is read off it. Correct it."
        )
    places, area = filled.place[rows], filled.area[rows]
    if answer.rest.grid.metric == "axisymmetric":
        area = area * places[:, 0]
    stress = np.zeros((0, 6)) if one.what in MOTIONS else recovered(answer.fields[n], answer.rest, places)
    each = measured(one.what, answer, places, stress)
    if one.statistic == "mean":
        return float(each @ area / area.sum())
    return float(each.max() if one.statistic == "max" else each.min())


def _safety(one: Safety, answer: Answer) -> float:
    n = answer.field(one.body)
    own = answer.fields[n].piece
    material: Elastic = own.filled.material
    places, stress, _ = seen(answer, one.body, one.region)
    if one.against == "ply":
        if not isinstance(material.ply, Ply):
            raise SolveError(
                f"{material.name} states no ply strengths. A first-ply factor needs them. Give Elastic(ply=Ply(...))."
            )
        return float(tsai_wu(material.ply, stress).min())
    strength = strength_at(own, one.against, places, answer.rest.grid)
    return float((strength / np.maximum(von_mises(stress), 1e-12)).min())


def strength_at(own: Piece, against: str, places: Array, grid: Raster) -> Array:
    """Strength (n,) Pa of a body at places (n, 3) m: at the temperature of the nearest cell."""
    material: Elastic = own.filled.material
    cold = material.at(against, ROOM)
    if own.T is None:
        return np.full(len(places), cold)
    cells = np.clip(((places - grid.origin) / grid.spacing).astype(int), 0, np.array(own.filled.full.shape) - 1)
    T = np.full(own.filled.full.shape, np.nan)
    T[tuple(own.cells.T)] = own.T
    at = T[tuple(cells.T)]
    at = np.where(np.isnan(at), float(np.nanmax(T)), at)
    law = material.ultimate if against == "ultimate" else material.yields and material.yields.stress
    assert isinstance(law, Property)
    return law(at)


def tsai_wu(ply: Ply, stress: Array) -> Array:
    """(m,) factors by which stresses (m, 6) Pa may grow until the first ply fails.

    References
    ----------
    Tsai and Wu 1971, J. Composite Materials 5, 58-80; interaction -1/2 sqrt(F_ii F_jj).
    """
    t, c, s = ([quantity(one, "Pa").value for one in given] for given in (ply.tension, ply.compression, ply.shear))
    linear = np.zeros(6)
    square = np.zeros((6, 6))
    for i in range(3):
        linear[i] = 1.0 / t[i] - 1.0 / c[i]
        square[i, i] = 1.0 / (t[i] * c[i])
    for i, j in ((0, 1), (1, 2), (2, 0)):
        square[i, j] = square[j, i] = -0.5 * np.sqrt(square[i, i] * square[j, j])
    for row, n in ((3, 1), (4, 2), (5, 0)):
        square[row, row] = 1.0 / s[n] ** 2
    a = np.einsum("mi,ij,mj->m", stress, square, stress)
    b = stress @ linear
    return np.asarray(2.0 / np.maximum(b + np.sqrt(b**2 + 4.0 * a), 1e-300))


def _reaction(one: Reaction, answer: Answer) -> float:
    rest = answer.rest
    if one.patch not in rest.holds.by:
        raise SolveError(
            f"'{one.name}': nothing holds patch '{one.patch}'. {did_you_mean(one.patch, list(rest.holds.by))} A "
            "reaction is read off a support. Correct the patch."
        )
    dofs, rows = rest.holds.by[one.patch]
    size, axis = int(np.prod(rest.grid.nodes)), "xyz".index(one.axis)
    along = dofs[(dofs >= axis * size) & (dofs < (axis + 1) * size)]
    several = np.zeros(rest.u.size)  # patches that hold a node together take the same share each
    for own, _ in rest.holds.by.values():
        several[own] += 1.0
    left = rest.pulled() - rest.load - rest.pushed()
    total = float((left[along] / several[along]).sum())
    if rows.size:
        total += float(rest.pushed(rows)[axis * size : (axis + 1) * size].sum())
    return total


def _linearised(one: Linearised, answer: Answer) -> float:
    share = np.linspace(0.0, 1.0, ALONG)
    for place in (one.begin, one.end):
        refuse_outside(one.name, place, answer, one.body)
    begin, end = np.asarray(one.begin, dtype=float), np.asarray(one.end, dtype=float)
    own = answer.fields[answer.field(one.body)]
    s = recovered(own, answer.rest, begin + share[:, None] * (end - begin))
    membrane = simpson(s, x=share, axis=0)
    bending = 3.0 * simpson(s * (2.0 * share - 1.0)[:, None], x=share, axis=0)
    ends = np.stack([membrane - bending, membrane + bending])
    picked = {"membrane": membrane[None], "bending": bending[None], "both": ends, "peak": s[[0, -1]] - ends}[one.part]
    return float(von_mises(picked).max())
