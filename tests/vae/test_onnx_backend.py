"""ONNX Runtime gives what PyTorch gives, and needs no PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vae.codec import Codec
from vae.info import SHIPPED, BadWeights, read_refiner, read_tensors
from vae.onnx_backend import OnnxBackend
from vae.torch_backend import TorchBackend


@pytest.fixture(scope="module")
def with_onnx() -> Codec:
    return Codec(OnnxBackend.open(SHIPPED))


@pytest.fixture(scope="module")
def with_torch() -> Codec:
    backend = TorchBackend.open(SHIPPED, torch.device("cpu"))
    backend.polishes_in_bfloat16 = False
    return Codec(backend)


def test_latents_are_those_of_pytorch(with_onnx, with_torch, covers):
    for steps in (0, 1, 2):
        assert np.allclose(with_onnx.encode(covers[:3], steps), with_torch.encode(covers[:3], steps), atol=1e-4)


@pytest.mark.parametrize("size", [128, 512])
@pytest.mark.parametrize("refine", [True, False])
def test_pictures_are_those_of_pytorch_to_one_level(with_onnx, with_torch, covers, size, refine):
    latents = with_onnx.encode(covers[:2], 0)
    made, expected = (codec.decode(latents, size, refine).astype(int) for codec in (with_onnx, with_torch))
    assert made.shape == (2, size, size, 3) and np.abs(made - expected).max() <= 1


def test_a_latent_does_not_depend_on_its_company(with_onnx, covers):
    together = with_onnx.encode(covers[:18], 0)
    assert together.shape == (18, with_onnx.latent_dim)
    assert np.allclose(with_onnx.encode(covers[17:18], 0)[0], together[17], atol=1e-4)


def test_search_vectors_and_the_centre_are_those_of_the_file(with_onnx, with_torch):
    assert np.array_equal(with_onnx.centre, with_torch.centre)
    latents = np.random.default_rng(0).standard_normal((3, with_onnx.latent_dim), np.float32)
    assert np.allclose(with_onnx.search_vectors(latents), with_torch.search_vectors(latents), atol=1e-6)


def test_on_a_processor_the_shipped_weights_run_without_pytorch(tmp_path):
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from vae.codec import Codec\n"
        "codec = Codec.load(device='cpu')\n"
        "print(codec.decode(codec.encode(np.full((1, 128, 128, 3), 90, np.uint8))).mean())\n"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert abs(float(made.stdout) - 90) < 5


def test_weights_of_another_shape_go_to_pytorch(tiny_weights):
    assert isinstance(Codec.load(tiny_weights, "cpu").backend, TorchBackend)
    assert isinstance(Codec.load(device="cpu").backend, OnnxBackend)


def test_weights_of_another_shape_without_pytorch_say_what_brings_it(tiny_weights, monkeypatch):
    monkeypatch.setattr("vae.codec._has_torch", lambda: False)
    with pytest.raises(BadWeights, match=r"sleevewalk\[train\]"):
        Codec.load(tiny_weights, "cpu")
    with pytest.raises(ValueError, match=r"sleevewalk\[gpu\]"):
        Codec.load(device="cuda")


def test_weights_that_lack_a_tensor_or_have_it_of_another_size_are_refused():
    info, tensors = read_tensors(SHIPPED)
    _, refiner, refiner_id = read_refiner(SHIPPED.with_name("refiner.safetensors"), info.model_id)
    name = "decoder.linear.weight"
    for spoilt in ({k: v for k, v in tensors.items() if k != name}, tensors | {name: tensors[name][:, :5]}):
        codec = Codec(OnnxBackend(info, spoilt, refiner, refiner_id))
        with pytest.raises(BadWeights, match=name):
            codec.decode(np.zeros((1, codec.latent_dim), np.float32))


def test_the_graphs_that_ship_are_whole():
    from vae.onnx_backend import GRAPHS

    made = {path.stem for path in Path(GRAPHS).glob("*.onnx")}
    assert made == {"encode", "polish", "decode", "sharpen", "enlarge", "bicubic"}
