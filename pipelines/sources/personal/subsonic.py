"""`ingest subsonic`: the albums of a music server, and walks back to it as playlists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from msgspec import Meta

from pipelines.images import BadImage, PreparedCover, prepare_cover
from pipelines.progress import Progress
from pipelines.report import IngestReport, LeftOut, SourceError, told
from pipelines.sources.folder import VARIOUS
from pipelines.sources.personal.albums import Found, store_albums
from pipelines.sources.personal.subsonic_server import NotThere, SubsonicServer
from store.database.library import Library
from store.identity import is_mbid
from store.records import Album, AlbumRecord
from store.shapes import BadShape, from_plain
from store.text import clean

SOURCE = "subsonic"
PAGE = 500  # albums asked for at once: the most that the API allows
MOST = 500_000  # albums

_Text = Annotated[str, Meta(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class _Genre:
    name: _Text = ""


@dataclass(frozen=True, slots=True)
class _Album:
    """What the server says of an album, as far as it is used."""

    id: str | int
    name: _Text = ""
    title: _Text = ""
    artist: _Text = ""
    year: int | None = None
    genre: _Text = ""
    genres: list[_Genre] = field(default_factory=list)
    coverArt: str | int = ""
    musicBrainzId: _Text = ""


@dataclass(frozen=True, slots=True)
class PlaylistSent:
    """What became of a playlist on the server."""

    name: str
    albums: int
    tracks: int
    left_out: tuple[str, ...]  # labels of albums that the server has not
    replaced: bool  # one of that name was there


def ingest_subsonic(library: Library, server: SubsonicServer, progress: Progress | None = None) -> IngestReport:
    """Add every album of the server with its cover. SourceError where it does not answer; what came stays."""
    progress = progress or Progress()
    report = IngestReport(server.host)
    with told(report, progress):
        server.ask("ping")
        progress.start(f"Albums of {server.host}", None)
        store_albums(library, SOURCE, _albums(server, report), report, progress, server.stop)
    return report


def send_playlist(library: Library, server: SubsonicServer, name: str, albums: Sequence[Album]) -> PlaylistSent:
    """Make a playlist of these albums' tracks on the server, in place of the one of that name. SourceError where the
    server has none of the albums or does not answer for one of them: then the playlist stays as it was.
    """
    prefix = f"{server.host}/"
    with library.read() as con:
        rows = con.execute(
            "SELECT album_id, source_key FROM album_sources WHERE source = ? AND starts_with(source_key, ?) "
            "AND album_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY source_key",
            [SOURCE, prefix, [album.album_id for album in albums]],
        ).fetchall()
    theirs = {album_id: item.removeprefix(prefix) for album_id, item in reversed(rows)}
    songs: list[str] = []
    sent, left_out = 0, []
    for album in albums:
        found = _songs(server, theirs[album.album_id]) if album.album_id in theirs else []
        songs += found
        sent += bool(found)
        if not found:
            left_out.append(clean(album.label, 200))
    if not songs:
        raise SourceError(f"{server.host} has none of these albums; `sleevewalk ingest subsonic` brings what it has")
    there = _playlist_named(server, name)
    if there:
        server.ask("createPlaylist", playlistId=there, name=name, songId=songs)
    else:
        server.ask("createPlaylist", name=name, songId=songs)
    return PlaylistSent(name, sent, len(songs), tuple(left_out), bool(there))


def _albums(server: SubsonicServer, report: IngestReport) -> Iterator[Found]:
    met: set[str] = set()
    for offset in range(0, MOST, PAGE):
        answer = server.ask("getAlbumList2", type="alphabeticalByName", size=str(PAGE), offset=str(offset))
        page = _list_in(answer, "albumList2", "album")
        for row in page:
            try:
                album = from_plain(row, _Album)
            except BadShape as error:
                report.read += 1
                report.rejected.append(LeftOut(f"album {offset + 1:,} and on", "", f"it makes no sense ({error})"))
                continue
            if str(album.id) not in met:
                met.add(str(album.id))
                yield _found(server, album)
        if len(page) < PAGE:
            return


def _found(server: SubsonicServer, album: _Album) -> Found:
    genres = [clean(name, 100).lower() for name in ([one.name for one in album.genres] or [album.genre])]
    genres = list(dict.fromkeys(filter(None, genres)))[:20]
    mbid = album.musicBrainzId.lower()
    record = AlbumRecord(
        artist=clean(album.artist) or VARIOUS,
        title=clean(album.name or album.title),
        source=SOURCE,
        source_key=f"{server.host}/{album.id}",
        year=album.year if album.year and 1860 <= album.year <= 2100 else None,
        genre=genres[0] if genres else None,
        mbid=mbid if is_mbid(mbid) else None,
        tags=tuple((genre, round(100 * 0.9**place, 1)) for place, genre in enumerate(genres)),
    )
    cover = str(album.coverArt)
    return Found(record, cover=partial(_cover, server, cover) if cover else None, stamp=cover)


def _cover(server: SubsonicServer, cover: str) -> PreparedCover | BadImage:
    try:
        return prepare_cover(server.picture(cover))
    except BadImage as error:
        return error
    except SourceError as error:
        return BadImage("no cover from the server", str(error), passing=not isinstance(error, NotThere))


def _songs(server: SubsonicServer, album: str) -> list[str]:
    """The ids of an album's songs in their order; none where the server no longer has it."""
    try:
        answer = server.ask("getAlbum", id=album)
    except NotThere:
        return []
    if "album" not in answer:
        raise SourceError(f"{server.host} answers getAlbum with no album")

    def place(song: dict[str, Any]) -> tuple[int, int]:
        disc, track = song.get("discNumber"), song.get("track")
        return (disc if isinstance(disc, int) else 1, track if isinstance(track, int) else 0)

    songs = sorted(_list_in(answer, "album", "song"), key=place)
    return [str(song["id"]) for song in songs if isinstance(song.get("id"), str | int)]


def _playlist_named(server: SubsonicServer, name: str) -> str:
    """The id of the person's own playlist of that name, '' for none."""
    for one in _list_in(server.ask("getPlaylists"), "playlists", "playlist"):
        if one.get("name") == name and one.get("owner") in (None, server.user):
            return str(one.get("id", ""))
    return ""


def _list_in(answer: dict[str, Any], outer: str, inner: str) -> list[dict[str, Any]]:
    """A list of tables two steps down; a single one comes without a list from some servers."""
    within = answer.get(outer)
    found = within.get(inner, []) if isinstance(within, dict) else []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
