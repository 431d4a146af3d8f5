"""What no structure can be answered for is refused, with what is wrong, what would be right and what to do."""

import re
import struct
from dataclasses import replace

import numpy as np
import pytest

from foretrial.models import (
    Elastic,
    Extreme,
    Fixed,
    Force,
    ForetrialError,
    Gauge,
    Linearised,
    LoadCase,
    Member,
    Part,
    Patch,
    Peak,
    Pressure,
    Reaction,
    Rest,
    Rotation,
    Safety,
    Sliding,
    Spring,
    Structure,
    Traction,
    Yield,
)
from foretrial.models.library_elastic import AS4_3501, S235
from foretrial.solvers.strength import Strength

STEEL = Elastic(name="steel", young=200e9, yields=Yield(stress=235e6))
GLASS = Elastic(name="glass", young=7e10)
HELD = {"left": Fixed()}
PULL = {"right": Traction(value=(1e6, 0.0, 0.0))}
SHEET = Part.sheet(0.4, 0.1)
BLOCK = Part.box(0.4, 0.1, 0.1)
LONG = Part.sheet(400.0, 100.0)
HOLE = replace(SHEET - Part.disc(0.045).moved(x=0.2, y=0.05), name="sheet")


CORNER = Rest(begin=(0, 0, 0), end=(0, 0, 0), x=0.0, y=0.0)
AWAY = Rest(begin=(9, 9, 0), end=(9, 9, 0), x=0.0)
ROOT = Patch(name="root", facing=(0, -1, 0), box=((-1, -1, -1), (1e-4, -1e-4, 2)))


def section(case, part=SHEET, material=STEEL, **more):
    return Structure.simple(part=part, material=material, case=case, plane="stress", **more)


PULLED = section(LoadCase(supports=HELD, loads=PULL))


def solid(case, part=BLOCK, material=STEEL):
    return Structure.simple(part=part, material=material, case=case)


def two(gap, case, **names):
    parts = (replace(SHEET, name="near"), replace(SHEET, name="far").moved(x=0.4 + gap))
    bodies = tuple(Member(part=part, material=STEEL) for part in parts)
    return Structure(name="pair", bodies=bodies, cases=(case,), plane="stress", **names)


def run(structure, *observe, **settings):
    return lambda: Strength(**{"cells": 4} | settings)(structure, observe=observe)


BEATS = {
    "nothing holds": (run(solid(LoadCase(loads=PULL))),
        r"the part can still move along x, move along y, move along z, turn about x, turn about y, turn about z\. .* "
        r"held against 6 motions\. Add supports"),
    "it can turn about z": (run(section(LoadCase(rests=(CORNER,)))),
        r"the part can still turn about z\. .* held against 3 motions"),
    "it can turn about a hinge": (run(solid(LoadCase(rests=(replace(CORNER, end=(0, 0, 0.1), z=0.0),)))),
        r"the part can still turn about z\. "),
    "it can slide": (run(solid(LoadCase(supports={"left": Sliding(), "bottom": Sliding()}))),
        r"the part can still move along z\. "),
    "it can slide and turn": (run(solid(LoadCase(supports={"left": Sliding()}))),
        r"the part can still move along y, move along z, turn about x\. "),
    "springs push along their normal alone": (run(section(LoadCase(supports={"left": Spring(normal=1e9)}))),
        r"the part can still move along y\. "),
    "one of two pieces is loose": (run(two(0.1, LoadCase(supports={"near.left": Fixed()}, loads=PULL))),
        r"the part about \(0\.7, 0\.05\) m, of far, one of 2 that do not touch, can still move along x, move along y, "
        r"turn about z"),
    "free and in two pieces": (run(two(0.1, LoadCase(free=True))),
        r"is free, and the structure is in 2 pieces that do not touch\. What is free is one piece\. Join them"),
    "free and out of balance": (run(section(LoadCase(free=True, loads=PULL))),
        r"is free, and its loads leave 1e\+05 N unbalanced: it would move along x\. .* Correct them, or add supports"),
    "free and turned": (run(section(LoadCase(free=True, loads={"right": Force(value=(0, 1e3, 0)),
                                                               "left": Force(value=(0, -1e3, 0))}))),
        r"unbalanced: it would turn about z\. "),
    "a support without surface": (run(section(LoadCase(supports={"surface": Fixed()}, loads=PULL))),
        r"'surface' has a surface of 0 m2 on \(0, 0, 0\) to \(0\.4, 0\.1, 1\) m\. What holds has a surface\. Correct"),
    "a load without surface": (run(section(LoadCase(supports=HELD, loads={"surface": Pressure(value=1.0)}))),
        r"patch 'surface' has a surface of 0 m2 on .* What is loaded has a surface\. Correct the patch"),
    "a patch in metres on a part in millimetres": (run(section(LoadCase(supports={"root": Fixed()}),
                                                                part=replace(LONG, patches=(ROOT,)))),
        r"surface of 0 m2 on \(0, 0, 0\) to \(400, 100, 1\) m\. .* whose places are in metres"),
    "a patch that is on no body": (lambda: section(LoadCase(supports={"lefty": Fixed()})),
        r"patch 'lefty' is on no body\. Did you mean 'left'\? Correct the name"),
    "a rest beside the part": (run(section(LoadCase(supports=HELD, rests=(AWAY,)))),
        r"a rest from \(9, 9, 0\) to .* m meets nothing of \(0, 0, 0\) to .* Correct its ends; are they in mm\?"),
    "a rest that holds no axis": (lambda: Rest(begin=(0, 0, 0), end=(0, 0, 0)),
        r"a rest from .* holds 0 of 3 axes\. It holds one or more\. Leave it out, or give x=0\.0"),
    "supports that disagree": (run(section(LoadCase(supports={"left": Fixed(), "bottom": Fixed(x=1e-4, y=0.0)}))),
        r"patch 'bottom' moves a node by 0\.0001 m that another patch moves by 0 m\. A node goes one way\. Correct"),
    "a support that fixes nothing": (lambda: Fixed(x=None, y=None, z=None),
        r"a support fixes 0 of 3 axes\. It holds one or more\. Leave the patch out"),
    "free with supports": (lambda: LoadCase(free=True, supports=HELD),
        r"is free and has 1 supports\. It is the one or the other\. Leave free out"),
    "weight without density": (run(section(LoadCase(supports=HELD, gravity=(0, -9.81, 0)))),
        r"has weight or turns, and steel has a density of 0 kg/m3\. .* Give Elastic\(density=\.\.\.\)"),
    "turning without density": (run(section(LoadCase(supports=HELD, rotation=Rotation(speed=10.0)))),
        r"has weight or turns, and steel has a density of 0 kg/m3"),
    "bodies that overlap": (run(two(-0.05, LoadCase(supports={"near.left": Fixed()}))),
        r"the bodies of 'pair' fill a cell near .* m 2 times over\. Bonded bodies touch and do not overlap\. Move one"),
    "a wall thinner than two cells": (run(section(LoadCase(supports=HELD, loads=PULL), part=HOLE)),
        r"'sheet' is about 0\.00\d* m thick at .* m, less than two cells of 0\.025 m\. A wall has two cells .* "
        r"Use a spacing of 0\.00\d* m, that is \d\.\d* times the cells"),
    "a box thinner than two cells": (run(solid(LoadCase(supports=HELD, loads=PULL)), along=(8, 4, 1)),
        r"'box' is about 0\.1 m thick at .*, less than two cells of 0\.1 m\. .* a spacing of 0\.05 m, that is 2 times"),
    "a gauge outside": (run(PULLED, Gauge(name="tip", place=(400.0, 50.0, 0), what="ux")),
        r"'tip' at \(400\.0, 50\.0, 0\) m lies \d+ m outside the structure, which spans \(0, 0\) to \(0\.4, 0\.1\) m\. "
        r".* Correct the place; is it in mm\?"),
    "a gauge in a hole": (run(section(LoadCase(supports=HELD, loads=PULL), part=HOLE),
                             Gauge(name="g", place=(0.2, 0.05, 0), what="ux"), cells=40),
        r"'g' at \(0\.2, 0\.05, 0\) m lies 0\.045 m outside the structure"),
    "a line that leaves the part": (run(PULLED,
                                        Linearised(name="wall", begin=(0.2, 0, 0), end=(0.2, 0.2, 0))),
        r"'wall' at \(0\.2, 0\.2, 0\) m lies 0\.1 m outside the structure"),
    "a reading of heat": (run(PULLED, Extreme(name="hottest")),
        r"'hottest' is of the kind Extreme, none of the 5 readings of a structure at rest\. They are Gauge, .* Ask"),
    "plastic strain of what does not flow": (run(PULLED, Peak(name="flow", what="plastic strain")),
        r"'flow' asks for plastic strain, which is 0 in what is elastic for ever\. .* Use that"),
    "a stress that is not known": (lambda: Gauge(name="g", place=(0, 0, 0), what="von mises"),
        r"'g' asks for 'von mises', which is not known\. Did you mean 'von Mises'\? Choose one of"),
    "a reaction where nothing holds": (run(PULLED, Reaction(name="r", patch="right", axis="x")),
        r"'r': nothing holds patch 'right'\. .* A reaction is read off a support\. Correct the patch"),
    "a body that is not there": (run(PULLED, Peak(name="p", what="xx", body="sheep")),
        r"a reading asks for body 'sheep'\. Did you mean 'sheet'\? Name one of"),
    "a margin without a yield stress": (
        run(section(LoadCase(supports=HELD, loads=PULL), material=GLASS), Safety(name="m")),
        r"glass states no yield stress\. A factor against it needs one\. Give it to the material"),
    "a first ply of what has none": (run(PULLED, Safety(name="m", against="ply")),
        r"steel states no ply strengths\. .* Give Elastic\(ply=Ply\(\.\.\.\)\)"),
    "strength beyond its source": (run(section(LoadCase(supports=HELD, loads=PULL, temperature=1500.0), material=S235)),
        r"S235 is 1500 to 1500 K warm, and its Young's modulus is known from 233\.1 to 1373 K \(EN 1993.*Give a"),
    "a load case that is not there": (run(section(LoadCase(name="pull", supports=HELD, loads=PULL)), case="pul"),
        r"has no load case or combination 'pul'\. Did you mean 'pull'\? Correct the name, or leave it out"),
    "what moves too far": (run(section(LoadCase(supports=HELD, loads={"right": Traction(value=(0.0, 1e9, 0.0))}))),
        r"a (strain|rotation) of .* leaves small displacements.* Check units and loads"),
    "a grid that is none": (lambda: Strength(along=(4, 0, 4)), r"along = \(4, 0, 4\), .* no grid\. .* Correct them"),
    "cells that are none": (lambda: Strength(cells=0), r"cells = 0, .* neither a grid nor an answer\. .* Try cells=4"),
    "faces that nearly meet": (run(two(1e-9, LoadCase(supports={"near.left": Fixed(), "far.right": Fixed()}))),
        r"cells of .* GB.* thinnest distance between two flat faces is 1e-09 m\. A run fits into memory\. Move"),
    "a section without a plane": (lambda: Structure.simple(part=SHEET, material=STEEL, case=LoadCase(supports=HELD)),
        r"has plane = ''\. A section in x, y has 'stress' or 'strain'; .* Give it"),
}  # fmt: skip


@pytest.mark.parametrize("what", BEATS)
def test_it_is_refused_in_three_beats(what):
    act, text = BEATS[what]
    with pytest.raises(ForetrialError, match=text) as told:
        act()
    said = str(told.value)
    assert len([beat for beat in re.split(r"(?<=[.?!)])\s+(?=[A-Z'{(])", said) if beat]) >= 3, said
    assert len(said) <= 640


def test_orthotropic_growth_in_plane_strain_is_refused():
    grows = replace(AS4_3501, expansion=1e-5)
    case = LoadCase(supports=HELD, temperature=350.0)
    structure = Structure.simple(part=SHEET, material=grows, case=case, plane="strain")
    with pytest.raises(ForetrialError, match=r"is orthotropic, expands and is held across .* 2 sizes.* Model it as"):
        run(structure)()


def inside_out(path):
    """A closed box of triangles whose corners run the wrong way round."""
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float32)
    quads = [(0, 2, 6, 4), (1, 5, 7, 3), (0, 4, 5, 1), (2, 3, 7, 6), (0, 1, 3, 2), (4, 6, 7, 5)]
    triangles = [(a, b, c) for a, b, c, _ in quads] + [(a, c, d) for a, _, c, d in quads]
    middle = corners.mean(axis=0)
    body = b""
    for one in triangles:
        p = corners[list(one)]
        if np.cross(p[1] - p[0], p[2] - p[0]) @ (p.mean(axis=0) - middle) > 0:
            p = p[::-1]
        body += np.zeros(3, np.float32).tobytes() + p.tobytes() + b"\0\0"
    path.write_bytes(b" " * 80 + struct.pack("<I", len(triangles)) + body)
    return path


def test_a_part_that_is_inside_out_is_refused(tmp_path):
    with pytest.raises(ForetrialError, match=r"is inside out: 1 of 1 shells with the volume -1\S* .*above zero\. Turn"):
        Part.from_stl(inside_out(tmp_path / "bracket.stl"), unit="m")


def noted(structure, **settings):
    return Strength(**{"cells": 4} | settings)(structure).notes


def test_what_an_answer_rests_on_is_noted():
    thin = noted(PULLED, cells=2)
    assert thin == ("sheet is about 0.1 m thick at (0.2, 0.05) m, 2 cells; a wall that bends has four or more.",)
    assert noted(PULLED) == ()
    far = noted(section(LoadCase(supports=HELD, loads=PULL), part=LONG))
    assert far == ("the structure is 400 m long; places are read in metres.",)


def test_properties_beyond_their_range_are_noted():
    table = replace(S235.expansion, beyond="hold", valid=(293.15, 400.0))
    warm = Elastic(name="steel", young=200e9, expansion=table)
    told = noted(section(LoadCase(supports=HELD, temperature=450.0), material=warm))
    assert told == ("expansion of steel was used from 450 to 450 K; its source states 293 to 400 K.",)
