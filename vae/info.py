"""What is in a weights file: fp16 safetensors with the network's shape and figures in the metadata.

Read without PyTorch, which a person need not have, and whose import takes two seconds. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

SHIPPED = Path(__file__).parent / "weights" / "sleevewalk.safetensors"
SHIPPED_REFINER = SHIPPED.with_name("refiner.safetensors")

T = TypeVar("T")
Width = Annotated[int, Meta(ge=1, le=4096)]
Numbers = Annotated[int, Meta(ge=0, le=4096)]
Blocks = Annotated[int, Meta(ge=0, le=16)]
Widths = Annotated[tuple[Width, ...], Meta(min_length=1, max_length=8)]
_HASH = re.compile(r"[0-9a-f]{16}")  # becomes part of a file's name
Tensors = Mapping[str, NDArray[Any]]


class BadWeights(Exception):
    """The file is no weights file of this project, or is damaged; the message says which and why."""


class DeviceFailed(Exception):
    """The GPU does not answer any more; the message says why and what to do."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network; travels in the weights file's metadata."""

    latent_dim: Width = 512
    encoder_widths: Widths = (64, 128, 192)  # at 32, 16 and 8 pixels
    decoder_widths: Widths = (128, 160, 192)  # at 32, 16 and 8 pixels
    blocks: Blocks = 1  # residual blocks a level in the decoder, each way
    encoder_blocks: Blocks = 1  # the same in the encoder
    meaning: Numbers = 0  # so many of the latent's numbers, the last ones, say what the cover shows (`vae.meaning`)
    resolution: Annotated[int, Meta(ge=32, le=1024)] = 128
    encode_steps: Annotated[int, Meta(ge=0, le=1000)] = (
        0  # of descent on the picture's error that end an encoding (`SleeveVAE.polish`)
    )
    search_dim: Width = 256  # of the vectors that the index compares

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class RefinerConfig:
    """The shape of the refiner (`vae.refiner`); travels in its file's metadata."""

    widths: tuple[Width, Width, Width] = (48, 96, 24)  # at 64 and 32 pixels, and in the head for 512
    blocks: Blocks = 2  # residual blocks at 64 pixels, on the way in and out; one more at 32
    flat: Annotated[float, Meta(ge=0, le=1)] = 0.06  # contrast (0–1) of a neighbourhood that gets half of its detail
    reach: Annotated[float, Meta(ge=0, le=64)] = 20.0  # pixels at 512 over which an outline may be moved


@dataclass(frozen=True)
class WeightsInfo:
    """What a weights file says of itself, without loading it."""

    model_id: str  # 16 hex digits of the tensors' hash
    config: ModelConfig
    metrics: dict[str, object]


def read_info(path: Path = SHIPPED) -> WeightsInfo:
    """The metadata alone (no tensor is read). Raises BadWeights."""
    if not path.is_file():
        raise BadWeights(f"No weights at {path}: train some with `sleevewalk train --out {path}`")
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
        config = _decoded(metadata["config"], ModelConfig)
        return WeightsInfo(_hash(metadata["model_id"]), config, _decoded(metadata["metrics"], dict[str, object]))
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} is damaged or no safetensors file: {error}") from error
    except (KeyError, ValueError) as error:
        raise BadWeights(f"{path} holds no sleevewalk model: its metadata lacks or spoils {error}") from error


def read_tensors(path: Path = SHIPPED) -> tuple[WeightsInfo, dict[str, NDArray[Any]]]:
    """The file whole, its content checked by its hash. Raises BadWeights."""
    info = read_info(path)
    return info, _hashed(path, info.model_id)


def read_refiner(path: Path, model_id: str) -> tuple[RefinerConfig, dict[str, NDArray[Any]], str]:
    """(shape, tensors, id) of a refiner. Raises BadWeights, also where it belongs to the decoder of another model."""
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
        if "reach" not in _decoded(metadata["config"], dict[str, object]):
            raise BadWeights(f"{path} is a refiner of an earlier version: train one anew, or remove it")
        config = _decoded(metadata["config"], RefinerConfig)
        of_model, refiner_id = _hash(metadata["model_id"]), _hash(metadata["refiner_id"])
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} is damaged or no safetensors file: {error}") from error
    except (KeyError, ValueError) as error:
        raise BadWeights(f"{path} holds no refiner: its metadata lacks or spoils {error}") from error
    if of_model != model_id:
        raise BadWeights(f"{path} refines the pictures of model {of_model}, not of {model_id}")
    return config, _hashed(path, refiner_id), refiner_id


def _decoded(text: str, shape: type[T]) -> T:
    """JSON as a value of that type. ValueError, in one line, for anything else."""
    try:
        return msgspec.json.decode(text, type=shape)
    except RecursionError:
        raise ValueError("what is nested too deep") from None


def _hash(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise ValueError("an id that is no hash")
    return text


def _hashed(path: Path, expected: str) -> dict[str, NDArray[Any]]:
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} is damaged: {error}") from error
    found = tensors_hash(tensors)
    if found != expected:
        raise BadWeights(f"{path} is damaged: it says it is {expected} but its weights hash to {found}")
    return tensors


def tensors_hash(tensors: Tensors) -> str:
    """16 hex digits over names, shapes and values, in name order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}{tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()[:16]


def search_matrix(path: Path = SHIPPED) -> NDArray[np.float32]:
    """float32 [m, d + 1]: what `vae.search.search_vectors` takes. Raises BadWeights."""
    try:
        with safe_open(path, "np") as file:
            return np.asarray(file.get_tensor("search"), np.float32)
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} holds no search matrix, or is damaged: {error}") from error
