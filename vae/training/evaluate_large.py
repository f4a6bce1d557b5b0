"""Figures of covers remade alone at 512 pixels, beside LANCZOS of what the decoder made, on real 512-pixel covers.

python -m vae.training.evaluate_large --covers DIR --large DIR512 [--choosing] [--weights FILE] [--sheet FILE.png]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vae.codec import Codec
from vae.info import BadWeights
from vae.tiles import row, stack
from vae.training import metrics
from vae.training.data import CoverSet, NoCovers, list_covers, load_covers, to_tensor

PART = 8  # pictures at a time
SAMPLED = 48  # of which patches are taken
SHOWN = 8  # on the sheet


@dataclass(frozen=True)
class LargeFigures:
    """Means over covers at 512 pixels; `edges` is the energy of slopes as a share of the real covers'."""

    name: str
    mse: float
    ssim: float
    edges: float
    sliced_wasserstein: float


def with_large(folder: Path, large: Path, table: Path | None = None) -> CoverSet:
    """The covers that have a file of their name in `large`, without those shrunk without a low-pass. NoCovers."""
    listed = [cover for cover in list_covers(folder, *[table] if table else []) if not cover.aliased]
    kept = {cover.path: cover for cover in listed if (large / cover.path.name).is_file()}
    if not kept:
        raise NoCovers(f"No cover of {folder} has a larger one of its name in {large}")
    return load_covers(list(kept.values()))


def read_large(path: Path) -> NDArray[np.uint8]:
    """uint8 [512, 512, 3]. OSError, also for what is no image."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((512, 512)))


def remade(codec: Codec, covers: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """uint8 [n, 512, 512, 3] of covers [n, 128, 128, 3]: as shown, and the decoded picture enlarged by LANCZOS."""
    latents = codec.encode(covers)
    decoded = [Image.fromarray(picture) for picture in codec.decode(latents, 128, refine=False)]
    lanczos = [np.asarray(picture.resize((512, 512), Image.Resampling.LANCZOS)) for picture in decoded]
    return {"as shown": codec.decode(latents, 512), "LANCZOS": np.stack(lanczos)}


def compare(made: NDArray[np.uint8], real: NDArray[np.uint8], name: str) -> LargeFigures:
    """Both uint8 [n, 512, 512, 3], pairs."""
    sums = np.zeros(4)
    for at in range(0, len(real), PART):
        a, b = (_float(x[at : at + PART]) for x in (made, real))
        each = metrics.mse(a, b), metrics.ssim(a, b), metrics.gradient_energy(a), metrics.gradient_energy(b)
        sums += len(a) * np.array(each)
    mse, ssim, edges, real_edges = sums / len(real)
    distance = metrics.sliced_wasserstein(_float(made[:SAMPLED]), _float(real[:SAMPLED]))
    return LargeFigures(name, mse, ssim, edges / max(real_edges, 1e-12), distance)


def _float(images: NDArray[np.uint8]) -> Tensor:
    return to_tensor(images).float() / 255


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vae.training.evaluate_large", description="Figures at 512 pixels.")
    parser.add_argument("--covers", type=Path, required=True, help="as for vae.training.train")
    parser.add_argument("--large", type=Path, required=True, help="folder with covers of the same names at 512 pixels")
    parser.add_argument("--table", type=Path)
    parser.add_argument("--choosing", action="store_true", help="on the part for choosing; else on the one for telling")
    parser.add_argument("--weights", type=Path, help="the model, with its refiner beside it; default the shipped one")
    parser.add_argument("--sheet", type=Path, help=f"a PNG of {SHOWN} of them: real, LANCZOS, as shown")
    options = parser.parse_args(arguments)
    try:
        codec = Codec.load(options.weights, "cpu")
        covers = with_large(options.covers, options.large, options.table)
        chosen = covers.choosing if options.choosing else covers.held_out & ~covers.choosing
        if not chosen.any():
            raise NoCovers(f"No cover with a larger one in {options.large} belongs to that part")
        files = [cover.path.name for cover, yes in zip(covers.covers, chosen, strict=True) if yes]
        real = np.stack([read_large(options.large / name) for name in files])
    except (BadWeights, NoCovers, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    pictures = remade(codec, covers.images[chosen])
    print(f"{len(real)} covers at 512; model {codec.model_id}, refiner {codec.refiner_id or 'none'}")
    print(f"{'':10} {'MSE':>8} {'SSIM':>7} {'edges':>6} {'SWD':>6}")
    with torch.inference_mode():
        for name, made in pictures.items():
            found = compare(made, real, name)
            print(
                f"{name:10} {found.mse:8.5f} {found.ssim:7.4f} {found.edges:6.3f} {found.sliced_wasserstein:6.0f}",
                flush=True,
            )
    if options.sheet:
        few = np.linspace(0, len(real) - 1, min(SHOWN, len(real))).astype(int)
        rows = [row(np.stack([real[i], pictures["LANCZOS"][i], pictures["as shown"][i]])) for i in few]
        Image.fromarray(stack(rows)).save(options.sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
