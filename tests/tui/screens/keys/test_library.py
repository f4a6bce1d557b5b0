"""Every key of the library's list, of an album's page and of an artist's sleeves does what help says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from store.catalogue.album_page import AlbumPage
from store.catalogue.files import TrackFile
from tests.tui.support.app import until
from tests.tui.support.keys import HELP, Case, Stage, becomes, check_keys, chosen, here_is, moved, sheet_cases, to
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.walk.screen import WalkScreen

TRACK = TrackFile("/music/Harbour/0/01.flac", "One", track=1, seconds=61.0)


def at(place: int) -> Any:
    def before(stage: Stage) -> None:
        stage.screen.hits.place = place

    return before


async def typed(stage: Stage) -> None:
    stage.screen.query_one(Input).value = "genre:dub"
    await until(stage.pilot, lambda: stage.screen.asked == "genre:dub")


LIST = {
    "back": to(WalkScreen),
    "choose": here_is(lambda s: s.screen.chosen.album_id, at(5)),
    "next": moved(chosen, 1, at(1)),
    "previous": moved(chosen, -1, at(3)),
    "page-down": Case(chosen, lambda was, now: now > was + 1, at(1)),
    "page-up": Case(chosen, lambda was, now: now < was - 1, at(9)),
    "letters": Case(chosen, lambda was, now: (was, now) == (1, 2), at(1), ("d",)),
    "only": becomes(lambda s: s.session.filter.text, "genre:dub", typed),
    "page": to(AlbumScreen, "near it", at(2)),
    "sleeves": to(ArtistScreen, "album", at(2)),
    "sort": Case(lambda s: (s.screen.by, s.screen.hits.items[0]), lambda was, now: now[0] != was[0]),
    "turn": Case(lambda s: s.screen.hits.items[:], lambda was, now: now != was and sorted(now) == sorted(was)),
    "help": HELP[ListScreen],
}


def copied(
    text: Callable[[Stage], str], mbid: str | None = "an-mbid", tracks: tuple[TrackFile, ...] = (TRACK,)
) -> Case:
    def before(stage: Stage) -> None:
        stage.screen.page = AlbumPage("an-mbid", ("table",), (), (), (), None, (TRACK,))
        stage.app._clipboard = ""

    return Case(
        lambda s: (s.app.clipboard, "copied" in s.text, text(s) if s.kind is AlbumScreen else ""),
        lambda was, now: now == (was[2], True, was[2]) != was,
        before,
    )


def second(stage: Stage) -> None:
    stage.screen.sheet.choose(1)


def shown(stage: Stage) -> Any:
    return stage.kind, stage.session.here.album_id, getattr(stage.screen, "album", None)


def heard(queue: bool) -> Case:
    asked: list[Any] = []

    def before(stage: Stage) -> None:
        asked.clear()
        stage.app.hear = lambda albums, queued: asked.append((albums, queued))

    return Case(lambda s: [queued for _, queued in asked], lambda was, now: was == [] and now == [queue], before)


def near(stage: Stage) -> int:
    place: int = stage.screen.sheet.place
    return place


def ready(place: int) -> Any:
    async def before(stage: Stage) -> None:
        await until(stage.pilot, lambda: len(stage.screen.sheet.items) > 5)
        stage.screen.sheet.choose(place)

    return before


async def elsewhere(stage: Stage) -> None:
    await until(stage.pilot, lambda: len(stage.screen.sheet.items) > 5)
    here = stage.session.here.album_id
    stage.screen.sheet.choose(next(n for n, one in enumerate(stage.screen.sheet.items) if one.album.album_id != here))


ALBUM = {
    "next": moved(near, 1, ready(0)),
    "previous": moved(near, -1, ready(1)),
    "below": Case(near, lambda was, now: now > was, ready(0)),
    "above": Case(near, lambda was, now: now < was, ready(99)),
    "page-down": Case(near, lambda was, now: now > was, ready(0)),
    "page-up": Case(near, lambda was, now: now < was, ready(99)),
    "last": Case(near, lambda was, now: now > was, ready(0)),
    "first": becomes(near, 0, ready(3)),
    "letters": Case(near, lambda was, now: (was, now) == (0, 2), ready(0), ("d",)),
    "choose": here_is(lambda s: s.screen.sheet.chosen.album.album_id, elsewhere),
    "page": Case(shown, lambda was, now: now[0] is AlbumScreen and now[2] != was[2], second),
    "walk": Case(shown, lambda was, now: now[0] is WalkScreen and now[1] == was[2].album_id, ("right", "i")),
    "artist": to(ArtistScreen, "album"),
    "whole": Case(lambda s: s.screen.sheet.display, lambda was, now: now is not was),
    "copy-name": copied(lambda s: s.screen.album.label),
    "copy-mbid": copied(lambda s: "an-mbid"),
    "copy-path": copied(lambda s: "/music/Harbour/0"),
    "play": heard(False),
    "queue": heard(True),
    "back": to(WalkScreen),
    "help": HELP[AlbumScreen],
}
ARTIST = {
    **sheet_cases(12),
    "choose": here_is(lambda s: s.screen.sheet.chosen.album_id, second),
    "page": to(AlbumScreen, "near it", second),
    "play": heard(False),
    "queue": heard(True),
    "back": to(WalkScreen),
    "help": HELP[ArtistScreen],
}


@pytest.mark.parametrize(("scene", "cases"), [("list", LIST), ("album", ALBUM), ("artist", ARTIST)])
async def test_every_key(scene: str, cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys(scene, cases, tmp_path, monkeypatch)
