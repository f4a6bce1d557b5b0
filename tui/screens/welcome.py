"""The first walk through a library: what one sees and the few keys that it takes, beside what one sees."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.keynames import Hint, key_names
from tui.screens.base import Overlay
from tui.screens.help import signal_rows
from tui.screens.walk.keys import ARROWS
from tui.text import pad
from tui.widgets.lines import Lines, Span, wrapped

KEYS_SAID = (
    Hint("arrows", "look at a neighbour, and at why it is one", ARROWS),
    Hint("Enter", "walk there", ("walk.walk",)),
    Hint("Backspace", "back, as you left it", ("walk.back",)),
    Hint("/", "find an album", ("walk.find",)),
    Hint("w", "what counts: the sleeve, the tags, the years …", ("walk.counts",)),
    Hint("m  -", "the map of all covers; the network of your walk", ("walk.map", "walk.network")),
    Hint("space  B", "collect covers, then blend them on the bench", ("walk.tray", "walk.bench")),
    Hint("?", "every key of the screen you are on", ("walk.help",)),
)


NAMES = 15  # columns


class WelcomeScreen(Overlay[None]):
    """Shown once over a library that nobody has walked yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,space", "app.pop_screen", "begin", id="welcome.begin", tooltip="Begin the walk"),
        Binding("q", "app.quit", "quit", id="welcome.quit", tooltip="Leave"),
    ]

    def __init__(self, albums: int) -> None:
        super().__init__()
        self.albums = albums

    def compose(self) -> ComposeResult:
        """A box on the right: the album in the centre stays in sight where there is room."""
        yield Lines(id="welcome")

    def redraw(self) -> None:
        """Show the rows."""
        lines = self.query_one(Lines)
        rows = self.rows(lines, max(20, lines.size.width))
        lines.styles.height = len(rows)
        lines.show(rows)

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """What one sees, and the keys."""
        palette = lines.palette
        said = (
            f"{self.albums:,} albums. One of them is in the centre; around it stand its neighbours, "
            "joined by lines in the colour of the strongest reason:"
        )
        rows: list[list[Span]] = [[("sleevewalk: walk the graph of albums", palette.text("accent", bold=True))], []]
        rows += wrapped(said, cells, 4, palette.text())
        rows.append([])
        rows += signal_rows(palette, "  ", NAMES)
        rows.append([])
        names = key_names(self)
        for hint in KEYS_SAID:
            key = pad(f"  {names.shown(hint)}", NAMES)
            rows.append([(key, palette.text(bold=True)), (hint.does, palette.text("quiet"))])
        rows += [[], [(f"{names('welcome.begin')} begins", palette.text("accent", bold=True))]]
        return rows
