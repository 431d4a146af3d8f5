"""Load cases that act together: one case out of several with their partial factors, and which combinations a code asks.

A factor acts on every load of a case, on the displacements that its supports impose, and on its change of temperature
from the stress-free one, so stiffness and strength are those of the temperature that comes of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

from .errors import ModelError
from .history import Frame
from .load import Fixed, Force, LoadCase, Mapped, Pressure, Rest, Rotation, Spring, Traction
from .quantity import Quantity, quantity
from .signals import Profile


def merged(name: str, parts: Sequence[tuple[LoadCase, float]]) -> LoadCase:
    """One load case in which all of these act, each with its factor.

    Raises
    ------
    ModelError
        If they are not held alike, if two of them say how warm the structure is, or if two turn about different axes.
    """
    held_alike(name, [case for case, _ in parts])
    first = parts[0][0]
    warm = [(case, share) for case, share in parts if case.temperature is not None]
    if len(warm) > 1:
        raise ModelError(
            f"combination '{name}': load cases '{warm[0][0].name}' and '{warm[1][0].name}' both say how warm the "
            "structure is. It has one temperature at a time. Put it into one load case."
        )
    loads: dict[str, tuple[Any, ...]] = {}
    for case, share in parts:
        for patch, several in _all(case.loads):
            loads[patch] = (*loads.get(patch, ()), *(_scaled(one, share) for one in several))
    each = [(dict(_all(case.supports)), share) for case, share in parts]
    supports = {patch: tuple(_moved([(held[patch][n], share) for held, share in each]) for n in range(len(several)))
                for patch, several in _all(first.supports)}  # fmt: skip
    rests = tuple(_rested([(case.rests[n], share) for case, share in parts]) for n in range(len(first.rests)))
    three = [sum(share * quantity(case.gravity[a], "m/s2").value for case, share in parts) for a in range(3)]
    return LoadCase(name=name, supports=supports, loads=loads, rests=rests, gravity=(three[0], three[1], three[2]),
                    rotation=_turning(name, parts), free=first.free,
                    temperature=_warmed(*warm[0]) if warm else None,
                    stress_free=warm[0][0].stress_free if warm else first.stress_free)  # fmt: skip


def held_alike(name: str, cases: Sequence[LoadCase]) -> None:
    """Refuse a combination of cases that are not held in the same way; how far supports move may differ."""
    first = cases[0]
    for case in cases[1:]:
        if _held(case) != _held(first):
            raise ModelError(
                f"combination '{name}': load cases '{first.name}' and '{case.name}' are not held alike, and factors on "
                "2 different structures do not add up. Give both the same supports and rests."
            )


def _all(given: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Patches, and all that holds or loads each: a load case keeps several, also where there is one."""
    yield from given.items()


def _held(case: LoadCase) -> object:
    """What of a case has to be alike in another for both to act on one structure."""
    supports = {}
    for patch, several in _all(case.supports):
        supports[patch] = [
            tuple(getattr(one, a) is None for a in "xyz")
            if isinstance(one, Fixed)
            else (quantity(one.normal, "N/m3").value, quantity(one.tangential, "N/m3").value)
            if isinstance(one, Spring)
            else "slides"
            for one in several
        ]
    rests = [(one.begin, one.end, one.body, *(getattr(one, a) is None for a in "xyz")) for one in case.rests]
    return supports, rests, case.free


def _times(given: Quantity | float, unit: str, share: float) -> Quantity:
    """The number alone: what it is uncertain by stays with the case that it comes from."""
    return Quantity(value=share * quantity(given, unit).value, unit=unit)


def _scaled(load: Any, share: float) -> Any:
    if isinstance(load, Pressure):
        return replace(load, value=_times(load.value, "Pa", share))
    if isinstance(load, Mapped):
        return replace(load, scale=_times(load.scale, "1", share))
    assert isinstance(load, (Traction, Force))
    unit = "N" if isinstance(load, Force) else "Pa"
    x, y, z = (_times(one, unit, share) for one in load.value)
    return replace(load, value=(x, y, z))


def _moved(parts: Sequence[tuple[Any, float]]) -> Any:
    one = parts[0][0]
    if not isinstance(one, Fixed):
        return one
    total = {a: sum(share * quantity(getattr(support, a), "m").value for support, share in parts)
             for a in "xyz" if getattr(one, a) is not None}  # fmt: skip
    return replace(one, **total)


def _rested(parts: Sequence[tuple[Rest, float]]) -> Rest:
    one = parts[0][0]
    total = {a: sum(share * getattr(rest, a) for rest, share in parts) for a in "xyz" if getattr(one, a) is not None}
    return replace(one, **total)


def _turning(name: str, parts: Sequence[tuple[LoadCase, float]]) -> Rotation | None:
    turns = [(case.rotation, share) for case, share in parts if case.rotation is not None]
    if not turns:
        return None
    square = sum(share * quantity(one.speed, "1/s").value ** 2 for one, share in turns)
    if len({(one.axis, one.centre) for one, _ in turns}) > 1 or square < 0.0:
        raise ModelError(
            f"combination '{name}': {len(turns)} rotations about different axes, or a factor below 0 on one, make no "
            "rotation. What turns does so about one axis, and pulls outwards. Combine those about one axis."
        )
    return replace(turns[0][0], speed=sqrt(square))


def _warmed(case: LoadCase, share: float) -> Any:
    T, zero = case.temperature, quantity(case.stress_free, "K").value
    if share == 1.0:
        return T
    if isinstance(T, Profile):
        rows = T.curve.rows.copy()
        rows[:, :5] *= share
        rows[:, 0] += (1.0 - share) * zero
        shift = _times(T.shift, "K", share)
        return replace(T, curve=replace(T.curve, rows=rows), shift=shift)
    if isinstance(T, Frame):
        return replace(T, T={body: zero + share * (field - zero) for body, field in T.T.items()})
    return zero + share * (quantity(T, "K").value - zero)  # type: ignore[arg-type]


def fundamental(permanent: Sequence[str], variable: Mapping[str, float] | None = None, *,
                unfavourable: float = 1.35, favourable: float = 1.0,
                leading: float = 1.5) -> dict[str, dict[str, float]]:  # fmt: skip
    """Combinations for persistent and transient situations, ready for `Structure(combinations=...)`.

    Every variable case leads once, the others accompany it with psi_0, or are left out where they help; permanent
    cases press all together, or help all together.

    Parameters
    ----------
    permanent, variable : names of load cases; mapping of name to psi_0
    unfavourable, favourable, leading : float
        Partial factors of permanent cases that press and help, and of variable cases.

    References
    ----------
    EN 1990:2002, 6.4.3.2, expression (6.10), and table A1.2(B).
    """
    variable = dict(variable or {})
    _refuse_shares("psi_0", variable)
    found: dict[str, dict[str, float]] = {}
    for way, g in (("presses", unfavourable), ("helps", favourable)):
        own = dict.fromkeys(permanent, g)
        label = f"{' + '.join(permanent)} {way}"
        found[label] = dict(own)
        for lead in variable:
            found[f"{label}, {lead} leads"] = own | {lead: leading}
            others = {one: leading * psi for one, psi in variable.items() if one != lead and psi > 0.0}
            if others:
                found[f"{label}, {lead} leads, {' + '.join(others)}"] = own | {lead: leading} | others
    return {name: parts for name, parts in found.items() if parts}


def accidental(permanent: Sequence[str], accident: str, variable: Mapping[str, tuple[float, float]] | None = None, *,
               share: float = 1.0) -> dict[str, dict[str, float]]:  # fmt: skip
    """Combinations for an accident, fire among them: all factors 1, variable cases by psi_1 (leading) or psi_2.

    Parameters
    ----------
    variable : mapping of name to (psi_1, psi_2)
    share : float
        Factor of the accidental case.

    References
    ----------
    EN 1990:2002, 6.4.3.3, expression (6.11b); EN 1991-1-2, 4.3.1.
    """
    variable = dict(variable or {})
    _refuse_shares("psi_1, psi_2", {f"{one}: {psi}": psi for one, pair in variable.items() for psi in pair})
    own = {**dict.fromkeys(permanent, 1.0), accident: share}
    found = {accident: dict(own)} if not variable else {}
    for lead, (psi, _) in variable.items():
        rest = {one: pair[1] for one, pair in variable.items() if one != lead and pair[1] > 0.0}
        found[f"{accident}, {lead} leads"] = own | {lead: psi} | rest
    return found


def _refuse_shares(what: str, shares: Mapping[str, float]) -> None:
    for name, one in shares.items():
        if not 0.0 <= one <= 1.0:
            raise ModelError(
                f"{what} of '{name}' is {one:g}. A share that accompanies is from 0 to 1. Correct it by table A1.1 of "
                "EN 1990."
            )
