"""The door for field files: written while a run goes on, read by VTK as by us."""

import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from foretrial.models import Frame, ModelError, SolveError
from foretrial.models.fieldfile import FieldWriter, read_fields

pv = pytest.importorskip("pyvista", reason="VTK's own reader comes with pyvista")


def frame(t=0.0, shape=(4, 3, 2), *, T=None, hole=True, metric="cartesian", bodies=("bar",), shift=1.0):
    """Bodies side by side along x, the first with a void corner."""
    values, solid, edges = {}, {}, {}
    for k, body in enumerate(bodies):
        n = np.arange(np.prod(shape), dtype=float).reshape(shape)
        values[body] = 300.0 + n + 10.0 * t + 1000.0 * k if T is None else np.full(shape, T)
        solid[body] = np.ones(shape, dtype=bool)
        if hole and k == 0 and n.size > 1:
            solid[body][0, 0, 0] = False
        edges[body] = tuple(
            np.array([0.0, 1.0]) if cells == 1 else np.linspace(0.0, 0.1 * cells, cells + 1) for cells in shape
        )
        edges[body] = (edges[body][0] + k * shift, *edges[body][1:])
    return Frame(t=t, T=values, solid=solid, edges=edges, metric=metric)


def vtk_reader(path):
    from vtkmodules.vtkIOHDF import vtkHDFReader

    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    return reader


def write(path, frames):
    with FieldWriter(path) as keep:
        for one in frames:
            keep(one)
    return path


@pytest.mark.parametrize(
    ("shape", "metric", "kind"),
    [
        ((4, 3, 2), "cartesian", 12),
        ((4, 3, 1), "cartesian", 9),
        ((4, 1, 3), "cartesian", 9),
        ((5, 1, 1), "cartesian", 3),
        ((4, 3, 1), "axisymmetric", 9),
        ((6, 1, 1), "axisymmetric", 3),
        ((6, 1, 1), "spherical", 3),
        ((1, 1, 1), "cartesian", 3),
    ],
)
def test_vtk_reads_every_step_with_our_values_and_times(tmp_path, shape, metric, kind):
    frames = [frame(t, shape, metric=metric, bodies=("bar", "mould")) for t in (0.0, 2.5, 7.0)]
    path = write(tmp_path / "fields.vtkhdf", frames)
    ours, theirs = read_fields(path), vtk_reader(path)
    assert ours.kind == kind
    assert theirs.GetNumberOfSteps() == 3
    for step, one in enumerate(frames):
        theirs.SetStep(step)
        theirs.Update()
        mesh = pv.wrap(theirs.GetOutput())
        assert theirs.GetTimeValue() == ours.times[step] == one.t
        wanted = np.concatenate([one.T[b][one.solid[b]] for b in one.T])
        np.testing.assert_allclose(mesh.cell_data["temperature"], wanted, rtol=1e-6)
        np.testing.assert_allclose(ours.values(step), wanted, rtol=1e-6)
        np.testing.assert_array_equal(mesh.cell_data["body"], ours.body)
        np.testing.assert_allclose(mesh.points, ours.points)
        assert (mesh.celltypes == kind).all()


def test_hexahedra_have_the_volume_of_their_cells_and_the_place_of_their_values(tmp_path):
    one = frame(0.0)
    path = write(tmp_path / "a.vtkhdf", [one])
    mesh = pv.read(path)
    np.testing.assert_allclose(mesh.compute_cell_sizes()["Volume"], 1e-3, rtol=1e-6)
    fields = read_fields(path)
    i, j, k = np.nonzero(one.solid["bar"])
    np.testing.assert_allclose(fields.centres, 0.1 * np.stack([i, j, k], axis=1) + 0.05)
    np.testing.assert_allclose(mesh.cell_centers().points, fields.centres, atol=1e-7)


def test_void_cells_are_not_written_and_bodies_keep_their_names(tmp_path):
    fields = read_fields(write(tmp_path / "a.vtkhdf", [frame(0.0, bodies=("Stück", "模具"))]))
    assert fields.bodies == ("Stück", "模具")
    assert [int((fields.body == k).sum()) for k in (0, 1)] == [23, 24]
    assert (fields.unit, fields.complete) == ("K", True)


def test_the_digest_is_the_same_for_the_same_content_and_tells_a_changed_value(tmp_path):
    frames = [frame(t) for t in (0.0, 1.0)]
    first, second = (read_fields(write(tmp_path / name, frames)) for name in ("a.vtkhdf", "b.vtkhdf"))
    assert first.sealed == first.digest() == second.digest()
    with h5py.File(second.path, "r+") as file:
        file["VTKHDF/CellData/temperature"][3] += 0.01
    assert second.digest() != second.sealed


def test_a_run_that_is_broken_off_keeps_what_it_has(tmp_path):
    path = tmp_path / "fields.vtkhdf"

    def run():
        with FieldWriter(path) as keep:
            keep(frame(0.0))
            keep(frame(1.0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    fields = read_fields(path)
    assert list(fields.times) == [0.0, 1.0]
    assert not fields.complete
    assert [p.name for p in tmp_path.iterdir()] == ["fields.vtkhdf"]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_what_was_flushed_is_readable_after_the_writer_was_killed(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_fieldfile import frame, FieldWriter\n"
        "keep = FieldWriter(sys.argv[2]); [keep(frame(float(t))) for t in range(3)]\n"
        "print('written', flush=True); import time; time.sleep(60)"
    )
    command = [sys.executable, "-c", code, os.path.dirname(__file__), str(tmp_path / "fields.vtkhdf")]  # noqa: PTH120
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline().strip() == b"written"
        child.send_signal(signal.SIGKILL)
        child.wait()
    [left] = tmp_path.iterdir()
    fields = read_fields(left)
    assert list(fields.times) == [0.0, 1.0, 2.0]
    assert fields.digest() == fields.sealed
    assert not fields.complete


def test_a_step_that_was_cut_in_two_is_not_counted(tmp_path, monkeypatch):
    path = tmp_path / "a.vtkhdf"

    def run():
        with FieldWriter(path) as keep:
            keep(frame(0.0))
            monkeypatch.setattr(keep._file, "flush", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
            keep(frame(1.0))

    with pytest.raises(KeyboardInterrupt):
        run()
    fields = read_fields(path)
    assert list(fields.times) == [0.0]
    assert fields.digest() == fields.sealed


def test_a_repeated_moment_is_written_once_and_no_frame_leaves_no_file(tmp_path):
    assert read_fields(write(tmp_path / "a.vtkhdf", [frame(0.0), frame(0.0), frame(2.0)])).times.size == 2
    write(tmp_path / "none.vtkhdf", [])
    assert not (tmp_path / "none.vtkhdf").exists()


@pytest.mark.parametrize(
    ("second", "error", "text"),
    [
        (frame(-1.0), SolveError, r"frame at t = -1 s follows one at 0 s\. Time runs forward\. Keep one run"),
        (frame(1.0, T=np.nan), SolveError, r"temperature of bar at \(.*\) m, t = 1 s, is nan K\. Every solid cell"),
        (frame(1.0, (5, 3, 2)), SolveError, r"bodies have .*29.* at the start they had .*23.*One file holds one set"),
        (frame(1.0, bodies=("rod",)), SolveError, r"One file holds one set of cells\. Keep another grid"),
    ],
)
def test_a_frame_that_does_not_belong_is_refused_and_the_file_stays_whole(tmp_path, second, error, text):
    path = tmp_path / "a.vtkhdf"
    with pytest.raises(error, match=text):
        write(path, [frame(0.0), second])
    assert list(read_fields(path).times) == [0.0]


def test_a_writer_says_what_it_cannot_do(tmp_path):
    with pytest.raises(ModelError, match=r"there is no folder .* Make it"):
        FieldWriter(tmp_path / "no" / "a.vtkhdf")
    keep = FieldWriter(tmp_path / "a.vtkhdf")
    keep(frame(0.0))
    keep.close()
    keep.close()
    with pytest.raises(ModelError, match=r"a\.vtkhdf is closed\. Frames go to an open file\. Make a new"):
        keep(frame(1.0))
    empty = frame(0.0)
    empty.solid["bar"][:] = False
    with pytest.raises(ModelError, match=r"no solid cell\. A field needs one\. Refine the grid"):
        write(tmp_path / "b.vtkhdf", [empty])
    wrong = Frame(t=0.0, T={"a": np.zeros((2, 2, 2))}, solid={"a": np.ones((2, 2, 2), bool)},
                  edges={"a": (np.arange(4.0), np.arange(3.0), np.arange(3.0))})  # fmt: skip
    with pytest.raises(ModelError, match=r"edges for \(3, 2, 2\) cells, .* One shape|All three have one shape"):
        write(tmp_path / "c.vtkhdf", [wrong])


def test_a_reader_says_what_is_wrong_with_a_file(tmp_path):
    with pytest.raises(ModelError, match=r"there is no such file\. A run writes field files\. Correct"):
        read_fields(tmp_path / "no.vtkhdf")
    (tmp_path / "text.vtkhdf").write_text("not HDF5")
    with pytest.raises(ModelError, match=r"text\.vtkhdf cannot be read as a field file .* Copy it again"):
        read_fields(tmp_path / "text.vtkhdf")
    with h5py.File(tmp_path / "other.vtkhdf", "w") as file:
        file["a"] = 1
    with pytest.raises(ModelError, match=r"has layout None\. A field file has 'foretrial\.fields/1'"):
        read_fields(tmp_path / "other.vtkhdf")
    path = write(tmp_path / "short.vtkhdf", [frame(0.0), frame(1.0)])
    with pytest.raises(ModelError, match=r"has no step 2: it holds 2, from 0 to 1"):
        read_fields(path).values(2)
    with h5py.File(path, "r+") as file:
        file["VTKHDF/CellData/temperature"].resize((30,))
    with pytest.raises(ModelError, match=r"holds 30 temperatures for 2 steps of 23 cells"):
        read_fields(path)
