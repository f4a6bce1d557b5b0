"""One step of a route, large: the two albums of it, and beside them why one leads to the other."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from store.records import Step
from tui.pictures.painter import CoverPainter
from tui.screens.walk.details import reason_rows
from tui.text import cut, plain
from tui.widgets import album_panel
from tui.widgets.cover import Captioned, put
from tui.widgets.lines import Lines, Span, wrapped

WORDS = 3  # rows below a cover
WHY = 30  # columns that the reasons need at least
LARGEST = 64  # rows of a cover
WIDEST = 76  # columns of the reasons


class StepView(Captioned):
    """Two covers with their names, and the reasons to their right."""

    def __init__(self, painter: CoverPainter, *, id: str | None = None) -> None:
        super().__init__(painter, 2, id=id)
        self.captions.append(Lines(classes="caption"))
        self._waiting: Timer | None = None  # a held arrow key does not draw every cover on its way
        self._step: tuple[Sequence[Step], int, int | None] = ((), 0, None)

    def show_step(self, steps: Sequence[Step], chosen: int, weakest: int | None) -> None:
        """The step to `steps[chosen]`, or at the start its album alone. `weakest`: the place of the weakest step."""
        self._step = steps, chosen, weakest
        self.draw()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(album_panel.DELAY, self._show_covers)

    def on_resize(self) -> None:
        """Another number of rows for the way leaves another room."""
        self.draw()

    @property
    def _pair(self) -> list[int]:
        steps, chosen, _ = self._step
        return [place for place in (chosen - 1, chosen) if 0 <= place < len(steps)]

    def _show_covers(self) -> None:
        for cover, place in zip(self.covers, self._pair, strict=False):
            cover.show(self._step[0][place].album)

    def draw(self) -> None:
        """Draw it for the room that there is."""
        steps, chosen, weakest = self._step
        width, height = self.size
        why, palette = self.captions[-1], self.captions[-1].palette
        pair = self._pair
        side = max(2, min(height - WORDS, (width - WHY) // 4 - 1, LARGEST))
        for at, (cover, caption) in enumerate(zip(self.covers, self.captions, strict=False)):
            cover.display = caption.display = at < len(pair)
            if at < len(pair):
                step = steps[pair[at]]
                self.place(at, at * (side * 2 + 2), 0, side, (side * 2, WORDS))
                facts = " · ".join(fact for fact in (str(step.album.year or ""), plain(step.album.genre or "")) if fact)
                style = palette.focus if pair[at] == chosen else palette.text(bold=True)
                caption.show(
                    [
                        [(cut(plain(step.album.title) or "untitled", side * 2), style)],
                        [(cut(plain(step.album.artist), side * 2), palette.text("quiet"))],
                        [(cut(facts, side * 2), palette.text("quiet"))],
                    ]
                )
        why.display = bool(steps)
        left = len(pair) * (side * 2 + 2) + 1
        cells = max(8, min(WIDEST, width - left))
        put(why, left, 0, cells, height)
        if not steps:
            return
        step = steps[chosen]
        rows: list[list[Span]] = [[(f"stop {chosen + 1} of {len(steps)}", palette.text("quiet"))]]
        if step.score is not None:
            said = f"match {step.score:.2f}"
            rows[0] += [("  ", palette.text()), (said, palette.text(bold=True))]
            weak = [("the weakest step", palette.text("error", bold=True))] if chosen == weakest else []
            rows += [weak, *reason_rows(palette, step.reasons, cells, height - 2, height > 12)]
        elif not chosen:
            rows += [[], *wrapped("the start", cells, 1, palette.text())]
        why.show(rows)
