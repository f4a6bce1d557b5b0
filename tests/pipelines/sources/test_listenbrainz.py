"""Listeners by ListenBrainz: by release group, else by release; what is no answer costs its own albums and is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.sources import listenbrainz
from pipelines.sources.listenbrainz import ingest_listenbrainz_counts
from pipelines.web.client import Web
from store.catalogue.albums import add_albums
from store.database.library import Library
from store.records import AlbumRecord
from tests.pipelines.support.fakes.catalogue import mbid
from tests.pipelines.support.fakes.host import Answer, FakeHost

GROUPS = {mbid(0): 900, mbid(1): 0, mbid(2): None}
RELEASES = {mbid(2): 40, mbid(0): 7}


def popular(path: str, query: dict[str, str]) -> Answer:
    """As the service answers: in the order asked, null for what it does not know."""
    thing = path.removeprefix("/popularity/").replace("-", "_")
    known = {"release_group": GROUPS, "release": RELEASES}[thing]
    asked = json.loads(query["body"])[f"{thing}_mbids"]
    rows = [{f"{thing}_mbid": one, "total_listen_count": None, "total_user_count": known.get(one)} for one in asked]
    return Answer(json.dumps(rows).encode())


@pytest.fixture
def named(library: Library) -> Library:
    with library.write() as con:
        records = [AlbumRecord(f"Artist {n}", f"Album {n}", "table", str(n), mbid=mbid(n).upper()) for n in range(4)]
        add_albums(con, [*records, AlbumRecord("Ada", "Nameless", "table", "n")])
    return library


def counts(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute("SELECT title, value FROM album_counts JOIN albums USING (album_id) ORDER BY 1").fetchall()


def web_for(folder: Path, host: FakeHost) -> Web:
    return Web(folder, frozenset([host.netloc]), speed=1000, timeouts=(2, 2))


def test_listeners_are_counts_of_the_albums_with_an_identifier(named: Library, tmp_path: Path) -> None:
    with FakeHost(popular) as host:
        report = ingest_listenbrainz_counts(named, web_for(tmp_path, host), host.url + "/")
        assert (report.read, report.added, report.failed) == (5, 3, 0)
        assert {item.label: item.reason for item in report.rejected} == {
            "Ada / Nameless": "no MusicBrainz identifier",
            "Artist 3 / Album 3": "ListenBrainz knows no listeners of it",
        }
        assert counts(named) == [("Album 0", 900.0), ("Album 1", 0.0), ("Album 2", 40.0)]
        assert host.asked == {"/popularity/release-group": 1, "/popularity/release": 1}
        again = ingest_listenbrainz_counts(named, web_for(tmp_path, host), host.url)
        assert (again.added, again.already_there) == (0, 3)
        assert sum(host.asked.values()) == 2, "the answers are kept"


ODD = [
    b"[]", b"{}", b"null", b"7", b"[7]", b"[" * 10_000, b"\xff\xfe", b"<html>", b'{"code": 400, "error": "bad"}',
    b'[{"release_group_mbid": "%s", "total_user_count": -1}]' % mbid(0).encode(),
    b'[{"release_group_mbid": "%s", "total_user_count": 1e999}]' % mbid(0).encode(),
    b'[{"release_group_mbid": "%s", "total_user_count": "many"}]' % mbid(0).encode(),
    b'[{"release_group_mbid": ["x"], "total_user_count": 5}]',
    b'[{"release_group_mbid": "%s", "total_user_count": 5}]' % mbid(9).encode(),
]  # fmt: skip


def test_an_odd_answer_is_told_and_leaves_no_count(
    named: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two questions the first meets it; the other's albums have their counts."""
    monkeypatch.setattr(listenbrainz, "BATCH", 2)
    for number, odd in enumerate(ODD):
        answer = lambda path, query, odd=odd: Answer(odd) if mbid(0) in query["body"] else popular(path, query)  # noqa: E731
        with FakeHost(answer) as host:
            report = ingest_listenbrainz_counts(named, web_for(tmp_path / str(number), host), host.url)
        assert [title for title, _ in counts(named)] == ["Album 2"], odd
        assert report.added + report.already_there + len(report.rejected) == report.read == 5
        told = {item.label: item.reason for item in report.rejected}
        assert {"Artist 0 / Album 0", "Artist 1 / Album 1"} <= told.keys()
        assert all("\n" not in reason and "\x1b" not in reason for reason in told.values())


def test_a_service_that_does_not_serve_fails_every_album(named: Library, tmp_path: Path) -> None:
    for status in (400, 404, 500):
        with FakeHost(lambda path, query, status=status: Answer(b"\x1b[2J", status)) as host:
            report = ingest_listenbrainz_counts(named, web_for(tmp_path, host), host.url)
        assert (report.added, report.failed, counts(named)) == (0, 4, [])


def test_where_it_is_silent_the_rest_is_not_asked_for(
    named: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listenbrainz, "BATCH", 1)
    with FakeHost(popular, lambda number: "reset" if number > 2 else "") as host:
        report = ingest_listenbrainz_counts(named, web_for(tmp_path, host), host.url)
        assert len(host.times) == 2 + 5
    assert (report.added, report.failed) == (2, 2)
