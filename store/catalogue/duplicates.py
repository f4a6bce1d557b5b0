"""Albums that the rules take for one and that are two in the library: found, never merged here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.identity import GROUP_SOURCES, has_notes

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two albums that the rules take for one."""

    kept_id: str
    kept: str
    other_id: str
    other: str
    why: str


def duplicates(con: duckdb.DuckDBPyConnection) -> list[Duplicate]:
    """Albums that would be one by the rules of today, without those that a person took apart. Changes nothing."""
    rows = con.execute(
        """WITH names AS (
            SELECT album_id, match_key, mbid, source, added_at FROM album_sources
        ), alike AS (
            SELECT match_key AS name, 'the same name: ' || match_key AS why, list(DISTINCT album_id) AS ids
            FROM names GROUP BY match_key HAVING count(DISTINCT album_id) > 1
            UNION ALL
            SELECT mbid, 'the same MusicBrainz id', list(DISTINCT album_id) FROM names WHERE mbid IS NOT NULL
            GROUP BY mbid HAVING count(DISTINCT album_id) > 1 AND count(DISTINCT source) > 1
        )
        SELECT why, name, a.album_id, a.artist, a.title
        FROM (SELECT why, name, unnest(ids) AS album_id FROM alike) JOIN albums a USING (album_id)
        ORDER BY why, name, a.added_at, length(a.title), a.album_id"""
    ).fetchall()
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for why, _, album, artist, title in rows:
        groups.setdefault(why if why.startswith("the same name") else f"{why} {_}", []).append((album, artist, title))
    apart = {
        frozenset(pair)
        for pair in con.execute("SELECT album_id, other_id FROM album_decisions WHERE NOT same").fetchall()
    }
    release_groups = _release_groups(con)
    found, told = [], set()
    for why, albums in groups.items():
        plain = sorted(albums, key=lambda album: has_notes(album[1], album[2]))
        kept = plain[0]
        for other in plain[1:]:
            pair = frozenset((kept[0], other[0]))
            ours, theirs = release_groups.get(kept[0], set()), release_groups.get(other[0], set())
            if pair in apart or pair in told or (ours and theirs and not ours & theirs):
                continue
            told.add(pair)
            found.append(Duplicate(kept[0], f"{kept[1]} / {kept[2]}", other[0], f"{other[1]} / {other[2]}", why))
    return found


def _release_groups(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for album, mbid in con.execute(
        "SELECT album_id, mbid FROM album_sources WHERE mbid IS NOT NULL AND list_contains(?, source)",
        [list(GROUP_SOURCES)],
    ).fetchall():
        found.setdefault(album, set()).add(mbid)
    return found
