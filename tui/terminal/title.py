"""The title of the terminal's window, or of the pane in tmux: the album that the walk is at."""

from __future__ import annotations

import os
from collections.abc import Mapping

from store.records import Album
from tui.text import cut, plain

CELLS = 80  # of the title
KEEP, RESTORE = "\x1b[22;2t", "\x1b[23;2t"  # the title that was there before
_UNTITLED = ("", "dumb", "linux")  # TERMs that have no title and may print one


def has_title(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal is one that shows a title."""
    return environ.get("TERM", "") not in _UNTITLED


def title_codes(album: Album) -> str:
    """What sets the title: the album's own, without anything that a terminal would act on."""
    said = f"{plain(album.title) or 'untitled'} · {plain(album.artist) or 'unknown artist'}"
    return f"\x1b]2;{cut(said, CELLS)}\x07"
