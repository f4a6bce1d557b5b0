"""The rows of a table in a file: CSV, Parquet or JSON Lines. A row that cannot be read stops nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pipelines.report import SourceError
from store.text import clean

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

LONGEST_LINE = 1 << 20  # characters; who writes longer ones means no album
TOO_LONG = f"a line of more than {LONGEST_LINE >> 20} MB"
_LONGEST_RECORD = 50  # lines; a quoted field that runs on for longer was never closed


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read."""

    number: int  # the line it starts on (a CSV header is line 1); in Parquet its place, from 1
    values: Mapping[str, object]  # by column name, lower case; only columns that were asked for


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read."""

    number: int
    reason: str
    text: str  # how it begins


@dataclass(frozen=True, slots=True)
class Columns:
    """What is wanted of a table. A column may go by several names; the first that is there is taken."""

    needed: Mapping[str, tuple[str, ...]]  # name → the names that it may have in the file
    optional: tuple[str, ...] = ()

    def find(self, file: Path, there: Iterable[str]) -> dict[str, str]:
        """Column in the file → name here. Raises SourceError that names what is missing and what is there."""
        normal = {str(name).strip().lower(): str(name) for name in reversed(list(there))}
        found = {}
        for name, names in self.needed.items():
            match = next((normal[other] for other in names if other in normal), None)
            if match is None:
                listed = ", ".join(list(normal.values())[::-1]) or "no columns"
                also = "".join(f' or "{other}"' for other in names[1:])
                raise SourceError(f'{file}: there is no column "{names[0]}"{also}; the file has: {clean(listed, 500)}')
            found[match] = name
        for name in self.optional:
            if name in normal:
                found.setdefault(normal[name], name)
        return found

    def pick(self, values: Mapping[str, object]) -> dict[str, object]:
        """Those of the values that are wanted, under their names here; what is missing is missing."""
        lowered = {key.strip().lower(): value for key, value in values.items()}
        names = {**self.needed, **{name: (name,) for name in self.optional}}
        found = {name: next((key for key in aliases if key in lowered), None) for name, aliases in names.items()}
        return {name: lowered[key] for name, key in found.items() if key is not None}


def read_rows(file: Path, columns: Columns) -> Iterator[Row | BadRow]:
    """All rows of the table in their order. Raises SourceError where the file as a whole cannot be read."""
    try:
        yield from _reader(file)(file, columns)
    except OSError as error:
        raise SourceError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnicodeError as error:  # UTF-16 that breaks off; what claims to be UTF-8 is judged row by row
        raise SourceError(
            f"{file}: damaged text: {error.reason if isinstance(error, UnicodeDecodeError) else error}"
        ) from error


def count_rows(file: Path) -> int | None:
    """About how many rows there are, for progress: exact for Parquet; lines for the rest."""
    try:
        if _reader(file) is _parquet_rows:
            return int(_open_parquet(file).metadata.num_rows)
        with file.open("rb") as raw:
            lines = sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))
    except OSError:
        return None  # reading it will say so
    return max(0, lines - 1) if _reader(file) is _csv_rows else lines


def fingerprint(file: Path) -> str:
    """16 hex digits that change when the file's content does. Raises SourceError where it cannot be read."""
    try:
        with file.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()[:16]
    except OSError as error:
        raise SourceError(f"{file}: cannot be read: {error.strerror or error}") from error


def _reader(file: Path) -> Callable[[Path, Columns], Iterator[Row | BadRow]]:
    match file.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            return _csv_rows
        case ".parquet" | ".pq":
            return _parquet_rows
        case ".jsonl" | ".ndjson" | ".json":
            return _json_rows
        case other:
            raise SourceError(
                f"{file}: what kind of table is {other or 'a name without an ending'}? "
                "Known are .csv, .tsv, .parquet and .jsonl"
            )


def _csv_rows(file: Path, columns: Columns) -> Iterator[Row | BadRow]:
    with file.open("rb") as raw:
        utf16 = raw.read(2) in (b"\xff\xfe", b"\xfe\xff")  # Excel's "Unicode text"
    with file.open(encoding="utf-16" if utf16 else "utf-8-sig", errors="surrogateescape", newline="") as text:
        lines = _Lines(text)
        header_line = next(lines, "")
        if len(header_line) > LONGEST_LINE:
            raise SourceError(f"{file}: {TOO_LONG}")
        delimiter, names = _header(header_line)
        found = columns.find(file, names)
        # The first of two columns with one name counts.
        places = {name: names.index(column) for column, name in found.items()}
        while (first := next(lines, None)) is not None:
            number = lines.number
            if len(first) > LONGEST_LINE:
                yield BadRow(number, TOO_LONG, first[:80])
                continue
            fields = _record(first, lines, delimiter, len(names))
            if isinstance(fields, str):
                yield BadRow(number, fields, first.strip()[:80])
            elif len(fields) > len(names) or 0 < len(fields) < len(names):
                reason = f"{len(fields)} fields where the header has {len(names)}"
                yield BadRow(number, reason, first.strip()[:80])
            elif fields:
                values = {name: fields[place] for name, place in places.items()}
                if all(map(_is_text, values.values())):
                    yield Row(number, values)
                else:
                    yield BadRow(
                        number,
                        "not UTF-8 text: save the table as UTF-8",
                        first.encode("utf-8", "replace").decode()[:80],
                    )


def _is_text(value: str) -> bool:
    """Whether it decoded: bytes that are no UTF-8 come through as lone surrogates."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def bounded_lines(text: TextIO) -> Iterator[str]:
    """The lines of a text; of one that is longer than LONGEST_LINE so many characters and one."""
    while line := text.readline(LONGEST_LINE + 1):
        end = line
        while len(end) > LONGEST_LINE and not end.endswith(("\n", "\r")):
            end = text.readline(LONGEST_LINE + 1)
        yield line


class _Lines:
    """Lines of a text with their numbers, from 1, that can be put back."""

    def __init__(self, text: TextIO) -> None:
        self._text = bounded_lines(text)
        self._returned: deque[str] = deque()
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._text)
        self.number += 1
        return line

    def put_back(self, lines: list[str]) -> None:
        """The next lines are these again."""
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def _header(line: str) -> tuple[str, list[str]]:
    """The delimiter and the column names: of comma, semicolon and tab the one that makes the most names."""
    by_delimiter = {mark: next(csv.reader([line], delimiter=mark), []) for mark in ",;\t"}
    delimiter = max(by_delimiter, key=lambda mark: len(by_delimiter[mark]))
    return delimiter, by_delimiter[delimiter]


def _record(first: str, lines: _Lines, delimiter: str, width: int) -> list[str] | str:
    """The fields of the record that starts with the line `first`, or the reason why there are none.

    A quote that is never closed would swallow the rows behind it. So a record of several lines must be well
    quoted, of the right width and not too long; else only its first line is given up and the rest read again.
    """
    more: list[str] = []

    def feed() -> Iterator[str]:
        yield first
        for line in lines:
            more.append(line)
            yield line
            if len(more) == _LONGEST_RECORD:
                return

    try:
        # A line that closes its own quotes is read leniently: `"Heroes" (live)` is a title that people have.
        fields = next(csv.reader(feed(), delimiter=delimiter), [])
        if more:
            text = [first, *more]
            fields = next(csv.reader(text, delimiter=delimiter, strict=True), [])
            if len(fields) != width:
                raise csv.Error
    except csv.Error:
        lines.put_back(more)
        return "a quote that is not closed, or a field that is too long"
    while len(fields) > width and not fields[-1].strip():
        fields.pop()  # `a,b,c,`
    return fields


def _json_rows(file: Path, columns: Columns) -> Iterator[Row | BadRow]:
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as text:
        for number, line in enumerate(bounded_lines(text), 1):
            if not line.strip():
                continue
            reason = TOO_LONG
            with suppress(ValueError, RecursionError):
                if len(line) <= LONGEST_LINE:
                    reason = "not JSON"
                    # Not by msgspec: half a surrogate pair is cleaned off a name, and is no reason to lose the album.
                    value = json.loads(line)
                    reason = "" if isinstance(value, dict) else "not a JSON object"
            if not reason:
                yield Row(number, columns.pick(value))
            elif number == 1 and line.strip() in ("[", "{"):
                raise SourceError(f"{file}: JSON, but not JSON Lines: write one object on each line")
            else:
                yield BadRow(number, reason, line.strip()[:80])


def _parquet_rows(file: Path, columns: Columns) -> Iterator[Row | BadRow]:
    import pyarrow as pa

    number = 0
    try:
        with _open_parquet(file) as table:
            found = columns.find(file, table.schema_arrow.names)
            for batch in table.iter_batches(batch_size=1024, columns=list(found)):
                for values in _values(batch):
                    number += 1
                    if values is None:
                        yield BadRow(number, "a value that cannot be read", "")
                    else:
                        yield Row(number, {found[column]: value for column, value in values.items()})
    except pa.ArrowException as error:
        raise SourceError(f"{file}: damaged after row {number:,}: {_first_line(error)}") from error


def _values(batch: pa.RecordBatch) -> list[dict[str, object] | None]:
    """The rows as Python's values; None for one with a value that Python has none for (a time after the year 9999)."""
    try:
        rows: list[dict[str, object] | None] = batch.to_pylist()
        return rows
    except (ValueError, OverflowError, ArithmeticError):
        return [row for at in range(len(batch)) for row in (_values(batch.slice(at, 1)) if len(batch) > 1 else [None])]


def _open_parquet(file: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except pa.ArrowException as error:
        raise SourceError(f"{file}: not a Parquet file: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
