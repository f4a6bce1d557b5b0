import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae import blend as b

numbers = st.floats(-5, 5, width=32)
latents = st.integers(2, 6).flatmap(lambda n: arrays(np.float32, (n, 8), elements=numbers))
weighted = latents.flatmap(
    lambda z: st.tuples(st.just(z), st.lists(st.floats(0.01, 10), min_size=len(z), max_size=len(z)))
)


@given(weighted)
def test_mean_is_the_weighted_mean_whatever_the_scale_of_the_weights(case):
    z, w = case
    expected = np.average(z, axis=0, weights=w)
    assert np.allclose(b.mean(z, w), expected, atol=1e-4)
    assert np.allclose(b.mean(z, [10 * x for x in w]), expected, atol=1e-4)


@given(weighted, st.randoms())
def test_order_of_albums_does_not_matter(case, random):
    z, w = case
    order = list(range(len(z)))
    random.shuffle(order)
    for mode in ("mean", "vivid", "interpolate"):
        first = b.blend(z, mode, w)
        again = b.blend(z[order], mode, [w[i] for i in order])
        assert np.allclose(first, again, atol=1e-3), mode


@given(latents)
def test_all_the_weight_on_one_album_gives_that_album(z):
    for which in range(len(z)):
        w = [1.0 if i == which else 0.0 for i in range(len(z))]
        for mode in ("mean", "vivid", "interpolate"):
            assert np.allclose(b.blend(z, mode, w), z[which], atol=1e-4), mode


def test_vivid_keeps_the_variance_that_a_mean_loses():
    z = np.random.default_rng(0).standard_normal((5, 4000)).astype(np.float32)
    assert b.mean(z).std() == pytest.approx(1 / np.sqrt(5), rel=0.05)
    assert b.vivid(z).std() == pytest.approx(1, rel=0.05)


def test_vivid_and_interpolate_act_about_the_centre():
    centre = np.full(8, 3, np.float32)
    z = np.stack([centre, centre])
    for mode in ("vivid", "interpolate", "arithmetic"):
        assert np.allclose(b.blend(z, mode, [0.5, 0.5], centre), centre, atol=1e-5)


def test_slerp_of_unit_vectors_stays_on_the_sphere_at_even_angles():
    ends = np.eye(2, 8, dtype=np.float32)
    points = b.along(ends, 5)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-6)
    angles = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    assert np.allclose(angles, [0, 22.5, 45, 67.5, 90], atol=1e-3)


def test_interpolating_opposite_covers_is_finite():
    z = np.array([[1, 0], [-1, 0]], np.float32)
    assert np.isfinite(b.interpolate(z)).all()


def test_arithmetic_is_a_minus_b_plus_c():
    z = np.array([[3, 0], [1, 0], [0, 2]], np.float32)
    assert np.allclose(b.arithmetic(z), [2, 2])
    assert np.allclose(b.arithmetic(z, [1, 1, 0]), [4, 0])


@pytest.mark.parametrize("weights", [[0, 0], [1, -1], [float("nan"), 1], [1], [1, 2, 3]])
def test_senseless_weights_are_refused(weights):
    z = np.zeros((2, 4), np.float32)
    for mode in ("mean", "vivid", "interpolate"):
        with pytest.raises(ValueError):
            b.blend(z, mode, weights)


def test_an_unknown_mode_is_refused_with_the_modes():
    with pytest.raises(ValueError, match="vivid"):
        b.blend(np.zeros((2, 4), np.float32), "mix")
