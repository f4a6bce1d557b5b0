"""Tables of albums to read in, and what a library holds afterwards."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from store.database.library import Library

COLUMNS = [
    "artist",
    "album",
    "year",
    "genre",
    "tags",
    "artist_tags",
    "listeners",
    "playcount",
    "mbid",
    "cover",
    "genre_source",
]


def write_csv(file: Path, rows: list[dict[str, object]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


def album(number: int, **values: object) -> dict[str, object]:
    row: dict[str, object] = {
        "artist": f"Artist {number % 7}",
        "album": f"Album {number}",
        "year": 1970 + number % 50,
    }
    return {**row, "tags": "rock|indie", "artist_tags": "loud", "cover": f"{number}.jpg", **values}


def contents(library: Library) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that people see, but for the times."""
    queries = {
        "albums": "SELECT * EXCLUDE (added_at) FROM albums ORDER BY ALL",
        "album_tags": "SELECT * FROM album_tags ORDER BY ALL",
        "artist_tags": "SELECT * FROM artist_tags ORDER BY ALL",
        "covers": "SELECT * FROM covers ORDER BY ALL",
        "cover_facts": "SELECT * FROM cover_facts ORDER BY ALL",
        "genre_sources": "SELECT album_id, source, genre FROM album_sources WHERE source LIKE 'table: %' ORDER BY ALL",
        "ingest_items": "SELECT source, key, stage, status, error FROM internal.ingest_items ORDER BY ALL",
    }
    with library.read() as con:
        tables = {name: con.execute(sql).fetchall() for name, sql in queries.items()}
    files = sorted(path.name for path in library.covers_dir.rglob("*.webp") if not path.name.startswith("."))
    return {**tables, "files": [(name,) for name in files]}
