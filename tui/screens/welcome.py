"""The first walk through a library: what one sees and the few keys that it takes, in one screen."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.palette import SIGNAL_LETTERS
from tui.screens.help import SIGNALS_SAID
from tui.screens.telling import TellingScreen
from tui.text import pad, wrap
from tui.widgets.lines import Lines, Span

KEYS_SAID = (
    ("arrows", "look at a neighbour: the panel says why it is one"),
    ("Enter", "walk there"),
    ("Backspace", "back, as you left it"),
    ("/", "find an album"),
    ("w", "choose what counts: the sleeve, the tags, the years …"),
    ("m  -", "the map of all covers; the network of those you came by"),
    ("space  B", "collect covers, then blend them on the bench"),
    ("?", "every key of the screen you are on"),
)


class WelcomeScreen(TellingScreen):
    """Shown once over a library that nobody has walked yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,space", "app.pop_screen", "begin", id="welcome.begin", tooltip="Begin the walk"),
        Binding("q", "app.quit", "quit", id="welcome.quit", tooltip="Leave"),
    ]

    def __init__(self, albums: int) -> None:
        super().__init__()
        self.albums = albums

    def rows(self, lines: Lines, cells: int) -> list[list[Span]]:
        """What one sees, and the keys."""
        palette = lines.palette
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
        return rows
