"""`ingest lastfm`: albums by tag, artist, a user's top albums, or a snowball over similar artists.

The API's JSON is made from XML: a list of one comes as an object, an empty one as "", numbers as strings. It
sends errors with status 200 too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct, field

from pipelines.report import SourceError
from pipelines.sources.remote import Described, Searched, search_key, searched
from pipelines.web.answers import Absent, Malformed, Unanswered, try_again
from pipelines.web.client import Web
from store.identity import is_mbid
from store.records import AlbumRecord
from store.shapes import BadShape, from_json
from store.text import clean, key

BASE_URL = "https://ws.audioscrobbler.com/2.0/"
# The grey star that stands for "no cover".
PLACEHOLDERS = ("2a96cbd8b46e442fc41c2b86b821562f", "c6f59c1e5e7240a4c0d427abd71f3dbb")
_PAGE = 100
_MOST_PAGES = 100
_AGAIN = {8: "operation failed", 11: "service offline", 16: "temporarily unavailable"}
_ABSENT = (6, 7)
_STOP = {10: "the API key is not valid", 26: "the API key has been suspended", 4: "the API key is not accepted"}
_SIZE = re.compile(r"/i/u/[^/]+/")


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; several are looked for one after the other."""

    tags: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    snowball: int = 0  # similar artists to take in, beyond `artists`


@dataclass(frozen=True, slots=True)
class Threshold:
    """An album is wanted when it has either."""

    plays: int = 100_000
    listeners: int = 20_000

    def below(self, plays: int | None, listeners: int | None) -> str:
        """Why an album is not wanted, or ""."""
        if (plays or 0) >= self.plays or (listeners or 0) >= self.listeners:
            return ""
        return f"{plays or 0:,} plays, {listeners or 0:,} listeners"


Number = str | int | float | None  # in quotes or not
T = TypeVar("T")


class Named(Struct):
    """An artist, where it comes as an object."""

    name: str | None = None
    text: str | None = field(default=None, name="#text")


class Image(Struct):
    """A picture's address."""

    text: str | None = field(default=None, name="#text")


class Listed(Struct):
    """An album in a list."""

    name: str | None = None
    artist: Named | str | None = None


class Attributes(Struct):
    """What a list says of itself."""

    totalPages: Number = None


class Albums(Struct):
    """A page of albums."""

    album: list[Listed] | Listed | str | None = None
    attr: Attributes | None = field(default=None, name="@attr")


class Page(Struct):
    """A list of albums, which goes by one name or the other."""

    albums: Albums | None = None
    topalbums: Albums | None = None


class Info(Struct):
    """What is told of an album."""

    playcount: Number = None
    listeners: Number = None
    mbid: str | None = None
    image: list[Image] | Image | str | None = None


class Album(Struct):
    """The answer about an album."""

    album: Info | str | None = None


class Tag(Struct):
    """A tag, 0 to 100."""

    name: str | None = None
    count: Number = None


class Tags(Struct):
    """The tags of something."""

    tag: list[Tag] | Tag | str | None = None


class TopTags(Struct):
    """The answer about tags."""

    toptags: Tags | str | None = None


class Like(Struct):
    """A similar artist, 0 to 1."""

    name: str | None = None
    match: Number = None


class Likes(Struct):
    """The similar artists of one."""

    artist: list[Like] | Like | str | None = None


class Similar(Struct):
    """The answer about similar artists."""

    similarartists: Likes | str | None = None


class Failure(Struct):
    """An error, which comes with status 200 too."""

    error: Number = None
    message: str | None = None


class LastFm:
    """Last.fm as a source. A key in the journal is `["Artist","Title"]`."""

    name = "lastfm"

    def __init__(
        self,
        web: Web,
        api_key: str,
        query: Query = Query(),
        threshold: Threshold = Threshold(),
        lastfm_covers: bool = False,
        base_url: str = BASE_URL,
    ) -> None:
        self._web, self._key, self._base = web, api_key, base_url
        self._query, self._threshold, self._covers = query, threshold, lastfm_covers
        self._artists: set[str] = set()  # whose tags and similar artists this run has brought

    def discover(self) -> Iterator[list[str] | Searched]:
        for tag in self._query.tags:
            yield from searched(search_key("tags", tag), self._pages("tag.gettopalbums", tag=tag))
        for user in self._query.users:
            yield from searched(search_key("users", user), self._pages("user.gettopalbums", user=user))
        waiting, met = list(self._query.artists), {key(artist) for artist in self._query.artists}
        more = self._query.snowball
        for artist in waiting:  # grows while it is walked: similar artists, nearest first
            yield from searched(search_key("artists", artist), self._pages("artist.gettopalbums", artist=artist))
            try:
                similar = self._similar(artist) if more else []
            except (Malformed, Unanswered) as error:
                yield Searched(search_key("artists", artist), error)
                continue
            for name, _ in similar:
                if more and key(name) not in met:
                    met.add(key(name))
                    waiting.append(name)
                    more -= 1

    def describe(self, key: str) -> Described:
        artist, title = from_json(key, tuple[str, str])
        info = self._ask(Album, "album.getinfo", artist=artist, album=title, autocorrect="0").album
        if not isinstance(info, Info):
            raise Absent
        plays, listeners = _number(info.playcount), _number(info.listeners)
        album = AlbumRecord(artist, title, self.name, key, playcount=plays, listeners=listeners)
        below = self._threshold.below(plays, listeners)
        if below:
            return Described(album, below)
        mbid = info.mbid or ""
        artist_tags, similar = self._artist(artist)
        return Described(
            AlbumRecord(
                artist=artist,
                title=title,
                source=self.name,
                source_key=key,
                playcount=plays,
                listeners=listeners,
                mbid=mbid if is_mbid(mbid) else None,
                tags=self._tags("album.gettoptags", artist=artist, album=title, autocorrect="0"),
                artist_tags=artist_tags,
            ),
            cover_url=image_url(info.image) if self._covers else "",
            similar=similar,
        )

    def _artist(self, artist: str) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str, float], ...]]:
        if key(artist) in self._artists:
            return (), ()
        tags = self._tags("artist.gettoptags", artist=artist, autocorrect="0")
        similar = tuple((artist, name, match) for name, match in self._similar(artist))
        self._artists.add(key(artist))
        return tags, similar

    def _similar(self, artist: str) -> list[tuple[str, float]]:
        try:
            answer = self._ask(Similar, "artist.getsimilar", artist=artist, autocorrect="0", limit="50")
        except Absent:
            return []
        rows = _list(answer.similarartists.artist, Like) if isinstance(answer.similarartists, Likes) else []
        found = []
        for row in rows:
            name = clean(row.name or "")
            try:
                match = float(row.match or 0)
            except ValueError:
                continue
            if name and 0 <= match <= 1:
                found.append((name, match))
        return found

    def _tags(self, method: str, **params: str) -> tuple[tuple[str, float], ...]:
        try:
            answer = self._ask(TopTags, method, **params)
        except Absent:
            return ()
        rows = _list(answer.toptags.tag, Tag) if isinstance(answer.toptags, Tags) else []
        pairs = ((clean(row.name or "", 100).lower(), _number(row.count)) for row in rows)
        return tuple((name, float(min(count, 100))) for name, count in pairs if name and count)[:100]

    def _pages(self, method: str, **params: str) -> Iterator[list[str]]:
        pages = 1
        for page in range(1, _MOST_PAGES + 1):
            try:
                answer = self._ask(Page, method, **params, page=str(page), limit=str(_PAGE))
            except Absent:
                if page == 1:
                    raise SourceError(
                        f"Last.fm knows no {next(iter(params))} {clean(next(iter(params.values())))!r}"
                    ) from None
                raise Malformed(f"page {page} of {pages} is not there") from None
            top = answer.albums or answer.topalbums
            if top is None:
                raise Malformed(f"page {page} is no list of albums")
            yield list(_keys(_list(top.album, Listed)))
            pages = (_number(top.attr.totalPages) if top.attr else None) or pages
            if page >= pages:
                return

    def _ask(self, shape: type[T], method: str, **params: str) -> T:
        asked = {"method": method, "format": "json", **params}
        return self._web.json(self._base, asked, shape, {"api_key": self._key}, judge=_judge)


def image_url(images: list[Image] | Image | str | None) -> str:
    """The largest picture: the size segment of its address dropped; "" for none and for the placeholder star."""
    url = next((image.text for image in reversed(_list(images, Image)) if image.text), "")
    if not url or any(star in url for star in PLACEHOLDERS):
        return ""
    return _SIZE.sub("/i/u/", url)


def _judge(status: int, body: bytes) -> None:
    """Raise for an answer that is an error, whatever its status."""
    try:
        failure = from_json(body, Failure)
    except BadShape:
        return  # what it is instead is judged by who asked
    code = _number(failure.error)
    if code is None:
        return
    if code in _AGAIN:
        raise try_again(f"{_AGAIN[code]} (error {code})")
    if code == 29:
        if status != 429:  # with 429 the header says how long
            raise try_again("asked too often (error 29)", 5.0, everyone=True)
        return
    if code in _ABSENT:
        raise Absent
    why = _STOP.get(code) or clean(failure.message or "it refuses", 200)
    raise SourceError(f"Last.fm: {why} (error {code})")


def _keys(rows: Iterable[Listed]) -> Iterator[str]:
    for row in rows:
        artist = row.artist.name or row.artist.text if isinstance(row.artist, Named) else row.artist
        artist, title = clean(artist or ""), clean(row.name or "")
        if artist and title and title != "(null)":
            yield json.dumps([artist, title], ensure_ascii=False)


def _list(value: Sequence[T] | T | str | None, kind: type[T]) -> list[T]:
    """A list whatever XML made of it: one as an object, none as "" or nothing."""
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, kind)]


def _number(value: Number) -> int | None:
    """A count; None for what is none, and for more than a library can hold."""
    try:
        number = max(0, int(float(str(value).replace(",", ""))))
    except (ValueError, OverflowError):
        return None
    return number if number < 2**62 else None
