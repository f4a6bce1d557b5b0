"""`play`, `playlist`, `album`, `suggest` and the sources people have, as commands."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.players import files
from pipelines.sources.folder import ingest_folder
from store.database.library import Library
from store.personal.records import Personal
from store.text import album_id
from tests.pipelines.support.fakes.subsonic import FakeSubsonic
from tests.pipelines.support.music import write_track
from tui import cli
from tui.config import SUBSONIC_VARIABLE

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on a library of three albums with files, and one without."""
    for title in ("One", "Two", "Three"):
        for track in (2, 1):
            write_track(
                tmp_path / "m" / title / f"{track}.mp3", artist="A", album=title, title=f"t{track}", track=str(track)
            )
    ingest_folder(library, tmp_path / "m")
    config = tmp_path / "config.toml"
    config.write_text('[player]\nuse = "command"\ncommand = "true"\n')
    monkeypatch.setenv("SLEEVEWALK_CONFIG", str(config))
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")
    personal = Personal(library)
    for seq, title in enumerate(("Three", "One", "Three")):
        personal.add_walk_step("abcd", seq, album_id("A", title))
    personal.name_walk("abcd", "Sunday")
    personal.add_bookmark(album_id("A", "Two"))

    def call(*arguments: str) -> tuple[int, str, str]:
        status = cli.main(["--library", str(library.path), *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def paths(file: Path) -> list[str]:
    return ["/".join(Path(line).parts[-2:]) for line in file.read_text().splitlines() if line[:1] != "#"]


def test_a_playlist_of_everything_that_names_albums(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "x.m3u8"
    for selection, titles in (
        (["A / One", "a / two"], ["One", "Two"]),
        (["--walk", "Sunday"], ["Three", "One"]),
        (["--bookmarks"], ["Two"]),
        (["--find", "Three"], ["Three"]),
    ):
        status, _, err = run("playlist", *selection, "-o", str(out))
        assert status == 0, err
        assert paths(out) == [f"{title}/{track}.mp3" for title in titles for track in (1, 2)]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{album_id('A', 'One')}\n\n"))
    assert run("playlist", "-", "-o", str(out), "--tracks", "1", "--relative-to", str(tmp_path))[0] == 0
    assert out.read_text().splitlines()[-1] == "m/One/1.mp3"
    assert run("walk", "Sunday", "-o", str(tmp_path / "w.xspf"))[0] == 0
    assert (tmp_path / "w.xspf").read_text().count("<track>") == 4
    for wrong in (
        ["playlist", "-o", str(out)],
        ["playlist", "A / One", "--bookmarks", "-o", str(out)],
        ["playlist", "A / One", "-o", "x.doc"],
    ):
        assert run(*wrong)[0] == 2


def test_play_sends_albums_and_says_so(run: Run) -> None:
    assert run("play", "A / One", "A / Two")[:2] == (0, "plays in true: 2 albums, 4 tracks\n")
    assert json.loads(run("play", "--walk", "Sunday", "--json")[1])["tracks"] == 4
    assert run("walk", "Sunday", "--to", "command")[1] == "plays in true: 2 albums, 4 tracks\n"
    status, out, err = run("play", "--queue", "A / One")
    assert (status, out) == (1, "") and "no command to queue with" in err
    assert run("play", "Nobody / Nothing")[0] == 2


def test_the_page_of_an_album(run: Run) -> None:
    status, out, _ = run("album", "A / One")
    assert status == 0 and out.splitlines()[0] == "A / One" and "t1" in out and "\x1b" not in out
    told = json.loads(run("album", "A / One", "--json")[1])
    assert [track["title"] for track in told["tracks"]] == ["t1", "t2"] and told["sources"] == ["folder"]


def test_what_one_has_elsewhere_comes_in_by_commands(run: Run, tmp_path: Path) -> None:
    assert run("suggest")[0] == 1
    (tmp_path / "l.csv").write_text("".join(f"A,One,t1,0{n} Mar 2019 05:06\n" for n in range(1, 9)))
    assert "8 added" in run("ingest", "listens", str(tmp_path / "l.csv"))[1]
    status, out, _ = run("suggest", "-k", "1")
    assert status == 0 and "you played A / One 8 times" in out
    assert json.loads(run("suggest", "--json")[1])[0]["played"]["title"] == "One"
    (tmp_path / "c.csv").write_text("Artist,Title,release_id,Rating\nA,Four,9,5\n")
    assert "1 added" in run("ingest", "collection", str(tmp_path / "c.csv"))[1]
    assert "5 of 5 stars" in run("album", "A / Four")[1]
    (tmp_path / "p.m3u").write_text("m/Two/1.mp3\nm/One/2.mp3\n")
    assert 'walk "p" of 2 albums' in run("ingest", "playlist", str(tmp_path / "p.m3u"))[1]
    (tmp_path / "b.db").write_bytes(b"")
    assert run("ingest", "beets", str(tmp_path / "b.db"))[0] == 1


def test_a_server_is_asked_with_a_password_from_the_environment_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeSubsonic([{"id": "1", "name": "One", "artist": "A"}], {})
    try:
        status, _, err = run("ingest", "subsonic", fake.url, "--user", "me")
        assert status == 2 and SUBSONIC_VARIABLE in err
        monkeypatch.setenv(SUBSONIC_VARIABLE, "sesame")
        assert "1 already there" in run("ingest", "subsonic", fake.url, "--user", "me")[1]
        config = tmp_path / "config.toml"
        config.write_text(f'[subsonic]\nurl = "{fake.url}"\nuser = "me"\n')
        status, out, err = run("walk", "Sunday", "--to", "subsonic")
        assert status == 0 and 'made playlist "Sunday": 1 albums, 2 tracks' in out and "A / Three" in err
        config.write_text(f'[subsonic]\nurl = "{fake.url}"\nuser = "me"\npassword = "x"\n')
        config.chmod(0o644)
        status, _, err = run("walk", "Sunday", "--to", "subsonic")
        assert status == 2 and "chmod 600" in err
    finally:
        fake.stop()
