"""What the evidence looks like in cells: the pairs as a heat map, a ROC curve in braille, words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style

from pipelines.evidence.results import POSTER, Evidence, Pair
from tui.layout.edges import BRAILLE, DOTS
from tui.palette import Palette, style
from tui.text import centered, cut, pad, plain, wrap
from tui.widgets.lines import Span

SHOWN = {  # what the figures are of, and what that means
    "plain": ("as the poster did it", "pixels by a random forest, any folds"),
    "artist": ("the same, artists held out", "no artist both learned from and tried"),
    "best": ("the best model, artists held out", "chosen on other covers than those tried"),
    "within": ("labels of one origin alone", "who labelled them cannot pass for genre"),
}
READABLE = 110  # columns of words
LOW, HIGH = 0.45, 0.8  # AUC at the ends of the colours
_SCALE = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))  # viridis
Rows = list[list[Span]]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is told of a pair: AUC with its interval, what shuffled labels give, of how many albums."""

    auc: float
    low: float
    high: float
    shuffled: dict[str, float]
    albums: Sequence[int]
    origin: str = ""  # of the labels, where they are of one


def figure_of(found: Evidence, pair: Pair, shown: str) -> Figure | None:
    """The figure of a pair that is looked at; None where no origin has enough albums of both."""
    if shown != "within":
        cell = pair.best if shown == "best" else pair.poster[shown]
        return Figure(cell.auc, cell.low, cell.high, pair.shuffled, pair.albums)
    told = (row for row in found.labels["careful"] if row["kind"] == "within")
    rows = [row for row in told if {row["a"], row["b"]} == {pair.a, pair.b}]
    if not rows:
        return None
    row = max(rows, key=lambda row: min(row["albums"]))
    albums = row["albums"] if row["a"] == pair.a else row["albums"][::-1]
    return Figure(row["auc"], row["low"], row["high"], row["shuffled"], albums, row["origin"])


def heat(value: float) -> Style:
    """The colour of an AUC, with text that can be read on it."""
    place = min(max((value - LOW) / (HIGH - LOW), 0.0), 1.0) * (len(_SCALE) - 1)
    low = min(int(place), len(_SCALE) - 2)
    part = place - low
    color = [round(a + (b - a) * part) for a, b in zip(_SCALE[low], _SCALE[low + 1], strict=True)]
    light = color[0] * 0.299 + color[1] * 0.587 + color[2] * 0.114
    return style("#101216" if light > 120 else "#ffffff", "#{:02x}{:02x}{:02x}".format(*color), True)


def heat_map(
    found: Evidence,
    palette: Palette,
    chosen: tuple[int, int],
    shown: str,
    size: tuple[int, int],
    plain_only: bool = False,
) -> Rows:
    """Every pair's AUC, the chosen one marked; `size` in cells; `plain_only`: ASCII alone."""
    columns, height = size
    names = [plain(name) for name in found.genres]
    label = min(12, max(map(len, names)) + 1)
    across = max(6, min(32, (columns - label - 1) // len(names)))
    down = max(1, min(max(3, across // 3), (height - 8) // len(names)))
    quiet = palette.text("quiet")
    head: list[Span] = [(" " * (label + 1), quiet), *((centered(name, across), quiet) for name in names)]
    title, meaning = SHOWN[shown]
    rows: Rows = [[(f" AUC, {title}", palette.text("accent", bold=True))], [(f" {meaning}", quiet)], [], head]
    for y, name in enumerate(names):
        for line in range(down):
            middle = line == down // 2
            row: list[Span] = [(" " + pad(name if middle else "", label), quiet)]
            for x in range(len(names)):
                pair = found.pair(found.genres[x], found.genres[y]) if x != y else None
                if pair is None:
                    row.append((" " * across, palette.text()))
                    continue
                figure = figure_of(found, pair, shown)
                value = "-" if figure is None else f"{figure.auc:.2f}"
                marks = ("><" if plain_only else "▸◂") if (x, y) == chosen else ("", "")
                text = f"{marks[0]}{value}{marks[1]}" if middle else ""
                row.append((centered(text, across), quiet if figure is None else heat(figure.auc)))
            rows.append(row)
    rows += [[], [(" ", quiet), *((f" {value:.2f} ", heat(value)) for value in (0.45, 0.5, 0.6, 0.7, 0.8))]]
    rows.append([(" 0.5 is a coin, 1 is always right", quiet)])
    rows.append([(f" the poster that this grew from: {POSTER[0]}-{POSTER[1]}", quiet)])
    return rows


def pair_side(
    found: Evidence, pair: Pair, palette: Palette, shown: str, size: tuple[int, int], plain_only: bool = False
) -> Rows:
    """The chosen pair: its ROC curve, and its figures beside what shuffled labels give."""
    columns, height = size
    kind = "plain" if shown == "plain" else "artist"
    figure = figure_of(found, pair, shown)
    text, quiet = palette.text(), palette.text("quiet")
    rows: Rows = [[(cut(f"{plain(pair.a)} or {plain(pair.b)}", columns), palette.text("accent", bold=True))]]
    room = max(4, min(height - 12, columns // 2 - 1, 30))
    title = "as the poster did it" if kind == "plain" else "the poster's, artists held out"
    rows.append([(cut(f"ROC, {title}", columns), quiet)])
    for line in braille_curve(*pair.roc[kind], 2 * room, room, plain_only):
        rows.append([(line, palette.text("accent"))])
    rows.append([(cut("across: false alarms, up: hits", columns), quiet)])
    if figure is None:
        rows += [[(row, text)] for row in wrap("No origin of labels has 30 albums of each by 10 artists.", columns, 3)]
        return rows[:height]
    noise = figure.shuffled
    facts = [
        ("AUC", f"{figure.auc:.3f}  ({figure.low:.3f} to {figure.high:.3f})"),
        ("shuffled", f"{noise['mean']:.3f}  ({noise['low']:.2f} to {noise['high']:.2f})"),
        ("by luck", f"p = {noise['p']:.3f}"),
        ("albums", f"{figure.albums[0]:,} + {figure.albums[1]:,}"),
    ]
    if figure.origin:
        facts.append(("origin", plain(figure.origin)))
    else:
        facts.append(("artists", f"{pair.artists[0]:,} + {pair.artists[1]:,}"))
    if shown in pair.confusion:
        (a, b), (c, d) = pair.confusion[shown]
        facts += [
            (f"{plain(pair.a)[:9]}", f"{a:,} right, {b:,} not"),
            (f"{plain(pair.b)[:9]}", f"{d:,} right, {c:,} not"),
        ]
    elif shown == "best":
        facts.append(("chosen", next(iter(pair.chosen), "")))
    rows += [[(pad(name, 10), quiet), (cut(value, columns - 10), text)] for name, value in facts]
    return rows[:height]


def braille_curve(
    x: Sequence[float], y: Sequence[float], columns: int, rows: int, plain_only: bool = False
) -> list[str]:
    """A curve in the unit square as `rows` of braille (or of stars), with a dotted diagonal."""
    wide, high = columns * 2, rows * 4
    dots = np.zeros((high, wide), bool)
    places = np.linspace(0, 1, wide)
    down = np.rint((1 - np.interp(places, x, y)) * (high - 1)).astype(int)
    above = high - 1  # the row of the dot before, the corner at first: steep parts have no gaps
    for column, row in enumerate(down.tolist()):
        dots[min(above, row) : max(above, row) + 1, column] = True
        above = row
    for at in places[::6]:
        dots[round((1 - at) * (high - 1)), round(at * (wide - 1))] = True
    lines = []
    for top in range(0, high, 4):
        line = ""
        for left in range(0, wide, 2):
            bits = sum(DOTS[dy][dx] for dy in range(4) for dx in range(2) if dots[top + dy, left + dx])
            mark = "*" if plain_only else chr(BRAILLE + bits)
            line += mark if bits else " "
        lines.append(line)
    return lines


def words(found: Evidence, palette: Palette, columns: int) -> Rows:
    """What may be concluded, the answer first."""
    rows: Rows = [[(" what may be concluded", palette.text("accent", bold=True))], []]
    for number, line in enumerate(found.said):
        color = palette.text(bold=True) if number == 0 else palette.text()
        for place, row in enumerate(wrap(plain(line), max(20, min(columns - 4, READABLE)), 12)):
            rows.append([((" - " if place == 0 and number else "   ") + row, color)])
        rows.append([])
    return rows
