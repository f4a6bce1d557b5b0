"""Answers of services that are not what they should be: each item ends in a value or a counted failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.sources.covers import Places, fetch_covers
from pipelines.sources.journal import FAILED, ingest_status, put_back
from pipelines.sources.large import large_from_web
from pipelines.sources.lastfm import LastFm, Query, Threshold
from pipelines.sources.musicbrainz import MusicBrainz
from pipelines.sources.musicbrainz import Query as BrainzQuery
from pipelines.sources.remote import asked_again, due_searches, ingest_remote
from pipelines.sources.table import ingest_table
from pipelines.web.client import Web
from store.database.library import Library
from tests.pipelines.support.fakes import catalogue
from tests.pipelines.support.fakes.catalogue import FakeLastFm, FakeMusicBrainz, fake_images
from tests.pipelines.support.fakes.host import Answer, FakeHost, every
from tests.pipelines.support.fakes.services import API_KEY, services
from tests.pipelines.support.pictures import too_busy

DEEP = b"[" * 10_000 + b"]" * 10_000
# What a release group's answer may be instead of one. Each ended a run.
ODD_GROUPS = [
    b'{"title": "T", "artist-credit": [{"name": "A"}], "tags": [{"name": "x", "count": "many"}]}',
    b'{"title": "T", "artist-credit": [{"name": "A"}], "tags": [{"name": "x", "count": NaN}]}',
    b'{"title": "T", "artist-credit": [{"name": "A"}], "tags": [{"name": "x", "count": 1e999}]}',
    b'{"title": "T", "artist-credit": [{"name": "A"}], "genres": {"name": "x"}}',
    b'{"title": "T", "artist-credit": "A"}',
    b'{"title": "T", "artist-credit": ["A"]}',
    b'{"title": ["T"], "artist-credit": [{"name": "A"}]}',
    b'{"title": "T", "tags": %s}' % DEEP,
    b"[]", b"null", b"7", b'"text"', DEEP, b"{}" * 2, b"\xff\xfe",
    b'{"title": "\\ud800", "artist-credit": [{"name": "A"}]}',
]  # fmt: skip
ODD_PAGES = [
    b'{"count": "many", "release-groups": [{"id": "x"}]}',
    b'{"count": NaN, "release-groups": []}',
    b'{"count": -5, "release-groups": []}',
    b'{"count": 1, "release-groups": {"id": 5}}',
    b'{"count": 1, "release-groups": ["x"]}',
    b'{"count": 500, "release-groups": []}',
    b'{"count": 99999999999999999999999}',
    b"[]", b"null", DEEP,
]  # fmt: skip


def web_for(tmp_path: Path, *hosts: FakeHost) -> Web:
    return Web(tmp_path / "web", frozenset(host.netloc for host in hosts), speed=1000, timeouts=(2, 2))


def failed(library: Library, source: str) -> set[str]:
    return {item.label for line in ingest_status(library) if line.source == source for item in line.items}


@pytest.mark.parametrize("odd", range(len(ODD_GROUPS)))
def test_an_odd_answer_about_an_album_costs_that_album_and_is_not_kept(
    library: Library, tmp_path: Path, odd: int
) -> None:
    sound = FakeMusicBrainz(4)
    broken = [True]

    def answer(path: str, query: dict[str, str]) -> Answer:
        number = catalogue.mbid(1) if broken else ""
        return Answer(ODD_GROUPS[odd]) if number and path.endswith(number) else sound(path, query)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = MusicBrainz(web, BrainzQuery(tags=("rock",)), host.url, host.url)
        report = ingest_remote(library, source, web)
        assert (report.added, report.failed) == (3, 1)
        assert failed(library, "musicbrainz") == {catalogue.mbid(1)}
        broken.clear()
        put_back(library, FAILED, Progress())
        report = ingest_remote(library, MusicBrainz(web, BrainzQuery(), host.url, host.url), web)
        assert (report.added, report.failed) == (1, 0)


@pytest.mark.parametrize("odd", range(len(ODD_PAGES)))
def test_an_odd_page_of_a_search_costs_that_search_and_a_retry_repeats_it(
    library: Library, tmp_path: Path, odd: int
) -> None:
    sound = FakeMusicBrainz(4)
    broken = [True]

    def answer(path: str, query: dict[str, str]) -> Answer:
        if broken and path == "/release-group" and "odd" in query["query"]:
            return Answer(ODD_PAGES[odd])
        return sound(path, query)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        query = BrainzQuery(tags=("odd", "rock"))
        report = ingest_remote(library, MusicBrainz(web, query, host.url, host.url), web)
        assert (report.added, report.failed) == (4, 1)
        assert failed(library, "musicbrainz") == {"search tags: odd"}
        broken.clear()
        put_back(library, FAILED, Progress())
        again = BrainzQuery(**asked_again(due_searches(library, "musicbrainz")))
        assert again == BrainzQuery(tags=("odd",))
        report = ingest_remote(library, MusicBrainz(web, again, host.url, host.url), web)
        assert (report.failed, failed(library, "musicbrainz")) == (0, set())


@pytest.mark.parametrize("page", [*ODD_PAGES[:5], *ODD_GROUPS[8:]])
def test_covers_go_on_where_a_search_makes_no_sense(library: Library, tmp_path: Path, page: bytes) -> None:
    table = tmp_path / "t.csv"
    table.write_text("artist,album\nArtist 1,Album 1\nArtist 2,Album 2\n")
    ingest_table(library, table)
    sound = FakeMusicBrainz(4)

    def answer(path: str, query: dict[str, str]) -> Answer:
        return Answer(page) if "Album 1" in query["query"] else sound(path, query)

    with services(4) as fakes, FakeHost(answer) as host:
        web = web_for(tmp_path, host, fakes.archive, fakes.images)
        report = fetch_covers(library, web, Places(fakes.archive.url, host.url))
    assert (report.covers_stored, report.failed) == (1, 1)
    assert failed(library, "covers") == {"Artist 1 / Album 1"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"album": {"playcount": {"n": 5}}}', b'{"album": {"playcount": [5]}}', b'{"album": 5}', b'{"album": [1]}',
        b'{"album": {"image": [5]}}', b'{"album": {"mbid": 5}}', b"[]", b"7", DEEP, b'{"album": {"playcount": true}}',
    ],
)  # fmt: skip
def test_lastfm_says_something_odd_of_an_album(library: Library, tmp_path: Path, body: bytes) -> None:
    sound = FakeLastFm(5, API_KEY)

    def answer(path: str, query: dict[str, str]) -> Answer:
        odd = query["method"] == "album.getinfo" and query["album"] == "Album 2"
        return Answer(body) if odd else sound(path, query)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = LastFm(web, API_KEY, Query(tags=("rock",)), Threshold(0, 0), base_url=host.url)
        report = ingest_remote(library, source, web)
    assert (report.added, report.failed) == (4, 1)
    assert failed(library, "lastfm") == {"Artist 2 / Album 2"}


@pytest.mark.parametrize(
    "body", [b'{"albums": {"album": 5}}', b'{"albums": []}', b"{}", b'{"albums": {"@attr": 7}}', b'{"error": 6}', DEEP]
)
def test_a_list_of_lastfm_that_breaks_off_is_told(library: Library, tmp_path: Path, body: bytes) -> None:
    sound = FakeLastFm(250, API_KEY)

    def answer(path: str, query: dict[str, str]) -> Answer:
        return Answer(body) if query.get("page") == "2" else sound(path, query)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = LastFm(web, API_KEY, Query(tags=("rock",)), Threshold(0, 0), base_url=host.url)
        report = ingest_remote(library, source, web)
    assert report.added + len(report.rejected) - 1 == 100
    assert report.failed == 1 and failed(library, "lastfm") == {"search tags: rock"}


@pytest.mark.parametrize("seed", range(8))
def test_no_fault_of_lastfm_loses_an_album_in_silence(library: Library, tmp_path: Path, seed: int) -> None:
    faults = ["500", "reset", "truncated", "html", "429", "short", "503", "error 8", "error 29", "error 6"]
    schedule = every({7 + seed + 5 * n: fault for n, fault in enumerate(faults)})
    with services(48, schedule) as fakes:
        hosts = [fakes.lastfm, fakes.musicbrainz, fakes.archive, fakes.images]
        web = web_for(tmp_path, *hosts)
        source = LastFm(web, API_KEY, Query(tags=("rock",)), Threshold(0, 0), base_url=fakes.lastfm.url)
        lost = 0
        try:
            lost = ingest_remote(library, source, web).failed
            lost += fetch_covers(library, web, fakes.places, "lastfm").failed
        except SourceError:
            lost += 1
        missing = 47 - titles_of(library)
        absent = sum(
            line.count for line in ingest_status(library) if (line.source, line.status) == ("lastfm", "absent")
        )
        assert lost or missing <= absent - 1  # the fake's own absent one, and what "error 6" says is not there
        for host in hosts:
            host.schedule = lambda number: ""
        put_back(library, (*FAILED, "absent"), Progress())
        again = Query(**asked_again(due_searches(library, "lastfm")))
        source = LastFm(web, API_KEY, again, Threshold(0, 0), base_url=fakes.lastfm.url)
        assert ingest_remote(library, source, web).failed == 0
        assert fetch_covers(library, web, fakes.places).failed == 0
        assert titles_of(library) == 47


def titles_of(library: Library) -> int:
    with library.read() as con:
        return len(con.execute("SELECT DISTINCT title FROM albums").fetchall())


def test_a_web_page_in_place_of_a_cover_is_asked_for_again_in_another_run(library: Library, tmp_path: Path) -> None:
    with FakeHost(fake_images, lambda number: "html" if number <= 2 else "") as host:
        table = tmp_path / "t.csv"
        table.write_text(f"artist,album,cover\nA,B,{host.url}/1.jpg\n")
        ingest_table(library, table)
        web = web_for(tmp_path, host)
        report = fetch_covers(library, web, Places(archive=""))
        assert (report.covers_stored, report.failed) == (0, 1)
        assert [item.reason for item in report.without_cover] == ["failed"]
        assert put_back(library, ("failed",), Progress()) == {"covers": 1}
        assert fetch_covers(library, web, Places(archive="")).covers_stored == 1


def test_large_covers_go_on_where_a_host_gives_pages_instead(library: Library, tmp_path: Path) -> None:
    with FakeHost(fake_images) as host:
        table = tmp_path / "t.csv"
        table.write_text(f"artist,album,cover\nA,B,{host.url}/1.jpg\nA,C,{host.url}/2.jpg\n")
        ingest_table(library, table)
        assert fetch_covers(library, web_for(tmp_path, host), Places(archive="", keep="none")).covers_stored == 2
        host.schedule = lambda number: "html"
        report = large_from_web(library, web_for(tmp_path, host), "all")
    assert (report.pictures, report.failed, report.added) == (2, 2, 0)


def test_a_cover_that_took_too_long_is_asked_for_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeHost(fake_images) as host:
        table = tmp_path / "t.csv"
        table.write_text(f"artist,album,cover\nA,B,{host.url}/1.jpg\n")
        ingest_table(library, table)
        web = web_for(tmp_path, host)
        with monkeypatch.context() as patch:
            patch.setattr("pipelines.images.limited", too_busy)
            assert fetch_covers(library, web, Places(archive="")).failed == 1
        assert put_back(library, ("failed",), Progress()) == {"covers": 1}
        assert fetch_covers(library, web, Places(archive="")).covers_stored == 1


def test_what_nobody_foresaw_is_counted_too(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    describe = MusicBrainz.describe

    def broken(self: MusicBrainz, key: str) -> object:
        if key == catalogue.mbid(1):
            raise ZeroDivisionError("a bug")
        return describe(self, key)

    monkeypatch.setattr(MusicBrainz, "describe", broken)
    with FakeHost(FakeMusicBrainz(4)) as host:
        web = web_for(tmp_path, host)
        source = MusicBrainz(web, BrainzQuery(tags=("rock",)), host.url, host.url)
        report = ingest_remote(library, source, web)
    assert (report.added, report.failed) == (3, 1)
    (line,) = [line for line in ingest_status(library) if line.status == "failed"]
    assert json.dumps(line.items[0].error) == '"should not happen: ZeroDivisionError: a bug"'
