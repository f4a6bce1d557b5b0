"""The keys of the walk: one list that acts on them, explains them and fills the command palette."""

from __future__ import annotations

from textual.binding import BindingType

from tui.keynames import Hint, keys_of

ARROWS = ("walk.left", "walk.down", "walk.up", "walk.right")
KEYS = [
    Hint("arrows", "look", ARROWS),
    Hint("Enter", "walk", ("walk.walk",)),
    Hint("⌫", "back", ("walk.back",)),
    Hint("/", "find", ("walk.find",)),
    Hint("w", "what counts", ("walk.counts",)),
    Hint("p", "route", ("walk.route",)),
    Hint("m", "map", ("walk.map",)),
    Hint("space", "tray", ("walk.tray",)),
    Hint("L", "library", ("walk.library",)),
    Hint("g", "trail", ("walk.trail",)),
    Hint("?", "all keys", ("walk.help",)),
]

look = keys_of("walk", "look")
walk = keys_of("walk", "walk")
see = keys_of("walk", "see")
collect = keys_of("walk", "collect")
hear = keys_of("walk", "hear")
leave = keys_of("walk", "leave")
WALK_BINDINGS: list[BindingType] = [
    look("left,h", "look('left')", "look left", "left", "Focus the next cover to the left"),
    look("down,j", "look('down')", "look down", "down", "Focus the next cover below"),
    look("up,k", "look('up')", "look up", "up", "Focus the next cover above"),
    look("right,l", "look('right')", "look right", "right", "Focus the next cover to the right"),
    look("f,apostrophe", "letters", "letters", "labels", "Show a letter with every cover; the letter focuses it"),
    look("right_square_bracket", "ring(2)", "more", "more", "Show more neighbours (or the mouse wheel)"),
    look("left_square_bracket", "ring(-2)", "fewer", "fewer", "Show fewer neighbours"),
    look("a", "alike", "alike", "alike", "Light what makes this sleeve and the one in focus alike"),
    look("w", "counts", "what counts", "counts", "What counts: weights, presets, filters"),
    walk("enter", "walk", "walk", "walk", "Walk to the album in focus"),
    walk("backspace,u", "back", "back", "back", "Back to the stop before, as you left it"),
    walk("U,ctrl+r", "forward", "forward", "forward", "Forward again after going back"),
    walk("slash", "app.find", "find", "find", "Find an album by name, or by words: tag:shoegaze year:1991"),
    walk("P", "app.lens", "from a picture", "lens", "The lens: a photo of a sleeve finds its album"),
    walk("r", "random", "random", "random", "Jump to any album that passes the filters, each as likely"),
    walk("R", "random(True)", "random, known", "random-known", "The same, the more listened to the likelier"),
    walk("N", "app.suggest", "suggest", "suggest", "Jump near what you play, to an album that you never heard"),
    walk("p", "app.route", "route", "route", "A route from here to an album that you choose"),
    see("i", "app.show('page')", "album's page", "page", "The page of the album in focus: all that is known"),
    see("A", "app.show('sleeves')", "all sleeves", "sleeves", "All sleeves of the artist in focus"),
    see("L", "app.show('list')", "library", "library", "The library as a list: sort, keep to words, look through"),
    see("g", "app.trail", "trail", "trail", "The trail: go to any stop, name or export the walk"),
    see("m", "app.map", "map", "map", "The map: every cover as a point, alike ones close together"),
    see("minus", "app.network", "network", "network", "Zoom out: the network of the albums explored so far"),
    see("e", "app.network(True)", "expand", "expand", "Open the ring of the album in focus too, in the network"),
    see("G", "app.gallery", "gallery", "gallery", "The blends so far"),
    see("E", "app.evidence", "evidence", "evidence", "The evidence: do sleeves say anything about the music?"),
    see("y", "sql", "SQL", "sql", "Show the SQL behind this view and copy it"),
    collect("s", "bookmark", "bookmark", "bookmark", "Bookmark the album in focus, or take the mark off"),
    collect("S", "app.shelf", "shelf", "shelf", "The shelf: bookmarks, tray and walks, with your notes"),
    collect("space", "tray", "tray", "tray", "Put the album in focus into the blend tray, or take it out"),
    collect("b", "blend", "blend", "blend", "Blend the covers in the tray and write the picture"),
    collect("B", "app.bench", "blend bench", "bench", "The blend bench: weights, modes and drift for the tray"),
    hear("o", "play(False)", "play", "play", "Play the album in focus, in MPD or another player"),
    hear("O", "play(True)", "queue", "queue", "Queue the album in focus behind what plays"),
    hear("ctrl+o", "queue_tray", "queue the tray", "queue-tray", "Queue all albums in the tray"),
    hear("F", "app.follow", "follow", "follow", "The walk follows what the player plays, or no more"),
    leave("escape", "close", "close", "close", "Close the blend or what counts"),
    leave("t", "app.theme", "theme", "theme", "The next theme: dark, light, high contrast, from the cover"),
    leave("T", "app.card", "test card", "card", "The test card: choose by eye how covers are drawn"),
    leave("ctrl+k,colon", "app.palette", "palette", "palette", "Every action by name (or a right click)"),
    leave("question_mark", "app.help", "keys", "help", "These keys"),
    leave("q", "app.quit", "quit", "quit", "Leave"),
]
