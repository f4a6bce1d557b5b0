"""The keys of a route: one list that acts on them, explains them and fills the command palette."""

from __future__ import annotations

from textual.binding import BindingType

from tui.keynames import Hint, keys_of
from tui.screens.sheets import LETTERS_TIP

COUNT_TIP = "So many albums in all: 1 then 0 for ten"
COUNTS = tuple(f"route.count-{digit}" for digit in range(1, 10))
KEYS = [
    Hint("←→", "look along", ("route.previous", "route.next")),
    Hint("Enter", "walk to here", ("route.walk",)),
    Hint("1–9", "how many", COUNTS),
    Hint("x", "export", ("route.export",)),
    Hint("O", "queue", ("route.queue",)),
    Hint("a", "stop", ("route.add",)),
    Hint("v", "another way", ("route.vary",)),
    Hint("+ -", "longer, shorter", ("route.longer", "route.shorter")),
    Hint("Esc", "back", ("route.back",)),
    Hint("?", "keys", ("route.help",)),
]

key = keys_of("route")
ROUTE_BINDINGS: list[BindingType] = [
    key("right,l", "move(1)", "next", "next", "The next step"),
    key("left,h", "move(-1)", "previous", "previous", "The step before"),
    key("down,j", "move(0, 1)", "row below", "below", "The row below"),
    key("up,k", "move(0, -1)", "row above", "above", "The row above"),
    key("end", "move(999)", "last", "last", "The end of the route"),
    key("home", "move(-999)", "first", "first", "The start of the route"),
    key("w", "weakest", "weakest step", "weakest", "The weakest step"),
    key("f,apostrophe", "letters", "letters", "letters", LETTERS_TIP),
    key("enter", "walk", "walk to here", "walk", "Walk along the route to this album"),
    key("a", "add", "add a stop", "add", "Add an album to stop at before the last one"),
    key("plus,equals_sign", "length(1)", "longer", "longer", "One step more"),
    key("minus", "length(-1)", "shorter", "shorter", "One step fewer"),
    *(key(str(digit), f"count({digit})", "how many", f"count-{digit}", COUNT_TIP) for digit in range(1, 10)),
    key("v", "vary", "another way", "vary", "Another way to the same album"),
    key("o", "one_an_artist", "one an artist", "one-an-artist", "One album an artist, or any"),
    key("0", "plain", "no wishes", "plain", "The strongest route again, over the same stops"),
    key("P", "hear(False)", "play", "play", "Play the whole route"),
    key("O", "hear(True)", "queue", "queue", "Queue the whole route"),
    key("x", "export", "export", "export", "Write the whole route: playlists, CSV, JSON, a page …"),
    key("escape,q", "dismiss(None)", "back", "back", "Back to the walk"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
]
