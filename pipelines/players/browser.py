"""The album's page on the web: in a browser where there is a screen, else as a link that the person opens."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from pipelines.players.player import Now, PlayerError, Sent
from pipelines.players.settings import PAGES, PlayerSettings
from store.catalogue.files import Playable


def page_of(album: Playable, template: str) -> str:
    """The address of the album's page. A template that wants a MusicBrainz identifier which the album lacks becomes
    MusicBrainz' search.
    """
    names = {"artist": quote(album.album.artist, ""), "album": quote(album.album.title, ""), "mbid": album.mbid or ""}
    if "{mbid}" in template and not album.mbid:
        template = "https://musicbrainz.org/search?type=release_group&query={artist}%20{album}"
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def far(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser would open on a machine without ears or eyes: over SSH, or with no screen."""
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return True
    screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return not screen and sys.platform not in ("darwin", "win32")


class Browser:
    """Opens one page: that of the first album."""

    name = "the browser"

    def __init__(self, settings: PlayerSettings) -> None:
        self._template = settings.page_address
        if urlsplit(self._template).scheme not in ("http", "https"):
            raise PlayerError(f"page in [player] is none of {', '.join(PAGES)} and no http or https address")

    def play(self, albums: Sequence[Playable], queue: bool) -> Sent:
        """See Player."""
        if queue:
            raise PlayerError("a browser has no queue: play it, or set up MPD or another player")
        link = page_of(albums[0], self._template)
        if not far() and webbrowser.open(link):
            return Sent(1, 0)
        return Sent(1, 0, link=link)

    def now(self) -> Now | None:
        """A browser tells nothing."""
        return None

    def close(self) -> None:
        """Nothing is held."""
