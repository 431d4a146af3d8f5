"""The verbs of prediction: each solver turns a Process into a History."""

from .cache import probe as _probe

_probe()

from .heat import Heat  # noqa: E402 - the cache folder is set before numba is imported

__all__ = ["Heat"]
