"""An STL of any kind becomes a part in the unit that is said, or an error that says what is wrong and where."""

import time

import numpy as np
import pytest

from foretrial.models import ModelError, Part, SurfaceError
from foretrial.models.stl import RECORD, read_stl

CORNERS = np.array([[x, y, z] for z in (0.0, 1.0) for x, y in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])
SIDES = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
                  [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7]])  # fmt: skip


def box(low, high):
    """Corners (12, 3, 3) of a box, seen anticlockwise from outside."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    return (low + CORNERS * (high - low))[SIDES]


BLOCK = box((0, 0, 0), (100, 60, 20))
HOLE = box((40, 20, 5), (60, 40, 15))[:, ::-1]


def binary(corners, header=b"made for a test"):
    table = np.zeros(len(corners), dtype=RECORD)
    table["corners"] = corners
    return header.ljust(80, b" ") + len(corners).to_bytes(4, "little") + table.tobytes()


def text(name, corners):
    lines = [f"solid {name}".rstrip()]
    for triangle in corners:
        lines += ["facet normal 0 0 0", "outer loop", *(f"vertex {x!r} {y!r} {z!r}" for x, y, z in triangle.tolist()),
                  "endloop", "endfacet"]  # fmt: skip
    return "\n".join([*lines, f"endsolid {name}", ""])


@pytest.fixture
def stl(tmp_path):
    def write(content, name="bracket.stl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def size(part):
    low, high = part.bounds
    return tuple(round(b - a, 12) for a, b in zip(low, high, strict=True))


def test_a_binary_file_becomes_a_part_named_like_the_file(stl):
    part = Part.from_stl(stl(binary(BLOCK)), unit="mm")
    assert part.name == "bracket"
    assert size(part) == (0.1, 0.06, 0.02)
    assert part.patches == ()
    surface = part.shape.surface
    assert (surface.points.shape, surface.triangles.shape, surface.solids) == ((8, 3), (12, 3), ("bracket",))
    assert surface.volume == pytest.approx(1.2e-4)
    assert surface.mended == ()


def test_a_text_file_is_the_same_part_as_a_binary_one(stl):
    one = Part.from_stl(stl(binary(BLOCK)), unit="mm", name="block")
    two = Part.from_stl(stl(text("bracket", BLOCK), "b.stl"), unit="mm", name="block")
    assert one == two
    assert hash(one) == hash(two)
    assert one.shape.surface.key == two.shape.surface.key
    assert one != one.moved(x=0.1)


def test_a_binary_file_that_begins_with_solid_is_binary(stl):
    for header in (b"solid made by a CAD system", b"solid facet vertex endsolid"):
        assert size(Part.from_stl(stl(binary(BLOCK, header)), unit="mm")) == (0.1, 0.06, 0.02)


@pytest.mark.parametrize(("unit", "metres"), [("mm", 1e-3), ("m", 1.0), ("cm", 0.01), ("in", 0.0254), ("um", 1e-6)])
def test_the_unit_says_how_large_the_part_is(stl, unit, metres):
    part = Part.from_stl(stl(binary(BLOCK)), unit=unit)
    assert size(part) == pytest.approx((100 * metres, 60 * metres, 20 * metres))


def test_a_missing_unit_is_asked_for_with_the_extent_in_both_readings(stl):
    with pytest.raises(
        ModelError,
        match=r"bracket\.stl: no unit of length is given\. Its extent is 100 x 60 x 20: read as mm that is "
        r"0\.1 x 0\.06 x 0\.02 m, read as m 100 x 60 x 20 m\. Pass unit='mm', unit='m' or another\.",
    ):
        Part.from_stl(stl(binary(BLOCK)))


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("kg", r"bracket\.stl: unit 'kg' does not measure what 'm' measures"),
        ("mmm", r"bracket\.stl: unit 'mmm' is not known"),
        ("km", r"its extent of 100 x 60 x 20 km is 1e\+05 m\. A part is between 1e-05 and 1000 m long\. Correct the"),
    ],
)
def test_a_unit_that_cannot_be_meant_is_refused(stl, unit, told):
    with pytest.raises(ModelError, match=told):
        Part.from_stl(stl(binary(BLOCK)), unit=unit)


def test_named_solids_are_kept_and_each_is_a_patch(stl):
    path = stl(text("outside", BLOCK) + text("hole", HOLE))
    corners, solid, solids = read_stl(path)
    assert (corners.shape, solids) == ((24, 3, 3), ("outside", "hole"))
    assert solid.tolist() == [0] * 12 + [1] * 12
    part = Part.from_stl(path, unit="mm")
    assert [(patch.name, patch.solid) for patch in part.patches] == [("outside", "outside"), ("hole", "hole")]
    assert part.shape.surface.volume == pytest.approx(1.2e-4 - 4e-6)


def test_solids_of_one_closed_surface_and_of_one_name_are_joined(stl):
    path = stl(text("caps", BLOCK[:4]) + text("wall", BLOCK[4:8]) + text("caps", BLOCK[8:]))
    part = Part.from_stl(path, unit="mm")
    assert part.shape.surface.solids == ("caps", "wall")
    assert np.bincount(part.shape.surface.solid).tolist() == [8, 4]


def test_names_may_be_missing_chinese_or_hold_the_word_solid(stl):
    third = box((200, 0, 0), (210, 10, 10))
    content = text("", BLOCK).encode() + text("内孔 solid", HOLE).encode("gb18030") + text("pin v2", third).encode()
    assert read_stl(stl(content))[2] == ("solid 1", "内孔 solid", "pin v2")


def test_capitals_windows_lines_and_a_byte_order_mark_are_read(stl):
    content = b"\xef\xbb\xbf" + text("Bracket", BLOCK).upper().replace("\n", "\r\n").encode()
    corners, _, solids = read_stl(stl(content))
    np.testing.assert_array_equal(corners, BLOCK)
    assert solids == ("BRACKET",)


def test_binary_solids_that_follow_each_other_are_all_read(stl):
    corners, solid, solids = read_stl(stl(binary(BLOCK) + binary(HOLE)))
    assert solids == ("solid 1", "solid 2")
    assert solid.sum() == len(HOLE)
    np.testing.assert_array_equal(corners, np.concatenate([BLOCK, HOLE]))


def test_normals_in_the_file_are_not_read(stl):
    content = text("b", BLOCK).replace("normal 0 0 0", "normal -nan(ind) nan 7")
    np.testing.assert_array_equal(read_stl(stl(content))[0], BLOCK)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"holds no triangle in 0 bytes"),
        (
            b"solid",
            r"ends 79 bytes before its count of triangles: it is cut off, or no STL\..* Copy or export the file",
        ),
        (binary(BLOCK)[:-50], r"bracket\.stl states 12 triangles in 600 bytes and holds 550 bytes: it is cut off"),
        (binary(BLOCK) + b"?", r"ends 83 bytes before its count of triangles after 12 whole ones"),
        (binary(BLOCK[:0]), r"bracket\.stl holds no triangle in 84 bytes\. A surface has four or more\. Export"),
        ("solid nothing\nendsolid nothing\n", r"bracket\.stl holds no triangle"),
        (b"PK\x03\x04" + bytes(range(256)), r"it is cut off, or no STL"),
        (text("b", BLOCK)[:-20], r"the solid of line 1 has no 'endsolid' before the file ends: it is cut off"),
        (text("b", BLOCK).replace("endsolid b", "solid c"), r"no 'endsolid' before line 86 begins another"),
        (text("b", BLOCK).replace("vertex 0.0 60.0 20.0\n", "", 1), r"line 23: a facet has 2 corners or does not end"),
        (text("b", BLOCK)[:-20] + "\nendsolid b", r"line 79: a facet has 3 corners or does not end"),
        (
            text("b", BLOCK).replace("60.0", "60,0"),
            r"line 5: '100\.0 60,0 0\.0' is no corner\..* decimal point\. Export",
        ),
        (text("b", BLOCK).replace("60.0", "nan"), r"triangle 1 has the corners \(0, 0, 0\), \(100, nan, 0\).* 9 more"),
        (binary(np.where(BLOCK == 60.0, np.inf, BLOCK)), r"triangle 1 has the corners .*inf.* Every coordinate is fin"),
    ],
)
def test_a_broken_file_says_where_it_is_broken(stl, content, told):
    with pytest.raises(ModelError, match=told):
        Part.from_stl(stl(content), unit="mm")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.stl: there is no such file\. .* Correct the path"):
        Part.from_stl(tmp_path / "none.stl", unit="mm")


def test_a_triangle_with_two_corners_at_one_place_is_left_out_and_that_is_said(stl):
    edge = BLOCK[0, [0, 1, 1]]
    part = Part.from_stl(stl(binary(np.concatenate([BLOCK, [edge]]))), unit="mm")
    assert part.shape.surface.mended == ("1 triangle with two corners at one place left out",)
    assert part == Part.from_stl(stl(binary(BLOCK)), unit="mm")


def test_a_slit_of_rounding_is_closed_and_that_is_said(stl):
    torn = BLOCK.copy()
    torn[0] += 2e-5
    part = Part.from_stl(stl(text("b", torn)), unit="mm")
    assert len(part.shape.surface.points) == 8
    assert part.shape.surface.mended == ("3 corners at open edges merged with others within 0.0002 mm",)
    torn[0] += 0.01
    with pytest.raises(SurfaceError, match=r"is not closed: 6 edges"):
        Part.from_stl(stl(text("b", torn)), unit="mm")


def test_two_hundred_thousand_triangles_are_one_part(stl, record_property):
    n = 317
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, n, endpoint=False), np.linspace(0, 2 * np.pi, n, endpoint=False))
    ring = np.stack([(50 + 20 * np.cos(v)) * np.cos(u), (50 + 20 * np.cos(v)) * np.sin(u), 20 * np.sin(v)], axis=-1)
    right, up = np.roll(ring, -1, axis=1), np.roll(ring, -1, axis=0)
    both = np.roll(right, -1, axis=0)
    corners = np.concatenate([np.stack(c, axis=-2).reshape(-1, 3, 3) for c in ((ring, right, both), (ring, both, up))])
    path = stl(binary(corners))
    began = time.perf_counter()
    part = Part.from_stl(path, unit="mm")
    record_property("seconds", time.perf_counter() - began)
    assert len(part.shape.surface.triangles) == 2 * n * n
    assert part.shape.surface.volume == pytest.approx(2 * np.pi**2 * 0.05 * 0.02**2, rel=1e-3)
