"""The family tree of a blend: a cover for each parent, below it what that was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from store.records import Album
from tui.keynames import Hint
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.text import cut, plain
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Captioned
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from pipelines.blends.recipe import Part

MOST = 32  # covers shown; a larger tree says how many are not
LARGEST, SMALLEST = 14, 2  # rows of a cover
KEYS = [
    Hint("←→", "beside", ("tree.left", "tree.right")),
    Hint("↑↓", "child, parents", ("tree.up", "tree.down")),
    Hint("Enter", "walk there, or nearest", ("tree.choose",)),
    Hint("Esc", "back", ("tree.back",)),
    Hint("?", "keys", ("tree.help",)),
]


@dataclass(slots=True)
class Node:
    """One place in the tree. `part` None: the blend itself."""

    part: Part | None
    depth: int
    child: int  # its place in the list of what was made of it; −1 for the blend
    column: float = 0.0  # of its middle, in leaves


def laid_out(parts: Sequence[Part]) -> list[Node]:
    """The blend, then every part before what it was made of, each over the middle of that."""
    nodes: list[Node] = []
    leaves = 0

    def add(part: Part | None, inner: Sequence[Part], depth: int, child: int) -> float:
        nonlocal leaves
        place = len(nodes)
        nodes.append(Node(part, depth, child))
        if inner:
            columns = [add(one, one.parts, depth + 1, place) for one in inner]
            nodes[place].column = (columns[0] + columns[-1]) / 2
        else:
            nodes[place].column = leaves + 0.5
            leaves += 1
        return nodes[place].column

    add(None, parts, 0, -1)
    return nodes


class TreeScreen(DrawnScreen["Part | None"]):
    """Answers with the part chosen, to walk to or to walk on from, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "beside(-1)", "left", id="tree.left", tooltip="The one to the left, of the same generation"),
        Binding("right,l", "beside(1)", "right", id="tree.right", tooltip="The one to the right"),
        Binding("up,k", "up", "child", id="tree.up", tooltip="What was made of it"),
        Binding("down,j", "down", "parents", id="tree.down", tooltip="What it was made of"),
        Binding("enter", "choose", "walk there", id="tree.choose", tooltip="Walk to the album; of a blend its nearest"),
        Binding("escape,q", "dismiss(None)", "back", id="tree.back", tooltip="Back"),
        Binding("question_mark", "app.help", "keys", id="tree.help", tooltip="These keys"),
    ]

    def __init__(self, painter: CoverPainter, pixels: NDArray[np.uint8], parts: Sequence[Part]) -> None:
        super().__init__()
        self.painter, self.pixels = painter, pixels
        self.nodes = laid_out(parts)
        self.place = 1 if len(self.nodes) > 1 else 0

    def compose(self) -> ComposeResult:
        """A cover a node."""
        yield Lines(id="near-head")
        yield Captioned(self.painter, min(MOST, len(self.nodes)), id="tree-body")
        yield KeysLine(id="keys")

    def action_beside(self, step: int) -> None:
        """Another of the generation."""
        same = [at for at, node in enumerate(self._shown) if node.depth == self.nodes[self.place].depth]
        self.place = same[(same.index(self.place) + step) % len(same)]
        self.redraw()

    def action_up(self) -> None:
        """What was made of it."""
        self.place = max(0, self.nodes[self.place].child)
        self.redraw()

    def action_down(self) -> None:
        """The first of its parents."""
        inner = [at for at, node in enumerate(self._shown) if node.child == self.place]
        self.place = inner[0] if inner else self.place
        self.redraw()

    def action_choose(self) -> None:
        """Answer with it."""
        part = self.nodes[self.place].part
        if part is None:
            self.say("this is the blend itself: choose what it was made of")
        else:
            self.dismiss(part)

    @property
    def _shown(self) -> list[Node]:
        return self.nodes[:MOST]

    def redraw(self) -> None:
        """Place the covers."""
        head, body = self.query_one("#near-head", Lines), self.query_one(Captioned)
        palette, (width, height) = head.palette, body.size
        depth = 1 + max(node.depth for node in self._shown)
        leaves = max(1, sum(not any(one.child == at for one in self.nodes) for at in range(len(self.nodes))))
        each = max(1, width // leaves)
        side = max(SMALLEST, min(LARGEST, (each - 1) // 2, height // depth - 2))
        more = len(self.nodes) - MOST
        said = f" the family tree of this blend{f' · {more} more' if more > 0 else ''}"
        head.show([[(said, palette.text("accent", bold=True))]])
        for at, node in enumerate(self._shown):
            x = max(0, round(node.column * width / leaves) - side)
            cells = max(side * 2, min(each - 1, 40))
            body.place(at, x, node.depth * (side + 2), side, (cells, 2))
            cover, caption, part = body.covers[at], body.captions[at], node.part
            cover.display = caption.display = True
            if part is None:
                cover.show_pixels(self.pixels)
            else:
                sha = part.cover_sha256 or None
                cover.show(Album(part.album_id, part.artist, part.title, None, None, None, sha))
            name, by = ("this blend", "") if part is None else (plain(part.title) or "untitled", plain(part.artist))
            style = palette.focus if at == self.place else palette.text("quiet")
            caption.show([[(cut(name, cells), style)], [(cut(by, cells), palette.text("quiet"))]])
        self.draw_keys()
