"""`merge` and `split` at the command line, and what `doctor` says of duplicates."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from store.catalogue.albums import add_albums
from store.catalogue.tables import TABLES
from store.database.library import Library
from store.database.steps.sources import remember_sources
from store.personal.records import Personal
from store.records import AlbumRecord
from store.text import album_id
from tests.support.hostile import HOSTILE_NAME, SHOWN_NAME
from tui import cli

MBID = "{}0000000-0000-0000-0000-000000000000"
TRUST, TRUST_US, RED = album_id("Low", "Trust"), album_id("Low", "Trust Us"), album_id("Low", SHOWN_NAME)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "library")
    with library.write() as con:
        add_albums(con, [
            AlbumRecord("Low", title, "test", title, year=1990 + n, tags=((f"tag {n}", 50.0),))
            for n, title in enumerate(("Trust", "Trust Us", "Things We Lost in the Fire", HOSTILE_NAME))
        ])  # fmt: skip
    Personal(library).add_bookmark(TRUST_US)
    return library


@pytest.fixture
def run(library: Library, capsys: pytest.CaptureFixture[str]):
    """Run a command on the library: (status, stdout, stderr)."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments, "--library", str(library.path)])
        out = capsys.readouterr()
        return status, out.out, out.err

    return call


def content(library: Library) -> dict[str, object]:
    with library.read() as con:
        tables = [table for table in TABLES if table != "album_decisions"]
        return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in tables}


def test_merge_and_split_say_what_they_do_and_undo_each_other(run, library: Library) -> None:
    with library.write():
        pass  # the bookmark leaves the journal
    before = content(library)
    status, out, err = run("merge", "Low / Trust", "low / trust us", "--dry-run")
    assert status == 0 and content(library) == before and "nothing was changed" in err
    assert out == (
        f"would merge Low / Trust Us  {TRUST_US}\n       into Low / Trust  {TRUST}\n"
        "  moves: 1 source, 1 bookmark; 2 tags now\n"
    )
    status, out, err = run("merge", "Low / Trust", "low / trust us")
    assert status == 0 and out.startswith("merged Low / Trust Us") and f"`sleevewalk split {TRUST} {TRUST_US}`" in err
    assert run("find", "trust us")[1].split()[-1] != TRUST_US
    status, out, _ = run("split", TRUST, TRUST_US, "--dry-run", "--json")
    told = json.loads(out)
    assert (told["other_label"], told["bookmarks"], told["dry_run"]) == ("Low / Trust Us", 1, True)
    status, out, err = run("split", "Low / Trust")
    assert status == 0 and "took Low / Trust Us" in out and f"`sleevewalk merge {TRUST} {TRUST_US}`" in err
    assert content(library) == before


def test_unknown_and_ambiguous_names_are_one_line_with_candidates(run) -> None:
    for arguments in (("merge", "Low / Trusty Things", "Low / Trust"), ("split", "nothing like it")):
        status, out, err = run(*arguments)
        assert status == 2 and out == "" and "Low / " in err and err.count("\n") == 1
    status, out, err = run("split", "Low / Trust")
    assert status == 2 and out == "" and "of one piece" in err and err.count("\n") == 1
    run("merge", "Low / Trust", "Low / Trust Us")
    run("merge", "Low / Trust", RED)
    status, out, err = run("split", "Low / Trust")
    assert status == 2 and f'"Low / Trust Us" ({TRUST_US}), "Low / {SHOWN_NAME}" ({RED})' in err
    assert err.count("\n") == 1 and "\x1b" not in err


def test_albums_of_one_name_are_told_apart_by_their_ids(run, library: Library) -> None:
    with library.write() as con:
        add_albums(con, [
            AlbumRecord("Weezer", "Weezer", "musicbrainz", str(n), year=year, mbid=MBID.format(n))
            for n, year in enumerate((1994, 2001))
        ])  # fmt: skip
        ids = [
            row[0]
            for row in con.execute("SELECT album_id FROM albums WHERE artist = 'Weezer' ORDER BY year").fetchall()
        ]
    status, _, err = run("merge", "Weezer / Weezer", "Low / Trust")
    assert status == 2 and all(f"({year}, {one})" in err for year, one in zip((1994, 2001), ids, strict=True))
    assert run("merge", ids[0], ids[1])[0] == 0
    assert run("split", "Weezer / Weezer", ids[1])[0] == 0


def test_doctor_lists_duplicates_and_merges_only_when_told(run, library: Library) -> None:
    with library.write() as con:
        con.execute(
            "INSERT INTO albums SELECT ?, 'The Low', title || ' (Deluxe)', NULL, NULL, NULL, NULL, NULL, 'old', '9', "
            "NULL, added_at, 'the low', 'trust deluxe' FROM albums WHERE title = 'Trust'",
            [album_id("The Low", "Trust (Deluxe)")],
        )
        remember_sources(con)
    before = content(library)
    assert "1 album looks like another one" in run("doctor")[1]
    for arguments in (("doctor", "--repair"), ("doctor", "--repair", "--yes")):
        _, out, err = run(*arguments)
        assert (
            f"duplicate: The Low / Trust (Deluxe)  {album_id('The Low', 'Trust (Deluxe)')}; would merge it into" in out
        )
        assert "nothing was merged" in err and content(library) == before
    assert "merged: 1 album;" in run("doctor", "--repair", "--yes", "--merge")[1]
    with duckdb.connect(str(library.db_path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM albums").fetchall() == [(4,)]
    assert "looks like another" not in run("doctor")[1]
    assert run("doctor", "--merge")[0] == 2
