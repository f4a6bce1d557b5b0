"""Albums for a text as it is typed: names, typos forgiven, and every word of the query language."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from store.memory.snapshot import Snapshot
from store.neighbors.filters import Filter
from store.neighbors.find import find, is_called
from store.neighbors.query import Query, in_fields, parse
from store.neighbors.terms import Term
from store.records import Album
from store.text import clean

MOST_ALIKE = 12  # albums that merely sound alike, at most
_ALIKE = 0.45  # likeness of a name that sounds alike, at least
_WITHIN = 0.9  # likeness of a name that has the text in it, at least
Hits = list[tuple[Album, float]]  # best first, with a score in 0–1


@dataclass(frozen=True, slots=True)
class Found:
    """The albums, best first, and what they are."""

    hits: tuple[tuple[Album, float], ...]  # with a score in 0–1
    said: str = ""  # for people
    problem: str = ""  # a word that cannot be meant, and what is possible
    name: str = ""  # the words that names were looked through for

    @property
    def albums(self) -> list[Album]:
        return [album for album, _ in self.hits]


def best_known(snapshot: Snapshot, rows: np.ndarray, n: int) -> list[int]:
    """The n best known of some rows, those that are not counted last, else in order."""
    known = -np.nan_to_num(snapshot.popularity[rows], nan=-1)
    if 0 < n < len(rows):
        kept = known <= np.partition(known, n - 1)[n - 1]
        rows, known = rows[kept], known[kept]
    found: list[int] = rows[np.argsort(known, kind="stable")][:n].tolist()
    return found


def search(snapshot: Snapshot, text: str, n: int = 20, bookmarks: Collection[str] | None = None) -> Found:
    """The n albums that a text asks for. Words of fields must hold; the rest is a name: those called so, else a few
    that sound alike. Words that are said of sleeves find names that have them, then such sleeves, the best known first.
    Where nothing is called so, words without a field are read as tags, genres, years …
    """
    query = parse(snapshot, text, bookmarks)
    hits = find(snapshot, query.name, n, Filter(query.terms).rows(snapshot)) if query.name else []
    found = _meant(snapshot, query, n, hits)
    read = in_fields(snapshot, query) if query.name else []
    fields = read[0] if read and not read[0].name else None  # where every word is a field's
    if found is not None and (fields is None or any(score >= _WITHIN for _, score in found.hits)):
        also = Filter(fields.terms) if fields and not query.terms else Filter()
        rows = also.rows(snapshot)
        return replace(found, said=f"{found.said}; {rows.sum():,} {also.text}") if rows is not None else found
    for fielded in [fields] if fields else read:
        rows = Filter(fielded.terms).rows(snapshot)
        meant = _meant(snapshot, fielded, n, find(snapshot, fielded.name, n, rows) if fielded.name else [])
        if meant is not None and (meant.hits or (fields and found is None)):
            return replace(meant, said=f"nothing is called “{clean(query.name, 60)}”; {meant.said}")
    return found or _alike(snapshot, query, hits)


def _meant(snapshot: Snapshot, query: Query, n: int, hits: Hits) -> Found | None:
    """What a query asks for, `hits` being like its name; None where its name is nothing's."""
    chosen = Filter(query.terms)
    allowed = chosen.rows(snapshot)
    among = f" among {chosen.text}" if query.terms else ""
    if not query.name:
        if allowed is None:
            return Found((), query.hint, query.problem)
        count = int(allowed.sum())
        rows = best_known(snapshot, np.flatnonzero(allowed), n)
        said = query.hint or chosen.lacking(snapshot) or f"{count:,} album{'s' if count != 1 else ''}: {chosen.text}"
        return Found(tuple((snapshot.album(row), 1.0) for row in rows), said, query.problem)
    called = [hit for hit in hits if hit[1] >= _WITHIN]
    called = called or [hit for hit in hits if is_called(snapshot, snapshot.row(hit[0].album_id) or 0, query.name)]
    shown = f"“{clean(query.name, 60)}”"
    if query.looks:
        sleeves = snapshot.looking(query.looks) if allowed is None else snapshot.looking(query.looks) & allowed
        first = [hit for hit in called if hit[1] >= _WITHIN][: max(1, n // 2)]
        score = first[-1][1] if first else _WITHIN
        ids = {album.album_id for album, _ in first}
        rows = best_known(snapshot, np.flatnonzero(sleeves), n)
        like = [(snapshot.album(row), score) for row in rows if snapshot.album_ids[row] not in ids]
        if first or like:
            said = f"{f'called {shown}, then ' if first else ''}sleeves: {', '.join(query.looks)}{among}"
            return Found(tuple([*first, *like][:n]), query.hint or said, query.problem, query.name)
        if query.terms and not called:
            looks = tuple(Term("sleeve", look, (look,)) for look in query.looks)
            return Found((), query.hint or Filter((*query.terms, *looks)).lacking(snapshot), query.problem, query.name)
    if called:
        count_said = f"{len(called)}{' and more' if len(called) == n else ''} called {shown}{among}"
        return Found(tuple(called), query.hint or count_said, query.problem, query.name)
    return None


def _alike(snapshot: Snapshot, query: Query, hits: Hits) -> Found:
    """A few albums whose names sound alike."""
    chosen = Filter(query.terms)
    allowed = chosen.rows(snapshot)
    alike = [hit for hit in hits if hit[1] >= _ALIKE][:MOST_ALIKE]
    among = f" among the {allowed.sum():,} that are {chosen.text}" if allowed is not None else ""
    said = f"nothing is called “{clean(query.name, 60)}”{among}" + ("; these sound alike" if alike else "")
    said = chosen.lacking(snapshot) or said
    return Found(tuple(alike), query.hint or said, query.problem, query.name)
