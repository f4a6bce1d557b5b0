"""What an interrupted life leaves in a library: each kind is found, nothing changes by looking, mending mends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from store.catalogue.covers import CoverFiles
from store.catalogue.facts import add_facts
from store.catalogue.latents import add_latents
from store.catalogue.tables import counts, item_statuses, record_items
from store.database import journal
from store.database.library import Library
from store.index.cover_index import CoverIndex
from store.looks import CoverFacts
from store.repair.repair import SETTLED, find_problems, mend
from tests.store.support.records import webp


def age(path: Path) -> None:
    then = path.stat().st_mtime - SETTLED - 60
    os.utime(path, (then, then))


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def run(library: Library, sql: str, values: list[object] | None = None) -> list[tuple[object, ...]]:
    with library.write() as con:
        return con.execute(sql, values).fetchall()


def a_cover(library: Library) -> Path:
    return sorted(library.covers_dir.rglob("*.webp"))[0]


def leftover(library: Library) -> None:
    for folder in (a_cover(library).parent, library.index_dir):
        (folder / f".{'a' * 64}.{dead_pid()}-140").write_bytes(b"half")
    (library.path / f".library-{dead_pid()}-140.duckdb").write_bytes(b"half")
    library.backups_dir.mkdir(exist_ok=True)
    (library.backups_dir / f".latest-{dead_pid()}-140.duckdb").write_bytes(b"half")
    part = library.blends_dir / ".blend-x1.part"
    part.write_bytes(b"half")
    age(part)
    imported = library.path.with_name(f".{library.path.name}.{dead_pid()}")
    (imported / "covers").mkdir(parents=True)


def orphan(library: Library) -> None:
    files = CoverFiles(library.covers_dir)
    age(files.path(files.put(webp((9, 8, 7)))))


def missing(library: Library) -> None:
    a_cover(library).unlink()


def truncated(library: Library) -> None:
    path = a_cover(library)
    path.write_bytes(path.read_bytes()[:40])


def unlisted(library: Library) -> None:
    run(library, "DELETE FROM covers WHERE cover_sha256 = ?", [a_cover(library).stem])
    for table in ("latents", "cover_facts"):
        run(library, f"DELETE FROM {table} WHERE cover_sha256 = ?", [a_cover(library).stem])


def older_model(library: Library) -> None:
    with library.write() as con:
        con.execute("INSERT INTO models VALUES ('old', 'Old', 8, 128, NULL, '{}', '2001-01-01')")
        add_latents(con, "old", [a_cover(library).stem], np.ones((1, 8), np.float32))


def lost_latent(library: Library) -> None:
    with library.write() as con:
        add_latents(con, "tiny", ["f" * 64], np.ones((1, 8), np.float32))
        add_facts(con, {"e" * 64: CoverFacts((("red", 1, 0xFF0000),), 0.5, 0.2, 1, 0, 0, 0, 0, 0)})


def loose_tag(library: Library) -> None:
    run(library, "INSERT INTO album_tags VALUES ('nobody', 'rock', 1)")


def rows_twice(library: Library) -> None:
    for table in ("album_tags", "neighbors", "internal.album_ranking"):
        run(library, f"INSERT INTO {table} FROM (FROM {table} LIMIT 3)")


DAMAGE: dict[str, Callable[[Library], None]] = {
    "leftovers": leftover,
    "orphan covers": orphan,
    "missing covers": missing,
    "bad hashes": truncated,
    "unlisted covers": unlisted,
    "other models": older_model,
    "lost latents": lost_latent,
    "loose tags": loose_tag,
    "rows twice": rows_twice,
}


def test_a_sound_library_has_no_problems(grown: Library) -> None:
    assert find_problems(grown, check_hashes=True) == []


def state(library: Library) -> tuple[object, ...]:
    with library.read() as con:
        rows = counts(con)
        names = con.execute("SELECT album_id, cover_sha256 FROM albums ORDER BY ALL").fetchall()
    return rows, names, sorted(path.relative_to(library.path) for path in library.path.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", DAMAGE)
def test_found_by_its_name_and_mended(copy: Library, name: str) -> None:
    for path in journal.files(copy.path):
        age(path)  # a journal is archived by a burst that finds it applied and old
    with copy.write():
        pass
    assert journal.files(copy.path) == []
    before = state(copy)
    DAMAGE[name](copy)
    damaged = state(copy)
    problems = find_problems(copy, check_hashes=True)
    assert [problem.name for problem in problems] == [name]
    assert state(copy) == damaged, "looking changes nothing"
    mend(copy, problems)
    assert find_problems(copy, check_hashes=True) == []
    if name in ("leftovers", "orphan covers", "other models", "lost latents", "loose tags", "rows twice"):
        with copy.write() as con:
            con.execute("DELETE FROM models WHERE model_id = 'old'")
        assert state(copy) == before, "nothing else went"


def test_all_at_once(copy: Library) -> None:
    for damage in (leftover, orphan, older_model, lost_latent, loose_tag, missing, truncated):
        damage(copy)
    problems = find_problems(copy, check_hashes=True)
    assert len(problems) == 7
    mend(copy, problems)
    assert find_problems(copy, check_hashes=True) == []


def test_an_album_freed_of_a_lost_cover_keeps_all_else_and_is_due_again(copy: Library) -> None:
    sha = a_cover(copy).stem
    with copy.write() as con:
        names = con.execute("SELECT source, source_key FROM albums WHERE cover_sha256 = ?", [sha]).fetchall()
        record_items(con, names[0][0], [(names[0][1], "cover", "done", None)])
    missing(copy)
    mend(copy, find_problems(copy))
    with copy.read() as con:
        assert con.execute("SELECT count(*) FROM albums").fetchall() == [(60,)]
        assert con.execute("SELECT count(*) FROM albums WHERE cover_sha256 IS NULL").fetchall() == [(len(names),)]
        assert names[0][1] not in item_statuses(con, names[0][0])


def test_work_in_progress_is_no_leftover(copy: Library) -> None:
    files = CoverFiles(copy.covers_dir)
    files.put(webp((9, 8, 7)))  # not committed yet
    (copy.index_dir / f".tiny.faiss.{os.getpid()}-1").write_bytes(b"half")
    (copy.blends_dir / ".blend-x1.part").write_bytes(b"half")
    copy.path.with_name(f".{copy.path.name}.{os.getpid()}").mkdir()
    (copy.path / ".DS_Store").write_bytes(b"")
    assert find_problems(copy) == []


def test_a_cover_that_an_ingest_meets_again_is_young_again(copy: Library) -> None:
    orphan(copy)
    assert find_problems(copy)
    CoverFiles(copy.covers_dir).put(webp((9, 8, 7)))
    assert find_problems(copy) == []


@pytest.mark.parametrize("suffix", [".faiss", ".npy", ".json"])
def test_a_truncated_or_foreign_index_is_never_used(copy: Library, suffix: str) -> None:
    from store.errors import LibraryError

    path = next(copy.index_dir.glob(f"*{suffix}"))
    whole = path.read_bytes()
    for damage in (whole[: len(whole) // 2], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damage)
        with pytest.raises(LibraryError, match="sleevewalk build"):
            CoverIndex.load(copy)
    path.write_bytes(whole)
    assert CoverIndex.load(copy) is not None
