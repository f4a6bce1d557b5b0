"""A player that only notes what it is asked to play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from store.records import Album
from tests.tui.support.keys import Case, Stage


def asked(queue: bool, albums: Callable[[Stage], Sequence[str]], ready: Callable[[Stage], None] | None = None) -> Case:
    """The key asks the player once to play these albums (their ids) now, or to queue them, and the screen says so."""
    orders: list[tuple[list[str], bool]] = []

    def note(wanted: Sequence[Album], queued: bool) -> None:
        orders.append(([album.album_id for album in wanted], queued))

    def before(stage: Stage) -> None:
        orders.clear()
        jukebox: Any = stage.app.jukebox
        jukebox.play = note
        if ready is not None:
            ready(stage)

    def look(stage: Stage) -> tuple[object, ...]:
        return list(orders), list(albums(stage)), "asking the player" in stage.text

    return Case(
        look, lambda was, now: was[0] == [] and len(now[1]) > 1 and now[0] == [(now[1], queue)] and now[2], before
    )
