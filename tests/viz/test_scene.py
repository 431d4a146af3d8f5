"""The bridge to pyvista and the pictures behind it."""

import subprocess
import sys

import numpy as np
import pytest
import sample
from PIL import Image
from structures import drawn

from foretrial import viz
from foretrial.models import Balance, Frame, History, Probe
from foretrial.models.fieldfile import read_fields, write_deformed
from foretrial.viz import bridge, scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return sample.write(tmp_path_factory.mktemp("result"))


def test_a_field_file_becomes_the_grid_that_vtk_reads_itself(folder):
    import pyvista as pv

    fields = read_fields(folder / "fields.vtkhdf")
    ours, theirs = bridge.dataset(folder / "fields.vtkhdf", 0), pv.read(folder / "fields.vtkhdf")
    np.testing.assert_array_equal(ours.cell_data["temperature"], theirs.cell_data["temperature"])
    np.testing.assert_array_equal(ours.cell_connectivity, theirs.cell_connectivity)
    assert bridge.dataset(fields).field_data["t"] == [900.0]
    assert ours.n_cells == len(fields.corners)


def test_a_frame_becomes_the_same_grid_as_its_file():
    T = np.arange(24.0).reshape(4, 3, 2) + 300
    edges = tuple(np.linspace(0, 1.5, n + 1) for n in T.shape)
    mesh = bridge.dataset(Frame(t=3.0, T={"bar": T}, solid={"bar": T > 301}, edges={"bar": edges}))
    assert (mesh.n_cells, float(mesh.field_data["t"][0])) == (22, 3.0)
    np.testing.assert_array_equal(mesh.cell_data["temperature"], T[T > 301])
    assert mesh.volume == pytest.approx(1.5**3 * 22 / 24)


def test_sensors_and_histories_keep_their_names():
    cloud = bridge.sensors([Probe(name="TC1", place=(0.0, 1.0, 2.0)), {"name": "核心", "place": [1, 1, 1]}])
    assert list(cloud["name"]) == ["TC1", "#2"]  # VTK writes ASCII alone
    np.testing.assert_array_equal(cloud.points, [[0, 1, 2], [1, 1, 1]])
    run = History(
        t=np.array([0.0, 1.0]), names=("TC1",), values=np.array([[300.0], [310.0]]), rates=np.zeros((2, 1)), cells=1,
        stage_ends=(1.0,), balance=Balance(entered=1.0, made=0.0, stored=1.0), iterations=2, iteration_error=0.0,
        solver="", process="",
    )  # fmt: skip
    table = bridge.table(run)
    assert list(table["TC1"]) == [300.0, 310.0]
    assert list(table["t"]) == [0.0, 1.0]


def test_looking_opens_no_heavy_door_before_it_is_asked():
    code = "import sys, foretrial.viz; assert not {'pyvista', 'vtk', 'plotly', 'meshio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_machine_without_opengl_is_told_so_and_what_to_do(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(scene, "_TRY", "import os; os.abort()")
    monkeypatch.setattr(scene, "_probed", {})
    assert not viz.opengl()
    with pytest.raises(viz.SceneError, match=r"no OpenGL that works .* needs it\. Install a graphics driver or Mesa"):
        viz.still(folder, tmp_path / "a.png")


def test_a_window_without_a_display_is_refused_with_what_to_do_instead(folder, monkeypatch):
    monkeypatch.setattr(scene.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(viz.SceneError, match=r"no display here .* A window needs one\. Open report\.html"):
        viz.show(folder)


def test_a_scene_of_nothing_is_refused(tmp_path):
    with pytest.raises(viz.SceneError, match=r"names no field in a verdict\.json\. A scene draws a field file\. Run"):
        viz.still(tmp_path, tmp_path / "a.png")
    with pytest.raises(
        viz.SceneError, match=r"a\.jpg does not end in \.png\. A still picture is a PNG file\. Name it so"
    ):
        viz.still(tmp_path, tmp_path / "a.jpg")


def test_a_still_picture_shows_the_part_where_there_is_opengl(folder, tmp_path):
    if not viz.opengl():
        pytest.skip("no OpenGL here")
    code = (
        "import sys; from foretrial import viz\n"
        "for k in (0, 12): viz.still(sys.argv[1], f'{sys.argv[2]}/{k}.png', step=k)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder, tmp_path], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
    cold, hot = (np.asarray(Image.open(tmp_path / f"{k}.png").convert("RGB")).astype(int) for k in (0, 12))
    assert (cold.min(axis=2) < 200).mean() > 0.05
    assert (np.abs(cold - hot).max(axis=2) > 20).mean() > 0.03


def test_a_structure_becomes_a_grid_that_moves_with_its_displacement():
    [one] = drawn("plate", 20)
    mesh = bridge.structure(one, by=100.0)
    np.testing.assert_allclose(mesh.points, one.points + 100.0 * one.displacement)
    np.testing.assert_allclose(mesh.point_data["von Mises"], one.von_mises)
    assert mesh.n_cells == len(one.corners)


def test_a_load_case_that_a_structure_has_not_is_refused(tmp_path):
    path = write_deformed(tmp_path / "plate.vtkhdf", drawn("plate", 20))
    with pytest.raises(
        viz.SceneError, match=r"no load case 'pul' among its 1\. Did you mean 'pull'\? Name one of pull"
    ):
        viz.still(path, tmp_path / "a.png", case="pul")


def test_a_still_picture_shows_stress_on_the_deformed_part_where_there_is_opengl(tmp_path):
    if not viz.opengl():
        pytest.skip("no OpenGL here")
    path = write_deformed(tmp_path / "plate.vtkhdf", drawn("plate", 20))
    code = "import sys; from foretrial import viz; viz.still(sys.argv[1], sys.argv[2])"
    done = subprocess.run([sys.executable, "-c", code, path, tmp_path / "a.png"], check=True, capture_output=True,
                          text=True)  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    image = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    assert (np.abs(image - 255).max(axis=2) > 20).mean() > 0.05
    assert ((image[..., 0] > 90) & (image[..., 1] < 60)).mean() > 1e-4  # what is worst is dark red
