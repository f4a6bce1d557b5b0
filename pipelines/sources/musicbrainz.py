"""`ingest musicbrainz`: albums by tag, artist, release group or a user's ListenBrainz listens. No key needed.

An album here is a release group. Its tags come with votes, its year is that of the first release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.report import SourceError
from pipelines.sources.remote import Described
from pipelines.web.answers import Absent
from pipelines.web.client import Web
from store.identity import is_mbid
from store.records import AlbumRecord
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


class MusicBrainz:
    """MusicBrainz as a source. A key in the journal is the identifier of a release group."""

    name = "musicbrainz"

    def __init__(
        self, web: Web, query: Query, base_url: str = BASE_URL, listenbrainz_url: str = LISTENBRAINZ_URL
    ) -> None:
        self._web, self._query = web, query
        self._base, self._listens = base_url.rstrip("/"), listenbrainz_url.rstrip("/")

    def label(self, key: str) -> str:
        return key

    def discover(self) -> Iterator[list[str]]:
        for mbid in self._query.release_groups:
            if not is_mbid(mbid.lower()):
                raise SourceError(f"{clean(mbid, 80)!r} is no MusicBrainz identifier of a release group")
        if self._query.release_groups:
            yield [mbid.lower() for mbid in self._query.release_groups]
        for tag in self._query.tags:
            yield from self._search(f"tag:{quoted(tag)} AND primarytype:album")
        for artist in self._query.artists:
            yield from self._search(f"artist:{quoted(artist)} AND primarytype:album")
        for user in self._query.users:
            yield from self._listened(user)

    def describe(self, key: str) -> Described:
        data = self._web.json(f"{self._base}/release-group/{key}", {"fmt": "json", "inc": "artist-credits+tags+genres"})
        artist, title = credit(data), clean(str(data.get("title") or ""))
        if not artist or not title:
            raise Absent
        votes = {
            clean(str(row.get("name") or ""), 100).lower(): int(row.get("count") or 0)
            for row in [*(data.get("tags") or []), *(data.get("genres") or [])]
        }
        best = max(votes.values(), default=0)
        ranked = sorted(((name, count) for name, count in votes.items() if name and count > 0), key=lambda p: -p[1])
        genres = sorted(data.get("genres") or [], key=lambda row: -int(row.get("count") or 0))
        year = re.match(r"\d{4}", str(data.get("first-release-date") or ""))
        return Described(
            AlbumRecord(
                artist=artist,
                title=title,
                source=self.name,
                source_key=key,
                mbid=key,
                year=int(year[0]) if year and int(year[0]) else None,
                genre=clean(str(genres[0].get("name") or ""), 100).lower() or None if genres else None,
                tags=tuple((name, round(100 * count / best, 1)) for name, count in ranked[:100]),
            )
        )

    def _search(self, query: str) -> Iterator[list[str]]:
        for offset in range(0, _MOST, _PAGE):
            params = {"query": query, "fmt": "json", "limit": str(_PAGE), "offset": str(offset)}
            data = self._web.json(f"{self._base}/release-group", params)
            rows = data.get("release-groups") or []
            yield [mbid for row in rows if is_mbid(mbid := str(row.get("id") or ""))]
            if offset + _PAGE >= int(data.get("count") or 0) or not rows:
                return

    def _listened(self, user: str) -> Iterator[list[str]]:
        for offset in range(0, _MOST, _PAGE):
            params = {"count": str(_PAGE), "offset": str(offset), "range": "all_time"}
            try:
                data = self._web.json(f"{self._listens}/stats/user/{_path(user)}/release-groups", params)
            except Absent:
                raise SourceError(f"ListenBrainz knows no user {clean(user, 80)!r}") from None
            payload: dict[str, Any] = data.get("payload") or {}
            rows = payload.get("release_groups") or []
            yield [mbid for row in rows if is_mbid(mbid := str(row.get("release_group_mbid") or ""))]
            if offset + _PAGE >= int(payload.get("total_release_group_count") or 0) or not rows:
                return


def find_release_group(web: Web, artist: str, title: str, base_url: str = BASE_URL) -> str:
    """The identifier of the album that goes by that artist and title. Raises Absent where none surely does."""
    query = f"releasegroup:{quoted(title)} AND artist:{quoted(artist)}"
    data = web.json(f"{base_url.rstrip('/')}/release-group", {"query": query, "fmt": "json", "limit": "5"})
    for row in data.get("release-groups") or []:
        same = key(str(row.get("title") or "")) == key(title) and key(credit(row)) == key(artist)
        if same and is_mbid(mbid := str(row.get("id") or "")):
            return mbid
    raise Absent


def credit(row: dict[str, Any]) -> str:
    """`A & B` of an artist credit."""
    parts = row.get("artist-credit") or []
    return clean("".join(f"{part.get('name') or ''}{part.get('joinphrase') or ''}" for part in parts))


def quoted(text: str) -> str:
    """The text as one phrase of a Lucene query."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _path(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
