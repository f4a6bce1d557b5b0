"""A copy of the catalogue as arrays in one Arrow file, mapped into memory, so that a large library opens at once.

Derived: `sleevewalk build` writes it for libraries of LARGE albums on, with its hash and a fingerprint of the tables in
`derived`. Where either does not agree the tables are read instead.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from store.database.atomic import atomic_file
from store.database.schema import derived_from, first_value, note_derived
from store.memory.album_arrays import AlbumArrays
from store.memory.names import NameIndex, index_names
from store.memory.sparse import Sparse
from store.memory.texts import Texts
from store.personal.mine import readable_tags

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LARGE = 50_000  # albums; the tables of fewer are read in half a second
NAME = "albums.arrow"
FORMAT = 5
_SPARSE = ("start", "columns", "values")
_NAMES = ("start", "holders", "by_artist", "by_title", "lengths")
_SOURCES = {
    "albums": "album_id, artist, title, artist_key, title_key, genre, cover_sha256, year, listeners, source",
    "album_sources": "album_id, artist, title, listeners, playcount",
    "counts": "kind, match_key, value",
    "album_tags": "album_id, tag, weight",
    "artist_tags": "artist_key, tag, weight",
    "similar_artists": "artist_key, similar_key, match",
    "cover_facts": "cover_sha256, version, lettering",
}


def write_arrays(arrays: AlbumArrays, index_dir: Path) -> str:
    """Write the file beside the index and return its hash; `note_arrays` then makes it count."""
    import pyarrow as pa

    names = index_names(
        [*arrays.artist_keys, *arrays.other_artist_keys], [*arrays.title_keys, *arrays.other_title_keys]
    )
    parts: dict[str, pa.Array] = {}
    for part in fields(AlbumArrays):
        value = names if part.name == "names" else getattr(arrays, part.name)
        if isinstance(value, NameIndex):
            parts |= {f"names.{name}": pa.array(getattr(value, name)) for name in _NAMES}
            parts["names.words"] = pa.array(value.words, pa.large_string())
        elif isinstance(value, Sparse):
            parts |= {f"{part.name}.{name}": pa.array(getattr(value, name)) for name in _SPARSE}
        elif isinstance(value, np.ndarray):
            parts[part.name] = pa.array(value.astype(np.uint8) if value.dtype == bool else value.reshape(-1))
        else:
            parts[part.name] = pa.array(value, pa.large_string())
    # One row whose every column is a list: arrays of different lengths in one file.
    lists = {name: pa.LargeListArray.from_arrays([0, len(array)], array) for name, array in parts.items()}
    target = index_dir / NAME
    with atomic_file(target) as path, pa.ipc.new_file(str(path), pa.table(lists).schema) as file:
        file.write_table(pa.table(lists))
    return _sha256(target)


def note_arrays(con: duckdb.DuckDBPyConnection, fingerprint: str, digest: str) -> None:
    """Record the file of that hash as a copy of the tables that had this fingerprint."""
    note_derived(con, "album_arrays", f"{fingerprint} {digest}")


def open_arrays(con: duckdb.DuckDBPyConnection, index_dir: Path) -> AlbumArrays | None:
    """The file's arrays, mapped; None where there is none, or it is damaged or of other tables."""
    found = noted_arrays(con, index_dir)
    return None if found is None or found[1] != tables_fingerprint(con) else found[0]


def noted_arrays(con: duckdb.DuckDBPyConnection, index_dir: Path) -> tuple[AlbumArrays, str] | None:
    """(the file's arrays, mapped; the fingerprint of the tables that they are a copy of) for who asks while using them
    whether the tables are still those; None where there is no file or it is damaged.
    """
    path = index_dir / NAME
    fingerprint, _, digest = derived_from(con, "album_arrays").rpartition(" ")
    if not fingerprint.startswith(f"{FORMAT} ") or not path.is_file() or digest != _sha256(path):
        return None
    return _mapped(path), fingerprint


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mapped(path: Path) -> AlbumArrays:
    import pyarrow as pa

    row = pa.ipc.open_file(pa.memory_map(str(path))).read_all().combine_chunks()
    arrays = {name: row[name].chunk(0).values for name in row.column_names}
    values: dict[str, object] = {}
    for part in fields(AlbumArrays):
        if part.name in arrays:
            array = arrays[part.name]
            values[part.name] = Texts(array) if pa.types.is_large_string(array.type) else array.to_numpy()
        elif part.name == "names":
            words = Texts(arrays["names.words"])
            values["names"] = NameIndex(words, *(arrays[f"names.{name}"].to_numpy() for name in _NAMES))
        else:
            values[part.name] = Sparse(*(arrays[f"{part.name}.{name}"].to_numpy() for name in _SPARSE))
    values["fictional"] = np.asarray(values["fictional"]).astype(bool)
    values["looks"] = np.asarray(values["looks"]).reshape(-1, 2)
    for name in ("genre_names", "tag_names"):  # few, and often looked up
        values[name] = list(values[name])  # type: ignore[call-overload]
    return AlbumArrays(**values)  # type: ignore[arg-type]


def tables_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """Of all that the catalogue is made of, for each table its rows and the sum of their hashes; and of the format of
    the file, so that one of an earlier version is not taken for this one's.
    """
    own, _ = readable_tags(con)
    sources = {**_SOURCES, **({f"({own})": "album_id, tag, weight"} if own else {})}
    parts = (f"(SELECT concat(count(*), '-', sum(hash({columns}))) FROM {table})" for table, columns in sources.items())
    return str(first_value(con, f"SELECT concat_ws(' ', '{FORMAT}', {', '.join(parts)})"))
