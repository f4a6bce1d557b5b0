"""Every key of find does what help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.support.app import until
from tests.tui.support.keys import HELP, Case, Stage, becomes, check_keys, choices, chosen, here_is, moved, to
from tui.screens.find import FindScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.walk.screen import WalkScreen


async def many_hits(stage: Stage) -> None:
    stage.screen.query_one(Input).value = "o"
    await until(stage.pilot, lambda: stage.screen.asked == "o" and len(choices(stage).items) > 3)
    choices(stage).place = 1


async def far_hit(stage: Stage) -> None:
    await many_hits(stage)
    choices(stage).place = 3


async def genre_typed(stage: Stage) -> None:
    stage.screen.query_one(Input).value = "genre:dub"
    await until(stage.pilot, lambda: stage.screen.asked == "genre:dub")


CASES = {
    "back": to(WalkScreen),
    "choose": here_is(lambda s: choices(s).chosen.album_id, many_hits),
    "next": moved(chosen, 1, many_hits),
    "previous": moved(chosen, -1, many_hits),
    "page-down": Case(chosen, lambda was, now: now > was + 1, many_hits),
    "page-up": Case(chosen, lambda was, now: now < was - 1, far_hit),
    "letters": Case(chosen, lambda was, now: (was, now) == (1, 2), many_hits, ("d",)),
    "only": becomes(lambda s: s.session.filter.text, "genre:dub", genre_typed),
    "page": to(AlbumScreen, "near it", many_hits),
    "sleeves": to(ArtistScreen, "album", many_hits),
    "help": HELP[FindScreen],
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("find", CASES, tmp_path, monkeypatch)
