"""The filter and smoother against the conditional Gaussian that they must equal, written out in full."""

import numpy as np
import pytest

from foretrial.models import ModelError, SolveError
from foretrial.twin.kalman import Belief, StateSpace, advance, kalman, most_likely, smooth, unknown, update

WIDE = 1e7  # stands for boundless where everything is written out


def trend(*, begin=None, noise=None):
    """Level and slope, seen by two sensors with a common error."""
    return StateSpace(see=[[1.0, 0.0], [1.0, 0.5]], noise=[[2.0, 0.6], [0.6, 1.0]] if noise is None else noise,
                      move=[[1.0, 1.0], [0.0, 0.9]], drift=[[0.3, 0.1], [0.1, 0.2]], begin=begin or unknown(2),
                      offset=np.array([1.0, -2.0]), push=np.array([0.2, 0.0]))  # fmt: skip


def written_out(model, y):
    """Mean and covariance of all states given all readings, and log density, by one dense Gaussian."""
    n, m = len(y), model.move.shape[0]
    mean, cov = np.zeros(n * m), np.zeros((n * m, n * m))
    mean[:m], cov[:m, :m] = model.begin.mean, model.begin.covariance + WIDE * model.begin.diffuse
    push = np.zeros(m) if model.push is None else model.push
    for i in range(1, n):
        a, b = slice((i - 1) * m, i * m), slice(i * m, (i + 1) * m)
        mean[b] = model.move @ mean[a] + push
        cov[b, : i * m] = model.move @ cov[a, : i * m]
        cov[: i * m, b] = cov[b, : i * m].T
        cov[b, b] = model.move @ cov[a, a] @ model.move.T + model.drift
    Z, H = np.kron(np.eye(n), model.see), np.kron(np.eye(n), model.noise)
    seen = np.isfinite(y).ravel()
    offset = np.zeros(len(model.see)) if model.offset is None else model.offset
    Z, H, r = Z[seen], H[np.ix_(seen, seen)], (y - offset).ravel()[seen]
    F = Z @ cov @ Z.T + H
    K = np.linalg.solve(F, Z @ cov).T
    r = r - Z @ mean
    density = -0.5 * (r @ np.linalg.solve(F, r) + np.linalg.slogdet(F)[1] + seen.sum() * np.log(2 * np.pi))
    full, P = mean + K @ r, cov - K @ Z @ cov
    blocks = np.array([P[i * m : (i + 1) * m, i * m : (i + 1) * m] for i in range(n)])
    return full.reshape(n, m), blocks, density


def series(n=14, seed=3):
    y = np.random.default_rng(seed).normal(size=(n, 2)).cumsum(axis=0)
    y[4] = np.nan
    y[7, 0] = np.nan
    return y


def test_a_known_start_gives_the_gaussian_that_it_must():
    begin = Belief(mean=np.array([0.5, 0.1]), covariance=np.array([[2.0, 0.3], [0.3, 0.5]]), diffuse=np.zeros((2, 2)))
    model, y = trend(begin=begin), series()
    found = kalman(model, y)
    mean, cov, density = written_out(model, y)
    assert found.density == pytest.approx(density, rel=1e-10)
    smoothed, spread = smooth(found)
    np.testing.assert_allclose(smoothed, mean, atol=1e-9)
    np.testing.assert_allclose(spread, cov, atol=1e-9)
    np.testing.assert_allclose(found.after[-1].mean, mean[-1], atol=1e-9)


@pytest.mark.parametrize("gap", [False, True])
def test_an_unknown_start_is_the_limit_of_a_wide_one(gap):
    model, y = trend(), series()
    if gap:
        y[0] = np.nan  # the slope is then pinned down over several times
        y[1, 1] = np.nan
    found = kalman(model, y)
    assert found.after[-1].settled
    mean, cov, density = written_out(model, y)
    smoothed, spread = smooth(found)
    np.testing.assert_allclose(smoothed, mean, atol=2e-4)
    np.testing.assert_allclose(spread, cov, atol=2e-4)
    # two boundless directions cost log(WIDE) / 2 each, and their log(2 pi) / 2 are not counted
    assert found.density == pytest.approx(density + np.log(WIDE) + np.log(2 * np.pi), abs=1e-3)


def test_one_reading_after_another_is_the_same_as_all_at_once():
    model, y = trend(), series()
    belief = model.begin
    for i, row in enumerate(y):
        belief = update(belief if i == 0 else advance(belief, model), row, model)
    after = kalman(model, y).after[-1]
    np.testing.assert_array_equal(belief.mean, after.mean)
    np.testing.assert_array_equal(belief.covariance, after.covariance)


def test_standardised_surprises_of_the_true_model_are_white_and_of_size_one():
    rng = np.random.default_rng(11)
    n, level = 4000, 0.0
    y = np.empty(n)
    for i in range(n):
        y[i] = level + rng.normal(scale=2.0)
        level += rng.normal(scale=0.5)
    found = kalman(StateSpace(see=[[1.0]], noise=[[4.0]], move=[[1.0]], drift=[[0.25]], begin=unknown(1)), y)
    z = found.surprises[1:, 0]
    assert np.isnan(found.surprises[0, 0])
    assert z.std() == pytest.approx(1.0, abs=4.0 / np.sqrt(2 * n))
    assert abs(np.mean(z[1:] * z[:-1])) < 4.0 / np.sqrt(n)


def test_variances_are_found_where_the_likelihood_is_highest():
    rng = np.random.default_rng(5)
    y = rng.normal(scale=0.7, size=150).cumsum() + rng.normal(scale=2.0, size=150)

    def model(v):
        return StateSpace(see=[[1.0]], noise=[[v[0]]], move=[[1.0]], drift=[[v[1]]], begin=unknown(1))

    best = most_likely(model, y, begin=[y.var(), y.var()])
    top = kalman(model(best), y).density
    for share in (0.97, 1.03):
        for i in range(2):
            moved = best.copy()
            moved[i] *= share
            assert kalman(model(moved), y).density < top


def test_what_does_not_fit_is_refused_with_numbers():
    with pytest.raises(ModelError, match=r"noise has shape \(1, 1\), but 2 readings of 2 states need \(2, 2\)\."):
        trend(noise=[[1.0]])
    with pytest.raises(ModelError, match="noise has a variance of -1 along one direction"):
        trend(noise=[[-1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(ModelError, match=r"readings of shape \(5, 3\) do not fit a model of 2 readings a time"):
        kalman(trend(), np.zeros((5, 3)))
    with pytest.raises(ModelError, match=r"a search begins at \[0\.0\]\. Variances are above 0"):
        most_likely(lambda _: trend(), series(), begin=[0.0])
    sure = Belief(mean=np.zeros(1), covariance=np.zeros((1, 1)), diffuse=np.zeros((1, 1)))
    exact = StateSpace(see=[[1.0]], noise=[[0.0]], move=[[1.0]], drift=[[0.0]], begin=sure)
    with pytest.raises(SolveError, match="a reading without noise repeats what is known exactly"):
        kalman(exact, [0.0])
