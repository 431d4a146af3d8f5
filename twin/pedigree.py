"""Where a number comes from: the code, what it stands on, and what went in. Names no machine."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..models import Elastic, Material, Property, Quantity, Trial
from ..models.digest import digest
from ..models.solver import Recipe
from .faults import faults

PACKAGES = ("numpy", "scipy", "numba", "h5py", "pint", "pyvista")


def pedigree(process: Recipe, *, command: str, seeds: Mapping[str, int], inputs: Mapping[str, str] | None = None,
             seconds: float = 0.0, assumptions: Sequence[tuple[str, str]] = (),
             trials: Sequence[Trial] = ()) -> dict[str, Any]:  # fmt: skip
    """The pedigree of a run as plain data.

    Parameters
    ----------
    process : Process or Structure
        Its materials are listed with source, range and relative uncertainty.
    command : str
        What reproduces the number.
    seeds : mapping of purpose to seed
    inputs : mapping of name to content hash
        Trials and files that went in; the process is added.
    seconds : float
        Wall time.
    assumptions : sequence of (English, Chinese)
    trials : sequence of Trial
        Their channels out of use are named with the reason, and what looks wrong about their readings is told.
    """
    materials = []
    for body in process.bodies:
        for name, p in followed(body.material).items():
            materials.append({"material": body.material.name, "property": name, "source": p.source,
                              "valid": list(p.valid), "std": p.scale.std})  # fmt: skip
        for name, q in _stated(body.material).items():
            materials.append({"material": body.material.name, "property": name, "source": q.source or "stated",
                              "valid": list(q.valid) if q.valid else None, "std": q.std / abs(q.value)})  # fmt: skip
    return {"version": __version__, "commit": commit(), "packages": {n: v for n in PACKAGES if (v := _version(n))},
            "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            "seeds": dict(seeds), "command": command, "seconds": float(seconds),
            "inputs": {**(inputs or {}), f"process {process.name}": digest(process)}, "materials": materials,
            "parts": _parts(process),
            "assumptions": [{"en": en, "zh": zh} for en, zh in assumptions],
            "excluded": [{"trial": t.name, "channel": c.name, "reason": c.unused}
                         for t in trials for c in t.channels.values() if c.unused],
            "findings": [{"trial": t.name, "channel": f.channel, "kind": f.kind, "en": f.en, "zh": f.zh}
                         for t in trials for f in faults(t)]}  # fmt: skip


def followed(material: Material | Elastic) -> dict[str, Property]:
    """The properties of a material that follow temperature, by name."""
    if isinstance(material, Elastic):
        given: dict[str, object] = {"young": material.young, "poisson": material.poisson,
                                    "expansion": material.expansion, "ultimate": material.ultimate}  # fmt: skip
        given["yield"] = None if material.yields is None else material.yields.stress
    else:
        given = {name: getattr(material, name) for name in ("conductivity", "heat_capacity", "density")}
    return {name: one for name, one in given.items() if isinstance(one, Property)}


def _stated(material: Material | Elastic) -> dict[str, Quantity]:
    """Those that are one number for all temperatures, where they are not zero."""
    every = [("density", material.density)]
    if isinstance(material, Elastic):
        every.append(("poisson", material.poisson))
        if material.orthotropic is not None:
            for name in ("young", "shear", "poisson"):
                axes = zip("123", getattr(material.orthotropic, name), strict=True)
                every += [(f"{name} {axis}", one) for axis, one in axes]
    return {name: one for name, one in every if isinstance(one, Quantity) and one.value != 0.0}


def _parts(process: Recipe) -> list[dict[str, Any]]:
    """What is made of triangles: size, and what was mended when it was read."""
    found = {body.part.name: body.part.shape.surface for body in process.bodies}
    return [{"part": name, "extent": [b - a for a, b in zip(*held.bounds, strict=True)], "volume": held.volume,
             "triangles": len(held.triangles), "solids": list(held.solids), "mended": list(held.mended)}
            for name, held in found.items() if held is not None]  # fmt: skip


def commit() -> str:
    """Commit of the checkout that this runs from, "+" where files differ from it; empty for an installed wheel."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return ""
    try:
        found = subprocess.run(["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"], cwd=here,
                               capture_output=True, text=True, timeout=10, check=False)  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
