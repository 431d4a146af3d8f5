"""The verbs of prediction: each solver turns a Process into a History."""

from .cache import probe as _probe

_probe()

# The cache folder is set before numba is imported.
from .explicit import Explicit  # noqa: E402
from .harmonic import Harmonic  # noqa: E402
from .heat import Heat  # noqa: E402
from .modes import Buckling, Modal  # noqa: E402
from .plastic import Plastic  # noqa: E402
from .spacing import Grading  # noqa: E402
from .strength import Strength  # noqa: E402

__all__ = ["Buckling", "Explicit", "Grading", "Harmonic", "Heat", "Modal", "Plastic", "Strength"]
