"""The player in its own thread: asked, followed, lost and found; the screen never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipelines.players.player import Now, Player, PlayerError, Sent
from pipelines.players.settings import PlayerSettings
from store.catalogue.albums import add_albums
from store.catalogue.files import Playable, TrackFile, put_files
from store.database.library import Library
from store.errors import LibraryLocked
from store.records import Album, AlbumRecord
from store.text import album_id
from tests.tui.support.app import ready, session_of, until, walk_of
from tests.tui.support.fakes import make_album, make_app
from tui.app import SleevewalkApp
from tui.screens.trail import TrailScreen
from tui.walk.session import Session
from tui.widgets.bars import KeysLine, ModeLine
from tui.workers import jukebox


class FakePlayer:
    """Takes what it is sent; `hang` holds every call, `gone` refuses it."""

    name = "Fake"

    def __init__(self) -> None:
        self.sent: list[tuple[list[Playable], bool]] = []
        self.plays: Now | None = Now(False)
        self.gone = False
        self.link = ""
        self.hang = threading.Event()
        self.hang.set()
        self.held = threading.Event()

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        self._answer()
        self.sent.append((list(albums), queue))
        return Sent(len(albums), sum(len(album.tracks) for album in albums), link=self.link)

    def now(self) -> Now | None:
        self._answer()
        return self.plays

    def close(self) -> None:
        pass

    def _answer(self) -> None:
        if not self.hang.is_set():
            self.held.set()
            self.hang.wait(30)
        if self.gone:
            raise PlayerError("no MPD at /x: it does not answer")


@pytest.fixture
def player() -> Iterator[FakePlayer]:
    fake = FakePlayer()
    yield fake
    fake.hang.set()


@pytest.fixture
def app(
    library: Library, player: FakePlayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SleevewalkApp]:
    """The app on the fake library, whose albums a real one knows with a file each."""
    monkeypatch.setattr(jukebox, "EVERY", 0.02)
    albums = [
        make_album(row, album_id=album_id(f"Artist {row}", f"T{row}"), artist=f"Artist {row}", title=f"T{row}")
        for row in range(40)
    ]
    with library.write() as con:
        add_albums(con, [AlbumRecord(album.artist, album.title, "x", album.album_id) for album in albums])
        files = {album.album_id: [TrackFile(f"/m/{album.title}.mp3", "t", album.artist)] for album in albums}
        put_files(con, "folder", files, {album.album_id: album.album_id for album in albums})
    made = make_app(albums, tmp_path)
    made.jukebox = jukebox.Jukebox(library, PlayerSettings(), made.post_message, lambda settings: player)
    yield made
    made.jukebox.close()


def last_row(app: SleevewalkApp) -> str:
    return app.screen.query_one(KeysLine).rows[0]


def titles(sent: tuple[list[Playable], bool]) -> list[str]:
    return [album.album.title for album in sent[0]]


async def test_the_album_in_focus_plays_or_is_queued(app: SleevewalkApp, player: FakePlayer) -> None:
    async with app.run_test() as pilot:
        await ready(pilot)
        focused = session_of(app).focused
        await pilot.press("o")
        await until(pilot, lambda: "plays in Fake" in last_row(app))
        await pilot.press("O")
        await until(pilot, lambda: "queued in Fake" in last_row(app))
        assert [(titles(sent), sent[1]) for sent in player.sent] == [([focused.title], False), ([focused.title], True)]
        assert player.sent[0][0][0].tracks[0].path == f"/m/{focused.title}.mp3"


async def test_tray_and_trail_are_queued_as_a_whole(app: SleevewalkApp, player: FakePlayer) -> None:
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("ctrl+o")
        assert "tray is empty" in last_row(app)
        await pilot.press("space", "enter", "space", "ctrl+o")
        await until(pilot, lambda: len(player.sent) == 1)
        assert titles(player.sent[0]) == [album.title for album in session_of(app).tray] and player.sent[0][1]
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, TrailScreen))
        await pilot.press("O")
        await until(pilot, lambda: "queued in Fake: 2 albums" in last_row(app))
        session: Session = session_of(app)
        assert titles(player.sent[1]) == [session.album(visit.album_id).title for visit in session.trail.visits]


async def test_the_walk_follows_the_player(app: SleevewalkApp, player: FakePlayer) -> None:
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("F")
        await until(pilot, lambda: "follows the player" in last_row(app))
        player.plays = Now(True, "/m/T7.mp3", "Someone", "Something", "Song")
        await until(pilot, lambda: session_of(app).here.title == "T7")
        assert "plays: Someone – Song" in walk_of(app).query_one(ModeLine).rows[0]
        await pilot.press("enter")  # one may walk away while it plays on
        away = session_of(app).here.title
        player.plays = Now(True, "", "ARTIST 9", "t9", "Song")  # no path: by its names
        await until(pilot, lambda: session_of(app).here.title == "T9")
        assert away not in ("T7", "T9")
        player.plays = Now(True, "/elsewhere.mp3", "Nobody", "Nothing", "\x1b[31m[b]Song")
        await until(pilot, lambda: "Nobody – [b]Song" in walk_of(app).query_one(ModeLine).rows[0])
        assert session_of(app).here.title == "T9"
        await pilot.press("F")
        await until(pilot, lambda: "yours again" in last_row(app))
        assert "plays:" not in walk_of(app).query_one(ModeLine).rows[0]


async def test_a_player_that_goes_and_comes_back_is_told_once_each(app: SleevewalkApp, player: FakePlayer) -> None:
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("F")
        await pilot.pause(0.1)
        player.gone = True
        await until(pilot, lambda: "does not answer" in last_row(app))
        await pilot.press("right")
        await pilot.pause(0.2)
        assert "does not answer" not in last_row(app)  # not at every look
        player.gone = False
        player.plays = Now(True, "/m/T3.mp3")
        await until(pilot, lambda: "there again" in last_row(app))
        await until(pilot, lambda: session_of(app).here.title == "T3")
        player.plays = None
        await until(pilot, lambda: "does not tell what it plays" in last_row(app))


async def test_keys_act_while_a_player_hangs_and_the_next_key_asks_anew(
    app: SleevewalkApp, player: FakePlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jukebox, "STUCK", 0.05)
    async with app.run_test() as pilot:
        await ready(pilot)
        player.hang.clear()
        await pilot.press("o")
        await until(pilot, player.held.is_set)
        before = session_of(app).here
        await pilot.press("enter")
        assert session_of(app).here is not before and not player.sent
        time.sleep(0.1)
        fresh = FakePlayer()
        app.jukebox._opens = lambda settings: fresh
        await pilot.press("o")
        await until(pilot, lambda: len(fresh.sent) == 1)
        assert not player.sent


async def test_a_page_that_cannot_be_opened_here_is_copied(app: SleevewalkApp, player: FakePlayer) -> None:
    player.link = "https://example.org/album"
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("o")
        await until(pilot, lambda: player.link in last_row(app))
        assert app.clipboard == player.link
        (part,) = [part for part in app.screen.query_one(KeysLine).render_line(0) if part.style and part.style.link]
        assert part.text == part.style.link == player.link  # a terminal that knows links opens it


async def test_what_a_player_raises_is_a_line(app: SleevewalkApp, player: FakePlayer) -> None:
    async with app.run_test() as pilot:
        await ready(pilot)
        player.gone = True
        await pilot.press("o")
        await until(pilot, lambda: "no MPD at" in last_row(app))

        def broken(settings: PlayerSettings) -> Player:
            raise KeyError("odd")

        assert app.jukebox._line is not None
        app.jukebox._line._player, app.jukebox._line._opens = None, broken
        await pilot.press("o")
        await until(pilot, lambda: "the player failed (KeyError" in last_row(app))


def test_leaving_does_not_wait_for_a_player(library: Library, player: FakePlayer) -> None:
    player.hang.clear()
    told: list[object] = []
    before = set(threading.enumerate())
    box = jukebox.Jukebox(library, PlayerSettings(), told.append, lambda settings: player)
    box.play([Album("a" * 16, "A", "B", None, None, None, None)], False)
    assert player.held.wait(10)
    (thread,) = set(threading.enumerate()) - before
    box.close()
    assert thread.is_alive() and thread.daemon  # it holds nobody up, the end of the process neither
    player.hang.set()
    thread.join(10)
    assert not thread.is_alive() and len(player.sent) == 1 and not told


async def test_a_library_that_is_locked_while_it_is_followed_is_told_once(
    app: SleevewalkApp, player: FakePlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Now] = []

    def locked(now: Now) -> str | None:
        looks.append(now)
        raise LibraryLocked("the library is in use by a test")

    async with app.run_test() as pilot:
        await ready(pilot)
        real = app.jukebox.album_of
        monkeypatch.setattr(app.jukebox, "album_of", locked)
        player.plays = Now(True, "/m/T7.mp3")
        said: list[str] = []
        monkeypatch.setattr(app.jukebox, "_post", lambda message: said.append(getattr(message, "text", "")))
        await pilot.press("F")
        await until(pilot, lambda: len(looks) > 3)
        assert said == ["the library is in use by a test; followed again once that is over"]
        monkeypatch.setattr(app.jukebox, "album_of", real)
        await until(pilot, lambda: len(said) > 2)
        assert said[1:3] == ["Fake is followed again", "T7.mp3"]
