"""The model's speed beside PCA in numpy, a convolutional autoencoder of like size, and on CUDA its own plain fp32.

python -m tests.bench.model [--device auto] [--seconds 4]

Needs no library and no covers: speed does not depend on them, and latents drawn from the prior decode to pictures as
hard to deflate as any. With `pip install diffusers` its AutoencoderKL stands beside.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vae.codec import Codec
from vae.info import SHIPPED
from vae.torch_backend import TorchBackend, chosen_device


def rate(work: Callable[[], int], seconds: float) -> float:
    """Items a second; `work` says how many it did. Once for warming up, then for at least `seconds`."""
    work()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        done += work()
    return done / (time.perf_counter() - began)


def latency(work: Callable[[], object], times: int = 40) -> tuple[float, float]:
    """Milliseconds: median, and what 95 % are within."""
    taken = []
    for _ in range(times + 3):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return float(np.median(taken[3:])), float(np.percentile(taken[3:], 95))


def pillow_png(pixels: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def our_png() -> Callable[[NDArray[np.uint8]], bytes] | None:
    try:
        from pipelines.blends.png import encode_png
    except ImportError as error:
        print(f"PNG by our encoder: not measured, {error}")
        return None
    return lambda pixels: encode_png(pixels, {})


def to_disk(codec: Codec, latents: NDArray[np.float32], encode: Callable[[Any], bytes], folder: Path) -> int:
    """Decode and write 512-pixel files, the batch before being encoded by threads meanwhile."""

    def write(at: int, pixels: NDArray[np.uint8]) -> None:
        (folder / f"{at}.png").write_bytes(encode(pixels))

    writing: list[Any] = []
    with ThreadPoolExecutor(max(4, os.cpu_count() or 1)) as pool:
        for at in range(0, len(latents), codec.batch):
            pictures = codec.decode(latents[at : at + codec.batch], 512)
            for write_before in writing:
                write_before.result()
            writing = [pool.submit(write, at + i, picture) for i, picture in enumerate(pictures)]
        for last in writing:
            last.result()
    return len(latents)


class Pca:
    """512 numbers by one matrix product each way, as numpy does it on this machine's cores."""

    def __init__(self) -> None:
        self.basis = np.random.default_rng(0).standard_normal((512, 128 * 128 * 3), np.float32) / 222

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return (images.reshape(len(images), -1).astype(np.float32) / 255) @ self.basis.T

    def decode(self, latents: NDArray[np.float32]) -> NDArray[np.uint8]:
        return (np.clip(latents @ self.basis, 0, 1) * 255).astype(np.uint8).reshape(-1, 128, 128, 3)


def diffusers_rates(images: NDArray[np.uint8], device: torch.device, seconds: float) -> dict[str, float]:
    """AutoencoderKL with 512 numbers for a cover (16×16×2) and about our number of weights."""
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(40, 80, 160, 240),
        layers_per_block=2,
        latent_channels=2,
        norm_num_groups=20,
    )
    model = model.to(device).eval()
    weights = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    rgb = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1).to(device)

    def encode() -> int:
        return len(model.encode(rgb).latent_dist.mean.cpu())

    latents = model.encode(rgb).latent_dist.mean

    def decode() -> int:
        return len(((model.decode(latents).sample + 1) * 127.5).clamp(0, 255).byte().cpu())

    name = f"diffusers AutoencoderKL, {weights:.1f} M weights, fp32"
    return {f"encode, {name}": rate(encode, seconds), f"decode 128, {name}": rate(decode, seconds)}


def plain_rates(
    codec: Codec, images: NDArray[np.uint8], latents: NDArray[np.float32], seconds: float
) -> dict[str, float]:
    """The same network as PyTorch runs it when nobody cares: fp32, pageable memory, floats brought back."""
    found = {}

    def encode() -> int:
        rgb = torch.from_numpy(images).to(codec.device).permute(0, 3, 1, 2).float() / 255
        return len(codec.backend.model.encode(rgb)[0].cpu())

    def decode(large: bool) -> int:
        rgb = codec.backend.model.decode(torch.from_numpy(latents).to(codec.device))
        if codec.refiner_id:
            rgb = codec.backend.refiner(rgb.clamp(0, 1), large=large)
        elif large:
            rgb = torch.nn.functional.interpolate(rgb, size=(512, 512), mode="bicubic")
        return len((rgb.clamp(0, 1).cpu().permute(0, 2, 3, 1).numpy() * 255).round().astype(np.uint8))

    found["encode, plain fp32"] = rate(encode, seconds)
    found["decode 128, plain fp32"] = rate(lambda: decode(False), seconds)
    found["decode 512, plain fp32"] = rate(lambda: decode(True), seconds)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.model", description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--seconds", type=float, default=4, help="for each figure")
    options = parser.parse_args()
    began = time.perf_counter()
    codec = Codec(TorchBackend.open(options.weights or SHIPPED, chosen_device(options.device)))
    dice = np.random.default_rng(0)
    latents = dice.standard_normal((codec.batch, codec.latent_dim), np.float32)
    images = codec.decode(latents)
    name = torch.cuda.get_device_name() if codec.device == "cuda" else platform.processor() or platform.machine()
    print(f"{name}; {os.cpu_count()} cores; torch {torch.__version__}; batches of {codec.batch}; "
          f"refiner {codec.refiner_id or 'none'}; ready after {time.perf_counter() - began:.1f} s")  # fmt: skip
    for size in (128, 512):
        middle, most = latency(lambda size=size: codec.decode(latents[:1], size))
        print(f"one blend at {size}: {middle:.1f} ms, 95 % within {most:.1f} ms")
    rates = {"encode": rate(lambda: len(codec.encode(images)), options.seconds)}
    for size in (128, 512):
        rates[f"decode {size}"] = rate(lambda size=size: len(codec.decode(latents, size)), options.seconds)
    with torch.inference_mode():
        if codec.device == "cuda":
            rates |= plain_rates(codec, images, latents, options.seconds)
        try:
            rates |= diffusers_rates(images, codec.device, options.seconds)
        except ImportError:
            print("diffusers is not installed: its autoencoder is not measured (pip install diffusers)")
    pca = Pca()
    rates["encode, PCA-512 in numpy on the CPU"] = rate(lambda: len(pca.encode(images)), options.seconds)
    rates["decode 128, PCA-512 in numpy on the CPU"] = rate(lambda: len(pca.decode(latents)), options.seconds)
    large = codec.decode(latents, 512)[:32]
    many = dice.standard_normal((4 * codec.batch, codec.latent_dim), np.float32)
    for name, encode in (("our encoder", our_png()), ("Pillow's default", pillow_png)):
        if encode is None:
            continue
        rates[f"512 PNG encoded in one thread, {name}"] = rate(
            lambda encode=encode: len([encode(picture) for picture in large]),
            options.seconds,
        )
        with tempfile.TemporaryDirectory() as folder:
            rates[f"512 PNG decoded and on disk, {name}"] = rate(
                lambda encode=encode: to_disk(codec, many, encode, Path(folder)),
                options.seconds,
            )
    for name in sorted(rates, key=lambda name: (name.split(",")[0], -rates[name])):
        print(f"{rates[name]:9.1f} a second  {name}")


if __name__ == "__main__":
    main()
