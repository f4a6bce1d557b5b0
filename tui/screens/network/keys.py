"""The keys of the network: one list that acts on them, explains them and fills the command palette."""

from __future__ import annotations

from textual.binding import BindingType

from tui.keynames import Hint, keys_of
from tui.screens.sheets import LETTERS_TIP

ARROWS = ("network.left", "network.down", "network.up", "network.right")
KEYS = [
    Hint("arrows", "look", ARROWS),
    Hint("+ -", "zoom", ("network.nearer", "network.farther")),
    Hint("Enter", "walk", ("network.choose",)),
    Hint("e", "expand", ("network.expand",)),
    Hint("Tab", "next edge", ("network.edge",)),
    Hint("v", "all edges", ("network.edges",)),
    Hint("a", "whole", ("network.whole",)),
    Hint("Esc", "back", ("network.back",)),
    Hint("?", "keys", ("network.help",)),
]

key = keys_of("network")
NETWORK_BINDINGS: list[BindingType] = [
    key("left,h", "look('left')", "look left", "left", "Focus the next album to the left"),
    key("down,j", "look('down')", "look down", "down", "Focus the next album below"),
    key("up,k", "look('up')", "look up", "up", "Focus the next album above"),
    key("right,l", "look('right')", "look right", "right", "Focus the next album to the right"),
    key("shift+left,H", "pan(-1, 0)", "pan left", "pan-left", "Move the window left"),
    key("shift+down,J", "pan(0, 1)", "pan down", "pan-down", "Move the window down"),
    key("shift+up,K", "pan(0, -1)", "pan up", "pan-up", "Move the window up"),
    key("shift+right,L", "pan(1, 0)", "pan right", "pan-right", "Move the window right"),
    key("plus,equals_sign", "zoom(1)", "nearer", "nearer", "Larger covers, and beyond the largest the walk (wheel)"),
    key("minus", "zoom(-1)", "farther", "farther", "Smaller covers (wheel)"),
    key("a", "whole", "whole network", "whole", "The whole network"),
    key("c", "here", "where I am", "here", "Focus the album where the walk is"),
    key("e", "expand", "expand", "expand", "Open the ring of the album in focus too"),
    key("v", "edges", "all edges", "edges", "Every edge, or those of the focus and of the walk"),
    key("tab", "edge(1)", "next edge", "edge", "The next edge of the album in focus, and why it is there"),
    key("shift+tab", "edge(-1)", "edge before", "edge-before", "The edge before"),
    key("f,apostrophe", "letters", "letters", "letters", LETTERS_TIP),
    key("enter", "choose", "walk there", "choose", "Walk to the album in focus"),
    key("t", "app.theme", "theme", "theme", "The next theme"),
    key("ctrl+k,colon", "app.palette", "palette", "palette", "Every action by name (or a right click)"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
    key("escape,q", "dismiss(None)", "back", "back", "Back to the walk"),
]
