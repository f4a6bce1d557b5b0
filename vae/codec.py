"""The model's one face to the other folders: covers to latents and latents to covers.

codec = Codec.load()
latents = codec.encode(images)          # uint8 [n, 128, 128, 3] -> float32 [n, d]
pictures = codec.decode(latents, 512)   # float32 [n, d] -> uint8 [n, 512, 512, 3]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vae.devices import computes_in_bfloat16
from vae.info import SHIPPED, WeightsInfo
from vae.model import SleeveVAE
from vae.refiner import Refiner, load_refiner
from vae.search import search_vectors
from vae.weights_file import load_weights

BATCH = {"cpu": 16, "cuda": 256}
SIZES = (128, 512)


class Codec:
    """A loaded model on one device. Not for several threads at once.

    Batches have a fixed size (the last one is padded), so that a cover's latent does not depend on its company, and a
    GPU chooses its algorithms once. On CUDA pictures are decoded in bfloat16, with sums of the picture in float32, and
    come back through pinned memory while the next batch is at work; covers are encoded in float32, for their
    latents are kept and compared with those of other machines; only the gradient that polishes them may be rounded.
    """

    def __init__(
        self,
        model: SleeveVAE,
        info: WeightsInfo,
        device: torch.device,
        refiner: Refiner | None = None,
        refiner_id: str = "",
    ) -> None:
        self.model, self.info, self.device = model.to(device), info, device
        self.refiner, self.refiner_id = refiner.to(device) if refiner else None, refiner_id
        self.batch = BATCH.get(device.type, 64)
        self.precision = torch.bfloat16 if device.type == "cuda" else torch.float32  # of decoding
        # A step's rounding moves a number by 0.001 of its deviation.
        self.polishes_in_bfloat16 = bool(info.config.encode_steps) and computes_in_bfloat16(device)
        self.say: Callable[[str], None] = _to_stderr  # what a person should know, such as a GPU that is full

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto") -> Codec:
        """`device`: auto, cuda or cpu. A `refiner.safetensors` beside the weights sharpens what is decoded. BadWeights,
        or ValueError where CUDA is asked for and absent.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise ValueError("No CUDA device answers: use --device cpu, or look at `sleevewalk doctor`")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cuda":
            torch.backends.cudnn.benchmark = True
        path = path or SHIPPED
        model, info = load_weights(path)
        beside = path.with_name("refiner.safetensors")
        refiner, refiner_id = load_refiner(beside, info.model_id) if beside.is_file() else (None, "")
        return cls(model, info, torch.device(device), refiner, refiner_id)

    @property
    def model_id(self) -> str:
        return self.info.model_id

    @property
    def latent_dim(self) -> int:
        return self.info.config.latent_dim

    @property
    def centre(self) -> NDArray[np.float32]:
        """The mean latent of the training covers, float32 [d]: what blends are about."""
        return self.model.latent_mean.cpu().numpy()

    def encode(self, images: NDArray[np.uint8], steps: int | None = None) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → float32 [n, latent_dim]: the mean, polished in `steps` steps (default: as the
        weights say). More are more faithful, a third slower each.
        """
        steps = self.info.config.encode_steps if steps is None else steps
        if images.ndim != 4 or images.shape[1:] != (128, 128, 3) or images.dtype != np.uint8:
            raise ValueError(f"covers must be uint8 [n, 128, 128, 3], not {images.dtype} {list(images.shape)}")

        @torch.inference_mode(False)
        @torch.no_grad()
        def run(part: NDArray[Any]) -> Tensor:
            pixels = self._to_device(part)
            rgb = (pixels.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)
            mean = self.model.encode(rgb)[0]
            with torch.autocast(self.device.type, torch.bfloat16, enabled=bool(steps) and self.polishes_in_bfloat16):
                return self.model.polish(rgb, mean, steps) if steps else mean

        return self._batched(images, run, (self.latent_dim,), np.float32)

    def decode(self, latents: NDArray[np.float32], size: int = 128, refine: bool = True) -> NDArray[np.uint8]:
        """float32 [n, latent_dim] → uint8 [n, size, size, 3], 128 or 512: sharpened, or enlarged by bicubic alone."""
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise ValueError(f"latents must be [n, {self.latent_dim}], not {list(latents.shape)}")
        if size not in SIZES:
            raise ValueError(f"covers are decoded at {SIZES[0]} or {SIZES[1]} pixels, not {size}")

        def run(part: NDArray[Any]) -> Tensor:
            latents = self._to_device(part).float()
            with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
                rgb = self.model.decode(latents)
                if refine and self.refiner is not None:
                    rgb = self.refiner(rgb.clamp(0, 1), large=size != 128)
                elif size != 128:
                    rgb = F.interpolate(rgb.contiguous(), size=(size, size), mode="bicubic", align_corners=False)
            return (rgb.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()

        return self._batched(latents, run, (size, size, 3), np.uint8)

    def search_vectors(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents [n, d] → the vectors [n, m] in which near means alike (see `vae.search`)."""
        return search_vectors(latents, self.model.search.cpu().numpy())

    @torch.inference_mode()
    def _batched(
        self,
        rows: NDArray[Any],
        run: Callable[[NDArray[Any]], Tensor],
        shape: tuple[int, ...],
        dtype: type[np.generic],
    ) -> NDArray[Any]:
        out = np.empty((len(rows), *shape), dtype)
        threads = torch.get_num_threads()
        if len(rows) == 1:
            # One picture gains little from a second thread, and where another program holds a core the threads wait
            # for each other: 30 ms became 170 on two cores, one of them busy.
            torch.set_num_threads(1)
        try:
            self._run_batches(rows, run, out)
        finally:
            torch.set_num_threads(threads)
        return out

    def _run_batches(self, rows: NDArray[Any], run: Callable[[NDArray[Any]], Tensor], out: NDArray[Any]) -> None:
        at = 0
        waiting: tuple[int, int, Tensor, torch.cuda.Event | None] | None = None
        while at < len(rows):
            part = rows[at : at + self.batch]
            # One row is a batch of its own: the first preview of a blend must not pay for fifteen blanks.
            missing = 0 if len(rows) == 1 else self.batch - len(part)
            padded = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)]) if missing else part
            try:
                host, there = self._to_host(run(padded))
            except torch.cuda.OutOfMemoryError:
                self._shrink()
                continue
            if waiting:
                _take(waiting, out)  # while this batch is at work
            waiting = (at, len(part), host, there)
            at += len(part)
        if waiting:
            _take(waiting, out)

    def _to_device(self, rows: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(rows))
        return tensor.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else tensor

    def _to_host(self, made: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
        """The tensor in the computer's memory, and the event after which its numbers are there; None: already."""
        if made.device.type != "cuda":
            return made, None
        host = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)  # kept and reused by PyTorch
        host.copy_(made, non_blocking=True)
        there = torch.cuda.Event()
        there.record()
        return host, there

    def _shrink(self) -> None:
        """After the GPU ran out of memory: half the batch, at last the CPU; says so."""
        torch.cuda.empty_cache()
        if self.batch > 1:
            self.batch //= 2
            self.say(f"The GPU is out of memory: going on with batches of {self.batch}")
        else:
            self.device, self.batch, self.precision = torch.device("cpu"), BATCH["cpu"], torch.float32
            self.model.to(self.device)
            if self.refiner is not None:
                self.refiner.to(self.device)
            self.say("The GPU is out of memory: going on with the CPU")


def _take(waiting: tuple[int, int, Tensor, torch.cuda.Event | None], out: NDArray[Any]) -> None:
    at, count, host, there = waiting
    if there is not None:
        there.synchronize()
    out[at : at + count] = host[:count].numpy()


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)
