"""Albums as a playlist that plays: M3U8, XSPF and JSPF, with the true paths of their tracks.

XSPF: https://xspf.org/spec, JSPF: https://xspf.org/jspf. MusicBrainz identifiers are those of ListenBrainz's
playlists (https://musicbrainz.org/doc/jspf): a recording in `identifier`, the album in an extension.
"""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote_from_bytes

from store.catalogue.files import Playable, TrackFile
from store.database.atomic import atomic_file, leftovers
from store.errors import LibraryError
from store.text import clean

FORMS = ("m3u", "m3u8", "xspf", "jspf")
NO_FILES = "none of its files is known"
_XSPF = "http://xspf.org/ns/0/"
_BRAINZ = "https://musicbrainz.org"
_Base = tuple[str, ...] | None  # names of the folder that paths are relative to; None: they are absolute


@dataclass(frozen=True, slots=True)
class Playlist:
    """What is written: albums with tracks, and those that were left out for want of them."""

    title: str
    albums: tuple[Playable, ...]
    left_out: tuple[str, ...]  # labels

    @property
    def tracks(self) -> int:
        return sum(len(album.tracks) for album in self.albums)


def make_playlist(title: str, albums: Sequence[Playable], most: int | None = None) -> Playlist:
    """The albums that have files, each once, in their order; at most `most` tracks of each. LibraryError for none."""
    once = list({one.album.album_id: one for one in albums}.values())
    there = tuple(replace(one, tracks=one.tracks[:most]) for one in once if one.tracks)
    left_out = tuple(clean(one.album.label, 200) for one in once if not one.tracks)
    if not there:
        raise LibraryError(
            f"nothing to play: of {len(once):,} albums no file is known; `sleevewalk ingest folder DIR` finds them"
        )
    return Playlist(title, there, left_out)


def write_playlist(playlist: Playlist, form: str, relative_to: Path | None = None, addressed: str = "") -> str:
    """The text of the playlist in one of FORMS; paths are absolute, or relative to a folder. LibraryError for a file
    that lies elsewhere than below it.

    An M3U has plain paths, which MPD wants; VLC takes them for addresses. `addressed`: a path that has one of these
    characters becomes a `file://` address.
    """
    base: _Base = None
    if relative_to is not None:  # `..` and links: by its name as given and by where it really is
        base = tuple({os.path.normpath(relative_to.absolute()): None, os.path.realpath(relative_to): None})
    if form in ("xspf", "jspf"):
        return {"xspf": _xspf, "jspf": _jspf}[form](playlist, base)
    return _m3u(playlist, base, addressed)


def save_playlist(playlist: Playlist, path: Path, relative_to: Path | None = None) -> None:
    """Write the playlist in the one of FORMS that `path` has. LibraryError where it cannot be written; a file that was
    there is then as it was.
    """
    text = write_playlist(playlist, path.suffix[1:].lower(), relative_to)
    leftovers(path.parent, remove=True)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def file_uri(path: str) -> str:
    """`file:///music/a%20b.flac`, byte by byte as the file system has it."""
    return "file://" + quote_from_bytes(os.fsencode(path))


def _tracks(playlist: Playlist) -> Iterator[tuple[Playable, TrackFile]]:
    return ((album, track) for album in playlist.albums for track in album.tracks)


def _below(path: str, base: _Base) -> str:
    if base is None:
        return path
    for folder in base:
        if path.startswith(folder.rstrip("/") + "/"):
            return path[len(folder.rstrip("/")) + 1 :]
    raise LibraryError(
        f"{clean(path, 500)} does not lie below {clean(base[0], 500)}: --relative-to a folder above both"
    )


def _location(path: str, base: _Base) -> str:
    if base is None:
        return file_uri(path)
    relative = quote_from_bytes(os.fsencode(_below(path, base)))
    return f"./{relative}" if ":" in relative.partition("/")[0] else relative  # else it would be a scheme


def _m3u(playlist: Playlist, base: _Base, addressed: str) -> str:
    rows = ["#EXTM3U", f"#PLAYLIST:{clean(playlist.title)}"]
    for album, track in _tracks(playlist):
        seconds = -1 if track.seconds is None else round(track.seconds)
        rows.append(f"#EXTINF:{seconds},{clean(album.album.artist)} - {clean(track.title)}")
        rows.append(f"#EXTALB:{clean(album.album.title)}")
        path = _below(track.path, base)
        plain = _sayable(path) and not set(path).intersection(addressed)
        rows.append(path if plain else file_uri(track.path))
    return "\n".join(rows) + "\n"


def _sayable(path: str) -> bool:
    """Whether a line of an M3U can be this path: one line, UTF-8, no comment, no spaces that a reader takes off."""
    return path.isprintable() and path == path.strip() and not path.startswith("#")


def _xspf(playlist: Playlist, base: _Base) -> str:
    root = ElementTree.Element("playlist", version="1", xmlns=_XSPF)
    _add(root, "title", playlist.title)
    tracks = ElementTree.SubElement(root, "trackList")
    for album, track in _tracks(playlist):
        node = ElementTree.SubElement(tracks, "track")
        _add(node, "location", _location(track.path, base))
        if track.mbid:
            _add(node, "identifier", f"{_BRAINZ}/recording/{track.mbid}")
        _add(node, "title", track.title)
        _add(node, "creator", album.album.artist)
        if album.mbid:
            _add(node, "info", f"{_BRAINZ}/release-group/{album.mbid}")
        _add(node, "album", album.album.title)
        if track.track:
            _add(node, "trackNum", str(track.track))
        if track.seconds is not None:
            _add(node, "duration", str(round(track.seconds * 1000)))
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = "".join(
        char for char in clean(text, 20_000) if char not in "\ufffe\uffff"
    )


def _jspf(playlist: Playlist, base: _Base) -> str:
    tracks = []
    for album, track in _tracks(playlist):
        row: dict[str, object] = {
            "location": [_location(track.path, base)],
            "title": clean(track.title),
            "creator": clean(album.album.artist),
            "album": clean(album.album.title),
        }
        if track.mbid:
            row["identifier"] = [f"{_BRAINZ}/recording/{track.mbid}"]
        if album.mbid:
            row["info"] = f"{_BRAINZ}/release-group/{album.mbid}"
        if track.track:
            row["trackNum"] = track.track
        if track.seconds is not None:
            row["duration"] = round(track.seconds * 1000)
        tracks.append(row)
    return (
        json.dumps({"playlist": {"title": clean(playlist.title), "track": tracks}}, ensure_ascii=False, indent=1) + "\n"
    )
