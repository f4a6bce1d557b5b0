"""The result of a query: fetched in one short burst, then written as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from store.database.atomic import atomic_file, leftovers
from store.errors import LibraryError
from store.text import clean
from tui.commands.shared import json_text

if TYPE_CHECKING:
    import pyarrow as pa

    from store.database.library import Library

SCHEMA = """
SELECT if(schema_name = 'main', '', schema_name || '.') || table_name AS name,
       string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index) AS columns
FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal GROUP BY ALL ORDER BY 1
"""
_FORMATS = {".csv": "csv", ".json": "json", ".parquet": "parquet"}


def format_of(out: Path | None) -> str | None:
    """The format that a file's ending asks for, if it does."""
    return _FORMATS.get(out.suffix.lower()) if out is not None else None


def fetch(library: Library, query: str, values: Mapping[str, object] | None = None) -> list[pa.Table]:
    """The answers of a query's statements, read-only, what waits in the journal of personal records included;
    `values`: of its parameters. LibraryError where it fails.
    """
    from store.database.readonly import read_only_answers
    from store.database.replay import waiting_records
    from store.personal.records import Personal

    flushed = Personal(library).flush()
    with library.read() as con:
        if not flushed and waiting_records(con, library.path):
            click.echo(
                "the newest bookmarks, walks and blends are still in journal.jsonl and not in this answer", err=True
            )
        return read_only_answers(con, query, values)


def album_ids(answers: Sequence[pa.Table]) -> list[str]:
    """The albums of the last answer, each once, in its order. LibraryError where it has no column album_id."""
    columns = answers[-1].column_names if answers else []
    if columns.count("album_id") != 1:
        raise LibraryError(
            "the answer has no column album_id, so it is no set of albums: select it"
            if "album_id" not in columns
            else "the answer has several columns album_id: select one"
        )
    return list(dict.fromkeys(str(one) for one in answers[-1]["album_id"].to_pylist() if one is not None))


def write(answers: Sequence[pa.Table], form: str, out: Path | None) -> None:
    """Write the answers to `out`, whole or not at all, or to stdout; as Parquet or `ids` the last. LibraryError where
    that cannot be written.
    """
    if out is None:
        sys.stdout.flush()
        _write_to(answers, form, sys.stdout)
        return
    leftovers(out.parent, remove=True)
    with atomic_file(out) as path, path.open("w", encoding="utf-8", newline="") as file:
        _write_to(answers, form, file)
    rows = len(album_ids(answers)) if form == "ids" else sum(table.num_rows for table in answers)
    click.echo(f"{rows:,} rows in {out}", err=True)


def _write_to(answers: Sequence[pa.Table], form: str, file: TextIO) -> None:
    if form == "ids":
        file.writelines(f"{clean(one, 100)}\n" for one in album_ids(answers))
    elif form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        buffer = io.BytesIO()
        pq.write_table(answers[-1] if answers else pa.table({}), buffer)
        file.buffer.write(buffer.getvalue())
    elif form == "json":
        lists = [
            [dict(zip(table.column_names, map(plain, row), strict=True)) for row in _rows(table)] for table in answers
        ]
        file.write(json_text(lists[0] if len(lists) == 1 else lists) + "\n")
    else:
        for place, table in enumerate(answers):
            file.write("\n" if place else "")
            (_write_csv if form == "csv" else _write_table)(table, file)


def _write_csv(table: pa.Table, file: TextIO) -> None:
    lines: list[Sequence[Any]] = [table.column_names, *_rows(table)]
    if file.isatty():  # what a query makes up may hold anything, and a terminal would obey it
        lines = [[clean(cell, 4000) if isinstance(cell, str) else cell for cell in line] for line in lines]
    csv.writer(file).writerows(lines)


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def plain(value: object) -> object:
    """A value that JSON has a word for."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, float) and value - value != 0:  # JSON has no word for NaN and the infinities
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _write_table(table: pa.Table, file: TextIO, widest: int = 60) -> None:
    """Aligned columns; long values are cut, control characters taken out."""
    from rich.cells import cell_len, set_cell_size

    columns = [clean(name, 400) for name in table.column_names]
    rows = [[clean("" if value is None else str(value), 400) for value in row] for row in _rows(table)]
    last = len(columns) - 1
    widths = [min(widest, max([cell_len(name), *(cell_len(row[i]) for row in rows)])) for i, name in enumerate(columns)]
    for row in [columns, ["─" * width for width in widths], *rows]:
        cells = [row[i] if i == last else set_cell_size(row[i], widths[i]) for i in range(len(columns))]
        file.write("  ".join(cells).rstrip() + "\n")
    if file is sys.stdout:
        click.echo(f"({len(rows):,} rows)", err=True)
