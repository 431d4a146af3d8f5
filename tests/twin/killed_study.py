"""Run studies in a child that is killed at random moments: `python killed_study.py FOLDER KILLS SEED` prints a line.

The child is forked from a warm process, so that a thousand kills take a minute.
"""

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from lumped import Lumped, recipe

from foretrial import twin
from foretrial.models import Channel, Probe, Trial

FREE = {"film": (100.0, 5000.0), "gas": (280.0, 360.0), "start": (1000.0, 1200.0)}


def trial():
    """A noisy log of the lumped body."""
    t = np.linspace(4.0, 240.0, 30)
    run = Lumped()(recipe(), observe=(Probe(name="TC", place=(0.02, 0.5, 0.5)),))
    noise = np.random.default_rng(4).normal(0.0, 1.0, t.size)
    channel = Channel(name="TC", t=t, values=run.at("TC", t) + noise, unit="K", logged_unit="K",
                      place=(0.02, 0.5, 0.5), std=1.0)  # fmt: skip
    return Trial(name="log", channels={"TC": channel}, content="log")


def study(ledger):
    """A calibration some of whose runs fail and are retried on finer steps; its answer as text to the last bit."""
    solver = Lumped(fails_above=3000.0, cured_from=2.0)
    fit = twin.calibrate(recipe(film=4000.0), trial(), free=FREE, solver=solver, starts=2, ledger=ledger)
    return " ".join(float(x).hex() for x in (*fit.values, *fit.covariance.ravel())) + f" {len(fit.failures)}"


def kept(ledger):
    """The finished runs on record, by what a plain reader of SQLite sees."""
    with sqlite3.connect(ledger) as file:
        try:
            return dict(file.execute("SELECT key, result FROM runs WHERE state = 'done'").fetchall())
        except sqlite3.OperationalError:
            return {}  # killed before its first table


def main(folder, kills, seed):
    """Kill children until there were `kills`, and hold every study to the answer of one that nobody disturbed."""
    rng, truth = np.random.default_rng(seed), study(folder / "warm.db")
    began = time.perf_counter()
    assert study(folder / "calm.db") == truth
    length = time.perf_counter() - began
    killed = studies = lost = wrong = number = 0
    ledger, before = folder / "0.db", {}
    while killed < kills or before:
        pid = os.fork()
        if pid == 0:
            (folder / "answer").write_text(study(ledger))
            os._exit(0)
        if killed < kills:
            time.sleep(1.2 * length * rng.uniform() ** 2)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        after = kept(ledger)
        lost += sum(after.get(key) != result for key, result in before.items())
        if os.WIFSIGNALED(status):
            killed, before = killed + 1, after or before
            continue
        wrong += (folder / "answer").read_text() != truth or not len(truth)
        studies, number, before = studies + 1, number + 1, {}
        ledger = folder / f"{number}.db"
    print(f"killed {killed} studies {studies} lost {lost} wrong {wrong}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
