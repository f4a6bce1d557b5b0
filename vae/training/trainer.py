"""One step of training: hyperparameters, losses, and the trainer: the model, its moving average and its optimiser."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from vae.devices import bfloat16_pays
from vae.info import ModelConfig
from vae.meaning import Meaning
from vae.model import SleeveVAE, channels_last, kl_nats
from vae.training.begin import start_from_model
from vae.training.data import CoverSet, augment, to_tensor
from vae.training.pca import start_from_pca
from vae.training.ranks import Ranks
from vae.training.state import adam_state
from vae.weights_file import write_tensors


@dataclass(frozen=True)
class Covers:
    """What is trained on, on the device: `images` uint8 [n, 3, 128, 128], `sharp` bool [n] (false: aliased), and
    with a branch for meaning its numbers, float32 [n, k]."""

    images: Tensor
    sharp: Tensor
    meaning: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def of(cls, covers: CoverSet, chosen: NDArray[np.bool_], device: torch.device) -> Covers:
        sharp = [not cover.aliased for cover, yes in zip(covers.covers, chosen, strict=True) if yes]
        return cls(to_tensor(covers.images[chosen]).to(device), torch.tensor(sharp, device=device))

    def pick(self, count: int, generator: torch.Generator) -> Tensor:
        """Row numbers [count]: at even places sharp covers, at odd ones aliased, where there are both."""
        draw = torch.rand(count, generator=generator, device=self.images.device)
        pools = [rows for rows in (self.sharp.nonzero()[:, 0], (~self.sharp).nonzero()[:, 0]) if len(rows)]
        picked = torch.empty(count, dtype=torch.long, device=self.images.device)
        for i, rows in enumerate(pools):
            mine = slice(i, None, len(pools))
            picked[mine] = rows[(draw[mine] * len(rows)).long().clamp(max=len(rows) - 1)]
        return picked


@dataclass(frozen=True)
class Hyperparameters:
    """All that a run depends on beside the covers."""

    seed: int = 1
    batch: int = 32
    learning_rate: float = 6e-4  # of the convolutions
    linear_rate: float = 2e-5  # of the path that starts as PCA
    weight_decay: float = 0.01
    warm_up: float = 0.02  # share of the run
    ema: float = 0.998
    clip: float = 1.0
    l1: float = 0.0
    gradient: float = 0.01  # three-scale gradient L1
    spectrum: float = 0.0  # L1 of the FFT's magnitude
    kl_warm_up: bool = True  # over the first tenth of the run
    kl: float = 4.5e-7  # a summed nat; 2·MSE/D at MSE 0.011 (calibrated decoder, Rybkin et al. 2021)


def reconstruction_loss(
    made: Tensor, real: Tensor, hyper: Hyperparameters, sharp: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """(what is minimised, plain MSE) over pixels, in fp32; what is not `sharp` (bool [n]) teaches no sharpness."""
    mse = F.mse_loss(made, real)
    loss = mse
    if hyper.l1:
        loss = loss + hyper.l1 * F.l1_loss(made, real)
    if sharp is not None and not sharp.all():
        made = torch.where(sharp[:, None, None, None], made, real)
    if hyper.gradient:
        loss = loss + hyper.gradient * gradient_loss(made, real)
    if hyper.spectrum:
        spectra = (torch.fft.rfft2(picture, norm="ortho").abs() for picture in (made, real))
        loss = loss + hyper.spectrum * F.l1_loss(*spectra)
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

    def __init__(
        self, config: ModelConfig, hyper: Hyperparameters, device: torch.device, ranks: Ranks | None = None
    ) -> None:
        torch.manual_seed(hyper.seed)
        self.ranks = ranks or Ranks(device)
        self.part = self.ranks.part(hyper.batch)
        self.hyper, self.device, self.step, self.seconds, self.skipped = hyper, device, 0, 0.0, 0
        self.model = channels_last(SleeveVAE(config).to(device))
        if self.model.meaning is not None:  # learned before (`vae.training.distil`)
            self.model.meaning.requires_grad_(False)
        self.average = self.learning()
        linear = [p for name, p in self.learned() if ".linear." in name]
        others = [p for name, p in self.learned() if ".linear." not in name]
        self.groups = ((linear, hyper.linear_rate), (others, hyper.learning_rate))
        self.optimizer = torch.optim.AdamW(
            [{"params": params, "lr": rate} for params, rate in self.groups],
            betas=(0.9, 0.95),
            weight_decay=hyper.weight_decay,
            fused=True,
        )
        self.bfloat16 = bool(self.ranks.as_first(bfloat16_pays(device)))
        self.usual_norm = 0.0
        self.shared: torch.nn.Module = self.model  # as all processes train it, once `begin` or `load` has wrapped it

    def learned(self) -> list[tuple[str, torch.nn.Parameter]]:
        """The parameters that this run trains, by name."""
        return [(name, value) for name, value in self.model.named_parameters() if value.requires_grad]

    def learning(self) -> dict[str, Tensor]:
        """A copy of what those are now."""
        return {name: value.detach().clone() for name, value in self.learned()}

    def begin(self, covers: Covers, meaning: Meaning | None = None, model: SleeveVAE | None = None) -> None:
        """Start as PCA of these covers, or from a trained `model`; with the branch for `meaning`."""
        if self.ranks.first:
            if model is None:
                start_from_pca(self.model, covers.images)
            else:
                start_from_model(self.model, model)
        if self.model.meaning is not None and meaning is not None:
            self.model.meaning.load_state_dict(meaning.state_dict())
        self.shared = self.ranks.wrap(self.model)  # tells the others
        self.average = self.learning()

    def with_meaning(self, covers: Covers) -> Covers:
        """The covers with the numbers of the branch for meaning, which are the same at every step."""
        if self.model.meaning is None:
            return covers
        parts = []
        for part in covers.images.split(64):
            with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
                parts.append(self.model.meaning(part.float() / 255))
        return Covers(covers.images, covers.sharp, torch.cat(parts))

    def train_step(self, covers: Covers, progress: float) -> float:
        """One step on a random batch, the same in all processes, each on its part; `progress` in 0–1. The MSE."""
        hyper = self.hyper
        generator = torch.Generator(self.device).manual_seed(hyper.seed * 1_000_003 + self.step)
        index = covers.pick(hyper.batch, generator)
        real = augment(covers.images[index], generator, self.part).contiguous(memory_format=torch.channels_last)
        noise = torch.randn(hyper.batch, self.model.config.latent_dim, generator=generator, device=self.device)
        warm = min(1.0, progress / hyper.warm_up) if hyper.warm_up else 1.0
        rate = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
        for group, (_, full) in zip(self.optimizer.param_groups, self.groups, strict=True):
            group["lr"] = full * rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            meaning = None if covers.meaning is None else covers.meaning[index[self.part]]
            made, mean, log_variance = self.shared(real, noise[self.part], meaning)
        loss, mse = reconstruction_loss(made.float(), real, hyper, covers.sharp[index[self.part]])
        pictured = slice(self.model.config.latent_dim - self.model.config.meaning)
        rise = min(1.0, progress / 0.1) if hyper.kl_warm_up else 1.0
        loss = loss + hyper.kl * rise * kl_nats(mean[:, pictured], log_variance[:, pictured])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([value for _, value in self.learned()], hyper.clip).item()
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
        decay = min(self.hyper.ema, (1 + self.step) / (10 + self.step))
        values = [value.detach() for _, value in self.learned()]
        torch._foreach_lerp_([self.average[name] for name, _ in self.learned()], values, 1 - decay)

    def averaged(self) -> SleeveVAE:
        """A copy of the model with the moving average's weights, in eval mode."""
        copy = channels_last(SleeveVAE(self.model.config).to(self.device)).eval()
        copy.load_state_dict(self.model.state_dict() | self.average)  # the buffers are set at the end of a run
        return copy

    def save(self, path: Path) -> None:
        """Everything needed to go on."""
        tensors = {f"model.{k}": v.detach() for k, v in self.model.state_dict().items()}
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
            "recipe": asdict(self.hyper),
            "config": self.model.config.to_dict(),
        }
        write_tensors(tensors, path, {"trainer": json.dumps(notes)})

    @classmethod
    def load(cls, path: Path, device: torch.device, ranks: Ranks | None = None) -> Trainer:
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["trainer"])
        tensors = load_file(path, device=str(device))
        trainer = cls(msgspec.convert(notes["config"], ModelConfig), Hyperparameters(**notes["recipe"]), device, ranks)
        trainer.step, trainer.seconds, trainer.skipped = notes["step"], notes["seconds"], notes["skipped"]
        trainer.usual_norm = notes["usual_norm"]
        kept = {k[6:]: v for k, v in tensors.items() if k.startswith("model.")}
        trainer.model.load_state_dict(trainer.model.state_dict() | kept)
        trainer.average = {k[8:]: v for k, v in tensors.items() if k.startswith("average.")}
        for name, parameter in trainer.learned():
            if f"optimizer.step.{name}" in tensors:
                trainer.optimizer.state[parameter] = adam_state(tensors, name, parameter)
        trainer.shared = trainer.ranks.wrap(trainer.model)
        return trainer
