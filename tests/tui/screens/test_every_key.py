"""Every key of every binding, pressed on its screen, does what help says: one case for each, none left out."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from rich.color import ColorSystem
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from store.neighbors.filters import Filter
from tests.tui.support.app import screen_text, until
from tests.tui.support.fakes import FakeBlender
from tests.tui.support.mirror import laid
from tests.tui.support.scenes import SCENES, open_scene, scene_app
from tui.app import SleevewalkApp
from tui.palette import THEMES
from tui.screens.bench.near import NearScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.bench.write import WriteScreen
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.find import FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.help import HelpScreen
from tui.screens.map.screen import MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.registry import HOLDERS, all_bindings
from tui.screens.route import RouteScreen
from tui.screens.sql import SqlScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.blendview import BlendView
from tui.screens.walk.counts import Counts
from tui.screens.walk.ringview import RingView
from tui.screens.walk.screen import WalkScreen
from tui.terminal.mirror import TerminalMirror
from tui.walk.bench import MODES, Draft
from tui.walk.session import PRESETS, Session
from tui.widgets.bars import KeysLine

SIZES = {"help": (80, 20), "walk": (130, 50)}  # small enough that help scrolls; covers above and below the centre
USUAL = (110, 36)


@dataclass
class Stage:
    """The running app and what checks look at."""

    pilot: Pilot[Any]
    app: SleevewalkApp
    left: list[object]  # what the app was told to leave with
    folder: Path

    @property
    def screen(self) -> Any:
        return self.app.screen

    @property
    def session(self) -> Session:
        assert self.app.session is not None
        return self.app.session

    @property
    def kind(self) -> type:
        return type(self.app.screen)

    @property
    def text(self) -> str:
        return "\n".join(screen_text(self.app))

    @property
    def spot(self) -> tuple[float, float]:
        """Where the cover in focus stands on the walk."""
        ring, slot = self.screen.query_one(RingView).ring, self.session.focused_slot
        center: tuple[float, float] = (ring.center if slot is None else ring.slots[slot]).cover.center
        return center


Before = tuple[str, ...] | Callable[[Stage], Awaitable[None] | None]
Look = Callable[[Stage], Any]


@dataclass(frozen=True)
class Case:
    """What is done first, what is looked at before and after the key, and how the two have to differ."""

    look: Look
    differs: Callable[[Any, Any], bool]
    before: Before = ()
    after: tuple[str, ...] = ()  # keys pressed after the one that is tried


def becomes(look: Look, wanted: Any, before: Before = (), after: tuple[str, ...] = ()) -> Case:
    """What is looked at was something else and is `wanted`."""
    return Case(look, lambda was, now: was != wanted and now == wanted, before, after)


def to(kind: type, title: str = "", before: Before = ()) -> Case:
    """Another screen, with these words on it."""
    return Case(
        lambda s: (s.kind, title in s.text), lambda was, now: was[0] is not kind and now == (kind, True), before
    )


def moved(look: Look, by: float, before: Before = ()) -> Case:
    """A number that changes by so much."""
    return Case(look, lambda was, now: now - was == pytest.approx(by), before)


def rises(look: Look, before: Before = ()) -> Case:
    return Case(look, lambda was, now: now > was, before)


def falls(look: Look, before: Before = ()) -> Case:
    return Case(look, lambda was, now: now < was, before)


def leaves() -> Case:
    return moved(lambda s: len(s.left), 1)


def here_is(look: Look, before: Before = ()) -> Case:
    """The walk is at the album that `look` saw, and was not."""
    return Case(
        lambda s: (s.kind, s.session.here.album_id, look(s) if s.kind is not WalkScreen else None),
        lambda was, now: now[0] is WalkScreen and now[1] == was[2] != was[1],
        before,
    )


def next_theme() -> Case:
    names = [theme.name for theme in THEMES]
    return Case(lambda s: names.index(s.app.theme), lambda was, now: now == (was + 1) % len(names))


HELP = {holder: to(HelpScreen, f"keys: {title}") for holder, title in HOLDERS.items()}
PALETTE = to(CommandPalette)


def at_center(stage: Stage) -> None:
    stage.session.focus(None)
    stage.screen.refresh_focus()


def at_slot(stage: Stage, slot: int = 0) -> None:
    stage.session.focus(slot)
    stage.screen.refresh_focus()


def fill_tray(stage: Stage) -> None:
    stage.session.tray = [stage.session.snapshot.album(row) for row in (1, 2, 3)]


def unexplored(stage: Stage) -> None:
    explored = stage.session.network.explored
    slots = enumerate(stage.session.ring.slots)
    at_slot(stage, next(slot for slot, near in slots if near is not None and near.album.album_id not in explored))


def blend_ready(stage: Stage) -> None:
    fill_tray(stage)
    cast(FakeBlender, stage.app.blender).go.set()
    (stage.folder / "blends" / "blend.png").unlink(missing_ok=True)
    stage.screen.query_one(BlendView).visible = False


def blend_shown(stage: Stage) -> None:
    stage.screen.query_one(BlendView).visible = True


def ring(stage: Stage) -> int:
    return len(stage.session.ring.slots)


def focused_id(stage: Stage) -> str:
    return stage.session.focused.album_id


WALK = {
    "left": falls(lambda s: s.spot[0], at_center),
    "right": rises(lambda s: s.spot[0], at_center),
    "up": falls(lambda s: s.spot[1], at_center),
    "down": rises(lambda s: s.spot[1], at_center),
    "labels": becomes(lambda s: s.session.focused_slot, 1, at_center, after=("s",)),
    "walk": Case(
        lambda s: (s.session.here.album_id, focused_id(s)),
        lambda was, now: now[0] == was[1] != was[0],
        lambda s: at_slot(s),
    ),
    "back": Case(
        lambda s: (s.session.here, s.session.previous),
        lambda was, now: now[0] == was[1] != was[0],
        ("enter",),
    ),
    "forward": Case(
        lambda s: (s.session.here.album_id, [visit.album_id for visit in s.session.trail.path()[1]]),
        lambda was, now: now[0] == was[1][0] and now[1] == was[1][1:],
        ("enter", "backspace"),
    ),
    "random": Case(
        lambda s: (s.session.here, len(s.session.trail.visits)), lambda was, now: now[0] != was[0] and now[1] > was[1]
    ),
    "random-known": Case(
        lambda s: (s.session.here, len(s.session.trail.visits)), lambda was, now: now[0] != was[0] and now[1] > was[1]
    ),
    "find": to(FindScreen, "artist or title"),
    "route": to(FindScreen, "a route to which album?"),
    "trail": to(TrailScreen, "the trail"),
    "map": to(MapScreen, " map "),
    "expand": Case(
        lambda s: (s.kind, focused_id(s) in s.session.network.explored),
        lambda was, now: was == (WalkScreen, False) and now == (NetworkScreen, True),
        unexplored,
    ),
    "network": to(NetworkScreen, "albums explored"),
    "bookmark": Case(lambda s: focused_id(s) in s.session.bookmarks, lambda was, now: now is not was),
    "counts": becomes(lambda s: s.screen.query_one(Counts).visible and s.screen.focused.id, "counts"),
    "more": moved(ring, 2),
    "fewer": moved(ring, -2, ("right_square_bracket",)),
    "tray": Case(lambda s: s.session.in_tray(s.session.focused), lambda was, now: now is not was),
    "blend": Case(
        lambda s: (s.screen.query_one(BlendView).visible, (s.folder / "blends" / "blend.png").exists()),
        lambda was, now: was == (False, False) and now == (True, True),
        blend_ready,
    ),
    "bench": to(BenchScreen, "blend bench", fill_tray),
    "gallery": to(GalleryScreen, " gallery "),
    "evidence": to(EvidenceScreen, " evidence "),
    "sql": to(SqlScreen, "FROM similar_albums("),
    "close": becomes(lambda s: s.screen.query_one(BlendView).visible, False, blend_shown),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[WalkScreen],
    "quit": leaves(),
}


def counts_at(place: int = 0) -> Callable[[Stage], None]:
    def before(stage: Stage) -> None:
        stage.screen.query_one(Counts).chosen = place
        stage.session.set_weights(cover=1.0)

    return before


def filtered(stage: Stage) -> None:
    stage.session.set_filter(Filter(other_artists=True))
    stage.screen.refresh_ring()


def place(stage: Stage) -> int:
    return cast(int, stage.screen.query_one(Counts).chosen)


def preset(number: int) -> Case:
    names = list(PRESETS)
    return becomes(lambda s: s.session.preset, names[number], (str((number + 1) % 3 + 1),))


COUNTS = {
    "up": moved(place, -1, counts_at(3)),
    "down": moved(place, 1, counts_at(3)),
    "less": falls(lambda s: s.session.weights.cover, counts_at()),
    "more": rises(lambda s: s.session.weights.cover, counts_at()),
    "balanced": preset(0),
    "sleeve": preset(1),
    "ear": preset(2),
    "no-filter": becomes(lambda s: s.session.filter.is_set, False, filtered),
    "close": becomes(lambda s: s.screen.query_one(Counts).visible, False),
}


async def many_hits(stage: Stage) -> None:
    stage.screen.query_one(Input).value = "o"
    await until(stage.pilot, lambda: stage.screen._text == "o" and len(stage.screen.hits) > 3)
    stage.screen.chosen = 1


async def far_hit(stage: Stage) -> None:
    await many_hits(stage)
    stage.screen.chosen = 3


def chosen(stage: Stage) -> int:
    return cast(int, stage.screen.chosen)


FIND = {
    "back": to(WalkScreen),
    "choose": here_is(lambda s: s.screen.hits[s.screen.chosen].album_id, many_hits),
    "next": moved(chosen, 1, many_hits),
    "previous": moved(chosen, -1, many_hits),
    "page-down": Case(chosen, lambda was, now: now > was + 1, many_hits),
    "page-up": Case(chosen, lambda was, now: now < was - 1, far_hit),
    "help": HELP[FindScreen],
}


def written(pattern: str) -> Look:
    return lambda s: len(list((s.folder / "walks").glob(pattern))) if s.folder.joinpath("walks").exists() else 0


def no_walks(stage: Stage) -> None:
    for path in (stage.folder / "walks").glob("*"):
        path.unlink()


def in_middle(stage: Stage) -> None:
    while len(stage.session.trail.visits) < 60:
        stage.session.random()
    stage.screen.stops = stage.session.trail.tree()
    stage.screen.chosen = 55


def no_name(stage: Stage) -> None:
    stage.session.walk_names.clear()


TRAIL = {
    "next": moved(chosen, 1, in_middle),
    "previous": moved(chosen, -1, in_middle),
    "page-down": Case(chosen, lambda was, now: now > was + 1, in_middle),
    "page-up": Case(chosen, lambda was, now: now < was - 10, in_middle),
    "choose": Case(
        lambda s: (s.kind, s.session.trail.position, s.kind is TrailScreen and s.screen.stops[s.screen.chosen][1].seq),
        lambda was, now: now[0] is WalkScreen and now[1] == was[2] != was[1],
        ("pageup", "up"),
    ),
    "export": becomes(lambda s: (written("trail-*")(s), "wrote" in s.text), (6, True), no_walks),
    "export-walk": becomes(lambda s: (written("walk-*")(s), "wrote" in s.text), (6, True), no_walks),
    "name": becomes(lambda s: s.session.walk_names.get(s.session.walk_id), "dusk", no_name, after=(*"dusk", "enter")),
    "back": to(WalkScreen),
    "help": HELP[TrailScreen],
}
ROUTE = {
    "next": moved(chosen, 1, ("home",)),
    "previous": moved(chosen, -1, ("end",)),
    "last": becomes(chosen, 2, ("home",)),
    "first": becomes(chosen, 0, ("end",)),
    "walk": here_is(lambda s: s.screen.goal.album_id, ("end",)),
    "back": to(WalkScreen),
    "help": HELP[RouteScreen],
}


def look_at_middle(stage: Stage) -> None:
    stage.screen.action_whole()
    stage.screen.action_all_genres()
    columns, rows = stage.screen.view.columns, stage.screen.view.rows
    stage.screen._focus_nearest(columns // 2, rows // 2)


def map_spot(axis: int) -> Look:
    return lambda s: s.screen.view.cells(s.screen.map.places[s.screen.focus_row : s.screen.focus_row + 1])[0][axis]


def near(stage: Stage) -> None:
    look_at_middle(stage)
    stage.screen.action_zoom(4)


def elsewhere(stage: Stage) -> None:
    here = stage.session.snapshot.row(stage.session.here.album_id)
    stage.screen._focus(5 if here != 5 else 6)


def two_at_a_spot(stage: Stage) -> None:
    look_at_middle(stage)
    stage.screen._focus(2)


def genre(number: int) -> Case:
    return Case(
        lambda s: s.screen.shown.tolist(),
        lambda was, now: [i for i in range(len(now)) if was[i] != now[i]] == [number],
    )


MAP = {
    "left": falls(map_spot(0), look_at_middle),
    "right": rises(map_spot(0), look_at_middle),
    "up": falls(map_spot(1), look_at_middle),
    "down": rises(map_spot(1), look_at_middle),
    "pan-left": falls(lambda s: s.screen.view.x, near),
    "pan-right": rises(lambda s: s.screen.view.x, near),
    "pan-up": rises(lambda s: s.screen.view.y, near),
    "pan-down": falls(lambda s: s.screen.view.y, near),
    "nearer": rises(lambda s: s.screen.view.nearness, look_at_middle),
    "farther": falls(lambda s: s.screen.view.nearness, near),
    "whole": becomes(lambda s: s.screen.view.nearness, 1.0, near),
    "here": becomes(lambda s: s.screen.looked_at.album_id == s.session.here.album_id, True, elsewhere),
    "next": Case(lambda s: s.screen.focus_row, lambda was, now: {was, now} == {2, 3}, two_at_a_spot),
    **{f"genre-{number}": genre(number - 1) for number in range(1, 10)},
    "all-genres": becomes(lambda s: bool(s.screen.shown.all()), True, ("1", "9")),
    "choose": here_is(lambda s: s.screen.looked_at.album_id, elsewhere),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[MapScreen],
    "back": to(WalkScreen),
}


def network_here(stage: Stage) -> None:
    stage.screen.action_whole()
    stage.screen.action_here()


def site(axis: int) -> Look:
    return lambda s: s.screen.network.sites[s.screen.focused_id][axis]


def network_near(stage: Stage) -> None:
    while len(stage.session.network.explored) < 4:
        stage.session.expand(next(reversed(stage.session.network.sites)))
    stage.screen.redraw()
    network_here(stage)
    while stage.screen.window.number < stage.screen.window.nearest:
        stage.screen.action_zoom(1)


def network_far(stage: Stage) -> None:
    network_near(stage)
    stage.screen.action_zoom(-2)


def unopened(stage: Stage) -> None:
    network = stage.screen.network
    stage.screen._focus(next(one for one in network.sites if one not in network.explored))


def edge(step: int) -> Case:
    def look(stage: Stage) -> tuple[list[str], str]:
        screen = stage.screen
        return screen.network.joined(screen.focused_id), screen.other_id

    def differs(was: Any, now: Any) -> bool:
        edges = was[0]
        return bool(len(edges) > 1 and now[1] == edges[(edges.index(was[1]) + step) % len(edges)])

    return Case(look, differs, network_here)


NETWORK = {
    "left": falls(site(0), network_here),
    "right": rises(site(0), network_here),
    "up": falls(site(1), network_here),
    "down": rises(site(1), network_here),
    "pan-left": falls(lambda s: s.screen.window.left, network_near),
    "pan-right": rises(lambda s: s.screen.window.left, network_near),
    "pan-up": falls(lambda s: s.screen.window.top, network_near),
    "pan-down": rises(lambda s: s.screen.window.top, network_near),
    "nearer": moved(lambda s: s.screen.window.number, 1, network_far),
    "farther": moved(lambda s: s.screen.window.number, -1, network_near),
    "whole": becomes(
        lambda s: all(s.screen.window.shows(one) for one in s.screen.network.sites.values()), True, network_near
    ),
    "here": becomes(lambda s: s.screen.focused_id == s.session.here.album_id, True, unopened),
    "expand": becomes(lambda s: s.screen.focused_id in s.session.network.explored, True, unopened),
    "edge": edge(1),
    "edge-before": edge(-1),
    "choose": here_is(lambda s: s.screen.focused_id, unopened),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[NetworkScreen],
    "back": to(WalkScreen),
}


def view(name: str) -> Callable[[Stage], None]:
    """The evidence at a view, at a pair with others on all sides."""

    def before(stage: Stage) -> None:
        stage.screen.view, stage.screen.chosen, stage.screen.shown = name, (1, 2), "artist"
        stage.screen.redraw()

    return before


def measuring(stage: Stage) -> None:
    stage.app.evidence.command = [sys.executable, "-c", "import time; time.sleep(60)"]
    stage.app.evidence.start()


def no_run(stage: Stage) -> None:
    stage.app.evidence.close()
    stage.app.evidence.command = [sys.executable, "-c", "import time; time.sleep(60)"]


EVIDENCE = {
    "left": moved(lambda s: s.screen.chosen[0], -1, view("pairs")),
    "right": moved(lambda s: s.screen.chosen[0], 2, view("pairs")),  # over the diagonal
    "up": moved(lambda s: s.screen.chosen[1], -2, view("pairs")),
    "down": moved(lambda s: s.screen.chosen[1], 1, view("pairs")),
    "view": becomes(lambda s: s.screen.view, "looks", view("pairs")),
    "view-before": becomes(lambda s: s.screen.view, "pairs", view("looks")),
    "folds": becomes(lambda s: s.screen.shown, "best", view("pairs")),
    "run": becomes(lambda s: s.app.evidence.is_running, True, no_run),
    "stop": becomes(lambda s: (s.app.evidence.is_running, "stopped;" in s.text), (False, True), measuring),
    "open": becomes(lambda s: "the report is" in s.text, True, view("pairs")),
    "theme": next_theme(),
    "palette": PALETTE,
    "help": HELP[EvidenceScreen],
    "back": to(WalkScreen),
}


def no_clipboard(stage: Stage) -> None:
    stage.app.copy_to_clipboard("")


SQL = {
    "copy": Case(
        lambda s: (s.app.clipboard, s.screen.sql),
        lambda was, now: was[0] == "" and now[0] == now[1] != "",
        no_clipboard,
    ),
    "back": to(WalkScreen),
    "help": HELP[SqlScreen],
}
HELPED = {
    "back": to(WalkScreen),
    "more": rises(lambda s: s.screen._first, ("up",) * 6),
    "less": falls(lambda s: s.screen._first, ("down",)),
}


def draft(stage: Stage) -> Any:
    return stage.app.bench.draft


def weight(stage: Stage) -> float:
    return float(draft(stage).given[stage.app.bench.chosen])


async def fresh(stage: Stage) -> None:
    fill_tray(stage)
    bench = stage.app.bench
    bench.change(Draft.of(stage.session.tray))
    bench.chosen, bench.direction = 1, 0
    bench.variants.clear()
    stage.screen.view = "preview"
    stage.screen.redraw()
    stage.screen._preview()
    await until(stage.pilot, lambda: stage.screen.drawn == bench.draft)


def after_fresh(*keys: str) -> Callable[[Stage], Awaitable[None]]:
    async def before(stage: Stage) -> None:
        await fresh(stage)
        for key in keys:
            await stage.pilot.press(key)
            await until(stage.pilot, lambda: stage.screen.drawn == stage.app.bench.draft)

    return before


def mode(step: int) -> Case:
    return Case(lambda s: MODES.index(draft(s).mode), lambda was, now: now == (was + step) % len(MODES), fresh)


def steps(stage: Stage) -> float:
    return float(draft(stage).steps(stage.screen.directions[0]))


def variant(number: int) -> Case:
    keys = ("v", "up", "v", "up", "v", "up", "v", "r")
    return Case(
        lambda s: (draft(s), s.app.bench.variants[number - 1].draft),
        lambda was, now: was[0] != was[1] and now[0] == was[1],
        after_fresh(*keys),
    )


def files(stage: Stage) -> int:
    return len(list((stage.folder / "blends").glob("*.png"))) if (stage.folder / "blends").exists() else 0


BENCH = {
    "left": moved(lambda s: s.app.bench.chosen, -1, fresh),
    "right": moved(lambda s: s.app.bench.chosen, 1, fresh),
    "more": moved(weight, 0.1, fresh),
    "less": moved(weight, -0.1, fresh),
    "fine-more": moved(weight, 0.01, fresh),
    "fine-less": moved(weight, -0.01, fresh),
    "solo": Case(lambda s: draft(s).given, lambda was, now: now == (0, 1, 0) != was, fresh),
    "mute": Case(lambda s: draft(s).given, lambda was, now: now == (was[0], 0, was[2]) != was, fresh),
    "even": Case(
        lambda s: (len(set(draft(s).given)), draft(s).drift),
        lambda was, now: was[0] > 1 and was[1] != () and now == (1, ()),
        after_fresh("up", "plus"),
    ),
    "mode": mode(1),
    "mode-before": mode(-1),
    "direction": moved(lambda s: s.app.bench.direction % 2, 1, fresh),
    "direction-before": moved(lambda s: s.app.bench.direction % 2, -1, after_fresh("d")),
    "drift": moved(steps, 1, fresh),
    "drift-back": moved(steps, -1, fresh),
    "dice": Case(lambda s: draft(s).given, lambda was, now: len(set(was)) == 1 and len(set(now)) == 3, fresh),
    "undo": moved(weight, -0.1, after_fresh("up")),
    "redo": moved(weight, 0.1, after_fresh("up", "u")),
    "keep": Case(
        lambda s: [one.draft for one in s.app.bench.variants], lambda was, now: was == [] and len(now) == 1, fresh
    ),
    "variants": becomes(lambda s: s.screen.view, "variants", after_fresh("v")),
    **{f"variant-{number}": variant(number) for number in range(1, 5)},
    "self": becomes(
        lambda s: (s.screen.view, draft(s).albums[1].cover_sha256 in s.screen._encoded), ("self", True), fresh
    ),
    "add": to(FindScreen, "which album onto the bench?", fresh),
    "take-out": Case(
        lambda s: [album.album_id for album in draft(s).albums],
        lambda was, now: len(was) == 3 and now == [was[0], was[2]],
        fresh,
    ),
    "write": moved(files, 1, fresh),
    "write-as": to(WriteScreen, "write this blend", fresh),
    "near": to(NearScreen, "nearest to this blend", fresh),
    "gallery": to(GalleryScreen, " gallery ", fresh),
    "palette": PALETTE,
    "help": HELP[BenchScreen],
    "back": to(WalkScreen, before=fresh),
}


def at_first_row(stage: Stage) -> None:
    stage.screen.row = 1


def at_what(stage: Stage) -> None:
    stage.screen.row, stage.screen.place["what"] = 0, 1


WRITE = {
    "down": moved(lambda s: s.screen.row, 1, at_first_row),
    "up": moved(lambda s: s.screen.row, -1, at_first_row),
    "right": moved(lambda s: s.screen.place["what"], 1, at_what),
    "left": moved(lambda s: s.screen.place["what"], -1, at_what),
    "write": moved(files, 1),
    "back": to(BenchScreen),
    "help": HELP[WriteScreen],
}


def twelfth(stage: Stage) -> None:
    stage.screen.chosen = 11


NEAR = {
    "next": moved(chosen, 1),
    "previous": moved(chosen, -1, ("down",)),
    "page-down": moved(chosen, 10),
    "page-up": moved(chosen, -10, twelfth),
    "choose": here_is(lambda s: s.screen.neighbors[s.screen.chosen].album.album_id, twelfth),
    "back": to(BenchScreen),
    "help": HELP[NearScreen],
}


def trash(stage: Stage) -> int:
    return len(list((stage.app.library.blends_dir / "trash").glob("*")))  # type: ignore[union-attr]


def at_blend(number: int) -> Callable[[Stage], None]:
    def before(stage: Stage) -> None:
        stage.screen._choose(number)

    return before


GALLERY = {
    "next": moved(chosen, 1, at_blend(0)),
    "previous": moved(chosen, -1, at_blend(1)),
    "page-down": moved(chosen, 10, at_blend(0)),
    "page-up": moved(chosen, -10, at_blend(10)),
    "open": Case(
        lambda s: (s.kind, s.app.bench.draft.drift if s.app.bench.drafts else None),
        lambda was, now: was[0] is GalleryScreen and now == (BenchScreen, (("brighter", 10.0),)),
        at_blend(1),
    ),
    "near": to(NearScreen, "nearest to this blend", at_blend(1)),
    "trash": Case(
        lambda s: (trash(s), len(s.screen.gallery.entries)),
        lambda was, now: now == (was[0] + 1, was[1] - 1),
        at_blend(1),
    ),
    "undo": Case(
        lambda s: (trash(s), len(s.screen.gallery.entries)), lambda was, now: now == (was[0] - 1, was[1] + 1), ("x",)
    ),
    "back": to(WalkScreen),
    "help": HELP[GalleryScreen],
}
WELCOME = {"begin": to(WalkScreen), "quit": leaves()}
EMPTY = {"quit": leaves()}


def sent(stage: Stage) -> list[str]:
    """Everything written to the terminal so far; its screen is up to date."""
    screen, app = stage.app.screen, stage.app
    if app._mirror is None:
        written: list[str] = []
        app._mirror = TerminalMirror(*app.size, ColorSystem.TRUECOLOR)
        app._mirror.paint(laid([[strip] for strip in screen._compositor.render_strips()]))
        while app._mirror.take(10_000_000):
            pass
        app._driver.write = written.append  # type: ignore[method-assign, union-attr, assignment]
    return app._driver.write.__self__.copy()  # type: ignore[no-any-return, union-attr, attr-defined]


def metered(stage: Stage) -> bool:
    """Whether a key's cost stands in the row of keys once something was sent for it."""
    sent(stage)
    stage.app._key = (0.0, stage.app.sent_bytes)
    stage.screen._refresh_keys()
    stage.app.redraw()
    return "last key:" in stage.screen.query_one(KeysLine).rows[0]


APP = {
    "redraw": Case(
        lambda s: (len("".join(sent(s))), "all keys" in "".join(sent(s))),
        lambda was, now: now[0] - was[0] > 10_000 and now[1],
    ),
    "meter": Case(metered, lambda was, now: now is not was),
    "quit": leaves(),
}
CASES: dict[str, dict[str, Case]] = {
    "app": APP,
    "walk": WALK,
    "counts": COUNTS,
    "find": FIND,
    "trail": TRAIL,
    "route": ROUTE,
    "map": MAP,
    "network": NETWORK,
    "evidence": EVIDENCE,
    "sql": SQL,
    "help": HELPED,
    "bench": BENCH,
    "write": WRITE,
    "near": NEAR,
    "gallery": GALLERY,
    "welcome": WELCOME,
    "empty": EMPTY,
}
KINDS = {
    "counts": WalkScreen,
    "find": FindScreen,
    "trail": TrailScreen,
    "map": MapScreen,
    "network": NetworkScreen,
    "sql": SqlScreen,
    "evidence": EvidenceScreen,
    "help": HelpScreen,
    "bench": BenchScreen,
    "write": WriteScreen,
    "near": NearScreen,
    "gallery": GalleryScreen,
    "route": RouteScreen,
}
KEYS = {binding.id: binding.key.split(",") for bindings in all_bindings() for binding in bindings if binding.id}


def test_every_binding_has_a_case() -> None:
    assert {f"{scene}.{name}" for scene, cases in CASES.items() for name in cases} == set(KEYS)


@pytest.mark.parametrize("scene", CASES)
async def test_every_key_does_what_help_says(scene: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = scene if scene in SCENES else "walk"
    app = scene_app(opened, tmp_path)
    if scene in ("walk", "bench"):
        app.library = scene_app("gallery", tmp_path / "other").library
    left: list[object] = []
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr(app, "exit", lambda *told, **_: left.append(told))
    async with app.run_test(size=SIZES.get(scene, USUAL)) as pilot:
        stage = Stage(pilot, app, left, tmp_path)
        failed = [
            f"{scene}.{name} {key!r}: {why}"
            for name, case in CASES[scene].items()
            for key in KEYS[f"{scene}.{name}"]
            if (why := await tried(stage, opened, case, key))
        ]
    app.evidence.close()
    if app.decoder is not None:
        app.decoder.close()
    assert failed == []


async def tried(stage: Stage, scene: str, case: Case, key: str) -> str:
    """Why a key does not do what it should; "" where it does."""
    await play(stage, scene)
    if callable(case.before):
        waiting = case.before(stage)
        if waiting is not None:
            await waiting
    else:
        await stage.pilot.press(*case.before)
    await stage.pilot.pause()
    was = case.look(stage)
    await stage.pilot.press(key, *case.after)
    for _ in range(150):
        now = case.look(stage)
        if case.differs(was, now):
            return ""
        await stage.pilot.pause(0.01)
    return f"{was} became {now}"


async def play(stage: Stage, scene: str) -> None:
    """The scene anew: from the walk, with no filter and nothing open."""
    app = stage.app
    if scene in ("welcome", "empty"):
        if scene == "welcome" and isinstance(app.screen, WalkScreen):
            from tui.screens.welcome import WelcomeScreen

            app.push_screen(WelcomeScreen(len(stage.session.snapshot)))
        await open_scene(stage.pilot, scene)
        return
    stays = KINDS.get(scene) is type(app.screen) and (scene != "counts" or isinstance(app.screen.focused, Counts))
    stage.session.set_filter(Filter())
    if stays:
        return
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await stage.pilot.pause()
    walk = app.screen
    assert isinstance(walk, WalkScreen)
    walk.action_close()
    if scene == "route":
        stage.session.jump(stage.session.snapshot.album(0).album_id)
    stage.session.tray = [stage.session.snapshot.album(row) for row in (1, 2, 3)] if SCENES[scene][:1] == ("B",) else []
    await open_scene(stage.pilot, scene)
