"""Train the refiner on the pictures of a finished model; encoder and decoder stay as they are.

    python -m vae.train_refiner --covers DIR --large DIR [--minutes M | --steps N] [--resume] [--out FILE]

Three stages in one run: pixels alone, then the critics alone (a critic that starts cold ruins the pictures), then both.
The critics are patch discriminators with a hinge loss (Lim & Ye 2017), one at 128 pixels that is shown decoded blends
beside decoded covers, since blends are the product, and one at 512.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from vae import metrics
from vae.blend import mean, vivid
from vae.codec import Codec
from vae.data import CoverSet, NoCovers, list_covers, load_covers, to_tensor
from vae.devices import bfloat16_pays, choose_device
from vae.info import BadWeights
from vae.refiner import Refiner, RefinerConfig, save_refiner
from vae.state import load_state, read_notes, save_state
from vae.train import gradient_loss


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on beside the covers and the model."""

    seed: int = 1
    batch: int = 16  # crops of covers, and half as many of blends
    crop: int = 64  # pixels at 128
    large_batch: int = 4
    large_crop: int = 32  # pixels at 128: 128 at 512
    learning_rate: float = 3e-4
    critic_rate: float = 3e-4
    pixels_alone: float = 0.15  # share of the run
    critics_alone: float = 0.03
    adversarial: float = 0.006  # fixed: an adaptive weight turns NaN in low precision
    blend_share: float = 1.0  # how much of the critic's push a blend gets beside a cover; less means less speckle
    large_adversarial: float = 0.006  # at 512, where the real picture is known less and invention costs more
    matching: float = 0.02  # feature matching (Salimans et al. 2016)
    large_matching: float = 0.02
    layout: float = 4.0  # MSE of the picture at a quarter of its size: colours and shapes stay
    r1: float = 0.5  # gradient penalty on real pictures (Mescheder et al. 2018), every R1_EVERY steps
    ema: float = 0.998


GIVEN = (
    "batch",
    "adversarial",
    "blend_share",
    "large_adversarial",
    "matching",
    "large_matching",
    "layout",
    "learning_rate",
    "critic_rate",
    "seed",
)  # parts of the recipe that a run may be given

R1_EVERY = 16


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


class RefinerTrainer:
    """The refiner, its moving average, the critics, their optimisers and the step that they are at."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step, self.seconds = recipe, device, 0, 0.0
        self.refiner, self.average = Refiner(RefinerConfig()).to(device), Refiner(RefinerConfig()).to(device).eval()
        self.average.load_state_dict(self.refiner.state_dict())
        self.critic, self.large_critic = Critic((32, 64, 128)).to(device), Critic((24, 48, 96, 96)).to(device)
        critics = [*self.critic.parameters(), *self.large_critic.parameters()]
        self.optimizer = torch.optim.Adam(self.refiner.parameters(), recipe.learning_rate, betas=(0.9, 0.99))
        self.critic_optimizer = torch.optim.Adam(critics, recipe.critic_rate, betas=(0.5, 0.99))
        self.bfloat16 = bfloat16_pays(device)
        self.modules: dict[str, nn.Module] = {
            "refiner": self.refiner,
            "average": self.average,
            "critic": self.critic,
            "large_critic": self.large_critic,
        }
        self.optimizers = {"refiner": self.optimizer, "critics": self.critic_optimizer}

    def train_step(self, pictures: Pictures, progress: float) -> dict[str, float]:
        """One step of both sides; `progress` in 0–1. Returns its losses."""
        recipe = self.recipe
        generator = torch.Generator(self.device).manual_seed(recipe.seed * 1_000_003 + self.step)
        pick = torch.randint(len(pictures.real), (recipe.batch,), generator=generator, device=self.device)
        mixed = torch.randint(len(pictures.blends), (recipe.batch // 2,), generator=generator, device=self.device)
        at = corners(recipe.batch, 128 - recipe.crop, generator)
        real, decoded = (crops(x[pick], at, recipe.crop) for x in (pictures.real, pictures.decoded))
        blends = crops(pictures.blends[mixed], corners(len(mixed), 128 - recipe.crop, generator), recipe.crop)
        both = torch.cat([decoded, blends])
        few = torch.randint(len(pictures.large), (recipe.large_batch,), generator=generator, device=self.device)
        at = corners(recipe.large_batch, 128 - recipe.large_crop, generator)
        small = crops(pictures.decoded[pictures.large_rows[few]], at, recipe.large_crop)
        large = crops(pictures.large[few], at * 4, recipe.large_crop * 4)

        alone = recipe.pixels_alone + recipe.critics_alone
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            made = self.refiner(both)
            made_large = self.refiner(small, large=True)
        said = {"mse": F.mse_loss(made[: len(real)], real).item()}
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * (1 if progress < 0.7 else max(0.02, (1 - progress) / 0.3))
        if progress >= recipe.pixels_alone:
            said["critic"] = self.critics_step(real, made.detach(), large, made_large.detach())
        if progress < recipe.pixels_alone or progress >= alone:
            loss = F.l1_loss(made[: len(real)], real) + 0.5 * gradient_loss(made[: len(real)], real)
            loss = loss + F.l1_loss(made_large, large) + 0.5 * gradient_loss(made_large, large)
            loss = loss + recipe.layout * F.mse_loss(F.avg_pool2d(made, 4), F.avg_pool2d(both, 4))
            if progress >= alone:
                rise = min(1.0, (progress - alone) / 0.05)
                sides = (
                    (self.critic, made, real, recipe.adversarial, recipe.matching),
                    (self.large_critic, made_large, large, recipe.large_adversarial, recipe.large_matching),
                )
                for critic, fake, true, adversarial, matching in sides:
                    score, features = self.judge(critic, fake)
                    with torch.no_grad():
                        _, wanted = self.judge(critic, true)
                    share = torch.where(
                        torch.arange(len(score), device=score.device) < len(true), 1, recipe.blend_share
                    )
                    loss = loss - rise * adversarial * (score.mean((1, 2, 3)) * share).sum() / share.sum()
                    near = sum(
                        F.l1_loss(a[: len(true)].float(), b.float()) for a, b in zip(features, wanted, strict=True)
                    )
                    loss = loss + rise * matching * near
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.refiner.parameters(), 1.0)
            if torch.isfinite(norm):
                self.optimizer.step()
                self.follow()
            said["loss"] = loss.item()
        self.step += 1
        return said

    def judge(self, critic: Critic, rgb: Tensor) -> tuple[Tensor, list[Tensor]]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            return critic(rgb)

    def critics_step(self, real: Tensor, made: Tensor, large: Tensor, made_large: Tensor) -> float:
        loss = real.new_zeros(())
        for critic, true, fake in ((self.critic, real, made), (self.large_critic, large, made_large)):
            loss = loss + F.relu(1 - self.judge(critic, true)[0]).mean()
            loss = loss + F.relu(1 + self.judge(critic, fake)[0]).mean()
            if self.step % R1_EVERY == 0:  # in fp32
                watched = true.detach().clone().requires_grad_()
                (slope,) = torch.autograd.grad(critic(watched)[0].sum(), watched, create_graph=True)
                loss = (
                    loss + self.recipe.r1 * R1_EVERY * slope.square().sum((1, 2, 3)).mean() / slope[0, 0].numel() * 64
                )
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()
        return loss.item()

    @torch.no_grad()
    def follow(self) -> None:
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for kept, value in zip(self.average.parameters(), self.refiner.parameters(), strict=True):
            kept.lerp_(value, 1 - decay)

    def save(self, path: Path) -> None:
        notes = {"step": self.step, "seconds": self.seconds, "recipe": asdict(self.recipe)}
        save_state(path, self.modules, self.optimizers, notes)

    @classmethod
    def load(cls, path: Path, device: torch.device, **changes: Any) -> RefinerTrainer:
        """`changes`: parts of the recipe to go on with otherwise."""
        notes = read_notes(path)
        trainer = cls(replace(Recipe(**notes["recipe"]), **changes), device)
        load_state(path, trainer.modules, trainer.optimizers, device)
        trainer.step, trainer.seconds = notes["step"], notes["seconds"]
        return trainer


def corners(n: int, room: int, generator: torch.Generator) -> Tensor:
    """Random top left corners [n, 2], even."""
    return torch.randint(room // 2 + 1, (n, 2), generator=generator, device=generator.device) * 2


def crops(images: Tensor, at: Tensor, side: int) -> Tensor:
    """uint8 [n, 3, h, w] → float 0–1 [n, 3, side, side] from the corners `at`."""
    parts = [x[:, t : t + side, left : left + side] for x, (t, left) in zip(images, at.tolist(), strict=True)]
    return torch.stack(parts).float() / 255


def prepare(codec: Codec, covers: CoverSet, large_folder: Path, n_blends: int, seed: int) -> tuple[Pictures, Pictures]:
    """(to train on, held out): the covers as the decoder makes them, blends of two to five, and the large covers."""

    def part(chosen: np.ndarray, blends: int) -> Pictures:
        images = covers.images[chosen]
        latents = codec.encode(images)
        random = np.random.default_rng(seed)
        mixes = []
        for i in range(blends):
            parents = latents[random.integers(len(latents), size=random.integers(2, 6))]
            weights = random.dirichlet(np.ones(len(parents))).tolist() if i % 2 else None
            mixes.append(mean(parents, weights) if i % 4 == 0 else vivid(parents, weights, codec.centre))
        kept = [cover for cover, yes in zip(covers.covers, chosen, strict=True) if yes]
        found = [(row, large_folder / cover.path.name) for row, cover in enumerate(kept)]
        found = [(row, path) for row, path in found if path.is_file()]
        large = np.stack([np.asarray(Image.open(path).convert("RGB").resize((512, 512))) for _, path in found])
        return Pictures(
            to_tensor(images),
            to_tensor(codec.decode(latents)),
            to_tensor(codec.decode(np.stack(mixes))),
            to_tensor(large),
            torch.tensor([row for row, _ in found]),
        )

    return part(~covers.held_out, n_blends), part(covers.held_out, 512)


@torch.no_grad()
def measure(refiner: Refiner, held: Pictures, device: torch.device, bfloat16: bool, n: int) -> dict[str, float]:
    """Figures on `n` of the held-out covers and blends; see `vae.metrics`."""

    def run(pictures: Tensor, large: bool = False) -> Tensor:
        made = []
        for part in pictures.split(16):
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                made.append(refiner(part.to(device).float() / 255, large).float().clamp(0, 1).cpu())
        return torch.cat(made)

    real, decoded, blends = (x[:n].float().cpu() / 255 for x in (held.real, held.decoded, held.blends))
    sharp, mixed = run(held.decoded[:n]), run(held.blends[:n])
    few = max(1, n // 8)
    rows, large = held.large_rows[:few], held.large[:few].float().cpu() / 255
    enlarged = run(held.decoded[rows], True)
    lanczos = torch.stack([lanczos_512(held.decoded[row]) for row in rows])
    edges = metrics.gradient_energy
    return {
        "accuracy": 1 - metrics.mse(sharp, real),
        "accuracy_before": 1 - metrics.mse(decoded, real),
        "ssim": metrics.ssim(sharp, real),
        "edges": edges(sharp) / edges(real),
        "edges_before": edges(decoded) / edges(real),
        "swd": metrics.sliced_wasserstein(sharp, real),
        "blend_edges": edges(mixed) / edges(real),
        "blend_edges_before": edges(blends) / edges(real),
        "blend_swd": metrics.sliced_wasserstein(mixed, real),
        "blend_swd_before": metrics.sliced_wasserstein(blends, real),
        "large_ssim": metrics.ssim(enlarged, large),
        "large_ssim_lanczos": metrics.ssim(lanczos, large),
        "large_edges": edges(enlarged) / edges(large),
        "large_edges_lanczos": edges(lanczos) / edges(large),
    }


def lanczos_512(picture: Tensor) -> Tensor:
    """uint8 [3, 128, 128] → float 0–1 [3, 512, 512]."""
    image = Image.fromarray(picture.permute(1, 2, 0).cpu().numpy()).resize((512, 512), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def on_device(pictures: Pictures, device: torch.device) -> Pictures:
    return Pictures(*(getattr(pictures, name).to(device) for name in Pictures.__dataclass_fields__))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vae.train_refiner", description="Train the refiner of a finished model.")
    parser.add_argument("--covers", type=Path, required=True, help="as for vae.train")
    parser.add_argument(
        "--large", type=Path, required=True, help="folder with the same covers, so named, at 512 pixels"
    )
    parser.add_argument("--table", type=Path)
    parser.add_argument("--weights", type=Path, help="the model; default the shipped one")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, help="stop after so many steps instead")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--resume", action="store_true", help="go on from the state beside --out")
    parser.add_argument("--out", type=Path, default=Path("runs/refiner.safetensors"))
    parser.add_argument("--report", type=float, default=120, help="seconds between reports and saved states")
    for name in GIVEN:
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(getattr(Recipe, name)), default=None)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    device = choose_device(options.device)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        codec = Codec.load(options.weights, options.device)
        covers = load_covers(list_covers(options.covers, options.table))
        train, held = prepare(codec, covers, options.large, min(4000, len(covers.images)), 0)
    except (BadWeights, NoCovers, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    train = on_device(train, device)
    given = {name: getattr(options, name) for name in GIVEN if getattr(options, name) is not None}
    state = options.out.with_suffix(".state.safetensors")
    if options.resume and state.is_file():
        trainer = RefinerTrainer.load(state, device, **given)
        print(f"going on from step {trainer.step}", flush=True)
    else:
        trainer = RefinerTrainer(replace(Recipe(), **given), device)
    print(
        f"{len(train.real)} covers, {len(train.blends)} blends, {len(train.large)} large covers; {device}", flush=True
    )
    recent: dict[str, float] = {}
    began, said = time.monotonic() - trainer.seconds, time.monotonic()

    def progress() -> float:
        if options.steps:
            return trainer.step / options.steps
        return (time.monotonic() - began) / (60 * options.minutes)

    first, since = trainer.step, time.monotonic()
    while progress() < 1:
        for name, value in trainer.train_step(train, progress()).items():
            recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
        if time.monotonic() - said > options.report:
            said, trainer.seconds = time.monotonic(), time.monotonic() - began
            figures = measure(trainer.average, held, device, trainer.bfloat16, 128)
            words = " ".join(f"{k} {v:.4f}" for k, v in {**recent, **figures}.items())
            speed = (trainer.step - first) / (said - since)
            print(f"step {trainer.step} {progress():.1%} {speed:.2f} steps/s: {words}", flush=True)
            trainer.save(state)
    trainer.seconds = time.monotonic() - began
    trainer.save(state)
    figures = measure(trainer.average, held, device, False, len(held.real))
    about: dict[str, object] = {"steps": trainer.step, "minutes": round(trainer.seconds / 60, 1), "device": device.type}
    refiner_id = save_refiner(trainer.average, options.out, codec.model_id, {**about, **figures})
    print(f"{options.out}: refiner {refiner_id}", *(f"{k} {v:.4f}" for k, v in figures.items()), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
