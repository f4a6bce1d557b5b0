"""The model through PyTorch: on a GPU, in training, and for weights of a shape that no ONNX graph ships for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vae.backend import Backend
from vae.devices import computes_in_bfloat16
from vae.info import DeviceFailed, WeightsInfo
from vae.model import SleeveVAE
from vae.refiner import Refiner, load_refiner
from vae.weights_file import load_weights

T = TypeVar("T")
BATCH = {"cpu": 16}  # pictures at a time
GPU_BATCH = 64  # enough to keep a GPU at work; one that is not full is filled up, so more would be wasted on a few


def chosen_device(name: str) -> torch.device:
    """`name` is auto, cuda or cpu. ValueError where CUDA is asked for and absent."""
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("No CUDA device answers: use --device cpu, or look at `sleevewalk doctor`")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(name)


def quicker_on_cpu(info: WeightsInfo) -> bool:
    """Whether PyTorch encodes covers quicker than ONNX Runtime here: with bfloat16 it does.

    Measured on one such processor: 16 covers in 578 ms of one thread, 918 with ONNX Runtime.
    """
    return bool(info.config.encode_steps) and computes_in_bfloat16(torch.device("cpu"))


class TorchBackend(Backend):
    """See `Backend`.

    On a GPU that computes in bfloat16 pictures are decoded in it, with sums of the picture in float32, and come back
    through pinned memory while the next batch is at work; covers are encoded in float32, for their latents are kept and
    compared with those of other machines; only the gradient that polishes them may be rounded.
    """

    def __init__(
        self, model: SleeveVAE, info: WeightsInfo, device: torch.device, refiner: Refiner | None, refiner_id: str
    ) -> None:
        super().__init__(info, model.latent_mean.numpy(), model.search.numpy(), refiner_id)
        self.model, self.refiner = model, refiner
        if _where_it_fits(lambda: self._moved_to(device.type)) is None:
            self._leave_gpu()
        rounds = device.type == "cuda" and computes_in_bfloat16(device)
        self.precision = torch.bfloat16 if rounds and self.device == "cuda" else torch.float32  # of decoding
        # A step's rounding moves a number by 0.001 of its deviation.
        self.polishes_in_bfloat16 = bool(info.config.encode_steps) and computes_in_bfloat16(torch.device(self.device))

    @classmethod
    def open(cls, path: Path, device: torch.device) -> TorchBackend:
        """Raises BadWeights, DeviceFailed."""
        model, info = load_weights(path)
        beside = path.with_name("refiner.safetensors")
        refiner, refiner_id = load_refiner(beside, info.model_id) if beside.is_file() else (None, "")
        return cls(model, info, device, refiner, refiner_id)

    def encode(self, images: NDArray[np.uint8], steps: int, out: NDArray[np.float32]) -> None:
        @torch.inference_mode(False)
        @torch.no_grad()
        def run(part: NDArray[Any]) -> Tensor:
            pixels = self._to_device(part)
            rgb = (pixels.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)
            mean = self.model.encode(rgb)[0]
            rounds = bool(steps) and self.polishes_in_bfloat16
            with torch.autocast(self.device, torch.bfloat16, enabled=rounds, cache_enabled=False):  # several at once
                return self.model.polish(rgb, mean, steps) if steps else mean

        self._batched(images, run, out)

    def decode(self, latents: NDArray[np.float32], refine: bool, out: NDArray[np.uint8]) -> None:
        large = out.shape[1] != 128

        def run(part: NDArray[Any]) -> Tensor:
            latents = self._to_device(part).float()
            with torch.autocast(self.device, self.precision, enabled=self.precision != torch.float32):
                rgb = self.model.decode(latents)
                if refine and self.refiner is not None:
                    rgb = self.refiner(rgb.clamp(0, 1), large=large)
                elif large:
                    rgb = F.interpolate(rgb.contiguous(), scale_factor=4, mode="bicubic", align_corners=False)
            return (rgb.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()

        self._batched(latents, run, out)

    @torch.inference_mode()
    def _batched(self, rows: NDArray[Any], run: Callable[[NDArray[Any]], Tensor], out: NDArray[Any]) -> None:
        threads = torch.get_num_threads()
        beside = self.device == "cpu" and len(rows) > self.batch
        if beside or len(rows) == 1:
            # One picture gains little from a second thread, and where another program holds a core the threads wait
            # for each other: 30 ms became 170 on two cores, one of them busy.
            torch.set_num_threads(1)
        try:
            with _the_same_again(self.device):
                if beside:
                    self._run_beside(rows, run, out, threads)
                else:
                    self._run_batches(rows, run, out)
        finally:
            torch.set_num_threads(threads)

    def _run_beside(
        self, rows: NDArray[Any], run: Callable[[NDArray[Any]], Tensor], out: NDArray[Any], threads: int
    ) -> None:
        """A batch a core: threads that share a batch wait for each other at every layer, and two gain little on one."""

        @torch.inference_mode()
        def one(at: int) -> None:
            part, count = self.padded(rows, at)
            out[at : at + count] = run(part)[:count].numpy()

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, range(0, len(rows), self.batch)))

    def _run_batches(self, rows: NDArray[Any], run: Callable[[NDArray[Any]], Tensor], out: NDArray[Any]) -> None:
        at = 0
        waiting: tuple[int, int, Tensor, torch.cuda.Event | None] | None = None
        while at < len(rows):
            part, count = self.padded(rows, at)
            made = self._attempt(run, part)
            if made is None:
                self._shrink()
                continue
            if waiting:
                _take(waiting, out)  # while this batch is at work
            waiting = (at, count, *made)
            at += count
        if waiting:
            _take(waiting, out)

    def _attempt(
        self, run: Callable[[NDArray[Any]], Tensor], part: NDArray[Any]
    ) -> tuple[Tensor, torch.cuda.Event | None] | None:
        return _where_it_fits(lambda: self._to_host(run(part)))

    def _to_device(self, rows: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(rows))
        pinned = tensor.pin_memory() if self.device == "cuda" else tensor
        return pinned.to(self.device, non_blocking=True)

    def _to_host(self, made: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
        """The tensor in the computer's memory, and the event after which its numbers are there; None: already."""
        if made.device.type != "cuda":
            return made.cpu(), None
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
            self._leave_gpu()

    def _leave_gpu(self) -> None:
        self.precision = torch.float32
        self._moved_to("cpu")
        torch.cuda.empty_cache()
        self.say("The GPU is out of memory: going on with the CPU")

    def _moved_to(self, device: str) -> TorchBackend:
        self.model.to(device)
        if self.refiner is not None:
            self.refiner.to(device)
        self.device, self.batch = device, BATCH.get(device, GPU_BATCH)
        return self


def _where_it_fits(work: Callable[[], T]) -> T | None:
    """What `work` gives; None where the GPU has not memory enough for it. What a failed attempt held is free again by
    then: the error that keeps it alive does not leave this function. DeviceFailed where the GPU failed in another way,
    after which it is lost.
    """
    try:
        return work()
    except RuntimeError as error:  # cuBLAS, cuDNN and Metal say it in words of their own
        text = str(error)
        if isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "ALLOC_FAILED" in text:
            return None
        if "CUDA" not in text and "cuDNN" not in text:
            raise
        first = text.partition("\n")[0][:200]
    raise DeviceFailed(f"the GPU failed ({first}): try again, or with --device cpu")


def _the_same_again(device: str) -> AbstractContextManager[None]:
    """On CUDA the same kernels at every run and products of whole float32: so a recipe gives its pixels again, and a
    cover the latent that other machines give it.
    """
    if device != "cuda":
        return nullcontext()
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return flags


def _take(waiting: tuple[int, int, Tensor, torch.cuda.Event | None], out: NDArray[Any]) -> None:
    at, count, host, there = waiting
    if there is not None:
        there.synchronize()
    out[at : at + count] = host[:count].numpy()
