from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

# Tiny models: a second thread costs more in waiting than it brings.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def tiny_floats() -> Iterator[None]:
    """Training rounds the tiniest floats to zero, for the whole process: not for the tests that come after."""
    yield
    torch.set_flush_denormal(False)


def write_covers(folder: Path, covers: NDArray[np.uint8]) -> Path:
    """PNG files, two with one artist in a covers.csv."""
    rows = ["artist,genre,cover"]
    for i, cover in enumerate(covers):
        Image.fromarray(cover).save(folder / f"{i:03}.png")
        rows.append(f"Artist {i // 2},{'rock' if i % 4 < 2 else 'pop'},{i:03}.png")
    (folder / "covers.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="session")
def cover_folder(tmp_path_factory: pytest.TempPathFactory, covers: NDArray[np.uint8]) -> Path:
    """All drawn covers."""
    return write_covers(tmp_path_factory.mktemp("covers"), covers)


@pytest.fixture(scope="session")
def few_covers(tmp_path_factory: pytest.TempPathFactory, covers: NDArray[np.uint8]) -> Path:
    """Enough for baselines of 16 numbers, cross-fitted."""
    return write_covers(tmp_path_factory.mktemp("few"), covers[:24])
