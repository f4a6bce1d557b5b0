"""What stands under a cover: title, artist and year, and whether it is in focus or in the tray."""

from __future__ import annotations

from store.records import Album, Neighbor
from tui.palette import Palette
from tui.text import centered, cut, pad, plain, width
from tui.widgets.lines import Lines, Span

TRAY_MARK = "+ "


class Caption(Lines):
    """One to three rows; the focus inverts them, so moving it sends some hundred bytes and no picture."""

    def show_neighbor(
        self, neighbor: Neighbor | None, cells: int, *, focused: bool, in_tray: bool, label: str = ""
    ) -> None:
        """The caption of a neighbour: title, artist, year and score, behind the letter of a label jump."""
        rows = [] if neighbor is None else neighbor_rows(self.palette, neighbor, cells, focused, in_tray)
        if rows and label:
            title = plain(neighbor.album.title if neighbor else "") or "untitled"
            rows[0] = [(f" {label} ", self.palette.focus), (pad(f" {title}", cells - 3), self.palette.text())]
        self.show(rows)

    def show_center(self, album: Album, cells: int, rows: int, *, focused: bool, in_tray: bool) -> None:
        """The caption of the centre: one row, or two where there is room."""
        self.show(center_rows(self.palette, album, cells, rows, focused, in_tray))


def neighbor_rows(palette: Palette, neighbor: Neighbor, cells: int, focused: bool, in_tray: bool) -> list[list[Span]]:
    """Three rows of exactly `cells` cells; a small caption shows the first ones."""
    album = neighbor.album
    title = (TRAY_MARK if in_tray else "") + (plain(album.title) or "untitled")
    year = "" if album.year is None else str(album.year)
    score = f"{neighbor.score:.2f}"
    text = palette.focus if focused else palette.text()
    quiet = palette.focus if focused else palette.text("quiet")
    return [
        [(pad(title, cells), text)],
        [(pad(plain(album.artist), cells), quiet)],
        [(pad(year, cells - len(score)) + score, quiet)],
    ]


def center_rows(
    palette: Palette, album: Album, cells: int, rows: int, focused: bool, in_tray: bool
) -> list[list[Span]]:
    """Title and artist in the middle of `cells` cells, in one row or two."""
    text = palette.focus if focused else palette.text(bold=True)
    quiet = palette.focus if focused else palette.text("quiet")
    title, artist = (TRAY_MARK if in_tray else "") + (plain(album.title) or "untitled"), plain(album.artist)
    if rows > 1:
        return [[(centered(title, cells), text)], [(centered(artist, cells), quiet)]]
    both = f"{title} · {artist}"
    return [[(centered(both if width(both) <= cells else cut(title, cells), cells), text)]]
