"""Every key of the walk does what help says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.players.player import Now, Sent
from pipelines.players.settings import PlayerSettings
from store.catalogue.files import Playable
from store.neighbors.taste import Suggestion
from tests.tui.support.keys import (
    HELP,
    PALETTE,
    Case,
    Stage,
    becomes,
    check_keys,
    falls,
    files,
    fill_tray,
    leaves,
    moved,
    next_theme,
    rises,
    to,
)
from tui.screens.bench.screen import BenchScreen
from tui.screens.card import CardScreen
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.lens import LensScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.map.screen import MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.shelf import ShelfScreen
from tui.screens.sql import SqlScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.alike import AlikeScreen
from tui.screens.walk.blendview import BlendView
from tui.screens.walk.counts import Counts
from tui.screens.walk.screen import WalkScreen
from tui.workers.jukebox import Jukebox


def at_center(stage: Stage) -> None:
    stage.session.focus(None)
    stage.screen.refresh_focus()


def at_slot(stage: Stage, slot: int = 0) -> None:
    stage.session.focus(slot)
    stage.screen.refresh_focus()


def unexplored(stage: Stage) -> None:
    explored = stage.session.network.explored
    slots = enumerate(stage.session.ring.slots)
    at_slot(stage, next(slot for slot, near in slots if near is not None and near.album.album_id not in explored))


def blend_ready(stage: Stage) -> None:
    fill_tray(stage)
    for path in (stage.folder / "blends").glob("*.png"):
        path.unlink()
    stage.screen.query_one(BlendView).visible = False


def blend_shown(stage: Stage) -> None:
    stage.screen.query_one(BlendView).visible = True


def focused_id(stage: Stage) -> str:
    return stage.session.focused.album_id


def look_at_middle(stage: Stage) -> None:
    stage.screen.action_whole()
    stage.screen.action_all_genres()
    columns, rows = stage.screen.view.columns, stage.screen.view.rows
    stage.screen._focus_nearest(columns // 2, rows // 2)


def near(stage: Stage) -> None:
    look_at_middle(stage)
    stage.screen.action_zoom(4)


def ring(stage: Stage) -> int:
    return len(stage.session.ring.slots)


class FakePlayer:
    """Takes what it is sent, and plays nothing."""

    name = "Fake"

    def __init__(self) -> None:
        self.sent: list[tuple[list[str], bool]] = []  # the albums' ids, and whether they were to be queued

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        self.sent.append(([playable.album.album_id for playable in albums], queue))
        return Sent(len(albums), 0)

    def now(self) -> Now:
        return Now(False)

    def close(self) -> None:
        pass


def with_player(stage: Stage) -> FakePlayer:
    """A player of the app's own that was sent nothing and is not followed."""
    player = FakePlayer()
    stage.app.jukebox.close()
    stage.app.jukebox = Jukebox(None, PlayerSettings(), stage.app.post_message, lambda settings: player)
    return player


def not_followed(stage: Stage) -> None:
    with_player(stage)


def heard(said: str, queue: bool, tray: bool = False) -> Case:
    """The player is sent the album in focus or the tray, once, and the last row says so."""
    players: list[FakePlayer] = []

    def before(stage: Stage) -> None:
        players[:] = [with_player(stage)]
        at_slot(stage)
        if tray:
            fill_tray(stage)

    return Case(
        lambda s: (
            list(players[0].sent),
            [album.album_id for album in (s.session.tray if tray else [s.session.focused])],
            said in s.text,
        ),
        lambda was, now: was[0] == [] and not was[2] and now == ([(was[1], queue)], was[1], True),
        before,
    )


def suggestion(stage: Stage) -> None:
    snapshot = stage.session.snapshot
    other = next(row for row in (9, 10) if snapshot.album(row).album_id != stage.session.here.album_id)
    stage.app._suggested = [Suggestion(snapshot.album(other), 0.5, snapshot.album(3), 7, ())]


CASES = {
    "left": falls(lambda s: s.spot[0], at_center),
    "right": rises(lambda s: s.spot[0], at_center),
    "up": falls(lambda s: s.spot[1], at_center),
    "down": rises(lambda s: s.spot[1], at_center),
    "labels": becomes(lambda s: s.session.focused_slot, 1, at_center, after=("s",)),
    "walk": Case(
        lambda s: (s.session.here.album_id, focused_id(s)),
        lambda was, now: now[0] == was[1] != was[0],
        lambda s: at_slot(s),
    ),
    "back": Case(
        lambda s: (s.session.here, s.session.previous),
        lambda was, now: now[0] == was[1] != was[0],
        ("enter",),
    ),
    "forward": Case(
        lambda s: (s.session.here.album_id, [visit.album_id for visit in s.session.trail.path()[1]]),
        lambda was, now: now[0] == was[1][0] and now[1] == was[1][1:],
        ("enter", "backspace"),
    ),
    "lens": to(LensScreen),
    "random": Case(
        lambda s: (s.session.here, len(s.session.trail.visits)), lambda was, now: now[0] != was[0] and now[1] > was[1]
    ),
    "random-known": Case(
        lambda s: (s.session.here, len(s.session.trail.visits)), lambda was, now: now[0] != was[0] and now[1] > was[1]
    ),
    "suggest": Case(
        lambda s: (
            s.session.here.album_id,
            [one.album.album_id for one in s.app._suggested],
            f"never heard; you played {s.session.snapshot.album(3).label} 7 times" in s.text,
        ),
        lambda was, now: was[0] not in was[1] and not was[2] and now == (was[1][0], [], True),
        suggestion,
    ),
    "find": to(FindScreen, "artist or title"),
    "library": to(ListScreen, "40 albums"),
    "page": to(AlbumScreen, "near it"),
    "sleeves": to(ArtistScreen, "1 album"),
    "route": to(FindScreen, "a route to which album?"),
    "shelf": to(ShelfScreen, "bookmarks"),
    "trail": to(TrailScreen, "the trail"),
    "map": to(MapScreen, " map "),
    "expand": Case(
        lambda s: (s.kind, focused_id(s) in s.session.network.explored),
        lambda was, now: was == (WalkScreen, False) and now == (NetworkScreen, True),
        unexplored,
    ),
    "network": to(NetworkScreen, "albums explored"),
    "bookmark": Case(lambda s: focused_id(s) in s.session.bookmarks, lambda was, now: now is not was),
    "follow": Case(
        lambda s: (s.app.jukebox.following, "the walk follows the player" in s.text),
        lambda was, now: was == (False, False) and now == (True, True),
        not_followed,
    ),
    "play": heard("plays in Fake", queue=False),
    "queue": heard("queued in Fake", queue=True),
    "queue-tray": heard("queued in Fake: 3 albums", queue=True, tray=True),
    "counts": becomes(lambda s: s.screen.query_one(Counts).visible and s.screen.focused.id, "counts"),
    "alike": Case(  # the model has looked, and both albums are named
        lambda s: (
            s.kind,
            (s.session.here.album_id, focused_id(s)),
            tuple(album.album_id for album in s.screen.albums) if s.kind is AlikeScreen else None,
            s.kind is AlikeScreen and "sleeves alike" in s.screen.said and s.screen.said in s.text,
        ),
        lambda was, now: was[0] is WalkScreen and now == (AlikeScreen, was[1], was[1], True),
        at_slot,
    ),
    "more": moved(ring, 2),
    "fewer": moved(ring, -2, ("right_square_bracket",)),
    "tray": Case(lambda s: s.session.in_tray(s.session.focused), lambda was, now: now is not was),
    "blend": Case(
        lambda s: (s.screen.query_one(BlendView).visible, files(s)),
        lambda was, now: was == (False, 0) and now == (True, 1),
        blend_ready,
    ),
    "bench": to(BenchScreen, "blend bench", fill_tray),
    "gallery": to(GalleryScreen, " gallery "),
    "evidence": to(EvidenceScreen, " evidence "),
    "sql": to(SqlScreen, "FROM similar_albums("),
    "close": becomes(lambda s: s.screen.query_one(BlendView).visible, False, blend_shown),
    "theme": next_theme(),
    "card": to(CardScreen, "how covers are drawn"),
    "palette": PALETTE,
    "help": HELP[WalkScreen],
    "quit": leaves(),
}


async def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_keys("walk", CASES, tmp_path, monkeypatch)
