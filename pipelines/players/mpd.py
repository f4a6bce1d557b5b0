"""MPD, the Music Player Daemon, through python-mpd2.

A track is matched by its path below MPD's music directory, else by its tags; a file that MPD has not is played from
its path where MPD listens on a socket of this machine. Names that MPD's protocol cannot say go by a link.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pipelines.players.links import behind, link_to, plain_name
from pipelines.players.player import LIMIT, Now, PlayerError, PlayerGone, Sent
from pipelines.players.settings import PlayerSettings, mpd_place
from store.catalogue.files import Playable, TrackFile
from store.errors import LibraryError
from store.text import clean

T = TypeVar("T")
_Song = dict[str, Any]  # of MPD: its tags by name, a list where a tag is there several times


class Mpd:
    """A connection that is made when it is needed, and anew where it broke."""

    name = "MPD"

    def __init__(self, settings: PlayerSettings, limit: float = LIMIT) -> None:
        self.host, self.port, self._password = mpd_place(settings)
        self._limit = limit
        self._music = settings.mpd_music
        self._client: Any = None

    @property
    def local(self) -> bool:
        """Whether MPD listens on a socket of this machine: then it plays files by their paths."""
        return self.host.startswith(("/", "@"))

    @property
    def place(self) -> str:
        return clean(self.host, 200) if self.local else f"{clean(self.host, 200)}:{self.port}"

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """See Player. The queue changes in one step, so that a broken connection leaves no half album."""
        return self._ask(lambda client: self._play(client, albums, queue))

    def now(self) -> Now | None:
        """What MPD is at; path and tags are empty where it has stopped."""

        def ask(client: Any) -> Now:
            status, song = client.status(), client.currentsong()
            path = str(song.get("file", ""))
            if path and not path.startswith("/") and "://" not in path:
                path = os.path.join(self._music, path) if self._music else ""  # noqa: PTH118  (a path as text)
            path = path.removeprefix("file://")
            artist = _one(song, "albumartist") or _one(song, "artist")
            return Now(status.get("state") == "play", behind(path), artist, _one(song, "album"), _one(song, "title"))

        return self._ask(ask)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()

    def _ask(self, ask: Callable[[Any], T]) -> T:
        """The answer; PlayerError where there is none in time or it is a refusal."""
        import mpd

        try:
            return ask(self._connected())
        except mpd.CommandError as error:
            raise PlayerError(f"MPD at {self.place} refuses: {clean(str(error), 200)}") from None
        except (mpd.MPDError, OSError, UnicodeError, ValueError, KeyError) as error:
            self.close()
            why = "it does not answer" if isinstance(error, TimeoutError) else _why(error)
            raise PlayerGone(f"no MPD at {self.place}: {why}") from None

    def _connected(self) -> Any:
        """The client, its connection tried and made anew where it has gone."""
        import mpd

        if self._client is not None:
            try:
                self._client.ping()
                return self._client
            except (mpd.MPDError, OSError):
                self.close()
        client = mpd.MPDClient()
        client.timeout = self._limit
        client.connect(self.host, self.port)
        self._client = client
        if self._password:
            client.password(self._password)
        if not self._music and self.local:
            try:
                told = client.config()
                self._music = told if isinstance(told, str) else told.get("music_directory", "")
            except mpd.CommandError:
                self._music = ""  # it tells only the owner of the socket
        return client

    def _play(self, client: Any, albums: Sequence[Playable], queue: bool) -> Sent:
        uris: list[str] = []
        left_out: list[str] = []
        played = 0
        for album in albums:
            found = self._uris(client, album)
            lacking = sum(uri is None for uri in found)
            uris += [uri for uri in found if uri is not None]
            played += lacking < len(found)
            if not found:
                left_out.append(f"{clean(album.album.label, 200)}: not in MPD, and none of its files is known")
            elif lacking:
                left_out.append(f"{clean(album.album.label, 200)}: {lacking} of {len(found)} tracks are not in MPD")
        if not uris:
            raise PlayerError(f"MPD at {self.place} has none of it: {'; '.join(left_out[:3])}")
        refused = self._add(client, uris, queue)
        return Sent(played, len(uris) - len(refused), (*left_out, *refused))

    def _add(self, client: Any, uris: Sequence[str], queue: bool) -> list[str]:
        """Put tracks behind the queue; unless they are to stay there, take out what was before them and play. What MPD
        refuses is told; where it is all of them, what was there stays and the first refusal is raised.
        """
        import mpd

        before = 0 if queue else int(client.status().get("playlistlength", 0))
        refused: list[str] = []
        at = 0
        while True:
            client.command_list_ok_begin()
            for uri in uris[at:]:
                client.add(uri)
            if before:
                client.delete((0, before))
            if not queue:
                client.play(0)
            try:
                client.command_list_end()
                return refused
            except mpd.CommandError as error:
                if error.offset is None or at + error.offset >= len(uris):
                    raise  # it is about none of the tracks
                at += error.offset
                if before and error.errno is mpd.FailureResponseCode.PLAYLIST_MAX:
                    client.delete((0, before))  # there is no room beside what was there
                    before = 0
                    continue
                refused.append(f"{clean(uris[at], 200)}: MPD refuses it: {clean(error.msg, 100)}")
                at += 1
                if len(refused) == len(uris):
                    raise

    def _uris(self, client: Any, album: Playable) -> list[str | None]:
        """What MPD calls each track of the album, None for those that it has not; empty for an unknown album."""
        if not album.tracks:
            return [song["file"] for song in sorted(self._songs(client, album), key=_place)]
        names = [self._below_music(track.path) for track in album.tracks]
        client.command_list_ok_begin()
        for name in names:
            client.find("file", name or "-")
        uris: list[str | None] = [
            name if name and songs else None for name, songs in zip(names, client.command_list_end(), strict=True)
        ]
        if None in uris:
            by_tags = self._by_tags(self._songs(client, album), album.tracks)
            uris = [
                uri or self._by_path(track.path) or by_tags[at]
                for at, (uri, track) in enumerate(zip(uris, album.tracks, strict=True))
            ]
        return uris

    def _below_music(self, path: str) -> str:
        """The path as MPD calls it, '' for one that lies elsewhere or that it cannot say."""
        root = self._music.rstrip("/") + "/"
        return path[len(root) :] if self._music and path.startswith(root) and plain_name(path) else ""

    def _by_path(self, path: str) -> str | None:
        """The file itself, which MPD takes from a client of its own machine."""
        if not self.local or not os.path.exists(path):  # noqa: PTH110  (a path as text)
            return None
        try:
            return path if plain_name(path) else link_to(path)
        except LibraryError:
            return None

    def _songs(self, client: Any, album: Playable) -> list[_Song]:
        """What MPD has under the album's names."""
        artist, title = clean(album.album.artist), clean(album.album.title)
        for tag in ("albumartist", "artist"):
            songs: list[_Song] = client.find(tag, artist, "album", title)
            if songs:
                return songs
        return []

    @staticmethod
    def _by_tags(songs: Sequence[_Song], tracks: Sequence[TrackFile]) -> list[str | None]:
        """For each track the song of the same disc and number, else of the same title."""
        by_place = {_place(song): str(song["file"]) for song in songs}
        by_title = {clean(_one(song, "title")).casefold(): str(song["file"]) for song in songs}
        return [
            by_place.get((track.disc or 1, track.track or 0)) or by_title.get(track.title.casefold())
            for track in tracks
        ]


def _one(song: _Song, tag: str) -> str:
    value = song.get(tag, "")
    return str(value[0] if isinstance(value, list) and value else value or "")


def _place(song: _Song) -> tuple[int, int]:
    def number(tag: str, otherwise: int) -> int:
        text = _one(song, tag).partition("/")[0].strip()
        return int(text) if text.isdecimal() and len(text) < 6 else otherwise

    return number("disc", 1), number("track", 0)


def _why(error: Exception) -> str:
    return clean((error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__, 200)
