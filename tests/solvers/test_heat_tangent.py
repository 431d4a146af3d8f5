"""Derivatives with everything switched on, and results that are smooth once their steps are frozen."""

import numpy as np
import pytest

from foretrial.models import (
    Body,
    Contact,
    Curve,
    Exchange,
    Extreme,
    Held,
    ModelError,
    Part,
    Probe,
    Process,
    Quantity,
    Signal,
    Source,
    Stage,
    quantities,
    substitute,
)
from foretrial.models.library import CARBON_STEEL, STAINLESS_304L
from foretrial.models.process import INSULATED
from foretrial.solvers import Heat

OBSERVE = (
    Probe(name="rim", place=(0.0, 0.004, 0.0), body="plate"),
    Probe(name="core", place=(0.011, 0.006, 0.0), body="plate"),
    Extreme(name="mean", statistic="mean", body="cover"),
)


def everything():
    """Two stages, two bodies in contact, film, radiation, flux, a held wall, a source, signals, and the peak of cp."""

    def q(name, value, unit):
        return Quantity(value=value, unit=unit, name=name)

    fire = Signal(curve=Curve.table([0.0, 60.0, 200.0], [400.0, 1400.0, 1500.0]), unit="K",
                  scale=q("fire scale", 1.0, "1"), bias=q("fire bias", 2.0, "K"))  # fmt: skip
    hot = Exchange(gas=fire, film=q("film", 40.0, "W/(m2.K)"), emissivity=q("emissivity", 0.7, "1"),
                   flux=q("flux", 6.0e4, "W/m2"))  # fmt: skip
    cold = Exchange(gas=q("bath", 320.0, "K"), film=q("quench", 900.0, "W/(m2.K)"), emissivity=0.3)
    held = Held(temperature=q("held", 1100.0, "K"))
    bodies = (
        Body(part=Part.sheet(0.02, 0.012, name="plate"), material=CARBON_STEEL, start=q("start", 950.0, "K")),
        Body(part=Part.sheet(0.02, 0.006, name="cover").moved(y=0.012), material=STAINLESS_304L, start=900.0),
    )
    sources = (Source(body="plate", rate=q("source", 2.0e6, "W/m3"), profile=(1.0, 20.0)),)
    heat = {"plate.left": hot, "plate.right": INSULATED, "plate.bottom": hot, "cover.left": hot,
            "cover.right": INSULATED, "cover.top": held}  # fmt: skip
    quench = heat | {"plate.left": cold, "plate.bottom": cold, "cover.left": cold, "cover.top": cold}
    stages = (
        Stage(name="heat", until=150.0, walls=heat, sources=sources),
        Stage(name="quench", until=20.0, walls=quench),
    )
    contact = Contact(first="plate", second="cover", resistance=q("contact", 5e-4, "m2.K/W"))
    return Process(name="everything", bodies=bodies, stages=stages, contacts=(contact,))


NAMES = ("film", "emissivity", "flux", "fire scale", "fire bias", "bath", "quench", "held", "start", "source",
         "contact", "steel density", "steel conductivity", "steel heat capacity", "304L conductivity")  # fmt: skip
SOLVER = Heat(cells=3, tolerance=0.2)


@pytest.fixture(scope="module")
def frozen():
    return SOLVER.frozen(SOLVER(everything(), observe=OBSERVE))


@pytest.fixture(scope="module")
def base(frozen):
    return frozen.tangent(everything(), free=NAMES, observe=OBSERVE)


def moved(frozen, name, share):
    """Values (nt, np) with one quantity moved by a share of itself, and by how much in its unit."""
    step = share * quantities(everything())[name].value
    recipe = substitute(everything(), {name: quantities(everything())[name].value + step})
    return frozen(recipe, observe=OBSERVE).values, step


def test_the_peak_of_cp_is_passed_on_the_way(base):
    core = base.values[:, base.column("core")]
    assert core[0] < 1008.15 < core.max()


def test_a_tangent_run_repeats_the_plain_run(frozen, base):
    plain = frozen(everything(), observe=OBSERVE)
    np.testing.assert_allclose(base.values, plain.values, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_tangent_leaves_falls_with_the_square_of_the_step(frozen, base, name):
    """Taylor: |T(p + e) - T(p) - e dT/dp| ~ e^2, over the decades above rounding."""
    slope = base.tangents[NAMES.index(name)]
    shares, left = 10.0 ** np.arange(-2.5, -4.6, -1.0), []
    for share in shares:
        values, step = moved(frozen, name, share)
        left.append(np.abs(values - base.values - step * slope).max())
    assert np.abs(slope).max() > 0
    seen = np.array(left) > 1e-10  # K; below is rounding
    assert seen.sum() >= 2
    orders = np.diff(np.log10(np.array(left)[seen])) / np.diff(np.log10(shares[seen]))
    np.testing.assert_allclose(orders, 2.0, rtol=0, atol=0.15)


def test_frozen_steps_give_smooth_quotients_over_eight_decades(frozen, base):
    slope = base.tangents[NAMES.index("film")][-1]
    for share in 10.0 ** np.arange(-1.0, -8.1, -1.0):
        (above, step), (below, _) = moved(frozen, "film", share), moved(frozen, "film", -share)
        np.testing.assert_allclose((above[-1] - below[-1]) / (2.0 * step), slope, rtol=1e-3)


def test_an_unknown_parameter_is_answered_with_the_nearest(frozen):
    with pytest.raises(ModelError, match=r"'emisivity' is not in this process\. Did you mean 'emissivity'\?"):
        frozen.tangent(everything(), free=("emisivity",), observe=OBSERVE)
