"""A screen that has the decoder do things and shows what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message
from textual.screen import Screen

from store.errors import LibraryError
from tui.workers.decoder import Decoder
from vae.info import BadWeights

if TYPE_CHECKING:
    from pipelines.blends.blender import Blender

TROUBLES = (LibraryError, BadWeights, OSError, ValueError, RuntimeError, ImportError, MemoryError)
Answer = TypeVar("Answer")


class AskingScreen(Screen[str | None]):
    """Asks in the screen's thread, is answered there; in between nothing waits."""

    class Answered(Message):
        """The decoder did what `then` waits for; or `error` says why not."""

        def __init__(self, then: Callable[[Any], None], answer: Any, error: str | None) -> None:
            super().__init__()
            self.then = then
            self.answer = answer
            self.error = error

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def ask(self, work: Callable[[Blender], Answer], then: Callable[[Answer], None], *, preview: bool = False) -> None:
        """Have the decoder do `work`; `then` gets the answer. A stale preview's never comes."""

        def done(future: Future[Answer]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is not None and not isinstance(error, TROUBLES):
                raise error
            said = None if error is None else str(error) or type(error).__name__
            self.post_message(self.Answered(then, None if error else future.result(), said))

        (self.decoder.preview if preview else self.decoder.job)(work).add_done_callback(done)

    def on_asking_screen_answered(self, message: Answered) -> None:
        """Show it, or why there is none."""
        if message.error is not None:
            self.say(message.error, error=True)
        else:
            message.then(message.answer)
        self.after_answer()

    def after_answer(self) -> None:
        """Called after each. (A handler of the message itself would be called beside that of this class.)"""

    def say(self, message: str, error: bool = False) -> None:
        """Tell the person something."""
        raise NotImplementedError
