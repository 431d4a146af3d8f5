"""Combinations of load cases: summed where that is exact, solved anew where warmth changes stiffness."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ..models.combination import held_alike, merged
from ..models.load import LoadCase
from ..models.structure import Structure
from .reading import Answer, refuse_large


def together(structure: Structure, each: Mapping[str, Answer], asked: str,
             solve: Callable[[LoadCase], Answer]) -> dict[str, Answer]:  # fmt: skip
    """The combinations of a structure, or the one that is asked for, by name.

    Parameters
    ----------
    each : mapping of load case to its answer
    solve : callable
        Answers a load case on the same grid.

    Raises
    ------
    ModelError
        If cases do not go together.
    SolveError
        If a sum leaves small displacements.
    """
    cases = {case.name: case for case in structure.cases}
    found: dict[str, Answer] = {}
    for name, shares in (structure.combinations or {}).items():
        if asked not in ("", name):
            continue
        parts = [(cases[one], share) for one, share in shares.items()]
        if any(case.temperature is not None for case, _ in parts):
            found[name] = solve(merged(name, parts))
        else:
            held_alike(name, [case for case, _ in parts])
            found[name] = _summed(name, shares, each)
    return found


def _summed(name: str, shares: Mapping[str, float], each: Mapping[str, Answer]) -> Answer:
    """A sum of answers on one and the same structure."""
    rests = [(each[one].rest, share) for one, share in shares.items()]
    first = rests[0][0]
    u = np.sum([share * rest.u for rest, share in rests], axis=0)
    load = np.sum([share * rest.load for rest, share in rests], axis=0)
    value = np.sum([share * rest.holds.value for rest, share in rests], axis=0)
    pull = np.sum([share * rest.holds.pull for rest, share in rests], axis=0)
    energy = sum(abs(share) * rest.energy**0.5 for rest, share in rests) ** 2
    moved = sum(abs(share) * rest.moved for rest, share in rests)
    rest = replace(first, u=u, load=load, holds=replace(first.holds, value=value, pull=pull), iterations=0,
                   energy=energy, moved=moved)  # fmt: skip
    refuse_large(name, rest)
    fields = []
    for n, own in enumerate(next(iter(each.values())).fields):
        stress = np.sum([share * each[one].fields[n].stress for one, share in shares.items()], axis=0)
        motions = tuple((share * part, *rest_of) for one, share in shares.items()
                        for part, *rest_of in each[one].fields[n].motions)  # fmt: skip
        fields.append(replace(own, stress=stress, motions=motions))
    return Answer(case=name, rest=rest, u=u.reshape(rest.grid.active, *rest.grid.nodes), fields=tuple(fields),
                  balance=(float(u @ rest.held_force()), float(u @ rest.pulled())))  # fmt: skip
