"""A library in a folder that may only be read: it answers; what would write says so in one line and changes nothing."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store.database.library import Library
from store.personal.records import Personal
from tests.store.support.library import grow

ROOT = Path(__file__).resolve().parents[2]
# Runs commands and prints what each left: [status, lines on stdout, lines on stderr].
COMMANDS = """
import contextlib, io, json, sys
from tui.cli import main
told = []
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(command)
    told.append([status, out.getvalue().splitlines(), err.getvalue().splitlines()])
print(json.dumps(told))
"""
OTHERS = """
import sys
from pathlib import Path
from store.errors import LibraryError
from store.database.library import Library
from store.personal.records import Personal
from pipelines.build import build
from tests.torture.worker import FakeCodec
library = Library.open(Path(sys.argv[1]))
for work in (lambda: Personal(library).add_bookmark("new"),
             lambda: build(library, weights=Path(sys.argv[2]), load_codec=FakeCodec)):
    try:
        work()
        print("done")
    except LibraryError as error:
        print(str(error).replace("\\n", "|"))
"""


def as_anybody() -> None:
    """A child of root loses root's right to write everywhere."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError("cannot drop a capability")


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=as_anybody)
    assert done.returncode == 0, done.stderr
    return done.stdout


def permit(folder: Path, write: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod((path.stat().st_mode | 0o200) if write else (path.stat().st_mode & ~0o222))


def content(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in ("albums", "bookmarks", "covers")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("made") / "library").path


def test_a_read_only_library_answers_and_refuses_in_a_line(made: Path, tmp_path: Path, tiny_weights: Path) -> None:
    folder = tmp_path / "library"
    shutil.copytree(made, folder)
    (tmp_path / "albums.csv").write_text("artist,album\nX,Y\n")
    (tmp_path / "similar.csv").write_text("artist,similar,match\nX,Y,0.5\n")
    before, personal = content(Library(folder)), Personal(Library(folder)).read()
    files = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    here = ["--library", str(folder)]
    answered = [
        ["find", "joy division", *here],
        ["sql", "SELECT count(*) FROM bookmarks", *here],
        ["walk", *here],
        ["ingest", "status", *here],
        ["export", str(tmp_path / "exported"), *here],
    ]
    refused = [
        ["ingest", "table", str(tmp_path / "albums.csv"), *here],
        ["ingest", "similar-artists", str(tmp_path / "similar.csv"), *here],
        ["import", str(tmp_path / "exported"), "--library", str(folder / "blends" / "new")],
    ]
    permit(folder, write=False)
    try:
        told = json.loads(run(COMMANDS, json.dumps([*answered, *refused])))
        others = run(OTHERS, str(folder), str(tiny_weights)).splitlines()
    finally:
        permit(folder, write=True)
    for status, out, err in told[: len(answered)]:
        assert status == 0 and out
        assert not any("journal" in line for line in err), "the journal that is there was stored before"
    for status, out, err in told[len(answered) :]:
        assert (status, out) == (1, [])
        (line,) = [line for line in err if line.startswith("sleevewalk: ")]
        assert "cannot write" in line and str(folder) in line
    assert len(others) == 2, "one line each"
    assert all("cannot write" in line and str(folder) in line for line in others)
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == files
    assert content(Library(folder)) == before and Personal(Library(folder)).read() == personal
