"""The keys of the blend bench."""

from __future__ import annotations

from textual.binding import BindingType

from tui.keynames import Hint, keys_of
from tui.screens.sheets import LETTERS_TIP
from tui.walk.bench import VARIANTS

KEYS = [
    Hint("←→", "choose", ("bench.left", "bench.right")),
    Hint("↑↓", "weight", ("bench.more", "bench.less")),
    Hint("Tab", "mode", ("bench.mode",)),
    Hint("w", "write", ("bench.write",)),
    Hint("Esc", "back", ("bench.back",)),
    Hint("d", "direction", ("bench.direction",)),
    Hint("+-", "drift", ("bench.drift", "bench.drift-back")),
    Hint("r", "dice", ("bench.dice",)),
    Hint("t", "areas", ("bench.areas",)),
    Hint("f F", "larger, smaller", ("bench.favour", "bench.favour-less")),
    Hint("p", "pin", ("bench.pin",)),
    Hint("i", "detail", ("bench.detail",)),
    Hint("b", "compare details", ("bench.details",)),
    Hint("n", "nearest", ("bench.near",)),
    Hint("T", "tree", ("bench.tree",)),
    Hint("a", "add", ("bench.add",)),
    Hint("?", "all keys", ("bench.help",)),
]

key = keys_of("bench")
BENCH_BINDINGS: list[BindingType] = [
    key("left,h", "choose(-1)", "previous album", "left", "Choose the album before"),
    key("right,l", "choose(1)", "next album", "right", "Choose the next album"),
    key("apostrophe", "letters", "letters", "letters", LETTERS_TIP),
    key("up,k", "weight(0.1)", "more", "more", "The chosen album counts more"),
    key("down,j", "weight(-0.1)", "less", "less", "The chosen album counts less"),
    key("shift+up,K", "weight(0.01)", "a little more", "fine-more", "A little more: by a hundredth"),
    key("shift+down,J", "weight(-0.01)", "a little less", "fine-less", "A little less: by a hundredth"),
    key("s", "solo", "solo", "solo", "The chosen album alone, or all again"),
    key("m", "mute", "mute", "mute", "Leave the chosen album out, or let it count again"),
    key("equals_sign", "even", "even", "even", "All count the same, nothing drifts"),
    key("tab,o", "mode(1)", "mode", "mode", "The next mode: mean, vivid, interpolate, arithmetic (A − B + C)"),
    key("shift+tab,O", "mode(-1)", "mode before", "mode-before", "The mode before"),
    key("d", "direction(1)", "direction", "direction", "The next direction to drift in: brighter, more of a genre …"),
    key("D", "direction(-1)", "direction before", "direction-before", "The direction before"),
    key("plus,right_square_bracket", "drift(1)", "drift", "drift", "Drift a step in the direction"),
    key("minus,left_square_bracket", "drift(-1)", "drift back", "drift-back", "A step back, or the other way"),
    key("r", "dice", "dice", "dice", "Dice: weights at random"),
    key("u,backspace", "undo(1)", "undo", "undo", "Undo the last change"),
    key("U,ctrl+r", "undo(-1)", "redo", "redo", "Do again what was undone"),
    key("v", "keep", "keep a variant", "keep", "Keep this as a variant, four at most"),
    key(
        "c", "view('variants')", "variants", "variants", "The variants side by side, or the preview; a digit takes one"
    ),
    *(
        key(str(number), f"variant({number})", f"variant {number}", f"variant-{number}", "Go on from variant 1 to 4")
        for number in range(1, VARIANTS + 1)
    ),
    key("e", "view('self')", "self-encoding", "self", "The chosen cover beside what the model makes of it alone"),
    key("t", "view('areas')", "areas", "areas", "Which area came from the chosen album: ←→ goes through them"),
    key("f", "favour(1.25)", "larger area", "favour", "Move the seams: a larger area for the chosen album"),
    key("F", "favour(0.8)", "smaller area", "favour-less", "A smaller area for the chosen album"),
    key("p", "view('pin')", "pin", "pin", "Pin a place to the chosen album: arrows go there, Enter pins it or lets go"),
    key("enter", "pin_here", "pin here", "pin-here", "Pin the place to the chosen album, or let it go"),
    key("y", "swap", "swap layout", "swap", "Layout and light of the chosen album, detail of the others; or as before"),
    key("i", "detail", "detail", "detail", "Fine detail from the parents, invented by the model, or none"),
    key("b", "view('details')", "before and after", "details", "The three details side by side"),
    key("T", "tree", "family tree", "tree", "What the blend was made of, through all generations"),
    key("a", "add", "add an album", "add", "Put another album on the bench"),
    key("x,delete", "take_out", "take out", "take-out", "Take the chosen album off the bench"),
    key("w", "write", "write", "write", "Write it as a PNG of 512×512"),
    key("W", "write_as", "write as", "write-as", "Write it under a name, as a film or a sheet, in another format"),
    key("n", "near", "nearest albums", "near", "The albums nearest to this blend, to walk on from there"),
    key("G", "app.gallery", "gallery", "gallery", "The blends so far: one may be put onto the bench, or be a parent"),
    key("ctrl+k,colon", "app.palette", "palette", "palette", "Every action by name (or a right click)"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
    key("escape,q", "back", "back", "back", "Back to the preview, then to the walk"),
]
