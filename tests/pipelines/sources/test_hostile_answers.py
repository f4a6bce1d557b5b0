"""Answers of services that are not what they should be: each item ends in a value or a counted failure."""

from __future__ import annotations

import json
import os
import re
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

SEEDS = int(os.environ.get("SLEEVEWALK_FAULT_SEEDS", "4"))  # 8 were tried once


def web_for(tmp_path: Path, *hosts: FakeHost) -> Web:
    return Web(tmp_path / "web", frozenset(host.netloc for host in hosts), speed=1000, timeouts=(2, 2))


def failed(library: Library, source: str) -> set[str]:
    return {item.label for line in ingest_status(library) if line.source == source for item in line.items}


def test_odd_answers_about_albums_cost_those_albums_and_are_not_kept(library: Library, tmp_path: Path) -> None:
    """Of every other album, each in its own way."""
    sound, count = FakeMusicBrainz(2 * len(ODD_GROUPS)), len(ODD_GROUPS)
    odd = {catalogue.mbid(2 * n + 1): body for n, body in enumerate(ODD_GROUPS)}
    broken = dict(odd)

    def answer(path: str, query: dict[str, str]) -> Answer:
        body = broken.get(path.rpartition("/")[2])
        return sound(path, query) if body is None else Answer(body)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = MusicBrainz(web, BrainzQuery(tags=("rock",)), host.url, host.url)
        report = ingest_remote(library, source, web)
        assert (report.added, report.failed) == (count, count)
        assert failed(library, "musicbrainz") == odd.keys()
        broken.clear()
        put_back(library, FAILED, Progress())
        report = ingest_remote(library, MusicBrainz(web, BrainzQuery(), host.url, host.url), web)
        assert (report.added, report.failed) == (count, 0)


def test_odd_pages_of_searches_cost_those_searches_and_a_retry_repeats_them(library: Library, tmp_path: Path) -> None:
    sound, broken = FakeMusicBrainz(4), list(ODD_PAGES)

    def answer(path: str, query: dict[str, str]) -> Answer:
        asked = re.search(r"odd(\d+)", query.get("query", ""))
        return Answer(broken[int(asked[1])]) if asked and broken else sound(path, query)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        odd = [f"odd{n}" for n in range(len(ODD_PAGES))]
        query = BrainzQuery(tags=tuple(tag for n, one in enumerate(odd) for tag in (one, f"rock{n}")))
        report = ingest_remote(library, MusicBrainz(web, query, host.url, host.url), web)
        assert (report.added, report.failed) == (4, len(odd))
        assert failed(library, "musicbrainz") == {f"search tags: {one}" for one in odd}
        broken.clear()
        put_back(library, FAILED, Progress())
        again = BrainzQuery(**asked_again(due_searches(library, "musicbrainz")))
        assert sorted(again.tags) == sorted(odd) and again == BrainzQuery(tags=again.tags)
        report = ingest_remote(library, MusicBrainz(web, again, host.url, host.url), web)
        assert (report.failed, failed(library, "musicbrainz")) == (0, set())


def test_covers_go_on_where_searches_make_no_sense(library: Library, tmp_path: Path) -> None:
    pages = dict(enumerate([*ODD_PAGES[:5], *ODD_GROUPS[8:]], 100))
    known = [n for n in range(2, 40) if catalogue.has_cover(n)][: len(pages)]
    rows = [f"Artist {n % 97},Album {n}\n" for pair in zip(pages, known, strict=True) for n in pair]
    table = tmp_path / "t.csv"
    table.write_text("artist,album\n" + "".join(rows))
    ingest_table(library, table)
    sound = FakeMusicBrainz(40)

    def answer(path: str, query: dict[str, str]) -> Answer:
        asked = re.search(r'"Album (\d+)"', query["query"])
        page = pages.get(int(asked[1])) if asked else None
        return sound(path, query) if page is None else Answer(page)

    with services(4) as fakes, FakeHost(answer) as host:
        web = web_for(tmp_path, host, fakes.archive, fakes.images)
        report = fetch_covers(library, web, Places(fakes.archive.url, host.url))
    assert (report.covers_stored, report.failed) == (len(known), len(pages))
    assert failed(library, "covers") == {f"Artist {n % 97} / Album {n}" for n in pages}


ODD_ALBUMS = [
    b'{"album": {"playcount": {"n": 5}}}', b'{"album": {"playcount": [5]}}', b'{"album": 5}', b'{"album": [1]}',
    b'{"album": {"image": [5]}}', b'{"album": {"mbid": 5}}', b"[]", b"7", DEEP, b'{"album": {"playcount": true}}',
]  # fmt: skip


def test_lastfm_says_something_odd_of_albums(library: Library, tmp_path: Path) -> None:
    sound, odd = FakeLastFm(2 * len(ODD_ALBUMS), API_KEY), dict(zip(range(1, 40, 2), ODD_ALBUMS, strict=False))

    def answer(path: str, query: dict[str, str]) -> Answer:
        body = odd.get(int(query["album"].split()[-1])) if query["method"] == "album.getinfo" else None
        return sound(path, query) if body is None else Answer(body)

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = LastFm(web, API_KEY, Query(tags=("rock",)), Threshold(0, 0), base_url=host.url)
        report = ingest_remote(library, source, web)
    assert (report.added, report.failed) == (len(odd), len(odd))
    assert failed(library, "lastfm") == {f"Artist {n} / Album {n}" for n in odd}


def test_lists_of_lastfm_that_break_off_are_told(library: Library, tmp_path: Path) -> None:
    odd = {
        f"rock{n}": body
        for n, body in enumerate(
            [b'{"albums": {"album": 5}}', b'{"albums": []}', b"{}", b'{"albums": {"@attr": 7}}', b'{"error": 6}', DEEP]
        )
    }
    sound = FakeLastFm(250, API_KEY)

    def answer(path: str, query: dict[str, str]) -> Answer:
        if query.get("page") == "2":
            return Answer(odd[query["tag"]])
        return sound(path, query | {"tag": "rock"})

    with FakeHost(answer) as host:
        web = web_for(tmp_path, host)
        source = LastFm(web, API_KEY, Query(tags=tuple(odd)), Threshold(0, 0), base_url=host.url)
        report = ingest_remote(library, source, web)
    assert report.added + len(report.rejected) - len(odd) == 100
    assert report.failed == len(odd) and failed(library, "lastfm") == {f"search tags: {tag}" for tag in odd}


@pytest.mark.parametrize("seed", range(SEEDS))
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
    assert json.dumps(line.items[0].error) == '"a defect of sleevewalk: ZeroDivisionError: a bug"'
