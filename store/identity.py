"""When two names are one album: the rules of docs/identity.md, as a key that equal names share.

Everything that might tell albums apart stays in the key: volumes, years, "Live", "Remixes", "(Blue Album)". Only
what never does is taken off, so that a doubt leaves two albums; a person can merge those.
"""

from __future__ import annotations

import re
from functools import lru_cache

from store.text import key

# Sources whose MusicBrainz identifiers name an album (a release group). Elsewhere they may name one of its
# releases, of which an album has many.
GROUP_SOURCES = ("musicbrainz", "folder")
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_mbid(text: str) -> bool:
    """Whether `text` is a MusicBrainz identifier, in lower case as they are stored."""
    return _MBID.fullmatch(text) is not None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GUESTS = re.compile(r"\s*[(\[]\s*(?:feat|ft|featuring)\b\.?\s[^)\]]*[)\]]|\s+(?:feat|ft|featuring)\b\.?\s+\S.*$", re.I)
_BEHIND = re.compile(
    r"^(?P<title>.*\S)\s*(?:[(\[](?P<note>[^()\[\]]*)[)\]]|\s[-–—]\s+(?P<tail>[^-–—]+)|:\s+(?P<end>[^:]+))$"
)
_AND = re.compile(r"(?<=\S)\s+[&+]\s+(?=\S)")
_LAST_THE = re.compile(r"^(.*\S),\s*the$", re.I)
# A note behind a title tells of an edition when it has one of these words …
_EDITION = _words(
    "deluxe edition edicion edizione remaster remastered expanded anniversary reissue reissued explicit bonus"
)
# … and no word beside these, years and numbers.
_BESIDE = _EDITION | _words(
    "super special limited collector collectors s digital digitally version the a with and of track tracks japanese "
    "japan uk us usa american european international legacy standard tour original enhanced extended mono stereo "
    "platinum gold diamond year years vinyl cd lp release especial limitada limitee speciale en de"
)
_NUMBER = re.compile(r"\d{1,4}(?:st|nd|rd|th)?")
# "The Best Of" and "Best Of" of one artist are often two collections.
_COLLECTIONS = _words("best very greatest essential ultimate collection singles hits complete definitive")
_SHORT = {"volume": "vol", "part": "pt"}
_VARIOUS = frozenset(("various", "various artist", "various artists"))


def match_key(artist: str, title: str) -> str:
    """What the names of one album have in common: `beatles / white album`. Never empty on either side."""
    return f"{artist_match(artist)} / {title_match(title)}"


@lru_cache(100_000)
def artist_match(artist: str) -> str:
    """The artist without case, accents, punctuation, "The" and guests."""
    name = _GUESTS.sub("", artist).strip() or artist
    name = _LAST_THE.sub(r"\1", name)
    words = key(_AND.sub(" and ", name)).split()
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    name = " ".join(words)
    return "various artists" if name in _VARIOUS else name


def title_match(title: str) -> str:
    """The title without case, accents, punctuation, "The", guests and notes of an edition."""
    words = key(_AND.sub(" and ", without_notes(title))).split()
    if not any(char.isalnum() for word in words for char in word):
        return "".join(words)  # "( )" and "()"
    if words[:1] == ["the"] and len(words) > 1 and words[1] not in _COLLECTIONS:
        words = words[1:]
    return " ".join(_SHORT.get(word, word) for word in words)


def without_notes(title: str) -> str:
    """The title as it is written, without "(Deluxe Edition)" and "(feat. …)" behind it."""
    title = _GUESTS.sub("", title).strip() or title
    while (match := _BEHIND.match(title)) and _is_edition(match["note"] or match["tail"] or match["end"] or ""):
        title = match["title"]
    return title


def has_notes(artist: str, title: str) -> bool:
    """Whether the name carries guests or an edition that another name of the album may lack."""
    return without_notes(title) != title.strip() or bool(_GUESTS.search(artist))


def _is_edition(note: str) -> bool:
    words = key(note).split()
    return any(word in _EDITION for word in words) and all(word in _BESIDE or _NUMBER.fullmatch(word) for word in words)
