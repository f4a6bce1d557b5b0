"""Libraries, exports and weights that others made: refused in one line, in time, with nothing of it on the screen."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from safetensors.numpy import save_file

from pipelines.exports.library import FORMAT, export_library, import_library
from pipelines.report import SourceError
from pipelines.shards.format import read_manifest
from store.catalogue.album_page import album_page
from store.database.library import Library
from store.errors import LibraryError
from store.memory.snapshot import Snapshot
from tests.store.support.library import grow
from tests.support.hostile import harmless
from vae.info import BadWeights, read_info, read_refiner

Spoil = Callable[[Path], None]


def one_line(error: pytest.ExceptionInfo[BaseException]) -> None:
    assert "\n" not in str(error.value)


def rewritten(folder: Path, table: str, sql: str) -> None:
    path = folder / "tables" / f"{table}.parquet"
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t AS FROM '{path}'")
        con.execute(sql)
        con.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def pipe_for(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT: dict[str, Spoil] = {
    "a pipe for a table": lambda f: pipe_for(f / "tables" / "albums.parquet"),
    "a pipe for the manifest": lambda f: pipe_for(f / "manifest.json"),
    "an escape in an id": lambda f: rewritten(f, "albums", "UPDATE t SET album_id = chr(27) || '[31m' || album_id"),
    "an escape in a hash": lambda f: rewritten(f, "covers", "UPDATE t SET cover_sha256 = chr(155) || cover_sha256"),
    "latents that are no numbers": lambda f: rewritten(
        f, "latents", "UPDATE t SET latent = ['NaN'::FLOAT] || latent[2:]"
    ),
    "infinite latents": lambda f: rewritten(
        f, "latents", "UPDATE t SET latent = ['inf'::FLOAT] || latent[2:]"
    ),
    **{
        f"manifest {text[:40]}": lambda f, text=text: (f / "manifest.json").write_text(text)
        for text in (
            '{"format": 1e999, "schema": 1, "tables": {}}', '{"format": "1", "schema": 1, "tables": {}}',
            '{"format": 1, "schema": 1, "tables": {"albums": -1}}', '{"format": 1, "schema": 1, "tables": []}',
            '{"format": NaN, "schema": 1, "tables": {}}', "[]", "null", "", "[" * 100_000, '{"format": 1}',
            '{"format": 1, "schema": 99999999999999999999999, "tables": {}}', "\U0001f600",
        )
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return grow(tmp_path_factory.mktemp("grown") / "library")


@pytest.fixture(scope="module")
def exported(grown: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "library"
    export_library(grown, folder)
    return folder


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_export_is_refused_and_leaves_nothing(exported: Path, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "export"
    shutil.copytree(exported, folder)
    SPOILT[how](folder)
    with pytest.raises(SourceError) as caught:
        import_library(folder, tmp_path / "new" / "library")
    one_line(caught)
    assert harmless(str(caught.value))
    assert not list((tmp_path / "new").glob("*")) if (tmp_path / "new").exists() else True


def with_own(folder: Path, sql: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": FORMAT, "own": {}}))
    with duckdb.connect(str(folder / "own.duckdb")) as con:
        con.execute(sql)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: None, "macro called count"),
        (pipe_for, "is no file"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b"x" * 5000), "cannot be read"),
    ],
)
def test_a_persons_own_tables_from_elsewhere(exported: Path, tmp_path: Path, spoil: Spoil, words: str) -> None:
    shutil.copytree(exported, tmp_path / "export")
    with_own(tmp_path / "export", "CREATE MACRO count(x) AS 99")
    spoil(tmp_path / "export" / "own.duckdb")
    with pytest.raises(LibraryError, match=words) as caught:
        import_library(tmp_path / "export", tmp_path / "library")
    one_line(caught)
    assert not (tmp_path / "library").exists()


def test_an_export_is_the_persons_alone_and_follows_no_link(grown: Library, tmp_path: Path) -> None:
    export_library(grown, tmp_path / "new" / "export")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "export").glob("**/")} == {0o700}
    there = tmp_path / "there"
    (there / "tables").mkdir(parents=True)
    (there / ".unfinished-export").touch()
    (tmp_path / "mine.txt").write_text("mine")
    for name in ("tables/albums.parquet", "own.duckdb", "manifest.json"):
        (there / name).symlink_to(tmp_path / "mine.txt")
    export_library(grown, there)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert import_library(there, tmp_path / "library").tables["albums"]


def test_a_pipe_for_a_cover_is_left_out(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.copytree(exported, folder)
    pipe_for(next(folder.glob("covers/??/*.webp")))
    report = import_library(folder, tmp_path / "library")
    assert len(report.left_out) == 1
    assert (tmp_path / "library").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "library" / "library.duckdb").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("table", ["albums", "covers", "walks", "internal.ingest_items"])
def test_a_view_in_the_place_of_a_table_is_refused(grown: Library, tmp_path: Path, table: str) -> None:
    shutil.copytree(grown.path, tmp_path / "library")
    copy = Library(tmp_path / "library")
    with duckdb.connect(str(copy.db_path)) as con:
        con.execute(f"ALTER TABLE {table} RENAME TO hidden")
        con.execute(f"CREATE VIEW {table} AS FROM range(1000000000000)")
    with pytest.raises(LibraryError, match=f"{table} is no table") as caught:
        Library.open(copy.path)
    one_line(caught)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE MACRO count(x) AS 99", "macro called count"),
        ("CREATE MACRO LOWER(x) AS (SELECT content FROM read_text('/etc/passwd'))", "macro called lower"),
        ("CREATE MACRO duckdb_tables() AS TABLE FROM range(1000000000000)", "macro called duckdb_tables"),
        ("CREATE MACRO duckdb_functions() AS TABLE SELECT 'x' AS function_name", "macro called duckdb_functions"),
        ("ALTER TABLE plays RENAME TO p; CREATE VIEW plays AS FROM range(1000000000000)", "plays is no table"),
        ("ALTER TABLE album_sources RENAME TO a; CREATE VIEW album_sources AS FROM a", "album_sources is no table"),
    ],
)
def test_what_would_answer_in_the_place_of_duckdb_is_refused(
    grown: Library, tmp_path: Path, sql: str, words: str
) -> None:
    shutil.copytree(grown.path, tmp_path / "library")
    with duckdb.connect(str(tmp_path / "library" / "library.duckdb")) as con:
        con.execute(sql)
    with pytest.raises(LibraryError, match=words) as caught:
        Library.open(tmp_path / "library")
    one_line(caught)


def test_a_macro_of_ones_own_and_an_endless_view_cost_nothing(grown: Library, tmp_path: Path) -> None:
    shutil.copytree(grown.path, tmp_path / "library")
    with duckdb.connect(str(tmp_path / "library" / "library.duckdb")) as con:
        con.execute("CREATE MACRO my_own(x) AS x + 1; CREATE SCHEMA mine; CREATE MACRO mine.lower(x) AS x")
        con.execute("CREATE OR REPLACE VIEW album_plays AS FROM range(1000000000000)")
    library = Library.open(tmp_path / "library")
    album = Snapshot.load(library).album(0)
    with library.read() as con:
        assert album_page(con, album).sources


@pytest.mark.parametrize(
    "spoil",
    [
        {"blocks": 10**9}, {"blocks": "1"}, {"blocks": -1}, {"latent_dim": 10**12}, {"encoder_widths": [64] * 10_000},
        {"encoder_widths": []}, {"decoder_widths": [0, 0, 0]}, {"encode_steps": 10**9}, {"search_dim": 0},
        {"resolution": 1e999}, {"meaning": float("nan")},
    ],
)  # fmt: skip
def test_weights_with_a_shape_that_makes_no_sense(tmp_path: Path, spoil: dict[str, object]) -> None:
    path = tmp_path / "w.safetensors"
    metadata = {"model_id": "0" * 16, "config": json.dumps({"latent_dim": 8, **spoil}), "metrics": "{}"}
    save_file({"a": np.zeros(1, np.float16)}, path, metadata)
    with pytest.raises(BadWeights) as caught:
        read_info(path)
    one_line(caught)


@pytest.mark.parametrize(
    "metadata",
    [
        {"config": "[" * 100_000, "metrics": "{}", "model_id": "0" * 16},
        {"config": "{}", "metrics": "{}", "model_id": "../x"},
        {"config": "{}", "metrics": "[]", "model_id": "0" * 16}, {"config": "{}"}, {},
    ],
)  # fmt: skip
def test_weights_whose_metadata_are_something_else(tmp_path: Path, metadata: dict[str, str]) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": np.zeros(1, np.float16)}, path, metadata)
    for read in (read_info, lambda path: read_refiner(path, "0" * 16)):
        with pytest.raises(BadWeights) as caught:
            read(path)
        one_line(caught)


@pytest.mark.parametrize(
    "text",
    [
        '{"format": 1e999}', '{"format": 1}', "[]", "[" * 100_000,
        '{"format": 1, "table": "", "fingerprint": "", "model_id": "", "latent_dim": 8, "rows": 1, "shards": ["../x"]}',
        '{"format": 1, "table": "", "fingerprint": "", "model_id": "", "latent_dim": "8", "rows": 1, "shards": []}',
    ],
)  # fmt: skip
def test_a_manifest_of_shards_is_checked(tmp_path: Path, text: str) -> None:
    (tmp_path / "shards.json").write_text(text)
    with pytest.raises(SourceError) as caught:
        read_manifest(tmp_path)
    one_line(caught)
