"""Pictures of structures as data: from the solver into a file that VTK reads, and back."""

import numpy as np
import pytest
from structures import drawn, plate

from foretrial.models import ModelError
from foretrial.models.deformed import Deformed
from foretrial.models.fieldfile import FieldWriter, is_deformed, read_deformed, write_deformed
from foretrial.solvers.strength import Strength


def test_a_solver_hands_a_picture_whose_outer_points_lie_on_the_walls():
    [one] = drawn("plate", 60)
    part = plate().bodies[0].part
    near = np.linalg.norm(one.points[:, :2] - (0.1, 0.05), axis=1)
    around = near[near < 0.0109]
    assert around.size > 30
    np.testing.assert_allclose(around, 0.01, rtol=1e-6)  # no stair steps
    assert part.distance(*one.points.T).max() < 1e-9
    a, b = (one.points[one.corners[:, k + 2]] - one.points[one.corners[:, k]] for k in (0, 1))
    area = 0.5 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    assert area == pytest.approx(0.02 - np.pi * 1e-4, rel=2e-3)


def test_the_picture_tells_what_the_readings_tell():
    [one] = drawn("plate", 60)
    top = np.argmin(np.linalg.norm(one.points[:, :2] - (0.1, 0.06), axis=1))
    assert one.von_mises[top] == pytest.approx(3.1526 * 60e6, rel=0.03)  # Howland, d/W = 0.2
    np.testing.assert_allclose(one.utilisation, one.von_mises / 355e6)
    assert one.spots[0].value == pytest.approx(one.von_mises.max(), rel=0.05)
    assert one.displacement[:, 0].max() == pytest.approx(60e6 / 210e9 * 0.2, rel=0.08)
    assert one.exaggeration() * 6.5e-5 == pytest.approx(0.08 * 0.2, rel=0.6)


def test_a_file_keeps_every_load_case_and_vtk_reads_it_as_it_is(tmp_path):
    pv = pytest.importorskip("pyvista")
    several = drawn("bracket", 3)
    path = tmp_path / "bracket.vtkhdf"
    with FieldWriter(path) as keep:
        for one in several:
            keep(one)
    assert is_deformed(path)
    back = read_deformed(path)
    assert [one.case for one in back] == ["down", "sideways", "both"]
    for ours, theirs in zip(several, back, strict=True):
        np.testing.assert_allclose(theirs.displacement, ours.displacement, rtol=1e-6, atol=1e-13)
        np.testing.assert_allclose(theirs.stress, ours.stress, rtol=1e-6, atol=1.0)
        np.testing.assert_allclose(theirs.within, ours.within, rtol=1e-6, atol=1.0)
        np.testing.assert_array_equal(theirs.corners, ours.corners)
        assert theirs.spots == ours.spots
    mesh = pv.read(path)
    np.testing.assert_allclose(mesh.point_data["displacement"], several[0].displacement, rtol=1e-6, atol=1e-13)
    np.testing.assert_allclose(mesh.point_data["von Mises"], several[0].von_mises, rtol=1e-6)
    np.testing.assert_allclose(mesh.cell_data["stress"][:, 3], several[0].within[:, 5], rtol=1e-6, atol=1.0)  # xy
    assert mesh.n_cells == len(several[0].corners)
    assert mesh.volume == pytest.approx(0.02 * (0.0051 + 4e-4 * (1 - np.pi / 4) - np.pi * 64e-6), rel=0.02)


def test_the_writer_takes_what_a_solver_keeps(tmp_path):
    with FieldWriter(tmp_path / "plate.vtkhdf") as keep:
        Strength(cells=8)(plate(), keep=keep)
    assert [one.case for one in read_deformed(tmp_path / "plate.vtkhdf")] == ["pull"]


def test_what_is_no_file_of_one_structure_is_refused(tmp_path):
    [one], other = drawn("plate", 60), drawn("bracket", 3)[0]
    with pytest.raises(ModelError, match=r"load cases \['pull', 'pull'\] are no file\. It holds one or more, each"):
        write_deformed(tmp_path / "a.vtkhdf", (one, one))
    with pytest.raises(ModelError, match=r"has them elsewhere\. One file holds one set of cells\. Keep another grid"):
        write_deformed(tmp_path / "a.vtkhdf", (one, other))
    with pytest.raises(ModelError, match=r"no file of a structure is there\. A solver's keep writes one\. Correct"):
        read_deformed(tmp_path / "none.vtkhdf")
    write_deformed(tmp_path / "a.vtkhdf", (one,))
    whole = (tmp_path / "a.vtkhdf").read_bytes()
    (tmp_path / "b.vtkhdf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="no file of a structure is there"):
        read_deformed(tmp_path / "b.vtkhdf")


def test_a_picture_that_does_not_fit_together_is_refused():
    [one] = drawn("plate", 60)
    given = {name: getattr(one, name) for name in ("case", "points", "corners", "body", "bodies", "stress", "within",
                                                   "strength")}  # fmt: skip
    with pytest.raises(ModelError, match=r"displacement has shape \(3, 3\) .* A picture of \d+ points .* Solve"):
        Deformed(**given, displacement=np.zeros((3, 3)))
    spoilt = np.full((len(one.points), 3), np.nan)
    with pytest.raises(ModelError, match=r"numbers that are not finite\. A picture of .* all finite\. Solve"):
        Deformed(**given, displacement=spoilt)
