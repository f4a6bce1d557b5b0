"""What every player shares: what is sent to it, what it says, how it may fail.

A player's calls block until it answers, at most LIMIT seconds each; the app makes them in a thread of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from store.catalogue.files import Playable
from store.errors import LibraryError

LIMIT = 3.0  # seconds that a player has for one answer
KINDS = ("mpd", "mpris", "command", "browser")


class PlayerError(LibraryError):
    """The player cannot do it; the message says why and what to do."""


class PlayerGone(PlayerError):
    """It is not there, or does not answer in time; it may be back later."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a player took."""

    albums: int
    tracks: int  # 0 where the player takes albums as a whole
    left_out: tuple[str, ...] = ()  # albums or tracks, each with why
    link: str = ""  # an address that the person opens themselves


@dataclass(frozen=True, slots=True)
class Now:
    """What a player is at. Texts as the player has them: not cleaned."""

    playing: bool
    path: str = ""  # absolute, as Python has it; empty where the player tells none
    artist: str = ""
    album: str = ""
    title: str = ""


class Player(Protocol):
    """Something with ears. Every call may raise PlayerError."""

    @property
    def name(self) -> str:
        """For people: "MPD", "VLC"."""

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """Play these albums now, or put them behind what is queued. Nothing is changed where nothing can be played."""

    def now(self) -> Now | None:
        """What plays; None where this player cannot tell."""

    def close(self) -> None:
        """Let go of the connection."""
