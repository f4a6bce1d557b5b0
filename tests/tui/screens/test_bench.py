"""The decoder and the blend bench: through a numpy model, so that no test waits for torch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from pipelines.blends.files import read_recipe
from pipelines.blends.recipe_to_file import Blender
from store.database.library import Library
from store.errors import LibraryError
from store.records import Album
from tests.tui.support.app import Records, ready, screen_text, session_of, until, walk_of
from tests.tui.support.fakes import FakeCovers, make_album, make_app
from tests.tui.support.model import Index, TinyCodec, decoder_of
from tui.app import SleevewalkApp
from tui.screens.bench.directions import Directions
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.walk.screen import WalkScreen
from tui.walk.bench import Bench, Draft
from tui.workers.decoder import Decoder


def bench_app(tmp_path: Path, codec: TinyCodec) -> SleevewalkApp:
    app = make_app(tmp_path=tmp_path)
    app.setup.decoder = decoder_of(codec)
    session = session_of(app)
    session.tray = [make_album(row) for row in (1, 2, 3)]
    session.personal = Records()
    session.neighborhood.index = Index()  # type: ignore[attr-defined]
    return app


async def on_bench(pilot: Pilot[Any]) -> BenchScreen:
    await ready(pilot)
    await pilot.press("B")
    await until(pilot, lambda: isinstance(pilot.app.screen, BenchScreen))
    screen = pilot.app.screen
    assert isinstance(screen, BenchScreen)
    await until(pilot, lambda: screen.drawn == screen.bench.draft and bool(screen.directions))
    return screen


# the decoder


def test_the_latest_preview_wins_and_jobs_are_all_done() -> None:
    codec = TinyCodec()
    codec.go.clear()
    decoder = decoder_of(codec)
    job = decoder.job(lambda _: "written")
    previews = [decoder.preview(lambda _, n=n: n) for n in range(5)]
    codec.go.set()
    assert previews[-1].result(20) == 4 and job.result(20) == "written"
    assert [one.cancelled() for one in previews] == [True] * 4 + [False]
    assert decoder.device == "cpu" and decoder.milliseconds is not None
    assert [one.shape for one in codec.decoded] == [(1, 48)] * 2  # warmed up in the shape that is used
    decoder.close()


def test_what_the_model_tells_is_kept_for_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    codec = TinyCodec()
    decoder = decoder_of(codec)
    decoder.job(lambda blender: blender.codec.say("The GPU is out of memory: going on with the CPU")).result(20)
    assert "out of memory" in decoder.said and capfd.readouterr() == ("", "")
    decoder.close()


def test_a_model_that_cannot_be_loaded_is_told_to_who_asks_and_tried_again() -> None:
    tries = []

    def broken() -> Blender:
        tries.append(1)
        raise LibraryError("the weights are damaged")

    decoder = Decoder(broken)
    for _ in range(2):
        with pytest.raises(LibraryError, match="damaged"):
            decoder.job(lambda _: None).result(20)
    assert len(tries) == 2 and not decoder.is_ready
    decoder.close()


async def test_the_walk_goes_on_while_the_decoder_is_held(tmp_path: Path) -> None:
    codec = TinyCodec()
    codec.go.clear()
    app = bench_app(tmp_path, codec)
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BenchScreen))
        bench = app.bench
        await pilot.press("up", "up", "right", "down", "tab", "r")  # each asks for a preview that cannot come
        assert len(bench.drafts) == 6 and bench.draft.mode == "interpolate"
        assert "loading" in "\n".join(screen_text(app))
        await pilot.press("escape")
        session, walk = session_of(app), walk_of(app)
        here = session.here
        await pilot.press("right", "enter")
        await until(pilot, lambda: session.here != here)
        assert walk.is_current
        codec.go.set()
        await until(pilot, lambda: app.setup.decoder is not None and app.setup.decoder.is_ready)
    assert app.setup.decoder is not None
    app.setup.decoder.close()
    assert len(codec.decoded) <= 4  # warm-up twice, the first preview if it was begun, the last


async def test_the_model_loads_once_something_lies_in_the_tray(tmp_path: Path) -> None:
    codec = TinyCodec()
    app = bench_app(tmp_path, codec)
    session_of(app).tray = []
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert app.setup.decoder is not None and not app.setup.decoder.is_ready and not codec.decoded
        await pilot.press("space")
        await until(pilot, lambda: app.setup.decoder is not None and app.setup.decoder.is_ready)


# the bench


def test_weights_are_moved_muted_soloed_rolled_and_undone() -> None:
    bench = Bench()
    bench.take([make_album(row) for row in range(3)])
    assert bench.draft.shares == pytest.approx((1 / 3,) * 3)
    bench.nudge(0.1)
    assert bench.draft.given == (0.6, 0.5, 0.5)
    bench.nudge(-0.01)
    assert bench.draft.given[0] == 0.59
    bench.mute()
    assert bench.draft.given[0] == 0 and sum(bench.draft.shares) == pytest.approx(1)
    bench.chosen = 2
    bench.alone()
    assert bench.draft.given == (0, 0, 1)
    bench.roll(np.random.default_rng(1))
    assert bench.draft.solo is None and sum(bench.draft.shares) == pytest.approx(1) and len(set(bench.draft.given)) == 3
    rolled = bench.draft
    assert bench.undo() and bench.draft.given == (0, 0, 1)
    assert bench.undo(-1) and bench.draft == rolled and not bench.undo(-1)
    while bench.undo():
        pass
    assert bench.draft == Draft.of([make_album(row) for row in range(3)])
    bench.next_mode(-1), bench.next_mode(-1)
    assert bench.draft.mode == "arithmetic" and bench.draft.given == (1, -1, 1)
    bench.nudge(0.5)
    assert bench.draft.given == (1, -1, 1.5) and bench.draft.weights == (0.5,) * 3
    for _ in range(20):
        bench.drift("brighter", 1)
    assert bench.draft.drift == (("brighter", 12),)
    bench.take_out()
    assert len(bench.draft.albums) == 2 and not bench.take_out()


def test_a_draft_and_its_recipe_are_the_same_blend() -> None:
    blender = decoder_of(TinyCodec())._loaded()
    draft = Draft((make_album(1), make_album(2)), (0.3, 0.7), (1.0, -2.0), "arithmetic", drift=(("brighter", 2.0),))
    made = blender.make(draft.recipe(blender, 128))
    again = Draft.from_recipe(made.recipe)
    assert again.given == draft.given and again.mode == draft.mode and again.drift == draft.drift
    assert np.array_equal(blender.make(again.recipe(blender, 128)).pixels, made.pixels)


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (60, 20)])
async def test_every_key_changes_the_preview(tmp_path: Path, size: tuple[int, int]) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=size) as pilot:
        screen = await on_bench(pilot)
        seen = [screen.pixels]
        for key in ("up", "K", "s", "s", "m", "tab", "r", "plus", "u"):
            await pilot.press(key)
            await until(pilot, lambda: screen.drawn == screen.bench.draft)
            seen.append(screen.pixels)
        assert all(np.any(a != b) for a, b in pairwise(seen) if a is not None and b is not None)
        text = "\n".join(screen_text(app))
        assert "brighter" in text and "decoded on cpu" in text and "%" in text


async def test_variants_stand_side_by_side_and_are_taken(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await on_bench(pilot)
        first = screen.bench.draft
        await pilot.press("v", "r")
        await until(pilot, lambda: screen.drawn == screen.bench.draft)
        await pilot.press("v", "c")
        assert len(screen.bench.variants) == 2
        assert sum(cover.display for cover in screen.query("#bench-stage Cover")) == 2
        await pilot.press("1")
        assert screen.bench.draft == first and screen.view == "preview"
        await pilot.press("e")
        await until(pilot, lambda: bool(screen._encoded))
        sha = first.albums[0].cover_sha256
        assert sha is not None
        codec = TinyCodec()
        assert np.array_equal(screen._encoded[sha], codec.decode(codec.encode(FakeCovers().pixels(sha)[None]))[0])


async def test_w_writes_a_picture_and_its_record(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await on_bench(pilot)
        await pilot.press("up", "plus", "w")
        records = session_of(app).personal
        assert isinstance(records, Records)
        await until(pilot, lambda: bool(records.blends))
        (path, _), draft = records.blends[0], screen.bench.draft
        recipe = read_recipe(Path(path))
        assert recipe.size == 512 and recipe.drift == (("brighter", 1.0),)
        assert tuple(part.weight for part in recipe.parts) == draft.given
        assert Path(path).parent == tmp_path / "blends" and "wrote" in screen_text(app)[-1]


async def test_write_as_asks_for_what_and_name_and_before_it_writes_over(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    (tmp_path / "blends").mkdir()
    mine = tmp_path / "blends" / "mine.webp"
    mine.write_bytes(b"precious")
    async with app.run_test(size=(80, 24)) as pilot:
        await on_bench(pilot)
        await pilot.press("W")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))
        await pilot.press("right", "down", "down", "left", "up", "up", "up", *"../mine", "enter")
        assert "slash" in "\n".join(screen_text(app)) and isinstance(app.screen, WriteScreen)
        await pilot.press(*["backspace"] * 7, *"mine", "enter")
        assert "there already" in "\n".join(screen_text(app)) and mine.read_bytes() == b"precious"
        await pilot.press("enter")
        await until(pilot, lambda: mine.read_bytes() != b"precious")
        recipe = read_recipe(mine)
        assert recipe.layout == "film" and recipe.size == 128


async def test_a_disk_that_refuses_is_told_on_the_bench(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    (tmp_path / "blends").write_text("no folder")
    async with app.run_test(size=(80, 24)) as pilot:
        await on_bench(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "exists" in screen_text(app)[-1])


async def test_one_walks_on_from_a_cover_that_does_not_exist(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(80, 24)) as pilot:
        await on_bench(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NearScreen))
        await pilot.press("right", "right", "enter")
        await until(pilot, lambda: isinstance(app.screen, WalkScreen))
        assert session_of(app).here == make_album(2)


async def test_an_album_without_a_cover_is_named(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    bare: Album = make_album(5, cover_sha256=None, title="Bare [b]")
    session_of(app).tray.append(bare)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("B")
        await until(pilot, lambda: "Bare [b] has no cover" in screen_text(app)[-1])


async def test_the_gallery_opens_puts_away_and_brings_back(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    codec = TinyCodec()
    app = bench_app(library.path, codec)
    app.setup.library = library
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_bench(pilot)
        await pilot.press("r", "plus", "w")
        written = screen.bench.draft
        await until(pilot, lambda: bool(list(library.blends_dir.glob("*.png"))))
        await pilot.press("m", "G")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen) and app.screen.entry is not None)
        text = "\n".join(screen_text(app))
        assert "1 found without a record" in text
        assert f"{written.said.split()[0]} {written.albums[0].title}" in text
        await pilot.press("x")
        assert not list(library.blends_dir.glob("*.png")) and list((library.blends_dir / "trash").iterdir())
        await pilot.press("u")
        assert list(library.blends_dir.glob("*.png"))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and screen.drawn == screen.bench.draft)
        assert screen.bench.draft.given == pytest.approx(written.given) and screen.bench.draft.drift == written.drift
        await pilot.press("G")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen) and app.screen.entry is not None)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NearScreen))


async def test_every_direction_is_in_sight_and_a_click_chooses_one(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(130, 50)) as pilot:
        screen = await on_bench(pilot)
        await until(pilot, lambda: bool(screen.directions))
        await pilot.pause()
        listed = next(one for one in screen.query(Directions) if one.display)
        shown = "\n".join(listed.rows)
        assert all(name in shown for name in screen.directions)
        last = len(screen.directions) - 1
        row = next(at for at, text in enumerate(listed.rows) if screen.directions[last] in text)
        await pilot.click(listed, offset=(listed.rows[row].index(screen.directions[last]), row))
        await pilot.press("plus")
        assert screen.bench.draft.drift == ((screen.directions[last], 1.0),)
        assert "+1" in "\n".join(listed.rows)


async def test_what_the_bench_adds_is_in_the_tray_afterwards(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await on_bench(pilot)
        screen.add(make_album(4))
        await pilot.press("right", "x", "escape")
        await until(pilot, lambda: app.screen is app.walk)
        await until(pilot, lambda: [album.album_id for album in session_of(app).tray] == ids(1, 3, 4))
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BenchScreen))
        assert [album.album_id for album in app.bench.draft.albums] == ids(1, 3, 4)


def ids(*rows: int) -> list[str]:
    return [make_album(row).album_id for row in rows]


def test_a_draft_from_the_gallery_leaves_the_tray_alone() -> None:
    bench = Bench()
    bench.take([make_album(1), make_album(2)])
    assert len(bench.left()) == 2
    bench.open(Draft.of([make_album(3), make_album(4)]))
    assert bench.left() == ()


async def test_areas_give_way_to_the_preview_where_there_are_none(tmp_path: Path) -> None:
    app = bench_app(tmp_path, TinyCodec())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await on_bench(pilot)
        await pilot.press("t")
        assert screen.view == "areas"
        await pilot.press("i")
        await until(pilot, lambda: screen.drawn == screen.bench.draft)
        assert screen.view == "preview" and screen.query("#bench-stage Cover").first().display
