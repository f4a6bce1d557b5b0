"""The keys of the evidence."""

from __future__ import annotations

from textual.binding import BindingType

from tui.keynames import Hint, keys_of

ARROWS = ("evidence.left", "evidence.down", "evidence.up", "evidence.right")
KEYS = [
    Hint("arrows", "pair", ARROWS),
    Hint("Tab", "next view", ("evidence.view",)),
    Hint("f", "folds", ("evidence.folds",)),
    Hint("r", "run", ("evidence.run",)),
    Hint("o", "open", ("evidence.open",)),
    Hint("Esc", "back", ("evidence.back",)),
    Hint("?", "keys", ("evidence.help",)),
]

key = keys_of("evidence")
EVIDENCE_BINDINGS: list[BindingType] = [
    key("left,h", "move(-1, 0)", "left", "left", "The pair to the left"),
    key("right,l", "move(1, 0)", "right", "right", "The pair to the right"),
    key("up,k", "move(0, -1)", "up", "up", "The pair above, or the rows above"),
    key("down,j", "move(0, 1)", "down", "down", "The pair below, or the rows below"),
    key("tab", "view(1)", "next view", "view", "Pairs of genres, what genres look like, what may be concluded"),
    key("shift+tab", "view(-1)", "view before", "view-before", "The view before"),
    key("f", "folds", "folds", "folds", "As the poster did it, artists held out, the best model, labels of one origin"),
    key("r", "run", "run", "run", "Measure this library; the walk goes on meanwhile"),
    key("x", "stop", "stop", "stop", "Stop the run; an earlier report stays"),
    key("o", "open", "open", "open", "Open the last report in a browser, or say where it lies"),
    key("t", "app.theme", "theme", "theme", "The next theme"),
    key("ctrl+k,colon", "app.palette", "palette", "palette", "Every action by name (or a right click)"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
    key("escape,q,E", "app.pop_screen", "back", "back", "Back to the walk"),
]
