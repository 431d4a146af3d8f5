"""A structure: bodies that carry load, how they are joined, and the load cases that they meet."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .elastic import Elastic
from .errors import ModelError, did_you_mean
from .load import LoadCase
from .part import Part
from .path import LoadPath

PLANES = ("stress", "strain", "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """A part made of an elastic material; members that share a face are bonded."""

    part: Part
    material: Elastic
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.part.name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure:
    """Members and the load cases that they meet.

    Attributes
    ----------
    plane : str
        Of a section: "stress" (thin, free across) or "strain" (held across); "" of what is solid or axisymmetric.
    thickness : float, m
        Of a section.
    combinations : mapping of name to a mapping of case to factor
        Load cases that act together, and their partial factors; models/combination.py makes those of codes.
    path : LoadPath or None
        What happens in order, where some of it flows.
    """

    name: str
    bodies: tuple[Member, ...]
    cases: tuple[LoadCase, ...]
    plane: str = ""
    thickness: float = 1.0
    combinations: Mapping[str, Mapping[str, float]] | None = None
    path: LoadPath | None = None

    def __post_init__(self) -> None:
        if not self.bodies or not self.cases:
            raise ModelError(
                f"structure '{self.name}' has {len(self.bodies)} bodies and {len(self.cases)} load cases. It has one "
                "or more of each. Add Member(...) and LoadCase(...)."
            )
        for what, names in (("bodies", [b.name for b in self.bodies]), ("load cases", [c.name for c in self.cases])):
            if len(set(names)) < len(names):
                raise ModelError(f"two {what} share a name among {names}. Each has its own. Give name=... to them.")
        if self.plane not in PLANES:
            raise ModelError(
                f"plane '{self.plane}' is not known. {did_you_mean(self.plane, PLANES[:2])} Say 'stress' or 'strain'."
            )
        flat = {body.part.active for body in self.bodies} == {2} and self.bodies[0].part.metric == "cartesian"
        if flat != bool(self.plane):
            raise ModelError(
                f"structure '{self.name}' has plane = '{self.plane}'. A section in x, y has 'stress' or 'strain'; a "
                "solid or axisymmetric part has none. Give it, or leave it out."
            )
        known = {"surface", *(patch.name for body in self.bodies for patch in body.part.patches)}
        full = {f"{body.name}.{patch}" for body in self.bodies for patch in known}
        for case in self.cases:
            for key in (*case.supports, *case.loads):
                if key not in known and key not in full:
                    raise ModelError(
                        f"load case '{case.name}': patch '{key}' is on no body. {did_you_mean(key, known | full)} "
                        "Correct the name."
                    )
        for name, parts in (self.combinations or {}).items():
            if not parts or not all(math.isfinite(share) for share in parts.values()):
                raise ModelError(
                    f"combination '{name}' has {len(parts)} load cases, with factors {list(parts.values())}. It has "
                    "one or more, each with a factor that is a number. Complete it."
                )
            if name in [case.name for case in self.cases]:
                raise ModelError(
                    f"combination '{name}' has the name of 1 of the load cases. Answers go by both. Rename it."
                )
            for one in parts:
                if one not in [case.name for case in self.cases]:
                    raise ModelError(
                        f"combination '{name}': no load case '{one}'. "
                        f"{did_you_mean(one, [case.name for case in self.cases])} Correct the name."
                    )

    @classmethod
    def simple(cls, *, part: Part, material: Elastic, case: LoadCase, plane: str = "", thickness: float = 1.0,
               name: str = "structure") -> "Structure":  # fmt: skip
        """One body in one load case."""
        return cls(name=name, bodies=(Member(part=part, material=material),), cases=(case,), plane=plane,
                   thickness=thickness)  # fmt: skip
