"""Albums from services on the web: complete, exactly once, through faults and kills. All of it on loopback."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.images import decode_cover
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.sources.covers import Places, fetch_covers
from pipelines.sources.journal import FAILED, UNHAPPY, ingest_status, put_back
from pipelines.sources.lastfm import Image, LastFm, Query, Threshold, image_url
from pipelines.sources.musicbrainz import MusicBrainz
from pipelines.sources.musicbrainz import Query as BrainzQuery
from pipelines.sources.remote import ingest_remote
from pipelines.web.client import Web
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import record_items
from store.database.library import Library
from tests.pipelines.support.fakes import catalogue
from tests.pipelines.support.fakes.host import every
from tests.pipelines.support.fakes.services import API_KEY, Services, client, services

ROOT = Path(__file__).parents[3]
FAULTS = {
    17: "500", 19: "reset", 23: "truncated", 29: "html", 31: "429", 37: "drip", 41: "short", 43: "latency", 47: "503",
}  # fmt: skip


def web_for(tmp_path: Path, fakes: Services, speed: float = 100) -> Web:
    return client(tmp_path / "web", fakes.netlocs, speed)


def lastfm(web: Web, fakes: Services, query: Query, **options: object) -> LastFm:
    return LastFm(web, API_KEY, query, base_url=fakes.lastfm.url + "/2.0/", **options)  # type: ignore[arg-type]


def titles(library: Library) -> set[str]:
    with library.read() as con:
        rows = con.execute("SELECT title FROM albums").fetchall()
    assert len({title for (title,) in rows}) == len(rows)
    return {title for (title,) in rows}


def statuses(library: Library, source: str) -> dict[str, int]:
    return {line.status: line.count for line in ingest_status(library) if line.source == source}


def test_lastfm_stores_exactly_what_is_over_the_threshold(library: Library, tmp_path: Path) -> None:
    with services(201) as fakes:
        web = web_for(tmp_path, fakes)
        report = ingest_remote(library, lastfm(web, fakes, Query(tags=("rock",))), web)
        expected = [n for n in range(201) if catalogue.wanted(n)]
        assert titles(library) == {catalogue.title(n) for n in expected}
        assert report.read == 201 == report.added + len(report.rejected)
        assert not fakes.archive.times  # no cover is fetched before the threshold is applied
        asked = len(fakes.lastfm.times)
        again = ingest_remote(library, lastfm(web, fakes, Query(tags=("rock",))), web)
        assert (again.read, len(fakes.lastfm.times)) == (0, asked)
    gone = sum(catalogue.gone(n) for n in range(201))
    assert statuses(library, "lastfm") == {"done": len(expected), "absent": gone, "below": 201 - gone - len(expected)}
    with library.read() as con:
        row = con.execute(
            "SELECT artist, playcount, listeners, mbid, source FROM albums WHERE title = 'Album 2'"
        ).fetchall()
        tags = con.execute(
            "SELECT tag, weight FROM album_tags JOIN albums USING (album_id) WHERE title = 'Album 2' ORDER BY ALL"
        ).fetchall()
        similar = con.execute(
            "SELECT \"similar\", match FROM similar_artists WHERE artist = 'Artist 2' ORDER BY ALL"
        ).fetchall()
    assert row == [("Artist 2", 100_000, 19_999, catalogue.mbid(2), "lastfm")]
    assert tags == [("indie", 40.0), ("rock", 100.0)]
    assert similar == [("Artist 3", 1.0), ("Artist 4", 0.5)]


def test_lastfm_by_artist_user_and_snowball(library: Library, tmp_path: Path) -> None:
    with services(120) as fakes:
        web = web_for(tmp_path, fakes)
        everything = Threshold(0, 0)
        ingest_remote(library, lastfm(web, fakes, Query(artists=("Artist 2",)), threshold=everything), web)
        assert titles(library) == {"Album 2", "Album 99"}
        ingest_remote(library, lastfm(web, fakes, Query(artists=("Artist 2",), snowball=2), threshold=everything), web)
        assert titles(library) == {"Album 2", "Album 3", "Album 4", "Album 99", "Album 100", "Album 101"}
        ingest_remote(library, lastfm(web, fakes, Query(users=("anna",)), threshold=everything), web, limit=7)
        assert titles(library) >= {f"Album {n}" for n in range(0, 14, 2)}
        assert "Album 14" not in titles(library)
        with pytest.raises(SourceError, match="knows no user 'bert'"):
            ingest_remote(library, lastfm(web, fakes, Query(users=("bert",))), web)


@pytest.mark.parametrize("code", [8, 11, 16, 29])
def test_lastfm_errors_that_pass(library: Library, tmp_path: Path, code: int) -> None:
    with services(5, every({2: f"error {code}"})) as fakes:
        web = web_for(tmp_path, fakes)
        ingest_remote(library, lastfm(web, fakes, Query(tags=("rock",)), threshold=Threshold(0, 0)), web)
        assert len(titles(library)) == 5


@pytest.mark.parametrize(("code", "words"), [(10, "not valid"), (26, "suspended")])
def test_lastfm_errors_that_stop(library: Library, tmp_path: Path, code: int, words: str) -> None:
    with services(5, lambda number: f"error {code}" if number > 3 else "") as fakes:
        web = web_for(tmp_path, fakes)
        with pytest.raises(SourceError, match=words):
            ingest_remote(library, lastfm(web, fakes, Query(tags=("rock",)), threshold=Threshold(0, 0)), web)
        assert len(fakes.lastfm.times) == 4
        assert statuses(library, "lastfm") == {"waiting": 5}


def test_an_outage_stops_the_run_and_a_later_one_goes_on(library: Library, tmp_path: Path) -> None:
    with services(40, every({}, dead=range(60, 100_000))) as fakes:
        web = web_for(tmp_path, fakes)
        source = lastfm(web, fakes, Query(tags=("rock",)), threshold=Threshold(0, 0))
        with pytest.raises(SourceError, match="no connection, 5 times; what was found is kept"):
            ingest_remote(library, source, web)
        stopped = statuses(library, "lastfm")
        assert stopped["failed"] == 5
        assert stopped["waiting"] > 5
        before = titles(library)
        assert before
        fakes.lastfm.schedule = lambda number: ""
        ingest_remote(library, source, web)
        assert statuses(library, "lastfm") == {"done": 35, "failed": 5}  # those are not due yet
        assert put_back(library, FAILED, Progress()) == {"lastfm": 5}
        ingest_remote(library, source, web)
        assert statuses(library, "lastfm") == {"done": 40}
        assert titles(library) > before


def test_musicbrainz_by_tag_group_and_listens(library: Library, tmp_path: Path) -> None:
    with services(42) as fakes:
        web = web_for(tmp_path, fakes)

        def brainz(query: BrainzQuery) -> MusicBrainz:
            return MusicBrainz(web, query, fakes.musicbrainz.url, fakes.musicbrainz.url)

        ingest_remote(library, brainz(BrainzQuery(release_groups=(catalogue.mbid(7).upper(),))), web)
        with library.read() as con:
            row = con.execute("SELECT artist, title, year, genre, mbid, source FROM albums").fetchall()
            tags = con.execute("SELECT tag, weight FROM album_tags ORDER BY ALL").fetchall()
        assert row == [("Artist 7", "Album 7", 1997, "rock", catalogue.mbid(7), "musicbrainz")]
        assert tags == [("art rock", 25.0), ("rock", 100.0)]
        ingest_remote(library, brainz(BrainzQuery(tags=("rock",))), web, limit=10)
        assert len(titles(library)) == 10
        ingest_remote(library, brainz(BrainzQuery(users=("anna",))), web)
        assert statuses(library, "musicbrainz") == {"done": 41, "absent": 1}
        for query in (BrainzQuery(users=("bert",)), BrainzQuery(release_groups=("no identifier",))):
            with pytest.raises(SourceError, match=r"bert|no identifier"):
                ingest_remote(library, brainz(query), web)
        report = fetch_covers(library, web, fakes.places)
        assert report.covers_stored == sum(catalogue.has_cover(n) for n in range(42) if n != 40)
        assert {item.reason for item in report.without_cover} == {"absent"}


def test_covers_come_from_the_archive_by_release_group_or_search(library: Library, tmp_path: Path) -> None:
    with services(30) as fakes:
        web = web_for(tmp_path, fakes)
        ingest_remote(library, lastfm(web, fakes, Query(tags=("rock",)), threshold=Threshold(0, 0)), web)
        fetch_covers(library, web, fakes.places)
        pixels = CoverFiles(library.covers_dir).pixels
        with library.read() as con:
            rows = con.execute(
                "SELECT title, cover_sha256, source_url FROM albums LEFT JOIN covers USING (cover_sha256)"
            ).fetchall()
        for title, sha, url in rows:
            number = int(title.split()[-1])
            assert (sha is not None) == catalogue.has_cover(number)
            if sha:
                assert (pixels(sha) == decode_cover(catalogue.picture(number)).pixels).all()
                assert url.startswith(fakes.archive.url)
        asked = len(fakes.archive.times)
        fetch_covers(library, web, fakes.places)
        assert len(fakes.archive.times) == asked  # absent ones are not asked for again,
        assert sum(put_back(library, UNHAPPY, Progress()).values()) == 2
        fetch_covers(library, web, fakes.places)
        assert len(fakes.archive.times) > asked  # but for `retry`
        assert fakes.archive.most_at_once <= 2


def test_lastfm_covers_where_the_person_chose_them(library: Library, tmp_path: Path) -> None:
    with services(30) as fakes:
        web = web_for(tmp_path, fakes)
        source = lastfm(web, fakes, Query(tags=("rock",)), threshold=Threshold(0, 0), lastfm_covers=True)
        ingest_remote(library, source, web)
        fetch_covers(library, web, Places(archive=""), source="lastfm")
        with library.read() as con:
            rows = con.execute("SELECT title FROM albums WHERE cover_sha256 IS NOT NULL").fetchall()
        assert {title for (title,) in rows} == {f"Album {n}" for n in range(30) if n % 5 and n % 7}
        assert not fakes.archive.times
        assert all("/300x300/" not in path for path in fakes.images.asked)


def test_covers_of_a_table_are_fetched_from_its_addresses(library: Library, tmp_path: Path) -> None:
    from pipelines.sources.table import ingest_table

    with services(3) as fakes:
        table = tmp_path / "t.csv"
        rows = [f"A,B {n},{fakes.images.url}/{n}.jpg" for n in range(3)]
        table.write_text("artist,album,cover\n" + "\n".join([*rows, "A,C,http://169.254.169.254/meta"]) + "\n")
        ingest_table(library, table)
        closed = Web(tmp_path / "closed", speed=100, timeouts=(0.2, 0.2))
        refused = fetch_covers(library, closed, Places(archive=""))
        assert {item.reason for item in refused.without_cover} <= {"refused", "failed"}
        assert not fakes.images.times
        put_back(library, FAILED, Progress())
        assert fetch_covers(library, web_for(tmp_path, fakes), Places(archive="")).covers_stored == 3


def test_pictures_by_size_and_the_star() -> None:
    url = "https://lastfm.freetls.fastly.net/i/u/{}/0123456789abcdef0123456789abcdef.png"
    rows = [Image(url.format("34s")), Image(url.format("300x300"))]
    assert image_url(rows) == "https://lastfm.freetls.fastly.net/i/u/0123456789abcdef0123456789abcdef.png"
    assert image_url(rows[0]) == image_url(rows)
    assert image_url("") == image_url([Image("")]) == ""
    for star in ("2a96cbd8b46e442fc41c2b86b821562f", "c6f59c1e5e7240a4c0d427abd71f3dbb"):
        assert image_url([Image(f"https://x/i/u/300x300/{star}.png")]) == ""


def test_the_journal_is_told_in_counts_with_reasons(library: Library) -> None:
    with library.write() as con:
        record_items(con, "covers", [(str(n), "cover", "failed", "host: no answer in time") for n in range(3)])
        record_items(con, "table", [("t.csv", "file", "read abc", None), ("x", "cover", "url", "https://a/b?c")])
    lines = {(line.source, line.status): (line.count, line.reasons) for line in ingest_status(library)}
    assert lines == {
        ("covers", "failed"): (3, (("host: no answer in time", 3),)),
        ("table", "read"): (1, ()),
        ("table", "url"): (1, ()),
    }


CHILD = """
import json, logging, sys
from pathlib import Path
logging.basicConfig(level=logging.DEBUG)
from pipelines.sources.covers import Places, fetch_covers
from pipelines.sources.lastfm import Image, LastFm, Query
from pipelines.progress import StderrProgress
from pipelines.sources.remote import ingest_remote
from store.database.library import Library
from tests.pipelines.support.fakes.services import API_KEY, client
folder, netlocs, speed = Path(sys.argv[1]), json.loads(sys.argv[2]), float(sys.argv[3])
web = client(folder / "web", netlocs, speed)
library = Library.create(folder / "library")
print("begun", flush=True)
base, brainz, archive, _ = (f"http://{netloc}" for netloc in netlocs)
source = LastFm(web, API_KEY, Query(tags=("rock",)), base_url=base + "/2.0/")
ingest_remote(library, source, web, None, StderrProgress())
fetch_covers(library, web, Places(archive, brainz), "lastfm", None, StderrProgress())
"""


def through_kills(tmp_path: Path, count: int, kills: int, speed: float, longest: float) -> None:
    """`count` albums through faults and so many kills: complete, exactly once, within the limits, no key left."""
    chance = random.Random(11)
    schedule = every(FAULTS, dead=range(count // 2, count // 2 + 12))
    told = tmp_path / "told.txt"
    with services(count, schedule) as fakes, told.open("ab") as log:
        arguments = [sys.executable, "-c", CHILD, str(tmp_path), json.dumps(fakes.netlocs), str(speed)]

        def run(kill: bool) -> int:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, env=environment) as child:
                assert child.stdout is not None
                child.stdout.readline()
                if kill:
                    time.sleep(chance.uniform(0, longest))
                    child.send_signal(signal.SIGKILL)
            return child.returncode

        killed = sum(run(kill=True) == -signal.SIGKILL for _ in range(kills))
        library = Library.open(tmp_path / "library")
        for _ in range(6):
            status = run(kill=False)
            if status == 0 and not put_back(library, FAILED, Progress()):
                break
        wanted = [n for n in range(count) if catalogue.wanted(n)]
        assert killed >= kills - 2
        assert titles(library) == {catalogue.title(n) for n in wanted}
        with library.read() as con:
            with_cover = con.execute("SELECT title FROM albums WHERE cover_sha256 IS NOT NULL").fetchall()
            shas = [sha for (sha,) in con.execute("SELECT cover_sha256 FROM covers").fetchall()]
        assert {title for (title,) in with_cover} == {catalogue.title(n) for n in wanted if catalogue.has_cover(n)}
        assert all(CoverFiles(library.covers_dir).pixels(sha).any() for sha in shas)
        covers = statuses(library, "covers")
        assert covers == {
            "done": len(with_cover), **({"absent": len(wanted) - len(with_cover)} if covers.get("absent") else {})
        }  # fmt: skip
        # An answer is asked for twice only where a kill came before it was kept; faults were not answers.
        answers = sum(fakes.lastfm.asked.values())
        assert answers - len(fakes.lastfm.asked) <= killed
        assert fakes.lastfm.worst_excess(5 * speed) < 5 + 0.3 * speed
        assert fakes.musicbrainz.worst_excess(speed) < 3 + 0.3 * speed
        assert fakes.archive.most_at_once <= 2 + kills
        print(f"{count} albums, {killed} kills, {answers} Last.fm answers, {len(shas)} cover files, {covers}")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or API_KEY.encode() not in file.read_bytes(), file


def test_killed_at_any_moment_everything_arrives_exactly_once(tmp_path: Path) -> None:
    through_kills(tmp_path, count=100, kills=4, speed=40, longest=1.0)


@pytest.mark.slow
def test_two_thousand_albums_through_twenty_kills(tmp_path: Path) -> None:
    through_kills(tmp_path, count=2000, kills=20, speed=25, longest=6.0)
