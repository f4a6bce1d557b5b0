"""What computes behind `vae.codec.Codec`: ONNX Runtime or PyTorch, on one device."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.info import WeightsInfo


class Backend(ABC):
    """A loaded model. Not for several threads at once.

    Batches have a fixed size (the last one is padded), so that a cover's latent does not depend on its company.
    """

    device = "cpu"  # or cuda, mps: where it works
    batch = 16  # pictures at a time

    def __init__(
        self, info: WeightsInfo, centre: NDArray[np.float32], search: NDArray[np.float32], refiner_id: str
    ) -> None:
        self.info, self.refiner_id = info, refiner_id
        self.centre, self.search = centre, search  # [d], and the matrix of `vae.search`
        self.say: Callable[[str], None] = _to_stderr  # what a person should know, such as a GPU that is full

    @abstractmethod
    def encode(self, images: NDArray[np.uint8], steps: int, out: NDArray[np.float32]) -> None:
        """uint8 [n, 128, 128, 3] → `out` [n, d], polished in `steps` steps."""

    @abstractmethod
    def decode(self, latents: NDArray[np.float32], refine: bool, out: NDArray[np.uint8]) -> None:
        """float32 [n, d] → `out` [n, size, size, 3], whose size, 128 or 512, is asked for."""

    def padded(self, rows: NDArray[Any], at: int) -> tuple[NDArray[Any], int]:
        """(a batch of `rows` from row `at`, filled up with zeros, how many rows of it count).

        One row is a batch of its own: the first preview of a blend must not pay for fifteen blanks.
        """
        part = rows[at : at + self.batch]
        missing = 0 if len(rows) == 1 else self.batch - len(part)
        if missing:
            return np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)]), len(part)
        return part, len(part)


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)
