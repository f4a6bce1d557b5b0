"""Write a blend: what of it, in which format, how large, under which name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tui.keynames import Hint, key_names
from tui.pictures.colors import Pixels
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.text import pad, plain
from tui.walk.bench import Draft
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import Blender, BlendResult

KINDS = {  # layout: (what it is, formats)
    "picture": ("the blend", (".png", ".webp")),
    "film": ("a film of the way from cover to cover", (".webp", ".gif", ".apng")),
    "composite": ("a sheet: the covers and the blend", (".png", ".webp")),
    "strip": ("a strip from cover to cover", (".png", ".webp")),
    "grid": ("a grid between four covers", (".png", ".webp")),
}
DRIFTED = {"film": "a film of the drift", "strip": "a strip of the drift"}  # in place of the above
FORMATS = {".png": "PNG", ".webp": "WebP", ".gif": "GIF", ".apng": "APNG"}
SIZES = (128, 512)
FRAMES = {"film": (12, 24, 48, 96), "strip": (3, 5, 7, 9, 12), "grid": (3, 4, 5, 7, 9)}
ROWS = ("what", "format", "size", "frames", "name")
KEYS = [
    Hint("↑↓", "row", ("write.up", "write.down")),
    Hint("←→", "change", ("write.left", "write.right")),
    Hint("Enter", "write", ("write.write",)),
    Hint("Esc", "back", ("write.back",)),
    Hint("F1", "keys", ("write.help",)),
]
LONGEST = 120  # characters of a name


@dataclass(frozen=True, slots=True)
class Order:
    """A file to write. `name` None: one that follows from the albums."""

    layout: str
    suffix: str
    size: int  # pixels a side of each picture
    frames: int
    name: str | None
    overwrite: bool

    def write(self, blender: Blender, draft: Draft, folder: Path) -> BlendResult:
        """Make and write it. BlendError where it cannot be made or written."""
        recipe = replace(draft.recipe(blender, self.size), layout=self.layout, frames=self.frames)
        folder.mkdir(exist_ok=True)  # a library that somebody deleted is not made again
        if self.name is None:
            return blender.write(recipe, folder, suffix=self.suffix)
        return blender.write(recipe, folder / f"{self.name}{self.suffix}", overwrite=self.overwrite)


class WriteScreen(DrawnScreen[Order | None]):
    """Answers with an order, or None."""

    AUTO_FOCUS = ""  # the name has it once its row is chosen
    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "row(1)", "below", id="write.down", tooltip="The row below", priority=True),
        Binding("up", "row(-1)", "above", id="write.up", tooltip="The row above", priority=True),
        Binding("right", "change(1)", "next", id="write.right", tooltip="The next choice"),
        Binding("left", "change(-1)", "before", id="write.left", tooltip="The choice before"),
        Binding("enter", "write", "write", id="write.write", tooltip="Write the file", priority=True),
        Binding("escape", "dismiss(None)", "back", id="write.back", tooltip="Back to the bench"),
        Binding("f1", "app.help", "keys", id="write.help", tooltip="These keys"),
    ]

    def __init__(self, draft: Draft, folder: Path, painter: CoverPainter, pixels: Pixels | None) -> None:
        """`pixels`: the blend as the bench shows it, where that is made."""
        super().__init__()
        self.painter, self.pixels = painter, pixels
        self.draft, self.folder = draft, folder
        self.layouts = [one for one in KINDS if one != "grid" or (len(draft.albums) == 4 and not draft.drift)]
        self.place = dict.fromkeys(("what", "format", "frames"), 0) | {"size": 1}
        self.row = 0
        self._asked: Path | None = None  # a file that is there, and the person was told

    def compose(self) -> ComposeResult:
        """The rows, and the name in a field of its own below."""
        field = Input(placeholder="empty: a name from the albums", id="write-name", max_length=LONGEST)
        field.cursor_blink = False
        with Horizontal(id="write-body"):
            yield Cover(self.painter, id="write-cover")
            with Vertical():
                yield Lines(id="write-rows")
                yield field
                yield Lines(id="write-said")
        yield KeysLine(id="keys")

    def on_resize(self) -> None:
        """The blend takes half of the width at most."""
        super().on_resize()
        width, height = self.size
        side = max(2, min(height - 3, width // 4))
        cover = self.query_one("#write-cover", Cover)
        cover.styles.width, cover.styles.height, cover.display = side * 2, side, self.pixels is not None
        if self.pixels is not None:
            cover.show_pixels(self.pixels)

    @property
    def layout_chosen(self) -> str:
        """The key in KINDS."""
        return self.layouts[self.place["what"]]

    def _choices(self, row: str) -> tuple[str, ...]:
        layout = self.layout_chosen
        if row == "what":
            return tuple(DRIFTED.get(one, KINDS[one][0]) if self.draft.drift else KINDS[one][0] for one in self.layouts)
        if row == "format":
            return tuple(FORMATS[suffix] for suffix in KINDS[layout][1])
        if row == "size":
            return tuple(f"{size}×{size}" for size in SIZES)
        return tuple(str(count) for count in FRAMES.get(layout, ()))

    def action_row(self, step: int) -> None:
        """Another row; the last is the name."""
        self.row = (self.row + step) % len(ROWS)
        if ROWS[self.row] == "frames" and not self._choices("frames"):
            self.row = (self.row + step) % len(ROWS)
        self.set_focus(self.query_one(Input) if ROWS[self.row] == "name" else None)
        self.redraw()

    def action_change(self, step: int) -> None:
        """Another choice."""
        row = ROWS[self.row]
        choices = self._choices(row) if row != "name" else ()
        if choices:
            self.place[row] = (self.place[row] + step) % len(choices)
            if row == "what":
                self.place["format"], self.place["frames"] = 0, len(FRAMES.get(self.layout_chosen, ())) // 2
            self._asked = None
            self.redraw()

    def action_write(self) -> None:
        """Answer; where the file is there already, ask first."""
        name = self.query_one(Input).value.strip()
        suffix = KINDS[self.layout_chosen][1][self.place["format"]]
        name = name.removesuffix(suffix)
        if "/" in name or "\0" in name or name.startswith("."):
            self._say("a name has no slash and does not begin with a dot: the file goes into the folder of blends")
            return
        path = self.folder / f"{name}{suffix}"
        if name and path.exists() and path != self._asked:
            self._asked = path
            self._say(f"{path.name} is there already: {key_names(self)('write.write')} again writes over it")
            return
        counts = FRAMES.get(self.layout_chosen)
        frames = counts[self.place["frames"]] if counts else 1
        size = SIZES[self.place["size"]]
        self.dismiss(Order(self.layout_chosen, suffix, size, frames, name or None, bool(name) and path == self._asked))

    def on_input_changed(self) -> None:
        """Another name: ask again."""
        self._asked = None

    def _say(self, said: str) -> None:
        lines = self.query_one("#write-said", Lines)
        lines.show([[(plain(said), lines.palette.text("accent", bold=True))]])

    def redraw(self) -> None:
        """Draw the rows."""
        lines = self.query_one("#write-rows", Lines)
        palette = lines.palette
        rows: list[list[Span]] = [[("write this blend", palette.text("accent", bold=True))], []]
        for place, row in enumerate(ROWS):
            here = place == self.row
            spans: list[Span] = [
                ("▸ " if here else "  ", palette.text("accent", bold=True)),
                (pad({"frames": "pictures"}.get(row, row), 10), palette.text("quiet")),
            ]
            if row == "name":
                spans.append(("in the field below" if here else "", palette.text("quiet")))
            elif not self._choices(row):
                spans.append((" one ", palette.text("quiet")))
            else:
                for at, choice in enumerate(self._choices(row)):
                    on = at == self.place[row]
                    if row == "what" and not on:
                        continue  # these are too long to stand side by side
                    spans.append((f" {choice} ", palette.focus if on and here else palette.text(bold=on)
                                  if on else palette.text("quiet")))  # fmt: skip
                if row == "what":
                    spans.append((f" {self.place[row] + 1} of {len(self.layouts)}", palette.text("quiet")))
            rows.append(spans)
        lines.show(rows)
        said = self.query_one("#write-said", Lines)
        if self._asked is None:
            said.show([[(f"into {plain(str(self.folder))}", palette.text("quiet"))]])
        self.draw_keys()
