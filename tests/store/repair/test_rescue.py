"""A damaged library is put back from its copy and the journals; nothing that a person did is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.catalogue.decisions import apply_decisions, decide_merge, decide_split
from store.catalogue.merging import album_parts
from store.database.library import Library
from store.database.replay import waiting_decisions
from store.errors import LibraryDamaged, LibraryError
from store.personal.records import Personal
from store.repair.rescue import copy_is_current, keep_copy, plan_rescue, read_all, rescue
from tui.cli import main


@pytest.fixture(autouse=True)
def believed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later burst has read back is archived without waiting for sessions that may undo it."""
    monkeypatch.setattr("store.database.replay.BELIEVED_AFTER", 0.0)


def renew(library: Library) -> int:
    with library.exclusive() as con:
        return keep_copy(library, con)


def current(library: Library) -> bool:
    with library.read() as con:
        return copy_is_current(library, con)


def rows(library: Library, table: str) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute(f"FROM {table} ORDER BY ALL").fetchall()


def damage(library: Library) -> None:
    """Bytes of the catalogue's own block are turned over: the file does not open."""
    content = bytearray(library.db_path.read_bytes())
    content[12_288:20_000] = bytes(byte ^ 0xFF for byte in content[12_288:20_000])
    library.db_path.write_bytes(content)


def test_the_copy_holds_what_a_build_cannot_make_and_is_renewed_when_that_changes(copy: Library) -> None:
    assert not current(copy)
    assert renew(copy) == 60
    assert current(copy)
    Personal(copy).add_bookmark("a")
    assert Personal(copy).flush() and current(copy), "personal records have their journal"
    with copy.write() as con:
        con.execute("UPDATE albums SET year = 1900 WHERE title = 'Album 1'")
    assert not current(copy)
    assert renew(copy) == 60 and current(copy)
    assert [path.name for path in copy.backups_dir.iterdir()] == ["latest.duckdb"]
    assert copy.backups_dir.joinpath("latest.duckdb").stat().st_size < copy.db_path.stat().st_size


def test_a_damaged_library_is_put_back_with_every_personal_record(copy: Library) -> None:
    personal = Personal(copy)
    renew(copy)
    albums, facts = rows(copy, "albums"), rows(copy, "cover_facts")
    for name in ("stored and read back", "stored", "waiting"):
        if name == "waiting":
            assert personal.flush()
        personal.add_bookmark(name)
        assert name == "waiting" or personal.flush()
    personal.add_walk_step("w", 0, "a")
    before = personal.read()
    damage(copy)
    with pytest.raises(LibraryDamaged):
        read_all(copy)
    plan = plan_rescue(copy)
    assert "60 albums" in plan.text and plan.source is not None
    rescue(copy, plan)
    read_all(copy)
    assert rows(copy, "albums") == albums
    assert rows(copy, "cover_facts") == facts and facts
    assert personal.read() == before
    assert len(rows(copy, "latents")) == 0, "a build makes these again"
    assert copy.path.joinpath("library-damaged-1.duckdb").is_file()
    for _ in range(2):
        assert personal.flush()
    assert not list(copy.path.glob("journal*"))


def test_without_a_copy_the_personal_records_alone_come_back(copy: Library) -> None:
    before = Personal(copy).read()
    damage(copy)
    plan = plan_rescue(copy)
    assert plan.source is None and "empty library" in plan.text
    rescue(copy, plan)
    assert rows(copy, "albums") == []
    assert Personal(copy).read() == before


def test_a_damaged_log_is_set_aside_and_costs_the_file_nothing(library: Library) -> None:
    with library.write() as con:
        con.execute("INSERT INTO internal.derived VALUES ('in the file', 'x', now()::TIMESTAMP)")
    with library.exclusive() as con:
        con.execute("CHECKPOINT")
    Personal(library).add_bookmark("in the log")
    assert Personal(library).flush()
    log = library.db_path.with_name("library.duckdb.wal")
    content = bytearray(log.read_bytes())
    content[-40] ^= 0xFF
    log.write_bytes(content)
    with pytest.raises(LibraryDamaged, match="damaged"):
        read_all(library)
    done = rescue(library, plan_rescue(library))
    assert "library-damaged-1.duckdb.wal" in done
    assert [row[0] for row in rows(library, "internal.derived")] == ["in the file"]
    assert [row[0] for row in rows(library, "bookmarks")] == ["in the log"]


def test_a_copy_that_cannot_be_written_leaves_the_one_that_was(copy: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    renew(copy)
    before = copy.backups_dir.joinpath("latest.duckdb").read_bytes()
    with copy.write() as con:
        con.execute("DELETE FROM albums WHERE title = 'Album 1'")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(LibraryError, match="No space left"):
            renew(copy)
    assert copy.backups_dir.joinpath("latest.duckdb").read_bytes() == before
    assert [path.name for path in copy.backups_dir.iterdir()] == ["latest.duckdb"]
    assert not current(copy)


def test_an_archive_that_cannot_be_written_holds_nothing_up(library: Library) -> None:
    library.backups_dir.write_bytes(b"a file where the folder should be")
    personal = Personal(library)
    for name in ("a", "b", "c"):
        personal.add_bookmark(name)
        assert personal.flush()
    assert [row[0] for row in rows(library, "bookmarks")] == ["a", "b", "c"]
    assert len(list(library.path.glob("journal-*.pending"))) == 3


def test_doctor_tells_of_damage_in_a_line_and_mends_it_when_told(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    Personal(library).add_bookmark("a")
    renew(library)
    damage(library)
    here = ["--library", str(library.path)]
    assert main(["find", "x", *here]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "is damaged" in line and "doctor --repair" in line
    assert main(["doctor", "--repair", *here]) == 1
    told = capsys.readouterr()
    assert "would put back the copy of" in told.out and "nothing was changed" in told.err
    assert main(["doctor", "--repair", "--yes", *here]) == 0
    assert "mended: put back latest.duckdb" in capsys.readouterr().out
    assert [row[0] for row in rows(library, "bookmarks")] == ["a"]


def test_merges_and_splits_since_the_copy_are_made_again(copy: Library) -> None:
    with copy.read() as con:
        ids = [row[0] for row in con.execute("SELECT album_id FROM albums ORDER BY title LIMIT 4").fetchall()]
    with copy.write() as con:
        decide_merge(con, copy.path, ids[0], ids[1])
    renew(copy)  # the copy knows of this one
    with copy.write() as con:
        (part,) = [part for part in album_parts(con, ids[0]) if part.album_id == ids[1]]
        decide_split(con, copy.path, ids[0], part)
    with copy.write() as con:
        decide_merge(con, copy.path, ids[2], ids[3])
    for _ in range(2):  # stored, and archived
        assert Personal(copy).flush()
    before = rows(copy, "albums"), rows(copy, "album_sources")
    damage(copy)
    rescue(copy, plan_rescue(copy))
    assert (rows(copy, "albums"), rows(copy, "album_sources")) == before
    with copy.read() as con:
        told = con.execute("SELECT album_id, other_id, same FROM album_decisions ORDER BY same").fetchall()
    assert told == [(ids[1], ids[0], False), (ids[3], ids[2], True)]


def test_a_decision_that_was_undone_with_its_file_is_made_again_in_a_later_burst(copy: Library) -> None:
    with copy.read() as con:
        ids = [row[0] for row in con.execute("SELECT album_id FROM albums ORDER BY title LIMIT 2").fetchall()]
    before = copy.db_path.read_bytes()
    log = copy.db_path.with_name("library.duckdb.wal")
    kept = log.read_bytes() if log.exists() else None
    with copy.write() as con:
        decide_merge(con, copy.path, *ids)
    copy.db_path.write_bytes(before)  # as a session does that read the header before us
    log.unlink(missing_ok=True) if kept is None else log.write_bytes(kept)
    with copy.exclusive() as con:
        assert len(waiting_decisions(con, copy.path)) == 1
        assert apply_decisions(con, copy.path) == 1
    assert ids[1] not in {row[0] for row in rows(copy, "albums")}
