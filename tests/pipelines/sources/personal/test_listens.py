"""What a person listened to: the exports of Spotify, ListenBrainz and Last.fm, whole, broken and hostile."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import IO, Any

import pytest

from pipelines.report import SourceError
from pipelines.sources.personal.listens import ingest_listens
from pipelines.sources.personal.text_files import json_objects
from store.catalogue.albums import add_albums
from store.catalogue.files import TrackFile, put_files
from store.database.library import Library
from store.records import AlbumRecord
from store.text import album_id

SPOTIFY = {  # one entry of "Extended streaming history", as Spotify documents it
    "ts": "2019-03-04T05:06:07Z", "username": "someone@example.org", "platform": "iOS 12", "ms_played": 211000,
    "conn_country": "DE", "ip_addr_decrypted": "203.0.113.77", "user_agent_decrypted": "unknown",
    "master_metadata_track_name": "Pink Moon", "master_metadata_album_artist_name": "Nick Drake",
    "master_metadata_album_album_name": "Pink Moon (Remastered)", "spotify_track_uri": "spotify:track:1",
    "episode_name": None, "reason_start": "trackdone", "shuffle": False, "offline": False, "incognito_mode": False,
}  # fmt: skip
PODCAST = {
    **SPOTIFY,
    "master_metadata_track_name": None,
    "master_metadata_album_artist_name": None,
    "episode_name": "x",
}
YEAR = {"endTime": "2019-03-04 05:07", "artistName": "Nick Drake", "trackName": "Place to Be", "msPlayed": 12000}
LISTEN = {
    "listened_at": 1551675967, "user_name": "someone",
    "track_metadata": {"artist_name": "Low", "track_name": "Quorum", "release_name": "Double Negative", "extra": {}},
}  # fmt: skip
LASTFM = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n1551675967,x,Low,,Trust,,Canada,\n"
HEADLESS = 'Low,Trust,"(That\'s How You Sing) Amazing Grace",04 Mar 2019 05:06\nLow,Trust,Point of Disgust,\n'


def plays(library: Library) -> list[tuple[object, ...]]:
    with library.read() as con:
        return con.execute(
            "SELECT strftime(played_at, '%Y-%m-%d %H:%M:%S'), artist, album, track, seconds, source FROM plays "
            "ORDER BY ALL"
        ).fetchall()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_spotifys_export_without_addresses_and_names(library: Library, tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "my_spotify_data.zip",
        {
            "Spotify Extended Streaming History/Streaming_History_Audio_2019_1.json": json.dumps(
                [SPOTIFY, PODCAST]
            ).encode(),
            "MyData/StreamingHistory_music_0.json": json.dumps([YEAR]).encode(),
            "MyData/Userdata.json": b'{"email": "someone@example.org"}',
            "ReadMeFirst.pdf": b"x",
        },
    )
    report = ingest_listens(library, path)
    assert (report.read, report.added, report.files, report.troubles) == (3, 2, 2, [])
    assert [item.reason for item in report.rejected] == ["no music: a podcast, a video or a private session"]
    assert plays(library) == [
        ("2019-03-04 05:06:07", "Nick Drake", "Pink Moon (Remastered)", "Pink Moon", 211.0, "spotify"),
        ("2019-03-04 05:07:00", "Nick Drake", None, "Place to Be", 12.0, "spotify"),
    ]
    assert ingest_listens(library, path).added == 0
    kept = b"".join(file.read_bytes() for file in library.path.rglob("*") if file.is_file())
    for private in (b"203.0.113.77", b"someone", b"example.org", b"iOS 12"):
        assert private not in kept


def test_listenbrainz_and_lastfm(library: Library, tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({**LISTEN, "listened_at": LISTEN["listened_at"] + n}) for n in range(3))
    ingest_listens(library, zipped(tmp_path / "lb.zip", {"listens/2019/3.jsonl": lines.encode(), "user.json": b"{}"}))
    (tmp_path / "lastfm.csv").write_text(LASTFM)
    (tmp_path / "headless.csv").write_text(HEADLESS)
    assert ingest_listens(library, tmp_path / "lastfm.csv").added == 1
    report = ingest_listens(library, tmp_path / "headless.csv")
    assert (report.added, [item.reason for item in report.rejected]) == (1, ["no time that can be read"])
    assert {row[3] for row in plays(library)} == {"(That's How You Sing) Amazing Grace", "Canada", "Quorum"}
    # What one service passed on to another counts once.
    (tmp_path / "same.csv").write_text(LASTFM.replace("Trust", "Double Negative").replace("Canada", "Quorum"))
    assert ingest_listens(library, tmp_path / "same.csv").added == 0


def test_plays_are_of_albums_by_name_and_by_file(library: Library, tmp_path: Path) -> None:
    ids = [album_id("Nick Drake", title) for title in ("Pink Moon", "Bryter Layter")]
    with library.write() as con:
        add_albums(
            con,
            [AlbumRecord("Nick Drake", t, "x", i) for t, i in zip(("Pink Moon", "Bryter Layter"), ids, strict=True)],
        )
        files = {ids[1]: [TrackFile("/m/1.mp3", "Place to be", "Nick Drake")]}
        put_files(con, "folder", files, {ids[1]: ids[1]})
    entries = [
        SPOTIFY,
        {**SPOTIFY, "ts": "2020-01-01T00:00:00Z"},
        YEAR,
        {**YEAR, "endTime": "2021-01-01 00:00", "msPlayed": 90000},
    ]
    (tmp_path / "s.json").write_text(json.dumps(entries))
    ingest_listens(library, tmp_path / "s.json")
    with library.read() as con:
        found = con.execute("SELECT album_id, year, plays FROM album_plays ORDER BY year").fetchall()
    assert found == [(ids[0], 2019, 1), (ids[0], 2020, 1), (ids[1], 2021, 1)]  # twelve seconds are no play


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.json", b""),
        ("x.json", b"[]"),
        ("x.json", b"no json"),
        ("x.json", json.dumps([SPOTIFY]).encode("utf-16")),
        ("x.json", b'[{"a": 1}]'),
        ("x.json", b'{"ts":' * 100_000),
        ("x.json", b"[" * 2_000_000),
        ("x.json", b'["' + b"x" * 3_000_000),
        ("x.csv", b"a,b,c,d\n1,2,3,4\n"),
        ("x.csv", b"\0" * 1000),
        ("x.csv", b"x" * 3_000_000),
        ("x.zip", b"PK\x03\x04 no zip at all"),
        ("x.zip", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_what_is_no_export_is_refused_in_a_line(library: Library, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError) as error:
        ingest_listens(library, tmp_path / name)
    assert "\n" not in str(error.value) and str(error.value).startswith(str(tmp_path / name))


def test_what_breaks_off_keeps_what_came_before(library: Library, tmp_path: Path) -> None:
    entries = [{**SPOTIFY, "ts": f"2019-03-04T05:06:{n:02}Z"} for n in range(50)]
    odd = [
        {**SPOTIFY, "ts": 5},
        {**SPOTIFY, "ts": "9999-01-01T00:00:00Z"},
        {**SPOTIFY, "master_metadata_track_name": ["x"]},
    ]
    whole = json.dumps([*odd, *entries]).encode()
    (tmp_path / "s.json").write_bytes(whole[:-40])
    report = ingest_listens(library, tmp_path / "s.json")
    assert (report.read, report.added, len(report.rejected)) == (52, 49, 3)
    assert report.troubles == ["s.json: entry 53 is damaged or cut off"]
    (tmp_path / "s.json").write_bytes(whole)
    assert ingest_listens(library, tmp_path / "s.json").added == 1


def test_zip_bombs_are_told_and_the_rest_is_read(library: Library, tmp_path: Path) -> None:
    one, other = (json.dumps([{**YEAR, "trackName": name}]).encode() for name in ("Road", "Parasite"))
    path = zipped(
        tmp_path / "b.zip",
        {"a/StreamingHistory0.json": bytes(50_000_000), "b/StreamingHistory1.json": one},
    )
    report = ingest_listens(library, path)
    assert report.added == 1 and report.troubles == [
        "a/StreamingHistory0.json: unpacks to 50,000,000 bytes, which no export does"
    ]
    # One that lies about its size is read to where the zip says that it ends, and no further.
    path = zipped(tmp_path / "l.zip", {"a/StreamingHistory0.json": bytes(50_000_000), "StreamingHistory1.json": other})
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    tracemalloc.start()
    report = ingest_listens(library, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.added == 1 and peak < 16_000_000
    (trouble,) = report.troubles
    assert trouble.startswith("a/StreamingHistory0.json: ")


def damaged(data: bytes, method: int) -> bytes:
    """The packed bytes of the first member of a zip overwritten, or its way of packing one that nobody knows."""
    out, name = bytearray(data), int.from_bytes(data[26:28], "little")
    if method:
        for place in (8, data.index(b"PK\x01\x02") + 10):
            out[place : place + 2] = method.to_bytes(2, "little")
    else:
        start = 30 + name + 8
        out[start : start + 40] = b"\xff" * 40
    return bytes(out)


@pytest.mark.parametrize(
    ("packing", "method"),
    [(zipfile.ZIP_DEFLATED, 0), (zipfile.ZIP_LZMA, 0), (zipfile.ZIP_BZIP2, 0), (zipfile.ZIP_DEFLATED, 99)],
)
def test_damaged_members_of_a_zip_are_told_and_the_rest_is_read(
    library: Library, tmp_path: Path, packing: int, method: int
) -> None:
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, track in (("StreamingHistory0.json", "Road"), ("StreamingHistory1.json", "Parasite")):
            entries = [{**YEAR, "trackName": f"{track} {n}"} for n in range(100)]
            archive.writestr(name, json.dumps(entries))
    path.write_bytes(damaged(path.read_bytes(), method))
    report = ingest_listens(library, path)
    (trouble,) = report.troubles
    assert report.added >= 100 and trouble.startswith("StreamingHistory0.json: ") and "\n" not in trouble


def test_files_of_a_folder_that_cannot_be_read_are_told_and_the_rest_is_read(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    (tmp_path / "b.json").write_text(json.dumps([YEAR]))
    real = Path.open

    def refused(self: Path, mode: str = "r") -> IO[Any]:
        if self.name == "a.json":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", refused)
        report = ingest_listens(library, tmp_path)
    assert report.added == 1 and report.troubles == ["a.json: Permission denied"]


def test_large_files_are_read_in_bounded_memory() -> None:
    line = json.dumps(SPOTIFY).encode() + b","
    size = int(os.environ.get("SLEEVEWALK_JSON_BYTES", 4_000_000))  # 2 GB were tried

    class Endless(io.RawIOBase):
        left = size

        def read(self, n: int = -1) -> bytes:
            self.left -= n
            return line * (n // len(line)) if self.left > 0 else b""

    tracemalloc.start()
    count = sum(1 for _ in json_objects(Endless()))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > size // len(line) * 0.9 and peak < 16_000_000


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_characters_and_numbers_may_lie_on_the_edge_of_a_chunk(chunk: int) -> None:
    values = [{"é": "東京 🌙"}, 1234567, 'a\\"b', [1, 2], None]
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values).encode()

    class Slow(io.BytesIO):
        def read(self, n: int | None = -1) -> bytes:
            return super().read(chunk)

    # The brackets of a list are between values here, so that its parts come one by one.
    assert list(json_objects(Slow(text))) == [{"é": "東京 🌙"}, 1234567, 'a\\"b', 1, 2, None]
