"""The stories: one question a file, its answer in its docstring."""

from pathlib import Path

TRIALS = Path(__file__).parent / "trials"
"""The shipped logs: CSV tables, each with a sidecar that states units, places, uncertainty and source."""
