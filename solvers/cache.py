"""Where compiled kernels are kept: probed before numba is imported for the first time."""

import os
import tempfile
from pathlib import Path


def probe() -> Path:
    """The folder that keeps compiled kernels; set for numba where the installation itself cannot be written.

    A read-only installation or a locked network drive still keeps what it compiled, in the user's cache folder.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin for work stall each other on shared cores
    stated = os.environ.get("NUMBA_CACHE_DIR")
    if stated:
        return Path(stated)
    beside = Path(__file__).parent / "kernels" / "__pycache__"
    home = Path(os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (beside, home / "foretrial" / "kernels", Path(tempfile.gettempdir()) / "foretrial-kernels"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        if folder is not beside:
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
        return folder
    return beside
