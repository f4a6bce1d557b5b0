"""Rows into the catalogue: bulk, idempotent, nothing lost and nothing hidden."""

from __future__ import annotations

import numpy as np
import pytest

from store.catalogue.albums import add_albums
from store.catalogue.latents import (
    add_latents,
    add_model,
    forget_latents,
    load_latents,
    missing_latents,
)
from store.catalogue.tables import TABLES, add_covers, add_similar_artists, counts, item_statuses, record_items
from store.database.library import Library
from store.database.vectors import dimension_of
from store.errors import LibraryError
from store.records import AlbumRecord, CoverRecord
from store.text import album_id, storable
from tests.store.support.records import record, sha


def test_adding_twice_changes_nothing(library: Library) -> None:
    batch = [
        record(
            "Ada",
            "First",
            year=1990,
            tags=(("Dream Pop", 100), ("dream pop", 40), ("", 5)),
            artist_tags=(("uk", 10),),
        ),
        record("Bo", "Blue"),
    ]
    with library.write() as con:
        first = add_albums(con, batch)
        before = {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES}
        second = add_albums(con, batch)
        after = {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES}
    assert first.added == [album_id("Ada", "First"), album_id("Bo", "Blue")]
    assert first.duplicates == second.duplicates == second.added == []
    assert before == after
    assert before["album_tags"] == [(album_id("Ada", "First"), "dream pop", 100.0)]
    assert [row[:3] for row in before["artist_tags"]] == [("Ada", "uk", 10.0)]


def test_the_same_album_under_another_spelling_is_told_and_completes(library: Library) -> None:
    with library.write() as con:
        add_albums(con, [record("Beyoncé", "Lemonade", genre="pop")])
        other = AlbumRecord(
            "BEYONCE", "Lemonade!", "lastfm", "k", year=2016, genre="rock", listeners=5, tags=(("pop", 9),)
        )
        result = add_albums(con, [other])
        assert result.added == []
        assert result.duplicates == [("k", "Beyoncé / Lemonade")]
        assert con.execute("SELECT artist, year, genre, listeners FROM albums").fetchall() == [
            ("Beyoncé", 2016, "pop", 5)
        ]
        assert con.execute("SELECT tag FROM album_tags").fetchall() == [("pop",)]


def test_a_source_may_change_its_own_album(library: Library) -> None:
    with library.write() as con:
        add_albums(con, [record("Ada", "First", year=1990, listeners=1, tags=(("pop", 10),))])
        add_albums(con, [record("Ada", "First", listeners=2, cover_sha256=sha(1), tags=(("pop", 20),))])
        assert con.execute("SELECT year, listeners, cover_sha256 FROM albums").fetchall() == [(1990, 2, sha(1))]
        assert con.execute("SELECT weight FROM album_tags").fetchall() == [(20.0,)]


def test_duplicates_within_a_batch(library: Library) -> None:
    twice = [record("Ada", "First"), AlbumRecord("ADA", "first", "table", "other", year=1990)]
    with library.write() as con:
        result = add_albums(con, twice)
        assert len(result.added) == 1
        assert result.duplicates == [("other", "Ada / First")]
        assert con.execute("SELECT year FROM albums").fetchall() == [(1990,)]


def test_what_cannot_be_stored_is_told_and_stops_nothing(library: Library) -> None:
    batch = [
        record("\x1b[0m", "x"), record("x", "\u200b"), record("x", "y", year=123_456),
        record("x", "z", listeners=2**70), record("Good", "One"),
    ]  # fmt: skip
    with library.write() as con:
        result = add_albums(con, batch)
    assert len(result.added) == 1
    assert [why for _, why in result.refused] == [
        "it has no artist", "it has no title", "its year is 123456", f"its listeners is {2**70}",
    ]  # fmt: skip


def test_hostile_titles_are_data(library: Library) -> None:
    titles = [
        "'; DROP TABLE albums; --",
        "[bold]x[/]",
        "../../etc/passwd",
        "\x1b]0;x\x07bell",
        "a\x00b",
        "🦄" * 10,
        "\ud800x",
    ]
    with library.write() as con:
        result = add_albums(con, [record("X", title) for title in titles])
        stored = {row[0] for row in con.execute("SELECT title FROM albums").fetchall()}
    assert len(result.added) == len(titles)
    assert stored == {
        "'; DROP TABLE albums; --",
        "[bold]x[/]",
        "../../etc/passwd",
        "bell",
        "ab",
        "🦄" * 10,
        "x",
    }


def test_keys_from_file_names_that_are_no_text(library: Library) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    with library.write() as con:
        record_items(con, "folder", [(name, "store", "done", None)])
        add_albums(con, [AlbumRecord("A", "B", "folder", name)])
        assert storable(name) in item_statuses(con, "folder")
        assert con.execute("SELECT source_key FROM albums").fetchall() == [(storable(name),)]


def test_similar_artists(library: Library) -> None:
    with library.write() as con:
        rows = [
            ("Ada", "Bo", 0.5),
            ("ADA", "bo", 0.6),
            ("Ada", "Ada", 1.0),
            ("", "x", 1.0),
            ("Cy", "Bo", 7.0),
        ]
        assert add_similar_artists(con, rows, "s") == 2
        assert add_similar_artists(con, [("Ada", "Bo", 0.9)], "s") == 0
        assert add_similar_artists(con, [("Ada", "Bo", 0.1)], "t") == 1
        found = con.execute(
            "SELECT artist_key, round(match::DOUBLE, 1), source FROM similar_artists ORDER BY ALL"
        ).fetchall()
    assert found == [("ada", 0.1, "t"), ("ada", 0.9, "s"), ("cy", 1.0, "s")]


def test_ingest_items_remember_and_back_off(library: Library) -> None:
    with library.write() as con:
        record_items(con, "s", [("a", "fetch", "failed", "timeout"), ("b", "fetch", "done", None)])
        record_items(con, "s", [("a", "fetch", "failed", "timeout"), ("a", "fetch", "failed", "timeout again")])
        record_items(con, "t", [("a", "store", "done", None)])
        assert item_statuses(con, "s") == {"a": "failed", "b": "done"}
        rows = con.execute(
            "SELECT key, attempts, error, round(epoch(next_try - make_timestamp(epoch_us(now()))) / 60) "
            "FROM internal.ingest_items WHERE source = 's' ORDER BY key"
        ).fetchall()
        assert rows == [("a", 2, "timeout again", 4.0), ("b", 1, None, None)]
        record_items(con, "s", [("a", "store", "done", None)])
        assert con.execute(
            "SELECT attempts, error, next_try FROM internal.ingest_items WHERE key = 'a' AND source = 's'"
        ).fetchall() == [(3, None, None)]


def test_covers_models_and_latents(library: Library) -> None:
    latents = np.arange(12, dtype=np.float32).reshape(3, 4)
    shas = [sha(2), sha(0), sha(1)]
    covers = [CoverRecord(one, 10, 10, 5, 0xFFFFFF) for one in shas]
    with library.write() as con:
        for _ in range(2):
            add_covers(con, covers)
            add_model(con, "m", "Model", 4, 128, None, {"r2": 0.9})
        assert missing_latents(con, "m") == sorted(shas)
        add_latents(con, "m", shas[:2], latents[:2])
        assert missing_latents(con, "m") == [sha(1)]
        add_latents(con, "m", shas, latents)
        add_latents(con, "other", shas[:1], latents[:1])
    with library.read() as con:
        names, loaded = load_latents(con, "m")
        assert names == sorted(shas)
        assert loaded.dtype == np.float32
        assert (loaded == latents[[1, 2, 0]]).all()
        assert load_latents(con, "unknown")[1].shape == (0, 4)
        assert counts(con)["latents"] == 4
        assert con.execute("SELECT metrics->>'r2' FROM models").fetchall() == [("0.9",)]


def test_latents_of_another_size_are_refused_until_forgotten(library: Library) -> None:
    with library.write() as con:
        add_latents(con, "m", [sha(0)], np.ones((1, 4), np.float32))
        with pytest.raises(LibraryError, match="latents have 4 numbers and the model gives 6"):
            add_latents(con, "n", [sha(0)], np.ones((1, 6), np.float32))
    with library.write() as con:
        assert forget_latents(con) == 1
    with library.write() as con:
        add_latents(con, "n", [sha(0)], np.ones((1, 6), np.float32))
        assert dimension_of(con, "latents") == 6
        comment = con.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'latents' AND column_name = 'latent'"
        ).fetchall()
    assert comment[0][0]


def test_latents_that_are_not_numbers_are_refused(library: Library) -> None:
    latents = np.ones((2, 4), np.float32)
    latents[1, 2] = np.nan
    with library.write() as con:
        with pytest.raises(LibraryError, match=sha(1)):
            add_latents(con, "m", [sha(0), sha(1)], latents)
        assert counts(con)["latents"] == 0


def test_empty_batches(library: Library) -> None:
    with library.write() as con:
        assert add_albums(con, []).added == []
        add_covers(con, [])
        record_items(con, "s", [])
        add_latents(con, "m", [], np.empty((0, 4), np.float32))
        assert add_similar_artists(con, [], "s") == 0
        assert set(counts(con).values()) == {0}
