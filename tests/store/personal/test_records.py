"""Personal records: on disk before the call returns, stored once, never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import store.database.library as library_module
import store.database.replay as replay_module
from store.database.journal import DAMAGED, JOURNAL
from store.database.library import Library
from store.errors import UnknownWalk
from store.memory.snapshot import Snapshot
from store.personal.records import Personal
from store.personal.walks import find_walk, recorded_walks
from tests.store.support.held import held

ROOT = Path(__file__).resolve().parents[3]
APPEND_FOREVER = """
import sys
from pathlib import Path
from store.database.library import Library
from store.personal.records import Personal
personal = Personal(Library(Path(sys.argv[1])))
for number in range(100_000):
    personal.add_walk_step(sys.argv[2], number, f"album{number}", None)
    print(number, flush=True)
"""


@pytest.fixture(autouse=True)
def believed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later burst has read back is archived without waiting for sessions that may undo it."""
    monkeypatch.setattr("store.database.replay.BELIEVED_AFTER", 0.0)


def stored(library: Library, table: str) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


def test_records_are_visible_at_once_and_stored_with_the_next_write(library: Library) -> None:
    personal = Personal(library)
    personal.add_bookmark("a", "lovely\nnote \x1b[0m")
    personal.add_bookmark("b")
    personal.remove_bookmark("b")
    personal.add_blend("blend", Path("/tmp/x.png"), {"albums": ["a", "b"], "weights": [0.5, 0.5]})
    personal.add_walk_step("w", 0, "a")
    personal.add_walk_step("w", 1, "b", "a")
    before = Snapshot.load(library).personal
    assert stored(library, "bookmarks") == []
    assert [mark.album_id for mark in before.bookmarks] == ["a"]
    with library.write():
        pass
    assert not (library.path / JOURNAL).exists()
    assert len(stored(library, "bookmarks")) == len(stored(library, "blends")) == 1
    assert len(stored(library, "walks")) == 2
    assert personal.read() == before
    assert before.blends[0].recipe == {"albums": ["a", "b"], "weights": [0.5, 0.5]}
    assert [(step.seq, step.came_from) for step in before.walks] == [(0, None), (1, "a")]


def test_a_mark_taken_off_later_goes(library: Library) -> None:
    personal = Personal(library)
    personal.add_bookmark("a", "one")
    assert personal.flush()
    personal.add_bookmark("a", "two")
    personal.remove_bookmark("a")
    assert personal.read().bookmarks == ()
    assert personal.flush()
    assert stored(library, "bookmarks") == []


def test_a_lock_elsewhere_delays_and_loses_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "RETRY_SECONDS", 0.1)
    personal = Personal(library)
    with held(library, "write"):
        personal.add_bookmark("a")
        assert personal.flush() is False
        personal.add_bookmark("b")
    assert personal.flush() is True
    assert [row[0] for row in stored(library, "bookmarks")] == ["a", "b"]


def test_a_journal_goes_only_when_a_later_burst_has_read_its_records_back(library: Library) -> None:
    personal = Personal(library)
    personal.add_bookmark("a")
    personal.add_walk_step("w", 0, "a")
    assert personal.flush()
    assert len(list(library.path.glob("journal-*.pending"))) == 1
    assert len(stored(library, "walks")) == 1, "it was committed"
    personal.remove_bookmark("a")
    assert personal.read().bookmarks == (), "the old record does not come back over the new one"
    assert personal.flush()
    assert stored(library, "bookmarks") == []
    assert len(stored(library, "walks")) == 1
    assert len(stored(library, "internal.personal_records")) == 3
    assert personal.flush()
    assert not list(library.path.glob("journal*"))


def test_what_a_crash_took_back_out_of_the_database_is_stored_again(library: Library) -> None:
    personal = Personal(library)
    personal.add_bookmark("a")
    before = library.db_path.read_bytes()
    assert personal.flush()
    library.db_path.write_bytes(before)  # as if the commit had been lost
    library.db_path.with_name("library.duckdb.wal").unlink()
    assert [mark.album_id for mark in personal.read().bookmarks] == ["a"]
    assert personal.flush()
    assert [row[0] for row in stored(library, "bookmarks")] == ["a"]


def test_a_failed_replay_keeps_the_journal(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    personal = Personal(library)
    personal.add_bookmark("a")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(replay_module, "_upsert", fail)
        with pytest.raises(OSError, match="disk full"):
            personal.flush()
    assert [mark.album_id for mark in personal.read().bookmarks] == ["a"]
    assert personal.flush()
    assert [row[0] for row in stored(library, "bookmarks")] == ["a"]


def test_a_torn_line_costs_no_other_and_is_kept(library: Library) -> None:
    personal = Personal(library)
    personal.add_bookmark("a")
    with (library.path / JOURNAL).open("ab") as file:
        file.write(b'{"id": "x", "kind": "bookm')  # a process died here
    personal.add_bookmark("b")
    with (library.path / JOURNAL).open("ab") as file:
        file.write(b'[]\n{"kind": "other"}\n\xff\xfe\n' + b"[" * 100_000 + b"\n")
    assert {mark.album_id for mark in personal.read().bookmarks} == {"a", "b"}
    assert personal.flush()
    assert [row[0] for row in stored(library, "bookmarks")] == ["a", "b"]
    assert personal.flush()
    kept = (library.path / DAMAGED).read_bytes()
    assert b'"bookm\n' in kept and b'"other"' in kept and b"\xff\xfe" in kept


def test_what_the_database_could_not_hold_does_not_stop_the_rest(library: Library) -> None:
    personal = Personal(library)
    personal.add_blend("x", "caf\udce9.png", {"albums": []})
    with pytest.raises(ValueError, match="JSON"):
        personal.add_blend("y", "y.png", {"weight": float("nan")})
    at = '"at": "2025-01-01T00:00:00+00:00"'
    with (library.path / JOURNAL).open("a") as file:
        file.write(f'{{"id": "1", {at}, "kind": "blend", "blend_id": "n", "path": "p", "recipe": {{"w": NaN}}}}\n')
        file.write(f'{{"id": "2", {at}, "kind": "bookmark", "album_id": "\\ud800", "note": ""}}\n')
        file.write('{"id": "3", "at": "0001-01-01T00:00:00+14:00", "kind": "unbookmark", "album_id": "a"}\n')
        file.write(f'{{"id": "4", {at}, "kind": "bookmark", "album_id": "nul\\u0000", "note": ""}}\n')
    personal.add_bookmark("z")
    assert personal.flush()
    assert [row[0] for row in stored(library, "bookmarks")] == ["nul\0", "z"]
    assert [row[:2] for row in stored(library, "blends")] == [("x", "caf\\udce9.png")]
    assert personal.flush()
    assert (library.path / DAMAGED).read_bytes().count(b"\n") == 3


def test_kill_9_loses_nothing_that_was_confirmed(library: Library) -> None:
    """Two processes append at full speed while we store; both are killed; what they confirmed is there."""
    confirmed = []
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND_FOREVER, str(library.path), name],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
    for _ in range(3):
        with library.write():
            pass
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout is not None
        lines = process.stdout.read().split()
        confirmed.append(int(lines[-1]) if lines else 0)
        process.stdout.close()
        process.wait()
    assert Personal(library).flush()
    for name, last in zip(("one", "two"), confirmed, strict=True):
        with library.read() as con:
            rows = con.execute("SELECT seq FROM walks WHERE walk_id = ? ORDER BY seq", [name]).fetchall()
        steps = [seq for (seq,) in rows]
        assert steps[: last + 1] == list(range(last + 1))
        assert len(steps) <= last + 2, "at most the one that was being confirmed is more"


def test_threads_append_whole_lines(library: Library) -> None:
    personal = Personal(library)

    def work(name: str) -> None:
        for number in range(20):
            personal.add_walk_step(name, number, "x" * 500)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert personal.flush()
    assert len(stored(library, "walks")) == 80
    assert not (library.path / DAMAGED).exists()


def test_walks_are_named_renamed_and_unnamed(library: Library) -> None:
    personal = Personal(library)
    personal.add_walk_step("first", 0, "a")
    personal.name_walk("first", "Sunday\n\x1b[2J evening")
    assert [(n.walk_id, n.name) for n in personal.read().walk_names] == [("first", "Sunday evening")]
    assert stored(library, "walk_names") == []
    assert personal.flush()
    before = personal.read()
    assert [row[:2] for row in stored(library, "walk_names")] == [("first", "Sunday evening")]
    personal.name_walk("first", "Monday")
    assert [named.name for named in personal.read().walk_names] == ["Monday"]
    assert before.walk_names[0].named_at <= personal.read().walk_names[0].named_at
    personal.name_walk("first", " \x07 ")
    assert personal.read().walk_names == ()
    assert personal.flush()
    assert stored(library, "walk_names") == []
    assert len(personal.read().walks) == 1


def test_a_walk_is_found_by_name_id_or_start_of_id(library: Library) -> None:
    personal = Personal(library)
    for walk_id in ("abc1", "abc2", "d"):
        personal.add_walk_step(walk_id, 0, "a")
        personal.add_walk_step(walk_id, 1, "b", "a")
    personal.name_walk("abc1", "Café Nights")
    personal.name_walk("abc2", "d")
    walks = recorded_walks(personal.read())
    assert [walk.walk_id for walk in walks] == ["d", "abc2", "abc1"]
    assert [len(walk.steps) for walk in walks] == [2, 2, 2]
    for text, walk_id in {"cafe nights": "abc1", "abc2": "abc2", "d": "d", "abc1": "abc1"}.items():
        assert find_walk(walks, text).walk_id == walk_id
    personal.name_walk("d", "cafe nights!")
    with pytest.raises(UnknownWalk, match=r"2 walks go by 'CAFE NIGHTS'.*abc1"):
        find_walk(recorded_walks(personal.read()), "CAFE NIGHTS")
    for text in ("nothing", "", "abc"):
        with pytest.raises(UnknownWalk, match="abc1"):
            find_walk(walks, text)
    with pytest.raises(UnknownWalk, match="none is recorded"):
        find_walk([], "\x1b[2Jx")
