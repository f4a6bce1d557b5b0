"""Train the model: one script for a laptop and a GPU, read from top to bottom.

    python -m vae.training.train --covers DIR [--minutes M | --steps N] [--device auto|cuda|cpu] [--resume] [--out FILE]
    torchrun --nproc-per-node N -m vae.training.train …     on N GPUs, or N groups of CPU cores

Every step's randomness comes from (seed, step), so that a resumed run continues as it would have gone on. Of several
processes each takes its share of the very batch that one alone would have: the run is the same but for rounding.
The state beside --out is safetensors too; nothing is pickled.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor

from vae.devices import choose_device
from vae.info import BadWeights, ModelConfig
from vae.model import SleeveVAE
from vae.search import fit_search
from vae.training.data import NoCovers, list_covers, load_covers, to_tensor
from vae.training.distil import load_meaning
from vae.training.ranks import Ranks, RanksDiffer, joined
from vae.training.trainer import Covers, Hyperparameters, Trainer
from vae.weights_file import load_weights, save_weights

GIVEN = [part.name for part in fields(Hyperparameters) if part.name != "kl_warm_up"]  # what a run may be given
SETTLED = 2048  # covers on which what travels with the weights is measured


@torch.no_grad()
def settle(model: SleeveVAE, images: Tensor) -> None:
    """Measure on the training covers what travels with the weights: the latents' mean and the search matrix."""
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:SETTLED].to(images.device)
    latents = torch.cat([model.encode(part.float() / 255)[0] for part in images[chosen].split(64)])
    model.latent_mean.copy_(latents.mean(0))
    spread = latents.std(0) * model.decoder.linear.weight.float().norm(dim=0)
    meaning = None if model.meaning is None else model.meaning.scale.cpu().numpy()
    matrix = fit_search(latents.mean(0).cpu().numpy(), spread.cpu().numpy(), model.config.search_dim, meaning)
    model.search.copy_(torch.from_numpy(matrix))


@torch.no_grad()
def held_out_mse(model: SleeveVAE, images: Tensor, bfloat16: bool) -> float:
    """Mean squared error of decode(encode(x)) on uint8 [n, 3, 128, 128], pixels 0–1, clamped."""
    total = torch.zeros((), device=images.device)  # read once, at the end
    for part in images.split(64):
        real = (part.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(real.device.type, torch.bfloat16, enabled=bfloat16):
            made = model.decode(model.encode(real)[0])
        total += (made.float().clamp(0, 1) - real).square().mean((1, 2, 3)).sum()
    return total.item() / len(images)


def train(
    trainer: Trainer,
    covers: Covers,
    held: Tensor,
    out: Path,
    *,
    minutes: float | None,
    steps: int | None,
    say_every: float,
) -> float:
    """Run to the end of the budget; the averaged model's held-out MSE in the first process, NaN in the others."""
    ranks = trainer.ranks
    state = out.with_suffix(".state.safetensors")
    began, said, recent = time.monotonic() - trainer.seconds, time.monotonic(), 0.0

    def progress() -> float:
        if steps:
            return trainer.step / steps
        return ranks.as_first((time.monotonic() - began) / (60 * (minutes or 1)))

    first, since = trainer.step, time.monotonic()
    while (done := progress()) < 1:
        mse = trainer.train_step(covers, done)
        recent = mse if not recent else 0.98 * recent + 0.02 * mse
        if ranks.first and time.monotonic() - said > say_every:
            said, trainer.seconds = time.monotonic(), time.monotonic() - began
            rate = (trainer.step - first) * trainer.hyper.batch / (said - since)
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
    settle(model, covers.images)
    metrics: dict[str, object] = {"held_out_mse": error, "held_out_covers": len(held), "training_covers": len(covers)}
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
    parser.add_argument(
        "--table",
        type=Path,
        action="append",
        help="CSV with cover, artist and genre; default DIR/covers.csv, covers2.csv",
    )
    parser.add_argument("--begin", type=Path, help="start from these weights, not from PCA")
    parser.add_argument("--meaning", type=Path, help="the branch for meaning, from vae.training.distil")
    parser.add_argument("--encoder-blocks", type=int, default=ModelConfig.encoder_blocks)
    parser.add_argument("--encode-steps", type=int, default=ModelConfig.encode_steps, help="of polish, in the codec")
    parser.add_argument("--threads", type=int, help="of a CPU")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes (default 20)")
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--resume", action="store_true", help="go on from the state beside --out")
    parser.add_argument("--out", type=Path, default=Path("runs/sleevewalk.safetensors"))
    parser.add_argument("--report", type=float, default=60, help="seconds between reports and saved states")
    for name in GIVEN:
        default = getattr(Hyperparameters, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--latent-dim", type=int, default=ModelConfig.latent_dim)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        with joined(choose_device(options.device)) as ranks:
            run(options, ranks)
    except (BadWeights, NoCovers, RanksDiffer, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace, ranks: Ranks) -> None:
    """What the command line asks for. Raises BadWeights, NoCovers, RanksDiffer and OSError."""
    device = ranks.device
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    covers = load_covers(list_covers(options.covers, *options.table or ()))
    chosen = ~(covers.held_out | covers.choosing)
    # What is watched is the part for choosing, where there is one: the other is to tell how good the result is.
    watched = covers.choosing if covers.choosing.any() else covers.held_out
    material, held = Covers.of(covers, chosen, device), to_tensor(covers.images[watched]).to(device)
    ranks.agree(len(covers.images), f"the processes do not read the same number of covers from {options.covers}")
    ranks.agree(int(covers.images.sum(dtype="int64")), f"the processes read other pictures from {options.covers}")
    if ranks.first:
        print(
            f"{len(material)} covers to train on, {len(held)} watched, {len(covers.unreadable)} unreadable; "
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
        trainer = first_trainer(options, material, ranks)
        if ranks.first:
            error = held_out_mse(trainer.averaged(), held, trainer.bfloat16)
            print(f"start: held-out MSE {error:.5f}; bfloat16 {trainer.bfloat16}", flush=True)
    minutes = options.minutes if options.minutes or options.steps else 20.0
    train(
        trainer,
        trainer.with_meaning(material),
        held,
        options.out,
        minutes=minutes,
        steps=options.steps,
        say_every=options.report,
    )


def first_trainer(options: argparse.Namespace, covers: Covers, ranks: Ranks) -> Trainer:
    """At step 0, as the command line asks for it."""
    given = {name: getattr(options, name) for name in GIVEN}
    hyperparameters = Hyperparameters(**given, kl_warm_up=options.begin is None)
    meaning = load_meaning(options.meaning) if options.meaning else None
    config = ModelConfig(
        latent_dim=options.latent_dim,
        encoder_blocks=options.encoder_blocks,
        encode_steps=options.encode_steps,
        meaning=meaning.out.out_features if meaning else 0,
    )
    trainer = Trainer(config, hyperparameters, ranks.device, ranks)
    trainer.begin(covers, meaning, load_weights(options.begin)[0] if options.begin else None)
    return trainer


if __name__ == "__main__":
    sys.exit(main())
