"""A record crate: a list whose items have a small cover each; the words first, the covers once the list rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer

from store.records import Album
from tui.pictures.painter import CoverPainter
from tui.text import width
from tui.widgets.choices import MARK, Choices, Ink
from tui.widgets.lines import Span

Item = TypeVar("Item")
Thumb = tuple[int, Album, int]  # column, whose cover, which row of it

REST = 0.1  # seconds that a list rests before covers that it never drew are read
FEW = 4  # covers drawn at a time, so that a key typed meanwhile is answered
GAP = 1  # columns between a cover and its words


@dataclass(frozen=True, slots=True)
class Record:
    """How an item is shown. By row: the spans beside its cover, and those before it, such as the branches of a tree."""

    album: Album | None
    beside: Sequence[Sequence[Span]]
    before: Sequence[Sequence[Span]] = ()


class Crate(Choices[Item]):
    """Choices of `tall` rows each; `tall` may change before a draw."""

    def __init__(
        self,
        painter: CoverPainter,
        record: Callable[[Item, int, int, Ink], Record],
        *,
        tall: int = 3,
        id: str | None = None,
    ) -> None:
        """`record` gets an item, its place, the columns beside a cover at the left edge, and the ink of its words."""
        super().__init__(lambda *_: [], id=id)
        self.painter, self.record, self.tall = painter, record, tall
        self._thumbs: dict[int, Thumb] = {}  # by row
        self._drawn: set[tuple[str, int]] = set()  # covers drawn before, which are cheap now: album_id, height
        self._late: list[tuple[str, int]] = []  # covers to come, from the top
        self._timer: Timer | None = None

    @property
    def cover(self) -> int:
        """Columns of a cover."""
        return 2 * self.tall

    @property
    def indent(self) -> int:
        """Columns before the words, where nothing stands before the cover."""
        return MARK + self.cover + GAP

    @property
    def room(self) -> int:
        """Columns of the words."""
        return max(1, self.size.width - self.indent)

    def draw(self) -> None:
        """Show words and the covers that are at hand; the others follow unless another draw comes before them."""
        tall, rows, thumbs = self.tall, list(self.heading), dict[int, Thumb]()
        self._late = []
        for place in self.shown:
            item, (ink, mark) = self.items[place], self.inked(place)
            record = self.record(item, place, self.room, ink)
            for line in range(tall):
                before = list(record.before[line]) if line < len(record.before) else []
                beside = list(record.beside[line]) if line < len(record.beside) else []
                x = MARK + sum(width(text) for text, _ in before)
                if record.album is not None:
                    thumbs[len(rows)] = (x, record.album, line)
                first = mark if line == 0 or mark[0] == "▌" else (" ", ink())
                row = [first, *before, (" " * (self.cover + GAP), ink()), *beside]
                rows.append([*row, (" " * max(0, self.size.width - sum(width(text) for text, _ in row)), ink())])
            if record.album is not None and (key := (record.album.album_id, tall)) not in self._drawn:
                self._late.append(key)
        if not self.items and self.empty:
            rows.append([(self.empty, self.palette.text("quiet"))])
        self._show_thumbs(thumbs)
        self.show(rows)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST, self._draw_few) if self._late else None

    def render_line(self, y: int) -> Strip:
        """Words, and over them the row of a cover."""
        strip = super().render_line(y)
        thumb = self._thumbs.get(y)
        if thumb is None or (thumb[1].album_id, self.tall) not in self._drawn:
            return strip
        x, album, line = thumb
        cover = self.painter.draw(album, self.cover, self.tall)[line]
        return Strip.join([strip.crop(0, x), cover, strip.crop(x + self.cover)]).crop(0, self.size.width)

    def _draw_few(self) -> None:
        now, self._late = set(self._late[:FEW]), self._late[FEW:]
        self._drawn |= now
        drawn = ((y, x) for y, (x, album, _) in self._thumbs.items() if (album.album_id, self.tall) in now)
        self.refresh(*(Region(x, y, self.cover, 1) for y, x in drawn))
        self._timer = self.set_timer(0.01, self._draw_few) if self._late else None

    def _show_thumbs(self, thumbs: dict[int, Thumb]) -> None:
        """Other covers; only rows whose cover differs are sent again."""
        before, self._thumbs = self._thumbs, thumbs
        changed = [y for y in before.keys() | thumbs.keys() if before.get(y) != thumbs.get(y)]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))
