"""The Textual app: a session, its screens, and how a library is opened into them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.color import ColorSystem
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from tui.covers import CoverPainter, CoverSource
from tui.halfblocks import FINE, LITE, ColorMode
from tui.notebook import Notebook
from tui.palette import DEFAULTS, NIGHT, PAPER, THEMES
from tui.screens.empty import EmptyScreen
from tui.screens.find import Finder, FindScreen
from tui.screens.help import HelpScreen
from tui.screens.walk import WalkScreen
from tui.session import Blender, Session
from tui.terminal import TerminalLook
from tui.terminal_display import ThriftyDisplay

if TYPE_CHECKING:
    from store.library import Library
    from store.snapshot import Snapshot


class SleevewalkApp(ThriftyDisplay):
    """Walk the graph of albums. Holds no file open: what it shows is in memory or a cover file."""

    CSS_PATH = "app.tcss"
    TITLE = "sleevewalk"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", "quit", id="app.quit", tooltip="Leave", priority=True, show=False),
        Binding("ctrl+l", "redraw", "redraw", id="app.redraw", tooltip="Send the whole screen again", show=False),
    ]

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
    ) -> None:
        super().__init__()
        self.session = session
        self.covers = covers
        self.find = find
        self.library_path = library_path
        self.blends_dir = blends_dir
        self.blender = blender
        self.look = look or TerminalLook()
        self.colorless = self.look.color == "ascii"
        mode = ColorMode.ASCII if self.colorless else color_mode(self.console._color_system, self.no_color)
        self.painter = CoverPainter(covers, mode, LITE if self.look.lite else FINE)
        self.animation_level = "none"
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = PAPER.name if self.look.light and not self.colorless else NIGHT.name

    def slow_link(self) -> None:
        """From here on covers are drawn for a slow link, unless the person decided."""
        if self.look.lite is None:
            self.painter.tolerance = LITE

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that a foreign theme does not know."""
        return DEFAULTS

    def get_default_screen(self) -> Screen[None]:
        """The walk; a screen pushed over an empty one would be painted twice."""
        if self.session is None:
            return EmptyScreen(self.library_path)
        return WalkScreen(self.session, self.painter, self.blender, self.blends_dir)

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = PAPER.name if self.theme == NIGHT.name else NIGHT.name

    def on_mount(self) -> None:
        """Text that is drawn with explicit colours is drawn anew in the colours of another theme."""
        self.theme_changed_signal.subscribe(self, self._recolor)

    def _recolor(self, _theme: Theme) -> None:
        for screen in self.screen_stack:
            for widget in screen.query("Lines, Field"):
                widget.refresh()
            if isinstance(screen, WalkScreen):
                screen.refresh_ring()

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

    def action_help(self) -> None:
        """The keys of the screen one is on."""
        screen = self.screen
        if isinstance(screen, HelpScreen):
            return
        title = "finding an album" if isinstance(screen, FindScreen) else "walking"
        bindings = [binding for binding in screen.BINDINGS if isinstance(binding, Binding)]
        self.push_screen(HelpScreen(title, bindings))


def color_mode(system: ColorSystem | None, no_color: bool) -> ColorMode:
    """How covers are sent to a terminal that rich sees as `system`."""
    if no_color:
        return ColorMode.GRAY
    if system is ColorSystem.EIGHT_BIT:
        return ColorMode.INDEXED
    if system in (ColorSystem.STANDARD, ColorSystem.WINDOWS):
        return ColorMode.BASIC
    return ColorMode.TRUECOLOR


def last_stop(snapshot: Snapshot) -> str | None:
    """The album where the last recorded walk ended, if it is still in the library."""
    walks = snapshot.personal.walks
    return walks[-1].album_id if walks and snapshot.row(walks[-1].album_id) is not None else None


def run_app(
    library: Library,
    start_album: str | None = None,
    blender: Blender | None = None,
    look: TerminalLook | None = None,
) -> int:
    """Open a library and walk it until the person leaves; the exit status for the shell.

    `start_album` is an album_id; without one the walk goes on where the last one ended. `look` is the one that
    the terminal was prepared for before this module was imported.
    Raises LibraryError where the library cannot be read.
    """
    from store.covers import CoverFiles
    from store.find import find
    from store.neighborhood import open_neighborhood
    from store.personal import Personal

    neighborhood = open_neighborhood(library)
    personal = Personal(library)
    notebook = Notebook(personal)
    session = None
    if len(neighborhood.snapshot):
        session = Session(neighborhood, start_album or last_stop(neighborhood.snapshot), personal=notebook)
    app = SleevewalkApp(
        session,
        CoverFiles(library.covers_dir),
        find,
        library_path=library.path,
        blends_dir=library.blends_dir,
        blender=blender,
        look=look,
    )
    try:
        app.run()
    finally:
        notebook.close()
        personal.flush()
    return app.return_code or 0
