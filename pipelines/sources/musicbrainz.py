"""`ingest musicbrainz`: albums by tag, artist, release group or a user's ListenBrainz listens. No key needed.

An album here is a release group. Its tags come with votes, its year is that of the first release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from pipelines.report import SourceError
from pipelines.sources.remote import Described, Searched, search_key, searched
from pipelines.web.answers import Absent, Malformed
from pipelines.web.client import Web
from store.identity import is_mbid
from store.records import AlbumRecord
from store.shapes import Count
from store.text import clean, key

BASE_URL = "https://musicbrainz.org/ws/2"
LISTENBRAINZ_URL = "https://api.listenbrainz.org/1"
_PAGE = 100
_MOST = 10_000  # albums of one search


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for."""

    tags: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    release_groups: tuple[str, ...] = ()  # MusicBrainz identifiers
    users: tuple[str, ...] = ()  # of ListenBrainz


class Credited(Struct):
    """One of those whose album it is, and what stands before the next."""

    name: str | None = None
    joinphrase: str | None = None


class Vote(Struct):
    """A tag or genre with its votes, which may be below 0."""

    name: str = ""
    count: Annotated[int, Meta(ge=-(2**31), lt=2**31)] = 0


class ReleaseGroup(Struct, rename="kebab"):
    """An album in an answer."""

    id: str = ""
    title: str | None = None
    artist_credit: list[Credited] | None = None
    first_release_date: str | None = None
    tags: list[Vote] | None = None
    genres: list[Vote] | None = None

    @property
    def artist(self) -> str:
        """`A & B`."""
        return clean("".join(f"{part.name or ''}{part.joinphrase or ''}" for part in self.artist_credit or ()))


class Found(Struct, rename="kebab"):
    """A page of a search."""

    count: Count = 0
    release_groups: list[ReleaseGroup] | None = None


class Listened(Struct):
    """An album in a person's statistics."""

    release_group_mbid: str | None = None


class Listens(Struct):
    """A page of a person's statistics."""

    release_groups: list[Listened] | None = None
    total_release_group_count: Count = 0


class Statistics(Struct):
    """ListenBrainz's answer."""

    payload: Listens = msgspec.field(default_factory=Listens)


class MusicBrainz:
    """MusicBrainz as a source. A key in the journal is the identifier of a release group."""

    name = "musicbrainz"

    def __init__(
        self, web: Web, query: Query, base_url: str = BASE_URL, listenbrainz_url: str = LISTENBRAINZ_URL
    ) -> None:
        self._web, self._query = web, query
        self._base, self._listens = base_url.rstrip("/"), listenbrainz_url.rstrip("/")

    def discover(self) -> Iterator[list[str] | Searched]:
        query = self._query
        for mbid in query.release_groups:
            if not is_mbid(mbid.lower()):
                raise SourceError(f"{clean(mbid, 80)!r} is no MusicBrainz identifier of a release group")
        if query.release_groups:
            yield [mbid.lower() for mbid in query.release_groups]
        for field, names in (("tag", query.tags), ("artist", query.artists)):
            for name in names:
                pages = self._search(f"{field}:{quoted(name)} AND primarytype:album")
                yield from searched(search_key(f"{field}s", name), pages)
        for user in query.users:
            yield from searched(search_key("users", user), self._listened(user))

    def describe(self, key: str) -> Described:
        params = {"fmt": "json", "inc": "artist-credits+tags+genres"}
        data = self._web.json(f"{self._base}/release-group/{key}", params, ReleaseGroup)
        artist, title = data.artist, clean(data.title or "")
        if not artist or not title:
            raise Absent
        votes = {clean(vote.name, 100).lower(): vote.count for vote in [*(data.tags or ()), *(data.genres or ())]}
        best = max(votes.values(), default=0)
        ranked = sorted(((name, count) for name, count in votes.items() if name and count > 0), key=lambda p: -p[1])
        genres = sorted(data.genres or (), key=lambda vote: -vote.count)
        year = re.match(r"[0-9]{4}", data.first_release_date or "")
        return Described(
            AlbumRecord(
                artist=artist,
                title=title,
                source=self.name,
                source_key=key,
                mbid=key,
                year=int(year[0]) if year and int(year[0]) else None,
                genre=clean(genres[0].name, 100).lower() or None if genres else None,
                tags=tuple((name, round(100 * count / best, 1)) for name, count in ranked[:100]),
            )
        )

    def _search(self, query: str) -> Iterator[list[str]]:
        for offset in range(0, _MOST, _PAGE):
            params = {"query": query, "fmt": "json", "limit": str(_PAGE), "offset": str(offset)}
            data = self._web.json(f"{self._base}/release-group", params, Found)
            rows = data.release_groups or []
            yield [row.id for row in rows if is_mbid(row.id)]
            if offset + _PAGE >= data.count:
                return
            if not rows:
                raise Malformed(f"page {offset // _PAGE + 1} is empty, of {data.count:,} albums")

    def _listened(self, user: str) -> Iterator[list[str]]:
        for offset in range(0, _MOST, _PAGE):
            params = {"count": str(_PAGE), "offset": str(offset), "range": "all_time"}
            try:
                url = f"{self._listens}/stats/user/{quote(user, safe='')}/release-groups"
                page = self._web.json(url, params, Statistics).payload
            except Absent:
                raise SourceError(f"ListenBrainz knows no user {clean(user, 80)!r}") from None
            rows = page.release_groups or []
            yield [row.release_group_mbid for row in rows if is_mbid(row.release_group_mbid or "")]  # type: ignore[misc]
            if offset + _PAGE >= page.total_release_group_count or not rows:
                return


def find_release_group(web: Web, artist: str, title: str, base_url: str = BASE_URL) -> str:
    """The identifier of the album that goes by that artist and title. Raises Absent where none surely does."""
    query = f"releasegroup:{quoted(title)} AND artist:{quoted(artist)}"
    data = web.json(f"{base_url.rstrip('/')}/release-group", {"query": query, "fmt": "json", "limit": "5"}, Found)
    for row in data.release_groups or ():
        if key(row.title or "") == key(title) and key(row.artist) == key(artist) and is_mbid(row.id):
            return row.id
    raise Absent


def quoted(text: str) -> str:
    """The text as one phrase of a Lucene query."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
