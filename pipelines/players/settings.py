"""What a person says of players: the table `[player]` of the config file, and the platform's usual variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGES = {  # what `page` may be by name
    "musicbrainz": "https://musicbrainz.org/release-group/{mbid}",
    "listenbrainz": "https://listenbrainz.org/album/{mbid}",
    "lastfm": "https://www.last.fm/music/{artist}/{album}",
    "bandcamp": "https://bandcamp.com/search?q={artist}+{album}",
    "youtube": "https://www.youtube.com/results?search_query={artist}+{album}",
}


USUAL = (Path("/run/mpd/socket"),)  # where MPD commonly listens on this machine


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """What is not set is found: MPD where it answers, else a player on the session bus, else a command, else a page."""

    use: str = "auto"  # or one of players.player.KINDS
    mpd: str = ""  # a socket's path, host or host:port; password@host as in MPD_HOST
    mpd_password: str = ""
    mpd_music: str = ""  # the folder here that is MPD's music directory, where MPD does not say
    mpris: str = ""  # part of a player's name on the bus: "vlc"
    command: str = ""  # "mpv --playlist={playlist}"
    queue: str = ""  # the command that puts behind; none: it cannot
    page: str = "musicbrainz"  # one of PAGES, or an address with {artist}, {album} and {mbid}

    @property
    def page_address(self) -> str:
        return PAGES.get(self.page, self.page)


def has_password(place: str) -> bool:
    """Whether it is mpc's own form, `password@host`; a name that begins with @ is an abstract socket."""
    return "@" in place[1:] and not place.startswith("/")


def mpd_place(settings: PlayerSettings, environment: Mapping[str, str] = os.environ) -> tuple[str, int, str]:
    """(host or socket's path, port, password) from the config, else from MPD_HOST and MPD_PORT, else where MPD
    commonly listens.
    """
    place = settings.mpd or environment.get("MPD_HOST", "")
    password = settings.mpd_password
    if has_password(place):
        said, _, place = place.rpartition("@")
        password = password or said
    port = environment.get("MPD_PORT", "")
    if place and not place.startswith(("/", "@")) and place.count(":") == 1:
        place, _, port = place.partition(":")
    if not place:
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        usual = [Path(runtime) / "mpd/socket"] if runtime else []
        place = next((str(path) for path in [*usual, *USUAL] if path.exists()), "localhost")
    return place, int(port) if port.isdecimal() and 0 < int(port) < 65536 else 6600, password
