"""The keys of the map: one list that acts on them, explains them and fills the command palette."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.keynames import Hint
from tui.screens.sheets import LETTERS_TIP

ARROWS = ("map.left", "map.down", "map.up", "map.right")
GENRE_KEYS = 9  # the last one stands for all genres without a key of their own
GENRE_TIP = "Hide or show a genre of the legend"
GENRES = tuple(f"map.genre-{number}" for number in range(1, GENRE_KEYS + 1))
KEYS = [
    Hint("arrows", "look", ARROWS),
    Hint("+ -", "zoom", ("map.nearer", "map.farther")),
    Hint("Enter", "walk there", ("map.choose",)),
    Hint("space", "tray", ("map.tray",)),
    Hint("b", "blend", ("map.bench",)),
    Hint("v", "covers or colours", ("map.view",)),
    Hint("f", "only these", ("map.filter",)),
    Hint("1–9", "kinds", GENRES),
    Hint("Esc", "back", ("map.back",)),
    Hint("Tab", "next here", ("map.next",)),
    Hint("?", "keys", ("map.help",)),
]

MAP_BINDINGS: list[BindingType] = [
    Binding("left,h", "look('left')", "look left", id="map.left", tooltip="Focus the next album to the left"),
    Binding("down,j", "look('down')", "look down", id="map.down", tooltip="Focus the next album below"),
    Binding("up,k", "look('up')", "look up", id="map.up", tooltip="Focus the next album above"),
    Binding("right,l", "look('right')", "look right", id="map.right", tooltip="Focus the next album to the right"),
    Binding("shift+left,H", "pan(-1, 0)", "pan left", id="map.pan-left", tooltip="Move the map's window left"),
    Binding("shift+down,J", "pan(0, 1)", "pan down", id="map.pan-down", tooltip="Move the map's window down"),
    Binding("shift+up,K", "pan(0, -1)", "pan up", id="map.pan-up", tooltip="Move the map's window up"),
    Binding("shift+right,L", "pan(1, 0)", "pan right", id="map.pan-right", tooltip="Move the map's window right"),
    Binding("plus,equals_sign", "zoom(1)", "nearer", id="map.nearer", tooltip="Nearer: more of the covers (wheel)"),
    Binding("minus", "zoom(-1)", "farther", id="map.farther", tooltip="Farther (wheel)"),
    Binding("a", "whole", "whole map", id="map.whole", tooltip="The whole map"),
    Binding("c", "here", "where I am", id="map.here", tooltip="Focus the album where the walk is"),
    Binding("p", "layout", "other layout", id="map.layout", tooltip="By nearest sleeves, or by principal axes (PCA)"),
    Binding(
        "v", "coloring(1)", "view", id="map.view", tooltip="Covers, or dots coloured by genre, by fame, by the sleeve"
    ),
    Binding("V", "coloring(-1)", "view before", id="map.view-before", tooltip="The one before"),
    Binding("f", "filter", "only these", id="map.filter", tooltip="Walk among the albums in view only, or among all"),
    Binding(
        "x",
        "mark",
        "mark a part",
        id="map.mark",
        tooltip="Walk among a part only: mark a corner, go on, mark again; or draw it with the mouse",
    ),
    Binding("space", "tray", "tray", id="map.tray", tooltip="The album in focus into the blend tray, or out of it"),
    Binding(
        "b,B",
        "app.bench",
        "blend bench",
        id="map.bench",
        tooltip="The blend bench: weights, modes and drift for the tray",
    ),
    Binding("tab", "next(1)", "next here", id="map.next", tooltip="The next album at the same spot"),
    *(
        Binding(str(place + 1), f"genre({place})", f"genre {place + 1}", id=name, tooltip=GENRE_TIP)
        for place, name in enumerate(GENRES)
    ),
    Binding("0", "all_genres", "all genres", id="map.all-genres", tooltip="Show every genre"),
    Binding("apostrophe", "letters", "letters", id="map.letters", tooltip=LETTERS_TIP),
    Binding("enter", "choose", "walk there", id="map.choose", tooltip="Walk to the album in focus"),
    Binding("t", "app.theme", "theme", id="map.theme", tooltip="The next theme"),
    Binding(
        "ctrl+k,colon",
        "app.palette",
        "palette",
        id="map.palette",
        tooltip="Every action by name (or a right click)",
    ),
    Binding("question_mark", "app.help", "keys", id="map.help", tooltip="These keys"),
    Binding("escape,q,m", "leave", "back", id="map.back", tooltip="Back to the walk"),
]
