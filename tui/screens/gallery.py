"""The gallery: the blends so far as covers, to open again, to put away, to walk from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.worker import get_current_worker

from store.errors import LibraryError
from store.records import Album
from tui.keynames import Hint, key_names, keys_of
from tui.palette import Palette
from tui.pictures.colors import Pixels
from tui.pictures.painter import CoverPainter, Recent
from tui.screens.sheets import SheetScreen, arrows, sheet_keys
from tui.text import cut, plain
from tui.walk.bench import Draft
from tui.widgets.bars import KeysLine
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped
from tui.widgets.sheet import Card, Sheet

if TYPE_CHECKING:
    from pipelines.blends.gallery import Entry, Gallery
    from pipelines.blends.recipe import Recipe
    from store.database.library import Library

KEYS = [
    Hint("arrows", "choose", arrows("gallery")),
    Hint("Enter", "onto the bench", ("gallery.choose",)),
    Hint("p", "as a parent", ("gallery.parent",)),
    Hint("n", "nearest", ("gallery.near",)),
    Hint("T", "tree", ("gallery.tree",)),
    Hint("x", "trash", ("gallery.trash",)),
    Hint("u", "undo", ("gallery.undo",)),
    Hint("Esc", "back", ("gallery.back",)),
    Hint("?", "keys", ("gallery.help",)),
]
key = keys_of("gallery")
GALLERY_BINDINGS: list[BindingType] = [
    *sheet_keys("gallery"),
    key("p", "parent", "as a parent", "parent", "Blend with it: onto the bench or the tray"),
    key("n", "open('near')", "nearest albums", "near", "The albums nearest to it, to walk on"),
    key("T", "open('tree')", "family tree", "tree", "What it was made of, all generations"),
    key("x,delete", "trash", "trash", "trash", "Move the file into the trash folder"),
    key("u", "untrash", "undo", "undo", "Take the last file back out of the trash"),
    key("escape,q", "dismiss(None)", "back", "back", "Back"),
    key("question_mark", "app.help", "keys", "help", "These keys"),
]
PARENTS = 4  # small covers of them
SIDE = 128  # pixels of a blend as it is shown
READ_KEPT = 400  # blends as read, 49 KB each


class Pictures:
    """Blends as the painter reads them, by the names of their files; empty ones cannot be read."""

    def __init__(self) -> None:
        self._read: Recent[str, Pixels | None] = Recent(READ_KEPT)

    def read(self, path: Path) -> None:
        """Read a picture, on any thread; a square of SIDE pixels is kept."""
        self._read.get(str(path), lambda: square(path))

    def has(self, path: Path) -> bool:
        """Whether it was read, or tried in vain."""
        return str(path) in self._read

    def pixels(self, sha: str) -> Pixels:
        """The picture of a file that was read. LibraryError where it cannot be."""
        pixels = self._read.peek(sha)
        if pixels is None:
            raise LibraryError(f"{Path(sha).name} cannot be read")
        return pixels


def square(path: Path) -> Pixels | None:
    """The first picture of a file, uint8 [SIDE, SIDE, 3]; None where it cannot be read."""
    try:
        with Image.open(path, formats=["PNG", "WEBP", "GIF"]) as image:
            image.load()
            picture = image.convert("RGB")
        side = max(picture.size)
        whole = Image.new("RGB", (side, side))
        whole.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        return np.asarray(whole.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A blend of the gallery. `then`: what comes after its recipe is on the bench, near, tree or nothing.

    `parent`: it is to be blended with, as this album.
    """

    recipe: Recipe
    then: str = ""
    parent: Album | None = None


class GalleryScreen(SheetScreen[Chosen | None]):
    """Answers with what is to be done with a blend, or None."""

    hints = KEYS
    BINDINGS = GALLERY_BINDINGS

    @dataclass
    class Opened(Message):
        """The blends, or why they cannot be read."""

        gallery: Gallery | None
        said: str = ""

    class Looked(Message):
        """Another picture was read."""

    def __init__(self, painter: CoverPainter, library: Library) -> None:
        super().__init__()
        self.painter, self.library = painter, library
        self.pictures = Pictures()
        self.blends = painter.reading(self.pictures)
        self.gallery: Gallery | None = None
        self.sheet: Sheet[Entry] = Sheet(self.blends, self._card, id="sheet")
        self._trashed: list[tuple[Entry, Path]] = []
        self.message = ("reading …", False)

    def compose(self) -> ComposeResult:
        """The sheet, and the chosen blend large beside it, over its parents."""
        yield Lines(id="gallery-head")
        with Horizontal(id="gallery-body"):
            yield self.sheet
            with Vertical(id="gallery-side"):
                yield Cover(self.blends, id="gallery-cover")
                with Horizontal(id="gallery-parents"):
                    yield from (Cover(self.painter, id=f"parent-{place}") for place in range(PARENTS))
                yield Lines(id="gallery-text")
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
        self._choose(self.sheet.place)

    @work(thread=True, group="look", exclusive=True)
    def _look(self, paths: list[Path]) -> None:
        worker = get_current_worker()
        for path in paths:
            if worker.is_cancelled:
                return
            self.pictures.read(path)
            self.post_message(self.Looked())

    def on_gallery_screen_looked(self) -> None:
        """Show it where it stands."""
        self.sheet.draw()
        self._draw_blend()

    @property
    def entry(self) -> Entry | None:
        """The blend chosen."""
        return self.sheet.chosen

    def _choose(self, place: int) -> None:
        self.sheet.fill([] if self.gallery is None else self.gallery.entries, place)
        self.redraw()

    def moved(self) -> None:
        """Show the chosen blend, and read what is on its page."""
        entries = [self.sheet.items[place] for place in self.sheet.shown]
        unread = [entry.path for entry in entries if not self.pictures.has(entry.path)]
        if unread:
            self._look(unread)
        self._draw_head()
        self._draw_blend()

    def action_choose(self) -> None:
        """Answer with its recipe."""
        self.action_open("")

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
        self._choose(self.sheet.place)
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
        """Draw the sheet and what the chosen blend was made of."""
        names = key_names(self)
        none = f"no blends yet: {names('walk.blend')} on the walk or {names('bench.write')} on the bench writes one"
        self.sheet.empty = none if self.gallery is not None else ""
        self.sheet.draw()
        self.moved()
        self.draw_keys()

    def _draw_head(self) -> None:
        head, count = self.query_one("#gallery-head", Lines), len(self.sheet.items)
        palette = head.palette
        said = [f"{count:,} blend{'s' if count != 1 else ''}", self.sheet.pages]
        if self.gallery is not None:
            said.append(f"{self.gallery.found} found without a record" if self.gallery.found else "")
            said.append(f"{self.gallery.gone} whose file is gone" if self.gallery.gone else "")
            said.append(f"{len(self.gallery.unreadable)} without a recipe" if self.gallery.unreadable else "")
        text = " · ".join(filter(None, said))
        head.show([[(" gallery ", palette.text("accent", bold=True)), (f" {text}", palette.text("quiet"))]])

    def _picture(self, entry: Entry) -> Album | None:
        """The blend as an album, once its file was read."""
        path, title = entry.path, " + ".join(plain(part.title) or "untitled" for part in entry.recipe.parts)
        return Album(str(path), "", title, None, None, None, str(path)) if self.pictures.has(path) else None

    def _card(self, entry: Entry, _place: int) -> Card:
        palette = Palette(self.app.theme_variables)
        titles = " + ".join(plain(part.title) or "untitled" for part in entry.recipe.parts)
        return Card(self._picture(entry), ((titles, palette.text()), (kind_of(entry), palette.text("quiet"))))

    def _draw_blend(self) -> None:
        text, entry = self.query_one("#gallery-text", Lines), self.entry
        self.query_one("#gallery-cover", Cover).show(None if entry is None else self._picture(entry))
        palette, cells = text.palette, max(8, text.size.width - 1)
        parts = () if entry is None else entry.recipe.parts
        rows: list[list[Span]] = []
        if entry is not None:
            made = entry.made_at.replace(tzinfo=UTC).astimezone().strftime("%d %b %Y, %H:%M")
            rows += wrapped(plain(entry.path.name), cells, 2, palette.text("accent"))
            rows += [
                [(said, palette.text("quiet"))] for said in (f"{kind_of(entry)}, detail {entry.recipe.detail}", made)
            ]
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


def kind_of(entry: Entry) -> str:
    """The mode of a picture, or that it is a film or a sheet."""
    return entry.recipe.mode if entry.recipe.layout == "picture" else entry.recipe.layout
