"""Personal records off the screen's thread: in order, none lost, trouble said."""

from __future__ import annotations

import threading
from typing import Any

from store.errors import LibraryError
from tui.workers.notebook import Notebook


class Slow:
    """Writes when it is let go; `fails` is raised instead."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.written: list[Any] = []
        self.fails: Exception | None = None

    def add_walk_step(self, walk_id: str, seq: int, album_id: str, came_from: str | None = None) -> None:
        self.go.wait(5)
        if self.fails is not None:
            raise self.fails
        self.written.append((walk_id, seq, album_id, came_from))

    def add_blend(self, blend_id: str, path: str, recipe: dict[str, Any]) -> None:
        self.written.append((blend_id, path, recipe))


def test_records_do_not_wait_and_closing_writes_them_all_in_order() -> None:
    slow = Slow()
    notebook = Notebook(slow)
    for seq in range(20):
        notebook.write(lambda slow, seq=seq: slow.add_walk_step("walk", seq, f"album {seq}"))
    notebook.write(lambda slow: slow.add_blend("id", "blend.png", {}))
    assert slow.written == []
    slow.go.set()
    notebook.close()
    assert [record[1] for record in slow.written] == [*range(20), "blend.png"]
    assert notebook.trouble() is None


def test_trouble_is_kept_for_the_screen() -> None:
    slow = Slow()
    slow.go.set()
    slow.fails = LibraryError("cannot write to journal.jsonl: No space left on device")
    notebook = Notebook(slow)
    notebook.write(lambda slow: slow.add_walk_step("walk", 0, "album"))
    assert notebook.trouble(wait=True) == "cannot write to journal.jsonl: No space left on device"
    notebook.close()
