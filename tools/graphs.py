"""The model's computations as ONNX graphs without weights, made from the PyTorch code: python -m tools.graphs.

`vae/onnx_backend.py` runs them with the tensors of a weights file, so a graph is made anew when the shape of the model
changes or its code, not when it is trained on. The polishing step is a gradient: it is traced with its backward pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.attention import SDPBackend, sdpa_kernel

from vae import model as model_code
from vae.info import SHIPPED_REFINER
from vae.onnx_backend import GRAPHS, shape_of
from vae.refiner import load_refiner
from vae.weights_file import load_weights

Weights = Mapping[str, Tensor]
Function = Callable[..., Tensor]
_IN_WEIGHTS_FILE = onnx.TensorProto.EXTERNAL


def main() -> None:
    """Write all graphs to vae/weights/graphs."""
    model, info = load_weights()
    refiner, _ = load_refiner(SHIPPED_REFINER, info.model_id)
    GRAPHS.mkdir(parents=True, exist_ok=True)
    pixels, z = torch.zeros(2, 128, 128, 3, dtype=torch.uint8), torch.randn(2, info.config.latent_dim)
    rgb = torch.rand(2, 3, 128, 128)
    graphs = {
        "encode": _write("encode", _of(model, encode), model, (pixels,)),
        "polish": _write("polish", polish_function(model), model, (pixels, z)),
        "decode": _write("decode", _of(model, lambda m, z: m.decode(z)), model, (z,)),
        "sharpen": _write("sharpen", _of(refiner, lambda m, rgb: m(rgb.clamp(0, 1))), refiner, (rgb,), "refiner."),
        "enlarge": _write(
            "enlarge", _of(refiner, lambda m, rgb: m(rgb.clamp(0, 1), True)), refiner, (rgb,), "refiner."
        ),
        "bicubic": _write("bicubic", _of(nn.Identity(), bicubic), nn.Identity(), (rgb,)),
    }
    made_for = {"model": shape_of(info.config), "refiner": asdict(refiner.config), "graphs": graphs}
    (GRAPHS / "graphs.json").write_text(json.dumps(made_for, indent=1) + "\n")


def to_rgb(pixels: Tensor) -> Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 255


def encode(model: model_code.SleeveVAE, pixels: Tensor) -> Tensor:
    return model.encode(to_rgb(pixels))[0]


def bicubic(_: nn.Module, rgb: Tensor) -> Tensor:
    return F.interpolate(rgb, scale_factor=4, mode="bicubic", align_corners=False)


class _Called(nn.Module):
    """A function of a module, so that `functional_call` can give the module other weights."""

    def __init__(self, module: nn.Module, function: Function) -> None:
        super().__init__()
        self.module, self.function = module, function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(self.module, *inputs)


def _of(module: nn.Module, function: Function) -> Function:
    called = _Called(module, function)
    return lambda weights, *inputs: torch.func.functional_call(
        called, {f"module.{name}": value for name, value in weights.items()}, inputs
    )


def polish_function(model: model_code.SleeveVAE) -> Function:
    """`SleeveVAE.polish` of one step, forward and backward pass as one traced graph of plain operations."""

    def polished(weights: Weights, pixels: Tensor, z: Tensor) -> Tensor:
        step = _of(model, lambda m, pixels, z: m.polish(to_rgb(pixels), z, 1))
        return step(weights, pixels, z)

    before, model_code.from_planes = model_code.from_planes, _from_planes
    try:
        with sdpa_kernel(SDPBackend.MATH):
            table = {**core_aten_decompositions(), torch.ops.aten.convolution_backward.default: _convolution_backward}
            shapes = torch.zeros(2, 128, 128, 3, dtype=torch.uint8), torch.randn(2, model.config.latent_dim)
            return make_fx(polished, decomposition_table=table, tracing_mode="symbolic")(_weights(model), *shapes)
    finally:
        model_code.from_planes = before


def _from_planes(planes: Tensor) -> Tensor:
    """`vae.model.from_planes` as products of matrices, whose gradients ONNX has."""

    def grown(plane: Tensor) -> Tensor:
        size = plane.shape[-1]
        each = torch.eye(size).reshape(1, size, size, 1)
        matrix = F.interpolate(each, size=(128, 1), mode="bilinear", align_corners=False)[0, :, :, 0].T.contiguous()
        return matrix @ plane @ matrix.T

    return torch.cat([grown(plane) for plane in model_code.split_planes(planes)], 1)


def _convolution_backward(
    slope: Tensor, x: Tensor, weight: Tensor, _bias: Any, stride: Any, padding: Any, dilation: Any, *rest: Any
) -> tuple[Tensor, None, None]:
    """The gradient of a convolution's input, which is a transposed convolution; the weights' own is not asked for."""
    groups = rest[2]
    short = [
        x.shape[2 + i] - ((slope.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + weight.shape[2 + i]) for i in (0, 1)
    ]
    back = torch.ops.aten.convolution(slope, weight, None, stride, padding, dilation, True, short, groups)
    return back, None, None


def _weights(module: nn.Module) -> dict[str, Tensor]:
    """What the functions read of a module: what its file holds, and the constants that it does not."""
    named = dict(module.named_parameters()) | dict(module.named_buffers())
    return {name: value.detach().contiguous() for name, value in named.items()}


class _Graph(nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, weights: dict[str, Tensor], inputs: tuple[Tensor, ...]) -> Tensor:
        return self.function(weights, *inputs)


def _write(
    name: str, function: Function, module: nn.Module, inputs: tuple[Tensor, ...], prefix: str = ""
) -> dict[str, list[int]]:
    """Write one graph; the names, beginning with `prefix`, and shapes of the weights that it takes."""
    weights = _weights(module)
    rows = torch.export.Dim("n", min=1, max=4096)
    shapes = ({key: None for key in weights}, tuple({0: rows} for _ in inputs))
    with torch.no_grad():
        exported = torch.export.export(_Graph(function), (weights, inputs), dynamic_shapes=shapes)
    program = torch.onnx.export(exported, dynamo=True, verbose=False)
    assert program is not None
    made = program.model_proto
    given = {value.name: prefix + key for value, key in zip(made.graph.input, weights, strict=False)}
    named = {prefix + key: value for key, value in weights.items()}
    taken = _take_weights_out(made, given, named, {prefix + key for key in module.state_dict()})
    (GRAPHS / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))
    print(f"{name}: {len(made.graph.node)} operations, {made.ByteSize() / 1000:.0f} KB")
    return taken


def _take_weights_out(
    made: onnx.ModelProto, given: dict[str, str], weights: Weights, kept: set[str]
) -> dict[str, list[int]]:
    """Inputs that are weights become initialisers whose values come from outside, under the weights file's names;
    what is not `kept` in that file becomes a constant.
    """
    used = {name for node in made.graph.node for name in node.input}
    inputs = [value for value in made.graph.input if value.name not in given]
    taken = {}
    for name, key in given.items():
        if name in used and key not in kept:
            made.graph.initializer.append(onnx.numpy_helper.from_array(weights[key].numpy(), key))
        elif name in used:
            outside = onnx.TensorProto(name=key, data_type=onnx.TensorProto.FLOAT, dims=weights[key].shape)
            outside.data_location = _IN_WEIGHTS_FILE
            outside.external_data.add(key="location", value="weights")
            made.graph.initializer.append(outside)
            taken[key] = list(weights[key].shape)
    for node in made.graph.node:
        node.input[:] = [given.get(name, name) for name in node.input]
        del node.metadata_props[:]
        node.doc_string = ""
    del made.graph.input[:], made.graph.value_info[:], made.graph.metadata_props[:], made.metadata_props[:]
    made.graph.input.extend(inputs)
    return taken


if __name__ == "__main__":
    main()
