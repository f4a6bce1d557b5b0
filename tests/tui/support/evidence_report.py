"""A report of the evidence, made up: what the screen shows does not depend on a run of minutes."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.evidence.results import Cell, Evidence, Pair, write_results

GENRES = ["rock", "indie", "electronic", "pop [b]"]


def make_evidence(genres: list[str] = GENRES) -> Evidence:
    """Four genres; the AUC of pair k is 0.50 + 0.04 k by the poster's way; one origin has rock and indie."""
    within = {"a": "indie", "b": "rock", "kind": "within", "origin": "some folder", "albums": [90, 70], "auc": 0.77}
    within |= {"low": 0.7, "high": 0.8, "shuffled": {"mean": 0.5, "low": 0.4, "high": 0.6, "p": 0.01}}
    pairs = []
    for number, (a, b) in enumerate(combinations(genres, 2)):
        base = 0.5 + 0.04 * number

        def cell(folds: str, value: float, a: str = a, b: str = b) -> Cell:
            return Cell(a, b, "pca", "forest", folds, value, value - 0.03, value + 0.03, [value] * 10)

        curve = [(step / 10) ** 0.7 for step in range(11)]
        places = [step / 10 for step in range(11)]
        pairs.append(
            Pair(
                a, b, (100, 80), (60, 50),
                {"plain": cell("plain", base + 0.02), "artist": cell("artist", base)},
                {kind: [[60, 40], [30, 50]] for kind in ("plain", "artist")},
                {kind: (places, curve) for kind in ("plain", "artist")},
                cell("artist", base + 0.05), {"colour · forest": 5}, None,
                {"observed": base, "mean": 0.5, "low": 0.45, "high": 0.55, "p": 0.2}, [0.5],
            )
        )  # fmt: skip
    return Evidence(
        "covers.csv", genres, dict.fromkeys(genres, 100), dict.fromkeys(genres, 60), {}, "tiny", pairs, [], {},
        {"careful": [within]}, [f"more {genre}" for genre in genres],
        [{"genre": genre, "gap": 0.25} for genre in genres], None,
        ["A sleeve says very little here.", "Other features add next to nothing. " * 6],
    )  # fmt: skip


def write_report(folder: Path) -> Evidence:
    """The results, a page, and pictures of a colour for each step of a direction."""
    folder.mkdir(parents=True, exist_ok=True)
    found = make_evidence()
    write_results(found, folder)
    (folder / "report.html").write_text("<!doctype html>")
    sheet = np.zeros((4 * 134 - 6, 9 * 134 - 6, 3), np.uint8)
    for y in range(4):
        for x in range(9):
            sheet[y * 134 : y * 134 + 128, x * 134 : x * 134 + 128] = (60 * y, 50, 25 * x)
    Image.fromarray(sheet).save(folder / "traits.png")
    return found
