"""Run every trial whose logs are here, and write docs/trials.md; what is not here is said to be skipped."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

from benches.trials import battery, cables, dic, heater, lots, plates, pmma, reused, tension, tube
from benches.trials.ask import OUT, Row
from benches.trials.page import PAGE, page

TRIALS: Mapping[str, Callable[[], list[Row]]] = {
    "reused": reused.rows, "plates": plates.rows, "tube": tube.rows, "pmma": pmma.rows, "cables": cables.rows,
    "battery": battery.rows, "heater": heater.rows, "tension": tension.rows,
    "dic": dic.rows, "lots": lots.rows}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the trials named, or all; the page holds what the last run of each left, and is kept where one is skipped."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name in arguments or TRIALS:
        text = json.dumps([asdict(row) for row in TRIALS[name]()], indent=1, allow_nan=False)
        (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    held = [OUT / f"{name}.json" for name in TRIALS]
    rows = [Row(**row) for path in held if path.exists() for row in json.loads(path.read_text("utf-8"))]
    for row in rows:
        print(f"{row.id:<18} {row.state:<14} {row.words[0] if row.state == 'skipped' else ''}".rstrip())
    if any(row.state == "skipped" for row in rows) or not all(path.exists() for path in held):
        print(f"{PAGE.as_posix()} stays as it is: it is written where every trial has been run.")
        return 0
    PAGE.write_text(page(rows), encoding="utf-8", newline="\n")
    print(f"{len(rows)} lines: {PAGE.as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
