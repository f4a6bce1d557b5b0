"""The Textual app: a session and its screens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget

from store.errors import LibraryError
from store.neighbors.taste import Suggestion, near_plays
from store.records import Album
from tui.hearing import Hearing
from tui.keynames import keyed
from tui.palette import DEFAULTS, NIGHT, PAPER, SLEEVE, THEMES, in_sixteen, theme_after
from tui.pictures.cells import FINE, LITE
from tui.pictures.colors import ColorMode, color_mode
from tui.pictures.painter import CoverPainter
from tui.pictures.sleeve import sleeve_colors
from tui.screens.base import DrawnScreen
from tui.screens.bench.screen import BenchScreen
from tui.screens.card import CardScreen
from tui.screens.empty import EmptyScreen
from tui.screens.evidence.run import EvidenceDesk, report_folder, validate_command
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.exporting import Exporter
from tui.screens.find import ASKS, FindScreen
from tui.screens.gallery import GalleryScreen
from tui.screens.help import HelpScreen
from tui.screens.lens import LensScreen
from tui.screens.library.album import AlbumScreen
from tui.screens.library.albums import ArtistScreen
from tui.screens.library.listing import ListScreen
from tui.screens.map.screen import MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.palette.screen import Entry, PaletteScreen
from tui.screens.registry import APP_BINDINGS, acting, bindings_of, help_for, own_key_names
from tui.screens.route.screen import RouteScreen
from tui.screens.shelf import ShelfScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.screen import WalkScreen
from tui.screens.welcome import WelcomeScreen
from tui.setup import Setup
from tui.terminal.choice import Asked
from tui.terminal.display import has_title, title_codes
from tui.walk.bench import Bench, Draft
from tui.widgets.bars import KeysLine, TrailLine
from tui.workers.jukebox import Jukebox

SUGGESTED = 24  # albums near what is played that are looked for at once


class SleevewalkApp(Hearing):
    """Walk the graph of albums. Holds no file open: what it shows is in memory or a cover file."""

    CSS_PATH = "app.tcss"
    TITLE = "sleevewalk"
    ENABLE_COMMAND_PALETTE = False  # Textual's; ours is a screen like find
    BINDINGS: ClassVar[list[BindingType]] = APP_BINDINGS

    def __init__(self, setup: Setup) -> None:
        super().__init__()
        self.setup, self.look, self.config, self.session = setup, setup.look, setup.config, setup.session
        self.key_names = own_key_names(self.config.keys)
        self.bench = Bench()
        self.evidence = EvidenceDesk(report_folder(setup.library_path), validate_command(setup.library_path))
        self.take_colors(self.look.color)
        mode = ColorMode(self.look.color) if self.colorless else color_mode(self.console.color_system, self.no_color)
        self.painter = CoverPainter(setup.covers, mode, LITE if self.look.lite else FINE, self.draw_cells)
        self.painter.light = self.look.light
        self.jukebox = Jukebox(setup.library, self.config.player, self.post_message, setup.opens_player)
        self.exporter = Exporter(setup.covers, setup.library_path / "walks", self.jukebox.playables)
        self._suggested: list[Suggestion] = []  # to come, the best first
        self.metered = False
        self.remark = ""  # to be told at the start
        self.animation_level = "none"
        own_look = PAPER if self.look.light and not self.colorless else NIGHT
        for theme in (*THEMES[:-1], replace(own_look, name=SLEEVE.name)):
            self.register_theme(in_sixteen(theme) if mode is ColorMode.BASIC else theme)
        self.theme = self.config.theme or own_look.name
        self.set_keymap(self.config.keys)

    def use(self, asked: Asked) -> None:
        """Draw covers as was chosen; call it before the app runs."""
        cells, self.remark = asked.cells, asked.remark
        self.painter.use(self.take_pictures(asked), cells.kind, cells.why, asked.choice.protocol == "sixel")

    def link_changed(self, slow: bool) -> None:
        """From here on covers are drawn for a slow link or in full, unless the person decided."""
        if self.look.lite is None:
            self.painter.tolerance = LITE if slow else FINE

    def action_meter(self) -> None:
        """Tell after each key what it cost, in the row of keys, until pressed again."""
        self.metered = not self.metered

    def key_drawn(self, size: int, seconds: float) -> None:
        """Bytes and time of the last key, where they are wanted."""
        if self.metered:
            quality = "lite" if self.painter.tolerance >= LITE else "fine"
            for line in self.screen.query(KeysLine):
                line.show_message(f"last key: {size:,} bytes, {seconds * 1000:.0f} ms, {quality}", False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that a foreign theme does not know."""
        return DEFAULTS

    def get_default_screen(self) -> Screen[None]:
        """The walk; a screen pushed over an empty one would be painted twice."""
        setup = self.setup
        if setup.session is None:
            return EmptyScreen(setup.library_path)
        return WalkScreen(setup.session, self.painter, setup.decoder, setup.blends_dir, self._album_changed)

    @property
    def walk(self) -> WalkScreen:
        """The walk, which every other screen lies over; only a library with albums has one."""
        walk = self.screen_stack[0]
        assert isinstance(walk, WalkScreen)
        return walk

    def action_theme(self) -> None:
        """The next theme."""
        self.theme = theme_after(self.theme)
        if isinstance(self.screen, DrawnScreen):
            self.screen.say(f'theme {self.theme}, until you leave; theme = "{self.theme}" in config.toml keeps it')

    @work
    async def action_palette(self) -> None:
        """Ask for an action of the screen that one is on, and run it."""
        if isinstance(below := self.screen, PaletteScreen):
            return
        holder = acting(below)
        place, bindings = self._keys_of(holder)
        entries = [Entry.of(one) for one in bindings if not one.action.endswith("palette")]
        action = await self.push_screen_wait(PaletteScreen(place, entries))
        if action is not None:
            await self.run_action(action, holder)

    def _keys_of(self, holder: Widget) -> tuple[str, list[Binding]]:
        """(what one is doing there, the keys that act on it and those that act everywhere) as the person has them."""
        place, bindings = help_for(holder, self.config.keys)
        told = {one.tooltip for one in bindings}
        everywhere = keyed(bindings_of(APP_BINDINGS), self.config.keys)
        return place, [*bindings, *(one for one in everywhere if one.tooltip not in told)]

    def on_mount(self) -> None:
        """Follow the theme; tell what there is to tell at the start."""
        self.theme_changed_signal.subscribe(self, self._recolor)
        if self.session is None:
            return
        if self.remark:
            self.call_after_refresh(self.walk.say, self.remark)
        if self.setup.welcome:
            self.push_screen(WelcomeScreen(len(self.session.snapshot)))
        if self.setup.picture is not None:
            self.action_lens(self.setup.picture)

    def _album_changed(self) -> None:
        """The window's title is the album in the centre; in one theme its cover gives the colours."""
        if has_title() and self.session is not None:
            self.set_title(title_codes(self.session.here))
        self._take_sleeve()

    def _take_sleeve(self) -> None:
        """In the theme `sleeve` the cover in the centre gives colours, for what is drawn from now on."""
        few = self.colorless or self.painter.mode is ColorMode.BASIC
        if self.theme == SLEEVE.name and self.session is not None and not few:
            pixels, own = self.painter.pixels(self.session.here), self.get_css_variables()
            self.theme_variables = own if pixels is None else {**own, **sleeve_colors(pixels, own["background"])}

    def _recolor(self, _theme: Theme) -> None:
        """Draw text, which has explicit colours, in those of the theme."""
        self._take_sleeve()
        for screen in self.screen_stack:
            for widget in screen.query("Lines, Field"):
                widget.refresh()
            if isinstance(screen, DrawnScreen):
                screen.redraw()

    async def _walk_to(self, screen: Screen[str | None]) -> None:
        """Show a screen and walk to the album that it answers with."""
        album_id = await self.push_screen_wait(screen)
        if album_id is not None:
            self.walk.jump(album_id)
            if isinstance(self.screen, MapScreen):  # the bench was opened from there
                self.screen.dismiss(None)

    def finder(self, asks: str = ASKS, does: str = "walk there") -> FindScreen:
        """A screen that asks for an album of this library, and says what becomes of the answer."""
        return FindScreen(self.walk.session, self.painter, self.setup.find, asks, does)

    @work
    async def action_find(self) -> None:
        """Find an album and walk to it."""
        await self._walk_to(self.finder())

    @work
    async def action_lens(self, path: Path | None = None) -> None:
        """Start from a picture: walk to the album that it shows, or to one whose sleeve is near."""
        if self.setup.looker is None:
            self.tell("no cover is indexed yet, so no picture can be compared; run `sleevewalk build`")
        else:
            await self._walk_to(LensScreen(self.painter, self.setup.looker, path))

    def page_of(self, album: Album) -> AlbumScreen:
        """All that is known of an album, to walk on from."""
        return AlbumScreen(self.walk.session, self.painter, album, self.setup.library)

    def sleeves_of(self, album: Album) -> ArtistScreen:
        """All sleeves of an album's artist, to walk to one."""
        return ArtistScreen(self.walk.session, self.painter, album)

    @work
    async def action_show(self, what: str) -> None:
        """The page of the album in focus, all sleeves of its artist, or the library as a list."""
        if what == "list":
            await self._walk_to(ListScreen(self.walk.session, self.painter, self.setup.added))
        else:
            await self._walk_to((self.page_of if what == "page" else self.sleeves_of)(self.walk.session.focused))

    @work
    async def action_only(self) -> None:
        """Ask in words which albums may be neighbours."""
        walk = self.walk
        await self.push_screen_wait(
            FindScreen(walk.session, self.painter, self.setup.find, "which albums may be neighbours?", keeps=True)
        )
        walk.redraw()

    @work(exclusive=True, group="suggest")
    async def action_suggest(self) -> None:
        """Walk to the next of the albums near what the person plays, and say why."""
        try:
            found = self._suggested or await asyncio.to_thread(near_plays, self.walk.session.neighborhood, SUGGESTED)
        except LibraryError as error:
            self.tell(str(error))
            return
        found = [one for one in found if one.album.album_id != self.walk.session.here.album_id]
        self._suggested = found[1:]
        if found:
            self.walk.jump(found[0].album.album_id)
        self.tell(f"never heard; {found[0].because}" if found else "you heard all that is near what you play")

    @work
    async def action_route(self) -> None:
        """Ask for an album and walk along the route to it, as far as the person chooses."""
        session = self.walk.session
        album_id = await self.push_screen_wait(self.finder("a route to which album?", "find the route"))
        if album_id == session.here.album_id:
            self.walk.say("you are here already: choose another album to find a route to")
        elif album_id is not None:
            goal, router = session.album(album_id), self.setup.router
            route = RouteScreen(session, self.painter, router, goal, self.finder, self.exporter)
            if album_ids := await self.push_screen_wait(route):
                self.walk.walk_along(album_ids)

    @work
    async def action_map(self) -> None:
        """The map of all covers, to walk to one of them."""
        if self.setup.mapper is not None:
            await self._walk_to(MapScreen(self.walk.session, self.painter, self.setup.mapper))

    @work
    async def action_network(self, expand: bool = False) -> None:
        """The albums explored so far, to walk to one of them; `expand`: with the ring of the one in focus."""
        session = self.walk.session
        session.explore()
        focus = session.focused.album_id
        if expand:
            session.expand(focus)
        await self._walk_to(NetworkScreen(session, self.painter, focus))

    @work
    async def action_trail(self) -> None:
        """The trail, to go to any stop of it."""
        seq = await self.push_screen_wait(TrailScreen(self.walk.session, self.painter, self.exporter))
        if seq is not None:
            self.walk.go_to(seq)

    @on(TrailLine.Pointed)
    def stop_clicked(self, message: TrailLine.Pointed) -> None:
        """Go to the stop of the trail that was clicked."""
        self.walk.go_to(message.seq)

    @work
    async def action_shelf(self) -> None:
        """Bookmarks, tray and walks; go to an album or to a walk's end."""
        chosen = await self.push_screen_wait(ShelfScreen(self.walk.session, self.painter))
        if isinstance(chosen, int):
            self.walk.go_to(chosen)
        elif chosen is not None:
            self.walk.jump(chosen)

    @work
    async def action_bench(self) -> None:
        """The blend bench with what lies in the tray."""
        tray, names = self.walk.session.tray, self.key_names
        place = "map" if isinstance(self.screen, MapScreen) else "walk"
        if len(tray) < 2 and isinstance(self.screen, DrawnScreen):
            said = "put two or more albums into the tray with {}, then press {}"
            self.screen.say(said.format(names(f"{place}.tray"), names(f"{place}.bench")))
        else:
            self.bench.take(tray)
            await self._walk_to(self._bench_screen())
            self.walk.session.tray = list(self.bench.left()) or tray
            self.walk.refresh_focus()

    def _bench_screen(self) -> BenchScreen:
        session, setup = self.walk.session, self.setup
        return BenchScreen(session, self.painter, setup.decoder, self.bench, setup.blends_dir, self.finder)

    @work
    async def action_gallery(self) -> None:
        """The blends so far; the one chosen goes onto the bench."""
        library = self.setup.library
        chosen = None if library is None else await self.push_screen_wait(GalleryScreen(self.painter, library))
        if chosen is None:
            return
        if chosen.parent is not None:
            if isinstance(self.screen, BenchScreen):
                self.screen.add(chosen.parent)
            else:
                there = self.walk.session.into_tray(chosen.parent)
                self.walk.say(f"in the tray: {chosen.parent.title}" if there else "the tray is full")
            return
        self.bench.open(Draft.from_recipe(chosen.recipe))
        if isinstance(self.screen, BenchScreen):
            self.screen.reopened(chosen.then)
            return
        (bench := self._bench_screen()).call_after_refresh(bench.go_on, chosen.then)
        await self._walk_to(bench)

    def action_card(self) -> None:
        """Every way to draw a cover, to choose one by eye."""
        self.push_screen(CardScreen(self.painter, self.walk.session.focused), self.walk.covers_changed)

    def action_evidence(self) -> None:
        """What sleeves say about the music, measured."""
        self.push_screen(EvidenceScreen(self.painter, self.evidence))

    def action_help(self) -> None:
        """The keys of the screen one is on."""
        self.push_screen(HelpScreen(*self._keys_of(acting(self.screen))))
