"""The app's player: what is sent to it, what it says, and the walk that follows it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from textual import on

from store.records import Album
from tui.screens.base import DrawnScreen
from tui.screens.walk.screen import WalkScreen
from tui.terminal.display import Display
from tui.workers.jukebox import Heard, Jukebox, Said


class Hearing(Display):
    """An app with a jukebox, which it sets, and a walk."""

    jukebox: Jukebox
    _followed = ""  # the album that the walk last followed the player to

    @property
    @abstractmethod
    def walk(self) -> WalkScreen:
        """The walk."""

    def hear(self, albums: Sequence[Album], queue: bool) -> None:
        """Send albums to the player; what becomes of it is told on whatever screen is there by then."""
        self.tell("asking the player …")
        self.jukebox.play(albums, queue)

    def tell(self, text: str, error: bool = False) -> None:
        """Say something in the last row of the screen that is shown."""
        screen = self.screen if isinstance(self.screen, DrawnScreen) else self.walk
        screen.say(text, error)

    def action_follow(self) -> None:
        """Let the walk follow what the player plays, or no more."""
        self.jukebox.follow(not self.jukebox.following)
        self._followed = ""
        self.walk.show_playing("")
        self.tell("the walk follows the player" if self.jukebox.following else "the walk is yours again")

    @on(Said)
    def player_said(self, message: Said) -> None:
        """Tell it; an address goes to the clipboard of the person's own terminal, over SSH too."""
        if message.link:
            self.copy_to_clipboard(message.link)
        self.tell(message.text, message.error)

    @on(Heard)
    def player_heard(self, message: Heard) -> None:
        """Say what plays; walk to its album where the player has come to another one."""
        if not self.jukebox.following:
            return
        self.walk.show_playing(message.text)
        album_id = message.album_id
        if album_id is None or album_id == self._followed or self.screen is not self.walk:
            return
        self._followed = album_id
        if self.walk.session.snapshot.row(album_id) is not None:
            self.walk.jump(album_id)
