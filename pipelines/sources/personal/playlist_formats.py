"""Playlists that others wrote: M3U, XSPF and JSPF, read into the same entries."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from pipelines.report import SourceError
from store.shapes import BadShape, from_json
from store.text import clean

MOST_BYTES = 64 << 20
MOST_ENTRIES = 100_000
_MBID = re.compile(r"musicbrainz\.org/(?:recording|release-group)/([0-9a-f-]{36})", re.I)
_XSPF = "{http://xspf.org/ns/0/}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One track, as far as the playlist tells. Texts are cleaned."""

    paths: tuple[str, ...] = ()  # where its file may be, absolute, as Python has it
    mbids: tuple[str, ...] = ()
    artist: str = ""
    album: str = ""
    title: str = ""

    @property
    def label(self) -> str:
        names = " / ".join(filter(None, (self.artist, self.album or self.title)))
        return names or clean(self.paths[0] if self.paths else "a track without a name", 200)


@dataclass(frozen=True, slots=True)
class _Track:
    location: list[str] | str = field(default_factory=list)
    identifier: list[str] | str = field(default_factory=list)
    title: str | None = ""
    creator: str | None = ""
    album: str | None = ""
    info: str | None = ""


@dataclass(frozen=True, slots=True)
class _List:
    title: str | None = ""
    track: list[_Track] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Jspf:
    playlist: _List


def read_playlist(file: Path) -> tuple[str, list[Entry]]:
    """(its title, its tracks). SourceError where it is no playlist or too large."""
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            raise SourceError(f"{file} is no file of at most {MOST_BYTES >> 20} MB")
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from None
    folder = os.fspath(file.absolute().parent)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    read = _xspf if start == b"<" else _jspf if start == b"{" else _m3u
    try:
        title, entries = read(data, folder)
    except (BadShape, ElementTree.ParseError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SourceError(f"{file} is no playlist: {clean(str(error), 200)}") from None
    if not entries:
        raise SourceError(f"{file} holds no tracks")
    if len(entries) > MOST_ENTRIES:
        raise SourceError(f"{file} holds more than {MOST_ENTRIES:,} tracks")
    return clean(title, 200) or clean(file.stem, 200) or "a playlist", entries


def _m3u(data: bytes, folder: str) -> tuple[str, list[Entry]]:
    """Lines of bytes: paths are what the file system has, texts UTF-8 or what Windows wrote."""
    if b"\0" in data:
        raise ValueError("it is no text")
    title, names, album, entries = "", "", "", []
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        line = line.strip()
        if not line.startswith(b"#"):
            if line:
                artist, _, track = names.partition(" - ")
                entries.append(
                    Entry(
                        _places(line, folder), (), clean(artist if track else ""), clean(album), clean(track or artist)
                    )
                )
                names = album = ""
            continue
        text = _decoded(line)
        directive, _, value = text.partition(":")
        if directive == "#EXTINF":
            names = value.partition(",")[2]
        elif directive == "#EXTALB":
            album = value
        elif directive == "#PLAYLIST":
            title = value
    return title, entries


def _xspf(data: bytes, folder: str) -> tuple[str, list[Entry]]:
    text = data.decode("utf-8-sig")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares entities, which no playlist needs")
    root = ElementTree.fromstring(text)
    if root.tag not in (f"{_XSPF}playlist", "playlist"):
        raise ValueError("its root is no playlist of XSPF")
    space = _XSPF if root.tag.startswith("{") else ""
    entries = []
    for track in root.iterfind(f"{space}trackList/{space}track"):
        texts = {name: track.findtext(f"{space}{name}") or "" for name in ("creator", "album", "title", "info")}
        locations = [node.text or "" for node in track.findall(f"{space}location")]
        identifiers = [node.text or "" for node in track.findall(f"{space}identifier")]
        entries.append(_entry(locations, [*identifiers, texts["info"]], texts, folder))
    return root.findtext(f"{space}title") or "", entries


def _jspf(data: bytes, folder: str) -> tuple[str, list[Entry]]:
    playlist = from_json(data, _Jspf).playlist
    entries = []
    for track in playlist.track:
        locations, identifiers = (
            [value] if isinstance(value, str) else value for value in (track.location, track.identifier)
        )
        texts = {"creator": track.creator or "", "album": track.album or "", "title": track.title or ""}
        entries.append(_entry(locations, [*identifiers, track.info or ""], texts, folder))
    return playlist.title or "", entries


def _entry(locations: list[str], identifiers: list[str], texts: dict[str, str], folder: str) -> Entry:
    paths = [
        path for place in locations for path in _places(place.strip().encode("utf-8", "surrogatepass"), folder, True)
    ]
    mbids = [found[1].lower() for text in identifiers if (found := _MBID.search(text))]
    return Entry(tuple(paths), tuple(mbids), clean(texts["creator"]), clean(texts["album"]), clean(texts["title"]))


def _places(line: bytes, folder: str, uri: bool = False) -> tuple[str, ...]:
    """The paths that a location may mean: a file:// address, a path, one from the playlist's folder on; none for an
    address of the web. `uri`: percent signs mean bytes, as in XSPF.
    """
    scheme = line.partition(b":")[0].lower()
    if scheme == b"file":
        line = unquote_to_bytes(re.sub(rb"^file:(?://[^/]*)?", b"", line, flags=re.I))
    elif b"://" in line:
        return ()
    elif uri:
        line = unquote_to_bytes(line)
    if b"\0" in line:
        return ()
    ways = dict.fromkeys([os.fsdecode(line), _decoded(line)])
    return tuple(os.path.normpath(f"{folder}/{way}" if not way.startswith("/") else way) for way in ways)


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
