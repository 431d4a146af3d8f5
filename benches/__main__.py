"""Run every bench in one session, print a table, and write out/bench.json."""

import sys
from pathlib import Path

import pytest

from benches.rows import ROWS, table, write

OUT = Path("out/bench.json")


def main(arguments: list[str]) -> int:
    """Exit status: 0 where no row fails and every bench ran to its end."""
    here = Path(__file__).parent
    found = ["-o", "python_files=bench_*.py", "-o", "python_functions=bench_*", "--rootdir", str(here.parent)]
    options = ["-q", "-p", "no:cacheprovider", "--benchmark-only", "--benchmark-quiet", *found]
    status = int(pytest.main([*options, *(arguments or [str(here)])]))
    write(ROWS, OUT, beside=bool(arguments))
    print(table(ROWS))
    print(f"\nratio: how many times as fast as what stands beside it. Rows: {OUT.as_posix()}")
    return status or int(any(row["state"] == "fail" for row in ROWS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
