"""What a weights file says of itself. Read without torch, so that a command that has nothing to encode stays quick."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

SHIPPED = Path(__file__).parent / "weights" / "sleevewalk.safetensors"


class BadWeights(Exception):
    """The file is no weights file of this project, or is damaged; the message says which and why."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network; travels in the weights file's metadata."""

    latent_dim: int = 512
    encoder_widths: tuple[int, ...] = (64, 128, 192)  # at 32, 16 and 8 pixels
    decoder_widths: tuple[int, ...] = (128, 160, 192)  # at 32, 16 and 8 pixels
    blocks: int = 1  # residual blocks a level in the decoder, each way
    encoder_blocks: int = 1  # the same in the encoder
    meaning: int = 0  # so many of the latent's numbers, the last ones, say what the cover shows (`vae.meaning`)
    resolution: int = 128
    encode_steps: int = 0  # of descent on the picture's error that end an encoding (`SleeveVAE.polish`)
    search_dim: int = 256  # of the vectors that the index compares

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> ModelConfig:
        known = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return cls(**known)  # type: ignore[arg-type]


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
        config = ModelConfig.from_dict(json.loads(metadata["config"]))
        return WeightsInfo(metadata["model_id"], config, json.loads(metadata["metrics"]))
    except SafetensorError as error:
        raise BadWeights(f"{path} is damaged or no safetensors file: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadWeights(f"{path} holds no sleevewalk model: its metadata lacks or spoils {error}") from error


def search_matrix(path: Path = SHIPPED) -> NDArray[np.float32]:
    """float32 [m, d + 1]: what `vae.search.search_vectors` takes. Raises BadWeights."""
    try:
        with safe_open(path, "np") as file:
            return np.asarray(file.get_tensor("search"), np.float32)
    except (SafetensorError, OSError) as error:
        raise BadWeights(f"{path} holds no search matrix, or is damaged: {error}") from error
