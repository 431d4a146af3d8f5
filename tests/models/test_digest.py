"""The digest is the identity of content: equal content has one, different content another, on every machine."""

import enum
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretrial.models import Curve, Exchange, Material, ModelError, Part, Quantity, Stage, digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Pair:
    a: object
    b: object


def same(a, b):
    """Equality that tells 1 from True, and leaves lists and mappings to their items."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    plain = tuple(float if type(x) is int and abs(x) <= 2**53 else type(x) for x in (a, b))
    return plain[0] is plain[1] and a == b


@given(PLAIN, PLAIN)
def test_digests_agree_exactly_where_contents_do(a, b):
    assert (digest(a) == digest(b)) == same(a, b)


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=6), st.randoms())
def test_the_order_of_a_mapping_does_not_count(content, random):
    keys = list(content)
    random.shuffle(keys)
    assert digest({key: content[key] for key in keys}) == digest(content)


def test_the_order_of_a_sequence_counts():
    assert digest([1, 2]) != digest([2, 1])
    assert digest([[1], 2]) != digest([1, [2]])
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_a_digest_is_known_for_good():
    """Written down once: a change here orphans every stored run."""
    noun = Quantity(value=25.0, unit="W/(m2.K)", std=3.0, name="film")
    assert digest(noun) == "699f3b828b69f2962a985eb02ab4c26e812c27b65341224896674fb508ed17c1"


def test_an_array_counts_by_values_shape_and_type_not_by_its_layout_in_memory():
    a = np.arange(6.0).reshape(2, 3)
    assert digest(a) == digest(a.T.copy().T) == digest(a.astype(">f8")) == digest(np.asfortranarray(a))
    assert digest(a) != digest(a.reshape(3, 2))
    assert digest(a) != digest(a.astype(np.float32))
    changed = a.copy()
    changed[1, 2] = np.nextafter(5.0, 6.0)
    assert digest(a) != digest(changed)


def test_a_number_counts_by_its_value_however_it_is_written():
    assert digest(-0.0) == digest(0.0)
    assert digest(np.float64(2.5)) == digest(2.5)
    assert digest(np.int32(7)) == digest(7) == digest(7.0)
    assert digest(np.bool_(True)) == digest(True)
    assert digest(2**60 + 1) != digest(2**60) != digest(float(2**60 + 1))
    assert len({digest(1), digest(True), digest("1"), digest(b"1"), digest(None), digest([1])}) == 6
    assert digest(Part.box(1, 2, 3)) == digest(Part.box(1.0, 2.0, 3.0))


def test_an_enumeration_and_a_noun_count_by_their_names():
    assert digest(Colour.RED) != digest(Colour.BLUE)
    assert digest(Pair(1, 2)) != digest(Pair(2, 1))
    assert digest(Pair(1, 2)) != digest({"a": 1, "b": 2})


def test_nouns_made_twice_are_the_same_and_changed_ones_are_not():
    def steel(k):
        return Material.simple("steel", density=7850.0, conductivity=k, heat_capacity=500.0)

    assert digest(steel(40.0)) == digest(steel(40.0)) != digest(steel(40.1))
    part = Part.i_section(height=0.2, width=0.2, flange=0.015, web=0.009)
    assert digest(part) == digest(replace(part)) != digest(part.moved(x=1e-9))
    assert digest(Curve.table([0, 1], [2, 3])) == digest(Curve.pieces((0.0, 1.0, (2.0, 1.0), 0.0, 0.0)))


def test_a_stage_is_the_same_however_its_walls_are_ordered():
    one, two = Exchange(film=5.0), Exchange(film=6.0)
    a = Stage(name="s", walls={"left": one, "right": two}, until=1.0)
    b = Stage(name="s", walls={"right": two, "left": one}, until=1.0)
    assert digest(a) == digest(b)


def test_a_function_has_no_digest():
    with pytest.raises(
        ModelError, match=r"function has no content hash\. .* a recipe is data\. Replace the function by"
    ):
        digest({"law": lambda x: x})
