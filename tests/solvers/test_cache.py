"""Where compiled kernels are kept: beside them, or where the user may write."""

import tempfile
from pathlib import Path

import pytest

from foretrial.solvers import cache


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # given back afterwards, whatever probe() sets
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temp"))


def locked(monkeypatch, *folders):
    """Let nothing be written into these."""
    real = tempfile.TemporaryFile

    def refuse(*args, dir, **more):
        if any(Path(dir).is_relative_to(folder) for folder in folders):
            raise PermissionError(13, "read-only", str(dir))
        return real(*args, dir=dir, **more)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


def test_a_stated_folder_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    assert cache.probe() == tmp_path / "mine"


def test_kernels_are_kept_beside_their_source_where_that_can_be_written():
    assert cache.probe() == Path(cache.__file__).parent / "kernels/__pycache__"


def test_a_read_only_installation_keeps_them_in_the_users_cache(monkeypatch, tmp_path):
    locked(monkeypatch, Path(cache.__file__).parent)
    assert cache.probe() == tmp_path / "home/foretrial/kernels"
    assert cache.os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "home/foretrial/kernels")


def test_without_a_home_they_go_to_the_temporary_folder(monkeypatch, tmp_path):
    locked(monkeypatch, Path(cache.__file__).parent, tmp_path / "home")
    assert cache.probe() == tmp_path / "temp/foretrial-kernels"
