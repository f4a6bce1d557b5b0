"""Finding albums by name and by what their sleeves look like: `radiohead #dark`, `#red #plain`, `black and white`."""

from __future__ import annotations

import numpy as np

from store.looks import meant
from store.memory.snapshot import Snapshot
from store.neighbors.find import find
from store.records import Album

_MOST = 2000  # names that are looked through for sleeves
_WITHIN = 0.9  # likeness of a name that has the text in it, at least


def find_albums(snapshot: Snapshot, text: str, n: int = 20) -> list[tuple[Album, float]]:
    """`find`, and sleeves: a word after # must hold for a hit's cover. A text of such words alone, without #, finds
    names that have it, then such sleeves, the best known first, as alike as the last of those names.
    """
    words, rest, marked = asked_looks(text)
    if not words:
        return find(snapshot, text, n)
    looking = snapshot.looking(words)
    if rest:
        hits = find(snapshot, rest, _MOST)
        return [hit for hit in hits if looking[snapshot.row(hit[0].album_id) or 0]][:n]
    rows = np.flatnonzero(looking)
    rows = rows[np.argsort(-np.nan_to_num(snapshot.popularity[rows], nan=-1), kind="stable")][:n].tolist()
    if marked:
        return [(snapshot.album(row), 1.0) for row in rows]
    named = find(snapshot, text, n)
    first = [hit for hit in named if hit[1] >= _WITHIN][: max(1, n // 2)]
    score = first[-1][1] if first else _WITHIN
    chosen = {album.album_id for album, _ in first}
    sleeves = [(snapshot.album(row), score) for row in rows if snapshot.album_ids[row] not in chosen]
    chosen |= {album.album_id for album, _ in sleeves}
    return [*first, *sleeves, *(hit for hit in named if hit[0].album_id not in chosen)][:n]


def asked_looks(text: str) -> tuple[tuple[str, ...], str, bool]:
    """(the words of `store.looks.WORDS` that a text asks for, the rest of it, whether they were marked with #)."""
    tokens = text.split()
    marked = {token: meant(token[1:].replace("-", " ")) for token in tokens if token.startswith("#")}
    if any(marked.values()):
        rest = " ".join(token for token in tokens if not marked.get(token))
        return tuple(dict.fromkeys(word for word in marked.values() if word)), rest, True
    whole = meant(text)
    bare = [whole] if whole else [meant(token) for token in tokens]
    return (tuple(dict.fromkeys(word for word in bare if word)) if bare and all(bare) else ()), "", False
