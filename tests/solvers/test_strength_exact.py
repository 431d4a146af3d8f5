"""Structures answer what closed forms say: loads, supports, materials and temperatures one by one, aligned and cut."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from foretrial.models import (
    Body,
    Curve,
    Elastic,
    Fixed,
    Force,
    Gauge,
    Held,
    Linearised,
    LoadCase,
    Material,
    Member,
    Part,
    Patch,
    Peak,
    Ply,
    Pressure,
    Process,
    Profile,
    Property,
    Quantity,
    Reaction,
    Rest,
    Rotation,
    Safety,
    Sliding,
    SolveError,
    Source,
    Spring,
    Stage,
    Structure,
    Traction,
)
from foretrial.models.library_elastic import AS4_3501
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat
from foretrial.solvers.reading import tsai_wu
from foretrial.solvers.strength import Strength

STEEL = Elastic(name="steel", young=200e9, poisson=0.3, density=8000.0, expansion=12e-6)
PLAIN = Elastic(name="plain", young=100e9, poisson=0.0, density=5000.0, expansion=1e-5)
ROLLERS = {"left": Sliding(), "bottom": Sliding()}
GRIDS = {"aligned": (0.0, 0.0, 0.0), "cut": (0.37, 0.61, 0.0)}
grids = pytest.mark.parametrize("shift", GRIDS.values(), ids=list(GRIDS))


def read(structure, *observe, **settings):
    told = Strength(**{"cells": 4} | settings)(structure, observe=observe)
    return SimpleNamespace(**dict(zip(told.names, told.values[-1], strict=True)))


def section(case, part=None, material=STEEL, plane="stress", **more):
    return Structure.simple(part=part or Part.sheet(0.4, 0.1), material=material, case=case, plane=plane, **more)


@grids
@pytest.mark.parametrize("plane", ["stress", "strain"])
def test_a_moved_face_stretches_a_section_evenly(shift, plane):
    case = LoadCase(supports={**ROLLERS, "right": Fixed(x=1e-4, y=None)})
    got = read(section(case, plane=plane, thickness=0.02), Peak(name="most", what="xx"),
               Peak(name="least", what="xx", statistic="min"), Gauge(name="zz", place=(0.2, 0.05, 0), what="zz"),
               Gauge(name="uy", place=(0.2, 0.1, 0), what="uy"), Reaction(name="held", patch="left", axis="x"),
               Reaction(name="pulled", patch="right", axis="x"), shift=shift)  # fmt: skip
    first = 200e9 / (1 - 0.09 if plane == "strain" else 1.0)
    pull = first * 1e-4 / 0.4
    rough = 1e-9 if shift == (0.0, 0.0, 0.0) else 2e-3  # the empty share of cut cells takes a little
    np.testing.assert_allclose([got.most, got.least], pull, rtol=rough)
    np.testing.assert_allclose([got.pulled, -got.held], pull * 0.1 * 0.02, rtol=rough)
    nu = 0.3 / 0.7 if plane == "strain" else 0.3
    np.testing.assert_allclose(got.uy, -nu * 1e-4 / 0.4 * 0.1, rtol=rough)
    np.testing.assert_allclose(got.zz, 0.3 * pull if plane == "strain" else 0.0, rtol=rough, atol=1.0)


@grids
def test_a_moved_face_stretches_a_block_evenly(shift):
    case = LoadCase(supports={**ROLLERS, "back": Sliding(), "right": Fixed(x=1e-4, y=None, z=None)})
    structure = Structure.simple(part=Part.box(0.4, 0.2, 0.2), material=STEEL, case=case)
    got = read(structure, Peak(name="most", what="xx"), Peak(name="least", what="xx", statistic="min"),
               Reaction(name="pulled", patch="right", axis="x"), cells=3, shift=(*shift[:2], shift[0]))  # fmt: skip
    rough = 1e-9 if not any(shift) else 2e-3
    np.testing.assert_allclose([got.most, got.least], 200e9 * 1e-4 / 0.4, rtol=rough)
    np.testing.assert_allclose(got.pulled, 200e9 * 1e-4 / 0.4 * 0.04, rtol=rough)


@grids
def test_springs_give_way_by_load_over_stiffness(shift):
    case = LoadCase(supports={"left": Spring(normal=2e10), "bottom": Sliding()}, loads={"right": Pressure(value=-4e6)})
    got = read(section(case), Gauge(name="near", place=(0, 0.05, 0), what="ux"),
               Gauge(name="far", place=(0.4, 0.05, 0), what="ux"), shift=shift)  # fmt: skip
    np.testing.assert_allclose(got.near, 4e6 / 2e10, rtol=1e-9 if not any(shift) else 2e-3)
    np.testing.assert_allclose(got.far - got.near, 4e6 / 200e9 * 0.4, rtol=1e-9 if not any(shift) else 5e-3)


def test_a_column_hangs_under_its_own_weight():
    case = LoadCase(supports={"top": Fixed()}, gravity=(0.0, -9.81, 0.0))
    part = Part.sheet(0.1, 1.0)
    got = read(section(case, part, PLAIN), Gauge(name="end", place=(0.05, 0, 0), what="uy"),
               Gauge(name="root", place=(0.05, 1.0, 0), what="yy"))  # fmt: skip
    np.testing.assert_allclose(got.end, -5000 * 9.81 / (2 * 100e9), rtol=1e-9)
    np.testing.assert_allclose(got.root, 5000 * 9.81, rtol=1e-6)


def test_a_bar_that_turns_stretches():
    case = LoadCase(supports=ROLLERS, rotation=Rotation(speed=300.0))
    got = read(section(case, Part.sheet(1.0, 0.1), PLAIN), Gauge(name="end", place=(1.0, 0.0, 0), what="ux"),
               Gauge(name="middle", place=(0.0, 0.05, 0), what="xx"), cells=8)  # fmt: skip
    pull = 5000 * 300.0**2
    np.testing.assert_allclose(got.end, pull / (3 * 100e9), rtol=1e-3)
    np.testing.assert_allclose(got.middle, pull / 2, rtol=1e-3)


@pytest.mark.parametrize("thickness", [1.0, 0.001])
def test_a_beam_on_two_points_shares_its_load_by_the_lever(thickness):
    rests = (Rest(begin=(0.1, 0, 0), end=(0.1, 0, 0), x=0.0, y=0.0), Rest(begin=(0.9, 0, 0), end=(0.9, 0, 0), y=0.0))
    case = LoadCase(rests=rests, loads={"right": Force(value=(0.0, -1e3 * thickness, 0.0))})
    asked = (Reaction(name="both", patch="rests", axis="y"),
             *(Gauge(name=f"u{n}", place=(x, 0, 0), what="uy") for n, x in enumerate((0.1, 0.9))),
             Gauge(name="tip", place=(1.0, 0, 0), what="uy"))  # fmt: skip
    got = read(section(case, Part.sheet(1.0, 0.1), thickness=thickness), *asked)
    np.testing.assert_allclose(got.both, 1e3 * thickness, rtol=1e-7)
    assert max(abs(got.u0), abs(got.u1)) < 0.1 * abs(got.tip)
    bent, sheared = 1e3 * 0.1**2 * 0.9 / (3 * 200e9 * 0.1**3 / 12), 1e3 * 0.1 * (1 + 0.1 / 0.8) / (5 / 6 * 76.9e9 * 0.1)
    np.testing.assert_allclose(got.tip, -bent - sheared, rtol=0.05)


def test_a_rest_moves_by_what_is_asked():
    case = LoadCase(supports={"left": Sliding()}, rests=(Rest(begin=(0.0, 0.02, 0), end=(0.4, 0.02, 0), y=1e-4),))
    got = read(section(case), Gauge(name="u", place=(0.3, 0.02, 0), what="uy"), Peak(name="s", what="von Mises"))
    np.testing.assert_allclose(got.u, 1e-4, rtol=1e-9)
    assert got.s < 1.0


@pytest.mark.parametrize("plane", ["stress", "strain", ""])
def test_orthotropic_matter_strains_by_its_constants(plane):
    S = AS4_3501.orthotropic.compliance()
    pulls = {"right": Traction(value=(3e6, 0, 0)), "top": Traction(value=(0, -2e6, 0))}
    if plane:
        got = read(section(LoadCase(supports=ROLLERS, loads=pulls), Part.sheet(0.2, 0.1), AS4_3501, plane),
                   Gauge(name="ux", place=(0.2, 0.1, 0), what="ux"), Gauge(name="uy", place=(0.2, 0.1, 0), what="uy"),
                   Gauge(name="zz", place=(0.1, 0.05, 0), what="zz"))  # fmt: skip
        across = -(S[2, 0] * 3e6 - S[2, 1] * 2e6) / S[2, 2] if plane == "strain" else 0.0
        np.testing.assert_allclose(got.zz, across, rtol=1e-9, atol=1e-3)
    else:
        case = LoadCase(supports={**ROLLERS, "back": Sliding()}, loads={**pulls, "front": Traction(value=(0, 0, 1e6))})
        got = read(Structure.simple(part=Part.box(0.2, 0.1, 0.1), material=AS4_3501, case=case),
                   *(Gauge(name=u, place=(0.2, 0.1, 0.1), what=u) for u in ("ux", "uy", "uz")), cells=2)  # fmt: skip
        across = 1e6
        np.testing.assert_allclose(got.uz, 0.1 * (S @ (3e6, -2e6, 1e6, 0, 0, 0))[2], rtol=1e-7)
    strain = S @ (3e6, -2e6, across, 0, 0, 0)
    np.testing.assert_allclose([got.ux, got.uy], [0.2 * strain[0], 0.1 * strain[1]], rtol=1e-7)


def test_orthotropic_matter_shears_by_the_modulus_of_the_plane():
    shear = {"right": Traction(value=(0, 1e6, 0)), "left": Traction(value=(0, -1e6, 0)),
             "top": Traction(value=(1e6, 0, 0)), "bottom": Traction(value=(-1e6, 0, 0))}  # fmt: skip
    for plane, G in (((0, 1), 6.6e9), ((1, 2), 11e9 / 2.8), ((2, 0), 6.6e9)):
        a, b = plane
        faces = ("right", "left"), ("top", "bottom"), ("front", "back")
        shear = {}
        for axis, other in ((a, b), (b, a)):
            for face, sign in zip(faces[axis], (1, -1), strict=True):
                shear[face] = Traction(value=tuple(sign * 1e6 * (n == other) for n in range(3)))
        case = LoadCase(free=True, loads=shear)
        structure = Structure.simple(part=Part.box(0.1, 0.1, 0.1), material=AS4_3501, case=case)
        kept = []
        Strength(cells=2)(structure, keep=kept.append)
        u = kept[0].u
        slope = (u[b].take(-1, a) - u[b].take(0, a)).mean() / 0.1 + (u[a].take(-1, b) - u[a].take(0, b)).mean() / 0.1
        np.testing.assert_allclose(slope, 1e6 / G, rtol=1e-7)


def test_tsai_wu_gives_the_strengths_back():
    ply = AS4_3501.ply
    for n in range(3):
        for sign, strengths in ((1, ply.tension), (-1, ply.compression)):
            s = np.zeros((1, 6))
            s[0, n] = sign * 1e6
            np.testing.assert_allclose(tsai_wu(ply, s), strengths[n].value / 1e6)
    for row, n in ((5, 0), (3, 1), (4, 2)):
        s = np.zeros((1, 6))
        s[0, row] = 1e6
        np.testing.assert_allclose(tsai_wu(ply, s), ply.shear[n].value / 1e6)
    case = LoadCase(supports=ROLLERS, loads={"top": Traction(value=(0, 4e6, 0))})
    got = read(section(case, Part.sheet(0.2, 0.1), AS4_3501), Safety(name="ply", against="ply"))
    np.testing.assert_allclose(got.ply, 48 / 4, rtol=1e-6)
    assert isinstance(ply, Ply)


@grids
@pytest.mark.parametrize("ratio", [0.3, 0.48])
def test_warmth_that_is_held_across_presses(shift, ratio):
    case = LoadCase(supports=ROLLERS, temperature=393.15)
    matter = Elastic(name="steel", young=200e9, poisson=ratio, expansion=12e-6)
    got = read(section(case, material=matter, plane="strain"), Gauge(name="end", place=(0.4, 0.1, 0), what="ux"),
               Peak(name="zz", what="zz", statistic="min"), Peak(name="xx", what="xx"), shift=shift)  # fmt: skip
    rough = 1e-9 if not any(shift) else 1e-3
    np.testing.assert_allclose(got.end, (1 + ratio) * 12e-6 * 100 * 0.4, rtol=rough)
    np.testing.assert_allclose(got.zz, -200e9 * 12e-6 * 100, rtol=rough if ratio < 0.4 else 10 * rough)
    assert abs(got.xx) < 4e-3 * 240e6


def test_warmth_that_is_held_all_round_presses_by_the_bulk():
    walls = dict.fromkeys(("left", "right", "bottom", "top", "back", "front"), Sliding())
    case = LoadCase(supports=walls, temperature=393.15)
    got = read(Structure.simple(part=Part.box(0.2, 0.1, 0.1), material=STEEL, case=case), Peak(name="xx", what="xx"),
               Peak(name="zz", what="zz", statistic="min"), cells=2)  # fmt: skip
    np.testing.assert_allclose([got.xx, got.zz], -200e9 * 12e-6 * 100 / 0.4, rtol=1e-7)


def test_stiffness_that_falls_with_temperature_is_felt_where_it_is_warm():
    young = Property(curve=Curve.table([300.0, 700.0], [200e9, 100e9]), unit="Pa", scale=Quantity(value=1.0),
                     source="test", valid=(250.0, 700.0))  # fmt: skip
    warm = Elastic(name="soft", young=young, poisson=0.0)
    case = LoadCase(supports=ROLLERS, loads={"right": Traction(value=(1e7, 0, 0))},
                    temperature=Profile(curve=Curve.table([0.0, 0.4], [300.0, 700.0]), axis=0))  # fmt: skip
    got = read(section(case, material=warm), Gauge(name="end", place=(0.4, 0.05, 0), what="ux"), cells=16)
    np.testing.assert_allclose(got.end, 1e7 * 0.4 * np.log(2) / 100e9, rtol=1e-4)


def test_members_in_series_stretch_one_after_the_other():
    soft = Elastic(name="soft", young=50e9, poisson=0.3)
    case = LoadCase(supports={"hard.left": Sliding(), "bottom": Sliding()}, loads={"soft.right": Pressure(value=-1e7)})
    for join, along, rough in ((0.2, None, 1e-2), (0.19, 40, 0.03), (0.19, 80, 0.02)):
        parts = (Member(part=Part.sheet(join, 0.1), material=STEEL, name="hard"),
                 Member(part=Part.sheet(0.4 - join, 0.1).moved(x=join), material=soft, name="soft"))  # fmt: skip
        structure = Structure(name="pair", bodies=parts, cases=(case,), plane="stress")
        settings = {"along": (along, along // 4 + 1, None)} if along else {}
        got = read(structure, Gauge(name="end", place=(0.4, 0.05, 0), what="ux"), **settings)
        np.testing.assert_allclose(got.end, 1e7 * (join / 200e9 + (0.4 - join) / 50e9), rtol=rough)


def test_stress_along_a_line_is_split_into_membrane_and_bending():
    case = LoadCase(supports={"left": Sliding()}, rests=(Rest(begin=(0, 0.05, 0), end=(0, 0.05, 0), y=0.0),),
                    loads={"right": Traction(value=(2e6, 0.0, 0.0))})  # fmt: skip
    couple = Force(value=(0.0, -1e4, 0.0))
    case = replace(case, loads={**case.loads, "right": (case.loads["right"][0], couple)})
    line = {"begin": (0.2, 0.0, 0.0), "end": (0.2, 0.1, 0.0)}
    asked = tuple(Linearised(name=part, part=part, **line) for part in ("membrane", "bending", "both"))
    got = read(section(case), *asked, cells=8)
    shear = 1e4 / 0.1
    bent = 6 * 1e4 * 0.2 / 0.1**2
    np.testing.assert_allclose(got.bending, bent, rtol=0.01)
    np.testing.assert_allclose(got.membrane, np.hypot(2e6, np.sqrt(3) * shear), rtol=0.01)
    np.testing.assert_allclose(got.both, np.hypot(bent + 2e6, np.sqrt(3) * shear), rtol=0.01)


MATTER = Material.simple("matter", density=1000.0, conductivity=50.0, heat_capacity=500.0)
MIDDLE = tuple(Gauge(name=name, place=(x, 0.01, 0.0), what="uy") for name, x in (("u0", 0.0), ("u1", 0.1), ("u2", 0.2)))


def frame(cells, part, walls):
    kept = []
    process = Process(name="warm", bodies=(Body(part=part, material=MATTER, start=300.0),),
                      stages=(Stage(name="hold", walls=walls, until=500.0),))  # fmt: skip
    Heat(cells=cells)(process, keep=kept.append, every=500.0)
    return kept[-1]


@pytest.mark.parametrize("cells", [4, 7])
def test_a_plate_that_heat_warmed_bows(cells):
    plate = Part.sheet(0.2, 0.02, name="plate")
    walls = {"bottom": Held(temperature=300.0), "top": Held(temperature=400.0), "left": INSULATED, "right": INSULATED}
    got = read(section(LoadCase(free=True, temperature=frame(cells, plate, walls)), plate), *MIDDLE,
               Peak(name="s", what="von Mises"))  # fmt: skip
    bow = got.u1 - 0.5 * (got.u0 + got.u2)
    np.testing.assert_allclose(bow, 12e-6 * 100 / 0.02 * 0.2**2 / 8, rtol=1e-4)
    assert got.s < 0.01 * 200e9 * 12e-6 * 100


@pytest.mark.parametrize(("cells", "rough"), [(6, 0.06), (11, 0.02), (16, 0.01)])
def test_a_disc_that_heat_warmed_from_its_rim_is_stressed_as_closed_forms_say(cells, rough):
    """T = a + b r^2 by a source in the middle: hoop stress at the rim is alpha E b R^2 / 2."""
    disc, kept = Part.disc(0.1, name="disc"), []
    stage = Stage(name="hold", walls={"surface": Held(temperature=300.0)}, until=2000.0,
                  sources=(Source(body="disc", rate=4 * 50.0 * 5e3),))  # fmt: skip
    process = Process(name="warm", bodies=(Body(part=disc, material=MATTER, start=350.0),), stages=(stage,))
    Heat(cells=2 * cells)(process, keep=kept.append, every=2000.0)
    T = kept[-1].T["disc"]
    np.testing.assert_allclose(T.max(), 350.0, atol=1.0)
    got = read(section(LoadCase(free=True, temperature=kept[-1]), disc),
               Gauge(name="rim", place=(0.1, 0, 0), what="yy"),
               Gauge(name="core", place=(0, 0, 0), what="xx"), cells=40)  # fmt: skip
    np.testing.assert_allclose(got.rim, 12e-6 * 200e9 * 50 / 2, rtol=rough)
    np.testing.assert_allclose(got.core, -12e-6 * 200e9 * 50 / 4, rtol=rough)


def test_temperatures_of_another_place_are_refused():
    warm = frame(4, Part.sheet(0.2, 0.02, name="plate"), {name: Held(temperature=300.0) for name in
                                                          ("left", "right", "bottom", "top")})  # fmt: skip
    away = replace(Part.sheet(200.0, 20.0), name="plate")
    with pytest.raises(
        SolveError, match=r"of 'plate' go from 0 to 0.2 m along x, and the part from 0 to 200 m.* in mm"
    ):
        read(section(LoadCase(free=True, temperature=warm), away))
    with pytest.raises(SolveError, match=r"temperatures are of plate, and 'sheet' is warmed by them.* Name the member"):
        read(section(LoadCase(free=True, temperature=warm)))


def test_a_patch_is_not_where_members_are_bonded():
    parts = (Part.sheet(0.4, 0.1), Part.sheet(0.4, 0.1).moved(y=0.1))
    bodies = tuple(
        Member(part=part, material=STEEL, name=name) for part, name in zip(parts, ("low", "up"), strict=True)
    )
    case = LoadCase(supports={"bottom": Sliding(), "left": Sliding()}, loads={"top": Pressure(value=1e6)})
    structure = Structure(name="pair", bodies=bodies, cases=(case,), plane="stress")
    for shift in GRIDS.values():
        got = read(structure, Peak(name="low", what="yy", body="low", statistic="min"),
                   Reaction(name="r", patch="bottom", axis="y"),
                   Peak(name="up", what="yy", body="up", statistic="mean"), shift=shift)  # fmt: skip
        np.testing.assert_allclose([got.low, got.up, -got.r / 0.4], -1e6, rtol=1e-7 if not any(shift) else 5e-3)


@pytest.mark.parametrize("ratio", [0.3, 0.45, 0.49])
@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.3, 0.6, 0.0)], ids=["aligned", "cut"])
def test_a_tube_under_pressure_does_not_lock(ratio, shift):
    """Lame in plane strain, ten cells to the inner radius: hoop stress along the bore, and how far it widens."""
    a, b, p, E = 0.1, 0.2, 60e6, 200e9
    ring = Part.sheet(0.5, 0.5) & (Part.disc(b) - Part.disc(a))
    flat = (
        Patch(name="left", box=((-1, -1, -1), (1e-9, 1, 2))),
        Patch(name="bottom", box=((-1, -1, -1), (1, 1e-9, 2))),
    )
    part = replace(ring, patches=(*flat, Patch(name="bore", inside=Part.disc(0.11))))
    case = LoadCase(supports=ROLLERS, loads={"bore": Pressure(value=p)})
    turns = np.radians([1, 10, 30, 45, 70])
    hoops = tuple(
        Gauge(name=f"h{n}", place=(a * np.cos(t), a * np.sin(t), 0), what="first") for n, t in enumerate(turns)
    )
    got = read(section(case, part, Elastic(name="soft", young=E, poisson=ratio), "strain"), *hoops,
               Gauge(name="u", place=(a, 0, 0), what="ux"), along=(20, 20, None), shift=shift)  # fmt: skip
    A = p * a**2 / (b**2 - a**2)
    widened = (1 + ratio) / E * (A * (1 - 2 * ratio) * a + A * b**2 / a)
    np.testing.assert_allclose(got.u, widened, rtol=3e-3)
    np.testing.assert_allclose([getattr(got, f"h{n}") for n in range(5)], 100e6, rtol=0.02)
