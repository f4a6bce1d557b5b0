"""Words on the command line: the query language, an artist alone, slips, completion, the manual page, progress."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.neighbors.find import resolve
from tui import cli
from tui.commands.shell.completion import SHELLS, albums

Run = Callable[..., tuple[int, str, str]]


def test_find_takes_the_words_of_the_language(run: Run) -> None:
    status, out, said = run("find", "artist:low", "year:1975-1982", "--json")
    assert status == 0 and [hit["album"]["title"] for hit in json.loads(out)] == ["Album 5"]
    status, out, said = run("find", "artist:low", "-genre:rock")
    assert status == 1 and out == "" and "nothing is -genre:rock among the 3 that are artist:low" in said
    status, _, said = run("find", "yaer:1990")
    assert status == 2 and "no field is called “yaer”: year?" in said
    status, out, _ = run("find", "bork")
    assert status == 0 and "Björk" in out
    sql = run("find", "--sql", "tag:rock", "year:1970s", "-artist:can", "-n", "5")[1]
    rows = json.loads(run("sql", sql, "--json")[1])
    assert 0 < len(rows) <= 5 and all(1970 <= row["year"] < 1980 and row["artist"] != "Can" for row in rows)


def test_a_ring_and_a_route_keep_to_words(run: Run) -> None:
    told = json.loads(run("similar", "Low / Album 5", "--only", "genre:pop is:other", "--json")[1])
    assert told["neighbors"] and {one["album"]["genre"] for one in told["neighbors"]} == {"pop"}
    status, _, said = run("route", "Low / Album 5", "Can / Album 6", "--only", "genre:polka")
    assert status == 2 and "no genre here is like “polka”" in said


def test_an_artist_alone_offers_the_albums(run: Run) -> None:
    for command in ("similar", "album"):
        status, _, said = run(command, "low")
        assert status == 2 and '"low" is an artist with 3 albums here' in said and '"Low / Album 13"' in said


@pytest.mark.parametrize(("typed", "meant"), [("fnd", "find"), ("simlar", "similar"), ("rout", "route")])
def test_a_slip_of_a_command_says_which_is_meant(run: Run, typed: str, meant: str) -> None:
    status, _, said = run(typed)
    assert status == 2 and f"Did you mean {meant}" in said
    assert "--help lists them" in run("zzzz")[2]


def test_completed_albums_are_the_albums_meant(folder: Path) -> None:
    snapshot = Snapshot.load(Library.open(folder))
    offered = albums(folder, "")
    assert len(offered) == len(snapshot) and not any(set(item.value) & set(" '\"$&;()[]") for item in offered)
    assert {resolve(snapshot, item.value).album_id for item in offered} == set(snapshot.album_ids)
    assert [item.value for item in albums(folder, "Pink Fl")] == [item.value for item in albums(folder, "pink-fl")]
    assert [item.value for item in albums(folder, "byrj")] == ["sigur-ros/agaetis-byrjun"]
    assert albums(folder, "nobody") == albums(folder / "none", "low") == albums(folder, "'; DROP TABLE albums") == []


def test_a_shell_asks_and_is_answered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SLEEVEWALK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"sleevewalk --library {folder} similar sigur")
    monkeypatch.setenv("COMP_CWORD", "4")
    with pytest.raises(SystemExit):
        cli.main([])
    assert "plain,sigur-ros/agaetis-byrjun" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell(run: Run, shell: str) -> None:
    status, script, _ = run("completion", shell)
    assert status == 0 and f"_SLEEVEWALK_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True, capture_output=True).stderr == ""


def test_the_manual_page_has_every_command(run: Run) -> None:
    status, page, _ = run("man")
    assert status == 0 and page.startswith(".TH SLEEVEWALK 1")
    for name in cli.COMMANDS:
        assert f".SS sleevewalk {name}" in page
    assert all(line.startswith((".", "\\&", "\\")) or line[:1] not in ".'" for line in page.splitlines())
    if shutil.which("groff"):
        made = subprocess.run(
            ["groff", "-man", "-ww", "-z", "-Tutf8", "-K", "utf8"], input=page, text=True, capture_output=True
        )
        assert made.returncode == 0 and made.stderr == ""
