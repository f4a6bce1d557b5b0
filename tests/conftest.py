"""What all tests share: an empty library, drawn covers and a small untrained model."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from store.database.library import Library
from tests.support.covers import drawn_covers


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist ignores Ctrl-C, and so would all that a test starts
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    return Library.create(tmp_path / "library")


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
