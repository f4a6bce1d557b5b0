"""What a genre looks like to the model: the direction in latents that leads to it, decoded to pictures."""

from __future__ import annotations

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evidence.features import FACTS
from pipelines.evidence.sample import Sample
from pipelines.evidence.trials import cores
from pipelines.looking.faces import find_faces
from pipelines.looking.lettering import SIDE, lettering_of
from pipelines.looking.words import probability
from pipelines.progress import Progress
from vae.directions import FEWEST

if TYPE_CHECKING:
    from vae.codec import Codec

NAMES = (*FACTS, "lettering", "faces")  # of what `facts_seen` gives
LOOKED = 60  # covers of a genre on which words and faces are looked for: 40 ms each
SHOWN_FACTS = 8
RESAMPLES = 400
STEPS = (-4.0, -2.0, 0.0, 2.0, 4.0)  # standard deviations of the covers along the direction
FACT_EXAMPLES = 8
EXAMPLES = 4  # covers that lie farthest in it
_LUMA = np.array([0.299, 0.587, 0.114])


def genre_traits(
    sample: Sample, genres: list[str], latents: NDArray[np.float32], codec: Codec
) -> tuple[list[str], NDArray[np.uint8], list[dict[str, Any]]]:
    """(names, pictures uint8 [k, 5 + 4, 128, 128, 3], facts): the mean cover moved along the difference of the means of
    each genre's covers and the others', then the covers of the genre that lie farthest along it.
    """
    inside_any = np.isin(sample.genres, genres)
    centre = latents[inside_any].mean(axis=0)
    names, rows_of_pictures, facts = [], [], []
    for genre in genres:
        own = sample.genres == genre
        others = inside_any & ~own
        if own.sum() < FEWEST or others.sum() < FEWEST:
            continue
        way = latents[own].mean(axis=0) - latents[others].mean(axis=0)
        unit = way / max(float(np.linalg.norm(way)), 1e-9)
        along = latents @ unit
        spread = float(along[inside_any].std())
        moved = np.stack([centre + step * spread * unit for step in STEPS]).astype(np.float32)
        pictures = codec.decode(moved)
        best = np.flatnonzero(own)[np.argsort(-along[own], kind="stable")[:EXAMPLES]]
        names.append(f"more {genre}")
        rows_of_pictures.append(np.concatenate([pictures, sample.images[best]]))
        gap = float(along[own].mean() - along[others].mean()) / max(spread, 1e-9)
        facts.append({"genre": genre, "gap": gap, **_looks(pictures[0], pictures[-1])})
    shape = (0, len(STEPS) + EXAMPLES, 128, 128, 3)
    return names, np.stack(rows_of_pictures) if names else np.empty(shape, np.uint8), facts


def facts_seen(
    sample: Sample, genres: list[str], facts: NDArray[np.float32], progress: Progress
) -> NDArray[np.float32]:
    """The facts [n, 22] and beside them, in deviations too, the shares of the cover that words and heads take.

    Looked for on LOOKED covers of each genre, where the library does not know of the words; nan on the others.
    """
    shares = np.full((len(sample), 2), np.nan, np.float32)
    shares[:, 0] = [cover.lettering for cover in sample.covers]
    look_for_words = not np.isfinite(shares[:, 0]).any()
    drawn = [np.random.default_rng(0).permutation(np.flatnonzero(sample.genres == genre))[:LOOKED] for genre in genres]
    rows = np.sort(np.concatenate(drawn)).tolist()
    progress.start("words and faces", len(rows))

    def look(row: int) -> tuple[float, float]:
        words = lettering_of(probability(sample.images[row], SIDE))[0] if look_for_words else shares[row, 0]
        heads = find_faces(sample.images[row], SIDE)
        return words, min(1.0, sum((right - left) * (bottom - top) for left, top, right, bottom in heads))

    with ThreadPoolExecutor(cores()) as pool:
        for row, seen in zip(rows, pool.map(look, rows), strict=True):
            shares[row] = seen
            progress.advance()
    progress.finish()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what nobody knows
        spread = np.nanstd(shares, axis=0)
        values = (shares - np.nanmean(shares, axis=0)) / np.where(spread > 0, spread, np.nan)
    return np.concatenate([facts, values], axis=1)


def fact_differences(sample: Sample, genres: list[str], facts: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Of each genre the fact that sets it apart most from the others, {genre, fact, gap, low, high}: in deviations
    of all covers, with the 95 % interval over artists. The widest gaps first; SHOWN_FACTS at most.
    """
    inside = np.isin(sample.genres, genres)
    _, artist = np.unique(sample.groups[inside], return_inverse=True)
    count = int(artist.max()) + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)[:, artist]
    values, found = facts[inside].astype(np.float64), []
    for genre in genres:
        own = sample.genres[inside] == genre
        gaps = np.array([_mean(column[own]) - _mean(column[~own]) for column in values.T])
        most = int(np.nanargmax(np.abs(gaps)))
        column, known = values[:, most], np.isfinite(values[:, most])
        one, other = drawn[:, own & known], drawn[:, ~own & known]
        weights = np.maximum(one.sum(axis=1), 1), np.maximum(other.sum(axis=1), 1)
        again = one @ column[own & known] / weights[0] - other @ column[~own & known] / weights[1]
        low, high = np.quantile(again, (0.025, 0.975))
        found.append({"genre": genre, "fact": NAMES[most], "gap": gaps[most], "low": float(low), "high": float(high)})
    found.sort(key=lambda row: -abs(row["gap"]))
    return [{**row, "gap": float(row["gap"])} for row in found[:SHOWN_FACTS]]


def _mean(values: NDArray[np.float64]) -> float:
    """Of what is known; nan where that is little."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) >= FEWEST else math.nan


def fact_examples(sample: Sample, found: list[dict[str, Any]], facts: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8 [k, 8, 128, 128, 3]: for each row the genre's covers with the most of the fact (the least where it has less
    of it than others).
    """
    rows = []
    for row in found:
        own = np.flatnonzero(sample.genres == row["genre"])
        along = facts[own, NAMES.index(row["fact"])] * np.sign(row["gap"])
        rows.append(sample.images[own[np.argsort(-along, kind="stable")[:FACT_EXAMPLES]]])
    return np.stack(rows)


def self_encodings(sample: Sample, genres: list[str], codec: Codec, each: int = 3) -> NDArray[np.uint8]:
    """uint8 [2, m, 128, 128, 3]: a few covers of each genre, and what the model makes of them."""
    rows: list[int] = []
    for genre in genres:
        own = np.flatnonzero(sample.genres == genre)
        rows += np.random.default_rng(0).permutation(own)[:each].tolist()
    return np.stack([sample.images[rows], codec.decode(codec.encode(sample.images[rows]))])


def _looks(against: NDArray[np.uint8], along: NDArray[np.uint8]) -> dict[str, float]:
    """How the picture changes from one end to the other: lightness, warmth, colourfulness and detail, all in 0–1."""
    found = []
    for picture in (against, along):
        rgb = picture.astype(np.float64) / 255
        light = rgb @ _LUMA
        found.append(
            {
                "lighter": float(light.mean()),
                "warmer": float((rgb[..., 0] - rgb[..., 2]).mean()),
                "more colourful": float((rgb.max(axis=-1) - rgb.min(axis=-1)).mean()),
                "more detailed": float(np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean()),
            }
        )
    return {name: found[1][name] - found[0][name] for name in found[0]}
