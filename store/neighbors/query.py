"""The words that albums are asked for with: `low tag:shoegaze year:1990-95 -genre:metal #dark`.

One language for find, the filters of a walk, lists, the command line and SQL. Words of fields must all hold, in any
order; a comma in a value means "or", a minus before a word "not", quotes keep a blank. What is no field's is a name,
and where nothing is called so a word of a field without it: `shoegaze 1991` is `tag:shoegaze year:1991`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
from rapidfuzz import fuzz, process

from store.errors import UnknownWord
from store.looks import ASKED, mask_of, meant
from store.memory.snapshot import Snapshot
from store.memory.texts import as_array
from store.neighbors.find import find
from store.neighbors.terms import OTHER, PLAYED, POPULARITIES, Term, popularity_bounds
from store.text import clean, key

FIELDS = {  # with what is possible, for people
    "tag": "tag:shoegaze",
    "genre": "genre:metal,rock",
    "artist": "artist:low",
    "title": "title:trust",
    "year": "year:1991, 1990-95, 1990s or 1990-",
    "listeners": "listeners:known, unknown, 10k- or 500-2000",
    "sleeve": "sleeve:dark, or #dark",
    "heard": "heard:never, ever or 2019",
    "list": "list:summer, a list of yours in mine.lists",
    "is": "is:bookmarked, or in a walk is:other (than the artist in the centre)",
}
_MEANT = {
    "band": "artist", "by": "artist", "album": "title", "name": "title", "decade": "year", "date": "year",
    "cover": "sleeve", "look": "sleeve", "color": "sleeve", "colour": "sleeve", "played": "heard", "plays": "heard",
    "popularity": "listeners", "style": "tag", "bookmarked": "is",
}  # fmt: skip
_called: WeakKeyDictionary[Snapshot, tuple[dict[str, list[str]], dict[str, list[str]]]] = WeakKeyDictionary()
_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_FIELDED = re.compile(r"(-?)([^\W\d_]+):(.*)", re.DOTALL)
_LONGEST, _MOST = 500, 30  # characters and words of a query that count
_WORDS_OF_A_TAG = 4  # at most, where a tag is named without its field
_YEAR = re.compile(r"(19|20)\d\d((-|–|\.\.)(\d{4}|\d\d)?)?|((19|20)?\d0)s")
_ALIKE = 75  # of 100: a word as like a field as this is a slip of the fingers


@dataclass(frozen=True, slots=True)
class Query:
    """What a text asks for."""

    terms: tuple[Term, ...] = ()
    name: str = ""  # the words that are of no field
    looks: tuple[str, ...] = ()  # what these words ask for where every one of them is said of sleeves
    problem: str = ""  # the first word that cannot be meant, and what is possible
    hint: str = ""  # what may follow a field that has no value yet

    @property
    def every(self) -> tuple[Term, ...]:
        """All of it as conditions, the name too, of which every word then has to be there."""
        words = tuple(key(self.name).split())
        return (*self.terms, Term("name", self.name, self.looks, words)) if words else self.terms


def parse(snapshot: Snapshot, text: str, bookmarks: Collection[str] | None = None) -> Query:
    """What `text` asks of this library; `bookmarks`: album_ids, where others are marked than when it was read."""
    terms, names, looks, problem, hint = list[Term](), list[str](), list[str | None](), "", ""
    for token in _TOKEN.findall(text[:_LONGEST])[:_MOST]:
        fielded = _FIELDED.fullmatch(token)
        word = token.replace('"', "")
        look = meant(word.lstrip("-").removeprefix("#").replace("-", " "))
        if word.lstrip("-").startswith("#") and look:
            terms.append(Term("sleeve", look, (look,), but=word[0] == "-"))
        elif fielded and fielded[2].lower() in FIELDS:
            but, field, value = fielded[1] == "-", fielded[2].lower(), clean(fielded[3].replace('"', ""))
            if not value.strip(", "):
                hint = f"{field}: {possible(snapshot, field)}"
                continue
            try:
                terms.append(_read(snapshot, field, value, but, bookmarks))
            except UnknownWord as error:
                problem = problem or str(error)
        elif fielded and fielded[3] and (field := _slip(fielded[2].lower())):
            problem = problem or f"no field is called “{clean(fielded[2], 40)}”: {field}? There are {', '.join(FIELDS)}"
        else:
            names.append(word)
            looks.append(look)
    name = clean(" ".join(names))
    whole = meant(name)
    bare = (whole,) if whole else tuple(dict.fromkeys(look for look in looks if look)) if all(looks) else ()
    return Query(tuple(terms), name, bare, problem, hint)


def asked(snapshot: Snapshot, text: str, bookmarks: Collection[str] | None = None) -> tuple[Term, ...]:
    """All that `text` asks for as conditions. UnknownWord for a word that cannot be meant so."""
    query = parse(snapshot, text, bookmarks)
    if query.problem or query.hint:
        raise UnknownWord(query.problem or query.hint)
    if query.name and not query.looks and not query.every[-1].rows(snapshot).any():
        query = next((read for read in in_fields(snapshot, query) if read.every[-1].rows(snapshot).any()), query)
    return query.every


def in_fields(snapshot: Snapshot, query: Query) -> list[Query]:
    """The same with words of its name that are a tag, a genre, a year, of a sleeve or `unknown` read as that: all that
    are, the longest first; then each alone, for "house" in "beach house shoegaze" is no tag. Empty where none is.
    """
    words = query.name.split()
    tags, genres = _by_name(snapshot)

    def named(known: dict[str, list[str]], span: str) -> tuple[str, ...]:
        return tuple(known.get(key(span)) or known.get(span.lower()) or ())

    readings: tuple[Callable[[str], Term | None], ...] = (
        lambda span: Term("year", span, spans=(years(span),)) if _YEAR.fullmatch(span) else None,
        lambda span: Term("sleeve", look, (look,)) if (look := meant(span.lower())) else None,
        lambda span: Term("tag", span, names) if (names := named(tags, span)) else None,
        lambda span: Term("genre", span, names) if (names := named(genres, span)) else None,
        lambda span: _popularity(snapshot, span.lower()),
    )
    found, place = list[tuple[int, int, Term]](), 0
    while place < len(words):
        for length in range(min(_WORDS_OF_A_TAG, len(words) - place), 0, -1):
            span = " ".join(words[place : place + length])
            term = next((term for reading in readings if (term := reading(span))), None)
            if term is not None:
                found.append((place, place + length, term))
                break
        place = max(place + 1, found[-1][1] if found else 0)
    chosen = [found, *([one] for one in found if len(found) > 1)] if found else []
    return [_without(query, words, parts) for parts in chosen]


def _without(query: Query, words: Sequence[str], parts: Sequence[tuple[int, int, Term]]) -> Query:
    """The query with these parts of its words as terms, the others as its name."""
    inside = {place for first, end, _ in parts for place in range(first, end)}
    rest = " ".join(word for place, word in enumerate(words) if place not in inside)
    return replace(query, terms=(*query.terms, *(term for _, _, term in parts)), name=rest, looks=())


def _popularity(snapshot: Snapshot, word: str) -> Term | None:
    known = word in POPULARITIES and not math.isnan(popularity_bounds(snapshot)[0])
    return Term("listeners", word, (word,)) if known else None


def _by_name(snapshot: Snapshot) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The tags and the genres of a library by what they are called, without case, hyphens being blanks."""
    found = _called.get(snapshot)
    if found is None:
        found = _called[snapshot] = ({}, {})
        for names, known in zip(found, (snapshot.tag_names, snapshot.genre_names), strict=True):
            for name in filter(None, known):
                names.setdefault(name.lower().replace("-", " "), []).append(name)
    return found


def possible(snapshot: Snapshot, field: str, most: int = 8) -> str:
    """Values of a field that this library has, the commonest first, or what they look like."""
    if field == "tag":
        counts = np.diff(snapshot.postings.start)
        return ", ".join(snapshot.tag_names[code] for code in np.argsort(-counts, kind="stable")[:most])
    if field == "genre":
        return ", ".join(genres_of(snapshot)[:most]) or "none is known here"
    if field == "list":
        none = "there is none yet: `sleevewalk sql QUERY --list NAME` makes one"
        return ", ".join(list(snapshot.own.lists)[:most]) or none
    if field == "sleeve":
        return ", ".join(looks_of(snapshot)) or "nothing is known of sleeves here: run `sleevewalk build`"
    return FIELDS[field].removeprefix(f"{field}:")


def genres_of(snapshot: Snapshot) -> list[str]:
    """The genres of the library, the commonest first."""
    counts = dict(zip(snapshot.genre_names, np.bincount(snapshot.genre_codes).tolist(), strict=True))
    return sorted(filter(None, counts), key=lambda genre: (-counts[genre], genre))


def looks_of(snapshot: Snapshot) -> list[str]:
    """The words of one word that covers of the library have, in the order of `store.looks.ASKED`."""
    low, high = np.bitwise_or.reduce(snapshot.looks, axis=0, initial=0).tolist()
    return [word for word in ASKED if mask_of([word]) & (low | high << 64)]


def _slip(word: str) -> str:
    """The field that a word may be a slip of, or nothing."""
    near = process.extractOne(word, list(FIELDS), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return _MEANT.get(word) or _MEANT.get(word.removesuffix("s")) or (near[0] if near else "")


def _read(snapshot: Snapshot, field: str, value: str, but: bool, bookmarks: Collection[str] | None) -> Term:
    parts = [part for part in (part.strip() for part in value.split(",")) if part]
    said = ",".join(parts)
    if field in ("tag", "genre"):
        known = snapshot.tag_names if field == "tag" else snapshot.genre_names
        names = dict.fromkeys(name for part in parts for name in _known(field, known, part))
        return Term(field, said, tuple(names), but=but)
    if field in ("artist", "title"):
        keys = [key(part) for part in parts]
        exact = tuple(name for name in keys if Term(field, name, (name,)).rows(snapshot).any())
        term = Term(field, said, exact, tuple(name for name in keys if name not in exact), but=but)
        several = len(keys) > 1
        lacking = [
            name
            for name in term.begins
            if not (Term(field, name, (), (name,)) if several else replace(term, but=False)).rows(snapshot).any()
        ]
        if lacking:
            near = dict.fromkeys(getattr(album, field) for album, _ in find(snapshot, lacking[0], 3))
            raise _none(field, lacking[0], list(near))
        return term
    if field == "year":
        return Term(field, said, (), spans=tuple(years(part) for part in parts), but=but)
    if field == "listeners":
        thirds = tuple(part.lower() for part in parts if part.lower() in POPULARITIES)
        if thirds and np.isnan(popularity_bounds(snapshot)[0]):
            raise UnknownWord("how many people listen is not known of any album here")
        spans = tuple(_counts(part) for part in parts if part.lower() not in POPULARITIES)
        return Term(field, said, thirds, spans=spans, but=but)
    if field == "list":
        return _listed(snapshot, parts, but)
    if field == "is":
        return _marked(snapshot, parts, but, bookmarks)
    read: Callable[[str], str | None] = _look if field == "sleeve" else _when
    found = [read(part) for part in parts]
    if None in found:
        raise _none(field, parts[found.index(None)], [possible(snapshot, field)])
    return Term(field, ",".join(filter(None, found)), tuple(filter(None, found)), but=but)


def _none(field: str, value: str, near: Sequence[str]) -> UnknownWord:
    what = f"no {field} here is like “{clean(value, 60)}”"
    return UnknownWord(f"{what}: {', '.join(near)}" if near else what)


def _look(part: str) -> str | None:
    return meant(part.removeprefix("#").replace("-", " "))


def _when(part: str) -> str | None:
    return part.lower() if part.lower() in PLAYED or re.fullmatch(r"\d{4}", part) else None


def _known(field: str, known: Sequence[str], part: str) -> list[str]:
    """The tags or genres that are called so, else those of which a word begins so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    folded = key(part)
    column = pc.utf8_lower(as_array(known))
    plain = pc.replace_substring(column, "-", " ")
    exact = pc.is_in(plain, pa.array([folded, part.lower()], pa.large_string()))
    begun = pc.or_(pc.starts_with(plain, folded), pc.match_substring(plain, f" {folded}"))
    for found in (exact, begun):
        places = np.flatnonzero(found.to_numpy(zero_copy_only=False))
        if len(places):
            return [known[place] for place in places.tolist()]
    near = process.extract(folded, list(known), scorer=fuzz.ratio, limit=3, score_cutoff=60)
    raise _none(field, part, [name for name, _, _ in near])


def years(part: str) -> tuple[float, float]:
    """The first and the last of 1991, 1990-95, 1990s, 90s, 1990-, -1969. UnknownWord for what is none of these."""
    found = re.fullmatch(r"(\d{4}|\d0)s", part)
    if found:
        decade = int(found[1]) if len(found[1]) == 4 else 1900 + int(found[1]) + 100 * (int(found[1]) < 30)
        return decade, decade + 9
    found = re.fullmatch(r"(\d{4})?(-|–|\.\.)?(\d{4}|\d{2})?", part)
    if not found or not (found[1] or found[3]) or (found[3] and not found[2]):
        raise _none("year", part, [FIELDS["year"]])
    first, last = found[1], found[3] or ("" if found[2] else found[1])
    if len(last) == 2:
        if not first:
            raise _none("year", part, [FIELDS["year"]])
        last = first[:2] + last
    return float(first) if first else -math.inf, float(last) if last else math.inf


def _counts(part: str) -> tuple[float, float]:
    """10000, 10k-, -500, 1k-2.5k, 1M-."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?[kKmM]?)?(-|–|\.\.)?(\d+(?:\.\d+)?[kKmM]?)?", part)
    if not found or not (found[1] or found[3]) or (found[3] and not found[2]):
        raise _none("listeners", part, [FIELDS["listeners"]])

    def number(text: str) -> float:
        return float(text.rstrip("kKmM")) * {"k": 1e3, "m": 1e6}.get(text[-1].lower(), 1)

    low = number(found[1]) if found[1] else -math.inf
    return low, number(found[3]) if found[3] else (math.inf if found[2] else low)


def _listed(snapshot: Snapshot, parts: list[str], but: bool) -> Term:
    lists = snapshot.own.lists
    known = {key(name): name for name in lists}
    if unknown := [part for part in parts if key(part) not in known]:
        raise _none("list", unknown[0], [possible(snapshot, "list")])
    found = [known[key(part)] for part in parts]
    albums = dict.fromkeys(one for name in found for one in lists[name])
    in_file = () if snapshot.own.given & set(found) else tuple(found)
    return Term("list", ",".join(found), tuple(albums), in_file, but=but)


def _marked(snapshot: Snapshot, parts: list[str], but: bool, bookmarks: Collection[str] | None) -> Term:
    if parts[0].lower() not in ("bookmarked", OTHER) or len(parts) > 1:
        raise _none("is", parts[0], [FIELDS["is"]])
    if parts[0].lower() == OTHER:
        return Term("is", OTHER, but=but)
    ids = [mark.album_id for mark in snapshot.personal.bookmarks] if bookmarks is None else bookmarks
    return Term("is", "bookmarked", tuple(sorted(ids)), but=but)
