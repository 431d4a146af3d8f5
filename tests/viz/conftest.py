"""Lets the tests of this room find their sample and their browser."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
