"""Thousands of names, many of them made to break things, through ingest, SQL, JSON, CSV, find, export and import.

`tests/support/hostile.json` holds the nastiest.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import unicodedata
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.exports.library import export_library, import_library
from pipelines.sources.table import ingest_table
from store.catalogue.albums import add_albums
from store.database.library import Library
from store.errors import AmbiguousAlbum
from store.memory.snapshot import Snapshot
from store.neighbors.find import find, resolve
from store.records import AlbumRecord
from store.text import album_id, clean, key, norm
from tests.support.hostile import NASTY, harmless
from tui import cli

COUNT = int(os.environ.get("SLEEVEWALK_NAMES", "5000"))  # 10,000 were tried once
POOLS = (
    "abcdefghijklmnopqrstuvwxyz ABC 0123456789 '&-/.,!()",
    "áèîõüçñßøłđþæœıİǅﬁ \u0301\u0308\u030a",
    "אבגדשלום مرحبا \u200f\u202e\u0651\u200c",
    "漢字かな가나다ｶﾅ\u3099\u1100\u1161 　",
    "👩👨👧🏽🏴🇩🇪❤☃\u200d\ufe0f\U000e0067",
    "\x00\x01\x07\x08\x1b[]m;\x7f\x80\x85\x9b\x9c\u2028\u2029\ufeff\u200b",
    "'\";\\%$`{}[]<>|,\t\r\n#=+@~*?",
    "\ud800\udbff\udc00\udfff\udce9\ue000\U0010ffff\ufffe",
)


def names() -> list[tuple[str, str]]:
    """Artists and titles: every nasty string with every role, then mixtures of scripts, seeds and each other."""
    dice = random.Random(2026)

    def word() -> str:
        if dice.random() < 0.35:
            return dice.choice(NASTY)[:300]
        pool = dice.choice(POOLS)
        return "".join(dice.choice(pool) for _ in range(dice.randint(1, 14)))

    made = [(text, text) for text in NASTY] + [("Plain", text) for text in NASTY] + [(text, "Plain") for text in NASTY]
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        made += [("Forms", unicodedata.normalize(form, text)) for text in NASTY if len(text) < 100]
    while len(made) < COUNT:
        made.append(
            (" ".join(word() for _ in range(dice.randint(1, 2))), " ".join(word() for _ in range(dice.randint(1, 3))))
        )
    # As JSON carries them: two halves of a surrogate pair that meet are one character.
    return [tuple(json.loads(json.dumps(name))) for name in made[:COUNT]]


def told(names: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """What is to be stored: the rules of `clean`, and of names that are one the first."""
    wanted: dict[str, tuple[str, str]] = {}
    for artist, title in names:
        artist, title = clean(artist), clean(title)
        if artist and title:
            wanted.setdefault(album_id(artist, title), (artist, title))
    return wanted


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("nasty")
    table = folder / "names.jsonl"
    table.write_text("".join(json.dumps({"artist": a, "album": t}) + "\n" for a, t in names()))
    library = Library.create(folder / "library")
    report = ingest_table(library, table)
    assert report.read == COUNT == report.added + report.already_there + len(report.rejected)
    assert {item.reason for item in report.rejected} <= {
        "same album as an earlier row", "no artist", "no album title", "neither artist nor album title"
    }  # fmt: skip
    return library


def stored(library: Library) -> set[tuple[str, str]]:
    with duckdb.connect(str(library.db_path), read_only=True) as con:
        return set(con.execute("SELECT artist, title FROM album_sources").fetchall())


def test_every_name_is_stored_as_cleaned_and_none_is_lost(library: Library) -> None:
    wanted = told(names())
    assert len(wanted) > 0.8 * COUNT
    assert stored(library) == set(wanted.values())
    with duckdb.connect(str(library.db_path), read_only=True) as con:
        rows = con.execute(
            "SELECT name_id, s.artist, s.title FROM album_sources s JOIN albums a USING (album_id)"
        ).fetchall()
        bare = con.execute("SELECT count(*) FROM albums ANTI JOIN album_sources USING (album_id)").fetchall()
    assert {row[0]: row[1:] for row in rows} == wanted and bare == [(0,)]
    assert all(harmless(artist) and harmless(title) for artist, title in wanted.values())


def test_sql_json_and_csv_give_them_back(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    query, place = "SELECT artist, title FROM album_sources ORDER BY ALL", ["--library", str(library.path)]
    assert cli.main(["sql", query, "--json", *place]) == 0
    out = capsys.readouterr().out
    assert {(row["artist"], row["title"]) for row in json.loads(out)} == stored(library) and harmless(out)
    assert cli.main(["sql", query, "--csv", *place]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {tuple(row) for row in rows[1:]} == stored(library)
    with duckdb.connect() as con:  # as other programs read what it wrote
        out_file = library.path / "out.parquet"
        assert cli.main(["sql", query, "-o", str(out_file), *place]) == 0
        assert set(con.execute("SELECT * FROM read_parquet(?)", [str(out_file)]).fetchall()) == stored(library)


def test_export_and_import_give_them_back(library: Library, tmp_path: Path) -> None:
    export_library(library, tmp_path / "out")
    import_library(tmp_path / "out", tmp_path / "again")
    again = Library.open(tmp_path / "again")
    tables = ("albums", "album_sources", "internal.ingest_items")
    with library.read() as one, again.read() as other:
        for table in tables:
            assert (
                one.execute(f"FROM {table} ORDER BY ALL").fetchall()
                == other.execute(f"FROM {table} ORDER BY ALL").fetchall()
            )


def test_names_are_found_as_they_are_stored(library: Library) -> None:
    snapshot = Snapshot.load(library)
    with library.read() as con:
        ids = dict(con.execute("SELECT name_id, album_id FROM album_sources").fetchall())
    for artist, title in random.Random(1).sample(sorted(told(names()).values()), 60):
        if len(artist + title) > 190 or not norm(artist) or not norm(title):
            continue  # more than a query counts, or signs alone, which count only as a whole name
        with suppress(AmbiguousAlbum):
            album = resolve(snapshot, f"{artist} / {title}")
            assert ids[album_id(artist, title)] == album.album_id or key(album.label) == key(f"{artist} / {title}")
        hits = [(album.album_id, score) for album, score in find(snapshot, f"{artist} {title}", 50)]
        same = [score for album, score in hits if album == ids[album_id(artist, title)]]
        assert same == [1.0] or sum(score == 1.0 for _, score in hits) == 50, (artist, title)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The nastiest alone, as a source brings them."""
    library = Library.create(tmp_path_factory.mktemp("small") / "library")
    with library.write() as con:
        add_albums(con, [AlbumRecord("Plain", text, "test", str(n), tags=((text, 9),)) for n, text in enumerate(NASTY)])
        add_albums(con, [AlbumRecord(text, text, "other", f"{n} {text}") for n, text in enumerate(NASTY)])
    return library


@pytest.mark.parametrize("text", NASTY[: 130 : 6 if COUNT >= 10_000 else 12])
def test_no_control_character_reaches_a_terminal(small: Library, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Whatever is asked for and whatever comes back: results, candidates and errors alike."""
    text = text.replace("\0", "")
    place = ["--library", str(small.path)]
    for command in (
        ["find", "--", text], ["find", "--json", "--", text], ["merge", "--dry-run", "--", text, "Plain / x"],
        ["split", "--", text], ["walk", "--", text], ["sql", "--", f"SELECT * FROM find_albums({text!r}, 3)"],
    ):  # fmt: skip
        cli.main([*command[:1], *place, *command[1:]])
        out = capsys.readouterr()
        assert harmless(out.out) and harmless(out.err), command


def test_whole_tables_reach_a_terminal_clean(small: Library, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--library", str(small.path)]
    for command in (["sql", "SELECT artist, title, source_key FROM albums"], ["ingest", "status"],
                    ["sql", "FROM album_tags", "--json"], ["sql", "SELECT chr(155) AS b", "--json"],
                    ["sql", "SELECT chr(27) || '[2J' AS \"a\x1b[2J\", chr(155) AS b"]):  # fmt: skip
        cli.main([*command, *place])
        out = capsys.readouterr()
        assert out.out and harmless(out.out) and harmless(out.err), command


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=1, max_size=20))
@settings(max_examples=6)
def test_any_names_at_all(tmp_path_factory: pytest.TempPathFactory, some: list[tuple[str, str]]) -> None:
    library = Library.create(tmp_path_factory.mktemp("any"))
    records = [AlbumRecord(artist, title, "table", str(number)) for number, (artist, title) in enumerate(some)]
    for _ in range(2):
        with library.write() as con:
            add_albums(con, records)
    wanted = {(clean(a), clean(t)) for a, t in some if clean(a) and clean(t)}
    assert stored(library) == wanted
