"""The blend just made, shown in place of the details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from store.records import Album
from tui.keynames import key_names
from tui.pictures.painter import CoverPainter
from tui.text import cut_left, plain
from tui.widgets.cover import Cover
from tui.widgets.lines import Lines, Span, wrapped

if TYPE_CHECKING:
    from pipelines.blends.recipe_to_file import BlendResult


class BlendView(Vertical):
    """Covers the details panel only, and is toggled by `visible`: no cover of the walk is painted again."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self._shown: tuple[list[Album], BlendResult] | None = None

    def compose(self) -> ComposeResult:
        """The picture above, what it is below."""
        yield Cover(self.painter, id="blend-cover")
        yield Lines(id="blend-text")

    def on_resize(self) -> None:
        """Keep the picture square and as wide as the panel."""
        rows = max(1, min(self.size.width // 2, self.size.height - 8))
        cover = self.query_one(Cover)
        cover.styles.width, cover.styles.height = rows * 2, rows
        self._write()

    def show_result(self, albums: list[Album], result: BlendResult) -> None:
        """Come up over the details with a blend and where it was written."""
        self._shown = albums, result
        self.query_one(Cover).show_pixels(result.pixels)
        self.visible = True
        self._write()

    def _write(self) -> None:
        if self._shown is None:
            return
        albums, result = self._shown
        text = self.query_one(Lines)
        palette, cells = text.palette, self.container_size.width
        made = f"made on {plain(result.device)} in {result.seconds:.1f} s"
        rows: list[list[Span]] = [[(f"blend of {len(albums)}", palette.text(bold=True))]]
        for album in albums[:4]:
            label = f"{plain(album.title)} · {plain(album.artist)}"
            rows += wrapped(label, cells, 1, palette.text("quiet"))
        if len(albums) > 4:
            rows.append([(f"and {len(albums) - 4} more", palette.text("quiet"))])
        if result.path is not None:
            rows += wrapped(plain(result.path.name), cells, 2, palette.text("accent"))
            rows.append([(cut_left(f"in {plain(str(result.path.parent))}", cells), palette.text("quiet"))])
        rows += [[(made, palette.text("quiet"))], [(f"{key_names(self)('walk.close')} closes", palette.text("quiet"))]]
        text.show(rows)
