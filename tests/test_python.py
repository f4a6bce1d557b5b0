"""The Python door: its page and its notebook run as written, and its answers are those of the store."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sleevewalk as sw
from pipelines.blends.files import read_recipe
from store.neighbors.neighborhood import open_neighborhood

DOCS = Path(__file__).parents[1] / "docs"
ONE, OTHER = "Ada Lindmark / Soft Machinery", "Gravmåne / Severed Horizon"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> sw.Library:
    """Shared: only to be read."""
    return sw.demo(tmp_path_factory.mktemp("python") / "sleevewalk" / "demo")


def run(code: str, names: dict[str, object]) -> None:
    """Each expression of a page is evaluated and printed, as in a notebook."""
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Expr):
            assert repr(eval(compile(ast.Expression(statement.value), "page", "eval"), names))
        else:
            exec(compile(ast.Module([statement], []), "page", "exec"), names)


@pytest.mark.parametrize("page", ["python.md", "walk.ipynb"])
def test_a_page_runs_as_written(page: str, demo: sw.Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    monkeypatch.setenv("XDG_DATA_HOME", str(demo.path.parents[1]))
    monkeypatch.chdir(tmp_path)
    text = (DOCS / page).read_text(encoding="utf-8")
    if page.endswith(".md"):
        blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    else:
        blocks = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert len(blocks) > 5
    names: dict[str, object] = {}
    for block in blocks:
        run(block, names)


def test_importing_it_opens_nothing_and_loads_nothing_heavy() -> None:
    code = "import sys, sleevewalk; print(*({'duckdb', 'torch', 'onnxruntime', 'pyarrow', 'textual'} & {*sys.modules}))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == ""


def test_neighbours_and_ways_are_those_of_the_store(demo: sw.Library) -> None:
    near = demo.similar(ONE, k=7, cover=1, tags=0)
    neighborhood = open_neighborhood(demo._store)
    told = neighborhood.neighbors(demo.album(ONE).album_id, 7, sw.Weights(cover=1, tags=0))
    assert [row["album_id"] for row in near] == [one.album.album_id for one in told]
    assert [row["strongest"] for row in near] == [one.strongest.signal for one in told]
    assert near.columns[:2] == ["artist", "title"] and len(near) == 7
    way = demo.route(ONE, OTHER)
    assert (way[0]["album_id"], way[-1]["album_id"]) == (demo.album(ONE).album_id, demo.album(OTHER).album_id)
    assert way[0]["score"] is None and all(row["why"] for row in way.rows()[1:])


def test_nothing_found_is_a_table_with_the_same_columns(demo: sw.Library) -> None:
    none = demo.sql("FROM library WHERE false")
    assert len(none) == 0 and none.rows() == [] and "(0 rows" in repr(none)
    with pytest.raises(IndexError):
        none[0]


def test_what_cannot_be_is_one_line(demo: sw.Library, tmp_path: Path) -> None:
    with pytest.raises(sw.UnknownAlbum, match="no album goes by"):
        demo.similar("Nobody / Nothing at all")
    with pytest.raises(ValueError, match="all weights are 0"):
        demo.similar(ONE, cover=0, tags=0, artist=0, era=0, popularity=0)
    with pytest.raises(ValueError, match="0 or more"):
        demo.similar(ONE, cover=-1)
    with pytest.raises(TypeError, match="sleeve"):
        demo.similar(ONE, sleeve=1)  # type: ignore[call-arg]
    with pytest.raises(sw.LibraryError, match="only reads"):
        demo.sql("DELETE FROM albums")
    with pytest.raises(sw.LibraryError, match="no route"):
        demo.route(ONE, OTHER, steps=1)
    with pytest.raises(sw.LibraryMissing, match="no library in"):
        sw.open(tmp_path / "none")
    (tmp_path / "page.png").write_text("<html>")
    with pytest.raises(sw.LibraryError, match=r"page\.png: a web page, not a picture"):
        demo.encode([tmp_path / "page.png"])


def test_a_picture_is_the_same_as_path_image_and_array(demo: sw.Library, tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (150, 200, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    of_path, of_image, of_array = demo.encode([tmp_path / "one.png", Image.fromarray(pixels), pixels])
    assert np.array_equal(of_path, of_image) and np.array_equal(of_image, of_array)
    assert demo.encode([]).shape == (0, len(of_path))
    assert [row["album_id"] for row in demo.nearest(of_path, 3)] == [row["album_id"] for row in demo.nearest(pixels, 3)]


def test_a_photo_shows_its_album_or_none(demo: sw.Library, tmp_path: Path) -> None:
    sleeve = demo.cover(ONE).resize((900, 900))
    sleeve.save(tmp_path / "sleeve.png")
    for photo in (tmp_path / "sleeve.png", sleeve, np.asarray(sleeve)):
        seen = demo.look(photo)
        assert seen[0]["album_id"] == demo.album(ONE).album_id and seen[0]["sure"] > 0.9 and "surely" in seen.said
    none = demo.look(Image.new("RGB", (300, 300)))
    assert len(none) == 0 and none.columns == seen.columns and "not an album" in none.said
    with pytest.raises(sw.LibraryError, match=r"none\.png: no such file"):
        demo.look(tmp_path / "none.png")


def test_a_blend_carries_its_recipe_and_is_written_only_where_nothing_is(demo: sw.Library, tmp_path: Path) -> None:
    file = tmp_path / "blend.png"
    image = demo.blend(ONE, OTHER, size=128, out=file)
    assert image.size == (128, 128)
    assert read_recipe(file).to_json() == image.info["sleevewalk"]
    with pytest.raises(sw.LibraryError, match="is there already"):
        demo.blend(ONE, OTHER, size=128, out=file)


def test_albums_come_from_a_frame_once(tmp_path: Path) -> None:
    library = sw.create(tmp_path / "own")
    Image.new("RGB", (200, 200), "red").save(tmp_path / "red.png")
    rows = [
        {"artist": "Low", "album": "Trust", "year": 2002, "cover": "red.png"},
        {"artist": "Low", "album": "Secret Name", "year": 1999, "cover": "gone.png"},
        {"artist": "", "album": "nobody's", "year": 1999, "cover": None},
    ]
    report = library.ingest(rows, covers=tmp_path)
    assert len(library) == 2
    assert [item.reason for item in report.rejected] == ["no artist"]
    assert [item.reason for item in report.without_cover] == ["no such file"]
    pandas = pytest.importorskip("pandas")
    library.ingest(pandas.DataFrame(rows), covers=tmp_path)
    polars = pytest.importorskip("polars")
    library.ingest(polars.DataFrame(rows[:2]), covers=tmp_path)
    assert len(library) == 2
    assert library.cover("Low / Trust").getpixel((5, 5)) == (255, 0, 0)
    with pytest.raises(sw.LibraryError, match="has no cover"):
        library.cover("Low / Secret Name")
    with pytest.raises(sw.LibraryError, match="no table of albums"):
        library.ingest(7)
    with pytest.raises(sw.LibraryError, match='no column "artist"'):
        library.ingest([{"name": "Low"}])


def test_a_change_from_elsewhere_is_seen_after_refresh(tmp_path: Path) -> None:
    here, elsewhere = sw.create(tmp_path / "own"), sw.open(tmp_path / "own")
    assert len(here) == 0
    elsewhere.ingest([{"artist": "Low", "title": "Trust"}])
    here.refresh()
    assert [row["title"] for row in here.albums()] == ["Trust"]


def test_hostile_text_is_shown_harmless(demo: sw.Library) -> None:
    table = demo.sql("SELECT '<b>\x1b[2Jx</b>' AS \"<i>\", [1.5, NULL] AS numbers")
    assert "\x1b" not in repr(table)
    assert "&lt;b&gt;" in table._repr_html_() and "<b>" not in table._repr_html_() and "<i>" not in table._repr_html_()
