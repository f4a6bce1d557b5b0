"""The app's face towards the terminal with Textual's own driver and compositor: the `stock` output."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from store.records import Album
from tui.pictures.cells import Cells, strips
from tui.pictures.picture_table import PictureTable
from tui.terminal.choice import Asked
from tui.terminal.ordered_keys import OrderedKeys
from tui.text import cut, plain

TITLE_CELLS = 80  # of the title of the terminal's window, or of the pane in tmux
GONE_CHECK = 1.0  # seconds between looks at whether the terminal is still there
GONE = 1  # exit status where it is not
LAST_RESORT = 10.0  # seconds that the app has to end by itself then
_UNTITLED = ("", "dumb", "linux")  # TERMs that have no title and may print one
_ASCII = str.maketrans(  # what the screen is drawn with, for a terminal that has ASCII only
    {
        **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "."),
        **dict.fromkeys(map(chr, range(0x2500, 0x2580)), "+"),
        **dict.fromkeys(map(chr, range(0x2580, 0x25A0)), "#"),
        **dict(zip("─━│┃▕▏▌▐…›▸←→↑↓⌫·“”×–—", '--||||[].>><>^v<.""x--', strict=True)),
    }
)


class Colorless(LineFilter):
    """Takes all colours away; what was dark on light is shown reversed. `ascii_only`: other characters too."""

    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments as such a terminal shows them."""
        return [
            Segment(text.translate(_ASCII) if self.ascii_only else text, style and _without_colors(style), control)
            for text, style, control in segments
        ]


class Display(OrderedKeys):
    """An app in a terminal. Subclasses of it may override what is called back."""

    output = "stock"
    draw_cells: Callable[[Cells], list[Strip]] = staticmethod(strips)  # a picture as rows of a widget

    def __init__(self) -> None:
        super().__init__()
        self._colorless: list[LineFilter] = []

    def take_colors(self, color: str) -> None:
        """Draw without colours where `color`, one of COLORS, is "mono" or "ascii"."""
        if color in ("mono", "ascii"):
            self._colorless = [Colorless(color == "ascii")]

    @property
    def colorless(self) -> bool:
        """Whether the terminal shows no colours."""
        return bool(self._colorless)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, then the one for terminals without colours."""
        return [*super().get_line_filters(), *self._colorless]

    def take_pictures(self, asked: Asked) -> PictureTable | None:
        """What the terminal answered before the start, and the pictures it is to draw; None: cells do."""
        return None

    def link_changed(self, slow: bool) -> None:
        """Called when the link was measured to be slow, or to be fast again."""

    def key_drawn(self, size: int, seconds: float) -> None:
        """Called when all that the last key changed was sent: `size` bytes, `seconds` after the key."""

    def set_title(self, codes: str) -> None:
        """Set the title of the terminal's window by `codes`; only the thrifty output can."""

    def redraw(self) -> None:
        """Send everything again, such as after another program wrote over the screen."""
        self.refresh()

    def rows_below(self, screen: Screen[Any], crop: Region) -> list[Strip]:
        """The rows of `crop` on the screen that `screen` lies over; drawn so again, they cost nothing."""
        below = self.screen_stack[self.screen_stack.index(screen) - 1]
        rows = below._compositor.render_strips(below.size)[crop.y : crop.bottom]
        return [row.crop(crop.x, crop.right) for row in rows]

    def action_redraw(self) -> None:
        """The same by a key."""
        self.redraw()

    def on_mount(self) -> None:
        """Leave when the terminal hangs up, also where that signal was ignored before the app started."""
        if not self.is_headless and os.name == "posix":
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._leave)
            self._watch = self.set_interval(GONE_CHECK, self._leave_if_gone)
            resume = signal.getsignal(signal.SIGCONT)  # the kernel sends it with SIGHUP; Textual would start anew
            if callable(resume):
                signal.signal(signal.SIGCONT, lambda *which: None if is_gone() else resume(*which))

    def _leave_if_gone(self) -> None:
        if is_gone():
            self._leave()

    def _leave(self) -> None:
        self._watch.stop()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for end in (0, 2):  # a thread that fails to write leaves its queue full, and closing the driver waits for it
            os.dup2(nowhere, end)
        last_resort = threading.Timer(LAST_RESORT, os._exit, (GONE,))
        last_resort.daemon = True
        last_resort.start()
        self.exit(return_code=GONE)


def is_gone(read: int = 0) -> bool:
    """Whether the terminal at this end hung up; reading from it gives end of file or EIO from then on."""
    poll = select.poll()
    poll.register(read, 0)  # a hangup is reported whatever is asked for
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))


def has_title(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal is one that shows a title."""
    return environ.get("TERM", "") not in _UNTITLED


def title_codes(album: Album) -> str:
    """What sets the title to the album's name, without anything that a terminal would act on."""
    name = f"{plain(album.title) or 'untitled'} · {plain(album.artist) or 'unknown artist'}"
    return f"\x1b]2;{cut(name, TITLE_CELLS)}\x07"


@lru_cache(maxsize=4096)
def _without_colors(style: Style) -> Style:
    dark_on_light = False
    if style.color is not None and style.bgcolor is not None:
        fore, back = (sum(color.get_truecolor()) for color in (style.color, style.bgcolor))
        dark_on_light = fore < back
    return Style(
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse or dark_on_light or None,
        strike=style.strike,
        link=style.link,
        meta=style.meta or None,
    )
