"""Playlists that play: true paths in every format, hostile names, and back again as walks."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import msgspec
import pytest

from pipelines.exports.playlist import FORMS, Playlist, make_playlist, save_playlist, write_playlist
from pipelines.sources.folder import ingest_folder
from pipelines.sources.personal.playlist import ingest_playlist
from pipelines.sources.personal.playlist_formats import read_playlist
from store.catalogue.files import Playable, TrackFile, playables
from store.database.library import Library
from store.errors import LibraryError
from store.memory.snapshot import Snapshot
from store.personal.walks import recorded_walks
from store.records import Album
from tests.pipelines.support.forty import forty_albums
from tests.pipelines.support.music import write_track
from tests.support.hostile import HOSTILE

MBID = "3f48bb7c-0d35-3c7b-9dd9-7d0d4d6b8a5e"
SPACE = "{http://xspf.org/ns/0/}"
# What https://xspf.org/spec allows within <playlist> and <track>, and what may be there once only.
WITHIN_BOTH = {"title", "creator", "annotation", "info", "location", "identifier", "image"}
WITHIN_PLAYLIST = WITHIN_BOTH | {"date", "license", "trackList"}
WITHIN_TRACK = WITHIN_BOTH | {"album", "trackNum", "duration"}
URI = re.compile(r"(?:[a-z][a-z0-9+.-]*:|[^:]*/?)(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-F]{2})*")  # RFC 3986


class JspfTrack(msgspec.Struct, forbid_unknown_fields=True):
    """As https://xspf.org/jspf has it; what is a list there is one here."""

    location: list[str] = []
    identifier: list[str] = []
    title: str = ""
    creator: str = ""
    info: str = ""
    album: str = ""
    trackNum: int = 0
    duration: int = 0


class JspfList(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    track: list[JspfTrack]


class Jspf(msgspec.Struct, forbid_unknown_fields=True):
    playlist: JspfList


def check_xspf(text: str) -> list[str]:
    """The locations of a valid XSPF; an assertion for any other."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SPACE}playlist" and root.attrib == {"version": "1"}
    names = [node.tag.removeprefix(SPACE) for node in root]
    assert set(names) <= WITHIN_PLAYLIST and len(names) == len(set(names)) and names[-1] == "trackList"
    locations = []
    for track in root.iterfind(f"{SPACE}trackList/*"):
        assert track.tag == f"{SPACE}track"
        names = [node.tag.removeprefix(SPACE) for node in track]
        assert set(names) <= WITHIN_TRACK
        assert all(names.count(name) == 1 for name in set(names) - {"location", "identifier"})
        for node in track:
            assert not node.attrib and not len(node)
            if node.tag.removeprefix(SPACE) in ("location", "identifier", "info"):
                assert URI.fullmatch(node.text or ""), node.text
            if node.tag.removeprefix(SPACE) in ("trackNum", "duration"):
                assert int(node.text or "") >= 0
        locations.append(track.findtext(f"{SPACE}location") or "")
    return locations


def some(title: str = "T", path: str = "/m/a b.flac", tracks: int = 3) -> Playable:
    files = [
        TrackFile(f"{path}{n}", f"{title} {n}", "A", 1, n, 61.4, MBID if n == 1 else None) for n in range(1, tracks + 1)
    ]
    return Playable(Album(title, "A", title, 1999, None, None, None), MBID, tuple(files))


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, list[Playable]]:
    folder = tmp_path_factory.mktemp("forty")
    library = Library.create(folder / "library")
    forty_albums(folder / "music")
    ingest_folder(library, folder / "music")
    snapshot = Snapshot.load(library)
    return library, playables(library, [snapshot.album(row) for row in range(len(snapshot))])


def test_albums_without_files_are_named_and_left_out_and_tracks_are_capped() -> None:
    nothing = replace(some("None"), tracks=())
    made = make_playlist("x", [some("B"), nothing, some("C"), some("B")], most=2)
    assert [album.album.title for album in made.albums] == ["B", "C"] and made.tracks == 4
    assert made.left_out == ("A / None",)
    with pytest.raises(LibraryError, match="no file is known"):
        make_playlist("x", [nothing])


def test_paths_are_absolute_or_relative_and_never_outside() -> None:
    made = make_playlist("x", [some(path="/m/in/a b.flac", tracks=1)])
    assert write_playlist(made, "m3u8").splitlines()[-1] == "/m/in/a b.flac1"
    assert write_playlist(made, "m3u8", Path("/m")).splitlines()[-1] == "in/a b.flac1"
    assert check_xspf(write_playlist(made, "xspf", Path("/m"))) == ["in/a%20b.flac1"]
    with pytest.raises(LibraryError, match="does not lie below"):
        write_playlist(made, "xspf", Path("/elsewhere"))


def test_paths_with_signs_of_addresses_become_addresses_for_players_that_read_them_so() -> None:
    made = make_playlist("x", [some(path="/m/#1 50%?.flac", tracks=1), some(path="/m/a b.flac", tracks=1, title="C")])
    assert write_playlist(made, "m3u8").splitlines()[-4::3] == ["/m/#1 50%?.flac1", "/m/a b.flac1"]
    addressed = write_playlist(made, "m3u8", addressed="#%?").splitlines()
    assert addressed[-4::3] == ["file:///m/%231%2050%25%3F.flac1", "/m/a b.flac1"]


def test_paths_may_be_relative_to_the_folder_above_and_to_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music" / "lists").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "music")
    monkeypatch.chdir(tmp_path / "music" / "lists")
    made = make_playlist("x", [some(path=f"{tmp_path}/music/a.flac", tracks=1)])
    for folder in ("..", "../.", "../../link"):
        assert write_playlist(made, "m3u8", Path(folder)).splitlines()[-1] == "a.flac1"
    assert write_playlist(made, "m3u8", Path("../../link/..")).splitlines()[-1] == "music/a.flac1"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_stay_text(form: str, text: str) -> None:
    made = make_playlist(text, [some(text or "x", "/m/a.flac")])
    written = write_playlist(made, form)
    assert not [char for char in written if ord(char) < 32 and char != "\n"]
    if form == "xspf":
        check_xspf(written)
    elif form == "jspf":
        msgspec.json.decode(written, type=Jspf)
    else:
        assert [line for line in written.splitlines() if line[:1] != "#"] == [f"/m/a.flac{n}" for n in (1, 2, 3)]


def test_forty_albums_with_hostile_paths_are_the_tracks_of_the_table(forty: tuple[Library, list[Playable]]) -> None:
    _, albums = forty
    made = make_playlist("all", albums)
    paths = [os.fsencode(track.path) for album in made.albums for track in album.tracks]
    assert made.tracks == len(set(paths)) == 150
    for locations in (
        check_xspf(write_playlist(made, "xspf")),
        [track.location[0] for track in msgspec.json.decode(write_playlist(made, "jspf"), type=Jspf).playlist.track],
    ):
        assert [unquote_to_bytes(place.removeprefix("file://")) for place in locations] == paths
    lines = [line for line in write_playlist(made, "m3u8").splitlines() if line[:1] != "#"]
    assert [unquote_to_bytes(line[7:]) if line.startswith("file://") else line.encode() for line in lines] == paths


@pytest.mark.parametrize("form", FORMS)
def test_a_playlist_comes_back_as_the_walk_it_was(
    forty: tuple[Library, list[Playable]], form: str, tmp_path: Path
) -> None:
    library, albums = forty
    save_playlist(make_playlist(f"Sunday {form}", albums[::-1]), tmp_path / f"s.{form}")
    report = ingest_playlist(library, tmp_path / f"s.{form}")
    assert (report.walk, report.stops, report.rejected) == (f"Sunday {form}", 40, [])
    again = ingest_playlist(library, tmp_path / f"s.{form}")
    assert again.added == 0 and again.already_there == 150
    (walk,) = [w for w in recorded_walks(Snapshot.load(library).personal) if w.name == f"Sunday {form}"]
    assert [step.album_id for step in walk.steps] == [album.album.album_id for album in albums[::-1]]


def test_tracks_are_found_by_file_identifier_and_names(library: Library, tmp_path: Path) -> None:
    for number, name in enumerate(("B", "C", "D", "E")):
        ids = {"release_group": MBID} if name == "C" else {}
        write_track(tmp_path / f"{name}.mp3", artist="A", album=name, title=f"Song {number}", **ids)
    ingest_folder(library, tmp_path)
    tracks = [
        {"location": ["B.mp3"]},
        {"identifier": [f"https://musicbrainz.org/release-group/{MBID}"]},
        {"creator": "a", "album": "The D (Deluxe Edition)", "title": "other"},
        {"creator": "A", "title": "song 3"},
        {"location": ["https://example.org/x.mp3"], "title": "unknown"},
    ]
    (tmp_path / "x.jspf").write_text(json.dumps({"playlist": {"track": tracks}}))
    report = ingest_playlist(library, tmp_path / "x.jspf")
    assert (report.stops, report.walk, len(report.rejected)) == (4, "x", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"{",
        b'{"playlist": {"track": 5}}',
        b'{"playlist": {"track": [{"title": 7}]}}',
        b'{"a":' * 100_000,
        b"<playlist>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><playlist>&a;</playlist>',
        b"<a>" * 5000,
        "<playlist>".encode("utf-16"),
        b"<html></html>",
    ],
)
def test_what_is_no_playlist_is_refused_in_a_line(library: Library, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.m3u").write_bytes(data)
    with pytest.raises(LibraryError) as error:
        ingest_playlist(library, tmp_path / "x.m3u")
    assert "\n" not in str(error.value) and "x.m3u" in str(error.value)


def test_an_m3u_of_windows_and_one_of_bytes_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.m3u").write_bytes("#EXTM3U\r\n#EXTINF:5,Café - Lait\r\ncafé.mp3\r\n".encode("cp1252"))
    title, (entry,) = read_playlist(tmp_path / "x.m3u")
    assert (title, entry.artist, entry.title) == ("x", "Café", "Lait")
    assert entry.paths == (os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp3"), str(tmp_path / "café.mp3"))


def test_a_playlist_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    made: Playlist = make_playlist("x", [some(path="/m/a")])
    target = tmp_path / "x.m3u8"
    target.write_text("old")
    with pytest.raises(LibraryError):
        save_playlist(made, target, Path("/elsewhere"))
    assert target.read_text() == "old"
