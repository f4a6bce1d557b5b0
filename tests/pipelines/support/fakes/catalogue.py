"""Albums that the fake services know, in the shapes and with the quirks of the real ones."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from tests.pipelines.support.fakes.host import Answer
from tests.pipelines.support.pictures import photo, to_bytes

STAR = "https://lastfm.freetls.fastly.net/i/u/300x300/2a96cbd8b46e442fc41c2b86b821562f.png"


def artist(number: int) -> str:
    return f"Artist {number % 97}"


def title(number: int) -> str:
    return f"Album {number}"


def mbid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def plays(number: int) -> int:
    return (50_000, 99_999, 100_000, 3_000_000)[number % 4]


def listeners(number: int) -> int:
    return 20_000 if number % 4 == 0 and number % 8 else 19_999


def gone(number: int) -> bool:
    """In a list, but not to be had."""
    return number % 41 == 40


def wanted(number: int) -> bool:
    return not gone(number) and (plays(number) >= 100_000 or listeners(number) >= 20_000)


def has_cover(number: int) -> bool:
    return number % 13 != 12


@cache
def picture(number: int) -> bytes:
    return to_bytes(photo(200, 200, seed=number), "JPEG")


class FakeLastFm:
    """`ws.audioscrobbler.com/2.0/` for one tag with `count` albums."""

    def __init__(self, count: int, api_key: str, images: str = "http://images.invalid") -> None:
        self.count, self.api_key, self.images = count, api_key, images

    def __call__(self, path: str, query: dict[str, str]) -> Answer:
        if query.get("api_key") != self.api_key:
            return self._error(10, "Invalid API key", 403)
        method = getattr(self, query["method"].replace(".", "_"))
        return method(query)

    def tag_gettopalbums(self, query: dict[str, str]) -> Answer:
        return self._page([n for n in range(self.count) if query["tag"] == "rock"], query, "albums")

    def user_gettopalbums(self, query: dict[str, str]) -> Answer:
        if query["user"] != "anna":
            return self._error(6, "User not found", 404)
        return self._page(list(range(0, self.count, 2)), query, "topalbums")

    def artist_gettopalbums(self, query: dict[str, str]) -> Answer:
        return self._page([n for n in range(self.count) if artist(n) == query["artist"]], query, "topalbums")

    def album_getinfo(self, query: dict[str, str]) -> Answer:
        number = int(query["album"].split()[-1])
        if gone(number) or query["artist"] != artist(number):
            return self._error(6, "Album not found")
        name = "2a96cbd8b46e442fc41c2b86b821562f" if number % 5 == 0 else f"{number:032x}"
        image = [
            {"size": size, "#text": f"{self.images}/i/u/300x300/{name}.jpg"} for size in ("large", "extralarge", "mega")
        ]
        return self._json(
            {
                "album": {
                    "artist": artist(number),
                    "name": title(number),
                    "mbid": mbid(number) if number % 3 else "",
                    "listeners": str(listeners(number)),
                    "playcount": str(plays(number)),
                    "image": image if number % 7 else "",
                    "tags": "",
                }
            }
        )

    def album_gettoptags(self, query: dict[str, str]) -> Answer:
        number = int(query["album"].split()[-1])
        tag = {"name": "Rock", "count": 100, "url": "https://www.last.fm/tag/rock"}
        tags: Any = ["", tag, [tag, {"name": "indie", "count": "40"}, {"name": "none", "count": 0}]][number % 3]
        return self._json({"toptags": {"tag": tags, "@attr": {"artist": artist(number)}}})

    def artist_gettoptags(self, query: dict[str, str]) -> Answer:
        if query["artist"] == "Artist 3":
            return self._error(6, "The artist you supplied could not be found")
        return self._json({"toptags": {"tag": {"name": "loud", "count": "7"}}})

    def artist_getsimilar(self, query: dict[str, str]) -> Answer:
        number = int(query["artist"].split()[-1])
        similar: Any = [{"name": artist(number + step), "match": str(1 / step)} for step in (1, 2)]
        return self._json({"similarartists": {"artist": similar[0] if number % 2 else similar}})

    def _page(self, numbers: list[int], query: dict[str, str], field: str) -> Answer:
        page, limit = int(query["page"]), int(query["limit"])
        rows: Any = [
            {"name": title(n), "artist": {"name": artist(n)}, "image": [{"#text": STAR, "size": "mega"}]}
            for n in numbers[(page - 1) * limit : page * limit]
        ]
        rows = rows[0] if len(rows) == 1 else rows or ""
        pages = -(-len(numbers) // limit)
        return self._json({field: {"album": rows, "@attr": {"page": str(page), "totalPages": str(pages)}}})

    def _error(self, code: int, message: str, status: int = 200) -> Answer:
        return Answer(json.dumps({"error": code, "message": message}).encode(), status)

    def _json(self, value: object) -> Answer:
        return Answer(json.dumps(value).encode())


class FakeMusicBrainz:
    """`musicbrainz.org/ws/2` and `api.listenbrainz.org/1`."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, path: str, query: dict[str, str]) -> Answer:
        if path.startswith("/stats/user/anna/"):
            groups = [{"release_group_mbid": mbid(n)} for n in range(self.count)] + [{"release_group_mbid": None}]
            payload = {"release_groups": groups, "total_release_group_count": len(groups)}
            return Answer(json.dumps({"payload": payload}).encode())
        if path.startswith("/stats/"):
            return Answer(b'{"code": 404}', 404)
        if path == "/release-group":
            return self._search(query)
        number = int(path.split("/")[2][:8], 16)
        if gone(number):
            return Answer(b'{"error": "Not Found"}', 404)
        tags = [{"name": "rock", "count": 4}, {"name": "downvoted", "count": -1}, {"name": "art rock", "count": 1}]
        return Answer(json.dumps({**self._row(number), "tags": tags, "genres": tags[:1]}).encode())

    def _search(self, query: dict[str, str]) -> Answer:
        exact = re.match(r'releasegroup:"Album (\d+)" AND', query["query"])
        found = [int(exact[1])] if exact else list(range(self.count))
        if query["query"].startswith('tag:"none"'):
            found = []
        offset, limit = int(query.get("offset", 0)), int(query["limit"])
        rows = [self._row(number) for number in found[offset : offset + limit]]
        return Answer(json.dumps({"count": len(found), "release-groups": rows}).encode())

    def _row(self, number: int) -> dict[str, object]:
        return {
            "id": mbid(number),
            "title": title(number),
            "artist-credit": [{"name": artist(number), "joinphrase": ""}],
            "first-release-date": ("1997-05-21", "1997", "")[number % 3],
        }


class FakeArchive:
    """`coverartarchive.org`: redirects to another host, knows some albums by release and some by release group."""

    def __init__(self, images: str) -> None:
        self.images = images

    def __call__(self, path: str, query: dict[str, str]) -> Answer:
        _, kind, name, size = path.split("/")
        number = int(name[:8], 16)
        if size != "front-500" or not has_cover(number) or (kind == "release" and number % 2):
            return Answer(b"<html>404</html>", 404, "text/html")
        return Answer(b"", 307, headers={"Location": f"{self.images}/{number % 40}.jpg"})


def fake_images(path: str, query: dict[str, str]) -> Answer:
    """Pictures by number; the content type is a lie, as it often is."""
    name = path.rpartition("/")[2].partition(".")[0]
    return Answer(picture(int(name, 16 if len(name) == 32 else 10) % 40), kind="text/plain")
