"""A table of covers with genres, two origins and one hostile name."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.covers import drawn_covers
from tests.support.hostile import HOSTILE_NAME

HOSTILE = f"<script>alert(1)</script> {HOSTILE_NAME}"


def make_table(folder: Path, each: int = 30, **changes: object) -> Path:
    """Two genres that colour tells apart and a third that nothing does; two albums an artist."""
    random = np.random.default_rng(0)
    covers = drawn_covers(3 * each)
    rows = []
    (folder / "covers").mkdir(parents=True)
    for number, cover in enumerate(covers):
        genre = ("rock", "pop", "indie")[number % 3]
        tint = {"rock": (1, 0.5, 0.5), "pop": (0.5, 0.5, 1)}.get(genre) or ((1, 0.5, 0.5), (0.5, 0.5, 1))[number % 2]
        Image.fromarray((cover * np.array(tint)).astype(np.uint8)).save(folder / "covers" / f"{number}.png")
        artist = f"{genre} {number // 6}" if number else HOSTILE
        tags = "|".join([*random.choice(["loud", "calm", "odd"], 2, replace=False).tolist(), f"{genre} music"])
        origin = ("one", "two")[number % 2]
        rows.append([artist, f"Album {number}", genre, origin, tags, 100 * number, f"covers/{number}.png"])
    file = folder / "table.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["artist", "album", "genre", "genre_source", "tags", "listeners", "cover"])
        writer.writerows(rows)
        writer.writerow(["Nobody", "Nothing", "rock", "", "", "", "covers/none.png"])
    return file
