"""`ingest lastfm`: albums by tag, artist, a user's top albums, or a snowball over similar artists.

The API's JSON is made from XML: a list of one comes as an object, an empty one as "", numbers as strings. It
sends errors with status 200 too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.report import SourceError
from pipelines.sources.remote import Described
from pipelines.web.answers import Absent, try_again
from pipelines.web.client import Web
from store.identity import is_mbid
from store.records import AlbumRecord
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

    def label(self, key: str) -> str:
        return " / ".join(json.loads(key))

    def discover(self) -> Iterator[list[str]]:
        for tag in self._query.tags:
            yield from self._pages("tag.gettopalbums", "albums", tag=tag)
        for user in self._query.users:
            yield from self._pages("user.gettopalbums", "topalbums", user=user)
        for artist in self._all_artists():
            yield from self._pages("artist.gettopalbums", "topalbums", artist=artist)

    def describe(self, key: str) -> Described:
        artist, title = json.loads(key)
        info = _dict(self._ask("album.getinfo", artist=artist, album=title, autocorrect="0").get("album"))
        if not info:
            raise Absent
        plays, listeners = _number(info.get("playcount")), _number(info.get("listeners"))
        album = AlbumRecord(artist, title, self.name, key, playcount=plays, listeners=listeners)
        below = self._threshold.below(plays, listeners)
        if below:
            return Described(album, below)
        mbid = str(info.get("mbid") or "")
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
            cover_url=image_url(info.get("image")) if self._covers else "",
            similar=similar,
        )

    def _artist(self, artist: str) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str, float], ...]]:
        if key(artist) in self._artists:
            return (), ()
        tags = self._tags("artist.gettoptags", artist=artist, autocorrect="0")
        similar = tuple((artist, name, match) for name, match in self._similar(artist))
        self._artists.add(key(artist))
        return tags, similar

    def _all_artists(self) -> Iterator[str]:
        """The artists asked for, then as many similar ones as the snowball may take in, nearest first."""
        waiting, met, more = list(self._query.artists), {key(a) for a in self._query.artists}, self._query.snowball
        for artist in waiting:  # grows while it is walked
            yield artist
            for name, _ in self._similar(artist) if more else ():
                if more and key(name) not in met:
                    met.add(key(name))
                    waiting.append(name)
                    more -= 1

    def _similar(self, artist: str) -> list[tuple[str, float]]:
        try:
            answer = self._ask("artist.getsimilar", artist=artist, autocorrect="0", limit="50")
        except Absent:
            return []
        found = []
        for row in _list(_dict(answer.get("similarartists")).get("artist")):
            name = clean(str(row.get("name") or ""))
            try:
                match = float(row.get("match") or 0)
            except (TypeError, ValueError):
                continue
            if name and 0 <= match <= 1:
                found.append((name, match))
        return found

    def _tags(self, method: str, **params: str) -> tuple[tuple[str, float], ...]:
        try:
            answer = self._ask(method, **params)
        except Absent:
            return ()
        rows = _list(_dict(answer.get("toptags")).get("tag"))
        pairs = ((clean(str(row.get("name") or ""), 100).lower(), _number(row.get("count"))) for row in rows)
        return tuple((name, float(min(count, 100))) for name, count in pairs if name and count)[:100]

    def _pages(self, method: str, field: str, **params: str) -> Iterator[list[str]]:
        for page in range(1, _MOST_PAGES + 1):
            try:
                answer = self._ask(method, **params, page=str(page), limit=str(_PAGE))
            except Absent:
                if page == 1:
                    raise SourceError(
                        f"Last.fm knows no {next(iter(params))} {clean(next(iter(params.values())))!r}"
                    ) from None
                return
            top = _dict(answer.get(field)) or _dict(answer.get("topalbums"))
            yield list(_keys(_list(top.get("album"))))
            if page >= (_number(_dict(top.get("@attr")).get("totalPages")) or 0):
                return

    def _ask(self, method: str, **params: str) -> dict[str, Any]:
        data = self._web.json(
            self._base, {"method": method, "format": "json", **params}, {"api_key": self._key}, judge=_judge
        )
        return _dict(data)


def image_url(images: object) -> str:
    """The largest picture: the size segment of its address dropped; "" for none and for the placeholder star."""
    urls = [str(image.get("#text") or "") for image in _list(images)]
    url = next((url for url in reversed(urls) if url), "")
    if not url or any(star in url for star in PLACEHOLDERS):
        return ""
    return _SIZE.sub("/i/u/", url)


def _judge(status: int, data: Any) -> None:
    """Raise for an answer that is an error, whatever its status."""
    code = _number(data.get("error")) if isinstance(data, dict) else None
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
    why = _STOP.get(code) or clean(str(data.get("message") or "it refuses"), 200)
    raise SourceError(f"Last.fm: {why} (error {code})")


def _keys(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        artist = row.get("artist")
        name = artist.get("name") or artist.get("#text") if isinstance(artist, dict) else artist
        artist, title = clean(str(name or "")), clean(str(row.get("name") or ""))
        if artist and title and title != "(null)":
            yield json.dumps([artist, title], ensure_ascii=False)


def _list(value: object) -> list[dict[str, Any]]:
    """A list whatever XML made of it: one as an object, none as "" or nothing."""
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, dict)]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    try:
        return max(0, int(float(str(value).replace(",", ""))))
    except (ValueError, OverflowError):
        return None
