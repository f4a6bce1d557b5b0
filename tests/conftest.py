"""What all tests share: covers drawn here, so that no test needs real ones, and a small untrained model."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist ignores Ctrl-C, and so would all that a test starts
        signal.signal(signal.SIGINT, signal.default_int_handler)


def drawn_covers(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [n, 128, 128, 3]: gradients and discs of random colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:128, 0:128] / 128
    covers = np.empty((n, 128, 128, 3), np.uint8)
    for i in range(n):
        low, high = random.random((2, 3))
        slope = np.cos(a := random.uniform(0, 6.3)) * x + np.sin(a) * y
        picture = low + (high - low) * ((slope - slope.min()) / np.ptp(slope))[..., None]
        for _ in range(3):
            cx, cy, r = random.random(3)
            picture[(x - cx) ** 2 + (y - cy) ** 2 < (0.3 * r) ** 2] = random.random(3)
        covers[i] = (picture * 255).clip(0, 255)
    return covers


@pytest.fixture(scope="session")
def covers() -> NDArray[np.uint8]:
    return drawn_covers(48)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory, covers: NDArray[np.uint8]) -> Path:
    """A weights file of 16 numbers a cover: PCA alone, untrained."""
    import torch

    from vae.info import ModelConfig
    from vae.model import SleeveVAE
    from vae.training.data import to_tensor
    from vae.training.pca import start_from_pca
    from vae.weights_file import save_weights

    torch.manual_seed(0)
    shape = ModelConfig(latent_dim=16, encoder_widths=(16, 16, 32), decoder_widths=(16, 16, 32), search_dim=16)
    model = SleeveVAE(shape)
    start_from_pca(model, to_tensor(covers))
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(model, path, {"steps": 0, "device": "cpu"})
    return path
