"""Train the refiner on the pictures of a finished model; encoder and decoder stay as they are.

python -m vae.training.train_refiner --covers DIR --large DIR [--minutes M | --steps N] [--resume] [--out FILE]
                            [--head-of REFINER [--gain G]]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from vae.blend import mean, vivid
from vae.codec import Codec
from vae.devices import choose_device
from vae.info import BadWeights
from vae.refiner import Refiner, load_refiner, save_refiner
from vae.training import metrics
from vae.training.data import CoverSet, NoCovers, list_covers, load_covers, to_tensor
from vae.training.evaluate_large import read_large, with_large
from vae.training.refiner_trainer import Hyperparameters, Pictures, RefinerTrainer

GIVEN = [part.name for part in fields(Hyperparameters) if part.name != "head_alone"]  # what a run may be given


def amplify(layer: nn.Module, gain: float) -> None:
    """Make what the layer says `gain` times as large."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(gain)


def prepare(codec: Codec, covers: CoverSet, large_folder: Path, n_blends: int, seed: int) -> tuple[Pictures, Pictures]:
    """(to train on, watched): sharp covers as the decoder alone makes them, blends of two to five, large covers."""

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
        large = np.stack([read_large(path) for _, path in found])
        return Pictures(
            to_tensor(images),
            to_tensor(codec.decode(latents, refine=False)),
            to_tensor(codec.decode(np.stack(mixes), refine=False)),
            to_tensor(large),
            torch.tensor([row for row, _ in found]),
        )

    watched = covers.choosing if covers.choosing.any() else covers.held_out
    sharp = np.array([not cover.aliased for cover in covers.covers])
    return part(sharp & ~(covers.held_out | covers.choosing), n_blends), part(sharp & watched, 512)


@torch.no_grad()
def measure(refiner: Refiner, held: Pictures, device: torch.device, bfloat16: bool, n: int) -> dict[str, float]:
    """Figures on `n` of the held-out covers and blends; see `vae.training.metrics`."""

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
    parser = argparse.ArgumentParser(prog="vae.training.train_refiner", description="Train a model's refiner.")
    parser.add_argument("--covers", type=Path, required=True, help="as for vae.training.train")
    parser.add_argument(
        "--large", type=Path, required=True, help="folder with the same covers, so named, at 512 pixels"
    )
    parser.add_argument("--table", type=Path)
    parser.add_argument("--weights", type=Path, help="the model; default the shipped one")
    parser.add_argument("--head-of", type=Path, help="train only the head for 512 pixels, on top of this refiner")
    parser.add_argument("--gain", type=float, default=1.0, help="with --head-of: its detail at 128, times so much")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, help="stop after so many steps instead")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--resume", action="store_true", help="go on from the state beside --out")
    parser.add_argument("--out", type=Path, default=Path("runs/refiner.safetensors"))
    parser.add_argument("--report", type=float, default=120, help="seconds between reports and saved states")
    for name in GIVEN:
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(getattr(Hyperparameters, name)), default=None)
    options = parser.parse_args(arguments)
    if options.gain != 1 and not options.head_of:
        parser.error("--gain goes with --head-of: it is the detail of that refiner that it changes")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    device = choose_device(options.device)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        codec = Codec.load(options.weights, options.device)
        begin = load_refiner(options.head_of, codec.model_id)[0] if options.head_of else None
        if begin is None:
            covers = load_covers(list_covers(options.covers, *[options.table] if options.table else []))
        else:
            covers = with_large(options.covers, options.large, options.table)
        train, held = prepare(codec, covers, options.large, min(4000, len(covers.images)), 0)
    except (BadWeights, NoCovers, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    if begin is not None:
        amplify(begin.out, options.gain)
    train = on_device(train, device)
    given = {name: getattr(options, name) for name in GIVEN if getattr(options, name) is not None}
    state = options.out.with_suffix(".state.safetensors")
    if options.resume and state.is_file():
        trainer = RefinerTrainer.load(state, device, **given)
        print(f"going on from step {trainer.step}", flush=True)
    else:
        trainer = RefinerTrainer(replace(Hyperparameters(), head_alone=begin is not None, **given), device, begin)
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
