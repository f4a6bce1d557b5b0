"""The model in a thread of its own: loaded once, warmed up, asked by every screen; the screen never waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from store.errors import LibraryError
from vae.info import BadWeights, DeviceFailed

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender

Answer = TypeVar("Answer")
# What a job may end with, of the model, the files or the machine.
TROUBLES = (LibraryError, BadWeights, DeviceFailed, OSError, ValueError, RuntimeError, ImportError, MemoryError)
WARM_SIZES = (128, 512)  # pixels a side that blends are decoded at


class Decoder:
    """One thread that owns the model. Work is done in the order it came in; of previews only the latest counts.

    What goes wrong, in loading too, comes out of the future of who asked; the next one tries again.
    """

    def __init__(self, open_blender: Callable[[], Blender]) -> None:
        """`open_blender` is called in the thread, at the first `start`, `job` or `preview`."""
        self._open = open_blender
        self._blender: Blender | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")
        self._newest: Future[Any] | None = None
        self._asked = threading.Lock()
        self.device = ""  # of the last decode, empty until the model is loaded
        self.milliseconds: float | None = None  # that the last preview took
        self.said = ""  # what the model told last, such as a GPU that is out of memory

    @property
    def is_ready(self) -> bool:
        """Whether the model is loaded."""
        return self._blender is not None

    def start(self) -> None:
        """Load and warm up, so that the first preview need not wait."""
        if not self.is_ready:
            self.job(lambda _: None)

    def job(self, work: Callable[[Blender], Answer]) -> Future[Answer]:
        """Do this in its turn, whatever is asked later."""
        return self._pool.submit(self._do, work)

    def preview(self, work: Callable[[Blender], Answer]) -> Future[Answer]:
        """Do this unless another preview is asked for before its turn comes: then the future is cancelled."""
        with self._asked:
            if self._newest is not None:
                self._newest.cancel()
            future = self._pool.submit(self._timed, work)
            self._newest = future
        return future

    def close(self) -> None:
        """Finish the jobs, such as a file being written, and end the thread."""
        if self._newest is not None:
            self._newest.cancel()
        self._pool.shutdown(wait=True)

    def _do(self, work: Callable[[Blender], Answer]) -> Answer:
        blender = self._loaded()
        answer = work(blender)
        self.device = blender.codec.device
        return answer

    def _timed(self, work: Callable[[Blender], Answer]) -> Answer:
        blender = self._loaded()
        began = time.perf_counter()
        answer = work(blender)
        self.milliseconds, self.device = 1000 * (time.perf_counter() - began), blender.codec.device
        return answer

    def _loaded(self) -> Blender:
        if self._blender is None:
            blender = self._open()
            codec = blender.codec
            codec.say = self._hear  # not to the terminal, which shows the app
            blank = np.zeros((1, codec.latent_dim), np.float32)
            for size in WARM_SIZES:  # one row, as all later ones: the first of a shape is slow
                codec.decode(blank, size)
            self.device, self._blender = codec.device, blender
        return self._blender

    def _hear(self, message: str) -> None:
        self.said = message
