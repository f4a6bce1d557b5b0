"""How the refiner learns: pixels alone, the critic alone (a critic that starts cold ruins the pictures), then both.

The critic is a patch discriminator with a hinge loss (Lim & Ye 2017) at 128 pixels that is shown decoded blends beside
decoded covers, since blends are the product. The head for 512 has none: it only moves what is there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae.devices import bfloat16_pays
from vae.refiner import Refiner, RefinerConfig
from vae.training.state import load_state, read_notes, save_state
from vae.training.trainer import gradient_loss


@dataclass(frozen=True)
class Hyperparameters:
    """All that a run depends on beside the covers and the model."""

    seed: int = 1
    batch: int = 16  # crops of covers, and half as many of blends
    crop: int = 64  # pixels at 128
    large_batch: int = 4
    large_crop: int = 40  # pixels at 128: 160 at 512
    learning_rate: float = 3e-4
    critic_rate: float = 3e-4
    pixels_alone: float = 0.15  # share of the run
    critic_alone: float = 0.03
    adversarial: float = 0.2  # fixed: an adaptive weight turns NaN in low precision
    blend_share: float = 0.2  # how much of the critic's push a blend gets beside a cover; less means less speckle
    matching: float = 0.02  # feature matching (Salimans et al. 2016)
    structure: float = 1.5  # at 512: one minus SSIM
    slopes: float = 15.0  # at 512: edges as strong as the real picture's, a few pixels aside or not
    soften: float = 0.5  # share of the covers that are shown blurred: as smooth as blends, but with a picture to reach
    layout: float = 4.0  # MSE of the picture at a quarter of its size: colours and shapes stay
    r1: float = 0.5  # gradient penalty on real pictures (Mescheder et al. 2018), every R1_EVERY steps
    ema: float = 0.998
    head_alone: bool = False  # only the head for 512 learns; the rest comes from a finished refiner


R1_EVERY = 16
HEAD = ("spread", "merge", "fine", "tone", "place", "move")  # the refiner's parts that only 512 pixels need


@dataclass(frozen=True)
class Pictures:
    """What is trained on: uint8 [n, 3, 128, 128], and at 512 `large` with the rows of `real` that they belong to."""

    real: Tensor
    decoded: Tensor
    blends: Tensor
    large: Tensor
    large_rows: Tensor


class Critic(nn.Module):
    """Patch discriminator: RGB → a score a patch, and the features on the way."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers, inside = [], 3
        for width in widths:
            layers.append(nn.Conv2d(inside, width, 4, stride=2, padding=1))
            inside = width
        self.layers = nn.ModuleList(layers)
        self.score = nn.Conv2d(inside, 1, 3, padding=1)

    def forward(self, rgb: Tensor) -> tuple[Tensor, list[Tensor]]:
        x, features = (rgb * 2 - 1).contiguous(memory_format=torch.channels_last), []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.score(x).float(), features


@dataclass(frozen=True)
class Side:
    """A step's crops at 128: as decoded, as the refiner makes them, and the real ones of the first of them."""

    given: Tensor  # [n, 3, h, w], 0–1; covers, then blends
    made: Tensor
    real: Tensor  # of the covers


class RefinerTrainer:
    """The refiner, its moving average, the critic, their optimisers and the step that they are at."""

    def __init__(self, hyper: Hyperparameters, device: torch.device, begin: Refiner | None = None) -> None:
        """`begin`: the refiner to go on from; with `head_alone` its head begins anew."""
        torch.manual_seed(hyper.seed)
        self.hyper, self.device, self.step, self.seconds = hyper, device, 0, 0.0
        self.refiner, self.average = Refiner(RefinerConfig()).to(device), Refiner(RefinerConfig()).to(device).eval()
        kept = begin.state_dict() if begin else {}
        if hyper.head_alone:
            kept = {name: value for name, value in kept.items() if name.split(".")[0] not in HEAD}
            for name, parameter in self.refiner.named_parameters():
                parameter.requires_grad_(name.split(".")[0] in HEAD)
        self.refiner.load_state_dict(kept, strict=False)
        self.average.load_state_dict(self.refiner.state_dict())
        self.critic = Critic((48, 96, 192)).to(device)
        self.optimizer = torch.optim.Adam(self.refiner.parameters(), hyper.learning_rate, betas=(0.9, 0.99))
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), hyper.critic_rate, betas=(0.5, 0.99))
        self.bfloat16 = bfloat16_pays(device)
        self.modules: dict[str, nn.Module] = {
            "refiner": self.refiner,
            "average": self.average,
            "critic": self.critic,
        }
        self.optimizers = {"refiner": self.optimizer, "critic": self.critic_optimizer}

    def train_step(self, pictures: Pictures, progress: float) -> dict[str, float]:
        """One step of both sides; `progress` in 0–1. Returns its losses."""
        hyper = self.hyper
        generator = torch.Generator(self.device).manual_seed(hyper.seed * 1_000_003 + self.step)
        side = None if hyper.head_alone else self.small_side(pictures, generator)
        alone = hyper.pixels_alone + hyper.critic_alone
        said: dict[str, float] = {}
        for group in self.optimizer.param_groups:
            group["lr"] = hyper.learning_rate * (1 if progress < 0.7 else max(0.02, (1 - progress) / 0.3))
        if side and progress >= hyper.pixels_alone:
            said["critic"] = self.critic_step(side)
        if side is None or progress < hyper.pixels_alone or progress >= alone:
            loss = self.large_loss(pictures, generator)
            said["large"] = loss.item()
            if side:
                said["mse"] = F.mse_loss(side.made[: len(side.real)], side.real).item()
                loss = loss + self.small_loss(side, min(1.0, max(0.0, (progress - alone) / 0.05)))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.refiner.parameters(), 1.0)
            if torch.isfinite(norm):
                self.optimizer.step()
                self.follow()
        self.step += 1
        return said

    def small_side(self, pictures: Pictures, generator: torch.Generator) -> Side:
        """Crops at 128: covers, some of them softened, and blends."""
        hyper = self.hyper
        pick = torch.randint(len(pictures.real), (hyper.batch,), generator=generator, device=self.device)
        mixed = torch.randint(len(pictures.blends), (hyper.batch // 2,), generator=generator, device=self.device)
        at = corners(hyper.batch, 128 - hyper.crop, generator)
        real, decoded = (crops(x[pick], at, hyper.crop) for x in (pictures.real, pictures.decoded))
        decoded = softened(decoded, hyper.soften, generator)
        blends = crops(pictures.blends[mixed], corners(len(mixed), 128 - hyper.crop, generator), hyper.crop)
        given = torch.cat([decoded, blends])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            made = self.refiner(given)
        return Side(given, made, real)

    def large_loss(self, pictures: Pictures, generator: torch.Generator) -> Tensor:
        """Of crops at 512: colour, structure, and how strong the edges are; without the rim, where a crop ends."""
        hyper = self.hyper
        few = torch.randint(len(pictures.large), (hyper.large_batch,), generator=generator, device=self.device)
        at = corners(hyper.large_batch, 128 - hyper.large_crop, generator)
        given = crops(pictures.decoded[pictures.large_rows[few]], at, hyper.large_crop)
        given = softened(given, hyper.soften / 2, generator)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            made = self.refiner(given, large=True)
        real = crops(pictures.large[few], at * 4, hyper.large_crop * 4)
        made, real = made[..., 8:-8, 8:-8], real[..., 8:-8, 8:-8]
        slopes = F.l1_loss(local_slopes(made), local_slopes(real))
        return F.l1_loss(made, real) + hyper.structure * (1 - structure(made, real)) + hyper.slopes * slopes

    def small_loss(self, side: Side, rise: float) -> Tensor:
        """What the refiner lowers at 128; `rise` (0–1): how much of the critic's word counts by now."""
        hyper, covers = self.hyper, side.made[: len(side.real)]
        loss = F.l1_loss(covers, side.real) + 0.5 * gradient_loss(covers, side.real)
        loss = loss + hyper.layout * F.mse_loss(F.avg_pool2d(side.made, 4), F.avg_pool2d(side.given, 4))
        if not rise:
            return loss
        score, features = self.judge(side.made)
        with torch.no_grad():
            _, wanted = self.judge(side.real)
        is_cover = torch.arange(len(score), device=score.device) < len(side.real)
        share = torch.where(is_cover, 1, hyper.blend_share)
        loss = loss - rise * hyper.adversarial * (score.mean((1, 2, 3)) * share).sum() / share.sum()
        near = [F.l1_loss(a[: len(side.real)].float(), b.float()) for a, b in zip(features, wanted, strict=True)]
        return loss + rise * hyper.matching * torch.stack(near).sum()

    def judge(self, rgb: Tensor) -> tuple[Tensor, list[Tensor]]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return self.critic(rgb)

    def critic_step(self, side: Side) -> float:
        loss = F.relu(1 - self.judge(side.real)[0]).mean() + F.relu(1 + self.judge(side.made.detach())[0]).mean()
        if self.step % R1_EVERY == 0:  # in fp32
            watched = side.real.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad(self.critic(watched)[0].sum(), watched, create_graph=True)
            penalty = slope.square().sum((1, 2, 3)).mean() / slope[0, 0].numel() * 64
            loss = loss + self.hyper.r1 * R1_EVERY * penalty
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()
        return loss.item()

    @torch.no_grad()
    def follow(self) -> None:
        decay = min(self.hyper.ema, (1 + self.step) / (10 + self.step))
        for kept, value in zip(self.average.parameters(), self.refiner.parameters(), strict=True):
            kept.lerp_(value, 1 - decay)

    def save(self, path: Path) -> None:
        notes = {"step": self.step, "seconds": self.seconds, "recipe": asdict(self.hyper)}
        save_state(path, self.modules, self.optimizers, notes)

    @classmethod
    def load(cls, path: Path, device: torch.device, **changes: Any) -> RefinerTrainer:
        """`changes`: hyperparameters to go on with otherwise."""
        notes = read_notes(path)
        trainer = cls(replace(Hyperparameters(**notes["recipe"]), **changes), device)
        load_state(path, trainer.modules, trainer.optimizers, device)
        trainer.step, trainer.seconds = notes["step"], notes["seconds"]
        return trainer


def local_slopes(rgb: Tensor) -> Tensor:
    """[n, 3, h, w] → [n, 1, …]: mean square of the slopes within 8×8 pixels, every 4: how sharp it is there.

    Of the square and not of its root, which can be had by wrinkles on smooth ground.
    """
    across, down = (rgb[..., 1:] - rgb[..., :-1]).square(), (rgb[..., 1:, :] - rgb[..., :-1, :]).square()
    slopes = (F.pad(across, (0, 1)) + F.pad(down, (0, 0, 0, 1))).mean(1, keepdim=True)
    return F.avg_pool2d(slopes, 8, stride=4)


def structure(made: Tensor, real: Tensor) -> Tensor:
    """SSIM of luma (Wang et al. 2004), mean of all windows: `metrics.ssim` in a form that is quick to learn from."""
    a, b = made.float().mean(1, keepdim=True), real.mean(1, keepdim=True)
    weights = torch.exp((torch.arange(11, device=a.device) - 5.0).square() / -4.5)
    weights = (weights / weights.sum()).reshape(1, 1, 1, 11)
    blurred = F.conv2d(F.conv2d(torch.cat([a, b, a * a, b * b, a * b]), weights), weights.mT)
    mean_a, mean_b, square_a, square_b, both = blurred.split(len(a))
    common, spread = both - mean_a * mean_b, square_a - mean_a**2 + square_b - mean_b**2
    alike = (2 * mean_a * mean_b + 1e-4) * (2 * common + 9e-4) / ((mean_a**2 + mean_b**2 + 1e-4) * (spread + 9e-4))
    return alike.mean()


def corners(n: int, room: int, generator: torch.Generator) -> Tensor:
    """Random top left corners [n, 2], even."""
    return torch.randint(room // 2 + 1, (n, 2), generator=generator, device=generator.device) * 2


def crops(images: Tensor, at: Tensor, side: int) -> Tensor:
    """uint8 [n, 3, h, w] → float 0–1 [n, 3, side, side] from the corners `at`."""
    parts = [x[:, t : t + side, left : left + side] for x, (t, left) in zip(images, at.tolist(), strict=True)]
    return torch.stack(parts).float() / 255


def softened(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`share` of the images [n, 3, h, w] drawn towards their 5×5 box blur, by a random part."""
    some = torch.rand(len(images), 2, generator=generator, device=images.device)
    part = torch.where(some[:, 0] < share, some[:, 1], 0.0)[:, None, None, None]
    blurred = F.avg_pool2d(F.pad(images, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    return images + part * (blurred - images)
