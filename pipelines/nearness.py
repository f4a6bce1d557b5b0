"""How good nearest covers are on covers the model has not seen: hubs, and whether alike sleeves are alike music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from store.index.flat import FlatIndex
from store.index.hubness import corrected, local_scales, place_in, reference_rows
from store.index.scaled import ScaledIndex, normalized

RING = 12  # nearest covers that hubs are counted in
JUDGED = 10  # nearest covers of other artists that genres and tags are compared with
_BATCH = 256
_DRAWS = 500  # of the bootstrap


@dataclass(frozen=True)
class Judged:
    """A figure with what chance would give and a 95 % interval over covers."""

    value: float
    chance: float
    low: float
    high: float


@dataclass(frozen=True)
class Nearness:
    """Of `n` covers: shares 0 to 1 by the corrected similarity that rings are made by."""

    n: int
    orphans: float  # share of covers that are among no other's RING nearest
    largest_hub: float  # share of the covers that the commonest neighbour is near to
    skew: float  # of how often each cover is a neighbour; 0: symmetric
    genre_purity: Judged | None  # of the JUDGED nearest by other artists, those of the same genre; None: too few known
    tag_overlap: Judged | None  # mean Jaccard index of tags with the JUDGED nearest by other artists that have some

    def lines(self) -> list[str]:
        """For a terminal."""
        found = [
            f"{RING} nearest of {self.n:,} covers: {self.orphans:.1%} nobody's, "
            f"the largest hub near to {self.largest_hub:.1%}, skew {self.skew:.2f}"
        ]
        for name, judged in (("genre purity", self.genre_purity), ("tag overlap", self.tag_overlap)):
            if judged is not None:
                interval = f"[{judged.low:.3f}, {judged.high:.3f}], chance {judged.chance:.3f}"
                found.append(f"{name} of the {JUDGED} nearest by others: {judged.value:.3f} {interval}")
        return found


def nearness(vectors: np.ndarray, artists: np.ndarray, genres: np.ndarray, tags: list[frozenset[str]]) -> Nearness:
    """Of search vectors (float32 [n, m], n of 2 or more); artists and genres str [n], '' = unknown genre."""
    vectors = normalized(vectors)
    reference = reference_rows(len(vectors))
    scales = local_scales(vectors, vectors[reference], place_in(reference, len(vectors)))
    near = ScaledIndex(FlatIndex(vectors), scales).nearest_covers(RING)[1]
    counts = np.bincount(near[near >= 0], minlength=len(vectors))
    apart = counts - counts.mean()
    return Nearness(
        len(vectors),
        orphans=float((counts == 0).mean()),
        largest_hub=float(counts.max() / len(vectors)),
        skew=float((apart**3).mean() / max(counts.std() ** 3, 1e-9)),
        genre_purity=_judged(vectors, scales, artists, genres != "", lambda a, b: float(genres[a] == genres[b])),
        tag_overlap=_judged(
            vectors,
            scales,
            artists,
            np.array([bool(some) for some in tags]),
            lambda a, b: len(tags[a] & tags[b]) / len(tags[a] | tags[b]),
        ),
    )


def _judged(
    vectors: np.ndarray, scales: np.ndarray, artists: np.ndarray, known: np.ndarray, alike: Callable[[int, int], float]
) -> Judged | None:
    """The mean of `alike` over covers that are `known` (bool [n]) and their nearest known ones by other artists."""
    rows = np.flatnonzero(known)
    if len(rows) < 4 * JUDGED or len(set(artists[rows])) < 2:
        return None
    each = []
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        similarity = corrected(vectors[part] @ vectors[rows].T, scales[part][:, None], scales[rows])
        similarity[artists[part][:, None] == artists[rows]] = -2
        for row, line in zip(part.tolist(), similarity, strict=True):
            nearest = [at for at in np.argsort(-line, kind="stable")[:JUDGED].tolist() if line[at] > -2]
            if nearest:
                each.append(float(np.mean([alike(row, int(rows[at])) for at in nearest])))
    draw = np.random.default_rng(0)
    pairs = draw.choice(rows, (20_000, 2))
    chance = [alike(int(a), int(b)) for a, b in pairs if artists[a] != artists[b]]
    means = np.array(each)[draw.integers(0, len(each), (_DRAWS, len(each)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Judged(float(np.mean(each)), float(np.mean(chance)), float(low), float(high))
