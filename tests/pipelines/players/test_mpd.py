"""MPD: against a server of our own that speaks its protocol, and against the real one where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipelines.players import files, links, settings
from pipelines.players.choose import open_player
from pipelines.players.mpd import Mpd
from pipelines.players.player import PlayerError
from pipelines.players.settings import PlayerSettings, mpd_place
from pipelines.sources.folder import ingest_folder
from store.catalogue.files import Playable, TrackFile, playables
from store.database.library import Library
from store.memory.snapshot import Snapshot
from store.records import Album
from tests.pipelines.support.fakes.mpd import FakeMpd
from tests.pipelines.support.forty import forty_albums, sounds

PATIENT = 60.0  # seconds for an answer that will come, however busy the machine is
MUSIC = Path("/music")
SONGS = {
    f"b/{n}.flac": {"Artist": "A", "AlbumArtist": "A", "Album": "B", "Title": f"t{n}", "Track": str(n), "Disc": "1"}
    for n in (1, 2, 3)
}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a server may listen: a socket's path has to be short."""
    with TemporaryDirectory() as folder:
        monkeypatch.setattr(links, "cache_folder", lambda: Path(folder) / "cache")
        yield Path(folder) / "socket"


@pytest.fixture
def server(place: Path) -> Iterator[FakeMpd]:
    fake = FakeMpd(place, MUSIC, SONGS)
    yield fake
    fake.stop()


def player(server: FakeMpd, limit: float = PATIENT, **more: str) -> Mpd:
    return Mpd(PlayerSettings(mpd=str(server.place), **more), limit)


def album(folder: str = "/music/b", title: str = "B", numbers: tuple[int, ...] = (1, 2, 3)) -> Playable:
    files = [TrackFile(f"{folder}/{n}.flac", f"t{n}", "A", None, n) for n in numbers]
    return Playable(Album(title, "A", title, None, None, None, None), None, tuple(files))


def test_tracks_are_matched_by_path_in_their_order(server: FakeMpd) -> None:
    sent = player(server).play([album(numbers=(2, 1))], queue=False)
    assert (sent.albums, sent.tracks, sent.left_out) == (1, 2, ())
    assert (server.queue, server.at) == (["b/2.flac", "b/1.flac"], 0)
    player(server).play([album(numbers=(3,))], queue=True)
    assert (server.queue, server.at) == (["b/2.flac", "b/1.flac", "b/3.flac"], 0)


def test_what_lies_elsewhere_is_matched_by_its_tags(server: FakeMpd) -> None:
    sent = player(server).play([album("/elsewhere", numbers=(3, 1, 9))], queue=False)
    assert server.queue == ["b/3.flac", "b/1.flac"]
    assert sent.left_out == ("A / B: 1 of 3 tracks are not in MPD",)
    assert player(server).play([album(numbers=())], queue=False).tracks == 3  # no file is known here: by names alone


def test_nothing_to_play_changes_nothing(server: FakeMpd) -> None:
    player(server).play([album()], queue=False)
    with pytest.raises(PlayerError, match="has none of it"):
        player(server).play([album("/elsewhere", "Unknown")], queue=False)
    assert len(server.queue) == 3


def test_what_mpd_refuses_is_left_out_and_the_queue_stays_where_that_is_all(server: FakeMpd) -> None:
    player(server).play([album(numbers=(3,))], queue=False)
    server.refuses = {"b/1.flac", "b/2.flac"}
    for queue in (False, True):
        with pytest.raises(PlayerError, match=r"refuses: .*Access denied"):
            player(server).play([album(numbers=(1, 2))], queue)
        assert (server.queue, server.at) == (["b/3.flac"], 0)
    sent = player(server).play([album(numbers=(1, 3, 2))], queue=False)
    assert (sent.tracks, server.queue, server.at) == (1, ["b/3.flac"], 0)
    assert sent.left_out == tuple(f"b/{n}.flac: MPD refuses it: Access denied" for n in (1, 2))


def test_a_full_queue_makes_room_for_what_is_to_play_now(server: FakeMpd) -> None:
    player(server).play([album(numbers=(3, 2, 1))], queue=False)
    server.room = 3
    with pytest.raises(PlayerError, match="too large"):
        player(server).play([album(numbers=(1,))], queue=True)
    player(server).play([album(numbers=(1, 2))], queue=False)
    assert server.queue == ["b/1.flac", "b/2.flac"]


def test_names_that_the_protocol_cannot_say_go_by_a_link(server: FakeMpd, tmp_path: Path) -> None:
    names = [b"two\nlines.flac", b"caf\xe9.flac"]
    files = []
    for number, name in enumerate(names):
        path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        Path(path).write_bytes(b"x")
        files.append(TrackFile(path, f"t{number}", "A", None, 50 + number))
    one = Playable(album().album, None, tuple(files))
    mpd = player(server)
    assert mpd.play([one], queue=False).tracks == 2
    assert all(Path(uri).is_symlink() and uri.isascii() for uri in server.queue)
    now = mpd.now()
    assert now is not None and now.path == files[0].path


def test_what_plays_is_told_with_its_path(server: FakeMpd) -> None:
    mpd = player(server)
    now = mpd.now()
    assert now is not None and not now.playing and not now.path
    mpd.play([album()], queue=False)
    now = mpd.now()
    assert now is not None and (now.playing, now.path, now.artist, now.album) == (True, "/music/b/1.flac", "A", "B")


def test_a_server_that_went_and_came_back_is_found_again(server: FakeMpd) -> None:
    mpd = player(server)
    mpd.play([album()], queue=False)
    server.stop()
    with pytest.raises(PlayerError, match="no MPD at"):
        mpd.now()
    server.start()
    mpd.play([album(numbers=(1,))], queue=False)
    assert server.queue == ["b/1.flac"]


def test_a_server_that_hangs_is_told_after_the_limit(server: FakeMpd) -> None:
    mpd = player(server)
    assert mpd.now() is not None
    mpd._client.timeout = 0.3
    server.hang.set()
    with pytest.raises(PlayerError, match="does not answer"):
        mpd.now()


def test_passwords_are_sent_and_never_told(place: Path) -> None:
    server = FakeMpd(place, MUSIC, SONGS, password="sesame")
    try:
        assert player(server, mpd_password="sesame").now() is not None
        for wrong in ("", "hunter2"):
            with pytest.raises(PlayerError) as error:
                player(server, mpd_password=wrong).now()
            assert "hunter2" not in str(error.value)
        with pytest.raises(PlayerError, match=r"no MPD at 127\.0\.0\.1:9: "):
            Mpd(PlayerSettings(mpd="hunter2@127.0.0.1:9")).now()
    finally:
        server.stop()


def test_where_mpd_is_comes_from_the_config_then_the_environment() -> None:
    assert mpd_place(PlayerSettings(mpd="box:6601"), {"MPD_HOST": "other"}) == ("box", 6601, "")
    assert mpd_place(PlayerSettings(), {"MPD_HOST": "pw@box", "MPD_PORT": "7"}) == ("box", 7, "pw")
    assert mpd_place(PlayerSettings(mpd="p@w@box:6601"), {}) == ("box", 6601, "p@w")
    assert mpd_place(PlayerSettings(mpd="/run/user@1/mpd"), {})[0] == "/run/user@1/mpd"
    assert mpd_place(PlayerSettings(), {"MPD_HOST": "/run/x"}) == ("/run/x", 6600, "")
    assert mpd_place(PlayerSettings(), {"MPD_HOST": "@abstract", "MPD_PORT": "x"}) == ("@abstract", 6600, "")


def test_the_first_player_that_answers_is_chosen_and_stayed_with(
    server: FakeMpd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.delenv("MPD_HOST", raising=False)
    monkeypatch.setattr(settings, "USUAL", (server.place,))
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path)
    server.stop()
    auto = open_player(PlayerSettings(command="true"), PATIENT)
    with pytest.raises(PlayerError, match="no player answers"):
        auto.now()
    auto.play([album()], queue=False)
    assert auto.name == "true"
    server.start()
    auto.play([album()], queue=False)
    assert (auto.name, len(server.queue)) == ("MPD", 3)
    server.stop()
    with pytest.raises(PlayerError, match="no MPD at"):  # and not the command
        auto.play([album()], queue=False)
    server.start()
    auto.play([album(numbers=(1,))], queue=False)
    assert server.queue == ["b/1.flac"]
    named = open_player(PlayerSettings(mpd="/nowhere/socket", command="true"), PATIENT)
    with pytest.raises(PlayerError, match="no MPD at /nowhere"):
        named.play([album()], queue=False)


@pytest.mark.skipif(not (shutil.which("mpd") and shutil.which("ffmpeg")), reason="needs mpd and ffmpeg")
def test_a_real_mpd_holds_exactly_the_tracks_of_the_table(library: Library, place: Path, tmp_path: Path) -> None:
    forty_albums(tmp_path / "music", sounds())
    folder = place.parent
    (folder / "playlists").mkdir()
    (folder / "conf").write_text(
        f'music_directory "{tmp_path / "music"}"\nplaylist_directory "{folder / "playlists"}"\n'
        f'db_file "{folder / "db"}"\nbind_to_address "{place}"\nlog_file "{folder / "log"}"\n'
        'filesystem_charset "UTF-8"\nzeroconf_enabled "no"\naudio_output {\n type "null"\n name "null"\n}\n'
    )
    process = subprocess.Popen(["mpd", "--no-daemon", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        mpd = Mpd(PlayerSettings(mpd=str(place)))
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                if int(mpd._connected().stats()["songs"]) == 144:  # all but two albums, whose paths it cannot say
                    break
            except (PlayerError, OSError):
                pass
            time.sleep(0.1)
        ingest_folder(library, tmp_path / "music")
        snapshot = Snapshot.load(library)
        albums = playables(library, [snapshot.album(row) for row in range(len(snapshot))])
        for chosen in (albums[:12], albums[12:]):
            sent = mpd.play(chosen, queue=False)
            held = [song["file"] for song in mpd._connected().playlistinfo()]
            paths = [links.behind(uri) if uri.startswith("/") else str(tmp_path / "music" / uri) for uri in held]
            assert paths == [track.path for one in chosen for track in one.tracks]
            assert (sent.tracks, sent.left_out) == (len(paths), ())
    finally:
        process.terminate()
        process.wait()
