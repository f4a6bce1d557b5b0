"""Figures that say how good pictures are. Images are float tensors [n, 3, h, w] in 0–1."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def mse(made: Tensor, real: Tensor) -> float:
    """Mean squared error over all pixels, 0–1."""
    return F.mse_loss(made, real).item()


def psnr(error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error over the whole set, peak 1."""
    return -10 * math.log10(max(error, 1e-12))


def ssim(made: Tensor, real: Tensor) -> float:
    """Mean structural similarity (Wang et al. 2004, 11×11 Gaussian), by torchmetrics."""
    from torchmetrics.functional.image import structural_similarity_index_measure as measure

    parts = zip(made.split(64), real.split(64), strict=True)
    values = [measure(a, b, data_range=1.0, reduction="none") for a, b in parts]
    return torch.cat([torch.atleast_1d(v) for v in values]).mean().item()


def gradient_energy(images: Tensor) -> float:
    """Mean squared difference of neighbouring pixels: how much edge and texture there is."""
    across = (images[..., 1:] - images[..., :-1]).square().mean()
    down = (images[..., 1:, :] - images[..., :-1, :]).square().mean()
    return (across + down).item()


def sliced_wasserstein(made: Tensor, real: Tensor, seed: int = 0, patches: int = 4096, directions: int = 256) -> float:
    """Sliced Wasserstein distance between 7×7 patches of Laplacian pyramids (Karras et al. 2018), mean of three levels.

    Each level's patches are normalised by the real covers' mean and deviation a channel; ×1000 as in the paper. The
    two sets need not be pairs. The finest level is at full size.
    """
    generator = torch.Generator().manual_seed(seed)
    distances = []
    for level_made, level_real in zip(laplacian(made), laplacian(real), strict=True):
        a, b = (sample_patches(level, patches, generator) for level in (level_made, level_real))
        mean, deviation = b.mean((0, 2, 3), keepdim=True), b.std((0, 2, 3), keepdim=True) + 1e-8
        a, b = (((x - mean) / deviation).flatten(1) for x in (a, b))
        projection = F.normalize(torch.randn(a.shape[1], directions, generator=generator), dim=0)
        distances.append(((a @ projection).sort(0).values - (b @ projection).sort(0).values).abs().mean().item())
    return 1000 * sum(distances) / len(distances)


def laplacian(images: Tensor, levels: int = 3) -> list[Tensor]:
    """Band-pass levels, finest first."""
    bands = []
    for _ in range(levels):
        smaller = F.avg_pool2d(images, 2)
        bands.append(images - F.interpolate(smaller, scale_factor=2, mode="bilinear", align_corners=False))
        images = smaller
    return bands


def sample_patches(images: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """`n` random 7×7 patches, [n, 3, 7, 7]."""
    index = torch.randint(len(images), (n,), generator=generator)
    tops = torch.randint(images.shape[2] - 6, (n,), generator=generator)
    lefts = torch.randint(images.shape[3] - 6, (n,), generator=generator)
    corners = zip(index.tolist(), tops.tolist(), lefts.tolist(), strict=True)
    return torch.stack([images[i, :, t : t + 7, left : left + 7] for i, t, left in corners])
