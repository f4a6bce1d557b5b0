"""All that the library knows of one album, for its page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from store.catalogue.files import TrackFile, files_of
from store.database.steps.sound import PLAYED
from store.records import Album
from store.text import storable

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class AlbumPage:
    """Beside the album itself: lines of facts for people, what they are made of, and its tracks."""

    mbid: str | None
    sources: tuple[str, ...]  # what brought it
    plays: tuple[tuple[int, int], ...]  # (year, plays in it), the latest first
    owned: tuple[tuple[str, float | None, str], ...]  # (list, stars or None, note)
    tags: tuple[str, ...]
    listeners: int | None
    tracks: tuple[TrackFile, ...]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """(what, words) for those that are known."""
        total = sum(count for _, count in self.plays)
        years = ", ".join(str(year) for year, _ in self.plays[:12])
        lists = "; ".join(", ".join(filter(None, (name, _stars(stars), note))) for name, stars, note in self.owned)
        found = [
            ("tags", ", ".join(self.tags)),
            ("listeners", f"{self.listeners:,}" if self.listeners is not None else ""),
            ("played", f"{total:,} track{'s' if total != 1 else ''} in {years}" if total else ""),
            ("owned", lists),
            ("mbid", self.mbid or ""),
            ("sources", ", ".join(self.sources)),
        ]
        return [(what, words) for what, words in found if words]

    def to_json(self) -> dict[str, object]:
        return {
            "mbid": self.mbid,
            "sources": list(self.sources),
            "plays": [{"year": year, "plays": count} for year, count in self.plays],
            "owned": [{"list": name, "rating": stars, "note": note} for name, stars, note in self.owned],
            "tracks": [{**asdict(track), "path": storable(track.path)} for track in self.tracks],
        }


def album_page(con: duckdb.DuckDBPyConnection, album: Album) -> AlbumPage:
    """The page of an album through an open read burst."""
    name = [album.album_id]
    mbid = con.execute("SELECT mbid FROM albums WHERE album_id = ?", name).fetchall()
    sources = con.execute("SELECT DISTINCT source FROM album_sources WHERE album_id = ? ORDER BY 1", name).fetchall()
    # `album_plays` in full: the view that a library from elsewhere has is another person's.
    plays = con.execute(
        f"SELECT year(played_at), count(*) FROM ({PLAYED}) WHERE album_id = ? AND (seconds IS NULL OR seconds >= 30) "
        "GROUP BY ALL ORDER BY 1 DESC",
        name,
    ).fetchall()
    owned = con.execute("SELECT source, rating, note FROM owned WHERE album_id = ? ORDER BY ALL", name).fetchall()
    return AlbumPage(
        mbid[0][0] if mbid else None,
        tuple(row[0] for row in sources),
        tuple((int(year), int(count)) for year, count in plays),
        tuple(owned),
        album.tags,
        album.listeners,
        tuple(files_of(con, name).get(album.album_id, ())),
    )


def _stars(stars: float | None) -> str:
    return "" if stars is None else f"{stars:g} of 5 stars"
