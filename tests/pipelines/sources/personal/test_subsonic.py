"""A music server: its albums and covers come, walks go back, and secrets are nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pipelines.report import SourceError
from pipelines.sources.personal import subsonic_server
from pipelines.sources.personal.subsonic import ingest_subsonic, send_playlist
from pipelines.sources.personal.subsonic_server import SubsonicServer
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.text import album_id
from tests.pipelines.support.fakes.subsonic import FakeSubsonic, error
from tests.pipelines.support.pictures import photo, to_bytes

ALBUMS = [
    {"id": "al-1", "name": "B \x1b[31m", "artist": "A", "year": 1999, "genre": "Pop", "coverArt": "co-1", "extra": 1},
    {"id": 2, "title": "C", "artist": "A", "genres": [{"name": "Rock"}, {"name": "Indie"}], "coverArt": "none"},
    {"id": "al-3", "name": "D", "musicBrainzId": "3F48BB7C-0d35-3c7b-9dd9-7d0d4d6b8a5e"},
    {"id": "al-4", "name": ["odd"]},
    {"id": "al-5", "name": "", "artist": "A"},
]


@pytest.fixture
def fake() -> Iterator[FakeSubsonic]:
    server = FakeSubsonic(ALBUMS, {"co-1": to_bytes(photo())})
    yield server
    server.stop()


def test_albums_and_covers_arrive_and_a_second_run_adds_nothing(library: Library, fake: FakeSubsonic) -> None:
    server = SubsonicServer(f"{fake.url}/rest/", "me", "sesame")
    report = ingest_subsonic(library, server)
    assert (report.read, report.added, report.covers_stored, len(report.rejected)) == (5, 3, 1, 2)
    with library.read() as con:
        rows = con.execute("SELECT artist, title, year, genre, mbid FROM albums ORDER BY title").fetchall()
    assert rows == [
        ("A", "B", 1999, "pop", None),
        ("A", "C", None, "rock", None),
        ("Various Artists", "D", None, None, "3f48bb7c-0d35-3c7b-9dd9-7d0d4d6b8a5e"),
    ]
    again = ingest_subsonic(library, server)
    assert (again.added, again.covers_stored, again.already_there) == (0, 0, 3)


def test_pages_are_asked_until_the_last(library: Library, fake: FakeSubsonic) -> None:
    fake.albums = [{"id": n, "name": f"B {n}", "artist": "A"} for n in range(501)]
    assert ingest_subsonic(library, SubsonicServer(fake.url, "me", "sesame")).added == 501


def test_a_walk_becomes_a_playlist_in_the_order_of_tracks(library: Library, fake: FakeSubsonic) -> None:
    server = SubsonicServer(fake.url, "me", "sesame")
    ingest_subsonic(library, server)
    snapshot = Snapshot.load(library)
    albums = [snapshot.album(snapshot.row(album_id("A", title)) or 0) for title in ("C", "B")]
    sent = send_playlist(library, server, "Sunday", albums)
    assert (sent.albums, sent.tracks, sent.replaced) == (2, 4, False)
    assert fake.playlists["Sunday"] == ["2-1", "2-2", "al-1-1", "al-1-2"]
    assert send_playlist(library, server, "Sunday", albums[:1]).replaced
    elsewhere = SubsonicServer(fake.url.replace("127.0.0.1", "localhost"), "me", "sesame")
    with pytest.raises(SourceError, match="has none of these albums"):
        send_playlist(library, elsewhere, "Sunday", albums)


def test_a_server_that_fails_on_an_album_leaves_the_playlist_as_it_was(library: Library, fake: FakeSubsonic) -> None:
    server = SubsonicServer(fake.url, "me", "sesame")
    ingest_subsonic(library, server)
    snapshot = Snapshot.load(library)
    albums = [snapshot.album(snapshot.row(album_id("A", title)) or 0) for title in ("C", "B")]
    send_playlist(library, server, "Sunday", albums)
    before = dict(fake.playlists)
    for broken in (b"", error(0, "database is locked"), b'{"subsonic-response": {"status": "ok"}}'):
        fake.broken["getAlbum 2"] = broken
        with pytest.raises(SourceError):
            send_playlist(library, server, "Sunday", albums)
        assert fake.playlists == before
    del fake.broken["getAlbum 2"]
    fake.albums = [album for album in ALBUMS if album["id"] != 2]  # it was taken out since
    assert send_playlist(library, server, "Sunday", albums).left_out == ("A / C",)
    assert fake.playlists == {"Sunday": ["al-1-1", "al-1-2"]}


def test_an_answer_that_drips_is_given_up(fake: FakeSubsonic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subsonic_server, "MOST_SECONDS", 0.2)
    fake.drips = 30
    with pytest.raises(SourceError, match=r"has not answered ping within 0\.2 s$"):
        SubsonicServer(fake.url, "me", "sesame").ask("ping")


def test_a_cover_that_the_server_has_not_is_no_failure(library: Library, fake: FakeSubsonic) -> None:
    server = SubsonicServer(fake.url, "me", "sesame")
    fake.broken["getCoverArt co-1"] = error(0, "database is locked")
    assert ingest_subsonic(library, server).failed == 1  # asked again by the next run
    fake.broken.clear()
    report = ingest_subsonic(library, server)
    assert (report.covers_stored, report.failed) == (1, 0)


@pytest.mark.parametrize("tokens", [True, False])
def test_secrets_are_in_no_address_log_or_message(
    library: Library, fake: FakeSubsonic, tokens: bool, caplog: pytest.LogCaptureFixture
) -> None:
    fake.tokens = tokens
    with caplog.at_level(logging.DEBUG):
        ingest_subsonic(library, SubsonicServer(fake.url, "me", "sesame"))
        with pytest.raises(SourceError, match=r"Wrong username or password$") as refused:
            SubsonicServer(fake.url, "me", "wrong sesame").ask("ping")
    assert all("?" not in path for path, _ in fake.asked)
    assert all("p" not in form for _, form in fake.asked) == tokens
    secrets = ["sesame", b"sesame".hex(), *(form["t"][0] for _, form in fake.asked if "t" in form)]
    library_text = b"".join(path.read_bytes() for path in library.path.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in caplog.text and secret not in str(refused.value) and secret.encode() not in library_text


def test_the_password_itself_is_not_sent_over_plain_http_to_another_machine(fake: FakeSubsonic) -> None:
    fake.tokens = False
    server = SubsonicServer(fake.url, "me", "sesame")
    server.host = "music.example.org:80"  # as if it were there
    with pytest.raises(SourceError, match="use https"):
        server.ask("ping")
    assert all("p" not in form for _, form in fake.asked)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"subsonic-response": 5}', b'{"a":' * 50_000, b"\xff"])
def test_what_is_no_answer_is_told_in_a_line(library: Library, fake: FakeSubsonic, answer: bytes) -> None:
    fake.answer = answer
    with pytest.raises(SourceError) as refused:
        ingest_subsonic(library, SubsonicServer(fake.url, "me", "sesame"))
    assert "\n" not in str(refused.value)


def test_no_server_and_no_address_are_told(library: Library) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        SubsonicServer("http://127.0.0.1:9", "me", "x").ask("ping")
    with pytest.raises(SourceError, match="http or https"):
        SubsonicServer("file:///etc/passwd", "me", "x")
