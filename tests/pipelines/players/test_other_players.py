"""Players on the session bus, players started by a command, and pages on the web."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.players import files
from pipelines.players.browser import Browser, far, page_of
from pipelines.players.command import Command
from pipelines.players.mpris import Mpris
from pipelines.players.player import PlayerError, PlayerGone
from pipelines.players.settings import PAGES, PlayerSettings
from store.catalogue.files import Playable, TrackFile
from store.records import Album

ROOT = Path(__file__).parents[3]
BUS = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="needs dbus-daemon")


def album(title: str = "B", tracks: int = 2, mbid: str | None = None) -> Playable:
    made = tuple(TrackFile(f"/m/{title} é/{n}.flac", f"t{n}", "A", None, n) for n in range(tracks))
    return Playable(Album(title, "A/C", title, None, None, None, None), mbid, made)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", daemon.stdout.readline().strip())
    yield
    daemon.terminate()
    daemon.wait()


def start(log: Path, *options: str) -> subprocess.Popen[str]:
    """The fake player, once it is on the bus."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    player = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.support.fakes.mpris", str(log), *options],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert player.stdout is not None and player.stdout.readline() == "ready\n"
    return player


@BUS
def test_a_player_on_the_bus_gets_a_playlist_or_tracks(bus: None, tmp_path: Path) -> None:
    ours = Mpris(PlayerSettings())
    with pytest.raises(PlayerError, match="no player is on the session bus"):
        ours.now()
    log = tmp_path / "log"
    player = start(log)
    try:
        now = ours.now()
        assert now is not None and not now.playing
        assert ours.play([album()], queue=False).tracks == 2
        assert ours.name == "Fake Player"  # its escape code is gone
        (line,) = log.read_text().splitlines()
        assert "/m/B é/0.flac" in Path(line.removeprefix("play file://")).read_text()
        with pytest.raises(PlayerError, match="cannot queue"):
            ours.play([album()], queue=True)
    finally:
        player.terminate()
        player.wait()
    with pytest.raises(PlayerError):
        ours.now()
    log.unlink()
    player = start(log, "--list")
    try:
        ours.play([album("B")], queue=False)
        ours.play([album("C", 1)], queue=True)
        assert [line.split()[0] for line in log.read_text().splitlines()] == ["add", "play", "add", "add"]
        now = ours.now()
        assert now is not None and (now.playing, now.path, now.artist) == (True, "/m/B é/0.flac", "A")
        patient = Mpris(PlayerSettings(), limit=3)  # of each answer, not of the 3.2 s that they take together
        assert patient.play([album("slow", 8)], queue=True).tracks == 8
        assert log.read_text().count("/m/slow") == 8
        player.send_signal(signal.SIGSTOP)
        with pytest.raises(PlayerGone, match="does not answer"):
            Mpris(PlayerSettings(), limit=0.3).now()
        player.send_signal(signal.SIGCONT)
        with pytest.raises(PlayerError, match="no player 'vlc'"):
            Mpris(PlayerSettings(mpris="vlc")).now()
    finally:
        player.kill()
        player.wait()


def test_without_a_bus_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(PlayerError, match="no session bus here"):
        Mpris(PlayerSettings()).now()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/gone")
    with pytest.raises(PlayerError) as error:
        Mpris(PlayerSettings()).now()
    assert "\n" not in str(error.value)


def test_a_command_gets_the_playlist_and_its_troubles_are_told(tmp_path: Path) -> None:
    out = tmp_path / "it's here"
    quoted = f'"{out}"'
    command = Command(PlayerSettings(command=f"cp {{playlist}} {quoted}", queue=f"tee {quoted}"))
    assert command.play([album()], queue=False).tracks == 2
    assert "/m/B é/1.flac" in out.read_text()
    assert command.now() is None
    for settings, said in (
        ({}, "no command to play with"),
        ({"command": "/nowhere/player"}, "cannot start"),
        ({"command": "false"}, "status 1"),
        ({"command": "a 'b"}, "cannot be read"),
    ):
        with pytest.raises(PlayerError, match=said):
            Command(PlayerSettings(**settings)).play([album()], queue=False)


def test_what_a_command_plays_ends_when_the_next_begins(tmp_path: Path) -> None:
    player = Command(PlayerSettings(command=f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60'"))
    player.play([album()], queue=False)
    first = int((tmp_path / "pid").read_text())
    player.play([album()], queue=False)
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    player._end()


def test_pages_are_addresses_whatever_the_names() -> None:
    odd = Playable(Album("x", "AC/DC & <b>", "50% {mbid}?", None, None, None, None), None, ())
    for template in PAGES.values():
        address = page_of(odd, template)
        assert address.startswith("https://") and not set(address) & set(' <>"\n')
    assert page_of(album(mbid="abc"), PAGES["musicbrainz"]) == "https://musicbrainz.org/release-group/abc"
    assert "search" in page_of(odd, PAGES["listenbrainz"])


def test_over_ssh_a_link_is_given_and_nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert far({"SSH_CONNECTION": "x", "DISPLAY": ":0"}) and not far({"DISPLAY": ":0"})
    monkeypatch.setenv("SSH_CONNECTION", "x")
    monkeypatch.setattr("webbrowser.open", lambda link: pytest.fail(f"opened {link}"))
    browser = Browser(PlayerSettings(page="lastfm"))
    assert browser.play([album()], queue=False).link == "https://www.last.fm/music/A%2FC/B"
    with pytest.raises(PlayerError, match="no queue"):
        browser.play([album()], queue=True)


def test_old_playlists_are_taken_away(tmp_path: Path) -> None:
    from pipelines.exports.playlist import make_playlist

    for number in range(25):
        files.playlist_file(make_playlist(str(number), [album()]))
        time.sleep(0.002)
    assert len(list((tmp_path / "cache/playlists").iterdir())) == 20
