"""The bench in a terminal measures what it says, on any library."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.bench.__main__ as bench
from store.database.library import Library
from tests.bench.__main__ import measure, stock_kilobytes
from tests.bench.driven import fresh, shown, start_album


def test_every_look_takes_the_same_path_and_each_action_has_its_figures(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "QUERY", "record 11 ")  # which this library has
    album = start_album(library.path)
    walked, kilobytes = [], {}
    for look in ("truecolor", "lite"):
        copy = fresh(library.path, tmp_path / look, album)
        rows = {row.action: row for row in measure(copy, "80x24", look, 2, {"keys": ("?", "\x1b")})}
        kilobytes[look] = rows["hop"].kilobytes
        walked.append(shown(copy, 5))
        for action in ("start", "hop", "focus move", "panel toggle", "find keystroke", "back from keys"):
            assert action in rows
        del rows["its cover in the panel"]  # which has no room for one here
        assert not [row for row in rows.values() if row.kilobytes <= 0 or row.seconds_p95 <= 0]
        assert rows["focus move"].kilobytes < rows["hop"].kilobytes < stock_kilobytes(copy, "80x24", look)
    assert walked[0] == walked[1] and len(walked[0]) >= 2
    assert kilobytes["lite"] < kilobytes["truecolor"]
    with library.read() as con:
        assert con.execute("SELECT count(*) FROM walks").fetchone() == (0,)  # the library itself is only read
