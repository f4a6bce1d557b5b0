"""PyTorch's side of the weights files (`vae.info` says what is in one): written whole, loaded into networks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from vae.info import SHIPPED, BadWeights, Tensors, WeightsInfo, read_tensors, tensors_hash
from vae.model import SleeveVAE, channels_last


def write_tensors(tensors: Mapping[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """A safetensors file that appears whole or not at all, also after a kill or a power cut. OSError.

    It is written as `.NAME.part` in the same folder, always a new file: what a killed run left, or a link that waits
    there, is removed first.
    """
    data = save({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_weights(model: SleeveVAE, path: Path, metrics: Mapping[str, object]) -> str:
    """Write the weights in fp16; returns the model_id. OSError."""
    tensors = {
        name: value.detach().cpu().half().contiguous(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }
    model_id = tensors_hash({name: value.numpy() for name, value in tensors.items()})
    metadata = {
        "model_id": model_id,
        "config": json.dumps(model.config.to_dict()),
        "metrics": json.dumps(metrics),
    }
    write_tensors(tensors, path, metadata)
    return model_id


def load_weights(path: Path = SHIPPED) -> tuple[SleeveVAE, WeightsInfo]:
    """The model in fp32 and eval mode, its hash and every shape checked. Raises BadWeights."""
    info, tensors = read_tensors(path)
    model = SleeveVAE(info.config)
    load_into(model, tensors, path)
    return channels_last(model).eval(), info


def load_into(network: nn.Module, tensors: Tensors, path: Path) -> None:
    """Give a network the weights read from `path`. Raises BadWeights where they do not fit."""
    for name, value in network.state_dict().items():
        if name not in tensors:
            raise BadWeights(f"{path} lacks the weights {name}")
        if tensors[name].shape != tuple(value.shape):
            raise BadWeights(f"{path}: {name} has shape {tensors[name].shape}, expected {tuple(value.shape)}")
    network.load_state_dict({name: torch.from_numpy(tensors[name]).float() for name in network.state_dict()})
