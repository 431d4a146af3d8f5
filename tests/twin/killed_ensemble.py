"""An ensemble with two workers and a ledger, to be killed: `python killed_ensemble.py LEDGER`.

It prints a line for every row that is done, with the process ids of its workers, and in the end its answer.
"""

import sys
from multiprocessing import active_children
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from killed_study import FREE, trial
from lumped import Lumped, recipe

from foretrial import twin
from foretrial.models import digest

VALUES = np.column_stack([np.linspace(300.0, 1200.0, 20), np.full(20, 320.0), np.full(20, 1100.0)])


def posed():
    """Three unknowns of the lumped body."""
    return twin.pose([twin.Experiment(trial=trial(), process=recipe())], free=FREE)


def main(ledger):
    """Run all rows, a tenth of a second each."""

    def tell(*_):
        print(*(child.pid for child in active_children()), flush=True)

    found = twin.ensemble(posed(), VALUES, Lumped(seconds=0.1), workers=2, ledger=ledger, tell=tell)
    print(digest(found.residuals))


if __name__ == "__main__":
    main(sys.argv[1])
