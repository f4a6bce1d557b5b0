"""The weights file: fp16 safetensors with the model's shape and figures in its metadata. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from vae.info import SHIPPED, BadWeights, WeightsInfo, read_info
from vae.model import SleeveVAE, channels_last


def tensors_hash(tensors: dict[str, torch.Tensor]) -> str:
    """16 hex digits over names, shapes and values, in name order."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}{tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


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
    model_id = tensors_hash(tensors)
    metadata = {
        "model_id": model_id,
        "config": json.dumps(model.config.to_dict()),
        "metrics": json.dumps(metrics),
    }
    write_tensors(tensors, path, metadata)
    return model_id


def load_weights(path: Path = SHIPPED) -> tuple[SleeveVAE, WeightsInfo]:
    """The model in fp32 and eval mode, its hash and every shape checked. Raises BadWeights."""
    info = read_info(path)
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise BadWeights(f"{path} is damaged: {error}") from error
    found = tensors_hash(tensors)
    if found != info.model_id:
        raise BadWeights(f"{path} is damaged: it says it is model {info.model_id} but its weights hash to {found}")
    model = SleeveVAE(info.config)
    expected = model.state_dict()
    for name, value in expected.items():
        if name not in tensors:
            raise BadWeights(f"{path} lacks the weights {name}")
        if tensors[name].shape != value.shape:
            raise BadWeights(f"{path}: {name} has shape {tuple(tensors[name].shape)}, expected {tuple(value.shape)}")
    model.load_state_dict({name: tensors[name].float() for name in expected})
    return channels_last(model).eval(), info
