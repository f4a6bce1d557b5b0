"""The gallery: the blends so far with their parents, to open again, to put away, to walk from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from store.errors import LibraryError
from store.records import Album
from tui.keynames import Hint, key_names
from tui.pictures.painter import CoverPainter
from tui.screens.base import DrawnScreen
from tui.text import cut, pad, plain
from tui.walk.bench import Draft
from tui.widgets.bars import KeysLine
from tui.widgets.choices import Choices
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped

if TYPE_CHECKING:
    from pipelines.blends.gallery import Entry, Gallery
    from pipelines.blends.recipe import Recipe
    from store.database.library import Library

KEYS = [
    Hint("↑↓", "choose", ("gallery.previous", "gallery.next")),
    Hint("Enter", "onto the bench", ("gallery.open",)),
    Hint("p", "as a parent", ("gallery.parent",)),
    Hint("n", "nearest", ("gallery.near",)),
    Hint("T", "tree", ("gallery.tree",)),
    Hint("x", "trash", ("gallery.trash",)),
    Hint("u", "undo", ("gallery.undo",)),
    Hint("Esc", "back", ("gallery.back",)),
    Hint("?", "keys", ("gallery.help",)),
]
PARENTS = 4  # small covers of them


@dataclass(frozen=True, slots=True)
class Chosen:
    """A blend of the gallery. `then`: what comes after its recipe is on the bench, near, tree or nothing.

    `parent`: it is to be blended with, as this album.
    """

    recipe: Recipe
    then: str = ""
    parent: Album | None = None


class GalleryScreen(DrawnScreen[Chosen | None]):
    """Answers with what is to be done with a blend, or None."""

    hints = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", id="gallery.next", tooltip="The blend below"),
        Binding("up,k", "move(-1)", "previous", id="gallery.previous", tooltip="The blend above"),
        Binding("pagedown", "move(10)", "ten on", id="gallery.page-down", tooltip="Ten blends on"),
        Binding("pageup", "move(-10)", "ten back", id="gallery.page-up", tooltip="Ten blends back"),
        Binding("enter", "open('')", "onto the bench", id="gallery.open", tooltip="Put its recipe onto the bench"),
        Binding("p", "parent", "as a parent", id="gallery.parent", tooltip="Blend with it: onto the bench or the tray"),
        Binding(
            "n", "open('near')", "nearest albums", id="gallery.near", tooltip="The albums nearest to it, to walk on"
        ),
        Binding("T", "open('tree')", "family tree", id="gallery.tree", tooltip="What it was made of, all generations"),
        Binding("x,delete", "trash", "trash", id="gallery.trash", tooltip="Move the file into the trash folder"),
        Binding("u", "untrash", "undo", id="gallery.undo", tooltip="Take the last file back out of the trash"),
        Binding("escape,q", "dismiss(None)", "back", id="gallery.back", tooltip="Back"),
        Binding("question_mark", "app.help", "keys", id="gallery.help", tooltip="These keys"),
    ]

    @dataclass
    class Opened(Message):
        """The blends, or why they cannot be read."""

        gallery: Gallery | None
        said: str = ""

    @dataclass
    class Looked(Message):
        """The picture of a file; None where it cannot be read."""

        path: Path
        pixels: NDArray[np.uint8] | None

    def __init__(self, painter: CoverPainter, library: Library) -> None:
        super().__init__()
        self.painter, self.library = painter, library
        self.gallery: Gallery | None = None
        self.blends: Choices[Entry] = Choices(self._row, id="hits")
        self._trashed: list[tuple[Entry, Path]] = []
        self.message = ("reading …", False)

    def compose(self) -> ComposeResult:
        """The list, and the chosen blend beside it."""
        yield Lines(id="gallery-head")
        with Horizontal(id="find-body"):
            yield self.blends
            with Vertical(id="preview"):
                yield Cover(self.painter, id="preview-cover")
                with Horizontal(id="gallery-parents"):
                    yield from (Cover(self.painter, id=f"parent-{place}") for place in range(PARENTS))
                yield Lines(id="preview-text")
        yield KeysLine(id="keys")

    def on_mount(self) -> None:
        """Read records and folder off the screen's thread."""
        self._read()

    @work(thread=True, group="gallery", exclusive=True)
    def _read(self) -> None:
        from pipelines.blends.gallery import open_gallery

        try:
            self.post_message(self.Opened(open_gallery(self.library)))
        except (LibraryError, OSError) as error:
            self.post_message(self.Opened(None, str(error)))

    def on_gallery_screen_opened(self, message: Opened) -> None:
        """Show them."""
        self.gallery = message.gallery
        self.message = (message.said, True) if message.said else None
        self._choose(self.blends.place)

    @work(thread=True, group="look", exclusive=True)
    def _look(self, path: Path) -> None:
        try:
            with Image.open(path, formats=["PNG", "WEBP", "GIF"]) as image:
                image.load()
                picture = image.convert("RGB")
            side = max(picture.size)
            square = Image.new("RGB", (side, side))
            square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
            pixels = np.asarray(square.resize((128, 128), Image.Resampling.LANCZOS))
            self.post_message(self.Looked(path, pixels))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            self.post_message(self.Looked(path, None))

    def on_gallery_screen_looked(self, message: Looked) -> None:
        """Show it, unless another is chosen by now."""
        entry = self.entry
        if entry is not None and entry.path == message.path:
            cover = self.query_one("#preview-cover", Cover)
            if message.pixels is None:
                cover.show(None)
                self.say(f"{message.path.name} cannot be read", error=True)
            else:
                cover.show_pixels(message.pixels)

    @property
    def entry(self) -> Entry | None:
        """The blend chosen."""
        return self.blends.chosen

    def action_move(self, step: int) -> None:
        """Another blend."""
        self._choose(self.blends.place + step)

    def _choose(self, place: int) -> None:
        self.blends.fill([] if self.gallery is None else self.gallery.entries, place)
        self.redraw()
        if self.entry is not None:
            self._look(self.entry.path)
        else:
            self.query_one("#preview-cover", Cover).show(None)

    def action_open(self, then: str) -> None:
        """Answer with the recipe."""
        if self.entry is not None:
            self.dismiss(Chosen(self.entry.recipe, then))

    def action_parent(self) -> None:
        """Answer with the blend as an album."""
        from pipelines.blends.lineage import blend_as_album

        if self.entry is None:
            return
        try:
            album = blend_as_album(self.library, self.entry.path.name)
        except LibraryError as error:
            self.say(str(error), error=True)
        else:
            self.dismiss(Chosen(self.entry.recipe, parent=album))

    def action_trash(self) -> None:
        """Put the file away."""
        from pipelines.blends.gallery import to_trash

        entry = self.entry
        if entry is None or self.gallery is None:
            return
        try:
            self._trashed.append((entry, to_trash(self.library, entry)))
        except LibraryError as error:
            self.say(str(error), error=True)
            return
        self.gallery.entries.remove(entry)
        self._choose(self.blends.place)
        self.say(f"in the trash folder, {key_names(self)('gallery.undo')} takes it back: {entry.path.name}")

    def action_untrash(self) -> None:
        """Take the last one back."""
        from pipelines.blends.gallery import from_trash

        if not self._trashed or self.gallery is None:
            self.say("nothing was put away here")
            return
        entry, path = self._trashed[-1]
        try:
            from_trash(self.library, entry, path)
        except LibraryError as error:
            self.say(str(error), error=True)
            return
        self._trashed.pop()
        self.gallery.entries.append(entry)
        self.gallery.entries.sort(key=lambda one: (one.made_at, one.path), reverse=True)
        self._choose(self.gallery.entries.index(entry))
        self.say(f"{entry.path.name} is back")

    def redraw(self) -> None:
        """Draw the list and what the chosen blend was made of."""
        head, count = self.query_one("#gallery-head", Lines), len(self.blends.items)
        palette = head.palette
        said = f"{count:,} blend{'s' if count != 1 else ''}"
        if self.gallery is not None:
            said += f" · {self.gallery.found} found without a record" if self.gallery.found else ""
            said += f" · {self.gallery.gone} whose file is gone" if self.gallery.gone else ""
            said += f" · {len(self.gallery.unreadable)} without a recipe" if self.gallery.unreadable else ""
        head.show([[(" gallery ", palette.text("accent", bold=True)), (f" {said}", palette.text("quiet"))]])
        names = key_names(self)
        none = f"no blends yet: {names('walk.blend')} on the walk or {names('bench.write')} on the bench writes one"
        self.blends.empty = none if self.gallery is not None else ""
        self.blends.draw()
        self._draw_parents()
        self.draw_keys()

    def _row(self, entry: Entry, _place: int, cells: int, text: Style, quiet: Style) -> list[Span]:
        titles = " + ".join(plain(part.title) or "untitled" for part in entry.recipe.parts)
        made = entry.made_at.replace(tzinfo=UTC).astimezone().strftime("%d %b %H:%M")
        kind = entry.recipe.mode if entry.recipe.layout == "picture" else entry.recipe.layout
        room = max(4, cells - 27)
        return [(" ", text), (pad(cut(titles, room), room), text), (pad(f" {kind}", 13), quiet), (made, quiet)]

    def _draw_parents(self) -> None:
        text, entry = self.query_one("#preview-text", Lines), self.entry
        palette, cells = text.palette, max(8, text.size.width - 1)
        parts = () if entry is None else entry.recipe.parts
        rows: list[list[Span]] = []
        if entry is not None:
            rows += wrapped(plain(entry.path.name), cells, 2, palette.text("accent"))
            shares = Draft.from_recipe(entry.recipe).said.split()
            for part, share in list(zip(parts, shares, strict=True))[: max(1, text.size.height - len(rows))]:
                label = cut(f"{share} {plain(part.title)} · {plain(part.artist)}", cells)
                rows.append([(label, palette.text("quiet"))])
        text.show(rows)
        for place in range(PARENTS):
            cover = self.query_one(f"#parent-{place}", Cover)
            cover.display = place < len(parts)
            if place < len(parts):
                part = parts[place]
                sha = part.cover_sha256 or None
                cover.show(Album(part.album_id, part.artist, part.title, None, None, None, sha))
