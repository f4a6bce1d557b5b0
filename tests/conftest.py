"""What all tests share: an empty library, drawn covers and a small untrained model."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from store.database import schema
from store.database.library import Library
from tests.support.covers import drawn_covers

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("untimed")

LONG = (
    "test_build",
    "test_train",
    "test_snapshots",
    "test_remote",
    "test_picture_terminal",
    "test_cli",
    "test_nasty_names",
    "test_torture",
    "test_demo_build",
    "test_codec",
    "test_hostile",
    "test_blend_files",
    "test_ranks",
    "test_output",
    "test_refiner",
    "test_memory",
    "test_wire",
    "test_meter",
)  # of tests that take 15 seconds of a processor or more, the longest first


def pytest_configure(config: pytest.Config) -> None:
    os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor"})  # wherever they run: all colours
    os.environ.pop("NO_COLOR", None)
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist ignores Ctrl-C, and so would all that a test starts
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # pytest-xdist's
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores, at most six: a third of the time is spent waiting for screens and for other programs."""
    return min(4, os.cpu_count() or 1) * 3 // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left alone with one at the end."""
    place = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def pytest_collection_finish() -> None:
    """What is imported by now stays: no search for garbage looks through it again (a sixth of the time of an app)."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new library's file is made by all migrations once, and copied from then on: a third of a second each time."""
    kept: dict[tuple[object, ...], Path] = {}  # by the migrations, which a test may change
    make = Library._create_file

    def create_file(library: Library) -> bool:
        migrations = tuple(schema.MIGRATIONS)
        if migrations not in kept:
            made = make(library)
            kept[migrations] = Path(shutil.copy2(library.db_path, tmp_path_factory.mktemp("made")))
            return made
        shutil.copy2(kept[migrations], library.db_path)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Library, "_create_file", create_file)
        yield


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
