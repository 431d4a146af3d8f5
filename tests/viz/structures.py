"""Small structures solved for pictures: a bracket of boxes and cylinders, and a plate with a hole."""

from functools import cache

import sample

from foretrial.models import Elastic, Fixed, LoadCase, Member, Part, Rest, Sliding, Structure, Traction, Yield
from foretrial.solvers.strength import Strength

STEEL = Elastic(name="S355", young=210e9, yields=Yield(stress=355e6))


def bracket():
    """An L with a hole and a fillet, pressed down and sideways, and both at once."""
    fillet = Part.box(0.03, 0.03, 0.02).moved(0.02, 0.02) - Part.cylinder(0.02, 0.04).moved(0.05, 0.05, -0.01)
    whole = Part.box(0.03, 0.10, 0.02, name="bracket") + Part.box(0.10, 0.03, 0.02) + fillet
    part = (whole - Part.cylinder(0.008, 0.04).moved(0.08, 0.015, -0.01)).with_patch(
        "root", facing=(0, 1, 0), box=((-1, 0.099, -1), (1, 1, 1))).with_patch(
        "tip", facing=(1, 0, 0), box=((0.099, -1, -1), (1, 1, 1)))  # fmt: skip
    cases = tuple(LoadCase(name=name, supports={"root": Fixed()}, loads={"tip": Traction(value=value)})
                  for name, value in (("down", (0.0, -8e6, 0.0)), ("sideways", (0.0, 0.0, 5e6))))  # fmt: skip
    return Structure(name="bracket", bodies=(Member(part=part, material=STEEL),), cases=cases,
                     combinations={"both": {"down": 1.35, "sideways": 1.5}})  # fmt: skip


def plate():
    """A strip in tension with a hole of a fifth of its width."""
    part = Part.sheet(0.2, 0.1, name="plate") - Part.disc(0.01).moved(0.1, 0.05)
    for name, x in (("held", 0.0), ("pulled", 0.2)):
        part = part.with_patch(name, box=((x - 1e-6, -1, -1), (x + 1e-6, 1, 1)))
    case = LoadCase(name="pull", supports={"held": Sliding()}, loads={"pulled": Traction(value=(6e7, 0.0, 0.0))},
                    rests=(Rest(begin=(0.0, 0.0, 0.0), end=(0.0, 0.0, 0.0), y=0.0),))  # fmt: skip
    return Structure.simple(name="plate", part=part, material=STEEL, plane="stress", thickness=0.01, case=case)


@cache
def drawn(which, cells):
    """Pictures of every load case and combination of one of them."""
    kept = []
    solver = Strength(cells=cells, linear="direct")
    solver({"bracket": bracket, "plate": plate}[which](), keep=lambda one: kept.append(one.deformed()))
    return tuple(kept)


def strength_content(fields=()):
    """A synthetic verdict in Pa, or rather MPa: predicted, not tried."""
    whole = sample.content(list(fields))
    lines = [
        sample.line("pin load", "input", 7.4e6, 150.0, "N", "declared"),
        sample.line("thickness", "input", -3.1e6, 1e-4, "m", "drawing"),
        sample.line("residual stress", "input", 2.0e6, 4e6, "Pa", "declared"),
        sample.line("discretisation", "numerical", 4.0e6, 4.0e6, "Pa", "three grids"),
    ]
    combined = sum(row["contribution"] ** 2 for row in lines) ** 0.5
    value, limit, u = 187.4e6, 235e6, 2 * combined
    interest = {"observations": ["fillet"], "statistic": "max", "window": [0.0, 1.0], "unit": "Pa"}
    levels = [{"ratio": r, "cells": n, "steps": 1, "value": v} for r, n, v in
              ((0.5, 1600, 171.2e6), (1.0, 12800, 183.1e6), (2.0, 102400, 186.3e6))]  # fmt: skip
    whole |= {
        "id": "sample-bracket", "calibration": None, "validation": None, "series": [], "domain": None,
        "title": sample.both("Synthetic sample: bracket", "合成示例\uff1a支架"),
        "question": {**whole["question"], "interest": interest, "limit": limit, "display": "MPa", "accuracy": 3e7,
                     "text": sample.both("Synthetic: is stress below 235 MPa?",
                                         "合成数据\uff1a应力是否低于 235 MPa\uff1f")},
        "result": {**whole["result"], "value": value, "limit": limit, "margin": limit - value, "expanded": u,
                   "guard_band": u, "acceptance_limit": limit - u, "flips": [],
                   "governs": {"observation": "fillet", "time": 0.0}},
        "budget": {"quantity": "max of fillet", "unit": "Pa", "coverage": 2.0, "combined": combined, "expanded": u,
                   "dof": 40.0, "lines": lines},
        "numerics": {**whole["numerics"], "levels": levels, "richardson": 187.5e6, "u_num": 4e6,
                     "iteration_error": 120.0},
    }  # fmt: skip
    return whole
