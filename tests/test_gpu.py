"""The table of what is claimed of a GPU can be made: whole on a CPU, with nothing missed."""

from __future__ import annotations

from tests.gpu.__main__ import main


def test_it_runs_whole_on_a_processor() -> None:
    lines: list[str] = []
    assert main(["--device", "cpu"], lines.append) == 0, "\n".join(lines)
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 18
    assert sum("not measured" in row for row in rows) == 2, "the GPU's memory, and FAISS on a GPU"
    assert sum(row.endswith("| yes |") for row in rows) >= 7
