"""The words of the blend bench: its modes, the chosen album, the drift, the decoder."""

from __future__ import annotations

from collections.abc import Sequence

from tui.text import plain
from tui.walk.bench import MODES, Bench
from tui.widgets.lines import Lines, Span
from tui.workers.decoder import Decoder

LITTLE = 0.6  # of an album's weight: a smaller area is told why


class BenchHead(Lines):
    """The modes in one row."""

    def show_bench(self, bench: Bench) -> None:
        """The one in use stands out."""
        palette = self.palette
        row: list[Span] = [(" blend bench  ", palette.text("accent", bold=True))]
        for mode in MODES:
            row += [(f" {mode} ", palette.focus if mode == bench.draft.mode else palette.text("quiet"))]
        kept = len(bench.variants)
        row.append((f"   {kept} variant{'s' if kept > 1 else ''} kept" if kept else "", palette.text("quiet")))
        self.show([row])


class BenchText(Lines):
    """The chosen album, the direction, and how far the blend drifted."""

    def show_bench(self, bench: Bench, directions: Sequence[str], area: float | None) -> None:
        """Five rows. `area`: the chosen album's share of the picture, where that is a montage."""
        palette, draft = self.palette, bench.draft
        album = draft.albums[bench.chosen]
        name = directions[bench.direction % len(directions)] if directions else ""
        last = "  ".join(f"{plain(way)} {steps:+g}" for way, steps in draft.drift)
        if not last and area is not None and area < LITTLE * draft.shares[bench.chosen]:
            last = "less than its weight: words and faces are whole"
        self.show(
            [
                [(plain(album.title) or "untitled", palette.text(bold=True))],
                [(plain(album.artist), palette.text("quiet"))],
                [
                    ("drift ", palette.text("quiet")),
                    (f"‹ {plain(name) or 'nowhere'} ›", palette.text("accent" if name else "quiet", bold=True)),
                    (f" {draft.steps(name):+g}" if name else "", palette.text("accent", bold=True)),
                ],
                [
                    ("detail ", palette.text("quiet")),
                    (draft.detail, palette.text("accent", bold=True)),
                    (_areas(bench, area), palette.text("quiet")),
                ],
                [(last, palette.text("quiet"))],
            ]
        )


def _areas(bench: Bench, area: float | None) -> str:
    wishes, chosen = bench.draft.wishes, bench.chosen
    said = "" if area is None else f" · {area:.0%} of the picture"
    if wishes.favour and wishes.favour[chosen] != 1:
        said += f" · ×{wishes.favour[chosen]:.2g}"
    pins = sum(pin.place == chosen for pin in wishes.pins)
    said += f" · {pins} pin{'s' if pins > 1 else ''}" if pins else ""
    return said + (" · its layout" if wishes.layout_of == chosen else "")


class BenchStatus(Lines):
    """Where and how fast the last preview was decoded."""

    def show_decoder(self, decoder: Decoder) -> None:
        """One row."""
        said = "loading the model …"
        if decoder.is_ready:
            took = f", the last preview in {decoder.milliseconds:.0f} ms" if decoder.milliseconds is not None else ""
            said = f"decoded on {decoder.device}{took}" + (f" · {decoder.said}" if decoder.said else "")
        self.show([[(f" {plain(said)}", self.palette.text("quiet"))]])
