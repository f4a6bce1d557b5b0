"""Do covers that look near share genre and tags? On covers that taught nothing and chose nothing, among all open ones.

    python -m vae.training.neighbours --covers DIR [--weights FILE] [--latents FILE.npz] [--part telling|choosing]

Prints the purity of the ten nearest by other artists as the model stands, and with a genre map on top: a kernel
logistic regression (radial basis functions on the angle, Nyström's approximation, Williams & Seeger 2001) from the
model's numbers for meaning to genres. The map sees labels and the model does not, so the two are told apart.
`cross-fitted`: a candidate's own label has not taught the map that places it. Needs the extras train and evidence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.codec import Codec
from vae.info import BadWeights
from vae.training.data import CoverSet, NoCovers, list_covers, load_covers, split

NEAREST = 10
FOLDS = 5
DRAWS = 500  # of the bootstrap
GAMMA, REGRESSION, COMPONENTS = 0.5, 10.0, 1500  # of the genre map, chosen on the choosing part
BESIDE = 0.5  # length of the meaning's part beside the map's probabilities, chosen there too

Vectors = NDArray[np.float32]
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A mean over queries in 0–1 with its bootstrap 95 % interval, and what chance gives."""

    value: float
    low: float
    high: float
    chance: float
    queries: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}], chance {self.chance:.3f}, {self.queries:,} queries"


def unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def nearest(
    vectors: Vectors, groups: NDArray[np.str_], asked: Rows, among: Rows
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each asked row with its NEAREST rows by cosine `among` those of other groups."""
    vectors, pool = unit(vectors), np.flatnonzero(among)
    for part in np.array_split(np.flatnonzero(asked), max(1, int(asked.sum()) // 256)):
        alike = vectors[part] @ vectors[pool].T
        alike[groups[part][:, None] == groups[pool]] = -np.inf
        yield from zip(part.tolist(), pool[np.argsort(-alike, kind="stable", axis=1)[:, :NEAREST]], strict=True)


def share(each: NDArray[np.float64], chance: float) -> Share:
    draws = np.random.default_rng(0).integers(len(each), size=(DRAWS, len(each)))
    low, high = np.quantile(each[draws].mean(1), (0.025, 0.975))
    return Share(float(each.mean()), float(low), float(high), chance, len(each))


def purity(vectors: Vectors, genres: NDArray[np.str_], groups: NDArray[np.str_], asked: Rows, among: Rows) -> Share:
    """Share of the nearest that have the query's genre; rows without a genre neither ask nor answer."""
    asked, among = asked & (genres != ""), among & (genres != "")
    each = [(genres[rows] == genres[query]).mean() for query, rows in nearest(vectors, groups, asked, among)]
    chance = [(genres[among] == genre).mean() for genre in genres[asked]]
    return share(np.array(each), float(np.mean(chance)))


def tag_overlap(
    vectors: Vectors, tags: list[frozenset[str]], groups: NDArray[np.str_], asked: Rows, among: Rows
) -> Share:
    """Mean Jaccard index of tags with the nearest; rows without a tag neither ask nor answer."""
    some = np.array([bool(own) for own in tags])
    asked, among = asked & some, among & some

    def alike(a: int, b: int) -> float:
        return len(tags[a] & tags[b]) / len(tags[a] | tags[b])

    each = [np.mean([alike(query, row) for row in rows]) for query, rows in nearest(vectors, groups, asked, among)]
    pairs = np.random.default_rng(0)
    random = [
        alike(*pair)
        for pair in zip(
            pairs.choice(np.flatnonzero(asked), 20_000), pairs.choice(np.flatnonzero(among), 20_000), strict=True
        )
    ]
    return share(np.array(each), float(np.mean(random)))


def genre_map(
    meaning: Vectors, genres: NDArray[np.str_], groups: NDArray[np.str_], fit: Rows, cross_fitted: bool
) -> Vectors:
    """Square roots of each row's genre probabilities beside BESIDE of its meaning, [n, genres + k]."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline

    kinds = np.unique(genres[fit])
    made = np.zeros((len(meaning), len(kinds)), np.float32)

    def place(learn: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        kernel = Nystroem(gamma=GAMMA, n_components=min(COMPONENTS, len(learn)), random_state=0)
        model = make_pipeline(kernel, LogisticRegression(C=REGRESSION, max_iter=300)).fit(meaning[learn], genres[learn])
        made[np.ix_(rows, np.searchsorted(kinds, model.classes_))] = np.sqrt(model.predict_proba(meaning[rows]))

    learn = np.flatnonzero(fit)
    if cross_fitted:
        for rest, own in GroupKFold(FOLDS).split(learn, groups=groups[learn]):
            place(learn[rest], learn[own])
        place(learn, np.flatnonzero(~fit))
    else:
        place(learn, np.arange(len(meaning)))
    return np.concatenate([made - made[fit].mean(0), BESIDE * meaning], 1).astype(np.float32)


def latents_of(codec: Codec, covers: CoverSet, kept: Path | None) -> Vectors:
    """Latents [n, d], read from `kept` where it is of this model and these covers, else made and written there."""
    if kept is not None and kept.is_file():
        with np.load(kept) as file:
            if str(file["model"]) == codec.model_id and len(file["latents"]) == len(covers.images):
                return file["latents"]
    made = np.concatenate(
        [codec.encode(part) for part in np.array_split(covers.images, max(1, len(covers.images) // 256))]
    )
    if kept is not None:
        np.savez(kept, latents=made, model=codec.model_id)
    return made


def report(codec: Codec, options: argparse.Namespace) -> None:
    listed = list_covers(options.covers)
    held_out, choosing = split(listed)  # of all, since it asks which artists are new in the second table
    parts = {cover.path: part for cover, *part in zip(listed, held_out & ~choosing, choosing, strict=True)}
    covers = load_covers([cover for cover in listed if cover.genre or cover.tags])
    telling, choosing = np.array([parts[cover.path] for cover in covers.covers]).T
    genres = np.array([cover.genre for cover in covers.covers])
    groups = np.array([cover.group for cover in covers.covers])
    tags = [frozenset(filter(None, cover.tags.lower().split("|"))) for cover in covers.covers]
    latents = latents_of(codec, covers, options.latents)
    vectors = codec.search_vectors(latents)
    asked, among = (telling, np.ones_like(telling)) if options.part == "telling" else (choosing, ~telling)
    print(f"model {codec.model_id}, {options.part} part, the {NEAREST} nearest by other artists")
    print("genre purity within the part", purity(vectors, genres, groups, asked, asked))
    print("genre purity among all      ", purity(vectors, genres, groups, asked, among))
    print("tag overlap among all       ", tag_overlap(vectors, tags, groups, asked, among))
    meaning = unit(vectors[:, : codec.info.config.meaning or None])
    fit = (genres != "") & ~telling & ~choosing
    for name, cross_fitted in (("genre map              ", False), ("genre map, cross-fitted", True)):
        mapped = genre_map(meaning, genres, groups, fit, cross_fitted)
        print(f"{name} within", purity(mapped, genres, groups, asked, asked))
        print(f"{name} among all", purity(mapped, genres, groups, asked, among))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vae.training.neighbours", description="Do near covers share genre and tags?")
    parser.add_argument("--covers", type=Path, required=True, help="folder with covers.csv (and covers2.csv)")
    parser.add_argument("--weights", type=Path, help="default: the model that ships")
    parser.add_argument("--latents", type=Path, help="keep latents here from run to run (.npz)")
    parser.add_argument("--part", choices=["telling", "choosing"], default="telling")
    options = parser.parse_args(arguments)
    try:
        report(Codec.load(options.weights, many=True), options)
    except (BadWeights, NoCovers, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0
