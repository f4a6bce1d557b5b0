"""What a folder of shards looks like: a Parquet file for each block of the table's rows, and `shards.json` at the end.

A shard's name is made of its block's content and the model, so that a run that starts again knows what is done, and a
table that has changed makes anew only the blocks that did. A row that failed is a row with its error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Meta, Struct

from pipelines.images import BadImage, PreparedCover
from pipelines.report import LeftOut, SourceError
from pipelines.sources.album_rows import AlbumRow
from store.catalogue.facts import facts_columns, facts_of_row
from store.database.atomic import atomic_file
from store.errors import LibraryError
from store.records import AlbumRecord
from store.shapes import BadShape, Count, Side, from_json, read_file
from store.text import album_id

FORMAT = 1  # of the folder; a reader refuses a higher one
ROWS = 500  # of the table in a shard: about 10 MB, and a few seconds of one core, the most that a kill can cost each
MANIFEST = "shards.json"
SOURCE = "table"  # of the albums: they are what `ingest table` would bring

PICTURES = ("webp", "large", "latent")
_TAGS = pa.list_(pa.struct([("tag", pa.string()), ("weight", pa.float64())]))
_FIELDS = [
    ("row", pa.int64()),  # of the table
    ("artist", pa.string()),  # null: the row is no album, and `error` says why
    ("album", pa.string()),
    ("year", pa.int32()),
    ("genre", pa.string()),
    ("listeners", pa.int64()),
    ("playcount", pa.int64()),
    ("mbid", pa.string()),
    ("tags", _TAGS),
    ("artist_tags", _TAGS),
    ("values_left_out", pa.list_(pa.string())),
    ("cover", pa.string()),  # as the table has it: a path or an address
    ("cover_sha256", pa.string()),  # of `webp`
    ("webp", pa.binary()),  # 128×128
    ("large", pa.binary()),  # its larger picture, where one is kept; an older shard has no such column
    ("width", pa.int32()),  # of the source picture
    ("height", pa.int32()),
    ("mean_color", pa.int32()),  # 0xRRGGBB
    ("source_url", pa.string()),
    ("error", pa.string()),  # null where there is a latent
    ("detail", pa.string()),  # about this one
    ("facts", pa.struct(facts_columns())),  # of the cover; null in shards of earlier versions
    ("genre_source", pa.string()),  # who gave the genre; null where nobody says; earlier versions have no such column
]


def schema(latent_dim: int) -> pa.Schema:
    """The columns of a shard."""
    return pa.schema([*_FIELDS, ("latent", pa.list_(pa.float32(), latent_dim))])


Name = Annotated[str, Meta(pattern=r"^[\w-]{1,100}$")]  # of a file in the folder, and no way out of it


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `shards.json` says: the shards of one state of one table."""

    table: str  # its name, without the folder
    fingerprint: str  # of the shards' names and content sizes
    model_id: str
    latent_dim: Side
    rows: Count
    shards: tuple[
        Annotated[str, Meta(pattern=r"^[\w-]{1,100}$")], ...
    ]  # names without `.parquet`, in the table's order
    format: int = FORMAT


class _Version(Struct):
    format: int


def block_table(rows: Iterable[AlbumRow | LeftOut], latent_dim: int) -> pa.Table:
    """Parsed rows of the table as a shard with no cover as yet."""
    return pa.Table.from_pylist([_row(row) for row in rows], schema(latent_dim))


def _row(row: AlbumRow | LeftOut) -> dict[str, Any]:
    if isinstance(row, LeftOut):
        return {"row": int(row.key.removeprefix("row ")), "error": row.reason, "detail": row.label}
    album = row.album
    written = row.cover.isascii() or not any("\ud800" <= char <= "\udfff" for char in row.cover)
    return {
        "row": row.number,
        "artist": album.artist,
        "album": album.title,
        "year": album.year,
        "genre": album.genre,
        "listeners": album.listeners,
        "playcount": album.playcount,
        "mbid": album.mbid,
        "tags": [{"tag": tag, "weight": weight} for tag, weight in album.tags],
        "artist_tags": [{"tag": tag, "weight": weight} for tag, weight in album.artist_tags],
        "values_left_out": list(row.values_left_out),
        "cover": row.cover if written else None,
        "error": None if written else "the name of the cover's file is not UTF-8",
        "genre_source": row.genre_source or None,
    }


def block_name(number: int, block: pa.Table, model_id: str) -> str:
    """The name of the shard that a block (numbered from 0) becomes with a model."""
    rows = block.select([*(name for name, _ in _FIELDS[:12]), "error", "detail", "genre_source"]).to_pylist()
    for row in rows:
        if row["genre_source"] is None:
            del row["genre_source"]  # so that the shards of a table without it, which are many, keep their names
    told = json.dumps([FORMAT, model_id, rows], ensure_ascii=True, sort_keys=True)
    return f"{number:06d}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def album_rows(shard: pa.Table, source: str = SOURCE) -> list[AlbumRow | LeftOut]:
    """The rows of a shard as `parse_rows` gave them."""
    names = [name for name in shard.column_names if name not in PICTURES]
    return [_album_row(row, source) for row in shard.select(names).to_pylist()]


def _album_row(row: dict[str, Any], source: str) -> AlbumRow | LeftOut:
    if row["artist"] is None:
        return LeftOut(f"row {row['row']}", row["detail"] or "", row["error"] or "no album")
    name = album_id(row["artist"], row["album"])
    fields = ("year", "genre", "listeners", "playcount", "mbid")
    album = AlbumRecord(
        artist=row["artist"],
        title=row["album"],
        source=source,
        source_key=name,
        **{field: row[field] for field in fields},
        tags=tuple((tag["tag"], tag["weight"]) for tag in row["tags"] or ()),
        artist_tags=tuple((tag["tag"], tag["weight"]) for tag in row["artist_tags"] or ()),
    )
    left_out = tuple(row["values_left_out"] or ())
    return AlbumRow(row["row"], name, album, row["cover"] or "", row.get("genre_source") or "", left_out)


def covers_of(shard: pa.Table) -> dict[int, tuple[PreparedCover, str | None] | BadImage]:
    """By the number of the table's row: the cover and the address that it came from, or why there is none."""
    names = ["row", "webp", "large", "width", "height", "mean_color", "source_url", "error", "detail", "facts"]
    names = [name for name in names if name in shard.column_names]
    return {
        row["row"]: BadImage(row["error"] or "no cover in the row", row["detail"] or "")
        if row["webp"] is None
        else (_prepared(row), row["source_url"])
        for row in shard.select(names).to_pylist()
    }


def _prepared(row: dict[str, Any]) -> PreparedCover:
    facts = facts_of_row(row["facts"]) if row.get("facts") else None
    return PreparedCover(row["webp"], row["width"], row["height"], row["mean_color"], row.get("large"), facts)


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def write_shard(shard: pa.Table, folder: Path, name: str) -> None:
    """A stage: the shard as a file. LibraryError where it cannot be written."""
    with atomic_file(path_of(folder, name)) as path:
        # Pictures and latents do not compress; checksums tell a damaged file from a whole one.
        pq.write_table(shard, path, compression="none", use_dictionary=False, write_page_checksum=True)


def read_shard(folder: Path, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A shard, or some columns of it. LibraryError where it is missing or damaged."""
    path = path_of(folder, name)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read(columns=list(columns) if columns is not None else None)
    except FileNotFoundError:
        raise LibraryError(f"{path} is missing; run `sleevewalk shards make` again") from None
    except (OSError, pa.ArrowException) as error:
        why = str(error).partition("\n")[0][:200]
        raise LibraryError(f"{path} is damaged ({why}); delete it and run `sleevewalk shards make` again") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Written when all shards are there. LibraryError."""
    with atomic_file(folder / MANIFEST) as path:
        path.write_text(json.dumps(asdict(manifest), indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """SourceError where the folder holds no whole set of shards."""
    path = folder / MANIFEST
    try:
        content = read_file(path)
        if from_json(content, _Version).format > FORMAT:
            raise SourceError(f"{folder} was made by a newer sleevewalk; upgrade sleevewalk")
        return from_json(content, Manifest)
    except FileNotFoundError:
        raise SourceError(
            f"{folder} is no whole set of shards: it has no {MANIFEST}; run `sleevewalk shards make` to its end"
        ) from None
    except (OSError, BadShape) as error:
        raise SourceError(f"{path} is damaged: {error}") from error
