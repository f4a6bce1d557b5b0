"""`sleevewalk walk`: listing, showing, exporting and naming what was walked."""

from __future__ import annotations

import csv
import json
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from store.catalogue.albums import add_albums
from store.database.library import Library
from store.personal.records import Personal
from store.records import AlbumRecord
from store.text import album_id, clean
from tests.support.hostile import HOSTILE_NAME
from tui import cli

Run = Callable[..., tuple[int, str, str]]
TITLES = ("Start", "Left", "Right", "Further", "[/b]\x1b[31m<script>Red")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two walks over five albums: one with a branch, a later one of one stop."""
    library = Library.create(tmp_path / "library")
    with library.write() as con:
        add_albums(con, [AlbumRecord("Low", title, "test", str(n), year=1990 + n) for n, title in enumerate(TITLES)])
    personal = Personal(library)
    start, left, right, further, red = (album_id("Low", clean(title)) for title in TITLES)
    steps = [(start, None), (left, start), (further, left), (right, start), (red, right), ("f" * 16, red)]
    for seq, (arrived, came_from) in enumerate(steps):
        personal.add_walk_step("a1b2c3d4e5f6", seq, arrived, came_from)
    personal.add_walk_step("ffff00001111", 0, left)
    return library


@pytest.fixture
def run(library: Library, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["walk", "--library", str(library.path), *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_walks_are_listed_the_newest_first(run: Run) -> None:
    run("a1b2", "--name", "Sunday")
    status, out, _ = run()
    newest, older = out.splitlines()
    assert status == 0 and newest.startswith("ffff0000  20") and newest.endswith("1 stop")
    assert older.startswith("a1b2c3d4  20") and older.endswith("6 stops  Sunday")
    told = json.loads(run("--json")[1])
    assert [(walk["walk_id"], walk["name"], walk["stops"]) for walk in told] == [
        ("ffff00001111", None, 1),
        ("a1b2c3d4e5f6", "Sunday", 6),
    ]


def test_a_walk_is_shown_as_a_tree_and_tells_what_is_gone(run: Run) -> None:
    status, out, err = run("a1b2c3d4")
    assert status == 0
    assert out.splitlines() == [
        "   0  ▪ Low / Start (1990)",
        "   3    ├─Low / Right (1992)",
        "   4    │ Low / [/b]<script>Red (1994)",
        "   1    Low / Left (1991)",
        "   2    Low / Further (1993)",
    ]
    assert "1 of 6 stops" in err
    told = json.loads(run("a1b2c3d4", "--json")[1])
    assert told["walk_id"] == "a1b2c3d4e5f6" and told["left_out"] == 1
    assert [(stop["album"]["title"], stop["came_from"]) for stop in told["stops"][:4]] == [
        ("Start", None),
        ("Left", 0),
        ("Further", 1),
        ("Right", 0),
    ]
    assert told["stops"][1]["reasons"] and not told["stops"][0]["reasons"]


def test_a_walk_is_named_renamed_and_found_by_its_name(run: Run, library: Library) -> None:
    assert run("ffff", "--name", "Late  Night\n\x1b[2J")[0] == 0
    assert Personal(library).read().walk_names[0].name == "Late Night"
    assert "Low / Left" in run("late night")[1]
    status, out, _ = run("Late Night", "--name", HOSTILE_NAME, "--json")
    assert status == 0 and json.loads(out)["walk_id"] == "ffff00001111"
    _, out, _ = run()
    assert "\x1b" not in out and "\u202e" not in out and "[/b]" in out and len(out.splitlines()) == 2
    assert run(HOSTILE_NAME)[0] == 0
    assert run("late night")[0] == 2
    assert run("ffff", "--name", "")[0] == 0
    assert Personal(library).read().walk_names == ()


def test_an_unknown_walk_exits_2_and_says_what_there_is(run: Run) -> None:
    run("a1b2", "--name", "Sunday")
    status, out, err = run("Monday\x1b[2J")
    assert (status, out) == (2, "") and len(err.splitlines()) == 1
    assert 'a1b2c3d4 "Sunday"' in err and "ffff0000" in err and "\x1b" not in err
    assert run("Sunday", "-o", "walk.doc")[0] == 2
    assert run("--name", "what")[0] == 2


def test_a_walk_is_written_in_the_format_of_the_file(run: Run, library: Library, tmp_path: Path) -> None:
    run("a1b2", "--name", "</title><script>alert(1)</script>")
    files = {ending: tmp_path / f"walk.{ending}" for ending in ("csv", "json", "graphml", "html", "png")}
    for path in files.values():
        status, out, err = run("a1b2", "-o", str(path))
        assert (status, out) == (0, "") and str(path) in err
    with files["csv"].open(newline="") as file:
        assert [row["album"] for row in csv.DictReader(file)][:2] == ["Start", "Left"]
    assert len(json.loads(files["json"].read_text())["stops"]) == 5
    assert ElementTree.parse(files["graphml"]).getroot().tag.endswith("graphml")
    assert "<script>alert" not in files["html"].read_text() and "Further" in files["html"].read_text()
    with Image.open(files["png"]) as sheet:
        assert sheet.width > 128
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["library", *(p.name for p in files.values())])


def test_a_file_that_cannot_be_written_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    status, _, err = run("a1b2", "-o", str(tmp_path / "nowhere" / "walk.csv"))
    assert status == 1 and "cannot write" in err and "Traceback" not in err


def test_a_library_without_walks_says_how_to_make_one(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(library.path, tmp_path / "fresh", ignore=shutil.ignore_patterns("journal*"))
    assert cli.main(["walk", "--library", str(tmp_path / "fresh")]) == 0
    said = capsys.readouterr()
    assert said.out == "" and "no walk is recorded yet" in said.err
