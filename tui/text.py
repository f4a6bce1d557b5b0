"""Text from outside, made safe to draw: no control characters, measured in cells, cut and wrapped to fit.

Nothing here parses markup. Artist names and titles are data, however they look.
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"
width = cell_len  # how many cells a text takes on screen
MAX_COMBINING = 2  # marks kept on one base character; more would climb over the rows above
MAX_CHARACTERS = 500  # of one text; more can never be on screen at once


def plain(text: str) -> str:
    """`text` without anything that moves the cursor, changes direction or has no agreed width.

    Line breaks and tabs become spaces. Joiners and variation selectors go too: terminals disagree on how wide
    a joined emoji is, and one wrong guess shifts the rest of the row.
    """
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: MAX_CHARACTERS * 4]):
        category = unicodedata.category(character)
        if character in "\t\n\r\v\f\u2028\u2029":
            kept.append(" ")
            marks = 0
        elif category[0] == "C" or "\ufe00" <= character <= "\ufe0f":
            continue
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= MAX_COMBINING and kept:
                kept.append(character)
        else:
            marks = 0
            kept.append(character)
    return " ".join("".join(kept).split())[:MAX_CHARACTERS]


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, with an ellipsis where something was left out."""
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return text
    if cells == 1:
        return ELLIPSIS
    return set_cell_size(text, cells - 1).rstrip() + ELLIPSIS


def cut_left(text: str, cells: int) -> str:
    """`text` in at most `cells` cells; what is left out is at its start, as suits a folder's path."""
    if cell_len(text) <= cells:
        return text
    while text and cell_len(text) > cells - 1:
        text = text[1:]
    return (ELLIPSIS + text)[:cells]


def pad(text: str, cells: int) -> str:
    """`text` cut or padded with spaces to exactly `cells` cells."""
    return set_cell_size(cut(text, cells), max(0, cells))


def centered(text: str, cells: int) -> str:
    """`text` cut to `cells` cells and set in their middle."""
    shown = cut(text, cells)
    return pad(" " * ((cells - cell_len(shown)) // 2) + shown, cells)


def wrap(text: str, cells: int, lines: int) -> list[str]:
    """`text` broken at spaces into at most `lines` rows of `cells` cells; an ellipsis says if it was cut."""
    rows: list[str] = []
    row = ""
    words = text.split()
    while words and len(rows) < lines:
        word = words.pop(0)
        candidate = f"{row} {word}" if row else word
        if cell_len(candidate) <= cells:
            row = candidate
            continue
        if len(rows) == lines - 1:
            rows.append(cut(" ".join([candidate, *words]), cells))
            return rows
        if row:
            rows.append(row)
            row = ""
            words.insert(0, word)
        else:  # one word wider than the row
            head = set_cell_size(word, cells).rstrip()
            rows.append(head)
            words.insert(0, word[len(head) :]) if len(head) < len(word) and head else None
    if row and len(rows) < lines:
        rows.append(row)
    return rows


def initials(artist: str, title: str) -> str:
    """Two letters that stand for an album whose cover cannot be drawn."""
    words = [word for word in f"{plain(title)} {plain(artist)}".split() if word[0].isalnum()]
    letters = "".join(word[0] for word in words[:2]).upper()
    return letters or "?"


def count(number: int | None) -> str:
    """A number of listeners for people: 950, 12k, 1.2M; empty where unknown."""
    if number is None:
        return ""
    if number < 1000:
        return str(number)
    for limit, unit in ((1_000_000, "k"), (1_000_000_000, "M")):
        if number < limit:
            value = number / (limit / 1000)
            return f"{value:.1f}{unit}" if value < 10 else f"{value:.0f}{unit}"
    return f"{number / 1_000_000_000:.1f}G"
