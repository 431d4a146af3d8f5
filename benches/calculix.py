"""The cantilever of the benches as a deck for CalculiX: incompatible-mode bricks, its iterative solver."""

import os
import subprocess
import time
from pathlib import Path

import numpy as np

THREADS = "2"


def cantilever(folder: Path, cells: tuple[int, int, int]) -> tuple[float, float]:
    """Seconds of a whole run of `ccx`, and the mean deflection of the nodes of the end face, m.

    A block of 4 x 1 x 1 with E = 1 and nu = 0.3, clamped at x = 0, one unit of shear spread evenly over x = 4.
    """
    nx, ny, nz = cells
    i, j, k = (one.ravel() for one in np.meshgrid(*(np.arange(n + 1) for n in cells), indexing="ij"))
    number = 1 + np.arange(i.size).reshape(nx + 1, ny + 1, nz + 1)
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    bricks = np.stack([number[a : nx + a, b : ny + b, c : nz + c].ravel() for a, b, c in corners], axis=1)
    share = np.outer(*(np.r_[0.5, np.ones(n - 1), 0.5] / n for n in (ny, nz))).ravel()
    root, tip = number[0].ravel(), number[-1].ravel()
    deck = ["*NODE", *map("{},{:.12g},{:.12g},{:.12g}".format, number.ravel(), 4 * i / nx, j / ny, k / nz),
            "*ELEMENT,TYPE=C3D8I,ELSET=E",
            *(f"{n},{','.join(map(str, row))}" for n, row in enumerate(bricks.tolist(), 1)),
            "*MATERIAL,NAME=M", "*ELASTIC", "1.,.3", "*SOLID SECTION,ELSET=E,MATERIAL=M",
            "*NSET,NSET=ROOT", *map(str, root), "*NSET,NSET=TIP", *map(str, tip),
            "*BOUNDARY", "ROOT,1,3", "*STEP", "*STATIC,SOLVER=ITERATIVE SCALING",
            "*CLOAD", *map("{},3,{:.12e}".format, tip, share), "*NODE PRINT,NSET=TIP", "U", "*END STEP"]  # fmt: skip
    (folder / "cantilever.inp").write_text("\n".join(deck) + "\n", encoding="utf-8")
    began = time.perf_counter()
    subprocess.run(["ccx", "cantilever"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "OMP_NUM_THREADS": THREADS})  # fmt: skip
    seconds = time.perf_counter() - began
    rows = [line.split() for line in (folder / "cantilever.dat").read_text(encoding="utf-8").splitlines()]
    return seconds, float(np.mean([float(row[3]) for row in rows if len(row) == 4 and row[0].isdigit()]))
