"""A whole library as plain files, and back: `manifest.json`, `tables/<name>.parquet`, `covers/ab/<sha256>.webp`, and
`own.duckdb` where the person keeps tables, views or macros of their own in the library.

The manifest is written last: a folder without one is no export. An import is there whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from pipelines.progress import Progress
from pipelines.report import SourceError
from store.catalogue.covers import CoverFiles
from store.database.atomic import atomic_file, leftovers, put_in_place, temporary_folder
from store.database.copying import (
    APART,
    Table,
    copy_rows,
    copy_schema,
    our_tables,
    own_tables,
    quoted,
    refuse_shadows,
    sql_text,
    things,
)
from store.database.library import PRIVATE, Library
from store.database.replay import waiting_records
from store.database.schema import (
    MIGRATIONS,
    STORAGE_VERSION,
    first_row,
    first_value,
    our_names,
    refuse_taken_names,
)
from store.database.steps.sources import remember_sources
from store.database.vectors import COLUMNS, fix_dimension
from store.errors import LibraryError, LibraryReadOnly
from store.shapes import BadShape, Count, from_json, read_file

if TYPE_CHECKING:
    import duckdb

UNFINISHED = ".unfinished-export"  # marks a folder until the manifest is there
FORMAT = 2  # of the folder; a reader refuses a higher one
WITHOUT_OWN = 1  # the format of one without OWN: earlier versions read it whole
OWN = "own.duckdb"
ATTACHED = "sleevewalk_own"  # what that file is attached as: no schema of a person's is called so
_CONTROLS = "[\\x00-\\x1f\\x7f-\\x9f\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}]"
_AS_THEY_ARE = ("path", "key", "error")  # names of files, which may hold anything; cleaned wherever they are shown


@dataclass(slots=True)
class ExchangeReport:
    """What was written or read."""

    tables: dict[str, int] = field(default_factory=dict)  # rows of each
    own: dict[str, int] = field(default_factory=dict)  # rows of the person's own tables
    covers: int = 0  # files
    large: int = 0  # larger pictures beside them
    left_out: list[str] = field(default_factory=list)  # cover files that are missing or damaged, with why

    def summary(self) -> str:
        """One line for people."""
        line = f"{self.tables.get('albums', 0):,} albums, {self.covers:,} covers, {len(self.tables)} tables"
        line += f", {len(self.own):,} of your own" if self.own else ""
        line += f", {self.large:,} large covers" if self.large else ""
        return line + (f"; {len(self.left_out):,} covers could not be read" if self.left_out else "")

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def export_library(library: Library, folder: Path, progress: Progress | None = None) -> ExchangeReport:
    """Write the library to `folder`: new, empty, or a killed export's, which is gone on with; only the tables hold the
    library. LibraryError where the folder holds anything else or cannot be written.
    """
    progress, report = progress or Progress(), ExchangeReport()
    with _write_errors(folder):
        unfinished = folder / UNFINISHED
        if folder.exists() and any(folder.iterdir()) and not unfinished.exists():
            raise LibraryError(f"{folder} is not empty; name a new folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "tables", folder / "covers"):
            place.mkdir(PRIVATE, exist_ok=True)  # as in the library: what a person listens to is nobody else's business
        unfinished.touch()
        for left in (folder / "tables").iterdir():  # of a run that was killed, or a link that another person put there
            left.unlink()
        with suppress(LibraryReadOnly), library.write():  # what waits in the journal goes too
            pass
        with library.read() as con:
            if waiting := waiting_records(con, library.path):
                raise LibraryError(
                    f"{waiting:,} personal records wait in the journal of {library.path}, which may only be read: "
                    "give yourself the right to write there, so that they are exported too"
                )
            shas = [row[0] for row in con.execute("SELECT cover_sha256 FROM covers ORDER BY ALL").fetchall()]
            for table in our_tables(con):
                target = sql_text(str(folder / "tables" / f"{table.name}.parquet"))
                con.execute(f"COPY (FROM {table} ORDER BY ALL) TO {target} (FORMAT parquet, COMPRESSION zstd)")
                report.tables[table.name] = first_value(con, f"SELECT count(*) FROM {table}")
            with_own = _write_own(con, folder / OWN, report)
        _copy_covers(library.covers_dir, folder / "covers", shas, report, progress)
        manifest = {
            "format": FORMAT if with_own else WITHOUT_OWN,
            "schema": len(MIGRATIONS),
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "tables": report.tables,
            "own": report.own,
            "covers": report.covers,
        }
        for place in (folder, *folder.glob("covers/??"), *folder.glob("covers/large/??")):  # of a run that was killed
            leftovers(place, remove=True)
        with atomic_file(folder / "manifest.json") as path:
            path.write_text(json.dumps(manifest, indent=1) + "\n")
        unfinished.unlink()
    return report


def import_library(folder: Path, target: Path, progress: Progress | None = None) -> ExchangeReport:
    """Make a library in `target`, new or empty, from what `export_library` wrote; whole or not at all. SourceError
    where that is no export, a newer or a damaged one; LibraryError where `target` holds anything.
    """
    progress, report = progress or Progress(), ExchangeReport()
    place = Library(target).path
    manifest = _manifest(folder)
    with _write_errors(place):
        if place.exists() and any(place.iterdir()):
            raise LibraryError(f"{place} is not empty; import makes a new library: name another folder with --library")
        place.parent.mkdir(parents=True, exist_ok=True)
        leftovers(place.parent, remove=True)
        with temporary_folder(place.parent) as temporary:  # refused here, it is refused in the name that was given
            library = Library.create(temporary)
            if manifest.format > WITHOUT_OWN:
                with library.exclusive() as con:
                    report.own = _read_own(con, folder / OWN, manifest.own)
            with library.write() as con:
                for table in our_tables(con):
                    if table.name in manifest.tables:
                        report.tables[table.name] = _fill(con, table, folder, manifest.tables[table.name])
                remember_sources(con)  # an export of an earlier schema has none
                shas = [row[0] for row in con.execute("SELECT cover_sha256 FROM covers ORDER BY ALL").fetchall()]
            _copy_covers(folder / "covers", library.covers_dir, shas, report, progress)
            temporary.chmod(PRIVATE)
            put_in_place(temporary, place)
    return report


@contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except OSError as error:
        raise LibraryError(f"cannot write {folder}: {error.strerror or error}") from error
    except duckdb.Error as error:
        raise LibraryError(f"cannot write {folder}: {str(error).strip().splitlines()[0][:300]}") from error


def _write_own(con: duckdb.DuckDBPyConnection, path: Path, report: ExchangeReport) -> bool:
    """Everything of the person's own, with its rows, as a database of its own; whether there is any."""
    path.unlink(missing_ok=True)  # of a run that was killed
    ours = our_names() | {(APART, APART)}
    if all((one.schema, one.name) in ours for one in things(con, "library")):
        return False
    with _attached(con, path, f"STORAGE_VERSION '{STORAGE_VERSION}'"):
        copy_schema(con, "library", ATTACHED)
        for kind, schema, name in sorted(things(con, ATTACHED), key=lambda one: one.kind, reverse=True):
            if (schema, name) in ours and kind != "schema":  # views before the tables that they show
                con.execute(f"DROP {kind} {ATTACHED}.{schema}.{quoted(name)}")
        tables = own_tables(con)
        copy_rows(con, tables, ATTACHED)
        con.execute(f"CHECKPOINT {ATTACHED}")
        report.own = {table.label: first_value(con, f"SELECT count(*) FROM {table}") for table in tables}
    return True


def _read_own(con: duckdb.DuckDBPyConnection, path: Path, rows: dict[str, int]) -> dict[str, int]:
    """The same back into a new library. Definitions are copied, not run: a view reads nothing before it is asked."""
    import duckdb

    try:
        if not path.is_file():  # a pipe would be waited for
            raise SourceError(f"{path} is {'no file' if path.exists() else 'missing'}: this is no whole export")
        with _attached(con, path, "READ_ONLY"):
            tables = own_tables(con, ATTACHED)
            refuse_taken_names(con, path, 0, ATTACHED)
            copy_schema(con, ATTACHED, "library")
            refuse_shadows(con, path)
            copy_rows(con, tables, "library")
            found = {table.label: int(first_value(con, f"SELECT count(*) FROM {table}")) for table in tables}
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read: {str(error).strip().splitlines()[0][:300]}") from error
    if found != rows:
        raise SourceError(f"{path} is damaged: its tables are not those of the manifest")
    return found


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, path: Path, options: str) -> Iterator[None]:
    con.execute(f"ATTACH {sql_text(str(path))} AS {ATTACHED} (TYPE duckdb, {options})")
    try:
        yield
    finally:
        con.execute(f"DETACH {ATTACHED}")


def _manifest(folder: Path) -> Manifest:
    """What the folder says that it holds."""
    path = folder / "manifest.json"
    try:
        manifest = from_json(read_file(path), Manifest)
    except FileNotFoundError:
        raise SourceError(f"{folder} is no whole export: it has no manifest.json") from None
    except (OSError, BadShape) as error:
        raise SourceError(f"{path} is damaged: {error}") from error
    if manifest.format > FORMAT or manifest.schema > len(MIGRATIONS):
        raise SourceError(f"{folder} was exported by a newer sleevewalk; upgrade sleevewalk")
    return manifest


class Manifest(Struct):
    """What an import takes from `manifest.json`."""

    format: Count
    schema: Count
    tables: dict[str, Count]  # rows of each
    own: dict[str, Count] = {}  # rows of the person's own


def _fill(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, rows: int) -> int:
    import duckdb

    path = folder / "tables" / f"{table.name}.parquet"
    source = f"read_parquet({sql_text(str(path))})"
    if not path.is_file():
        raise SourceError(f"{path} is {'no file' if path.exists() else 'missing'}: this is no whole export")
    try:
        if table.name in COLUMNS and rows:
            vector = COLUMNS[table.name]
            lengths = con.execute(f"SELECT DISTINCT len({vector}) FROM {source}").fetchall()
            if len(lengths) != 1 or not lengths[0][0]:
                raise SourceError(f"{path} is damaged: {table.name} of several lengths")
            fix_dimension(con, table.name, int(lengths[0][0]))
            if first_value(
                con, f"SELECT count(*) FROM {source} WHERE list_sum({vector}::FLOAT[]) NOT BETWEEN -1e30 AND 1e30"
            ):
                raise SourceError(f"{path} is damaged: {table.name} with what is no number")
        con.execute(f"INSERT INTO {table} BY NAME FROM {source}")
        found = first_value(con, f"SELECT count(*) FROM {table}")
        for column in _texts(con, table):
            if first_row(con, f'SELECT 1 FROM {table} WHERE regexp_matches("{column}", ?) LIMIT 1', [_CONTROLS]):
                raise SourceError(f"{path} holds control characters in {column}: sleevewalk did not write it")
    except duckdb.Error as error:
        raise SourceError(f"{path} cannot be read: {str(error).strip().splitlines()[0][:300]}") from error
    if found != rows:
        raise SourceError(f"{path} is damaged: {found:,} rows, the manifest says {rows:,}")
    return int(found)


def _texts(con: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """Columns of text that a terminal may show as they are."""
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? AND table_name = ? "
        "AND data_type = 'VARCHAR'",
        [table.database, table.schema, table.name],
    ).fetchall()
    return [name for (name,) in rows if name not in _AS_THEY_ARE]


def _copy_covers(source: Path, target: Path, shas: list[str], report: ExchangeReport, progress: Progress) -> None:
    """Copy these covers, each checked by its name; one that is missing or damaged is told and left out."""
    files, out = CoverFiles(source), CoverFiles(target)
    progress.start("covers", len(shas))
    for sha in shas:
        try:
            webp = files.read(sha)
        except LibraryError as error:
            report.left_out.append(str(error))
        else:
            out.put(webp)
            report.covers += 1
            report.large += _copy_large(files, out, sha)
        progress.advance(1)
    progress.finish(report.summary())


def _copy_large(files: CoverFiles, out: CoverFiles, sha: str) -> bool:
    """Whether there is a larger picture that could be read, and is there now. It may be had again from its source."""
    with suppress(OSError, LibraryError):
        out.put_large(sha, files.large_path(sha).read_bytes())
        return True
    return False
