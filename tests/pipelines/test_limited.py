"""One picture and one music file cost so much time and memory and no more; Ctrl-C ends them at once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines import limited
from pipelines.images import BadImage, load_covers, prepare_cover
from pipelines.sources.folder import ingest_folder
from pipelines.sources.journal import ingest_status
from pipelines.sources.music_files import UnreadableMusic
from pipelines.sources.table import ingest_table
from store.database.library import Library
from tests.pipelines.support.hostile_files import huge_tag, many_scans, nested_atoms, wide_png
from tests.pipelines.support.music import write_track
from tests.pipelines.support.pictures import photo, to_bytes, too_busy

ROOT = Path(__file__).parents[2]


def sleeps(_: bytes) -> int:
    time.sleep(60)
    return 0


def eats(_: bytes) -> int:
    return len(bytearray(2_000_000_000))


def dies(_: bytes) -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def peak(data: bytes) -> int:
    """Megabytes that the worker has had at most once it made a cover of a picture."""
    from pipelines.images import prepare

    prepare(data)
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


HERE = "tests.pipelines.test_limited"


@pytest.mark.parametrize(
    ("task", "words"), [("sleeps", "takes longer than 1 s"), ("eats", "needs more than 512 MB"), ("dies", "SIGSEGV")]
)
def test_what_exceeds_its_limits_is_ended_and_the_next_is_served(task: str, words: str) -> None:
    with pytest.raises(limited.Rejected, match=words):
        limited.limited(f"{HERE}:{task}", b"", int, seconds=1)
    assert prepare_cover(to_bytes(photo())).webp


def test_a_picture_of_400_scans_is_given_up_in_time() -> None:
    data = many_scans()
    assert len(data) < 1_000_000
    with pytest.raises(BadImage, match="takes longer than 1 s"):
        try:
            limited.limited("pipelines.images:prepare", data, int, seconds=1)
        except limited.Rejected as error:
            raise BadImage(error.reason) from None
    assert limited.SECONDS == 5 and limited.MEGABYTES == 512


def test_the_largest_picture_that_is_taken_needs_no_more_than_it_may() -> None:
    megabytes = limited.limited(f"{HERE}:peak", wide_png(), int, seconds=60)
    assert 200 < megabytes < 512


def test_hostile_music_costs_its_own_file_alone(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    write_track(folder / "1.flac", to_bytes(photo()), artist="A", album="B")
    (folder / "deep.m4a").write_bytes(nested_atoms())
    with (folder / "huge.mp3").open("wb") as file:
        file.write(huge_tag())
        file.truncate(400_000_010)
    report = ingest_folder(library, folder)
    assert (report.added, report.failed) == (1, 2)
    assert sorted(Path(item.key).name for item in report.rejected) == ["deep.m4a", "huge.mp3"]
    assert ingest_folder(library, folder).failed == 2  # told until the files change


def test_a_file_that_took_too_long_is_read_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "music"
    write_track(folder / "1.flac", to_bytes(photo()), artist="A", album="B")

    def busy(path: Path) -> object:
        raise UnreadableMusic("takes longer than 5 s", passing=True)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.sources.folder.read_track", busy)
        assert ingest_folder(library, folder).failed == 1
    report = ingest_folder(library, folder)
    assert (report.added, report.failed) == (1, 0)


def test_an_album_whose_cover_took_too_long_is_looked_at_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, table = tmp_path / "music", tmp_path / "t.csv"
    write_track(folder / "1.flac", to_bytes(photo()), artist="A", album="B")
    (tmp_path / "c.jpg").write_bytes(to_bytes(photo(seed=2)))
    table.write_text("artist,album,cover\nC,D,c.jpg\n")
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.images.limited", too_busy)
        for report in (ingest_folder(library, folder), ingest_table(library, table, tmp_path)):
            assert (report.added, report.failed, report.covers_stored) == (1, 1, 0)
    listed = {(line.source, item.error) for line in ingest_status(library) for item in line.items}
    assert listed == {("folder", "takes longer than 5 s"), ("table", "takes longer than 5 s")}
    for report in (ingest_folder(library, folder), ingest_table(library, table, tmp_path)):
        assert (report.added, report.failed, report.covers_stored) == (0, 0, 1)
    assert not [line.items for line in ingest_status(library) if line.items]


def test_a_machine_without_room_for_a_worker_fails_the_picture_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    limited.stop()
    limited.resume()
    (tmp_path / "a.jpg").write_bytes(to_bytes(photo()))
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", full)
        (cover,) = load_covers([tmp_path / "a.jpg"])
    assert isinstance(cover, BadImage) and cover.passing
    assert not isinstance(load_covers([tmp_path / "a.jpg"])[0], BadImage)


def test_stopping_ends_what_is_in_the_making() -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            limited.limited(f"{HERE}:sleeps", b"", int, seconds=60)
        except limited.Stopped as error:
            errors.append(error)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(work)
        while len(limited._state.workers) < 1:
            time.sleep(0.01)
        time.sleep(0.5)
        limited.stop()
    limited.resume()
    assert len(errors) == 2


BEGINS = """
import sys
from pathlib import Path
from pipelines.sources.large import large_from_folder
from pipelines.sources.table import ingest_table
from store.database.library import Library
print("begun", flush=True)
library, table, covers = Library.create(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
"""
WORK = {"table": "ingest_table(library, table, covers)", "large": "large_from_folder(library, covers, 'all')"}


@pytest.mark.parametrize("work", WORK)
def test_ctrl_c_acts_in_the_middle_of_a_picture(tmp_path: Path, work: str) -> None:
    covers = tmp_path / "covers"
    covers.mkdir()
    for number in range(6):
        (covers / f"{number}.jpg").write_bytes(many_scans())
    (tmp_path / "t.csv").write_text("artist,album,cover\n" + "".join(f"A,B{n},{n}.jpg\n" for n in range(6)))
    command = [
        sys.executable,
        "-c",
        BEGINS + WORK[work],
        str(tmp_path / "library"),
        str(tmp_path / "t.csv"),
        str(covers),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        workers: list[int] = []
        while not workers and child.poll() is None:
            workers = children_of(child.pid)
            time.sleep(0.05)
        time.sleep(0.5)  # in the middle of it
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        said = child.communicate(timeout=60)[1]
        print(f"Ctrl-C to the end: {time.monotonic() - began:.2f} s")
    assert child.returncode == -signal.SIGINT, said
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def children_of(pid: int) -> list[int]:
    """Of all its threads."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]


def test_threads_share_the_workers() -> None:
    data = to_bytes(photo())
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: prepare_cover(data).webp, range(40)))
    assert len(set(made)) == 1
    assert len(limited._state.workers) <= 2 * (os.cpu_count() or 1)
    assert threading.active_count() < 50


def test_a_batch_has_a_value_or_a_reason_for_each(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(to_bytes(photo()))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    covers = load_covers([tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")])
    assert [isinstance(cover, BadImage) for cover in covers] == [False, True, True]


def test_a_worker_that_several_threads_end_at_once_is_closed_once() -> None:
    """Ctrl-C ends it, and so does the thread that waited for its answer."""
    for _ in range(20):
        worker = limited._Worker("pipelines.images:prepare_so")
        together = threading.Barrier(8)

        def end(worker: limited._Worker = worker, together: threading.Barrier = together) -> None:
            together.wait()
            worker.end()

        with ThreadPoolExecutor(8) as pool:
            for ended in [pool.submit(end) for _ in range(8)]:
                ended.result()
