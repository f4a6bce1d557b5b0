"""The `ingest` commands from end to end, against fakes on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.support.fakes import catalogue
from tests.pipelines.support.fakes.catalogue import FakeLastFm
from tests.pipelines.support.fakes.host import Answer, FakeHost
from tests.pipelines.support.fakes.services import API_KEY, services
from tests.pipelines.support.music import write_track
from tests.pipelines.support.pictures import photo, to_bytes
from tui.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LASTFM_API_KEY", API_KEY)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["--library", str(tmp_path / "library"), "ingest", *arguments])
        told = capsys.readouterr()
        assert API_KEY not in told.out + told.err
        return status, told.out, told.err

    return call


def test_a_folder_of_music(run: Run, tmp_path: Path) -> None:
    write_track(tmp_path / "music" / "1.flac", to_bytes(photo()), artist="Björk", album="Post")
    (tmp_path / "music" / "2.mp3").write_text("no music")
    status, out, err = run("folder", str(tmp_path / "music"))
    assert status == 4, err  # done, but for an item that failed
    assert "2 files (0 unchanged), 1 added" in out
    assert "2.mp3" in err
    report = json.loads(run("folder", str(tmp_path / "music"), "--json")[1])
    assert (report["files"], report["files_read"], len(report["rejected"])) == (2, 0, 1)


def test_lastfm_then_status(run: Run) -> None:
    with services(3) as fakes:
        url = fakes.lastfm.url + "/2.0/"
        arguments = ["lastfm", "--tag", "rock", "--min-plays", "100000", "--covers", "none", "--base-url", url]
        status, out, err = run(*arguments, "--json")
        assert status == 0, err
        assert (json.loads(out)["added"], json.loads(out)["rejected_by_reason"]) == (1, {"below the threshold": 2})
        assert fakes.lastfm.worst_excess(5) < 3
    lines = json.loads(run("status", "--json")[1])
    assert [(line["source"], line["status"], line["count"]) for line in lines] == [
        ("lastfm", "below", 2),
        ("lastfm", "done", 1),
    ]
    assert "below" in run("status")[1]


def test_without_a_key_lastfm_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LASTFM_API_KEY")
    status, _, err = run("lastfm", "--tag", "rock")
    assert status == 1
    assert "set LASTFM_API_KEY" in err


def test_a_wrong_key_is_not_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTFM_API_KEY", wrong := "0123wrongkey4567")
    with services(3) as fakes:
        status, out, err = run("lastfm", "--tag", "rock", "--base-url", fakes.lastfm.url, "--debug")
    assert status == 1
    assert "the API key is not valid" in err
    assert wrong not in out + err


def test_covers_of_a_table_from_the_archive_and_retry(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = [f"{catalogue.artist(n)},{catalogue.title(n)},{catalogue.mbid(n)}" for n in range(4)]
    table.write_text("artist,album,mbid\n" + "\n".join(rows) + "\n")
    assert run("table", str(table))[0] == 0
    with services(4) as fakes:
        arguments = ["covers", "--base-url", fakes.archive.url, "--limit", "4"]
        status, out, _ = run(*arguments)  # the archive is allowed, the host that it redirects to is not
        assert (status, "covers stored" in out, fakes.images.times) == (0, False, [])
        assert "private network" in run("status")[1]
        assert run(*arguments)[1].startswith("0 added, 0 already there")


def test_status_of_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("artist,album\n")
    assert run("status")[0] == 1
    assert run("table", str(tmp_path / "t.csv"))[0] == 0
    assert run("retry")[0] == 0


def test_what_failed_has_its_own_status_is_listed_and_is_repaired_by_retry(run: Run) -> None:
    sound, broken = FakeLastFm(3, API_KEY), [True]

    def answer(path: str, query: dict[str, str]) -> Answer:
        odd = broken and (query.get("album") == "Album 1" or query.get("tag") == "odd")
        return Answer(b'{"album": 7, "albums": "many"}') if odd else sound(path, query)

    with FakeHost(answer) as host:
        wanted = ["--min-plays", "0", "--base-url", host.url]
        status, out, err = run("lastfm", "--tag", "odd", "--tag", "rock", "--covers", "none", *wanted)
        assert status == 4
        assert "2 added" in out and "2 failed" in out and "ingest retry" in err and "Traceback" not in err
        told = run("status")[1]
        assert "Artist 1 / Album 1: " in told and "search tags: odd: " in told
        broken.clear()
        assert run("retry", *wanted)[0] == 0
        lines = json.loads(run("status", "--json")[1])
        assert [(line["status"], line["count"], line["items"]) for line in lines] == [("done", 3, [])]
