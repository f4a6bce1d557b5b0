import pytest
import torch

from vae.training import metrics


@pytest.fixture(scope="module")
def real(covers):
    return torch.from_numpy(covers).permute(0, 3, 1, 2).float() / 255


def test_a_perfect_copy(real):
    assert metrics.mse(real, real) == 0
    assert metrics.ssim(real, real) == pytest.approx(1, abs=1e-3)  # fp32 variances
    assert metrics.sliced_wasserstein(real, real) < metrics.sliced_wasserstein(blurred(real), real)


def blurred(images):
    return torch.nn.functional.avg_pool2d(images, 9, 1, 4)


def test_blur_is_seen_as_lost_edges(real):
    assert metrics.gradient_energy(blurred(real)) < 0.5 * metrics.gradient_energy(real)
    assert metrics.ssim(blurred(real), real) < 0.95


def test_psnr_of_known_errors():
    assert metrics.psnr(0.01) == pytest.approx(20)
    assert metrics.psnr(1.0) == pytest.approx(0)
