"""The model: a ResNet variational autoencoder over 128×128 covers with one flat latent.

Both halves are a linear path plus a convolutional one. The linear path starts as PCA (`vae.training.pca`), so an
untrained network already reconstructs as well as PCA of the same size, and the convolutions learn what PCA
cannot: which numbers to spend on this cover (encoder), and which edges and textures those numbers imply
(decoder, a small U-Net over the linear picture, conditioned on the latent).

Latents are whitened: each dimension has mean 0 and variance about 1 over covers, as the KL term's prior asks.
Images are float RGB in 0–1, shape [n, 3, 128, 128]. Inside, the picture is split into luma at 64×64 and two
chroma planes at 32×32 (6,144 numbers): the eye and the MSE lose little, and the linear path halves.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae.info import ModelConfig
from vae.meaning import Meaning

GREY = 0.8  # luma of middling covers on the orthonormal axis (0–√3)
STEP = 0.5  # of a full Newton step; more overshoots, since the convolutions steepen the linear path
MEANING_LOG_VARIANCE = -4.6  # of the numbers for meaning: the decoder is shown them with a noise of 0.1
PLANES = 64 * 64 + 2 * 32 * 32  # numbers in the linear path's picture


class Colour(nn.Module):
    """RGB ↔ luma and two chroma axes: an orthonormal rotation, so errors keep their size."""

    matrix: Tensor

    def __init__(self) -> None:
        super().__init__()
        axes = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]])
        self.register_buffer("matrix", axes / axes.norm(dim=1, keepdim=True), persistent=False)

    def forward(self, rgb: Tensor) -> Tensor:
        return torch.einsum("ij,njhw->nihw", self.matrix, rgb)

    def inverse(self, ycc: Tensor) -> Tensor:
        with full_precision(ycc):
            return torch.einsum("ij,nihw->njhw", self.matrix, ycc)


def full_precision(x: Tensor) -> torch.autocast:
    """For what all else is added to: in bfloat16 its rounding alone would be a level of 255."""
    return torch.autocast(x.device.type, enabled=False)


def to_planes(ycc: Tensor) -> Tensor:
    """[n, 3, 128, 128] → [n, 6144]: luma halved, chroma quartered, scaled so that distances keep their size."""
    luma = F.avg_pool2d(ycc[:, :1], 2) * 2
    chroma = F.avg_pool2d(ycc[:, 1:], 4) * 4
    return torch.cat([luma.flatten(1), chroma.flatten(1)], 1)


def split_planes(planes: Tensor) -> tuple[Tensor, Tensor]:
    """[n, 6144] → luma [n, 1, 64, 64] and chroma [n, 2, 32, 32], both in picture units again."""
    luma = planes[:, : 64 * 64].reshape(-1, 1, 64, 64) / 2
    chroma = planes[:, 64 * 64 :].reshape(-1, 2, 32, 32) / 4
    return luma, chroma


def from_planes(planes: Tensor) -> Tensor:
    """[n, 6144] → [n, 3, 128, 128], bilinear."""
    luma, chroma = split_planes(planes)
    full = [F.interpolate(plane, size=(128, 128), mode="bilinear", align_corners=False) for plane in (luma, chroma)]
    return torch.cat(full, 1)


def norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(min(16, width // 8), width)


class ResBlock(nn.Module):
    """Two 3×3 convolutions with GroupNorm and SiLU; with `condition` the second norm is scaled and shifted by it."""

    def __init__(self, width: int, condition: int = 0) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(width), nn.Conv2d(width, width, 3, padding=1)
        self.norm2, self.conv2 = norm(width), nn.Conv2d(width, width, 3, padding=1)
        self.modulate = nn.Linear(condition, 2 * width) if condition else None
        nn.init.zeros_(self.conv2.weight)
        if self.modulate is not None:
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.norm2(self.conv1(F.silu(self.norm1(x))))
        if self.modulate is not None and condition is not None:
            scale, shift = self.modulate(condition)[:, :, None, None].chunk(2, 1)
            h = h * (1 + scale) + shift
        return x + self.conv2(F.silu(h))


class Attention(nn.Module):
    """One self-attention over all places of a small map (used at 8×8 alone)."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.norm = heads, norm(width)
        self.qkv, self.out = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, c // self.heads, h * w).transpose(-1, -2).unbind(1)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(-1, -2).reshape(n, c, h, w)
        return x + self.out(mixed)


class Down(nn.Module):
    """Halve the map: a strided convolution beside a space-to-channel shortcut averaged to width (DC-AE)."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv, self.outside = nn.Conv2d(inside, outside, 3, stride=2, padding=1), outside

    def forward(self, x: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(x, 2)
        n, c, h, w = folded.shape
        if c % self.outside:
            return self.conv(x)
        return self.conv(x) + folded.reshape(n, self.outside, c // self.outside, h, w).mean(2)


class Up(nn.Module):
    """Double the map by a 1×1 convolution and pixel shuffle."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, 4 * outside, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


class Encoder(nn.Module):
    """Picture → mean and log variance of the latent's numbers for the picture, float32 [n, d − meaning] each."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths, d = config.encoder_widths, config.latent_dim - config.meaning
        self.linear = nn.Linear(PLANES, d)
        self.stem = nn.Conv2d(48, widths[0], 3, padding=1)  # space-to-depth by 4: 32×32×48
        levels: list[nn.Module] = []
        for i, width in enumerate(widths):
            levels += [ResBlock(width) for _ in range(config.encoder_blocks)]
            if i + 1 < len(widths):
                levels.append(Down(width, widths[i + 1]))
        self.levels = nn.Sequential(*levels, Attention(widths[-1]), ResBlock(widths[-1]), norm(widths[-1]), nn.SiLU())
        self.squeeze = nn.Conv2d(widths[-1], 32, 1)
        self.mean = nn.Linear(32 * 8 * 8, d)
        self.log_variance = nn.Linear(widths[-1], d)
        for layer in (self.mean, self.log_variance):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, ycc: Tensor) -> tuple[Tensor, Tensor]:
        linear = self.linear(to_planes(ycc))
        h = F.pixel_unshuffle(ycc, 4).contiguous(memory_format=torch.channels_last)
        h = self.levels(self.stem(h))
        mean = linear + self.mean(self.squeeze(h).flatten(1))
        return mean.float(), self.log_variance(h.mean((2, 3))).float().clamp(-12, 4)


class Decoder(nn.Module):
    """Latent → picture in luma and chroma: the linear picture, and what a conditioned U-Net adds to it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        w, d = config.decoder_widths, config.latent_dim
        self.linear = nn.Linear(d, PLANES)
        self.condition = nn.Sequential(nn.Linear(d, 256), nn.SiLU())
        self.stem = nn.Conv2d(6, w[0], 3, padding=1)
        self.latent_map = nn.Linear(d, 32 * 8 * 8)
        self.enter = nn.Conv2d(32, w[-1], 1)
        self.down = nn.ModuleList([Down(a, b) for a, b in pairwise(w)])
        self.down_blocks = nn.ModuleList(
            [nn.ModuleList([ResBlock(a, 256) for _ in range(config.blocks)]) for a in w[:-1]]
        )
        self.middle = nn.ModuleList([ResBlock(w[-1], 256), Attention(w[-1]), ResBlock(w[-1], 256)])
        self.up = nn.ModuleList([Up(b, a) for a, b in pairwise(w)])
        self.up_blocks = nn.ModuleList(
            [nn.ModuleList([ResBlock(a, 256) for _ in range(config.blocks)]) for a in w[:-1]]
        )
        self.out = nn.Sequential(norm(w[0]), nn.SiLU(), nn.Conv2d(w[0], 48, 3, padding=1))
        nn.init.zeros_(self.out[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out[2].bias)  # type: ignore[arg-type]

    def forward(self, z: Tensor) -> Tensor:
        with full_precision(z):
            planes = self.linear(z)
        luma, chroma = split_planes(planes)
        condition = self.condition(z)
        picture = torch.cat([F.pixel_unshuffle(luma - GREY, 2), chroma], 1)  # 32×32×6
        h = self.stem((2 * picture).contiguous(memory_format=torch.channels_last))
        skips = []
        for blocks, down in zip(self.down_blocks, self.down, strict=True):
            for block in blocks:  # type: ignore[attr-defined]
                h = block(h, condition)
            skips.append(h)
            h = down(h)
        h = h + self.enter(self.latent_map(z).reshape(-1, 32, 8, 8))
        for block in self.middle:
            h = block(h, condition) if isinstance(block, ResBlock) else block(h)
        for up, blocks, skip in reversed(list(zip(self.up, self.up_blocks, skips, strict=True))):
            h = up(h) + skip
            for block in blocks:
                h = block(h, condition)
        return from_planes(planes).float() + F.pixel_shuffle(self.out(h), 4).float()


class SleeveVAE(nn.Module):
    """The whole model. `encode` and `decode` take and give RGB in 0–1; the latent is float32 [n, latent_dim].

    Two things measured on the training covers travel with the weights: `latent_mean` [d], the centre of blends,
    and `search` [m, d + 1], which maps latents to the vectors that the index compares (`vae.search`).
    """

    latent_mean: Tensor
    search: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("latent_mean", torch.zeros(config.latent_dim))
        self.register_buffer("search", torch.eye(config.search_dim, config.latent_dim + 1))
        self.colour, self.encoder, self.decoder = Colour(), Encoder(config), Decoder(config)
        self.meaning = Meaning(config.meaning) if config.meaning else None

    def encode(self, rgb: Tensor, meaning: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """RGB [n, 3, 128, 128] → mean and log variance of the latent; `meaning` where it is known already."""
        mean, log_variance = self.encoder(self.colour(rgb))
        if self.meaning is None:
            return mean, log_variance
        meaning = self.meaning(rgb) if meaning is None else meaning
        known = torch.full_like(meaning, MEANING_LOG_VARIANCE)
        return torch.cat([mean, meaning], 1), torch.cat([log_variance, known], 1)

    def polish(self, rgb: Tensor, z: Tensor, steps: int) -> Tensor:
        """Latents [n, d] of RGB [n, 3, 128, 128] moved down the decoded picture's squared error; float32 [n, d].

        The encoder guesses once for all covers; this closes part of what it misses on one (the amortisation gap,
        Cremer et al. 2018). Each step is a damped Newton step of the decoder's linear path, along the gradient of
        the whole decoder. The numbers for meaning stay.
        """
        curvature = self.decoder.linear.weight.detach().square().sum(0) + 1.0
        pictured = self.config.latent_dim - self.config.meaning
        z = z.detach().float()
        for _ in range(steps):
            with torch.enable_grad():
                at = z.clone().requires_grad_()
                (slope,) = torch.autograd.grad((self.decode(at) - rgb).square().sum() / 2, at)
            step = STEP * slope.float() / curvature
            z = torch.cat([(z - step)[:, :pictured], z[:, pictured:]], 1)
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Latent [n, d] → RGB [n, 3, 128, 128]; may leave 0–1 slightly, the caller clamps."""
        return self.colour.inverse(self.decoder(z))

    def forward(self, rgb: Tensor, noise: Tensor, meaning: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """RGB and standard normal noise [n, d] → reconstruction, mean, log variance."""
        mean, log_variance = self.encode(rgb, meaning)
        return self.decode(mean + noise * torch.exp(0.5 * log_variance)), mean, log_variance


def kl_nats(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, 1)) summed over the latent, mean over the batch (Kingma & Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


def channels_last(model: SleeveVAE) -> SleeveVAE:
    """Its convolutions with channels innermost, which is faster on CPUs and GPUs; the values stay."""
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return model
