"""What kills, full disks and hands in the folder leave behind: found first, told, and mended when asked.

Nothing here touches what a person made. A cover file that is gone cannot be made from nothing: its album is
freed of it, and the next ingest of its source brings it again.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from store.catalogue.album_sources import best_of
from store.catalogue.covers import CoverFiles
from store.catalogue.tables import add_covers
from store.database.atomic import leftovers
from store.errors import LibraryError
from store.records import CoverRecord
from store.repair.rows import NO_SUCH_COVER, OF_COVERS, Problem, row_problems

if TYPE_CHECKING:
    import duckdb

    from store.database.library import Library

SETTLED = 600.0  # seconds; a younger cover file may belong to an ingest that has not committed it yet
# What earlier versions left: names that ended in the number of the process, or were ours alone.
_EARLIER = re.compile(
    r"\.(?:.+[.-])?(?P<pid>\d+)(?:-\d+)?(?:\.duckdb(?:\.wal)?|\.(?:m3u|csv|json|graphml|html|png)|\.\w+\.(?:part|old))?"
)
_EARLIER_UNNUMBERED = ("backups/*.unfinished*", "blends/.blend-*.part", "blends/trash/.blend-*.part")
_COVER = re.compile(r"[0-9a-f]{64}\.webp")


def find_problems(library: Library, check_hashes: bool = False) -> list[Problem]:
    """What does not fit together, changing nothing. With `check_hashes` every cover file is read."""
    files = CoverFiles(library.covers_dir)
    with library.read() as con:
        known = _column(con, "SELECT cover_sha256 FROM covers")
        named = _column(con, f"SELECT DISTINCT cover_sha256 FROM ({_NAMED}) WHERE cover_sha256 IS NOT NULL")
        blended = _column(con, _BLENDED)
        in_tables = row_problems(con)
    problems = [_leftovers(library)]
    large = {path.stem: path for path in files.large_files() if _COVER.fullmatch(path.name)}
    there = {path.stem: path for path in _cover_paths(library)}
    needed = known | named
    kept = needed | blended
    damaged = {sha for sha, path in there.items() if check_hashes and sha in needed and not _is_whole(path, sha)}
    problems += [
        _orphans(library, [path for sha, path in there.items() if sha not in kept and _settled(path)]),
        _useless_large([p for p in (*large.values(), *files.found_files()) if p.stem not in there and _settled(p)]),
        _damaged_large([path for path in large.values() if check_hashes and files.large(path.stem) is None]),
        _gone(files, sorted(needed - there.keys())),
        _damaged(files, sorted(damaged)),
        _unlisted(files, sorted((named - known) & there.keys() - damaged)),
        *in_tables,
        _open_to_others(library),
    ]
    return [problem for problem in problems if problem.items]


def mend(library: Library, problems: list[Problem]) -> None:
    """Mend them in one burst: files go only once the rows are as they should be."""
    with library.write() as con:
        for problem in problems:
            problem.mend(con)


_NAMED = "SELECT cover_sha256 FROM albums UNION SELECT cover_sha256 FROM album_sources"
_BLENDED = "SELECT unnest(json_extract_string(recipe, '$..cover_sha256')) FROM blends"  # a parent may be a blend


def _column(con: duckdb.DuckDBPyConnection, sql: str, values: list[list[str]] | None = None) -> set[str]:
    return {row[0] for row in con.execute(sql, values).fetchall()}


def _cover_paths(library: Library) -> Iterator[Path]:
    for path in library.covers_dir.glob("??/*.webp"):
        if _COVER.fullmatch(path.name) and path.parent.name == path.name[:2]:
            yield path


def _settled(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > SETTLED
    except FileNotFoundError:
        return False


def _is_whole(path: Path, sha: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha
    except OSError as error:
        raise LibraryError(f"cannot read cover {path}: {error.strerror or error}") from error


def _leftovers(library: Library) -> Problem:
    """Temporary files and folders of processes that ended before they could rename them: in the library, beside it, and
    in the folder that one is in, where results may have been written to.
    """
    inside = [library.path, *(p for p in library.path.glob("[!.]*") if p.is_dir()), library.blends_dir / "trash"]
    inside += [p for pattern in ("??", "large/??") for p in library.covers_dir.glob(pattern) if p.is_dir()]
    places = dict.fromkeys([*inside, library.path.parent, Path.cwd()])
    ours = [path for place in places for path in leftovers(place)]
    earlier = [path for place in inside for path in place.glob(".*") if _ended(path.name, _EARLIER)]
    killed_import = re.compile(rf"\.{re.escape(library.path.name)}\.(?P<pid>\d+)")
    earlier += [path for path in library.path.parent.glob(".*") if _ended(path.name, killed_import)]
    unnumbered = [path for pattern in (*_EARLIER_UNNUMBERED, ".spill/*") for path in library.path.glob(pattern)]
    earlier += [path for path in unnumbered if path.is_file() and _settled(path)]

    def delete(_: object) -> None:
        for place in places:
            leftovers(place, remove=True)
        _delete(earlier)

    return Problem(
        "leftovers",
        tuple(map(str, [*ours, *earlier])),
        f"{len(ours) + len(earlier):,} files of interrupted work",
        "delete them",
        delete,
    )


def _ended(name: str, pattern: re.Pattern[str]) -> bool:
    """Whether a name is one that the pattern tells, by a process that has ended."""
    match = pattern.fullmatch(name)
    return match is not None and not _runs(int(match["pid"]))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # another person's process
    return True


def _orphans(library: Library, paths: list[Path]) -> Problem:
    def drop(con: duckdb.DuckDBPyConnection) -> None:
        # An ingest may have come upon one since; its rows cannot come now, while this burst lasts.
        needed = _column(con, f"SELECT cover_sha256 FROM covers UNION {_NAMED} UNION {_BLENDED}")
        _delete([path for path in paths if path.stem not in needed and _settled(path)])

    size = sum(path.stat().st_size for path in paths)
    return Problem(
        "orphan covers",
        tuple(map(str, paths)),
        f"{len(paths):,} cover files that no album has ({size / 1e6:.1f} MB)",
        "delete them",
        drop,
    )


def _useless_large(paths: list[Path]) -> Problem:
    size = sum(path.stat().st_size for path in paths)
    return Problem(
        "large covers alone",
        tuple(map(str, paths)),
        f"{len(paths):,} files of large covers whose small ones are gone ({size / 1e6:.1f} MB)",
        "delete them",
        lambda _: _delete(paths),
    )


def _damaged_large(paths: list[Path]) -> Problem:
    return Problem(
        "damaged large covers",
        tuple(map(str, paths)),
        f"{len(paths):,} large covers are damaged ({paths[0]} …)" if paths else "",
        "delete them: blends take the small ones until `sleevewalk ingest large` has brought them again",
        lambda _: _delete(paths),
    )


def _gone(files: CoverFiles, shas: list[str]) -> Problem:
    def free(con: duckdb.DuckDBPyConnection) -> None:
        _forget_covers(con, [sha for sha in shas if not files.has(sha)])

    first = f" ({files.path(shas[0])} …)" if shas else ""
    return Problem(
        "missing covers",
        tuple(shas),
        f"{len(shas):,} cover files are missing{first}",
        "leave their albums without a cover until their source is ingested again",
        free,
    )


def _damaged(files: CoverFiles, shas: list[str]) -> Problem:
    def drop(con: duckdb.DuckDBPyConnection) -> None:
        still = [sha for sha in shas if files.has(sha) and not _is_whole(files.path(sha), sha)]
        _forget_covers(con, still)
        _delete([files.path(sha) for sha in still])

    first = f" ({files.path(shas[0])} …)" if shas else ""
    return Problem(
        "bad hashes",
        tuple(shas),
        f"{len(shas):,} cover files are not what their name says{first}",
        "delete them; their albums have no cover until their source is ingested again",
        drop,
    )


def _unlisted(files: CoverFiles, shas: list[str]) -> Problem:
    def enlist(con: duckdb.DuckDBPyConnection) -> None:
        records, unreadable = [], []
        for sha in shas:
            try:
                red, green, blue = (int(c) for c in np.rint(files.pixels(sha).mean(axis=(0, 1))))
            except LibraryError:
                unreadable.append(sha)
                continue
            size = files.path(sha).stat().st_size
            records.append(CoverRecord(sha, 128, 128, size, red << 16 | green << 8 | blue))
        add_covers(con, records)
        _forget_covers(con, unreadable)

    return Problem(
        "unlisted covers",
        tuple(shas),
        f"{len(shas):,} covers of albums are not in the covers table",
        "list them from their files",
        enlist,
    )


def _open_to_others(library: Library) -> Problem:
    """What earlier versions made for all users of the machine to read; what lies in a closed folder is closed."""
    others = [path for path in (library.path, library.db_path) if path.stat().st_mode & 0o077]

    def close(_: object) -> None:
        for path in [library.path, *library.path.rglob("*")] if others else []:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)

    return Problem(
        "open to others",
        tuple(map(str, others)),
        f"other users of this machine can read {library.path}: what you listen to",
        "make its folders and files yours alone",
        close,
    )


def _forget_covers(con: duckdb.DuckDBPyConnection, shas: list[str]) -> None:
    """Free albums of these covers and make their source's items due again."""
    if not shas:
        return
    there = "cover_sha256 IN (SELECT unnest(?::VARCHAR[]))"
    con.execute(
        "DELETE FROM internal.ingest_items WHERE (source, key) IN (SELECT (source, source_key) FROM album_sources "
        f"WHERE {there} OR album_id IN (SELECT album_id FROM albums WHERE {there}))",
        [shas, shas],
    )
    freed = _column(con, f"SELECT album_id FROM albums WHERE {there}", [shas])
    for table in ("album_sources", "albums"):
        con.execute(f"UPDATE {table} SET cover_sha256 = NULL WHERE {there}", [shas])
    best_of(con, sorted(freed))  # another source may have one
    for table in (*OF_COVERS, "covers"):
        con.execute(NO_SUCH_COVER.format(table=table), [shas])


def _delete(paths: list[Path]) -> None:
    for path in paths:
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"cannot delete {path}: {error.strerror or error}") from error
