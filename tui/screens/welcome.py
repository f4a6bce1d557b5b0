"""The first walk through a library: what one sees and the few keys that it takes, in one screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.palette import SIGNAL_LETTERS
from tui.screens.help import SIGNALS_SAID
from tui.text import pad, wrap
from tui.widgets.lines import Lines, Span

KEYS_SAID = (
    ("arrows", "look at a neighbour: the panel says why it is one"),
    ("Enter", "walk there"),
    ("Backspace", "back, as you left it"),
    ("/", "find an album"),
    ("w", "choose what counts: the sleeve, the tags, the years …"),
    ("space  b", "collect covers, then blend them into a new one"),
    ("?", "every key of the screen you are on"),
)


class WelcomeScreen(Screen[None]):
    """Shown once over a library that nobody has walked yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,space", "app.pop_screen", "begin", id="welcome.begin", tooltip="Begin the walk"),
        Binding("q", "app.quit", "quit", id="welcome.quit", tooltip="Leave"),
    ]

    def __init__(self, albums: int) -> None:
        super().__init__()
        self.albums = albums

    def compose(self) -> ComposeResult:
        """All rows at once."""
        yield Lines(id="help-rows")

    def on_resize(self) -> None:
        """Draw with the theme in use."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        lines = self.query_one(Lines)
        palette, cells = lines.palette, max(20, lines.size.width)
        said = (
            f"{self.albums:,} albums. One of them is in the centre; around it stand its neighbours, "
            "joined by lines in the colour of the strongest reason:"
        )
        rows: list[list[Span]] = [[("sleevewalk: walk the graph of albums", palette.text("accent", bold=True))], []]
        rows += [[(row, palette.text())] for row in wrap(said, cells, 4)]
        rows.append([])
        for signal, letter in SIGNAL_LETTERS.items():
            name = pad(f"  {letter} {signal}", 16)
            rows.append([(name, palette.signal(signal, bold=True)), (SIGNALS_SAID[signal], palette.text("quiet"))])
        rows.append([])
        for key, does in KEYS_SAID:
            rows.append([(pad(f"  {key}", 16), palette.text(bold=True)), (does, palette.text("quiet"))])
        rows += [[], [("Enter begins", palette.text("accent", bold=True))]]
        lines.show(rows)
