"""From a table to shards and into a library: every row accounted for, whatever stops it, and as if never in shards."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.build import build
from pipelines.images import encode_webp
from pipelines.progress import Progress
from pipelines.report import SourceError
from pipelines.shards.format import read_manifest, read_shard
from pipelines.shards.indexing import index_shards
from pipelines.shards.ingest import ingest_shards
from pipelines.shards.make import Making, ShardsReport, make_shards
from pipelines.sources.table import ingest_table
from store.catalogue.latents import add_latents, add_model
from store.database.library import Library
from store.errors import LibraryError
from store.index import cover_index
from store.index.cover_index import CoverIndex
from tests.pipelines.support.fakes.host import Answer, FakeHost
from tests.pipelines.support.table import album, contents, write_csv
from vae.info import BadWeights, read_info

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"


def draw(folder: Path, covers: np.ndarray) -> tuple[Path, Path]:
    """A table of 23 rows, albums and one of each thing that can be wrong, and its covers (WebP by their content)."""
    sleeves = folder / "sleeves"
    sleeves.mkdir()
    for number, cover in enumerate(covers):
        (sleeves / f"{number}.jpg").write_bytes(encode_webp(cover))
    rows = [album(number) for number in range(18)]
    rows += [
        album(18, artist=""),
        album(19, cover="absent.jpg"),
        album(20, cover=""),
        album(1, artist="ARTIST 1", album="album  1!"),
        album(22, genre="Rock", genre_source="an ear", listeners=12, year="soon", mbid=MBID, tags="shoegaze:100|a:b:3"),
    ]
    return write_csv(folder / "t.csv", rows), sleeves


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, covers: np.ndarray, tiny_weights: Path):
    """A folder with the table, its covers and their shards, to copy, and what making them reported."""
    folder = tmp_path_factory.mktemp("whole")
    table, sleeves = draw(folder, covers)
    return folder, make_shards(table, folder / "shards", Making(sleeves, rows=8, weights=tiny_weights, device="cpu"))


@pytest.fixture
def table(tmp_path: Path, whole) -> Path:
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("shards"))
    return tmp_path / "t.csv"


@pytest.fixture
def sleeves(table: Path) -> Path:
    return table.parent / "sleeves"


@pytest.fixture
def make(tmp_path: Path, table: Path, sleeves: Path, tiny_weights: Path):
    def make(progress: Progress | None = None, **options: object) -> ShardsReport:
        given = {"covers_dir": sleeves, "rows": 8, "weights": tiny_weights, "device": "cpu"}
        return make_shards(table, tmp_path / "shards", Making(**{**given, **options}), progress)  # type: ignore[arg-type]

    return make


@pytest.fixture
def made(make, tmp_path: Path, whole) -> Path:
    """The shards, made before the test."""
    return Path(shutil.copytree(whole[0] / "shards", tmp_path / "shards"))


def shards_of(folder: Path) -> list[pa.Table]:
    return [read_shard(folder, name) for name in read_manifest(folder).shards]


def test_every_row_is_in_a_shard_with_its_latent_or_its_error(whole):
    folder, report = whole
    assert (report.shards, report.made, report.rows, report.embedded) == (3, 3, 23, 20)
    assert dict(report.rejected) == {"no artist": 1}
    assert dict(report.without_cover) == {"no such file": 1, "no cover in the row": 1}
    assert "23 rows, 20 covers embedded" in report.summary() and len(report.failed) == 3
    rows = pa.concat_tables(shards_of(folder / "shards"))
    assert rows["row"].to_pylist() == list(range(2, 25))
    for row in rows.to_pylist():
        assert (row["error"] is None) == (row["latent"] is not None) == (row["webp"] is not None)
    assert len(rows["latent"][0]) == 16 and rows["cover"][0].as_py() == "0.jpg"
    assert not list((folder / "shards").glob(".*")), "nothing is left over"


def test_a_library_from_shards_is_the_one_from_the_table(made, tmp_path, table, sleeves, tiny_weights):
    expected, library = Library.create(tmp_path / "expected"), Library.create(tmp_path / "library")
    told = ingest_table(expected, table, sleeves)
    report = ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    here, there = contents(library), contents(expected)
    for tables in (here, there):  # but for the state that the table was read in
        tables["ingest_items"] = [row for row in tables["ingest_items"] if row[2] != "file"]
    assert here == there and [row[1:] for row in here["genre_sources"]] == [("table: an ear", "rock")]
    assert {**report.to_json(), "source": "", "seconds": 0, "rate": 0} == {
        **told.to_json(),
        "source": "",
        "seconds": 0,
        "rate": 0,
    }
    assert build(expected, weights=tiny_weights).embedded == 19
    built = build(library, weights=tiny_weights, load_codec=lambda: pytest.fail("the model was loaded"))
    assert built.embedded == 0 and built.indexed == 19
    first, second = CoverIndex.load(library), CoverIndex.load(expected)
    assert first is not None and second is not None and first.shas == second.shas
    rows = np.arange(19)
    assert np.allclose(first.vectors(rows), second.vectors(rows), atol=1e-5)


def test_a_shard_of_an_earlier_version_says_nothing_of_who_gave_the_genre(made, tmp_path, tiny_weights):
    for path in made.glob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["genre_source"]), path)
    library = Library.create(tmp_path / "library")
    assert ingest_shards(library, made, weights=tiny_weights).added == 21
    assert contents(library)["genre_sources"] == []


def test_run_again_nothing_is_made_and_nothing_added(made, make, tmp_path, tiny_weights, monkeypatch):
    library = Library.create(tmp_path / "library")
    ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    before = contents(library)
    monkeypatch.setattr("pipelines.shards.engines.load_codec", lambda job: pytest.fail("the model was loaded"))
    again = make()
    assert (again.made, again.embedded) == (0, 20)
    report = ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    assert (report.added, report.covers_stored) == (0, 0) and report.already_there == 21
    assert contents(library) == before


class Stop(Progress):
    """Ctrl-C after so many rows."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def advance(self, count: int = 1, note: str | None = None) -> None:
        super().advance(count, note)
        if self.done >= self.after:
            raise KeyboardInterrupt


def test_an_interrupted_run_continues(make, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        make(progress=Stop(9))
    folder = tmp_path / "shards"
    with pytest.raises(SourceError, match=r"no whole set of shards.*shards make"):
        read_manifest(folder)
    there = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert 1 <= len(there) < 3
    (folder / f".{next(iter(there))[:-8]}.host-1-1").write_bytes(b"half")  # as kill -9 leaves it
    report = make()
    assert report.made == 3 - len(there) and report.embedded == 20
    assert all((folder / name).stat().st_mtime_ns == time for name, time in there.items())
    assert not list(folder.glob(".*"))


def test_a_damaged_shard_is_noticed_and_made_again(made, make, tmp_path, tiny_weights):
    folder = tmp_path / "shards"
    path = sorted(folder.glob("*.parquet"))[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(LibraryError, match=r"damaged.*delete it"):
        ingest_shards(Library.create(tmp_path / "library"), folder, weights=tiny_weights)
    assert make().made == 1
    assert read_shard(folder, path.stem).num_rows == 8


def test_what_failed_is_asked_for_again_only_on_request(made, make, tmp_path, sleeves, tiny_weights):
    library = Library.create(tmp_path / "library")
    ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    shutil.copy(sleeves / "40.jpg", sleeves / "absent.jpg")
    assert make().made == 0
    report = make(retry_failed=True)
    assert (report.made, report.embedded) == (1, 21)
    assert dict(report.without_cover) == {"no cover in the row": 1}
    merged = ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    assert (merged.added, merged.covers_stored, len(merged.without_cover)) == (0, 1, 1)
    assert build(library, weights=tiny_weights).embedded == 0


def test_a_table_that_grew_makes_the_new_blocks_alone(made, make, tmp_path, table):
    lines = table.read_text(encoding="utf-8")
    table.write_text(lines + "New,Album,1999,,,,,,,41.jpg,\n", encoding="utf-8")
    report = make()
    assert (report.made, report.shards, report.embedded) == (1, 3, 21)
    assert report.unused == 1 and "1 other shards in the folder are not used" in report.summary()


@pytest.fixture
def host(covers: np.ndarray) -> Iterator[FakeHost]:
    def handle(path: str, query: dict[str, str]) -> Answer:
        number = int(path.strip("/").split(".")[0])
        if number >= len(covers):
            return Answer(b"", 404)
        return Answer(encode_webp(covers[number]) if number else b"<html></html>", kind="image/webp")

    with FakeHost(handle) as host:
        yield host


def test_covers_come_from_addresses(make, tmp_path, host, tiny_weights):
    rows = [album(number, cover=f"{host.url}/{number}.webp?key=1") for number in (1, 2, 3, 400)]
    write_csv(tmp_path / "t.csv", rows)
    refused = make(covers_dir=None, web_cache=tmp_path / "web")
    assert refused.embedded == 0 and "private network" in next(iter(refused.without_cover))
    report = make(covers_dir=None, web_cache=tmp_path / "web", allow_private=True, retry_failed=True)
    assert report.embedded == 3 and dict(report.without_cover) == {"no cover at the address": 1}
    library = Library.create(tmp_path / "library")
    ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    with library.read() as con:
        urls = con.execute("SELECT source_url FROM covers ORDER BY ALL").fetchall()
    assert urls == [(f"{host.url}/{number}.webp",) for number in (1, 2, 3)]


def test_another_model_is_refused_in_one_line(made, make, tmp_path, tiny_weights):
    library = Library.create(tmp_path / "library")
    with pytest.raises(SourceError, match=f"made with model {read_info(tiny_weights).model_id}.*weights"):
        ingest_shards(library, tmp_path / "shards")
    with library.write() as con:
        add_model(con, "other", "other", 16, 128, None, {})
        add_latents(con, "other", ["0" * 64], np.ones((1, 16), np.float32))
    with pytest.raises(SourceError, match=r"holds latents of model other.*sleevewalk build"):
        ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    with pytest.raises(BadWeights):
        make(weights=tmp_path / "none.safetensors")


def test_a_folder_of_covers_that_is_not_there_fails_no_row(make, tmp_path):
    with pytest.raises(SourceError, match="no such folder of covers"):
        make(covers_dir=tmp_path / "nowhere")
    assert not list(tmp_path.glob("shards/*.parquet"))


def test_without_ray_the_engine_says_what_to_install(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SourceError, match=r"Ray is not here.*pip install 'sleevewalk\[cluster\]'"):
        make(engine="ray")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}'])
def test_a_damaged_or_newer_manifest_is_told(made, tmp_path, content):
    (tmp_path / "shards" / "shards.json").write_text(content)
    with pytest.raises(SourceError, match=r"damaged|newer"):
        read_manifest(tmp_path / "shards")


def test_the_index_of_a_large_library_is_made_from_its_shards(made, tmp_path, tiny_weights, monkeypatch):
    library = Library.create(tmp_path / "library")
    ingest_shards(library, tmp_path / "shards", weights=tiny_weights)
    small = index_shards(library, tmp_path / "shards", weights=tiny_weights)
    assert small.covers == 0 and "sleevewalk build" in small.summary()
    monkeypatch.setattr(cover_index, "EXACT_BELOW", 10)
    monkeypatch.setattr("pipelines.shards.indexing.PART", 8)
    report = index_shards(library, tmp_path / "shards", weights=tiny_weights)
    assert report.covers == 19 and report.parts > 1
    index = CoverIndex.load(library)
    assert index is not None and not index.is_exact and index.count == 19
    similarity, found = index.search(index.vectors(np.arange(19)), 1)
    assert found[:, 0].tolist() == list(range(19)) and (similarity > 0.97).all()
    report_of_build = build(library, weights=tiny_weights)
    assert report_of_build.indexed == 0 and report_of_build.neighbors > 0
    assert not list((tmp_path / "shards" / "index").glob("*"))


def test_the_commands_make_and_bring_in(tmp_path, table, sleeves, tiny_weights, capsys):
    from tui.cli import main

    shards, library = str(tmp_path / "shards"), str(tmp_path / "library")
    common = ["--weights", str(tiny_weights), "--json"]
    assert main(["shards", "make", str(table), "--covers", str(sleeves), "-o", shards, "--rows", "9", *common]) == 0
    assert json.loads(capsys.readouterr().out)["embedded"] == 20
    assert main(["ingest", "shards", shards, "--library", library, *common]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == 21
    assert main(["shards", "index", shards, "--library", library, *common]) == 0
    assert json.loads(capsys.readouterr().out)["covers"] == 0
    assert main(["shards", "make", str(table), "-o", shards, "--address", "auto"]) == 2
    assert "--engine ray" in capsys.readouterr().err
