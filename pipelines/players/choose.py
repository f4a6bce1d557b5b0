"""Which player it is: the one that the person names, else the first that is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

from pipelines.players.player import LIMIT, Now, Player, PlayerError, PlayerGone, Sent
from pipelines.players.settings import PlayerSettings
from store.catalogue.files import Playable

T = TypeVar("T")


def player_of(settings: PlayerSettings, kind: str, limit: float = LIMIT) -> Player:
    """The player of that kind, one of KINDS; nothing is asked of it yet."""
    from pipelines.players.browser import Browser
    from pipelines.players.command import Command
    from pipelines.players.mpd import Mpd
    from pipelines.players.mpris import Mpris

    if kind == "mpd":
        return Mpd(settings, limit)
    if kind == "mpris":
        return Mpris(settings, limit)
    return Command(settings) if kind == "command" else Browser(settings)


class Auto:
    """MPD or a player on the bus if one answers, else the command, else the page.

    One that answered once, or that the config or MPD_HOST names, is stayed with: while it is away no page is opened.
    """

    def __init__(self, settings: PlayerSettings, limit: float) -> None:
        self._settings, self._limit = settings, limit
        self._player: Player | None = None  # that is stayed with
        if settings.mpd or os.environ.get("MPD_HOST"):
            self._player = player_of(settings, "mpd", limit)
        elif settings.mpris:
            self._player = player_of(settings, "mpris", limit)
        self._fallback = player_of(settings, "command" if settings.command else "browser", limit)
        self._last: Player = self._player or self._fallback

    @property
    def name(self) -> str:
        return self._last.name

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """See Player."""
        return self._ask(lambda player: player.play(albums, queue), self._fallback)

    def now(self) -> Now | None:
        """See Player; PlayerGone where none answers that can tell."""
        return self._ask(lambda player: player.now(), None)

    def close(self) -> None:
        """See Player."""
        if self._player is not None:
            self._player.close()

    def _ask(self, ask: Callable[[Player], T], fallback: Player | None) -> T:
        gone: PlayerGone | None = None
        if self._player is not None:
            try:
                return self._answer(self._player, ask)
            except PlayerGone as error:
                gone = error
        for kind in ("mpd", "mpris"):
            if isinstance(self._player, type(player := player_of(self._settings, kind, self._limit))):
                continue  # it has just been asked
            try:
                player.now()
            except PlayerError:
                continue
            self._player = player
            return self._answer(player, ask)
        if gone is not None:
            raise gone
        if fallback is None:
            raise PlayerGone("no player answers that tells what it plays: start MPD, or one that speaks MPRIS")
        return self._answer(fallback, ask)

    def _answer(self, player: Player, ask: Callable[[Player], T]) -> T:
        self._last = player
        return ask(player)


def open_player(settings: PlayerSettings, limit: float = LIMIT) -> Player:
    """The player that the settings name; nothing is asked of it yet."""
    return Auto(settings, limit) if settings.use == "auto" else player_of(settings, settings.use, limit)
