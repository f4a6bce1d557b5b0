"""Train the model: one script for a laptop and a GPU, read from top to bottom.

    python -m vae.training.train --covers DIR [--minutes M | --steps N] [--device auto|cuda|cpu] [--resume] [--out FILE]
    torchrun --nproc-per-node N -m vae.training.train …     on N GPUs, or N groups of CPU cores

Every step's randomness comes from (seed, step), so that a resumed run continues as it would have gone on. Of several
processes each takes its share of the very batch that one alone would have: the run is the same but for rounding.
The state beside --out is safetensors too; nothing is pickled.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from vae.devices import bfloat16_pays, choose_device
from vae.info import ModelConfig
from vae.model import SleeveVAE, channels_last, kl_nats
from vae.search import fit_search
from vae.training.data import NoCovers, augment, list_covers, load_covers, to_tensor
from vae.training.pca import start_from_pca
from vae.training.ranks import Ranks, RanksDiffer, joined
from vae.weights_file import save_weights

PIXELS = 3 * 128 * 128


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on beside the covers."""

    seed: int = 1
    batch: int = 16
    learning_rate: float = 8e-4  # of the convolutions
    linear_rate: float = 2e-5  # of the path that starts as PCA
    weight_decay: float = 0.01
    warm_up: float = 0.02  # share of the run
    ema: float = 0.999
    clip: float = 1.0
    l1: float = 0.0
    gradient: float = 0.01  # three-scale gradient L1
    spectrum: float = 0.0  # L1 of the FFT's magnitude
    kl: float = 4.5e-7  # a summed nat; 2·MSE/D at MSE 0.011 (calibrated decoder, Rybkin et al. 2021)


def reconstruction_loss(made: Tensor, real: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """(what is minimised, plain MSE), both means over pixels, in fp32."""
    mse = F.mse_loss(made, real)
    loss = mse
    if recipe.l1:
        loss = loss + recipe.l1 * F.l1_loss(made, real)
    if recipe.gradient:
        loss = loss + recipe.gradient * gradient_loss(made, real)
    if recipe.spectrum:
        spectra = (torch.fft.rfft2(picture, norm="ortho").abs() for picture in (made, real))
        loss = loss + recipe.spectrum * F.l1_loss(*spectra)
    return loss, mse


def gradient_loss(made: Tensor, real: Tensor) -> Tensor:
    """L1 between horizontal and vertical differences at full, half and quarter size."""
    total = made.new_zeros(())
    error = made - real
    for _ in range(3):
        total = (
            total
            + (error[..., 1:] - error[..., :-1]).abs().mean()
            + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        )
        error = F.avg_pool2d(error, 2)
    return total / 3


class Trainer:
    """The model, its moving average, the optimiser and the step that they are at."""

    def __init__(self, config: ModelConfig, recipe: Recipe, device: torch.device, ranks: Ranks | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.ranks = ranks or Ranks(device)
        self.part = self.ranks.part(recipe.batch)
        self.recipe, self.device, self.step, self.seconds, self.skipped = recipe, device, 0, 0.0, 0
        self.model = channels_last(SleeveVAE(config).to(device))
        self.average = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        linear = [p for name, p in self.model.named_parameters() if ".linear." in name]
        others = [p for name, p in self.model.named_parameters() if ".linear." not in name]
        self.groups = ((linear, recipe.linear_rate), (others, recipe.learning_rate))
        self.optimizer = torch.optim.AdamW(
            [{"params": params, "lr": rate} for params, rate in self.groups],
            betas=(0.9, 0.95),
            weight_decay=recipe.weight_decay,
            fused=device.type == "cuda",
        )
        self.bfloat16 = bool(self.ranks.as_first(bfloat16_pays(device)))
        self.usual_norm = 0.0
        self.shared: torch.nn.Module = self.model  # as all processes train it, once `begin` or `load` has wrapped it

    def begin(self, images: Tensor) -> None:
        if self.ranks.first:
            start_from_pca(self.model, images)
        self.shared = self.ranks.wrap(self.model)  # tells the others
        self.average = {name: value.detach().clone() for name, value in self.model.named_parameters()}

    def train_step(self, images: Tensor, progress: float) -> float:
        """One step on a random batch of `images` (uint8 [n, 3, 128, 128]); `progress` in 0–1. Returns the MSE.

        All processes draw the same batch, augmentation and noise; each works on its part.
        """
        recipe = self.recipe
        generator = torch.Generator(self.device).manual_seed(recipe.seed * 1_000_003 + self.step)
        index = torch.randint(len(images), (recipe.batch,), generator=generator, device=self.device)
        real = augment(images[index], generator, self.part).contiguous(memory_format=torch.channels_last)
        noise = torch.randn(recipe.batch, self.model.config.latent_dim, generator=generator, device=self.device)
        warm = min(1.0, progress / recipe.warm_up) if recipe.warm_up else 1.0
        rate = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
        for group, (_, full) in zip(self.optimizer.param_groups, self.groups, strict=True):
            group["lr"] = full * rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            made, mean, log_variance = self.shared(real, noise[self.part])
        loss, mse = reconstruction_loss(made.float(), real, recipe)
        loss = loss + recipe.kl * min(1.0, progress / 0.1) * kl_nats(mean, log_variance)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip).item()
        outlier = self.step > 200 and norm > 10 * self.usual_norm  # the first steps open the network: norms grow
        if math.isfinite(norm) and not outlier:
            self.optimizer.step()
            self.usual_norm = 0.98 * self.usual_norm + 0.02 * norm if self.usual_norm else norm
            self.update_average()
        else:
            self.skipped += 1
        self.step += 1
        return self.ranks.mean(mse)

    @torch.no_grad()
    def update_average(self) -> None:
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for name, value in self.model.named_parameters():
            self.average[name].lerp_(value, 1 - decay)

    def averaged(self) -> SleeveVAE:
        """A copy of the model with the moving average's weights, in eval mode."""
        copy = channels_last(SleeveVAE(self.model.config).to(self.device)).eval()
        copy.load_state_dict(self.average, strict=False)  # the buffers are set at the end of a run
        return copy

    def save(self, path: Path) -> None:
        """Everything needed to go on, written beside and renamed."""
        tensors = {f"model.{k}": v.detach() for k, v in self.model.named_parameters()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        names = {id(p): name for name, p in self.model.named_parameters()}
        for parameter, state in self.optimizer.state.items():
            for key in ("exp_avg", "exp_avg_sq", "step"):
                tensors[f"optimizer.{key}.{names[id(parameter)]}"] = state[key]
        notes = {
            "step": self.step,
            "seconds": self.seconds,
            "skipped": self.skipped,
            "usual_norm": self.usual_norm,
            "recipe": asdict(self.recipe),
            "config": self.model.config.to_dict(),
        }
        beside = path.with_suffix(".part")
        save_file({k: v.contiguous() for k, v in tensors.items()}, beside, {"trainer": json.dumps(notes)})
        beside.replace(path)

    @classmethod
    def load(cls, path: Path, device: torch.device, ranks: Ranks | None = None) -> Trainer:
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["trainer"])
        tensors = load_file(path, device=str(device))
        trainer = cls(ModelConfig.from_dict(notes["config"]), Recipe(**notes["recipe"]), device, ranks)
        trainer.step, trainer.seconds, trainer.skipped = notes["step"], notes["seconds"], notes["skipped"]
        trainer.usual_norm = notes["usual_norm"]
        parameters = {f"model.{name}" for name, _ in trainer.model.named_parameters()}
        trainer.model.load_state_dict({k[6:]: v for k, v in tensors.items() if k in parameters}, strict=False)
        trainer.average = {k[8:]: v for k, v in tensors.items() if k.startswith("average.")}
        for name, parameter in trainer.model.named_parameters():
            if f"optimizer.step.{name}" in tensors:
                keys = ("exp_avg", "exp_avg_sq", "step")
                trainer.optimizer.state[parameter] = {key: tensors[f"optimizer.{key}.{name}"] for key in keys}
        trainer.shared = trainer.ranks.wrap(trainer.model)
        return trainer


@torch.no_grad()
def settle(model: SleeveVAE, images: Tensor) -> None:
    """Measure on the training covers what travels with the weights: the latents' mean and the search matrix."""
    latents = torch.cat([model.encode(part.float() / 255)[0] for part in images.split(64)])
    model.latent_mean.copy_(latents.mean(0))
    spread = latents.std(0) * model.decoder.linear.weight.float().norm(dim=0)
    matrix = fit_search(latents.mean(0).cpu().numpy(), spread.cpu().numpy(), model.config.search_dim)
    model.search.copy_(torch.from_numpy(matrix))


@torch.no_grad()
def held_out_mse(model: SleeveVAE, images: Tensor, bfloat16: bool) -> float:
    """Mean squared error of decode(encode(x)) on uint8 [n, 3, 128, 128], pixels 0–1, clamped."""
    total = 0.0
    for part in images.split(64):
        real = (part.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(real.device.type, torch.bfloat16, enabled=bfloat16):
            made = model.decode(model.encode(real)[0])
        total += (made.float().clamp(0, 1) - real).square().mean((1, 2, 3)).sum().item()
    return total / len(images)


def train(
    trainer: Trainer,
    images: Tensor,
    held: Tensor,
    out: Path,
    *,
    minutes: float | None,
    steps: int | None,
    say_every: float,
) -> float:
    """Run to the end of the budget, reporting and saving as it goes; returns the averaged model's held-out MSE.

    All of it is the first process's business but the steps themselves; the others return NaN.
    """
    ranks = trainer.ranks
    state = out.with_suffix(".state.safetensors")
    began, said, recent = time.monotonic() - trainer.seconds, time.monotonic(), 0.0

    def progress() -> float:
        if steps:
            return trainer.step / steps
        return ranks.as_first((time.monotonic() - began) / (60 * (minutes or 1)))

    first, since = trainer.step, time.monotonic()
    while (done := progress()) < 1:
        mse = trainer.train_step(images, done)
        recent = mse if not recent else 0.98 * recent + 0.02 * mse
        if ranks.first and time.monotonic() - said > say_every:
            said, trainer.seconds = time.monotonic(), time.monotonic() - began
            rate = (trainer.step - first) * trainer.recipe.batch / (said - since)
            error = held_out_mse(trainer.averaged(), held, trainer.bfloat16) if len(held) else math.nan
            print(
                f"step {trainer.step}  {trainer.seconds / 60:.1f} min  {done:.1%}  train MSE {recent:.5f}  "
                f"held-out MSE {error:.5f} (accuracy {1 - error:.3%})  {rate:.0f} covers/s  skipped {trainer.skipped}",
                flush=True,
            )
            trainer.save(state)
    if not ranks.first:
        return math.nan
    trainer.seconds = time.monotonic() - began
    trainer.save(state)
    error = held_out_mse(trainer.averaged(), held, trainer.bfloat16) if len(held) else math.nan
    model = trainer.averaged()
    settle(model, images)
    metrics: dict[str, object] = {"held_out_mse": error, "held_out_covers": len(held), "training_covers": len(images)}
    metrics |= {
        "steps": trainer.step,
        "minutes": round(trainer.seconds / 60, 1),
        "device": trainer.device.type,
    } | ({"processes": ranks.size} if ranks.size > 1 else {})
    model_id = save_weights(model, out, metrics)
    print(
        f"{out}: model {model_id}, held-out MSE {error:.5f} (accuracy {1 - error:.3%}), {trainer.step} steps",
        flush=True,
    )
    return error


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vae.training.train", description="Train the cover model.")
    parser.add_argument(
        "--covers", type=Path, required=True, help="folder with covers (and covers.csv, if there is one)"
    )
    parser.add_argument("--table", type=Path, help="CSV with cover, artist and genre; default DIR/covers.csv")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes (default 20)")
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--resume", action="store_true", help="go on from the state beside --out")
    parser.add_argument("--out", type=Path, default=Path("runs/sleevewalk.safetensors"))
    parser.add_argument("--report", type=float, default=60, help="seconds between reports and saved states")
    for name in ("batch", "learning_rate", "linear_rate", "gradient", "l1", "spectrum", "kl", "seed"):
        default = getattr(Recipe, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--latent-dim", type=int, default=ModelConfig.latent_dim)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        with joined(choose_device(options.device)) as ranks:
            run(options, ranks)
    except (NoCovers, RanksDiffer, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace, ranks: Ranks) -> None:
    """What the command line asks for. Raises NoCovers, RanksDiffer and OSError."""
    device = ranks.device
    options.out.parent.mkdir(parents=True, exist_ok=True)
    covers = load_covers(list_covers(options.covers, options.table))
    images = to_tensor(covers.images).to(device)
    held_out = torch.from_numpy(covers.held_out).to(device)
    train_images, held = images[~held_out], images[held_out]
    ranks.agree(len(images), f"the processes do not read the same number of covers from {options.covers}")
    ranks.agree(int(covers.images.sum(dtype="int64")), f"the processes read other pictures from {options.covers}")
    if ranks.first:
        print(
            f"{len(train_images)} covers to train on, {len(held)} held out, {len(covers.unreadable)} unreadable; "
            f"{device}" + (f", {ranks.size} processes" if ranks.size > 1 else ""),
            *covers.unreadable[:20],
            sep="\n",
            flush=True,
        )
    state = options.out.with_suffix(".state.safetensors")
    resume = options.resume and state.is_file()
    ranks.agree(resume, f"not every process finds {state}: --out must be in a folder that all machines share")
    if resume:
        trainer = Trainer.load(state, device, ranks)
        if ranks.first:
            print(f"going on from step {trainer.step}", flush=True)
    else:
        names = ("batch", "learning_rate", "linear_rate", "gradient", "l1", "spectrum", "kl", "seed")
        recipe = replace(Recipe(), **{name: getattr(options, name) for name in names})
        trainer = Trainer(ModelConfig(latent_dim=options.latent_dim), recipe, device, ranks)
        trainer.begin(train_images)
        if ranks.first:
            error = held_out_mse(trainer.averaged(), held, trainer.bfloat16)
            print(f"start: PCA path alone, held-out MSE {error:.5f}; bfloat16 {trainer.bfloat16}", flush=True)
    minutes = options.minutes if options.minutes or options.steps else 20.0
    train(
        trainer,
        train_images,
        held,
        options.out,
        minutes=minutes,
        steps=options.steps,
        say_every=options.report,
    )


if __name__ == "__main__":
    sys.exit(main())
