"""The Textual app: a session and its screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.theme import Theme

from store.neighbors.filters import Filter
from store.records import Album, Route, Weights
from tui.bench_door import open_gallery, open_tray
from tui.config import Config
from tui.keynames import key_name, keyed
from tui.palette import DEFAULTS, NIGHT, PAPER, SLEEVE, THEMES
from tui.pictures.colors import ColorMode
from tui.pictures.halfblocks import FINE, LITE
from tui.pictures.painter import CoverPainter, CoverSource
from tui.pictures.sleeve import sleeve_colors
from tui.screens.bench.screen import BenchScreen
from tui.screens.empty import EmptyScreen
from tui.screens.evidence.run import EvidenceDesk, report_folder, validate_command
from tui.screens.evidence.screen import EvidenceScreen
from tui.screens.find import Finder, FindScreen
from tui.screens.help import HelpScreen
from tui.screens.map.screen import Mapper, MapScreen
from tui.screens.network.screen import NetworkScreen
from tui.screens.registry import APP_BINDINGS, EVERYWHERE, bindings_of, help_for, own_key_names
from tui.screens.route import Router, RouteScreen
from tui.screens.trail import TrailScreen
from tui.screens.walk.counts import Counts
from tui.screens.walk.screen import WalkScreen
from tui.screens.welcome import WelcomeScreen
from tui.terminal.choice import Asked
from tui.terminal.display import Display, has_title, title_codes
from tui.terminal.look import TerminalLook
from tui.walk.bench import Bench
from tui.walk.session import Blender, Session
from tui.widgets.bars import KeysLine
from tui.workers.decoder import Decoder

if TYPE_CHECKING:
    from store.database.library import Library


class SleevewalkApp(Display):
    """Walk the graph of albums. Holds no file open: what it shows is in memory or a cover file."""

    CSS_PATH = "app.tcss"
    TITLE = "sleevewalk"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+k"
    BINDINGS: ClassVar[list[BindingType]] = APP_BINDINGS

    def __init__(
        self,
        session: Session | None,
        covers: CoverSource,
        find: Finder,
        *,
        library_path: Path,
        blends_dir: Path,
        blender: Blender | None = None,
        look: TerminalLook | None = None,
        router: Router | None = None,
        config: Config | None = None,
        welcome: bool = False,
        mapper: Mapper | None = None,
        decoder: Decoder | None = None,
        library: Library | None = None,
    ) -> None:
        """`mapper`: the map of this library, called off the screen's thread.

        `welcome`: explain the screen before the walk begins.
        """
        super().__init__()
        self.config = config or Config()
        self.key_names = own_key_names(self.config.keys)
        self.welcome = welcome
        self.mapper = mapper
        self.router = router or strongest_route
        self.session = session
        self.covers = covers
        self.find = find
        self.library_path = library_path
        self.blends_dir = blends_dir
        self.blender = blender
        self.decoder = decoder
        self.library = library
        self.bench = Bench()
        self.evidence = EvidenceDesk(report_folder(library_path), validate_command(library_path))
        self.look = look or TerminalLook()
        self.take_colors(self.look.color)
        mode = ColorMode(self.look.color) if self.colorless else color_mode(self.console.color_system, self.no_color)
        self.painter = CoverPainter(covers, mode, LITE if self.look.lite else FINE, self.draw_cells)
        self.painter.light = self.look.light
        self.metered = False
        self.remark = ""  # to be told at the start
        self.animation_level = "none"
        own_look = PAPER if self.look.light and not self.colorless else NIGHT
        for theme in (*THEMES[:-1], replace(own_look, name=SLEEVE.name)):
            self.register_theme(theme)
        self.theme = self.config.theme or own_look.name
        self.set_keymap(self.config.keys)

    def use(self, asked: Asked) -> None:
        """Draw covers as was chosen; call it before the app runs."""
        self.painter.pictures = self.take_pictures(asked)
        if asked.choice.refused:
            self.remark = f"covers are half blocks: {asked.choice.why}"

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
        if self.session is None:
            return EmptyScreen(self.library_path)
        warm_up = None if self.decoder is None else self.decoder.start
        return WalkScreen(self.session, self.painter, self.blender, self.blends_dir, warm_up)

    def action_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: the actions of the screen it was opened on."""
        _, bindings = help_for(screen, self.config.keys)
        for name, does, binding in ((b.description, b.tooltip, b) for b in bindings):
            if binding.action != "app.command_palette":
                key = key_name(binding.key)
                yield SystemCommand(f"{name} ({key})", does, partial(self._run, screen, binding.action))

    async def _run(self, screen: Screen[Any], action: str) -> None:
        await self.run_action(action, screen.focused if isinstance(screen.focused, Counts) else screen)

    def on_mount(self) -> None:
        """Text that is drawn with explicit colours is drawn anew in the colours of another theme."""
        self.theme_changed_signal.subscribe(self, self._recolor)
        if self.remark and isinstance(self.screen, WalkScreen):
            self.call_after_refresh(self.screen.say, self.remark)
        if self.welcome and self.session is not None:
            self.push_screen(WelcomeScreen(len(self.session.snapshot)))

    def at_album(self, album: Album) -> None:
        """The walk arrived at an album."""
        if has_title():
            self.set_title(title_codes(album))
        if self.theme == SLEEVE.name:
            own = self.get_css_variables()
            pixels = None if self.colorless else self.painter.pixels(album)
            self.theme_variables = own if pixels is None else {**own, **sleeve_colors(pixels, own["background"])}

    def _recolor(self, _theme: Theme) -> None:
        for screen in self.screen_stack:
            for widget in screen.query("Lines, Field"):
                widget.refresh()
            if isinstance(screen, WalkScreen):
                screen.refresh_ring()
            elif isinstance(screen, MapScreen | NetworkScreen | BenchScreen | EvidenceScreen):
                screen.redraw()

    def action_redraw(self) -> None:
        """After another program wrote over the screen."""
        self.redraw()

    def action_find(self) -> None:
        """The find screen; its answer is walked to."""
        if self.session is None:
            return

        def answer(album_id: str | None) -> None:
            walk = self.screen
            if album_id is not None and isinstance(walk, WalkScreen):
                walk.jump(album_id)

        self.push_screen(FindScreen(self.session, self.painter, self.find), answer)

    def action_route(self) -> None:
        """Ask for an album and show the way to it."""
        session = self.session
        if session is None:
            return

        def walk(album_ids: list[str] | None) -> None:
            if album_ids and isinstance(self.screen, WalkScreen):
                self.screen.walk_along(album_ids)

        def route(album_id: str | None) -> None:
            if album_id == session.here.album_id and isinstance(self.screen, WalkScreen):
                self.screen.say("you are here already: choose another album to find a route to")
            elif album_id is not None:
                goal = session.album(album_id)
                self.push_screen(RouteScreen(session, self.painter, self.router, goal), walk)

        asks, does = "a route to which album?", "find the route"
        self.push_screen(FindScreen(session, self.painter, self.find, asks, does), route)

    def action_map(self) -> None:
        """The map; its answer is walked to."""
        if self.session is None or self.mapper is None:
            return

        def answer(album_id: str | None) -> None:
            if album_id is not None and isinstance(self.screen, WalkScreen):
                self.screen.jump(album_id)

        self.push_screen(MapScreen(self.session, self.painter, self.mapper), answer)

    def finder(self, asks: str, does: str) -> FindScreen:
        """A screen that asks for an album of this library."""
        assert self.session is not None
        return FindScreen(self.session, self.painter, self.find, asks, does)

    def action_bench(self) -> None:
        """The blend bench with what lies in the tray."""
        open_tray(self)

    def action_evidence(self) -> None:
        """What sleeves say about the music, measured."""
        self.push_screen(EvidenceScreen(self.painter, self.evidence))

    def action_gallery(self) -> None:
        """The blends so far."""
        open_gallery(self)

    def action_network(self, expand: bool = False) -> None:
        """The albums explored so far, with the ring of the one in focus opened first where asked; its answer is
        walked to.
        """
        session = self.session
        if session is None:
            return
        session.explore()
        focus = session.focused.album_id
        if expand:
            session.expand(focus)

        def answer(album_id: str | None) -> None:
            if album_id is not None and isinstance(self.screen, WalkScreen):
                self.screen.jump(album_id)

        self.push_screen(NetworkScreen(session, self.painter, focus), answer)

    def action_trail(self) -> None:
        """The trail; its answer is the stop to go to."""
        if self.session is None:
            return

        def answer(seq: int | None) -> None:
            if seq is not None and isinstance(self.screen, WalkScreen):
                self.screen.go_to(seq)

        self.push_screen(TrailScreen(self.session, self.covers, self.library_path / "walks"), answer)

    def action_help(self) -> None:
        """The keys of the screen one is on."""
        screen = self.screen
        if isinstance(screen, HelpScreen):
            return
        title, bindings = help_for(screen, self.config.keys)
        self.push_screen(HelpScreen(title, [*bindings, *keyed(bindings_of(EVERYWHERE), self.config.keys)]))


def strongest_route(
    neighborhood: Any, start: str, goal: str, weights: Weights, chosen: Filter, should_stop: Callable[[], bool]
) -> Route:
    """The store's route over albums that pass `chosen`; stops looking when told."""
    from store.neighbors.routes import find_route

    return find_route(neighborhood, start, goal, weights, should_stop=should_stop, chosen=chosen)


def color_mode(system: str | None, no_color: bool) -> ColorMode:
    """How covers are sent to a terminal of rich's colour system `system`."""
    if no_color:
        return ColorMode.GRAY
    if system == "256":
        return ColorMode.INDEXED
    if system in ("standard", "windows"):
        return ColorMode.BASIC
    return ColorMode.TRUECOLOR
