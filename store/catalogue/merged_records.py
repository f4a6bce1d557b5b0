"""Bookmarks, stops of walks and parents of blends when two albums become one, and when they part again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from store.database.schema import first_row, first_value
from store.shapes import BadShape, from_json

if TYPE_CHECKING:
    import duckdb


@dataclass(slots=True)
class Moved:
    """What a merge took along, as it is kept in `album_decisions.moved`."""

    album: dict[str, Any]  # its naming columns and added_at
    items: list[list[str]]  # source, source_key, name_id
    kept_names: list[str]  # name_ids and match_keys that the album that is kept had
    bookmark: list[str] | None = None  # note, added_at
    kept_bookmark: list[str] | None = None
    stops: list[list[Any]] = field(default_factory=list)  # walk_id, seq
    came_from: list[list[Any]] = field(default_factory=list)
    parents: list[list[Any]] = field(default_factory=list)  # blend_id, place among the parts


def _bookmark(con: duckdb.DuckDBPyConnection, album: str) -> list[str] | None:
    row = first_row(con, "SELECT note, added_at::VARCHAR FROM bookmarks WHERE album_id = ?", [album])
    return list(row) if row else None


def _joined(kept: list[str] | None, gone: list[str] | None) -> list[str] | None:
    """One bookmark of two: both notes, the earlier time."""
    if kept is None or gone is None:
        return kept or gone
    notes = [kept[0], *([gone[0]] if gone[0] != kept[0] else [])]
    return [" · ".join(note for note in notes if note), min(kept[1], gone[1])]


def merge_bookmarks(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str, moved: Moved) -> None:
    moved.bookmark, moved.kept_bookmark = _bookmark(con, gone_id), _bookmark(con, kept_id)
    joined = _joined(moved.kept_bookmark, moved.bookmark)
    if moved.bookmark is not None and joined is not None:
        con.execute("DELETE FROM bookmarks WHERE album_id = ?", [gone_id])
        con.execute("INSERT OR REPLACE INTO bookmarks VALUES (?, ?, ?)", [kept_id, *joined])


def split_bookmarks(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str, moved: Moved) -> int:
    """Both bookmarks as they were, unless the person has changed the mark since."""
    now = _bookmark(con, kept_id)
    if moved.bookmark is None or now is None:
        return 0
    con.execute("INSERT OR REPLACE INTO bookmarks VALUES (?, ?, ?)", [gone_id, *moved.bookmark])
    if now == _joined(moved.kept_bookmark, moved.bookmark):
        if moved.kept_bookmark is None:
            con.execute("DELETE FROM bookmarks WHERE album_id = ?", [kept_id])
        else:
            con.execute("INSERT OR REPLACE INTO bookmarks VALUES (?, ?, ?)", [kept_id, *moved.kept_bookmark])
    return 1


def move_stops(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str, moved: Moved) -> None:
    """Arrivals at the one become arrivals at the other."""
    for column, steps in (("album_id", moved.stops), ("came_from", moved.came_from)):
        rows = con.execute(
            f"UPDATE walks SET {column} = ? WHERE {column} = ? RETURNING walk_id, seq", [kept_id, gone_id]
        ).fetchall()
        steps += map(list, rows)


def put_stops_back(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str, moved: Moved) -> int:
    for column, steps in (("album_id", moved.stops), ("came_from", moved.came_from)):
        for walk, seq in steps:
            con.execute(
                f"UPDATE walks SET {column} = ? WHERE walk_id = ? AND seq = ? AND {column} = ?",
                [gone_id, walk, seq, kept_id],
            )
    return len(moved.stops)


def move_parents(con: duckdb.DuckDBPyConnection, gone_id: str, kept_id: str) -> list[list[Any]]:
    """Name the kept album in the recipes of blends; which parents those were."""
    moved: list[list[Any]] = []
    rows = con.execute("SELECT blend_id, recipe FROM blends WHERE contains(recipe::VARCHAR, ?)", [gone_id]).fetchall()
    for blend, text in rows:
        recipe = _recipe(text)
        places = [place for place, part in _parts_of(recipe) if part.get("album_id") == gone_id]
        _rename_parents(con, blend, recipe, places, kept_id)
        moved += [[blend, place] for place in places]
    return moved


def put_parents_back(con: duckdb.DuckDBPyConnection, kept_id: str, gone_id: str, moved: list[list[Any]]) -> int:
    back = 0
    for blend in dict.fromkeys(blend for blend, _ in moved):
        text = first_value(con, "SELECT recipe FROM blends WHERE blend_id = ?", [blend])
        if text is None:
            continue
        recipe = _recipe(text)
        named = {place for place, part in _parts_of(recipe) if part.get("album_id") == kept_id}
        places = [place for one, place in moved if one == blend and place in named]
        _rename_parents(con, blend, recipe, places, gone_id)
        back += len(places)
    return back


def _recipe(text: str) -> dict[str, Any]:
    """Empty for what is none: there is nobody in it to rename."""
    try:
        return from_json(text, dict[str, Any])
    except BadShape:
        return {}


def _parts_of(recipe: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    found = recipe.get("parts")
    return [(n, part) for n, part in enumerate(found if isinstance(found, list) else []) if isinstance(part, dict)]


def _rename_parents(
    con: duckdb.DuckDBPyConnection, blend: str, recipe: dict[str, Any], places: list[int], album: str
) -> None:
    for place in places:
        recipe["parts"][place]["album_id"] = album
    if places:
        con.execute("UPDATE blends SET recipe = ? WHERE blend_id = ?", [json.dumps(recipe), blend])
