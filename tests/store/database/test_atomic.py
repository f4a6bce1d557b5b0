"""Files whole or not at all: a process killed in the middle of any kind of write leaves nothing that is not tidied."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.exports.library import export_library
from store.database.atomic import PATTERN, atomic_file, leftovers, put_new, temporary_file, temporary_folder
from store.database.library import Library
from store.errors import LibraryError
from store.repair.repair import find_problems, mend

ROOT = Path(__file__).resolve().parents[3]
# Dies as the first whole file or folder is about to get its name.
KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from store.database.library import Library
library, out, saved = (Path(argument) for argument in sys.argv[1:])
library = Library(library)
def die(self, target):
    if ".sleevewalk-" in str(self) or ".sleevewalk-" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return os.replace(self, target)
def arm():
    Path.replace = Path.rename = Path.hardlink_to = die
"""
WRITES = {
    "cover": "from store.catalogue.covers import CoverFiles\n"
    "from tests.store.support.records import webp\nCoverFiles(library.covers_dir).put(webp((1, 2, 3)))",
    "arrays": "from store.memory.album_arrays import read_arrays\nfrom store.memory.arrays_file import write_arrays\n"
    "with library.read() as con: write_arrays(read_arrays(con), library.index_dir)",
    "index": "from store.index.cover_index import build_index\n"
    "build_index(library, 'new', ['0' * 64], np.ones((1, 4), np.float32), 'x')",
    "index part": "from store.index.index_shards import fill_part, train_index\n"
    "some = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)\n"
    "fill_part(train_index(some, 4), [some], out / '000000.faiss')",
    "library": "Library.create(library.path / 'another')",
    "backup": "from store.database.schema import back_up\n"
    "with library.exclusive() as con: back_up(con, library.backups_dir / 'old.duckdb')",
    "copy": "from store.repair import rescue\nwith library.exclusive() as con: rescue.keep_copy(library, con)",
    "put back": "from store.repair import rescue\nlibrary.db_path.write_bytes(b'damaged')\n"
    "rescue.rescue(library, rescue.Rescue(saved, ''))",
    "export": "from pipelines.exports.library import export_library\nexport_library(library, out / 'export')",
    "import": "from pipelines.exports import library as exchange\nexchange.export_library(library, out / 'export')\n"
    "arm()\nexchange.import_library(out / 'export', out / 'new')",
    "walk": "from pipelines.exports.walk import write_walk\nwrite_walk([], None, out / 'walk.csv', 'walk')",
    "result": "import pyarrow as pa\nfrom tui.commands.sql.results import write\n"
    "write([pa.table({'a': [1]})], 'csv', out / 'rows.csv')",
    "shard": "from pipelines.shards.format import block_table, write_shard\nwrite_shard(block_table([], 4), out, '1')",
    "manifest": "from pipelines.shards.format import Manifest, write_manifest\n"
    "write_manifest(out, Manifest('t', '', '', 4, 0, ()))",
    "evidence": "from pipelines.evidence import experiment\n"
    "with experiment._folder_for(out / 'evidence') as folder: (folder / 'page.html').write_text('half')",
}
for suffix in ("png", "webp", "gif"):
    WRITES[f"blend {suffix}"] = (
        "from pipelines.blends import files\nfrom pipelines.blends.recipe import Part, Recipe\n"
        "recipe = Recipe((Part('a', 'A', 'T', '0' * 64, None),), 'mean', 128, 'model')\n"
        f"files.write_blend([np.zeros((8, 8, 3), np.uint8)], recipe, library.blends_dir / 'blend.{suffix}')"
    )


def killed(kind: str, library: Library, out: Path, saved: Path) -> None:
    arm = "" if kind == "import" else "arm()\n"  # it needs an export first
    command = [sys.executable, "-c", KILLED + arm + WRITES[kind], str(library.path), str(out), str(saved)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def parts(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob(".*") if path.name != ".unfinished-export"]


@pytest.mark.parametrize("kind", WRITES)
def test_a_kill_in_any_write_leaves_nothing_once_repaired(
    kind: str, copy: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    saved = tmp_path / "saved.duckdb"
    shutil.copyfile(copy.db_path, saved)
    killed(kind, copy, out, saved)
    assert parts(copy.path, out), "the kill was in the middle"
    if not copy.db_path.exists():
        shutil.copyfile(saved, copy.db_path)  # the rescue is run again
    if kind == "export":
        export_library(copy, out / "export")  # it is gone on with
    monkeypatch.chdir(copy.path / "another" if kind == "library" else out)
    mend(copy, find_problems(copy, check_hashes=True))
    assert parts(copy.path, out) == []
    assert find_problems(copy, check_hashes=True) == []


def test_what_is_being_written_is_no_leftover(tmp_path: Path) -> None:
    with temporary_file(tmp_path) as file, temporary_folder(tmp_path) as folder:
        assert leftovers(tmp_path, remove=True) == []
        assert file.exists() and folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_by_another_living_process_neither(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom store.database.atomic import temporary_file\n"
        "with temporary_file(Path(sys.argv[1])):\n    print('there', flush=True)\n    sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert leftovers(tmp_path, remove=True) == []
        process.kill()
        process.wait()
    assert len(leftovers(tmp_path)) == 1
    leftovers(tmp_path, remove=True)
    assert list(tmp_path.iterdir()) == []


def test_after_an_error_the_target_is_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError), atomic_file(target) as path:
        path.write_text("half")
        raise ZeroDivisionError
    with pytest.raises(LibraryError, match=r"cannot write .*a: No space"), atomic_file(target):
        raise OSError(28, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert target.read_text() == "before"
    with atomic_file(target) as path:
        path.write_text("after")
    assert target.read_text() == "after"


def test_a_link_is_neither_written_through_nor_taken_for_a_leftover(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine")
    link = tmp_path / PATTERN.replace("*", "0" * 16)
    link.symlink_to(kept)
    assert leftovers(tmp_path, remove=True) == []
    (tmp_path / "target").symlink_to(kept)
    with atomic_file(tmp_path / "target") as path:
        path.write_text("new")
    assert kept.read_text() == "mine"
    assert not (tmp_path / "target").is_symlink()


def test_a_name_that_is_taken_is_kept(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    assert not put_new(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "b"
    assert put_new(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "a").samefile(tmp_path / "c")
