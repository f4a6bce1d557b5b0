"""Export and import: a library comes back equal; what is no export is refused and leaves nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.library import export_library, import_library
from pipelines.report import SourceError
from store.catalogue.latents import load_latents
from store.database.copying import our_tables
from store.database.library import Library
from store.errors import LibraryError
from store.index.cover_index import CoverIndex, build_index
from store.index.neighbor_table import neighbors_are_current
from store.repair.repair import find_problems, mend
from tests.store.support.library import grow

ROOT = Path(__file__).resolve().parents[3]


def content(library: Library) -> dict[str, list[tuple[object, ...]]]:
    with library.read() as con:
        return {table.name: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in our_tables(con)}


def cover_bytes(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.webp")}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return grow(tmp_path_factory.mktemp("grown") / "library")


@pytest.fixture(scope="module")
def exported(grown: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "library"
    export_library(grown, folder)
    return folder


def test_a_library_comes_back_equal(grown: Library, exported: Path, tmp_path: Path) -> None:
    report = import_library(exported, tmp_path / "new")
    again = Library.open(tmp_path / "new")
    assert content(again) == content(grown)
    assert cover_bytes(again.covers_dir) == cover_bytes(grown.covers_dir)
    assert report.tables["albums"] == 60 and report.left_out == []
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    with again.read() as con:
        shas, latents = load_latents(con, "tiny")
    index = build_index(again, "tiny", shas, latents, "fingerprint")
    with again.read() as con:
        assert neighbors_are_current(con, index), "the index built from it is the one that was"
    assert CoverIndex.load(again) is not None


def test_other_tools_read_it(exported: Path) -> None:
    with duckdb.connect() as con:
        albums = con.execute(f"FROM read_parquet('{exported}/tables/albums.parquet')").fetchall()
    assert len(albums) == 60
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["format"] == 1 and manifest["tables"]["albums"] == 60


def test_nothing_is_written_over(grown: Library, exported: Path) -> None:
    with pytest.raises(LibraryError, match="not empty"):
        export_library(grown, exported)
    before = content(grown)
    with pytest.raises(LibraryError, match="not empty"):
        import_library(exported, grown.path)
    assert content(grown) == before


KILLED = """
import os, sys
from pathlib import Path
import pipelines.exports.library as export
from store.catalogue.covers import CoverFiles
from store.database.library import Library
put, left = CoverFiles.put, [20]
def deadly(self, webp):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
    return put(self, webp)
CoverFiles.put = deadly
what, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
getattr(export, what)(Library(source) if what == "export_library" else source, target)
"""


def test_a_killed_export_is_no_export_and_is_gone_on_with(grown: Library, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, "export_library", str(grown.path), str(tmp_path / "out")]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    with pytest.raises(SourceError, match="no whole export"):
        import_library(tmp_path / "out", tmp_path / "new")
    half = next((tmp_path / "out" / "covers").glob("*/*"))
    half.with_name(f".sleevewalk-{'0' * 16}.part").write_bytes(b"half")
    report = export_library(grown, tmp_path / "out")
    assert report.covers == len(cover_bytes(grown.covers_dir))
    assert not [path for path in (tmp_path / "out").rglob(".*")]
    import_library(tmp_path / "out", tmp_path / "new")
    assert content(Library.open(tmp_path / "new")) == content(grown)


def test_a_killed_import_leaves_no_library_and_goes_with_the_next(exported: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, "import_library", str(exported), str(tmp_path / "new")]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".sleevewalk-")
    library = Library.create(tmp_path / "new")
    (problem,) = find_problems(library)
    assert problem.items == (str(left),)
    mend(library, [problem])
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    left.mkdir()
    import_library(exported, tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "other"]


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def newer(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 3'))


def manifest_of_nothing(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")


def truncated(folder: Path) -> None:
    path = folder / "tables" / "albums.parquet"
    path.write_bytes(path.read_bytes()[:200])


def lacking(folder: Path) -> None:
    (folder / "tables" / "walks.parquet").unlink()


def rewritten(folder: Path, sql: str) -> None:
    path = folder / "tables" / "albums.parquet"
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE a AS FROM read_parquet('{path}')")
        con.execute(f"COPY ({sql}) TO '{path}'")


def fewer(folder: Path) -> None:
    rewritten(folder, "FROM a LIMIT 5")


def escapes(folder: Path) -> None:
    rewritten(folder, "SELECT * REPLACE (chr(27) || '[31m' || artist AS artist) FROM a")


def foreign_column(folder: Path) -> None:
    rewritten(folder, "SELECT *, 1 AS mine FROM a")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (no_manifest, "no whole export"),
        (newer, "newer sleevewalk"),
        (manifest_of_nothing, "damaged"),
        (truncated, "albums.parquet"),
        (lacking, "walks.parquet"),
        (fewer, "the manifest says 60"),
        (escapes, "control characters"),
        (foreign_column, "albums.parquet"),
    ],
)
def test_what_is_no_export_is_refused_in_a_line(
    exported: Path, tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    folder = tmp_path / "in"
    shutil.copytree(exported, folder)
    damage(folder)
    with pytest.raises(LibraryError, match=told) as error:
        import_library(folder, tmp_path / "new")
    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in"], "nothing is left"


def test_a_cover_that_is_another_is_left_out_and_told(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    shutil.copytree(exported, folder)
    first, second = sorted((folder / "covers").rglob("*.webp"))[:2]
    first.write_bytes(second.read_bytes())
    report = import_library(folder, tmp_path / "new")
    assert len(report.left_out) == 1 and first.name in report.left_out[0]
    assert not Library.open(tmp_path / "new").covers_dir.joinpath(first.parent.name, first.name).exists()
