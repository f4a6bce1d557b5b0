"""What a training run needs to go on: modules and Adam optimisers in one safetensors file. Nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from vae.weights_file import write_tensors


def save_state(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    notes: Mapping[str, object],
) -> None:
    """`notes` must be JSON."""
    tensors = {f"{name}.{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, kept in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{name}.{index}.{key}": value for key, value in kept.items()}
    write_tensors(tensors, path, {"notes": json.dumps(notes)})


def read_notes(path: Path) -> dict[str, Any]:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["notes"])


def load_state(
    path: Path,
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    device: torch.device,
) -> None:
    """Into modules and optimisers of the same shapes."""
    tensors = load_file(path, device=str(device))
    for name, module in modules.items():
        prefix = f"{name}."
        module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    for name, optimizer in optimizers.items():
        prefix = f"optimizer.{name}."
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(prefix):
                index, part = key.removeprefix(prefix).split(".")
                state.setdefault(int(index), {})[part] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def adam_state(tensors: Mapping[str, torch.Tensor], name: str, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """What Adam keeps of the parameter `name`, in its own memory format, which the fused optimiser needs."""
    state = {"step": tensors[f"optimizer.step.{name}"]}
    for key in ("exp_avg", "exp_avg_sq"):
        state[key] = torch.empty_like(parameter, requires_grad=False).copy_(tensors[f"optimizer.{key}.{name}"])
    return state
