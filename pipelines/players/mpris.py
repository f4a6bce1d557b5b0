"""A player on the session bus that speaks MPRIS 2 (https://specifications.freedesktop.org/mpris-spec/), by dbus-fast.

Albums go as single tracks to a player that has a track list, as a playlist's file to any other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes, urlsplit

from pipelines.exports.playlist import NO_FILES, file_uri, make_playlist
from pipelines.players.files import playlist_file
from pipelines.players.player import LIMIT, Now, PlayerError, PlayerGone, Sent
from pipelines.players.settings import PlayerSettings
from store.catalogue.files import Playable
from store.text import clean

T = TypeVar("T")
_ROOT, _PLAYER, _LIST = (f"org.mpris.MediaPlayer2{part}" for part in ("", ".Player", ".TrackList"))
_PATH = "/org/mpris/MediaPlayer2"
_END = "/org/mpris/MediaPlayer2/TrackList/NoTrack"  # what a track is put after, for "at the beginning"


class Mpris:
    """The player of that name; without one what plays now, else the first. Looked up anew for each call."""

    def __init__(self, settings: PlayerSettings, limit: float = LIMIT) -> None:
        self._wanted, self._limit = settings.mpris.lower(), limit
        self.name = "a player on the session bus"

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """See Player."""
        playlist = make_playlist("sleevewalk", albums)
        left_out = tuple(f"{label}: {NO_FILES}" for label in playlist.left_out)
        uris = [file_uri(track.path) for album in playlist.albums for track in album.tracks]

        async def send(player: _Player) -> None:
            if await player.get(_ROOT, "HasTrackList") and await player.get(_LIST, "CanEditTracks"):
                await _add(player, uris, queue)
            elif queue:
                raise PlayerError(
                    f"{player.identity} cannot queue: it has no track list; play it, or use another player"
                )
            else:
                await player.call(_PLAYER, "OpenUri", "s", [file_uri(str(playlist_file(playlist)))])

        self._ask(send)
        return Sent(len(playlist.albums), playlist.tracks, left_out)

    def now(self) -> Now | None:
        """What the player is at."""

        async def ask(player: _Player) -> Now:
            playing = await player.get(_PLAYER, "PlaybackStatus") == "Playing"
            told = await player.get(_PLAYER, "Metadata")
            told = told if isinstance(told, dict) else {}
            url = urlsplit(_text(told.get("xesam:url")))
            path = os.fsdecode(unquote_to_bytes(url.path)) if url.scheme == "file" else ""
            artist = _text(told.get("xesam:albumArtist")) or _text(told.get("xesam:artist"))
            return Now(playing, path, artist, _text(told.get("xesam:album")), _text(told.get("xesam:title")))

        return self._ask(ask)

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, ask: Callable[[_Player], Awaitable[T]]) -> T:
        from dbus_fast import DBusFastError
        from dbus_fast.aio import MessageBus

        async def within() -> T:
            connection = await asyncio.wait_for(MessageBus().connect(), self._limit)
            try:
                found = await _find(_Bus(connection, self._limit), self._wanted)
                self.name = found.identity
                return await ask(found)
            finally:
                connection.disconnect()

        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS") and not _runtime_bus().exists():
            raise PlayerGone("no session bus here (over SSH there is none): use MPD, or a command in the config file")
        try:
            return asyncio.run(within())
        except TimeoutError:
            raise PlayerGone(f"{self.name} does not answer") from None
        except (DBusFastError, OSError, EOFError, ValueError) as error:
            raise PlayerGone(f"{self.name} fails: {clean(str(error), 200) or type(error).__name__}") from None


class _Bus:
    """An open bus; whoever is called on it has `limit` seconds to answer."""

    def __init__(self, bus: Any, limit: float) -> None:
        self._bus, self._limit = bus, limit

    async def call(
        self, service: str, interface: str, member: str, signature: str, body: Sequence[Any], path: str = _PATH
    ) -> list[Any]:
        from dbus_fast import Message, MessageType

        message = Message(
            destination=service, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        answer = await asyncio.wait_for(self._bus.call(message), self._limit)
        if answer is None or answer.message_type is MessageType.ERROR:
            why = answer.body[0] if answer is not None and answer.body else "no answer"
            raise PlayerError(
                f"{clean(service.removeprefix(f'{_ROOT}.'), 60)} refuses {member}: {clean(str(why), 200)}"
            )
        return list(answer.body)


class _Player:
    """One player on the bus."""

    def __init__(self, bus: _Bus, service: str, identity: str) -> None:
        self.bus, self.service, self.identity = bus, service, identity

    async def call(self, interface: str, member: str, signature: str = "", body: Sequence[Any] = ()) -> list[Any]:
        return await self.bus.call(self.service, interface, member, signature, body)

    async def get(self, interface: str, name: str) -> Any:
        """A property, None where the player has none of that name."""
        try:
            answer = await self.call("org.freedesktop.DBus.Properties", "Get", "ss", [interface, name])
        except PlayerError:
            return None
        return _plain(answer[0]) if answer else None


async def _find(bus: _Bus, wanted: str) -> _Player:
    dbus = "org.freedesktop.DBus"
    (names,) = await bus.call(dbus, dbus, "ListNames", "", (), "/org/freedesktop/DBus")
    services = sorted(name for name in names if name.startswith(f"{_ROOT}."))
    chosen = [name for name in services if wanted in name.removeprefix(f"{_ROOT}.").lower()]
    if not chosen:
        raise PlayerGone(
            f"no player {clean(wanted, 60)!r} on the session bus; there: {', '.join(map(clean, services)) or 'none'}"
            if wanted
            else "no player is on the session bus: start one that speaks MPRIS"
        )
    found = [_Player(bus, name, clean(name.removeprefix(f"{_ROOT}."), 60)) for name in chosen]
    if len(found) > 1:
        playing = [one for one in found if await one.get(_PLAYER, "PlaybackStatus") == "Playing"]
        found = playing or found
    identity = await found[0].get(_ROOT, "Identity")
    if isinstance(identity, str) and clean(identity):
        found[0].identity = clean(identity, 60)
    return found[0]


async def _add(player: _Player, uris: Sequence[str], queue: bool) -> None:
    """Put tracks behind those of the track list, the first of them playing unless they are to be queued."""
    have = await player.get(_LIST, "Tracks")
    after = have[-1] if isinstance(have, list) and have else _END
    for number, uri in enumerate(uris):
        await player.call(_LIST, "AddTrack", "sob", [uri, after, number == 0 and not queue])
        have = await player.get(_LIST, "Tracks")
        after = have[-1] if isinstance(have, list) and have else _END


def _plain(value: Any) -> Any:
    """Without the variants that D-Bus wraps values into."""
    from dbus_fast import Variant

    if isinstance(value, Variant):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return value if isinstance(value, str) else ""


def _runtime_bus() -> Path:
    return Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
