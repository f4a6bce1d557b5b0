"""The model's one face to the other folders: covers to latents and latents to covers.

codec = Codec.load()
latents = codec.encode(images)          # uint8 [n, 128, 128, 3] -> float32 [n, d]
pictures = codec.decode(latents, 512)   # float32 [n, d] -> uint8 [n, 512, 512, 3]

Behind it works ONNX Runtime (`vae.onnx_backend`), or PyTorch (`vae.torch_backend`) where a GPU answers, where the
weights are of another shape than those that ship, and where many covers are to be encoded and it is quicker.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.backend import Backend
from vae.info import SHIPPED, BadWeights, read_info
from vae.search import search_vectors

SIZES = (128, 512)


class Codec:
    """A loaded model on one device. Not for several threads at once."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.info = backend, backend.info
        self.model_id, self.refiner_id = backend.info.model_id, backend.refiner_id
        self.latent_dim = backend.info.config.latent_dim
        self.pictured = (
            self.latent_dim - backend.info.config.meaning
        )  # numbers of the picture, before those for meaning
        self.centre = backend.centre  # [d], the mean latent of the training covers: what blends are about

    @classmethod
    def load(cls, path: Path | None = None, device: str = "auto", many: bool = False) -> Codec:
        """`device`: auto, cuda or cpu; `many`: hundreds of covers will be encoded.

        A `refiner.safetensors` beside the weights sharpens what is decoded. Raises BadWeights, or ValueError where
        CUDA is asked for and absent.
        """
        path = path or SHIPPED
        info = read_info(path)
        if device == "cuda" or (device == "auto" and _gpu_may_answer()) or (many and _has_torch()):
            if not _has_torch():
                raise ValueError("A GPU needs PyTorch: pip install 'sleevewalk[gpu]', or use --device cpu")
            from vae.torch_backend import TorchBackend, chosen_device, quicker_on_cpu

            chosen = chosen_device(device)
            if chosen.type != "cpu" or quicker_on_cpu(info):
                return cls(TorchBackend.open(path, chosen))
        from vae.onnx_backend import OnnxBackend

        if OnnxBackend.fits(info):
            return cls(OnnxBackend.open(path))
        if not _has_torch():
            raise BadWeights(
                f"{path} is of another shape than the model that ships and needs PyTorch: "
                "pip install 'sleevewalk[train]'"
            )
        from vae.torch_backend import TorchBackend, chosen_device

        return cls(TorchBackend.open(path, chosen_device("cpu")))

    @property
    def device(self) -> str:
        """Where it works: cpu, cuda or mps."""
        return self.backend.device

    @property
    def batch(self) -> int:
        """How many pictures it makes at a time."""
        return self.backend.batch

    @property
    def say(self) -> Callable[[str], None]:
        """Told what a person should know, such as a GPU that is full; at first the standard error."""
        return self.backend.say

    @say.setter
    def say(self, say: Callable[[str], None]) -> None:
        self.backend.say = say

    def encode(self, images: NDArray[np.uint8], steps: int | None = None) -> NDArray[np.float32]:
        """uint8 [n, 128, 128, 3] → float32 [n, latent_dim]: the encoder's mean, polished in `steps` steps.

        Without `steps` as many as the weights say. More give a more faithful picture, slower each
        (`SleeveVAE.polish`).
        """
        if images.ndim != 4 or images.shape[1:] != (128, 128, 3) or images.dtype != np.uint8:
            raise ValueError(f"covers must be uint8 [n, 128, 128, 3], not {images.dtype} {list(images.shape)}")
        out = np.empty((len(images), self.latent_dim), np.float32)
        self.backend.encode(images, self.info.config.encode_steps if steps is None else steps, out)
        return out

    def decode(self, latents: NDArray[np.float32], size: int = 128, refine: bool = True) -> NDArray[np.uint8]:
        """float32 [n, latent_dim] → uint8 [n, size, size, 3]; `size` 128 or 512.

        Sharpened by the refiner where there is one and `refine` is true; else 512 is the bicubic enlargement of 128.
        """
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise ValueError(f"latents must be [n, {self.latent_dim}], not {list(latents.shape)}")
        if size not in SIZES:
            raise ValueError(f"covers are decoded at {SIZES[0]} or {SIZES[1]} pixels, not {size}")
        out = np.empty((len(latents), size, size, 3), np.uint8)
        self.backend.decode(latents.astype(np.float32, copy=False), refine and bool(self.refiner_id), out)
        return out

    def search_vectors(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Latents [n, d] → the vectors [n, m] in which near means alike (see `vae.search`)."""
        return search_vectors(latents, self.backend.search)


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _gpu_may_answer() -> bool:
    """Without PyTorch, whose import takes two seconds: whether asking it for a GPU is worth that."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    driver = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists() or sys.platform == "win32"
    return _has_torch() and (apple or driver)
