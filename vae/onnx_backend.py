"""The model on a processor through ONNX Runtime, without PyTorch.

The graphs of `weights/graphs` say what is computed (`tools.graphs` makes them from the PyTorch code); the numbers come
from the weights file. Each graph is loaded when it is first needed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.backend import Backend
from vae.info import BadWeights, ModelConfig, WeightsInfo, read_refiner, read_tensors

GRAPHS = Path(__file__).parent / "weights" / "graphs"
Tensors = dict[str, NDArray[Any]]


class OnnxBackend(Backend):
    """See `Backend`. Its latents are those of PyTorch in float32 to 0.00001, its pictures to 1 of 255."""

    def __init__(self, info: WeightsInfo, tensors: Tensors, refiner: Tensors, refiner_id: str) -> None:
        centre, search = (tensors[name].astype(np.float32) for name in ("latent_mean", "search"))
        super().__init__(info, centre, search, refiner_id)
        self._tensors = tensors | {f"refiner.{name}": value for name, value in refiner.items()}
        self._sessions: dict[str, Any] = {}

    @classmethod
    def fits(cls, info: WeightsInfo) -> bool:
        """Whether the graphs are of these weights' shape."""
        return shape_of(info.config) == _made_for()["model"]

    @classmethod
    def open(cls, path: Path) -> OnnxBackend:
        """Raises BadWeights."""
        info, tensors = read_tensors(path)
        beside = path.with_name("refiner.safetensors")
        if not beside.is_file():
            return cls(info, tensors, {}, "")
        config, refiner, refiner_id = read_refiner(beside, info.model_id)
        if _plain(asdict(config)) != _made_for()["refiner"]:
            raise BadWeights(f"{beside} is of another shape than the refiner that ships; remove it, or train one anew")
        return cls(info, tensors, refiner, refiner_id)

    def encode(self, images: NDArray[np.uint8], steps: int, out: NDArray[np.float32]) -> None:
        for at in range(0, len(images), self.batch):
            part, count = self.padded(images, at)
            latents = self._run("encode", part)
            for _ in range(steps):
                latents = self._run("polish", part, latents)
            out[at : at + count] = latents[:count]

    def decode(self, latents: NDArray[np.float32], refine: bool, out: NDArray[np.uint8]) -> None:
        large = out.shape[1] != 128
        for at in range(0, len(latents), self.batch):
            part, count = self.padded(latents, at)
            made = self._run("decode", part)
            if refine:
                made = self._run("enlarge" if large else "sharpen", made)
            elif large:
                made = self._run("bicubic", made)
            levels = np.rint(np.clip(made[:count], 0, 1) * 255).astype(np.uint8)
            out[at : at + count] = levels.transpose(0, 2, 3, 1)

    def _run(self, graph: str, *inputs: NDArray[Any]) -> NDArray[Any]:
        if graph not in self._sessions:
            self._sessions[graph] = self._loaded(graph)
        session = self._sessions[graph]
        names = [value.name for value in session.get_inputs()]
        return session.run(None, dict(zip(names, inputs, strict=True)))[0]

    def _loaded(self, graph: str) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)  # 0: as many as there are cores
        # Threads that wait give the processor away: where another program holds a core they would wait for each other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        shapes = _made_for()["graphs"][graph]
        values = []
        for name, shape in shapes.items():
            tensor = self._tensors.get(name)
            if tensor is None or list(tensor.shape) != shape:
                found = "lack" if tensor is None else f"have, of shape {list(tensor.shape)} instead of {shape},"
                raise BadWeights(f"the weights of model {self.info.model_id} {found} {name}")
            values.append(onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(tensor, np.float32)))
        options.add_external_initializers(list(shapes), values)
        return onnxruntime.InferenceSession((GRAPHS / f"{graph}.onnx").read_bytes(), options, ["CPUExecutionProvider"])


def shape_of(config: ModelConfig) -> dict[str, Any]:
    """What of a model's shape its graphs depend on."""
    return _plain({name: value for name, value in asdict(config).items() if name not in ("encode_steps", "search_dim")})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON, which knows no tuples."""
    return json.loads(json.dumps(values))


@cache
def _made_for() -> dict[str, Any]:
    """Of the graphs: `model` and `refiner`, the shapes of the networks; `graphs`, the weights that each one takes."""
    return json.loads((GRAPHS / "graphs.json").read_text())
