"""The refiner: a small U-Net that gives a decoded picture its edges and texture back, at 128 and at 512 pixels.

It sees only the picture that the decoder made, so the encoder, the latents and every index stay as they are, and its
weights are a file of their own. What it adds is invented: likely for covers in general, not known of this one.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae.info import RefinerConfig, read_refiner, tensors_hash
from vae.model import Up
from vae.weights_file import load_into, write_tensors

DOUBLED = 3  # times: the moves of the head for 512 are done again upon themselves


class Block(nn.Module):
    """Two 3×3 convolutions beside the identity. No norm: crops and whole pictures must be treated alike."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class Refiner(nn.Module):
    """Decoded RGB [n, 3, h, w] (0–1; h and w multiples of 4) → sharper pictures. Untrained, it changes nothing."""

    def __init__(self, config: RefinerConfig) -> None:
        super().__init__()
        self.config = config
        middle, low, fine = config.widths
        self.stem = nn.Conv2d(12, middle, 3, padding=1)
        self.enter = nn.Sequential(*(Block(middle) for _ in range(config.blocks)))
        self.down = nn.Conv2d(middle, low, 3, stride=2, padding=1)
        self.low = nn.Sequential(*(Block(low) for _ in range(config.blocks + 1)))
        self.up = Up(low, middle)
        self.leave = nn.Sequential(*(Block(middle) for _ in range(config.blocks)))
        self.out = nn.Conv2d(middle, 12, 3, padding=1)
        self.spread = Up(middle, fine)
        self.merge = nn.Conv2d(fine + 3, fine, 3, padding=1)
        self.fine = nn.Sequential(Block(fine), Block(fine), nn.SiLU())
        self.tone = nn.Conv2d(fine, 1, 3, padding=1)
        self.place = nn.Sequential(nn.Conv2d(fine, fine // 2, 3, padding=1), nn.SiLU())
        self.move = nn.Conv2d(fine // 2, 2, 3, padding=1)
        for last in (self.out, self.tone, self.move):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def ground(self, picture: Tensor) -> Tensor:
        """How much detail each place may get, [n, 1, h, w] in 0–1: near 0 where the picture is flat.

        Texture invented on flat ground shows as a weave of the convolutions' own; edges are where detail is believed.
        """
        luma = F.avg_pool2d(F.pad(picture.float().mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        contrast = F.max_pool2d(luma, 5, stride=1, padding=2) + F.max_pool2d(-luma, 5, stride=1, padding=2)
        contrast = F.avg_pool2d(F.pad(contrast, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
        return contrast.square() / (contrast.square() + self.config.flat**2)

    def features(self, picture: Tensor) -> Tensor:
        """[n, 3, h, w] → [n, middle, h/2, w/2]."""
        x = F.pixel_unshuffle(picture - 0.5, 2).contiguous(memory_format=torch.channels_last)
        near = self.enter(self.stem(x))
        return self.leave(near + self.up(self.low(self.down(near))))

    def sharpen(self, picture: Tensor, features: Tensor) -> Tensor:
        """The picture with its details, same size."""
        return picture + self.ground(picture) * F.pixel_shuffle(self.out(F.silu(features)), 2).float()

    def enlarge(self, picture: Tensor, sharp: Tensor, features: Tensor) -> Tensor:
        """The picture at four times the size, its outlines thinned: each place shows what lies up to `reach` beside it.

        Nothing is added at 512 pixels: colours are first corrected at 128, never beyond what is two pixels around,
        then enlarged and moved. All of these only mix what is near, so there is no halo, and flat ground stays flat.
        """
        ground = self.ground(picture)
        h = self.fine(self.merge(torch.cat([self.spread(features), sharp.to(features.dtype) - 0.5], 1)))
        # A pattern that repeats with every second pixel is the convolutions' own: average it away.
        h = F.avg_pool2d(F.avg_pool2d(F.pad(h, (1, 1, 1, 1), mode="replicate"), 2, stride=1), 2, stride=1)
        toned = picture + ground * self.tone(h).float()
        toned = toned.clamp(
            -F.max_pool2d(-picture, 5, stride=1, padding=2), F.max_pool2d(picture, 5, stride=1, padding=2)
        )
        moved = torch.tanh(self.move(self.place(F.interpolate(h, scale_factor=2, mode="bilinear"))).float())
        moved = F.interpolate(moved, scale_factor=2, mode="bilinear")
        moved = self.config.reach * moved * F.interpolate(ground, scale_factor=4, mode="bilinear")
        for _ in range(DOUBLED):  # what is twice as steep becomes four times, then sixteen times as steep
            moved = moved + warp(moved, moved)
        return warp(enlarged(toned), moved.clamp(-self.config.reach, self.config.reach))

    def forward(self, picture: Tensor, large: bool = False) -> Tensor:
        """At the picture's own size, or with `large` four times that. May leave 0–1 slightly; the caller clamps."""
        features = self.features(picture)
        sharp = self.sharpen(picture, features)
        return self.enlarge(picture, sharp, features) if large else sharp


def enlarged(picture: Tensor) -> Tensor:
    """[n, 3, h, w] at four times the size: linear, its kinks rounded, so a mean of neighbours everywhere."""
    linear = F.interpolate(picture, scale_factor=4, mode="bilinear")
    return F.avg_pool2d(F.pad(linear, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def warp(picture: Tensor, moved: Tensor) -> Tensor:
    """[n, c, h, w] seen elsewhere: each pixel as it is `moved` [n, 2, h, w] pixels right and down, bilinear."""
    height, width = picture.shape[2:]
    x = (torch.arange(width).to(moved) + 0.5 + moved[:, 0]) * (2 / width) - 1
    y = (torch.arange(height).to(moved)[:, None] + 0.5 + moved[:, 1]) * (2 / height) - 1
    return F.grid_sample(picture, torch.stack([x, y], 3), "bilinear", "border", align_corners=False)


def save_refiner(refiner: Refiner, path: Path, model_id: str, metrics: dict[str, object]) -> str:
    """Write it in fp16; `model_id` is the model whose decoder it was trained on. Returns its own id."""
    tensors = {name: value.detach().cpu().half().contiguous() for name, value in refiner.state_dict().items()}
    refiner_id = tensors_hash({name: value.numpy() for name, value in tensors.items()})
    metadata = {
        "refiner_id": refiner_id,
        "model_id": model_id,
        "config": json.dumps(asdict(refiner.config)),
        "metrics": json.dumps(metrics),
    }
    write_tensors(tensors, path, metadata)
    return refiner_id


def load_refiner(path: Path, model_id: str) -> tuple[Refiner, str]:
    """(the refiner in eval mode, its id). Raises BadWeights, also where it belongs to the decoder of another model."""
    config, tensors, refiner_id = read_refiner(path, model_id)
    refiner = Refiner(config)
    load_into(refiner, tensors, path)
    return refiner.eval(), refiner_id
