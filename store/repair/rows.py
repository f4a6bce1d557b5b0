"""What does not fit together in the tables, told and mended as `repair` does it for files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.catalogue.latents import forget_latents
from store.database.keys import keep_once, rows_twice
from store.database.schema import first_value

if TYPE_CHECKING:
    import duckdb

OF_COVERS = ("latents", "cover_facts")  # what is made of covers and kept by their hashes
NO_SUCH_COVER = """DELETE FROM {table} WHERE cover_sha256 IN (SELECT unnest(?::VARCHAR[]))"""
_LOOSE_TAGS = "FROM album_tags WHERE album_id NOT IN (SELECT album_id FROM albums)"


@dataclass(frozen=True)
class Problem:
    """One kind of damage: how many, a line for people, what mending does, and the mending itself."""

    name: str
    items: tuple[str, ...]  # paths, cover_sha256s or album_ids
    text: str
    remedy: str
    mend: Callable[[duckdb.DuckDBPyConnection], object]  # in a write burst


def row_problems(con: duckdb.DuckDBPyConnection) -> list[Problem]:
    """The problems of the tables, those that have none with no items."""
    of_covers = " UNION ".join(f"SELECT cover_sha256 FROM {table}" for table in OF_COVERS)
    no_cover = f"SELECT cover_sha256 FROM ({of_covers}) ANTI JOIN covers USING (cover_sha256) ORDER BY 1"
    lost = con.execute(no_cover).fetchall()
    return [
        _other_models(_models(con)),
        _lost_latents([sha for (sha,) in lost]),
        _loose_tags(int(first_value(con, f"SELECT count(*) {_LOOSE_TAGS}"))),
        _rows_twice(rows_twice(con)),
    ]


def _models(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """(model_id, latents) of the models that have latents, the newest first."""
    return con.execute(
        "SELECT l.model_id, count(*) FROM latents l LEFT JOIN models m ON m.model_id = l.model_id "
        "GROUP BY l.model_id, m.added_at ORDER BY m.added_at DESC NULLS LAST, l.model_id"
    ).fetchall()


def _other_models(models: list[tuple[str, int]]) -> Problem:
    others = models[1:]
    return Problem(
        "other models",
        tuple(name for name, _ in others),
        f"{sum(count for _, count in others):,} latents are of {len(others)} older models",
        "delete them",
        lambda con: others and forget_latents(con, keep_model_id=models[0][0]),
    )


def _lost_latents(shas: list[str]) -> Problem:
    def delete(con: duckdb.DuckDBPyConnection) -> None:
        for table in OF_COVERS:
            con.execute(NO_SUCH_COVER.format(table=table), [shas])

    return Problem(
        "lost latents",
        tuple(shas),
        f"latents or facts of {len(shas):,} covers that are not in the library",
        "delete them",
        delete,
    )


def _loose_tags(count: int) -> Problem:
    return Problem(
        "loose tags",
        ("album_tags",) * min(count, 1),
        f"{count:,} tags of albums that are not in the library",
        "delete them",
        lambda con: con.execute(f"DELETE {_LOOSE_TAGS}"),
    )


def _rows_twice(twice: dict[str, int]) -> Problem:
    def drop(con: duckdb.DuckDBPyConnection) -> None:
        for table in twice:
            keep_once(con, table)

    told = ", ".join(f"{count:,} in {table}" for table, count in twice.items())
    return Problem("rows twice", tuple(twice), f"rows that are there twice: {told}", "keep each once", drop)
