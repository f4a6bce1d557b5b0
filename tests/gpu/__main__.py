"""Everything that is claimed of a GPU, proven and measured in about ten minutes: one table.

python -m tests.gpu [--device auto|cuda|cpu] [--covers DIR] [--minutes 3]

Needs torch, numpy and pillow; what else is missing (FAISS for GPUs, isal) is told as not measured. On a CPU it runs
whole on a few covers, with ONNX Runtime's answers beside PyTorch's, so that it works when a GPU is there. Exits 1 where
a figure misses what is wanted. With `--covers` (a folder of pictures, `covers.csv` beside them) it trains on those for
some minutes; else on a few drawn ones, which proves the way and not the quality.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tests.bench.model import latency, our_png, pillow_png, rate, to_disk
from tests.support.covers import drawn_covers
from vae.codec import Codec
from vae.info import SHIPPED
from vae.torch_backend import TorchBackend, chosen_device

PIXELS_OF = """
import hashlib, numpy as np, torch, sys
from vae.codec import Codec
from vae.info import SHIPPED
from vae.torch_backend import TorchBackend, chosen_device
codec = Codec(TorchBackend.open(SHIPPED, chosen_device(sys.argv[1])))
latents = np.random.default_rng(7).standard_normal((1, codec.latent_dim), np.float32)
print(hashlib.sha256(codec.decode(latents, 512).tobytes()).hexdigest())
"""


@dataclass(frozen=True)
class Line:
    """A row of the table. `ok`: whether it is as wanted; None where nothing is, or it was not measured."""

    what: str
    figure: str
    wanted: str = ""
    ok: bool | None = None


@dataclass(frozen=True)
class Bench:
    """A model on the device, the same one by other means, and how much work to give it."""

    codec: Codec
    other: Codec
    other_name: str
    covers: NDArray[np.uint8]
    latents: NDArray[np.float32]
    seconds: float  # for each figure

    @property
    def cuda(self) -> bool:
        return self.codec.device == "cuda"


def encoding(bench: Bench) -> Iterator[Line]:
    few = bench.covers[:16]
    here, there = bench.codec.encode(few), bench.other.encode(few)
    deviation = np.abs(here - there)  # a number's deviation over all covers is about 1
    yield Line(
        f"latents beside {bench.other_name}, largest difference in deviations", f"{deviation.max():.4f}", "≤ 0.05",
        bool(deviation.max() <= 0.05),
    )  # fmt: skip
    same = np.array_equal(here, bench.codec.encode(few))
    yield Line("the same latents again", "yes" if same else "no", "yes", same)
    alone = np.abs(bench.codec.encode(few[:1]) - here[:1]).max()
    yield Line(
        "a cover's latent alone and in company, largest difference", f"{alone:.5f}", "≤ 0.01", bool(alone < 0.01)
    )
    speed = rate(lambda: len(bench.codec.encode(bench.covers)), bench.seconds)
    yield Line("covers encoded a second", f"{speed:,.0f}")


def decoding(bench: Bench) -> Iterator[Line]:
    few = bench.latents[:8]
    for size in (128, 512):
        here, there = (codec.decode(few, size).astype(int) for codec in (bench.codec, bench.other))
        apart = np.abs(here - there)
        yield Line(
            f"pixels at {size} beside {bench.other_name}, mean and largest difference of 255",
            f"{apart.mean():.3f}, {apart.max()}", "mean ≤ 1", bool(apart.mean() <= 1),
        )  # fmt: skip
        speed = rate(lambda size=size: len(bench.codec.decode(bench.latents, size)), bench.seconds)  # type: ignore[misc]
        yield Line(f"blends decoded at {size} a second", f"{speed:,.0f}")
    code = [sys.executable, "-c", PIXELS_OF, bench.codec.device]
    found = subprocess.run(code, capture_output=True, text=True, check=False).stdout.strip()
    latents = np.random.default_rng(7).standard_normal((1, bench.codec.latent_dim), np.float32)
    same = found == hashlib.sha256(bench.codec.decode(latents, 512).tobytes()).hexdigest()
    yield Line("the same pixels from another process", "yes" if same else "no", "yes", same)


def waiting(bench: Bench) -> Iterator[Line]:
    """What a person waits for; the figures wanted are those for a GPU."""
    encode = our_png() or pillow_png
    times = 40 if bench.cuda else 3
    for what, work, most in (
        ("a preview", lambda: bench.codec.decode(bench.latents[:1], 128), 30),
        ("a blend of 512 as PNG", lambda: encode(bench.codec.decode(bench.latents[:1], 512)[0]), 60),
    ):
        middle, within = latency(work, times)
        wanted = f"95 % ≤ {most} ms on CUDA"
        yield Line(
            f"{what}: median and 95 %, ms",
            f"{middle:.1f}, {within:.1f}",
            wanted,
            within <= most if bench.cuda else None,
        )
    many = np.tile(bench.latents, (8 if bench.cuda else 1, 1))
    with tempfile.TemporaryDirectory() as folder:
        speed = rate(lambda: to_disk(bench.codec, many, encode, Path(folder)), bench.seconds)
    yield Line("512 PNG decoded and on disk a second", f"{speed:,.1f}")


def full_memory(bench: Bench) -> Iterator[Line]:
    what = "a GPU full but for 200 MB: the same latents in smaller batches"
    if not bench.cuda:
        yield Line(what, "not measured: no GPU")
        return
    said: list[str] = []
    before = bench.codec.encode(bench.covers[:128])
    codec = Codec(TorchBackend.open(SHIPPED, chosen_device("cuda")))
    codec.say = said.append
    torch.cuda.empty_cache()
    filler = torch.empty(max(0, torch.cuda.mem_get_info()[0] - 200_000_000), dtype=torch.uint8, device="cuda")
    apart = float(np.abs(codec.encode(bench.covers[:128]) - before).max())
    del filler
    torch.cuda.empty_cache()
    yield Line(what, f"{apart:.5f} apart; said: {'; '.join(said) or 'nothing'}", "≤ 0.05", apart <= 0.05)


def nearest(bench: Bench) -> Iterator[Line]:
    what = "300,000 covers' 32 nearest: FAISS on the GPU beside the CPU, share found alike"
    try:
        import faiss

        found = int(faiss.get_num_gpus())
    except (ImportError, AttributeError):
        found = 0
    if not found:
        yield Line(what, "not measured: no FAISS that sees a GPU")
        return
    from store.index.coarse import fresh_coarse
    from store.index.scaled import ScaledIndex, normalized

    dice = np.random.default_rng(0)
    centres = dice.standard_normal((2000, 64))
    vectors = normalized(centres[dice.integers(0, 2000, 300_000)] + 0.6 * dice.standard_normal((300_000, 64)))
    index = ScaledIndex(fresh_coarse(vectors), np.ones(len(vectors), np.float32))
    rows = np.arange(2000)
    on_gpu = index.nearest_to(rows)[1]
    speed = rate(lambda: len(index.nearest_to(rows)[1]), bench.seconds)
    on_cpu = np.concatenate([index.search(index.vectors(rows[at : at + 8]), 33)[1] for at in range(0, 2000, 8)])
    alike = float((on_gpu[:, :, None] == on_cpu[:, None, :]).any(2).mean())
    yield Line(what, f"{alike:.3f}; {speed:,.0f} a second", "≥ 0.97", alike >= 0.97)


def training(bench: Bench, covers: Path | None, minutes: float) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        if covers is None:
            covers = Path(folder) / "covers"
            covers.mkdir()
            for number, picture in enumerate(drawn_covers(256 if bench.cuda else 40)):
                Image.fromarray(picture).save(covers / f"{number}.png")
            budget = ["--steps", "30" if bench.cuda else "2"]
            if not bench.cuda:
                budget += ["--latent-dim", "16", "--batch", "4", "--threads", "1"]
        else:
            budget = ["--minutes", str(minutes)]
        out = Path(folder) / "run" / "model.safetensors"
        arguments = ["--covers", str(covers), "--device", bench.codec.device, "--out", str(out), *budget]
        command = [sys.executable, "-m", "vae.training.train", *arguments, "--report", "20"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # it sets how this process computes
        status, text = run.returncode, run.stdout
        yield Line("training ends and writes its weights", str(out.is_file()), "True", status == 0 and out.is_file())
        if status or not out.is_file():
            return
        model = Codec(TorchBackend.open(out, chosen_device(bench.codec.device)))
        made = model.decode(model.encode(bench.covers[:8]))
        yield Line(
            "what it trained encodes and decodes", str(list(made.shape)), "", made.shape == bench.covers[:8].shape
        )
    accuracy, speed = re.findall(r"accuracy ([\d.]+)%", text), re.findall(r"(\d+) covers/s", text)
    real = len(budget) == 2 and budget[0] == "--minutes"
    figure = f"{accuracy[-1]} %" if accuracy else "not told within the time"
    yield Line(
        "accuracy on covers never trained on", figure, "≥ 98.7 % with --covers",
        bool(accuracy) and float(accuracy[-1]) >= 98.7 if real else None,
    )  # fmt: skip
    if speed:
        yield Line("covers trained on a second", speed[-1])


def open_bench(device: str) -> Bench:
    """With a model on that device. ValueError where CUDA is asked for and absent."""
    chosen = chosen_device(device)
    codec, cuda = Codec(TorchBackend.open(SHIPPED, chosen)), chosen.type == "cuda"
    if cuda:
        other, name = Codec(TorchBackend.open(SHIPPED, torch.device("cpu"))), "the CPU's"
    else:
        other, name = Codec.load(SHIPPED, "cpu"), "ONNX Runtime's"
        codec.backend.batch = other.backend.batch = 2  # a batch is filled up: less work for a few
    covers = drawn_covers(1024 if cuda else 4)
    latents = np.random.default_rng(0).standard_normal((256 if cuda else 2, codec.latent_dim), np.float32)
    return Bench(codec, other, name, covers, latents, 4.0 if cuda else 0.01)


def main(arguments: list[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="auto", choices=["auto", "cuda", "cpu"])
    parser.add_argument("--covers", type=Path, help="folder of pictures to train on")
    parser.add_argument("--minutes", type=float, default=3, help="of training on those  [default: 3]")
    options = parser.parse_args(arguments)
    bench = open_bench(options.device)
    where = torch.cuda.get_device_name() if bench.cuda else f"CPU {platform.machine()}"
    say(f"{where}; {os.cpu_count()} cores; torch {torch.__version__}, CUDA {torch.version.cuda or 'none'}\n")
    say("| what | figure | wanted | seen |\n| --- | --- | --- | --- |")
    missed = 0
    for part in (
        encoding,
        decoding,
        waiting,
        full_memory,
        nearest,
        lambda b: training(b, options.covers, options.minutes),
    ):
        for line in part(bench):
            missed += line.ok is False
            seen = {True: "yes", False: "NO", None: ""}[line.ok]
            say(f"| {line.what} | {line.figure} | {line.wanted} | {seen} |")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
