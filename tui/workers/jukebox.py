"""The player in a thread of its own: it is asked, followed and lost there, and the screen never waits for it.

The thread is a daemon: a player that hangs keeps nobody from leaving. One that has not answered within STUCK seconds is
left to itself, and the next key speaks to it anew.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from pipelines.players.player import Now, Player, PlayerError
from pipelines.players.settings import PlayerSettings
from store.errors import LibraryError
from store.records import Album
from store.text import clean

if TYPE_CHECKING:
    from store.catalogue.files import Playable
    from store.database.library import Library

EVERY = 1.0  # seconds between two looks at what plays
STUCK = 10.0  # seconds; the time limits of the players themselves are shorter
Opens = Callable[[PlayerSettings], Player]


def open_player(settings: PlayerSettings) -> Player:
    """The person's player; imported and looked for at the first key that wants it."""
    from pipelines.players.choose import open_player as choose

    return choose(settings)


@dataclass
class Said(Message):
    """What became of a request, or that the player has gone or come back."""

    text: str
    error: bool = False
    link: str = ""  # an address for the person to open, on whatever machine they sit at


@dataclass
class Heard(Message):
    """What the followed player is at, again at every look; no text where nothing plays."""

    album_id: str | None  # None: nothing plays, or nothing of this library
    text: str


class Jukebox:
    """Albums to the player, one request after the other; `post` may be called from any thread."""

    def __init__(
        self,
        library: Library | None,
        settings: PlayerSettings,
        post: Callable[[Message], object],
        opens: Opens = open_player,
    ) -> None:
        """`library` tells the albums' files; without one none has any."""
        self._library, self._settings, self._post, self._opens = library, settings, post, opens
        self._line: _Line | None = None
        self.following = False

    def play(self, albums: Sequence[Album], queue: bool) -> None:
        """Play these now, or put them behind what is queued; `Said` tells what became of it."""
        self._ask(lambda line: line.play(list(albums), queue))

    def playables(self, albums: Sequence[Album]) -> list[Playable]:
        """The albums with their files. LibraryLocked as for any read burst."""
        from store.catalogue.files import Playable, playables

        if self._library is None:
            return [Playable(album, None, ()) for album in albums]
        return playables(self._library, albums)

    def album_of(self, now: Now) -> str | None:
        """The album that a player is at, by the file of the track, else by its names; None: none of this library."""
        from store.catalogue.files import album_playing

        if self._library is None:
            return None
        with self._library.read() as con:
            return album_playing(con, now.path, now.artist, now.album)

    def follow(self, following: bool) -> None:
        """Tell what plays from here on, by `Heard`, or no more."""
        self.following = following
        self._ask(lambda line: line.look())

    def close(self) -> None:
        """Nothing is told any more; what plays plays on."""
        self.following = False
        if self._line is not None:
            self._line.leave()

    def _ask(self, job: Callable[[_Line], None]) -> None:
        if self._line is not None and self._line.stuck:
            self._line.leave()
            self._line = None
        if self._line is None:
            self._line = _Line(self, self._settings, self._post, self._opens)
        self._line.jobs.put(job)


class _Line:
    """One thread with one player."""

    def __init__(
        self, jukebox: Jukebox, settings: PlayerSettings, post: Callable[[Message], object], opens: Opens
    ) -> None:
        self._jukebox, self._settings, self._opens = jukebox, settings, opens
        self._send = post
        self.jobs: queue.Queue[Callable[[_Line], None]] = queue.Queue()
        self._player: Player | None = None
        self._since: float | None = None  # when the job that is being done began
        self._left = False
        self._lost = ""  # what is told once the followed player, or the library, answers again
        self._albums: dict[tuple[str, str, str], str | None] = {}  # what was looked up, by path, artist and album
        threading.Thread(target=self._run, name="jukebox", daemon=True).start()

    @property
    def stuck(self) -> bool:
        since = self._since
        return since is not None and time.monotonic() - since > STUCK

    def leave(self) -> None:
        """Tell nothing any more, and end once the player lets go."""
        self._left = True
        self.jobs.put(lambda line: None)

    def play(self, albums: list[Album], queue: bool) -> None:
        playing = self._jukebox.playables(albums)
        player = self._ready()
        sent = player.play(playing, queue)
        if sent.link:
            self._post(Said(f"copied, to be opened where you sit: {sent.link}", link=sent.link))
            return
        what = clean(albums[0].label, 80) if len(albums) == 1 else f"{sent.albums:,} albums"
        tracks = f", {sent.tracks:,} track{'s' if sent.tracks != 1 else ''}" if sent.tracks else ""
        left_out = f"; left out: {sent.left_out[0]}" if sent.left_out else ""
        more = f" and {len(sent.left_out) - 1:,} more" if len(sent.left_out) > 1 else ""
        self._post(Said(f"{'queued in' if queue else 'plays in'} {player.name}: {what}{tracks}{left_out}{more}"))

    def look(self) -> None:
        """Tell what plays, where it is followed."""
        if not self._jukebox.following:
            return
        try:
            player = self._ready()
            now = player.now()
            heard = self._heard(now) if now is not None else None
        except LibraryError as error:
            if not self._lost:
                self._lost = "is there" if isinstance(error, PlayerError) else "is followed"
                self._post(Said(f"{error}; followed again once that is over", error=True))
            return
        if self._lost:
            self._post(Said(f"{player.name} {self._lost} again"))
            self._lost = ""
        if heard is None:
            self._jukebox.following = False
            self._post(Said(f"{player.name} does not tell what it plays: MPD and MPRIS players do", error=True))
        else:
            self._post(heard)

    def _heard(self, now: Now) -> Heard:
        if not now.playing and not now.path and not now.title:
            return Heard(None, "")
        key = now.path, now.artist, now.album
        if key not in self._albums:
            self._albums = {key: self._jukebox.album_of(now)}
        words = " – ".join(filter(None, (clean(now.artist, 60), clean(now.title or now.album, 60))))
        return Heard(self._albums[key], words or clean(now.path.rpartition("/")[2], 80))

    def _ready(self) -> Player:
        if self._player is None:
            self._player = self._opens(self._settings)
        return self._player

    def _run(self) -> None:
        while not self._left:
            try:
                job = self.jobs.get(timeout=EVERY if self._jukebox.following else None)
            except queue.Empty:
                job = _Line.look
            self._since = time.monotonic()
            try:
                job(self)
            except LibraryError as error:
                self._post(Said(str(error), error=True))
            except Exception as error:  # noqa: BLE001  (a player's library may raise anything; the thread goes on)
                self._player = None
                self._post(Said(f"the player failed ({type(error).__name__}: {clean(str(error), 100)})", error=True))
            self._since = None
        if self._player is not None:
            self._player.close()

    def _post(self, message: Message) -> None:
        if not self._left:
            self._send(message)
