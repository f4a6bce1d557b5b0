"""What stands under a cover: title, artist and year, and whether it is in focus or in the tray."""

from __future__ import annotations

from rich.style import Style

from store.records import Album, Neighbor
from tui.text import centered, cut, pad, plain, width
from tui.widgets.lines import Lines, Span

TRAY_MARK = "+ "


class Caption(Lines):
    """One to three rows; the focus inverts them, so moving it sends some hundred bytes and no picture."""

    def show_neighbor(
        self, neighbor: Neighbor | None, cells: int, *, focused: bool, in_tray: bool, label: str = ""
    ) -> None:
        """The caption of a neighbour: title, artist, year and score, behind the letter of a label jump."""
        if neighbor is None:
            self.show([])
            return
        album, text, quiet = neighbor.album, self._style(focused), self._style(focused, "quiet")
        year, score = str(album.year or ""), f"{neighbor.score:.2f}"
        title: list[Span] = [(pad(_title(album, in_tray), cells), text)]
        if label:
            title = [(f" {label} ", self.palette.focus), (pad(f" {_title(album)}", cells - 3), self.palette.text())]
        artist, facts = pad(plain(album.artist), cells), pad(year, cells - len(score)) + score
        self.show([title, [(artist, quiet)], [(facts, quiet)]])

    def show_center(self, album: Album, cells: int, rows: int, *, focused: bool, in_tray: bool) -> None:
        """The caption of the centre: title and artist in one row, or in two where there is room."""
        text, quiet = self._style(focused, bold=True), self._style(focused, "quiet")
        title, artist = _title(album, in_tray), plain(album.artist)
        if rows > 1:
            self.show([[(centered(title, cells), text)], [(centered(artist, cells), quiet)]])
        else:
            both = f"{title} · {artist}"
            self.show([[(centered(both if width(both) <= cells else cut(title, cells), cells), text)]])

    def _style(self, focused: bool, color: str = "foreground", bold: bool = False) -> Style:
        return self.palette.focus if focused else self.palette.text(color, bold=bold)


def _title(album: Album, in_tray: bool = False) -> str:
    return (TRAY_MARK if in_tray else "") + (plain(album.title) or "untitled")
