"""Timings: one kernel or one comparison with a peer a file; `python -m benches` runs them all."""
