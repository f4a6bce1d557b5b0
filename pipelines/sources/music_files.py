"""What one music file says of its album: tags and embedded art, through mutagen, in one shape for all formats."""

from __future__ import annotations

import os
import re
import struct
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.images import MAX_BYTES
from pipelines.limited import Rejected, limited
from store.catalogue.files import TrackFile
from store.identity import is_mbid
from store.text import clean

SUFFIXES = frozenset((
    ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".wma", ".asf", ".aif", ".aiff", ".aifc", ".wav",
    ".wave",
))  # fmt: skip
MOST_GENRES = 20  # of one file

_FRONT = 3  # the picture type "front cover" of ID3, FLAC and WMA alike
_DISC = re.compile(
    r"[\s,:–-]*[(\[]?\b(?:disc|disk|cd)\s*(?P<number>\d{1,2}|[ivx]{1,4}|one|two|three|four)[)\]]?\s*$", re.I
)
_NUMBERS = {word: place % 4 + 1 for place, word in enumerate(["i", "ii", "iii", "iv", "one", "two", "three", "four"])}
# field → its name in ID3, in Vorbis comments, in MP4 and in ASF
_NAMES = {
    "album": ("TALB", "album", "\xa9alb", "WM/AlbumTitle"),
    "artist": ("TPE1", "artist", "\xa9ART", "Author"),
    "album_artist": ("TPE2", "albumartist", "aART", "WM/AlbumArtist"),
    "date": ("TDRC", "date", "\xa9day", "WM/Year"),
    "original_date": ("TDOR", "originaldate", "----:com.apple.iTunes:ORIGINALDATE", "WM/OriginalReleaseYear"),
    "genre": ("TCON", "genre", "\xa9gen", "WM/Genre"),
    "compilation": ("TCMP", "compilation", "cpil", "WM/IsCompilation"),
    "title": ("TIT2", "title", "\xa9nam", "Title"),
    "disc": ("TPOS", "discnumber", "disk", "WM/PartOfSet"),
    "track": ("TRCK", "tracknumber", "trkn", "WM/TrackNumber"),
    "release_group": (
        "TXXX:MusicBrainz Release Group Id",
        "musicbrainz_releasegroupid",
        "----:com.apple.iTunes:MusicBrainz Release Group Id",
        "MusicBrainz/Release Group Id",
    ),
    "recording": (
        "UFID:http://musicbrainz.org",
        "musicbrainz_trackid",
        "----:com.apple.iTunes:MusicBrainz Track Id",
        "MusicBrainz/Track Id",
    ),
}


class UnreadableMusic(Rejected):
    """This file is no music that can be read; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Track:
    """What one file says of the album that it is part of. Text is cleaned; empty where the file is silent."""

    artist: str
    album_artist: str
    album: str  # without "(Disc 2)"
    year: int | None
    genres: tuple[str, ...]  # lower case
    compilation: bool
    release_group: str | None  # MusicBrainz identifier of the album
    art: bytes | None  # the embedded picture as it is, not looked at yet
    title: str = ""
    disc: int | None = None
    number: int | None = None  # on its disc
    seconds: float | None = None
    recording: str | None = None  # MusicBrainz identifier of the recording
    path: str = ""  # as Python has it

    @property
    def file(self) -> TrackFile:
        """Where it is and its place on the album: what the tags do not say, the names of file and folder may."""
        path = Path(self.path)
        title, artist = self.title or clean(path.stem) or "untitled", self.artist or self.album_artist
        disc = self.disc or disc_of(path.parent.name)
        return TrackFile(self.path, title, artist, disc, self.number, self.seconds, self.recording)


def read_track(path: Path) -> Track:
    """The file's tags, read within the limits of `pipelines.limited`. Raises UnreadableMusic."""
    try:
        track = limited("pipelines.sources.music_files:track_of", os.fsencode(path.absolute()), Track)
        return replace(track, path=str(path.absolute()))
    except Rejected as error:
        raise UnreadableMusic(error.reason, error.detail, error.passing) from None


def track_of(path: bytes) -> Track:
    """`read_track` in this process and without its limits; mutagen's parsers raise nearly anything on damaged bytes."""
    import mutagen

    try:
        file = mutagen.File(os.fsdecode(path))
    except mutagen.MutagenError as error:
        raise UnreadableMusic("damaged", clean(str(error), 120)) from None
    if file is None:
        raise UnreadableMusic("not a music file that is known here")
    tags = file.tags if file.tags is not None else {}
    kind = _kind(tags)
    fields = {name: _values(tags, kind, names[kind]) for name, names in _NAMES.items()}
    first = {name: clean(values[0]) if values else "" for name, values in fields.items()}
    return Track(
        artist=first["artist"],
        album_artist=first["album_artist"],
        album=without_disc(first["album"]),
        year=_year(first["original_date"]) or _year(first["date"]),
        genres=_genres(fields["genre"]),
        compilation=first["compilation"].lower() in ("1", "true"),
        release_group=mbid if is_mbid(mbid := first["release_group"].lower()) else None,
        art=_front(file, tags, kind),
        title=first["title"],
        disc=_number(first["disc"]) or disc_of(first["album"]),
        number=_number(first["track"]),
        seconds=_seconds(file),
        recording=mbid if is_mbid(mbid := first["recording"].lower()) else None,
    )


def without_disc(title: str) -> str:
    """The title without its "(Disc 2)", "[CD1]" or ", Disc One": the discs of a set are one album."""
    return _DISC.sub("", title).strip() or title


def disc_of(name: str) -> int | None:
    """2 for "Set (Disc 2)", "CD2" and "Set, Disc II"; None where the name tells of no disc."""
    match = _DISC.search(name)
    word = match["number"].lower() if match else ""
    return int(word) if word.isdecimal() else _NUMBERS.get(word)


def _number(text: str) -> int | None:
    """2 for "2", "02/11" and "(2, 11)", which is how MP4 has it."""
    match = re.match(r"\(?0*(\d{1,4})\b", text)
    return int(match[1]) if match and int(match[1]) else None


def _seconds(file: Any) -> float | None:
    """The length of the sound, None where the file tells none that can be."""
    length = getattr(file.info, "length", None)
    return round(float(length), 3) if isinstance(length, int | float) and 0.001 <= length < 1e7 else None


def _kind(tags: Any) -> int:
    """The place in _NAMES: 0 ID3, 1 Vorbis comments (and what else is a plain mapping), 2 MP4, 3 ASF."""
    from mutagen.asf import ASFTags
    from mutagen.id3 import ID3
    from mutagen.mp4 import MP4Tags

    return 0 if isinstance(tags, ID3) else 2 if isinstance(tags, MP4Tags) else 3 if isinstance(tags, ASFTags) else 1


def _values(tags: Any, kind: int, name: str) -> list[str]:
    if kind == 0:
        frame = tags.get(name)
        if name == "TCON" and frame is not None:
            return [str(text) for text in frame.genres]  # "(17)" is Rock
        if name.startswith("UFID"):
            return [frame.data.decode("ascii", "replace")] if frame is not None else []
        return [str(text) for text in getattr(frame, "text", [])]
    found = tags.get(name)
    if found is None and kind == 1 and name == "albumartist":
        found = tags.get("album artist")
    values = found if isinstance(found, list) else [] if found is None else [found]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]


def _year(text: str) -> int | None:
    match = re.match(r"\d{4}", text)
    return int(match[0]) if match and 1860 <= int(match[0]) <= 2100 else None


def _genres(values: Iterable[str]) -> tuple[str, ...]:
    """`Rock; Indie` and several fields alike, each once."""
    names = (clean(part, 100).lower() for value in values for part in re.split(r"[;|/\0]", value))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_GENRES]


def _front(file: Any, tags: Any, kind: int) -> bytes | None:
    """The picture marked as front cover, else the first."""
    if kind == 0:
        pictures = [(frame.type, frame.data) for frame in tags.getall("APIC")]
    elif kind == 2:
        pictures = [(_FRONT, bytes(data)) for data in tags.get("covr", [])]
    elif kind == 3:
        pictures = [picture for value in tags.get("WM/Picture", []) if (picture := _asf_picture(value.value))]
    elif hasattr(file, "pictures"):
        pictures = [(picture.type, picture.data) for picture in file.pictures]
    else:
        pictures = [picture for text in _values(tags, 1, "metadata_block_picture") if (picture := _ogg_picture(text))]
    pictures = [(kind_of, data) for kind_of, data in pictures if data and len(data) <= MAX_BYTES]
    return min(pictures, key=lambda picture: picture[0] != _FRONT)[1] if pictures else None


def _ogg_picture(text: str) -> tuple[int, bytes] | None:
    from mutagen import MutagenError
    from mutagen.flac import Picture

    try:
        picture = Picture(b64decode(text))
    except (NotBase64, ValueError, MutagenError, struct.error):
        return None
    return picture.type, picture.data


def _asf_picture(value: object) -> tuple[int, bytes] | None:
    """WM/Picture: type (1 byte), size (4), MIME type and description (UTF-16 with a double NUL each), data."""
    if not isinstance(value, bytes) or len(value) < 9:
        return None
    kind, size = struct.unpack_from("<BI", value)
    at = 5
    for _ in range(2):
        while at + 2 <= len(value) and value[at : at + 2] != b"\0\0":
            at += 2
        at += 2
    data = value[at : at + size]
    return (kind, data) if len(data) == size else None
