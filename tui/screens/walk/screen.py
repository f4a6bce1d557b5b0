"""The app's home: the graph around one album, why its neighbours are neighbours, the trail, the tray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from store.neighbors.sql import neighbors_sql
from store.records import Album
from tui.keynames import key_names
from tui.layout.navigation import Direction
from tui.layout.ring import MAX_RING, MIN_RING
from tui.pictures.painter import CoverPainter
from tui.screens.sql import SqlScreen
from tui.screens.walk.alike import Comparing
from tui.screens.walk.blendview import BlendView
from tui.screens.walk.counts import COUNTS_KEYS, Counts
from tui.screens.walk.details import Details
from tui.screens.walk.focus_cover import FocusCover
from tui.screens.walk.held import HeldKeys
from tui.screens.walk.keys import KEYS, WALK_BINDINGS
from tui.screens.walk.ringview import CENTER, RingView
from tui.screens.walk.trayview import TrayView
from tui.walk.session import Session
from tui.widgets.bars import KeysLine, ModeLine, Notices, TrailLine, WhyLine
from tui.widgets.cover import Cover
from tui.workers.decoder import TROUBLES, Decoder
from tui.workers.prefetch import Prefetch

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender, BlendResult

BLEND_MODE = "vivid"
BLEND_SIZE = 512
TOO_SMALL = "too small: 40x18 or more, please"


class WalkScreen(HeldKeys, Comparing):
    """Keys change the session; then only what differs is drawn."""

    hints = KEYS
    BINDINGS = WALK_BINDINGS

    def __init__(
        self,
        session: Session,
        painter: CoverPainter,
        decoder: Decoder,
        blends_dir: Path,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """`arrived` is called with another album in the centre, before it is drawn."""
        super().__init__()
        self.arrived = arrived
        self.session, self.painter, self.decoder = session, painter, decoder
        self.blends_dir = blends_dir
        self._prefetch = Prefetch(self.set_timer)

    def compose(self) -> ComposeResult:
        """Mode line, graph and panel, trail, keys."""
        yield ModeLine(id="mode")
        yield Notices(self.session.neighborhood.notices, id="notices")
        with Horizontal(id="stage"):
            yield RingView(self.painter, id="ring")
            with Container(id="side"):
                yield Details(id="details")
                yield FocusCover(self.painter, id="focus-cover")
                yield TrayView(self.painter, id="tray")
                yield BlendView(self.painter, id="blend")
                yield Counts(self.session, id="counts")
        yield WhyLine(id="why")
        yield TrailLine(id="trail")
        yield KeysLine(id="keys")

    # drawing

    def on_mount(self) -> None:
        """The walk begins at an album."""
        self.arrived()

    def on_ring_view_resized(self) -> None:
        """Another size: choose the ring that suits it and draw."""
        self.redraw()

    def redraw(self) -> None:
        """Draw everything that the session changed."""
        ring = self.query_one(RingView)
        count = ring.fitting(self.session.ring_size)
        if count:
            self.session.set_count(count)
        with self.app.batch_update():
            ring.lay_out(count)
            ring.show_session(self.session)
            self._refresh_text()
        self._prefetch.plan(ring.readied(self.session))

    def covers_changed(self, said: str | None) -> None:
        """Draw every cover anew where they are drawn in another way, and say so; None: they are not."""
        if said is not None:
            for cover in self.query(Cover):
                cover.again()
            self.say(said)

    def refresh_focus(self) -> None:
        """Draw what a moved focus changes: captions, marks and the panel."""
        ring = self.query_one(RingView)
        ring.show_focus(self.session)
        self._refresh_text()
        self._prefetch.plan(ring.readied(self.session))

    def _refresh_text(self) -> None:
        session = self.session
        details = self.query_one(Details)
        details.show_session(session, self.painter.problem(session.focused))
        self.query_one(FocusCover).follow(session, details, self.query_one(RingView).ring)
        self.query_one(ModeLine).show_session(session, len(session.ring.slots))
        self._show_trail()
        self.query_one(TrayView).show_session(session)
        self.query_one(WhyLine).show_session(session)
        self.query_one(Counts).draw()
        self.draw_keys()

    def _show_trail(self) -> None:
        with_tray = not self.has_class("-tall") or self.has_class("-narrow")
        self.query_one(TrailLine).show_session(self.session, with_tray)

    def draw_keys(self) -> None:
        """The keys of the panel in focus, or that there is no room."""
        counting = self.query_one(Counts).visible
        self.hints = COUNTS_KEYS if counting else KEYS
        if self.message is None and not counting and self.query_one(RingView).ring is None:
            self.query_one(KeysLine).show_message(TOO_SMALL, error=True)
        else:
            super().draw_keys()

    def resized(self) -> None:
        """Panel and bars follow the new width."""
        self._refresh_text()

    def show_playing(self, text: str) -> None:
        """Say in the mode line what the followed player is at."""
        if self.session.playing != text:
            self.session.playing = text
            self.query_one(ModeLine).show_session(self.session, len(self.session.ring.slots))

    # keys

    def action_play(self, queue: bool) -> None:
        """Play the album in focus, or queue it."""
        self.hear([self.session.focused], queue)

    def action_queue_tray(self) -> None:
        """Queue what lies in the tray."""
        if self.session.tray:
            self.hear(list(self.session.tray), True)
        else:
            self.say(f"the tray is empty: {key_names(self)('walk.tray')} puts an album into it")

    def action_look(self, direction: str) -> None:
        """Move the focus."""
        moved = self.query_one(RingView).look(self.session, cast(Direction, direction))
        if (moved or self.behind) and not self.passes_by():
            self.refresh_focus()

    def action_walk(self) -> None:
        """Walk to the album in focus."""
        ring = self.query_one(RingView)
        otherwise = f"you are here: an arrow looks around, then {key_names(self)('walk.walk')} walks"
        self._hop(lambda: self.session.walk(ring.opposite), otherwise)

    def action_back(self) -> None:
        """Back along the trail."""
        self._hop(self.session.back, "this is where the walk began")

    def action_forward(self) -> None:
        """Forward along the trail."""
        self._hop(self.session.forward, "nothing ahead: forward undoes back")

    def action_random(self, weighted: bool = False) -> None:
        """Jump to any album that passes the filters; `weighted`: rather to a well known one."""
        otherwise = "there is no other album in this library"
        if self.session.filter.is_set:
            names = key_names(self)
            way_out = f"{names('walk.counts')}, then {names('counts.no-filter')} takes them off"
            otherwise = f"no other album passes the filters: {way_out}"
        self._hop(lambda: self.session.random(weighted=weighted), otherwise)

    def _hop(self, move: Callable[[], bool], otherwise: str) -> None:
        if move():
            self._arrive()
            if trouble := self.session.trouble():
                self.say(f"this walk is not being recorded: {trouble}", error=True)
        else:
            if self.behind:
                self._arrive()
            self.say(otherwise)

    def jump(self, album_id: str) -> None:
        """Go to an album that was found."""
        self.walk_along([album_id])

    def walk_along(self, album_ids: list[str]) -> None:
        """Walk through every album of a route."""
        for album_id in album_ids:
            self.session.jump(album_id)
        self._arrive()

    def go_to(self, seq: int) -> None:
        """Go to a stop of the trail."""
        self.session.go_to(seq)
        self._arrive()

    def _arrive(self) -> None:
        """Draw where one is; of the albums that a held key passes by the names alone."""
        self.query_one(RingView).forget_way()
        if self.passes_by():
            self._show_trail()
        else:
            self.arrived()
            self.redraw()

    async def action_bookmark(self) -> None:
        """Mark the album in focus, or take the mark off; said once that is on the disk."""
        before, marked = dict(self.session.bookmarks), self.session.toggle_bookmark()
        self.refresh_focus()
        said = f"bookmarked: {key_names(self)('walk.find')} lists it first" if marked else "bookmark taken off"
        if trouble := await asyncio.to_thread(self.session.trouble, True):
            self.session.kept.bookmarks, said = before, f"not kept: {trouble}"
            self.refresh_focus()
        self.say(said, error=trouble is not None)

    def action_ring(self, step: int) -> None:
        """More or fewer neighbours."""
        ring = self.query_one(RingView)
        shown = len(self.session.ring.slots)
        wanted = max(MIN_RING, min(MAX_RING, shown + step))
        if ring.fitting(wanted) == shown:
            self.say("no more neighbours fit this window" if step > 0 else "this is the smallest ring")
            return
        self.session.ring_size = ring.fitting(wanted)
        self.redraw()

    def action_tray(self) -> None:
        """Into the tray, or out of it."""
        if self.session.toggle_tray():
            self.refresh_focus()
            if self.session.tray:
                self.decoder.start()  # the model loads while the walk goes on
        else:
            names = key_names(self)
            blend, bench, out = names("walk.blend"), names("walk.bench"), names("walk.tray")
            self.say(f"the tray is full: {blend} blends it, {bench} opens the bench, {out} takes an album out")

    def action_close(self) -> None:
        """Show the details again."""
        self.query_one(BlendView).visible = False
        counts = self.query_one(Counts)
        if counts.visible:
            counts.visible = False
            self.set_focus(None)
            self.remove_class("-counting")
            self.draw_keys()

    def action_counts(self) -> None:
        """What counts, over the details."""
        counts = self.query_one(Counts)
        counts.visible = True
        self.add_class("-counting")
        self.set_focus(counts)
        self.call_after_refresh(counts.draw)  # hidden it had no width, and a resize does not always come
        self.draw_keys()

    def on_counts_changed(self, message: Counts.Changed) -> None:
        """Rank again at once."""
        self.redraw()
        if message.problem:
            self.say(message.problem)

    def show_letters(self, letters: str) -> None:
        """In the captions."""
        self.query_one(RingView).show_focus(self.session, labels=letters)

    def letter_chosen(self, place: int) -> None:
        """Focus the neighbour that has the letter."""
        if place < len(self.session.ring.slots) and self.session.ring.slots[place] is not None:
            self.session.focus(place)
            self.refresh_focus()

    def action_sql(self) -> None:
        """The query of this neighbourhood."""
        session = self.session
        sql = neighbors_sql(session.here, len(session.ring.slots), session.weights, session.filter)
        self.app.push_screen(SqlScreen(sql, self.blends_dir.parent / "library.duckdb"))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Fewer neighbours."""
        event.stop()
        self.action_ring(-2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """More neighbours."""
        event.stop()
        self.action_ring(2)

    def on_cover_chosen(self, message: Cover.Chosen) -> None:
        """A click focuses, a second one walks."""
        slot = message.cover.slot
        if slot is None or message.cover.album is None:
            return
        self.session.focus(None if slot == CENTER else slot)
        self.refresh_focus()
        if message.twice and slot != CENTER:
            self.action_walk()

    # blending

    def action_blend(self) -> None:
        """Blend the tray in a thread; the walk goes on meanwhile."""
        if self.busy:
            self.say("one blend at a time: the last one is still being made")
        elif len(self.session.tray) < 2:
            tray, blend = key_names(self)("walk.tray"), key_names(self)("walk.blend")
            self.say(f"put two or more albums into the tray with {tray}, then press {blend}")
        else:
            self._blend(list(self.session.tray))

    @work
    async def _blend(self, albums: list[Album]) -> None:
        def write(blender: Blender) -> BlendResult:
            self.blends_dir.mkdir(exist_ok=True)  # a library that somebody deleted is not made again
            return blender.write(blender.recipe(albums, None, BLEND_MODE, BLEND_SIZE), self.blends_dir)

        self.busy = True
        self.say(f"blending {len(albums)} covers …")
        try:
            result = await asyncio.shield(asyncio.wrap_future(self.decoder.job(write)))
        except TROUBLES as error:
            self.say(f"no blend: {str(error) or type(error).__name__}", error=True)
        else:
            self.session.record_blend(result)
            self.query_one(BlendView).show_result(albums, result)
            self.say(f"wrote {result.path}")
        finally:
            self.busy = False
