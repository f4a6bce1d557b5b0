"""The shapes that exports of plays have, each read into `Play`.

Spotify: "Streaming_History_Audio_*.json" (extended) and "StreamingHistory*.json" (one year); ListenBrainz: its export's
JSON Lines, or the array of earlier ones; Last.fm: CSV with or without a row of names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, BinaryIO

from pipelines.report import SourceError
from pipelines.sources.personal.text_files import csv_rows, json_objects
from store.personal.plays import Play
from store.text import clean

SPOTIFY, LISTENBRAINZ, LASTFM = "spotify", "listenbrainz", "lastfm"
_FIRST = datetime(1990, 1, 1)
# field → its names in the CSV of the several programs that write Last.fm's scrobbles
_COLUMNS = {
    "artist": ("artist", "artist_name"),
    "album": ("album", "album_name"),
    "track": ("track", "name", "title", "track_name"),
    "time": ("uts", "timestamp", "utc_time", "date", "time"),
}
_MASTER = ("album_artist_name", "track_name", "album_album_name")
_HEADLESS = ("artist", "album", "track", "time")


@dataclass(frozen=True, slots=True)
class Bad:
    """An entry that makes no play. `broken`: it is none of this kind, not merely without music."""

    why: str
    broken: bool = True


def plays_of(name: str, file: BinaryIO) -> Iterator[tuple[str, str, Play | Bad]]:
    """(place in the file, source, play or why not) of each entry. SourceError where the file goes wrong."""
    if name.lower().endswith(".csv"):
        yield from _lastfm(file)
        return
    entry: Any
    for number, entry in enumerate(json_objects(file), 1):
        source = _source(entry)
        if not source:
            raise SourceError(f"entry {number:,} is no play of Spotify or ListenBrainz")
        try:
            play = _spotify(entry) if source == SPOTIFY else _listenbrainz(entry)
        except (TypeError, ValueError, AttributeError, OverflowError, OSError):
            play = Bad("a play that makes no sense")
        yield f"entry {number}", source, play


def _source(entry: Any) -> str:
    if isinstance(entry, dict):
        if "ts" in entry or "endTime" in entry:
            return SPOTIFY
        if "listened_at" in entry or "track_metadata" in entry:
            return LISTENBRAINZ
    return ""


def _spotify(entry: dict[str, Any]) -> Play | Bad:
    if "ts" in entry:
        artist, track, album = (entry.get(f"master_metadata_{what}") for what in _MASTER)
        at, length = entry["ts"], entry.get("ms_played")
    else:
        artist, track, album = entry.get("artistName"), entry.get("trackName"), None
        at, length = entry["endTime"], entry.get("msPlayed")
    if artist is None and track is None:
        return Bad("no music: a podcast, a video or a private session", broken=False)
    seconds = length / 1000 if isinstance(length, int | float) and 0 <= length < 1e9 else None
    return _play(_time(at), artist, track, album, seconds)


def _listenbrainz(entry: dict[str, Any]) -> Play | Bad:
    track = entry["track_metadata"] if isinstance(entry.get("track_metadata"), dict) else {}
    return _play(
        _time(entry.get("listened_at")),
        track.get("artist_name"),
        track.get("track_name"),
        track.get("release_name"),
        None,
    )


def _lastfm(file: BinaryIO) -> Iterator[tuple[str, str, Play | Bad]]:
    rows = csv_rows(file)
    first = next(rows, None)
    if first is None:
        raise SourceError("it is empty")
    head = [cell.lower() for cell in first[1]]
    places = {
        field: next((head.index(name) for name in names if name in head), -1) for field, names in _COLUMNS.items()
    }
    if places["artist"] < 0 and len(head) >= 4:
        places = {field: place for place, field in enumerate(_HEADLESS)}
        rows = chain([first], rows)
        if not isinstance(_checked_time(first[1][3]), datetime):
            raise SourceError("its columns are none of Last.fm's")
    if min(places[field] for field in ("artist", "track", "time")) < 0:
        raise SourceError("it lacks a column for artist, track or time")
    for number, cells in rows:
        values = {field: cells[place] if 0 <= place < len(cells) else "" for field, place in places.items()}
        at = _checked_time(values["time"])
        if at is None:
            yield f"line {number}", LASTFM, Bad("no time that can be read", broken=bool(values["time"]))
        else:
            yield f"line {number}", LASTFM, _play(at, values["artist"], values["track"], values["album"], None)


def _play(at: datetime, artist: Any, track: Any, album: Any, seconds: float | None) -> Play | Bad:
    artist, track, album = (clean(text) if isinstance(text, str) else "" for text in (artist, track, album))
    if not artist or not track:
        return Bad("it has no artist or no track")
    if not _FIRST < at < datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1):
        return Bad("a time that cannot be")
    return Play(at, artist, track, album or None, seconds)


def _checked_time(value: Any) -> datetime | None:
    try:
        return _time(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _time(value: Any) -> datetime:
    """Seconds since 1970, ISO 8601, or the "31 Dec 2019, 23:59" of Last.fm's pages; in UTC. ValueError for others."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:12])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
    text = str(value).strip()
    for form in ("%d %b %Y %H:%M", "%d %b %Y, %H:%M"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
