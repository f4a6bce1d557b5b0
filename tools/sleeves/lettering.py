"""Lettering for sleeves from the one scalable font that Pillow carries; weight and width are made here."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tools.sleeves.canvas import SIZE, Mask

_EM = 72  # drawn at this size, then scaled into place
_FREETYPE = threading.Lock()  # a FreeType face serves one thread at a time
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "–": "-", "’": "'"})


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=_EM)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType, which the demo's lettering needs: reinstall pillow")
    # The basic layout gives the same glyph positions whether or not libraqm is there.
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _plain(text: str) -> str:
    """Without accents, which the font lacks."""
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(mark for mark in bare if not unicodedata.combining(mark))


@dataclass(frozen=True, slots=True)
class _Word:
    """One line drawn large: `image` is cropped to its ink sideways, `rise` above its capitals to the descenders."""

    image: Image.Image  # mode L
    rise: int  # pixels above the capitals
    cap: int  # height of the capitals, pixels


@lru_cache(maxsize=512)
def _word(text: str, weight: int, spacing: float) -> _Word:
    """`weight` thickens by that many pixels a side at 72 px an em, `spacing` widens by that many ems a letter."""
    with _FREETYPE:
        font, text = _font(), _plain(text)
        gap = spacing * _EM + 1.2 * weight
        advances = [font.getlength(letter) for letter in text]
        width = int(sum(advances) + gap * len(text) + 4 * weight + _EM)
        image = Image.new("L", (width, _EM * 2))
        draw = ImageDraw.Draw(image)
        x, y = float(2 * weight + 4), _EM // 3
        for letter, advance in zip(text, advances, strict=True):
            draw.text((x, y), letter, fill=255, font=font, stroke_width=weight)
            x += advance + gap
        _, top, _, bottom = (int(edge) for edge in draw.textbbox((x, y), "H", font=font, stroke_width=weight))
    left, _, right, deepest = image.getbbox() or (0, 0, 1, 1)
    rise = _EM // 12
    return _Word(image.crop((left, top - rise, right, max(bottom, deepest))), rise, bottom - top)


def line(
    text: str,
    x: float,
    y: float,
    height: float,
    *,
    weight: int = 3,
    width: float | None = None,
    max_width: float | None = None,
    spacing: float = 0.0,
    align: str = "left",
    degrees: float = 0.0,
) -> Mask:
    """A mask of one line: `x`, `y` its top left (or top centre, or right, by `align`), `height` that of its capitals.

    `width` stretches or squeezes it to exactly that; `max_width` only ever shrinks it, keeping its shape.
    `degrees` turns it about its own centre.
    """
    drawn = _word(text, weight, spacing)
    scale = height * SIZE / drawn.cap
    w = drawn.image.width * scale if width is None else width * SIZE
    if max_width is not None and w > max_width * SIZE:
        scale *= max_width * SIZE / w
        w = max_width * SIZE
    h = drawn.image.height * scale
    word = drawn.image.resize((max(1, round(w)), max(1, round(h))), Image.Resampling.LANCZOS)
    left = x * SIZE - {"left": 0.0, "center": w / 2, "right": w}[align]
    top = y * SIZE - drawn.rise * scale
    if degrees:
        turned = word.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        left -= (turned.width - word.width) / 2
        top -= (turned.height - word.height) / 2
        word = turned
    canvas = Image.new("L", (SIZE, SIZE))
    canvas.paste(word, (round(left), round(top)))
    return np.asarray(canvas, dtype=np.float32) / 255


def wrap(text: str, rows: int) -> list[str]:
    """The words in at most `rows` lines of about equal length."""
    words = text.split()
    best = [text]
    if rows < 2 or len(words) < 2:
        return best
    for cut in range(1, len(words)):
        for rest in {1, rows - 1}:
            candidate = [" ".join(words[:cut]), *wrap(" ".join(words[cut:]), rest)]
            if max(map(len, candidate)) < max(map(len, best)):
                best = candidate
    return best


def stack(
    rows: Sequence[str],
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    weight: int = 5,
    gap: float = 0.12,
    squeeze: float = 0.55,
) -> Mask:
    """Lines set flush to a block `width` × `height`, each stretched to the full measure.

    A line is never squeezed below `squeeze` of, nor stretched beyond 1.6 times, its natural width.
    """
    each = height / (len(rows) + gap * (len(rows) - 1))
    mask = np.zeros((SIZE, SIZE), dtype=np.float32)
    for i, row in enumerate(rows):
        drawn = _word(row, weight, 0.0)
        natural = drawn.image.width / drawn.cap * each
        w = min(max(width, 0.0), natural * 1.6)
        h = each if w >= natural * squeeze else each * w / (natural * squeeze)
        mask = np.maximum(mask, line(row, x, y + i * each * (1 + gap) + (each - h) / 2, h, weight=weight, width=w))
    return mask
