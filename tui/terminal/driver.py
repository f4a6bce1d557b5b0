"""Textual's driver for a terminal that was asked questions: late answers are no keys, early keys are not lost."""

from __future__ import annotations

import contextlib
import os
import selectors
import termios
from codecs import getincrementaldecoder
from typing import Protocol, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.kitty import Kitty
from tui.terminal.probe import AnswerFilter, Modes
from tui.terminal.sixel import Sixel

TICK = 0.1  # seconds between looks at whether the app is to end; an Escape that nothing followed for so long is a key


class Asking(Protocol):
    """What the driver needs of the app."""

    answers: AnswerFilter | None  # of the terminal, some perhaps still to come
    early_keys: str  # typed before the start
    pictures: Kitty | Sixel | None  # what draws covers where cells do not
    modes: Modes | None  # of the terminal before it was asked


class AskedDriver(LinuxDriver):
    """Feeds the keys typed before the start, then all input less the answers; deletes pictures at the end."""

    def run_input_thread(self) -> None:
        """Wait for input and hand it on until the app ends."""
        app = cast("Asking", self._app)
        answers, early = app.answers, app.early_keys
        if answers is None or (answers.over and not early):
            super().run_input_thread()
            return
        app.early_keys = ""  # they are typed once, also where the app is suspended and comes back
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            text = early
            while not self.exit_event.is_set():
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
                came = selector.select(TICK)
                text = answers.feed(decode(os.read(self.fileno, 4096))) if came else answers.release()
        for message in parser.feed(""):
            self.process_message(message)

    def stop_application_mode(self) -> None:
        """Leave the terminal as it was, without our pictures in its memory."""
        pictures = cast("Asking", self._app).pictures
        if pictures is not None:
            self.write(pictures.farewell())
        super().stop_application_mode()
        modes = cast("Asking", self._app).modes
        if modes is not None:  # a shell that the app is suspended to shows what is typed
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, modes)
